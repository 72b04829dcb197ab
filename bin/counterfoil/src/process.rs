//! What the program asks of the operating system for itself. Called by commands that hold secrets.

use eyre::Context;
use rustix::process::{Resource, Rlimit, setrlimit};

/// A crash must not write memory to the disk: no core dumps from here on.
pub(crate) fn refuse_core_dumps() -> eyre::Result<()> {
    let none = Rlimit { current: Some(0), maximum: Some(0) };
    setrlimit(Resource::Core, none).wrap_err("core dumps cannot be switched off")
}
