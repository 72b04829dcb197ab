//! One suite for both engines: agreement, gapless order, restarts at every step, committees that grow and shrink; harmless redelivery
//! where there is any, which is in simplex. `solo` runs on its threads and the real clock; `simplex` in the simulator with a seed, and once over TCP.

#![expect(clippy::unwrap_used, reason = "tests")]
#![expect(
    clippy::disallowed_types,
    reason = "the notebook is a ledger and reads a clock; the TCP network looks for free ports"
)]

mod alone;
mod gossip;
mod network;
mod notebook;
mod power;
mod suite;
mod tcp;
mod together;
