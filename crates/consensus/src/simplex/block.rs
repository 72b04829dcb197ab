//! Our block as commonware sees it: opaque bytes with a height, a parent and a digest, the digest being the header's hash.
//! Because the digest covers the header only, decoding is where a header with another body, ommers, withdrawals or more bytes is
//! refused (`primitives::Block::decode`), and where bytes that would not encode to themselves are.

use std::sync::{Arc, OnceLock};

use bytes::{BufMut, Bytes};
use commonware_codec::{Buf, EncodeSize, Error as CodecError, RangeCfg, Read, Write};
use commonware_consensus::{Block as EngineBlock, BoundedBlock, Heightable, types::Height};
use commonware_cryptography::{Digested, Digestible, sha256};
use primitives::{B256, Block};

/// 32 opaque bytes to the engine; here the keccak hash of a header.
pub(super) type Digest = sha256::Digest;

/// Most bytes of one encoded block.
#[derive(Clone, Copy, Debug)]
pub(super) struct BlockLimit(pub(super) usize);

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

    fn decode(bytes: Bytes) -> Result<Self, CodecError> {
        let refused = |reason: String| CodecError::Wrapped("block", reason.into());
        let block = Block::decode(&bytes).map_err(|error| refused(error.to_string()))?;
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
    type Cfg = BlockLimit;

    fn read_cfg(buf: &mut impl Buf, limit: &BlockLimit) -> Result<Self, CodecError> {
        Self::decode(Bytes::read_cfg(buf, &RangeCfg::new(0..=limit.0))?)
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
    fn max_encode_size(limit: &BlockLimit) -> usize {
        PREFIX_BYTES + limit.0
    }
}

#[cfg(test)]
mod tests;
