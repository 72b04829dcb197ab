//! Recoveries: what the operators of a network that lost its quorum for good agreed on, outside the ledger. An amendment to
//! genesis that every node of the network takes on: after which block one surviving member signs alone, up to the end of that
//! epoch, and which members are gone. Read from `recovery.json` (docs/operations.md), carried by `Rules`.
//! Why so: docs/adr/0014-recovery.md.
//!
//! ```text
//! epoch e:  ... N          the last final block, signed by the committee of e or before
//!               N+1        begins with the removal of those who are gone
//!               N+1 .. E   signed by the signer alone; E, the last of the epoch, names the committee of e+1
//! ```

use alloy_primitives::B256;
use serde::{Deserialize, Serialize};

use crate::finality::{Committee, NodeId};

/// The file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RecoveryFile {
    /// Of the format.
    pub version: u32,
    /// The network's genesis hash.
    pub genesis: B256,
    /// All recoveries of the network, by rising height.
    pub recoveries: Vec<Recovery>,
}

/// One recovery.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Recovery {
    /// The last block that the old committee made final.
    pub after: FinalBlock,
    /// The member that signs alone up to the end of the epoch.
    pub signer: NodeId,
    /// Members that are gone, in rising order of key.
    pub removed: Vec<NodeId>,
}

/// A final block.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct FinalBlock {
    /// Height.
    pub number: u64,
    /// Hash.
    pub hash: B256,
}

/// Why a file of recoveries is refused.
#[derive(Debug, thiserror::Error)]
pub enum RecoveryError {
    /// Not the expected JSON.
    #[error("recovery file: {0}")]
    Json(#[from] serde_json::Error),
    /// Of another program.
    #[error("recovery file: version {0} of the format is not known to this program")]
    Version(u32),
    /// Of another network.
    #[error("recovery file: it is of the network with genesis {have}, this one has {want}")]
    Genesis {
        /// In the file.
        have: B256,
        /// This network's.
        want: B256,
    },
    /// A value that makes no recovery.
    #[error("recovery file: recovery {index}: {reason}")]
    Value {
        /// Place in the list, from 0.
        index: usize,
        /// What is wrong.
        reason: &'static str,
    },
    /// More than a network survives.
    #[error("recovery file: more than {MAX_RECOVERIES} recoveries")]
    TooMany,
}

/// The only version so far.
pub const RECOVERY_VERSION: u32 = 1;
/// Most recoveries of one network: each is read at every start.
const MAX_RECOVERIES: usize = 1_024;
/// As many members as there may be.
const MAX_REMOVED: usize = 128;
/// As the highest epoch that genesis may name: far beyond what is ever reached.
const MAX_NUMBER: u64 = (1 << 53) - 1;

impl RecoveryFile {
    /// A file for the network with this genesis.
    pub const fn new(genesis: B256, recoveries: Vec<Recovery>) -> Self {
        Self { version: RECOVERY_VERSION, genesis, recoveries }
    }

    /// Reads and checks a file for the network with this genesis and this many blocks in an epoch.
    pub fn parse(json: &str, genesis: B256, epoch_blocks: u64) -> Result<Self, RecoveryError> {
        let file: Self = serde_json::from_str(json)?;
        if file.version != RECOVERY_VERSION {
            return Err(RecoveryError::Version(file.version));
        }
        if file.genesis != genesis {
            return Err(RecoveryError::Genesis { have: file.genesis, want: genesis });
        }
        if file.recoveries.len() > MAX_RECOVERIES {
            return Err(RecoveryError::TooMany);
        }
        let mut first = 0;
        for (index, recovery) in file.recoveries.iter().enumerate() {
            recovery.check(first, epoch_blocks).map_err(|reason| RecoveryError::Value { index, reason })?;
            first = recovery.last(epoch_blocks);
        }
        Ok(file)
    }

    /// Whether this file says all that `older` says, and perhaps more.
    pub fn continues(&self, older: &Self) -> bool {
        self.genesis == older.genesis && self.recoveries.starts_with(&older.recoveries)
    }
}

impl Recovery {
    /// `first`: the last block of the recovery before it, or genesis.
    fn check(&self, first: u64, epoch_blocks: u64) -> Result<(), &'static str> {
        ensure(epoch_blocks > 0 && self.after.number <= MAX_NUMBER, "after.number is too high")?;
        ensure(self.after.number >= first, "it begins before the one above it has ended")?;
        ensure(!self.removed.is_empty() && self.removed.len() <= MAX_REMOVED, "removed must name 1 to 128 members")?;
        ensure(self.removed.is_sorted_by(|one, next| one < next), "removed must be in rising order, each key once")?;
        ensure(!self.removed.contains(&self.signer), "the signer is among those removed")
    }

    /// The first block that is made under it.
    pub const fn first(&self) -> u64 {
        self.after.number.saturating_add(1)
    }

    /// The last block that the signer signs alone: that of the epoch.
    pub const fn last(&self, epoch_blocks: u64) -> u64 {
        let epoch = self.first() / epoch_blocks;
        epoch.saturating_add(1).saturating_mul(epoch_blocks).saturating_sub(1)
    }

    /// Who decides about its blocks.
    pub fn committee(&self) -> Committee {
        Committee::new(vec![self.signer])
    }
}

fn ensure(ok: bool, reason: &'static str) -> Result<(), &'static str> {
    if ok { Ok(()) } else { Err(reason) }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GENESIS: B256 = B256::repeat_byte(0x67);

    fn recovery(number: u64, signer: u8, removed: &[u8]) -> Recovery {
        let removed = removed.iter().map(|byte| B256::repeat_byte(*byte)).collect();
        let after = FinalBlock { number, hash: B256::repeat_byte(0xaf) };
        Recovery { after, signer: B256::repeat_byte(signer), removed }
    }

    fn parse(recoveries: Vec<Recovery>) -> Result<RecoveryFile, RecoveryError> {
        let text = serde_json::to_string(&RecoveryFile::new(GENESIS, recoveries)).expect("it is JSON");
        RecoveryFile::parse(&text, GENESIS, 8)
    }

    fn refused(recoveries: Vec<Recovery>) -> String {
        parse(recoveries).expect_err("it is refused").to_string()
    }

    #[test]
    fn a_recovery_ends_with_the_epoch_of_its_first_block() {
        let ends = [0, 1, 6, 7, 8, 14, 15].map(|number| recovery(number, 1, &[2]).last(8));
        assert_eq!(ends, [7, 7, 7, 15, 15, 15, 23]);
    }

    #[test]
    fn a_file_says_what_was_written_and_may_grow() {
        let first = parse(vec![recovery(6, 1, &[2, 3])]).expect("it is good");
        // At the earliest after the last block of the one before.
        let both = parse(vec![recovery(6, 1, &[2, 3]), recovery(7, 1, &[4])]).expect("it is good");
        assert!(both.continues(&first) && first.continues(&first) && !first.continues(&both));
        let other = parse(vec![recovery(6, 1, &[2])]).expect("it is good");
        assert!(!other.continues(&first));
    }

    #[test]
    fn what_makes_no_recovery_is_refused() {
        assert!(refused(vec![recovery(6, 1, &[])]).contains("1 to 128"));
        assert!(refused(vec![recovery(6, 1, &[3, 2])]).contains("rising"));
        assert!(refused(vec![recovery(6, 1, &[2, 2])]).contains("rising"));
        assert!(refused(vec![recovery(6, 1, &[1])]).contains("the signer"));
        assert!(refused(vec![recovery(6, 1, &[2]), recovery(6, 1, &[3])]).contains("recovery 1: it begins before"));
        assert!(refused(vec![recovery(u64::MAX, 1, &[2])]).contains("too high"));
        let text = serde_json::to_string(&RecoveryFile::new(GENESIS, Vec::new())).expect("it is JSON");
        assert!(matches!(RecoveryFile::parse(&text, B256::ZERO, 8), Err(RecoveryError::Genesis { .. })));
        let newer = text.replace("\"version\":1", "\"version\":2");
        assert!(matches!(RecoveryFile::parse(&newer, GENESIS, 8), Err(RecoveryError::Version(2))));
        let unknown = text.replace("\"version\":1", "\"version\":1,\"more\":1");
        assert!(matches!(RecoveryFile::parse(&unknown, GENESIS, 8), Err(RecoveryError::Json(_))));
    }
}
