//! What can be wrong with a card, by name: the terminal stops, says which, and nothing is lost.
//!
//! Made by every stage, carried by [`Verdict::CardError`](super::Verdict). Rules: EMV Book 3, 6.5 and 7.5 (what a terminal does about
//! erroneous data); ISO/IEC 7816-4 for status words.

use std::fmt;

use crate::{
    apdu::{ApduError, Status},
    dol::DolError,
    number::NumberError,
    tlv::{Tag, TlvError},
};

/// The command that was under way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Doing {
    /// SELECT of a directory (PSE, PPSE).
    SelectDirectory,
    /// READ RECORD of a directory.
    ReadDirectory,
    /// SELECT of an application.
    SelectApplication,
    /// GET PROCESSING OPTIONS, which carries the inputs of the token.
    GetProcessingOptions,
    /// READ RECORD.
    ReadRecord,
    /// GENERATE AC before the issuer is asked.
    FirstGenerateAc,
    /// The issuer is being asked.
    AskIssuer,
    /// EXTERNAL AUTHENTICATE.
    ExternalAuthenticate,
    /// GENERATE AC after the issuer was asked.
    SecondGenerateAc,
}

/// What the card did wrong.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CardFault {
    /// Pulled, or the reader is gone.
    #[error("the card was taken away during {0}")]
    Gone(Doing),
    /// The card said no.
    #[error("the card answered {0} with {1}")]
    Refused(Doing, Status),
    /// Not even a status word, or more than a short answer can hold.
    #[error("the answer to {0} is none: {1}")]
    NoAnswer(Doing, ApduError),
    /// It never finishes an answer.
    #[error("the card announces ever more data in answer to {0}")]
    Endless(Doing),
    /// What the card asked for does not fit into a command.
    #[error("the card asks for more data than {0} can carry")]
    AsksTooMuch(Doing),
    /// Broken objects.
    #[error("the answer to {0} is malformed: {1}")]
    Malformed(Doing, TlvError),
    /// Sound objects, but not these.
    #[error("the answer to {0} has not the form that it should have")]
    UnknownForm(Doing),
    /// A broken list.
    #[error("list {0} of the card is malformed: {1}")]
    List(Tag, DolError),
    /// Nothing that this terminal takes.
    #[error("the card has no application that this terminal takes")]
    NoApplication,
    /// It says so itself.
    #[error("the card is blocked")]
    Blocked,
    /// The application file locator is wrong.
    #[error("the card's file locator is wrong")]
    Locator,
    /// A bound against cards that never end.
    #[error("the card has more than {0} records to read")]
    TooManyRecords(usize),
    /// Needed, and not there.
    #[error("the card has no {0}")]
    Missing(Tag),
    /// There twice: which one would count?
    #[error("the card has {0} twice")]
    Repeated(Tag),
    /// Not as many bytes as it has, or not such a value.
    #[error("{0} of the card has not the form that it should have")]
    Value(Tag),
    /// Not even a token.
    #[error("5A of the card is no number: {0}")]
    Number(NumberError),
    /// 57 names another number than 5A.
    #[error("track 2 of the card has another number than 5A")]
    NumbersDiffer,
    /// More than was asked for, or something that is no cryptogram.
    #[error("the card made {made} in answer to {doing}, which asked for {asked}")]
    WrongCryptogram {
        /// When.
        doing: Doing,
        /// What was asked for.
        asked: CryptogramKind,
        /// What came.
        made: CryptogramKind,
    },
    /// What the card says does not fit into a message.
    #[error("what the card says does not fit into a request to the issuer")]
    NotSayable,
    /// The caller's fault, not the card's.
    #[error("an answer came that nobody waited for")]
    OutOfTurn,
}

/// What a card makes (9F27, upper two bits).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CryptogramKind {
    /// Declined.
    Aac,
    /// Approved.
    Tc,
    /// Ask the issuer.
    Arqc,
    /// Not in use.
    Reserved,
}

impl CryptogramKind {
    pub(super) const fn of(information: u8) -> Self {
        match information & 0xC0 {
            0x00 => Self::Aac,
            0x40 => Self::Tc,
            0x80 => Self::Arqc,
            _ => Self::Reserved,
        }
    }

    /// First parameter of GENERATE AC.
    pub(super) const fn parameter(self) -> u8 {
        match self {
            Self::Aac => 0x00,
            Self::Tc => 0x40,
            Self::Arqc | Self::Reserved => 0x80,
        }
    }
}

impl fmt::Display for CryptogramKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Aac => "an AAC",
            Self::Tc => "a TC",
            Self::Arqc => "an ARQC",
            Self::Reserved => "a cryptogram of an unknown kind",
        })
    }
}

impl fmt::Display for Doing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::SelectDirectory => "SELECT of the directory",
            Self::ReadDirectory => "READ RECORD of the directory",
            Self::SelectApplication => "SELECT of the application",
            Self::GetProcessingOptions => "GET PROCESSING OPTIONS",
            Self::ReadRecord => "READ RECORD",
            Self::FirstGenerateAc => "the first GENERATE AC",
            Self::AskIssuer => "the question to the issuer",
            Self::ExternalAuthenticate => "EXTERNAL AUTHENTICATE",
            Self::SecondGenerateAc => "the second GENERATE AC",
        })
    }
}
