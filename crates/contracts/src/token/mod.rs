//! `token`: items with attributes become ERC-1155 tokens tied to their units.

pub mod abi;
