//! `/terminal`: a form in which somebody chooses amount, merchant and card. Sent, it taps the card: the real machines of card and terminal,
//! and a message to the issuer's own door. For trying: it is there only where an issuer without TLS runs in the node's process.

use askama::Template;
use bytes::Bytes;
use contracts::cash::iso4217::Currency;
use payments::{issuer::records::MerchantRecord, profile::Scope};
use primitives::Masked;

use super::{Console, Fields, Problem, say, taps::Asked};
use crate::{
    console::{Frame, StatusCode, show, words},
    pages::{Form, Page},
    payment::terminal::{Lying, Sale},
};

#[derive(Template)]
#[template(path = "terminal.html")]
struct TerminalPage {
    frame: Frame,
    merchants: Vec<MerchantChoice>,
    more_merchants: bool,
    currencies: Vec<String>,
    cards: Vec<CardChoice>,
    /// Why the cards cannot be listed.
    trouble: Option<String>,
}

struct MerchantChoice {
    value: String,
    shown: String,
}

struct CardChoice {
    name: String,
    shown: String,
}

/// The form.
pub(super) fn page(console: &Console) -> Result<Page, Problem> {
    let merchants = console.remembered(|vault| Ok(vault.merchants()?))?;
    let (cards, trouble) = match console.resident()?.terminal.cards() {
        Ok(cards) => (cards, None),
        Err(error) => (Vec::new(), Some(error.to_string())),
    };
    let mut currencies: Vec<String> = merchants.iter().filter_map(|merchant| code(merchant.currency)).collect();
    currencies.sort_unstable();
    currencies.dedup();
    let page = TerminalPage {
        frame: console.frame(),
        more_merchants: merchants.len() > MERCHANTS,
        merchants: merchants.iter().take(MERCHANTS).map(MerchantChoice::of).collect(),
        currencies,
        cards: cards.iter().map(CardChoice::of).collect(),
        trouble,
    };
    Ok(show(StatusCode::OK, &page))
}

/// Taps the card, and leads to what is said.
pub(super) fn send(console: &Console, form: &Form) -> Result<Page, Problem> {
    let body = Masked::new(String::from_utf8_lossy(&form.body).into_owned());
    let fields = Fields::read(body.expose());
    let merchants = console.remembered(|vault| Ok(vault.merchants()?))?;
    let merchant = fields.needed("merchant", "a merchant that is registered with the issuer", |chosen| {
        merchants.iter().find(|merchant| value(merchant) == chosen)
    })?;
    let currency = currency(&fields, merchant)?;
    let amount_minor = fields.needed("amount", "an amount of this currency such as 12.50", |text| {
        words::amount(text, currency.exponent).and_then(|units| u64::try_from(units).ok())
    })?;
    let category = fields.needed("category", "empty, or four digits", |text| category(text, merchant))?;
    let card = fields.needed("card", "a card of the list", |name| (!name.is_empty()).then(|| name.to_owned()))?;
    let asked = Asked {
        amount: say::money(amount_minor, currency.number),
        merchant: words::foreign_name(&merchant.key.merchant),
        acquirer: merchant.key.acquirer.clone(),
        card: words::foreign_name(&card),
    };
    let sale = Sale {
        amount_minor,
        currency,
        acquirer: merchant.key.acquirer.clone(),
        merchant: merchant.key.merchant.clone(),
        category,
        card,
        passphrase: Masked::new(fields.text("passphrase").to_owned()),
    };
    let tap = console.taps.begin(console.resident()?.terminal.clone(), sale, asked)?;
    Ok(Page {
        status: StatusCode::SEE_OTHER,
        kind: "text/plain",
        cache: "no-store",
        location: Some(format!("/terminal/tap/{}", tap.id)),
        body: Bytes::new(),
    })
}

impl MerchantChoice {
    fn of(merchant: &MerchantRecord) -> Self {
        let currency = code(merchant.currency).unwrap_or_else(|| format!("currency {:03}", merchant.currency));
        let name = words::foreign_name(&merchant.key.merchant);
        Self { value: value(merchant), shown: format!("{name} (acquirer {}, {currency})", merchant.key.acquirer) }
    }
}

impl CardChoice {
    fn of(lying: &Lying) -> Self {
        let profile = &lying.face.profile;
        let warning = if profile.scope == Scope::IssuerWide { ", issuer-wide key" } else { "" };
        let name = words::foreign_name(&lying.name);
        Self { shown: format!("{name} ({}{warning})", words::foreign_name(&profile.name)), name: lying.name.clone() }
    }
}

/// No acquirer has a stroke in its number.
fn value(merchant: &MerchantRecord) -> String {
    format!("{}/{}", merchant.key.acquirer, merchant.key.merchant)
}

fn code(number: u16) -> Option<String> {
    Currency::by_number(number).map(Currency::symbol)
}

/// The merchant's own where none was chosen. Another one is for the issuer to refuse.
fn currency(fields: &Fields, merchant: &MerchantRecord) -> Result<Currency, Problem> {
    fields.needed("currency", "a currency of ISO 4217, or empty", |text| match text {
        "" => Currency::by_number(merchant.currency).copied(),
        code => Currency::by_code(code.as_bytes()).copied(),
    })
}

/// The merchant's own, if it has one; otherwise that of shops without a category of their own (ISO 18245).
fn category(text: &str, merchant: &MerchantRecord) -> Option<String> {
    let is_category = text.len() == 4 && text.bytes().all(|digit| digit.is_ascii_digit());
    match text {
        "" => Some(format!("{:04}", merchant.category.unwrap_or(RETAIL))),
        _ => is_category.then(|| text.to_owned()),
    }
}

/// Merchants to choose from.
const MERCHANTS: usize = 500;
/// Miscellaneous and specialty retail shops.
const RETAIL: u16 = 5_999;
