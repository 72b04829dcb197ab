//! The program from outside: the real binary, started, asked, killed.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod card;
mod cash;
mod counterfoils;
mod documents;
mod errors;
mod keys;
mod kill;
mod member;
mod network;
mod recover;
mod running;
mod settings;
mod till;
mod token;
mod upgrade;
