//! The boundary between the doors and the methods: the server decodes the envelope and asks `Methods`; `Methods` says how
//! each call is to be run. One real implementor (`eth_`, `net_`, ...) and one of the tests.
//!
//! ```text
//! body -> Call -> Methods::call -> Answer::Now     written at once, on the connection's own thread
//!                                  Answer::Heavy   run on the bounded blocking pool
//!                                  Answer::Later   awaited (waits for an event, holds no thread)
//! ```

use std::future::Future;

use futures::future::BoxFuture;
use serde::Serialize;
use serde_json::value::RawValue;

use super::{
    error::{RpcError, json},
    params::Params,
};
use crate::subscriptions::{Feed, Topic};

/// Everything that can be called. Shared by all connections.
pub trait Methods: Send + Sync + 'static {
    /// What [`Methods::prepare`] works out ahead of a call's turn in a batch.
    type Prepared: Send;

    /// The names that `call` answers to; other names are not counted one by one in the metrics.
    const NAMES: &'static [&'static str];

    /// The names for which `prepare` is worth asking.
    const PREPARED: &'static [&'static str] = &[];

    /// The costly and order-free part of a call (a raw transaction's decoding and signer). Asked for the calls of a batch in
    /// parallel, before the batch is worked in order. Reads no state that an earlier call of the batch could change.
    fn prepare(&self, method: &str, params: Params<'_>) -> Option<Self::Prepared>;

    /// Works one call. `prepared` is given in batches only: a method that finds `None` does that part itself.
    /// Runs on a runtime thread: what takes more than about 100 us belongs into [`heavy`].
    fn call(
        &self,
        method: &str,
        params: Params<'_>,
        prepared: Option<Self::Prepared>,
        caller: &Caller,
    ) -> Result<Answer, RpcError>;

    /// The events of one `eth_subscribe`.
    fn feed(&self, topic: Topic) -> Result<Feed, RpcError>;
}

/// Who asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Caller {
    pub transport: Transport,
    /// A browser says that a page of a foreign site is asking. Methods that sign with the node's keys must refuse.
    pub cross_site: bool,
}

/// Through which door.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Transport {
    Http,
    WebSocket,
}

/// A result, ready as JSON text.
pub type CallResult = Result<Box<RawValue>, RpcError>;

/// How a call gets its result.
pub enum Answer {
    /// Here it is.
    Now(Box<RawValue>),
    /// This computes it: run on the bounded blocking pool.
    Heavy(Box<dyn FnOnce() -> CallResult + Send>),
    /// This waits for it without holding a thread. Dropped when its time is over or its caller is gone.
    Later(BoxFuture<'static, CallResult>),
}

/// An answer at once.
pub fn now(value: &(impl Serialize + ?Sized)) -> Result<Answer, RpcError> {
    json(value).map(Answer::Now)
}

/// An answer that needs long computation or many reads: `eth_call`, traces, logs over a range.
/// Decode the arguments before, move what is decoded into `work`.
pub fn heavy<T: Serialize>(work: impl FnOnce() -> Result<T, RpcError> + Send + 'static) -> Result<Answer, RpcError> {
    Ok(Answer::Heavy(Box::new(move || json(&work()?))))
}

/// An answer that waits for an event, such as `eth_sendRawTransactionSync` for its receipt.
pub fn later<T: Serialize>(
    wait: impl Future<Output = Result<T, RpcError>> + Send + 'static,
) -> Result<Answer, RpcError> {
    Ok(Answer::Later(Box::pin(async move { json(&wait.await?) })))
}
