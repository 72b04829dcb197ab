//! The `eth_` methods, one file per theme. Names, parameters and results: execution-apis and, where it is silent, geth.

pub(crate) mod account;
pub(crate) mod block;
pub(crate) mod call;
pub(crate) mod fee;
pub(crate) mod filter;
pub(crate) mod info;
pub(crate) mod logs;
pub(crate) mod pending;
pub(crate) mod proof;
pub(crate) mod request;
pub(crate) mod send;
pub(crate) mod sign;
pub(crate) mod simulate;
pub(crate) mod transaction;
