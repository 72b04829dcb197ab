//! The one thread that writes. Operations wait in a bounded queue; those that wait together become one transaction.
//!
//! ```text
//! caller -> queue -> BEGIN IMMEDIATE -> [ savepoint, operation, release | roll back ]* -> COMMIT = one fsync -> answers
//!                                        ^ whatever else waits, up to GROUP_MAX
//! ```
//!
//! Called by every operation that changes something. An answer leaves only after the commit, a refusal too: what it refers to may be a
//! neighbour's row in the same group. An operation that fails or panics is undone alone; a commit that fails undoes its whole group, and
//! each caller is told why. After a failing disk nothing is tried again: the writer ends.

use std::{
    fmt, fs, io,
    panic::{AssertUnwindSafe, catch_unwind},
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
        mpsc::{Receiver, SyncSender, sync_channel},
    },
    thread::{self, JoinHandle},
    time::Duration,
};

use rusqlite::Connection;

use crate::{
    error::WriteError,
    stop::{Moment, Stop, StopHook},
};

/// Why one operation is undone.
#[derive(Debug)]
pub(crate) enum Undo<E> {
    /// Its own answer; as far as the database goes, all is well.
    Refused(E),
    /// SQLite failed it.
    Failed(WriteError),
}

impl<E> From<rusqlite::Error> for Undo<E> {
    fn from(error: rusqlite::Error) -> Self {
        Self::Failed(error.into())
    }
}

/// How much was written since the start.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Written {
    /// Operations that were kept.
    pub operations: u64,
    /// Commits, each of them one fsync.
    pub commits: u64,
}

/// The queue's near end.
pub(crate) struct Writer {
    queue: Option<SyncSender<Box<dyn Job>>>,
    thread: Option<JoinHandle<()>>,
    counters: Arc<Counters>,
}

#[derive(Default)]
struct Counters {
    operations: AtomicU64,
    commits: AtomicU64,
}

impl fmt::Debug for Writer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Writer({:?})", self.written())
    }
}

impl Writer {
    pub(crate) fn start(connection: Connection, stop: Option<StopHook>) -> io::Result<Self> {
        let (queue, jobs) = sync_channel(QUEUE_MAX);
        let counters = Arc::new(Counters::default());
        let log = format!("{}-wal", connection.path().unwrap_or_default()).into();
        let desk = Desk { connection, log, stop, counters: Arc::clone(&counters) };
        let thread = thread::Builder::new().name("vault-writer".into()).spawn(move || desk.serve(&jobs))?;
        Ok(Self { queue: Some(queue), thread: Some(thread), counters })
    }

    /// Does `work` and waits until it is durable. `step` is its name at the stops.
    pub(crate) fn write<T, E, F>(&self, step: &'static str, work: F) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<WriteError> + Send + 'static,
        F: FnOnce(&Connection) -> Result<T, Undo<E>> + Send + 'static,
    {
        let answered = self.send(step, work)?;
        answered.recv().unwrap_or_else(|_| Err(WriteError::Closed.into()))
    }

    /// Puts `work` in the queue; its answer will come.
    fn send<T, E, F>(&self, step: &'static str, work: F) -> Result<Receiver<Result<T, E>>, WriteError>
    where
        T: Send + 'static,
        E: From<WriteError> + Send + 'static,
        F: FnOnce(&Connection) -> Result<T, Undo<E>> + Send + 'static,
    {
        let queue = self.queue.as_ref().ok_or(WriteError::Closed)?;
        let (answer, answered) = sync_channel(1);
        let operation = Operation { step, work: Some(work), outcome: Err(WriteError::Closed.into()), answer };
        queue.send(Box::new(operation)).map_err(|_| WriteError::Closed)?;
        Ok(answered)
    }

    pub(crate) fn written(&self) -> Written {
        let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        Written { operations: read(&self.counters.operations), commits: read(&self.counters.commits) }
    }
}

impl Drop for Writer {
    /// What waits is still done.
    fn drop(&mut self) {
        drop(self.queue.take());
        if let Some(thread) = self.thread.take() {
            let _ended = thread.join();
        }
    }
}

/// An operation whose types the writer does not know.
trait Job: Send {
    fn step(&self) -> &'static str;
    /// Whether it is to be kept; a failure of the database is given back.
    fn run(&mut self, connection: &Connection) -> Result<bool, WriteError>;
    fn fail(&mut self, error: WriteError);
    fn answer(self: Box<Self>);
}

struct Operation<T, E, F> {
    step: &'static str,
    work: Option<F>,
    outcome: Result<T, E>,
    answer: SyncSender<Result<T, E>>,
}

impl<T, E, F> Job for Operation<T, E, F>
where
    T: Send,
    E: From<WriteError> + Send,
    F: FnOnce(&Connection) -> Result<T, Undo<E>> + Send,
{
    fn step(&self) -> &'static str {
        self.step
    }

    fn run(&mut self, connection: &Connection) -> Result<bool, WriteError> {
        let Some(work) = self.work.take() else { return Ok(false) };
        // Whatever it leaves half done is rolled back, and nobody sees it.
        match catch_unwind(AssertUnwindSafe(|| work(connection))) {
            Ok(Ok(done)) => self.outcome = Ok(done),
            Ok(Err(Undo::Refused(refusal))) => self.outcome = Err(refusal),
            Ok(Err(Undo::Failed(error))) => return Err(error),
            Err(_) => return Err(WriteError::Panicked(self.step)),
        }
        Ok(self.outcome.is_ok())
    }

    fn fail(&mut self, error: WriteError) {
        self.outcome = Err(error.into());
    }

    fn answer(self: Box<Self>) {
        // A caller that no longer waits has lost its answer, not its operation.
        let _sent = self.answer.send(self.outcome);
    }
}

/// What the writer's thread has in front of it.
struct Desk {
    connection: Connection,
    /// The write-ahead log.
    log: PathBuf,
    stop: Option<StopHook>,
    counters: Arc<Counters>,
}

impl Desk {
    fn serve(self, jobs: &Receiver<Box<dyn Job>>) {
        while let Ok(first) = jobs.recv() {
            let mut group = vec![first];
            let outcome = self.work(&mut group, jobs);
            if let Err(error) = &outcome {
                self.give_up(&mut group, jobs, error);
            }
            group.into_iter().for_each(|job| job.answer());
            if matches!(outcome, Err(WriteError::Disk(_))) {
                return;
            }
        }
    }

    /// One transaction of the first job and of all that wait until its commit begins.
    fn work(&self, group: &mut Vec<Box<dyn Job>>, jobs: &Receiver<Box<dyn Job>>) -> Result<(), WriteError> {
        self.execute("BEGIN IMMEDIATE")?;
        let mut kept = Vec::new();
        let mut next = 0;
        while let Some(job) = group.get_mut(next) {
            if self.run(job.as_mut())? {
                kept.push(job.step());
            }
            next += 1;
            if group.len() < GROUP_MAX {
                group.extend(jobs.try_recv());
            }
        }
        self.commit(&kept)
    }

    /// One operation in its savepoint. An error here is the whole group's.
    fn run(&self, job: &mut dyn Job) -> Result<bool, WriteError> {
        self.execute("SAVEPOINT operation")?;
        let outcome = job.run(&self.connection);
        if let Err(error) = &outcome {
            // Some failures make SQLite roll back everything (sqlite3_get_autocommit); a full disk does.
            if self.connection.is_autocommit() {
                return Err(error.clone());
            }
            job.fail(error.clone());
        }
        let keep = outcome == Ok(true);
        if !keep {
            self.execute("ROLLBACK TO operation")?;
        }
        self.execute("RELEASE operation")?;
        Ok(keep)
    }

    fn commit(&self, kept: &[&'static str]) -> Result<(), WriteError> {
        self.reach(Moment::Before, kept);
        self.execute("COMMIT")?;
        self.counters.operations.fetch_add(kept.len() as u64, Ordering::Relaxed);
        let commits = self.counters.commits.fetch_add(1, Ordering::Relaxed);
        self.reach(Moment::After, kept);
        if commits.is_multiple_of(LOG_LOOKED_AT) {
            self.shorten_log();
        }
        Ok(())
    }

    /// SQLite starts its log over when no reader needs it. Readers that always overlap prevent that, so when the log is long, they are
    /// waited for, a little. It fails while one question takes long; then the next look is in time.
    fn shorten_log(&self) {
        if fs::metadata(&self.log).is_ok_and(|log| log.len() > LOG_BYTES_MAX) {
            let patience = self.connection.pragma_query_value(None, "busy_timeout", |row| row.get::<_, i64>(0));
            let _set = self.connection.busy_timeout(READERS_WAITED_FOR);
            let _shortened = self.connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()));
            let _set = self.connection.pragma_update(None, "busy_timeout", patience.unwrap_or_default());
        }
    }

    /// Nothing of the group is kept. While others hold the lock, who waits would wait as long again: they are told now.
    fn give_up(&self, group: &mut Vec<Box<dyn Job>>, jobs: &Receiver<Box<dyn Job>>, error: &WriteError) {
        if !self.connection.is_autocommit() {
            let _undone = self.execute("ROLLBACK");
        }
        if *error == WriteError::Locked {
            group.extend(jobs.try_iter().take(QUEUE_MAX));
        }
        group.iter_mut().for_each(|job| job.fail(error.clone()));
    }

    fn execute(&self, statement: &str) -> Result<(), WriteError> {
        self.connection.prepare_cached(statement)?.execute([])?;
        Ok(())
    }

    fn reach(&self, moment: Moment, steps: &[&'static str]) {
        if let Some(hook) = &self.stop {
            steps.iter().for_each(|step| hook(Stop { moment, step }));
        }
    }
}

/// Callers beyond this wait for a place.
const QUEUE_MAX: usize = 1024;
/// Operations in one transaction; it bounds how long the first of them waits for the last.
const GROUP_MAX: usize = 256;
/// The write-ahead log is looked at once in so many commits.
const LOG_LOOKED_AT: u64 = 64;
/// Longer than this, it is to start over.
const LOG_BYTES_MAX: u64 = 64 << 20;
const READERS_WAITED_FOR: Duration = Duration::from_millis(100);

#[cfg(test)]
mod tests;
