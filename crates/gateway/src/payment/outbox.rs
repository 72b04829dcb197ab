//! Signed transactions on their way to the ledger, in the order of their nonces. Called by `service` with what became durable.
//!
//! ```text
//! rows, in any order -> queue by nonce -> submitter -> ledger::submit, one batch at a time -> settler -> Settle
//!                          ^                                                                               |
//!                          +---------------------- transactions that come next ----------------------------+
//! ```
//! While a batch is on its way the next one fills, so that many payments share one exchange with the node; and while a batch is
//! settled in the vault the next one is on its way. A row leaves the queue when its fate is known; until then it is submitted again.

use std::{
    collections::BTreeMap,
    io,
    sync::{
        Arc,
        mpsc::{SyncSender, sync_channel},
    },
    thread::{self, JoinHandle},
    time::Duration,
};

use parking_lot::{Condvar, Mutex};
use payments::issuer::records::OutboxRow;

use super::ledger::{Fate, Ledger, Signed};

/// What is done with fates. They come by rising nonce, each once.
pub(super) trait Settle: Send + 'static {
    /// Writes down what became of rows; transactions that come next are pushed.
    fn settle(&self, fates: Vec<(OutboxRow, Fate)>);
}

/// The queue and its two threads. They end when it is dropped; what is queued is in the vault.
pub(super) struct Outbox {
    queue: Arc<Queue>,
    threads: Vec<JoinHandle<()>>,
}

/// The near end.
#[derive(Debug)]
pub(super) struct Queue {
    state: Mutex<State>,
    woken: Condvar,
}

#[derive(Debug)]
struct State {
    /// The nonce that must go first.
    next: u64,
    rows: BTreeMap<u64, OutboxRow>,
    closed: bool,
    trouble: Option<String>,
}

impl Queue {
    /// Empty; the first row will have the nonce `next`.
    pub(super) fn new(next: u64) -> Arc<Self> {
        let state = State { next, rows: BTreeMap::new(), closed: false, trouble: None };
        Arc::new(Self { state: Mutex::new(state), woken: Condvar::new() })
    }

    /// Rows that are durable. One that is there already, or was done with, changes nothing.
    pub(super) fn push(&self, rows: Vec<OutboxRow>) {
        if rows.is_empty() {
            return;
        }
        let mut state = self.state.lock();
        let next = state.next;
        state.rows.extend(rows.into_iter().filter(|row| row.nonce >= next).map(|row| (row.nonce, row)));
        drop(state);
        self.woken.notify_one();
    }

    /// How many rows are not known to be final, and why the ledger does not take them.
    pub(super) fn standing(&self) -> (usize, Option<String>) {
        let state = self.state.lock();
        (state.rows.len(), state.trouble.clone())
    }

    /// Whether the outbox ends.
    pub(super) fn is_closed(&self) -> bool {
        self.state.lock().closed
    }

    fn close(&self) {
        self.state.lock().closed = true;
        self.woken.notify_all();
    }

    /// The rows that may go now: by nonce, without a gap. `None` when it is closed.
    fn batch(&self) -> Option<Vec<OutboxRow>> {
        let mut state = self.state.lock();
        loop {
            if state.closed {
                return None;
            }
            let next = state.next;
            let gapless = state.rows.values().zip(next..).take_while(|(row, nonce)| row.nonce == *nonce);
            let batch: Vec<OutboxRow> = gapless.take(BATCH_MAX).map(|(row, _)| row.clone()).collect();
            if !batch.is_empty() {
                return Some(batch);
            }
            self.woken.wait(&mut state);
        }
    }

    /// The first so many rows are done with.
    fn pass(&self, last: u64) {
        let mut state = self.state.lock();
        state.next = last.saturating_add(1);
        let next = state.next;
        state.rows = state.rows.split_off(&next);
    }

    /// Notes why nothing goes on; said once.
    fn trouble(&self, why: Option<&str>) {
        let mut state = self.state.lock();
        match why {
            Some(why) if state.trouble.is_none() => tracing::warn!(why, "the ledger does not take transactions"),
            None if state.trouble.is_some() => tracing::info!("the ledger takes transactions again"),
            _ => {}
        }
        state.trouble = why.map(str::to_owned);
    }

    /// Waits, unless it is closed meanwhile.
    fn rest(&self, pause: Duration) {
        let mut state = self.state.lock();
        if !state.closed {
            self.woken.wait_for(&mut state, pause);
        }
    }
}

impl Outbox {
    /// Starts the threads over a queue.
    pub(super) fn start(queue: Arc<Queue>, ledger: Ledger, settle: impl Settle) -> io::Result<Self> {
        let (fates, settled) = sync_channel(BATCHES_BETWEEN);
        let submitting = Arc::clone(&queue);
        let submitter = thread::Builder::new().name("issuer-submit".into());
        let submitter = submitter.spawn(move || submit(&submitting, &ledger, &fates))?;
        let settler = thread::Builder::new().name("issuer-settle".into());
        let settler = settler.spawn(move || settled.into_iter().for_each(|fates| settle.settle(fates)))?;
        Ok(Self { queue, threads: vec![submitter, settler] })
    }
}

impl Drop for Outbox {
    fn drop(&mut self) {
        self.queue.close();
        for thread in self.threads.drain(..) {
            let _ended = thread.join();
        }
    }
}

type Fates = Vec<(OutboxRow, Fate)>;

fn submit(queue: &Queue, ledger: &Ledger, fates: &SyncSender<Fates>) {
    let mut pause = SHORTEST_PAUSE;
    while let Some(rows) = queue.batch() {
        let (known, unknown) = submit_once(ledger, rows);
        queue.trouble(unknown.as_deref().filter(|why| !why.is_empty()));
        let Some((last, _)) = known.last() else {
            queue.rest(pause);
            pause = pause.saturating_mul(2).min(LONGEST_PAUSE);
            continue;
        };
        pause = SHORTEST_PAUSE;
        queue.pass(last.nonce);
        if fates.send(known).is_err() {
            return;
        }
    }
}

/// Submits rows: the fates that are known, up to the first that is not, and why that is not.
pub(super) fn submit_once(ledger: &Ledger, rows: Vec<OutboxRow>) -> (Fates, Option<String>) {
    let signed: Vec<Signed> = rows.iter().map(Signed::from).collect();
    let mut known = Vec::with_capacity(rows.len());
    for (row, fate) in rows.into_iter().zip(ledger.submit(&signed, FINAL_WAIT)) {
        match fate {
            Fate::Unknown(why) => return (known, Some(why)),
            fate => known.push((row, fate)),
        }
    }
    (known, None)
}

impl From<&OutboxRow> for Signed {
    fn from(row: &OutboxRow) -> Self {
        Self { nonce: row.nonce, raw: row.raw.clone().into(), hash: row.hash }
    }
}

/// Rows in one exchange with the node.
pub(super) const BATCH_MAX: usize = 100;
/// Batches that are final and wait to be settled.
const BATCHES_BETWEEN: usize = 4;
/// How long the node is to wait for a batch; less than a client's patience.
const FINAL_WAIT: Duration = Duration::from_secs(5);
const SHORTEST_PAUSE: Duration = Duration::from_millis(10);
const LONGEST_PAUSE: Duration = Duration::from_secs(1);
