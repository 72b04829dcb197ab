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

    use rand::{Rng, SeedableRng, rngs::StdRng};

    use super::*;

    #[test]
    fn the_kept_fuzz_corpus_holds() {
        corpus().iter().for_each(|body| check_body(body));
    }

    #[test]
    fn bodies_damaged_at_random_hold() {
        let (corpus, mut random) = (corpus(), StdRng::seed_from_u64(7));
        for _ in 0..20_000 {
            let mut body = corpus[random.random_range(0..corpus.len())].clone();
            for _ in 0..random.random_range(1..6) {
                damage(&mut body, &corpus, &mut random);
            }
            check_body(&body);
        }
    }

    const SYNTAX: &[u8] = b"{}[]\",:\\0e-. ";

    /// Overwrites, cuts out or inserts a piece.
    fn damage(body: &mut Vec<u8>, corpus: &[Vec<u8>], random: &mut StdRng) {
        let at = random.random_range(0..=body.len());
        let end = random.random_range(at..=body.len().min(at + 8));
        let piece = match random.random_range(0..4) {
            0 => vec![],
            1 => vec![random.random()],
            2 => vec![SYNTAX[random.random_range(0..SYNTAX.len())]],
            _ => corpus[random.random_range(0..corpus.len())].iter().take(64).copied().collect(),
        };
        body.splice(at..end, piece);
    }

    fn corpus() -> Vec<Vec<u8>> {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../fuzz/corpus/rpc_body");
        let files = fs::read_dir(folder).expect("the corpus is part of the project");
        let read = |entry: Result<fs::DirEntry, _>| fs::read(entry.expect("a readable folder").path());
        let mut bodies: Vec<_> = files.map(|entry| read(entry).expect("a readable file")).collect();
        assert!(bodies.len() >= 20, "{} files", bodies.len());
        bodies.sort();
        bodies
    }
}
