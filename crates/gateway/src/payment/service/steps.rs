//! Names of the units of work: the places where a test stops the process (`vault::stop`), as `before hold-final`.
//!
//! | name | durable after it |
//! |---|---|
//! | `authorize`, `purchase`, `increase`, `complete`, `reverse` | what was decided, and what was signed for it |
//! | `hold-final`, `adjust-final`, `capture-final`, `release-final`, `void-final`, `refund-final` | what the ledger said, and the answer |
//! | `too-late` | that 91 was answered |
//! | `round` | captures that are tried again and releases that were due |

use payments::{
    issuer::records::{OutboxKind, OutboxRow},
    message::Request,
};

use super::Operation;

/// All of them.
pub const STEPS: [&str; 15] = [
    "authorize",
    "purchase",
    "increase",
    "complete",
    "reverse",
    "network",
    "hold-final",
    "adjust-final",
    "capture-final",
    "release-final",
    "void-final",
    "refund-final",
    "too-late",
    "round",
    "open",
];

/// The unit of work that decides a request.
pub(super) fn of(request: &Request) -> &'static str {
    let Request::Payment(payment) = request else { return "network" };
    match payment.operation {
        Operation::Authorization if payment.is_increase() => "increase",
        Operation::Authorization | Operation::AuthorizationAdvice => "authorize",
        Operation::Financial => "purchase",
        Operation::Completion => "complete",
        Operation::Reversal | Operation::ReversalAdvice => "reverse",
    }
}

/// The unit of work that settles final rows, by the first of them.
pub(super) fn final_of(row: Option<&OutboxRow>) -> &'static str {
    match row.map(|row| row.kind) {
        None | Some(OutboxKind::Hold { .. }) => "hold-final",
        Some(OutboxKind::Adjust { .. }) => "adjust-final",
        Some(OutboxKind::Capture { .. }) => "capture-final",
        Some(OutboxKind::Release { .. }) => "release-final",
        Some(OutboxKind::Void) => "void-final",
        Some(OutboxKind::Refund { .. }) => "refund-final",
    }
}
