//! The chain over a real data folder with the solo engine: stories that a client or an operator would tell.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod gossip;
mod handovers;
mod network;
mod queries;
mod recovery;
mod rivals;
mod statements;
mod stories;
mod upgrades;
