//! Writes answers: the envelope around a result or an error, straight into the buffer that is sent.
//! Rules: JSON-RPC 2.0 section 5; members in geth's order.

use serde_json::value::RawValue;

use super::{dispatch::CallResult, error::RpcError, request::Id};

/// The answer to one call.
pub(crate) fn single(id: Id<'_>, result: &CallResult) -> Vec<u8> {
    let mut buffer = Vec::with_capacity(result.as_ref().map_or(SMALL_BYTES, |json| json.get().len() + SMALL_BYTES));
    write(&mut buffer, id, result);
    buffer
}

/// The answers of a batch, in order.
#[derive(Default)]
pub(crate) struct BatchReply(Vec<u8>);

impl BatchReply {
    pub(crate) fn push(&mut self, id: Id<'_>, result: &CallResult) {
        self.0.push(if self.0.is_empty() { b'[' } else { b',' });
        write(&mut self.0, id, result);
    }

    pub(crate) fn len_bytes(&self) -> usize {
        self.0.len()
    }

    /// `None` if all were notifications: JSON-RPC answers those with nothing, not with an empty list.
    pub(crate) fn finish(mut self) -> Option<Vec<u8>> {
        if self.0.is_empty() {
            return None;
        }
        self.0.push(b']');
        Some(self.0)
    }
}

/// One event of a subscription.
pub(crate) fn notification(subscription: &str, result: &RawValue) -> String {
    let head = r#"{"jsonrpc":"2.0","method":"eth_subscription","params":{"subscription":""#;
    [head, subscription, r#"","result":"#, result.get(), "}}"].concat()
}

fn write(buffer: &mut Vec<u8>, id: Id<'_>, result: &CallResult) {
    buffer.extend_from_slice(br#"{"jsonrpc":"2.0","id":"#);
    buffer.extend_from_slice(id.0.as_bytes());
    match result {
        Ok(json) => write_member(buffer, r#","result":"#, json.get()),
        Err(error) => write_error(buffer, error),
    }
    buffer.push(b'}');
}

fn write_error(buffer: &mut Vec<u8>, error: &RpcError) {
    write_member(buffer, r#","error":{"code":"#, &error.code.to_string());
    write_member(buffer, r#","message":"#, &serde_json::Value::from(error.message.as_ref()).to_string());
    if let Some(data) = &error.data {
        write_member(buffer, r#","data":"#, data.get());
    }
    buffer.push(b'}');
}

fn write_member(buffer: &mut Vec<u8>, key: &str, json: &str) {
    buffer.extend_from_slice(key.as_bytes());
    buffer.extend_from_slice(json.as_bytes());
}

/// Room for the envelope and a hash.
const SMALL_BYTES: usize = 160;
