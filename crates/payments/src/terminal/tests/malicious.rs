//! Cards that do what no card may. Each is a named fault; none gets money, none is told more, and after the issuer was asked each leaves a
//! reversal.

use super::{
    super::{CardFault, CryptogramKind, Doing, Verdict},
    scripted::Script,
    *,
};
use crate::{
    apdu::{ApduError, Status},
    dol::DolError,
    number::NumberError,
    tlv::{Tag, TlvError},
};

/// A fault before the issuer is asked.
fn check(spoil: impl FnOnce(&mut Script), fault: CardFault) {
    let mut script = Script::with(spoil);
    let run = run(&euro(12_50), &mut |bytes| Some(script.answer(bytes)), &mut approve);
    assert_eq!(run.outcome.verdict, Verdict::CardError(fault));
    assert!(run.requests.is_empty() && run.outcome.reversal.is_none());
}

/// A fault after the issuer approved.
fn check_late(spoil: impl FnOnce(&mut Script), fault: CardFault) {
    let mut script = Script::with(spoil);
    let run = run(&euro(12_50), &mut |bytes| Some(script.answer(bytes)), &mut approve);
    assert_eq!(run.outcome.verdict, Verdict::CardError(fault));
    assert!(run.outcome.reversal.is_some() && run.outcome.record.approved_minor.is_none());
}

/// Whatever the terminal sends with this instruction, this is the answer.
fn always(instruction: u8, answer: &[u8]) -> impl FnOnce(&mut Script) {
    let answer = answer.to_vec();
    move |script| {
        script.instead.insert(instruction, answer);
    }
}

#[test]
fn answers_that_are_none() {
    let none = |length| CardFault::NoAnswer(Doing::GetProcessingOptions, ApduError::ShortResponse(length));
    check(always(0xA8, &[]), none(0));
    check(always(0xA8, &[0x90]), none(1));
    let long = CardFault::NoAnswer(Doing::GetProcessingOptions, ApduError::LongData(998));
    check(always(0xA8, &[0; 1_000]), long);
}

#[test]
fn status_words_other_than_success() {
    let refused = |doing, status| CardFault::Refused(doing, status);
    check(always(0xA8, &[0x6F, 0x00]), refused(Doing::GetProcessingOptions, Status::FAULT));
    check(always(0xAE, &[0x69, 0x85]), refused(Doing::FirstGenerateAc, Status::CONDITIONS_NOT_SATISFIED));
    let missing = |script: &mut Script| {
        script.records.remove(&(2, 2));
    };
    check(missing, refused(Doing::ReadRecord, Status::RECORD_NOT_FOUND));
}

#[test]
fn a_card_that_announces_ever_more_data() {
    let nothing_waits = CardFault::Refused(Doing::GetProcessingOptions, Status::UNKNOWN_INSTRUCTION);
    check(always(0xA8, &[0x61, 0x10]), nothing_waits);
    let mut script = Script::default();
    let mut endless = |bytes: &[u8]| match bytes[1] {
        0xA8 | 0xC0 => Some(vec![0x61, 0x10]),
        _ => Some(script.answer(bytes)),
    };
    let run = run(&euro(1), &mut endless, &mut approve);
    assert_eq!(run.outcome.verdict, Verdict::CardError(CardFault::Endless(Doing::GetProcessingOptions)));
}

#[test]
fn objects_that_are_none() {
    let malformed = |error| CardFault::Malformed(Doing::GetProcessingOptions, error);
    let aip = tag::AIP;
    check(
        always(0xA8, &[0x77, 0x05, 0x82, 0x90, 0x00]),
        malformed(TlvError::CutValue { tag: tag::RESPONSE_77, claimed: 5, left: 1 }),
    );
    check(always(0xA8, &[0x77, 0x02, 0x82, 0x80, 0x90, 0x00]), malformed(TlvError::IndefiniteLength(aip)));
    let twice = [0x77, 0x08, 0x82, 0x02, 0x08, 0x00, 0x82, 0x02, 0x08, 0x00, 0x90, 0x00];
    check(always(0xA8, &twice), malformed(TlvError::Repeated(aip)));
    check(always(0xA8, &[0x5A, 0x01, 0x00, 0x90, 0x00]), CardFault::UnknownForm(Doing::GetProcessingOptions));
    check(always(0xA8, &[0x90, 0x00]), CardFault::UnknownForm(Doing::GetProcessingOptions));
    check(always(0xA8, &[0x77, 0x04, 0x82, 0x02, 0x08, 0x00, 0x90, 0x00]), CardFault::Missing(tag::AFL));
    check(always(0xAE, &[0x80, 0x03, 0x80, 0x00, 0x01, 0x90, 0x00]), CardFault::UnknownForm(Doing::FirstGenerateAc));
}

#[test]
fn file_locators_that_lead_nowhere() {
    let located = |locator: &'static [u8]| move |script: &mut Script| script.locator = locator.to_vec();
    check(located(&[0x08, 1, 1]), CardFault::Locator);
    check(located(&[0x08, 0, 1, 0]), CardFault::Locator);
    check(located(&[0x08, 2, 1, 0]), CardFault::Locator);
    check(located(&[0x00, 1, 1, 0]), CardFault::Locator);
    check(located(&[0xF8, 1, 1, 0]), CardFault::Locator);
    check(located(&[0x09, 1, 1, 0]), CardFault::Locator);
    check(located(&[0x08, 1, 1, 2]), CardFault::Locator);
    check(located(&[0x08, 1, 255, 0]), CardFault::TooManyRecords(64));
    check(|script| script.locator = [0x08, 1, 40, 0].repeat(60), CardFault::TooManyRecords(64));
}

#[test]
fn records_that_are_none() {
    check(always(0xB2, &[0x6A, 0x82]), CardFault::Refused(Doing::ReadRecord, Status::FILE_NOT_FOUND));
    let mut script = Script::default();
    let mut reads = 0;
    let mut nested = |bytes: &[u8]| {
        reads += usize::from(bytes[1] == 0xB2);
        // The first two are the directory's.
        if bytes[1] == 0xB2 && reads > 2 { Some(vec![0x77, 0x00, 0x90, 0x00]) } else { Some(script.answer(bytes)) }
    };
    let run = run(&euro(1), &mut nested, &mut approve);
    assert_eq!(run.outcome.verdict, Verdict::CardError(CardFault::UnknownForm(Doing::ReadRecord)));
}

#[test]
fn a_number_twice() {
    let other = |script: &mut Script| script.set(tag::PAN, &[0x47, 0x61, 0x73, 0x90, 0x01, 0x01, 0x00, 0x10]);
    check(other, CardFault::Repeated(tag::PAN));
    check(|script| script.set(tag::PAN, &scripted::token().to_cn()), CardFault::Repeated(tag::PAN));
    let list = |script: &mut Script| script.set(tag::CDOL1, &[0x9F, 0x02, 6]);
    check(list, CardFault::Repeated(tag::CDOL1));
}

#[test]
fn two_numbers_that_differ() {
    let other = |script: &mut Script| {
        script.remove(tag::TRACK_2);
        script.set(tag::TRACK_2, &hex::decode("4761739001010010d31122010000000000").unwrap());
    };
    check(other, CardFault::NumbersDiffer);
}

#[test]
fn what_must_be_there() {
    for needed in [tag::PAN, tag::EXPIRY, tag::CDOL1, tag::CDOL2] {
        check(|script| script.remove(needed), CardFault::Missing(needed));
    }
}

#[test]
fn values_that_have_not_their_form() {
    let replaced = |tag: Tag, value: &'static [u8]| {
        move |script: &mut Script| {
            script.remove(tag);
            script.set(tag, value);
        }
    };
    check(replaced(tag::EXPIRY, &[0x31, 0x13, 0x01]), CardFault::Value(tag::EXPIRY));
    check(replaced(tag::EXPIRY, &[0x31, 0x12]), CardFault::Value(tag::EXPIRY));
    check(replaced(tag::EXPIRY, &[0x29, 0x02, 0x29]), CardFault::Value(tag::EXPIRY));
    check(replaced(tag::EXPIRY, &[0; 3]), CardFault::Value(tag::EXPIRY));
    check(replaced(tag::EFFECTIVE, &[0x1F, 0x01, 0x01]), CardFault::Value(tag::EFFECTIVE));
    check(replaced(tag::SEQUENCE, &[0x0A]), CardFault::Value(tag::SEQUENCE));
    check(replaced(tag::USAGE_CONTROL, &[0xFF]), CardFault::Value(tag::USAGE_CONTROL));
    check(replaced(tag::CARD_VERSION, &[0, 0, 1]), CardFault::Value(tag::CARD_VERSION));
    check(replaced(tag::IAC_DENIAL, &[]), CardFault::Value(tag::IAC_DENIAL));
    check(replaced(tag::TRACK_2, &[0x12, 0x34]), CardFault::Value(tag::TRACK_2));
    check(replaced(tag::PAN, &[0x12, 0x34]), CardFault::Number(NumberError::Length(4)));
    check(replaced(tag::PAN, &[0x99; 8]), CardFault::Number(NumberError::CheckDigit));
}

#[test]
fn lists_that_ask_for_too_much() {
    check(|script| script.pdol = vec![0x9F, 0x02, 255], CardFault::AsksTooMuch(Doing::GetProcessingOptions));
    let replaced = |tag: Tag, value: &'static [u8]| {
        move |script: &mut Script| {
            script.remove(tag);
            script.set(tag, value);
        }
    };
    let long = &[0x9F, 0x02, 200, 0x9F, 0x03, 200];
    check(replaced(tag::CDOL1, long), CardFault::AsksTooMuch(Doing::FirstGenerateAc));
    check(replaced(tag::CDOL2, long), CardFault::AsksTooMuch(Doing::SecondGenerateAc));
    check(|script| script.pdol = vec![0x9F, 0x02], CardFault::List(tag::PDOL, DolError::CutLength(tag::AMOUNT)));
    check(replaced(tag::CDOL2, &[0x9F]), CardFault::List(tag::CDOL2, DolError::Tag(TlvError::CutTag)));
}

#[test]
fn cryptograms_that_nobody_asked_for() {
    let made = |doing, asked, made| CardFault::WrongCryptogram { doing, asked, made };
    for kind in [CryptogramKind::Tc, CryptogramKind::Reserved] {
        let first = made(Doing::FirstGenerateAc, CryptogramKind::Arqc, kind);
        check(|script| script.makes[0] = Some(kind), first);
    }
    for kind in [CryptogramKind::Arqc, CryptogramKind::Reserved] {
        let second = made(Doing::SecondGenerateAc, CryptogramKind::Tc, kind);
        check_late(|script| script.makes[1] = Some(kind), second);
    }
    check_late(|script| script.counters[1] = 8, CardFault::Value(tag::ATC));
}

#[test]
fn an_approval_after_a_refusal_is_none() {
    let mut script = Script::with(|script| script.makes[1] = Some(CryptogramKind::Tc));
    let run = run(&euro(1), &mut |bytes| Some(script.answer(bytes)), &mut decline);
    assert!(matches!(run.outcome.verdict, Verdict::Declined(_)));
    assert!(run.outcome.reversal.is_none() && !run.outcome.record.notes.is_empty());
}

#[test]
fn a_card_cannot_tell_itself_another_amount() {
    let mut script = Script::with(|script| script.set(tag::AMOUNT, &[0, 0, 0, 0, 0, 1]));
    let run = run(&euro(12_50), &mut |bytes| Some(script.answer(bytes)), &mut approve);
    let first = scripted::last(&run.commands, 0xAE).data;
    let list = [&[0x8A, 2, 0x91, 8], scripted::CDOL1].concat();
    assert_eq!(scripted::told(&list, &first, tag::AMOUNT), [0, 0, 0, 0, 0x12, 0x50]);
    assert_eq!(run.outcome.verdict, Verdict::Approved);
}
