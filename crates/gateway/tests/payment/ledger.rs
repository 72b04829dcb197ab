//! The ledger door over a real chain: what becomes of signed transactions, and how sure that is.

use std::time::Duration;

use alloy_consensus::TxEip1559;
use alloy_eips::eip2718::Encodable2718;
use alloy_primitives::{B256, TxKind, U256};
use alloy_sol_types::SolCall;
use contracts::cash::abi::ICash;
use gateway::payment::{
    Ledger,
    ledger::{AskError, Fate, Signed, Transfer},
};

use crate::{
    network::CHAIN_ID,
    town::{Town, euro},
};

const WAIT: Duration = Duration::from_secs(10);

impl Town {
    /// A call of the euro by account 5, signed and not sent.
    fn signed(&self, nonce: u64, call: &impl SolCall) -> Signed {
        let (to, input) = (TxKind::Call(euro()), call.abi_encode().into());
        let tx = TxEip1559 { chain_id: CHAIN_ID, nonce, gas_limit: 400_000, to, input, ..TxEip1559::default() };
        let signed = self.node.account(5).sign_transaction(tx).expect("signs");
        Signed { nonce, raw: signed.encoded_2718().into(), hash: *signed.hash() }
    }

    fn hold(&self, nonce: u64, id: u8, minor: u64) -> Signed {
        let (id, from, to) = (B256::repeat_byte(id), self.address(5), self.address(6));
        let (amount, expiry) = (U256::from(minor), u64::MAX);
        self.signed(nonce, &ICash::holdCall { id, from, to, amount, expiry, referenceId: B256::ZERO })
    }
}

fn is_done(fate: &Fate) -> bool {
    matches!(fate, Fate::Done { .. })
}

#[test]
fn many_transactions_of_one_batch_are_final_together() {
    let town = Town::open();
    town.mint(town.address(5), 10_000);
    let rows: Vec<Signed> = (0..50).map(|nonce| town.hold(nonce.into(), nonce, 100)).collect();
    let ledger = town.ledger();
    assert!(ledger.submit(&rows, WAIT).iter().all(is_done));
    assert_eq!(town.ask(&ICash::heldCall { account: town.address(5) }), U256::from(5_000));
    assert!(ledger.submit(&rows, WAIT).iter().all(is_done), "again is safe");
    assert!(ledger.fates(&rows).iter().all(is_done));
    assert_eq!(ledger.transaction_count(town.address(5)), Ok(50));
    assert!(ledger.submit(&[], WAIT).is_empty());
}

#[test]
fn what_the_contract_refuses_is_final_and_says_why() {
    let town = Town::open();
    town.mint(town.address(5), 100);
    let rows = [town.hold(0, 1, 60), town.hold(1, 2, 60), town.hold(2, 3, 40)];
    let fates = town.ledger().submit(&rows, WAIT);
    assert!(is_done(&fates[0]) && is_done(&fates[2]), "{fates:?}");
    let Fate::Refused(why) = &fates[1] else { panic!("{fates:?}") };
    assert!(why.contains("InsufficientAvailable"), "{why}");
}

#[test]
fn a_gap_waits_and_then_goes() {
    let town = Town::open();
    town.mint(town.address(5), 100);
    let (first, second) = (town.hold(0, 1, 10), town.hold(1, 2, 10));
    let ledger = town.ledger();
    let fates = ledger.submit(std::slice::from_ref(&second), WAIT);
    assert!(matches!(&fates[..], [Fate::Unknown(why)] if why.contains("nonce gap")), "{fates:?}");
    assert!(ledger.submit(&[first, second], WAIT).iter().all(is_done));
}

#[test]
fn another_transaction_of_the_same_nonce_displaces() {
    let town = Town::open();
    town.mint(town.address(5), 100);
    let ledger = town.ledger();
    assert!(is_done(&ledger.submit(&[town.hold(0, 1, 10)], WAIT)[0]));
    assert_eq!(ledger.submit(&[town.hold(0, 2, 10)], WAIT), [Fate::Displaced]);
}

#[test]
fn nothing_is_known_while_nothing_is_mined_or_answered() {
    let mut town = Town::open();
    town.mint(town.address(5), 100);
    let (ledger, row) = (town.ledger(), town.hold(0, 1, 10));
    town.node.stop_mining();
    let fates = ledger.submit(std::slice::from_ref(&row), Duration::from_millis(20));
    assert!(matches!(fates[..], [Fate::Unknown(_)]), "{fates:?}");
    assert!(matches!(ledger.submit(std::slice::from_ref(&row), WAIT)[..], [Fate::Unknown(_)]), "it waits in the pool");
    town.shut();
    assert!(matches!(ledger.submit(&[row], WAIT)[..], [Fate::Unknown(_)]));
    assert!(matches!(ledger.height(), Err(AskError::Silent(_))));
}

#[test]
fn a_ledger_says_which_it_is_and_what_came_in() {
    let town = Town::open();
    let ledger = town.ledger();
    assert_eq!((ledger.network().chain_id, ledger.network().genesis), (CHAIN_ID, town.node.chain.genesis_hash()));
    let hash = town.mint(town.address(5), 777);
    let found = ledger.transfers(hash, euro(), town.address(5)).unwrap().unwrap();
    assert!(matches!(found[..], [Transfer { value, .. }] if value == U256::from(777)), "{found:?}");
    assert_eq!(ledger.transfers(hash, euro(), town.address(6)), Ok(Some(vec![])), "another's");
    assert_eq!(ledger.transfers(B256::ZERO, euro(), town.address(5)), Ok(None), "nobody's");
    assert_eq!(ledger.balance(euro(), town.address(5)), Ok(U256::from(777)));
    assert!(matches!(ledger.balance(town.address(9), town.address(5)), Err(AskError::Broken(_))), "no contract");
}

#[test]
fn what_is_no_node_is_no_ledger() {
    let refused = Ledger::open("http://127.0.0.1:9", Duration::from_secs(1));
    assert!(matches!(refused, Err(AskError::Silent(_))));
}
