//! `eth_subscribe`: what can be subscribed to, and the feed of events that a subscription is served from.
//! Called by `rpc::dispatch` to decode a subscription and by `ws` to serve it. Kinds: EIP-1193 and geth's pubsub.

use std::{collections::HashMap, pin::Pin, sync::Arc, time::Duration};

use alloy_rpc_types_eth::Filter;
use futures::{Stream, StreamExt, stream};
use parking_lot::Mutex;
use serde_json::value::RawValue;
use tokio::{
    sync::{broadcast, mpsc},
    task::AbortHandle,
};

use crate::{
    random_id::RandomId,
    rpc::{Params, RpcError, error::without_position, reply},
};

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

/// The subscriptions of one connection. Dropping it ends them all.
pub(crate) struct Subscriptions {
    open: Mutex<HashMap<RandomId, Option<AbortHandle>>>,
    max_subscriptions: usize,
}

/// A subscription that waits for its id to be answered before its first event may follow.
pub(crate) struct Opened {
    pub(crate) id: RandomId,
    feed: Feed,
}

/// Where the events of a connection go.
#[derive(Clone)]
pub(crate) struct Outlet {
    pub(crate) notifications: mpsc::Sender<Notification>,
    /// Why the connection must be closed; the first reason counts.
    pub(crate) complaint: mpsc::Sender<String>,
    pub(crate) patience: Duration,
}

/// One event, ready to be sent.
pub(crate) struct Notification {
    pub(crate) subscription: RandomId,
    pub(crate) text: String,
}

impl Subscriptions {
    pub(crate) fn new(max_subscriptions: usize) -> Self {
        Self { open: Mutex::default(), max_subscriptions }
    }

    /// Takes a place and opens the feed for it.
    pub(crate) fn open(&self, feed: impl FnOnce() -> Result<Feed, RpcError>) -> Result<Opened, RpcError> {
        let mut open = self.open.lock();
        if open.len() >= self.max_subscriptions {
            let message = format!("too many subscriptions, at most {} per connection", self.max_subscriptions);
            return Err(RpcError::limit(message));
        }
        let opened = Opened { id: RandomId::random(), feed: feed()? };
        open.insert(opened.id, None);
        Ok(opened)
    }

    /// Begins to serve a subscription, unless it was closed meanwhile.
    pub(crate) fn start(self: &Arc<Self>, opened: Opened, outlet: Outlet) {
        if let Some(task) = self.open.lock().get_mut(&opened.id) {
            *task = Some(tokio::spawn(serve(opened, outlet)).abort_handle());
        }
    }

    /// Ends a subscription; false if there is none of this id.
    pub(crate) fn close(&self, id: RandomId) -> bool {
        let Some(task) = self.open.lock().remove(&id) else { return false };
        if let Some(task) = task {
            task.abort();
        }
        true
    }

    /// Whether notifications of this subscription are still wanted.
    pub(crate) fn is_open(&self, id: RandomId) -> bool {
        self.open.lock().contains_key(&id)
    }
}

impl Drop for Subscriptions {
    fn drop(&mut self) {
        self.open.get_mut().values().flatten().for_each(AbortHandle::abort);
    }
}

/// Passes events on until the source ends or the reader turns out to be too slow.
async fn serve(Opened { id, mut feed }: Opened, outlet: Outlet) {
    let shown_id = id.to_string();
    while let Some(event) = feed.next().await {
        let complaint = match event {
            Ok(result) => {
                let notification = Notification { subscription: id, text: reply::notification(&shown_id, &result) };
                match outlet.notifications.send_timeout(notification, outlet.patience).await {
                    Ok(()) => continue,
                    Err(mpsc::error::SendTimeoutError::Closed(_)) => return,
                    Err(mpsc::error::SendTimeoutError::Timeout(_)) => "too many notifications are waiting".to_owned(),
                }
            }
            Err(Lagged { missed_events }) => format!("{missed_events} events were missed"),
        };
        let _ = outlet.complaint.try_send(format!("subscription {shown_id} reads too slowly: {complaint}"));
        return;
    }
}

const MAX_SHOWN_KIND_CHARS: usize = 100;
