//! `/card/REFERENCE`: one card: its keys and what weakens them, its accounts with their limits, its counter, its payments.

use askama::Template;
use payments::issuer::records::{CardRecord, CardReference, RangeRecord};

use super::{
    Console, Fields, Problem, ROWS,
    authorizations::{PaymentRow, rows},
    cards::{Account, KeySet, expiry},
    say::{self, Stand},
};
use crate::{
    console::{
        Frame, StatusCode, show,
        words::{self, Moment},
    },
    pages::Page,
};

#[derive(Template)]
#[template(path = "card.html")]
struct CardPage {
    frame: Frame,
    reference: String,
    number: String,
    sequence: String,
    expiry: String,
    token_expiry: String,
    status: Stand,
    keys: KeySet,
    token_bin: String,
    strategy: &'static str,
    inputs: String,
    warnings: Vec<&'static str>,
    atc_high: u16,
    made: Moment,
    accounts: Vec<Account>,
    payments: Vec<PaymentRow>,
    is_newest: bool,
    /// Counter and use of the last payment that is shown, where the list goes on.
    older: Option<String>,
}

/// The card with a reference.
pub(super) fn page(console: &Console, reference: &str, fields: &Fields) -> Result<Page, Problem> {
    let unknown = || Problem::NotHere(format!("The issuer has no card “{}”.", words::shortened(reference)));
    let reference = CardReference::parse(reference).map_err(|_| unknown())?;
    let before = before(fields.text("before"));
    let found = console.remembered(|vault| {
        let Some(card) = vault.card(&reference)? else { return Ok(None) };
        let range = vault.ranges()?.into_iter().find(|range| range.token_bin == card.token_bin);
        let payments = vault.payments_of_card(&reference, before, ROWS)?;
        let last = payments.last().map(|payment| (payment.atc.unwrap_or_default(), payment.use_number));
        Ok(Some((vault.accounts(&reference)?, rows(vault, &payments)?, last, range, card)))
    })?;
    let (accounts, payments, last, range, card) = found.ok_or_else(unknown)?;
    let is_full = u32::try_from(payments.len()).is_ok_and(|count| count == ROWS);
    let older = last.filter(|_| is_full).map(|(atc, use_number)| format!("{atc}.{use_number}"));
    let accounts = accounts.iter().map(Account::of).collect();
    let page =
        CardPage { accounts, payments, is_newest: before.is_none(), older, ..CardPage::of(console, &card, range) };
    Ok(show(StatusCode::OK, &page))
}

/// `ATC.USE`; what makes no sense is as if it were not there.
fn before(text: &str) -> Option<(u16, u32)> {
    let (atc, use_number) = text.split_once('.')?;
    Some((atc.parse().ok()?, use_number.parse().ok()?))
}

impl CardPage {
    fn of(console: &Console, card: &CardRecord, range: Option<RangeRecord>) -> Self {
        let inputs = range.iter().flat_map(|range| &range.profile.inputs).map(|input| input.name());
        Self {
            frame: console.frame(),
            reference: card.reference.to_string(),
            number: card.truncated.clone(),
            sequence: format!("{:x}", card.sequence),
            expiry: expiry(card),
            token_expiry: format!("{:02}/{:02}", card.token_expiry.month(), card.token_expiry.year_2000()),
            status: say::card(card.status),
            keys: KeySet::of(range.as_ref()),
            token_bin: card.token_bin.clone(),
            strategy: range.as_ref().map_or("unknown", |range| range.strategy.name()),
            inputs: inputs.collect::<Vec<_>>().join(", "),
            warnings: range.map(|range| range.profile.warnings()).unwrap_or_default(),
            atc_high: card.atc.high,
            made: say::time(card.created_ms),
            accounts: Vec::new(),
            payments: Vec::new(),
            is_newest: true,
            older: None,
        }
    }
}
