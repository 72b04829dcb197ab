//! What can go wrong with the file: one name for each misbehaviour, so that a caller knows whether to try again.
//! Made here and in `writer`; called by everything that talks to SQLite. SQLite's texts name tables and columns, never values.

use std::{io, path::PathBuf};

use payments::issuer::vault::VaultError;
use rusqlite::ErrorCode;

use crate::seal::{SealError, SealFailure};

/// Why the vault does not open.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The folder or the file cannot be made or reached.
    #[error("{}: {source}", path.display())]
    File {
        /// Which one.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A program that is newer than this one wrote it.
    #[error("the vault has format {found}, and this program knows formats up to {known}: use a newer program")]
    Newer {
        /// The format of the file.
        found: i64,
        /// The newest format that this program knows.
        known: i64,
    },
    /// A SQLite file of something else, or no SQLite file.
    #[error("{}: this is no vault", .0.display())]
    NotAVault(PathBuf),
    /// The keys do not open.
    #[error(transparent)]
    Seal(#[from] SealError),
    /// Reading or writing failed.
    #[error(transparent)]
    Database(#[from] WriteError),
}

/// Why an operation was not done. Nothing of it is on the disk.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WriteError {
    /// Another process holds the write lock for longer than the waiting time.
    #[error("the vault is locked by another process")]
    Locked,
    /// No room for what was to be written. What was written before is there.
    #[error("the disk is full")]
    Full,
    /// The file is damaged.
    #[error("the vault's file is damaged")]
    Corrupt,
    /// The disk failed. The writer ends: what a failed sync left behind is known only after a new start.
    #[error("the disk failed: {0}")]
    Disk(String),
    /// The operation has a fault; the writer goes on.
    #[error("the unit of work `{0}` ended in a panic")]
    Panicked(&'static str),
    /// The writer has ended.
    #[error("the vault is closed")]
    Closed,
    /// Anything else that SQLite says.
    #[error("the database refused: {0}")]
    Refused(String),
}

impl From<&rusqlite::Error> for WriteError {
    fn from(error: &rusqlite::Error) -> Self {
        match error.sqlite_error_code() {
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => Self::Locked,
            Some(ErrorCode::DiskFull) => Self::Full,
            Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => Self::Corrupt,
            Some(ErrorCode::SystemIoFailure) => Self::Disk(error.to_string()),
            _ => Self::Refused(error.to_string()),
        }
    }
}

impl From<rusqlite::Error> for WriteError {
    fn from(error: rusqlite::Error) -> Self {
        Self::from(&error)
    }
}

impl From<rusqlite::Error> for OpenError {
    fn from(error: rusqlite::Error) -> Self {
        Self::Database(error.into())
    }
}

impl From<SealFailure> for OpenError {
    fn from(failure: SealFailure) -> Self {
        match failure {
            SealFailure::Seal(error) => error.into(),
            SealFailure::Database(error) => error.into(),
        }
    }
}

impl From<WriteError> for VaultError {
    fn from(error: WriteError) -> Self {
        match error {
            WriteError::Locked => Self::Locked,
            WriteError::Full => Self::Full,
            WriteError::Corrupt => Self::Damaged("file"),
            WriteError::Closed => Self::Closed,
            WriteError::Disk(text) | WriteError::Refused(text) => Self::Storage(text),
            WriteError::Panicked(_) => Self::Storage(error.to_string()),
        }
    }
}
