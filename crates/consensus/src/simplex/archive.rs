//! Marshal's two stores, over the ledger's block log: what is at or below the tip is read from the log, what is final and not yet
//! in the log waits in memory. Nothing is written here, so a final block is on the disk once and is synced once.
//!
//! ```text
//! marshal --put--> waiting --Update::Block--> Ledger::finalize (one write, one fsync) --ack--> marshal
//!         <--get-- waiting, or the log
//! ```
//! Why losing `waiting` in a crash loses nothing: marshal counts a height as processed only when it is acknowledged, which is after
//! the log holds it. Blocks above it are in the engine's own cache of verified blocks, synced before this node voted for them, or
//! at peers; marshal finds them again by walking back from the next finalization.
//! Bound: schemes exist up to the epoch after the tip's, so at most the blocks of one epoch wait.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use commonware_codec::{Encode as _, Read as _};
use commonware_consensus::{
    marshal::store::{Blocks, Certificates},
    simplex::{scheme::ed25519::Scheme, types},
    types::Height,
};
use commonware_cryptography::certificate::Verifier as _;
use commonware_storage::archive::Identifier;
use primitives::{FinalityProof, finality::SCHEME_SIMPLEX_ED25519};

use super::block::{Digest, Opaque, hash_of};
use crate::{Fatal, Ledger};

pub(super) type Finalization = types::Finalization<Scheme, Digest>;

/// The log and what waits for it.
pub(super) struct Archive {
    ledger: Arc<dyn Ledger>,
    waiting: Mutex<Waiting>,
}

#[derive(Default)]
struct Waiting {
    blocks: BTreeMap<u64, Arc<Opaque>>,
    certificates: BTreeMap<u64, Finalization>,
    /// Heights in the log with a certificate of their own: those of the last epochs, enough to find the newest.
    certified: BTreeSet<u64>,
}

/// Certified heights that are remembered.
const MAX_CERTIFIED: usize = 256;

impl Archive {
    /// Looks for the newest certificate in the log: at the latest, the last block of an epoch has one.
    pub(super) fn open(ledger: Arc<dyn Ledger>, epoch_blocks: u64) -> Result<Arc<Self>, Fatal> {
        let tip = ledger.tip().number;
        let mut certified = BTreeSet::new();
        for number in (tip.saturating_sub(epoch_blocks)..=tip).rev() {
            let logged = ledger.block(number)?.ok_or_else(|| missing(number))?;
            if logged.proof.is_some() {
                certified.insert(number);
                break;
            }
        }
        let waiting = Mutex::new(Waiting { certified, ..Waiting::default() });
        Ok(Arc::new(Self { ledger, waiting }))
    }

    /// The newest certificate in the log.
    pub(super) fn newest_certificate(&self) -> Result<Option<Finalization>, Fatal> {
        let newest = self.lock().certified.last().copied();
        newest.map_or(Ok(None), |number| self.certificate(number))
    }

    /// The certificate of a height, from memory or from the log.
    pub(super) fn certificate(&self, number: u64) -> Result<Option<Finalization>, Fatal> {
        if let Some(certificate) = self.lock().certificates.get(&number) {
            return Ok(Some(certificate.clone()));
        }
        let Some(logged) = self.ledger.block(number)? else { return Ok(None) };
        logged.proof.map(|proof| decode_proof(&proof)).transpose()
    }

    /// Everything up to a height is in the log now, with or without certificates of its own: it waits no longer.
    pub(super) fn settle(&self, number: u64, certified: impl IntoIterator<Item = u64>) {
        let mut waiting = self.lock();
        waiting.certified.extend(certified);
        waiting.blocks = waiting.blocks.split_off(&(number + 1));
        waiting.certificates = waiting.certificates.split_off(&(number + 1));
        while waiting.certified.len() > MAX_CERTIFIED {
            waiting.certified.pop_first();
        }
    }

    fn block(&self, number: u64) -> Result<Option<Arc<Opaque>>, Fatal> {
        if let Some(block) = self.lock().blocks.get(&number) {
            return Ok(Some(block.clone()));
        }
        Ok(self.ledger.block(number)?.map(|logged| Arc::new(Opaque::new(logged.block))))
    }

    fn number_of(&self, digest: Digest) -> Result<Option<u64>, Fatal> {
        let hash = hash_of(digest);
        let waiting =
            self.lock().blocks.iter().find(|(_, block)| block.block().hash() == hash).map(|(number, _)| *number);
        waiting.map_or_else(|| self.ledger.number_of(hash), |number| Ok(Some(number)))
    }

    fn find(&self, id: Identifier<'_, Digest>) -> Result<Option<u64>, Fatal> {
        match id {
            Identifier::Index(number) => Ok(Some(number)),
            Identifier::Key(digest) => self.number_of(*digest),
        }
    }

    /// Heights from the tip on of which the block is here, rising. Everything below the tip is.
    fn heights(&self) -> BTreeSet<u64> {
        let tip = self.ledger.tip().number;
        let mut heights: BTreeSet<u64> = self.lock().blocks.keys().copied().filter(|number| *number > tip).collect();
        heights.insert(tip);
        heights
    }

    fn lock(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The certificate as `proof` and `consensus::certificate` read it.
pub(super) fn encode_proof(certificate: &Finalization) -> FinalityProof {
    let epoch = certificate.proposal.round.epoch().get();
    FinalityProof { scheme: SCHEME_SIMPLEX_ED25519, epoch, bytes: certificate.encode().to_vec().into() }
}

pub(super) fn decode_proof(proof: &FinalityProof) -> Result<Finalization, Fatal> {
    let mut bytes = proof.bytes.0.clone();
    let decoded = Finalization::read_cfg(&mut bytes, &Scheme::certificate_codec_config_unbounded());
    decoded.map_err(|error| Fatal(format!("the log holds a certificate that cannot be read: {error}")))
}

fn missing(number: u64) -> Fatal {
    Fatal(format!("the log does not hold block {number}, which is below its tip"))
}

/// Marshal's store of final blocks.
#[derive(Clone)]
pub(super) struct FinalBlocks(pub(super) Arc<Archive>);

impl Blocks for FinalBlocks {
    type Block = Arc<Opaque>;
    type Error = Fatal;

    async fn put(self, _digest: Digest, block: &Arc<Opaque>) -> Result<Self, Fatal> {
        let number = block.block().number();
        if number > self.0.ledger.tip().number {
            self.0.lock().blocks.entry(number).or_insert_with(|| block.clone());
        }
        Ok(self)
    }

    /// The fsync is `Ledger::finalize`'s.
    async fn sync(self) -> Result<Self, Fatal> {
        Ok(self)
    }

    async fn get(&self, id: Identifier<'_, Digest>) -> Result<Option<Arc<Opaque>>, Fatal> {
        self.0.find(id)?.map_or(Ok(None), |number| self.0.block(number))
    }

    /// The log keeps everything.
    async fn prune(self, _min: Height) -> Result<Self, Fatal> {
        Ok(self)
    }

    fn missing_items(&self, start: Height, max: usize) -> Vec<Height> {
        missing_between(&self.0.heights(), start.get(), max).map(Height::new).collect()
    }

    fn next_gap(&self, value: Height) -> (Option<Height>, Option<Height>) {
        let (end, next) = next_gap(&self.0.heights(), value.get());
        (end.map(Height::new), next.map(Height::new))
    }

    fn last_index(&self) -> Option<Height> {
        self.0.heights().last().copied().map(Height::new)
    }
}

/// Heights between the first and the last of `heights` that are not among them, from `start` on.
fn missing_between(heights: &BTreeSet<u64>, start: u64, max: usize) -> impl Iterator<Item = u64> + '_ {
    let first = heights.first().copied().unwrap_or(0).max(start);
    let last = heights.last().copied().unwrap_or(0);
    (first..last).filter(|number| !heights.contains(number)).take(max)
}

/// The end of the range that holds `value`, and the start of the next one; everything below the first of `heights` is there.
fn next_gap(heights: &BTreeSet<u64>, value: u64) -> (Option<u64>, Option<u64>) {
    let value = value.max(heights.first().copied().unwrap_or(0));
    let mut end = None;
    for number in heights.range(value..) {
        match end {
            None if *number == value => end = Some(value),
            Some(last) if *number == last + 1 => end = Some(*number),
            _ => return (end, Some(*number)),
        }
    }
    (end, None)
}

/// Marshal's store of certificates.
#[derive(Clone)]
pub(super) struct FinalCertificates(pub(super) Arc<Archive>);

impl Certificates for FinalCertificates {
    type BlockDigest = Digest;
    type Commitment = Digest;
    type Scheme = Scheme;
    type Error = Fatal;

    /// A certificate that comes after its block is in the log is dropped: a descendant's made that block final.
    async fn put(self, height: Height, _digest: Digest, certificate: &Finalization) -> Result<Self, Fatal> {
        let number = height.get();
        if number > self.0.ledger.tip().number {
            self.0.lock().certificates.entry(number).or_insert_with(|| certificate.clone());
        }
        Ok(self)
    }

    /// The fsync is `Ledger::finalize`'s.
    async fn sync(self) -> Result<Self, Fatal> {
        Ok(self)
    }

    async fn get(&self, id: Identifier<'_, Digest>) -> Result<Option<Finalization>, Fatal> {
        self.0.find(id)?.map_or(Ok(None), |number| self.0.certificate(number))
    }

    async fn has(&self, height: Height) -> Result<bool, Fatal> {
        Ok(self.0.certificate(height.get())?.is_some())
    }

    /// The log keeps everything.
    async fn prune(self, _min: Height) -> Result<Self, Fatal> {
        Ok(self)
    }

    fn last_index(&self) -> Option<Height> {
        let waiting = self.0.lock();
        let newest = waiting.certificates.keys().last().max(waiting.certified.last());
        newest.copied().map(Height::new)
    }

    /// The recent heights only: marshal looks for the newest at or below what it has processed, and that is recent.
    fn ranges_from(&self, from: Height) -> impl Iterator<Item = (Height, Height)> {
        let waiting = self.0.lock();
        let heights: BTreeSet<u64> = waiting.certified.iter().chain(waiting.certificates.keys()).copied().collect();
        let single = |number: u64| (Height::new(number), Height::new(number));
        heights.range(from.get()..).copied().map(single).collect::<Vec<_>>().into_iter()
    }
}

#[cfg(test)]
mod tests;
