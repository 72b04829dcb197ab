//! Completions, increases, reversals and refunds, in every state that a payment can be in.

use alloy_primitives::U256;
use contracts::cash::abi::ICash::{self, HoldState};

use super::{
    ledger::{POOL, SHOP},
    tap::{Tap, balance, completion, full_reversal, increase, partial_completion, partial_reversal, refund, reversal},
    world::{BALANCE_MINOR, Card, World},
};
use crate::{
    issuer::{
        Reply,
        mismatch::Mismatch,
        records::{PaymentKind, PaymentState},
    },
    message::{
        Digits, Institution, Operation, Original, Payment, Response,
        ResponseCode::{self, *},
        Text,
        amount::CurrencyNumber,
    },
    number::Token,
};

const DAY_MS: u64 = 86_400_000;

/// A world in which 10.00 are held.
fn held() -> (World, Card, Payment) {
    let mut world = World::new();
    let mut card = world.card(1);
    let message = card.tap(&Tap::of(1000));
    assert_eq!(world.code(&message), Approved);
    (world, card, message)
}

fn captured() -> (World, Card, Payment) {
    let (mut world, card, message) = held();
    assert_eq!(world.code(&completion(&message, 2, 1000)), Approved);
    (world, card, message)
}

/// The merchant lets the issuer take so much back.
fn allow(world: &mut World, value: u64) {
    let _ = world.ledger.call(SHOP, "EUR", ICash::approveCall { spender: POOL, value: U256::from(value) });
}

#[test]
fn what_is_not_captured_returns() {
    let (mut world, card, message) = held();
    assert_eq!(world.code(&completion(&message, 2, 700)), Approved);
    assert_eq!(world.money(&card), (BALANCE_MINOR - 700, 0));
    assert_eq!(world.account(&card).spent.minor, 700);
    world.assert_reconciled();
}

#[test]
fn a_completion_may_be_a_little_more() {
    let (mut world, card, message) = held();
    assert_eq!(world.code(&completion(&message, 2, 1151)), AmountLimitExceeded);
    assert_eq!(world.state(&message), PaymentState::Held);
    assert_eq!(world.code(&completion(&message, 3, 0)), InvalidAmount);
    assert_eq!(world.code(&completion(&message, 4, 1150)), Approved);
    assert_eq!((world.money(&card), world.ledger.balance(SHOP)), ((BALANCE_MINOR - 1150, 0), 1150));
    assert_eq!(world.code(&completion(&message, 5, 1150)), InvalidTransaction, "once");
    world.assert_reconciled();
}

/// Goods that are sent in parcels: each capture leaves the rest held, the last one gives back what is left.
#[test]
fn a_hold_is_captured_in_parts() {
    let (mut world, card, message) = held();
    assert_eq!(world.code(&partial_completion(&message, 2, 300)), Approved);
    assert_eq!((world.state(&message), world.money(&card)), (PaymentState::Held, (BALANCE_MINOR - 300, 700)));
    world.assert_reconciled();
    assert_eq!(world.code(&partial_completion(&message, 3, 701)), AmountLimitExceeded, "only the last may be more");
    assert_eq!(world.code(&refund(&message, 4, 1)), InvalidTransaction, "not before the last");
    assert_eq!(world.code(&partial_reversal(&message, 5, 299)), InvalidAmount, "less than was captured");
    assert_eq!(world.code(&partial_reversal(&message, 6, 800)), Approved);
    assert_eq!(world.code(&completion(&message, 7, 400)), Approved);
    assert_eq!((world.state(&message), world.money(&card)), (PaymentState::Captured, (BALANCE_MINOR - 700, 0)));
    assert_eq!((world.payment(&message).captured_minor, world.ledger.balance(SHOP)), (700, 700));
    world.assert_reconciled();
    allow(&mut world, 700);
    assert_eq!(world.code(&refund(&message, 8, 700)), Approved);
    world.assert_reconciled();
}

#[test]
fn what_is_left_after_captures_of_parts_is_given_back_and_what_was_captured_stays() {
    for reverse in [true, false] {
        let (mut world, card, message) = held();
        assert_eq!(world.code(&partial_completion(&message, 2, 300)), Approved);
        if reverse {
            assert_eq!(world.code(&reversal(&message, 3)), Approved);
        } else {
            world.pass(7 * DAY_MS);
        }
        assert_eq!((world.state(&message), world.money(&card)), (PaymentState::Captured, (BALANCE_MINOR - 300, 0)));
        assert_eq!(world.code(&completion(&message, 4, 1)), InvalidTransaction);
        assert_eq!(world.code(&reversal(&message, 5)), InvalidTransaction);
        world.assert_reconciled();
    }
    let (mut world, _, message) = held();
    assert_eq!(world.code(&partial_completion(&message, 2, 1000)), Approved);
    assert_eq!(world.state(&message), PaymentState::Captured, "nothing is left that could follow");
    world.assert_reconciled();
}

#[test]
fn a_completion_cannot_be_more_than_there_is() {
    let mut world = World::new();
    let mut card = world.card(1);
    let message = card.tap(&Tap::of(BALANCE_MINOR));
    world.ask(&message);
    assert_eq!(world.code(&completion(&message, 2, BALANCE_MINOR + 1)), InsufficientFunds);
    assert_eq!(world.code(&increase(&message, 3, 1)), InsufficientFunds);
    assert_eq!(world.code(&completion(&message, 4, BALANCE_MINOR)), Approved);
    world.assert_reconciled();
}

#[test]
fn more_is_held_when_more_is_needed() {
    let (mut world, card, message) = held();
    assert_eq!(world.code(&increase(&message, 2, 500)), Approved);
    assert_eq!((world.payment(&message).amount_minor, world.money(&card)), (1500, (BALANCE_MINOR, 1500)));
    assert_eq!(world.code(&increase(&message, 3, 0)), InvalidAmount);
    world.assert_reconciled();
    assert_eq!(world.code(&completion(&message, 4, 1500)), Approved);
    world.assert_reconciled();
}

#[test]
fn a_part_is_reversed_and_then_the_rest() {
    let (mut world, card, message) = held();
    assert_eq!(world.code(&partial_reversal(&message, 2, 400)), Approved);
    assert_eq!((world.payment(&message).amount_minor, world.money(&card)), (400, (BALANCE_MINOR, 400)));
    world.assert_reconciled();
    assert_eq!(world.code(&partial_reversal(&message, 3, 401)), InvalidAmount);
    assert_eq!(world.code(&partial_reversal(&message, 4, 400)), Approved, "it is so already");
    assert_eq!(world.code(&reversal(&message, 5)), Approved);
    assert_eq!((world.state(&message), world.money(&card)), (PaymentState::Reversed, (BALANCE_MINOR, 0)));
    assert_eq!(world.code(&reversal(&message, 6)), Approved, "nothing is held, as often as it is asked");
    assert_eq!(world.code(&completion(&message, 7, 400)), InvalidTransaction);
    world.assert_reconciled();
}

#[test]
fn an_advice_reverses_as_a_request_does() {
    let (mut world, card, message) = held();
    let advice = Payment { operation: Operation::ReversalAdvice, ..reversal(&message, 2) };
    assert_eq!(world.code(&advice), Approved);
    assert_eq!(world.money(&card), (BALANCE_MINOR, 0));
}

/// A reversal that comes while the hold is under way: the authorization is answered 91, and released as soon as it is final.
#[test]
fn a_reversal_overtakes_a_hold_that_is_under_way() {
    let mut world = World::new();
    let mut card = world.card(1);
    let message = card.tap(&Tap::of(1000));
    let Reply::Later(waiting) = world.send(&message).reply else { panic!("nothing waits") };
    let decision = world.send(&reversal(&message, 2));
    let told: Vec<_> = decision.answers.iter().map(|(key, bytes)| (key.clone(), code(bytes))).collect();
    assert_eq!(told, [(waiting, IssuerUnavailable)]);
    let settled = world.ledger_works();
    assert_eq!(settled.answers.iter().map(|(_, bytes)| code(bytes)).collect::<Vec<_>>(), [Approved]);
    assert_eq!((world.state(&message), world.money(&card)), (PaymentState::Reversed, (BALANCE_MINOR, 0)));
    assert_eq!(world.code(&message), IssuerUnavailable);
    world.assert_reconciled();
}

/// A reversal that comes first leaves a tombstone, and with the card's proof one on the ledger too.
#[test]
fn a_reversal_overtakes_its_authorization() {
    for proven in [true, false] {
        let mut world = World::new();
        let mut card = world.card(1);
        let message = card.tap(&Tap::of(1000));
        let back = if proven { full_reversal(&message, 2) } else { reversal(&message, 2) };
        assert_eq!(world.code(&back), Approved);
        let tombstone = world.payment(&message);
        assert_eq!((tombstone.kind, tombstone.state), (PaymentKind::Tombstone, PaymentState::Voided));
        assert_eq!(world.ledger.nonce, u64::from(proven));
        if proven {
            assert_eq!(world.ledger.state(tombstone.hold.unwrap().id), HoldState::Voided);
        }
        assert_eq!(world.code(&message), DoNotHonour);
        assert_eq!(world.payment(&message).mismatches, [Mismatch::ReversedBefore]);
        assert_eq!(world.code(&reversal(&message, 3)), Approved);
        assert_eq!((world.money(&card), world.ledger.held()), ((BALANCE_MINOR, 0), 0));
        world.assert_reconciled();
    }
}

/// What the ledger would have held has the id that was voided: the same card, counter, terms.
#[test]
fn the_voided_id_is_that_of_the_hold_that_must_not_come() {
    let mut world = World::new();
    let mut card = world.card(1);
    let message = card.tap(&Tap::of(1000));
    let mut other = World::new();
    other.card(1);
    other.ask(&message);
    world.ask(&full_reversal(&message, 2));
    assert_eq!(world.payment(&message).hold, other.payment(&message).hold);
}

#[test]
fn a_reversal_that_nothing_proves_voids_nothing_on_the_ledger() {
    let mut world = World::new();
    let mut card = world.card(1);
    let mut answered = card.answer(&Tap::of(1000));
    answered.cryptogram[0] ^= 1;
    let message = Tap::of(1000).message(&answered);
    assert_eq!(world.code(&full_reversal(&message, 2)), Approved);
    assert_eq!((world.payment(&message).card, world.ledger.nonce), (None, 0));
    assert_eq!(world.vault.cards.get(&card.record.reference).unwrap().atc.high, 0, "nothing is written to the card");
}

#[test]
fn after_a_capture_the_way_back_is_a_refund() {
    let (mut world, card, message) = captured();
    assert_eq!(world.code(&reversal(&message, 3)), InvalidTransaction);
    assert_eq!(world.code(&refund(&message, 4, 1001)), InvalidAmount);
    assert_eq!(world.code(&refund(&message, 5, 400)), NotPermitted, "the merchant has not allowed it");
    allow(&mut world, 1000);
    assert_eq!(world.code(&refund(&message, 6, 400)), Approved);
    assert_eq!((world.money(&card), world.ledger.balance(SHOP)), ((BALANCE_MINOR - 600, 0), 600));
    assert_eq!(world.code(&refund(&message, 7, 601)), InvalidAmount, "no more than is left");
    assert_eq!(world.code(&refund(&message, 8, 600)), Approved);
    assert_eq!((world.payment(&message).refunded_minor, world.money(&card)), (1000, (BALANCE_MINOR, 0)));
    world.assert_reconciled();
}

#[test]
fn what_was_not_captured_is_not_refunded() {
    let (mut world, _, message) = held();
    allow(&mut world, 1000);
    assert_eq!(world.code(&refund(&message, 2, 400)), InvalidTransaction);
    world.assert_reconciled();
}

#[test]
fn what_nobody_captures_returns_at_its_end() {
    let (mut world, card, message) = held();
    world.pass(7 * DAY_MS - 60_001);
    assert_eq!(world.state(&message), PaymentState::Held);
    world.pass(1);
    assert_eq!((world.state(&message), world.money(&card)), (PaymentState::Expired, (BALANCE_MINOR, 0)));
    assert_eq!(world.code(&increase(&message, 2, 1)), InvalidTransaction);
    assert_eq!(world.code(&reversal(&message, 3)), Approved);
    world.assert_reconciled();
}

#[test]
fn a_late_completion_is_held_anew_and_captured() {
    let (mut world, card, message) = held();
    world.pass(8 * DAY_MS);
    let late = completion(&message, 2, 900);
    assert_eq!(world.code(&late), Approved);
    let payment = world.payment(&late);
    assert!(matches!(payment.kind, PaymentKind::Late { .. }));
    assert_eq!((payment.state, payment.use_number), (PaymentState::Captured, 1));
    assert_ne!(payment.hold.unwrap().id, world.payment(&message).hold.unwrap().id);
    assert_eq!((world.money(&card), world.ledger.balance(SHOP)), ((BALANCE_MINOR - 900, 0), 900));
    world.assert_reconciled();

    assert_eq!(world.code(&completion(&message, 3, 900)), InvalidTransaction, "once");
    assert_eq!(world.code(&reversal(&message, 4)), InvalidTransaction);
    allow(&mut world, 900);
    assert_eq!(world.code(&refund(&message, 5, 900)), Approved, "it is resolved by the first payment");
    assert_eq!(world.money(&card), (BALANCE_MINOR, 0));
    world.assert_reconciled();
}

#[test]
fn a_late_completion_is_refused_beyond_the_tolerance() {
    let (mut world, mut card, message) = held();
    world.pass(8 * DAY_MS);
    assert_eq!(world.code(&completion(&message, 2, 1151)), InsufficientFunds);
    assert_eq!(world.code(&completion(&message, 3, 0)), InvalidAmount);
    let all = Tap { date: 261_205, ..Tap::of(BALANCE_MINOR - 999).stan(9) };
    let spent = Payment { local_date: crate::message::LocalDate::parse("1205").unwrap(), ..card.tap(&all) };
    assert_eq!(world.code(&spent), Approved);
    assert_eq!(world.code(&completion(&message, 4, 1000)), InsufficientFunds, "the money is gone");
    assert_eq!(world.code(&completion(&message, 5, 999)), Approved);
    world.assert_reconciled();
    let (mut world, _, message) = held();
    world.pass(37 * DAY_MS + 1_000);
    assert_eq!(world.code(&completion(&message, 2, 900)), InsufficientFunds, "too late");
    world.assert_reconciled();
}

/// So near to its end a hold is given back, and the repeat of the completion comes to a new one.
#[test]
fn a_completion_at_the_very_end_is_taken_at_its_repeat() {
    let (mut world, card, message) = held();
    world.now_ms += 7 * DAY_MS - 30_000;
    world.ledger.memory.now = world.now_ms / 1000;
    let done = completion(&message, 2, 1000);
    assert_eq!(world.code(&done), IssuerUnavailable);
    assert_eq!(world.state(&message), PaymentState::Expired);
    assert_eq!(world.code(&Payment { repeat: true, ..done }), Approved);
    assert_eq!(world.money(&card), (BALANCE_MINOR - 1000, 0));
    world.assert_reconciled();
}

#[test]
fn a_capture_that_the_ledger_refuses_leaves_the_money_held() {
    let (mut world, card, message) = held();
    world.ledger.call(POOL, "EUR", ICash::pauseCall {});
    assert_eq!(world.code(&completion(&message, 2, 1000)), IssuerUnavailable);
    assert_eq!((world.state(&message), world.money(&card)), (PaymentState::Held, (BALANCE_MINOR, 1000)));
    assert_eq!(world.code(&completion(&message, 3, 1100)), IssuerUnavailable, "what was added for it returns");
    assert_eq!((world.payment(&message).amount_minor, world.money(&card)), (1000, (BALANCE_MINOR, 1000)));
    assert_eq!(world.code(&increase(&message, 4, 100)), IssuerUnavailable);
    assert_eq!(world.money(&card), (BALANCE_MINOR, 1000));
    world.ledger.call(POOL, "EUR", ICash::unpauseCall {});
    assert_eq!(world.code(&completion(&message, 5, 1000)), Approved);
    world.assert_reconciled();
}

#[test]
fn between_two_states_the_answer_is_91_and_is_not_remembered() {
    let (mut world, _, message) = held();
    world.send(&increase(&message, 2, 100));
    for busy in [completion(&message, 3, 1000), increase(&message, 4, 1), reversal(&message, 5)] {
        let Reply::Now(bytes) = world.send(&busy).reply else { panic!("it waits") };
        assert_eq!(code(&bytes), IssuerUnavailable);
    }
    world.ledger_works();
    world.send(&partial_completion(&message, 6, 100));
    let Reply::Now(bytes) = world.send(&completion(&message, 3, 900)).reply else { panic!("it waits") };
    assert_eq!(code(&bytes), IssuerUnavailable, "the first is not final yet");
    world.ledger_works();
    assert_eq!(world.code(&completion(&message, 3, 900)), Approved);
    world.assert_reconciled();
}

/// Follow-ups are resolved by original data: what does not agree with them finds nothing, and says so in the records only.
fn check_stranger(change: impl FnOnce(&mut Payment), mismatches: &[Mismatch]) {
    let (mut world, card, message) = held();
    let mut stranger = completion(&message, 2, 1000);
    change(&mut stranger);
    let Reply::Now(bytes) = world.send(&stranger).reply else { panic!("it waits") };
    assert_eq!(code(&bytes), OriginalNotFound);
    let exchange = world.vault.exchanges.values().find(|exchange| exchange.key.stan == "000002").unwrap();
    assert_eq!(exchange.mismatches, mismatches);
    assert_eq!((world.state(&message), world.money(&card)), (PaymentState::Held, (BALANCE_MINOR, 1000)));
}

#[test]
fn a_follow_up_must_agree_with_its_original() {
    let other_token = Token::parse("9999990123456788").unwrap();
    check_stranger(|payment| payment.token = other_token, &[Mismatch::OriginalToken]);
    check_stranger(|payment| payment.merchant = Text::new("CAFE-7").unwrap(), &[Mismatch::OriginalMerchant]);
    check_stranger(|payment| payment.currency = CurrencyNumber::new(840).unwrap(), &[Mismatch::OriginalCurrency]);
    let other_rrn = |payment: &mut Payment| payment.retrieval_reference = Text::new("R999999").unwrap();
    check_stranger(other_rrn, &[Mismatch::OriginalData]);
    let by_token_alone = |payment: &mut Payment| {
        payment.original = None;
        payment.retrieval_reference = Text::new("R999999").unwrap();
    };
    check_stranger(by_token_alone, &[]);
    let other_stan = |payment: &mut Payment| {
        let original = payment.original.unwrap();
        payment.original = Some(Original { stan: Digits::of(999).unwrap(), ..original });
    };
    check_stranger(other_stan, &[]);
    let other_acquirer = |payment: &mut Payment| {
        let original = payment.original.unwrap();
        payment.original = Some(Original { acquirer: Institution::parse("99999").unwrap().padded(), ..original });
    };
    check_stranger(other_acquirer, &[]);
}

#[test]
fn another_acquirer_finds_nothing() {
    let (mut world, card, message) = held();
    let stranger = Payment { acquirer: Institution::parse("99999").unwrap(), ..completion(&message, 2, 1000) };
    let request = stranger.into();
    let decision = world.unit(|issuer, desk| issuer.request(desk, "99999", &request)).unwrap();
    let Reply::Now(bytes) = decision.reply else { panic!("it waits") };
    assert_eq!((code(&bytes), world.money(&card)), (OriginalNotFound, (BALANCE_MINOR, 1000)));
}

#[test]
fn the_number_of_the_payment_is_enough_where_there_is_no_de_90() {
    let (mut world, _, message) = held();
    let done = Payment { original: None, ..completion(&message, 2, 1000) };
    assert_eq!(world.code(&done), Approved);
    let unnamed = |original: Original| Original { sent: None, acquirer: Digits::default(), ..original };
    let back = refund(&message, 3, 1);
    let back = Payment { original: back.original.map(unnamed), ..back };
    assert_eq!(world.code(&back), NotPermitted, "found, but the merchant has not allowed it");
}

#[test]
fn a_follow_up_is_not_reversed_but_its_payment_is() {
    let (mut world, _, message) = held();
    let more = increase(&message, 2, 100);
    world.ask(&more);
    let back = Payment { retrieval_reference: Text::new("ANOTHER").unwrap(), ..reversal(&more, 3) };
    assert_eq!(world.code(&back), InvalidTransaction);
    assert_eq!(world.code(&reversal(&message, 4)), Approved);
    world.assert_reconciled();
}

/// A terminal that got no answer to its refund takes it back (DE 90 names the refund): if it was done, it stays; else it never will be.
#[test]
fn a_refund_that_was_not_answered_is_done_or_never_will_be() {
    let (mut world, _, message) = captured();
    allow(&mut world, 1000);
    let back = refund(&message, 3, 400);
    let undo = reversal(&back, 4);
    world.send(&back);
    let Reply::Now(bytes) = world.send(&undo).reply else { panic!("it waits") };
    assert_eq!(code(&bytes), IssuerUnavailable, "it is under way");
    world.ledger_works();
    assert_eq!(world.code(&undo), InvalidTransaction, "it was done");
    let refused = refund(&message, 5, 601);
    assert_eq!(world.code(&refused), InvalidAmount);
    assert_eq!(world.code(&reversal(&refused, 6)), Approved, "nothing was done");
    let lost = refund(&message, 7, 100);
    assert_eq!(world.code(&reversal(&lost, 8)), Approved);
    assert_eq!(world.code(&lost), OriginalNotFound, "it came after its reversal");
    assert_eq!(world.payment(&message).refunded_minor, 400);
    world.assert_reconciled();
}

/// A terminal repeats a completion until it is answered, and 91 is no answer: the repeat is tried again.
#[test]
fn a_completion_that_the_ledger_refused_is_tried_again_at_its_repeat() {
    let (mut world, card, message) = held();
    world.ledger.call(POOL, "EUR", ICash::pauseCall {});
    let done = completion(&message, 2, 1000);
    let repeat = Payment { repeat: true, ..done.clone() };
    assert_eq!(world.code(&done), IssuerUnavailable);
    assert_eq!(world.code(&repeat), IssuerUnavailable);
    world.ledger.call(POOL, "EUR", ICash::unpauseCall {});
    assert_eq!(world.code(&repeat), Approved);
    assert_eq!(world.code(&repeat), Approved, "and from then on it has its answer");
    assert_eq!((world.money(&card), world.ledger.nonce), ((BALANCE_MINOR - 1000, 0), 4));
    assert_eq!(world.code(&Payment { amount_minor: 999, ..done }), Duplicate);
    world.assert_reconciled();
}

#[test]
fn a_declined_payment_can_be_reversed_and_nothing_else() {
    let mut world = World::new();
    let mut card = world.card(1);
    let message = card.tap(&Tap::of(BALANCE_MINOR + 1));
    assert_eq!(world.code(&message), InsufficientFunds);
    assert_eq!(world.code(&reversal(&message, 2)), Approved);
    assert_eq!(world.code(&completion(&message, 3, 1)), InvalidTransaction);
    assert_eq!(world.code(&refund(&message, 4, 1)), InvalidTransaction);
    assert_eq!(world.code(&balance(&message, 5)), NotPermitted);
}

fn code(bytes: &[u8]) -> ResponseCode {
    Response::parse(bytes).unwrap().response_code
}
