//! What the ledger said becomes what the vault says. Called by the outbox for rows that are final, and at start.
//!
//! A row's receipt says whether it did what it says. Where the ledger has none and its nonce was used, the hold itself is asked
//! (`payments::issuer::evidence`): what was signed may have been done under another hash.

use std::{sync::Arc, thread, time::Duration};

use contracts::cash::iso4217::Currency;
use payments::issuer::{IssuerError, Settled, evidence, reconcile::LedgerView, records::OutboxRow, vault::VaultError};
use tokio::sync::watch;

use super::{Office, publish, steps};
use crate::payment::{
    books::LedgerBooks,
    ledger::{Fate, Ledger},
    outbox::{Queue, Settle},
    waiting::Waiting,
};

/// Settles final rows and sends on what follows.
pub(super) struct Settler {
    pub(super) office: Arc<Office>,
    pub(super) ledger: Ledger,
    pub(super) queue: Arc<Queue>,
    pub(super) waiting: Arc<Waiting>,
    pub(super) failure: watch::Sender<Option<String>>,
}

impl Settle for Settler {
    fn settle(&self, fates: Vec<(OutboxRow, Fate)>) {
        match self.tried(&fates) {
            Ok(Some(settled)) => {
                self.office.tell();
                publish(&self.queue, &self.waiting, settled.submit, settled.answers);
            }
            Ok(None) => tracing::warn!("the issuer ends; what the ledger said is written down at the next start"),
            Err(error) => {
                tracing::error!(%error, "what the ledger said cannot be written down");
                self.failure.send_replace(Some(error.to_string()));
            }
        }
    }
}

impl Settler {
    /// What can be done a moment later is done a moment later: rows are settled in their order. `None` if the issuer ends meanwhile.
    fn tried(&self, fates: &[(OutboxRow, Fate)]) -> Result<Option<Settled>, IssuerError> {
        loop {
            match settle(&self.office, &self.ledger, fates) {
                Err(error @ (IssuerError::Vault(VaultError::Locked | VaultError::Full) | IssuerError::Ledger(_))) => {
                    tracing::warn!(%error, "what the ledger said waits to be written down");
                    if self.queue.is_closed() {
                        return Ok(None);
                    }
                    thread::sleep(AGAIN);
                }
                outcome => return outcome.map(Some),
            }
        }
    }
}

/// One unit of work for all of them.
pub(super) fn settle(
    office: &Arc<Office>,
    ledger: &Ledger,
    fates: &[(OutboxRow, Fate)],
) -> Result<Settled, IssuerError> {
    let step = steps::final_of(fates.first().map(|(row, _)| row));
    let said = fates.iter().map(|(row, fate)| told(office, ledger, row, fate).map(|done| (row.nonce, done)));
    let said: Vec<(u64, bool)> = said.collect::<Result<_, IssuerError>>()?;
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
fn told(office: &Office, ledger: &Ledger, row: &OutboxRow, fate: &Fate) -> Result<bool, IssuerError> {
    let (nonce, payment) = (row.nonce, row.payment.0);
    match fate {
        Fate::Done { block } => tracing::debug!(nonce, payment, block, kind = ?row.kind, "final"),
        Fate::Refused(why) => tracing::warn!(nonce, payment, kind = ?row.kind, why, "the ledger refused"),
        // Nothing that was signed under this nonce can be in a block any more.
        Fate::Displaced | Fate::Unknown(_) => {
            let done = is_there(office, ledger, row)?;
            tracing::error!(nonce, payment, kind = ?row.kind, done, "the ledger has another transaction of this nonce: the hold was asked");
            return Ok(done);
        }
    }
    Ok(matches!(fate, Fate::Done { .. }))
}

/// Whether `cash.holds(id)` shows what a row was signed for.
fn is_there(office: &Office, ledger: &Ledger, row: &OutboxRow) -> Result<bool, IssuerError> {
    let payment = office.vault.read(|vault| Ok::<_, IssuerError>(vault.payment(row.payment)?))?;
    let payment = payment.ok_or(IssuerError::Books("a transaction was signed for no payment"))?;
    let hold = payment.hold.ok_or(IssuerError::Books("a payment without a hold has a step"))?;
    let currency = Currency::by_number(payment.currency);
    let currency = currency.ok_or(IssuerError::Books("a payment has no listed currency"))?;
    let books = LedgerBooks::now(ledger.clone(), hold.from);
    let mut books = books.map_err(|error| IssuerError::Ledger(error.to_string()))?;
    Ok(evidence::is_done(
        row.kind,
        payment.captured_minor,
        &books.hold(currency, &hold.id).map_err(IssuerError::Ledger)?,
    ))
}

const AGAIN: Duration = Duration::from_millis(200);
