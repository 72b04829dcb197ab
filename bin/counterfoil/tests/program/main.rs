//! The program from outside: the real binary, started, asked, killed.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod counterfoils;
mod errors;
mod kill;
mod running;
mod settings;
