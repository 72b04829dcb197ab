//! The issuer's doors and its door of money. Started by `counterfoil issuer run`, by `counterfoil node --issuer` and by the demo; the decisions are those of
//! `payments::issuer`, what must be remembered is in `vault`.
//!
//! ```text
//! socket -> door -> tls -> iso  (length-framed ISO 8583) -+
//!                          http (JSON)                   -+-> Teller = service -> payments::issuer -> Plan
//!                                                                   |                              |
//!                                      vault (each step durable) <--+------------------------------+
//!                                                                   |
//!                                                                   +-> ledger -> JSON-RPC -> contracts::cash
//!                                      worker: what was not finished is finished, before traffic and beside it
//! ```
//!
//! All money passes `ledger`. Code that waits for the disk or the ledger runs on blocking threads, as many as [`limits`] says.

pub mod books;
pub mod caller;
pub mod certified;
mod door;
pub mod http;
pub mod iso;
pub mod ledger;
pub mod limits;
pub mod operator;
mod outbox;
pub mod resident;
pub mod service;
pub mod teller;
pub mod terminal;
pub mod tls;
mod waiting;

pub use books::LedgerBooks;
pub use caller::{Acquirer, Caller};
pub use certified::{Certified, CertifiedError};
pub use door::{Door, DoorError, Lock};
pub use ledger::Ledger;
pub use limits::DoorLimits;
pub use operator::Operator;
pub use resident::{Resident, Seat};
pub use service::{Parts, Service, StartError};
pub use teller::Teller;
pub use terminal::Terminal;
