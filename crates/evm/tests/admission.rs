//! `admission` in real blocks, over a real trie: one member admits a second one with a certificate that OpenSSL made, and the
//! committee of the next epoch is in the state after the last block of this one.

use alloy_consensus::{SignableTransaction, TxLegacy};
use alloy_primitives::{Signature, TxKind};
use alloy_sol_types::{SolCall, SolEvent};
use contracts::{
    Reader,
    admission::{self, ADDRESS, abi::IAdmission::*, messages::Network},
    signature::sha256,
};
use ed25519_consensus::SigningKey;
use evm::{HeaderError, Mode, Outcome, execute_block, genesis_diff, seal_header, verify_header};
use primitives::{
    Address, B256, Block, Bytes, Committee, FinalBlock, Fork, Genesis, Header, Recovered, Recovery, Rules, TimeMs, Tx,
    genesis::{Admission, Config, Founder, Section, Upgrade},
};
use world::World;

#[path = "world/mod.rs"]
#[expect(dead_code, reason = "shared with other tests")]
mod world;

const CERTIFICATE: &[u8] = include_bytes!("../../../testdata/certificates/ed25519.der");
const SEED: &[u8; 32] = include_bytes!("../../../testdata/certificates/ed25519.seed");
const AUTHORITY: &[u8] = include_bytes!("../../../testdata/certificates/authority.der");
const CHAIN_ID: u64 = 31_337;
/// Within the certificate's validity.
const NOW: u64 = 1_800_000_000;
const FOUNDER: Address = Address::repeat_byte(0xf0);
const APPLICANT: Address = Address::repeat_byte(0xa0);

fn founder() -> SigningKey {
    SigningKey::from([7; 32])
}

fn id(key: &SigningKey) -> B256 {
    key.verification_key().to_bytes().into()
}

fn genesis(certificate: Option<&'static [u8]>) -> Genesis {
    let member = Founder {
        accounts: vec![FOUNDER],
        certificate: certificate.map(Bytes::from_static),
        ..Founder::new(id(&founder()))
    };
    let admission = Admission { min_committee: 2, members: vec![member], ..Admission::default() };
    Genesis {
        config: Config { chain_id: CHAIN_ID, other: Default::default() },
        timestamp: NOW,
        gas_limit: 500_000_000,
        coinbase: Address::ZERO,
        counterfoil: Section {
            epoch_blocks: 4,
            upgrades: vec![Upgrade { version: 2, epoch: 0 }],
            admission: Some(admission),
            ..Section::new(Fork::Osaka, vec![id(&founder())])
        },
        alloc: Default::default(),
    }
}

/// A chain as a node makes it, disk excepted.
struct Chain {
    world: World,
    rules: Rules,
    header: Header,
    nonces: [u64; 2],
}

impl Chain {
    fn new() -> Self {
        let genesis = genesis(None);
        let mut world = World::default();
        world.apply(&genesis_diff(&genesis).expect("a genesis"));
        let header = genesis.header(world.root()).expect("canonical");
        Self { world, rules: genesis.rules(), header, nonces: [0; 2] }
    }

    /// A transaction with this call, of the founder's account or the applicant's.
    fn sends(&mut self, from: Address, call: &impl SolCall) -> Recovered<Tx> {
        let nonce = &mut self.nonces[usize::from(from == APPLICANT)];
        let tx = TxLegacy {
            chain_id: Some(CHAIN_ID),
            nonce: *nonce,
            gas_limit: 3_000_000,
            to: TxKind::Call(ADDRESS),
            input: call.abi_encode().into(),
            ..TxLegacy::default()
        };
        *nonce += 1;
        Recovered::new_unchecked(Tx::Legacy(tx.into_signed(Signature::test_signature())), from)
    }

    /// The next block, proposed, verified alike, and committed.
    fn block(&mut self, transactions: &[Recovered<Tx>]) -> Outcome {
        let parent = self.header.hash_slow();
        self.world.block_hashes.insert(self.header.number, parent);
        let frame = self.rules.next_header(parent, &self.header, TimeMs((NOW + self.header.number) * 1000));
        let run = |mode| {
            let transactions = transactions.iter().cloned();
            execute_block(&self.rules, &frame, transactions, &self.world, mode).expect("a block")
        };
        let (outcome, verified) = (run(Mode::Propose { max_transactions: 9 }), run(Mode::Verify));
        assert_eq!(outcome.diff, verified.diff);
        self.world.apply(&outcome.diff);
        self.header = seal_header(&frame, &outcome, &outcome.roots(), self.world.root());
        outcome
    }

    fn succeeds(&mut self, from: Address, call: &impl SolCall) -> Outcome {
        let tx = self.sends(from, call);
        let outcome = self.block(&[tx]);
        assert!(outcome.receipts[0].success);
        outcome
    }

    fn committee(&self, epoch: u64) -> Option<Committee> {
        let read = |account, slot| Ok(self.world.state.storage(account, slot));
        let number = self.header.number;
        let mut reader = Reader::new(read, number, self.header.timestamp, self.rules.epoch_of(number));
        admission::committee_of_epoch(&mut reader, epoch).expect("readable")
    }

    fn network(&self) -> Network {
        Network { chain_id: CHAIN_ID, hash: self.rules.founding.network }
    }
}

fn link(chain: &Chain, key: &SigningKey) -> requestLinkCall {
    let message = chain.network().possession(APPLICANT, sha256(CERTIFICATE), 0);
    let possession = key.sign(&message).to_bytes().to_vec().into();
    requestLinkCall { certificate: CERTIFICATE.into(), weight: 1, possession, nodeSignature: Bytes::new() }
}

fn approval(asked: &LinkRequested) -> voteCall {
    voteCall {
        id: asked.id,
        certificate: asked.certificate,
        policy: asked.policy,
        epoch: asked.epoch,
        ballot: Ballot::Approve,
        reasonCode: 0,
        reasonHash: B256::ZERO,
    }
}

#[test]
fn a_second_member_is_admitted_in_blocks_and_is_in_the_committee_of_the_next_epoch() {
    let mut chain = Chain::new();
    let applicant = SigningKey::from(*SEED);
    assert_eq!(chain.rules.founding.network, genesis(None).header(B256::ZERO).expect("canonical").parent_hash);
    let call = link(&chain, &applicant);
    let asked = chain.succeeds(APPLICANT, &call);
    let log = LinkRequested::decode_log(&asked.receipts[0].logs[0]).expect("the event");
    assert_eq!((log.certificate, log.nodeKey), (sha256(CERTIFICATE), id(&applicant)));
    let voted = chain.succeeds(FOUNDER, &approval(&log));
    assert!(voted.receipts[0].logs.iter().any(|log| MemberAdmitted::decode_log(log).is_ok()));
    let both = Committee::new(vec![id(&founder()), id(&applicant)]);
    let alone = Committee::new(vec![id(&founder())]);
    assert_eq!(
        (chain.header.number, chain.committee(0), chain.committee(1)),
        (2, Some(alone.clone()), Some(alone.clone()))
    );
    let parent = readyCall { height: 2, blockHash: chain.header.hash_slow() };
    let last = chain.succeeds(APPLICANT, &parent);
    assert_eq!((chain.header.number, chain.committee(0), chain.committee(1)), (3, Some(alone), Some(both)));
    assert_eq!(last.receipts[0].logs.len(), 1, "the end of an epoch leaves no log");
    let used = [&asked, &voted, &last].map(|outcome| outcome.gas_used);
    assert_eq!(used, [1_027_827, 765_451, 55_131], "pinned");
}

#[test]
fn a_new_member_cannot_name_a_block_that_is_not_there() {
    let mut chain = Chain::new();
    let applicant = SigningKey::from(*SEED);
    let call = link(&chain, &applicant);
    chain.succeeds(APPLICANT, &call);
    let authorize = authorizeCall {
        nodeKey: id(&founder()),
        account: Address::repeat_byte(0xf1),
        acts: true,
        signature: founder()
            .sign(&chain.network().authorization(id(&founder()), Address::repeat_byte(0xf1), true, 0))
            .to_bytes()
            .to_vec()
            .into(),
    };
    chain.succeeds(APPLICANT, &authorize);
    for call in [
        readyCall { height: 1, blockHash: B256::ZERO },
        readyCall { height: 2, blockHash: chain.header.hash_slow() },
        readyCall { height: u64::MAX, blockHash: B256::ZERO },
    ] {
        let tx = chain.sends(FOUNDER, &call);
        assert!(!chain.block(&[tx]).receipts[0].success);
    }
}

#[test]
fn a_stolen_certificate_is_refused_by_the_gas_metered_host_too() {
    let mut chain = Chain::new();
    let call = link(&chain, &founder());
    let tx = chain.sends(APPLICANT, &call);
    let outcome = chain.block(&[tx]);
    assert!(!outcome.receipts[0].success);
    assert!(outcome.diff.accounts.iter().all(|account| account.address != ADDRESS));
}

#[test]
fn with_too_little_gas_nothing_is_asked_and_nothing_is_left() {
    let mut chain = Chain::new();
    let call = link(&chain, &SigningKey::from(*SEED));
    for gas_limit in (50_000..1_027_000).step_by(57_123) {
        let Tx::Legacy(tx) = chain.sends(APPLICANT, &call).into_inner() else { panic!("a legacy transaction") };
        let tx = TxLegacy { gas_limit, nonce: 0, ..tx.strip_signature() };
        let tx = Recovered::new_unchecked(Tx::Legacy(tx.into_signed(Signature::test_signature())), APPLICANT);
        let frame = chain.rules.next_header(B256::ZERO, &chain.header, TimeMs(NOW * 1000 + 5));
        let outcome = execute_block(&chain.rules, &frame, [tx], &chain.world, Mode::Verify).expect("a block");
        assert_eq!((outcome.receipts[0].success, outcome.gas_used), (false, gas_limit));
        assert!(outcome.diff.accounts.iter().all(|account| account.address != ADDRESS), "gas {gas_limit}");
    }
}

#[test]
fn a_genesis_whose_member_has_a_bad_certificate_makes_no_chain() {
    let error = genesis_diff(&genesis(Some(AUTHORITY))).expect_err("an authority").to_string();
    assert!(error.contains("counterfoil.admission.members") && error.contains("Authority"), "{error}");
    let error = genesis_diff(&genesis(Some(CERTIFICATE))).expect_err("another node's").to_string();
    assert!(error.contains("names another node key"), "{error}");
}

#[test]
fn networks_that_differ_in_policy_differ_in_the_state_of_block_0_and_in_what_is_signed() {
    let mut other = genesis(None);
    other.counterfoil.admission = Some(Admission { min_committee: 3, ..Admission::default() });
    assert_ne!(genesis_diff(&genesis(None)).expect("valid"), genesis_diff(&other).expect("valid"));
    assert_ne!(genesis(None).rules().founding.network, other.rules().founding.network);
}

#[test]
fn the_first_block_of_a_recovery_begins_without_those_who_are_gone() {
    let mut chain = Chain::new();
    let applicant = SigningKey::from(*SEED);
    let call = link(&chain, &applicant);
    let asked = chain.succeeds(APPLICANT, &call);
    let log = LinkRequested::decode_log(&asked.receipts[0].logs[0]).expect("the event");
    chain.succeeds(FOUNDER, &approval(&log));
    assert_eq!(chain.header.number, 2);
    let (gone, hash) = (id(&applicant), chain.header.hash_slow());
    let after = FinalBlock { number: 2, hash };
    chain.rules.recoveries = vec![Recovery { after, signer: id(&founder()), removed: vec![gone] }].into();
    // The room already refuses it, in that very block.
    let tx = chain.sends(APPLICANT, &readyCall { height: 2, blockHash: hash });
    let outcome = chain.block(&[tx]);
    assert!(!outcome.receipts[0].success);
    let read = |account, slot| Ok(chain.world.state.storage(account, slot));
    let mut reader = Reader::new(read, 3, chain.header.timestamp, 0);
    assert!(admission::were_removed_at(&mut reader, &[gone], 3).expect("readable"));
    // A rival of the block that the recovery names has no children.
    let rival = Header { gas_used: 1, ..chain.header.clone() };
    let parent = Header { number: 2, ..rival };
    let frame = chain.rules.next_header(parent.hash_slow(), &parent, TimeMs(0));
    let refused = verify_header(&chain.rules, parent.hash_slow(), &parent, &Block::seal(frame, Vec::new()));
    assert_eq!(refused, Err(HeaderError::Parent { have: parent.hash_slow(), want: hash }));
}
