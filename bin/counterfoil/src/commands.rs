//! One file per command.

pub(crate) mod abi;
pub(crate) mod cash;
pub(crate) mod db;
pub(crate) mod demo;
pub(crate) mod export;
pub(crate) mod genesis;
pub(crate) mod key;
pub(crate) mod network;
pub(crate) mod node;
pub(crate) mod verify;
