//! Prices beyond 128 bits: recognised with hash and sender, everything else judged as ever.

use alloy_consensus::{TxEip1559, TxLegacy};
use alloy_primitives::Signature;
use proptest::prelude::*;

use super::*;
use crate::people::Signer;

const WIDE: U256 = U256::from_limbs([0, 0, 1, 0]);

/// A signed transaction of the ledger's types, rewritten to the given prices and signed anew.
fn with_prices(ty: Option<u8>, ordinary: &[u8], prices: &[U256], signer: Signer, protected: bool) -> Vec<u8> {
    let fields = Fields::split(ordinary).expect("an ordinary transaction");
    let encoded: Vec<Vec<u8>> = prices.iter().map(alloy_rlp::encode).collect();
    let mut items: Vec<&[u8]> = fields.items.clone();
    for (at, price) in fields.price_positions.iter().zip(&encoded) {
        items[*at] = price;
    }
    items.truncate(items.len() - SIGNATURE_ITEMS);
    let mut payload = items.concat();
    let unsigned = payload.clone();
    if protected {
        1_u64.encode(&mut payload);
        payload.extend([EMPTY_STRING_CODE; 2]);
    }
    let signature: Signature = signer.sign_hash(keccak256(encode(ty, &payload)));
    let v = match (ty, protected) {
        (Some(_), _) => u64::from(signature.v()),
        (None, true) => 37 + u64::from(signature.v()),
        (None, false) => 27 + u64::from(signature.v()),
    };
    let mut signed = unsigned;
    v.encode(&mut signed);
    signature.r().encode(&mut signed);
    signature.s().encode(&mut signed);
    encode(ty, &signed)
}

fn legacy(prices: &[U256], protected: bool) -> Vec<u8> {
    let tx = TxLegacy {
        chain_id: protected.then_some(1),
        gas_limit: 21_000,
        to: Address::ZERO.into(),
        ..Default::default()
    };
    let ordinary = alloy_eips::eip2718::Encodable2718::encoded_2718(Signer::new(1).sign(tx).inner());
    with_prices(None, &ordinary, prices, Signer::new(2), protected)
}

fn eip1559(tip: U256, max_fee: U256) -> Vec<u8> {
    let tx = TxEip1559 { chain_id: 1, gas_limit: 21_000, to: Address::ZERO.into(), ..Default::default() };
    let ordinary = alloy_eips::eip2718::Encodable2718::encoded_2718(Signer::new(1).sign(tx).inner());
    with_prices(Some(2), &ordinary, &[tip, max_fee], Signer::new(2), false)
}

#[test]
fn a_wide_price_is_recognised_with_hash_and_sender() {
    for raw in [legacy(&[WIDE], true), legacy(&[WIDE], false), eip1559(U256::ONE, WIDE)] {
        let unpayable = Unpayable::recognise(&raw).expect("well formed");
        assert_eq!(
            (unpayable.hash, unpayable.signer, unpayable.max_fee),
            (keccak256(&raw), Signer::new(2).address, WIDE)
        );
        assert_eq!(unpayable.narrowed.max_fee_per_gas(), u128::MAX);
        assert_eq!(unpayable.check_fields(SpecId::OSAKA, 1), Ok(()));
    }
}

#[test]
fn a_price_of_128_bits_is_an_ordinary_one() {
    assert_eq!(Unpayable::recognise(&legacy(&[WIDE - U256::ONE], true)), None);
    assert_eq!(Unpayable::recognise(&eip1559(U256::ONE, U256::ONE)), None);
}

#[test]
fn wide_prices_obey_the_rules_of_prices() {
    let check = |raw: Vec<u8>| Unpayable::recognise(&raw).expect("well formed").check_fields(SpecId::OSAKA, 1);
    assert_eq!(check(eip1559(WIDE + U256::ONE, WIDE)), Err(Invalid::TipAboveFeeCap));
    assert_eq!(check(eip1559(WIDE, U256::ONE)), Err(Invalid::TipAboveFeeCap));
    assert_eq!(check(legacy(&[U256::MAX / U256::from(21_000)], true)), Ok(()));
    assert_eq!(check(legacy(&[U256::MAX / U256::from(20_999)], true)), Err(Invalid::CostOverflow));
}

#[test]
fn a_price_beyond_256_bits_or_with_a_leading_zero_is_no_price() {
    let raw = legacy(&[U256::MAX], true);
    let fields = Fields::split(&raw).expect("a list");
    for price in [[&[0xa1, 1][..], &[0; 32]].concat(), [&[0x92, 0, 1][..], &[0; 16]].concat()] {
        let mut items = fields.items.clone();
        items[1] = &price;
        assert_eq!(Unpayable::recognise(&encode(None, &items.concat())), None);
    }
}

proptest! {
    #[test]
    fn no_bytes_make_it_fail(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        let _ = Unpayable::recognise(&bytes);
    }

    #[test]
    fn a_damaged_transaction_does_not_make_it_fail(at in 0..200_usize, byte: u8, cut in 0..200_usize) {
        let mut raw = eip1559(U256::ONE, WIDE);
        let length = raw.len();
        raw[at % length] = byte;
        raw.truncate(length.saturating_sub(cut));
        let _ = Unpayable::recognise(&raw);
    }
}
