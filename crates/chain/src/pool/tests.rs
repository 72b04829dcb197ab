//! The pool as short stories. Transactions carry a fixed signature: their senders are given, nobody recovers them here.

use alloy_consensus::{SignableTransaction, TxEip1559};
use alloy_primitives::{Signature, TxKind};
use proptest::prelude::*;

use super::*;

const RICH: SenderState = SenderState { nonce: 0, balance: U256::MAX };
const NOW: TimeMs = TimeMs(1_000_000);

fn tx(sender: u8, nonce: u64, price: u128, value: u64) -> Recovered<Tx> {
    let tx = TxEip1559 {
        chain_id: 1,
        nonce,
        gas_limit: 10,
        max_fee_per_gas: price,
        to: TxKind::Call(Address::ZERO),
        value: U256::from(value),
        ..Default::default()
    };
    // The value makes hashes of different senders differ, as their signatures would.
    let signature = Signature::new(U256::from(sender), U256::from(1), false);
    Recovered::new_unchecked(tx.into_signed(signature).into(), Address::repeat_byte(sender))
}

fn plain(sender: u8, nonce: u64) -> Recovered<Tx> {
    tx(sender, nonce, 1, 0)
}

fn add(pool: &Pool, tx: Recovered<Tx>) -> Result<bool, PoolError> {
    pool.insert(tx, None, NOW, |_| RICH).map(|(_, ready)| ready)
}

fn names(transactions: &[Arc<Pooled>]) -> Vec<(u8, u64)> {
    transactions.iter().map(|pooled| (pooled.sender()[0], pooled.nonce())).collect()
}

fn pool() -> Pool {
    Pool::new(Limits::default())
}

fn settle(pool: &Pool, transactions: &[Arc<Pooled>]) {
    pool.settle(transactions.iter().map(|pooled| (pooled.sender(), pooled.nonce(), pooled.hash())), || ());
}

#[test]
fn transactions_leave_in_order_of_arrival_across_senders() {
    let pool = pool();
    for (sender, nonce) in [(2, 0), (1, 0), (2, 1), (3, 0), (1, 1)] {
        assert_eq!(add(&pool, plain(sender, nonce)), Ok(true));
    }
    assert_eq!(names(&pool.take(10)), [(2, 0), (1, 0), (2, 1), (3, 0), (1, 1)]);
    assert_eq!(names(&pool.take(10)), []);
}

#[test]
fn a_gap_waits_until_it_is_filled() {
    let pool = pool();
    assert_eq!(add(&pool, plain(1, 1)), Ok(false));
    assert_eq!(add(&pool, plain(1, 2)), Ok(false));
    assert_eq!(names(&pool.take(10)), []);
    assert_eq!(pool.status(), (0, 2));
    assert_eq!(add(&pool, plain(1, 0)), Ok(true));
    assert_eq!(pool.status(), (3, 0));
    assert_eq!(names(&pool.take(10)), [(1, 0), (1, 1), (1, 2)]);
}

#[test]
fn a_transaction_is_found_until_its_block_is_published() {
    let pool = pool();
    let hash = *plain(1, 0).inner().tx_hash();
    add(&pool, plain(1, 0)).unwrap();
    let taken = pool.take(1);
    assert!(pool.get(hash).is_some());
    pool.settle(taken.iter().map(|pooled| (pooled.sender(), pooled.nonce(), pooled.hash())), || ());
    assert!(pool.get(hash).is_none());
    assert_eq!(pool.size(), (0, 0));
}

#[test]
fn the_same_transaction_is_already_known() {
    let pool = pool();
    add(&pool, plain(1, 0)).unwrap();
    assert_eq!(add(&pool, plain(1, 0)), Err(PoolError::AlreadyKnown));
}

#[test]
fn a_used_nonce_is_too_low_even_before_the_state_says_so() {
    let pool = pool();
    add(&pool, plain(1, 0)).unwrap();
    add(&pool, plain(1, 1)).unwrap();
    let taken = pool.take(1);
    settle(&pool, &taken);
    assert_eq!(add(&pool, tx(1, 0, 9, 9)), Err(PoolError::NonceTooLow { tx: 0, state: 1 }));
}

#[test]
fn an_equal_price_replaces_and_keeps_the_place() {
    let pool = pool();
    add(&pool, plain(1, 0)).unwrap();
    add(&pool, plain(2, 0)).unwrap();
    add(&pool, tx(1, 0, 1, 7)).unwrap();
    let taken = pool.take(10);
    assert_eq!(names(&taken), [(1, 0), (2, 0)]);
    assert_eq!(taken[0].tx.inner().value(), U256::from(7));
    assert_eq!(pool.size().0, 2);
}

#[test]
fn a_lower_price_does_not_replace() {
    let pool = pool();
    add(&pool, tx(1, 0, 5, 0)).unwrap();
    assert_eq!(add(&pool, tx(1, 0, 4, 1)), Err(PoolError::ReplacementUnderpriced { new: 4, old: 5 }));
}

#[test]
fn what_is_being_included_cannot_be_replaced() {
    let pool = pool();
    add(&pool, plain(1, 0)).unwrap();
    pool.take(1);
    assert_eq!(add(&pool, tx(1, 0, 9, 1)), Err(PoolError::AlreadyProposed));
}

#[test]
fn replacements_are_limited_in_rate() {
    let pool = Pool::new(Limits { replacement_burst: 2, ..Limits::default() });
    let replace = |value, now| pool.insert(tx(1, 0, 1, value), None, now, |_| RICH).map(|_| ());
    for value in 0..3 {
        assert_eq!(replace(value, NOW), Ok(()));
    }
    assert_eq!(replace(3, NOW), Err(PoolError::ReplacementRate));
    assert_eq!(replace(3, TimeMs(NOW.0 + 1_000)), Ok(()));
    assert_eq!(replace(4, TimeMs(NOW.0 + 1_999)), Err(PoolError::ReplacementRate));
}

#[test]
fn every_bound_has_its_own_error() {
    let limited = |limits| {
        let pool = Pool::new(limits);
        add(&pool, plain(1, 0)).unwrap();
        add(&pool, plain(1, 1)).unwrap();
        pool
    };
    let bytes = 2 * plain(1, 0).inner().encode_2718_len();
    let limits = Limits::default();
    assert_eq!(add(&limited(Limits { transactions: 2, ..limits }), plain(2, 0)), Err(PoolError::Full { limit: 2 }));
    assert_eq!(add(&limited(Limits { bytes, ..limits }), plain(2, 0)), Err(PoolError::BytesFull { limit: bytes }));
    let per_sender = limited(Limits { per_sender: 2, ..limits });
    assert_eq!(add(&per_sender, plain(1, 2)), Err(PoolError::NonceTooHigh { tx: 2, state: 0, limit: 2 }));
    assert_eq!(add(&per_sender, plain(2, 0)), Ok(true));
}

fn tell(pool: &Pool, tx: Recovered<Tx>, peer: u8) -> Result<Arc<Pooled>, PoolError> {
    pool.insert(tx, Some(NodeId::repeat_byte(peer)), NOW, |_| RICH).map(|(pooled, _)| pooled)
}

/// A peer's share is two transactions.
fn check_share(limits: Limits, full: &PoolError) {
    let pool = Pool::new(limits);
    let first = tell(&pool, plain(1, 0), 7).unwrap();
    tell(&pool, plain(1, 1), 7).unwrap();
    assert_eq!(tell(&pool, plain(1, 2), 7).unwrap_err(), *full);
    assert_eq!(tell(&pool, plain(4, 0), 7).unwrap_err(), *full, "whoever signed it");
    tell(&pool, plain(2, 0), 8).unwrap();
    add(&pool, plain(3, 0)).unwrap();
    settle(&pool, &[first]);
    tell(&pool, plain(1, 2), 7).unwrap();
    assert_eq!(tell(&pool, plain(1, 3), 7).unwrap_err(), *full);
}

#[test]
fn what_a_peer_told_of_is_bounded_until_it_leaves() {
    let bytes = 2 * plain(1, 0).inner().encode_2718_len();
    let limits = Limits::default();
    check_share(Limits { bytes_per_peer: bytes, ..limits }, &PoolError::PeerBytesFull { limit: bytes });
    check_share(Limits { transactions_per_peer: 2, ..limits }, &PoolError::PeerFull { limit: 2 });
}

#[test]
fn one_peer_cannot_fill_the_pool() {
    let limits = Limits::default();
    assert!(limits.transactions_per_peer <= limits.transactions / 4);
    assert!(limits.bytes_per_peer <= limits.bytes / 4);
}

#[test]
fn what_waits_for_a_gap_cannot_keep_out_what_closes_it() {
    let pool = Pool::new(Limits { transactions_per_peer: 4, ..Limits::default() });
    let full = PoolError::PeerFull { limit: 4 };
    tell(&pool, plain(1, 1), 7).unwrap();
    tell(&pool, plain(1, 2), 7).unwrap();
    assert_eq!(tell(&pool, plain(1, 3), 7).unwrap_err(), full);
    assert_eq!(tell(&pool, plain(2, 1), 7).unwrap_err(), full, "a sender that is new here");
    tell(&pool, plain(1, 0), 7).unwrap();
    tell(&pool, plain(1, 3), 7).unwrap();
    assert_eq!(tell(&pool, plain(1, 4), 7).unwrap_err(), full);
    assert_eq!(names(&pool.take(10)), [(1, 0), (1, 1), (1, 2), (1, 3)]);
}

#[test]
fn a_sender_must_own_what_all_its_transactions_can_cost() {
    let pool = pool();
    let poor = |tx| pool.insert(tx, None, NOW, |_| SenderState { nonce: 0, balance: U256::from(100) }).map(|_| ());
    assert!(matches!(poor(tx(1, 0, 1, 91)), Err(PoolError::InsufficientFunds { .. })));
    assert_eq!(poor(tx(1, 0, 1, 50)), Ok(()));
    assert!(matches!(poor(tx(1, 1, 1, 50)), Err(PoolError::InsufficientFundsQueued { .. })));
    assert_eq!(poor(tx(1, 0, 1, 90)), Ok(()), "a replacement frees what it replaces");
    assert_eq!(pool.size().0, 1);
}

#[test]
fn what_did_not_fit_goes_back_to_the_front() {
    let pool = pool();
    for nonce in 0..3 {
        add(&pool, plain(1, nonce)).unwrap();
    }
    let taken = pool.take(2);
    add(&pool, plain(2, 0)).unwrap();
    pool.put_back(&taken[1..]);
    assert_eq!(names(&pool.take(10)), [(1, 1), (1, 2), (2, 0)]);
}

#[test]
fn a_rejected_transaction_leaves_and_those_behind_it_wait() {
    let pool = pool();
    for nonce in 0..3 {
        add(&pool, plain(1, nonce)).unwrap();
    }
    let taken = pool.take(3);
    pool.reject(&taken[0], RICH);
    pool.put_back(&taken[1..]);
    assert_eq!(pool.status(), (0, 2));
    assert_eq!(names(&pool.take(10)), []);
    assert_eq!(add(&pool, tx(1, 0, 1, 5)), Ok(true));
    assert_eq!(names(&pool.take(10)), [(1, 0), (1, 1), (1, 2)]);
}

#[test]
fn a_nonce_raised_by_somebody_elses_block_drops_what_it_passed() {
    let pool = pool();
    for nonce in [0, 1, 3] {
        add(&pool, plain(1, nonce)).unwrap();
    }
    pool.settle([(Address::repeat_byte(1), 2, B256::ZERO)].into_iter(), || ());
    assert_eq!(pool.status(), (1, 0));
    assert_eq!(names(&pool.take(10)), [(1, 3)]);
}

#[test]
fn the_next_nonce_counts_what_waits() {
    let pool = pool();
    let next = || pool.next_nonce(Address::repeat_byte(1), || 0);
    assert_eq!(next(), 0);
    add(&pool, plain(1, 0)).unwrap();
    add(&pool, plain(1, 2)).unwrap();
    assert_eq!(next(), 1);
}

#[derive(Clone, Debug)]
enum Step {
    Insert { sender: u8, nonce: u64, value: u64 },
    TakeAndSettle { count: usize },
    TakeAndPutBack { count: usize },
    TakeAndReject { count: usize },
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        6 => (1..4_u8, 0..12_u64, 0..3_u64).prop_map(|(sender, nonce, value)| Step::Insert { sender, nonce, value }),
        2 => (1..6_usize).prop_map(|count| Step::TakeAndSettle { count }),
        1 => (1..6_usize).prop_map(|count| Step::TakeAndPutBack { count }),
        1 => (1..3_usize).prop_map(|count| Step::TakeAndReject { count }),
    ]
}

proptest! {
    /// Whatever happens: each sender's transactions come out gapless and in order, none twice, and the counts add up.
    #[test]
    fn nonces_come_out_gapless_and_once(steps in proptest::collection::vec(step(), 1..120)) {
        let pool = pool();
        let mut mined: HashMap<Address, u64> = HashMap::new();
        for step in steps {
            match step {
                Step::Insert { sender, nonce, value } => {
                    let state = |sender| SenderState { nonce: *mined.get(&sender).unwrap_or(&0), balance: U256::MAX };
                    let _ = pool.insert(tx(sender, nonce, 1, value), None, NOW, state);
                }
                Step::TakeAndSettle { count } => {
                    let taken = pool.take(count);
                    for pooled in &taken {
                        let next = mined.entry(pooled.sender()).or_default();
                        prop_assert_eq!(pooled.nonce(), *next);
                        *next += 1;
                    }
                    settle(&pool, &taken);
                }
                Step::TakeAndPutBack { count } => pool.put_back(&pool.take(count)),
                Step::TakeAndReject { count } => {
                    let taken = pool.take(count);
                    if let Some(first) = taken.first() {
                        let nonce = *mined.get(&first.sender()).unwrap_or(&0);
                        pool.reject(first, SenderState { nonce, balance: U256::MAX });
                        pool.put_back(&taken[1..]);
                    }
                }
            }
            let content = pool.content();
            prop_assert_eq!(pool.status(), (content.pending.len(), content.queued.len()));
            let bytes: usize = content.pending.iter().chain(&content.queued).map(|pooled| pooled.bytes).sum();
            prop_assert_eq!(pool.size(), (content.pending.len() + content.queued.len(), bytes));
        }
    }
}
