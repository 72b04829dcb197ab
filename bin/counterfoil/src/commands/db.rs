//! `counterfoil db check`, `db backup` and `db restore`.

use std::path::Path;

use eyre::bail;
use store::{
    backup::{self, Contents},
    check,
};

use crate::cli::DbCommand;

pub(crate) fn run(command: DbCommand) -> eyre::Result<()> {
    match command {
        DbCommand::Check { data } => check(&data),
        DbCommand::Backup { data, file } => {
            print_contents("backed up", &backup::backup(&data, &file)?);
            println!("genesis.json, recovery.json and node.key are not part of it: keep copies of them");
            Ok(())
        }
        DbCommand::Restore { data, file } => {
            print_contents("restored", &backup::restore(&file, &data)?);
            println!(
                "put genesis.json, recovery.json (if there was one) and node.key beside it before the node starts (not needed with --dev)"
            );
            Ok(())
        }
    }
}

fn check(data: &Path) -> eyre::Result<()> {
    let report = check::check(data)?;
    println!(
        "{} blocks, {} transactions, {} logs in {} bytes",
        report.blocks, report.transactions, report.logs, report.bytes
    );
    println!("{} index entries looked up", report.index_entries);
    println!("{} documents of {} bytes", report.documents.documents, report.documents.bytes);
    if report.torn_bytes > 0 {
        println!("{} bytes of an unfinished record at the end: the next start cuts them off", report.torn_bytes);
    }
    match report.flushed {
        Some(height) => println!("flat state is at block {height}, its root is right"),
        None => println!("no flat state: the next start builds it from the log"),
    }
    match report.problem {
        Some(problem) => bail!("{problem}"),
        None => Ok(()),
    }
}

fn print_contents(done: &str, contents: &Contents) {
    println!("{done} {} blocks of genesis {}, the last is {}", contents.blocks, contents.genesis, contents.head);
    println!("{} documents with them", contents.documents);
}
