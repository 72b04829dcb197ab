//! Why a card refuses a command: in words for those who hold the card, as a status word for the terminal.
//!
//! The terminal learns the status word alone (ISO/IEC 7816-4 5.6, EMV Book 3 6.3.5); the words say which of its causes it was.

use thiserror::Error;

use super::counter::CounterError;
use crate::{
    apdu::{ApduError, Status},
    cryptogram::{ReferenceError, TokenError},
    profile::InvalidValue,
};

/// Why a command was refused.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum Refusal {
    /// Not a short command of cases 1 to 4.
    #[error("this is no command: {0}")]
    Command(#[from] ApduError),
    /// A class that the instruction does not have.
    #[error("class {0:02X} is not spoken here")]
    Class(u8),
    /// There is no such command.
    #[error("there is no instruction {0:02X}")]
    Instruction(u8),
    /// P1 and P2 say what the command does not have.
    #[error("P1 {0:02X} and P2 {1:02X} are not of this command")]
    Parameters(u8, u8),
    /// Selection by anything but a name.
    #[error("files are selected by name only")]
    Selection,
    /// Data where none belongs, or as long as it must not be.
    #[error("{got} bytes of data, not {from} to {to}")]
    Length {
        /// Fewest.
        from: usize,
        /// Most.
        to: usize,
        /// What came.
        got: usize,
    },
    /// GET PROCESSING OPTIONS without template 83.
    #[error("the inputs do not come in template 83")]
    Template,
    /// The name is no application's.
    #[error("no application has this name")]
    NoApplication,
    /// No file or record of this number.
    #[error("there is no record {record} in file {sfi}")]
    NoRecord {
        /// Short file identifier.
        sfi: u8,
        /// Number of the record.
        record: u8,
        /// Whether the file itself exists.
        file: bool,
    },
    /// GET DATA for what this card does not give.
    #[error("there is no data object {0:04X} to get")]
    NoData(u16),
    /// A command before its time, or once more.
    #[error("{0}")]
    Order(&'static str),
    /// T-28: an input that the profile makes the token from is missing, blank or impossible.
    #[error("no token is made of this: {0}")]
    Input(#[from] InvalidValue),
    /// There is no next transaction, or it cannot be counted.
    #[error(transparent)]
    Counter(#[from] CounterError),
    /// The issuer's answer is not the issuer's.
    #[error("the issuer's answer does not hold")]
    NotAuthentic,
    /// Personalization admits no such card.
    #[error("the token could not be made: {0}")]
    Token(#[from] TokenError),
    /// Personalization admits no such card.
    #[error("the card index could not be made: {0}")]
    Index(#[from] ReferenceError),
}

impl Refusal {
    /// Data of another length than the one there is.
    pub(super) fn length(wanted: usize, got: usize) -> Self {
        Self::Length { from: wanted, to: wanted, got }
    }

    /// What the terminal is told.
    pub fn status(&self) -> Status {
        match self {
            Self::Command(_) | Self::Length { .. } => Status::WRONG_LENGTH,
            Self::Class(_) => Status::UNKNOWN_CLASS,
            Self::Instruction(_) => Status::UNKNOWN_INSTRUCTION,
            Self::Parameters(..) => Status::WRONG_PARAMETERS,
            Self::Selection => Status::NOT_SUPPORTED,
            Self::Template => Status::WRONG_DATA,
            Self::NoApplication | Self::NoRecord { file: false, .. } => Status::FILE_NOT_FOUND,
            Self::NoRecord { file: true, .. } => Status::RECORD_NOT_FOUND,
            Self::NoData(_) => Status::DATA_NOT_FOUND,
            Self::Order(_) | Self::Input(_) | Self::Counter(CounterError::Exhausted) => {
                Status::CONDITIONS_NOT_SATISFIED
            }
            Self::Counter(CounterError::NotKept(_)) => Status::MEMORY_FAILURE,
            Self::NotAuthentic => Status::AUTHENTICATION_FAILED,
            Self::Token(_) | Self::Index(_) => Status::FAULT,
        }
    }
}
