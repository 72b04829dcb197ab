//! Lists as EMV Book 3 5.4 fills them, and lists that are broken.

use super::*;
use crate::{testing::replay, tlv::tag};

#[track_caller]
fn fills(tag: Tag, value: &str, length: u8, expected: &str) {
    let value = hex::decode(value).unwrap();
    let filled = Dol(vec![(tag, length)]).fill(|asked| (asked == tag).then_some(value.as_slice()));
    assert_eq!(hex::encode(&filled.bytes), expected);
    assert_eq!(filled.objects, [(tag, filled.bytes)]);
}

#[test]
fn numbers_are_cut_and_padded_on_the_left() {
    fills(tag::AMOUNT, "000000001250", 6, "000000001250");
    fills(tag::AMOUNT, "000000001250", 4, "00001250");
    fills(tag::AMOUNT, "1250", 6, "000000001250");
    fills(tag::CURRENCY, "0978", 1, "78");
}

#[test]
fn compressed_numbers_are_padded_with_f() {
    fills(tag::PAN, "4111111111111111", 10, "4111111111111111ffff");
    fills(tag::PAN, "4111111111111111", 4, "41111111");
}

#[test]
fn texts_and_bytes_are_cut_and_padded_on_the_right() {
    fills(tag::MERCHANT_ID, "4142", 4, "41420000");
    fills(tag::MERCHANT_ID, "41424344", 2, "4142");
    fills(tag::UNPREDICTABLE_NUMBER, "0102", 4, "01020000");
    fills(tag::UNPREDICTABLE_NUMBER, "0102", 0, "");
}

#[test]
fn what_is_absent_or_made_of_objects_is_zeros() {
    let list = Dol(vec![(tag::TVR, 5), (tag::FCI_PROPRIETARY, 2)]);
    let filled = list.fill(|asked| (asked == tag::FCI_PROPRIETARY).then_some([1, 2].as_slice()));
    assert_eq!(filled.bytes, [0; 7]);
}

#[test]
fn what_fills_a_list_can_be_split() {
    let list = Dol::parse(&hex::decode("9f02069f37049c01").unwrap()).unwrap();
    assert_eq!(list.len(), 11);
    let filled = list.fill(|asked| (asked == tag::AMOUNT).then_some([0, 0, 0, 0, 0x12, 0x50].as_slice()));
    let split = list.split(&filled.bytes).unwrap();
    assert_eq!(split.iter().map(|(tag, value)| (*tag, value.to_vec())).collect::<Vec<_>>(), filled.objects);
    assert_eq!(list.split(&[0; 10]), Err(DolError::WrongLength { wanted: 11, got: 10 }));
    assert_eq!(list.split(&[0; 12]), Err(DolError::WrongLength { wanted: 11, got: 12 }));
}

#[test]
fn a_broken_list_is_refused() {
    for (list, error) in [
        ("9f02", DolError::CutLength(tag::AMOUNT)),
        ("9a0300019c01", DolError::Tag(TlvError::NoTag)),
        ("9f02069f", DolError::Tag(TlvError::CutTag)),
        ("df8181810106", DolError::Tag(TlvError::LongTag)),
    ] {
        assert_eq!(Dol::parse(&hex::decode(list).unwrap()), Err(error), "{list}");
    }
    assert_eq!(Dol::parse(&[0x9a, 3].repeat(MAX_ENTRIES)).unwrap().len(), 3 * MAX_ENTRIES);
    assert_eq!(Dol::parse(&[0x9a, 3].repeat(MAX_ENTRIES + 1)), Err(DolError::TooMany));
    assert_eq!(Dol::parse(&[]), Ok(Dol::default()));
}

#[test]
fn the_kept_corpus_of_dol_passes() {
    replay("dol", check_parsing);
}
