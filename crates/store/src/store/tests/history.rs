//! State at old blocks against the states that the chain went through.

use super::*;
use crate::state::State;

/// Every account and slot that test blocks use, at one block.
fn check_state(then: &HistoricState, model: &State) {
    for address in (0..ADDRESSES).map(address) {
        assert_eq!(then.account(address).expect("read"), model.account(address), "block {}", then.number());
        for slot in (0..6).map(U256::from) {
            let expected = model.storage(address, slot);
            assert_eq!(then.storage(address, slot).expect("read"), expected, "block {}", then.number());
        }
    }
}

impl Ledger {
    fn check_history(&self, oldest: u64) {
        for (number, block) in (0..).zip(&self.blocks) {
            match self.store().state_at(number) {
                Ok(then) => check_state(&then, &block.state),
                Err(StoreError::StateTooOld { number, oldest: said }) => {
                    assert_eq!(said, oldest);
                    assert!(number < oldest);
                }
                Err(other) => panic!("{other}"),
            }
        }
        assert!(self.store().state_at(oldest).is_ok());
        assert!(oldest == 0 || self.store().state_at(oldest - 1).is_err());
    }

    /// Heights that the history has entries of.
    fn history_heights(&self) -> Vec<u64> {
        let view = self.store().flat.snapshot();
        let entries = view.every(&view.spaces.account_history).chain(view.every(&view.spaces.storage_history));
        let heights = entries.map(|entry| crate::keys::height_of(&entry.expect("read").0).expect("a height"));
        let mut heights: Vec<_> = heights.collect();
        heights.sort_unstable();
        heights.dedup();
        heights
    }
}

#[test]
fn the_state_at_every_block_is_what_it_was() {
    for seed in 10..16 {
        let mut ledger = Ledger::new(seed, 80, small());
        ledger.check_history(0);
        ledger.close();
        ledger.open();
        ledger.check_history(0);
    }
}

#[test]
fn an_old_state_reads_the_same_while_the_ledger_goes_on() {
    let mut ledger = Ledger::new(20, 20, Options { history_blocks: 8, ..small() });
    ledger.store().flush().expect("flushed");
    let (then, model) = (ledger.store().state_at(14).expect("kept"), ledger.blocks[14].state.clone());
    ledger.grow(60);
    ledger.store().flush().expect("flushed");
    assert!(matches!(ledger.store().state_at(14), Err(StoreError::StateTooOld { .. })));
    check_state(&then, &model);
}

#[test]
fn history_older_than_asked_for_is_forgotten() {
    for seed in 21..25 {
        let mut ledger = Ledger::new(seed, 90, Options { history_blocks: 10, ..small() });
        ledger.store().flush().expect("flushed");
        ledger.check_history(81);
        assert!(ledger.history_heights().iter().all(|height| *height > 81));
        ledger.close();
        let recovered = ledger.open();
        ledger.check_recovered(&recovered);
        ledger.check_history(81);
    }
}

#[test]
fn a_longer_history_cannot_be_had_back_and_a_shorter_one_comes_bit_by_bit() {
    let mut ledger = Ledger::new(26, 60, Options { history_blocks: 10, ..small() });
    ledger.close();
    ledger.options.history_blocks = 40;
    ledger.open();
    ledger.check_history(51);
    ledger.grow(50);
    ledger.store().flush().expect("flushed");
    ledger.check_history(71);
    ledger.close();
    ledger.options.history_blocks = 10;
    ledger.open();
    ledger.grow(1);
    ledger.store().flush().expect("flushed");
    ledger.check_history(75);
    ledger.grow(30);
    ledger.store().flush().expect("flushed");
    ledger.check_history(132);
}

#[test]
fn an_archive_forgets_nothing() {
    let ledger = Ledger::new(27, 90, Options { history_blocks: 10, archive: true, ..small() });
    ledger.check_history(0);
}

#[test]
fn a_state_after_the_head_is_not_known() {
    let ledger = Ledger::new(28, 3, small());
    assert!(matches!(ledger.store().state_at(4), Err(StoreError::UnknownBlock { number: 4, head: 3 })));
}
