//! A JSON-RPC client over plain HTTP, as small as the demo and the commands need it.

use alloy_primitives::{Address, B256, Bytes, U256, hex};
use alloy_sol_types::SolCall;
use contracts::protocol;
use eyre::{Context, bail, eyre};
use serde_json::{Value, json};

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

    /// Calls a method; a JSON-RPC error becomes an error.
    pub(crate) fn call(&self, method: &str, params: Value) -> eyre::Result<Value> {
        let body = json!({ "jsonrpc": "2.0", "id": 1, "method": method, "params": params }).to_string();
        let request = self.agent.post(&self.url).header("content-type", "application/json");
        let mut response = request.send(body).wrap_err_with(|| format!("{method}: no answer"))?;
        let text = response.body_mut().read_to_string().wrap_err_with(|| format!("{method}: broken answer"))?;
        let mut reply: Value = serde_json::from_str(&text).wrap_err_with(|| format!("{method}: not JSON: {text}"))?;
        if let Some(error) = reply.get("error") {
            match refusal(error) {
                Some(words) => bail!("{words}"),
                None => bail!("{method}: {}", error["message"].as_str().unwrap_or(&error.to_string())),
            }
        }
        Ok(reply["result"].take())
    }

    /// Calls a view of a contract on the latest state.
    pub(crate) fn view<C: SolCall>(&self, contract: Address, call: &C) -> eyre::Result<C::Return> {
        let data = Bytes::from(call.abi_encode());
        let answer = self.call("eth_call", json!([{ "to": contract, "data": data }, "latest"]))?;
        let answer: Bytes = serde_json::from_value(answer)?;
        Ok(C::abi_decode_returns(&answer)?)
    }

    /// Sends a transaction from an unlocked account and waits for its receipt.
    pub(crate) fn send(&self, transaction: Value) -> eyre::Result<Value> {
        let hash = self.call("eth_sendTransaction", json!([transaction]))?;
        self.receipt(&hash)
    }

    fn receipt(&self, hash: &Value) -> eyre::Result<Value> {
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

/// What a native contract answered, in its own words.
fn refusal(error: &Value) -> Option<String> {
    let data = error["data"].as_str().and_then(|data| hex::decode(data).ok())?;
    let named = || gateway::native::error(&data).map(|refusal| format!("refused: {refusal}"));
    protocol::error_in_words(&data).or_else(named)
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

fn read<T: std::str::FromStr<Err: std::fmt::Display>>(value: &Value, key: &str) -> eyre::Result<T> {
    let text = value[key].as_str().ok_or_else(|| eyre!("the answer has no `{key}`: {value}"))?;
    text.parse().map_err(|error| eyre!("`{key}` of the answer: {error}"))
}
