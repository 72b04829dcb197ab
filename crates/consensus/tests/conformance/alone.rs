//! Solo over a notebook: lives that end by a power cut, by a hand-over, or when there are blocks enough.

use std::{
    sync::{Arc, atomic::Ordering, mpsc::sync_channel},
    time::Duration,
};

use consensus::{
    Wake,
    solo::{Config, End, Solo, StartError},
};

use crate::{
    notebook::{Change, Disk, Notebook, POWER_CUT, Step, World, check, height, key},
    suite::{Outcome, real_clock},
};

fn config(world: &World) -> Config {
    Config {
        key: key(0),
        genesis_hash: world.genesis.hash(),
        epoch_blocks: world.epoch_blocks,
        min_block_interval: Duration::from_millis(1),
        leaves: false,
    }
}

pub(crate) fn run(world: &Arc<World>, disk: &Disk, until: u64, mut trap: Option<(Step, u64)>) -> Outcome {
    let mut outcome = Outcome::default();
    while height(disk) < until {
        let ledger = Notebook::open(world, disk, real_clock());
        if let Some((step, times)) = trap.take() {
            ledger.fail_at(step, times);
        }
        match live(world, &ledger, disk, until) {
            Some(End::Fatal(fatal)) if fatal.0 == POWER_CUT => outcome.power_cuts += 1,
            Some(end) => panic!("{end:?}"),
            None => (),
        }
        outcome.redelivered += ledger.redelivered.load(Ordering::Relaxed);
    }
    outcome
}

/// Until the engine ends by itself or the log is long enough.
pub(crate) fn live(world: &World, ledger: &Arc<Notebook>, disk: &Disk, until: u64) -> Option<End> {
    let wake = Wake::default();
    let (sender, ended) = sync_channel(2);
    let on_end = move |end| sender.send(end).expect("the test listens");
    let engine = Solo::start(config(world), ledger.clone(), wake.clone(), on_end).expect("alone");
    wake.raise();
    let mut end = None;
    while end.is_none() && height(disk) < until {
        end = ended.recv_timeout(Duration::from_millis(1)).ok();
    }
    engine.stop();
    end.or_else(|| ended.try_recv().ok())
}

#[test]
fn solo_ends_with_the_epoch_in_which_another_member_was_admitted_and_does_not_start_again() {
    let world = World::new(4, [0]);
    let disk = Disk::default();
    world.offer(7);
    world.vote(Change::Admit(1));
    let ledger = Notebook::open(&world, &disk, real_clock());
    let end = live(&world, &ledger, &disk, u64::MAX);
    assert!(matches!(end, Some(End::HandOver { epoch: 1 })), "{end:?}");
    assert_eq!(height(&disk), 3, "the epoch is filled with empty blocks and not exceeded");
    check(&world, &[&disk]);
    let again = Solo::start(config(&world), ledger, Wake::default(), |_| ());
    assert!(matches!(again, Err(StartError::NotAlone { epoch: 1, .. })), "{again:?}");
}

#[test]
fn solo_does_not_take_over_from_a_network_that_shrank_to_it() {
    let world = World::new(2, [0, 1]);
    let disk = Disk::default();
    world.vote(Change::Revoke(1));
    let ledger = Notebook::open(&world, &disk, real_clock());
    use consensus::{Content, Ledger, Slot};
    let slot = Slot { epoch: 0, view: 1, parent_view: 0 };
    let block = ledger.propose(slot, Content::Transactions, &[]).unwrap().expect("a word waits");
    ledger.finalize(block, None).unwrap();
    let alone = ledger.committee(1).unwrap().expect("decided");
    assert_eq!(alone.members(), [key(0).id()]);
    let started = Solo::start(config(&world), ledger, Wake::default(), |_| ());
    assert!(matches!(started, Err(StartError::NotAlone { epoch: 0, .. })), "{started:?}");
}
