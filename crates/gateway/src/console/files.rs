//! Files for programs rather than pages for people: ERC-1155's metadata of a token, attributes by their hash, and certificates
//! as they were submitted. Any site's pages may read them, since wallets do. Opened by `Console` for these three paths.
//!
//! ```text
//! /token/ID.json           ID: 64 hex digits, as clients put it into `uri` (ERC-1155), or decimal
//! /attributes/HASH.json    the canonical bytes, which never change
//! /certificate/HASH.der    X.509, by its SHA-256 (application/pkix-cert, RFC 2585)
//! ```
//! What the ledger says of a token is read by calls of its views, as any client would; what it holds only as a hash comes from
//! the documents, where they are here. Texts are not escaped: JSON has no markup, and who shows them escapes them.

use alloy_primitives::{TxKind, hex};
use alloy_rpc_types_eth::{TransactionRequest, state::EvmOverrides};
use alloy_sol_types::SolCall;
use axum::http::StatusCode;
use chain::{BlockAt, ChainError, DocumentError, StateView};
use contracts::token::{
    ADDRESS,
    abi::IToken::{self, Item, Lock, Token},
};
use evm::call::{Base, CallError, call};
use primitives::{Address, B256, Bytes, U256};
use serde::Serialize;
use serde_json::{Map, Value, json};

use super::Console;
use crate::{admission::room::RoomError, pages::Page};

/// A file that has a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum File {
    /// Metadata of a token id.
    Token(U256),
    /// Attributes by their hash.
    Attributes(B256),
    /// A certificate by its fingerprint.
    Certificate(B256),
    /// Named as one of these, and none.
    Nothing,
}

impl File {
    /// What a path names; `None` where it is for others.
    pub(super) fn named(path: &str) -> Option<Self> {
        let hash_of = |text: &str| word(text.strip_prefix("0x").unwrap_or(text));
        if let Some(name) = path.strip_prefix("/certificate/").and_then(|name| name.strip_suffix(".der")) {
            return Some(hash_of(name).map_or(Self::Nothing, Self::Certificate));
        }
        let name = path.strip_suffix(".json")?;
        if let Some(id) = name.strip_prefix("/token/") {
            return Some(token_id(id).map_or(Self::Nothing, Self::Token));
        }
        Some(hash_of(name.strip_prefix("/attributes/")?).map_or(Self::Nothing, Self::Attributes))
    }

    pub(super) fn page(self, console: &Console) -> Page {
        let found = match self {
            Self::Token(id) => metadata(console, id),
            Self::Attributes(hash) => attributes(console, hash),
            Self::Certificate(fingerprint) => certificate(console, fingerprint),
            Self::Nothing => Err(Missing::Unknown),
        };
        found.unwrap_or_else(|missing| missing.page())
    }
}

/// Why there is no file.
#[derive(Debug, thiserror::Error)]
enum Missing {
    #[error("there is nothing of this name here")]
    Unknown,
    #[error(transparent)]
    Document(#[from] DocumentError),
    #[error(transparent)]
    Chain(#[from] ChainError),
    #[error("the ledger could not be asked: {0}")]
    Call(CallError),
}

impl Missing {
    fn page(&self) -> Page {
        let status = match self {
            Self::Unknown => StatusCode::NOT_FOUND,
            Self::Document(_) | Self::Chain(_) | Self::Call(_) => StatusCode::INTERNAL_SERVER_ERROR,
        };
        file(status, FLEETING, json!({ "error": self.to_string() }).to_string())
    }
}

fn attributes(console: &Console, hash: B256) -> Result<Page, Missing> {
    let bytes = console.chain.documents().attributes_of_hash(hash)?.ok_or(Missing::Unknown)?;
    Ok(file(StatusCode::OK, FOR_EVER, bytes.0))
}

/// Its bytes do not change, but there may be none yet.
fn certificate(console: &Console, fingerprint: B256) -> Result<Page, Missing> {
    let state = console.chain.state(BlockAt::Latest)?;
    let found = match console.room(&state).certificate(fingerprint) {
        Ok(found) => found,
        Err(RoomError::Closed) => return Err(Missing::Unknown),
        Err(RoomError::Call(error)) => return Err(Missing::Call(error)),
    };
    let body = (!found.der.is_empty()).then_some(found.der.0).ok_or(Missing::Unknown)?;
    Ok(Page { kind: "application/pkix-cert", ..file(StatusCode::OK, FOR_EVER, body) })
}

/// ERC-1155, "Metadata URI JSON Schema", with the list of traits that wallets show.
#[derive(Serialize)]
struct Metadata {
    name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    image: Option<Value>,
    attributes: Value,
    properties: Properties,
}

/// What the ledger says. Numbers that may be beyond 2^53 are decimal text.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Properties {
    id: String,
    item: B256,
    issuer: Address,
    identifier: B256,
    kind: String,
    units_per_token: String,
    /// Of the item, all tokens together.
    units: String,
    units_held: String,
    instance: String,
    first_unit: String,
    interchangeable: bool,
    redeemable: bool,
    possession_is_ownership: bool,
    transferable: bool,
    exists: bool,
    /// Of interchangeable tokens never: they are counted in `tokensRedeemed`.
    redeemed: bool,
    state: String,
    tokens_minted: String,
    tokens_redeemed: String,
    link: B256,
    attributes_hash: B256,
    /// Whether this node has the attributes, which then are at `attributesUri`.
    attributes_here: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    attributes_uri: Option<String>,
}

fn metadata(console: &Console, id: U256) -> Result<Page, Missing> {
    let state = console.chain.state(BlockAt::Latest)?;
    let token = ask(console, &state, &IToken::tokenCall { id })?;
    let item = ask(console, &state, &IToken::itemCall { key: token.item })?;
    let hash = item.terms.attributesHash;
    let mut known = known(console, hash);
    let here = known.is_some();
    let mut take = |name: &str| known.as_mut().and_then(|known| known.remove(name));
    let name = take("name").and_then(|name| name.as_str().map(str::to_owned));
    let metadata = Metadata {
        name: name.unwrap_or_else(|| name_of(&item)),
        description: take("description"),
        image: take("image"),
        attributes: take("attributes").unwrap_or_else(|| json!([])),
        properties: properties(&token, &item, here),
    };
    let body = serde_json::to_vec(&metadata).unwrap_or_default();
    Ok(file(StatusCode::OK, REVISED, body))
}

fn properties(token: &Token, item: &Item, here: bool) -> Properties {
    let terms = &item.terms;
    Properties {
        id: token.id.to_string(),
        item: token.item,
        issuer: item.issuer,
        identifier: item.identifier,
        kind: format!("{:?}", terms.kind),
        units_per_token: token.units.to_string(),
        units: terms.units.to_string(),
        units_held: item.unitsHeld.to_string(),
        instance: token.instance.to_string(),
        first_unit: token.firstUnit.to_string(),
        interchangeable: terms.interchangeable,
        redeemable: terms.redeemable,
        possession_is_ownership: terms.possessionIsOwnership,
        transferable: terms.transferable,
        exists: terms.exists,
        redeemed: token.lock == Lock::Redeemed,
        state: format!("{:?}", token.lock),
        tokens_minted: item.minted.to_string(),
        tokens_redeemed: item.redeemed.to_string(),
        link: token.link,
        attributes_hash: terms.attributesHash,
        attributes_here: here,
        attributes_uri: here.then(|| format!("/attributes/{}.json", hex::encode(terms.attributesHash))),
    }
}

/// Without attributes: the identifier where it is a word, else the item's key.
fn name_of(item: &Item) -> String {
    let end = item.identifier.iter().rposition(|byte| *byte != 0).map_or(0, |last| last + 1);
    let word = item.identifier.get(..end).unwrap_or_default();
    let readable = !word.is_empty() && word.iter().all(|byte| byte.is_ascii_graphic() || *byte == b' ');
    if readable { String::from_utf8_lossy(word).into_owned() } else { format!("Item {}", item.item) }
}

/// The attributes, where they are here and whole; what the ledger says is as true without them.
fn known(console: &Console, hash: B256) -> Option<Map<String, Value>> {
    let kept = console.chain.documents().attributes_of_hash(hash);
    let bytes = kept.inspect_err(|error| tracing::warn!(%error, "metadata goes out without attributes")).ok()??;
    serde_json::from_slice(&bytes).ok()
}

/// A view of the room; a refusal, or no room at all, is nothing of this name.
fn ask<C: SolCall>(console: &Console, state: &StateView, question: &C) -> Result<C::Return, Missing> {
    let request = TransactionRequest {
        to: Some(TxKind::Call(ADDRESS)),
        input: Bytes::from(question.abi_encode()).into(),
        ..TransactionRequest::default()
    };
    let base = Base { rules: console.chain.rules(), header: state.header(), db: state, gas_cap: console.call_gas };
    match call(&base, &request, &EvmOverrides::default()) {
        Ok(answer) => C::abi_decode_returns(&answer).map_err(|_| Missing::Unknown),
        Err(CallError::Revert(_)) => Err(Missing::Unknown),
        Err(error) => Err(Missing::Call(error)),
    }
}

/// 64 digits are hex, whatever they are; fewer or more are decimal.
fn token_id(text: &str) -> Option<U256> {
    if text.len() == WORD_DIGITS {
        return word(text).map(|word| U256::from_be_bytes(word.0));
    }
    let decimal = !text.is_empty() && text.bytes().all(|digit| digit.is_ascii_digit());
    decimal.then(|| U256::from_str_radix(text, 10).ok()).flatten()
}

fn word(text: &str) -> Option<B256> {
    let digits = text.len() == WORD_DIGITS && text.bytes().all(|digit| digit.is_ascii_hexdigit());
    digits.then(|| text.parse().ok()).flatten()
}

fn file(status: StatusCode, cache: &'static str, body: impl Into<bytes::Bytes>) -> Page {
    Page { status, kind: "application/json", cache, location: None, body: body.into() }
}

const WORD_DIGITS: usize = 64;
const FOR_EVER: &str = "public, max-age=31536000, immutable";
/// Kept, and asked for again each time: locks and redemptions change.
const REVISED: &str = "no-cache";
const FLEETING: &str = "no-store";
