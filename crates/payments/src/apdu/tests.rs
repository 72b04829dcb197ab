//! The four cases and what is none of them.

use super::*;
use crate::testing::replay;

#[track_caller]
fn both_ways(text: &str, data: &[u8], le: Option<u16>) {
    let bytes = hex::decode(text).unwrap();
    let command = Command::parse(&bytes).unwrap();
    assert_eq!((command.data.as_slice(), command.le), (data, le));
    assert_eq!(command.encode().unwrap(), bytes);
}

#[test]
fn the_four_cases_go_both_ways() {
    both_ways("80a80000", &[], None);
    both_ways("80ca9f3600", &[], Some(256));
    both_ways("80ca9f3605", &[], Some(5));
    both_ways("8082000002aabb", &[0xaa, 0xbb], None);
    both_ways("80a8000002830000", &[0x83, 0], Some(256));
    both_ways("80a80000028300ff", &[0x83, 0], Some(255));
    both_ways(&format!("80a80000ff{}00", "07".repeat(255)), &[7; 255], Some(256));
}

#[test]
fn a_broken_command_is_refused() {
    for (text, error) in [
        ("", ApduError::ShortCommand(0)),
        ("00a404", ApduError::ShortCommand(3)),
        ("00a404000000", ApduError::ExtendedLength),
        ("00a4040000000102", ApduError::ExtendedLength),
        ("00a4040002aa", ApduError::WrongLength { claimed: 2, left: 1 }),
        ("00a4040001aabbcc", ApduError::WrongLength { claimed: 1, left: 3 }),
    ] {
        assert_eq!(Command::parse(&hex::decode(text).unwrap()), Err(error), "{text}");
    }
}

#[test]
fn a_command_that_is_too_long_is_not_written() {
    let command = |length, le| Command { cla: 0, ins: 0xa4, p1: 4, p2: 0, data: vec![0; length], le };
    assert_eq!(command(256, None).encode(), Err(ApduError::LongData(256)));
    assert_eq!(command(1, Some(257)).encode(), Err(ApduError::LongExpected(257)));
    assert_eq!(command(1, Some(0)).encode(), Err(ApduError::LongExpected(0)));
}

#[test]
fn responses_go_both_ways() {
    for (text, length, status) in [("9000", 0, Status::OK), ("01026985", 2, Status::CONDITIONS_NOT_SATISFIED)] {
        let response = Response::parse(&hex::decode(text).unwrap()).unwrap();
        assert_eq!((response.data.len(), response.status), (length, status));
        assert_eq!(hex::encode(response.encode()), text);
    }
    assert_eq!(Response::parse(&[]), Err(ApduError::ShortResponse(0)));
    assert_eq!(Response::parse(&[0x90]), Err(ApduError::ShortResponse(1)));
    assert!(Response::parse(&[0; MAX_RESPONSE_DATA + 2]).is_ok());
    assert_eq!(Response::parse(&[0; MAX_RESPONSE_DATA + 3]), Err(ApduError::LongData(257)));
}

#[test]
fn a_status_says_what_it_means() {
    for (status, text) in [
        (Status::OK, "9000 success"),
        (Status::more(5), "6105 more data waits"),
        (Status::wrong_expected(0x1f), "6C1F wrong expected length"),
        (Status::CONDITIONS_NOT_SATISFIED, "6985 conditions of use not satisfied"),
        (Status(0x63c2), "63C2 warning"),
        (Status(0x1234), "1234 unknown status"),
    ] {
        assert_eq!(status.to_string(), text);
    }
    assert!(Status::OK.is_ok() && Status::OK.is_done() && Status(0x63c2).is_done());
    assert!(!Status::FAULT.is_done() && !Status::more(1).is_ok());
}

#[test]
fn the_kept_corpus_of_apdu_passes() {
    replay("apdu", check_parsing);
}
