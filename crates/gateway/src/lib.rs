//! The doors: Ethereum JSON-RPC over HTTP and WebSocket on one port, health and metrics. The only listening sockets for
//! clients. No business rule here: decode, call, encode.
//!
//! ```text
//! socket -> server -> http or ws -> rpc::request -> rpc::dispatch -> methods -> rpc::reply -> socket
//!                          ws <- subscriptions <- events of the chain
//! ```

pub mod accounts;
pub mod convert;
pub mod filters;
pub mod random_id;
pub mod rpc;
pub mod subscriptions;
