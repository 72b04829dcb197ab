//! The project's own tasks: `cargo xtask test`.

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
}

fn main() -> eyre::Result<ExitCode> {
    match Task::parse() {
        Task::Test(test) => test::run(&test),
    }
}
