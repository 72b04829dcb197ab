//! One tap seen from two sides: what stands in the merchant's record, and what the issuer knows of the same payment.

use payments::{
    issuer::records::{PaymentRecord, RangeRecord},
    layout::Iad,
    terminal::{Hex, Record},
    tlv::{Objects, tag},
};

use super::{
    Console, Problem,
    authorizations::Holder,
    cards::KeySet,
    say::{self, Misfit, Stand},
};
use crate::console::words;

/// From the terminal's record: no field of it can hold a real number.
pub(super) struct MerchantSide {
    pub(super) amount: String,
    pub(super) approved: Option<String>,
    pub(super) token: Option<String>,
    pub(super) expiry: Option<String>,
    pub(super) label: Option<String>,
    pub(super) atc: Option<u16>,
    /// 9F10 as it came, and the card index in it.
    pub(super) iad: Option<String>,
    pub(super) card_index: Option<String>,
    pub(super) cryptogram: Option<String>,
    pub(super) stan: String,
    pub(super) rrn: String,
    pub(super) response: Option<(String, &'static str)>,
    pub(super) authorization: Option<String>,
    /// Tag 91, and whether the card took it.
    pub(super) proof: Option<String>,
    pub(super) certificate: Option<String>,
}

/// From the issuer's memory.
pub(super) struct IssuerSide {
    pub(super) id: u64,
    pub(super) state: Stand,
    pub(super) amount: String,
    pub(super) response: String,
    pub(super) meaning: &'static str,
    /// Nothing where the message proved no card.
    pub(super) card: Option<CardSide>,
    pub(super) atc: Option<u16>,
    pub(super) token: String,
    pub(super) misfits: Vec<Misfit>,
    pub(super) hold: Option<String>,
    pub(super) transactions: Vec<Transaction>,
}

/// The card that the token led to.
pub(super) struct CardSide {
    pub(super) holder: Holder,
    pub(super) keys: KeySet,
    pub(super) strategy: &'static str,
    pub(super) atc_high: u16,
    pub(super) status: Stand,
}

pub(super) struct Transaction {
    pub(super) deed: &'static str,
    pub(super) hash: String,
    pub(super) short: String,
    pub(super) state: Stand,
}

impl MerchantSide {
    pub(super) fn of(record: &Record) -> Self {
        let iad = record.de55.as_ref().and_then(iad);
        let card_index = iad.as_deref().and_then(|bytes| Iad::parse(bytes).ok()).map(|iad| iad.card_index);
        let hex = |bytes: &Option<Hex>| bytes.as_ref().map(ToString::to_string);
        Self {
            amount: record.priced(record.amount_minor),
            approved: record.approved_minor.map(|minor| record.priced(minor)),
            token: record.token.as_ref().map(ToString::to_string),
            expiry: record.expiry.map(|expiry| format!("{:02}/{:02}", expiry.month(), expiry.year_2000())),
            label: record.label.as_deref().map(words::foreign_name),
            atc: record.atc,
            iad: iad.map(alloy_primitives::hex::encode_upper),
            card_index: card_index.map(alloy_primitives::hex::encode),
            cryptogram: hex(&record.arqc),
            stan: format!("{:06}", record.stan),
            rrn: record.rrn.clone(),
            response: record.response_code.as_deref().map(|code| (code.to_owned(), say::response(code))),
            authorization: record.auth_code.as_deref().map(words::foreign_name),
            proof: hex(&record.arpc),
            certificate: hex(&record.certificate),
        }
    }
}

/// Issuer application data (9F10) of what the terminal sent.
fn iad(de55: &Hex) -> Option<Vec<u8>> {
    let objects = Objects::parse(&de55.0).ok()?;
    objects.get(tag::IAD).map(<[u8]>::to_vec)
}

impl IssuerSide {
    /// Nothing if the issuer never saw it.
    pub(super) fn of(console: &Console, record: &Record) -> Result<Option<Self>, Problem> {
        let stan = format!("{:06}", record.stan);
        let acquirer = record.merchant.acquirer.trim_start_matches('0');
        console.remembered(|vault| {
            let payments = vault.payments_by_rrn(acquirer, &record.rrn, SAME_REFERENCE)?;
            let Some(payment) = payments.into_iter().find(|payment| payment.request.stan == stan) else {
                return Ok(None);
            };
            let card = match payment.card {
                Some(reference) => vault.card(&reference)?,
                None => None,
            };
            let ranges = vault.ranges()?;
            let transactions = vault.outbox_of(payment.id)?;
            let side = Self {
                card: card.map(|card| {
                    let range = ranges.iter().find(|range| range.token_bin == card.token_bin);
                    CardSide {
                        holder: Holder { reference: card.reference.to_string(), number: card.truncated },
                        keys: KeySet::of(range),
                        strategy: strategy(range),
                        atc_high: card.atc.high,
                        status: say::card(card.status),
                    }
                }),
                transactions: transactions
                    .iter()
                    .map(|row| {
                        let hash = row.hash.to_string();
                        let (deed, short) = (say::deed(row.kind).0, words::ends(&hash));
                        Transaction { deed, short, hash, state: say::transaction(row.state) }
                    })
                    .collect(),
                ..Self::of_payment(&payment)
            };
            Ok(Some(side))
        })
    }

    fn of_payment(payment: &PaymentRecord) -> Self {
        Self {
            id: payment.id.0,
            state: say::state(payment.state),
            amount: say::money(payment.requested_minor, payment.currency),
            response: payment.response.clone(),
            meaning: say::response(&payment.response),
            card: None,
            atc: payment.atc,
            token: payment.token.to_string(),
            misfits: say::misfits(&payment.mismatches),
            hold: payment.hold.as_ref().map(|hold| hold.id.to_string()),
            transactions: Vec::new(),
        }
    }
}

fn strategy(range: Option<&RangeRecord>) -> &'static str {
    range.map_or("unknown", |range| range.strategy.name())
}

/// Payments of one reference that are looked through.
const SAME_REFERENCE: u32 = 10;
