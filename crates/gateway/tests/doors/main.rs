//! The doors over real sockets on loopback, with methods of the test behind them. One module per theme.

mod access;
mod batches;
mod bodies;
mod bounds;
mod client;
mod methods;
mod pages;
mod stopping;
mod websocket;
