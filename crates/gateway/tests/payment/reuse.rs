//! One cryptogram in two requests that arrive together, through the door and the vault on the disk. The tests of `payments` try the decision by
//! itself.

use std::{
    net::SocketAddr,
    sync::{Arc, Barrier},
    thread,
};

use alloy_primitives::{B256, U256};
use alloy_sol_types::SolEvent;
use contracts::cash::abi::ICash;
use gateway::payment::{DoorLimits, Lock, iso};
use payments::{
    issuer::{mismatch::Mismatch, records::PaymentState},
    message::{Digits, Payment},
};
use serde_json::json;
use tokio::sync::Semaphore;

use crate::{
    bank::Bank,
    echo::any_port,
    lane::{ask, bytes, code},
    town::euro,
};

const ROUNDS: usize = 10;
const AMOUNT_MINOR: u64 = 500;

/// Sends both at one moment; DE 39 of the answers, sorted.
fn race(door: SocketAddr, messages: &[Payment; 2]) -> [String; 2] {
    let start = &Barrier::new(messages.len());
    let mut codes = thread::scope(|scope| {
        let send = |message: &Payment| {
            let message = bytes(message, false);
            scope.spawn(move || {
                start.wait();
                code(&ask(&door.to_string(), &message).expect("an answer"))
            })
        };
        messages.each_ref().map(send).map(|sent| sent.join().expect("no panic"))
    });
    codes.sort();
    codes
}

/// Abuse case 1, twice at once. Either may win.
#[test]
fn of_two_requests_with_one_cryptogram_at_once_one_is_held() {
    let mut bank = Bank::open();
    let limits = DoorLimits::default();
    let at_work = Arc::new(Semaphore::new(limits.max_at_work));
    let lock = Lock::open(any_port()).expect("loopback");
    let opening = iso::open(any_port(), lock, limits, Arc::clone(&bank.service), at_work);
    let door = bank.town.node.runtime.block_on(opening).expect("a free port");
    for round in 0..ROUNDS {
        let first = bank.tap(AMOUNT_MINOR);
        let second = Payment { stan: Digits::of(900_000 + round as u64).expect("six digits"), ..first.clone() };
        assert_eq!(race(door.address(), &[first, second]), ["00", "05"], "round {round}");
    }
    let payments = bank.payments();
    let (held, declined): (Vec<_>, Vec<_>) = payments.iter().partition(|payment| payment.response == "00");
    assert_eq!((held.len(), declined.len()), (ROUNDS, ROUNDS));
    assert!(held.iter().all(|payment| payment.state == PaymentState::Held), "{held:?}");
    assert!(declined.iter().all(|payment| payment.mismatches.contains(&Mismatch::Replay)), "{declined:?}");
    let all_minor = AMOUNT_MINOR * ROUNDS as u64;
    assert_eq!(bank.held(), (all_minor, U256::from(all_minor)));
    let filter = json!([{ "address": euro(), "topics": [ICash::Held::SIGNATURE_HASH], "fromBlock": "0x0" }]);
    let logs = bank.town.node.get("eth_getLogs", filter);
    let mut placed: Vec<B256> = Vec::new();
    for log in logs.as_array().expect("a list") {
        placed.push(serde_json::from_value(log["topics"][1].clone()).expect("an id"));
    }
    placed.sort();
    placed.dedup();
    assert_eq!((placed.len(), logs.as_array().map(Vec::len)), (ROUNDS, Some(ROUNDS)), "one hold each");
    bank.town.node.runtime.block_on(door.stop());
}
