//! What only a network of members can promise: it goes on without one of four, stands still without two, and lets members come and
//! go at the ends of epochs, while a member that was away finds its way back.

use std::{sync::Arc, time::Duration};

use commonware_utils::probability;

use crate::{
    alone,
    network::{Members, link, simulate},
    notebook::{Change, Disk, Notebook, World, check, height, members_at_tip, words_of},
    suite::real_clock,
};

fn disks(count: usize) -> Vec<Disk> {
    (0..count).map(|_| Disk::default()).collect()
}

fn check_all(world: &World, disks: &[Disk]) {
    check(world, &disks.iter().collect::<Vec<_>>());
}

/// One story over a network of `count` disks of which the founders are `founders`.
pub(crate) fn story<F>(seed: u64, founders: std::ops::Range<usize>, count: usize, tell: F) -> (Arc<World>, Vec<Disk>)
where
    F: AsyncFnOnce(&mut Members),
{
    let (world, disks) = (World::new(8, founders), disks(count));
    let (told, kept) = (world.clone(), disks.clone());
    simulate(seed, &disks, |context| async move {
        let mut members = Members::new(context, &told, &kept, link(probability!(1.0)), 0).await;
        tell(&mut members).await;
    });
    check_all(&world, &disks);
    (world, disks)
}

#[test]
fn three_of_four_go_on_and_the_fourth_catches_up_over_epochs() {
    story(1, 0..4, 4, async |members| {
        members.world.offer(400);
        members.start_all().await;
        members.reach(&[0, 1, 2, 3], 5).await;
        members.kill(3);
        members.reach(&[0, 1, 2], 30).await;
        members.start(3, None).await;
        members.reach(&[3], 40).await;
    });
}

#[test]
fn a_member_that_was_cut_off_catches_up_when_it_is_linked_again() {
    story(2, 0..4, 4, async |members| {
        members.world.offer(400);
        members.start_all().await;
        members.reach(&[0, 1, 2, 3], 3).await;
        members.disconnect(1).await;
        members.reach(&[0, 2, 3], 25).await;
        members.reconnect(1).await;
        members.reach(&[1], 35).await;
    });
}

#[test]
fn two_of_four_stand_still_and_go_on_when_a_third_comes_back() {
    story(3, 0..4, 4, async |members| {
        members.world.offer(400);
        members.start_all().await;
        members.reach(&[0, 1, 2, 3], 5).await;
        members.kill(2);
        members.kill(3);
        members.rest(Duration::from_secs(2)).await;
        let before = members.heights();
        members.rest(Duration::from_secs(60)).await;
        assert_eq!(members.heights(), before, "no block without a quorum");
        members.start(2, None).await;
        members.reach(&[0, 1, 2], before[0] + 10).await;
    });
}

#[test]
fn a_log_that_is_older_than_the_engines_folder_is_refused() {
    story(13, 0..4, 4, async |members| {
        members.world.offer(400);
        members.start_all().await;
        members.reach(&[0, 1, 2, 3], 12).await;
        members.kill(0);
        members.put_back(0, 4);
        members.start(0, None).await;
        let why = members.why_ended(0).await;
        assert!(why.0.contains("put back to an older state"), "{why}");
    });
}

#[test]
fn an_idle_network_makes_heartbeats_and_a_word_does_not_wait_for_one() {
    let (_, disks) = story(4, 0..4, 4, async |members| {
        members.start_all().await;
        members.reach(&[0, 1, 2, 3], 1).await;
        members.rest(Duration::from_secs(20)).await;
        let idle = members.heights()[0];
        assert!((5..=12).contains(&idle), "a heartbeat is 2 s, {idle} blocks in 20 s");
        members.world.offer(1);
        members.wake();
        members.rest(Duration::from_millis(500)).await;
        assert!(members.heights()[0] > idle, "a word is final long before the next heartbeat");
    });
    let log = disks[0].lock().unwrap();
    let words: Vec<u64> = log.iter().flat_map(|logged| words_of(&logged.block)).collect();
    assert_eq!(words, [1]);
}

#[test]
fn blocks_keep_their_least_distance() {
    let (_, disks) = story(5, 0..4, 4, async |members| {
        members.world.offer(200);
        members.start_all().await;
        members.reach(&[0, 1, 2, 3], 20).await;
    });
    let log = disks[0].lock().unwrap();
    let times: Vec<u64> = log.iter().skip(1).map(|logged| logged.block.time().0).collect();
    assert!(times.windows(2).all(|pair| pair[1] - pair[0] >= 20), "{times:?}");
}

#[test]
fn a_member_with_a_fast_clock_cannot_carry_the_chain_into_the_future() {
    for ahead_ms in [1_000, 20_000] {
        story(12, 0..4, 4, async |members| {
            members.world.offer(400);
            members.set_clock_ahead(0, ahead_ms);
            members.start_all().await;
            members.reach(&[0, 1, 2, 3], 12).await;
            let now = members.now();
            let newest = members.newest(1);
            assert!(newest.time() <= now, "{ahead_ms}: {:?} at {now:?}", newest.time());
        });
    }
}

#[test]
fn an_admitted_member_follows_first_and_votes_from_the_next_epoch_on() {
    let (world, disks) = story(6, 0..4, 5, async |members| {
        members.world.offer(200);
        members.start_all().await;
        members.reach(&[0, 1, 2, 3], 3).await;
        assert_eq!(members.heights()[4], 0, "nobody talks to it yet");
        members.world.vote(Change::Admit(4));
        members.reach(&[0, 1, 2, 3, 4], 70).await;
        // Of five, four are a quorum: with one of the founders gone, the new member's vote is needed.
        members.kill(0);
        members.reach(&[1, 2, 3, 4], 100).await;
    });
    assert_eq!(members_at_tip(&world, &disks[4]).len(), 5);
}

#[test]
fn a_revoked_member_is_cut_off_at_once_and_the_others_go_on() {
    let (world, disks) = story(7, 0..5, 5, async |members| {
        members.start_all().await;
        members.reach(&[0, 1, 2, 3, 4], 3).await;
        members.world.vote(Change::Revoke(4));
        members.wake();
        members.reach(&[0, 1, 2, 3], 30).await;
    });
    assert!(height(&disks[4]) < 16, "it may see the end of its epoch, not more: {}", height(&disks[4]));
    assert_eq!(members_at_tip(&world, &disks[0]).len(), 4);
}

#[test]
fn a_pending_change_of_the_committee_ends_the_epoch_without_pause() {
    story(8, 0..4, 5, async |members| {
        members.start_all().await;
        members.reach(&[0, 1, 2, 3], 1).await;
        members.world.vote(Change::Admit(4));
        members.wake();
        // Seven blocks at the heartbeat would take 14 s.
        members.rest(Duration::from_secs(4)).await;
        assert!(members.heights()[0] >= 7, "{:?}", members.heights());
    });
}

#[test]
fn solo_hands_over_to_a_network_that_grew_around_it() {
    let (world, disks) = (World::new(8, [0]), disks(4));
    world.offer(60);
    let ledger = Notebook::open(&world, &disks[0], real_clock());
    alone::live(&world, &ledger, &disks[0], 12);
    (1..4).for_each(|member| world.vote(Change::Admit(member)));
    let ledger = Notebook::open(&world, &disks[0], real_clock());
    let end = alone::live(&world, &ledger, &disks[0], u64::MAX).expect("solo ends by itself");
    let (told, kept) = (world.clone(), disks.clone());
    let first = height(&disks[0]) + 1;
    assert!(first.is_multiple_of(8), "{end:?} at {first}");
    simulate(9, &disks, |context| async move {
        let mut members = Members::new(context, &told, &kept, link(probability!(1.0)), 0).await;
        told.offer(100);
        members.start_all().await;
        members.reach(&[0, 1, 2, 3], first + 20).await;
    });
    check_all(&world, &disks);
}

#[test]
fn a_committee_of_one_serves_followers_with_simplex() {
    let (world, disks) = (World::new(8, [0]), disks(2));
    let (told, kept) = (world.clone(), disks.clone());
    simulate(10, &disks, |context| async move {
        let mut members = Members::new(context, &told, &kept, link(probability!(1.0)), 0).await;
        told.offer(100);
        members.start_all().await;
        members.reach(&[0], 10).await;
        told.vote(Change::Admit(1));
        members.wake();
        members.reach(&[0, 1], 40).await;
    });
    check_all(&world, &disks);
}

#[test]
fn one_seed_is_one_history() {
    let run = || {
        let (_, disks) = story(11, 0..4, 4, async |members| {
            members.world.offer(100);
            members.start_all().await;
            members.reach(&[0, 1, 2, 3], 20).await;
        });
        let log = disks[0].lock().unwrap();
        log.iter().map(|logged| logged.block.hash()).collect::<Vec<_>>()
    };
    assert_eq!(run(), run());
}
