//! A vault that others lock for a while, and one without room, under an issuer on a real chain: what it answers, and that nothing is lost or done
//! twice.

use std::{
    fs,
    path::{Path, PathBuf},
    sync::{
        Arc,
        mpsc::{Receiver, Sender, channel},
    },
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

use alloy_primitives::U256;
use gateway::payment::{Caller, Service, Teller as _};
use payments::{
    issuer::{IssuerError, records::PaymentState},
    message::Payment,
};
use vault::{Options, Stop};

use crate::{
    bank::{Bank, open},
    lane::{bytes, code},
};

const AMOUNT_MINOR: u64 = 700;
const PAGE_BYTES: u64 = 4096;
/// More payments than fit in two pages.
const MOST_TAPS: usize = 200;
const ANSWER_WITHIN: Duration = Duration::from_secs(10);
const IMPATIENT: Duration = Duration::from_secs(1);

/// Another process's transaction: it keeps the write lock of a vault until it is released.
struct Lock {
    release: Sender<()>,
    thread: JoinHandle<()>,
}

impl Lock {
    fn of(folder: &Path) -> Self {
        let other = open(folder);
        let (tell, held) = channel();
        let (release, released) = channel::<()>();
        let thread = thread::spawn(move || {
            let done = other.write("lock", move |_| {
                tell.send(()).expect("somebody waits for it");
                // Until its other end is dropped.
                let _released = released.recv();
                Ok::<_, IssuerError>(())
            });
            done.expect("nothing was written");
        });
        held.recv().expect("the lock is free");
        Self { release, thread }
    }

    fn release(self) {
        drop(self.release);
        self.thread.join().expect("no panic");
    }
}

/// Does not wait long for others.
fn impatient() -> Options {
    Options { patience: Duration::from_millis(100), ..Options::default() }
}

/// A vault that is locked as soon as the decision about a payment is durable; the lock comes at the other end.
fn locked_behind_the_decision(folder: PathBuf) -> (Options, Receiver<Lock>) {
    let (tell, locked) = channel();
    let hook = move |stop: Stop| {
        if stop.to_string() == "after authorize" {
            tell.send(Lock::of(&folder)).expect("the test waits for it");
        }
    };
    (Options { stop: Some(Arc::new(hook)), ..impatient() }, locked)
}

/// DE 39 of the answer.
fn pay(service: &Service, message: &Payment, repeat: bool) -> String {
    code(&service.answer_iso(&Caller::Believed, &bytes(message, repeat)).expect("an answer"))
}

/// Waits until the ledger holds so much.
fn wait_for_the_hold(bank: &Bank, amount_minor: u64) {
    let began = Instant::now();
    while bank.held().1 != U256::from(amount_minor) {
        assert!(began.elapsed() < ANSWER_WITHIN, "the ledger holds nothing");
        thread::sleep(Duration::from_millis(20));
    }
}

#[test]
fn a_request_to_a_locked_vault_is_answered_91_and_its_repeat_is_held_once() {
    let mut bank = Bank::open().end().start(impatient(), ANSWER_WITHIN);
    let tap = bank.tap(AMOUNT_MINOR);
    let lock = Lock::of(bank.folder());
    assert_eq!(pay(&bank.service, &tap, false), "91");
    assert!(bank.payments().is_empty());
    assert_eq!(bank.held(), (0, U256::ZERO));
    lock.release();
    for _ in 0..2 {
        assert_eq!(pay(&bank.service, &tap, true), "00");
        assert_eq!(bank.held(), (AMOUNT_MINOR, U256::from(AMOUNT_MINOR)));
    }
    assert_eq!(bank.payments().len(), 1);
}

#[test]
fn what_the_ledger_said_waits_for_the_lock_and_is_written_down_once() {
    let ended = Bank::open().end();
    let (options, locked) = locked_behind_the_decision(ended.folder().to_owned());
    let mut bank = ended.start(options, ANSWER_WITHIN);
    let tap = bank.tap(AMOUNT_MINOR);
    let (bank, tap, service) = (&bank, &tap, &bank.service);
    let answer = thread::scope(|scope| {
        let paying = scope.spawn(move || pay(service, tap, false));
        let lock = locked.recv_timeout(ANSWER_WITHIN).expect("the decision is durable");
        wait_for_the_hold(bank, AMOUNT_MINOR);
        // Longer than the settler waits for the lock, and until it tries again.
        thread::sleep(IMPATIENT);
        assert_eq!(bank.payments()[0].state, PaymentState::Holding, "nobody could write it down");
        lock.release();
        paying.join().expect("no panic")
    });
    assert_eq!(answer, "00");
    assert_eq!(bank.held(), (AMOUNT_MINOR, U256::from(AMOUNT_MINOR)));
    assert_eq!(bank.payments()[0].state, PaymentState::Held);
    assert_eq!(bank.payments().len(), 1);
}

#[test]
fn an_issuer_ends_while_its_vault_is_locked_and_settles_at_the_next_start() {
    let ended = Bank::open().end();
    let (options, locked) = locked_behind_the_decision(ended.folder().to_owned());
    let mut bank = ended.start(options, IMPATIENT);
    let tap = bank.tap(AMOUNT_MINOR);
    // Neither what the ledger said nor that it was too late can be written down.
    assert_eq!(pay(&bank.service, &tap, false), "91");
    let lock = locked.recv_timeout(ANSWER_WITHIN).expect("the decision is durable");
    wait_for_the_hold(&bank, AMOUNT_MINOR);
    let ended = bank.end();
    lock.release();
    let bank = ended.start(Options::default(), ANSWER_WITHIN);
    assert_eq!(pay(&bank.service, &tap, true), "00");
    assert_eq!(bank.held(), (AMOUNT_MINOR, U256::from(AMOUNT_MINOR)));
    assert_eq!(bank.payments().len(), 1);
}

#[test]
fn a_request_to_a_vault_without_room_is_answered_96_and_what_was_answered_00_is_there() {
    let ended = Bank::open().end();
    let size = fs::metadata(ended.folder().join("vault.sqlite")).expect("it is there").len();
    let pages_max = u32::try_from(size / PAGE_BYTES).expect("a small file") + 1;
    let options = Options { pages_max: Some(pages_max), ..impatient() };
    let mut bank = ended.start(options, IMPATIENT);
    let mut answered: Vec<(Payment, String)> = Vec::new();
    while answered.last().is_none_or(|(_, code)| code != "96") {
        assert!(answered.len() < MOST_TAPS, "there is room for all");
        let tap = bank.tap(1);
        let code = pay(&bank.service, &tap, false);
        answered.push((tap, code));
    }
    let mut bank = bank.end().start(Options::default(), ANSWER_WITHIN);
    // One that was too late is taken back; the last one was decided before there was no room, or is decided now.
    answered.retain(|(_, code)| code != "91");
    for (tap, code) in &answered {
        assert_eq!(pay(&bank.service, tap, true), "00", "first answered {code}");
    }
    let after = bank.tap(1);
    assert_eq!(pay(&bank.service, &after, false), "00");
    let payments = bank.payments();
    let held = payments.iter().filter(|payment| payment.state == PaymentState::Held).count() as u64;
    assert_eq!(held, answered.len() as u64 + 1);
    assert_eq!(bank.held(), (held, U256::from(held)));
}
