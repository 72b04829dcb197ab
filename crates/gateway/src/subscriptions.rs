//! `eth_subscribe`: what can be subscribed to, and the feed of events that a subscription is served from.
//! Called by `rpc::dispatch` to decode a subscription and by `ws` to serve it. Kinds: EIP-1193 and geth's pubsub.

use std::pin::Pin;

use alloy_rpc_types_eth::Filter;
use futures::{Stream, StreamExt, stream};
use serde_json::value::RawValue;
use tokio::sync::broadcast;

use crate::rpc::{Params, RpcError, error::without_position};

/// What a client wants to hear of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Topic {
    NewHeads,
    Logs(Box<Filter>),
    NewPendingTransactions { full: bool },
}

impl Topic {
    /// Decodes the params of `eth_subscribe`.
    pub fn parse(params: Params<'_>) -> Result<Self, RpcError> {
        let (kind, detail) = params.parse::<(String, Option<&RawValue>)>()?;
        match kind.as_str() {
            "newHeads" => Ok(Self::NewHeads),
            "logs" => Ok(Self::Logs(detail_or_default(detail)?)),
            "newPendingTransactions" => Ok(Self::NewPendingTransactions { full: detail_or_default(detail)? }),
            other => {
                let shown: String = other.chars().take(MAX_SHOWN_KIND_CHARS).collect();
                Err(RpcError::new(-32601, format!("no \"{shown}\" subscription in eth namespace")))
            }
        }
    }
}

fn detail_or_default<'a, T: serde::Deserialize<'a> + Default>(detail: Option<&'a RawValue>) -> Result<T, RpcError> {
    let Some(detail) = detail else { return Ok(T::default()) };
    serde_json::from_str(detail.get())
        .map_err(|error| RpcError::invalid_params(format!("invalid argument 1: {}", without_position(&error))))
}

/// The events of one subscription, each as JSON text; ends with [`Lagged`] when the subscriber was too slow.
pub struct Feed(Pin<Box<dyn Stream<Item = Result<Box<RawValue>, Lagged>> + Send>>);

/// The subscriber missed events, because it did not take them in time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lagged {
    pub missed_events: u64,
}

impl Feed {
    /// Serves from a broadcast channel. `render` turns one event into the notifications that this subscription wants of it:
    /// none if its filter does not match, several for a block of logs.
    pub fn new<E: Clone + Send + 'static>(
        events: broadcast::Receiver<E>,
        mut render: impl FnMut(&E) -> Vec<Box<RawValue>> + Send + 'static,
    ) -> Self {
        let batches = stream::unfold(events, |mut events| async move {
            match events.recv().await {
                Ok(event) => Some((Ok(event), events)),
                Err(broadcast::error::RecvError::Lagged(missed_events)) => {
                    Some((Err(Lagged { missed_events }), events))
                }
                Err(broadcast::error::RecvError::Closed) => None,
            }
        });
        Self(Box::pin(batches.flat_map(move |event| {
            let rendered = match event {
                Ok(event) => render(&event).into_iter().map(Ok).collect(),
                Err(lagged) => vec![Err(lagged)],
            };
            stream::iter(rendered)
        })))
    }

    /// The next notification; `None` when the source has ended.
    pub async fn next(&mut self) -> Option<Result<Box<RawValue>, Lagged>> {
        self.0.next().await
    }
}

const MAX_SHOWN_KIND_CHARS: usize = 100;
