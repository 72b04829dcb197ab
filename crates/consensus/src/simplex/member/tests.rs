//! When a member votes for a block that is ahead of its clock, and when it never does.

use commonware_consensus::{
    marshal::ancestry,
    types::{Epoch, Round, View},
};
use commonware_runtime::{Runner as _, Supervisor as _, deterministic};
use commonware_utils::SystemTimeExt as _;
use primitives::{B256, Committee, FinalityProof, Header, NodeId};

use super::*;
use crate::{
    BlockRef, Fatal, Ledger, Logged, NodeKey, Peers,
    simplex::{block::digest_of, committees::public_key},
};

const GENESIS: B256 = B256::repeat_byte(0xab);
const HOUR_MS: u64 = 3_600_000;

/// A ledger that holds genesis only, finds nothing wrong with any block and has the runtime's clock.
struct Trusting(deterministic::Context);

impl Ledger for Trusting {
    fn propose(&self, _slot: Slot, _content: Content, _pending: &[Arc<Block>]) -> Result<Option<Arc<Block>>, Fatal> {
        Ok(None)
    }

    fn verify(&self, _block: Arc<Block>, _pending: &[Arc<Block>]) -> Result<Verdict, Fatal> {
        Ok(Verdict::Valid)
    }

    fn finalize(&self, _block: Arc<Block>, _proof: Option<FinalityProof>) -> Result<(), Fatal> {
        Ok(())
    }

    fn tip(&self) -> BlockRef {
        BlockRef { number: 0, hash: GENESIS }
    }

    fn block(&self, _number: u64) -> Result<Option<Logged>, Fatal> {
        Ok(None)
    }

    fn number_of(&self, _hash: B256) -> Result<Option<u64>, Fatal> {
        Ok(None)
    }

    fn committee(&self, _epoch: u64) -> Result<Option<Committee>, Fatal> {
        Ok(None)
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
        TimeMs(self.0.current().epoch_millis())
    }
}

/// Block 1, of this time.
fn block(time: TimeMs) -> Opaque {
    let header =
        Header { parent_hash: GENESIS, number: 1, timestamp: time.seconds(), nonce: time.nonce(), ..Header::default() };
    Opaque::new(Arc::new(Block::seal(header, vec![])))
}

fn turn() -> Context<Digest, PublicKey> {
    let leader = public_key(NodeKey::from_seed([1; 32]).id()).unwrap();
    Context { round: Round::new(Epoch::new(0), View::new(1)), leader, parent: (View::new(0), digest_of(GENESIS)) }
}

/// The vote for a block so far ahead of the local clock; `None` if there is none after `patience_ms`.
fn vote(ahead_ms: u64, patience_ms: u64) -> Option<bool> {
    deterministic::Runner::default().start(|context| async move {
        let (desk, _fatal) = Desk::new(Arc::new(Trusting(context.child("clock"))));
        let (wake, timing, telemetry) = (Wake::default(), Timing::default(), Telemetry::default());
        let mut member = Member { desk, wake, timing, telemetry };
        let proposed = block(TimeMs(member.now().0 + ahead_ms));
        let vote = member.verify((context.child("member"), turn()), ancestry::from_iter([proposed.digested()]));
        let patience = context.sleep(Duration::from_millis(patience_ms));
        pin_mut!(vote, patience);
        match select(vote, patience).await {
            Either::Left((vote, _)) => Some(vote),
            Either::Right(_) => None,
        }
    })
}

#[test]
fn a_block_that_is_not_ahead_is_voted_for_at_once() {
    assert_eq!(vote(0, 100), Some(true));
}

#[test]
fn a_block_ahead_of_the_clock_is_voted_for_when_the_clock_has_passed_it() {
    for ahead_ms in [1_000, 3_000, MAX_AHEAD_MS] {
        assert_eq!(vote(ahead_ms, ahead_ms - 1), None, "{ahead_ms} ms ahead: neither for it nor against it yet");
        assert_eq!(vote(ahead_ms, ahead_ms + 100), Some(true), "{ahead_ms} ms ahead");
    }
}

#[test]
fn a_block_too_far_ahead_is_never_voted_for() {
    assert_eq!(MAX_AHEAD_MS, 5_000);
    for ahead_ms in [5_001, 20_000] {
        assert_eq!(vote(ahead_ms, HOUR_MS), None, "{ahead_ms} ms ahead");
    }
}
