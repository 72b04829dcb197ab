//! The handle that everybody holds: opening a data folder, submitting transactions, asking for blocks, transactions and state.

use std::{
    collections::{BTreeMap, HashMap},
    num::NonZeroUsize,
    path::Path,
    sync::Arc,
};

use alloy_consensus::Transaction;
use consensus::Wake;
use contracts::{protocol, registry::NEWEST_VERSION};
use lru::LruCache;
use parking_lot::{Mutex, RwLock};
use primitives::{Address, B256, Block, Bytes, Genesis, NodeId, Recovered, Recovery, Rules, Tx, U256};
use store::{BlockRecord, Documents, Layers, Recovered as Restored, State, Store, StoreError, disk::Disk};
use tokio::sync::broadcast;

use crate::{
    ChainError, Clock, Executed, Head, OpenError, SubmitError,
    codes::Codes,
    gossip::Telling,
    head::{Recent, WINDOW_BLOCKS},
    ledger::Built,
    pool::{Limits, Pool, Pooled, SenderState},
    view::{Source, StateView},
};

/// What a node may choose about its chain; nothing of it changes a block.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// The disk.
    pub store: store::Options,
    /// The pool.
    pub pool: Limits,
    /// What block times are read from.
    pub clock: Clock,
}

/// Which block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BlockAt {
    /// By height.
    Number(u64),
    /// By hash.
    Hash(B256),
    /// The last final block, which is also the safe, the finalized and the pending one.
    Latest,
}

/// Where a transaction is.
#[derive(Clone, Debug)]
pub enum Located {
    /// In the pool.
    Pending(Arc<Pooled>),
    /// In a final block.
    Mined {
        /// The block.
        executed: Arc<Executed>,
        /// Place in it.
        index: usize,
    },
}

/// The chain; cloning shares it.
#[derive(Clone, Debug)]
pub struct Chain(pub(crate) Arc<Inner>);

#[derive(Debug)]
pub(crate) struct Inner {
    pub(crate) rules: Rules,
    pub(crate) genesis_hash: B256,
    /// The canonical configuration, which genesis commits to.
    pub(crate) config: Bytes,
    pub(crate) store: Store,
    /// Opened under the store's lock.
    pub(crate) documents: Documents,
    pub(crate) codes: Codes,
    pub(crate) pool: Pool,
    pub(crate) wake: Wake,
    pub(crate) telling: Telling,
    pub(crate) clock: Clock,
    head: RwLock<Arc<Head>>,
    /// States by block hash, of final blocks and of executed ones that are not final yet.
    pub(crate) layers: RwLock<Layers>,
    /// Executed blocks that are not final yet.
    pub(crate) built: Mutex<HashMap<B256, Arc<Built>>>,
    /// Blocks that are not final and whose transactions the pool does not offer meanwhile.
    /// In order of hash, so that what dead blocks give back comes in the same order on every run.
    pub(crate) claimed: Mutex<BTreeMap<B256, Arc<Block>>>,
    /// Blocks read back from disk.
    cache: Mutex<LruCache<u64, Arc<Executed>>>,
    heads: broadcast::Sender<Arc<Executed>>,
    pending: broadcast::Sender<Arc<Pooled>>,
}

/// Blocks from disk kept decoded; bounded in bytes by the block size limit, in practice a few MiB.
const CACHED_BLOCKS: NonZeroUsize = NonZeroUsize::new(32).expect("not zero");
/// Heads that a subscriber may be behind before it is told that it missed some.
const HEAD_EVENTS: usize = 128;
/// Pool arrivals that a subscriber may be behind.
const PENDING_EVENTS: usize = 4_096;

impl Chain {
    /// Opens the data folder, or makes it from `genesis` if it holds no ledger yet.
    pub fn open(folder: &Path, genesis: &Genesis, options: Options) -> Result<Self, OpenError> {
        Self::open_recovered(folder, genesis, Vec::new(), options)
    }

    /// The same for a network that was recovered: all its recoveries, by rising height.
    pub fn open_recovered(
        folder: &Path,
        genesis: &Genesis,
        recoveries: Vec<Recovery>,
        options: Options,
    ) -> Result<Self, OpenError> {
        let (first, state, change) = genesis_record(genesis)?;
        let store = store::Options { genesis: Some(first.block.hash()), ..options.store.clone() };
        let opened = if Store::exists(folder)? {
            drop((state, change));
            restored(Store::open(folder, &store)?)?
        } else {
            (Store::create(folder, &store, &first, change)?, Head::genesis(recent((first, state))))
        };
        let rules = Rules { recoveries: recoveries.into(), ..genesis.rules() };
        Self::start(folder, genesis, rules, options, opened)
    }

    /// [`Chain::open`] with the block log on a disk of the caller's choice.
    pub fn open_on(disk: Arc<dyn Disk>, folder: &Path, genesis: &Genesis, options: Options) -> Result<Self, OpenError> {
        let (first, state, change) = genesis_record(genesis)?;
        let store = store::Options { genesis: Some(first.block.hash()), ..options.store.clone() };
        let opened = if Store::exists_on(&*disk)? {
            restored(Store::open_on(disk, folder, &store)?)?
        } else {
            (Store::create_on(disk, folder, &store, &first, change)?, Head::genesis(recent((first, state))))
        };
        Self::start(folder, genesis, genesis.rules(), options, opened)
    }

    fn start(
        folder: &Path,
        genesis: &Genesis,
        rules: Rules,
        options: Options,
        (store, head): (Store, Head),
    ) -> Result<Self, OpenError> {
        check_protocol(head.latest_state())?;
        let layers = Layers::new(head.hash(), head.number(), head.latest_state().clone(), WINDOW_BLOCKS);
        let inner = Inner {
            layers: RwLock::new(layers),
            rules,
            genesis_hash: store.genesis_hash(),
            documents: Documents::open(folder, options.store.documents_bytes)?,
            config: genesis.canonical_config()?.into(),
            store,
            codes: Codes::default(),
            pool: Pool::new(options.pool),
            wake: Wake::default(),
            telling: Telling::default(),
            clock: options.clock,
            head: RwLock::new(Arc::new(head)),
            built: Mutex::default(),
            claimed: Mutex::default(),
            cache: Mutex::new(LruCache::new(CACHED_BLOCKS)),
            heads: broadcast::channel(HEAD_EVENTS).0,
            pending: broadcast::channel(PENDING_EVENTS).0,
        };
        inner.check_recoveries()?;
        Ok(Self(Arc::new(inner)))
    }

    /// Waits until everything final is also in flat state and indexes; for a clean stop, after the engine's.
    pub fn close(&self) -> Result<(), StoreError> {
        self.0.store.flush()
    }

    /// The rules of this chain.
    pub fn rules(&self) -> &Rules {
        &self.0.rules
    }

    /// What every counterfoil of this chain is verified against.
    pub fn genesis_hash(&self) -> B256 {
        self.0.genesis_hash
    }

    /// The current head: one load is one consistent view.
    pub fn head(&self) -> Arc<Head> {
        self.0.head()
    }

    /// The pool.
    pub fn pool(&self) -> &Pool {
        &self.0.pool
    }

    /// The disk, for metrics.
    pub fn store(&self) -> &Store {
        &self.0.store
    }

    /// Raised when transactions wait: give it to the engine.
    pub fn wake(&self) -> Wake {
        self.0.wake.clone()
    }

    /// Every block that becomes final from now on.
    pub fn subscribe_heads(&self) -> broadcast::Receiver<Arc<Executed>> {
        self.0.heads.subscribe()
    }

    /// Every transaction that the pool takes from now on.
    pub fn subscribe_pending(&self) -> broadcast::Receiver<Arc<Pooled>> {
        self.0.pending.subscribe()
    }

    /// Takes a transaction: its hash is a promise of the pool, not yet of the ledger.
    pub fn submit(&self, tx: Recovered<Tx>) -> Result<B256, SubmitError> {
        let hash = *tx.inner().tx_hash();
        self.0.admit(tx, None)?;
        self.0.telling.admitted(hash);
        Ok(hash)
    }

    /// A block; `None` if there is none there.
    pub fn block(&self, at: BlockAt) -> Result<Option<Arc<Executed>>, ChainError> {
        let head = self.head();
        match at {
            BlockAt::Latest => Ok(Some(head.latest().clone())),
            BlockAt::Number(number) => self.0.block_by_number(&head, number),
            BlockAt::Hash(hash) => self.0.block_by_hash(&head, hash),
        }
    }

    /// Where a transaction is; `None` if it was never seen or was dropped.
    pub fn transaction(&self, hash: B256) -> Result<Option<Located>, ChainError> {
        // The pool first: it lets go of a transaction only when the head that holds it is published.
        if let Some(pooled) = self.0.pool.get(hash) {
            return Ok(Some(Located::Pending(pooled)));
        }
        Ok(self.mined(hash)?.map(|(executed, index)| Located::Mined { executed, index }))
    }

    /// The block that holds a transaction, and its place in it.
    pub fn mined(&self, hash: B256) -> Result<Option<(Arc<Executed>, usize)>, ChainError> {
        let head = self.head();
        if let Some((executed, index)) = head.transaction(hash) {
            return Ok(Some((executed.clone(), index)));
        }
        let Some((number, _)) = self.0.store.transaction(hash)? else { return Ok(None) };
        let executed = self.0.block_by_number(&head, number)?;
        Ok(executed.and_then(|executed| Some((executed.clone(), executed.index_of(hash)?))))
    }

    /// The state after a block.
    pub fn state(&self, at: BlockAt) -> Result<StateView, ChainError> {
        let head = self.head();
        let found = match at {
            BlockAt::Latest => head.by_number(head.number()),
            BlockAt::Number(number) => head.by_number(number),
            BlockAt::Hash(hash) => head.by_hash(hash),
        };
        if let Some(found) = found {
            return Ok(self.0.view(&found.executed.block, Source::Memory(found.state.clone())));
        }
        let executed = self.block(at)?.ok_or(ChainError::UnknownBlock)?;
        let state = self.0.store.state_at(executed.number()).map_err(ChainError::from_state_read)?;
        Ok(self.0.view(&executed.block, Source::History(Arc::new(state))))
    }
}

impl Inner {
    pub(crate) fn head(&self) -> Arc<Head> {
        self.head.read().clone()
    }

    /// Swaps the head and settles the pool as one step, then tells everyone.
    pub(crate) fn publish(&self, executed: Arc<Executed>, state: State) {
        let head = Arc::new(self.head().extended(Recent { executed: executed.clone(), state }));
        let mined = executed.block.transactions().iter();
        let mined = mined.map(|tx| (tx.signer(), tx.inner().nonce(), *tx.inner().tx_hash()));
        self.pool.settle(mined, || *self.head.write() = head);
        // Nobody listening is no error.
        let _ = self.heads.send(executed);
    }

    pub(crate) fn view(self: &Arc<Self>, block: &Block, source: Source) -> StateView {
        StateView {
            chain: self.clone(),
            header: block.header().clone(),
            hash: block.hash(),
            source,
            pending_hashes: Arc::default(),
        }
    }

    fn sender_state(&self, sender: Address) -> SenderState {
        let account = self.head().latest_state().account(sender);
        account
            .map_or_else(SenderState::default, |account| SenderState { nonce: account.nonce, balance: account.balance })
    }

    /// Into the pool; `from` is the peer that told of it.
    pub(crate) fn admit(self: &Arc<Self>, tx: Recovered<Tx>, from: Option<NodeId>) -> Result<(), SubmitError> {
        self.check_admission(&tx)?;
        let (pooled, ready) = self.pool.insert(tx, from, self.clock.now(), |sender| self.sender_state(sender))?;
        if ready {
            self.wake.raise();
        }
        if self.pending.receiver_count() > 0 {
            // Nobody listening any more is no error.
            let _ = self.pending.send(pooled);
        }
        Ok(())
    }

    fn check_admission(self: &Arc<Self>, tx: &Recovered<Tx>) -> Result<(), SubmitError> {
        evm::validity::check_stateless(&self.rules, tx.inner())?;
        if tx.inner().gas_limit() > self.rules.gas_limit {
            return Err(SubmitError::BlockGasLimit);
        }
        let (offered, minimum) = (tx.inner().max_fee_per_gas(), self.rules.min_gas_price);
        if offered < u128::from(minimum) {
            return Err(SubmitError::Underpriced { offered, minimum });
        }
        if self.rules.senders.as_ref().is_some_and(|listed| !listed.contains(&tx.signer())) {
            return Err(SubmitError::SenderNotListed);
        }
        self.check_sender_code(tx.signer())
    }

    /// EIP-3607: an account with code sends nothing, unless the code is a delegation (EIP-7702).
    fn check_sender_code(self: &Arc<Self>, sender: Address) -> Result<(), SubmitError> {
        let head = self.head();
        let Some(account) = head.latest_state().account(sender) else { return Ok(()) };
        if account.code_hash == revm::primitives::KECCAK_EMPTY {
            return Ok(());
        }
        let code = self.view(&head.latest().block, Source::Memory(head.latest_state().clone())).code(sender)?;
        let delegation = code.starts_with(&[0xef, 0x01, 0x00]);
        if delegation { Ok(()) } else { Err(SubmitError::SenderHasCode) }
    }

    pub(crate) fn block_by_hash(&self, head: &Head, hash: B256) -> Result<Option<Arc<Executed>>, ChainError> {
        if let Some(recent) = head.by_hash(hash) {
            return Ok(Some(recent.executed.clone()));
        }
        match self.store.block_number(hash)? {
            Some(number) => self.block_by_number(head, number),
            None => Ok(None),
        }
    }

    pub(crate) fn block_by_number(&self, head: &Head, number: u64) -> Result<Option<Arc<Executed>>, ChainError> {
        if number > head.number() {
            return Ok(None);
        }
        if let Some(recent) = head.by_number(number) {
            return Ok(Some(recent.executed.clone()));
        }
        if let Some(executed) = self.cache.lock().get(&number) {
            return Ok(Some(executed.clone()));
        }
        let Some(record) = self.store.record(number)? else { return Ok(None) };
        let executed = Arc::new(Executed::new(record.block, record.receipts, record.finality));
        self.cache.lock().put(number, executed.clone());
        Ok(Some(executed))
    }
}

fn restored((store, found): (Store, Restored)) -> Result<(Store, Head), OpenError> {
    let head = Head::new(found.recent.into_iter().map(recent));
    Ok((store, head.ok_or_else(|| StoreError::corrupt("no block was recovered"))?))
}

/// Block 0: made from the genesis file alone, so every node makes the same.
fn genesis_record(genesis: &Genesis) -> Result<(BlockRecord, State, store::StateChange), OpenError> {
    let diff = evm::genesis_diff(genesis)?;
    let commit = State::default().commit(&diff);
    let header = genesis.header(commit.state.root())?;
    let block = Arc::new(Block::seal(header, Vec::new()));
    Ok((BlockRecord { block, receipts: Arc::default(), diff, finality: None }, commit.state, commit.change))
}

/// What this program does not know it must not execute.
fn check_protocol(state: &State) -> Result<(), OpenError> {
    let found = state.storage(protocol::ADDRESS, protocol::version_slot());
    if found > U256::from(NEWEST_VERSION) {
        return Err(OpenError::NewerProtocol { found, newest: NEWEST_VERSION });
    }
    Ok(())
}

fn recent((record, state): (BlockRecord, State)) -> Recent {
    Recent { executed: Arc::new(Executed::new(record.block, record.receipts, record.finality)), state }
}

#[cfg(test)]
mod tests {
    use primitives::{AccountDiff, SlotDiff, StateDiff};

    use super::*;

    fn at_version(version: u32) -> State {
        let storage = vec![SlotDiff { slot: protocol::version_slot(), value: U256::from(version) }];
        let room = AccountDiff { deleted: false, nonce: 1, storage, ..AccountDiff::deleted(protocol::ADDRESS) };
        State::default().commit(&StateDiff { accounts: vec![room], codes: Vec::new() }).state
    }

    #[test]
    fn a_ledger_of_a_newer_protocol_version_does_not_open() {
        assert!(check_protocol(&State::default()).is_ok());
        assert!(check_protocol(&at_version(NEWEST_VERSION)).is_ok());
        let error = check_protocol(&at_version(NEWEST_VERSION + 1)).expect_err("unknown").to_string();
        assert!(error.contains("start a newer program"), "{error}");
    }
}
