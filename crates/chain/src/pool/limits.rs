//! The pool's bounds. Each has an error of its own in [`super::PoolError`].

/// Most of everything.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Transactions of all senders.
    pub transactions: usize,
    /// Encoded bytes of all transactions.
    pub bytes: usize,
    /// Transactions that one peer told of. The second half is for those that close a gap or have none before them, and so leave by
    /// themselves.
    pub transactions_per_peer: usize,
    /// Their encoded bytes, in the same two halves.
    pub bytes_per_peer: usize,
    /// Transactions of one sender.
    pub per_sender: usize,
    /// Replacements that a sender may make at once, with one more for each second that passes.
    pub replacement_burst: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            transactions: 131_072,
            bytes: 256 * 1024 * 1024,
            transactions_per_peer: 32_768,
            bytes_per_peer: 64 * 1024 * 1024,
            per_sender: 8_192,
            replacement_burst: 16,
        }
    }
}
