//! Our block as commonware sees it: opaque bytes with a height, a parent and a digest, the digest being the header's hash.
//! Because the digest covers the header only, decoding is where a header with another body, ommers, withdrawals or more bytes is
//! refused (`primitives::Block::decode`), and where bytes that would not encode to themselves are.

use std::sync::{Arc, OnceLock};

use bytes::{BufMut, Bytes};
use commonware_codec::{Buf, EncodeSize, Error as CodecError, RangeCfg, Read, Write};
use commonware_consensus::{Block as EngineBlock, BoundedBlock, Heightable, types::Height};
use commonware_cryptography::{Digested, Digestible, sha256};
use primitives::{Address, B256, Block, BlockError, Recovered, Tx, tx::recover};
use rayon::prelude::*;

use crate::Gossip;

/// 32 opaque bytes to the engine; here the keccak hash of a header.
pub(super) type Digest = sha256::Digest;

/// How blocks from outside are read.
#[derive(Clone)]
pub(super) struct Reading {
    /// Most bytes of one encoded block.
    limit: usize,
    /// Who has recovered some signers already.
    signers: Option<Arc<dyn Gossip>>,
}

impl Reading {
    /// Every signer is recovered.
    pub(super) const fn new(limit: usize) -> Self {
        Self { limit, signers: None }
    }

    /// What waits or waited in the pool was recovered there.
    pub(super) fn knowing(limit: usize, pool: Arc<dyn Gossip>) -> Self {
        Self { limit, signers: Some(pool) }
    }

    /// The transactions with their signers. What is not known is recovered on all cores: a node that is behind knows nobody.
    fn signed(&self, transactions: Vec<Tx>) -> Result<Vec<Recovered<Tx>>, BlockError> {
        let known: Vec<_> = transactions.iter().map(|tx| self.signer(*tx.tx_hash())).collect();
        let unknown = known.iter().filter(|signer| signer.is_none()).count();
        let signed = |(index, (tx, known)): (usize, (Tx, Option<Address>))| match known {
            Some(signer) => Ok(Recovered::new_unchecked(tx, signer)),
            None => recover(tx).map_err(|error| BlockError::Transaction { index, error }),
        };
        if unknown < PARALLEL_SIGNERS {
            return transactions.into_iter().zip(known).enumerate().map(signed).collect();
        }
        transactions.into_par_iter().zip(known).enumerate().map(signed).collect()
    }

    fn signer(&self, hash: B256) -> Option<Address> {
        self.signers.as_ref()?.signer(hash)
    }
}

/// From this many unknown signers on, other threads help: recovering one costs more than waking a thread.
const PARALLEL_SIGNERS: usize = 2;
/// Length prefix at its widest.
const PREFIX_BYTES: usize = 5;

/// A block with its encoding, made at most once.
#[derive(Clone, Debug)]
pub(super) struct Opaque {
    block: Arc<Block>,
    encoded: Arc<OnceLock<Bytes>>,
}

impl Opaque {
    pub(super) fn new(block: Arc<Block>) -> Self {
        Self { block, encoded: Arc::default() }
    }

    pub(super) const fn block(&self) -> &Arc<Block> {
        &self.block
    }

    pub(super) fn digested(self) -> Digested<Self> {
        let digest = self.digest();
        Digested::precomputed(self, digest)
    }

    fn bytes(&self) -> &Bytes {
        self.encoded.get_or_init(|| self.block.encode().0)
    }

    fn decode(bytes: Bytes, reading: &Reading) -> Result<Self, CodecError> {
        let refused = |reason: String| CodecError::Wrapped("block", reason.into());
        let block = Block::decode_with(&bytes, |transactions| reading.signed(transactions));
        let block = block.map_err(|error| refused(error.to_string()))?;
        if block.encode() != bytes {
            return Err(refused("block is not in canonical form".into()));
        }
        Ok(Self { block: Arc::new(block), encoded: Arc::new(OnceLock::from(bytes)) })
    }
}

pub(super) const fn digest_of(hash: B256) -> Digest {
    sha256::Digest(hash.0)
}

pub(super) const fn hash_of(digest: Digest) -> B256 {
    B256::new(digest.0)
}

impl Write for Opaque {
    fn write(&self, buf: &mut impl BufMut) {
        self.bytes().write(buf);
    }
}

impl EncodeSize for Opaque {
    fn encode_size(&self) -> usize {
        self.bytes().encode_size()
    }
}

impl Read for Opaque {
    type Cfg = Reading;

    fn read_cfg(buf: &mut impl Buf, reading: &Reading) -> Result<Self, CodecError> {
        Self::decode(Bytes::read_cfg(buf, &RangeCfg::new(0..=reading.limit))?, reading)
    }
}

impl Digestible for Opaque {
    type Digest = Digest;

    fn digest(&self) -> Digest {
        digest_of(self.block.hash())
    }
}

impl Heightable for Opaque {
    fn height(&self) -> Height {
        Height::new(self.block.number())
    }
}

impl EngineBlock for Opaque {
    fn parent(&self) -> Digest {
        digest_of(self.block.header().parent_hash)
    }
}

impl BoundedBlock for Opaque {
    fn max_encode_size(reading: &Reading) -> usize {
        PREFIX_BYTES + reading.limit
    }
}

#[cfg(test)]
mod tests;
