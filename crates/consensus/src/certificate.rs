//! Finality certificates as commonware simplex 2026.10 writes them: a `Finalization` with ed25519 signatures.
//!
//! ```text
//! proposal    varint epoch | varint view | varint parent view | 32-byte block hash
//! signers     u64 big-endian member count | bitmap, lowest bit first
//! signatures  varint count | 64 bytes each, in order of signer
//! ```
//! Each signature covers `varint length of namespace | namespace | proposal`, the namespace being that of the chain
//! (`primitives::finality::signing_namespace`) followed by `_FINALIZE`. The vectors in the tests come from commonware itself.

use ed25519_consensus::{Signature, VerificationKey};
use primitives::{
    B256, Committee, FinalityProof,
    finality::{SCHEME_SIMPLEX_ED25519, signing_namespace},
};

use crate::{NodeKey, Slot};

const FINALIZE_SUFFIX: &[u8] = b"_FINALIZE";
const SIGNATURE_BYTES: usize = 64;

/// Why a certificate does not make a block final.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum CertificateError {
    /// Not this format.
    #[error("finality certificate is malformed: {0}")]
    Malformed(&'static str),
    /// It certifies something else.
    #[error("finality certificate is for another {0}")]
    Other(&'static str),
    /// Too few members signed.
    #[error("finality certificate has {signed} signatures, {quorum} are needed")]
    Quorum {
        /// Signatures present.
        signed: usize,
        /// Signatures needed.
        quorum: usize,
    },
    /// A signature does not fit its member's key.
    #[error("finality certificate has a wrong signature of member {0}")]
    Signature(usize),
}

/// The certificate of a committee of one.
pub fn finalize_alone(key: &NodeKey, genesis_hash: B256, slot: Slot, block: B256) -> FinalityProof {
    let proposal = proposal_bytes(slot, block);
    let signature = key.sign(&signed_message(genesis_hash, &proposal)).to_bytes();
    let mut bytes = proposal;
    bytes.extend_from_slice(&1_u64.to_be_bytes());
    bytes.push(0b1);
    write_varint(&mut bytes, 1);
    bytes.extend_from_slice(&signature);
    FinalityProof { scheme: SCHEME_SIMPLEX_ED25519, epoch: slot.epoch, bytes: bytes.into() }
}

/// Checks that a quorum of the committee of `proof.epoch` made `block` final.
pub fn verify(
    proof: &FinalityProof,
    committee: &Committee,
    genesis_hash: B256,
    block: B256,
) -> Result<(), CertificateError> {
    if proof.scheme != SCHEME_SIMPLEX_ED25519 {
        return Err(CertificateError::Malformed("unknown scheme"));
    }
    let parts = Parts::read(&proof.bytes)?;
    if parts.epoch != proof.epoch {
        return Err(CertificateError::Other("epoch"));
    }
    if parts.payload != block.as_slice() {
        return Err(CertificateError::Other("block"));
    }
    check_signatures(&parts, committee, &signed_message(genesis_hash, parts.proposal))
}

/// What a certificate names: the epoch and the block. Nothing is verified.
pub(crate) fn payload(bytes: &[u8]) -> Option<(u64, B256)> {
    let parts = Parts::read(bytes).ok()?;
    Some((parts.epoch, B256::try_from(parts.payload).ok()?))
}

fn check_signatures(parts: &Parts<'_>, committee: &Committee, message: &[u8]) -> Result<(), CertificateError> {
    let members = committee.members();
    if parts.member_count != members.len() as u64 {
        return Err(CertificateError::Other("committee"));
    }
    let signers = parts.signers()?;
    if signers.len() < committee.quorum() {
        return Err(CertificateError::Quorum { signed: signers.len(), quorum: committee.quorum() });
    }
    for (index, signature) in signers.into_iter().zip(parts.signatures.chunks_exact(SIGNATURE_BYTES)) {
        check_signature(&members[index], signature, message).ok_or(CertificateError::Signature(index))?;
    }
    Ok(())
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
    payload: &'a [u8],
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
        let payload = take(&mut rest, 32)?;
        let proposal = &bytes[..bytes.len() - rest.len()];
        let count = take(&mut rest, 8)?.try_into().expect("eight bytes were taken");
        let member_count = u64::from_be_bytes(count);
        let bitmap_bytes = usize::try_from(member_count.div_ceil(8)).map_err(|_| malformed("member count"))?;
        let bitmap = take(&mut rest, bitmap_bytes)?;
        let signed = read_varint(&mut rest)?;
        let expected: u64 = bitmap.iter().map(|byte| u64::from(byte.count_ones())).sum();
        if signed != expected || signed == 0 {
            return Err(malformed("signature count"));
        }
        if rest.len() as u64 != signed.saturating_mul(SIGNATURE_BYTES as u64) {
            return Err(malformed("length"));
        }
        Ok(Self { proposal, epoch, payload, member_count, bitmap, signatures: rest })
    }

    /// Indexes of the members that signed, rising.
    fn signers(&self) -> Result<Vec<usize>, CertificateError> {
        let set = |index: &usize| self.bitmap[index / 8] & (1 << (index % 8)) != 0;
        let signers: Vec<usize> = (0..self.bitmap.len() * 8).filter(set).collect();
        match signers.last() {
            Some(last) if *last as u64 >= self.member_count => Err(malformed("bitmap")),
            _ => Ok(signers),
        }
    }
}

fn proposal_bytes(slot: Slot, block: B256) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(160);
    write_varint(&mut bytes, slot.epoch);
    write_varint(&mut bytes, slot.view);
    write_varint(&mut bytes, slot.parent_view);
    bytes.extend_from_slice(block.as_slice());
    bytes
}

fn signed_message(genesis_hash: B256, proposal: &[u8]) -> Vec<u8> {
    let namespace = [&signing_namespace(genesis_hash), FINALIZE_SUFFIX].concat();
    let mut message = Vec::with_capacity(namespace.len() + proposal.len() + 2);
    write_varint(&mut message, namespace.len() as u64);
    message.extend_from_slice(&namespace);
    message.extend_from_slice(proposal);
    message
}

const fn malformed(what: &'static str) -> CertificateError {
    CertificateError::Malformed(what)
}

fn take<'a>(rest: &mut &'a [u8], count: usize) -> Result<&'a [u8], CertificateError> {
    let (head, tail) = rest.split_at_checked(count).ok_or(malformed("too short"))?;
    *rest = tail;
    Ok(head)
}

/// LEB128: seven bits a byte, lowest first.
fn write_varint(out: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        out.push(value.to_le_bytes()[0] | 0x80);
        value >>= 7;
    }
    out.push(value.to_le_bytes()[0]);
}

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
