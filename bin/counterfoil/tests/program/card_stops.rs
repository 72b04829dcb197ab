//! The issuer's process ends at a named stop, before or after each unit of work is durable, and is started again: a repeat of the message is
//! answered as if nothing had happened, the money is held once or not at all, and vault and ledger agree.
//!
//! ```text
//! a story's message -> the process ends at the first stop -> starts, and ends at the next ones -> starts -> the message again
//! ```
//! The stops are those of `gateway::payment::service::STEPS`. After the first one, the others are passed while the issuer takes up what it had
//! begun, before it listens.

use std::{
    collections::BTreeSet,
    thread,
    time::{Duration, Instant},
};

use alloy_primitives::B256;
use contracts::cash::abi::ICash::HoldState::{self, Captured, Open, Released, Voided};
use gateway::payment::service::STEPS;
use payments::message::{Digits, Network, NetworkFunction, Payment, Request, TransmissionTime, amount::Replacement};
use serde_json::{Value, json};

use crate::{
    books::Books,
    lane::{Lane, Plastic, Tap, ask, code, now},
    street::{ACQUIRER, Street, text},
    till::FRIEND as SHOP,
};

/// Stops that are passed one after another.
type Stops = &'static [&'static str];

const AUTHORIZATION: &[Stops] = &[
    &["before authorize"],
    &["after authorize", "before hold-final", "after hold-final"],
    &["before hold-final"],
    &["after hold-final"],
];
const PURCHASE: &[Stops] =
    &[&["before purchase"], &["after purchase", "after hold-final", "before capture-final", "after capture-final"]];
const INCREASE: &[Stops] =
    &[&["before increase"], &["after increase", "before adjust-final", "after adjust-final"], &["after adjust-final"]];
const CAPTURE: &[Stops] = &[
    &["before complete"],
    &["after complete", "before capture-final", "after capture-final"],
    &["after capture-final"],
];
const CAPTURE_OF_MORE: &[Stops] = &[&["after complete", "before adjust-final", "after adjust-final"]];
const REFUND: &[Stops] =
    &[&["before purchase"], &["after purchase", "before refund-final", "after refund-final"], &["after refund-final"]];
const REVERSAL: &[Stops] =
    &[&["before reverse"], &["after reverse", "before release-final", "after release-final"], &["after release-final"]];
const PARTIAL_REVERSAL: &[Stops] = &[&["after reverse", "before adjust-final"], &["after adjust-final"]];
const EARLY_REVERSAL: &[Stops] =
    &[&["before reverse"], &["after reverse", "before void-final", "after void-final"], &["after void-final"]];
const EXPIRY: &[Stops] = &[&["before round", "after round", "before release-final", "after release-final"]];
const LATE_CAPTURE: &[Stops] = &[
    &["before complete"],
    &["after complete", "before hold-final", "after hold-final", "before capture-final", "after capture-final"],
];
const LATE_LEDGER: &[Stops] = &[&["before too-late"], &["after too-late", "after hold-final", "after release-final"]];
const ECHO: &[Stops] = &[&["before network"], &["after network"]];
const START: &[Stops] = &[&["before open", "after open"]];

const ALL: [&[Stops]; 14] = [
    AUTHORIZATION,
    PURCHASE,
    INCREASE,
    CAPTURE,
    CAPTURE_OF_MORE,
    REFUND,
    REVERSAL,
    PARTIAL_REVERSAL,
    EARLY_REVERSAL,
    EXPIRY,
    LATE_CAPTURE,
    LATE_LEDGER,
    ECHO,
    START,
];

#[test]
fn every_step_is_stopped_on_both_sides() {
    let stops: BTreeSet<String> = ALL.into_iter().flatten().copied().flatten().map(ToString::to_string).collect();
    let both = |step: &&str| [format!("before {step}"), format!("after {step}")];
    assert_eq!(stops, STEPS.iter().flat_map(both).collect());
}

#[test]
fn a_tap_is_held_once_wherever_the_issuer_stops() {
    let mut stage = Stage::open(&json!({ "answerMs": PATIENT_MS }));
    stage.tell(AUTHORIZATION, |stage| {
        let tap = stage.tap(100);
        let story = Story::of(&tap.request, "00", vec![("held", Open, 0)]);
        Story { tap: Some(tap), ..story }
    });
    stage.tell(PURCHASE, |stage| {
        let tap = stage.tap(100);
        let story = Story::of(&tap.as_purchase(), "00", vec![("captured", Captured, 100)]);
        Story { tap: Some(tap), gain_minor: 100, ..story }
    });
    stage.tell(ECHO, |_| {
        let (function, stan) = (NetworkFunction::Echo, Digits::of(1).unwrap());
        let sent = TransmissionTime::parse(&now().universal.month_to_second()).unwrap();
        let echo =
            Network { function, repeat: false, sent, stan, acquirer: None, forwarder: None, others: <_>::default() };
        Story { message: Some(echo.into()), code: "00", ..Story::default() }
    });
}

#[test]
fn what_follows_a_payment_is_done_once_wherever_the_issuer_stops() {
    let mut stage = Stage::open(&json!({ "answerMs": PATIENT_MS }));
    Books(&stage.street.till.node).approve(SHOP.account, &stage.street.pool);
    stage.tell(INCREASE, |stage| {
        let paid = stage.paid(100);
        Story::of(&stage.lane.increase(&paid, 50), "00", vec![("held", Open, 0)])
    });
    stage.tell(CAPTURE, |stage| {
        let paid = stage.paid(100);
        Story { gain_minor: 80, ..Story::of(&stage.lane.capture(&paid, 80), "00", vec![("captured", Captured, 80)]) }
    });
    stage.tell(CAPTURE_OF_MORE, |stage| {
        let paid = stage.paid(100);
        Story { gain_minor: 110, ..Story::of(&stage.lane.capture(&paid, 110), "00", vec![("captured", Captured, 110)]) }
    });
    stage.tell(REFUND, |stage| {
        let paid = stage.paid(100);
        let capture = stage.lane.capture(&paid, 100);
        assert_eq!(stage.asks(&capture), "00");
        Story { gain_minor: -30, ..Story::of(&stage.lane.refund(&paid, 30), "00", vec![("captured", Captured, 100)]) }
    });
}

#[test]
fn what_is_taken_back_is_free_once_wherever_the_issuer_stops() {
    let mut stage = Stage::open(&json!({ "answerMs": PATIENT_MS }));
    stage.tell(REVERSAL, |stage| {
        let paid = stage.paid(100);
        Story::of(&stage.lane.reverse(&paid), "00", vec![("reversed", Released, 0)])
    });
    stage.tell(PARTIAL_REVERSAL, |stage| {
        let paid = stage.paid(100);
        let part = Payment { replacement: Some(Replacement::of(40)), ..stage.lane.reverse(&paid) };
        Story::of(&part, "00", vec![("held", Open, 0)])
    });
    // The authorization itself comes last of all.
    stage.tell(EARLY_REVERSAL, |stage| {
        let tap = stage.tap(100);
        let story = Story::of(&tap.reversal, "00", vec![("voided", Voided, 0)]);
        Story { overtaken: Some(tap.request), ..story }
    });
}

#[test]
fn what_is_due_or_late_is_settled_once_wherever_the_issuer_stops() {
    let long = json!({ "answerMs": PATIENT_MS });
    let mut stage = Stage::open(&long);
    stage.tell(START, |_| Story::default());
    stage.tell(EXPIRY, |stage| {
        stage.restart(&short());
        let paid = stage.paid(100);
        Story { message: None, ..Story::of(&paid, "", vec![("expired", Released, 0)]) }
    });
    stage.tell(LATE_CAPTURE, |stage| {
        stage.restart(&short());
        let paid = stage.paid(100);
        stage.becomes(&rrn(&paid), &["expired"]);
        stage.street.choose(&json!({ "answerMs": PATIENT_MS }));
        let states = vec![("captured", Captured, 90), ("expired", Released, 0)];
        Story { gain_minor: 90, ..Story::of(&stage.lane.capture(&paid, 90), "00", states) }
    });
    // The ledger's node stands still until nobody waits for it any longer.
    stage.tell(LATE_LEDGER, |stage| {
        stage.street.choose(&json!({ "answerMs": 500 }));
        let tap = stage.tap(100);
        Story { frozen: true, ..Story::of(&tap.request, "91", vec![("reversed", Released, 0)]) }
    });
}

/// Holds that are over a second after they were placed, and for the ledger a little later.
fn short() -> Value {
    json!({ "answerMs": PATIENT_MS, "holdS": 11, "expiryMarginS": 10 })
}

/// A message, and what is true in the end wherever the process stopped.
#[derive(Default)]
struct Story {
    /// `None`: what happens by itself.
    message: Option<Request>,
    /// DE 37 of what it is about.
    rrn: Option<String>,
    /// DE 39 of the answer to its repeat.
    code: &'static str,
    /// The payments under this DE 37, newest first: state in the vault, state on the ledger, what the merchant got.
    payments: Vec<(&'static str, HoldState, u64)>,
    /// What the merchant has more than before.
    gain_minor: i64,
    /// Card and terminal that wait for the answer.
    tap: Option<Tap>,
    /// A request that comes only when all is over, and is refused.
    overtaken: Option<Payment>,
    /// The ledger's node stands still while the message is at work.
    frozen: bool,
}

impl Story {
    fn of(message: &Payment, code: &'static str, payments: Vec<(&'static str, HoldState, u64)>) -> Self {
        Self { message: Some(message.clone().into()), rrn: Some(rrn(message)), code, payments, ..Self::default() }
    }
}

/// One street, one lane, one card.
struct Stage {
    street: Street,
    lane: Lane,
    card: Plastic,
}

impl Stage {
    fn open(choices: &Value) -> Self {
        let mut street = Street::found();
        street.choose(choices);
        street.start(false);
        let card = Plastic::insert(&street.path("anna.card"), &street.passphrase());
        Self { street, lane: Lane::new(ACQUIRER, "SHOP-1", 1), card }
    }

    /// Tells a story once for each row of stops.
    fn tell(&mut self, rows: &[Stops], story: impl Fn(&mut Self) -> Story) {
        for stops in rows {
            let story = story(self);
            println!("{stops:?}");
            self.play(story, stops);
        }
    }

    fn play(&mut self, story: Story, stops: Stops) {
        self.street.close();
        let before = self.merchant();
        let rest = match &story.message {
            Some(message) => {
                self.stop_at_work(message, stops[0], story.frozen);
                &stops[1..]
            }
            None => stops,
        };
        for stop in rest {
            assert!(!self.street.start_and_end(stop).success(), "{stop}");
        }
        self.street.start(false);
        if let Some(message) = &story.message {
            let answer = self.repeat(message, story.code);
            if let Some(tap) = story.tap {
                assert!(tap.end(&mut self.card, Some(&answer)).verdict.is_approved(), "{stops:?}");
            }
        }
        if let Some(rrn) = &story.rrn {
            self.ends(rrn, &story.payments);
        }
        if let Some(overtaken) = &story.overtaken {
            assert_eq!(self.asks(overtaken), "05", "{stops:?}");
        }
        assert_eq!(self.merchant(), before.checked_add_signed(story.gain_minor).unwrap(), "{stops:?}");
        self.street.reconciles();
    }

    /// The process ends while it works on a message, or as it has just answered.
    fn stop_at_work(&mut self, message: &Request, stop: &str, frozen: bool) {
        self.street.start_until(stop);
        let node = &self.street.till.node;
        if frozen {
            node.signal("-STOP");
        }
        let _ = ask(&self.street.door(), &message.encode().unwrap());
        let ended = self.street.issuer.take().unwrap().ended();
        if frozen {
            node.signal("-CONT");
        }
        assert!(!ended.success(), "{stop}");
    }

    /// The answer to a message that may have been seen before, which is the same however often and in whatever way it is repeated.
    fn repeat(&self, message: &Request, expected: &str) -> Vec<u8> {
        let repeated = match message.clone() {
            Request::Payment(payment) => Request::from(Payment { repeat: true, ..*payment }),
            Request::Network(network) => Request::from(Network { repeat: true, ..network }),
        };
        let [answer, again, same] = [&repeated, &repeated, message]
            .map(|message| ask(&self.street.door(), &message.encode().unwrap()).expect("the issuer answers"));
        assert_eq!(code(&answer), expected);
        assert_eq!([&again, &same], [&answer, &answer]);
        answer
    }

    /// What vault and ledger say of the payments of a DE 37, when nothing is under way any more.
    fn ends(&self, rrn: &str, expected: &[(&str, HoldState, u64)]) {
        let states: Vec<&str> = expected.iter().map(|(state, ..)| *state).collect();
        let payments = self.becomes(rrn, &states);
        let books = Books(&self.street.till.node);
        let placed = books.placed();
        for (payment, (_, state, captured_minor)) in payments.iter().zip(expected) {
            let id: B256 = text(&payment["hold"], "id").parse().unwrap();
            let hold = books.hold(id);
            assert_eq!((hold.state, hold.captured.to::<u64>()), (*state, *captured_minor), "{payment}");
            let times = placed.iter().filter(|placed| **placed == id).count();
            assert_eq!(times, usize::from(*state != Voided), "{payment}");
            if *state == Open {
                assert_eq!(json!(hold.amount.to::<u64>()), payment["amount_minor"]);
            }
        }
    }

    /// Waits until the payments of a DE 37 stand so, newest first.
    fn becomes(&self, rrn: &str, states: &[&str]) -> Vec<Value> {
        let last = Instant::now() + Duration::from_secs(60);
        loop {
            let found = self.street.office(&["payments", "--rrn", rrn]);
            let found = found["payments"].as_array().unwrap();
            let standing: Vec<&str> = found.iter().map(|payment| text(payment, "state")).collect();
            if standing == states {
                return found.clone();
            }
            assert!(Instant::now() < last, "{standing:?}, not {states:?}");
            thread::sleep(Duration::from_millis(100));
        }
    }

    fn tap(&mut self, amount_minor: u64) -> Tap {
        self.lane.tap(&mut self.card, amount_minor)
    }

    /// A payment that was approved.
    fn paid(&mut self, amount_minor: u64) -> Payment {
        let tap = self.tap(amount_minor);
        let request = tap.request.clone();
        let answer = ask(&self.street.door(), &Request::from(request.clone()).encode().unwrap()).expect("an answer");
        assert!(tap.end(&mut self.card, Some(&answer)).verdict.is_approved());
        request
    }

    /// DE 39 of the answer to a message.
    fn asks(&self, message: &Payment) -> String {
        let answer = ask(&self.street.door(), &Request::from(message.clone()).encode().unwrap());
        code(&answer.expect("the issuer answers"))
    }

    fn restart(&mut self, choices: &Value) {
        self.street.close();
        self.street.choose(choices);
        self.street.start(false);
    }

    fn merchant(&self) -> u64 {
        Books(&self.street.till.node).balance(SHOP.account)
    }
}

fn rrn(message: &Payment) -> String {
    message.retrieval_reference.as_str().to_owned()
}

/// An issuer that is stopped and started many times while a message is at work still answers it with 00.
const PATIENT_MS: u64 = 300_000;
