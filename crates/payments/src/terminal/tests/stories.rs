//! Whole transactions: what is said to whom, in which order, and how it ends.

use super::scripted::{CDOL1, CRYPTOGRAM, ISSUER_DATA, PDOL, Script, last, token, told};
use super::{
    super::{CardFault, CryptogramKind, Decline, Doing, Purchase, Verdict, Word},
    *,
};
use crate::{
    apdu::Status,
    message::{Operation, amount::Transaction},
    tlv::{self, Tag},
};

fn play(mut script: Script, purchase: &Purchase, host: &mut dyn FnMut(&Request) -> HostAnswer) -> Run {
    run(purchase, &mut |bytes| Some(script.answer(bytes)), host)
}

fn payment(run: &Run) -> crate::message::Payment {
    match run.requests.first() {
        Some(Request::Payment(payment)) => payment.as_ref().clone(),
        other => panic!("{other:?}"),
    }
}

fn pdol_value(run: &Run, tag: Tag) -> Vec<u8> {
    let data = last(&run.commands, 0xA8).data;
    told(PDOL, tlv::find(&data, &[tag::COMMAND_TEMPLATE]).unwrap().unwrap(), tag)
}

fn instructions(run: &Run) -> Vec<u8> {
    run.commands.iter().map(|command| command[1]).collect()
}

#[test]
fn an_approved_payment() {
    let run = play(Script::default(), &euro(12_50), &mut approve);
    assert_eq!(run.outcome.verdict, Verdict::Approved);
    assert_eq!(run.outcome.reversal, None);
    assert_eq!(instructions(&run), [0xA4, 0xB2, 0xB2, 0xA4, 0xA8, 0xB2, 0xB2, 0xB2, 0xAE, 0xAE]);
    assert_eq!(last(&run.commands, 0xAE).p1, 0x40, "a TC is asked for");
    let record = &run.outcome.record;
    assert_eq!((record.outcome, record.approved_minor), (Word::Approved, Some(12_50)));
    assert_eq!((record.atc, record.auth_code.as_deref()), (Some(7), Some("A1B2C3")));
    assert_eq!(record.arqc.as_ref().unwrap().0, CRYPTOGRAM);
    assert_eq!(record.arpc.as_ref().unwrap().0, PROOF);
    assert!(record.follow_ups.is_empty() && record.notes.is_empty());
}

#[test]
fn the_card_is_told_the_transaction_before_it_says_which_number_it_has() {
    let run = play(Script::default(), &euro(12_50), &mut approve);
    assert_eq!(pdol_value(&run, tag::AMOUNT), [0, 0, 0, 0, 0x12, 0x50]);
    assert_eq!(pdol_value(&run, tag::CURRENCY), [0x09, 0x78]);
    assert_eq!(pdol_value(&run, tag::DATE), [0x28, 0x02, 0x29]);
    assert_eq!(pdol_value(&run, tag::TIME), [0x00, 0x09, 0x05]);
    assert_eq!(pdol_value(&run, tag::UNPREDICTABLE_NUMBER), UNPREDICTABLE);
    assert_eq!(pdol_value(&run, tag::MERCHANT_ID), b"MERCHANT0000001");
    assert_eq!(pdol_value(&run, tag::TERMINAL_ID), b"TERM0001");
    assert_eq!(pdol_value(&run, tag::LOCATION), format!("{:<40}", "Corner Shop, Riverside").as_bytes());
    let data = last(&run.commands, 0xA8).data;
    assert_eq!(run.outcome.record.pdol.as_ref().unwrap().0, data[2..]);
}

#[test]
fn the_issuer_is_told_what_the_card_was_told() {
    let run = play(Script::default(), &euro(12_50), &mut approve);
    let payment = payment(&run);
    assert_eq!((payment.operation, payment.amount_minor), (Operation::Authorization, 12_50));
    assert_eq!((payment.sent.as_str(), payment.local_time.as_str()), ("0228230905", "000905"));
    assert_eq!((payment.token.clone(), payment.expiry.unwrap().to_string()), (token(), "3112".into()));
    assert_eq!(payment.entry_mode.unwrap().as_str(), "052");
    let objects = payment.icc_data.unwrap().objects().clone();
    for (tag, _) in crate::dol::Dol::parse(PDOL).unwrap().entries() {
        assert_eq!(objects.get(*tag), Some(pdol_value(&run, *tag).as_slice()), "{tag}");
    }
    let first = run.commands.iter().find(|command| command[1] == 0xAE).unwrap();
    let first = crate::apdu::Command::parse(first).unwrap().data;
    for (tag, _) in crate::dol::Dol::parse(CDOL1).unwrap().entries() {
        assert_eq!(objects.get(*tag), Some(told(CDOL1, &first, *tag).as_slice()), "{tag}");
    }
    assert_eq!(objects.get(tag::CRYPTOGRAM), Some(CRYPTOGRAM.as_slice()));
    assert_eq!(objects.get(tag::IAD), Some(ISSUER_DATA.as_slice()));
    assert_eq!(objects.get(tag::ATC), Some([0, 7].as_slice()));
    assert_eq!(objects.get(tag::PAN), None, "the number travels as element 2");
}

#[test]
fn a_payment_that_the_issuer_declines() {
    let run = play(Script::default(), &euro(12_50), &mut decline);
    assert_eq!(run.outcome.verdict, Verdict::Declined(Decline::Issuer("05".into())));
    assert_eq!(run.outcome.reversal, None);
    let second = last(&run.commands, 0xAE);
    assert_eq!((second.p1, &second.data[..2]), (0x00, b"05".as_slice()), "an AAC is asked for, and told why");
}

#[test]
fn a_payment_that_is_approved_in_part() {
    let part = |minor| {
        move |request: &Request| {
            answer(request, ResponseCode::PartiallyApproved, |response| response.amount_minor = Some(minor))
        }
    };
    let run = play(Script::default(), &euro(12_50), &mut part(10_00));
    assert_eq!(run.outcome.verdict, Verdict::PartiallyApproved { approved_minor: 10_00 });
    assert_eq!((run.outcome.record.approved_minor, run.outcome.reversal), (Some(10_00), None));
    for impossible in [0, 12_50, 12_51] {
        let run = play(Script::default(), &euro(12_50), &mut part(impossible));
        assert_eq!(run.outcome.verdict, Verdict::NoHost, "{impossible}");
        assert!(run.outcome.reversal.is_some());
    }
}

#[test]
fn an_issuer_that_is_down_leaves_a_reversal() {
    let run = play(Script::default(), &euro(12_50), &mut silent);
    assert_eq!(run.outcome.verdict, Verdict::NoHost);
    assert_eq!(run.outcome.reversal.as_ref(), run.kept.first(), "what was kept before is what is owed after");
    let second = last(&run.commands, 0xAE);
    assert_eq!((second.p1, &second.data[..2]), (0x00, b"Z3".as_slice()));
}

#[test]
fn an_answer_to_another_request_is_none() {
    let spoils: [fn(&mut Response); 4] = [
        |response| response.stan = crate::message::Digits::of(9).unwrap(),
        |response| response.amount_minor = Some(12_51),
        |response| response.terminal = Text::new("TERM0002"),
        |response| response.retrieval_reference = Text::new("000000000008"),
    ];
    for spoil in spoils {
        let run = play(Script::default(), &euro(12_50), &mut |request| answer(request, ResponseCode::Approved, spoil));
        assert_eq!(run.outcome.verdict, Verdict::NoHost);
        assert!(run.outcome.reversal.is_some() && !run.outcome.record.notes.is_empty());
    }
}

#[test]
fn a_card_that_declines_what_was_approved_leaves_a_reversal() {
    let script = Script::with(|script| script.makes[1] = Some(CryptogramKind::Aac));
    let run = play(script, &euro(12_50), &mut approve);
    assert_eq!(run.outcome.verdict, Verdict::Declined(Decline::CardAfterApproval));
    assert!(run.outcome.reversal.is_some());
}

#[test]
fn a_card_that_declines_at_once_keeps_the_issuer_out_of_it() {
    let script = Script::with(|script| script.makes[0] = Some(CryptogramKind::Aac));
    let run = play(script, &euro(12_50), &mut approve);
    assert_eq!(run.outcome.verdict, Verdict::Declined(Decline::Card));
    assert!(run.requests.is_empty() && run.kept.is_empty() && run.outcome.reversal.is_none());
}

#[test]
fn the_proof_of_the_issuer_reaches_the_card() {
    let run = play(Script::default(), &euro(12_50), &mut approve);
    assert_eq!(last(&run.commands, 0xAE).data[2..10], PROOF, "in the second list");
    assert!(!instructions(&run).contains(&0x82));
    let script = Script::with(|script| script.profile = [0x0C, 0x00]);
    let run = play(script, &euro(12_50), &mut approve);
    assert_eq!(last(&run.commands, 0x82).data, PROOF, "and in a command, if it takes one");
    let none = |request: &Request| answer(request, ResponseCode::Approved, |response| response.icc_data = None);
    let run = play(Script::with(|script| script.profile = [0x0C, 0x00]), &euro(12_50), &mut { none });
    assert!(!instructions(&run).contains(&0x82));
}

#[test]
fn a_proof_that_the_card_does_not_believe_is_told_to_the_card() {
    let script = Script::with(|script| {
        script.profile = [0x0C, 0x00];
        script.authentication = Status::AUTHENTICATION_FAILED;
        script.makes[1] = Some(CryptogramKind::Aac);
    });
    let run = play(script, &euro(12_50), &mut approve);
    let results = told(&[&[0x8A, 2, 0x91, 8], CDOL1].concat(), &last(&run.commands, 0xAE).data, tag::TVR);
    assert_eq!(results, [0x80, 0, 0, 0x80, 0x40]);
    assert_eq!(run.outcome.verdict, Verdict::Declined(Decline::CardAfterApproval));
    assert!(run.outcome.reversal.is_some());
}

#[test]
fn a_card_that_is_pulled_at_any_step() {
    let steps = play(Script::default(), &euro(12_50), &mut approve).commands.len();
    for (host, approves) in [(approve as fn(&Request) -> HostAnswer, true), (decline, false), (silent, true)] {
        for pulled in 0..steps {
            let (mut script, mut heard) = (Script::default(), 0);
            let mut card = |bytes: &[u8]| {
                heard += 1;
                (heard <= pulled).then(|| script.answer(bytes))
            };
            let run = run(&euro(12_50), &mut card, &mut { host });
            let asked = !run.requests.is_empty();
            assert_eq!(run.outcome.reversal.is_some(), asked && approves, "pulled at {pulled}");
            assert!(!run.outcome.verdict.is_approved());
            if !asked {
                assert!(matches!(run.outcome.verdict, Verdict::CardError(CardFault::Gone(_))));
            }
        }
    }
}

#[test]
fn a_card_that_is_pulled_while_the_issuer_is_asked() {
    let (mut session, mut step) = Session::start(&config(), &euro(1), UNPREDICTABLE, moment());
    let mut script = Script::default();
    let kept = loop {
        step = match step {
            Step::Card(bytes) => session.card(&script.answer(&bytes)),
            Step::Keep(pending) => break pending,
            other => panic!("{other:?}"),
        };
    };
    assert!(matches!(session.kept(), Step::Host(_)));
    let Step::Done(outcome) = session.card_gone() else { panic!("it is over") };
    assert_eq!(outcome.verdict, Verdict::CardError(CardFault::Gone(Doing::AskIssuer)));
    assert_eq!(outcome.reversal, Some(*kept));
    let Step::Done(again) = session.card(&[0x90, 0x00]) else { panic!("it stays over") };
    assert_eq!(again, outcome);
}

#[test]
fn what_could_not_be_kept_is_never_sent() {
    let (mut session, mut step) = Session::start(&config(), &euro(1), UNPREDICTABLE, moment());
    let mut script = Script::default();
    while let Step::Card(bytes) = step {
        step = session.card(&script.answer(&bytes));
    }
    assert!(matches!(step, Step::Keep(_)));
    let Step::Done(outcome) = session.card_gone() else { panic!("it is over") };
    assert_eq!(outcome.reversal, None, "the request did not go out");
}

#[test]
fn an_answer_that_nobody_waits_for() {
    let (mut session, _) = Session::start(&config(), &euro(1), UNPREDICTABLE, moment());
    let Step::Done(outcome) = session.host(&HostAnswer::NoAnswer) else { panic!("it is over") };
    assert_eq!(outcome.verdict, Verdict::CardError(CardFault::OutOfTurn));
}

#[test]
fn amounts_of_every_size_in_every_kind_of_currency() {
    let cases: [(u64, &[u8; 3], [u8; 6], &str); 6] = [
        (0, b"EUR", [0; 6], "0.00 EUR"),
        (5, b"EUR", [0, 0, 0, 0, 0, 5], "0.05 EUR"),
        (1_250, b"JPY", [0, 0, 0, 0, 0x12, 0x50], "1250 JPY"),
        (1_250, b"BHD", [0, 0, 0, 0, 0x12, 0x50], "1.250 BHD"),
        (999_999_999_999, b"EUR", [0x99; 6], "9999999999.99 EUR"),
        (123_456_789_012, b"BHD", [0x12, 0x34, 0x56, 0x78, 0x90, 0x12], "123456789.012 BHD"),
    ];
    for (minor, code, packed, shown) in cases {
        let run = play(Script::default(), &purchase(minor, code), &mut approve);
        assert_eq!(run.outcome.verdict, Verdict::Approved, "{shown}");
        assert_eq!(pdol_value(&run, tag::AMOUNT), packed);
        assert_eq!(payment(&run).amount_minor, minor);
        assert_eq!(run.outcome.record.priced(minor), shown);
    }
    let currency = *Currency::by_code(b"EUR").unwrap();
    assert!(Purchase::new(1_000_000_000_000, currency, trace()).is_err());
}

#[test]
fn a_question_for_the_balance_holds_nothing_and_keeps_nothing() {
    let purchase = Purchase::balance(*Currency::by_code(b"EUR").unwrap(), trace()).unwrap();
    let amounts = vec![balance_of(Signed::Debit(3_05))];
    let run = play(Script::default(), &purchase, &mut |request| {
        answer(request, ResponseCode::Approved, |response| response.amounts.clone_from(&amounts))
    });
    assert_eq!(run.outcome.verdict, Verdict::Approved);
    assert!(run.kept.is_empty() && run.outcome.reversal.is_none());
    assert_eq!(payment(&run).processing.transaction, Transaction::BalanceInquiry);
    assert_eq!(run.outcome.record.balance.as_deref(), Some("-3.05 EUR"));
    assert_eq!(run.outcome.record.approved_minor, None, "there is nothing to capture");
    let run = play(Script::default(), &purchase, &mut silent);
    assert_eq!((run.outcome.verdict, run.outcome.reversal), (Verdict::NoHost, None));
}

#[test]
fn a_card_of_the_older_protocol_gives_its_answers_in_pieces() {
    let (mut script, mut waits) = (Script::with(|script| script.as_row = true), Vec::new());
    let mut card = |bytes: &[u8]| {
        let (instruction, expected) = (bytes[1], *bytes.last().unwrap());
        if instruction == 0xC0 {
            return Some(std::mem::take(&mut waits));
        }
        let whole = script.clone().answer(bytes);
        let length = u8::try_from(whole.len() - 2).unwrap();
        if instruction == 0xB2 && expected != length && whole.ends_with(&[0x90, 0x00]) {
            return Some(vec![0x6C, length]);
        }
        let whole = script.answer(bytes);
        if instruction == 0xB2 || length == 0 {
            return Some(whole);
        }
        waits = whole;
        Some(vec![0x61, length])
    };
    let run = run(&euro(12_50), &mut card, &mut approve);
    assert_eq!(run.outcome.verdict, Verdict::Approved);
}

#[test]
fn a_record_survives_being_stored() {
    for host in [approve as fn(&Request) -> HostAnswer, decline, silent] {
        let record = play(Script::default(), &euro(12_50), &mut { host }).outcome.record;
        let stored = serde_json::to_string(&record).unwrap();
        assert_eq!(serde_json::from_str::<super::super::Record>(&stored).unwrap(), record);
    }
}
