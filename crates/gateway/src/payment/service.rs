//! The running issuer: takes messages from the doors, has them decided in a unit of work of the vault, sends what was signed to the
//! ledger, and answers when the vault says so. Started by `counterfoil issuer run` and by the demo; the doors call it as a [`Teller`].
//!
//! ```text
//! message -> Request -> unit of work: issuer::request -> durable -+-> answer now
//!                                                                 +-> outbox -> ledger -> final -> unit: issuer::settle -> durable
//!            unit: issuer::too_late <- deadline <- waiting <------+                                            |
//!                     |                               ^--------------------- answers ------------------------+
//!                     +-> 91
//! ```
//! The order of steps is the issuer's (`payments::issuer`), each durable before the next: (1) payment, terms, signed transaction; (2)
//! submitted and final; (3) what became of it and the exact answer; (4) the answer leaves. Before traffic is taken, everything that was
//! signed before is final and settled ([`start`]); beside traffic, what is due without being asked is done ([`round`]).

use std::{
    fmt,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use payments::{
    issuer::{
        Decision, Desk, Issuer, IssuerError, Reply, acquirer,
        keys::Keys,
        records::{Answer, OutboxRow, RequestKey},
        vault::Vault,
    },
    message::{Operation, Request, Response, ResponseCode},
};
use tokio::sync::watch;
use vault::SqliteVault;

pub use start::StartError;

use super::{
    caller::Caller,
    ledger::Ledger,
    operator::Operator,
    outbox::{Outbox, Queue},
    teller::{JsonAnswer, Teller},
    waiting::Waiting,
};
use round::Rounds;

mod round;
mod settler;
mod start;
mod steps;

pub use steps::STEPS;

/// What a running issuer is made of.
pub struct Parts {
    /// The choices and ranges.
    pub issuer: Issuer,
    /// The keys of cards.
    pub keys: Box<dyn Keys + Send + Sync>,
    /// The key that signs for the ledger.
    pub operator: Operator,
    /// The memory.
    pub vault: SqliteVault,
    /// The ledger.
    pub ledger: Ledger,
    /// Milliseconds since 1970.
    pub clock: fn() -> u64,
    /// How long a request waits for the ledger.
    pub answer_within: Duration,
    /// How often what is due without being asked is looked for.
    pub round_every: Duration,
}

/// A running issuer. Dropping it ends it; what it had signed is in the vault, and goes on at the next start.
pub struct Service {
    office: Arc<Office>,
    queue: Arc<Queue>,
    waiting: Arc<Waiting>,
    tickets: AtomicU64,
    answer_within: Duration,
    failure: watch::Sender<Option<String>>,
    /// Ended when dropped, in this order.
    _rounds: Rounds,
    _outbox: Outbox,
}

impl Service {
    /// Waits until nothing is lost any more: see [`StartError`].
    pub fn failed(&self) -> impl Future<Output = String> + Send + 'static {
        let mut failure = self.failure.subscribe();
        async move {
            let failed = failure.wait_for(Option::is_some).await.ok().and_then(|why| why.clone());
            match failed {
                Some(why) => why,
                None => std::future::pending().await,
            }
        }
    }

    /// Counts on whenever a payment, a card or an account may have changed by what this issuer did.
    pub fn changes(&self) -> watch::Receiver<u64> {
        self.office.changes.subscribe()
    }

    /// Asks the vault; all that is seen is of one moment. Blocks.
    pub fn read<T>(&self, question: impl FnOnce(&mut dyn Vault) -> Result<T, IssuerError>) -> Result<T, IssuerError> {
        self.office.vault.read(question)
    }

    /// The answer to a request, as a message of ISO 8583.
    fn answer(&self, caller: &Caller, request: Request) -> Result<Vec<u8>, IssuerError> {
        let request = Arc::new(request);
        let asked = Arc::clone(&request);
        let by = named(caller, &request);
        let decided = self.office.unit(steps::of(&request), move |issuer, desk| issuer.request(desk, &by, &asked));
        self.office.tell();
        match decided.and_then(|decision| self.carry_out(decision)) {
            Ok(answer) => Ok(answer),
            Err(error) => {
                tracing::error!(%error, "a request was not decided");
                let passes = error.passes();
                let code = if passes { ResponseCode::IssuerUnavailable } else { ResponseCode::SystemMalfunction };
                Ok(request.respond(code).encode()?)
            }
        }
    }

    /// The decision is durable: what it says leaves now.
    fn carry_out(&self, decision: Decision) -> Result<Vec<u8>, IssuerError> {
        let key = match decision.reply {
            Reply::Now(answer) => {
                publish(&self.queue, &self.waiting, decision.submit, decision.answers);
                return Ok(answer);
            }
            Reply::Later(key) => key,
        };
        // Before its transaction leaves, so that its answer cannot be missed; another's may have been final already.
        let ticket = self.waiting.draw(&key, self.tickets.fetch_add(1, Ordering::Relaxed));
        let first = !decision.submit.is_empty();
        publish(&self.queue, &self.waiting, decision.submit, decision.answers);
        if let Some(answer) = if first { None } else { self.office.answered(&key)? } {
            return Ok(answer);
        }
        match ticket.wait(self.answer_within) {
            Some(answer) => Ok(answer),
            None => self.too_late(key),
        }
    }

    fn too_late(&self, key: RequestKey) -> Result<Vec<u8>, IssuerError> {
        let answer = self.office.unit("too-late", move |issuer, desk| issuer.too_late(desk, &key))?;
        self.office.tell();
        answer.ok_or(IssuerError::Books("a request that waited is not there"))
    }
}

impl Teller for Service {
    fn answer_iso(&self, caller: &Caller, message: &[u8]) -> Option<Vec<u8>> {
        let request = match Request::parse(message) {
            Ok(request) => request,
            Err(rejected) => {
                tracing::info!(%caller, error = %rejected.error, "a message was refused");
                return rejected.answer.and_then(|answer| answer.encode().ok());
            }
        };
        self.answer(caller, request).inspect_err(|error| tracing::error!(%error, "no answer")).ok()
    }

    fn answer_json(&self, caller: &Caller, body: &[u8]) -> JsonAnswer {
        let request = match Request::from_json(body) {
            Ok(request) => request,
            Err(error) => {
                tracing::info!(%caller, %error, "a message was refused");
                return problem(400, error.code().as_str(), &error.to_string());
            }
        };
        let answered = self.answer(caller, request).and_then(|bytes| Ok(Response::parse(&bytes)?));
        match answered {
            Ok(response) => JsonAnswer { status: 200, body: response.to_json().into() },
            Err(error) => problem(500, ResponseCode::SystemMalfunction.as_str(), &error.to_string()),
        }
    }

    fn health(&self) -> JsonAnswer {
        let (open, trouble) = self.queue.standing();
        let trouble = self.failure.borrow().clone().or(trouble);
        let status = if trouble.is_none() { "ok" } else { "failing" };
        let body = serde_json::json!({ "status": status, "openTransactions": open, "trouble": trouble });
        JsonAnswer { status: if trouble.is_none() { 200 } else { 503 }, body: body.to_string().into() }
    }
}

impl fmt::Debug for Service {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Service").field("queue", &self.queue.standing()).finish_non_exhaustive()
    }
}

/// What every thread of the issuer decides with.
struct Office {
    issuer: Issuer,
    keys: Box<dyn Keys + Send + Sync>,
    operator: Operator,
    vault: SqliteVault,
    clock: fn() -> u64,
    changes: watch::Sender<u64>,
}

impl Office {
    /// Something may look otherwise now.
    fn tell(&self) {
        self.changes.send_modify(|count| *count = count.wrapping_add(1));
    }

    /// One unit of work of the issuer; `Ok` is durable.
    fn unit<T: Send + 'static>(
        self: &Arc<Self>,
        step: &'static str,
        work: impl FnOnce(&Issuer, &mut Desk<'_>) -> Result<T, IssuerError> + Send + 'static,
    ) -> Result<T, IssuerError> {
        // The caller's own reference outlives this one, so the vault is never closed by its own thread.
        let office = Arc::clone(self);
        self.vault.write(step, move |vault| {
            let now_ms = (office.clock)();
            work(&office.issuer, &mut Desk { vault, keys: &*office.keys, signer: &office.operator, now_ms })
        })
    }

    /// The answer to a request, if it is settled.
    fn answered(&self, key: &RequestKey) -> Result<Option<Vec<u8>>, IssuerError> {
        let exchange = self.vault.read(|vault| Ok::<_, IssuerError>(vault.exchange(key)?))?;
        Ok(exchange.and_then(|exchange| match exchange.answer {
            Answer::Ready(bytes) => Some(bytes),
            Answer::Waiting { .. } => None,
        }))
    }
}

/// What a unit of work left to do, now that it is durable.
fn publish(queue: &Queue, waiting: &Waiting, submit: Vec<OutboxRow>, answers: Vec<(RequestKey, Vec<u8>)>) {
    for (key, answer) in answers {
        waiting.tell(&key, &answer);
    }
    queue.push(submit);
}

/// For whom the caller speaks; on a development line, whom the message names.
fn named(caller: &Caller, request: &Request) -> String {
    let claimed = match request {
        Request::Payment(payment) => Some(acquirer(&payment.acquirer)),
        Request::Network(_) => None,
    };
    match (caller, claimed) {
        (Caller::Proved(proved), claimed) => {
            if claimed.as_deref().is_some_and(|claimed| claimed != proved.as_str()) {
                tracing::warn!(%caller, claimed, "a message names another acquirer than its connection: refused");
            }
            proved.as_str().to_owned()
        }
        (Caller::Believed, claimed) => claimed.unwrap_or_default(),
    }
}

fn problem(status: u16, code: &str, error: &str) -> JsonAnswer {
    let body = serde_json::json!({ "responseCode": code, "error": error });
    JsonAnswer { status, body: body.to_string().into() }
}
