//! Lists and issuer application data, byte by byte.

use super::*;

#[test]
fn the_lists_ask_for_full_lengths() {
    assert_eq!(pdol().len(), 90);
    assert_eq!(hex::encode(pdol().encode()), "9f02069f03065f2a029a039f21039c019f37049f160f9f1c089f4e289f1502");
    assert_eq!(cdol1().len(), 29);
    assert_eq!(hex::encode(cdol1().encode()), "9f02069f03069f1a0295055f2a029a039c019f3704");
    assert_eq!(cdol2().len(), 41);
    assert_eq!(hex::encode(cdol2().encode()), "8a02910a9f02069f03069f1a0295055f2a029a039c019f3704");
}

const IAD: Iad = Iad {
    derivation_index: 2,
    cvn: VERSION,
    cvr: [3, 4, 5, 6],
    key_set: 7,
    card_index: [0x12, 0x34, 0x56, 0x78, 0x90, 0x12],
    pdol_digest: [0xaa, 0xbb, 0xcc, 0xdd],
};

#[test]
fn issuer_application_data_go_both_ways() {
    let bytes = IAD.encode();
    assert_eq!(hex::encode(bytes), "1102010304050607123456789012aabbccdd");
    assert_eq!(Iad::parse(&bytes), Ok(IAD));
}

#[test]
fn broken_issuer_application_data_are_refused() {
    let changed = |at: usize, byte: u8| {
        let mut bytes = IAD.encode();
        bytes[at] = byte;
        Iad::parse(&bytes)
    };
    assert_eq!(changed(0, 0x12), Err(IadError::Length(18)));
    assert_eq!(changed(2, 2), Err(IadError::Version(2)));
    assert_eq!(changed(8, 0x1a), Err(IadError::CardIndex));
    assert_eq!(changed(13, 0xa1), Err(IadError::CardIndex));
    assert_eq!(Iad::parse(&[]), Err(IadError::Length(0)));
    assert_eq!(Iad::parse(&IAD.encode()[..17]), Err(IadError::Length(17)));
}

#[test]
fn the_digest_is_the_beginning_of_sha_256() {
    // FIPS 180-2 B.1.
    assert_eq!(hex::encode(pdol_digest(b"abc")), "ba7816bf");
}
