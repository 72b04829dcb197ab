//! Before traffic is taken: is this the ledger, is the operator's account where the vault left it, and is everything that was signed
//! final and settled?
//!
//! ```text
//! first nonce (new issuer) -> open rows, by nonce -> submitted again -> final -> settled -> what follows of it -> ... -> none open
//! ```
//! The receipt of a row's own hash decides: it tells this row from another of the same hold. Where the ledger has no receipt though the
//! nonce was used, `cash.holds(id)` decides (`settler`). Then each payment that was open is compared with its hold.

use std::{
    collections::BTreeSet,
    io,
    sync::{Arc, atomic::AtomicU64},
    thread,
    time::Duration,
};

use payments::issuer::{
    IssuerError,
    reconcile::compare_payment,
    records::{OutboxRow, PaymentId},
    vault::VaultError,
};
use tokio::sync::watch;

use super::{
    Office, Parts, Service,
    round::Rounds,
    settler::{Settler, settle},
};
use crate::payment::{
    books::LedgerBooks,
    ledger::{AskError, Ledger},
    outbox::{BATCH_MAX, Outbox, Queue, submit_once},
    waiting::Waiting,
};

/// Why an issuer does not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    #[error(transparent)]
    Ledger(#[from] AskError),
    #[error(transparent)]
    Issuer(#[from] IssuerError),
    #[error(
        "another program used the operator's key: the ledger has {ledger} of its transactions, the vault knows {vault}"
    )]
    KeyUsedElsewhere { ledger: u64, vault: u64 },
    #[error(
        "the ledger is behind the vault: it has {ledger} transactions of the operator, of which {vault} were final before"
    )]
    LedgerBehind { ledger: u64, vault: u64 },
    #[error("payment {payment} waits for a transaction that was never signed: the vault is damaged")]
    Stranded { payment: u64 },
    #[error("no thread can be started: {0}")]
    Thread(#[from] io::Error),
}

impl Service {
    /// Starts an issuer; returns when nothing is left of what was begun before. Blocks as long as that takes the ledger.
    pub fn start(parts: Parts) -> Result<Arc<Self>, StartError> {
        let Parts { issuer, keys, operator, vault, ledger, clock, answer_within, round_every } = parts;
        let (changes, _) = watch::channel(0);
        let office = Arc::new(Office { issuer, keys, operator, vault, clock, changes });
        let next = take_up(&office, &ledger)?;
        let (queue, waiting) = (Queue::new(next), Arc::<Waiting>::default());
        let (failure, _) = watch::channel(None);
        let settler = Settler {
            office: Arc::clone(&office),
            ledger: ledger.clone(),
            queue: Arc::clone(&queue),
            waiting: Arc::clone(&waiting),
            failure: failure.clone(),
        };
        let outbox = Outbox::start(Arc::clone(&queue), ledger, settler)?;
        let rounds = Rounds::start(Arc::clone(&office), Arc::clone(&queue), round_every)?;
        Ok(Arc::new(Self {
            office,
            queue,
            waiting,
            tickets: AtomicU64::new(0),
            answer_within,
            failure,
            _rounds: rounds,
            _outbox: outbox,
        }))
    }
}

/// Finishes what was begun; answers the nonce that comes next.
fn take_up(office: &Arc<Office>, ledger: &Ledger) -> Result<u64, StartError> {
    let counted = ledger.transaction_count(office.operator.address())?;
    begin(office, counted)?;
    check_count(office, counted)?;
    let finished = finish(office, ledger)?;
    let unfinished = office.vault.read(|vault| Ok::<_, IssuerError>(vault.unfinished(1)?))?;
    if let Some(payment) = unfinished.first() {
        return Err(StartError::Stranded { payment: payment.id.0 });
    }
    compare(office, ledger, &finished)?;
    // Reading is not asking for the next nonce: that belongs to a unit of work.
    Ok(office.unit("open", |_, desk| Ok(desk.vault.next_nonce()?))?)
}

/// A new issuer begins where its operator's account is.
fn begin(office: &Arc<Office>, counted: u64) -> Result<(), StartError> {
    match office.unit("open", move |_, desk| Ok(desk.vault.set_first_nonce(counted)?)) {
        Ok(()) | Err(IssuerError::Vault(VaultError::Conflict(_))) => Ok(()),
        Err(error) => Err(error.into()),
    }
}

/// Every transaction of the operator is one of ours, and everything final is known to this ledger.
fn check_count(office: &Arc<Office>, counted: u64) -> Result<(), StartError> {
    let (next, open) = office.unit("open", |_, desk| Ok((desk.vault.next_nonce()?, desk.vault.outbox_open(1)?)))?;
    let first_open = open.first().map_or(next, |row| row.nonce);
    match counted {
        counted if counted > next => Err(StartError::KeyUsedElsewhere { ledger: counted, vault: next }),
        counted if counted < first_open => Err(StartError::LedgerBehind { ledger: counted, vault: first_open }),
        _ => Ok(()),
    }
}

/// Settles what is open; answers the payments that it belongs to.
fn finish(office: &Arc<Office>, ledger: &Ledger) -> Result<BTreeSet<PaymentId>, StartError> {
    let limit = u32::try_from(BATCH_MAX).unwrap_or(u32::MAX);
    let open = || office.vault.read(|vault| Ok::<Vec<OutboxRow>, IssuerError>(vault.outbox_open(limit)?));
    let mut rows = open()?;
    if !rows.is_empty() {
        tracing::info!(rows = rows.len(), "transactions of before are submitted again");
    }
    let mut payments = BTreeSet::new();
    while !rows.is_empty() {
        payments.extend(rows.iter().map(|row| row.payment));
        let (known, unknown) = submit_once(ledger, rows);
        if let Some(why) = unknown.filter(|why| !why.is_empty()) {
            tracing::warn!(why, "the ledger does not take transactions of before; traffic waits");
        }
        match known.is_empty() {
            true => thread::sleep(PAUSE),
            false => drop(settle(office, ledger, &known)?),
        }
        rows = open()?;
    }
    Ok(payments)
}

/// Tells where a payment that was open and `cash.holds(id)` differ: somebody else changed the hold. That does not hinder the others.
fn compare(office: &Office, ledger: &Ledger, payments: &BTreeSet<PaymentId>) -> Result<(), StartError> {
    if payments.is_empty() {
        return Ok(());
    }
    let mut books = LedgerBooks::now(ledger.clone(), office.operator.address())?;
    for id in payments {
        let payment = office.vault.read(|vault| Ok::<_, IssuerError>(vault.payment(*id)?))?;
        let difference = payment.map(|payment| compare_payment(&payment, &mut books)).transpose()?.flatten();
        if let Some(difference) = difference {
            tracing::error!(?difference, "a payment of before and its hold differ");
        }
    }
    Ok(())
}

const PAUSE: Duration = Duration::from_millis(200);
