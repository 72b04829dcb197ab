//! What answers behind the payment doors. The doors know frames, bounds and callers; a teller knows messages. The issuer's is
//! `service`; the tests of the doors bring their own.

use bytes::Bytes;

use super::caller::Caller;

/// Answers messages. Called on a thread that may wait for the disk and the ledger.
pub trait Teller: Send + Sync + 'static {
    /// One ISO 8583 message without its length. `None` if it cannot even be answered: the connection is closed.
    fn answer_iso(&self, caller: &Caller, message: &[u8]) -> Option<Vec<u8>>;

    /// The body of `POST /payments`.
    fn answer_json(&self, caller: &Caller, body: &[u8]) -> JsonAnswer;

    /// Whether payments can be made now, for `GET /health`.
    fn health(&self) -> JsonAnswer;
}

/// A JSON text, and the HTTP status that goes with it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JsonAnswer {
    /// 200, 400, 503.
    pub status: u16,
    /// One JSON object.
    pub body: Bytes,
}
