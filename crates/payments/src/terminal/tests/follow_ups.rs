//! What comes after a payment: captures, reversals and refunds, and messages that are repeated until they are answered.

use super::{
    super::{FollowUpError, FollowUpKind, Record, Stamp, balance},
    scripted::{Script, token},
    *,
};
use crate::message::{Mti, Operation, Payment, amount::Transaction};

fn record(host: fn(&Request) -> HostAnswer) -> Record {
    record_of(&euro(12_50), host)
}

fn record_of(purchase: &Purchase, host: fn(&Request) -> HostAnswer) -> Record {
    let mut script = Script::default();
    run(purchase, &mut |bytes| Some(script.answer(bytes)), &mut { host }).outcome.record
}

fn stamp(stan: u32) -> Stamp {
    Stamp { stan, moment: moment() }
}

fn sent(pending: &mut Pending) -> Payment {
    payment(pending.attempt().unwrap())
}

fn payment(request: Request) -> Payment {
    match request {
        Request::Payment(payment) => *payment,
        Request::Network(_) => panic!("it is about a payment"),
    }
}

fn response(request: &Request, code: ResponseCode) -> Response {
    request.respond(code)
}

/// Whatever follows names the payment by its original data, its acquirer and its reference.
fn check_names(payment: &Payment) {
    let original = payment.original.unwrap();
    assert_eq!(original.message_type, Mti::parse(*b"0100").unwrap());
    assert_eq!((original.stan.number(), original.sent.unwrap().as_str()), (7, "0228230905"));
    assert_eq!(original.acquirer.as_str(), "00000123456");
    assert_eq!((payment.acquirer.as_str(), payment.retrieval_reference.as_str()), ("123456", "000000000007"));
    assert_eq!(payment.token, token());
}

#[test]
fn what_is_owed_is_repeated_until_it_is_answered() {
    let mut script = Script::default();
    let run = run(&euro(12_50), &mut |bytes| Some(script.answer(bytes)), &mut silent);
    let mut pending = run.outcome.reversal.unwrap();
    let first = sent(&mut pending);
    check_names(&first);
    assert_eq!((first.operation, first.repeat, first.stan.number()), (Operation::Reversal, false, 8));
    assert!(first.icc_data.is_some(), "an issuer that never saw the request can void it");
    for _ in 0..3 {
        let again = sent(&mut pending);
        assert_eq!(again.mti(), Mti::parse(*b"0401").unwrap());
        assert_eq!(Payment { repeat: false, ..again }, first, "the same, and marked as a repeat");
    }
    assert_eq!(pending.attempts, 4);
    let request = pending.attempt().unwrap();
    for (code, settles) in [
        (ResponseCode::Approved, true),
        (ResponseCode::OriginalNotFound, true),
        (ResponseCode::IssuerUnavailable, false),
        (ResponseCode::SystemMalfunction, false),
    ] {
        assert_eq!(pending.is_answered_by(&response(&request, code)), settles, "{code:?}");
    }
    assert!(!pending.is_answered_by(&response(&run.requests[0], ResponseCode::Approved)), "that is another answer");
}

#[test]
fn what_is_owed_survives_being_stored() {
    let mut script = Script::default();
    let run = run(&euro(12_50), &mut |bytes| Some(script.answer(bytes)), &mut silent);
    let mut pending = run.outcome.reversal.unwrap();
    pending.attempt().unwrap();
    let stored = serde_json::to_string(&pending).unwrap();
    let mut again: Pending = serde_json::from_str(&stored).unwrap();
    assert_eq!(again, pending);
    assert!(sent(&mut again).repeat);
    let spoiled: Pending = serde_json::from_str(&stored.replace("30343030", "30383030")).unwrap();
    assert!({ spoiled }.attempt().is_err());
}

#[test]
fn a_capture_takes_all_or_a_part_or_a_tip_more() {
    for (asked, taken) in [(None, 12_50), (Some(5_00), 5_00), (Some(13_75), 13_75)] {
        let mut record = record(approve);
        let mut pending = record.capture(asked, false, stamp(9)).unwrap();
        let payment = sent(&mut pending);
        check_names(&payment);
        assert_eq!((payment.operation, payment.amount_minor), (Operation::Completion, taken));
        assert_eq!(payment.authorization_code, Text::new("A1B2C3"));
        assert_eq!(sent(&mut pending).mti(), Mti::parse(*b"0221").unwrap());
        assert!(record.wants(&pending));
        let answered = response(&pending.attempt().unwrap(), ResponseCode::Approved);
        record.answer(9, &answered);
        assert!(!record.wants(&pending));
        assert_eq!(record.follow_ups[0].kind, FollowUpKind::Capture);
        assert_eq!(record.follow_ups[0].response_code.as_deref(), Some("00"));
    }
}

#[test]
fn more_is_held_and_less_and_the_rest_is_captured() {
    let mut record = record(approve);
    let mut more = record.increase(2_00, stamp(9)).unwrap();
    let asked = sent(&mut more);
    check_names(&asked);
    assert!(asked.is_increase() && asked.amount_minor == 2_00);
    assert_eq!(record.approved_minor, Some(12_50), "not before it is answered");
    for _ in 0..2 {
        record.answer(9, &response(&more.attempt().unwrap(), ResponseCode::Approved));
    }
    assert_eq!(record.approved_minor, Some(14_50), "once");

    let mut less = record.reverse_part(4_50, stamp(10)).unwrap();
    let asked = sent(&mut less);
    check_names(&asked);
    assert_eq!((asked.operation, asked.replacement.unwrap().amount_minor), (Operation::Reversal, 10_00));
    assert_eq!(record.reversal(), None, "the payment stands");
    record.answer(10, &response(&less.attempt().unwrap(), ResponseCode::Approved));
    assert_eq!(sent(&mut record.capture(None, false, stamp(11)).unwrap()).amount_minor, 10_00);
    let told = record.follow_ups.iter().map(|one| (one.kind, one.amount_minor)).collect::<Vec<_>>();
    let [more, less, all] = [FollowUpKind::Increase, FollowUpKind::PartialReversal, FollowUpKind::Capture];
    assert_eq!(told, [(more, 2_00), (less, 4_50), (all, 10_00)]);

    let refused = record.increase(1_00, stamp(12)).unwrap();
    record.answer(12, &response(&{ refused }.attempt().unwrap(), ResponseCode::InsufficientFunds));
    assert_eq!(record.approved_minor, Some(10_00));
    for all in [10_00, 10_01] {
        assert_eq!(record.reverse_part(all, stamp(13)), Err(FollowUpError::NoPart(record.rrn.clone())));
    }
}

#[test]
fn captures_of_parts_leave_the_rest_to_the_last_one() {
    let mut record = record(approve);
    let mut first = record.capture(Some(5_00), true, stamp(9)).unwrap();
    assert!(sent(&mut first).more_follows);
    record.answer(9, &response(&first.attempt().unwrap(), ResponseCode::Approved));
    let mut last = record.capture(None, false, stamp(10)).unwrap();
    let asked = sent(&mut last);
    assert_eq!((asked.amount_minor, asked.more_follows), (7_50, false));
    record.answer(10, &response(&last.attempt().unwrap(), ResponseCode::Approved));
    assert_eq!(record.capture(None, false, stamp(11)), Err(FollowUpError::Amount), "nothing is left");
}

#[test]
fn the_balance_behind_a_payment_is_asked_without_its_card() {
    let record = record(approve);
    let request = record.inquire(stamp(9)).unwrap();
    let asked = payment(request.clone());
    check_names(&asked);
    assert_eq!(
        (asked.mti(), asked.processing.transaction),
        (Mti::parse(*b"0100").unwrap(), Transaction::BalanceInquiry)
    );
    assert!(asked.icc_data.is_none() && request.encode().is_ok());
    let mut told = response(&request, ResponseCode::Approved);
    told.amounts = vec![balance_of(Signed::Credit(40_00))];
    assert_eq!(balance(&told).as_deref(), Some("40.00 EUR"));
}

/// A sale is captured at once: if it cannot be undone any more, it is given back.
#[test]
fn a_sale_that_cannot_be_undone_is_refunded() {
    let sale = Purchase::sale(12_50, euro(12_50).currency, euro(12_50).trace).unwrap();
    let mut paid = record_of(&sale, approve);
    let request = Request::parse(&paid.request.as_ref().unwrap().0).unwrap();
    assert_eq!((request.mti(), paid.approved_minor), (Mti::parse(*b"0200").unwrap(), Some(12_50)));
    assert!(!paid.is_stranded() && paid.refund(None, stamp(9), 10).is_ok());

    let mut lost = record_of(&sale, silent);
    let mut reversal = lost.owed().remove(0);
    assert!(matches!(lost.refund(None, stamp(9), 10), Err(FollowUpError::NotApproved(_))), "it may still be undone");
    lost.answer(reversal.stan, &response(&reversal.attempt().unwrap(), ResponseCode::InvalidTransaction));
    assert!(lost.is_stranded());
    assert_eq!(payment(*lost.refund(None, stamp(9), 10).unwrap().request).amount_minor, 12_50);
}

#[test]
fn a_record_knows_what_is_owed_should_it_be_lost() {
    let mut record = record(approve);
    let mut capture = record.capture(None, false, stamp(9)).unwrap();
    let refund = record.refund(None, stamp(10), 11).unwrap();
    capture.attempt().unwrap();
    assert_eq!(record.owed(), [capture.clone()], "a refund that was not answered is undone, not repeated");
    record.give_up(&refund.reversal);
    assert_eq!(record.owed().len(), 2);
    record.answer(9, &response(&capture.attempt().unwrap(), ResponseCode::Approved));
    assert_eq!(record.owed().len(), 1);
}

#[test]
fn a_refund_gives_back_and_can_be_undone() {
    let mut record = record(approve);
    let refund = record.refund(Some(2_00), stamp(9), 10).unwrap();
    let asked = payment(*refund.request);
    check_names(&asked);
    assert_eq!((asked.operation, asked.processing.transaction), (Operation::Financial, Transaction::Refund));
    assert_eq!(asked.amount_minor, 2_00);
    let mut reversal = refund.reversal;
    assert!(record.wants(&reversal), "power may fail before the answer");
    record.give_up(&reversal);
    assert!(record.wants(&reversal));
    let undone = sent(&mut reversal);
    assert_eq!((undone.original.unwrap().stan.number(), undone.stan.number()), (9, 10));
    assert_eq!(record.reversal(), None, "the payment itself stands");
    record.answer(10, &response(&reversal.attempt().unwrap(), ResponseCode::Approved));
    assert!(!record.wants(&reversal));
}

#[test]
fn a_refund_that_was_answered_is_not_undone() {
    let mut record = record(approve);
    let refund = record.refund(None, stamp(9), 10).unwrap();
    record.answer(9, &response(&refund.request, ResponseCode::Approved));
    assert!(!record.wants(&refund.reversal));
}

#[test]
fn a_reversal_ends_a_payment() {
    let mut record = record(approve);
    let mut pending = record.reverse(stamp(9)).unwrap();
    let payment = sent(&mut pending);
    check_names(&payment);
    assert_eq!(payment.response_code, Some(ResponseCode::CustomerCancellation));
    let reversed = Err(FollowUpError::Reversed(record.rrn.clone()));
    assert_eq!(record.reverse(stamp(10)), reversed);
    assert_eq!(record.capture(None, false, stamp(10)), reversed);
    record.answer(9, &response(&pending.attempt().unwrap(), ResponseCode::NotPermitted));
    assert!(record.capture(None, false, stamp(10)).is_ok(), "the issuer refused to reverse");
}

#[test]
fn a_payment_that_was_not_answered_is_reversed_once() {
    let mut script = Script::default();
    let run = run(&euro(12_50), &mut |bytes| Some(script.answer(bytes)), &mut silent);
    let (mut record, pending) = (run.outcome.record, run.outcome.reversal.unwrap());
    assert!(record.wants(&pending));
    assert!(matches!(record.reverse(stamp(9)), Err(FollowUpError::Reversed(_))));
}

#[test]
fn what_was_kept_for_an_approved_payment_is_not_wanted() {
    let mut script = Script::default();
    let run = run(&euro(12_50), &mut |bytes| Some(script.answer(bytes)), &mut approve);
    assert!(!run.outcome.record.wants(&run.kept[0]), "power may fail before it is forgotten");
}

#[test]
fn what_nothing_can_follow() {
    let (mut declined, mut asked) = (record(decline), record(approve));
    let not_approved = Err(FollowUpError::NotApproved(declined.rrn.clone()));
    assert_eq!(declined.capture(None, false, stamp(9)), not_approved);
    assert_eq!(asked.capture(Some(0), false, stamp(9)), Err(FollowUpError::Amount));
    assert_eq!(asked.capture(Some(1_000_000_000_000), false, stamp(9)), Err(FollowUpError::Amount));
    for number in [0, 7, 1_000_000] {
        assert!(matches!(asked.capture(None, false, stamp(number)), Err(FollowUpError::Unsound(_))), "{number}");
    }
    assert!(asked.follow_ups.is_empty());
    asked.request = None;
    assert!(matches!(asked.capture(None, false, stamp(9)), Err(FollowUpError::NotAsked(_))));
}
