//! Redemption with delivery details: the redeemer encrypts them to the issuer's key, asks the ledger, and brings the document to
//! the node; the issuer fetches and opens it. What was encrypted is kept beside the key store before the ledger is asked, so
//! that the same command again, after whatever went wrong, brings the same document for the same redemption.

use std::{
    fs,
    io::{IsTerminal, Write, stdout},
    os::unix::fs::DirBuilderExt,
    path::{Path, PathBuf},
};

use alloy_primitives::{B256, Bytes, U256, hex, keccak256};
use clap::{Args, Subcommand};
use contracts::token::{ADDRESS, abi::IToken};
use eyre::{Context, OptionExt, ensure};
use rand::{RngCore, rngs::OsRng};
use serde_json::json;
use tempfile::NamedTempFile;
use zeroize::Zeroizing;

use super::{DeliveryKeyFile, Tokens, item::require_attributes};
use crate::{
    cli::{AskArguments, SignArguments},
    delivery::{DETAILS_MOST_BYTES, DOCUMENT_MOST_BYTES, PublicKey, SecretKey},
    documents::{self, fetch_delivery, put_delivery, read_details},
    keystore::{KeyStore, write_new},
    native::{Caller, Reader},
    table::{Field, plain, say, say_done},
    words::parse_word,
};

#[derive(Debug, Args)]
pub(crate) struct Redeem {
    #[command(flatten)]
    tokens: Tokens,
    /// File with the delivery details, or `-` for standard input: the issuer alone can read them.
    #[arg(long, value_name = "FILE", required_unless_present = "delivery_hash")]
    details: Option<PathBuf>,
    /// Hash of details that the issuer gets in another way.
    #[arg(long, value_name = "HASH", conflicts_with = "details")]
    delivery_hash: Option<B256>,
    /// Id of the redemption: 32 bytes in hex, or a text of which the hash is taken [default: random]. Again with the same id, the
    /// details encrypted the first time are brought again.
    #[arg(long, value_parser = parse_word)]
    redemption: Option<B256>,
    #[command(flatten)]
    sign: SignArguments,
}

#[derive(Debug, Args)]
pub(crate) struct Delivery {
    /// Id of the redemption.
    #[arg(value_parser = parse_word)]
    redemption: B256,
    #[command(flatten)]
    key: DeliveryKeyFile,
    #[command(flatten)]
    ask: AskArguments,
}

#[derive(Debug, Subcommand)]
pub(crate) enum DeliveryKeyCommand {
    /// Make a key: the file is secret, what is printed goes into the attributes as `deliveryKey`.
    New {
        /// File to write; must not exist.
        #[arg(short, long, value_name = "FILE")]
        output: PathBuf,
        /// One JSON object on standard output.
        #[arg(long)]
        json: bool,
    },
    /// Print the public half of a key.
    Show {
        #[command(flatten)]
        key: DeliveryKeyFile,
        /// One JSON object on standard output.
        #[arg(long)]
        json: bool,
    },
}

impl Redeem {
    pub(super) fn run(&self) -> eyre::Result<()> {
        let caller = Caller::open(&self.sign)?;
        let redemption = self.redemption.unwrap_or_else(random_id);
        let document = self.details.as_deref().map(|file| self.document(file, &caller, redemption)).transpose()?;
        let hash = document.as_ref().map(|made| keccak256(&made.bytes)).or(self.delivery_hash);
        let hash = hash.ok_or_eyre("no delivery details")?;
        let named = || format!("redemption {redemption}");
        let done = caller.call(ADDRESS, &self.request(redemption, hash)).wrap_err_with(named)?;
        let mut fields = vec![Field::new("redemption", redemption), Field::new("delivery", hash)];
        if let Some(document) = document {
            let kept =
                || format!("{} is requested, but its details are not at the node: again with --redemption", named());
            put_delivery(caller.reader(), redemption, &document.bytes).wrap_err_with(kept)?;
            fields.push(Field::value("encryptedBefore", document.before));
        }
        say_done(&done, fields, self.sign.ask.json);
        Ok(())
    }

    fn request(&self, redemption: B256, hash: B256) -> IToken::requestRedemptionCall {
        let Tokens { id, amount } = self.tokens;
        IToken::requestRedemptionCall { redemption, id, amount, deliveryHash: hash }
    }

    /// The document that was made the first time, or a new one, which is kept.
    fn document(&self, details: &Path, caller: &Caller, redemption: B256) -> eyre::Result<Document> {
        let key = issuers_key(caller.reader(), self.tokens.id)?;
        let folder = KeyStore::of(&self.sign.store)?.folder().join("deliveries");
        let name = [redemption.as_slice(), B256::from(self.tokens.id).as_slice(), &key.to_bytes()].concat();
        let file = folder.join(hex::encode(keccak256(name)));
        let named = || format!("delivery document {}", file.display());
        if file.exists() {
            return Ok(Document { bytes: fs::read(&file).wrap_err_with(named)?, before: true });
        }
        let bytes = key.seal(redemption, &read_details(details, DETAILS_MOST_BYTES)?)?;
        keep(&folder, &file, &bytes).wrap_err_with(named)?;
        Ok(Document { bytes, before: false })
    }
}

/// Encrypted details.
struct Document {
    bytes: Vec<u8>,
    /// By the same command, earlier.
    before: bool,
}

impl Delivery {
    pub(super) fn run(&self) -> eyre::Result<()> {
        let key = self.key.open()?;
        let reader = Reader::of(&self.ask);
        let found = reader.read(ADDRESS, &IToken::redemptionOfCall { redemption: self.redemption })?;
        let document = fetch_delivery(&reader, self.redemption, found.deliveryHash)?
            .ok_or_eyre("this node does not have the delivery details: the redeemer can bring them again")?;
        ensure!(document.len() <= DOCUMENT_MOST_BYTES, "the delivery document is larger than any that is taken");
        tell(&key.open(self.redemption, &document)?, self.ask.json)
    }
}

/// `token delivery-key …`.
pub(super) fn delivery_key(command: DeliveryKeyCommand) -> eyre::Result<()> {
    match command {
        DeliveryKeyCommand::New { output, json } => {
            let key = SecretKey::random();
            let text = Zeroizing::new(hex::encode_prefixed(key.to_bytes().as_slice()));
            write_new(&output, text.as_bytes()).wrap_err_with(|| format!("could not write {}", output.display()))?;
            say_public(&key, json);
        }
        DeliveryKeyCommand::Show { key, json } => say_public(&key.open()?, json),
    }
    Ok(())
}

impl DeliveryKeyFile {
    fn open(&self) -> eyre::Result<SecretKey> {
        let named = || format!("delivery key {}", self.delivery_key.display());
        let text = read_details(&self.delivery_key, KEY_MOST_BYTES).wrap_err_with(named)?;
        let mut bytes = Zeroizing::new([0; 32]);
        hex::decode_to_slice(text.trim_ascii(), bytes.as_mut())
            .map_err(|_| eyre::eyre!("not 32 bytes in hex"))
            .wrap_err_with(named)?;
        SecretKey::of_bytes(bytes.as_slice()).wrap_err_with(named)
    }
}

fn issuers_key(reader: &Reader, id: U256) -> eyre::Result<PublicKey> {
    let item = reader.read(ADDRESS, &IToken::tokenCall { id })?.item;
    documents::delivery_key(&require_attributes(reader, item)?)
}

/// Appears whole or not at all: half a document must not be taken for one.
fn keep(folder: &Path, file: &Path, document: &[u8]) -> eyre::Result<()> {
    fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
    let mut new = NamedTempFile::new_in(folder)?;
    new.write_all(document)?;
    new.as_file().sync_all()?;
    new.persist_noclobber(file)?;
    Ok(())
}

/// Details are bytes of the redeemer's choice; most are text.
fn tell(details: &[u8], json: bool) -> eyre::Result<()> {
    let text = std::str::from_utf8(details);
    if !json {
        let mut out = stdout().lock();
        return match text {
            // On a terminal they must not steer it; a file or a program gets every byte.
            Ok(text) if out.is_terminal() => text.lines().try_for_each(|line| writeln!(out, "{}", plain(line))),
            _ => out.write_all(details),
        }
        .wrap_err("standard output");
    }
    let said = match text {
        Ok(text) => json!({ "details": text }),
        Err(_) => json!({ "detailsHex": Bytes::copy_from_slice(details) }),
    };
    println!("{said}");
    Ok(())
}

fn say_public(key: &SecretKey, json: bool) {
    say(vec![Field::new("deliveryKey", hex::encode_prefixed(key.public().to_bytes()))], json);
}

fn random_id() -> B256 {
    let mut id = B256::ZERO;
    OsRng.fill_bytes(id.as_mut_slice());
    id
}

/// Longer than any key in hex.
const KEY_MOST_BYTES: usize = 256;
