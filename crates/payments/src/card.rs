//! The card: it turns its own number into a token, from the transaction's data, before the terminal sees it (T-01).
//!
//! A complete EMV contact card as a pure machine: a command in, a response out, and one effect, the counter, which is durable before the
//! card answers. There is no plain mode and no command that returns the real number (T-06, T-18).
//!
//! ```text
//! terminal                     card
//! SELECT PSE, SELECT AID  ->   select        FCI with the PDOL: what the card wants to know
//! GET PROCESSING OPTIONS  ->   transaction   inputs valid? ATC + 1 kept, tweak, FF1: the token; card index, digest of the inputs
//! READ RECORD             ->   records       token in 5A and 57, expiry, action codes that send the terminal online
//! GENERATE AC             ->   generate      ARQC over everything the card received and said
//! EXTERNAL AUTHENTICATE   ->   generate      is it the issuer's answer, and does it approve?
//! GENERATE AC             ->   generate      TC if so, else AAC
//!
//! everything              ->   machine       order of commands, refusals (refusal) -> line: T=0 and T=1
//! issuer                  ->   personalization -> file: sealed under a passphrase, its counter in the first line
//! ```
//!
//! Called by the program (`counterfoil card`), by terminals in the same process, and by simulations. Deliberately absent: files, locks,
//! sockets, clocks, randomness.

mod counter;
pub mod file;
mod generate;
mod line;
mod machine;
mod personalization;
mod records;
mod refusal;
mod results;
mod select;
mod transaction;

pub use counter::{Counter, CounterError, Counters};
pub use line::Protocol;
pub use machine::Card;
pub use personalization::{Aid, Credentials, Face, Personalization, PersonalizationError, Secrets};
pub use refusal::Refusal;

#[cfg(test)]
mod tests;
