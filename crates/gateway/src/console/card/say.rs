//! States and amounts of card payments in words, with the class of `console.css` that each is written in.

use contracts::cash::iso4217::Currency;
use payments::{
    issuer::{
        mismatch::Mismatch,
        records::{CardStatus, OutboxKind, OutboxState, PaymentKind, PaymentState},
    },
    message::ResponseCode,
};
use primitives::{TimeMs, U256};

use super::super::words::{self, Moment};

/// A word and its class.
#[derive(Clone, Copy)]
pub(super) struct Stand {
    pub(super) word: &'static str,
    pub(super) class: &'static str,
}

const fn stand(word: &'static str, class: &'static str) -> Stand {
    Stand { word, class }
}

pub(super) const fn state(state: PaymentState) -> Stand {
    match state {
        PaymentState::Declined => stand("declined", "failed"),
        PaymentState::Answered => stand("answered", "done"),
        PaymentState::Holding => stand("holding", "waiting"),
        PaymentState::Held => stand("held", "done"),
        PaymentState::Adjusting => stand("adjusting", "waiting"),
        PaymentState::Capturing => stand("capturing", "waiting"),
        PaymentState::Captured => stand("captured", "done"),
        PaymentState::Refunding => stand("refunding", "waiting"),
        PaymentState::Cancelling => stand("cancelling", "waiting"),
        PaymentState::Releasing => stand("releasing", "waiting"),
        PaymentState::Reversed => stand("reversed", "over"),
        PaymentState::Expired => stand("expired", "over"),
        PaymentState::Voiding => stand("voiding", "waiting"),
        PaymentState::Voided => stand("voided", "over"),
        PaymentState::Failed => stand("refused by the ledger", "failed"),
    }
}

pub(super) const fn card(status: CardStatus) -> Stand {
    match status {
        CardStatus::Active => stand("active", "done"),
        CardStatus::Blocked => stand("blocked", "failed"),
        CardStatus::Lost => stand("lost", "failed"),
        CardStatus::Stolen => stand("stolen", "failed"),
    }
}

pub(super) const fn transaction(state: OutboxState) -> Stand {
    match state {
        OutboxState::Open => stand("not final yet", "waiting"),
        OutboxState::Done => stand("final", "done"),
        OutboxState::Failed => stand("refused", "failed"),
    }
}

pub(super) const fn kind(kind: PaymentKind) -> &'static str {
    match kind {
        PaymentKind::Authorization => "authorization",
        PaymentKind::Purchase => "purchase",
        PaymentKind::Inquiry => "balance inquiry",
        PaymentKind::Late { .. } => "late completion",
        PaymentKind::Tombstone => "reversal that came first",
    }
}

/// What a transaction does on the ledger, and how much it is about.
pub(super) const fn deed(kind: OutboxKind) -> (&'static str, Option<u64>) {
    match kind {
        OutboxKind::Hold { amount_minor } => ("hold", Some(amount_minor)),
        OutboxKind::Adjust { amount_minor, .. } => ("adjust", Some(amount_minor)),
        OutboxKind::Capture { amount_minor, .. } => ("capture", Some(amount_minor)),
        OutboxKind::Release { expired: true } => ("release, its time being over", None),
        OutboxKind::Release { expired: false } => ("release", None),
        OutboxKind::Void => ("void", None),
        OutboxKind::Refund { amount_minor } => ("refund", Some(amount_minor)),
    }
}

/// Such as `12.50 EUR`; a currency that is not listed stays a number.
pub(super) fn money(minor: u64, currency: u16) -> String {
    match Currency::by_number(currency) {
        Some(currency) => format!("{}\u{a0}{}", words::money(U256::from(minor), currency.exponent), currency.symbol()),
        None => format!("{} of currency {currency:03}", words::number(minor)),
    }
}

/// Milliseconds since 1970.
pub(super) fn time(ms: u64) -> Moment {
    Moment::of(TimeMs(ms))
}

/// DE 39 in words.
pub(super) fn response(code: &str) -> &'static str {
    ResponseCode::of(code).map_or("another response", |code| code.meaning())
}

/// Something that did not fit.
pub(super) struct Misfit {
    pub(super) name: &'static str,
    pub(super) meaning: &'static str,
}

pub(super) fn misfits(mismatches: &[Mismatch]) -> Vec<Misfit> {
    let of = |mismatch: &Mismatch| Misfit { name: mismatch.name(), meaning: mismatch.meaning() };
    mismatches.iter().map(of).collect()
}
