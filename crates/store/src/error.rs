//! What can go wrong with the ledger's disk, in the words of the person who runs the node.
//! [`StoreError::is_fatal`] marks the errors after which the process must end: nothing is known about the disk any more.

use std::{io, path::PathBuf};

use alloy_primitives::B256;

/// Every error of this crate.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// A second process on one data folder.
    #[error("data folder {} is in use by another process; stop that one or choose another folder", dir.display())]
    DataInUse {
        /// The data folder.
        dir: PathBuf,
    },
    /// Nothing to open.
    #[error("data folder {} holds no ledger", dir.display())]
    NoLedger {
        /// The data folder.
        dir: PathBuf,
    },
    /// Nothing to create.
    #[error("data folder {} already holds a ledger", dir.display())]
    AlreadyExists {
        /// The data folder.
        dir: PathBuf,
    },
    /// The folder belongs to another network.
    #[error("data folder belongs to the ledger with genesis {found}, not {expected}; choose another folder")]
    OtherGenesis {
        /// Genesis hash asked for.
        expected: B256,
        /// Genesis hash on disk.
        found: B256,
    },
    /// Written by another version of the program.
    #[error("{what} has format {found}, this program reads format {supported}; use the program version that wrote it")]
    Format {
        /// Which file or folder.
        what: String,
        /// Format on disk.
        found: u32,
        /// Format of this program.
        supported: u32,
    },
    /// Bytes that were once durable are no longer what was written.
    #[error("the disk returned damaged data: {what}; restore a backup")]
    Corrupt {
        /// What is wrong and where.
        what: String,
    },
    /// The state database is not what was written; it can be made again from the block log.
    #[error("the state database is damaged: {what}; delete the folder `flat` to rebuild it from the block log")]
    FlatDamaged {
        /// What is wrong.
        what: String,
    },
    /// The rebuilt state is not the one that the header commits to.
    #[error(
        "state after block {number} has root {found}, its header says {expected}; \
         delete the folder `flat` to rebuild the state from the block log"
    )]
    RootMismatch {
        /// Block whose header was compared.
        number: u64,
        /// State root of the header.
        expected: B256,
        /// State root computed.
        found: B256,
    },
    /// The disk is full.
    #[error("no space left on the disk while {action}; free some space and start again")]
    NoSpace {
        /// What was being done.
        action: String,
    },
    /// The disk took part of a write without saying why.
    #[error("the disk took {written} of {wanted} bytes while {action}; check its free space and health")]
    ShortWrite {
        /// What was being done.
        action: String,
        /// Bytes taken.
        written: usize,
        /// Bytes given.
        wanted: usize,
    },
    /// Any other failure of the file system.
    #[error("disk error while {action}: {source}")]
    Io {
        /// What was being done.
        action: String,
        /// The system's error.
        source: io::Error,
    },
    /// The key-value store failed.
    #[error("the state database failed while {action}: {source}")]
    Flat {
        /// What was being done.
        action: &'static str,
        /// fjall's error.
        source: Box<fjall::Error>,
    },
    /// An earlier write failed: nothing more is written.
    #[error("an earlier write failed ({reason}); nothing more is written until the program starts again")]
    Stopped {
        /// The first failure.
        reason: String,
    },
    /// The block does not follow the head.
    #[error("block {number} does not follow block {head} of this ledger")]
    NotNext {
        /// Height offered.
        number: u64,
        /// Height of the head.
        head: u64,
    },
    /// A record above [`crate::log::MAX_RECORD_BYTES`].
    #[error("block record of {bytes} bytes is larger than a log record may be")]
    RecordTooLarge {
        /// Encoded size.
        bytes: usize,
    },
    /// The state of this block is no longer kept.
    #[error("state of block {number} is no longer kept, the oldest is block {oldest}")]
    StateTooOld {
        /// Height asked for.
        number: u64,
        /// Oldest height whose state can be read.
        oldest: u64,
    },
    /// No such block yet.
    #[error("block {number} is not known, the head is block {head}")]
    UnknownBlock {
        /// Height asked for.
        number: u64,
        /// Height of the head.
        head: u64,
    },
    /// No room for another document.
    #[error("no room for a document of {bytes} bytes: all documents together may take {most} (--documents-bytes)")]
    DocumentsFull {
        /// What it takes, in whole blocks.
        bytes: u64,
        /// What all may take.
        most: u64,
    },
    /// A document above [`crate::documents::DOCUMENT_MOST_BYTES`].
    #[error("a document of {bytes} bytes is too large to be kept")]
    DocumentTooLarge {
        /// Its length.
        bytes: usize,
    },
    /// A document is not what its name says.
    #[error("document {hash} is damaged on the disk; put it there again")]
    DocumentDamaged {
        /// Its keccak.
        hash: B256,
    },
    /// A backup file that cannot be restored.
    #[error("backup file {}: {reason}", file.display())]
    Backup {
        /// The file.
        file: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
}

/// Result of this crate.
pub type Result<T> = std::result::Result<T, StoreError>;

impl StoreError {
    /// True when the disk can no longer be trusted to hold what it was given: the caller ends the process.
    pub const fn is_fatal(&self) -> bool {
        matches!(
            self,
            Self::Corrupt { .. }
                | Self::FlatDamaged { .. }
                | Self::NoSpace { .. }
                | Self::ShortWrite { .. }
                | Self::Io { .. }
                | Self::Flat { .. }
                | Self::Stopped { .. }
        )
    }

    /// An operating system error, told apart by what the reader can do about it.
    pub(crate) fn io(action: impl Into<String>, source: io::Error) -> Self {
        let action = action.into();
        if is_no_space(&source) { Self::NoSpace { action } } else { Self::Io { action, source } }
    }

    /// An error of the key-value store: a full disk and damaged files are told apart from the rest.
    pub(crate) fn flat(action: &'static str, source: fjall::Error) -> Self {
        match &source {
            fjall::Error::Io(error) | fjall::Error::Storage(fjall::LsmError::Io(error)) if is_no_space(error) => {
                Self::NoSpace { action: action.into() }
            }
            error if is_damage(error) => Self::flat_damaged(format!("{action}: {error}")),
            _ => Self::Flat { action, source: Box::new(source) },
        }
    }

    pub(crate) fn flat_damaged(what: impl Into<String>) -> Self {
        Self::FlatDamaged { what: what.into() }
    }

    /// What the disk gave back cannot be right.
    pub fn corrupt(what: impl Into<String>) -> Self {
        Self::Corrupt { what: what.into() }
    }
}

fn is_no_space(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded)
}

/// Damage of the key-value store's own files, as opposed to a disk or a lock that fails or another version.
fn is_damage(error: &fjall::Error) -> bool {
    use fjall::{Error, LsmError};
    match error {
        Error::Storage(error) => !matches!(error, LsmError::Io(_) | LsmError::InvalidVersion(_)),
        Error::JournalRecovery(_)
        | Error::Decompress(_)
        | Error::InvalidTrailer
        | Error::InvalidTag(_)
        | Error::Unrecoverable => true,
        _ => false,
    }
}
