//! What merchants were paid is counted by the issuer's day (UTC): the last millisecond of one is not the first of the next.

use std::sync::atomic::{AtomicU64, Ordering};

use gateway::payment::{Caller, Teller as _};
use payments::{issuer::records::TotalRecord, message::Payment};

use crate::{
    bank::{Bank, now_ms},
    lane::{bytes, code},
};

const DAY_MS: u64 = 86_400_000;
/// What the issuer's clock shows. This test's alone.
static CLOCK_MS: AtomicU64 = AtomicU64::new(0);

fn clock() -> u64 {
    CLOCK_MS.load(Ordering::SeqCst)
}

fn pay(bank: &Bank, message: &Payment) -> String {
    code(&bank.service.answer_iso(&Caller::Believed, &bytes(message, false)).expect("an answer"))
}

/// Day, and what was held on it.
fn told(totals: &[TotalRecord]) -> Vec<(u32, u64, u64)> {
    totals.iter().map(|total| (total.key.day, total.held_count, total.held_minor)).collect()
}

#[test]
fn a_payment_counts_on_the_day_on_which_it_was_held() {
    // The midnight that is next to now, before or after: a tap of now is believed for 12 hours either way.
    let midnight_ms = (now_ms() + DAY_MS / 2) / DAY_MS * DAY_MS;
    CLOCK_MS.store(midnight_ms - 1, Ordering::SeqCst);
    let mut bank = Bank::open_with(clock);
    let (late, early) = (bank.tap(300), bank.tap(500));
    assert_eq!(pay(&bank, &late), "00");
    CLOCK_MS.store(midnight_ms, Ordering::SeqCst);
    assert_eq!(pay(&bank, &early), "00");
    let day = u32::try_from(midnight_ms / DAY_MS).expect("in this age");
    let totals = |from, to| bank.service.read(|vault| Ok(told(&vault.totals(from, to)?))).expect("they are there");
    let (before, after) = ((day - 1, 1, 300), (day, 1, 500));
    assert_eq!(totals(day - 1, day - 1), [before]);
    assert_eq!(totals(day, day), [after]);
    assert_eq!(totals(day - 1, day), [before, after]);
    assert_eq!(totals(day + 1, u32::MAX), []);
}
