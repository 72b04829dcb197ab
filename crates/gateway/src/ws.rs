//! One WebSocket: calls come in, answers and notifications go out, all through one task. Started by `http` after the upgrade.
//!
//! ```text
//! message -> Endpoint::answer --at once-----------------> send      notifications (bounded queue) -> send
//!                   |                                               ping on time, close when nothing comes back
//!                   +--waits--> in flight (bounded) ----> send, in whatever order they finish
//! ```
//!
//! Nothing here grows: at the bound of calls in flight no message is read; notifications wait in a bounded queue, and a client
//! that does not take them in time is closed with the reason. Close codes: RFC 6455 section 7.4.1.

use std::{sync::Arc, time::Duration};

use axum::extract::ws::{CloseFrame, Message, Utf8Bytes, WebSocket, close_code};
use bytes::Bytes;
use futures::{FutureExt, SinkExt, StreamExt, future::BoxFuture, stream::FuturesUnordered};
use tokio::{
    sync::mpsc,
    time::{Instant, MissedTickBehavior, interval_at, timeout},
};

use crate::{
    rpc::{
        Caller, Methods,
        endpoint::{Endpoint, Session},
    },
    server::Guest,
    subscriptions::{Notification, Opened, Outlet, Subscriptions},
};

/// Serves a WebSocket until either side closes it or the server ends.
pub(crate) async fn serve<M: Methods>(socket: WebSocket, endpoint: Arc<Endpoint<M>>, caller: Caller, guest: Guest) {
    let mut server = guest.clone();
    tokio::select! {
        () = converse(socket, endpoint, caller, guest) => {}
        () = server.ended() => {}
    }
}

async fn converse<M: Methods>(socket: WebSocket, endpoint: Arc<Endpoint<M>>, caller: Caller, mut guest: Guest) {
    let _open = endpoint.metrics.websockets.hold();
    let limits = &endpoint.limits;
    let (outlet, mut notifications, complaints) =
        outlet(limits.max_queued_notifications, limits.slow_subscriber_timeout);
    let mut pulse = interval_at(Instant::now() + limits.ping_interval, limits.ping_interval);
    pulse.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut in_flight = FuturesUnordered::new();
    let mut connection = Connection::new(socket, Arc::clone(&endpoint), caller, outlet, complaints);
    let closing = loop {
        let stopping = guest.is_stopping();
        if stopping && in_flight.is_empty() {
            break Closing::because(close_code::AWAY, "the node is stopping");
        }
        let reads = !stopping && in_flight.len() < limits.max_calls_in_flight;
        let step = tokio::select! {
            biased;
            () = guest.stopping(), if !stopping => Ok(()),
            Some(complaint) = connection.complaints.recv() => Err(Closing::because_slow(complaint)),
            Some(reply) = in_flight.next() => connection.reply(reply).await,
            message = connection.socket.recv(), if reads => match connection.receive(message) {
                Ok(None) => Ok(()),
                Ok(Some(mut call)) => match (&mut call).now_or_never() {
                    Some(reply) => connection.reply(reply).await,
                    None => { in_flight.push(call); Ok(()) }
                },
                Err(closing) => Err(closing),
            },
            Some(notification) = notifications.recv() => connection.notify(notification, &mut notifications).await,
            _ = pulse.tick() => connection.ping().await,
        };
        if let Err(closing) = step {
            break closing;
        }
    };
    drop((in_flight, notifications));
    connection.close(closing).await;
}

/// One client.
struct Connection<M> {
    socket: WebSocket,
    endpoint: Arc<Endpoint<M>>,
    caller: Caller,
    subscriptions: Arc<Subscriptions>,
    outlet: Outlet,
    complaints: mpsc::Receiver<String>,
    /// Something came from the client since the last ping.
    is_alive: bool,
}

/// What a message led to.
struct Reply {
    text: Option<Vec<u8>>,
    opened: Vec<Opened>,
}

/// Why a conversation ends.
enum Closing {
    /// The client left, or its socket broke.
    Gone,
    Because {
        code: u16,
        reason: String,
    },
}

impl<M: Methods> Connection<M> {
    fn new(
        socket: WebSocket,
        endpoint: Arc<Endpoint<M>>,
        caller: Caller,
        outlet: Outlet,
        complaints: mpsc::Receiver<String>,
    ) -> Self {
        let subscriptions = Arc::new(Subscriptions::new(endpoint.limits.max_subscriptions));
        Self { socket, endpoint, caller, subscriptions, outlet, complaints, is_alive: true }
    }

    /// What a message asks for, not yet worked; `None` if it asks for nothing.
    fn receive(
        &mut self,
        message: Option<Result<Message, axum::Error>>,
    ) -> Result<Option<BoxFuture<'static, Reply>>, Closing> {
        self.is_alive = true;
        match message {
            None => Err(Closing::Gone),
            Some(Err(error)) => Err(Closing::because_broken(&error)),
            Some(Ok(Message::Text(text))) => Ok(Some(self.work(text.into()))),
            Some(Ok(Message::Binary(bytes))) => Ok(Some(self.work(bytes))),
            Some(Ok(Message::Ping(_) | Message::Pong(_) | Message::Close(_))) => Ok(None),
        }
    }

    fn work(&self, body: Bytes) -> BoxFuture<'static, Reply> {
        let endpoint = Arc::clone(&self.endpoint);
        let subscriptions = Some(Arc::clone(&self.subscriptions));
        let mut session = Session { caller: self.caller, subscriptions, opened: Vec::new() };
        Box::pin(async move {
            let text = endpoint.answer(&body, &mut session).await;
            Reply { text, opened: session.opened }
        })
    }

    /// Sends an answer; what it subscribed to may begin from here on.
    async fn reply(&mut self, reply: Reply) -> Result<(), Closing> {
        self.is_alive = true;
        if let Some(text) = reply.text {
            self.send([as_text(text)]).await?;
        }
        for opened in reply.opened {
            self.subscriptions.start(opened, self.outlet.clone());
        }
        Ok(())
    }

    /// Sends a notification and those that wait behind it, in one go.
    async fn notify(&mut self, first: Notification, rest: &mut mpsc::Receiver<Notification>) -> Result<(), Closing> {
        let waiting: Vec<_> = std::iter::from_fn(|| rest.try_recv().ok()).take(NOTIFICATIONS_AT_ONCE).collect();
        let subscriptions = Arc::clone(&self.subscriptions);
        let wanted = [first].into_iter().chain(waiting).filter(|one| subscriptions.is_open(one.subscription));
        self.send(wanted.map(|one| Message::Text(one.text.into()))).await
    }

    async fn ping(&mut self) -> Result<(), Closing> {
        if !std::mem::take(&mut self.is_alive) {
            return Err(Closing::because(close_code::POLICY, "no answer to a ping"));
        }
        self.send([Message::Ping(Bytes::new())]).await
    }

    /// Sends, unless the client takes too long to read or a subscription complains of it.
    async fn send(&mut self, messages: impl IntoIterator<Item = Message>) -> Result<(), Closing> {
        let sent = timeout(self.endpoint.limits.request_timeout, send_all(&mut self.socket, messages));
        tokio::select! {
            biased;
            sent = sent => match sent {
                Ok(Ok(())) => Ok(()),
                Ok(Err(_)) => Err(Closing::Gone),
                Err(_) => Err(Closing::because_slow("answers are not read".to_owned())),
            },
            Some(complaint) = self.complaints.recv() => Err(Closing::because_slow(complaint)),
        }
    }

    /// Tells the client why, and hears it out for a moment: a socket closed with unread bytes would lose the reason.
    async fn close(self, closing: Closing) {
        let Self { mut socket, endpoint, subscriptions, .. } = self;
        drop(subscriptions);
        let Closing::Because { code, reason } = closing else { return };
        if code == SLOW {
            endpoint.metrics.slow_subscribers.add();
        }
        tracing::debug!(code, reason, "closing a WebSocket");
        let farewell = socket.send(Message::Close(Some(CloseFrame { code, reason: reason.into() })));
        if let Ok(Ok(())) = timeout(FAREWELL, farewell).await {
            let _ = timeout(LAST_WORDS, async { while let Some(Ok(_)) = socket.recv().await {} }).await;
        }
    }
}

impl Closing {
    fn because(code: u16, reason: impl Into<String>) -> Self {
        let mut reason = reason.into();
        reason.truncate(reason.floor_char_boundary(MAX_REASON_BYTES));
        Self::Because { code, reason }
    }

    fn because_slow(complaint: String) -> Self {
        Self::because(SLOW, complaint)
    }

    /// The client broke a rule of the protocol, or its socket broke; then nobody hears the reason.
    fn because_broken(error: &axum::Error) -> Self {
        let reason = error.to_string();
        let code = if reason.contains("too long") { close_code::SIZE } else { close_code::PROTOCOL };
        Self::because(code, reason)
    }
}

fn outlet(max_queued: usize, patience: Duration) -> (Outlet, mpsc::Receiver<Notification>, mpsc::Receiver<String>) {
    let (notifications, queue) = mpsc::channel(max_queued.max(1));
    let (complaint, complaints) = mpsc::channel(1);
    (Outlet { notifications, complaint, patience }, queue, complaints)
}

async fn send_all(socket: &mut WebSocket, messages: impl IntoIterator<Item = Message>) -> Result<(), axum::Error> {
    for message in messages {
        socket.feed(message).await?;
    }
    socket.flush().await
}

/// Answers are JSON, so they are text; if one were not, it would go out as bytes rather than end the connection.
fn as_text(answer: Vec<u8>) -> Message {
    let answer = Bytes::from(answer);
    Utf8Bytes::try_from(answer.clone()).map_or(Message::Binary(answer), Message::Text)
}

/// The close code of a client that does not keep up: policy violation.
const SLOW: u16 = close_code::POLICY;

/// RFC 6455 section 5.5: a control frame carries at most 125 bytes, two of them the code.
const MAX_REASON_BYTES: usize = 123;

const NOTIFICATIONS_AT_ONCE: usize = 64;

/// How long a client may take to read what was sent before the reason.
const FAREWELL: Duration = Duration::from_secs(5);

/// How long its answer to the reason is waited for.
const LAST_WORDS: Duration = Duration::from_secs(1);
