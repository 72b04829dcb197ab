//! Works a batch: what can be done ahead is done in parallel, then the calls one after the other, answered in their order.
//! Bounds and their errors are geth's: too many calls refuse the whole batch, too long an answer or too late an hour refuse the
//! rest of it.

use rayon::prelude::*;
use tokio::{
    runtime::{Handle, RuntimeFlavor},
    task::{block_in_place, yield_now},
    time::Instant,
};

use super::{
    dispatch::{CallResult, Methods},
    endpoint::{Endpoint, Session},
    error::RpcError,
    reply::{self, BatchReply},
    request::{Batch, Call, Id, Refused},
};

impl<M: Methods> Endpoint<M> {
    pub(super) async fn answer_batch(
        &self,
        batch: Batch<'_>,
        session: &mut Session,
        deadline: Instant,
    ) -> Option<Vec<u8>> {
        if batch.count == 0 {
            return Some(reply::single(Id::NULL, &Err(RpcError::invalid_request("empty batch"))));
        }
        if batch.count > batch.calls.len() {
            return too_large(&batch);
        }
        let prepared = self.prepare(&batch.calls).await;
        let mut reply = BatchReply::default();
        for (turn, (call, prepared)) in batch.calls.iter().zip(prepared).enumerate() {
            if turn % CALLS_PER_TURN == CALLS_PER_TURN - 1 {
                yield_now().await;
            }
            match call {
                Err(Refused { id, error }) => reply.push(*id, &Err(error.clone())),
                Ok(call) => self.answer_one(call, prepared, session, deadline, &mut reply).await,
            }
        }
        reply.finish()
    }

    async fn answer_one(
        &self,
        call: &Call<'_>,
        prepared: Option<M::Prepared>,
        session: &mut Session,
        deadline: Instant,
        reply: &mut BatchReply,
    ) {
        let result = match self.still_allowed(reply, deadline) {
            Ok(()) => self.work(call, prepared, session, deadline).await,
            Err(error) => Err(error),
        };
        if let Some(id) = call.id {
            reply.push(id, &result);
        }
    }

    fn still_allowed(&self, reply: &BatchReply, deadline: Instant) -> Result<(), RpcError> {
        if reply.len_bytes() > self.limits.max_batch_response_bytes {
            return Err(RpcError::response_too_large());
        }
        if Instant::now() >= deadline {
            return Err(RpcError::timed_out());
        }
        Ok(())
    }

    /// What the methods can work out ahead of each call's turn, one entry per call.
    async fn prepare(&self, calls: &[Result<Call<'_>, Refused<'_>>]) -> Vec<Option<M::Prepared>> {
        if calls.iter().filter(|call| wants_preparing::<M>(call)).nth(1).is_none() {
            return calls.iter().map(|_| None).collect();
        }
        let _turn = self.preparing.acquire().await;
        beside_the_runtime(|| calls.par_iter().map(|call| self.prepare_one(call)).collect())
    }

    fn prepare_one(&self, call: &Result<Call<'_>, Refused<'_>>) -> Option<M::Prepared> {
        let call = call.as_ref().ok()?;
        M::PREPARED.contains(&call.method.as_ref()).then(|| self.methods.prepare(&call.method, call.params))?
    }
}

fn wants_preparing<M: Methods>(call: &Result<Call<'_>, Refused<'_>>) -> bool {
    call.as_ref().is_ok_and(|call| M::PREPARED.contains(&call.method.as_ref()))
}

/// A list with the one error, under the first id there is.
fn too_large(batch: &Batch<'_>) -> Option<Vec<u8>> {
    let id = batch.calls.iter().flatten().find_map(|call| call.id).unwrap_or(Id::NULL);
    let refused: CallResult = Err(RpcError::invalid_request("batch too large"));
    let mut reply = BatchReply::default();
    reply.push(id, &refused);
    reply.finish()
}

/// Blocks here while the runtime goes on elsewhere, where it can (a runtime of one thread cannot).
fn beside_the_runtime<T>(work: impl FnOnce() -> T) -> T {
    match Handle::current().runtime_flavor() {
        RuntimeFlavor::MultiThread => block_in_place(work),
        _ => work(),
    }
}

/// After so many calls in a row, other connections of this thread have their turn.
const CALLS_PER_TURN: usize = 64;
