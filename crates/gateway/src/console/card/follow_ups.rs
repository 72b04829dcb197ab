//! The messages about one payment: the request that made it, and what followed. Their bytes are not kept, the answers are. A follow-up that
//! does not fit belongs to no payment, so that nobody can fill a payment's list: it is found by its reference.

use payments::{
    issuer::{
        IssuerError,
        records::{Answer, ExchangeRecord, PaymentRecord},
        vault::Vault,
    },
    message::Response,
};

use super::say::{self, Misfit};
use crate::console::words::{self, Moment};

/// One message and its answer.
pub(super) struct FollowUpRow {
    pub(super) time: Moment,
    /// Type of the request, and what it asks.
    pub(super) asked: String,
    pub(super) stan: String,
    pub(super) terminal: String,
    pub(super) amount: Option<String>,
    /// DE 39 and what it means; nothing while the ledger is to speak.
    pub(super) answer: Option<(String, &'static str)>,
    pub(super) answer_class: &'static str,
    pub(super) misfits: Vec<Misfit>,
    /// It only says that it is about this payment.
    pub(super) is_loose: bool,
}

/// In the order in which they came.
pub(super) fn exchanges(vault: &mut dyn Vault, payment: &PaymentRecord) -> Result<Vec<ExchangeRecord>, IssuerError> {
    let mut exchanges = vault.exchanges_of(payment.id, SHOWN)?;
    let loose = vault.loose_exchanges(&payment.request.acquirer, LOOKED_THROUGH)?;
    exchanges.extend(loose.into_iter().filter(|exchange| names(exchange, payment)));
    exchanges.sort_by_key(|exchange| exchange.received_ms);
    Ok(exchanges)
}

/// Whether the answer to a message has the payment's reference.
fn names(exchange: &ExchangeRecord, payment: &PaymentRecord) -> bool {
    let reference = response(exchange).and_then(|response| response.retrieval_reference);
    reference.is_some_and(|reference| reference.as_str() == payment.rrn)
}

/// What was answered, or will be if the ledger does it.
fn response(exchange: &ExchangeRecord) -> Option<Response> {
    let (Answer::Ready(bytes) | Answer::Waiting { if_done: bytes, .. }) = &exchange.answer;
    Response::parse(bytes).ok()
}

impl FollowUpRow {
    pub(super) fn of(exchange: &ExchangeRecord, payment: &PaymentRecord) -> Self {
        let (response, is_settled) = (response(exchange), matches!(exchange.answer, Answer::Ready(_)));
        let code = response.as_ref().filter(|_| is_settled).map(|response| response.response_code);
        // What did not fit in an authorization is with its payment.
        let own = if exchange.key == payment.request { &payment.mismatches } else { &exchange.mismatches };
        Self {
            time: say::time(exchange.received_ms),
            asked: response.as_ref().map_or_else(|| "a message".to_owned(), asked),
            stan: exchange.key.stan.clone(),
            terminal: words::foreign_name(&exchange.key.terminal),
            amount: response
                .and_then(|response| response.amount_minor)
                .map(|minor| say::money(minor, payment.currency)),
            answer: code.map(|code| (code.as_str().to_owned(), code.meaning())),
            answer_class: code.map_or("waiting", |code| if code.approves() { "done" } else { "failed" }),
            misfits: say::misfits(own),
            is_loose: exchange.payment.is_none(),
        }
    }
}

/// What the answer is to: its type says which request it answers, DE 3 which kind of one.
fn asked(response: &Response) -> String {
    let processing = response.processing_code.map(|code| code.as_str().to_owned()).unwrap_or_default();
    let answer = response.message_type.to_string();
    let (request, what) = match (answer.as_str(), processing.get(..2)) {
        ("0110", Some("31")) => ("0100", "balance inquiry"),
        ("0110", _) => ("0100", "authorization"),
        ("0130", _) => ("0120", "increase"),
        ("0210", Some("20")) => ("0200", "refund"),
        ("0210", _) => ("0200", "purchase"),
        ("0230", _) => ("0220", "completion"),
        ("0410", _) => ("0400", "reversal"),
        ("0430", _) => ("0420", "reversal advice"),
        (other, _) => (other, "answer"),
    };
    format!("{request} {what}")
}

/// Messages of a payment that are shown; the issuer takes at most 1,000.
const SHOWN: u32 = 100;
/// Messages of its acquirer that belong to no payment, and may name this one.
const LOOKED_THROUGH: u32 = 200;
