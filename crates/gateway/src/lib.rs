//! The doors: Ethereum JSON-RPC over HTTP and WebSocket on one port, health and metrics. The only listening sockets for
//! clients. No business rule here: decode, call, encode.
//!
//! ```text
//! socket -> server -> http or ws -> rpc::request -> rpc::dispatch -> methods -> rpc::reply -> socket
//!                          ws <- subscriptions <- events of the chain
//!                   http -> pages -> console -> templates -> socket
//! ```

pub mod accounts;
pub mod admission;
pub mod console;
pub mod convert;
mod counterfoil;
mod debug;
mod documents;
mod eth;
pub mod filters;
pub mod health;
mod heavy;
mod http;
pub mod limits;
mod live;
pub mod methods;
pub mod metrics;
pub mod native;
mod net;
pub mod origin;
pub mod pages;
pub mod payment;
pub mod random_id;
pub mod rpc;
pub mod server;
pub mod subscriptions;
mod txpool;
mod web3;
mod ws;

pub use accounts::{Account, Accounts, DEVELOPMENT_MNEMONIC};
pub use console::Console;
pub use health::{Health, HealthStatus};
pub use limits::Limits;
pub use methods::{CallLimits, Rpc};
pub use metrics::MetricsText;
pub use origin::Access;
pub use pages::Pages;
pub use server::{Rooms, Server, ServerError, Stopped};
