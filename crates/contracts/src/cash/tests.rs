//! Stories and tables about money, all through the registry: calldata in, ABI answer or ABI error out.

mod bad_input;
mod erc20;
mod factory;
mod fixture;
mod holds;
mod issue;
mod permit;
mod properties;
