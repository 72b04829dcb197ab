//! Works a body from its bytes to the bytes of its answer. Called by `http` and `ws`, which differ only in the [`Session`] they
//! bring along.

use std::{future::Future, sync::Arc};

use tokio::time::{Instant, timeout_at};

use super::{
    dispatch::{Answer, CallResult, Caller, Methods, now},
    error::RpcError,
    params::Params,
    reply,
    request::{self, Body, Call, Id, Refused},
};
use crate::{
    heavy::HeavyPool,
    limits::Limits,
    metrics::Metrics,
    random_id::RandomId,
    subscriptions::{Opened, Subscriptions, Topic},
};

/// The methods with all that is needed to run them within bounds.
pub(crate) struct Endpoint<M> {
    pub(super) methods: Arc<M>,
    pub(crate) heavy: HeavyPool,
    pub(super) preparing: tokio::sync::Semaphore,
    pub(crate) limits: Limits,
    pub(crate) metrics: Metrics,
}

/// Who asks, and what of his connection a call may change.
pub(crate) struct Session {
    pub(crate) caller: Caller,
    /// Only a WebSocket has some.
    pub(crate) subscriptions: Option<Arc<Subscriptions>>,
    /// Subscriptions whose ids are in the answer; they start after it is sent.
    pub(crate) opened: Vec<Opened>,
}

impl<M: Methods> Endpoint<M> {
    pub(crate) fn new(methods: Arc<M>, limits: Limits) -> Self {
        Self {
            methods,
            heavy: HeavyPool::new(&limits),
            preparing: tokio::sync::Semaphore::new(limits.max_heavy_running.max(1)),
            limits,
            metrics: Metrics::new(M::NAMES),
        }
    }

    /// The answer to a body; `None` if it held only notifications.
    pub(crate) async fn answer(&self, body: &[u8], session: &mut Session) -> Option<Vec<u8>> {
        let deadline = Instant::now() + self.limits.request_timeout;
        match request::read(body, self.limits.max_batch_calls) {
            Ok(Body::Single(Ok(call))) => {
                let result = self.work(&call, None, session, deadline).await;
                call.id.map(|id| reply::single(id, &result))
            }
            Ok(Body::Single(Err(Refused { id, error }))) => Some(reply::single(id, &Err(error))),
            Ok(Body::Batch(batch)) => self.answer_batch(batch, session, deadline).await,
            Err(error) => Some(reply::single(Id::NULL, &Err(error))),
        }
    }

    /// The result of one call.
    pub(super) async fn work(
        &self,
        call: &Call<'_>,
        prepared: Option<M::Prepared>,
        session: &mut Session,
        deadline: Instant,
    ) -> CallResult {
        let started = Instant::now();
        let result = match self.call(call, prepared, session) {
            Ok(Answer::Now(json)) => Ok(json),
            Ok(Answer::Heavy(work)) => until(deadline, self.heavy.run(work)).await,
            Ok(Answer::Later(wait)) => until(deadline, wait).await,
            Err(error) => Err(error),
        };
        self.metrics.called(&call.method, started.elapsed(), result.is_err());
        result
    }

    fn call(&self, call: &Call<'_>, prepared: Option<M::Prepared>, session: &mut Session) -> Result<Answer, RpcError> {
        match call.method.as_ref() {
            "eth_subscribe" => self.subscribe(call.params, session),
            "eth_unsubscribe" => unsubscribe(call.params, session),
            method => self.methods.call(method, call.params, prepared, &session.caller),
        }
    }

    fn subscribe(&self, params: Params<'_>, session: &mut Session) -> Result<Answer, RpcError> {
        let subscriptions = session.subscriptions.as_ref().ok_or_else(not_supported)?;
        let topic = Topic::parse(params)?;
        let opened = subscriptions.open(|| self.methods.feed(topic))?;
        let answer = now(&opened.id);
        session.opened.push(opened);
        answer
    }
}

fn unsubscribe(params: Params<'_>, session: &Session) -> Result<Answer, RpcError> {
    let subscriptions = session.subscriptions.as_ref().ok_or_else(not_supported)?;
    let (id,) = params.parse::<(String,)>()?;
    let closed = id.parse::<RandomId>().is_ok_and(|id| subscriptions.close(id));
    if closed { now(&true) } else { Err(RpcError::server("subscription not found")) }
}

fn not_supported() -> RpcError {
    RpcError::new(-32601, "notifications not supported")
}

async fn until(deadline: Instant, result: impl Future<Output = CallResult>) -> CallResult {
    timeout_at(deadline, result).await.unwrap_or_else(|_| Err(RpcError::timed_out()))
}
