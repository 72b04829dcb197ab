//! Whether a request comes from a card of ours: token, cryptogram, counter, and that the message says what the card saw.
//!
//! ```text
//! DE 2 -> range -> recover -> ARQC -> counter and earlier uses -> compare -> known card | refused, and why
//! ```
//! Called by `decide` and, for reversals that come first, by `followup`. **Alike for all** (T-19, abuse case 11): every step is taken whatever the steps
//! before it said, with a decoy where no card was found, and only the end looks at what they said. So an unknown token, a wrong merchant and
//! a bad cryptogram cost the same operations of keys and vault; a test counts them. Nothing is written here, so a bad cryptogram leaves
//! nothing at the card that it hit.

use super::{
    Issuer,
    ask::Ask,
    atc::Freshness,
    chip::Chip,
    compare::{Comparison, refuses},
    desk::Desk,
    error::IssuerError,
    keys::Holder,
    mismatch::Mismatch,
    records::{CardRecord, MerchantRecord, Use},
    recover::{Recovered, recover},
    settings::Settings,
};
use crate::{
    number::Pan,
    profile::{Mode, Profile},
};

/// What became of it.
pub(super) struct Seen {
    /// The card, if everything holds.
    pub(super) known: Option<Known>,
    /// Everything that does not, in order.
    pub(super) mismatches: Vec<Mismatch>,
}

/// A card that was there: its cryptogram proves it.
pub(super) struct Known {
    pub(super) card: CardRecord,
    pub(super) number: Pan,
    /// How often this cryptogram was accepted before.
    pub(super) use_number: u32,
    pub(super) unregistered: bool,
    pub(super) key_set: u8,
}

impl Known {
    pub(super) const fn holder(&self) -> Holder<'_> {
        Holder { key_set: self.key_set, number: &self.number, sequence: self.card.sequence }
    }
}

/// Takes every step, then judges. With a merchant, the message must say what the card saw; a reversal need not say it again.
pub(super) fn authenticate(
    issuer: &Issuer,
    desk: &mut Desk<'_>,
    ask: &Ask<'_>,
    chip: &Chip<'_>,
    merchant: Option<&MerchantRecord>,
) -> Result<Seen, IssuerError> {
    let token = &ask.payment.token;
    let (range, of_range) = issuer.range_of(token)?;
    let key_set = range.record.key_set;
    let Recovered { card, number, mismatch, unregistered } = recover(desk, range, token, chip)?;
    let holder = Holder { key_set, number: &number, sequence: card.sequence };
    let genuine = desk.keys.verify_arqc(&holder, token, chip)?;
    let uses = desk.vault.uses(&card.reference, chip.atc, MOST_USES)?;
    let (use_number, counted) = count(&issuer.settings, desk.now_ms, chip, &card, &range.record.profile, &uses);
    let (settings, now_ms) = (&issuer.settings, desk.now_ms);
    let found = mismatch.is_none().then_some(&card);
    let compared =
        merchant.map(|merchant| Comparison { payment: ask.payment, chip, merchant, card: found, settings, now_ms });
    let mut mismatches = compared.map_or_else(Vec::new, |comparison| comparison.mismatches());
    mismatches.extend(cause(chip, mismatch, genuine));
    mismatches.extend(found.and(counted));
    mismatches.extend((!of_range).then_some(Mismatch::TokenRange));
    mismatches.extend((chip.iad.key_set != key_set).then_some(Mismatch::KeySet));
    mismatches.sort_unstable();
    let refused = mismatches.iter().any(|mismatch| refuses(*mismatch, &range.record.profile));
    let known = Known { card, number, use_number, unregistered, key_set };
    Ok(Seen { known: (!refused).then_some(known), mismatches })
}

/// Why the cryptogram does not prove the card. The digest is looked at first: data that were reformatted on the way cannot give the token, the
/// index or the cryptogram that the card made, and are told from data that were forged.
fn cause(chip: &Chip<'_>, recovered: Option<Mismatch>, genuine: bool) -> Option<Mismatch> {
    match recovered {
        _ if !chip.digest_holds() => Some(Mismatch::CardData),
        None if !genuine => Some(Mismatch::Cryptogram),
        recovered => recovered,
    }
}

/// How often a cryptogram was accepted before, and what the counter says against it (T-11, T-12).
fn count(
    settings: &Settings,
    now_ms: u64,
    chip: &Chip<'_>,
    card: &CardRecord,
    profile: &Profile,
    uses: &[Use],
) -> (u32, Option<Mismatch>) {
    match (card.atc.judge(chip.atc), uses.first()) {
        (Freshness::TooOld, _) => (0, Some(Mismatch::AtcTooOld)),
        (Freshness::Fresh, _) => (0, (card.atc.leap(chip.atc) > settings.atc_leap).then_some(Mismatch::AtcLeap)),
        (Freshness::Seen, Some(first)) if first.cryptogram == chip.cryptogram => {
            let next = uses.last().map_or(0, |last| last.use_number.saturating_add(1));
            (next, reuse(now_ms, profile, first, uses.len()))
        }
        (Freshness::Seen, _) => (0, Some(Mismatch::AtcUsed)),
    }
}

/// What stands against another use of a cryptogram: only profiles with a window have any.
fn reuse(now_ms: u64, profile: &Profile, first: &Use, count: usize) -> Option<Mismatch> {
    let window_ms = u64::from(profile.reuse_window_s).saturating_mul(1000);
    let open = now_ms.saturating_sub(first.decided_ms) <= window_ms && count < MOST_USES as usize;
    match profile.mode {
        Mode::SingleUse | Mode::Combined if window_ms > 0 => (!open).then_some(Mismatch::ReuseClosed),
        _ => Some(Mismatch::Replay),
    }
}

/// Uses of one cryptogram, however long the window is.
const MOST_USES: u32 = 64;
