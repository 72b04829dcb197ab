//! The promise about bodies, in a form that a fuzzer can try to break: any bytes are read without a panic, and whatever is
//! answered is JSON. Called by `fuzz/fuzz_targets/rpc_body.rs`, and on the kept corpus by the tests.

use alloy_primitives::U256;
use serde::de::IgnoredAny;
use serde_json::{Value, value::RawValue};

use super::{
    error::{RpcError, json},
    reply::{self, BatchReply},
    request::{self, Batch, Body, Call, Id, Refused},
};
use crate::subscriptions::Topic;

/// Panics if the promise is broken.
#[doc(hidden)]
pub fn check_body(body: &[u8]) {
    match request::read(body, MAX_BATCH_CALLS) {
        Err(error) => check_json(&reply::single(Id::NULL, &Err(error))),
        Ok(Body::Single(call)) => check_call(&call),
        Ok(Body::Batch(batch)) => check_batch(&batch),
    }
}

fn check_batch(batch: &Batch<'_>) {
    assert!(batch.calls.len() <= batch.count.min(MAX_BATCH_CALLS), "more calls than elements");
    let mut reply = BatchReply::default();
    for call in &batch.calls {
        check_call(call);
        reply.push(id_of(call), &json(&()));
    }
    if let Some(answer) = reply.finish() {
        check_json(&answer);
    }
}

fn check_call(call: &Result<Call<'_>, Refused<'_>>) {
    let id = id_of(call);
    match call {
        Err(refused) => check_json(&reply::single(id, &Err(refused.error.clone()))),
        Ok(call) => {
            let params = call.params;
            let errors = [
                Some(RpcError::method_not_found(&call.method)),
                params.parse::<()>().err(),
                params.parse::<(U256, Option<Value>)>().err(),
                params.parse::<(String, Option<&RawValue>, Option<bool>)>().err(),
                Topic::parse(params).err(),
            ];
            errors.into_iter().flatten().for_each(|error| check_json(&reply::single(id, &Err(error))));
            check_json(&reply::single(id, &json(&params.raw())));
        }
    }
}

fn id_of<'a>(call: &Result<Call<'a>, Refused<'a>>) -> Id<'a> {
    match call {
        Ok(call) => call.id.unwrap_or(Id::NULL),
        Err(refused) => refused.id,
    }
}

fn check_json(answer: &[u8]) {
    serde_json::from_slice::<IgnoredAny>(answer).expect("every answer is JSON");
}

const MAX_BATCH_CALLS: usize = 100;

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn the_kept_fuzz_corpus_holds() {
        let corpus = concat!(env!("CARGO_MANIFEST_DIR"), "/../../fuzz/corpus/rpc_body");
        let mut files = 0;
        for entry in fs::read_dir(corpus).expect("the corpus is part of the project") {
            let path = entry.expect("a readable folder").path();
            check_body(&fs::read(path).expect("a readable file"));
            files += 1;
        }
        assert!(files >= 20, "{files} files");
    }
}
