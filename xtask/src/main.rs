//! The project's own tasks: `cargo xtask bench ledger`.

mod bench;

use clap::Parser;

#[derive(Parser)]
#[command(about = "The project's own tasks")]
enum Task {
    /// measure speed
    #[command(subcommand)]
    Bench(bench::Bench),
}

fn main() -> eyre::Result<()> {
    match Task::parse() {
        Task::Bench(bench) => bench::run(&bench),
    }
}
