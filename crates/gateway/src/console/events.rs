//! Server-sent events: heads for the first page, and how pieces of other pages are sent. A browser that lost its stream says how far it had
//! come, and is told what it missed, as far as the first page shows it.

use std::sync::Arc;

use bytes::Bytes;
use chain::{Chain, Executed};
use futures::{
    StreamExt,
    stream::{self, BoxStream},
};
use tokio::sync::broadcast::Receiver;

use super::{Problem, home::LATEST, words::Moment};
use crate::pages::Piece;

/// One event for each head after the one that the browser has, then for each new one. Ends when the reader falls so far behind
/// that heads were dropped; the browser comes back by itself.
pub(super) fn heads(chain: &Chain, last_event_id: Option<&str>, after: Option<u64>) -> BoxStream<'static, Piece> {
    // Subscribed before the head is read, so that no head falls between.
    let coming = chain.subscribe_heads();
    let head = chain.head();
    let seen = last_event_id.and_then(|id| id.parse().ok()).or(after).unwrap_or_else(|| head.number());
    let newest = head.blocks().rev().take(LATEST.saturating_add(1)).filter(|executed| executed.number() > seen);
    let mut missed: Vec<_> = newest.map(|executed| event(executed)).collect();
    missed.reverse();
    let told = head.number();
    let new = following(coming).filter(move |executed| futures::future::ready(executed.number() > told));
    let events = stream::iter([OPENING].into_iter().chain(missed)).chain(new.map(|executed| event(&executed)));
    events.map(Piece::Now).boxed()
}

fn following(coming: Receiver<Arc<Executed>>) -> impl futures::Stream<Item = Arc<Executed>> + Send {
    stream::unfold(coming, |mut coming| async move { coming.recv().await.ok().map(|executed| (executed, coming)) })
}

fn event(executed: &Executed) -> Bytes {
    let (number, time) = (executed.number(), Moment::of(executed.block.time()));
    let data = serde_json::json!({
        "number": number,
        "hash": executed.hash(),
        "time": time.machine,
        "shownTime": time.shown,
        "transactions": executed.block.transactions().len(),
        "gasUsed": super::words::number(executed.block.header().gas_used),
    });
    format!("event: head\nid: {number}\ndata: {data}\n\n").into()
}

/// A piece of a page, which takes the place of the one before it. JSON has no line breaks of its own, whatever is in the texts.
pub(super) fn piece(id: u64, html: &str, is_last: bool) -> Bytes {
    let name = if is_last { "last" } else { "piece" };
    let data = serde_json::json!({ "html": html });
    format!("event: {name}\nid: {id}\ndata: {data}\n\n").into()
}

/// Why there is no piece: the page stays as it is.
pub(super) fn problem(problem: Problem) -> Bytes {
    let data = serde_json::json!({ "problem": problem.told().2 });
    format!("event: problem\ndata: {data}\n\n").into()
}

/// Sent at once, so that the browser knows that the stream is open; how long it waits before it comes back, in milliseconds.
pub(super) const OPENING: Bytes = Bytes::from_static(b"retry: 2000\n\n");
