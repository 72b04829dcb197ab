//! What `token` keeps off the ledger and the ledger holds the hash of: the attributes of items and the encrypted delivery
//! details of redemptions. Called by `gateway`, for whoever brings or asks for them, and for counterfoils.
//!
//! ```text
//! attributes text -> canonical form -> keccak == the item's at the head       -> kept
//! delivery bytes  ->                   keccak == the redemption's at the head -> kept
//! ```
//! Only what the ledger refers to is kept, so nothing grows unasked; what was kept once stays, because old facts name it. The
//! documents are this node's alone: nothing tells other nodes of them. Rules: TK-02, TK-18; docs/systems/token.md, "Attributes".

use std::sync::Arc;

use contracts::{
    Cell, Word,
    token::{ADDRESS, storage},
};
use primitives::{AttributesError, B256, Bytes, attributes::ATTRIBUTES_MOST_BYTES, canonical_attributes, keccak256};
use store::{State, StoreError};

use crate::{Chain, chain::Inner};

/// Longest delivery details, encrypted.
pub const DELIVERY_MOST_BYTES: usize = 16_384;

/// A document that is not kept, or cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum DocumentError {
    /// The ledger has no such item at the head.
    #[error("UnknownItem: there is no item {0}")]
    UnknownItem(B256),
    /// The ledger has no such redemption at the head.
    #[error("UnknownRedemption: there is no redemption {0}")]
    UnknownRedemption(B256),
    /// These are not the item's attributes.
    #[error("AttributesMismatch: the item's attributes have hash {expected}, these have {found}")]
    AttributesMismatch {
        /// On the ledger.
        expected: B256,
        /// Of what was brought.
        found: B256,
    },
    /// These are not the redemption's delivery details.
    #[error("DeliveryMismatch: the redemption's delivery details have hash {expected}, these have {found}")]
    DeliveryMismatch {
        /// On the ledger.
        expected: B256,
        /// Of what was brought.
        found: B256,
    },
    /// Longer than may be.
    #[error("TooLarge: {bytes} bytes; at most {most} are taken")]
    TooLarge {
        /// Of what was brought.
        bytes: usize,
        /// Of its kind.
        most: usize,
    },
    /// These are no attributes at all.
    #[error(transparent)]
    Attributes(AttributesError),
    /// No room, or a disk that fails.
    #[error(transparent)]
    Disk(#[from] StoreError),
}

/// The attributes of an item.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Kept {
    /// Whose.
    pub item: B256,
    /// On the ledger.
    pub hash: B256,
    /// RFC 8785 JSON, whose keccak is `hash`.
    pub bytes: Bytes,
}

/// The documents of a chain; cloning shares them.
#[derive(Clone, Debug)]
pub struct OffLedger(Arc<Inner>);

impl Chain {
    /// What is kept beside the ledger.
    pub fn documents(&self) -> OffLedger {
        OffLedger(self.0.clone())
    }
}

impl OffLedger {
    /// Keeps the attributes of an item; the text need not be in canonical form. The same again changes nothing.
    pub fn put_attributes(&self, item: B256, text: &[u8]) -> Result<B256, DocumentError> {
        let canonical = canonical_attributes(text).map_err(refused)?;
        let expected = self.attributes_hash(item).ok_or(DocumentError::UnknownItem(item))?;
        if canonical.hash != expected {
            return Err(DocumentError::AttributesMismatch { expected, found: canonical.hash });
        }
        Ok(self.0.documents.put(&canonical.bytes)?)
    }

    /// The attributes that an item has now, if they are here.
    pub fn attributes(&self, item: B256) -> Result<Option<Kept>, DocumentError> {
        let Some(hash) = self.attributes_hash(item) else { return Ok(None) };
        Ok(self.attributes_of_hash(hash)?.map(|bytes| Kept { item, hash, bytes }))
    }

    /// Attributes by their hash, those that an item had once too. Nothing else is given out here, whatever its hash.
    pub fn attributes_of_hash(&self, hash: B256) -> Result<Option<Bytes>, DocumentError> {
        let Some(bytes) = self.0.documents.get(hash)? else { return Ok(None) };
        let canonical = canonical_attributes(&bytes).is_ok_and(|canonical| canonical.hash == hash);
        Ok(canonical.then(|| bytes.into()))
    }

    /// Keeps the encrypted delivery details of a redemption. The same again changes nothing.
    pub fn put_delivery(&self, redemption: B256, bytes: &[u8]) -> Result<B256, DocumentError> {
        if bytes.len() > DELIVERY_MOST_BYTES {
            return Err(DocumentError::TooLarge { bytes: bytes.len(), most: DELIVERY_MOST_BYTES });
        }
        let expected = self.delivery_hash(redemption).ok_or(DocumentError::UnknownRedemption(redemption))?;
        let found = keccak256(bytes);
        if found != expected {
            return Err(DocumentError::DeliveryMismatch { expected, found });
        }
        Ok(self.0.documents.put(bytes)?)
    }

    /// The encrypted delivery details of a redemption, if they are here.
    pub fn delivery(&self, redemption: B256) -> Result<Option<Bytes>, DocumentError> {
        let Some(hash) = self.delivery_hash(redemption) else { return Ok(None) };
        Ok(self.0.documents.get(hash)?.map(Bytes::from))
    }

    /// Bytes that documents take on the disk, and how many they may.
    pub fn size(&self) -> (u64, u64) {
        self.0.documents.size()
    }

    fn attributes_hash(&self, item: B256) -> Option<B256> {
        let place = storage().items.find(item);
        self.where_set(|state| !read(state, place.issuer).is_zero(), place.attributes_hash)
    }

    fn delivery_hash(&self, redemption: B256) -> Option<B256> {
        let place = storage().redemptions.find(redemption);
        self.where_set(|state| read(state, place.state) != 0, place.delivery_hash)
    }

    /// A cell of the head's state, where there is one; both are read from the same block.
    fn where_set(&self, is_set: impl FnOnce(&State) -> bool, cell: Cell<B256>) -> Option<B256> {
        let head = self.0.head();
        let state = head.latest_state();
        is_set(state).then(|| read(state, cell))
    }
}

fn read<T: Word>(state: &State, cell: Cell<T>) -> T {
    T::from_word(state.storage(ADDRESS, cell.slot()))
}

fn refused(error: AttributesError) -> DocumentError {
    match error {
        AttributesError::TooLarge(bytes) => DocumentError::TooLarge { bytes, most: ATTRIBUTES_MOST_BYTES },
        other => DocumentError::Attributes(other),
    }
}
