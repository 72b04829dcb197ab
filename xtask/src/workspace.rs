//! Where things are: the repository, the build folder, the programs that cargo makes.
//!
//! Called by every task. Nothing here is a fixed path: the repository is found from this package, the build folder is
//! cargo's own choice.

#[cfg(test)]
mod tests;

use std::fs::File;
use std::io::{Read, Seek};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};
use std::{env, fs};

use eyre::{Context, OptionExt, Result, bail, ensure};

/// The repository's top folder.
pub(crate) fn root() -> PathBuf {
    let package =
        env::var_os("CARGO_MANIFEST_DIR").map_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")), PathBuf::from);
    package.parent().map_or_else(|| package.clone(), Path::to_path_buf)
}

/// Where cargo builds, and below which the judges are installed.
pub(crate) fn target() -> PathBuf {
    env::var_os("CARGO_TARGET_DIR").map_or_else(|| root().join("target"), |folder| root().join(folder))
}

/// A cargo command in the repository.
pub(crate) fn cargo(arguments: &[&str]) -> Command {
    let mut command = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.args(arguments).current_dir(root());
    command
}

/// Builds the node as users run it and says where it is.
pub(crate) fn build_node() -> Result<PathBuf> {
    succeed(&mut cargo(&["build", "--release", "--package", "counterfoil"]))?;
    let program = target().join("release").join("counterfoil");
    ensure!(program.is_file(), "cargo built no program at {}", program.display());
    Ok(program)
}

/// Builds the program and the examples as the tests have built them, so that nothing is built twice, and says where they are. For whoever
/// judges what they do; how fast they are is for [`build_node`].
pub(crate) fn build_as_tested() -> Result<PathBuf> {
    build_as_tested_with(&[])
}

/// The same with features that the tests do without, such as `counterfoil/pcsc`.
pub(crate) fn build_as_tested_with(features: &[&str]) -> Result<PathBuf> {
    // With examples cargo takes the features of development dependencies, as it does for tests.
    let mut build = cargo(&["build", "--workspace", "--bin", "counterfoil", "--examples"]);
    succeed(build.args(features.iter().flat_map(|feature| ["--features", feature])))?;
    Ok(target().join("debug"))
}

/// Runs a command to its end; its output goes where ours goes.
pub(crate) fn succeed(command: &mut Command) -> Result<()> {
    let name = shown(command);
    let status = command.status().wrap_err_with(|| format!("cannot run {name}"))?;
    ensure!(status.success(), "{name} ended with {status}");
    Ok(())
}

/// Runs a command to its end and returns what it printed; a failure holds what it complained.
pub(crate) fn output(command: &mut Command) -> Result<String> {
    let name = shown(command);
    let Printed { status, stdout, stderr } = run_within(command, OUTPUT_LIMIT)?;
    ensure!(status.success(), "{name} ended with {status}: {}", shortened(&stderr));
    Ok(stdout.trim().to_owned())
}

/// How a command ended, and what it printed.
pub(crate) struct Printed {
    pub(crate) status: ExitStatus,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

/// Runs a command, which is killed when it takes longer than `limit`. Files take its output: a pipe that nobody reads
/// fills up, and the command would wait for ever.
pub(crate) fn run_within(command: &mut Command, limit: Duration) -> Result<Printed> {
    let name = shown(command);
    let (mut stdout, mut stderr) = (tempfile::tempfile()?, tempfile::tempfile()?);
    command.stdin(Stdio::null());
    command.stdout(stdout.try_clone()?).stderr(stderr.try_clone()?);
    let mut child = command.spawn().wrap_err_with(|| format!("cannot run {name}"))?;
    let start = Instant::now();
    let status = loop {
        if let Some(status) = child.try_wait()? {
            break status;
        }
        if start.elapsed() > limit {
            child.kill()?;
            child.wait()?;
            bail!("{name} did not end within {limit:?}: {}", shortened(&read(&mut stderr)?));
        }
        sleep(POLL);
    };
    Ok(Printed { status, stdout: read(&mut stdout)?, stderr: read(&mut stderr)? })
}

fn read(file: &mut File) -> Result<String> {
    let mut bytes = Vec::new();
    file.rewind()?;
    file.read_to_end(&mut bytes)?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

/// The begin and the end of a long text, which is where programs say what went wrong.
pub(crate) fn shortened(text: &str) -> String {
    let lines: Vec<_> = text.trim().lines().collect();
    if lines.len() <= FIRST_LINES + LAST_LINES {
        return lines.join("\n");
    }
    let (first, last) = (&lines[..FIRST_LINES], &lines[lines.len() - LAST_LINES..]);
    [first, &["..."], last].concat().join("\n")
}

/// Every file below `folder`, by its path from there.
pub(crate) fn copy_folder(folder: &Path, into: &Path) -> Result<()> {
    if into.exists() {
        fs::remove_dir_all(into)?;
    }
    fs::create_dir_all(into)?;
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        if entry.file_type()?.is_file() {
            fs::copy(entry.path(), into.join(entry.file_name()))?;
        }
    }
    Ok(())
}

fn shown(command: &Command) -> String {
    let program = Path::new(command.get_program());
    let name = program
        .file_name()
        .ok_or_eyre("no name")
        .map_or_else(|_| program.to_string_lossy(), |name| name.to_string_lossy());
    let arguments = command.get_args().take(SHOWN_ARGUMENTS).map(|argument| argument.to_string_lossy());
    [name].into_iter().chain(arguments).collect::<Vec<_>>().join(" ")
}

const FIRST_LINES: usize = 6;
const LAST_LINES: usize = 12;
const SHOWN_ARGUMENTS: usize = 4;
/// Installing is the longest; a registry may be slow.
const OUTPUT_LIMIT: Duration = Duration::from_secs(15 * 60);
const POLL: Duration = Duration::from_millis(5);
