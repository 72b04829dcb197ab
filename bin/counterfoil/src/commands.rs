//! One file per command.

pub(crate) mod db;
pub(crate) mod demo;
pub(crate) mod export;
pub(crate) mod genesis;
pub(crate) mod node;
pub(crate) mod verify;
