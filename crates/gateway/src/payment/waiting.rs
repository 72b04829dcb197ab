//! Threads that wait for an answer which the ledger has to settle first. Called by `service`.
//!
//! A ticket is drawn before what it waits for can happen, so no answer is missed; an answer for which nobody waits is in the vault.

use std::{
    collections::HashMap,
    sync::{
        Arc,
        mpsc::{Receiver, SyncSender, sync_channel},
    },
    time::Duration,
};

use parking_lot::Mutex;
use payments::issuer::records::RequestKey;

/// Everybody who waits, by the request that is to be answered. Repeats of a request wait for the same answer.
#[derive(Debug, Default)]
pub(super) struct Waiting(Mutex<HashMap<RequestKey, Vec<Place>>>);

/// A ticket's number, and where its answer goes.
type Place = (u64, SyncSender<Vec<u8>>);

/// A place among those who wait; given back when dropped.
pub(super) struct Ticket {
    waiting: Arc<Waiting>,
    key: RequestKey,
    number: u64,
    answer: Receiver<Vec<u8>>,
}

impl Waiting {
    /// Waits from now on. `number` tells this ticket from others for the same request.
    pub(super) fn draw(self: &Arc<Self>, key: &RequestKey, number: u64) -> Ticket {
        let (tell, answer) = sync_channel(1);
        self.0.lock().entry(key.clone()).or_default().push((number, tell));
        Ticket { waiting: Arc::clone(self), key: key.clone(), number, answer }
    }

    /// Gives everybody who waits for it the answer.
    pub(super) fn tell(&self, key: &RequestKey, answer: &[u8]) {
        for (_, teller) in self.0.lock().remove(key).into_iter().flatten() {
            // Each has room for one.
            let _told = teller.try_send(answer.to_vec());
        }
    }
}

impl Ticket {
    /// The answer, if it comes in time.
    pub(super) fn wait(&self, at_most: Duration) -> Option<Vec<u8>> {
        self.answer.recv_timeout(at_most).ok()
    }
}

impl Drop for Ticket {
    fn drop(&mut self) {
        let mut waiting = self.waiting.0.lock();
        if let Some(tickets) = waiting.get_mut(&self.key) {
            tickets.retain(|(number, _)| *number != self.number);
            if tickets.is_empty() {
                waiting.remove(&self.key);
            }
        }
    }
}
