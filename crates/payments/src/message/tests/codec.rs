//! Bytes and elements: frames, every class of character, every refusal by its name and place, round trips of random messages.

use proptest::collection::btree_map;
use proptest::prelude::*;
use proptest::sample::Index;

use super::super::spec::Length;
use super::*;

#[test]
fn a_frame_is_found_when_all_of_it_is_there() {
    let check = |received: &[u8], expected: Framing<'_>| assert_eq!(framing(received), expected);
    check(b"", Framing::Incomplete { missing: 2 });
    check(b"\x00", Framing::Incomplete { missing: 1 });
    check(b"\x00\x03ab", Framing::Incomplete { missing: 1 });
    check(b"\x00\x03abc", Framing::Frame { message: b"abc", rest: b"" });
    check(b"\x00\x03abc\x00", Framing::Frame { message: b"abc", rest: b"\x00" });
    check(b"\x00\x00x", Framing::Frame { message: b"", rest: b"x" });
    check(b"\x10\x00", Framing::Incomplete { missing: MAX_BYTES });
    check(b"\x10\x01", Framing::TooLarge { length: MAX_BYTES + 1 });
    check(b"\xff\xff", Framing::TooLarge { length: 65_535 });
}

#[test]
fn a_frame_holds_its_length_and_no_more_than_the_limit() {
    assert_eq!(framed(b"abc").unwrap(), b"\x00\x03abc");
    assert_eq!(framed(&[0; MAX_BYTES]).unwrap()[..2], [0x10, 0x00]);
    assert_eq!(framed(&[0; MAX_BYTES + 1]), Err(CodecError::TooLong { bytes: MAX_BYTES + 1 }));
}

#[test]
fn message_types_are_those_of_1987() {
    let check = |digits: &[u8; 4], expected: bool| assert_eq!(Mti::parse(*digits).is_some(), expected, "{digits:?}");
    [b"0100", b"0421", b"0810", b"0645"].into_iter().for_each(|digits| check(digits, true));
    [b"1100", b"0000", b"0900", b"0150", b"0106", b"01 0", b"\x00100"]
        .into_iter()
        .for_each(|digits| check(digits, false));
}

#[test]
fn a_repeat_has_the_answer_of_what_it_repeats() {
    let check = |asked, answered: Option<&str>| assert_eq!(mti(asked).answer(), answered.map(mti), "{asked}");
    check("0100", Some("0110"));
    check("0101", Some("0110"));
    check("0421", Some("0430"));
    check("0302", Some("0312"));
    check("0110", None);
    check("0140", None);
    assert_eq!((mti("0401").first(), mti("0420").repeated()), (mti("0400"), mti("0421")));
}

/// A message with these bytes after its type.
fn refused(after_mti: &[u8]) -> CodecError {
    Message::decode(&[b"0100", after_mti].concat()).map(|_| ()).unwrap_err()
}

#[test]
fn what_is_no_message_is_refused_by_name_and_place() {
    let check = |after_mti: &[u8], expected: CodecError| assert_eq!(refused(after_mti), expected);
    // Bit 3 alone: a processing code.
    let only = |number: u8, rest: &[u8]| [&(1_u64 << (64 - number)).to_be_bytes(), rest].concat();
    check(b"", CodecError::NoBitmap { offset: 4 });
    check(&[0; 7], CodecError::NoBitmap { offset: 4 });
    check(&only(1, &[0; 7]), CodecError::NoBitmap { offset: 12 });
    check(&only(1, &[0; 8]), CodecError::EmptyBitmap);
    check(&only(1, b"\x80\0\0\0\0\0\0\0"), CodecError::TertiaryBitmap);
    check(&only(3, b"00000"), CodecError::Truncated { field: 3, offset: 12, missing: 1 });
    check(&only(3, b"00x000"), CodecError::Character { field: 3, offset: 14 });
    check(&only(3, b"0000000"), CodecError::Trailing { offset: 18, bytes: 1 });
    check(&[0, 0, 0, 0, 0, 0, 0, 0, 1, 2], CodecError::Trailing { offset: 12, bytes: 2 });
    check(&only(2, b"1"), CodecError::Truncated { field: 2, offset: 12, missing: 1 });
    check(&only(2, b"1x"), CodecError::LengthDigits { field: 2, offset: 12 });
    check(&only(2, b"-1"), CodecError::LengthDigits { field: 2, offset: 12 });
    check(&only(2, b"2012345678901234567890"), CodecError::Length { field: 2, offset: 14, length: 20 });
    check(&only(2, b"19123456789012345678"), CodecError::Truncated { field: 2, offset: 14, missing: 1 });
    check(&only(55, b"999\x9f"), CodecError::Truncated { field: 55, offset: 15, missing: 998 });
    check(
        &only(54, &[b"121".as_slice(), &[b'0'; 121]].concat()),
        CodecError::Length { field: 54, offset: 15, length: 121 },
    );
    assert_eq!(Message::decode(b"010").map(|_| ()), Err(CodecError::NoMti));
    assert_eq!(Message::decode(b"2100\0\0\0\0\0\0\0\0").map(|_| ()), Err(CodecError::Mti));
    let long = vec![b'0'; MAX_BYTES + 1];
    assert_eq!(Message::decode(&long).map(|_| ()), Err(CodecError::TooLong { bytes: MAX_BYTES + 1 }));
}

#[test]
fn errors_name_the_element_and_show_nothing_of_it() {
    let refused = Message::decode(b"0100\x40\0\0\0\0\0\0\x00164111x11111111111").map(|_| ()).unwrap_err();
    assert_eq!(
        refused.to_string(),
        "DE 2 (primary account number) at byte 18: a character that its format does not have"
    );
}

#[test]
fn each_class_of_characters_has_its_own() {
    let fits = |class: Class, text: &str| class.misfit(text.as_bytes()).is_none();
    let check = |class: Class, good: &[&str], bad: &[&str]| {
        good.iter().for_each(|text| assert!(fits(class, text), "{class:?} {text:?}"));
        bad.iter().for_each(|text| assert!(!fits(class, text), "{class:?} {text:?}"));
    };
    check(Class::N, &["", "0123456789"], &["a", " ", "0/", ":0", "-1", "+1"]);
    check(Class::An, &["", "aZ09 "], &["a-b", "\t", "é", "\0"]);
    check(Class::Ans, &["", " ~", "a-b/c"], &["\x1f", "\x7f", "é", "\n"]);
    check(Class::Z, &["", "0123456789:;<=>?D"], &["d", "A", " ", "/"]);
    check(Class::Xn, &["", "C", "C0", "D123"], &["0", "c1", "CC", "D1D", "-1"]);
    check(Class::B, &["", "\0\x7fé"], &[]);
}

#[test]
fn what_cannot_be_read_is_not_written_either() {
    let write = |elements: &[(u8, &[u8])]| {
        let mut out = Vec::new();
        let mut writer = Writer::new(&mut out, mti("0100"));
        elements.iter().try_for_each(|(number, value)| writer.put(*number, value)).unwrap_err()
    };
    assert_eq!(write(&[(0, b"")]), CodecError::NoElement { field: 0 });
    assert_eq!(write(&[(1, &[0; 8])]), CodecError::NoElement { field: 1 });
    assert_eq!(write(&[(65, &[0; 8])]), CodecError::NoElement { field: 65 });
    assert_eq!(write(&[(129, b"")]), CodecError::NoElement { field: 129 });
    assert_eq!(write(&[(4, b"000000000001"), (3, b"000000")]), CodecError::Order { field: 3, last: 4 });
    assert_eq!(write(&[(3, b"000000"), (3, b"000000")]), CodecError::Order { field: 3, last: 3 });
    assert_eq!(write(&[(3, b"00000")]), CodecError::Length { field: 3, offset: 12, length: 5 });
    assert_eq!(write(&[(2, &[b'1'; 20])]), CodecError::Length { field: 2, offset: 14, length: 20 });
    assert_eq!(write(&[(55, &[0; 1000])]), CodecError::Length { field: 55, offset: 15, length: 1000 });
    assert_eq!(write(&[(3, b"00000x")]), CodecError::Character { field: 3, offset: 17 });
}

#[test]
fn a_message_is_not_written_beyond_the_limit() {
    let elements = (56..=60).map(|number| (number, vec![b'x'; 999])).collect();
    assert_eq!(super::write(mti("0100"), &elements), Err(CodecError::TooLong { bytes: 12 + 5 * 1002 }));
}

#[test]
fn a_writer_leaves_alone_what_is_before_it() {
    let mut out = b"before".to_vec();
    let mut writer = Writer::new(&mut out, mti("0800"));
    writer.put(11, b"000001").unwrap();
    writer.put(70, b"301").unwrap();
    writer.finish().unwrap();
    let message = Message::decode(out.strip_prefix(b"before").unwrap()).unwrap();
    assert_eq!((message.get(11), message.get(70)), (Some(b"000001".as_slice()), Some(b"301".as_slice())));
    assert_eq!((message.get(1), message.get(0), message.get(129), message.get(12)), (None, None, None, None));
}

#[test]
fn a_message_cut_anywhere_is_refused() {
    for vector in vectors() {
        let bytes = vector.bytes();
        (0..bytes.len()).for_each(|end| assert!(Message::decode(&bytes[..end]).is_err(), "{} {end}", vector.name));
    }
}

proptest! {
    #[test]
    fn any_elements_make_a_message_that_is_read_as_they_were(elements in elements(), digits in "0[1-8][0-4][0-5]") {
        let Ok(bytes) = write(mti(&digits), &elements) else {
            // Only what is too long together is refused.
            prop_assert!(elements.values().map(Vec::len).sum::<usize>() > 3_000);
            return Ok(());
        };
        let message = Message::decode(&bytes).unwrap();
        let read: BTreeMap<_, _> = message.elements().map(|(number, value)| (number, value.to_vec())).collect();
        prop_assert_eq!(read, elements);
        prop_assert_eq!(message.mti(), mti(&digits));
        check_bytes(&bytes);
    }

    #[test]
    fn any_bytes_hold(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        check_bytes(&bytes);
    }

    #[test]
    fn any_bytes_behind_any_bitmap_hold(bitmap in any::<u64>(), bytes in "[0-9A-Za-z ]{0,300}") {
        check_bytes(&[b"0100", bitmap.to_be_bytes().as_slice(), bytes.as_bytes()].concat());
    }
}

/// Any elements, each with bytes that it may have.
fn elements() -> impl Strategy<Value = BTreeMap<u8, Vec<u8>>> {
    let seeds = (any::<Index>(), proptest::collection::vec(any::<u8>(), 1000));
    btree_map(2_u8..=128, seeds, 0..20).prop_map(|seeds| {
        let shaped = seeds.into_iter().filter(|(number, _)| *number != 65);
        shaped.map(|(number, (length, bytes))| (number, shaped_for(number, length, bytes))).collect()
    })
}

fn shaped_for(number: u8, length: Index, mut bytes: Vec<u8>) -> Vec<u8> {
    let row = spec(number).unwrap();
    let most = usize::from(row.length.most());
    bytes.truncate(if matches!(row.length, Length::Fixed(_)) { most } else { length.index(most + 1) });
    let pick = |from: &[u8], byte: u8| from[usize::from(byte) % from.len()];
    let printable: Vec<u8> = (b' '..=b'~').collect();
    for (place, byte) in bytes.iter_mut().enumerate() {
        *byte = match row.class {
            Class::Xn if place == 0 => pick(b"CD", *byte),
            Class::N | Class::Xn => pick(b"0123456789", *byte),
            Class::An => pick(b"0123456789ABCXYZabcxyz ", *byte),
            Class::Z => pick(b"0123456789=D", *byte),
            Class::Ans => pick(&printable, *byte),
            Class::B => *byte,
        };
    }
    bytes
}
