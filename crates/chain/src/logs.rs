//! Searching logs: candidates come from the store's index for old blocks and from the blooms of the window for new ones,
//! so the cost follows matches and not the length of the range.

use std::sync::Arc;

use alloy_primitives::BloomInput;
use primitives::{Address, B256, Bloom};

use crate::{Chain, ChainError, Executed};

/// Which logs: in blocks `from..=to`, from one of `addresses` (none = any), with one of `topics[i]` at position i (none = any).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LogQuery {
    /// First block.
    pub from: u64,
    /// Last block; the head if it is beyond.
    pub to: u64,
    /// Emitting contracts.
    pub addresses: Vec<Address>,
    /// Topics by position.
    pub topics: [Vec<B256>; 4],
    /// More results than this is an error.
    pub max_results: usize,
}

/// A log that matches.
#[derive(Clone, Debug)]
pub struct FoundLog {
    /// Its block.
    pub executed: Arc<Executed>,
    /// Place of its transaction in the block.
    pub tx_index: usize,
    /// Place of the log in the block.
    pub log_index: usize,
    /// Place of the log in its transaction's receipt.
    pub receipt_index: usize,
}

impl FoundLog {
    /// The log itself.
    pub fn log(&self) -> &alloy_primitives::Log {
        &self.executed.receipts[self.tx_index].logs[self.receipt_index]
    }
}

impl LogQuery {
    /// Does this log match?
    pub fn matches(&self, log: &alloy_primitives::Log) -> bool {
        let address = self.addresses.is_empty() || self.addresses.contains(&log.address);
        address
            && self.topics.iter().enumerate().all(|(position, wanted)| {
                wanted.is_empty() || log.topics().get(position).is_some_and(|topic| wanted.contains(topic))
            })
    }

    /// Could a block with this bloom hold a match?
    pub fn may_match(&self, bloom: &Bloom) -> bool {
        let any_address =
            self.addresses.iter().any(|address| bloom.contains_input(BloomInput::Raw(address.as_slice())));
        let any_topic = |wanted: &Vec<B256>| {
            wanted.is_empty() || wanted.iter().any(|topic| bloom.contains_input(BloomInput::Raw(topic.as_slice())))
        };
        (self.addresses.is_empty() || any_address) && self.topics.iter().all(any_topic)
    }

    /// The matching logs of one block, in order.
    pub fn search(&self, executed: &Arc<Executed>, found: &mut Vec<FoundLog>) {
        if !self.may_match(&executed.block.header().logs_bloom) {
            return;
        }
        let mut log_index = 0;
        for (tx_index, receipt) in executed.receipts.iter().enumerate() {
            for (receipt_index, log) in receipt.logs.iter().enumerate() {
                if self.matches(log) {
                    found.push(FoundLog { executed: executed.clone(), tx_index, log_index, receipt_index });
                }
                log_index += 1;
            }
        }
    }
}

impl Chain {
    /// The logs that match, in order of the chain.
    pub fn logs(&self, query: &LogQuery) -> Result<Vec<FoundLog>, ChainError> {
        let head = self.head();
        let to = query.to.min(head.number());
        let mut found = Vec::new();
        if query.from < head.oldest() {
            let last_old = to.min(head.oldest().saturating_sub(1));
            for number in self.0.store.candidates(query.from, last_old, &query.addresses, &query.topics)? {
                if let Some(executed) = self.0.block_by_number(&head, number?)? {
                    query.search(&executed, &mut found);
                    query.check_count(&found)?;
                }
            }
        }
        for executed in head.blocks().filter(|executed| (query.from..=to).contains(&executed.number())) {
            query.search(executed, &mut found);
            query.check_count(&found)?;
        }
        Ok(found)
    }
}

impl LogQuery {
    const fn check_count(&self, found: &[FoundLog]) -> Result<(), ChainError> {
        if found.len() > self.max_results { Err(ChainError::TooManyLogs { limit: self.max_results }) } else { Ok(()) }
    }
}
