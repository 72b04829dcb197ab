//! Allowances by signature (EIP-2612) over the domain of the currency (EIP-712, EIP-5267). Errors are OpenZeppelin's.

use alloy_primitives::{B256, FixedBytes, U256, b256, uint};
use alloy_sol_types::SolValue;

use crate::{
    env::{Env, require, revert},
    host::Res,
};

use super::{
    abi::ICash::{self, *},
    erc20, places,
};

/// keccak of `EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)`.
pub(super) const DOMAIN_TYPE: B256 = b256!("8b73c3c69bb8fe3d512ecc4cf759cc79239f7b179b0ffacaa9a75d522b39400f");
/// keccak of `Permit(address owner,address spender,uint256 value,uint256 nonce,uint256 deadline)`.
pub(super) const PERMIT_TYPE: B256 = b256!("6e71edae12b1b97f4d1f60370fef10105fa2faae0126114a169c64845d6126c9");
/// Of the domain; and its keccak.
pub(super) const VERSION: &str = "1";
pub(super) const VERSION_HASH: B256 = b256!("c89efdaa54c0f20c7adf612882df0950f5a951637e0307cdcb4c672f298b8bc6");
/// Half the order of secp256k1: the greatest `s` (EIP-2).
const GREATEST_S: U256 = uint!(0x7fffffffffffffffffffffffffffffff5d576e7357a4501ddfe92f46681b20a0_U256);
/// Name, version, chain id and contract are the fields of the domain (EIP-5267).
const DOMAIN_FIELDS: FixedBytes<1> = FixedBytes([0b0_1111]);

pub(super) fn permit(env: &mut Env<'_>, call: permitCall) -> Res<permitReturn> {
    require(U256::from(env.now()) <= call.deadline, || ICash::ERC2612ExpiredSignature { deadline: call.deadline })?;
    let digest = permit_digest(env, &call)?;
    require(U256::from_be_bytes(call.s.0) <= GREATEST_S, || ICash::ECDSAInvalidSignatureS { s: call.s })?;
    let Some(signer) = env.recover(digest, call.v, call.r, call.s)? else {
        return revert(&ICash::ECDSAInvalidSignature {});
    };
    require(signer == call.owner, || ICash::ERC2612InvalidSigner { signer, owner: call.owner })?;
    erc20::allow(env, call.owner, call.spender, call.value)?;
    Ok(permitReturn {})
}

pub(super) fn nonces(env: &mut Env<'_>, call: noncesCall) -> Res<U256> {
    places().nonces.of(env, call.owner)?.get(env)
}

pub(super) fn domain_separator(env: &mut Env<'_>, _call: DOMAIN_SEPARATORCall) -> Res<B256> {
    separator(env)
}

pub(super) fn eip712_domain(env: &mut Env<'_>, _call: eip712DomainCall) -> Res<eip712DomainReturn> {
    Ok(eip712DomainReturn {
        fields: DOMAIN_FIELDS,
        name: erc20::currency(env)?.name.into(),
        version: VERSION.into(),
        chainId: U256::from(env.chain_id()),
        verifyingContract: env.me(),
        salt: B256::ZERO,
        extensions: Vec::new(),
    })
}

/// What the owner signs; its nonce is used up.
fn permit_digest(env: &mut Env<'_>, call: &permitCall) -> Res<B256> {
    let place = places().nonces.of(env, call.owner)?;
    let nonce = place.get(env)?;
    // 2^256 permits cannot be paid for.
    place.set(env, nonce.wrapping_add(U256::ONE))?;
    let terms = (PERMIT_TYPE, call.owner, call.spender, call.value, nonce, call.deadline).abi_encode();
    let terms = env.keccak256(&terms)?;
    let mut preimage = [0; 66];
    preimage[..2].copy_from_slice(&[0x19, 0x01]);
    preimage[2..34].copy_from_slice(separator(env)?.as_slice());
    preimage[34..].copy_from_slice(terms.as_slice());
    env.keccak256(&preimage)
}

fn separator(env: &mut Env<'_>) -> Res<B256> {
    let name = env.keccak256(erc20::currency(env)?.name.as_bytes())?;
    let domain = (DOMAIN_TYPE, name, VERSION_HASH, U256::from(env.chain_id()), env.me()).abi_encode();
    env.keccak256(&domain)
}
