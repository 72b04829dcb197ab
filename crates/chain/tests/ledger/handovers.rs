//! A network of four in which one member goes and another one comes in every epoch, as a node's ledger sees it: a counterfoil that this
//! node exports leads a reader who has only the genesis hash through all of its committees.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use alloy_consensus::TxEip1559;
use alloy_primitives::{Bytes, TxKind, hex};
use alloy_sol_types::{SolCall, SolEvent};
use chain::{Beside, Chain, Clock, Executed, Options, Question};
use consensus::{Content, Ledger, NodeKey, solo::slot_of};
use contracts::{
    admission::{
        ADDRESS,
        IAdmission::{
            Ballot, LinkRequested, RevocationRequested, readyCall, requestLinkCall, requestRevocationCall, voteCall,
        },
        messages::Network,
    },
    signature::sha256,
};
use primitives::{
    B256, Genesis, TimeMs,
    genesis::{Admission, Founder, Upgrade},
};
use proof::Refusal;
use tempfile::TempDir;

use crate::{
    network::{CHAIN_ID, Person, genesis},
    recovery::certify,
};

/// One block to ask in, one to vote in, one to be ready in.
const EPOCH_BLOCKS: u64 = 3;
const MEMBERS: u8 = 4;
/// Committees after the first one.
const CHANGES: u8 = 52;
/// Of one hand-over at four members.
const HANDOVER_MOST_BYTES: usize = 1_200;

/// An ed25519 certificate that OpenSSL made, and its key.
const TEMPLATE: &[u8] = include_bytes!("../../../../testdata/certificates/ed25519.der");
const TEMPLATE_SEED: &[u8; 32] = include_bytes!("../../../../testdata/certificates/ed25519.seed");
/// Its common name.
const TEMPLATE_NAME: &[u8] = b"Node";
/// What the signature covers begins after the outer header, and ends before algorithm and signature.
const OUTER_HEADER_BYTES: usize = 4;
const UNSIGNED_BYTES: usize = 7 + 3 + SIGNATURE_BYTES;
const SIGNATURE_BYTES: usize = 64;
/// Within the certificate's validity.
const NOW: TimeMs = TimeMs(1_800_000_000_000);
/// CRLReason of RFC 5280: superseded.
const REASON: u8 = 4;

/// A member, known by a number from which its keys are made.
#[derive(Clone, Copy)]
struct Member(u8);

impl Member {
    fn key(self) -> NodeKey {
        NodeKey::from_seed([self.0; 32])
    }

    fn account(self) -> Person {
        Person::new(self.0)
    }

    /// The template with this member's key and name, signed again.
    fn certificate(self) -> Vec<u8> {
        let (old, new) = (NodeKey::from_seed(*TEMPLATE_SEED).id(), self.key().id());
        let mut der = TEMPLATE.to_vec();
        replace(&mut der, old.as_slice(), new.as_slice());
        replace(&mut der, hex::encode(old).as_bytes(), hex::encode(new).as_bytes());
        replace(&mut der, TEMPLATE_NAME, format!("No{:02}", self.0).as_bytes());
        let signed = OUTER_HEADER_BYTES..der.len() - UNSIGNED_BYTES;
        let signature = self.key().sign_message(&der[signed]);
        let place = der.len() - SIGNATURE_BYTES;
        der[place..].copy_from_slice(&signature);
        der
    }

    /// What revocations name: a member of genesis has brought no certificate and is named by its key.
    fn known_by(self) -> B256 {
        if self.0 <= MEMBERS { self.key().id() } else { sha256(&self.certificate()) }
    }
}

/// Every `old` becomes `new`, which is as long.
fn replace(bytes: &mut [u8], old: &[u8], new: &[u8]) {
    let found = bytes.windows(old.len()).enumerate().filter(|(_, part)| *part == old);
    let places: Vec<usize> = found.map(|(place, _)| place).collect();
    assert!(!places.is_empty(), "the template holds it");
    for place in places {
        bytes[place..place + old.len()].copy_from_slice(new);
    }
}

/// Who decides in an epoch: the founders in the first two, one newer member with each after them.
fn committee_in(epoch: u8) -> [Member; 4] {
    [0, 1, 2, 3].map(|next| Member(epoch.max(1) + next))
}

fn genesis_of_four() -> Genesis {
    let founder =
        |member: Member| Founder { accounts: vec![member.account().address()], ..Founder::new(member.key().id()) };
    let mut genesis = genesis();
    genesis.counterfoil.committee = committee_in(0).map(|member| member.key().id()).to_vec();
    genesis.counterfoil.epoch_blocks = EPOCH_BLOCKS;
    genesis.counterfoil.upgrades = vec![Upgrade { version: 2, epoch: 0 }];
    let members = committee_in(0).map(founder).to_vec();
    genesis.counterfoil.admission = Some(Admission { members, ..Admission::default() });
    genesis
}

/// The ledger of a node of the network.
struct Node {
    chain: Chain,
    nonces: BTreeMap<u8, u64>,
    _folder: TempDir,
}

impl Node {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let options = Options { clock: Clock::new(|| NOW), ..Options::default() };
        let chain = Chain::open(folder.path(), &genesis_of_four(), options).unwrap();
        Self { chain, nonces: BTreeMap::new(), _folder: folder }
    }

    /// A block of what waits, signed by the whole committee, in which everything succeeds.
    fn makes_a_block(&self) -> Arc<Executed> {
        let (ledger, number) = (self.chain.ledger(), self.chain.head().number() + 1);
        let slot = slot_of(number, EPOCH_BLOCKS);
        let block = ledger.propose(slot, Content::MayBeEmpty, &[]).unwrap().expect("it may be empty");
        let committee = ledger.committee(slot.epoch).unwrap().unwrap();
        let keys = committee_in(u8::try_from(slot.epoch).unwrap()).map(Member::key);
        let proof = certify(self.chain.genesis_hash(), slot, block.hash(), &committee, &keys);
        consensus::certificate::verify(&proof, &committee, self.chain.genesis_hash(), block.hash()).unwrap();
        ledger.finalize(block, Some(proof)).unwrap();
        let executed = self.chain.head().latest().clone();
        assert!(executed.receipts.iter().all(|receipt| receipt.success), "block {number}");
        executed
    }

    fn sends(&mut self, member: Member, call: &impl SolCall) {
        let nonce = self.nonces.entry(member.0).or_default();
        let transaction = TxEip1559 {
            chain_id: CHAIN_ID,
            nonce: *nonce,
            gas_limit: 4_000_000,
            to: TxKind::Call(ADDRESS),
            input: call.abi_encode().into(),
            ..TxEip1559::default()
        };
        *nonce += 1;
        self.chain.submit(member.account().signs(transaction)).unwrap();
    }

    fn asks_to_join(&mut self, newcomer: Member) {
        let certificate = newcomer.certificate();
        let network = Network { chain_id: CHAIN_ID, hash: self.chain.rules().founding.network };
        let message = network.possession(newcomer.account().address(), sha256(&certificate), 0);
        let possession = Bytes::copy_from_slice(&newcomer.key().sign_message(&message));
        let certificate = certificate.into();
        let call = requestLinkCall { certificate, weight: 1, possession, nodeSignature: Bytes::new() };
        self.sends(newcomer, &call);
    }

    /// An epoch in which the oldest member of the committee is revoked and a new one becomes ready.
    fn changes_members(&mut self, epoch: u8) {
        let [leaver, stay @ ..] = committee_in(epoch);
        let newcomer = Member(epoch + MEMBERS);
        self.asks_to_join(newcomer);
        let certificate = leaver.known_by();
        self.sends(stay[0], &requestRevocationCall { certificate, reason: REASON, evidence: B256::ZERO });
        let asked = self.makes_a_block();
        for vote in votes_on(&asked) {
            stay.iter().for_each(|member| self.sends(*member, &vote));
        }
        let decided = self.makes_a_block();
        self.sends(newcomer, &readyCall { height: decided.number(), blockHash: decided.hash() });
        self.makes_a_block();
    }

    /// A payment in the next block.
    fn pays(&self) -> B256 {
        let payer = Person::new(100);
        let hash = self.chain.submit(payer.pays(0, payer.address(), 0)).unwrap();
        self.makes_a_block();
        hash
    }
}

/// Approvals of all that was asked in a block.
fn votes_on(asked: &Executed) -> Vec<voteCall> {
    let logs = asked.receipts.iter().flat_map(|receipt| &receipt.logs);
    let about = logs.filter_map(|log| {
        let link = LinkRequested::decode_log(log).map(|it| (it.id, it.certificate, it.policy, it.epoch));
        let revocation = RevocationRequested::decode_log(log).map(|it| (it.id, it.certificate, it.policy, it.epoch));
        link.or(revocation).ok()
    });
    let approval = |(id, certificate, policy, epoch)| voteCall {
        id,
        certificate,
        policy,
        epoch,
        ballot: Ballot::Approve,
        reasonCode: 0,
        reasonHash: B256::ZERO,
    };
    about.map(approval).collect()
}

#[test]
fn a_counterfoil_leads_through_more_than_fifty_committees_of_four_at_little_cost_each() {
    let mut node = Node::new();
    (1..EPOCH_BLOCKS).for_each(|_| drop(node.makes_a_block()));
    (1..=CHANGES).for_each(|epoch| node.changes_members(epoch));
    let paid = node.pays();
    let file = node.chain.counterfoil(&Question::Transaction(paid), Beside::default()).unwrap();

    let genesis_hash = node.chain.genesis_hash();
    let verified = proof::verify(&file.encode(), genesis_hash, None).unwrap();
    assert_eq!((verified.handovers, verified.block_hash), (usize::from(CHANGES), node.chain.head().hash()));
    let committees: BTreeSet<&[B256]> = file.handovers.iter().map(|handover| handover.committee.as_slice()).collect();
    assert_eq!(committees.len(), usize::from(CHANGES), "each is another one");
    for handover in &file.handovers {
        let (height, bytes) = (handover.header.number, alloy_rlp::encode(handover).len());
        assert_eq!(handover.committee.len(), usize::from(MEMBERS), "block {height}");
        assert!(bytes <= HANDOVER_MOST_BYTES, "block {height}: {bytes} bytes");
    }
    for left_out in [0, 25, 51] {
        let mut cut = file.clone();
        cut.handovers.remove(left_out);
        let refused = proof::verify(&cut.encode(), genesis_hash, None).unwrap_err();
        assert!(matches!(refused, Refusal::Committee { .. }), "{left_out}: {refused}");
    }
}
