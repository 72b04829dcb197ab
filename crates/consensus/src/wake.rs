//! "Transactions are waiting": the pool raises it, the engine sleeps on it. Raising it twice is raising it once.
//! Threads sleep with [`Wake::wait`], tasks with [`Wake::raised`]; it belongs to no runtime.

use std::{
    future::poll_fn,
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
    task::{Poll, Waker},
    time::{Duration, Instant},
};

/// A shared flag to sleep on.
#[derive(Clone, Debug, Default)]
pub struct Wake(Arc<(Mutex<Flags>, Condvar)>);

#[derive(Debug, Default)]
struct Flags {
    raised: bool,
    stopped: bool,
    /// The task that sleeps. One engine runs at a time and proposes one block at a time, so the newest sleeper is the only one.
    sleeper: Option<Waker>,
}

impl Wake {
    /// Raises the flag.
    pub fn raise(&self) {
        let mut flags = self.lock();
        if !flags.raised {
            flags.raised = true;
            self.0.1.notify_all();
            flags.sleeper.take().into_iter().for_each(Waker::wake);
        }
    }

    /// Ends every sleep from now on.
    pub fn stop(&self) {
        let mut flags = self.lock();
        flags.stopped = true;
        self.0.1.notify_all();
        flags.sleeper.take().into_iter().for_each(Waker::wake);
    }

    /// Sleeps until the flag is raised, takes it down and returns true; false once stopped.
    pub fn wait(&self) -> bool {
        let mut flags = self.lock();
        while !flags.raised && !flags.stopped {
            flags = self.0.1.wait(flags).unwrap_or_else(PoisonError::into_inner);
        }
        flags.raised = false;
        !flags.stopped
    }

    /// [`Wake::wait`] for tasks; it may be dropped while it sleeps.
    pub async fn raised(&self) -> bool {
        poll_fn(|task| {
            let mut flags = self.lock();
            if !flags.raised && !flags.stopped {
                flags.sleeper = Some(task.waker().clone());
                return Poll::Pending;
            }
            flags.raised = false;
            Poll::Ready(!flags.stopped)
        })
        .await
    }

    /// Sleeps until `deadline` or until stopped; true if not stopped.
    pub fn sleep_until(&self, deadline: Instant) -> bool {
        let mut flags = self.lock();
        while !flags.stopped {
            let left = deadline.saturating_duration_since(Instant::now());
            if left == Duration::ZERO {
                break;
            }
            flags = self.0.1.wait_timeout(flags, left).unwrap_or_else(PoisonError::into_inner).0;
        }
        !flags.stopped
    }

    fn lock(&self) -> MutexGuard<'_, Flags> {
        self.0.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
