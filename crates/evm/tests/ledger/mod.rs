//! A chain of blocks for tests that compare contracts or measure them: rooms are open from genesis on, transactions need no
//! key, and what a call would answer can be asked at any height. Used by the tests of `cash`, `token` and gas.

use std::collections::BTreeMap;

use alloy_consensus::{SignableTransaction, TxLegacy};
use alloy_primitives::{Signature, TxKind};
use alloy_rpc_types_eth::{TransactionRequest, state::EvmOverrides};
use contracts::registry::NEWEST_VERSION;
use ed25519_consensus::SigningKey;
use evm::{
    Mode,
    call::{Base, CallError, call},
    execute_block, genesis_diff,
};
use primitives::{
    Address, B256, Bytes, Fork, Founding, Genesis, Header, Receipt, Recovered, Rules, TimeMs, Tx, U256,
    genesis::{Admission, Config, Section, Upgrade},
};

use crate::world::World;

/// The chain id of every such chain: the one on which `cash` has a governor.
pub(crate) const CHAIN_ID: u64 = 31_337;

/// What a call said: data, or data of a revert.
pub(crate) type Answer = Result<Bytes, Bytes>;

/// A state, the block that it is after, and how many transactions each account has sent.
pub(crate) struct Ledger {
    pub(crate) header: Header,
    world: World,
    rules: Rules,
    nonces: BTreeMap<Address, u64>,
}

impl Ledger {
    /// After genesis, which opens all rooms.
    pub(crate) fn new() -> Self {
        Self::begin(vec![Upgrade { version: NEWEST_VERSION, epoch: 0 }])
    }

    /// After a genesis that knows of no rooms.
    pub(crate) fn without_rooms() -> Self {
        Self::begin(Vec::new())
    }

    /// After a genesis that opens all rooms and says this of members, at a time of choice.
    pub(crate) fn of_members(timestamp: u64, committee: Vec<B256>, admission: Admission) -> Self {
        let mut genesis = genesis(vec![Upgrade { version: NEWEST_VERSION, epoch: 0 }]);
        genesis.timestamp = timestamp;
        (genesis.counterfoil.committee, genesis.counterfoil.admission) = (committee, Some(admission));
        Self::begin_with(&genesis)
    }

    /// What genesis says of its members.
    pub(crate) fn founding(&self) -> &Founding {
        &self.rules.founding
    }

    fn begin(upgrades: Vec<Upgrade>) -> Self {
        Self::begin_with(&genesis(upgrades))
    }

    fn begin_with(genesis: &Genesis) -> Self {
        let mut world = World::default();
        world.apply(&genesis_diff(genesis).expect("the genesis is sound"));
        let header = genesis.header(world.root()).expect("the genesis is sound");
        Self { header, world, rules: genesis.rules(), nonces: BTreeMap::new() }
    }

    /// The next block.
    pub(crate) fn block(&mut self, calls: &[(Address, TxKind, Bytes)]) -> Vec<Receipt> {
        let now = TimeMs(self.header.timestamp * 1000 + 1000);
        let parent = self.header.hash_slow();
        self.world.block_hashes.insert(self.header.number, parent);
        let frame = self.rules.next_header(parent, &self.header, now);
        let transactions: Vec<_> = calls.iter().map(|(from, to, input)| self.transaction(*from, *to, input)).collect();
        let outcome = execute_block(&self.rules, &frame, transactions, &self.world, Mode::Verify).expect("a block");
        self.world.apply(&outcome.diff);
        self.header = frame;
        outcome.receipts
    }

    /// The next block, in which everything succeeds.
    pub(crate) fn must(&mut self, calls: &[(Address, TxKind, Bytes)]) -> Vec<Receipt> {
        let receipts = self.block(calls);
        assert!(receipts.iter().all(|receipt| receipt.success), "{receipts:?}");
        receipts
    }

    /// What a call would answer after this block.
    pub(crate) fn ask(&self, from: Address, to: Address, data: &[u8]) -> Answer {
        let base = Base { rules: &self.rules, header: &self.header, db: &self.world, gas_cap: 16_000_000 };
        let request = TransactionRequest::default().from(from).to(to).input(data.to_vec().into());
        call(&base, &request, &EvmOverrides::default()).map_err(|error| match error {
            CallError::Revert(data) => data,
            other => panic!("a call ends otherwise: {other}"),
        })
    }

    /// Root of an account's storage.
    pub(crate) fn storage_root(&self, account: Address) -> B256 {
        self.world.state.storage_root(account)
    }

    /// A slot.
    pub(crate) fn storage(&self, account: Address, slot: U256) -> U256 {
        self.world.state.storage(account, slot)
    }

    fn transaction(&mut self, from: Address, to: TxKind, input: &Bytes) -> Recovered<Tx> {
        let next = self.nonces.entry(from).or_default();
        let nonce = *next;
        *next += 1;
        let input = input.clone();
        let tx = TxLegacy { chain_id: Some(CHAIN_ID), nonce, gas_limit: 8_000_000, to, input, ..TxLegacy::default() };
        Recovered::new_unchecked(Tx::Legacy(tx.into_signed(Signature::test_signature())), from)
    }
}

/// The bytecode in a file that testdata/compile.mjs wrote.
pub(crate) fn bytecode(compiled: &str) -> Bytes {
    let file: serde_json::Value = serde_json::from_str(compiled).expect("the file is JSON");
    file["bytecode"].as_str().and_then(|text| text.parse().ok()).expect("the file has bytecode")
}

/// The key of the committee's only member.
pub(crate) fn member() -> SigningKey {
    SigningKey::from([7; 32])
}

fn genesis(upgrades: Vec<Upgrade>) -> Genesis {
    let committee = vec![member().verification_key().to_bytes().into()];
    let section = Section { upgrades, ..Section::new(Fork::Osaka, committee) };
    Genesis {
        config: Config { chain_id: CHAIN_ID, other: BTreeMap::new() },
        timestamp: 1_767_225_600,
        gas_limit: 30_000_000,
        coinbase: Address::ZERO,
        counterfoil: section,
        alloc: BTreeMap::new(),
    }
}
