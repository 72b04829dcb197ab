//! The project's own tasks: `cargo xtask test` checks everything, `cargo xtask bench` measures speed.

mod bench;
mod judges;
mod node;
mod test;
#[cfg(test)]
mod tidy;
mod workspace;

use std::process::ExitCode;

use clap::Parser;

#[derive(Parser)]
#[command(about = "The project's own tasks")]
enum Task {
    /// check everything: format, lints, tests, and the judges that others wrote
    Test(test::Test),
    /// measure speed
    #[command(subcommand)]
    Bench(bench::Bench),
}

fn main() -> eyre::Result<ExitCode> {
    match Task::parse() {
        Task::Test(test) => test::run(&test),
        Task::Bench(bench) => bench::run(&bench).map(|()| ExitCode::SUCCESS),
    }
}
