//! The one program: `counterfoil <command>`. Each command has a file of its own; this one only chooses among them.
//! An error is one line on stderr that says what is wrong and what to do, and an exit code other than 0.

mod approvals;
mod cardfile;
mod certificate;
mod cli;
mod commands;
mod config;
mod delivery;
mod dev;
mod documents;
mod engine;
mod folder;
mod issuer;
mod issuer_folder;
mod keystore;
mod metrics;
mod money;
mod native;
mod node;
mod process;
mod rpc;
mod safety;
mod speaker;
mod table;
mod words;

use std::process::ExitCode;

use clap::Parser;

use crate::cli::{Cli, Command};

/// Allocation is on the hot path of every transaction.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    match run(Cli::parse().command) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("error: {}", one_line(&error));
            ExitCode::FAILURE
        }
    }
}

fn run(command: Command) -> eyre::Result<ExitCode> {
    let done = match command {
        Command::Terminal(command) => return commands::terminal::run(command),
        Command::Node(arguments) => commands::node::run(arguments),
        Command::Genesis(command) => commands::genesis::run(command),
        Command::Network(command) => commands::network::run(command),
        Command::Member(command) => commands::member::run(command),
        Command::Recover(arguments) => commands::recover::run(&arguments),
        Command::Abi(arguments) => commands::abi::run(&arguments),
        Command::Db(command) => commands::db::run(command),
        Command::Cash(command) => commands::cash::run(command),
        Command::Card(command) => commands::card::run(command),
        Command::Issuer(command) => commands::issuer::run(command),
        Command::Token(command) => commands::token::run(command),
        Command::Key(command) => commands::key::run(command),
        Command::Demo(arguments) => commands::demo::run(&arguments),
        Command::Export(arguments) => commands::export::run(&arguments),
        Command::Verify(arguments) => commands::verify::run(&arguments),
    };
    done.map(|()| ExitCode::SUCCESS)
}

/// The error and its causes, on one line.
fn one_line(error: &eyre::Report) -> String {
    let causes: Vec<String> = error.chain().map(ToString::to_string).collect();
    causes.join(": ").replace('\n', " ")
}
