//! Cards of an issuer: who has them is not known here, what they may is.

use contracts::cash::iso4217::Currency;
use payments::issuer::{
    IssuerError,
    records::{AccountRecord, CardRecord, CardReference, CardStatus},
};

use super::{CardArguments, FolderArguments, LookArguments, LostArguments};
use crate::{
    money::shown_minor,
    table::{Field, Row, say, say_rows},
};

pub(super) fn list(look: &LookArguments) -> eyre::Result<()> {
    say_cards(look, &[None])
}

pub(super) fn block(arguments: &CardArguments) -> eyre::Result<()> {
    set(&arguments.look.folder, &arguments.card, CardStatus::Blocked, arguments.look.json)
}

pub(super) fn unblock(arguments: &CardArguments) -> eyre::Result<()> {
    set(&arguments.look.folder, &arguments.card, CardStatus::Active, arguments.look.json)
}

pub(super) fn lost(arguments: &LostArguments) -> eyre::Result<()> {
    let LostArguments { look, card, stolen } = arguments;
    let status = if *stolen { CardStatus::Stolen } else { CardStatus::Lost };
    match card {
        Some(card) => set(&look.folder, card, status, look.json),
        None => say_cards(look, &[Some(CardStatus::Lost), Some(CardStatus::Stolen)]),
    }
}

/// A card's reference as people write it.
pub(super) fn reference(text: &str) -> eyre::Result<CardReference> {
    CardReference::parse(text)
        .map_err(|_| eyre::eyre!("a card's reference is 12 digits; a card's number is not asked for here"))
}

fn set(folder: &FolderArguments, card: &str, status: CardStatus, json: bool) -> eyre::Result<()> {
    let reference = reference(card)?;
    let opened = folder.open()?;
    opened.vault.write("card-status", move |vault| Ok::<_, IssuerError>(vault.set_card_status(&reference, status)?))?;
    say(vec![Field::new("card", reference), Field::new("status", word(status))], json);
    Ok(())
}

fn say_cards(look: &LookArguments, statuses: &[Option<CardStatus>]) -> eyre::Result<()> {
    let opened = look.folder.open()?;
    let mut rows = Vec::new();
    opened.vault.read(|vault| {
        for status in statuses {
            let mut after = None;
            loop {
                let cards = vault.cards(*status, after.as_ref(), PAGE)?;
                let Some(last) = cards.last() else { break };
                after = Some(last.reference);
                for card in &cards {
                    rows.push(row(card, &vault.accounts(&card.reference)?));
                }
            }
        }
        Ok::<_, IssuerError>(())
    })?;
    say_rows("cards", rows, look.json);
    Ok(())
}

fn row(card: &CardRecord, accounts: &[AccountRecord]) -> Row {
    vec![
        Field::new("card", card.reference),
        Field::new("number", &card.truncated),
        Field::new("expiry", format!("{:02}{:02}", card.expiry.year_2000(), card.expiry.month())),
        Field::new("tokenBin", &card.token_bin),
        Field::new("status", word(card.status)),
        Field::value("atc", card.atc.high),
        Field::list("accounts", accounts.iter().map(priced).collect()),
    ]
}

fn priced(account: &AccountRecord) -> String {
    match Currency::by_number(account.key.currency) {
        Some(currency) => format!("{} {}", shown_minor(account.balance_minor, currency), currency.symbol()),
        None => format!("{} of {}", account.balance_minor, account.key.currency),
    }
}

const fn word(status: CardStatus) -> &'static str {
    match status {
        CardStatus::Active => "active",
        CardStatus::Blocked => "blocked",
        CardStatus::Lost => "lost",
        CardStatus::Stolen => "stolen",
    }
}

const PAGE: u32 = 500;
