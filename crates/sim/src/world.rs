//! What a network agreed on beforehand: keys, certificates, genesis; and how its people sign. All of it a function of the plan, so that
//! one seed is one history.

use std::{collections::BTreeMap, time::Duration};

use alloy_consensus::{SignableTransaction, TxEip1559};
use alloy_primitives::{TxKind, hex, keccak256};
use alloy_signer::SignerSync;
use alloy_signer_local::PrivateKeySigner;
use consensus::{NodeKey, simplex::Timing};
use contracts::{admission::messages::Network, signature::sha256};
use primitives::{
    Address, B256, Bytes, Fork, Genesis, NodeId, Recovered, TimeMs, Tx, U256,
    genesis::{Admission, Alloc, Config, Founder, Section, Upgrade},
};
use rcgen::{
    CertificateParams, DistinguishedName, DnType, IsCa, KeyUsagePurpose, PublicKeyData, SanType, SignatureAlgorithm,
    SigningKey,
};

/// People who send transactions.
pub(crate) const CLIENTS: u64 = 4;
/// When genesis is.
pub(crate) const START: TimeMs = TimeMs(1_800_000_000_000);
/// Pace of all nodes: quick enough for many blocks, slow enough that rounds are told apart from latencies.
pub(crate) const TIMING: Timing = Timing {
    min_block_interval: Duration::from_millis(100),
    heartbeat: Duration::from_millis(600),
    leader_grace: Duration::from_millis(500),
};
/// The least that genesis allows.
pub(crate) const MAX_BLOCK_BYTES: usize = 262_144;
const CHAIN_ID: u64 = 1_337;
const YEAR_SECONDS: u64 = 365 * 86_400;

/// A node to be: its key, its account, its certificate.
#[derive(Clone)]
pub(crate) struct Identity {
    pub(crate) key: NodeKey,
    pub(crate) id: NodeId,
    pub(crate) account: PrivateKeySigner,
    pub(crate) certificate: Bytes,
}

impl Identity {
    fn new(index: usize) -> Self {
        let seed = keccak256(format!("node {index}"));
        let key = NodeKey::from_seed(seed.0);
        let account = PrivateKeySigner::from_bytes(&keccak256(format!("account of node {index}")));
        let account = account.expect("a hash is a key");
        let certificate = certificate(&key, index);
        Self { id: key.id(), key, account, certificate }
    }

    pub(crate) fn fingerprint(&self) -> B256 {
        sha256(&self.certificate)
    }
}

/// The network before its first block.
pub(crate) struct World {
    pub(crate) nodes: Vec<Identity>,
    pub(crate) clients: Vec<PrivateKeySigner>,
    pub(crate) genesis: Genesis,
}

impl World {
    /// `founders` members and one node that is not one yet.
    pub(crate) fn new(founders: usize, epoch_blocks: u64) -> Self {
        let nodes: Vec<Identity> = (0..=founders).map(Identity::new).collect();
        let client = |number| PrivateKeySigner::from_bytes(&keccak256(format!("client {number}")));
        let clients: Vec<_> = (0..CLIENTS).map(|number| client(number).expect("a hash is a key")).collect();
        let genesis = genesis(&nodes[..founders], &clients, epoch_blocks);
        Self { nodes, clients, genesis }
    }

    pub(crate) fn founders(&self) -> usize {
        self.nodes.len() - 1
    }

    pub(crate) fn epoch_of(&self, height: u64) -> u64 {
        height / self.genesis.counterfoil.epoch_blocks
    }

    pub(crate) fn network(&self) -> Network {
        Network { chain_id: CHAIN_ID, hash: self.genesis.rules().founding.network }
    }
}

fn genesis(founders: &[Identity], clients: &[PrivateKeySigner], epoch_blocks: u64) -> Genesis {
    let ether = U256::from(10).pow(U256::from(18));
    let funded = |signer: &PrivateKeySigner| (signer.address(), Alloc { balance: ether, ..Alloc::default() });
    let member = |node: &Identity| Founder {
        accounts: vec![node.account.address()],
        certificate: Some(node.certificate.clone()),
        ..Founder::new(node.id)
    };
    let admission = Admission { members: founders.iter().map(member).collect(), ..Admission::default() };
    let section = Section::new(Fork::Osaka, founders.iter().map(|node| node.id).collect());
    Genesis {
        config: Config { chain_id: CHAIN_ID, other: BTreeMap::new() },
        timestamp: START.seconds(),
        gas_limit: 100_000_000,
        coinbase: Address::ZERO,
        counterfoil: Section {
            epoch_blocks,
            min_block_interval_ms: 100,
            max_block_bytes: MAX_BLOCK_BYTES as u64,
            upgrades: vec![Upgrade { version: 2, epoch: 0 }],
            admission: Some(admission),
            ..section
        },
        alloc: clients.iter().map(funded).collect(),
    }
}

/// A signed transaction.
pub(crate) fn signed(signer: &PrivateKeySigner, nonce: u64, to: Address, wei: u64, input: Vec<u8>) -> Recovered<Tx> {
    let transaction = TxEip1559 {
        chain_id: CHAIN_ID,
        nonce,
        gas_limit: 4_000_000,
        to: TxKind::Call(to),
        value: U256::from(wei),
        input: input.into(),
        ..TxEip1559::default()
    };
    let signature = signer.sign_hash_sync(&transaction.signature_hash()).expect("a key in memory signs");
    Recovered::new_unchecked(transaction.into_signed(signature).into(), signer.address())
}

/// A certificate as the program makes it.
fn certificate(key: &NodeKey, index: usize) -> Bytes {
    let signer = Signer(key, key.id());
    let mut params = CertificateParams::default();
    params.distinguished_name = DistinguishedName::new();
    params.distinguished_name.push(DnType::OrganizationName, format!("Member {index}"));
    let uri = format!("counterfoil://{}@127.0.0.1:{}", hex::encode(signer.1), 20_000 + index);
    params.subject_alt_names = vec![SanType::URI(uri.as_str().try_into().expect("ASCII"))];
    params.is_ca = IsCa::ExplicitNoCa;
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    // `rcgen` does not name the crate of its times.
    let epoch = rcgen::date_time_ymd(1970, 1, 1);
    params.not_before = epoch + Duration::from_secs(START.seconds() - 60);
    params.not_after = epoch + Duration::from_secs(START.seconds() + YEAR_SECONDS);
    let certificate = params.self_signed(&signer).expect("a key in memory signs");
    certificate.der().to_vec().into()
}

struct Signer<'a>(&'a NodeKey, B256);

impl PublicKeyData for Signer<'_> {
    fn der_bytes(&self) -> &[u8] {
        self.1.as_slice()
    }

    fn algorithm(&self) -> &'static SignatureAlgorithm {
        &rcgen::PKCS_ED25519
    }
}

impl SigningKey for Signer<'_> {
    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, rcgen::Error> {
        Ok(self.0.sign_message(message).to_vec())
    }
}
