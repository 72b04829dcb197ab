//! Whether a counterfoil is true: from the genesis hash through the committees to the block, and from the block to the fact.
//!
//! ```text
//! genesis hash = hash of the genesis header; its parent hash = keccak(config) -> committee 0, epoch length
//! hand-overs, by rising height: keys = those in force, certificate = theirs, of that epoch -> extraData names the keys in force after it
//! header, descendants linked by parent hash; the last is certified by the keys in force
//! fact under the roots of header -> statements, with its height and time
//! ```
//! A checkpoint is a height and a block hash that the reader trusts beside the genesis hash. The file must hold the block of that
//! height, and it must be that one:
//! at or above the fact's height, the fact's block is its ancestor by hashes alone, whoever signed what; below it, every certificate
//! that counts after it was made by committees that descend from the one that the trusted block names.
//!
//! A certified block that is the checkpoint itself may be signed by anybody: the reader trusts that very hash, so it does not matter
//! whether the keys beside it are those in force, and from there on those are in force that its header names. Its certificate must
//! still be that of the keys beside it, so that a damaged file is refused; it proves nothing. That is how a network is followed that
//! was recovered after it lost its quorum (docs/operations.md): no committee handed over to those who went on, and nothing but the
//! reader's own trust in the last block of the recovery can take the place of that.

use std::collections::BTreeMap;

use alloy_primitives::{B256, keccak256};
use primitives::{Committee, FinalityProof, Header, NodeId, TimeMs};
use serde::Deserialize;

use crate::{
    certificate::{CertificateError, Claimed},
    file::{Certified, Counterfoil, MAX_FILE_BYTES},
    statement::{self, Statement},
    trie::TrieError,
};

/// A block that the reader trusts: height and hash.
pub type Checkpoint = (u64, B256);

/// What a counterfoil proves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verified {
    /// The network.
    pub genesis_hash: B256,
    /// Its EIP-155 chain id.
    pub chain_id: u64,
    /// Height of the block that holds the fact.
    pub height: u64,
    /// Its hash.
    pub block_hash: B256,
    /// Its time.
    pub time: TimeMs,
    /// Changes of the committee on the way from genesis.
    pub handovers: usize,
    /// The fact in words.
    pub statements: Vec<Statement>,
}

/// Why a counterfoil proves nothing.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// Above [`MAX_FILE_BYTES`].
    #[error("the file has {bytes} bytes, the limit is {MAX_FILE_BYTES}")]
    TooLarge {
        /// Bytes of the file.
        bytes: usize,
    },
    /// Not the encoding of a counterfoil.
    #[error("not a counterfoil: {0}")]
    Encoding(String),
    /// A format that this program does not know.
    #[error("version {0} of the format is not known to this program")]
    Version(u8),
    /// The JSON form is not what this program would write.
    #[error("not the JSON form of a counterfoil: {0}")]
    Json(String),
    /// Another network.
    #[error("the genesis hash is {have}, expected {want}")]
    Genesis {
        /// Of the file.
        have: B256,
        /// The reader's.
        want: B256,
    },
    /// The configuration is not the one that genesis commits to, or makes no network.
    #[error("the configuration {0}")]
    Config(String),
    /// A list that must rise does not.
    #[error("{0} are not in rising order")]
    Order(&'static str),
    /// A header that follows from its place says something else.
    #[error("block {height}: {reason}")]
    Header {
        /// Height in the header.
        height: u64,
        /// What is wrong.
        reason: &'static str,
    },
    /// The keys are not those of the committee in force.
    #[error(
        "block {height} is signed by a committee that genesis or the last hand-over does not name: a hand-over is missing, or \
         the network was recovered there and a reader who accepts that names this block as checkpoint"
    )]
    Committee {
        /// Of the certified block.
        height: u64,
    },
    /// The certificate does not hold.
    #[error("block {height}: {error}")]
    Certificate {
        /// Of the certified block.
        height: u64,
        /// Why.
        error: CertificateError,
    },
    /// Two different blocks of one height.
    #[error("the file holds two different blocks of height {0}")]
    Fork(u64),
    /// The file holds another block where the reader trusts one.
    #[error("block {height} is {have}, the checkpoint says {want}")]
    Checkpoint {
        /// Its height.
        height: u64,
        /// In the file.
        have: B256,
        /// The reader's.
        want: B256,
    },
    /// The file says nothing of the checkpoint.
    #[error("the file holds no block of height {0}: export it again with this checkpoint")]
    NoCheckpoint(u64),
    /// A Merkle proof does not hold.
    #[error("{what}: {error}")]
    Trie {
        /// Of what.
        what: &'static str,
        /// Why.
        error: TrieError,
    },
    /// The trie holds something else than the fact says.
    #[error("{0}")]
    Fact(&'static str),
    /// The transaction failed: nothing of what it set out to do happened.
    #[error("the transaction failed (status 0): nothing happened that could be stated")]
    Failed,
    /// The file was changed, into something that would be true as well.
    #[error("the seal is not that of the content: the file is damaged")]
    Seal,
    /// A preimage that no hash of the fact asks for.
    #[error("preimage {0} is not of a hash that the fact holds")]
    Preimage(usize),
}

/// Checks everything and says what is proved. `checkpoint` is explained at the head of this module.
pub fn verify(bytes: &[u8], genesis_hash: B256, checkpoint: Option<Checkpoint>) -> Result<Verified, Refusal> {
    let (file, seal) = Counterfoil::decode_with_seal(bytes)?;
    let network = Network::of(&file, genesis_hash)?;
    let trust = check_blocks(&file, &network, checkpoint)?;
    trust.check_checkpoint()?;
    let time = TimeMs::of_header(&file.header).ok_or_else(|| header_refused(&file.header, "has no time"))?;
    let statements = statement::of(&file)?;
    let block_hash = trust.check_signatures(&file)?;
    if seal != file.seal() {
        return Err(Refusal::Seal);
    }
    Ok(Verified {
        genesis_hash,
        chain_id: network.chain_id,
        height: file.header.number,
        block_hash,
        time,
        handovers: file.handovers.len(),
        statements,
    })
}

/// What genesis says.
struct Network {
    chain_id: u64,
    epoch_blocks: u64,
    committee_hash: B256,
    genesis_hash: B256,
}

/// The fields of the canonical configuration that a verifier needs; the others are bound by the same hash.
#[derive(Deserialize)]
struct Config {
    config: ChainConfig,
    counterfoil: Section,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ChainConfig {
    chain_id: u64,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Section {
    committee: Vec<NodeId>,
    epoch_blocks: u64,
}

impl Network {
    fn of(file: &Counterfoil, genesis_hash: B256) -> Result<Self, Refusal> {
        let have = file.genesis.hash_slow();
        if have != genesis_hash {
            return Err(Refusal::Genesis { have, want: genesis_hash });
        }
        if keccak256(&file.config) != file.genesis.parent_hash {
            return Err(Refusal::Config("is not the one that genesis commits to".into()));
        }
        let config: Config = serde_json::from_slice(&file.config)
            .map_err(|error| Refusal::Config(format!("is not readable: {error}")))?;
        let Section { committee, epoch_blocks } = config.counterfoil;
        let committee_hash = Committee::new(committee).hash();
        if epoch_blocks < 2 || file.genesis.number != 0 || committed(&file.genesis)? != committee_hash {
            return Err(Refusal::Config("is not that of the genesis header".into()));
        }
        Ok(Self { chain_id: config.config.chain_id, epoch_blocks, committee_hash, genesis_hash })
    }
}

/// Checks every header, link and certificate, but for the signatures.
fn check_blocks<'a>(
    file: &'a Counterfoil,
    network: &'a Network,
    checkpoint: Option<Checkpoint>,
) -> Result<Trust<'a>, Refusal> {
    let mut trust = Trust::of(network, checkpoint);
    for handover in &file.handovers {
        trust.pass(handover)?;
    }
    let block_hash = file.header.hash_slow();
    trust.meet(file.header.number, block_hash)?;
    let mut last = (&file.header, block_hash);
    for header in &file.descendants {
        last = (header, trust.link(last, header)?);
    }
    trust.certify(last, &file.finality, &file.committee)?;
    Ok(trust)
}

/// Who may sign, as far as the file has shown it, and which blocks it has shown.
struct Trust<'a> {
    network: &'a Network,
    checkpoint: Option<Checkpoint>,
    /// What the last certified block commits to.
    committee_hash: B256,
    /// Height of the last certified block.
    height: u64,
    /// Hashes of the blocks in the file.
    met: BTreeMap<u64, B256>,
    /// What is left to check, each with the height of its block.
    claimed: Vec<(u64, Claimed<'a>)>,
}

impl<'a> Trust<'a> {
    fn of(network: &'a Network, checkpoint: Option<Checkpoint>) -> Self {
        let met = BTreeMap::from([(0, network.genesis_hash)]);
        Self { network, checkpoint, committee_hash: network.committee_hash, height: 0, met, claimed: Vec::new() }
    }

    fn pass(&mut self, handover: &'a Certified) -> Result<(), Refusal> {
        let Certified { header, finality, committee } = handover;
        let hash = header.hash_slow();
        self.meet(header.number, hash)?;
        self.certify((header, hash), finality, committee)
    }

    /// A certified block: from here on the committee that it names is in force.
    fn certify(
        &mut self,
        (header, hash): (&Header, B256),
        finality: &'a FinalityProof,
        keys: &[NodeId],
    ) -> Result<(), Refusal> {
        let height = header.number;
        if height <= self.height {
            return Err(Refusal::Order("certified blocks"));
        }
        let committee = rising(keys)?;
        let pinned = self.checkpoint == Some((height, hash));
        if !pinned && committee.hash() != self.committee_hash {
            return Err(Refusal::Committee { height });
        }
        let refused = |error| Refusal::Certificate { height, error };
        if finality.epoch != height / self.network.epoch_blocks {
            return Err(refused(CertificateError::Other("epoch")));
        }
        self.claimed.push((height, Claimed::read(finality, &committee, hash).map_err(refused)?));
        self.height = height;
        self.hand_over(header, pinned)
    }

    /// Only the last block of an epoch may name other keys than those in force; what the reader trusts may.
    fn hand_over(&mut self, header: &Header, pinned: bool) -> Result<(), Refusal> {
        let named = committed(header)?;
        let is_last = (header.number % self.network.epoch_blocks) == self.network.epoch_blocks - 1;
        if named != self.committee_hash && !is_last && !pinned {
            return Err(header_refused(header, "names another committee within an epoch"));
        }
        self.committee_hash = named;
        Ok(())
    }

    fn link(&mut self, (parent, parent_hash): (&Header, B256), header: &Header) -> Result<B256, Refusal> {
        if parent.number.checked_add(1) != Some(header.number) || header.parent_hash != parent_hash {
            return Err(header_refused(header, "does not follow the block before it"));
        }
        let hash = header.hash_slow();
        self.meet(header.number, hash)?;
        Ok(hash)
    }

    fn meet(&mut self, height: u64, hash: B256) -> Result<(), Refusal> {
        let first = *self.met.entry(height).or_insert(hash);
        if first == hash { Ok(()) } else { Err(Refusal::Fork(height)) }
    }

    /// The last step, because it costs the most. Returns the hash of the fact's block, which is final now.
    fn check_signatures(&self, file: &Counterfoil) -> Result<B256, Refusal> {
        for (height, claimed) in &self.claimed {
            let refused = |error| Refusal::Certificate { height: *height, error };
            claimed.check_signatures(self.network.genesis_hash).map_err(refused)?;
        }
        Ok(self.met[&file.header.number])
    }

    fn check_checkpoint(&self) -> Result<(), Refusal> {
        let Some((height, want)) = self.checkpoint else { return Ok(()) };
        match self.met.get(&height) {
            None => Err(Refusal::NoCheckpoint(height)),
            Some(have) if *have == want => Ok(()),
            Some(have) => Err(Refusal::Checkpoint { height, have: *have, want }),
        }
    }
}

fn rising(keys: &[NodeId]) -> Result<Committee, Refusal> {
    if !keys.is_sorted_by(|one, next| one < next) {
        return Err(Refusal::Order("committee keys"));
    }
    Ok(Committee::new(keys.to_vec()))
}

/// The hash of the next block's committee.
fn committed(header: &Header) -> Result<B256, Refusal> {
    B256::try_from(header.extra_data.as_ref()).map_err(|_| header_refused(header, "names no committee"))
}

const fn header_refused(header: &Header, reason: &'static str) -> Refusal {
    Refusal::Header { height: header.number, reason }
}

/// For fuzzing: whatever the bytes are, reading ends without a panic, what is read has one encoding in each form, and what the file itself
/// calls its genesis is the only network that it can be of.
#[doc(hidden)]
pub fn check_reading(bytes: &[u8]) {
    let read = std::str::from_utf8(bytes).ok().and_then(|text| Counterfoil::from_json(text).ok());
    let Some(file) = read.or_else(|| Counterfoil::decode(bytes).ok()) else {
        assert!(verify(bytes, B256::ZERO, None).is_err(), "what cannot be read is not true");
        return;
    };
    let binary = file.encode();
    assert_eq!(Counterfoil::decode(&binary), Ok(file.clone()), "one content, one encoding");
    let genesis_hash = file.genesis.hash_slow();
    if verify(&binary, genesis_hash, None).is_ok() {
        let json = file.to_json().expect("what is true can be stated");
        assert_eq!(Counterfoil::from_json(&json), Ok(file), "one content, one text");
        let refused = verify(&binary, !genesis_hash, None);
        assert!(matches!(refused, Err(Refusal::Genesis { .. })), "of no other network");
    }
}
