//! Both transmission protocols, and what they make of the same commands. Rules: ISO/IEC 7816-3 and 7816-4 5.3.4, EMV Book 1 9.3.1.1.

use super::*;

/// Each command is answered with these bytes; `..` stands for any before a status.
#[track_caller]
fn check(protocol: Protocol, conversation: &[(&str, &str)]) {
    let mut session = Session::new("combined", protocol);
    for (at, (command, expected)) in conversation.iter().enumerate() {
        let answer = hex::encode_upper(session.say(&hex::decode(command).unwrap()));
        let right = match expected.strip_prefix("..") {
            Some(status) => answer.ends_with(status) && answer.len() > status.len(),
            None => answer == *expected,
        };
        assert!(right, "{at} {command}: {answer}, not {expected}");
    }
}

const PSE: &str = "00A404000E315041592E5359532E4444463031";

#[test]
fn the_answers_to_reset_are_those_of_emv_with_a_name() {
    let shown = |protocol: Protocol| hex::encode_upper(protocol.answer_to_reset());
    // Table 15: T=0 needs no check character.
    assert_eq!(shown(Protocol::T0), "3B6B0000434F554E544552464F494C");
    // Table 16: T=1, blocks of 254 bytes; all bytes after the first give zero together.
    assert_eq!(shown(Protocol::T1), "3BEB00008131FE45434F554E544552464F494CB8");
    let answer = Protocol::T1.answer_to_reset();
    assert_eq!(answer.iter().skip(1).fold(0, |check, byte| check ^ byte), 0);
    // A terminal that sees these bytes takes the card for a contactless one.
    assert_ne!(shown(Protocol::T1), "3B80800101");
}

#[test]
fn under_t0_a_command_with_data_gets_its_response_fetched() {
    check(Protocol::T0, &[(PSE, "6120"), ("00C0000020", "..9000"), ("00C0000020", "6985")]);
    // With the expected length that T=0 would have cut off.
    check(Protocol::T0, &[(&format!("{PSE}00"), "6120"), ("00C0000000", "..9000")]);
    // Too much is expected, then a part, then the rest.
    check(
        Protocol::T0,
        &[(PSE, "6120"), ("00C0000021", "6C20"), ("00C0000005", "6F1E840E31611B"), ("00C000001B", "..9000")],
    );
    // Any other command throws it away.
    check(Protocol::T0, &[(PSE, "6120"), ("00B2020C00", "6A83"), ("00C0000020", "6985")]);
}

#[test]
fn under_t0_a_command_without_data_is_told_the_length() {
    check(Protocol::T0, &[(PSE, "6120"), ("00B2010C00", "6C1F"), ("00B2010C20", "6C1F"), ("00B2010C1F", "..9000")]);
    check(Protocol::T0, &[(PSE, "6120"), ("00B2010C1E", "6C1F")]);
}

#[test]
fn under_t1_a_response_comes_at_once_as_far_as_it_is_expected() {
    check(Protocol::T1, &[(&format!("{PSE}00"), "..9000"), ("00C0000000", "6985")]);
    check(Protocol::T1, &[(&format!("{PSE}FF"), "..9000")]);
    check(Protocol::T1, &[(&format!("{PSE}05"), "6F1E840E31611B"), ("00C000001B", "..9000")]);
    // Nothing is expected, though there is something: it waits.
    check(Protocol::T1, &[(PSE, "6120"), ("00C0000000", "..9000")]);
    check(Protocol::T1, &[(PSE, "6120"), ("00B2010C", "611F"), ("00C000001F", "..9000")]);
    check(Protocol::T1, &[(PSE, "6120"), ("00B2010C1E", "6C1F"), ("00B2010C20", "..9000")]);
}

/// A command that moves the card on is carried out once, however its response is fetched.
#[test]
fn no_command_is_carried_out_twice_for_its_length() {
    for protocol in [Protocol::T0, Protocol::T1] {
        let mut session = Session::new("combined", protocol);
        let mut short = |command: &mut Vec<u8>| {
            command.pop();
            session.say(command)
        };
        short(&mut select(Aid::default().bytes()));
        assert_eq!(short(&mut get_processing_options(&pdol_data())), [0x61, 0x10], "{protocol:?}");
        let fetched = session.say(&[0x00, 0xc0, 0x00, 0x00, 0x10]);
        assert_eq!(hex::encode_upper(fetched), "770E82020C00940808010100100102009000");
        assert_eq!(session.counters.atc, 1);
    }
}

/// What says that the application is blocked is not lost where the response is fetched.
#[test]
fn the_status_of_a_fetched_response_is_its_own() {
    let mut session = Session::new("combined", Protocol::T0);
    session.counters.atc = u16::MAX;
    let response = session.say(&select(Aid::default().bytes()));
    let [0x61, length] = response[..] else { panic!("{response:02x?}") };
    assert!(session.say(&[0x00, 0xc0, 0x00, 0x00, length]).ends_with(&[0x62, 0x83]));
}
