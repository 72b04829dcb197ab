//! A JSON-RPC client over plain HTTP, as small as the commands and the demo need it.

use alloy_primitives::{Address, B256, Bytes, U256};
use eyre::{Context, bail, eyre};
use serde_json::{Value, json};

/// What a node answers instead of a result (JSON-RPC 2.0, section 5.1).
#[derive(Debug, thiserror::Error)]
#[error("{method}: {message}")]
pub(crate) struct Refused {
    method: String,
    message: String,
    /// What a contract said when it reverted.
    pub(crate) data: Option<Bytes>,
}

/// A node to ask.
pub(crate) struct Client {
    agent: ureq::Agent,
    url: String,
}

impl Client {
    pub(crate) fn new(url: String) -> Self {
        let config = ureq::Agent::config_builder().http_status_as_error(false).build();
        Self { agent: config.new_agent(), url }
    }

    /// Calls a method; a JSON-RPC error becomes [`Refused`].
    pub(crate) fn call(&self, method: &str, params: Value) -> eyre::Result<Value> {
        let body = json!({ "jsonrpc": "2.0", "id": 1, "method": method, "params": params }).to_string();
        let request = self.agent.post(&self.url).header("content-type", "application/json");
        let mut response = request.send(body).wrap_err_with(|| format!("{method}: no answer"))?;
        let text = response.body_mut().read_to_string().wrap_err_with(|| format!("{method}: broken answer"))?;
        let mut reply: Value = serde_json::from_str(&text).wrap_err_with(|| format!("{method}: not JSON: {text}"))?;
        if let Some(error) = reply.get("error") {
            return Err(refused(method, error).into());
        }
        Ok(reply["result"].take())
    }

    /// Sends a transaction from an unlocked account and waits for its receipt.
    pub(crate) fn send(&self, transaction: Value) -> eyre::Result<Value> {
        let hash = self.call("eth_sendTransaction", json!([transaction]))?;
        for _ in 0..1_000 {
            let receipt = self.call("eth_getTransactionReceipt", json!([hash]))?;
            if !receipt.is_null() {
                return Ok(receipt);
            }
            std::thread::sleep(std::time::Duration::from_millis(5));
        }
        bail!("transaction {hash} got no receipt within five seconds")
    }
}

/// A field of an answer, read as the type that it must have.
pub(crate) trait Field {
    fn number(&self, key: &str) -> eyre::Result<U256>;
    fn hash(&self, key: &str) -> eyre::Result<B256>;
    fn address(&self, key: &str) -> eyre::Result<Address>;
}

impl Field for Value {
    fn number(&self, key: &str) -> eyre::Result<U256> {
        read(self, key)
    }

    fn hash(&self, key: &str) -> eyre::Result<B256> {
        read(self, key)
    }

    fn address(&self, key: &str) -> eyre::Result<Address> {
        read(self, key)
    }
}

fn refused(method: &str, error: &Value) -> Refused {
    let message = error["message"].as_str().map_or_else(|| error.to_string(), ToOwned::to_owned);
    let data = error["data"].as_str().and_then(|data| data.parse().ok());
    Refused { method: method.into(), message, data }
}

fn read<T: std::str::FromStr<Err: std::fmt::Display>>(value: &Value, key: &str) -> eyre::Result<T> {
    let text = value[key].as_str().ok_or_else(|| eyre!("the answer has no `{key}`: {value}"))?;
    text.parse().map_err(|error| eyre!("`{key}` of the answer: {error}"))
}
