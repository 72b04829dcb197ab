//! `/cards`: every card that the issuer gave out, in order of its reference.

use std::collections::BTreeMap;

use askama::Template;
use payments::{
    issuer::{
        IssuerError,
        records::{AccountRecord, CardRecord, CardReference, RangeRecord},
    },
    profile::{IndexKind, Scope},
};

use super::{
    Console, Fields, Problem, ROWS,
    say::{self, Stand},
};
use crate::{
    console::{Frame, StatusCode, show},
    pages::Page,
};

#[derive(Template)]
#[template(path = "cards.html")]
struct Cards {
    frame: Frame,
    rows: Vec<CardRow>,
    is_first: bool,
    /// Where the list goes on.
    next: Option<String>,
}

struct CardRow {
    reference: String,
    /// First six and last four digits.
    number: String,
    expiry: String,
    status: Stand,
    keys: KeySet,
    atc_high: u16,
    accounts: Vec<Account>,
}

/// Which keys made a card, and what weakens them.
pub(super) struct KeySet {
    pub(super) key_set: Option<u8>,
    pub(super) profile: String,
    pub(super) is_issuer_wide: bool,
    pub(super) is_static: bool,
}

/// What a card has in one currency, and what bounds it.
pub(super) struct Account {
    pub(super) balance: String,
    pub(super) held: String,
    pub(super) available: String,
    pub(super) payment_limit: Option<String>,
    pub(super) day_limit: Option<String>,
}

/// Cards behind a reference.
pub(super) fn page(console: &Console, fields: &Fields) -> Result<Page, Problem> {
    let after = CardReference::parse(fields.text("after")).ok();
    let (ranges, cards) = console.remembered(|vault| {
        let cards = vault.cards(None, after.as_ref(), ROWS)?.into_iter();
        let cards = cards.map(|card| Ok((vault.accounts(&card.reference)?, card)));
        let cards: Vec<(Vec<AccountRecord>, CardRecord)> = cards.collect::<Result<_, IssuerError>>()?;
        Ok((vault.ranges()?, cards))
    })?;
    let ranges: BTreeMap<String, RangeRecord> =
        ranges.into_iter().map(|range| (range.token_bin.clone(), range)).collect();
    let rows: Vec<CardRow> =
        cards.iter().map(|(accounts, card)| CardRow::of(card, ranges.get(&card.token_bin), accounts)).collect();
    let is_full = u32::try_from(rows.len()).is_ok_and(|count| count == ROWS);
    let next = rows.last().filter(|_| is_full).map(|row| row.reference.clone());
    Ok(show(StatusCode::OK, &Cards { frame: console.frame(), rows, is_first: after.is_none(), next }))
}

impl CardRow {
    fn of(card: &CardRecord, range: Option<&RangeRecord>, accounts: &[AccountRecord]) -> Self {
        Self {
            reference: card.reference.to_string(),
            number: card.truncated.clone(),
            expiry: expiry(card),
            status: say::card(card.status),
            keys: KeySet::of(range),
            atc_high: card.atc.high,
            accounts: accounts.iter().map(Account::of).collect(),
        }
    }
}

impl KeySet {
    /// A card's range is there as long as the card is.
    pub(super) fn of(range: Option<&RangeRecord>) -> Self {
        Self {
            key_set: range.map(|range| range.key_set),
            profile: range.map_or_else(String::new, |range| range.profile.name.clone()),
            is_issuer_wide: range.is_some_and(|range| range.profile.scope == Scope::IssuerWide),
            is_static: range.is_some_and(|range| range.profile.index == IndexKind::Static),
        }
    }
}

impl Account {
    pub(super) fn of(account: &AccountRecord) -> Self {
        let money = |minor| say::money(minor, account.key.currency);
        Self {
            balance: money(account.balance_minor),
            held: money(account.held_minor),
            available: money(account.available_minor()),
            payment_limit: account.limits.payment_minor.map(money),
            day_limit: account.limits.day_minor.map(money),
        }
    }
}

/// Month and year, as cards have it: `12/30`.
pub(super) fn expiry(card: &CardRecord) -> String {
    format!("{:02}/{:02}", card.expiry.month(), card.expiry.year_2000())
}
