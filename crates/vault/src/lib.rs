//! What the payment side must remember: cards, payments and what is still to be done. The only crate that touches card data at rest.
//!
//! ```text
//! issuer (payments)  -- a unit of work: &mut dyn Vault -->  unit     keyed reads and writes, rows <-> records
//!                                                            |
//! many callers -> vault -> writer -> one transaction of the units that wait -> one fsync -> answers        (SQLite, WAL)
//!                   \---> readers -> a connection for each question
//!                                                          seal     numbers: AES-256-GCM under data keys under a master key
//! ```
//!
//! Who may read: the file is 0600, numbers in it are encrypted, and are found by keyed hashes. Memory is wiped where a number or a key was;
//! the program that opens a vault sets its limit for core dumps to zero, so that a crash does not write memory to a disk.
//!
//! Deliberately absent: decisions, sockets, clocks. Formats are migrated in `database`; a newer one is refused. Why SQLite, and why so:
//! `docs/adr/0015-vault-in-sqlite.md`.

mod database;
pub mod error;
mod readers;
pub mod seal;
pub mod stop;
mod unit;
mod vault;
mod writer;

pub use error::{OpenError, WriteError};
pub use seal::{MasterKey, SealError};
pub use stop::{Moment, Stop, StopHook};
pub use unit::Retention;
pub use vault::{Options, SqliteVault};
pub use writer::Written;
