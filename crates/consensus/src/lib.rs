//! The engines that put blocks in order and make them final, behind one small boundary.
//!
//! ```text
//!  pool --wake--> Engine --propose(slot, content, pending)--> Ledger   (build on blocks that are not final yet)
//!                 Engine --verify(block, pending)-----------> Ledger   (execute what another member proposed)
//!                 Engine --finalize(block, proof)-----------> Ledger   (in height order, at least once; Ok = durable)
//!                 Engine <-block, committee, peers----------- Ledger   (what a network of members is served and made of)
//!                 Engine <-to_tell, hear--------------------> Gossip   (waiting transactions, from node to node)
//! ```
//!
//! Two engines: [`solo`] for a committee of one without a network, [`simplex`] for a committee of many. An epoch belongs to one of
//! them; solo hands over to simplex at an epoch boundary and never takes over again. Where a network lost its quorum for good,
//! [`recovery`] ends the epoch without either.
//! An engine orders opaque blocks; it knows neither accounts nor transactions. This is the only crate that names an engine library.
//! Deliberately absent: the EVM, ledger rules, sockets for clients.

pub mod certificate;
mod gossip;
mod key;
mod ledger;
pub mod recovery;
pub mod simplex;
pub mod solo;
mod wake;

pub use gossip::{Gossip, NotATransaction};
pub use key::{KeyError, NodeKey};
pub use ledger::{BlockRef, Content, Fatal, Ledger, Logged, Peer, Peers, Slot, Verdict};
pub use wake::Wake;

/// A panic in here is a defect, and as fatal as a failed disk: nobody can say what it left behind.
pub(crate) fn guarded<T>(work: impl FnOnce() -> Result<T, Fatal>) -> Result<T, Fatal> {
    let panicked = |_| Err(Fatal("the engine panicked; the log holds the details".into()));
    std::panic::catch_unwind(std::panic::AssertUnwindSafe(work)).unwrap_or_else(panicked)
}
