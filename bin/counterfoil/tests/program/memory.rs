//! Commands that hold secrets leave no memory on the disk when they crash: their limit of core dumps is zero, and they cannot raise it.

use std::{
    fs,
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use tempfile::TempDir;

use crate::running::PROGRAM;

const PATIENCE: Duration = Duration::from_secs(30);

/// Ended when the test ends, however it does.
struct Started {
    process: Child,
    /// What it keeps.
    _folder: TempDir,
}

impl Drop for Started {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Starts a command, which may dump core as far as its parent says.
fn start(arguments: &[&str]) -> Started {
    let mut command = Command::new(PROGRAM);
    let folder = tempfile::tempdir().unwrap();
    command.args(arguments).env("TMPDIR", folder.path());
    let silent = command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
    Started { process: silent.spawn().unwrap(), _folder: folder }
}

/// Soft and hard limit of core dumps, as the kernel has them.
fn core_limits(started: &Started) -> Option<(String, String)> {
    let limits = fs::read_to_string(format!("/proc/{}/limits", started.process.id())).ok()?;
    let row = limits.lines().find_map(|line| line.strip_prefix("Max core file size"))?;
    let mut words = row.split_whitespace().map(str::to_owned);
    words.next().zip(words.next())
}

#[test]
fn what_holds_secrets_dumps_no_core() {
    let cipher = ["card", "ff1", "encrypt", "--key", "2b7e151628aed2a6abf7158809cf4f3c", "--tweak", "00"];
    for arguments in [&["demo"][..], &cipher] {
        let started = start(arguments);
        let none = Some(("0".to_owned(), "0".to_owned()));
        let deadline = Instant::now() + PATIENCE;
        while core_limits(&started) != none {
            assert!(Instant::now() < deadline, "{arguments:?}: {:?}", core_limits(&started));
            thread::sleep(Duration::from_millis(1));
        }
    }
}
