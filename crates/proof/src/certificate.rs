//! Finality certificates, decoded and verified without an engine: commonware simplex 2026.10's `Finalization` with ed25519 signatures.
//!
//! ```text
//! proposal    varint epoch | varint view | varint parent view | 32-byte block hash
//! signers     u64 big-endian member count | bitmap, lowest bit first
//! signatures  varint count | 64 bytes each, in order of signer
//! ```
//! Each signature covers `varint length of namespace | namespace | proposal`, the namespace being that of the chain
//! (`primitives::finality::signing_namespace`) followed by `_FINALIZE`. Points and scalars are judged as ZIP-215 says, which is what
//! commonware does; the judge `certificates` compares ten thousand verdicts. `consensus` reads the same format for itself: a verifier
//! that shares no code with the engine is the second opinion that a proof should be.

use alloy_primitives::B256;
use ed25519_consensus::{Signature, VerificationKey};
use primitives::{
    Committee, FinalityProof,
    finality::{SCHEME_SIMPLEX_ED25519, signing_namespace},
};

const FINALIZE_SUFFIX: &[u8] = b"_FINALIZE";
const SIGNATURE_BYTES: usize = 64;

/// Why a certificate does not make a block final.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CertificateError {
    /// Not this format, or not its one encoding.
    #[error("the certificate is malformed: {0}")]
    Malformed(&'static str),
    /// It certifies something else.
    #[error("the certificate is for another {0}")]
    Other(&'static str),
    /// Too few members signed.
    #[error("the certificate has {signed} signatures, {quorum} are needed")]
    Quorum {
        /// Signatures present.
        signed: usize,
        /// Signatures needed.
        quorum: usize,
    },
    /// A signature does not fit its member's key.
    #[error("the certificate has a wrong signature of member {0}")]
    Signature(usize),
}

/// Checks that a quorum of `committee` made `block` final in `proof.epoch` on the chain of this genesis.
pub fn verify(
    proof: &FinalityProof,
    committee: &Committee,
    genesis_hash: B256,
    block: B256,
) -> Result<(), CertificateError> {
    Claimed::read(proof, committee, block)?.check_signatures(genesis_hash)
}

/// Which members signed, in order of the committee; their signatures are not checked.
pub fn signers(proof: &FinalityProof, committee: &Committee, block: B256) -> Result<Vec<B256>, CertificateError> {
    Ok(Claimed::read(proof, committee, block)?.signers.into_iter().map(|(_, key, _)| key).collect())
}

/// A certificate that is complete and for this block, its signatures not checked yet: they cost more than all the rest.
pub(crate) struct Claimed<'a> {
    proposal: &'a [u8],
    /// Each signer's place, key and signature.
    signers: Vec<(usize, B256, &'a [u8])>,
}

impl<'a> Claimed<'a> {
    pub(crate) fn read(proof: &'a FinalityProof, committee: &Committee, block: B256) -> Result<Self, CertificateError> {
        if proof.scheme != SCHEME_SIMPLEX_ED25519 {
            return Err(malformed("unknown scheme"));
        }
        let parts = Parts::read(&proof.bytes)?;
        if parts.epoch != proof.epoch {
            return Err(CertificateError::Other("epoch"));
        }
        if parts.block != block {
            return Err(CertificateError::Other("block"));
        }
        let signers = parts.signers(committee)?.into_iter().zip(parts.signatures.chunks_exact(SIGNATURE_BYTES));
        let signers = signers.map(|(index, signature)| (index, committee.members()[index], signature)).collect();
        Ok(Self { proposal: parts.proposal, signers })
    }

    pub(crate) fn check_signatures(&self, genesis_hash: B256) -> Result<(), CertificateError> {
        let message = signed_message(genesis_hash, self.proposal);
        let wrong = self.signers.iter().find(|(_, key, signature)| check_signature(key, signature, &message).is_none());
        wrong.map_or(Ok(()), |(index, ..)| Err(CertificateError::Signature(*index)))
    }
}

fn check_signature(member: &B256, signature: &[u8], message: &[u8]) -> Option<()> {
    let key = VerificationKey::try_from(member.0).ok()?;
    let signature = Signature::try_from(signature).ok()?;
    key.verify(&signature, message).ok()
}

/// The pieces of an encoded certificate, borrowed.
struct Parts<'a> {
    proposal: &'a [u8],
    epoch: u64,
    block: B256,
    member_count: u64,
    bitmap: &'a [u8],
    signatures: &'a [u8],
}

impl<'a> Parts<'a> {
    fn read(bytes: &'a [u8]) -> Result<Self, CertificateError> {
        let mut rest = bytes;
        let epoch = read_varint(&mut rest)?;
        let _view = read_varint(&mut rest)?;
        let _parent_view = read_varint(&mut rest)?;
        let block = B256::from_slice(take(&mut rest, B256::len_bytes())?);
        let proposal = &bytes[..bytes.len() - rest.len()];
        let count = take(&mut rest, 8)?.try_into().expect("eight bytes were taken");
        let member_count = u64::from_be_bytes(count);
        let bitmap_bytes = usize::try_from(member_count.div_ceil(8)).map_err(|_| malformed("member count"))?;
        let bitmap = take(&mut rest, bitmap_bytes)?;
        let signed = read_varint(&mut rest)?;
        let marked: u64 = bitmap.iter().map(|byte| u64::from(byte.count_ones())).sum();
        if signed != marked || signed == 0 {
            return Err(malformed("signature count"));
        }
        if rest.len() as u64 != signed.saturating_mul(SIGNATURE_BYTES as u64) {
            return Err(malformed("length"));
        }
        Ok(Self { proposal, epoch, block, member_count, bitmap, signatures: rest })
    }

    /// Indexes of the members that signed, rising; at least a quorum of this committee.
    fn signers(&self, committee: &Committee) -> Result<Vec<usize>, CertificateError> {
        if self.member_count != committee.members().len() as u64 {
            return Err(CertificateError::Other("committee"));
        }
        let marked = |index: &usize| self.bitmap[index / 8] & (1 << (index % 8)) != 0;
        let signers: Vec<usize> = (0..self.bitmap.len() * 8).filter(marked).collect();
        if signers.last().is_some_and(|last| *last >= committee.members().len()) {
            return Err(malformed("bitmap"));
        }
        let (signed, quorum) = (signers.len(), committee.quorum());
        if signed < quorum { Err(CertificateError::Quorum { signed, quorum }) } else { Ok(signers) }
    }
}

fn signed_message(genesis_hash: B256, proposal: &[u8]) -> Vec<u8> {
    let namespace = [&signing_namespace(genesis_hash), FINALIZE_SUFFIX].concat();
    let length = u8::try_from(namespace.len()).expect("prefix, hash and suffix have 52 bytes");
    // One byte is the varint of any length below 128.
    [&[length], namespace.as_slice(), proposal].concat()
}

const fn malformed(what: &'static str) -> CertificateError {
    CertificateError::Malformed(what)
}

fn take<'a>(rest: &mut &'a [u8], count: usize) -> Result<&'a [u8], CertificateError> {
    let (head, tail) = rest.split_at_checked(count).ok_or(malformed("too short"))?;
    *rest = tail;
    Ok(head)
}

/// LEB128: seven bits a byte, lowest first, in its shortest form only.
fn read_varint(rest: &mut &[u8]) -> Result<u64, CertificateError> {
    let mut value = 0_u64;
    for shift in (0..64).step_by(7) {
        let byte = take(rest, 1)?[0];
        let bits = u64::from(byte & 0x7f);
        if shift > 0 && byte == 0 || bits << shift >> shift != bits {
            return Err(malformed("varint"));
        }
        value |= bits << shift;
        if byte & 0x80 == 0 {
            return Ok(value);
        }
    }
    Err(malformed("varint"))
}

#[cfg(test)]
mod tests;
