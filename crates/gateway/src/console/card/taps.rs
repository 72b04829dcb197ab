//! What was tapped at the terminal beside the node: the newest taps with everything that was said, in memory only. One card at a time.
//!
//! ```text
//! till -> begin -> thread: Terminal::tap -> heard, heard, ... -> over          pages read it at any time, live ones wait for a change
//! ```

use std::{collections::VecDeque, sync::Arc, thread};

use parking_lot::Mutex;
use payments::terminal::Record;
use tokio::sync::watch;

use super::super::Problem;
use crate::{
    payment::{
        Terminal,
        terminal::{Heard, Sale},
    },
    random_id::RandomId,
};

/// The newest taps, newest last.
#[derive(Debug, Default)]
pub(in crate::console) struct Taps(Mutex<VecDeque<Arc<Tap>>>);

/// One tap.
#[derive(Debug)]
pub(super) struct Tap {
    pub(super) id: RandomId,
    /// What the tap is for. Without the passphrase.
    pub(super) asked: Asked,
    progress: Mutex<Progress>,
    /// Counts what was heard.
    changes: watch::Sender<u64>,
}

/// What is to be paid, as it is told on the page.
#[derive(Clone, Debug)]
pub(super) struct Asked {
    pub(super) amount: String,
    pub(super) merchant: String,
    pub(super) acquirer: String,
    pub(super) card: String,
}

/// How far a tap is.
#[derive(Clone, Debug, Default)]
pub(super) struct Progress {
    pub(super) heard: Vec<Heard>,
    /// The record, or why there is none.
    pub(super) end: Option<Result<Box<Record>, String>>,
}

impl Taps {
    /// Taps a card on a thread of its own; refused while another card is in the terminal.
    pub(super) fn begin(&self, terminal: Arc<dyn Terminal>, sale: Sale, asked: Asked) -> Result<Arc<Tap>, Problem> {
        let tap = {
            let mut newest = self.0.lock();
            if newest.back().is_some_and(|tap| !tap.is_over()) {
                return Err(Problem::Wrong("Another card is in the terminal: wait until it is done.".to_owned()));
            }
            let tap = Arc::new(Tap::new(asked));
            newest.push_back(Arc::clone(&tap));
            let surplus = newest.len().saturating_sub(KEPT);
            newest.drain(..surplus);
            tap
        };
        let running = Running(Arc::clone(&tap));
        let started = thread::Builder::new().name("console-tap".into()).spawn(move || running.run(&*terminal, &sale));
        started.map_err(|error| Problem::Unreadable(format!("no thread can be started: {error}")))?;
        Ok(tap)
    }

    /// A tap by its id.
    pub(super) fn find(&self, id: &str) -> Option<Arc<Tap>> {
        let id: RandomId = id.parse().ok()?;
        self.0.lock().iter().find(|tap| tap.id == id).cloned()
    }
}

impl Tap {
    fn new(asked: Asked) -> Self {
        Self { id: RandomId::random(), asked, progress: Mutex::default(), changes: watch::Sender::new(0) }
    }

    /// How far it is, and the count of that.
    pub(super) fn progress(&self) -> (Progress, u64) {
        let progress = self.progress.lock();
        (progress.clone(), *self.changes.borrow())
    }

    pub(super) fn changes(&self) -> watch::Receiver<u64> {
        self.changes.subscribe()
    }

    fn is_over(&self) -> bool {
        self.progress.lock().end.is_some()
    }

    fn change(&self, change: impl FnOnce(&mut Progress)) {
        let mut progress = self.progress.lock();
        change(&mut progress);
        self.changes.send_modify(|count| *count = count.wrapping_add(1));
    }
}

/// A tap under way. However it ends, it is over then.
struct Running(Arc<Tap>);

impl Running {
    fn run(self, terminal: &dyn Terminal, sale: &Sale) {
        let mut hear = |heard: Heard| {
            self.0.change(|progress| {
                if progress.heard.len() < HEARD_MOST {
                    progress.heard.push(heard);
                }
            });
        };
        let end = terminal.tap(sale, &mut hear).map(Box::new).map_err(|error| error.to_string());
        self.0.change(|progress| progress.end = Some(end));
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if !self.0.is_over() {
            self.0.change(|progress| progress.end = Some(Err("the terminal broke down; its log says why".to_owned())));
        }
    }
}

/// Taps that are remembered.
const KEPT: usize = 32;
/// Commands, answers and messages of one tap that are remembered; a card of ours needs about 30.
const HEARD_MOST: usize = 512;
