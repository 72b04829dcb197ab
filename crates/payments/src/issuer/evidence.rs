//! What a hold on the ledger shows of a transaction that the ledger has no receipt of: its nonce was used, so that it will never be in a block,
//! but what it was signed for may have been done under another hash.
//!
//! Called by the gateway for such rows, above all at start. Each row of a payment is settled before the next of its kind is signed, so the hold as it
//! stands tells of the last one.

use contracts::cash::abi::ICash::HoldState;

use super::{reconcile::LedgerHold, records::OutboxKind};

/// Whether the ledger has what a row was signed for, of a payment of which so much was captured before. A refund leaves no trace in a hold: only its
/// own receipt shows it.
pub fn is_done(kind: OutboxKind, before_minor: u64, found: &LedgerHold) -> bool {
    match kind {
        OutboxKind::Hold { .. } => {
            matches!(found.state, HoldState::Open | HoldState::Captured | HoldState::Released)
        }
        OutboxKind::Adjust { amount_minor, .. } => found.amount_minor == amount_minor.into(),
        OutboxKind::Capture { amount_minor, is_final } => {
            let captured_minor = u128::from(before_minor).saturating_add(amount_minor.into());
            found.captured_minor == captured_minor && (found.state == HoldState::Captured) == is_final
        }
        OutboxKind::Release { .. } => found.state == HoldState::Released,
        OutboxKind::Void => found.state == HoldState::Voided,
        OutboxKind::Refund { .. } => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hold_shows_what_was_done_to_it() {
        use HoldState::{Captured, Open, Released, Unknown, Voided};
        let found = |state, amount_minor, captured_minor| LedgerHold { state, amount_minor, captured_minor };
        let hold = OutboxKind::Hold { amount_minor: 100 };
        let adjust = OutboxKind::Adjust { previous_minor: 100, amount_minor: 150 };
        let capture = OutboxKind::Capture { amount_minor: 90, is_final: true };
        let part = OutboxKind::Capture { amount_minor: 90, is_final: false };
        let release = OutboxKind::Release { expired: false };
        let refund = OutboxKind::Refund { amount_minor: 90 };
        for (kind, found, done) in [
            (hold, found(Open, 100, 0), true),
            (hold, found(Captured, 100, 90), true),
            (hold, found(Released, 100, 0), true),
            (hold, found(Unknown, 0, 0), false),
            (hold, found(Voided, 0, 0), false),
            (adjust, found(Open, 150, 0), true),
            (adjust, found(Captured, 150, 150), true),
            (adjust, found(Open, 100, 0), false),
            (capture, found(Captured, 100, 90), true),
            (capture, found(Captured, 100, 80), false),
            (capture, found(Open, 100, 0), false),
            (capture, found(Open, 100, 90), false),
            (part, found(Open, 100, 90), true),
            (part, found(Open, 100, 0), false),
            (release, found(Released, 100, 0), true),
            (release, found(Open, 100, 0), false),
            (OutboxKind::Void, found(Voided, 0, 0), true),
            (OutboxKind::Void, found(Open, 100, 0), false),
            (refund, found(Captured, 100, 90), false),
        ] {
            assert_eq!(is_done(kind, 0, &found), done, "{kind:?} {found:?}");
        }
        let second = OutboxKind::Capture { amount_minor: 10, is_final: true };
        assert!(is_done(second, 90, &found(Captured, 100, 100)));
        assert!(!is_done(second, 90, &found(Open, 100, 90)));
    }
}
