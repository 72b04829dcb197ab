//! A block: Ethereum's header and the transactions with their recovered senders, and the encoding that crosses wires and disks.
//! The hash covers the header only, so decoding recomputes the transactions root and refuses whatever the header does not commit to.

use alloy_consensus::{BlockBody, Header, proofs::calculate_transaction_root, transaction::Recovered};
use alloy_eips::{eip2718::Encodable2718, eip4895::Withdrawals};
use alloy_primitives::{Address, B256, Bytes};
use alloy_rlp::Decodable;

use crate::{
    time::TimeMs,
    tx::{Tx, TxError, recover},
};

/// A block whose hash has been computed and whose senders are known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Block {
    hash: B256,
    header: Header,
    transactions: Vec<Recovered<Tx>>,
}

/// Why bytes are not a block.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum BlockError {
    /// Not the RLP of a block.
    #[error("block could not be decoded: {0}")]
    Decode(String),
    /// Bytes follow the block.
    #[error("block is followed by {0} more bytes")]
    Trailing(usize),
    /// Ommers or withdrawals, which this chain never has.
    #[error("block carries {0}, which this chain does not have")]
    Foreign(&'static str),
    /// The body is not the one that the header commits to.
    #[error("transactions do not match the header's transactions root")]
    Body,
    /// The header's nonce is not a number of milliseconds.
    #[error("header nonce is not a number of milliseconds below 1000")]
    Time,
    /// A transaction of a type not taken, or with a bad signature.
    #[error("transaction {index}: {error}")]
    Transaction {
        /// Position in the block.
        index: usize,
        /// What is wrong with it.
        error: TxError,
    },
    /// Not one sender for each transaction.
    #[error("{senders} senders for {transactions} transactions")]
    Senders {
        /// Senders given.
        senders: usize,
        /// Transactions in the block.
        transactions: usize,
    },
}

type EthBlock = alloy_consensus::Block<Tx>;

impl Block {
    /// Seals a header over transactions; the caller made the header's roots from these transactions.
    pub fn seal(header: Header, transactions: Vec<Recovered<Tx>>) -> Self {
        Self { hash: header.hash_slow(), header, transactions }
    }

    /// keccak of the header's RLP.
    pub const fn hash(&self) -> B256 {
        self.hash
    }

    /// The header.
    pub const fn header(&self) -> &Header {
        &self.header
    }

    /// Height.
    pub const fn number(&self) -> u64 {
        self.header.number
    }

    /// Block time.
    pub fn time(&self) -> TimeMs {
        TimeMs::of_header(&self.header).unwrap_or(TimeMs(0))
    }

    /// The transactions in order, each with its signer.
    pub fn transactions(&self) -> &[Recovered<Tx>] {
        &self.transactions
    }

    /// The signers in order.
    pub fn senders(&self) -> impl Iterator<Item = Address> + '_ {
        self.transactions.iter().map(Recovered::signer)
    }

    /// The Ethereum encoding: RLP of header, transactions, no ommers, no withdrawals.
    pub fn encode(&self) -> Bytes {
        let body = BlockBody {
            transactions: self.transactions.iter().map(Recovered::inner).collect::<Vec<&Tx>>(),
            ommers: Vec::<Header>::new(),
            withdrawals: self.header.withdrawals_root.map(|_| Withdrawals::default()),
        };
        alloy_consensus::Block::rlp_encoded_from_parts(&self.header, &body).into()
    }

    /// Decodes a block from an untrusted source and recovers every signer.
    pub fn decode(bytes: &[u8]) -> Result<Self, BlockError> {
        let signed = |(index, tx)| recover(tx).map_err(|error| BlockError::Transaction { index, error });
        Self::decode_with(bytes, |transactions| transactions.into_iter().enumerate().map(signed).collect())
    }

    /// [`Block::decode`] for a caller that knows some of the signers or recovers them on several threads: `recover` gives every
    /// transaction its signer, in order.
    pub fn decode_with(
        bytes: &[u8],
        recover: impl FnOnce(Vec<Tx>) -> Result<Vec<Recovered<Tx>>, BlockError>,
    ) -> Result<Self, BlockError> {
        let (header, transactions) = decode_parts(bytes)?;
        Ok(Self::seal(header, recover(transactions)?))
    }

    /// Decodes a block whose senders were recovered before (the node's own log): nothing is recovered again.
    pub fn decode_with_senders(bytes: &[u8], senders: &[Address]) -> Result<Self, BlockError> {
        let (header, transactions) = decode_parts(bytes)?;
        if senders.len() != transactions.len() {
            return Err(BlockError::Senders { senders: senders.len(), transactions: transactions.len() });
        }
        let recovered =
            transactions.into_iter().zip(senders).map(|(tx, sender)| Recovered::new_unchecked(tx, *sender)).collect();
        Ok(Self::seal(header, recovered))
    }

    /// Bytes of the transactions alone, as counted against the block size limit.
    pub fn transactions_bytes(&self) -> usize {
        self.transactions.iter().map(|tx| tx.inner().encode_2718_len()).sum()
    }
}

fn decode_parts(bytes: &[u8]) -> Result<(Header, Vec<Tx>), BlockError> {
    let mut rest = bytes;
    let block = EthBlock::decode(&mut rest).map_err(|error| BlockError::Decode(error.to_string()))?;
    if !rest.is_empty() {
        return Err(BlockError::Trailing(rest.len()));
    }
    check_body(&block)?;
    Ok((block.header, block.body.transactions))
}

fn check_body(block: &EthBlock) -> Result<(), BlockError> {
    let EthBlock { header, body } = block;
    if !body.ommers.is_empty() {
        return Err(BlockError::Foreign("ommers"));
    }
    if body.withdrawals.is_some() != header.withdrawals_root.is_some()
        || body.withdrawals.as_ref().is_some_and(|list| !list.is_empty())
    {
        return Err(BlockError::Foreign("withdrawals"));
    }
    if let Some(index) = body.transactions.iter().position(Tx::is_eip4844) {
        return Err(BlockError::Transaction { index, error: TxError::Blob });
    }
    if calculate_transaction_root(&body.transactions) != header.transactions_root {
        return Err(BlockError::Body);
    }
    TimeMs::of_header(header).map(|_| ()).ok_or(BlockError::Time)
}
