//! What every story needs: accounts that sign, a genesis that funds them, a node on a temporary folder.

use std::{path::Path, sync::Arc, time::Duration};

use alloy_consensus::{SignableTransaction, TxEip1559};
use alloy_primitives::{Bytes, TxKind};
use alloy_signer::SignerSync;
use alloy_signer_local::PrivateKeySigner;
use chain::{Chain, Executed, Options};
use consensus::{
    NodeKey,
    solo::{Config, Solo},
};
use primitives::{
    Address, B256, Fork, Genesis, Recovered, Tx, U256,
    genesis::{Alloc, Section},
};

pub(crate) const CHAIN_ID: u64 = 7;

/// An account that can sign.
pub(crate) struct Person(PrivateKeySigner);

impl Person {
    pub(crate) fn new(number: u8) -> Self {
        Self(PrivateKeySigner::from_bytes(&B256::repeat_byte(number)).expect("a valid key"))
    }

    pub(crate) fn address(&self) -> Address {
        self.0.address()
    }

    pub(crate) fn pays(&self, nonce: u64, to: Address, wei: u64) -> Recovered<Tx> {
        self.signs(TxEip1559 { to: TxKind::Call(to), value: U256::from(wei), gas_limit: 21_000, ..template(nonce) })
    }

    pub(crate) fn deploys(&self, nonce: u64, code: &[u8]) -> Recovered<Tx> {
        let input = Bytes::copy_from_slice(code);
        self.signs(TxEip1559 { to: TxKind::Create, input, gas_limit: 500_000, ..template(nonce) })
    }

    pub(crate) fn calls(&self, nonce: u64, to: Address, input: &[u8]) -> Recovered<Tx> {
        let input = Bytes::copy_from_slice(input);
        self.signs(TxEip1559 { to: TxKind::Call(to), input, gas_limit: 200_000, ..template(nonce) })
    }

    pub(crate) fn signs(&self, tx: TxEip1559) -> Recovered<Tx> {
        let signature = self.0.sign_hash_sync(&tx.signature_hash()).expect("signing works");
        Recovered::new_unchecked(tx.into_signed(signature).into(), self.address())
    }
}

fn template(nonce: u64) -> TxEip1559 {
    TxEip1559 { chain_id: CHAIN_ID, nonce, ..Default::default() }
}

pub(crate) fn node_key() -> NodeKey {
    NodeKey::from_seed([9; 32])
}

/// Persons 1 to 9 own an ether each.
pub(crate) fn genesis() -> Genesis {
    let ether = U256::from(10).pow(U256::from(18));
    let alloc = (1..=9).map(|number| (Person::new(number).address(), Alloc { balance: ether, ..Alloc::default() }));
    Genesis {
        config: primitives::genesis::Config { chain_id: CHAIN_ID, other: Default::default() },
        timestamp: 1_700_000_000,
        gas_limit: 100_000_000,
        coinbase: Address::ZERO,
        counterfoil: Section { min_block_interval_ms: 1, ..Section::new(Fork::Osaka, vec![node_key().id()]) },
        alloc: alloc.collect(),
    }
}

/// A chain with its engine running.
pub(crate) struct Node {
    pub(crate) chain: Chain,
    engine: Solo,
}

impl Node {
    pub(crate) fn start(folder: &Path) -> Self {
        Self::start_with(folder, &genesis(), Options::default())
    }

    pub(crate) fn start_with(folder: &Path, genesis: &Genesis, options: Options) -> Self {
        let chain = Chain::open(folder, genesis, options).expect("the folder opens");
        let config = Config {
            key: node_key(),
            genesis_hash: chain.genesis_hash(),
            epoch_blocks: chain.rules().epoch_blocks,
            min_block_interval: Duration::from_millis(chain.rules().min_block_interval_ms),
            leaves: false,
        };
        let end = |end| panic!("the engine ended: {end:?}");
        let engine = Solo::start(config, Arc::new(chain.ledger()), chain.wake(), end).expect("the engine starts");
        Self { chain, engine }
    }

    /// Submits and waits for the block.
    pub(crate) fn send(&self, tx: Recovered<Tx>) -> (Arc<Executed>, usize) {
        let hash = self.chain.submit(tx).expect("the pool takes it");
        self.receipt(hash)
    }

    pub(crate) fn receipt(&self, hash: B256) -> (Arc<Executed>, usize) {
        loop {
            if let Some(found) = self.chain.mined(hash).expect("the disk reads") {
                return found;
            }
            std::thread::sleep(Duration::from_micros(200));
        }
    }

    pub(crate) fn stop(self) {
        self.engine.stop();
        self.chain.close().expect("the disk closes");
    }
}
