//! The vault from outside, through real files: what is written is there after any end of the process, alone or beside others, and no
//! number is readable. Records are made in `records`; `story` is what an issuer does for a payment.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod crashes;
mod many;
mod numbers;
mod others;
mod properties;
mod records;
mod retention;
mod rows;
mod search;
mod story;
