//! What the terminal finds out by itself, and what it does about it.

use super::{
    super::{Decline, Verdict},
    scripted::{CDOL1, Script, last, told},
    *,
};
use crate::apdu::Command;

/// Verification results (95) of the first GENERATE AC and what it asks for.
fn check(spoil: impl FnOnce(&mut Script), results: [u8; 5], asked: u8) -> Run {
    let mut script = Script::with(spoil);
    let run = run(&euro(12_50), &mut |bytes| Some(script.answer(bytes)), &mut approve);
    let first = run.commands.iter().find(|command| command[1] == 0xAE).unwrap();
    let first = Command::parse(first).unwrap();
    assert_eq!(told(CDOL1, &first.data, tag::TVR), results);
    assert_eq!(first.p1, asked);
    run
}

const ARQC: u8 = 0x80;
const AAC: u8 = 0x00;

#[test]
fn a_sound_card_is_asked_for_the_issuer() {
    check(|_| {}, [0x80, 0, 0, 0x80, 0], ARQC);
    check(|script| script.profile = [0x68, 0x00], [0x80, 0, 0, 0x80, 0], ARQC);
}

#[test]
fn dates() {
    let set = |tag, value: [u8; 3]| {
        move |script: &mut Script| {
            script.remove(tag);
            script.set(tag, &value);
        }
    };
    let expired = [0x80, 0x40, 0, 0x80, 0];
    check(set(tag::EXPIRY, [0x28, 0x02, 0x28]), expired, ARQC);
    check(set(tag::EXPIRY, [0x99, 0x12, 0x31]), expired, ARQC);
    check(set(tag::EXPIRY, [0x28, 0x02, 0x29]), [0x80, 0, 0, 0x80, 0], ARQC);
    check(set(tag::EFFECTIVE, [0x28, 0x03, 0x01]), [0x80, 0x20, 0, 0x80, 0], ARQC);
    check(set(tag::EFFECTIVE, [0x28, 0x02, 0x29]), [0x80, 0, 0, 0x80, 0], ARQC);
}

#[test]
fn versions() {
    check(|script| script.set(tag::CARD_VERSION, &[0, 2]), [0x80, 0x80, 0, 0x80, 0], ARQC);
    check(|script| script.set(tag::CARD_VERSION, &[0, 1]), [0x80, 0, 0, 0x80, 0], ARQC);
}

#[test]
fn a_card_that_may_not_be_used_here_is_refused_at_once() {
    let refused = [0x80, 0x10, 0, 0x80, 0];
    let run = check(|script| script.set(tag::USAGE_CONTROL, &[0xFE, 0x00]), refused, AAC);
    let reason = "the card does not allow this service";
    assert_eq!(run.outcome.verdict, Verdict::Declined(Decline::Terminal(reason.into())));
    assert!(run.requests.is_empty() && run.kept.is_empty());
    check(|script| script.set(tag::USAGE_CONTROL, &[0xD7, 0x00]), refused, AAC);
    let abroad = |usage: u8| {
        move |script: &mut Script| {
            script.set(tag::ISSUER_COUNTRY, &[0x08, 0x40]);
            script.set(tag::USAGE_CONTROL, &[usage, 0x00]);
        }
    };
    check(abroad(0xEB), refused, AAC);
    check(abroad(0xD7), [0x80, 0, 0, 0x80, 0], ARQC);
}

#[test]
fn the_issuer_of_the_card_may_want_refusals() {
    let run = check(|script| script.set(tag::IAC_DENIAL, &[0x80, 0, 0, 0, 0]), [0x80, 0, 0, 0x80, 0], AAC);
    let reason = "the card's data was not authenticated offline";
    assert_eq!(run.outcome.verdict, Verdict::Declined(Decline::Terminal(reason.into())));
}

#[test]
fn lists_of_verification() {
    let list = |rules: &'static [u8]| {
        move |script: &mut Script| {
            script.profile = [0x18, 0x00];
            script.set(tag::CVM_LIST, &[&[0, 0, 0x03, 0xE8, 0, 0, 0x07, 0xD0], rules].concat());
            script.set(tag::APPLICATION_CURRENCY, &[0x09, 0x78]);
        }
    };
    let verified = |run: &Run| match &run.requests[0] {
        Request::Payment(payment) => {
            payment.icc_data.as_ref().unwrap().objects().get(tag::CVM_RESULTS).unwrap().to_vec()
        }
        Request::Network(_) => Vec::new(),
    };
    let (sound, failed) = ([0x80, 0, 0, 0x80, 0], [0x80, 0, 0x80, 0x80, 0]);
    assert_eq!(verified(&check(|_| {}, sound, ARQC)), [0x3F, 0, 0]);
    assert_eq!(verified(&check(list(&[0x1F, 0x00]), sound, ARQC)), [0x1F, 0x00, 0x02]);
    assert_eq!(verified(&check(list(&[0x42, 0x00, 0x1F, 0x03]), sound, ARQC)), [0x1F, 0x03, 0x02]);
    assert_eq!(verified(&check(list(&[0x02, 0x00, 0x1F, 0x00]), failed, ARQC)), [0x02, 0x00, 0x01]);
    assert_eq!(verified(&check(list(&[0x00, 0x00]), failed, ARQC)), [0x00, 0x00, 0x01]);
    assert_eq!(verified(&check(list(&[]), failed, ARQC)), [0x3F, 0x00, 0x01]);
    assert_eq!(verified(&check(list(&[0x42, 0x00]), failed, ARQC)), [0x3F, 0x00, 0x01]);
    // 12.50 is more than the first limit and less than the second.
    assert_eq!(verified(&check(list(&[0x1F, 0x06, 0x1F, 0x07]), sound, ARQC)), [0x1F, 0x07, 0x02]);
    assert_eq!(verified(&check(list(&[0x1F, 0x09, 0x1F, 0x08]), sound, ARQC)), [0x1F, 0x08, 0x02]);
    assert_eq!(verified(&check(list(&[0x1F, 0x01, 0x1F, 0x04, 0x1F, 0x05]), failed, ARQC)), [0x3F, 0, 1]);
    assert_eq!(verified(&check(list(&[0x50, 0x00, 0x1F, 0x02]), [0x80, 0, 0x40, 0x80, 0], ARQC)), [0x1F, 0x02, 0x02]);
    let no_list = |script: &mut Script| script.profile = [0x18, 0x00];
    assert_eq!(verified(&check(no_list, [0xA0, 0, 0, 0x80, 0], ARQC)), [0x3F, 0, 0]);
}

#[test]
fn the_status_says_what_was_done() {
    let mut script = Script::with(|script| {
        script.profile = [0x0C, 0x00];
        script.remove(tag::CDOL2);
        script.set(tag::CDOL2, &[0x9B, 2, 0x9F, 0x34, 3]);
    });
    let run = run(&euro(1), &mut |bytes| Some(script.answer(bytes)), &mut approve);
    assert_eq!(last(&run.commands, 0xAE).data, [0x38, 0x00, 0x3F, 0x00, 0x00]);
}
