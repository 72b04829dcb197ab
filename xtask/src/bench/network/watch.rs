//! What the nodes serve and when: one watcher for each node follows its heads and notes every block with the time of its arrival.
//!
//! Called by `drive.rs`. A head is told when its block is durable; head, block and receipts are published in one step. Here a
//! transaction counts as served by a node when the node has answered `eth_getBlockByNumber` for the announced block: it then serves
//! the receipt too, so the noted time is late rather than early.

use std::collections::{HashMap, HashSet};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Instant, SystemTime, UNIX_EPOCH};

use alloy_primitives::B256;
use eyre::{OptionExt, Result, ensure};
use serde_json::{Value, json};

use super::super::load::Load;
use super::super::rpc::Rpc;
use super::heads::Heads;

/// A block as a node served it.
pub(super) struct Seen {
    pub(super) number: u64,
    pub(super) hash: B256,
    /// The block's own time, by its proposer's clock.
    proposed_ms: u64,
    pub(super) served: Instant,
    served_ms: f64,
    pub(super) transactions: Vec<B256>,
}

impl Seen {
    /// From the block's own time until this node served it. All nodes have the clock of this machine.
    pub(super) fn propose_to_served_ms(&self) -> f64 {
        self.served_ms - to_f64(self.proposed_ms)
    }

    pub(super) const fn proposed_ms(&self) -> u64 {
        self.proposed_ms
    }

    fn read(number: u64, block: &Value) -> Result<Self> {
        let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH)?;
        let quantity = |field: &str| {
            let text =
                block[field].as_str().and_then(|text| text.strip_prefix("0x")).ok_or_eyre("a block without fields")?;
            Ok::<_, eyre::Report>(u64::from_str_radix(text, 16)?)
        };
        let transactions = block["transactions"].as_array().ok_or_eyre("a block without transactions")?;
        let hash = |value: &Value| Ok::<B256, eyre::Report>(value.as_str().ok_or_eyre("no hash")?.parse()?);
        Ok(Self {
            number,
            hash: hash(&block["hash"])?,
            // Whole seconds, and the milliseconds in the nonce.
            proposed_ms: quantity("timestamp")? * 1_000 + quantity("nonce")?,
            served: Instant::now(),
            served_ms: since_epoch.as_secs_f64() * 1e3,
            transactions: transactions.iter().map(hash).collect::<Result<_>>()?,
        })
    }
}

/// Where watchers write and senders look.
pub(super) struct Board {
    lane_of: HashMap<B256, usize>,
    lanes: Vec<LaneBoard>,
    nodes: Vec<NodeBoard>,
    done: AtomicBool,
}

/// What is served of a lane's transactions by the node that the lane sends to.
struct LaneBoard {
    node: AtomicUsize,
    served: Mutex<HashSet<B256>>,
}

#[derive(Default)]
struct NodeBoard {
    blocks: Mutex<Vec<Seen>>,
    /// Transactions of the load that this node serves.
    served: AtomicUsize,
    killed: AtomicBool,
}

impl Board {
    /// For a load whose lanes send to these nodes.
    pub(super) fn new(load: &Load, nodes: usize, node_of_lane: &[usize]) -> Self {
        let lanes = load.lanes.iter().enumerate();
        let lane_of =
            lanes.flat_map(|(lane, it)| it.transactions.iter().map(move |transaction| (transaction.hash, lane)));
        let lane = |node: &usize| LaneBoard { node: AtomicUsize::new(*node), served: Mutex::default() };
        Self {
            lane_of: lane_of.collect(),
            lanes: node_of_lane.iter().map(lane).collect(),
            nodes: (0..nodes).map(|_| NodeBoard::default()).collect(),
            done: AtomicBool::new(false),
        }
    }

    pub(super) fn node_of(&self, lane: usize) -> usize {
        self.lanes[lane].node.load(Ordering::Relaxed)
    }

    pub(super) fn lanes(&self) -> usize {
        self.lanes.len()
    }

    /// How many of a lane's transactions are served.
    pub(super) fn served_of(&self, lane: usize) -> usize {
        locked(&self.lanes[lane].served).len()
    }

    pub(super) fn is_served(&self, lane: usize, hash: B256) -> bool {
        locked(&self.lanes[lane].served).contains(&hash)
    }

    /// A lane sends to another node from now on.
    pub(super) fn move_lane(&self, lane: usize, node: usize) {
        self.lanes[lane].node.store(node, Ordering::Relaxed);
        let blocks = locked(&self.nodes[node].blocks);
        let of_lane = |hash: &&B256| self.lane_of.get(*hash) == Some(&lane);
        let served = blocks.iter().flat_map(|block| &block.transactions).filter(of_lane);
        locked(&self.lanes[lane].served).extend(served);
    }

    pub(super) fn kill(&self, node: usize) {
        self.nodes[node].killed.store(true, Ordering::Relaxed);
    }

    pub(super) fn is_killed(&self, node: usize) -> bool {
        self.nodes[node].killed.load(Ordering::Relaxed)
    }

    /// Transactions that some node does not serve yet.
    pub(super) fn missing(&self) -> usize {
        let alive = self.nodes.iter().filter(|node| !node.killed.load(Ordering::Relaxed));
        alive.map(|node| self.lane_of.len().saturating_sub(node.served.load(Ordering::Relaxed))).max().unwrap_or(0)
    }

    /// Watchers end.
    pub(super) fn finish(&self) {
        self.done.store(true, Ordering::Relaxed);
    }

    /// All blocks by node.
    pub(super) fn into_blocks(self) -> Vec<Vec<Seen>> {
        self.nodes.into_iter().map(|node| node.blocks.into_inner().unwrap_or_else(PoisonError::into_inner)).collect()
    }

    fn note(&self, node: usize, block: Seen) {
        let mut blocks = locked(&self.nodes[node].blocks);
        let mut ours = 0;
        for hash in &block.transactions {
            let Some(lane) = self.lane_of.get(hash) else { continue };
            ours += 1;
            if self.node_of(*lane) == node {
                locked(&self.lanes[*lane].served).insert(*hash);
            }
        }
        blocks.push(block);
        drop(blocks);
        self.nodes[node].served.fetch_add(ours, Ordering::Relaxed);
    }
}

/// One node's watcher, subscribed.
pub(super) struct Watcher {
    node: usize,
    heads: Heads,
    rpc: Rpc,
    next: u64,
}

impl Watcher {
    pub(super) fn open(node: usize, port: u16) -> Result<Self> {
        let (heads, mut rpc) = (Heads::open(port)?, Rpc::open(port)?);
        let head = rpc.call("eth_blockNumber", json!([]))?;
        let head = head.as_str().and_then(|text| text.strip_prefix("0x")).ok_or_eyre("no block number")?;
        Ok(Self { node, heads, rpc, next: u64::from_str_radix(head, 16)? + 1 })
    }

    /// Until the board is finished, or the node killed.
    pub(super) fn run(mut self, board: &Board) -> Result<()> {
        while !board.done.load(Ordering::Relaxed) {
            match self.step(board) {
                Err(_) if board.is_killed(self.node) => return Ok(()),
                step => step?,
            }
        }
        Ok(())
    }

    fn step(&mut self, board: &Board) -> Result<()> {
        let Some(head) = self.heads.next()? else { return Ok(()) };
        while self.next <= head {
            let block = self.rpc.call("eth_getBlockByNumber", json!([format!("{:#x}", self.next), false]))?;
            ensure!(block.is_object(), "a node announced block {head} and does not serve block {}", self.next);
            board.note(self.node, Seen::read(self.next, &block)?);
            self.next += 1;
        }
        Ok(())
    }
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Exact for everything that a clock shows.
pub(super) fn to_f64(value: u64) -> f64 {
    #[expect(clippy::cast_precision_loss, reason = "milliseconds and counts are far below 2^52")]
    let value = value as f64;
    value
}
