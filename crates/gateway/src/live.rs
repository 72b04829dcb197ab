//! Bodies of answers: whole ones, and live ones that are sent piece by piece. Made by `http`.
//!
//! ```text
//! Pages' stream -> pump -> a few pieces -> hyper -> socket        a comment now and then, so that a broken socket is noticed
//!                   ^ bounded pool, for pieces that must be made
//! ```
//! Nothing grows: a stream keeps its connection's place, a browser that does not take a piece in time is cut off, and the
//! stream ends when the server stops.

use std::{
    convert::Infallible,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

use bytes::Bytes;
use futures::{StreamExt, stream::BoxStream};
use http_body_util::Full;
use hyper::body::{Body, Frame, SizeHint};
use tokio::{
    sync::mpsc,
    time::{Instant, MissedTickBehavior, interval_at, timeout},
};

use crate::{
    pages::Piece,
    rpc::{Methods, endpoint::Endpoint},
    server::Guest,
};

/// What an answer carries.
pub(crate) enum AnswerBody {
    Whole(Full<Bytes>),
    Live(mpsc::Receiver<Bytes>),
}

impl Body for AnswerBody {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        match &mut *self {
            Self::Whole(body) => Pin::new(body).poll_frame(context),
            Self::Live(pieces) => pieces.poll_recv(context).map(|piece| piece.map(|piece| Ok(Frame::data(piece)))),
        }
    }

    fn is_end_stream(&self) -> bool {
        match self {
            Self::Whole(body) => body.is_end_stream(),
            Self::Live(_) => false,
        }
    }

    fn size_hint(&self) -> SizeHint {
        match self {
            Self::Whole(body) => body.size_hint(),
            Self::Live(_) => SizeHint::default(),
        }
    }
}

impl Default for AnswerBody {
    fn default() -> Self {
        Self::Whole(Full::default())
    }
}

/// A body that carries `pieces` for as long as the browser reads them and the server serves.
pub(crate) fn body<M: Methods>(
    pieces: BoxStream<'static, Piece>,
    endpoint: Arc<Endpoint<M>>,
    guest: &Guest,
) -> AnswerBody {
    let (outlet, inlet) = mpsc::channel(PIECES_AHEAD);
    let guest = guest.clone();
    tokio::spawn(async move {
        let activity = guest.activity();
        activity.during(pump(pieces, outlet, &endpoint, guest)).await;
    });
    AnswerBody::Live(inlet)
}

async fn pump<M: Methods>(
    mut pieces: BoxStream<'static, Piece>,
    outlet: mpsc::Sender<Bytes>,
    endpoint: &Endpoint<M>,
    mut guest: Guest,
) {
    let _open = endpoint.metrics.live_streams.hold();
    let limits = &endpoint.limits;
    let mut pulse = interval_at(Instant::now() + limits.ping_interval, limits.ping_interval);
    pulse.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        let piece = tokio::select! {
            biased;
            () = guest.stopping() => return,
            () = outlet.closed() => return,
            piece = pieces.next() => match piece {
                Some(piece) => piece,
                None => return,
            },
            _ = pulse.tick() => Piece::Now(PULSE),
        };
        let piece = tokio::select! {
            () = guest.stopping() => return,
            piece = made(piece, endpoint) => piece,
        };
        let Some(piece) = piece else { return };
        if outlet.send_timeout(piece, limits.slow_subscriber_timeout).await.is_err() {
            if !outlet.is_closed() {
                endpoint.metrics.slow_subscribers.add();
                guest.cut_off();
            }
            return;
        }
    }
}

/// `None` if the node is too busy: the browser comes back, and is told what it missed.
async fn made<M: Methods>(piece: Piece, endpoint: &Endpoint<M>) -> Option<Bytes> {
    match piece {
        Piece::Now(bytes) => Some(bytes),
        Piece::Heavy(make) => {
            timeout(endpoint.limits.request_timeout, endpoint.heavy.run(move || Ok(make()))).await.ok()?.ok()
        }
    }
}

/// A browser that reads has fewer than this waiting.
const PIECES_AHEAD: usize = 16;

/// A comment of the event stream: it says nothing.
const PULSE: Bytes = Bytes::from_static(b":\n\n");
