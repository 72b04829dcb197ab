//! The chain as a consensus engine sees it: propose, verify, finalize. What was executed is kept by block hash until it is final,
//! so every node executes a block once and children can be built on blocks that are not final yet.

use std::sync::Arc;

use alloy_consensus::Transaction;
use consensus::{BlockRef, Content, Fatal, Ledger, Logged, Peers, Slot, Verdict};
use evm::{ExecuteError, Invalid, Mode, Outcome, Rejected, Roots};
use primitives::{
    Address, B256, Block, Committee, FinalityProof, Header, NodeId, Receipt, Recovered, StateDiff, TimeMs, Tx,
};
use store::{BlockRecord, Commit, State, StateChange};

use crate::{
    Chain, Executed,
    chain::Inner,
    pool::{Pool, Pooled, SenderState},
    view::{Source, StateView},
};

/// Most transactions of one block: what 500 M gas of plain transfers come to, with room to spare.
const MAX_BLOCK_TRANSACTIONS: usize = 65_536;
/// From this many transactions on, trie and roots are computed on two threads. Smaller blocks leave the other cores to those who
/// use them: waking a thread and letting it look for more work costs tens of us.
const PARALLEL_TRANSACTIONS: usize = 512;
/// Transactions taken from the pool at a time while a block fills.
const POOL_CHUNK: usize = 64;

/// An executed block that is not final yet.
#[derive(Debug)]
pub(crate) struct Built {
    block: Arc<Block>,
    receipts: Arc<Vec<Receipt>>,
    diff: StateDiff,
    change: StateChange,
}

/// The door for engines.
#[derive(Clone, Debug)]
pub struct LedgerDoor(Arc<Inner>);

impl Chain {
    /// The door for engines; only one engine at a time may use it.
    pub fn ledger(&self) -> LedgerDoor {
        LedgerDoor(self.0.clone())
    }
}

impl Ledger for LedgerDoor {
    fn propose(&self, _slot: Slot, content: Content, pending: &[Arc<Block>]) -> Result<Option<Arc<Block>>, Fatal> {
        let parent = self.parent(pending)?;
        self.line_up(pending);
        let frame = self.0.rules.next_header(parent.hash, &parent.header, self.0.clock.now());
        let mut source = PoolSource::new(&self.0.pool);
        let mode = Mode::Propose { max_transactions: MAX_BLOCK_TRANSACTIONS };
        let outcome = evm::execute_block(&self.0.rules, &frame, &mut source, &parent, mode).map_err(fatal)?;
        if let Some(left_over) = &outcome.left_over {
            source.put_back_from(*left_over.inner().tx_hash());
        }
        let (commit, roots) = commit(&parent, &outcome)?;
        source.settle_rejected(&outcome.rejected, &commit.state);
        source.finish();
        if outcome.transactions.is_empty() && content == Content::Transactions {
            return Ok(None);
        }
        let header = evm::seal_header(&frame, &outcome, &roots, commit.state.root());
        let block = self.keep(header, outcome, commit)?;
        self.0.claimed.lock().insert(block.hash(), block.clone());
        Ok(Some(block))
    }

    fn verify(&self, block: Arc<Block>, pending: &[Arc<Block>]) -> Result<Verdict, Fatal> {
        if self.0.built.lock().contains_key(&block.hash()) {
            return Ok(Verdict::Valid);
        }
        let parent = self.parent(pending)?;
        if let Err(error) = evm::verify_header(&self.0.rules, parent.hash, &parent.header, &block) {
            return Ok(Verdict::Invalid(error.to_string()));
        }
        let transactions = block.transactions().iter().cloned();
        let outcome = match evm::execute_block(&self.0.rules, block.header(), transactions, &parent, Mode::Verify) {
            Ok(outcome) => outcome,
            Err(error @ (ExecuteError::State(_) | ExecuteError::Environment(_))) => return Err(fatal(error)),
            Err(error) => return Ok(Verdict::Invalid(error.to_string())),
        };
        let (commit, roots) = commit(&parent, &outcome)?;
        if let Err(error) = evm::check_outcome(block.header(), &outcome, &roots, commit.state.root()) {
            return Ok(Verdict::Invalid(error.to_string()));
        }
        self.keep(block.header().clone(), outcome, commit)?;
        Ok(Verdict::Valid)
    }

    fn log(&self, block: &Arc<Block>, proof: &Option<FinalityProof>) -> Result<(), Fatal> {
        let built = self.built(block)?;
        let record = BlockRecord {
            block: built.block.clone(),
            receipts: built.receipts.clone(),
            diff: built.diff.clone(),
            finality: proof.clone(),
        };
        self.0.store.append(&record, built.change.clone()).map_err(fatal)
    }

    fn finalize(&self, block: Arc<Block>, proof: Option<FinalityProof>) -> Result<(), Fatal> {
        if block.number() <= self.0.head().number() {
            return self.check_same(&block);
        }
        let (logged, _) = self.0.store.head();
        if logged < block.number() {
            self.log(&block, &proof)?;
        }
        if self.0.store.block_hash(block.number()).map_err(fatal)? != Some(block.hash()) {
            return Err(Fatal(format!("another block than {} was logged at height {}", block.hash(), block.number())));
        }
        let built = self.built(&block)?;
        let executed = Executed::new(built.block.clone(), built.receipts.clone(), proof);
        self.0.publish(Arc::new(executed), self.state_after(block.hash())?);
        self.0.layers.write().finalize(block.hash()).map_err(fatal)?;
        self.0.codes.release(&built.diff);
        self.forget_up_to(block.number(), block.hash());
        Ok(())
    }

    fn tip(&self) -> BlockRef {
        BlockRef::of(&self.0.head().latest().block)
    }

    fn block(&self, number: u64) -> Result<Option<Logged>, Fatal> {
        let executed = self.0.block_by_number(&self.0.head(), number).map_err(fatal)?;
        // To the engine such a block is final through the last of its epoch: it knows one committee for each epoch.
        let shown = |executed: &Executed| executed.finality.clone().filter(|_| !self.0.is_before_recovery(number));
        Ok(executed.map(|executed| Logged { block: executed.block.clone(), proof: shown(&executed) }))
    }

    fn number_of(&self, hash: B256) -> Result<Option<u64>, Fatal> {
        let executed = self.0.block_by_hash(&self.0.head(), hash).map_err(fatal)?;
        Ok(executed.map(|executed| executed.number()))
    }

    fn committee(&self, epoch: u64) -> Result<Option<Committee>, Fatal> {
        self.0.committee(epoch).map_err(fatal)
    }

    fn is_recovered(&self, epoch: u64) -> bool {
        self.0.rules.recovery_in(epoch).is_some()
    }

    fn committee_changes(&self) -> Result<bool, Fatal> {
        self.0.committee_changes().map_err(fatal)
    }

    fn peers(&self) -> Result<Peers, Fatal> {
        self.0.peers().map_err(fatal)
    }

    fn is_revoked(&self, node: NodeId) -> Result<bool, Fatal> {
        self.0.is_revoked(node).map_err(fatal)
    }

    fn now(&self) -> TimeMs {
        self.0.clock.now()
    }
}

impl LedgerDoor {
    /// The state to build on: after the last pending block, or after the tip.
    fn parent(&self, pending: &[Arc<Block>]) -> Result<StateView, Fatal> {
        let hashes: Vec<_> = pending.iter().map(|block| (block.number(), block.hash())).collect();
        let Some(parent) = pending.last() else {
            let head = self.0.head();
            return Ok(self.0.view(&head.latest().block, Source::Memory(head.latest_state().clone())));
        };
        let state = self.state_after(parent.hash())?;
        let view = self.0.view(parent, Source::Memory(state));
        Ok(StateView { pending_hashes: Arc::new(hashes), ..view })
    }

    /// The pool offers what the blocks below the next one do not hold: one that is off this branch gives back what it took.
    fn line_up(&self, pending: &[Arc<Block>]) {
        let mut claimed = self.0.claimed.lock();
        claimed.retain(|hash, block| {
            let on_branch = pending.iter().any(|ancestor| ancestor.hash() == *hash);
            if !on_branch {
                self.0.pool.release(held(block));
            }
            on_branch
        });
        for block in pending {
            self.0.pool.claim(held(block));
            claimed.insert(block.hash(), block.clone());
        }
    }

    fn state_after(&self, hash: B256) -> Result<State, Fatal> {
        let state = self.0.layers.read().get(&hash).cloned();
        state.ok_or_else(|| Fatal(format!("block {hash} was never executed")))
    }

    fn built(&self, block: &Block) -> Result<Arc<Built>, Fatal> {
        let built = self.0.built.lock().get(&block.hash()).cloned();
        built.ok_or_else(|| Fatal(format!("block {} became final unexecuted", block.hash())))
    }

    fn keep(&self, header: Header, outcome: Outcome, commit: Commit) -> Result<Arc<Block>, Fatal> {
        let block = Arc::new(Block::seal(header, outcome.transactions));
        let mut layers = self.0.layers.write();
        layers.insert(block.hash(), block.header().parent_hash, block.number(), commit.state).map_err(fatal)?;
        let built = Built {
            block: block.clone(),
            receipts: Arc::new(outcome.receipts),
            diff: outcome.diff,
            change: commit.change,
        };
        self.0.codes.hold(&built.diff);
        self.0.built.lock().insert(block.hash(), Arc::new(built));
        Ok(block)
    }

    /// A block delivered again must be the one that is final at its height.
    fn check_same(&self, block: &Block) -> Result<(), Fatal> {
        let known = self.0.block_by_number(&self.0.head(), block.number()).map_err(fatal)?;
        match known {
            Some(known) if known.hash() == block.hash() => Ok(()),
            _ => Err(Fatal(format!("two blocks became final at height {}", block.number()))),
        }
    }

    /// The block of this height is published; it and its dead rivals are no longer needed.
    fn forget_up_to(&self, number: u64, hash: B256) {
        self.0.claimed.lock().remove(&hash);
        self.0.built.lock().retain(|_, built| built.block.number() > number);
    }
}

/// Sender and nonce of every transaction.
fn held(block: &Block) -> impl DoubleEndedIterator<Item = (Address, u64)> + '_ {
    block.transactions().iter().map(|tx| (tx.signer(), tx.inner().nonce()))
}

fn commit(parent: &StateView, outcome: &Outcome) -> Result<(Commit, Roots), Fatal> {
    let Source::Memory(state) = &parent.source else {
        return Err(Fatal("blocks are only built on states in memory".into()));
    };
    if outcome.transactions.len() < PARALLEL_TRANSACTIONS {
        return Ok((state.commit(&outcome.diff), outcome.roots()));
    }
    Ok(rayon::join(|| state.commit(&outcome.diff), || outcome.roots()))
}

fn fatal(error: impl std::fmt::Display) -> Fatal {
    Fatal(error.to_string())
}

/// Feeds a block from the pool, chunk by chunk, and gives back what the block did not take.
struct PoolSource<'a> {
    pool: &'a Pool,
    taken: Vec<Arc<Pooled>>,
    /// How many of `taken` went to the block.
    used: usize,
}

impl<'a> PoolSource<'a> {
    const fn new(pool: &'a Pool) -> Self {
        Self { pool, taken: Vec::new(), used: 0 }
    }

    /// The transaction with this hash was handed over but not taken: it and all behind it go back.
    fn put_back_from(&mut self, hash: B256) {
        if let Some(index) = self.taken.iter().rposition(|pooled| pooled.hash() == hash) {
            self.used = index;
        }
    }

    fn settle_rejected(&self, rejected: &[Rejected], state: &State) {
        for Rejected { hash, reason } in rejected {
            let Some(pooled) = self.taken.iter().find(|pooled| pooled.hash() == *hash) else { continue };
            // One behind a rejected nonce may become executable again, and one whose nonce a block below has used may be needed
            // if that block dies: they wait.
            if !matches!(reason, Invalid::NonceTooHigh { .. } | Invalid::NonceTooLow { .. }) {
                tracing::debug!(%hash, %reason, "transaction dropped");
                let account = state.account(pooled.sender());
                let account = account.map(|account| SenderState { nonce: account.nonce, balance: account.balance });
                self.pool.reject(pooled, account.unwrap_or_default());
            }
        }
    }

    fn finish(self) {
        self.pool.put_back(&self.taken[self.used..]);
    }
}

impl Iterator for PoolSource<'_> {
    type Item = Recovered<Tx>;

    fn next(&mut self) -> Option<Recovered<Tx>> {
        if self.used == self.taken.len() {
            self.taken.extend(self.pool.take(POOL_CHUNK));
        }
        let pooled = self.taken.get(self.used)?;
        self.used += 1;
        Some(pooled.tx.clone())
    }
}
