//! Whatever comes in whatever order, no money is held or moved twice, none is lost, and vault and ledger tell one story.

use std::collections::BTreeMap;

use alloy_primitives::U256;
use contracts::cash::abi::ICash;
use proptest::{prelude::*, sample::Index, test_runner::TestCaseResult};

use super::{
    ledger::{CAFE, POOL, POOL_MINOR, SHOP},
    tap::{Tap, advice, completion, full_reversal, increase, partial_completion, partial_reversal, refund, reversal},
    world::{BALANCE_MINOR, Card, World},
};
use crate::{
    issuer::{
        Reply, Settled,
        records::{OutboxRow, PaymentState, RequestKey},
        vault::Vault as _,
    },
    message::{Payment, Response, ResponseCode},
    profile,
};

/// Something that happens.
#[derive(Clone, Debug)]
enum Event {
    Tap {
        card: Index,
        amount_minor: u64,
        purchase: bool,
        cafe: bool,
    },
    /// A tap of which the issuer hears by an advice only.
    Advise(Index, u64),
    /// The cryptogram of an earlier tap under another trace number.
    Reuse(Index),
    /// Any earlier message, exactly as it was or as a repeat.
    Again(Index, bool),
    Complete(Index, u64, bool),
    Increase(Index, u64),
    Reverse(Index, bool),
    ReversePart(Index, u64),
    Refund(Index, u64),
    /// A reversal of a tap that is sent only afterwards.
    ReverseFirst {
        card: Index,
        amount_minor: u64,
        proven: bool,
    },
    /// So many transactions become final.
    Ledger(u8),
    /// Nobody waits for a request any longer.
    TooLate(Index),
    /// Time passes, and what is due is done; perhaps the ledger is paused meanwhile.
    Pass {
        hours: u16,
        paused: bool,
    },
    /// The process ends and begins again.
    Restart,
}

fn event() -> impl Strategy<Value = Event> {
    let amount = 1..3_000_u64;
    prop_oneof![
        6 => (any::<Index>(), amount.clone(), any::<bool>(), any::<bool>())
            .prop_map(|(card, amount_minor, purchase, cafe)| Event::Tap { card, amount_minor, purchase, cafe }),
        2 => (any::<Index>(), amount.clone()).prop_map(|(card, minor)| Event::Advise(card, minor)),
        2 => any::<Index>().prop_map(Event::Reuse),
        3 => (any::<Index>(), any::<bool>()).prop_map(|(at, repeat)| Event::Again(at, repeat)),
        6 => (any::<Index>(), amount.clone(), any::<bool>())
            .prop_map(|(at, minor, more)| Event::Complete(at, minor, more)),
        2 => (any::<Index>(), amount.clone()).prop_map(|(at, minor)| Event::Increase(at, minor)),
        2 => (any::<Index>(), any::<bool>()).prop_map(|(at, full)| Event::Reverse(at, full)),
        2 => (any::<Index>(), amount.clone()).prop_map(|(at, minor)| Event::ReversePart(at, minor)),
        4 => (any::<Index>(), 1..600_u64).prop_map(|(at, minor)| Event::Refund(at, minor)),
        1 => (any::<Index>(), amount, any::<bool>())
            .prop_map(|(card, amount_minor, proven)| Event::ReverseFirst { card, amount_minor, proven }),
        14 => (1..6_u8).prop_map(Event::Ledger),
        1 => any::<Index>().prop_map(Event::TooLate),
        2 => (0..150_u16, 0..6_u8).prop_map(|(hours, one)| Event::Pass { hours, paused: one == 0 }),
        1 => Just(Event::Restart),
    ]
}

/// The world and everything that was sent in it.
struct Story {
    world: World,
    cards: Vec<Card>,
    taps: Vec<Payment>,
    sent: Vec<Payment>,
    answers: BTreeMap<RequestKey, Vec<u8>>,
    stan: u64,
    paused: bool,
}

impl Story {
    fn new() -> Self {
        let mut world = World::with("combined-window", profile::Strategy::Reverse);
        let cards = (1..=3).map(|account| world.card(account)).collect();
        for merchant in [SHOP, CAFE] {
            let _ = world.ledger.call(merchant, "EUR", ICash::approveCall { spender: POOL, value: U256::from(5_000) });
        }
        let (taps, sent, answers) = (Vec::new(), Vec::new(), BTreeMap::new());
        Self { world, cards, taps, sent, answers, stan: 0, paused: false }
    }

    fn happens(&mut self, event: &Event) -> TestCaseResult {
        match *event {
            Event::Tap { card, amount_minor, purchase, cafe } => {
                let message = self.tap(card, amount_minor, purchase, cafe);
                self.taps.push(message.clone());
                self.send(message)
            }
            Event::Advise(card, minor) => {
                let tap = self.tap(card, minor, false, false);
                let message = advice(&tap, self.stan, ResponseCode::Approved);
                self.taps.push(message.clone());
                self.send(message)
            }
            Event::Reuse(at) => self.on_a_tap(at, |message, _| message.clone()),
            Event::Again(at, repeat) => {
                let Some(message) = pick(&self.sent, at) else { return Ok(()) };
                self.send(Payment { repeat: repeat || message.repeat, ..message })
            }
            Event::Complete(at, minor, more) => {
                let complete = if more { partial_completion } else { completion };
                self.on_a_tap(at, |message, stan| complete(message, stan, minor))
            }
            Event::Increase(at, minor) => self.on_a_tap(at, |message, stan| increase(message, stan, minor)),
            Event::Reverse(at, full) => {
                let reverse = if full { full_reversal } else { reversal };
                self.on_a_tap(at, reverse)
            }
            Event::ReversePart(at, minor) => self.on_a_tap(at, |message, stan| partial_reversal(message, stan, minor)),
            Event::Refund(at, minor) => self.on_a_tap(at, |message, stan| refund(message, stan, minor)),
            Event::ReverseFirst { card, amount_minor, proven } => {
                let message = self.tap(card, amount_minor, false, false);
                let stan = self.next_stan();
                let reverse = if proven { full_reversal } else { reversal };
                self.send(reverse(&message, stan))?;
                self.taps.push(message.clone());
                self.send(message)
            }
            Event::Ledger(count) => (0..count).try_for_each(|_| self.ledger_works().map(|_| ())),
            Event::TooLate(at) => self.too_late(at),
            Event::Pass { hours, paused } => self.pass(hours, paused),
            Event::Restart => self.restart(),
        }
    }

    /// A message about an earlier tap, under the next trace number.
    fn on_a_tap(&mut self, at: Index, message: impl FnOnce(&Payment, u64) -> Payment) -> TestCaseResult {
        let Some(tap) = pick(&self.taps, at) else { return Ok(()) };
        let stan = self.next_stan();
        let message = message(&tap, stan);
        self.send(Payment { stan: crate::message::Digits::of(stan).unwrap(), ..message })
    }

    fn tap(&mut self, card: Index, amount_minor: u64, purchase: bool, cafe: bool) -> Payment {
        let stan = self.next_stan();
        let tap = Tap::of(amount_minor).stan(stan).on(self.world.now_ms);
        let tap = if purchase { tap.purchase() } else { tap };
        let tap = if cafe { tap.at_cafe() } else { tap };
        let card = &mut self.cards[card.index(3)];
        card.tap(&tap)
    }

    fn next_stan(&mut self) -> u64 {
        self.stan += 1;
        self.stan
    }

    /// Sends a message. One answer belongs to one request for ever.
    fn send(&mut self, message: Payment) -> TestCaseResult {
        let decision = self.world.send(&message);
        self.sent.push(message.clone());
        for (key, bytes) in decision.answers {
            self.answered(key, bytes)?;
        }
        if let Reply::Now(bytes) = decision.reply
            && let Some(exchange) = self.world.vault.exchanges.values().find(|exchange| is_of(&exchange.key, &message))
        {
            self.answered(exchange.key.clone(), bytes)?;
        }
        Ok(())
    }

    /// A follow-up that was answered 91 is judged anew when it is repeated; a payment that was stays cancelled.
    fn answered(&mut self, key: RequestKey, bytes: Vec<u8>) -> TestCaseResult {
        if self.answers.get(&key).is_some_and(|first| is_open_follow_up(first)) {
            self.answers.remove(&key);
        }
        let first = self.answers.entry(key).or_insert_with(|| bytes.clone());
        prop_assert_eq!(&*first, &bytes, "a request has one answer");
        Ok(())
    }

    fn ledger_works(&mut self) -> Result<bool, TestCaseError> {
        let open = self.world.vault.outbox_open(1).unwrap();
        let Some(OutboxRow { nonce, raw, .. }) = open.into_iter().next() else { return Ok(false) };
        let done = self.world.ledger.submit(&raw).unwrap();
        let settled = self.world.unit(|issuer, desk| issuer.settle(desk, nonce, done)).unwrap();
        for (key, bytes) in settled.answers {
            self.answered(key, bytes)?;
        }
        Ok(true)
    }

    /// What is settled is settled again, as whoever starts anew would do: nothing comes of it.
    fn restart(&mut self) -> TestCaseResult {
        for nonce in 0..self.world.ledger.nonce {
            let settled = self.world.unit(|issuer, desk| issuer.settle(desk, nonce, nonce % 2 == 0)).unwrap();
            prop_assert_eq!(settled, Settled::default());
        }
        Ok(())
    }

    fn too_late(&mut self, at: Index) -> TestCaseResult {
        let Some(message) = pick(&self.taps, at) else { return Ok(()) };
        let key = self.world.vault.exchanges.keys().find(|key| is_of(key, &message)).cloned();
        let Some(key) = key else { return Ok(()) };
        let bytes = self.world.unit(|issuer, desk| issuer.too_late(desk, &key)).unwrap().unwrap();
        self.answered(key, bytes)
    }

    fn pass(&mut self, hours: u16, paused: bool) -> TestCaseResult {
        if paused != self.paused {
            if paused {
                self.world.ledger.call(POOL, "EUR", ICash::pauseCall {});
            } else {
                self.world.ledger.call(POOL, "EUR", ICash::unpauseCall {});
            }
            self.paused = paused;
        }
        self.world.now_ms += u64::from(hours) * 3_600_000;
        self.world.ledger.memory.now = self.world.now_ms / 1000;
        self.world.unit(|issuer, desk| issuer.sweep(desk, 100)).unwrap();
        Ok(())
    }

    /// What must hold at any moment.
    fn check(&mut self) -> TestCaseResult {
        for sums in self.world.vault.sums().unwrap() {
            let all = sums.balance_minor + u128::from(sums.unallocated_minor);
            prop_assert!(sums.held_minor <= sums.balance_minor);
            prop_assert!(all <= u128::from(POOL_MINOR), "money was made");
        }
        for account in self.world.vault.accounts.values() {
            prop_assert!(account.held_minor <= account.balance_minor);
        }
        for payment in self.world.vault.payments.values() {
            prop_assert!(payment.captured_minor <= payment.amount_minor || payment.captured_minor == 0);
            prop_assert!(payment.refunded_minor <= payment.captured_minor);
        }
        Ok(())
    }

    /// Everything that is under way comes to its end; then both sides are compared to the last unit.
    fn ends(mut self) -> TestCaseResult {
        self.pass(0, false)?;
        while self.ledger_works()? {}
        let differences = self.world.differences();
        prop_assert_eq!(differences, []);
        let payments: Vec<_> = self.world.vault.payments.values().cloned().collect();
        let kept = |payment: &crate::issuer::records::PaymentRecord| payment.captured_minor - payment.refunded_minor;
        let captured: u64 = payments.iter().map(kept).sum();
        let merchants = self.world.ledger.balance(SHOP) + self.world.ledger.balance(CAFE);
        prop_assert_eq!(captured, merchants, "what was captured is with the merchants");
        let balances: u64 = self.cards.iter().map(|card| self.world.money(card).0).sum();
        prop_assert_eq!(balances + merchants, 3 * BALANCE_MINOR);
        let held = payments.iter().filter(|one| one.state == PaymentState::Held);
        let held: u64 = held.map(|one| one.amount_minor - one.captured_minor).sum();
        prop_assert_eq!(held, self.world.ledger.held());
        Ok(())
    }
}

fn is_of(key: &RequestKey, message: &Payment) -> bool {
    key.stan == message.stan.as_str() && key.transmitted == message.sent.as_str()
}

fn pick<T: Clone>(from: &[T], at: Index) -> Option<T> {
    (!from.is_empty()).then(|| from[at.index(from.len())].clone())
}

fn is_open_follow_up(answer: &[u8]) -> bool {
    let response = Response::parse(answer).unwrap();
    let processing = response.processing_code.map(|code| code.as_str().to_owned()).unwrap_or_default();
    let opens = answer.starts_with(b"0110") && response.original.is_none();
    let is_payment = opens || (answer.starts_with(b"0210") && processing.starts_with("00"));
    response.response_code == ResponseCode::IssuerUnavailable && !is_payment
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, ..ProptestConfig::default() })]

    #[test]
    fn money_is_neither_made_nor_lost(events in proptest::collection::vec(event(), 1..60)) {
        let mut story = Story::new();
        for event in &events {
            story.happens(event)?;
            story.check()?;
        }
        story.ends()?;
    }
}
