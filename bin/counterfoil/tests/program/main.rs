//! The program from outside: the real binary, started, asked, killed.

mod errors;
mod kill;
mod running;
mod settings;
