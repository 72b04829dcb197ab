//! Candidates against a search through every block, and the cost of rare words in a long range.

use alloy_primitives::{Bytes, Log};
use primitives::StateDiff;
use rand::{Rng, SeedableRng, rngs::StdRng};

use super::*;
use crate::{
    Options, Store,
    flat::Flat,
    testing::{ADDRESSES, TestBlock, TestChain, address, receipt, topic},
};

/// True if the block has one of the addresses and, at each position, one of the topics, in whichever logs.
fn has_words(block: &TestBlock, addresses: &[Address], topics: &[Vec<B256>; 4]) -> bool {
    let logs = || block.record.receipts.iter().flat_map(|receipt| &receipt.logs);
    let address_fits = addresses.is_empty() || logs().any(|log| addresses.contains(&log.address));
    let topic_fits = |(position, wanted): (usize, &Vec<B256>)| {
        wanted.is_empty() || logs().any(|log| log.topics().get(position).is_some_and(|topic| wanted.contains(topic)))
    };
    address_fits && topics.iter().enumerate().all(topic_fits)
}

#[test]
fn candidates_are_the_blocks_that_have_every_word() {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let (mut chain, genesis) = TestChain::new(50);
    let store = Store::create(dir.path(), &Options::default(), &genesis.record, genesis.change.clone()).expect("new");
    let mut blocks = vec![genesis];
    for _ in 0..150 {
        let block = chain.next(5);
        store.append(&block.record, block.change.clone()).expect("appended");
        blocks.push(block);
    }
    store.flush().expect("flushed");
    let mut random = StdRng::seed_from_u64(51);
    for _ in 0..300 {
        let (from, to) = (random.random_range(0..160), random.random_range(0..160));
        let mut some = |most| random.random_range(0..=most);
        let addresses: Vec<_> = (0..some(3)).map(|_| address(some(ADDRESSES - 1))).collect();
        let mut words = || (0..some(2)).map(|_| topic(some(ADDRESSES - 1))).collect::<Vec<_>>();
        let topics = [words(), words(), vec![], vec![]];
        let found: Vec<_> =
            store.candidates(from, to, &addresses, &topics).expect("read").map(|found| found.expect("read")).collect();
        let in_range = |block: &&TestBlock| (from..=to).contains(&block.record.block.number());
        let expected = blocks.iter().filter(in_range).filter(|block| has_words(block, &addresses, &topics));
        assert_eq!(found, expected.map(|block| block.record.block.number()).collect::<Vec<_>>());
    }
}

#[test]
fn the_words_of_a_block_are_found_in_it() {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let (mut chain, genesis) = TestChain::new(52);
    let store = Store::create(dir.path(), &Options::default(), &genesis.record, genesis.change).expect("new");
    let log =
        |n: u8| Log::new_unchecked(address(n), vec![topic(n), topic(n + 1), topic(n + 2), topic(n + 3)], Bytes::new());
    let tx = chain.transaction();
    let block = chain.seal(vec![tx], vec![receipt(1, vec![log(0), log(0)])], StateDiff::default());
    store.append(&block.record, block.change).expect("appended");
    store.flush().expect("flushed");
    let found = |position: usize, word: B256| {
        let mut topics: [Vec<B256>; 4] = Default::default();
        topics[position].push(word);
        store.candidates(0, 9, &[], &topics).expect("read").count()
    };
    let counts: Vec<_> = (0..4).flat_map(|position| (0..4).map(move |word| (position, word))).collect();
    for (position, word) in counts {
        assert_eq!(found(position, topic(u8::try_from(word).expect("small"))), usize::from(position == word));
    }
}

/// A million blocks in which three words are common, one of them in every second block, and ten blocks match.
#[test]
fn rare_matches_in_a_million_blocks_cost_few_candidates_and_few_steps() {
    const BLOCKS: u64 = 1_000_000;
    const MATCHES: u64 = 10;
    let dir = tempfile::tempdir().expect("a temporary folder");
    let flat = Flat::open(&dir.path().join("flat"), 8 << 20).expect("new");
    let (busy, transfer, rare) = (address(0), topic(0), topic(1));
    let heights = |step: u64| (0..BLOCKS).filter(move |height| height % step == 0);
    let lists = [
        (posting_prefix(ADDRESS_KIND, busy.as_slice()), heights(2).collect::<Vec<_>>()),
        (posting_prefix(topic_kind(0), transfer.as_slice()), heights(3).collect()),
        (
            posting_prefix(topic_kind(1), rare.as_slice()),
            heights(BLOCKS / MATCHES).map(|height| height / 6 * 6).collect(),
        ),
    ];
    let mut ingestion = flat.spaces.logs.start_ingestion().expect("new");
    for (prefix, heights) in &lists {
        for height in heights {
            ingestion.write(at_height(prefix, *height), []).expect("written");
        }
    }
    ingestion.finish().expect("written");
    let topics = [vec![transfer], vec![rare], vec![], vec![]];
    let mut candidates = Candidates::new(&flat.snapshot(), 0, BLOCKS, &[busy], &topics);
    let found: Vec<_> = candidates.by_ref().map(|found| found.expect("read")).collect();
    assert_eq!(found, lists[2].1);
    assert!(found.len() <= 20);
    let steps: u64 = candidates.groups.iter().flat_map(|group| &group.0).map(|list| list.steps).sum();
    assert!(steps < 300, "{steps} entries were read for {MATCHES} matches");
}
