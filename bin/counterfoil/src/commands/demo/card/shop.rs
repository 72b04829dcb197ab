//! A merchant of the story: a terminal in a folder, of which everything that passes it is kept.

use std::path::Path;

use eyre::ensure;
use payments::terminal::{Config, Place, Purchase, Trace, Verdict};

use super::{
    bank::{Bank, Card},
    seen::{Said, Seen},
};
use crate::commands::terminal::{Passing, Reader, State, capture_payment, take};

/// Who brings both merchants' payments to the bank.
pub(super) const ACQUIRER: &str = "12345";

pub(super) const SHOP: Place<'_> = Place {
    acquirer: ACQUIRER,
    merchant_id: "SHOP-1",
    terminal_id: "SHOP0001",
    category: "5411",
    name_and_location: "BEN'S SHOP, BERGEN",
    country: 578,
};
pub(super) const CAFE: Place<'_> = Place {
    acquirer: ACQUIRER,
    merchant_id: "CAFE-7",
    terminal_id: "CAFE0001",
    category: "5812",
    name_and_location: "CLEO'S CAFE, BERGEN",
    country: 578,
};

pub(super) struct Shop {
    place: &'static Place<'static>,
    config: Config,
    state: State,
}

impl Shop {
    pub(super) fn open(folder: &Path, place: &'static Place<'static>) -> eyre::Result<Self> {
        let state = State::open(Some(&folder.join(place.terminal_id)))?;
        Ok(Self { place, config: Config::new(place)?, state })
    }

    /// As the bank knows it.
    pub(super) const fn id(&self) -> &str {
        self.place.merchant_id
    }

    /// Numbers for a message that comes next.
    pub(super) fn trace(&self) -> eyre::Result<Trace> {
        self.state.trace()
    }

    /// Takes a payment in euros, which must be approved; gives everything that was seen.
    pub(super) fn tap(&self, bank: &Bank, card: &Card, amount_minor: u64) -> eyre::Result<Seen> {
        let purchase = Purchase::new(amount_minor, *bank.euro, self.trace()?)?;
        let reader = Reader::file(&card.file, &bank.passphrase)?;
        let mut said = Vec::new();
        let mut hear = |passing: Passing<'_>| said.push(Said::of(passing));
        let (record, verdict) = take((&self.state, &bank.wire), &self.config, &purchase, reader, &mut hear)?;
        ensure!(verdict == Verdict::Approved, "the payment was not approved: {verdict:?}");
        Seen::of(said, record)
    }

    /// Takes some of the money.
    pub(super) fn capture(&self, bank: &Bank, rrn: &str, amount_minor: u64) -> eyre::Result<()> {
        let (record, stan) = capture_payment((&self.state, &bank.wire), rrn, Some(amount_minor), false)?;
        let answer = record.follow_ups.iter().find(|follow_up| follow_up.stan == stan);
        let code = answer.and_then(|answer| answer.response_code.as_deref());
        ensure!(code == Some("00"), "the capture was answered {code:?}");
        Ok(())
    }
}
