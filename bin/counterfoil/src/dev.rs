//! The development network: one genesis for everybody, so that its hash is known, with the accounts that every Ethereum
//! development node has. Its keys are public knowledge; nothing of worth belongs there.

use std::collections::BTreeMap;

use consensus::NodeKey;
use contracts::registry::NEWEST_VERSION;
use gateway::Accounts;
use primitives::{
    Fork, Genesis, U256,
    genesis::{Alloc, Config, Section, Upgrade},
    keccak256,
};

/// EIP-155 chain id that development tools expect.
pub(crate) const CHAIN_ID: u64 = 31_337;
/// 2026-01-01T00:00:00Z.
const TIMESTAMP: u64 = 1_767_225_600;
/// 10,000 ether each.
const BALANCE_ETHER: u64 = 10_000;

/// The key that signs the blocks of every development node.
pub(crate) fn key() -> NodeKey {
    NodeKey::from_seed(keccak256(b"counterfoil development node").0)
}

/// The development genesis over these accounts.
pub(crate) fn genesis(accounts: &Accounts, chain_id: u64) -> Genesis {
    let balance = U256::from(BALANCE_ETHER) * U256::from(10).pow(U256::from(18));
    let alloc = accounts.iter().map(|account| (account.address(), Alloc { balance, ..Alloc::default() }));
    Genesis {
        config: Config { chain_id, other: BTreeMap::new() },
        timestamp: TIMESTAMP,
        gas_limit: 500_000_000,
        coinbase: primitives::Address::ZERO,
        counterfoil: Section { upgrades: all_rooms(), ..Section::new(Fork::Osaka, vec![key().id()]) },
        alloc: alloc.collect(),
    }
}

/// The development genesis as older programs made it, the newest first: their data folders go on under the version that was
/// the newest then, or under version 0.
pub(crate) fn older(genesis: &Genesis) -> impl Iterator<Item = Genesis> {
    (0..NEWEST_VERSION).rev().map(|version| {
        let mut older = genesis.clone();
        older.counterfoil.upgrades.retain(|_| version > 0);
        older.counterfoil.upgrades.iter_mut().for_each(|upgrade| upgrade.version = version);
        older
    })
}

/// The newest protocol version from the start: what a new network begins with.
pub(crate) fn all_rooms() -> Vec<Upgrade> {
    vec![Upgrade { version: NEWEST_VERSION, epoch: 0 }]
}

/// Says who can sign here, and that everyone can.
pub(crate) fn print_accounts(accounts: &Accounts) {
    println!("WARNING: these keys are known to everyone. Never send anything of worth to these addresses.");
    println!("mnemonic: {}", gateway::DEVELOPMENT_MNEMONIC);
    for account in accounts.iter() {
        println!("  {}  key {}", account.address(), account.key_hex());
    }
}
