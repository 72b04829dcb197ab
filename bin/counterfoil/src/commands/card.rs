//! `counterfoil card …`: cards as files. `apdu` speaks with one line by line, `insert` puts it into a virtual reader; `ff1` and `arqc`
//! recompute what a card computes, for checks from outside.

mod apdu;
mod arqc;
mod ff1;
mod insert;

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};
use eyre::Context;
use payments::card::{Card, Protocol};

use super::issuer::{self, PersonalizeArguments};
use crate::{cardfile::CardFile, cli::PassphraseArguments, keystore::passphrase};

#[derive(Debug, Subcommand)]
pub(crate) enum CardCommand {
    /// Make a card of an issuer's: its number comes on standard input and goes nowhere else.
    Personalize(Box<PersonalizeArguments>),
    /// Speak with a card: a command in hex on each line of standard input, its response in hex on standard output; `reset` resets.
    Apdu(InsertedCard),
    /// Put a card into a virtual reader (vsmartcard's vpcd), until Ctrl-C.
    Insert(InsertArguments),
    /// Encrypt or decrypt digits by FF1 (NIST SP 800-38G) with AES-128.
    #[command(subcommand)]
    Ff1(Ff1Command),
    /// Compute a card's cryptogram (AES: master key by option C, common session key) and the issuer's answer to it.
    Arqc(ArqcArguments),
}

/// A card and how it is powered.
#[derive(Debug, Args)]
pub(crate) struct InsertedCard {
    /// The card file.
    file: PathBuf,
    #[command(flatten)]
    passphrase: PassphraseArguments,
    /// Transmission protocol of the contacts.
    #[arg(long, value_enum, default_value_t = Contacts::T1)]
    protocol: Contacts,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum Contacts {
    /// Byte by byte, with 61xx and 6Cxx.
    T0,
    /// Block by block.
    T1,
}

#[derive(Debug, Args)]
pub(crate) struct InsertArguments {
    #[command(flatten)]
    card: InsertedCard,
    /// Where the reader waits for a card.
    #[arg(long, value_name = "HOST:PORT", default_value = "127.0.0.1:35963")]
    vpcd: String,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Ff1Command {
    /// Digits to digits, as many.
    Encrypt(Ff1Arguments),
    /// The way back.
    Decrypt(Ff1Arguments),
}

#[derive(Debug, Args)]
pub(crate) struct Ff1Arguments {
    /// AES-128 key, 32 hex digits.
    #[arg(long, value_name = "HEX")]
    key: String,
    /// Any number of bytes up to 64, in hex.
    #[arg(long, value_name = "HEX", default_value = "")]
    tweak: String,
    /// 6 to 19 digits; without them, every line of standard input.
    digits: Option<String>,
}

#[derive(Debug, Args)]
pub(crate) struct ArqcArguments {
    /// Issuer master key, 32 hex digits.
    #[arg(long, value_name = "HEX")]
    imk: String,
    /// The real card number comes on standard input: on a command line everybody on this machine would see it.
    #[arg(long, required = true)]
    pan_stdin: bool,
    /// Card sequence number.
    #[arg(long, value_name = "NUMBER", default_value_t = 0, value_parser = clap::value_parser!(u8).range(0..=99))]
    psn: u8,
    /// Application transaction counter.
    #[arg(long, value_name = "NUMBER")]
    atc: u16,
    /// What is signed, in hex: PDOL data, CDOL data, AIP, ATC, issuer application data and tag 5A, one after the other.
    #[arg(long, value_name = "HEX")]
    data: String,
    /// Card status update, 8 hex digits: compute the issuer authentication data (tag 91) too.
    #[arg(long, value_name = "HEX")]
    csu: Option<String>,
    /// One JSON object on standard output.
    #[arg(long)]
    json: bool,
}

pub(crate) fn run(command: CardCommand) -> eyre::Result<()> {
    crate::process::refuse_core_dumps()?;
    match command {
        CardCommand::Personalize(arguments) => issuer::personalize(&arguments),
        CardCommand::Apdu(arguments) => apdu::run(&arguments),
        CardCommand::Insert(arguments) => insert::run(&arguments),
        CardCommand::Ff1(command) => ff1::run(&command),
        CardCommand::Arqc(arguments) => arqc::run(&arguments),
    }
}

impl InsertedCard {
    /// Opens the file and powers the card on.
    fn power_on(&self) -> eyre::Result<(Card, CardFile)> {
        let passphrase = passphrase(&self.passphrase, false)?;
        let (file, personalization) = CardFile::open(&self.file, &passphrase)?;
        let protocol = match self.protocol {
            Contacts::T0 => Protocol::T0,
            Contacts::T1 => Protocol::T1,
        };
        Ok((Card::new(personalization, protocol), file))
    }
}

/// Bytes of a hex argument, of any length.
fn bytes(name: &str, text: &str) -> eyre::Result<Vec<u8>> {
    alloy_primitives::hex::decode(text).wrap_err_with(|| format!("{name} is no hex"))
}

/// As many bytes as there must be.
fn exactly<const N: usize>(name: &str, text: &str) -> eyre::Result<[u8; N]> {
    bytes(name, text)?.try_into().map_err(|_| eyre::eyre!("{name} is {N} bytes in hex"))
}
