//! The solo engine over a ledger that only remembers what it was asked.

use std::sync::Mutex;

use primitives::{Committee, Header, NodeId, TimeMs};

use super::*;
use crate::{BlockRef, Logged, Peers, Verdict};

/// Hands out a given number of blocks and keeps what was finalized.
#[derive(Default)]
struct Notebook {
    state: Mutex<Pages>,
}

#[derive(Default)]
struct Pages {
    to_propose: u64,
    parents: Vec<(u64, usize)>,
    finalized: Vec<(Arc<Block>, FinalityProof)>,
    fail_at: Option<u64>,
    /// Instead of the key alone.
    committee: Option<Committee>,
    recovered: Option<u64>,
}

impl Notebook {
    fn offer(&self, blocks: u64) {
        self.state.lock().unwrap().to_propose += blocks;
    }

    fn finalized(&self) -> Vec<(Arc<Block>, FinalityProof)> {
        self.state.lock().unwrap().finalized.clone()
    }
}

impl Ledger for Notebook {
    fn propose(&self, _slot: Slot, _content: Content, pending: &[Arc<Block>]) -> Result<Option<Arc<Block>>, Fatal> {
        let tip = self.tip();
        let mut pages = self.state.lock().unwrap();
        let Some(left) = pages.to_propose.checked_sub(1) else { return Ok(None) };
        pages.to_propose = left;
        let parent = pending.last().map_or(tip, |block| BlockRef::of(block));
        pages.parents.push((parent.number, pending.len()));
        let header = Header { parent_hash: parent.hash, number: parent.number + 1, ..Default::default() };
        Ok(Some(Arc::new(Block::seal(header, vec![]))))
    }

    fn verify(&self, _block: Arc<Block>, _pending: &[Arc<Block>]) -> Result<Verdict, Fatal> {
        Ok(Verdict::Valid)
    }

    fn finalize(&self, block: Arc<Block>, proof: Option<FinalityProof>) -> Result<(), Fatal> {
        let mut pages = self.state.lock().unwrap();
        if pages.fail_at == Some(block.number()) {
            return Err(Fatal("the disk is full".into()));
        }
        pages.finalized.push((block, proof.expect("solo always signs")));
        Ok(())
    }

    fn tip(&self) -> BlockRef {
        let pages = self.state.lock().unwrap();
        pages.finalized.last().map_or(BlockRef { number: 0, hash: GENESIS }, |(block, _)| BlockRef::of(block))
    }

    fn block(&self, _number: u64) -> Result<Option<Logged>, Fatal> {
        Err(Fatal("solo serves nobody".into()))
    }

    fn number_of(&self, _hash: B256) -> Result<Option<u64>, Fatal> {
        Err(Fatal("solo serves nobody".into()))
    }

    fn committee(&self, _epoch: u64) -> Result<Option<Committee>, Fatal> {
        Ok(Some(self.state.lock().unwrap().committee.clone().unwrap_or_else(alone)))
    }

    fn is_recovered(&self, epoch: u64) -> bool {
        self.state.lock().unwrap().recovered == Some(epoch)
    }

    fn committee_changes(&self) -> Result<bool, Fatal> {
        Ok(false)
    }

    fn peers(&self) -> Result<Peers, Fatal> {
        Ok(Peers::default())
    }

    fn is_revoked(&self, _: NodeId) -> Result<bool, Fatal> {
        Ok(false)
    }

    fn now(&self) -> TimeMs {
        TimeMs(0)
    }
}

const GENESIS: B256 = B256::repeat_byte(0xab);

fn config() -> Config {
    let key = NodeKey::from_seed([7; 32]);
    Config { key, genesis_hash: GENESIS, epoch_blocks: 4, min_block_interval: Duration::from_millis(1), leaves: false }
}

fn alone() -> Committee {
    Committee::new(vec![config().key.id()])
}

fn run(ledger: &Arc<Notebook>) {
    let wake = Wake::default();
    let (sender, fatal) = sync_channel(1);
    let engine = Solo::start(config(), ledger.clone(), wake.clone(), move |end| {
        sender.send(end).expect("the test listens");
    })
    .expect("the key is the committee");
    wake.raise();
    let wanted = |ledger: &Notebook| ledger.state.lock().unwrap().to_propose == 0;
    while !wanted(ledger) && fatal.try_recv().is_err() {
        std::thread::yield_now();
    }
    engine.stop();
}

#[test]
fn every_proposed_block_becomes_final_in_order_with_a_valid_certificate() {
    let ledger = Arc::new(Notebook::default());
    ledger.offer(20);
    run(&ledger);
    let finalized = ledger.finalized();
    let numbers: Vec<u64> = finalized.iter().map(|(block, _)| block.number()).collect();
    assert_eq!(numbers, (1..=20).collect::<Vec<_>>());
    for pair in finalized.windows(2) {
        assert_eq!(pair[1].0.header().parent_hash, pair[0].0.hash());
    }
    for (block, proof) in &finalized {
        assert_eq!(proof.epoch, block.number() / 4);
        assert_eq!(certificate::verify(proof, &alone(), GENESIS, block.hash()), Ok(()));
    }
}

#[test]
fn a_restarted_engine_goes_on_after_the_tip() {
    let ledger = Arc::new(Notebook::default());
    for _ in 0..3 {
        ledger.offer(5);
        run(&ledger);
    }
    let numbers: Vec<u64> = ledger.finalized().iter().map(|(block, _)| block.number()).collect();
    assert_eq!(numbers, (1..=15).collect::<Vec<_>>());
}

#[test]
fn a_failed_write_stops_the_engine_and_is_reported_once() {
    let ledger = Arc::new(Notebook::default());
    ledger.offer(1_000);
    ledger.state.lock().unwrap().fail_at = Some(6);
    run(&ledger);
    assert_eq!(ledger.finalized().len(), 5);
}

#[test]
fn a_key_that_is_not_the_whole_committee_may_not_decide_alone() {
    let other = NodeKey::from_seed([8; 32]).id();
    let ledger = Arc::new(Notebook::default());
    ledger.state.lock().unwrap().committee = Some(Committee::new(vec![config().key.id(), other]));
    let started = Solo::start(config(), ledger, Wake::default(), |_| ());
    assert!(matches!(started, Err(StartError::NotAlone { .. })));
}

#[test]
fn views_count_within_the_epoch() {
    let views: Vec<_> = (1..=9).map(|n| (slot_of(n, 4).epoch, slot_of(n, 4).view, slot_of(n, 4).parent_view)).collect();
    let expected = [(0, 1, 0), (0, 2, 1), (0, 3, 2), (1, 1, 0), (1, 2, 1), (1, 3, 2), (1, 4, 3), (2, 1, 0), (2, 2, 1)];
    assert_eq!(views, expected);
}

#[test]
fn an_epoch_that_a_recovery_ended_is_nobodys() {
    let ledger = Arc::new(Notebook::default());
    ledger.state.lock().unwrap().recovered = Some(0);
    let started = Solo::start(config(), ledger, Wake::default(), |_| ());
    assert!(matches!(started, Err(StartError::Recovered(0))));
}

/// Blocks 5 to 7 are left of epoch 1.
fn finish(ledger: &Notebook) -> Result<BlockRef, Fatal> {
    let Config { key, genesis_hash, epoch_blocks, .. } = config();
    crate::recovery::finish_epoch(ledger, &key, genesis_hash, epoch_blocks, 5)
}

#[test]
fn a_recovery_makes_the_rest_of_the_epoch_and_goes_on_after_a_crash() {
    let ledger = Arc::new(Notebook::default());
    ledger.offer(4);
    run(&ledger);
    ledger.offer(9);
    ledger.state.lock().unwrap().fail_at = Some(6);
    assert_eq!(finish(&ledger).unwrap_err().0, "the disk is full");
    ledger.state.lock().unwrap().fail_at = None;
    let last = finish(&ledger).unwrap();
    assert_eq!((last.number, ledger.tip()), (7, last));
    assert_eq!(finish(&ledger).unwrap(), last, "and no further");
    for (block, proof) in &ledger.finalized() {
        assert_eq!(certificate::verify(proof, &alone(), GENESIS, block.hash()), Ok(()));
    }
}

#[test]
fn only_the_whole_committee_of_an_epoch_ends_it_alone() {
    let ledger = Notebook::default();
    ledger.offer(9);
    let other = NodeKey::from_seed([8; 32]).id();
    ledger.state.lock().unwrap().committee = Some(Committee::new(vec![config().key.id(), other]));
    assert!(finish(&ledger).unwrap_err().0.contains("not for"));
    // Nor does it sign what others have decided.
    ledger.state.lock().unwrap().committee = None;
    assert!(finish(&ledger).unwrap_err().0.contains("the log ends with block 0"));
    assert!(ledger.finalized().is_empty());
}
