//! A ledger small enough to trust: its "transactions" are numbered words in a header's extra data, its state is a hash over all of
//! them, its disk is a list that outlives it. A block is durable when it is on the disk and final when it is shown too; what is on the disk
//! when a ledger is opened is final. It checks everything that an engine may not do, and fails at the step it is told to.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{
        Arc, Mutex, MutexGuard,
        atomic::{AtomicU64, Ordering},
    },
};

use consensus::{BlockRef, Content, Fatal, Ledger, Logged, NodeKey, Peer, Peers, Slot, Verdict};
use primitives::{B256, Block, Committee, FinalityProof, Header, NodeId, TimeMs, keccak256};

/// Most words of one block.
const BLOCK_WORDS: usize = 4;
/// What a ledger says when the power fails.
pub(crate) const POWER_CUT: &str = "power cut";

/// What the members of a network agreed on beforehand, and what clients sent to all of them.
pub(crate) struct World {
    pub(crate) epoch_blocks: u64,
    pub(crate) genesis: Arc<Block>,
    founders: BTreeSet<usize>,
    offered: Mutex<BTreeSet<Word>>,
    changes: Mutex<BTreeMap<Word, Change>>,
    /// Where members listen, for networks over TCP.
    pub(crate) ports: Vec<u16>,
}

type Word = u64;

/// What a word does when it is final.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Change {
    Admit(usize),
    Revoke(usize),
}

impl World {
    pub(crate) fn new(epoch_blocks: u64, founders: impl IntoIterator<Item = usize>) -> Arc<Self> {
        Self::with_ports(epoch_blocks, founders, Vec::new())
    }

    pub(crate) fn with_ports(
        epoch_blocks: u64,
        founders: impl IntoIterator<Item = usize>,
        ports: Vec<u16>,
    ) -> Arc<Self> {
        let genesis = Arc::new(Block::seal(header(B256::ZERO, 0, TimeMs(1), B256::ZERO, &[]), vec![]));
        let founders = founders.into_iter().collect();
        Arc::new(Self { epoch_blocks, genesis, founders, offered: Mutex::default(), changes: Mutex::default(), ports })
    }

    /// Sends `count` new words.
    pub(crate) fn offer(&self, count: u64) {
        let mut offered = self.offered.lock().unwrap();
        let next = offered.last().map_or(1, |last| last + 1);
        offered.extend(next..next + count);
    }

    /// Sends a word that changes who is a member.
    pub(crate) fn vote(&self, change: Change) {
        self.offer(1);
        let word = *self.offered.lock().unwrap().last().expect("one was offered");
        self.changes.lock().unwrap().insert(word, change);
    }

    fn members_after<'a>(&self, blocks: impl Iterator<Item = &'a Block>) -> BTreeSet<usize> {
        let mut members = self.founders.clone();
        let changes = self.changes.lock().unwrap();
        for change in blocks.flat_map(words_of).filter_map(|word| changes.get(&word)) {
            match change {
                Change::Admit(member) => drop(members.insert(*member)),
                Change::Revoke(member) => drop(members.remove(member)),
            }
        }
        members
    }
}

/// The key of a member.
pub(crate) fn key(member: usize) -> NodeKey {
    NodeKey::from_seed([u8::try_from(member + 1).expect("few members"); 32])
}

pub(crate) fn committee_of(members: &BTreeSet<usize>) -> Committee {
    Committee::new(members.iter().map(|member| key(*member).id()).collect())
}

/// The log of one member: all that a power cut leaves.
pub(crate) type Disk = Arc<Mutex<Vec<Logged>>>;

/// A point at which a ledger can fail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    BeforePropose,
    AfterPropose,
    BeforeVerify,
    AfterVerify,
    /// The block is not on the disk.
    BeforeLog,
    /// It is there and not shown.
    AfterLog,
    /// It is shown and not acknowledged.
    AfterFinalize,
}

pub(crate) const STEPS: [Step; 7] = [
    Step::BeforePropose,
    Step::AfterPropose,
    Step::BeforeVerify,
    Step::AfterVerify,
    Step::BeforeLog,
    Step::AfterLog,
    Step::AfterFinalize,
];

pub(crate) type Clock = Arc<dyn Fn() -> TimeMs + Send + Sync>;

/// One member's ledger, in one life.
pub(crate) struct Notebook {
    world: Arc<World>,
    disk: Disk,
    /// The final blocks of this life.
    shown: Mutex<Vec<Logged>>,
    clock: Clock,
    executed: Mutex<BTreeMap<B256, Arc<Block>>>,
    /// Fails when this step is reached for the so many-th time.
    trap: Mutex<Option<(Step, u64)>>,
    pub(crate) redelivered: AtomicU64,
}

impl Notebook {
    pub(crate) fn open(world: &Arc<World>, disk: &Disk, clock: Clock) -> Arc<Self> {
        let mut blocks = disk.lock().unwrap();
        if blocks.is_empty() {
            blocks.push(Logged { block: world.genesis.clone(), proof: None });
        }
        let shown = blocks.clone();
        drop(blocks);
        Arc::new(Self {
            world: world.clone(),
            disk: disk.clone(),
            shown: Mutex::new(shown),
            clock,
            executed: Mutex::default(),
            trap: Mutex::default(),
            redelivered: AtomicU64::new(0),
        })
    }

    pub(crate) fn fail_at(&self, step: Step, times: u64) {
        *self.trap.lock().unwrap() = Some((step, times));
    }

    fn reach(&self, step: Step) -> Result<(), Fatal> {
        let mut trap = self.trap.lock().unwrap();
        match &mut *trap {
            Some((wanted, left)) if *wanted == step => *left -= 1,
            _ => return Ok(()),
        }
        if trap.is_some_and(|(_, left)| left > 0) { Ok(()) } else { Err(Fatal(POWER_CUT.into())) }
    }

    fn shown(&self) -> MutexGuard<'_, Vec<Logged>> {
        self.shown.lock().unwrap()
    }

    fn logged(&self, number: u64) -> Option<B256> {
        let disk = self.disk.lock().unwrap();
        disk.get(usize::try_from(number).unwrap()).map(|logged| logged.block.hash())
    }

    fn parent(&self, pending: &[Arc<Block>]) -> Arc<Block> {
        let executed = self.executed.lock().unwrap();
        assert!(pending.iter().all(|block| executed.contains_key(&block.hash())), "on a block that was never executed");
        pending.last().cloned().unwrap_or_else(|| self.shown().last().expect("genesis").block.clone())
    }

    fn words_before(&self, pending: &[Arc<Block>]) -> BTreeSet<Word> {
        let shown = self.shown();
        shown.iter().map(|logged| &logged.block).chain(pending).flat_map(|block| words_of(block)).collect()
    }

    fn keep(&self, block: &Arc<Block>) {
        self.executed.lock().unwrap().insert(block.hash(), block.clone());
    }

    fn broken_rule(&self, block: &Block, pending: &[Arc<Block>]) -> Option<&'static str> {
        let parent = self.parent(pending);
        let words = words_of(block);
        let before = self.words_before(pending);
        let rules = [
            (block.header().parent_hash == parent.hash(), "another parent"),
            (block.number() == parent.number() + 1, "another height"),
            (block.time() > parent.time(), "no later time"),
            (words.iter().all(|word| !before.contains(word)), "a word twice"),
            (block.header().state_root == root(parent.header().state_root, &words), "another state"),
        ];
        rules.iter().find(|(kept, _)| !kept).map(|(_, rule)| *rule)
    }
}

impl Ledger for Notebook {
    fn propose(&self, _slot: Slot, content: Content, pending: &[Arc<Block>]) -> Result<Option<Arc<Block>>, Fatal> {
        self.reach(Step::BeforePropose)?;
        let parent = self.parent(pending);
        let before = self.words_before(pending);
        let offered = self.world.offered.lock().unwrap().clone();
        let words: Vec<Word> = offered.difference(&before).copied().take(BLOCK_WORDS).collect();
        if words.is_empty() && content == Content::Transactions {
            return Ok(None);
        }
        let state = root(parent.header().state_root, &words);
        let header = header(parent.hash(), parent.number() + 1, parent.time().after((self.clock)()), state, &words);
        let block = Arc::new(Block::seal(header, vec![]));
        self.keep(&block);
        self.reach(Step::AfterPropose)?;
        Ok(Some(block))
    }

    fn verify(&self, block: Arc<Block>, pending: &[Arc<Block>]) -> Result<Verdict, Fatal> {
        self.reach(Step::BeforeVerify)?;
        if let Some(rule) = self.broken_rule(&block, pending) {
            return Ok(Verdict::Invalid(rule.into()));
        }
        self.keep(&block);
        self.reach(Step::AfterVerify)?;
        Ok(Verdict::Valid)
    }

    fn log(&self, block: &Arc<Block>, proof: &Option<FinalityProof>) -> Result<(), Fatal> {
        self.reach(Step::BeforeLog)?;
        assert!(self.executed.lock().unwrap().contains_key(&block.hash()), "final and never executed");
        let mut disk = self.disk.lock().unwrap();
        let last = BlockRef::of(&disk.last().expect("genesis").block);
        assert_eq!((block.number(), block.header().parent_hash), (last.number + 1, last.hash), "a gap in the log");
        disk.push(Logged { block: block.clone(), proof: proof.clone() });
        drop(disk);
        self.reach(Step::AfterLog)
    }

    /// An engine that does not log before has it done here.
    fn finalize(&self, block: Arc<Block>, proof: Option<FinalityProof>) -> Result<(), Fatal> {
        let tip = self.tip();
        if block.number() <= tip.number {
            self.redelivered.fetch_add(1, Ordering::Relaxed);
            let known = self.block(block.number())?.expect("below the tip").block.hash();
            assert_eq!(known, block.hash(), "two blocks final at height {}", block.number());
            return Ok(());
        }
        assert_eq!((block.number(), block.header().parent_hash), (tip.number + 1, tip.hash), "a gap");
        if self.logged(block.number()).is_none() {
            self.log(&block, &proof)?;
        }
        assert_eq!(self.logged(block.number()), Some(block.hash()), "another block than was logged");
        self.shown().push(Logged { block, proof });
        self.reach(Step::AfterFinalize)
    }

    fn tip(&self) -> BlockRef {
        BlockRef::of(&self.shown().last().expect("genesis").block)
    }

    fn block(&self, number: u64) -> Result<Option<Logged>, Fatal> {
        Ok(self.shown().get(usize::try_from(number).unwrap()).cloned())
    }

    fn number_of(&self, hash: B256) -> Result<Option<u64>, Fatal> {
        let shown = self.shown();
        let found = shown.iter().map(|logged| &logged.block).find(|block| block.hash() == hash);
        Ok(found.map(|block| block.number()))
    }

    fn committee(&self, epoch: u64) -> Result<Option<Committee>, Fatal> {
        let shown = self.shown();
        let first = usize::try_from(epoch * self.world.epoch_blocks).unwrap();
        let decided = shown.get(..first).map(|before| before.iter().map(|logged| &*logged.block));
        Ok(decided.map(|blocks| committee_of(&self.world.members_after(blocks))))
    }

    fn committee_changes(&self) -> Result<bool, Fatal> {
        let now = self.committee((self.tip().number + 1) / self.world.epoch_blocks)?;
        let next = self.world.members_after(self.shown().iter().map(|logged| &*logged.block));
        Ok(now.expect("the tip decides it") != committee_of(&next))
    }

    fn peers(&self) -> Result<Peers, Fatal> {
        let committee = self.committee((self.tip().number + 1) / self.world.epoch_blocks)?.expect("decided");
        let members = self.world.members_after(self.shown().iter().map(|logged| &*logged.block));
        let peers = members.iter().map(|member| peer(&self.world, *member));
        let (committee, followers) = peers.partition(|peer| committee.members().contains(&peer.id));
        Ok(Peers { committee, followers })
    }

    /// Who left a notebook's committee may come back.
    fn is_revoked(&self, _: NodeId) -> Result<bool, Fatal> {
        Ok(false)
    }

    fn now(&self) -> TimeMs {
        (self.clock)()
    }
}

pub(crate) fn peer(world: &World, member: usize) -> Peer {
    let port = world.ports.get(member).copied().unwrap_or(1);
    Peer { id: key(member).id(), host: "127.0.0.1".into(), port }
}

fn header(parent_hash: B256, number: u64, time: TimeMs, state_root: B256, words: &[Word]) -> Header {
    Header {
        parent_hash,
        number,
        timestamp: time.seconds(),
        nonce: time.nonce(),
        state_root,
        extra_data: words.iter().flat_map(|word| word.to_be_bytes()).collect::<Vec<_>>().into(),
        ..Default::default()
    }
}

pub(crate) fn words_of(block: &Block) -> Vec<Word> {
    let words = block.header().extra_data.chunks_exact(8);
    words.map(|word| Word::from_be_bytes(word.try_into().expect("eight bytes"))).collect()
}

fn root(parent: B256, words: &[Word]) -> B256 {
    let words = words.iter().flat_map(|word| word.to_be_bytes());
    keccak256(parent.0.into_iter().chain(words).collect::<Vec<_>>())
}

/// What every network must have left on its disks, whoever ordered it: gapless chains that are one chain, every word once, and a
/// certificate by the committee of its epoch wherever there is one, which is at least at the end of each epoch.
pub(crate) fn check(world: &World, disks: &[&Disk]) {
    let mut longest: Vec<B256> = Vec::new();
    for disk in disks {
        let log = disk.lock().unwrap();
        let mut words = BTreeSet::new();
        for (number, pair) in log.windows(2).enumerate() {
            let (parent, Logged { block, proof }) = (&pair[0].block, &pair[1]);
            assert_eq!(block.number(), number as u64 + 1);
            assert_eq!(block.header().parent_hash, parent.hash());
            assert!(words_of(block).into_iter().all(|word| words.insert(word)), "a word twice");
            let epoch = block.number() / world.epoch_blocks;
            let before = usize::try_from(epoch * world.epoch_blocks).unwrap();
            let committee = committee_of(&world.members_after(log[..before].iter().map(|logged| &*logged.block)));
            match proof {
                Some(proof) => {
                    assert_eq!(proof.epoch, epoch);
                    let verified =
                        consensus::certificate::verify(proof, &committee, world.genesis.hash(), block.hash());
                    assert_eq!(verified, Ok(()), "certificate of block {}", block.number());
                }
                None => assert!((block.number() + 1) % world.epoch_blocks != 0, "the end of an epoch has its own"),
            }
        }
        let hashes: Vec<B256> = log.iter().map(|logged| logged.block.hash()).collect();
        let common = hashes.len().min(longest.len());
        assert_eq!(hashes[..common], longest[..common], "two chains");
        if hashes.len() > longest.len() {
            longest = hashes;
        }
    }
}

pub(crate) fn height(disk: &Disk) -> u64 {
    disk.lock().unwrap().last().map_or(0, |logged| logged.block.number())
}

pub(crate) fn members_at_tip(world: &World, disk: &Disk) -> Vec<NodeId> {
    let log = disk.lock().unwrap();
    committee_of(&world.members_after(log.iter().map(|logged| &*logged.block))).members().to_vec()
}
