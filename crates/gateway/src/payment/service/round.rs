//! What is due without being asked: purchases are captured, holds that nobody captured are released, old answers are forgotten.

use std::{
    io,
    sync::Arc,
    thread::{self, JoinHandle},
    time::Duration,
};

use parking_lot::{Condvar, Mutex};
use payments::issuer::IssuerError;

use super::Office;
use crate::payment::outbox::Queue;

/// The thread that makes rounds; ends when dropped.
pub(super) struct Rounds {
    bell: Arc<Bell>,
    thread: Option<JoinHandle<()>>,
}

#[derive(Default)]
struct Bell {
    over: Mutex<bool>,
    rung: Condvar,
}

impl Rounds {
    pub(super) fn start(office: Arc<Office>, queue: Arc<Queue>, every: Duration) -> io::Result<Self> {
        let bell = Arc::<Bell>::default();
        let heard = Arc::clone(&bell);
        let rounds = move || {
            while heard.waits(every) {
                if let Err(error) = round(&office, &queue) {
                    tracing::warn!(%error, "what is due has to wait");
                }
            }
        };
        let thread = thread::Builder::new().name("issuer-round".into()).spawn(rounds)?;
        Ok(Self { bell, thread: Some(thread) })
    }
}

impl Drop for Rounds {
    fn drop(&mut self) {
        *self.bell.over.lock() = true;
        self.bell.rung.notify_all();
        if let Some(thread) = self.thread.take() {
            let _ended = thread.join();
        }
    }
}

impl Bell {
    /// Whether the pause passed without an end.
    fn waits(&self, pause: Duration) -> bool {
        let mut over = self.over.lock();
        if !*over {
            self.rung.wait_for(&mut over, pause);
        }
        !*over
    }
}

/// Does what is due. A unit of work is not begun where there is nothing to do.
fn round(office: &Arc<Office>, queue: &Queue) -> Result<(), IssuerError> {
    let now_ms = (office.clock)();
    loop {
        let due = office.vault.read(|vault| Ok::<_, IssuerError>(vault.due(now_ms, 1)?))?;
        if due.is_empty() {
            break;
        }
        let rows = office.unit("round", |issuer, desk| issuer.sweep(desk, AT_ONCE))?;
        if rows.is_empty() {
            break;
        }
        office.tell();
        queue.push(rows);
    }
    let before_ms = now_ms.saturating_sub(REMEMBERED_MS);
    // Bounded by the vault; the rest is for the next round.
    office.unit("round", move |_, desk| Ok(desk.vault.forget_exchanges(before_ms)?)).map(drop)
}

/// Payments in one unit of work.
const AT_ONCE: u32 = 50;
/// DE 7 has no year: what was answered is forgotten long before its name can come again.
const REMEMBERED_MS: u64 = 90 * 86_400_000;
