//! Power that fails for the whole network at once: what was not synced is gone, messages are lost, and no height ever gets another
//! block. What the notebooks hold was acknowledged, so it must be there.

use std::{sync::Arc, time::Duration};

use commonware_runtime::deterministic;
use commonware_utils::probability;

use crate::{
    network::{Members, link},
    notebook::{Disk, World, check},
};

const LIVES: u64 = 4;
/// So much longer a life lasts in which no block was final.
const MOST_SECONDS_MORE: u32 = 20;

fn lives(seed: u64) {
    let world = World::new(8, 0..4);
    let disks: Vec<Disk> = (0..4).map(|_| Disk::default()).collect();
    let mut left = None;
    for life in 0..LIVES {
        let config = deterministic::Config::new().with_seed(seed).with_timeout(Some(Duration::from_secs(3600)));
        let runner = left.take().map_or_else(|| deterministic::Runner::new(config), deterministic::Runner::from);
        world.offer(200);
        let (told, kept): (Arc<World>, Vec<Disk>) = (world.clone(), disks.clone());
        let (heights, recovered) = runner.start_and_recover(|context| async move {
            let mut members = Members::new(context, &told, &kept, link(probability!(0.95)), life).await;
            let before = members.heights();
            members.start_all().await;
            // Some lives end in the middle of an epoch, some while blocks are on their way.
            members.rest(Duration::from_millis(4_000 + 77 * life + 13 * seed)).await;
            // Each turn of a leader whose messages are lost costs more than half of that.
            for _ in 0..MOST_SECONDS_MORE {
                if members.heights().iter().max() > before.iter().max() {
                    break;
                }
                members.rest(Duration::from_secs(1)).await;
            }
            (before, members.heights())
        });
        left = Some(recovered);
        check(&world, &disks.iter().collect::<Vec<_>>());
        let (before, after) = heights;
        assert!(after.iter().max() > before.iter().max(), "seed {seed} life {life}: {before:?} -> {after:?}");
    }
}

#[test]
fn the_power_fails_for_all_and_no_height_gets_another_block() {
    (1..=3).for_each(lives);
}
