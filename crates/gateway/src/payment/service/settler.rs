//! What the ledger said becomes what the vault says. Called by the outbox for rows that are final, and at start.

use std::{sync::Arc, thread, time::Duration};

use payments::issuer::{IssuerError, Settled, records::OutboxRow, vault::VaultError};
use tokio::sync::watch;

use super::{Office, publish, steps};
use crate::payment::{
    ledger::Fate,
    outbox::{Queue, Settle},
    waiting::Waiting,
};

/// Settles final rows and sends on what follows.
pub(super) struct Settler {
    pub(super) office: Arc<Office>,
    pub(super) queue: Arc<Queue>,
    pub(super) waiting: Arc<Waiting>,
    pub(super) failure: watch::Sender<Option<String>>,
}

impl Settle for Settler {
    fn settle(&self, fates: Vec<(OutboxRow, Fate)>) {
        match self.tried(&fates) {
            Ok(settled) => {
                self.office.tell();
                publish(&self.queue, &self.waiting, settled.submit, settled.answers);
            }
            Err(error) => {
                tracing::error!(%error, "what the ledger said cannot be written down");
                self.failure.send_replace(Some(error.to_string()));
            }
        }
    }
}

impl Settler {
    /// What can be done a moment later is done a moment later: rows are settled in their order.
    fn tried(&self, fates: &[(OutboxRow, Fate)]) -> Result<Settled, IssuerError> {
        loop {
            match settle(&self.office, fates) {
                Err(IssuerError::Vault(error @ (VaultError::Locked | VaultError::Full))) => {
                    tracing::warn!(%error, "what the ledger said waits to be written down");
                    thread::sleep(AGAIN);
                }
                outcome => return outcome,
            }
        }
    }
}

/// One unit of work for all of them.
pub(super) fn settle(office: &Arc<Office>, fates: &[(OutboxRow, Fate)]) -> Result<Settled, IssuerError> {
    let step = steps::final_of(fates.first().map(|(row, _)| row));
    let said: Vec<(u64, bool)> = fates.iter().map(|(row, fate)| (row.nonce, told(row, fate))).collect();
    office.unit(step, move |issuer, desk| {
        let mut all = Settled::default();
        for (nonce, done) in said {
            let Settled { answers, submit } = issuer.settle(desk, nonce, done)?;
            all.answers.extend(answers);
            all.submit.extend(submit);
        }
        Ok(all)
    })
}

/// Whether a final row did what it says; why not is told.
fn told(row: &OutboxRow, fate: &Fate) -> bool {
    let (nonce, payment) = (row.nonce, row.payment.0);
    match fate {
        Fate::Done { block } => tracing::debug!(nonce, payment, block, kind = ?row.kind, "final"),
        Fate::Refused(why) => tracing::warn!(nonce, payment, kind = ?row.kind, why, "the ledger refused"),
        // Nothing that was signed under this nonce can be in a block any more.
        _ => {
            tracing::error!(nonce, payment, kind = ?row.kind, "another program used the operator's key: this transaction is lost")
        }
    }
    matches!(fate, Fate::Done { .. })
}

const AGAIN: Duration = Duration::from_millis(200);
