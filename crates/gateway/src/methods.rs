//! Every method of this node: the table from name to function, and what the functions share. The transport calls
//! [`Methods::call`] and knows no method; a method reads the chain and answers, and holds no rule of the ledger.
//!
//! ```text
//! Call { params, caller, prepared } -> [table] -> eth::account::balance, ... -> now | heavy | later
//! ```

use std::sync::Arc;

use chain::{BlockAt, Chain, Executed, Located, StateView};
use parking_lot::Mutex;
use primitives::{Address, B256, Recovered, Tx};
use serde::Serialize;

use crate::{
    accounts::Accounts,
    admission,
    convert::{BlockId, block_at},
    counterfoil, debug, documents,
    eth::{account, block, call, fee, filter, info, logs, pending, proof, send, sign, simulate, transaction},
    filters::FilterStore,
    net,
    rpc::{Answer, CallResult, Caller, Methods, Params, RpcError, heavy},
    subscriptions::{Feed, Topic},
    txpool, web3,
};

mod feed;

/// All methods over one chain. Cheap to clone: work that is handed to another thread takes a clone along.
#[derive(Clone)]
pub struct Rpc {
    pub(crate) chain: Chain,
    pub(crate) accounts: Arc<Accounts>,
    pub(crate) filters: Arc<FilterStore<filter::Watch>>,
    pub(crate) limits: CallLimits,
    /// Held from choosing a nonce until the transaction is in the pool, so that no two get the same.
    pub(crate) nonce_choice: Arc<Mutex<()>>,
}

/// Bounds on what one call may cost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CallLimits {
    /// Gas of one `eth_call`, estimate or traced call.
    pub call_gas: u64,
    /// Logs in one answer.
    pub logs: usize,
    /// How long `eth_sendRawTransactionSync` waits when the caller does not say.
    pub default_wait_ms: u64,
    /// How long it waits at most.
    pub max_wait_ms: u64,
    /// What clients are told to offer per gas, unless genesis's least price is higher. Zero is enough for every transaction
    /// of a free chain, but there are tools that take it for no answer.
    pub suggested_gas_price_wei: u64,
}

impl Default for CallLimits {
    fn default() -> Self {
        Self {
            call_gas: 50_000_000,
            logs: 10_000,
            default_wait_ms: 10_000,
            max_wait_ms: 25_000,
            suggested_gas_price_wei: 0,
        }
    }
}

/// One call as the functions of the table get it.
pub(crate) struct Call<'a> {
    pub(crate) params: Params<'a>,
    pub(crate) caller: Caller,
    pub(crate) prepared: Option<Prepared>,
}

/// What every function of the table returns.
pub(crate) type Reply = Result<Answer, RpcError>;

/// A raw transaction decoded and recovered ahead of its turn, or why it could not be.
pub type Prepared = Result<Recovered<Tx>, RpcError>;

/// Writes the table once, as names for the metrics and as the match that routes.
macro_rules! table {
    ($($name:literal => $function:path,)*) => {
        const NAMES: &[&str] = &[$($name),*];

        fn route(rpc: &Rpc, method: &str, call: Call<'_>) -> Reply {
            match method {
                $($name => $function(rpc, call),)*
                unknown => Err(RpcError::method_not_found(unknown)),
            }
        }
    };
}

table! {
    "counterfoil_attributes" => documents::attributes,
    "counterfoil_committee" => admission::committee,
    "counterfoil_delivery" => documents::delivery,
    "counterfoil_export" => counterfoil::export,
    "counterfoil_finality" => admission::finality,
    "counterfoil_members" => admission::members,
    "counterfoil_putAttributes" => documents::put_attributes,
    "counterfoil_putDelivery" => documents::put_delivery,
    "counterfoil_requests" => admission::requests,
    "debug_getRawBlock" => debug::raw::block,
    "debug_getRawHeader" => debug::raw::header,
    "debug_getRawReceipts" => debug::raw::receipts,
    "debug_getRawTransaction" => transaction::raw_by_hash,
   "debug_traceBlock" => debug::trace::block,
   "debug_traceBlockByHash" => debug::trace::block_by_hash,
   "debug_traceBlockByNumber" => debug::trace::block_by_number,
   "debug_traceCall" => debug::trace::call,
   "debug_traceTransaction" => debug::trace::transaction,
    "eth_accounts" => account::accounts,
    "eth_blobBaseFee" => fee::blob_base_fee,
    "eth_blockNumber" => info::block_number,
    "eth_call" => call::call,
    "eth_chainId" => info::chain_id,
    "eth_config" => info::config,
    "eth_createAccessList" => call::create_access_list,
    "eth_estimateGas" => call::estimate_gas,
    "eth_feeHistory" => fee::history,
    "eth_gasPrice" => fee::gas_price,
    "eth_getBalance" => account::balance,
    "eth_getBlockByHash" => block::by_hash,
    "eth_getBlockByNumber" => block::by_number,
    "eth_getBlockReceipts" => block::receipts,
    "eth_getBlockTransactionCountByHash" => block::transaction_count_by_hash,
    "eth_getBlockTransactionCountByNumber" => block::transaction_count_by_number,
    "eth_getCode" => account::code,
    "eth_getFilterChanges" => filter::changes,
    "eth_getFilterLogs" => filter::all_logs,
    "eth_getHeaderByHash" => block::header_by_hash,
    "eth_getHeaderByNumber" => block::header_by_number,
    "eth_getLogs" => logs::logs,
    "eth_getProof" => proof::proof,
    "eth_getRawTransactionByBlockHashAndIndex" => transaction::raw_by_block_hash,
    "eth_getRawTransactionByBlockNumberAndIndex" => transaction::raw_by_block_number,
    "eth_getRawTransactionByHash" => transaction::raw_by_hash,
    "eth_getStorageAt" => account::storage,
    "eth_getTransactionByBlockHashAndIndex" => transaction::by_block_hash,
    "eth_getTransactionByBlockNumberAndIndex" => transaction::by_block_number,
    "eth_getTransactionByHash" => transaction::by_hash,
    "eth_getTransactionCount" => account::nonce,
    "eth_getTransactionReceipt" => transaction::receipt,
    "eth_getUncleByBlockHashAndIndex" => block::uncle_by_hash,
    "eth_getUncleByBlockNumberAndIndex" => block::uncle_by_number,
    "eth_getUncleCountByBlockHash" => block::uncle_count_by_hash,
    "eth_getUncleCountByBlockNumber" => block::uncle_count_by_number,
    "eth_maxPriorityFeePerGas" => fee::max_priority_fee,
    "eth_newBlockFilter" => filter::new_block_filter,
    "eth_newFilter" => filter::new_filter,
    "eth_newPendingTransactionFilter" => filter::new_pending_filter,
    "eth_sendRawTransaction" => send::raw,
    "eth_sendRawTransactionSync" => send::raw_sync,
    "eth_sendTransaction" => send::transaction,
    "eth_sign" => sign::message,
    "eth_signTransaction" => sign::transaction,
    "eth_signTypedData" => sign::typed_data,
    "eth_signTypedData_v4" => sign::typed_data,
   "eth_simulateV1" => simulate::simulate,
    "eth_syncing" => info::syncing,
    "eth_uninstallFilter" => filter::uninstall,
    "net_listening" => net::listening,
    "net_peerCount" => net::peer_count,
    "net_version" => net::version,
    "rpc_modules" => net::modules,
    "txpool_content" => txpool::content,
    "txpool_contentFrom" => txpool::content_from,
    "txpool_inspect" => txpool::inspect,
    "txpool_status" => txpool::status,
    "web3_clientVersion" => web3::client_version,
    "web3_sha3" => web3::sha3,
}

impl Methods for Rpc {
    type Prepared = Prepared;
    const NAMES: &'static [&'static str] = NAMES;
    const PREPARED: &'static [&'static str] = &["eth_sendRawTransaction", "eth_sendRawTransactionSync"];

    fn prepare(&self, method: &str, params: Params<'_>) -> Option<Prepared> {
        match method {
            "eth_sendRawTransaction" => Some(send::decode(params)),
            "eth_sendRawTransactionSync" => Some(send::decode_sync(params).map(|(tx, _)| tx)),
            _ => None,
        }
    }

    fn call(&self, method: &str, params: Params<'_>, prepared: Option<Prepared>, caller: &Caller) -> Reply {
        route(self, method, Call { params, caller: *caller, prepared })
    }

    fn feed(&self, topic: Topic) -> Result<Feed, RpcError> {
        feed::of(&self.chain, topic)
    }
}

impl Rpc {
    /// The methods of a node that signs for `accounts`.
    pub fn new(chain: Chain, accounts: Accounts, limits: CallLimits) -> Self {
        Self { chain, accounts: Arc::new(accounts), filters: Arc::default(), limits, nonce_choice: Arc::default() }
    }

    /// Answers a question about a block: at once if the block is in memory, else where reading the disk holds up nobody.
    pub(crate) fn about(
        &self,
        at: impl Into<Option<BlockId>>,
        answer: impl FnOnce(&Self) -> CallResult + Send + 'static,
    ) -> Reply {
        if self.is_in_memory(block_at(at.into())) { answer(self).map(Answer::Now) } else { self.aside(answer) }
    }

    /// Answers with long work or many reads, away from the threads that serve connections.
    pub(crate) fn aside<T: Serialize>(
        &self,
        answer: impl FnOnce(&Self) -> Result<T, RpcError> + Send + 'static,
    ) -> Reply {
        let rpc = self.clone();
        heavy(move || answer(&rpc))
    }

    /// Blocks above the head are as quickly told as those in memory: there are none.
    fn is_in_memory(&self, at: BlockAt) -> bool {
        let head = self.chain.head();
        match at {
            BlockAt::Latest => true,
            BlockAt::Number(number) => number >= head.oldest(),
            BlockAt::Hash(hash) => head.blocks().any(|executed| executed.hash() == hash),
        }
    }

    /// A transaction that waits or is in a block in memory. The pool is asked first: it lets go of a transaction only when
    /// the head that holds it is there.
    pub(crate) fn located_in_memory(&self, hash: B256) -> Option<Located> {
        if let Some(pooled) = self.chain.pool().get(hash) {
            return Some(Located::Pending(pooled));
        }
        let head = self.chain.head();
        let newest_first = head.blocks().rev();
        let mut found = newest_first.filter_map(|executed| Some((executed.clone(), executed.index_of(hash)?)));
        found.next().map(|(executed, index)| Located::Mined { executed, index })
    }

    /// The state after a block; the latest one if none is named.
    pub(crate) fn state(&self, at: Option<BlockId>) -> Result<StateView, RpcError> {
        Ok(self.chain.state(block_at(at))?)
    }

    /// The executed block of this name, if it exists. The pending one is what would follow now if nothing waited.
    pub(crate) fn executed(&self, at: impl Into<BlockId>) -> Result<Option<Arc<Executed>>, RpcError> {
        let at = at.into();
        if at.is_pending() {
            return Ok(Some(Arc::new(pending::block(&self.state(None)?))));
        }
        Ok(self.chain.block(block_at(Some(at)))?)
    }

    /// What clients are told to offer, in wei per gas.
    pub(crate) fn suggested_gas_price(&self) -> u64 {
        self.limits.suggested_gas_price_wei.max(self.chain.rules().min_gas_price)
    }

    /// The nonce that the next transaction of `sender` should have, counting what waits in the pool.
    pub(crate) fn next_nonce(&self, sender: Address) -> u64 {
        self.chain.pool().next_nonce(sender, || self.head_nonce(sender))
    }

    /// The latest state is in memory: reading it does not fail.
    fn head_nonce(&self, sender: Address) -> u64 {
        let account = self.chain.state(BlockAt::Latest).and_then(|state| state.account(sender));
        account.ok().flatten().map_or(0, |account| account.nonce)
    }
}
