//! A network of four members on one chain: one thread makes every block, and signs it with the keys of a quorum. Applicants with
//! certificates of their own, votes, and everything that they need to be sent.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread::JoinHandle,
};

use alloy_primitives::{Address, B256, Bytes, hex};
use alloy_sol_types::SolCall;
use chain::{Chain, Options};
use consensus::{Content, Ledger, NodeKey, Slot, Wake, certificate::finalize_alone, solo::slot_of};
use contracts::{
    admission::{
        ADDRESS,
        IAdmission::{self, Ballot},
    },
    signature::sha256,
};
use gateway::CallLimits;
use primitives::{
    Committee, FinalityProof, Genesis,
    genesis::{Admission, Founder, Upgrade},
};
use rcgen::{CertificateParams, DistinguishedName, DnType, PublicKeyData, SanType, SignatureAlgorithm, SigningKey};
use serde_json::{Value, json};

use crate::{House, network::Node};

pub(crate) const EPOCH_BLOCKS: u64 = 8;
/// A name that a stranger chose to do harm.
pub(crate) const HOSTILE: &str = "<script>alert(1)</script>\u{202e}\"&";
/// In the order of `Town::members`; the last one has brought no certificate.
pub(crate) const NAMES: [&str; 3] = ["Bank of the North", HOSTILE, "Bank of the South"];

/// A node with the pages of a network of four. Member `n` acts through development account `n`.
pub(crate) struct Town {
    /// Ends before the chain is closed.
    council: Council,
    pub(crate) house: House,
}

impl Town {
    pub(crate) fn open() -> Self {
        let node = Node::idle(found, CallLimits::default(), &Options::default());
        Self { council: Council::sit(&node.chain), house: House::open(node) }
    }

    /// A transaction of a development account that succeeds.
    pub(crate) fn send(&self, account: usize, call: &impl SolCall) -> Value {
        let node = &self.house.node;
        let from = node.account(account).address();
        let request = json!({ "from": from, "to": ADDRESS, "data": Bytes::from(call.abi_encode()), "gas": "0x4c4b40" });
        let receipt = node.receipt(&node.get("eth_sendTransaction", json!([request])));
        assert_eq!(receipt["status"], "0x1", "{receipt}");
        receipt
    }

    pub(crate) fn ask<C: SolCall>(&self, call: &C) -> C::Return {
        let request = json!({ "to": ADDRESS, "data": Bytes::from(call.abi_encode()) });
        let answer: Bytes =
            serde_json::from_value(self.house.node.get("eth_call", json!([request, "latest"]))).expect("hex");
        C::abi_decode_returns(&answer).expect("the room answers")
    }

    /// Asks to be linked, by an account, and answers the number of the request.
    pub(crate) fn apply(&self, account: usize, applicant: &Applicant) -> u64 {
        let (address, fingerprint) = (self.address(account), applicant.fingerprint());
        let message = self.ask(&IAdmission::possessionMessageCall { account: address, certificate: fingerprint });
        self.send(
            account,
            &IAdmission::requestLinkCall {
                certificate: applicant.der.clone(),
                weight: 1,
                possession: Bytes::copy_from_slice(&applicant.key.sign_message(&message)),
                nodeSignature: Bytes::new(),
            },
        );
        self.ask(&IAdmission::lastRequestCall {})
    }

    /// The vote of the member who acts through an account.
    pub(crate) fn vote(&self, account: usize, id: u64, ballot: Ballot) -> Value {
        let request = self.ask(&IAdmission::requestCall { id });
        let IAdmission::Request { certificate, policy, epoch, .. } = request;
        let reason_hash = B256::repeat_byte(0x5a);
        let call =
            IAdmission::voteCall { id, certificate, policy, epoch, ballot, reasonCode: 7, reasonHash: reason_hash };
        self.send(account, &call)
    }

    pub(crate) fn ready(&self, account: usize) -> Value {
        let head = self.house.node.chain.head();
        self.send(account, &IAdmission::readyCall { height: head.number(), blockHash: head.hash() })
    }

    /// Waits for the block at the end of an epoch after which the committee is another one.
    pub(crate) fn wait_for(&self, height: u64) {
        self.council.hurries.store(true, Ordering::Release);
        self.council.wake.raise();
        let chain = &self.house.node.chain;
        let mut heads = chain.subscribe_heads();
        while chain.head().number() < height {
            self.house.node.runtime.block_on(crate::client::within(heads.recv())).expect("a head");
        }
    }

    /// Nothing is decided any more.
    pub(crate) fn adjourn(self) -> House {
        drop(self.council);
        self.house
    }

    pub(crate) fn address(&self, account: usize) -> Address {
        self.house.node.account(account).address()
    }
}

/// The key of member `n`.
pub(crate) fn member(number: u8) -> NodeKey {
    NodeKey::from_seed([number + 1; 32])
}

fn found(genesis: &mut Genesis) {
    let accounts: Vec<_> = gateway::Accounts::development().expect("the phrase is valid").addresses();
    let founder = |number: u8| Founder {
        accounts: vec![accounts[usize::from(number)]],
        certificate: NAMES.get(usize::from(number)).map(|name| Applicant::new(member(number), name).der),
        ..Founder::new(member(number).id())
    };
    genesis.counterfoil.committee = (0..4).map(|number| member(number).id()).collect();
    genesis.counterfoil.epoch_blocks = EPOCH_BLOCKS;
    genesis.counterfoil.upgrades = vec![Upgrade { version: 2, epoch: 0 }];
    genesis.counterfoil.admission = Some(Admission { members: (0..4).map(founder).collect(), ..Admission::default() });
    // The certificates are of this year, and so is the first block.
    genesis.timestamp = now();
}

fn now() -> u64 {
    std::time::UNIX_EPOCH.elapsed().expect("after 1970").as_secs() - 5
}

/// A node that asks.
pub(crate) struct Applicant {
    pub(crate) key: NodeKey,
    pub(crate) der: Bytes,
}

impl Applicant {
    pub(crate) fn new(key: NodeKey, name: &str) -> Self {
        let mut params = CertificateParams::default();
        params.distinguished_name = DistinguishedName::new();
        params.distinguished_name.push(DnType::CommonName, name);
        params.distinguished_name.push(DnType::OrganizationName, "Organization");
        let uri = format!("counterfoil://{}@node.bank.example:30303", hex::encode(key.id()));
        params.subject_alt_names = vec![SanType::URI(uri.as_str().try_into().expect("ASCII"))];
        let epoch = rcgen::date_time_ymd(1970, 1, 1);
        params.not_before = epoch + std::time::Duration::from_secs(now() - 60);
        params.not_after = epoch + std::time::Duration::from_secs(now() + 30 * 86_400);
        let signer = Signer(&key, key.id());
        let der = params.self_signed(&signer).expect("rcgen makes it").der().to_vec().into();
        Self { key, der }
    }

    pub(crate) fn fingerprint(&self) -> B256 {
        sha256(&self.der)
    }
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

/// Makes blocks when transactions wait; once it hurries, also up to the end of an epoch after which the committee is another one.
struct Council {
    wake: Wake,
    hurries: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Council {
    fn sit(chain: &Chain) -> Self {
        let (wake, hurries) = (chain.wake(), Arc::new(AtomicBool::new(false)));
        let (chain, hurry) = (chain.clone(), Arc::clone(&hurries));
        let thread = std::thread::spawn(move || preside(&chain, &hurry));
        Self { wake, hurries, thread: Some(thread) }
    }
}

impl Drop for Council {
    fn drop(&mut self) {
        self.wake.stop();
        let ended = self.thread.take().map(JoinHandle::join);
        assert!(std::thread::panicking() || matches!(ended, Some(Ok(()))), "the council ended by a panic");
    }
}

fn preside(chain: &Chain, hurries: &AtomicBool) {
    let (ledger, wake) = (chain.ledger(), chain.wake());
    let epoch_blocks = chain.rules().epoch_blocks;
    while wake.wait() {
        loop {
            let slot = slot_of(ledger.tip().number + 1, epoch_blocks);
            let changes = ledger.committee_changes().expect("the ledger");
            let content =
                if changes && hurries.load(Ordering::Acquire) { Content::MayBeEmpty } else { Content::Transactions };
            let Some(block) = ledger.propose(slot, content, &[]).expect("the ledger") else { break };
            let committee = ledger.committee(slot.epoch).expect("the ledger").expect("it is known");
            let proof = sign(&committee, chain.genesis_hash(), slot, block.hash());
            ledger.finalize(block, Some(proof)).expect("the ledger");
        }
    }
}

/// The signatures of the first members that are a quorum, as simplex puts them together: docs/counterfoil-file.md.
fn sign(committee: &Committee, genesis_hash: B256, slot: Slot, block: B256) -> FinalityProof {
    let key_of = |id: &B256| (0..u8::MAX - 1).map(member).find(|key| key.id() == *id).expect("a key from a number");
    let quorum = committee.quorum();
    let alone: Vec<_> = committee.members()[..quorum]
        .iter()
        .map(|id| finalize_alone(&key_of(id), genesis_hash, slot, block).bytes)
        .collect();
    // Member count, bitmap, number of signatures, one signature.
    let (proposal, _) = alone[0].split_at(alone[0].len() - (8 + 1 + 1 + 64));
    let mut bytes = proposal.to_vec();
    bytes.extend((committee.members().len() as u64).to_be_bytes());
    bytes.push(u8::MAX >> (8 - quorum));
    bytes.push(u8::try_from(quorum).expect("few"));
    alone.iter().for_each(|alone| bytes.extend_from_slice(&alone[alone.len() - 64..]));
    FinalityProof { scheme: 1, epoch: slot.epoch, bytes: bytes.into() }
}
