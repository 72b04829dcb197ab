//! `token` on pages: items, their tokens, redemptions, and what can be done with them. Rules: docs/systems/token.md; everything
//! is read from the contract's views, as any client would.
//!
//! ```text
//! /token              items, newest first           /token/redeem/ID             a form for delivery details
//! /token/item/KEY     an item and its tokens        /token/redemption/REDEMPTION what became of a request
//! /token/ID           a token                       /token/call?do=...           the calls that an action needs
//! ```
//! `/token/{id}.json` is not among them: it is ERC-1155 metadata, and answered before pages are asked.

mod action;
mod attributes;
mod holdings;
mod instance;
mod item;
mod items;
mod offers;
mod redemption;
mod say;

use chain::BlockAt;
use contracts::token::{ADDRESS, abi::IToken};
use primitives::{B256, U256};

pub(super) use self::holdings::{HoldingRow, holdings};
use super::{Console, Opened, Problem, Query, documents, fields::Fields, reader::Reader, words};

/// Answers everything below `/token`; `rest` is what follows its slash.
pub(super) fn open(console: &Console, rest: Option<String>, query: &str) -> Opened {
    let (query, fields) = (Query::read(query), Fields::read(query));
    let Some(rest) = rest else { return console.heavy(move |console| items::page(console, query.page)) };
    console.heavy(move |console| match rest.split_once('/') {
        Some(("item", key)) => item::page(console, key, &query),
        Some(("redeem", id)) => redemption::form(console, id),
        Some(("redemption", id)) => redemption::page(console, id),
        None if rest == "call" => Ok(action::page(console, &fields)),
        _ => instance::page(console, &rest, &query),
    })
}

/// The page of what this is the key or id of.
pub(super) fn place(console: &Console, hash: B256) -> Result<Option<String>, Problem> {
    let state = console.chain.state(BlockAt::Latest)?;
    let reader = Reader::of(console, &state);
    if item(&reader, hash)?.is_some() {
        return Ok(Some(format!("/token/item/{hash}")));
    }
    if token(&reader, hash.into())?.is_some() {
        return Ok(Some(format!("/token/{}", words::token_path(hash.into()))));
    }
    let redemption = reader.ask(ADDRESS, &IToken::redemptionOfCall { redemption: hash })?;
    Ok(redemption.map(|_| format!("/token/redemption/{hash}")))
}

/// The item with a key.
fn item(reader: &Reader<'_>, key: B256) -> Result<Option<IToken::Item>, Problem> {
    reader.ask(ADDRESS, &IToken::itemCall { key })
}

fn token(reader: &Reader<'_>, id: U256) -> Result<Option<IToken::Token>, Problem> {
    reader.ask(ADDRESS, &IToken::tokenCall { id })
}

/// What an item is called: by its attributes, otherwise by its key.
fn name(console: &Console, item: &IToken::Item) -> Result<String, Problem> {
    let attributes = documents::attributes(console, item.terms.attributesHash)?;
    let name = attributes.and_then(|found| attributes::name(&found));
    Ok(name.map_or_else(|| words::ends(&item.item.to_string()), |name| words::shortened(&name)))
}

/// A place in a list that the contract counts in 64 bits.
fn index(place: usize) -> u64 {
    u64::try_from(place).unwrap_or(u64::MAX)
}

/// A list is never longer than memory: what does not fit is as good as endless.
fn length(total: u64) -> usize {
    usize::try_from(total).unwrap_or(usize::MAX)
}

/// Rows of a list on one page.
const ROWS: usize = 25;
