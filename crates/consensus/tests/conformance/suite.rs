//! The promises that do not depend on the engine, and the two engines that make them. Redelivery is simplex's alone: its marshal delivers
//! final blocks until they are acknowledged. Nothing delivers to solo: it gives each block that it made to the ledger once, and starts at
//! the ledger's tip.

use std::{sync::Arc, time::SystemTime};

use consensus::{BlockRef, Content, Ledger, Slot};
use primitives::{Block, TimeMs};

use crate::{
    alone, network,
    notebook::{Clock, Disk, Notebook, STEPS, Step, World, check, height},
};

/// A way to run a network until it has a height, whatever power cuts it meets on the way.
pub(crate) trait Engine {
    /// Members of its committee.
    const MEMBERS: usize;

    /// Runs until every member has `height`; `trap` is a step of member 0 at which its power fails, once.
    fn run(world: &Arc<World>, disks: &[Disk], height: u64, trap: Option<(Step, u64)>) -> Outcome;
}

/// What a run has to tell beside what is on the disks.
#[derive(Debug, Default)]
pub(crate) struct Outcome {
    pub(crate) power_cuts: u64,
    pub(crate) redelivered: u64,
}

pub(crate) struct Solo;
pub(crate) struct Simplex;

impl Engine for Solo {
    const MEMBERS: usize = 1;

    fn run(world: &Arc<World>, disks: &[Disk], height: u64, trap: Option<(Step, u64)>) -> Outcome {
        alone::run(world, &disks[0], height, trap)
    }
}

impl Engine for Simplex {
    const MEMBERS: usize = 4;

    fn run(world: &Arc<World>, disks: &[Disk], height: u64, trap: Option<(Step, u64)>) -> Outcome {
        network::run(world, disks, height, trap)
    }
}

pub(crate) fn real_clock() -> Clock {
    let since = || SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).expect("after 1970");
    Arc::new(move || TimeMs(since().as_millis().try_into().expect("fits")))
}

fn network<E: Engine>() -> (Arc<World>, Vec<Disk>) {
    (World::new(4, 0..E::MEMBERS), (0..E::MEMBERS).map(|_| Disk::default()).collect())
}

fn run<E: Engine>(blocks: u64, trap: Option<(Step, u64)>) -> (Vec<Disk>, Outcome) {
    let (world, disks) = network::<E>();
    world.offer(blocks * 4);
    let outcome = E::run(&world, &disks, blocks, trap);
    check(&world, &disks.iter().collect::<Vec<_>>());
    (disks, outcome)
}

fn all_members_have_one_gapless_chain<E: Engine>() {
    let (disks, _) = run::<E>(14, None);
    assert!(disks.iter().all(|disk| height(disk) >= 14));
}

/// Among the steps are those of the first and of the last block of an epoch.
fn a_restart_at_any_step_loses_and_forks_nothing<E: Engine>() {
    for step in STEPS {
        for times in 1..=3 {
            let (disks, outcome) = run::<E>(15, Some((step, times)));
            assert!(disks.iter().all(|disk| height(disk) >= 15), "{step:?} {times}");
            let verifies = E::MEMBERS > 1;
            let reached = verifies || !matches!(step, Step::BeforeVerify | Step::AfterVerify);
            assert_eq!(outcome.power_cuts, u64::from(reached), "{step:?} {times}");
        }
    }
}

fn a_network_goes_on_where_it_ended<E: Engine>() {
    let (world, disks) = network::<E>();
    for end in [1, 4, 5, 11] {
        world.offer(16);
        E::run(&world, &disks, end, None);
        check(&world, &disks.iter().collect::<Vec<_>>());
    }
}

macro_rules! suite {
    ($module:ident, $engine:ty) => {
        mod $module {
            use super::*;

            #[test]
            fn all_members_have_one_gapless_chain() {
                super::all_members_have_one_gapless_chain::<$engine>();
            }

            #[test]
            fn a_restart_at_any_step_loses_and_forks_nothing() {
                super::a_restart_at_any_step_loses_and_forks_nothing::<$engine>();
            }

            #[test]
            fn a_network_goes_on_where_it_ended() {
                super::a_network_goes_on_where_it_ended::<$engine>();
            }
        }
    };
}

suite!(solo, Solo);
suite!(simplex, Simplex);

#[test]
fn a_block_that_was_durable_but_not_acknowledged_is_delivered_again_and_changes_nothing() {
    for step in [Step::AfterLog, Step::AfterFinalize] {
        let (_, outcome) = run::<Simplex>(9, Some((step, 3)));
        assert_eq!(outcome.power_cuts, 1);
        assert!(outcome.redelivered > 0, "{step:?} {outcome:?}");
    }
}

#[test]
fn a_block_that_was_made_durable_and_never_shown_is_final_after_a_restart() {
    let (world, disks) = network::<Solo>();
    world.offer(1);
    let block = propose(&world, &disks[0]);
    let again = Notebook::open(&world, &disks[0], real_clock());
    assert_eq!(again.tip(), BlockRef::of(&block));
}

/// Proposes a block and makes it durable; the life ends before it is final.
fn propose(world: &Arc<World>, disk: &Disk) -> Arc<Block> {
    let ledger = Notebook::open(world, disk, real_clock());
    let slot = Slot { epoch: 0, view: 1, parent_view: 0 };
    let block = ledger.propose(slot, Content::Transactions, &[]).unwrap().expect("a word waits");
    ledger.log(&block, &None).unwrap();
    assert_eq!(ledger.tip().number, 0, "nothing of it is shown yet");
    block
}
