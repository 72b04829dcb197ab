//! Which application is used, and what happens where there is none.

use super::{
    super::{Application, CardFault, Doing, Verdict},
    scripted::{OURS, Script},
    *,
};
use crate::{apdu::Status, tlv::Writer};

/// The application that the card was last asked for, and how it ended.
fn check(script: &mut Script, selected: Option<&[u8]>) -> Verdict {
    let run = run(&euro(1), &mut |bytes| Some(script.answer(bytes)), &mut approve);
    let aid = run.outcome.record.aid.map(|aid| aid.0);
    assert_eq!(aid.as_deref(), selected);
    run.outcome.verdict
}

const VISA: &[u8] = &[0xA0, 0x00, 0x00, 0x00, 0x03, 0x10, 0x10];
const VISA_SECOND: &[u8] = &[0xA0, 0x00, 0x00, 0x00, 0x03, 0x10, 0x10, 0x02];
const STRANGER: &[u8] = &[0xA0, 0x00, 0x00, 0x99, 0x99];

fn card(has_directory: bool, applications: &[(&[u8], u8)]) -> Script {
    Script::with(|script| {
        script.has_directory = has_directory;
        script.applications = applications.iter().map(|(aid, priority)| (aid.to_vec(), *priority)).collect();
    })
}

#[test]
fn the_card_says_which_application_comes_first() {
    for has_directory in [true, false] {
        check(&mut card(has_directory, &[(VISA, 2), (OURS, 1)]), Some(OURS));
        check(&mut card(has_directory, &[(VISA, 1), (OURS, 2)]), Some(VISA));
        check(&mut card(has_directory, &[(VISA, 0), (OURS, 15)]), Some(OURS));
    }
}

#[test]
fn applications_that_want_their_holder_asked_are_passed_over() {
    check(&mut card(true, &[(VISA, 0x81), (OURS, 2)]), Some(OURS));
}

#[test]
fn a_longer_name_of_a_known_application_is_found() {
    check(&mut card(true, &[(VISA_SECOND, 1)]), Some(VISA_SECOND));
    check(&mut card(false, &[(STRANGER, 1), (VISA_SECOND, 2)]), Some(VISA_SECOND));
    check(&mut card(false, &[(VISA, 2), (VISA_SECOND, 1)]), Some(VISA));
}

#[test]
fn a_card_without_a_known_application() {
    for has_directory in [true, false] {
        let verdict = check(&mut card(has_directory, &[(STRANGER, 1)]), None);
        assert_eq!(verdict, Verdict::CardError(CardFault::NoApplication));
    }
}

#[test]
fn a_blocked_card_says_so() {
    let mut script = Script::with(|script| {
        script.instead.insert(0xA4, vec![0x6A, 0x81]);
    });
    assert_eq!(check(&mut script, None), Verdict::CardError(CardFault::Blocked));
}

#[test]
fn a_blocked_application_is_no_candidate() {
    let mut script = Script::with(|script| {
        script.instead.insert(0xA4, vec![0x62, 0x83]);
    });
    assert_eq!(check(&mut script, None), Verdict::CardError(CardFault::NoApplication));
}

#[test]
fn a_card_that_does_not_want_this_transaction_is_asked_for_its_next_application() {
    let mut script = card(true, &[(VISA, 1), (OURS, 2)]);
    let mut refused = false;
    let mut refusing = |bytes: &[u8]| {
        if bytes[1] == 0xA8 && !std::mem::replace(&mut refused, true) {
            return Some(vec![0x69, 0x85]);
        }
        Some(script.answer(bytes))
    };
    let run = run(&euro(1), &mut refusing, &mut approve);
    assert_eq!(run.outcome.verdict, Verdict::Approved);
    assert_eq!(run.outcome.record.aid.unwrap().0, OURS);
}

#[test]
fn a_card_that_wants_no_transaction_at_all() {
    let mut script = Script::with(|script| {
        script.instead.insert(0xA8, vec![0x69, 0x85]);
    });
    let refused = CardFault::Refused(Doing::GetProcessingOptions, Status::CONDITIONS_NOT_SATISFIED);
    assert_eq!(check(&mut script, Some(OURS)), Verdict::CardError(refused));
}

#[test]
fn a_card_without_a_list_is_told_nothing() {
    let mut script = Script::with(|script| script.pdol = Vec::new());
    let run = run(&euro(1), &mut |bytes| Some(script.answer(bytes)), &mut approve);
    assert_eq!(run.outcome.verdict, Verdict::Approved);
    assert_eq!(scripted::last(&run.commands, 0xA8).data, [0x83, 0x00]);
}

#[test]
fn a_contactless_directory_is_read_too() {
    let mut directory = Writer::new();
    directory.nest(tag::FCI_TEMPLATE, |out| {
        out.nest(tag::FCI_PROPRIETARY, |out| {
            out.nest(tag::ISSUER_DISCRETIONARY, |out| {
                out.nest(tag::APPLICATION_TEMPLATE, |out| {
                    out.put(tag::APPLICATION_ID, OURS);
                });
            });
        });
    });
    let directory = [directory.into_bytes(), vec![0x90, 0x00]].concat();
    let mut script = card(false, &[(OURS, 1)]);
    let mut asked = Vec::new();
    let run = run(
        &euro(1),
        &mut |bytes| {
            asked.push(bytes.to_vec());
            if bytes.get(5..) == Some(b"2PAY.SYS.DDF01\0") {
                Some(directory.clone())
            } else {
                Some(script.answer(bytes))
            }
        },
        &mut approve,
    );
    assert_eq!(run.outcome.verdict, Verdict::Approved);
    assert_eq!(asked.iter().filter(|bytes| bytes[1] == 0xA4).count(), 3, "both directories, and the application");
}

#[test]
fn a_terminal_takes_what_it_is_set_to_take() {
    let application = Application { aid: STRANGER.to_vec(), is_prefix: false, version: [0, 1] };
    let config = config().with_applications(vec![application]).unwrap();
    let mut script = card(true, &[(OURS, 1), (STRANGER, 2)]);
    let (mut session, mut step) = Session::start(&config, &euro(1), UNPREDICTABLE, moment());
    while let Step::Card(bytes) = step {
        step = session.card(&script.answer(&bytes));
    }
    assert!(matches!(step, Step::Keep(_)));
    assert!(super::config().with_applications(Vec::new()).is_err());
}
