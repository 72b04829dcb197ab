//! The terminal: what stands between a card that keeps its number and an issuer that wants to know whose it is. A pure machine: it says what
//! to do next and is told what came of it.
//!
//! ```text
//! Config, Purchase, number, time -> Session -> Step::Card(bytes)  <-> the card, or a reader
//!                                      |       Step::Keep(Pending) -> the disk, before the request goes out
//!                                      |       Step::Host(Request) <-> the issuer
//!                                      v
//!                              Done(Outcome): verdict, Record, slip, the reversal that is still owed
//!                              Record -> increase, capture, reverse, refund (follow_up.rs) -> Pending -> the issuer, until it answers
//! ```
//!
//! Called by `counterfoil terminal`, by the console and by simulations. Rules: EMV Books 1, 3 and 4 for a terminal with contacts that is online
//! only; ISO 8583:1987 for messages. Requirements T-01 to T-03 and T-28 (the card gets its inputs in the PDOL, before it says which number it
//! has), T-22 (what the card was told reaches the issuer as it was told), T-27 (no offline data authentication), T-30 (what follows names the
//! payment, not the token).
//!
//! Deliberately absent: any type that can hold a real card number; clocks, randomness, sockets and files; PINs, offline approval, issuer
//! scripts, magnetic stripes.

mod answer;
mod config;
mod data;
mod exchange;
mod fault;
mod follow_up;
mod generate;
mod judgement;
mod outcome;
mod pending;
mod purchase;
mod record;
mod records;
mod results;
mod select;
mod session;
mod slip;
mod time;

pub use answer::{HostAnswer, balance};
pub use config::{Application, Config, ConfigError, Merchant, Place};
pub use fault::{CardFault, CryptogramKind, Doing};
pub use follow_up::{FollowUp, FollowUpError, FollowUpKind, Refund, Stamp};
pub use outcome::{Decline, Outcome, Verdict, Word};
pub use pending::{Pending, PendingError};
pub use purchase::{Kind, Purchase, PurchaseError, Trace};
pub use record::{Hex, Record};
pub use session::{Session, Step};
pub use slip::{WIDTH, slip};
pub use time::{DateTime, Moment, NoSuchTime};

#[cfg(test)]
mod tests;
