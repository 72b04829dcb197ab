//! Objects as cards send them, and bytes that lie about their lengths.

use proptest::prelude::*;

use super::*;
use crate::testing::replay;

fn bytes(text: &str) -> Vec<u8> {
    hex::decode(text.replace(' ', "")).unwrap()
}

fn tag_of(number: u32) -> Tag {
    Tag::new(number).unwrap()
}

#[track_caller]
fn refused(text: &str, error: TlvError) {
    assert_eq!(parse(&bytes(text)), Err(error), "{text}");
}

/// File control information of a payment application.
const FCI: &str = "6F 1D 84 07 A0000000031010 A5 12 50 04 56495341 87 01 01 9F38 03 9F3704 5F2D 00";

#[test]
fn a_path_leads_to_a_nested_value() {
    let fci = bytes(FCI);
    let find = |path: &[Tag]| find(&fci, path).unwrap().map(hex::encode_upper);
    assert_eq!(find(&[tag::FCI_TEMPLATE, tag::DF_NAME]).as_deref(), Some("A0000000031010"));
    assert_eq!(find(&[tag::FCI_TEMPLATE, tag::FCI_PROPRIETARY, tag::PDOL]).as_deref(), Some("9F3704"));
    assert_eq!(find(&[tag::FCI_TEMPLATE, tag::FCI_PROPRIETARY, tag::LANGUAGE]).as_deref(), Some(""));
    assert_eq!(find(&[tag::DF_NAME]), None);
    assert_eq!(find(&[tag::FCI_TEMPLATE, tag::PDOL]), None);
}

#[test]
fn what_is_written_is_read() {
    let mut writer = Writer::new();
    writer.put(tag::AIP, &[0x0c, 0]).nest(tag::RECORD_TEMPLATE, |record| {
        record.put(tag::PAN, &[0x41; 8]).put(tag::NAME, &[]);
    });
    let written = writer.into_bytes();
    assert_eq!(hex::encode(&written), "82020c00700d5a0841414141414141415f2000");
    assert_eq!(find(&written, &[tag::RECORD_TEMPLATE, tag::PAN]), Ok(Some([0x41; 8].as_slice())));
}

#[test]
fn lengths_take_as_few_bytes_as_they_need() {
    for (length, prefix) in
        [(0, "5a00"), (127, "5a7f"), (128, "5a8180"), (255, "5a81ff"), (256, "5a820100"), (65535, "5a82ffff")]
    {
        let mut writer = Writer::new();
        writer.put(tag::PAN, &vec![7; length]);
        let written = writer.into_bytes();
        assert!(hex::encode(&written).starts_with(prefix), "{length}");
        assert_eq!(parse(&written).unwrap(), [Tlv { tag: tag::PAN, value: &vec![7; length] }]);
    }
}

#[test]
fn bytes_that_lie_are_refused() {
    refused("9F", TlvError::CutTag);
    refused("9F02 01 00 5F", TlvError::CutTag);
    refused("5A", TlvError::CutLength(tag::PAN));
    refused("5A 81", TlvError::CutLength(tag::PAN));
    refused("5A 82 01", TlvError::CutLength(tag::PAN));
    refused("5A 80 00 00", TlvError::IndefiniteLength(tag::PAN));
    refused("5A 83 000001 00", TlvError::LongValue(tag::PAN));
    refused("5A 84 FFFFFFFF", TlvError::LongValue(tag::PAN));
    refused("5A FF", TlvError::LongValue(tag::PAN));
    refused("5A 02 41", TlvError::CutValue { tag: tag::PAN, claimed: 2, left: 1 });
    refused("5A 82 FFFF 41", TlvError::CutValue { tag: tag::PAN, claimed: 65535, left: 1 });
    refused("DF 81 81 81 01 00", TlvError::LongTag);
}

#[test]
fn tags_have_one_to_four_bytes() {
    let level = bytes("5A 00 9F02 00 DF8101 00 DFFF8101 00");
    let read = parse(&level).unwrap();
    let tags: Vec<_> = read.iter().map(|object| object.tag.to_string()).collect();
    assert_eq!(tags, ["5A", "9F02", "DF8101", "DFFF8101"]);
    assert!(read.iter().all(|object| Tag::new(object.tag.number()) == Some(object.tag)));
    for number in [0, 0x1f, 0x9f, 0x9f82, 0x5a5a, 0xdf8181, 0xdf818181, 0x5a000000, 0x9f025a] {
        assert_eq!(Tag::new(number), None, "{number:x}");
    }
}

#[test]
fn fillers_between_objects_are_skipped() {
    assert_eq!(parse(&bytes("0000 5A 01 07 00 82 00 00")).unwrap().len(), 2);
    assert_eq!(parse(&[0; 1000]), Ok(vec![]));
}

#[test]
fn a_level_is_bounded() {
    let many = |count: usize| [0x5a, 0].repeat(count);
    assert_eq!(parse(&many(MAX_OBJECTS)).unwrap().len(), MAX_OBJECTS);
    assert_eq!(parse(&many(MAX_OBJECTS + 1)), Err(TlvError::TooMany));
}

#[test]
fn a_walk_is_bounded() {
    let nested = |depth: usize| {
        (1..depth).fold(vec![0x82, 0], |inner, _| {
            let mut writer = Writer::new();
            writer.put(tag::RECORD_TEMPLATE, &inner);
            writer.into_bytes()
        })
    };
    let mut depths = Vec::new();
    walk(&nested(MAX_DEPTH), &mut |depth, _| depths.push(depth)).unwrap();
    assert_eq!(depths, (0..MAX_DEPTH).collect::<Vec<_>>());
    assert_eq!(walk(&nested(MAX_DEPTH + 1), &mut |_, _| ()), Err(TlvError::TooDeep));
}

#[test]
fn unknown_tags_keep_their_place() {
    let text = bytes("9F02 06 000000001250 DF8101 03 010203 82 02 0C00 9F10 00");
    let mut objects = Objects::parse(&text).unwrap();
    assert_eq!(objects.encode(), text);
    assert_eq!(objects.get(tag_of(0xdf8101)), Some([1, 2, 3].as_slice()));
    objects.insert(tag_of(0xdf8101), vec![4]).unwrap();
    objects.insert(tag::ATC, vec![0, 1]).unwrap();
    assert_eq!(objects.remove(tag::AIP), Some(vec![0x0c, 0]));
    assert_eq!(objects.encode(), bytes("9F02 06 000000001250 DF8101 01 04 9F10 00 9F36 02 0001"));
}

#[test]
fn a_tag_that_is_there_twice_is_refused_in_a_map() {
    assert_eq!(Objects::parse(&bytes("82 00 5A 00 82 01 00")), Err(TlvError::Repeated(tag::AIP)));
}

/// As the fuzz target does.
#[test]
fn the_kept_corpus_of_tlv_passes() {
    replay("tlv", check_parsing);
}

proptest! {
    #[test]
    fn any_objects_go_both_ways(values in prop::collection::vec((0_usize..KNOWN.len(), prop::collection::vec(any::<u8>(), 0..400)), 0..40)) {
        let mut objects = Objects::new();
        for (tag, value) in values {
            objects.insert(tag_of(KNOWN[tag]), value).unwrap();
        }
        let bytes = objects.encode();
        prop_assert_eq!(Objects::parse(&bytes), Ok(objects));
        check_parsing(&bytes);
    }

    #[test]
    fn any_bytes_are_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        check_parsing(&bytes);
    }
}

/// Of one to four bytes, constructed ones among them.
const KNOWN: [u32; 12] =
    [0x42, 0x5a, 0x70, 0x82, 0xa5, 0x5f20, 0x9f02, 0xbf0c, 0xdf8101, 0xff8102, 0xdf818103, 0xdfffff7f];
