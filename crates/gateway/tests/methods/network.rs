//! What every story needs: a node with the development accounts, contracts to call, and a client that asks by method name.

use std::{sync::Arc, time::Duration};

use alloy_consensus::TxEip1559;
use alloy_eips::eip2718::Encodable2718;
use alloy_primitives::{Bytes, TxKind};
use chain::{Chain, Options};
use consensus::{
    NodeKey,
    solo::{Config, Solo},
};
use gateway::{
    Account, Accounts, CallLimits, Rpc,
    rpc::{Answer, Caller, Methods, Params, RpcError, Transport},
};
use primitives::{
    Address, B256, Fork, Genesis, Tx, U256,
    genesis::{Alloc, Section},
};
use serde_json::{Value, json, value::to_raw_value};
use tokio::runtime::Runtime;

pub(crate) const CHAIN_ID: u64 = 31_337;
pub(crate) const ETHER: u64 = 1_000_000_000_000_000_000;

/// Emits LOG1 without data under the topic calldata word 0, then stores that word in slot 0.
pub(crate) const LOGGER: &[u8] = &[0x5f, 0x35, 0x5f, 0x5f, 0xa1, 0x5f, 0x35, 0x5f, 0x55, 0x00];
/// Returns slot 0.
pub(crate) const READER: &[u8] = &[0x5f, 0x54, 0x5f, 0x52, 0x60, 0x20, 0x5f, 0xf3];
/// Reverts with its calldata.
pub(crate) const REVERTER: &[u8] = &[0x36, 0x5f, 0x5f, 0x37, 0x36, 0x5f, 0xfd];

/// A node, and a client of it.
pub(crate) struct Node {
    pub(crate) chain: Chain,
    pub(crate) rpc: Rpc,
    pub(crate) runtime: Runtime,
    pub(crate) accounts: Accounts,
    engine: Option<Solo>,
    pub(crate) folder: tempfile::TempDir,
}

impl Node {
    pub(crate) fn start() -> Self {
        Self::start_with(|_| {}, CallLimits::default())
    }

    pub(crate) fn start_with(change: impl FnOnce(&mut Genesis), limits: CallLimits) -> Self {
        Self::open(change, limits, &Options::default())
    }

    /// A node that forgets states older than `history_blocks`.
    pub(crate) fn start_forgetful(history_blocks: u64) -> Self {
        let mut options = Options::default();
        options.store.history_blocks = history_blocks;
        Self::open(|_| {}, CallLimits::default(), &options)
    }

    fn open(change: impl FnOnce(&mut Genesis), limits: CallLimits, options: &Options) -> Self {
        let mut node = Self::idle(change, limits, options);
        node.engine = Some(engine(&node.chain));
        node
    }

    /// A node whose blocks somebody else makes.
    pub(crate) fn idle(change: impl FnOnce(&mut Genesis), limits: CallLimits, options: &Options) -> Self {
        let accounts = Accounts::development().expect("the phrase is valid");
        let mut genesis = genesis(&accounts);
        change(&mut genesis);
        let folder = tempfile::tempdir().expect("a folder");
        let chain = Chain::open(folder.path(), &genesis, options.clone()).expect("the chain opens");
        let rpc = Rpc::new(chain.clone(), accounts.clone(), limits);
        Self { chain, rpc, runtime: Runtime::new().expect("a runtime"), accounts, engine: None, folder }
    }

    /// From now on nothing is mined.
    pub(crate) fn stop_mining(&mut self) {
        self.engine.take().expect("it was mining").stop();
    }

    /// A call by a program.
    pub(crate) fn ask(&self, method: &str, params: Value) -> Result<Value, RpcError> {
        self.ask_as(false, method, params)
    }

    /// A call by a program, or by a page of a foreign site.
    pub(crate) fn ask_as(&self, cross_site: bool, method: &str, params: Value) -> Result<Value, RpcError> {
        let raw = to_raw_value(&params).expect("params are JSON");
        let caller = Caller { transport: Transport::Http, cross_site };
        let json = match self.rpc.call(method, Params::new(Some(&raw)), None, &caller)? {
            Answer::Now(json) => json,
            Answer::Heavy(work) => work()?,
            Answer::Later(wait) => self.runtime.block_on(wait)?,
        };
        Ok(serde_json::from_str(json.get()).expect("an answer is JSON"))
    }

    /// A call that succeeds.
    pub(crate) fn get(&self, method: &str, params: Value) -> Value {
        self.ask(method, params.clone()).unwrap_or_else(|error| panic!("{method} {params}: {error}"))
    }

    /// A call that fails, with its code and message.
    pub(crate) fn refused(&self, method: &str, params: Value) -> (i64, String) {
        match self.ask(method, params.clone()) {
            Ok(answer) => panic!("{method} {params} answered {answer}"),
            Err(error) => (error.code, error.message.into_owned()),
        }
    }

    pub(crate) fn account(&self, number: usize) -> &Account {
        self.accounts.iter().nth(number).expect("ten accounts")
    }

    /// Sends a request from account 0 and waits for its receipt.
    pub(crate) fn send(&self, mut request: Value) -> Value {
        request["from"] = json!(self.account(0).address());
        let hash = self.get("eth_sendTransaction", json!([request]));
        self.receipt(&hash)
    }

    pub(crate) fn receipt(&self, hash: &Value) -> Value {
        loop {
            let receipt = self.get("eth_getTransactionReceipt", json!([hash]));
            if !receipt.is_null() {
                return receipt;
            }
            std::thread::sleep(Duration::from_micros(200));
        }
    }

    /// Deploys runtime code from account 0.
    pub(crate) fn deploy(&self, runtime_code: &[u8]) -> Address {
        let receipt = self.send(json!({ "data": deployer(runtime_code) }));
        assert_eq!(receipt["status"], "0x1");
        serde_json::from_value(receipt["contractAddress"].clone()).expect("an address")
    }

    /// A signed transfer of one wei by account `number`.
    pub(crate) fn transfer(&self, number: usize, nonce: u64) -> Tx {
        self.sign(number, TxEip1559 { value: U256::from(1), ..template(nonce) })
    }

    pub(crate) fn sign(&self, number: usize, tx: TxEip1559) -> Tx {
        self.account(number).sign_transaction(tx).expect("signs").into()
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        if let Some(engine) = self.engine.take() {
            engine.stop();
        }
        if !std::thread::panicking() {
            self.chain.close().expect("the disk closes");
            assert!(self.folder.path().exists());
        }
    }
}

/// A transfer of nothing to `0x22...` at price 0.
pub(crate) fn template(nonce: u64) -> TxEip1559 {
    let to = TxKind::Call(Address::repeat_byte(0x22));
    TxEip1559 { chain_id: CHAIN_ID, nonce, gas_limit: 21_000, to, ..Default::default() }
}

pub(crate) fn raw(tx: &Tx) -> Value {
    json!(Bytes::from(tx.encoded_2718()))
}

/// Init code: PUSH1 length, DUP1, PUSH1 9, PUSH0, CODECOPY, PUSH0, RETURN, then the code.
pub(crate) fn deployer(runtime_code: &[u8]) -> Bytes {
    let length = u8::try_from(runtime_code.len()).expect("short code");
    [&[0x60, length, 0x80, 0x60, 0x09, 0x5f, 0x39, 0x5f, 0xf3], runtime_code].concat().into()
}

/// A number as 32 bytes.
pub(crate) fn word(value: u64) -> B256 {
    B256::from(U256::from(value))
}

fn genesis(accounts: &Accounts) -> Genesis {
    let alloc = Alloc { balance: U256::from(100 * u128::from(ETHER)), ..Alloc::default() };
    Genesis {
        config: primitives::genesis::Config { chain_id: CHAIN_ID, other: Default::default() },
        timestamp: 1_700_000_000,
        gas_limit: 100_000_000,
        coinbase: Address::repeat_byte(0xcb),
        counterfoil: Section { min_block_interval_ms: 1, ..Section::new(Fork::Osaka, vec![node_key().id()]) },
        alloc: accounts.iter().map(|account| (account.address(), alloc.clone())).collect(),
    }
}

pub(crate) fn node_key() -> NodeKey {
    NodeKey::from_seed([9; 32])
}

fn engine(chain: &Chain) -> Solo {
    let rules = chain.rules();
    let config = Config {
        key: node_key(),
        genesis_hash: chain.genesis_hash(),
        epoch_blocks: rules.epoch_blocks,
        min_block_interval: Duration::from_millis(rules.min_block_interval_ms),
        leaves: false,
    };
    Solo::start(config, Arc::new(chain.ledger()), chain.wake(), |end| panic!("the engine ended: {end:?}"))
        .expect("the engine starts")
}
