//! One record of the block log: everything about a block that cannot be recomputed without executing it.
//!
//! Payload = RLP list `[version, block, senders, receipts, diff, finality]`: the block in Ethereum's encoding, the senders
//! as 20 bytes each in one string (they are never recovered again), the receipts as plain RLP lists, the state diff,
//! and a list of no or one finality certificate.

use std::sync::Arc;

use alloy_primitives::Address;
use alloy_rlp::{Decodable, Encodable, Header, PayloadView};
use primitives::{Block, FinalityProof, Receipt, StateDiff};

/// A block with what its execution gave.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BlockRecord {
    /// The block and its senders.
    pub block: Arc<Block>,
    /// One receipt for each transaction.
    pub receipts: Arc<Vec<Receipt>>,
    /// What the block did to the state.
    pub diff: StateDiff,
    /// Who made it final; genesis needs nobody.
    pub finality: Option<FinalityProof>,
}

/// Why bytes are not a record.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct RecordError(String);

/// The only payload version so far.
const VERSION: u8 = 1;

impl BlockRecord {
    /// Appends the payload to `out`.
    pub fn encode(&self, out: &mut Vec<u8>) {
        let block = self.block.encode();
        let senders: Vec<u8> = self.block.senders().flat_map(|sender| sender.into_array()).collect();
        let finality: Vec<&FinalityProof> = self.finality.iter().collect();
        let payload_length = VERSION.length()
            + block.len()
            + senders.as_slice().length()
            + self.receipts.length()
            + self.diff.length()
            + finality.length();
        Header { list: true, payload_length }.encode(out);
        VERSION.encode(out);
        out.extend_from_slice(&block);
        senders.as_slice().encode(out);
        self.receipts.encode(out);
        self.diff.encode(out);
        finality.encode(out);
    }

    /// Reads a payload back; the transactions root of the block is checked on the way.
    pub fn decode(payload: &[u8]) -> Result<Self, RecordError> {
        let [block, mut senders, mut receipts, mut diff, mut finality] = items(payload)?;
        let senders = Header::decode_bytes(&mut senders, false).map_err(RecordError::of)?;
        let block = Block::decode_with_senders(block, &addresses(senders)?).map_err(RecordError::of)?;
        let receipts = Vec::<Receipt>::decode(&mut receipts).map_err(RecordError::of)?;
        if receipts.len() != block.transactions().len() {
            return Err(RecordError::of("the number of receipts is not the number of transactions"));
        }
        let diff = StateDiff::decode(&mut diff).map_err(RecordError::of)?;
        let finality = at_most_one(Vec::decode(&mut finality).map_err(RecordError::of)?)?;
        Ok(Self { block: Arc::new(block), receipts: Arc::new(receipts), diff, finality })
    }

    /// Reads only the state diff of a payload.
    pub fn decode_diff(payload: &[u8]) -> Result<StateDiff, RecordError> {
        let [_, _, _, mut diff, _] = items(payload)?;
        StateDiff::decode(&mut diff).map_err(RecordError::of)
    }
}

impl RecordError {
    fn of(reason: impl ToString) -> Self {
        Self(reason.to_string())
    }
}

/// The encoded items after the version.
fn items(payload: &[u8]) -> Result<[&[u8]; 5], RecordError> {
    let mut rest = payload;
    let view = Header::decode_raw(&mut rest).map_err(RecordError::of)?;
    if !rest.is_empty() {
        return Err(RecordError::of("bytes follow the record"));
    }
    let PayloadView::List(items) = view else { return Err(RecordError::of("not a list")) };
    let [mut version, block, senders, receipts, diff, finality] = items[..] else {
        return Err(RecordError(format!("{} items instead of 6", items.len())));
    };
    match u8::decode(&mut version) {
        Ok(VERSION) => Ok([block, senders, receipts, diff, finality]),
        Ok(other) => Err(RecordError(format!("record version {other}, this program reads {VERSION}"))),
        Err(error) => Err(RecordError::of(error)),
    }
}

fn addresses(bytes: &[u8]) -> Result<Vec<Address>, RecordError> {
    let (addresses, rest) = bytes.as_chunks::<20>();
    if !rest.is_empty() {
        return Err(RecordError::of("senders are not whole addresses"));
    }
    Ok(addresses.iter().map(Address::from).collect())
}

fn at_most_one(mut proofs: Vec<FinalityProof>) -> Result<Option<FinalityProof>, RecordError> {
    if proofs.len() > 1 {
        return Err(RecordError::of("more than one finality certificate"));
    }
    Ok(proofs.pop())
}
