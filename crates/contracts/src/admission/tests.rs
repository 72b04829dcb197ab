//! Stories and tables of `admission`: what each operation does, whom it refuses and with which error. Certificates are real:
//! made by `rcgen` here, by OpenSSL in `testdata/certificates`; signatures are verified.

use alloy_primitives::{Address, B256, Bytes, keccak256};
use alloy_sol_types::{SolCall, SolError, SolEvent};
use ed25519_consensus::SigningKey;
use primitives::{
    Founding, Policy,
    genesis::Founder,
    policy::{Comparison, Measure, Threshold},
};
use rcgen::{CertificateParams, DnType, PublicKeyData, SanType, SignatureAlgorithm};

use super::{
    ADDRESS, OPEN_LINKS_MOST, PAGE_MOST,
    abi::IAdmission::{self, *},
    certificate::{self, parse},
    committee_of_epoch, details, end_epoch,
    messages::Network,
    next_committee, peers, recover, sole_member, were_removed_at,
};
use crate::{Call, Env, Reader, Stop, dispatch::INative, registry, testing::Memory};

mod bad_input;
mod certificates;
mod committees;
mod linking;
mod members;
mod model;
mod recovering;
mod revoking;
mod voting;

const NOW: u64 = 1_800_000_000;
const DAY: u64 = 86_400;
const YEAR: u64 = 365 * DAY;
const VOTING: u64 = 7 * DAY;
const NETWORK: B256 = B256::repeat_byte(0x4e);
const CHAIN_ID: u64 = 31_337;
const EVIDENCE: B256 = B256::repeat_byte(0xe7);
/// Reason 1 of RFC 5280.
const KEY_COMPROMISE: u8 = 1;
/// Blocks of an epoch here.
const EPOCH_BLOCKS: u64 = 4;

/// A node, known by a number from which everything of it is made.
#[derive(Clone, Copy, Debug)]
struct Node(u8);

impl Node {
    fn key(self) -> SigningKey {
        SigningKey::from([self.0; 32])
    }

    fn id(self) -> B256 {
        self.key().verification_key().to_bytes().into()
    }

    fn account(self) -> Address {
        Address::repeat_byte(self.0)
    }

    fn sign(self, message: &[u8]) -> Bytes {
        self.key().sign(message).to_bytes().to_vec().into()
    }

    fn p256(self) -> P256Key {
        P256Key::new([self.0; 32])
    }

    /// An ed25519 certificate of a year.
    fn certificate(self) -> Vec<u8> {
        self.certificate_with(|_| {})
    }

    fn certificate_with(self, edit: impl FnOnce(&mut CertificateParams)) -> Vec<u8> {
        made(self.params(edit), &Ed25519Key(self.key(), self.id()))
    }

    /// A P-256 certificate that names the node key.
    fn p256_certificate(self) -> Vec<u8> {
        made(self.params(|_| {}), &self.p256())
    }

    fn params(self, edit: impl FnOnce(&mut CertificateParams)) -> CertificateParams {
        let mut params = CertificateParams::default();
        params.distinguished_name = rcgen::DistinguishedName::new();
        params.distinguished_name.push(DnType::OrganizationName, format!("Bank {}", self.0));
        params.subject_alt_names = vec![self.peer_name()];
        (params.not_before, params.not_after) = (at!(NOW - DAY), at!(NOW + YEAR));
        params.serial_number = Some(1_u64.into());
        edit(&mut params);
        params
    }

    fn peer_name(self) -> SanType {
        uri(&format!("counterfoil://{}@node-{}.bank.example:30303", alloy_primitives::hex::encode(self.id()), self.0))
    }
}

fn uri(text: &str) -> SanType {
    SanType::URI(text.try_into().expect("ASCII"))
}

/// `rcgen` does not name the crate of its times, so they are made where they are used.
macro_rules! at {
    ($seconds:expr) => {
        rcgen::date_time_ymd(1970, 1, 1) + std::time::Duration::from_secs($seconds)
    };
}
use at;

fn made(params: CertificateParams, key: &impl rcgen::SigningKey) -> Vec<u8> {
    params.self_signed(key).expect("rcgen makes it").der().to_vec()
}

/// A key for `rcgen` that comes from a seed.
struct Ed25519Key(SigningKey, B256);

impl PublicKeyData for Ed25519Key {
    fn der_bytes(&self) -> &[u8] {
        self.1.as_slice()
    }

    fn algorithm(&self) -> &'static SignatureAlgorithm {
        &rcgen::PKCS_ED25519
    }
}

impl rcgen::SigningKey for Ed25519Key {
    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, rcgen::Error> {
        Ok(self.0.sign(message).to_bytes().to_vec())
    }
}

/// The same with P-256; its nonces come from the message (RFC 6979).
struct P256Key(p256::ecdsa::SigningKey, Vec<u8>);

impl P256Key {
    fn new(seed: [u8; 32]) -> Self {
        let key = p256::ecdsa::SigningKey::from_slice(&seed).expect("below the order of the curve");
        let point = key.verifying_key().to_encoded_point(false).as_bytes().to_vec();
        Self(key, point)
    }

    /// r and s in 32 bytes each.
    fn sign_raw(&self, message: &[u8]) -> Bytes {
        use p256::ecdsa::signature::Signer;
        let signature: p256::ecdsa::Signature = self.0.sign(message);
        signature.to_bytes().to_vec().into()
    }
}

impl PublicKeyData for P256Key {
    fn der_bytes(&self) -> &[u8] {
        &self.1
    }

    fn algorithm(&self) -> &'static SignatureAlgorithm {
        &rcgen::PKCS_ECDSA_P256_SHA256
    }
}

impl rcgen::SigningKey for P256Key {
    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, rcgen::Error> {
        use p256::ecdsa::signature::Signer;
        let signature: p256::ecdsa::DerSignature = self.0.sign(message);
        Ok(signature.as_bytes().to_vec())
    }
}

/// A network whose blocks a test makes.
struct World {
    memory: Memory,
}

impl World {
    /// A network of `founders` members of weight 1, which decides by the default policy.
    fn new(founders: u8) -> Self {
        Self::with(founders, Policy::default())
    }

    fn with(founders: u8, policy: Policy) -> Self {
        let weights: Vec<u32> = (0..founders).map(|_| 1).collect();
        Self::founded(&weights, policy, 4)
    }

    fn founded(weights: &[u32], policy: Policy, min_committee: u32) -> Self {
        let mut members: Vec<Founder> = (1..)
            .zip(weights)
            .map(|(number, weight)| Founder {
                weight: *weight,
                accounts: vec![Node(number).account()],
                certificate: Some(Node(number).certificate().into()),
                ..Founder::new(Node(number).id())
            })
            .collect();
        members.sort_by_key(|founder| founder.key);
        Self::of(Founding { network: NETWORK, members, min_committee, policy })
    }

    fn of(founding: Founding) -> Self {
        let now = NOW;
        let mut memory = Memory { founding: founding.into(), now, chain_id: CHAIN_ID, number: 1, ..Memory::default() };
        for room in registry::ROOMS {
            memory.codes.insert(room.address(), crate::CodeKind::Native);
            (room.construct)(&mut Env::new(&mut memory, room.address(), Address::ZERO)).expect("the room opens");
        }
        Self { memory }
    }

    fn calls<C: SolCall>(&mut self, caller: Address, call: &C) -> Result<C::Return, Stop> {
        let answer = self.memory.call(caller, ADDRESS, &call.abi_encode())?;
        Ok(C::abi_decode_returns(&answer).expect("what the ABI says"))
    }

    fn does<C: SolCall>(&mut self, caller: Address, call: &C) -> C::Return {
        self.calls(caller, call).unwrap_or_else(|stop| panic!("{}: {}", C::SIGNATURE, words(&stop)))
    }

    fn asks<C: SolCall>(&mut self, call: &C) -> C::Return {
        self.does(Address::ZERO, call)
    }

    #[track_caller]
    fn refuses<C: SolCall, E: SolError>(&mut self, caller: Address, call: &C, error: &E) {
        let before = self.memory.clone();
        let stop = self.calls(caller, call).err().unwrap_or_else(|| panic!("{} is refused", C::SIGNATURE));
        assert_eq!(words(&stop), words(&Stop::Revert(error.abi_encode().into())));
        assert_eq!(self.memory, before);
    }

    /// The proof of possession of `node` for `account` now.
    fn possession(&mut self, node: Node, der: &[u8], account: Address) -> Bytes {
        node.sign(&self.message(der, account))
    }

    fn message(&mut self, der: &[u8], account: Address) -> Vec<u8> {
        let nonce = self.asks(&nonceOfCall { account });
        network().possession(account, fingerprint(der), nonce)
    }

    fn link_call(&mut self, node: Node, der: Vec<u8>) -> requestLinkCall {
        let possession = self.possession(node, &der, node.account());
        requestLinkCall { certificate: der.into(), weight: 1, possession, nodeSignature: Bytes::new() }
    }

    /// A linking request of `node` with its usual certificate.
    fn link(&mut self, node: Node) -> u64 {
        let call = self.link_call(node, node.certificate());
        self.does(node.account(), &call)
    }

    fn vote_call(&mut self, id: u64, ballot: Ballot) -> voteCall {
        let Request { certificate, policy, epoch, .. } = self.asks(&requestCall { id });
        voteCall { id, certificate, policy, epoch, ballot, reasonCode: 0, reasonHash: B256::ZERO }
    }

    fn votes(&mut self, node: Node, id: u64, ballot: Ballot) {
        let call = self.vote_call(id, ballot);
        self.does(node.account(), &call);
    }

    /// Members 1, 2, ... approve until it is decided.
    fn approve(&mut self, id: u64, voters: impl IntoIterator<Item = u8>) {
        for voter in voters {
            self.votes(Node(voter), id, Ballot::Approve);
        }
        assert_eq!(self.state(id), RequestState::Approved);
    }

    /// Links `node`, by the approval of these members.
    fn admit(&mut self, node: Node, voters: impl IntoIterator<Item = u8>) {
        let id = self.link(node);
        self.approve(id, voters);
    }

    fn ready(&mut self, node: Node) {
        let call = ready_call(self.memory.number - 1);
        self.does(node.account(), &call);
    }

    /// Asks to revoke `target`; by `requester`.
    fn revocation(&mut self, requester: Node, target: Node) -> u64 {
        let certificate = self.member(target).certificate;
        self.does(requester.account(), &revoke_call(certificate))
    }

    fn revoke(&mut self, target: Node, voters: impl IntoIterator<Item = u8> + Clone) {
        let first = voters.clone().into_iter().next().expect("somebody asks");
        let id = self.revocation(Node(first), target);
        self.approve(id, voters);
    }

    fn state(&mut self, id: u64) -> RequestState {
        self.asks(&requestCall { id }).state
    }

    fn member(&mut self, node: Node) -> Member {
        self.asks(&memberCall { nodeKey: node.id() })
    }

    fn member_state(&mut self, node: Node) -> MemberState {
        self.member(node).state
    }

    fn status(&mut self, der: &[u8]) -> Status {
        let height = self.memory.number;
        self.asks(&statusCall { certificate: fingerprint(der), height })
    }

    /// The next block.
    fn block(&mut self) {
        if (self.memory.number + 1).is_multiple_of(EPOCH_BLOCKS) {
            end_epoch(&mut self.memory).expect("the epoch ends");
        }
        self.memory.number += 1;
        self.memory.epoch = self.memory.number / EPOCH_BLOCKS;
    }

    /// Up to the first block of the next epoch.
    fn next_epoch(&mut self) {
        let epoch = self.memory.epoch;
        while self.memory.epoch == epoch {
            self.block();
        }
    }

    fn committee(&mut self) -> Vec<u8> {
        let epoch = self.memory.epoch;
        let keys = self.asks(&committeeCall { epoch });
        assert!(keys.is_sorted());
        numbers(&keys)
    }

    fn next_committee(&mut self) -> Vec<u8> {
        let keys = self.asks(&nextCommitteeCall {});
        numbers(&keys)
    }

    fn logs<E: SolEvent>(&self) -> Vec<E> {
        self.memory.logs.iter().filter_map(|log| E::decode_log(log).ok().map(|log| log.data)).collect()
    }
}

fn network() -> Network {
    Network { chain_id: CHAIN_ID, hash: NETWORK }
}

fn fingerprint(der: &[u8]) -> B256 {
    crate::signature::sha256(der)
}

fn ready_call(height: u64) -> readyCall {
    readyCall { height, blockHash: keccak256(height.to_be_bytes()) }
}

fn revoke_call(certificate: B256) -> requestRevocationCall {
    requestRevocationCall { certificate, reason: KEY_COMPROMISE, evidence: EVIDENCE }
}

/// Nodes by their keys, rising.
fn numbers(keys: &[B256]) -> Vec<u8> {
    let mut found: Vec<u8> = keys
        .iter()
        .map(|key| (1..=u8::MAX).find(|number| Node(*number).id() == *key).expect("one of these nodes"))
        .collect();
    found.sort_unstable();
    found
}

/// A stop as a test's message shows it.
fn words(stop: &Stop) -> String {
    use alloy_sol_types::SolInterface;
    match stop {
        Stop::Revert(data) => IAdmissionErrors::abi_decode(data)
            .map_or_else(|_| format!("{:?}", INative::INativeErrors::abi_decode(data)), |error| format!("{error:?}")),
        other => format!("{other:?}"),
    }
}

fn share(comparison: Comparison, numerator: u32, denominator: u32) -> Threshold {
    Threshold { measure: Measure::Members, comparison, numerator, denominator }
}
