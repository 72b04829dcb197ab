//! For fuzzing: every kind of message that a peer can send, as bytes that nobody vouches for. Whatever they are, reading ends without
//! a panic, and what is read is written as the same bytes, so that one message has one form.
//!
//! Ours are blocks, told transactions and what we keep of certificates; votes, certificates and what is asked for are read by
//! commonware's decoders with our sizes. The envelope of a request the library keeps to itself: its engine reads it (`resolver`). What an
//! answer holds is read here as marshal and simplex read it, because messages to their actors are the library's own. Not here, for the same
//! reason: the handshake and the frames of a connection. Called by the targets in `fuzz/`; the tests replay their corpora.

use std::sync::{Arc, LazyLock};

use bytes::Bytes;
use commonware_codec::{Copying, Decode as _, DecodeExt as _, Encode, Read};
use commonware_consensus::{
    marshal::resolver::handler::Key,
    simplex::{
        scheme::ed25519::Scheme,
        types::{Certificate, Notarization, Vote},
    },
    types::{Epoch, Height, Round, View},
};
use commonware_cryptography::{Digestible as _, certificate::Verifier as _};
use commonware_p2p::utils::mux;
use commonware_parallel::Sequential;
use commonware_runtime::IoBuf;
use commonware_utils::{sequence::U64, sys_rng};
use primitives::{B256, Block, Committee, FinalityProof, finality, tx::decode_tx};

use super::{
    archive::{Finalization, decode_proof, encode_proof},
    block::{Digest, Opaque, Reading, digest_of},
    committees,
    gossip::{MAX_COUNT, MAX_TRANSACTION_BYTES, Told},
    network::MAX_PEERS,
};
use crate::{NodeKey, certificate};

mod resolver;

const READING: Reading = Reading::new(1 << 18);
const GENESIS: B256 = B256::repeat_byte(0xab);
const MEMBERS: u8 = 4;

/// A block as a peer sends it, with and without its length in front.
#[doc(hidden)]
pub fn check_block(bytes: &[u8]) {
    let framed = Bytes::copy_from_slice(bytes).encode();
    for wire in [framed, bytes.to_vec().into()] {
        let Ok(block) = Opaque::decode_cfg(wire.clone(), &READING) else { continue };
        assert_eq!(block.encode(), wire, "one block, one encoding");
        let (header, transactions) = (block.block().header().clone(), block.block().transactions().to_vec());
        let again = Opaque::new(Arc::new(Block::seal(header, transactions)));
        assert_eq!(again.digest(), block.digest(), "the digest is the header's hash");
        assert_eq!(again.encode(), wire, "what was read is what would be sent");
    }
}

/// Told transactions.
#[doc(hidden)]
pub fn check_told(bytes: &[u8]) {
    let Ok(told) = Told::decode(Copying(bytes)) else { return };
    assert_eq!(told.encode(), bytes, "one message, one encoding");
    assert!((1..=MAX_COUNT).contains(&told.0.len()), "no more than a message may hold");
    for transaction in &told.0 {
        assert!((1..=MAX_TRANSACTION_BYTES).contains(&transaction.len()), "no larger than a transaction may be");
        // Either answer will do: a peer that told what is none is blocked.
        let _judged = decode_tx(transaction);
    }
}

/// A certificate of finality. The library and `consensus::certificate`, which knows no library, judge it alike.
#[doc(hidden)]
pub fn check_finality(bytes: &[u8]) {
    let (committee, scheme) = &*SIGNERS;
    let theirs = Finalization::decode_cfg(Copying(bytes), &scheme.certificate_codec_config());
    if let Ok(read) = &theirs {
        assert_eq!(read.encode(), bytes, "one certificate, one encoding");
        let kept = decode_proof(&encode_proof(read)).expect("what is kept can be read");
        assert_eq!(&kept, read, "what is kept is what came");
    }
    let is_theirs = theirs.is_ok_and(|read| read.verify(&mut sys_rng(), scheme, &Sequential));
    let is_ours = certificate::payload(bytes).is_some_and(|(epoch, block)| {
        let proof = FinalityProof { scheme: finality::SCHEME_SIMPLEX_ED25519, epoch, bytes: bytes.to_vec().into() };
        certificate::verify(&proof, committee, GENESIS, block).is_ok()
    });
    assert_eq!(is_ours, is_theirs, "both judge alike");
}

/// Made once in a process.
static SIGNERS: LazyLock<(Committee, Scheme)> = LazyLock::new(|| {
    let keys: Vec<NodeKey> = (1..=MEMBERS).map(|index| NodeKey::from_seed([index; 32])).collect();
    let committee = Committee::new(keys.iter().map(NodeKey::id).collect());
    let members = committees::public_keys(committee.members()).expect("these are keys");
    let scheme = Scheme::verifier(&finality::signing_namespace(GENESIS), members);
    (committee, scheme)
});

/// A message on the channels of votes, certificates, requests and missing blocks: with the number of its epoch in front, and without.
#[doc(hidden)]
pub fn check_vote(bytes: &[u8]) {
    check_vote_of_epoch(bytes);
    if let Ok((_, rest)) = mux::parse(IoBuf::copy_from_slice(bytes)) {
        check_vote_of_epoch(rest.as_ref());
    }
}

fn check_vote_of_epoch(bytes: &[u8]) {
    same(Vote::<Scheme, Digest>::decode(Copying(bytes)), bytes);
    for participants in [usize::from(MEMBERS), MAX_PEERS as usize] {
        same(Certificate::<Scheme, Digest>::decode_cfg(Copying(bytes), &participants), bytes);
    }
    same(Key::<Digest>::decode(Copying(bytes)), bytes);
    same(U64::decode(Copying(bytes)), bytes);
}

/// A message to the resolvers, of the channels of requests and of missing blocks, and an answer that they asked for.
#[doc(hidden)]
pub fn check_resolver(bytes: &[u8]) {
    let (height, round) = (Height::new(1), Round::new(Epoch::new(5), View::new(7)));
    let finalized = |height| Key::<Digest>::Finalized { height };
    let block = Key::Block(digest_of(GENESIS));
    let missing = [finalized(Height::new(2)), finalized(height), Key::Notarized { round }, block];
    resolver::check(bytes, &missing, is_missing);
    resolver::check(bytes, &[U64::new(1), U64::new(2)], is_certificate);
}

/// As marshal reads it: a block, behind the certificate of its kind if it was not asked for by its digest.
fn is_missing(key: &Key<Digest>, answer: &Bytes) -> bool {
    match key {
        Key::Block(_) => is_block(answer),
        Key::Finalized { .. } => is_certified::<Finalization>(answer),
        Key::Notarized { .. } => is_certified::<Notarization<Scheme, Digest>>(answer),
    }
}

fn is_certified<C: Read<Cfg = usize> + Encode>(answer: &Bytes) -> bool {
    let mut rest = answer.clone();
    let Ok(certificate) = C::read_cfg(&mut rest, &usize::from(MEMBERS)) else { return false };
    let length = answer.len() - rest.len();
    assert_eq!(certificate.encode(), answer.slice(..length), "one certificate, one encoding");
    is_block(&rest)
}

fn is_block(bytes: &Bytes) -> bool {
    let read = Opaque::decode_cfg(bytes.clone(), &READING);
    is_same(&read, bytes)
}

/// As simplex reads what it asked for.
fn is_certificate(_view: &U64, answer: &Bytes) -> bool {
    let read = Certificate::<Scheme, Digest>::decode_cfg(answer.clone(), &usize::from(MEMBERS));
    is_same(&read, answer)
}

fn same<T: Encode, E>(read: Result<T, E>, bytes: &[u8]) {
    let _read = is_same(&read, bytes);
}

/// Whether it was read.
fn is_same<T: Encode, E>(read: &Result<T, E>, bytes: &[u8]) -> bool {
    if let Ok(read) = read {
        assert_eq!(read.encode(), bytes, "one message, one encoding");
    }
    read.is_ok()
}

#[cfg(test)]
mod tests {
    use std::{fs, path::Path};

    use super::*;

    fn replay(target: &str, check: fn(&[u8])) {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/corpus").join(target);
        let entries = fs::read_dir(&folder).unwrap_or_else(|error| panic!("cannot read {}: {error}", folder.display()));
        let inputs: Vec<_> = entries.map(|entry| fs::read(entry.unwrap().path()).unwrap()).collect();
        assert!(!inputs.is_empty(), "no corpus in {}", folder.display());
        let mut dice = Dice(0x9e37_79b9_7f4a_7c15);
        for input in &inputs {
            check(input);
            for _ in 0..CHANGED {
                check(&dice.changed(input));
            }
        }
    }

    /// Changed inputs for each kept one: what the fuzzer does for hours, for a moment, and the same at every run.
    const CHANGED: usize = 300;

    /// Seeded disorder (xorshift).
    struct Dice(u64);

    impl Dice {
        fn below(&mut self, bound: usize) -> usize {
            self.0 ^= self.0 << 13;
            self.0 ^= self.0 >> 7;
            self.0 ^= self.0 << 17;
            usize::try_from(self.0 % bound.max(1) as u64).unwrap()
        }

        /// Some bytes set, cut out, doubled or added.
        fn changed(&mut self, input: &[u8]) -> Vec<u8> {
            let mut bytes = input.to_vec();
            for _ in 0..=self.below(3) {
                let (at, end) = (self.below(bytes.len()), self.below(bytes.len() + 1));
                let byte = u8::try_from(self.below(256)).unwrap();
                match self.below(5) {
                    0 => bytes.truncate(end),
                    1 => bytes.insert(at, byte),
                    2 if at < end => drop(bytes.drain(at..end.min(at + 8))),
                    3 if at < end => bytes.extend_from_within(at..end),
                    _ => bytes.get_mut(at).into_iter().for_each(|old| *old = byte),
                }
            }
            bytes
        }
    }

    #[test]
    fn the_kept_corpus_of_block_wire_passes() {
        replay("block_wire", check_block);
    }

    #[test]
    fn the_kept_corpus_of_gossip_wire_passes() {
        replay("gossip_wire", check_told);
    }

    #[test]
    fn the_kept_corpus_of_finality_wire_passes() {
        replay("finality_wire", check_finality);
    }

    #[test]
    fn the_kept_corpus_of_vote_wire_passes() {
        replay("vote_wire", check_vote);
    }

    #[test]
    fn the_kept_corpus_of_missing_wire_passes() {
        replay("missing_wire", check_resolver);
    }
}
