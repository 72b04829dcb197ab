//! commonware's side: certificates that it makes, and its verdict on any.

use commonware_codec::{Decode, DecodeExt, Encode};
use commonware_consensus::{
    Epochable,
    simplex::{
        scheme::ed25519::Scheme,
        types::{Finalization, Finalize, Proposal},
    },
    types::{Epoch, Round, View},
};
use commonware_cryptography::{
    Signer,
    certificate::Verifier as _,
    ed25519::{PrivateKey, PublicKey},
    sha256::Digest,
};
use commonware_parallel::Sequential;
use commonware_utils::{iter::NonEmpty, ordered::Set};
use primitives::{B256, finality::signing_namespace};
use rand::{SeedableRng, rngs::StdRng};

use crate::case::Case;

/// The private key of a seed.
pub fn private_key(seed: u8) -> PrivateKey {
    PrivateKey::decode(vec![seed; 32]).expect("any 32 bytes are a key")
}

/// The public key of a seed.
pub fn public_key(seed: u8) -> [u8; 32] {
    private_key(seed).public_key().as_ref().try_into().expect("32 bytes")
}

/// A vote over an encoded proposal.
pub fn sign(seed: u8, genesis: B256, proposal: &[u8]) -> [u8; 64] {
    let namespace = [&signing_namespace(genesis), b"_FINALIZE".as_slice()].concat();
    private_key(seed).sign(&namespace, proposal).as_ref().try_into().expect("64 bytes")
}

/// Where a block is certified.
pub struct Place {
    pub genesis: B256,
    pub epoch: u64,
    pub view: u64,
    pub parent: u64,
    pub block: B256,
}

/// A certificate of these members, all of a committee's seeds being `seeds`; they are a quorum.
pub fn certificate(place: &Place, seeds: &[u8], signers: &[u8]) -> Vec<u8> {
    let namespace = signing_namespace(place.genesis);
    let members: Vec<[u8; 32]> = seeds.iter().map(|seed| public_key(*seed)).collect();
    let schemes = signers.iter().map(|seed| {
        Scheme::signer(&namespace, participants(&members), private_key(*seed)).expect("the signer is a member")
    });
    let round = Round::new(Epoch::new(place.epoch), View::new(place.view));
    let proposal = Proposal::new(round, View::new(place.parent), Digest::from(place.block.0));
    let schemes: Vec<Scheme> = schemes.collect();
    let mut votes = schemes.iter().map(|scheme| Finalize::sign(scheme, proposal.clone()).expect("it signs"));
    let first = votes.next().expect("somebody signs");
    let votes: Vec<_> = votes.collect();
    let all = NonEmpty::new(first, votes.into_iter());
    Finalization::from_owned_finalizes(&schemes[0], all, &Sequential).expect("a quorum").encode().to_vec()
}

/// Whether commonware takes the bytes as a certificate for the case's block and epoch.
pub fn verdict(case: &Case) -> bool {
    let verifier = Scheme::verifier(&signing_namespace(case.genesis), participants(&case.members));
    let bounds = verifier.certificate_codec_config();
    let Ok(found) = Finalization::<Scheme, Digest>::decode_cfg(case.bytes.clone(), &bounds) else {
        return false;
    };
    let of_this_block = found.proposal.payload == Digest::from(case.block.0) && found.epoch() == Epoch::new(case.epoch);
    let mut random = StdRng::from_seed([7; 32]);
    of_this_block && found.verify(&mut random, &verifier, &Sequential)
}

fn participants(members: &[[u8; 32]]) -> Set<PublicKey> {
    Set::from_iter_dedup(members.iter().map(|key| PublicKey::decode(key.to_vec()).expect("a point of the curve")))
}
