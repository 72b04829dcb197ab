//! Searching logs: candidates come from the store's index for old blocks and from the blooms of the window for new ones,
//! so the cost follows matches and not the length of the range.

use std::sync::Arc;

use alloy_primitives::{BloomInput, Log};
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

/// A log that matches, with its place. It holds nothing of its block, so that many of them from large blocks stay small.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FoundLog {
    /// The log itself.
    pub log: Log,
    /// Height of its block.
    pub block_number: u64,
    /// Hash of its block.
    pub block_hash: B256,
    /// Seconds since 1970, from its block.
    pub timestamp: u64,
    /// Its transaction.
    pub tx_hash: B256,
    /// Place of its transaction in the block.
    pub tx_index: usize,
    /// Place of the log in the block.
    pub log_index: usize,
}

/// Most bytes of data that the results of one query hold together.
const MAX_RESULT_BYTES: usize = 64 * 1024 * 1024;

impl LogQuery {
    /// Does this log match?
    pub fn matches(&self, log: &Log) -> bool {
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
        let block = &executed.block;
        let mut log_index = 0;
        for (tx_index, (receipt, tx)) in executed.receipts.iter().zip(block.transactions()).enumerate() {
            for log in &receipt.logs {
                if self.matches(log) {
                    found.push(FoundLog {
                        log: log.clone(),
                        block_number: block.number(),
                        block_hash: block.hash(),
                        timestamp: block.header().timestamp,
                        tx_hash: *tx.inner().tx_hash(),
                        tx_index,
                        log_index,
                    });
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
        let mut search = Search { query, found: Vec::new(), bytes: 0 };
        if query.from < head.oldest() {
            let last_old = to.min(head.oldest().saturating_sub(1));
            for number in self.0.store.candidates(query.from, last_old, &query.addresses, &query.topics)? {
                if let Some(executed) = self.0.block_by_number(&head, number?)? {
                    search.block(&executed)?;
                }
            }
        }
        for executed in head.blocks().filter(|executed| (query.from..=to).contains(&executed.number())) {
            search.block(executed)?;
        }
        Ok(search.found)
    }
}

/// A query at work, with its bounds.
struct Search<'a> {
    query: &'a LogQuery,
    found: Vec<FoundLog>,
    bytes: usize,
}

impl Search<'_> {
    fn block(&mut self, executed: &Arc<Executed>) -> Result<(), ChainError> {
        let before = self.found.len();
        self.query.search(executed, &mut self.found);
        self.bytes += self.found[before..].iter().map(|found| found.log.data.data.len()).sum::<usize>();
        if self.found.len() > self.query.max_results {
            return Err(ChainError::TooManyLogs { limit: self.query.max_results });
        }
        if self.bytes > MAX_RESULT_BYTES {
            return Err(ChainError::LogsTooLarge { limit: MAX_RESULT_BYTES });
        }
        Ok(())
    }
}
