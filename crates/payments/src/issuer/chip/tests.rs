//! What the card saw, put together again from DE 55.

use super::*;
use crate::{
    issuer::tests::tap::{Tap, unproven},
    tlv::Objects,
};

fn data() -> IccData {
    Tap::of(1250).icc_data(&unproven())
}

/// DE 55 with one value changed, or taken out.
fn changed(tag: Tag, value: Option<&[u8]>) -> IccData {
    let mut objects: Objects = data().objects().clone();
    match value {
        Some(value) => objects.insert(tag, value.to_vec()).unwrap(),
        None => assert!(objects.remove(tag).is_some()),
    }
    IccData::of(objects)
}

#[test]
fn what_the_card_saw_is_put_in_the_order_of_its_lists() {
    let data = data();
    let chip = Chip::read(&data).unwrap();
    assert_eq!((chip.pdol_data.len(), chip.cdol_data.len()), (90, 29));
    assert_eq!(chip.pdol_data.get(..14), Some(&[0, 0, 0, 0, 0x12, 0x50, 0, 0, 0, 0, 0, 0, 0x09, 0x78][..]));
    assert_eq!((chip.atc, chip.information, chip.number(tag::AMOUNT)), (7, 0x80, Some(1250)));
    assert!(!chip.digest_holds(), "the digest is that of other data");
}

#[test]
fn objects_that_are_missing_or_of_another_length_are_refused_by_name() {
    for (tag, _) in layout::pdol().entries().iter().chain(layout::cdol1().entries()) {
        assert_eq!(Chip::read(&changed(*tag, None)).unwrap_err(), ChipError::Missing(*tag));
        let long = changed(*tag, Some(&[0; 41]));
        assert!(
            matches!(Chip::read(&long).unwrap_err(), ChipError::Length { tag: found, got: 41, .. } if found == *tag)
        );
    }
    for tag in [tag::AIP, tag::ATC, tag::CRYPTOGRAM, tag::CRYPTOGRAM_INFORMATION, tag::IAD] {
        assert_eq!(Chip::read(&changed(tag, None)).unwrap_err(), ChipError::Missing(tag));
    }
    let error = Chip::read(&changed(tag::IAD, Some(&[0; 18]))).unwrap_err();
    assert!(matches!(error, ChipError::Iad(_)) && error.mismatch() == Mismatch::IssuerData);
}

#[test]
fn numbers_are_decimal_or_none() {
    assert_eq!(decimal(&[0x09, 0x78]), Some(978));
    assert_eq!(decimal(&[0x0a]), None);
    assert_eq!(decimal(&[0xa0]), None);
    assert_eq!(decimal(&[]), Some(0));
    assert_eq!(decimal(&[0x99; 11]), None);
}
