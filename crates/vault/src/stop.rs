//! Named places on either side of each commit, for tests that stop the process there.
//!
//! Called by `writer`, with the name of each unit of work: with [`Moment::Before`] when the operations of a group are done and nothing of them is durable, with
//! [`Moment::After`] when all of it is durable and no caller has been told. A program sets no hook; then this costs one branch.

use std::{fmt, sync::Arc};

/// What a test wants to be told of. Called on the writer's thread.
pub type StopHook = Arc<dyn Fn(Stop) + Send + Sync>;

/// One operation on one side of its commit. Its display is its name: `before payment-held`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Stop {
    /// On which side of the commit.
    pub moment: Moment,
    /// The name that the caller gave the unit of work.
    pub step: &'static str,
}

/// A side of a commit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Moment {
    /// Done, and lost if the process ends here.
    Before,
    /// Durable, and not answered yet.
    After,
}

impl fmt::Display for Stop {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let moment = match self.moment {
            Moment::Before => "before",
            Moment::After => "after",
        };
        write!(f, "{moment} {}", self.step)
    }
}
