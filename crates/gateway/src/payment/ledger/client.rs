//! JSON-RPC 2.0 of one node over kept-alive HTTP/1.1, blocking: single calls and batches. Called by `ledger` alone.

use std::time::Duration;

use alloy_primitives::hex;
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::{Value, json};
use ureq::Agent;

use crate::native;

/// A node to ask.
#[derive(Clone, Debug)]
pub(super) struct Client {
    agent: Agent,
    url: String,
}

/// Why there is no answer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AskError {
    /// Nobody answered, or not in time.
    #[error("the ledger's node does not answer: {0}")]
    Silent(String),
    /// An answer, but not one to the question.
    #[error("the ledger's node answers what nobody asked: {0}")]
    Broken(String),
    /// The node refused.
    #[error(transparent)]
    Refused(#[from] Refusal),
}

/// A JSON-RPC error; what a native contract answered in its own words.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct Refusal {
    /// As JSON-RPC 2.0 and EIP-7966 number them.
    pub code: i64,
    /// What a person reads.
    pub message: String,
}

/// One question of a batch.
pub(super) type Question = (&'static str, Value);

impl Client {
    pub(super) fn new(url: &str, patience: Duration) -> Self {
        let config = Agent::config_builder()
            .http_status_as_error(false)
            .timeout_global(Some(patience))
            .max_idle_age(IDLE_AGE)
            .no_delay(true)
            .proxy(None)
            .build();
        Self { agent: config.new_agent(), url: url.to_owned() }
    }

    /// Asks one thing.
    pub(super) fn ask<T: DeserializeOwned>(&self, method: &'static str, params: Value) -> Result<T, AskError> {
        let reply: Reply = self.exchange(&call(0, (method, params)))?;
        read(method, reply.outcome()?)
    }

    /// Asks many things at once, answered in their order; each may be refused by itself.
    pub(super) fn ask_all(&self, questions: Vec<Question>) -> Result<Vec<Result<Value, Refusal>>, AskError> {
        let count = questions.len();
        if count == 0 {
            return Ok(Vec::new());
        }
        let calls: Vec<Value> = questions.into_iter().enumerate().map(|(id, question)| call(id, question)).collect();
        let mut replies: Vec<Reply> = self.exchange(&Value::Array(calls))?;
        replies.sort_by_key(|reply| reply.id);
        if !replies.iter().map(|reply| reply.id).eq((0..count).map(Some)) {
            return Err(AskError::Broken(format!("{} answers to {count} questions", replies.len())));
        }
        Ok(replies.into_iter().map(Reply::outcome).collect())
    }

    fn exchange<T: DeserializeOwned>(&self, body: &Value) -> Result<T, AskError> {
        let silent = |error: ureq::Error| AskError::Silent(error.to_string());
        let request = self.agent.post(&self.url).header("content-type", "application/json");
        let mut response = request.send(body.to_string()).map_err(silent)?;
        let text = response.body_mut().with_config().limit(ANSWER_BYTES).read_to_vec().map_err(silent)?;
        serde_json::from_slice(&text).map_err(|error| AskError::Broken(error.to_string()))
    }
}

#[derive(Deserialize)]
struct Reply {
    id: Option<usize>,
    #[serde(default)]
    result: Value,
    error: Option<ErrorObject>,
}

#[derive(Deserialize)]
struct ErrorObject {
    code: i64,
    message: String,
    #[serde(default)]
    data: Value,
}

impl Reply {
    fn outcome(self) -> Result<Value, Refusal> {
        match self.error {
            None => Ok(self.result),
            Some(error) => Err(error.into()),
        }
    }
}

impl From<ErrorObject> for Refusal {
    fn from(error: ErrorObject) -> Self {
        let data = error.data.as_str().and_then(|data| hex::decode(data).ok());
        let named = data.as_deref().and_then(native::error);
        Self { code: error.code, message: named.map_or(error.message, |named| named.to_string()) }
    }
}

fn call(id: usize, (method, params): Question) -> Value {
    json!({ "jsonrpc": "2.0", "id": id, "method": method, "params": params })
}

/// An answer's result as the type that it must have.
pub(super) fn read<T: DeserializeOwned>(method: &str, result: Value) -> Result<T, AskError> {
    serde_json::from_value(result).map_err(|error| AskError::Broken(format!("{method}: {error}")))
}

/// The receipts of a batch fit many times.
const ANSWER_BYTES: u64 = 32 * 1024 * 1024;
/// Less than a node's own patience with idle connections.
const IDLE_AGE: Duration = Duration::from_secs(60);
