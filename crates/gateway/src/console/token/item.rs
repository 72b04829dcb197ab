//! `/token/item/KEY`: what an item is, what its issuer promises, its tokens with their owners, redemptions and offers.

use std::collections::BTreeMap;

use askama::Template;
use chain::BlockAt;
use contracts::token::{ADDRESS, abi::IToken};
use primitives::B256;

use super::{
    ROWS, Reader,
    attributes::{self, Row},
    documents, index, length, name,
    offers::{self, Offers},
    say::{self, Window},
    token,
};
use crate::console::{
    Console, Frame, Page, Problem, Query, StatusCode,
    frame::{Part, Party},
    show,
    transaction::Names,
    words::{self, Moment},
};

#[derive(Template)]
#[template(path = "item.html")]
struct ItemPage {
    frame: Frame,
    key: String,
    name: String,
    kind: &'static str,
    issuer: Party,
    custodian: Party,
    identifier: String,
    terms: Terms,
    attributes_hash: String,
    /// The node has them only where somebody gave them to it.
    attributes: Option<Vec<Row>>,
    units: Units,
    tokens: Vec<TokenRow>,
    token_total: String,
    part: Part,
    redemptions: Vec<RedemptionRow>,
    redemption_total: String,
    redemption_part: Part,
    offers: Offers,
}

struct Terms {
    interchangeable: bool,
    redeemable: bool,
    possession_is_ownership: bool,
    transferable: bool,
    exists: bool,
    presale: Window,
    redeem: Window,
    first_sale: Option<Moment>,
}

/// Where the units are.
struct Units {
    available: String,
    per_token: String,
    minted: String,
    redeemed: String,
    live: String,
    held: String,
    solvent: bool,
}

struct TokenRow {
    path: String,
    short: String,
    instance: String,
    units: String,
    holder: Option<Party>,
    lock: &'static str,
}

struct RedemptionRow {
    id: String,
    short: String,
    redeemer: Party,
    amount: String,
    requested: Option<Moment>,
    state: &'static str,
    class: &'static str,
}

/// The item with a key.
pub(super) fn page(console: &Console, key: &str, query: &Query) -> Result<Page, Problem> {
    let (state, names) = (console.chain.state(BlockAt::Latest)?, Names::of(&console.chain)?);
    let reader = Reader::of(console, &state);
    let found = match words::hash(key) {
        Some(known) => super::item(&reader, known)?,
        None => None,
    };
    let item = found.ok_or_else(|| Problem::unknown("item", key))?;
    Ok(show(StatusCode::OK, &ItemPage::of(console, &reader, &names, &item, query)?))
}

impl ItemPage {
    fn of(
        console: &Console,
        reader: &Reader<'_>,
        names: &Names,
        item: &IToken::Item,
        query: &Query,
    ) -> Result<Self, Problem> {
        let (tokens, part, token_total) = tokens(reader, names, item, query.page)?;
        let (redemptions, redemption_part, redemption_total) = redemptions(reader, names, item, query.redemptions)?;
        Ok(Self {
            frame: console.frame(),
            key: item.item.to_string(),
            name: name(console, item)?,
            kind: say::kind(item.terms.kind),
            issuer: names.party(item.issuer),
            custodian: names.party(item.terms.custodian),
            identifier: identifier(item.identifier),
            terms: Terms::of(item),
            attributes_hash: item.terms.attributesHash.to_string(),
            attributes: documents::attributes(console, item.terms.attributesHash)?
                .map(|found| attributes::rows(&found)),
            units: Units::of(reader, item)?,
            tokens,
            token_total: words::number(token_total),
            part,
            redemptions,
            redemption_total: words::number(redemption_total),
            redemption_part,
            offers: offers_of(reader, names, item)?,
        })
    }
}

/// Listings and gifts name token ids; each id's item is asked for once.
fn offers_of(reader: &Reader<'_>, names: &Names, item: &IToken::Item) -> Result<Offers, Problem> {
    let mut known = BTreeMap::new();
    offers::of(reader, names, |id| {
        if let Some(is_meant) = known.get(&id) {
            return Ok(*is_meant);
        }
        let is_meant = token(reader, id)?.is_some_and(|token| token.item == item.item);
        known.insert(id, is_meant);
        Ok(is_meant)
    })
}

/// As text where it is some, because issuers put words there; always as hex.
fn identifier(identifier: B256) -> String {
    let text = identifier.as_slice().trim_ascii_end();
    let text = text.iter().rposition(|byte| *byte != 0).and_then(|end| text.get(..=end)).unwrap_or_default();
    let is_text = !text.is_empty() && text.iter().all(|byte| byte.is_ascii_graphic() || *byte == b' ');
    if is_text { format!("{identifier} (“{}”)", String::from_utf8_lossy(text)) } else { identifier.to_string() }
}

impl Terms {
    fn of(item: &IToken::Item) -> Self {
        let terms = &item.terms;
        Self {
            interchangeable: terms.interchangeable,
            redeemable: terms.redeemable,
            possession_is_ownership: terms.possessionIsOwnership,
            transferable: terms.transferable,
            exists: terms.exists,
            presale: Window::of(terms.presaleFrom, terms.presaleUntil),
            redeem: Window::of(terms.redeemFrom, terms.redeemUntil),
            first_sale: Moment::of_seconds(item.firstSaleAt),
        }
    }
}

impl Units {
    fn of(reader: &Reader<'_>, item: &IToken::Item) -> Result<Self, Problem> {
        let asked = reader.ask(ADDRESS, &IToken::solvencyCall { key: item.item })?;
        let solvency = asked.ok_or_else(|| Problem::unknown("item", &item.item.to_string()))?;
        let units = |tokens: u64| words::number(tokens.saturating_mul(item.terms.unitsPerToken));
        Ok(Self {
            available: words::number(item.terms.units),
            per_token: words::number(item.terms.unitsPerToken),
            minted: units(item.minted),
            redeemed: units(item.redeemed),
            live: words::number(solvency.unitsLive),
            held: words::number(solvency.unitsHeld),
            solvent: solvency.solvent,
        })
    }
}

fn tokens(
    reader: &Reader<'_>,
    names: &Names,
    item: &IToken::Item,
    part: usize,
) -> Result<(Vec<TokenRow>, Part, usize), Problem> {
    let slice = |start, count| reader.ask(ADDRESS, &IToken::tokensOfItemCall { key: item.item, start, count });
    let total = slice(0, 0)?.map_or(0, |none| length(none.total));
    let part = Part::sized(total, part, ROWS);
    let found = slice(index(part.skip), index(ROWS))?.map_or_else(Vec::new, |found| found.page);
    Ok((found.iter().map(|token| TokenRow::of(token, names)).collect(), part, total))
}

impl TokenRow {
    fn of(token: &IToken::Token, names: &Names) -> Self {
        let path = words::token_path(token.id);
        Self {
            short: words::ends(&format!("0x{path}")),
            path,
            instance: if token.instance == 0 { String::new() } else { words::number(token.instance) },
            units: super::instance::units(token),
            holder: (!token.holder.is_zero()).then(|| names.party(token.holder)),
            lock: say::lock(token.lock),
        }
    }
}

fn redemptions(
    reader: &Reader<'_>,
    names: &Names,
    item: &IToken::Item,
    part: usize,
) -> Result<(Vec<RedemptionRow>, Part, usize), Problem> {
    let slice = |start, count| reader.ask(ADDRESS, &IToken::redemptionsOfItemCall { key: item.item, start, count });
    let total = slice(0, 0)?.map_or(0, |none| length(none.total));
    let part = Part::sized(total, part, ROWS);
    let end = total.saturating_sub(part.skip);
    let start = end.saturating_sub(ROWS);
    let found = slice(index(start), index(end.saturating_sub(start)))?.map_or_else(Vec::new, |found| found.page);
    let rows = found.into_iter().rev().map(|redemption| RedemptionRow::of(reader, names, redemption));
    Ok((rows.collect::<Result<_, _>>()?, part, total))
}

impl RedemptionRow {
    fn of(reader: &Reader<'_>, names: &Names, redemption: B256) -> Result<Self, Problem> {
        let id = redemption.to_string();
        let asked = reader.ask(ADDRESS, &IToken::redemptionOfCall { redemption })?;
        let found = asked.ok_or_else(|| Problem::unknown("redemption", &id))?;
        let (state, class) = say::state(found.state);
        Ok(Self {
            short: words::ends(&id),
            id,
            redeemer: names.party(found.redeemer),
            amount: words::number(found.amount),
            requested: Moment::of_seconds(found.requestedAt),
            state,
            class,
        })
    }
}
