//! The program from outside: the real binary, started, asked, killed.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod books;
mod card;
mod card_commands;
mod card_kills;
mod card_search;
mod card_stops;
mod cash;
mod counterfoils;
mod documents;
mod errors;
mod keys;
mod kill;
mod lane;
mod member;
mod memory;
mod network;
mod network_run;
mod recover;
mod running;
mod settings;
mod street;
mod till;
mod token;
mod upgrade;
