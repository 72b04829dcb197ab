//! The project's own tasks: `cargo xtask test` checks everything, `cargo xtask bench` measures speed,
//! `cargo xtask fuzz` looks for inputs that break what reads them, `cargo xtask sim` for seeds that break the network.

mod bench;
mod fuzz;
mod judges;
mod node;
mod sim;
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
    /// run the fuzz targets for long
    Fuzz(fuzz::Fuzz),
    /// play simulated networks: one seed, one history
    Sim(sim::Sim),
}

fn main() -> eyre::Result<ExitCode> {
    match Task::parse() {
        Task::Test(test) => test::run(&test),
        Task::Bench(bench) => bench::run(&bench).map(|()| ExitCode::SUCCESS),
        Task::Fuzz(fuzz) => fuzz::run(&fuzz).map(|()| ExitCode::SUCCESS),
        Task::Sim(options) => sim::run(&options).map(|()| ExitCode::SUCCESS),
    }
}
