//! Permits, with digests that alloy's own EIP-712 computes and signatures of a real key.

use alloy_primitives::{Address, B256, U256, keccak256};
use alloy_sol_types::{SolStruct, eip712_domain, sol};
use secp256k1::{Message, SECP256K1, SecretKey};

use super::fixture::*;
use crate::cash::{
    abi::ICash::*,
    permit::{DOMAIN_TYPE, PERMIT_TYPE, VERSION, VERSION_HASH},
};

sol! {
    struct Permit {
        address owner;
        address spender;
        uint256 value;
        uint256 nonce;
        uint256 deadline;
    }
}

/// Order of secp256k1.
const ORDER: U256 = alloy_primitives::uint!(0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141_U256);

fn key() -> SecretKey {
    SecretKey::from_byte_array(keccak256("a key of a test").0).unwrap()
}

fn owner() -> Address {
    let public = key().public_key(SECP256K1).serialize_uncompressed();
    Address::from_raw_public_key(&public[1..])
}

fn signed(world: &World, nonce: u64, deadline: u64, chain_id: u64) -> permitCall {
    let domain = eip712_domain! {
        name: "Euro", version: "1", chain_id: chain_id, verifying_contract: world.currency,
    };
    let [nonce, deadline, value] = [nonce, deadline, 77].map(U256::from);
    let terms = Permit { owner: owner(), spender: SHOP, value, nonce, deadline };
    let message = Message::from_digest(terms.eip712_signing_hash(&domain).0);
    let (recovery, bytes) = SECP256K1.sign_ecdsa_recoverable(message, &key()).serialize_compact();
    let v = 27 + u8::try_from(i32::from(recovery)).unwrap();
    let (r, s) = (B256::from_slice(&bytes[..32]), B256::from_slice(&bytes[32..]));
    permitCall { owner: owner(), spender: SHOP, value, deadline, v, r, s }
}

#[test]
fn the_owners_signature_is_an_approval_once() {
    let mut world = World::new();
    let now = world.memory.now;
    let call = signed(&world, 0, now, 31_337);
    world.done(BOB, call.clone());
    world.logged(&Approval { owner: owner(), spender: SHOP, value: amount(77) });
    assert_eq!(world.done(BOB, allowanceCall { owner: owner(), spender: SHOP }), amount(77));
    assert_eq!(world.done(BOB, noncesCall { owner: owner() }), amount(1));
    // The nonce is another now, so the signature is over other terms and recovers somebody else.
    let before = world.memory.clone();
    let answer = world.ask(BOB, call);
    assert!(
        matches!(&answer, Err(crate::Stop::Revert(error)) if error.starts_with(&<ERC2612InvalidSigner as alloy_sol_types::SolError>::SELECTOR))
    );
    assert_eq!(world.memory, before);
    let next = signed(&world, 1, now, 31_337);
    world.done(BOB, next);
}

#[test]
fn a_late_foreign_or_malleable_signature_is_refused() {
    let mut world = World::new();
    let now = world.memory.now;
    let late = signed(&world, 0, now - 1, 31_337);
    world.refused(BOB, late, ERC2612ExpiredSignature { deadline: U256::from(now - 1) });

    let good = signed(&world, 0, now, 31_337);
    let high = (ORDER - U256::from_be_bytes(good.s.0)).into();
    let malleable = permitCall { s: high, v: 55 - good.v, ..good.clone() };
    world.refused(BOB, malleable, ECDSAInvalidSignatureS { s: high });
    for v in [0, 1, 26, 29, 255] {
        world.refused(BOB, permitCall { v, ..good.clone() }, ECDSAInvalidSignature {});
    }
    world.refused(BOB, permitCall { r: B256::ZERO, ..good.clone() }, ECDSAInvalidSignature {});

    let stolen = permitCall { owner: ALICE, ..good };
    assert!(world.ask(BOB, stolen).is_err());
    let foreign = signed(&world, 0, now, 1);
    assert!(world.ask(BOB, foreign).is_err());
}

#[test]
fn the_domain_is_what_others_compute() {
    let mut world = World::new();
    let domain = eip712_domain! {
        name: "Euro", version: "1", chain_id: 31_337, verifying_contract: world.currency,
    };
    assert_eq!(world.done(BOB, DOMAIN_SEPARATORCall {}), domain.separator());
    let told = world.done(BOB, eip712DomainCall {});
    assert_eq!(told.fields.0, [0x0f]);
    assert_eq!((told.name.as_str(), told.version.as_str()), ("Euro", VERSION));
    assert_eq!((told.chainId, told.verifyingContract), (U256::from(31_337), world.currency));
    assert_eq!((told.salt, told.extensions), (B256::ZERO, Vec::new()));
}

#[test]
fn the_hashes_in_the_code_are_of_the_texts_beside_them() {
    let domain = "EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)";
    let permit = "Permit(address owner,address spender,uint256 value,uint256 nonce,uint256 deadline)";
    let hashes = [domain, permit, VERSION].map(keccak256);
    assert_eq!(hashes, [DOMAIN_TYPE, PERMIT_TYPE, VERSION_HASH]);
}
