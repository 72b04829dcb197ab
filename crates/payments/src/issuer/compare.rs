//! Whether the message says what the card saw. The card's data come from a terminal that proves nothing, and so does the message: each difference
//! is told by name (T-29).
//!
//! | message | card | merchant's record | |
//! |---|---|---|---|
//! | DE 4 | 9F02 | | equal; with a tip, DE 4 up to so many percent more |
//! | | 9F03 | | zero: cashback is not offered |
//! | DE 49 | 5F2A | currency | equal, judged before all others: DE 39 = 57 |
//! | DE 18 | 9F15 | category, if there is one | equal |
//! | DE 42 | 9F16 | | equal without what fills them up |
//! | DE 41 | 9F1C | | the same |
//! | DE 43 | 9F4E | | the same; told, and refused only where it is an input of the token |
//! | DE 12, 13 | 9A, 9F21 | | up to the clocks' skew |
//! | the issuer's clock | 9A, 9F21 | | a local time of somewhere: from 12 hours behind to 14 ahead, and the skew |
//! | DE 3 | 9C | | equal |
//! | DE 14, 23 | the card's record | | equal, where the card is known |
//! | | 9F27 | | an ARQC was made |
//!
//! Called by `decide`. DE 35 against DE 2 is refused by `message` already.

use super::{
    calendar::{MOST_AHEAD_S, MOST_BEHIND_S, Moment},
    chip::{Chip, decimal},
    mismatch::Mismatch,
    records::{CardRecord, MerchantRecord},
    settings::{Settings, with_percent},
};
use crate::{
    message::{Payment, amount::Transaction},
    profile::{Input, Profile},
    tlv::{Tag, tag},
};

/// What is compared.
#[derive(Clone, Copy)]
pub struct Comparison<'a> {
    /// The message.
    pub payment: &'a Payment,
    /// What the card saw.
    pub chip: &'a Chip<'a>,
    /// Where it was.
    pub merchant: &'a MerchantRecord,
    /// The card, if it is known.
    pub card: Option<&'a CardRecord>,
    /// What is tolerated.
    pub settings: &'a Settings,
    /// The issuer's clock.
    pub now_ms: u64,
}

impl Comparison<'_> {
    /// Everything that does not agree, in the order of [`Mismatch::ALL`].
    pub fn mismatches(&self) -> Vec<Mismatch> {
        let agrees = [
            (Mismatch::CryptogramKind, self.chip.information & KIND_MASK == ARQC),
            (Mismatch::Amount, self.amount_agrees()),
            (Mismatch::OtherAmount, self.chip.number(tag::OTHER_AMOUNT) == Some(0)),
            (Mismatch::Category, self.category_agrees()),
            (Mismatch::Merchant, self.text_agrees(tag::MERCHANT_ID, self.payment.merchant.bytes())),
            (Mismatch::Terminal, self.text_agrees(tag::TERMINAL_ID, self.payment.terminal.bytes())),
            (Mismatch::Location, self.location_agrees()),
            (Mismatch::DateTime, self.local_time_agrees().unwrap_or(false)),
            (Mismatch::Clock, self.clock_agrees().unwrap_or(false)),
            (Mismatch::Type, self.chip.number(tag::TYPE) == Some(self.type_code())),
            (Mismatch::Expiry, self.card.is_none_or(|card| self.payment.expiry == Some(card.token_expiry))),
            (Mismatch::Sequence, self.card.is_none_or(|card| self.sequence_agrees(card))),
        ];
        agrees.into_iter().filter(|(_, agrees)| !agrees).map(|(mismatch, _)| mismatch).collect()
    }

    /// Whether message, card and merchant mean one currency.
    pub fn currency_agrees(&self) -> bool {
        let asked = self.payment.currency.number();
        asked == self.merchant.currency && self.chip.number(tag::CURRENCY) == Some(asked.into())
    }

    fn amount_agrees(&self) -> bool {
        let (asked, most) = (self.payment.amount_minor, |seen| with_percent(seen, self.settings.tip_percent));
        self.chip.number(tag::AMOUNT).is_some_and(|seen| seen <= asked && asked <= most(seen))
    }

    fn category_agrees(&self) -> bool {
        let asked = self.payment.merchant_category.map(|category| category.number());
        let registered = self.merchant.category.map(u64::from);
        asked.is_some()
            && asked == self.chip.number(tag::MERCHANT_CATEGORY)
            && registered.is_none_or(|_| registered == asked)
    }

    fn text_agrees(&self, tag: Tag, asked: &[u8]) -> bool {
        filled(self.chip.value(tag)) == filled(asked)
    }

    fn location_agrees(&self) -> bool {
        self.payment.merchant_place.is_some_and(|place| self.text_agrees(tag::LOCATION, place.bytes()))
    }

    /// DE 13 has no year: it is that of 9A, or one beside it at the turn of a year.
    fn local_time_agrees(&self) -> Option<bool> {
        let seen = self.seen()?;
        let (seen_s, year) = (seen.seconds()?, seen.date / YEAR);
        let (day, time) = (digits(self.payment.local_date.as_str())?, digits(self.payment.local_time.as_str())?);
        let years = [year.saturating_sub(1), year, year.saturating_add(1)];
        let asked = years.into_iter().filter_map(|year| Moment { date: year * YEAR + day, time }.seconds());
        let apart = asked.map(|asked_s| asked_s.abs_diff(seen_s)).min()?;
        Some(apart <= self.settings.clock_skew_s.into())
    }

    fn clock_agrees(&self) -> Option<bool> {
        let now_s = i64::try_from(self.now_ms / 1000).ok()?;
        let ahead_s = self.seen()?.seconds()?.checked_sub(now_s)?;
        let skew_s = i64::from(self.settings.clock_skew_s);
        Some((-MOST_BEHIND_S - skew_s..=MOST_AHEAD_S + skew_s).contains(&ahead_s))
    }

    /// What the card took for the time.
    fn seen(&self) -> Option<Moment> {
        Some(Moment { date: self.chip.number(tag::DATE)?, time: self.chip.number(tag::TIME)? })
    }

    fn type_code(&self) -> u64 {
        match self.payment.processing.transaction {
            Transaction::Purchase => 0,
            Transaction::Refund => 20,
            Transaction::BalanceInquiry => 31,
        }
    }

    fn sequence_agrees(&self, card: &CardRecord) -> bool {
        self.payment.card_sequence.is_none_or(|sequence| decimal(&[card.sequence]) == Some(sequence.number()))
    }
}

/// Whether a payment is refused for it. A counter that leaps is told only; so is a place that somebody wrote in another way, unless the token
/// was made of it.
pub fn refuses(mismatch: Mismatch, profile: &Profile) -> bool {
    match mismatch {
        Mismatch::AtcLeap => false,
        Mismatch::Location => profile.inputs.contains(&Input::Location),
        _ => true,
    }
}

/// A text without what fills it up: spaces, or the zero bytes that a list is padded with (EMV Book 3, 5.4).
fn filled(text: &[u8]) -> &[u8] {
    let end = text.iter().rposition(|byte| !matches!(byte, b' ' | 0));
    text.get(..end.map_or(0, |last| last + 1)).unwrap_or_default()
}

fn digits(text: &str) -> Option<u64> {
    text.parse().ok()
}

/// The first digits of YYMMDD.
const YEAR: u64 = 10_000;
/// 9F27: two bits say what was made.
const KIND_MASK: u8 = 0xc0;
const ARQC: u8 = 0x80;

#[cfg(test)]
mod tests;
