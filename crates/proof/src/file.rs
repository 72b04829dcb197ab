//! What a counterfoil holds, and its one binary encoding.
//!
//! ```text
//! [version, config, genesis header, handovers, header, descendants, finality, committee, fact, preimages, seal]      RLP
//! ```
//! Every value has one encoding and nothing may follow: what decodes must encode to the same bytes, or it is refused. The statement is
//! not in the file: it follows from the fact, so a stored one could only be redundant or a lie (ADR 10).
//!
//! The seal is the keccak of everything before it. It adds nothing to the proof, since anybody can compute it; it ties the question to the
//! answer: the same nodes prove another log of the same receipt and the absence of many accounts, so that without it a damaged
//! file could prove something true that nobody had exported.

use alloy_primitives::{Address, B256, Bytes, U256, keccak256};
use alloy_rlp::{Decodable, Encodable, Header as RlpHeader, RlpDecodable, RlpEncodable};
use primitives::{FinalityProof, Header, NodeId};

use crate::verify::Refusal;

/// The only version so far.
pub const VERSION: u8 = 1;

/// Larger files are refused unread. A receipt with its transaction needs a few kB; the rest is room for large
/// transactions, many hand-overs and long ways to a checkpoint.
pub const MAX_FILE_BYTES: usize = 4 * 1024 * 1024;

/// The parts of a proof, as they stand in the file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Counterfoil {
    /// The canonical configuration: RFC 8785 JSON, whose keccak is the parent hash of the genesis header.
    pub config: Bytes,
    /// Block 0.
    pub genesis: Header,
    /// Final blocks that lead from committee 0 to the one that signed `finality`, by rising height.
    pub handovers: Vec<Certified>,
    /// The block that holds the fact.
    pub header: Header,
    /// The blocks after it up to the one that `finality` certifies; none where it certifies `header` itself.
    pub descendants: Vec<Header>,
    /// The certificate.
    pub finality: FinalityProof,
    /// Keys of the committee that signed it, rising.
    pub committee: Vec<NodeId>,
    /// What is proved, under a root of `header`.
    pub fact: Fact,
    /// What the fact holds only as keccak, by rising hash.
    pub preimages: Vec<Bytes>,
}

/// A block, who made it final, and their keys.
#[derive(Clone, Debug, PartialEq, Eq, RlpEncodable, RlpDecodable)]
pub struct Certified {
    /// The block; in a hand-over the last of its epoch.
    pub header: Header,
    /// The certificate over this very block.
    pub finality: FinalityProof,
    /// Keys of the committee that signed it, rising.
    pub committee: Vec<NodeId>,
}

/// What is proved.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fact {
    /// A transaction that succeeded, with its receipt.
    Receipt(ReceiptFact),
    /// One log of a receipt.
    Log(LogFact),
    /// An account, or that there is none.
    Account(AccountFact),
    /// Storage slots of an account.
    Storage(StorageFact),
}

/// A place in a block, with the way to it under `receiptsRoot` and `transactionsRoot`.
#[derive(Clone, Debug, PartialEq, Eq, RlpEncodable, RlpDecodable)]
pub struct ReceiptFact {
    /// Place of the transaction in its block.
    pub index: u64,
    /// Nodes from `receiptsRoot` to the receipt.
    pub proof: Vec<Bytes>,
    /// Nodes from `transactionsRoot` to the transaction.
    pub transaction_proof: Vec<Bytes>,
}

/// A log, found in the receipt that `receiptsRoot` holds.
#[derive(Clone, Debug, PartialEq, Eq, RlpEncodable, RlpDecodable)]
pub struct LogFact {
    /// Place of the transaction in its block.
    pub receipt: u64,
    /// Place of the log among those of its transaction.
    pub log: u64,
    /// Nodes from `receiptsRoot` to the receipt.
    pub proof: Vec<Bytes>,
}

/// An account under `stateRoot`.
#[derive(Clone, Debug, PartialEq, Eq, RlpEncodable, RlpDecodable)]
pub struct AccountFact {
    /// Whose account.
    pub address: Address,
    /// Nodes from `stateRoot` to the account, or to where it would be.
    pub proof: Vec<Bytes>,
}

/// Slots under the storage root of an account under `stateRoot`.
#[derive(Clone, Debug, PartialEq, Eq, RlpEncodable, RlpDecodable)]
pub struct StorageFact {
    /// Whose storage.
    pub address: Address,
    /// Nodes from `stateRoot` to the account.
    pub proof: Vec<Bytes>,
    /// The slots, rising.
    pub slots: Vec<Slot>,
}

/// A slot with the way to its value, or to where it would be.
#[derive(Clone, Debug, PartialEq, Eq, RlpEncodable, RlpDecodable)]
pub struct Slot {
    /// Slot number.
    pub slot: U256,
    /// Nodes from the storage root on; none for an empty storage.
    pub proof: Vec<Bytes>,
}

impl Counterfoil {
    /// The binary form.
    pub fn encode(&self) -> Vec<u8> {
        let mut body = self.encode_body();
        keccak256(&body).encode(&mut body);
        listed(&body)
    }

    /// Reads the binary form; says nothing yet of whether it is true.
    pub fn decode(bytes: &[u8]) -> Result<Self, Refusal> {
        let (file, seal) = Self::decode_with_seal(bytes)?;
        if seal == file.seal() { Ok(file) } else { Err(Refusal::Seal) }
    }

    /// Reads the binary form and the seal in it, which nobody has compared yet.
    pub(crate) fn decode_with_seal(bytes: &[u8]) -> Result<(Self, B256), Refusal> {
        if bytes.len() > MAX_FILE_BYTES {
            return Err(Refusal::TooLarge { bytes: bytes.len() });
        }
        let (file, seal) = decode_parts(bytes)?;
        let mut body = file.encode_body();
        seal.encode(&mut body);
        if listed(&body) != bytes {
            return Err(Refusal::Encoding("not the canonical encoding".into()));
        }
        Ok((file, seal))
    }

    /// Keccak of all items before it.
    pub fn seal(&self) -> B256 {
        keccak256(self.encode_body())
    }

    fn encode_body(&self) -> Vec<u8> {
        let mut body = vec![VERSION];
        self.config.encode(&mut body);
        self.genesis.encode(&mut body);
        self.handovers.encode(&mut body);
        self.header.encode(&mut body);
        self.descendants.encode(&mut body);
        self.finality.encode(&mut body);
        self.committee.encode(&mut body);
        self.fact.encode(&mut body);
        self.preimages.encode(&mut body);
        body
    }
}

fn decode_parts(bytes: &[u8]) -> Result<(Counterfoil, B256), Refusal> {
    let mut rest = bytes;
    let mut body = RlpHeader::decode_bytes(&mut rest, true).map_err(encoding)?;
    if !rest.is_empty() {
        return Err(Refusal::Encoding(format!("{} bytes follow the counterfoil", rest.len())));
    }
    match u8::decode(&mut body).map_err(encoding)? {
        VERSION => decode_body(&mut body).map_err(encoding),
        other => Err(Refusal::Version(other)),
    }
}

fn decode_body(body: &mut &[u8]) -> alloy_rlp::Result<(Counterfoil, B256)> {
    let file = Counterfoil {
        config: Bytes::decode(body)?,
        genesis: Header::decode(body)?,
        handovers: Vec::decode(body)?,
        header: Header::decode(body)?,
        descendants: Vec::decode(body)?,
        finality: FinalityProof::decode(body)?,
        committee: Vec::decode(body)?,
        fact: Fact::decode(body)?,
        preimages: Vec::decode(body)?,
    };
    let seal = B256::decode(body)?;
    if body.is_empty() { Ok((file, seal)) } else { Err(alloy_rlp::Error::UnexpectedLength) }
}

fn encoding(error: alloy_rlp::Error) -> Refusal {
    Refusal::Encoding(error.to_string())
}

const RECEIPT: u8 = 1;
const LOG: u8 = 2;
const ACCOUNT: u8 = 3;
const STORAGE: u8 = 4;

/// `[kind, parts]`.
impl Encodable for Fact {
    fn encode(&self, out: &mut dyn alloy_rlp::BufMut) {
        let (kind, parts): (u8, &dyn Encodable) = match self {
            Self::Receipt(fact) => (RECEIPT, fact),
            Self::Log(fact) => (LOG, fact),
            Self::Account(fact) => (ACCOUNT, fact),
            Self::Storage(fact) => (STORAGE, fact),
        };
        let mut body = vec![kind];
        parts.encode(&mut body);
        out.put_slice(&listed(&body));
    }
}

impl Decodable for Fact {
    fn decode(rest: &mut &[u8]) -> alloy_rlp::Result<Self> {
        let mut body = RlpHeader::decode_bytes(rest, true)?;
        let fact = match u8::decode(&mut body)? {
            RECEIPT => Self::Receipt(Decodable::decode(&mut body)?),
            LOG => Self::Log(Decodable::decode(&mut body)?),
            ACCOUNT => Self::Account(Decodable::decode(&mut body)?),
            STORAGE => Self::Storage(Decodable::decode(&mut body)?),
            _ => return Err(alloy_rlp::Error::Custom("unknown kind of fact")),
        };
        if body.is_empty() { Ok(fact) } else { Err(alloy_rlp::Error::UnexpectedLength) }
    }
}

/// RLP list of items that are encoded already.
fn listed(body: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(body.len() + 5);
    RlpHeader { list: true, payload_length: body.len() }.encode(&mut out);
    out.extend_from_slice(body);
    out
}
