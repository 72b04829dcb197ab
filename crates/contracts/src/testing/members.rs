//! `admission` in the scene that scripts play in: a network of one member, who lets a second one in with a certificate that
//! OpenSSL made, and a request that lapses. Used by `check`.

use alloy_primitives::{Address, B256, Bytes, U256, keccak256};
use alloy_sol_types::SolCall;
use ed25519_consensus::SigningKey;
use primitives::{Founding, Policy, genesis::Founder};

use super::Memory;
use crate::{
    admission::{
        ADDRESS,
        abi::IAdmission::{self, Ballot},
        messages::Network,
    },
    signature,
};

const CERTIFICATE: &[u8] = include_bytes!("../../../../testdata/certificates/ed25519.der");
const SEED: &[u8; 32] = include_bytes!("../../../../testdata/certificates/ed25519.seed");
/// Within the certificate's validity.
pub(super) const NOW: u64 = 1_800_000_000;
/// Of the policy.
pub(super) const VOTING_SECONDS: u64 = 500;
const SUPERSEDED: u8 = 4;
const FOUNDER: B256 = B256::repeat_byte(0xf0);

/// The member of genesis acts through this account.
pub(super) fn founding(account: Address) -> Founding {
    let founder = Founder { accounts: vec![account], ..Founder::new(FOUNDER) };
    let policy = Policy { voting_seconds: VOTING_SECONDS, ..Policy::default() };
    Founding { members: vec![founder], policy, ..Founding::default() }
}

/// The applicant is let in; then its revocation is asked for, and nobody votes on it.
pub(super) fn opening(founding: &Founding, member: Address, applicant: Address) -> Vec<(Address, Address, Bytes)> {
    let certificate = signature::sha256(CERTIFICATE);
    let possession = sign(&network(founding).possession(applicant, certificate, 0));
    let link = IAdmission::requestLinkCall {
        certificate: CERTIFICATE.into(),
        weight: 1,
        possession,
        nodeSignature: Bytes::new(),
    };
    let vote = IAdmission::voteCall {
        id: 1,
        certificate,
        policy: policy(founding),
        epoch: 0,
        ballot: Ballot::Approve,
        reasonCode: 0,
        reasonHash: B256::ZERO,
    };
    let revoke = IAdmission::requestRevocationCall { certificate, reason: SUPERSEDED, evidence: B256::ZERO };
    vec![
        (applicant, ADDRESS, link.abi_encode().into()),
        (member, ADDRESS, vote.abi_encode().into()),
        (member, ADDRESS, revoke.abi_encode().into()),
    ]
}

/// What scripts name: the certificate, the policy, the members, the parent of the first block of a script.
pub(super) fn words(founding: &Founding) -> Vec<U256> {
    let parent = keccak256(1_u64.to_be_bytes());
    [signature::sha256(CERTIFICATE), policy(founding), FOUNDER, applicant(), parent].map(Into::into).into()
}

/// The certificate, and its key's word for the third person.
pub(super) fn blobs(founding: &Founding) -> Vec<Bytes> {
    let account = Address::repeat_byte(0xbb);
    let possession = sign(&network(founding).possession(account, signature::sha256(CERTIFICATE), 0));
    vec![CERTIFICATE.into(), possession, sign(&network(founding).authorization(applicant(), account, true, 0))]
}

fn policy(founding: &Founding) -> B256 {
    let ask = IAdmission::policyCall {}.abi_encode();
    let answer = Memory::founded(founding.clone()).call(Address::ZERO, ADDRESS, &ask).expect("a view answers");
    IAdmission::policyCall::abi_decode_returns(&answer).expect("an answer of the ABI").hash
}

fn network(founding: &Founding) -> Network {
    Network { chain_id: Memory::new().chain_id, hash: founding.network }
}

fn applicant() -> B256 {
    SigningKey::from(*SEED).verification_key().to_bytes().into()
}

fn sign(message: &[u8]) -> Bytes {
    SigningKey::from(*SEED).sign(message).to_bytes().to_vec().into()
}
