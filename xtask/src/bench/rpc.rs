//! JSON-RPC calls where their cost does not matter: set-up, waiting, checks after the clock.
//!
//! Called by `drive.rs`, `node.rs` and `large.rs`. The load itself goes past this file as ready-made bytes.

use alloy_primitives::{B256, hex};
use eyre::{OptionExt, Result, bail, ensure};
use serde_json::{Value, json};

use super::http::{Connection, request};

pub(super) struct Rpc {
    port: u16,
    connection: Connection,
}

impl Rpc {
    pub(super) fn open(port: u16) -> Result<Self> {
        Ok(Self { port, connection: Connection::open(port)? })
    }

    /// One call; an error answer is an error here.
    pub(super) fn call(&mut self, method: &str, parameters: Value) -> Result<Value> {
        let mut answer = self.exchange(&one_call(0, method, parameters))?;
        if let Some(problem) = answer.get("error") {
            bail!("{method}: {problem}");
        }
        Ok(answer["result"].take())
    }

    pub(super) fn send_raw(&mut self, raw: &[u8]) -> Result<()> {
        self.call("eth_sendRawTransaction", json!([hex::encode_prefixed(raw)])).map(drop)
    }

    /// `Value::Null` while the transaction is not in a block.
    pub(super) fn receipt(&mut self, hash: B256) -> Result<Value> {
        self.call(RECEIPT, json!([hash]))
    }

    /// Receipts in the order of the hashes, in batches that every node accepts.
    pub(super) fn receipts(&mut self, hashes: &[B256]) -> Result<Vec<Value>> {
        let mut receipts = Vec::with_capacity(hashes.len());
        for part in hashes.chunks(BATCH_CALLS) {
            receipts.append(&mut self.receipt_batch(part)?);
        }
        Ok(receipts)
    }

    fn receipt_batch(&mut self, hashes: &[B256]) -> Result<Vec<Value>> {
        let calls = hashes.iter().enumerate().map(|(id, hash)| one_call(id, RECEIPT, json!([hash]))).collect();
        let Value::Array(answers) = self.exchange(&Value::Array(calls))? else {
            bail!("a batch was not answered by a list");
        };
        ensure!(answers.len() == hashes.len(), "{} answers to {} calls", answers.len(), hashes.len());
        let mut receipts = vec![Value::Null; hashes.len()];
        for mut answer in answers {
            ensure!(answer.get("error").is_none(), "{RECEIPT}: {}", answer["error"]);
            let id = answer["id"].as_u64().and_then(|id| usize::try_from(id).ok());
            let place = id.and_then(|id| receipts.get_mut(id)).ok_or_eyre("an answer to a call never made")?;
            *place = answer["result"].take();
        }
        Ok(receipts)
    }

    fn exchange(&mut self, body: &Value) -> Result<Value> {
        let answer = self.connection.exchange(&request(self.port, &body.to_string()))?;
        Ok(serde_json::from_slice(answer)?)
    }
}

fn one_call(id: usize, method: &str, parameters: Value) -> Value {
    json!({ "jsonrpc": "2.0", "id": id, "method": method, "params": parameters })
}

const RECEIPT: &str = "eth_getTransactionReceipt";
const BATCH_CALLS: usize = 100;
