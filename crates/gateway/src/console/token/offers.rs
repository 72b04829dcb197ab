//! What waits for somebody to take it: open listings and pending gifts. The contract numbers them together and has no list of
//! them, so that the newest are looked through.

use contracts::token::{
    ADDRESS,
    abi::IToken::{self, GiftState},
};
use primitives::U256;

use super::Reader;
use crate::console::{
    Problem,
    frame::Party,
    money::{self, Currency},
    transaction::Names,
    words::{self, Moment},
};

/// Of some tokens.
#[derive(Default)]
pub(super) struct Offers {
    pub(super) listings: Vec<Listing>,
    pub(super) gifts: Vec<Gift>,
    /// There are older ones, which were not looked at.
    pub(super) are_cut: bool,
}

pub(super) struct Listing {
    pub(super) number: u64,
    pub(super) path: String,
    pub(super) short: String,
    pub(super) seller: Party,
    pub(super) amount: String,
    pub(super) price: String,
    pub(super) until: Option<Moment>,
    pub(super) is_over: bool,
}

pub(super) struct Gift {
    pub(super) number: u64,
    pub(super) sender: Party,
    pub(super) recipient: Party,
    pub(super) amount: String,
    pub(super) until: Option<Moment>,
    pub(super) is_over: bool,
}

/// The open offers of the tokens that `are_meant`, newest first.
pub(super) fn of(
    reader: &Reader<'_>,
    names: &Names,
    mut are_meant: impl FnMut(U256) -> Result<bool, Problem>,
) -> Result<Offers, Problem> {
    let last = reader.ask(ADDRESS, &IToken::lastOfferCall {})?.unwrap_or_default();
    let first = last.saturating_sub(LOOKED_AT).saturating_add(1);
    let mut offers = Offers { are_cut: first > 1, ..Offers::default() };
    for number in (first..=last).rev() {
        if let Some(found) = reader.ask(ADDRESS, &IToken::listingOfCall { number })? {
            if !found.amount.is_zero() && are_meant(found.id)? {
                offers.listings.push(Listing::of(reader, names, number, &found)?);
            }
        } else if let Some(found) = reader.ask(ADDRESS, &IToken::giftOfCall { number })?
            && found.state == GiftState::Pending
            && are_meant(found.id)?
        {
            offers.gifts.push(Gift::of(reader, names, number, &found));
        }
    }
    Ok(offers)
}

impl Listing {
    fn of(reader: &Reader<'_>, names: &Names, number: u64, found: &IToken::Listing) -> Result<Self, Problem> {
        let currency = money::currency(reader, found.currency)?;
        let path = words::token_path(found.id);
        Ok(Self {
            number,
            short: words::ends(&format!("0x{path}")),
            path,
            seller: names.party(found.seller),
            amount: words::number(found.amount),
            price: price(currency.as_ref(), found),
            until: Moment::of_seconds(found.until),
            is_over: found.until != 0 && reader.now() >= found.until,
        })
    }
}

fn price(currency: Option<&Currency>, found: &IToken::Listing) -> String {
    currency.map_or_else(|| format!("{} of {}", found.price, found.currency), |currency| currency.shown(found.price))
}

impl Gift {
    fn of(reader: &Reader<'_>, names: &Names, number: u64, found: &IToken::Gift) -> Self {
        Self {
            number,
            sender: names.party(found.sender),
            recipient: names.party(found.recipient),
            amount: words::number(found.amount),
            until: Moment::of_seconds(found.until),
            is_over: reader.now() >= found.until,
        }
    }
}

/// Offers that a page looks through: a call each.
const LOOKED_AT: u64 = 200;
