//! Stories of the issuer: from the message to the ledger and back.

mod abuse;
mod alike;
mod followups;
pub(in crate::issuer) mod ledger;
mod memory;
mod payments;
mod properties;
mod repeats;
mod strategies;
pub(in crate::issuer) mod tap;
pub(in crate::issuer) mod world;
