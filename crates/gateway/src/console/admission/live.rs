//! Requests as they change, as server-sent events: whenever a block changes what a page shows of them, the node makes that piece of
//! the page again, and the browser puts it in place of the old one.
//!
//! ```text
//! heads -> is it about this? -> piece made on the bounded pool, of the newest head -> event `piece`, or `last` when it is decided
//! ```
//! Blocks that come while a piece is made are answered by one piece. The height is the event's id, so that a browser that lost its
//! stream is told what it missed.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use chain::{Chain, Executed};
use contracts::admission::ADDRESS;
use futures::{
    StreamExt,
    stream::{self, BoxStream},
};
use primitives::{B256, U256};
use tokio::sync::broadcast::Receiver;

use super::{Console, Problem, request, requests};
use crate::{console::events, pages::Piece};

/// What a page keeps up to date.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Watched {
    /// The newest requests.
    Requests,
    /// One request, until it is decided.
    Request(u64),
}

/// A piece of a page.
pub(super) struct Drawn {
    pub(super) html: String,
    /// The height that it shows.
    pub(super) head: u64,
    /// It will not change again.
    pub(super) is_last: bool,
}

/// One event now if the browser has not seen the newest head, then one for each change.
pub(super) fn follow(console: &Console, watched: Watched, seen: Option<u64>) -> BoxStream<'static, Piece> {
    // Subscribed before the head is read, so that no head falls between.
    let coming = console.chain.subscribe_heads();
    let is_behind = seen != Some(console.chain.head().number());
    let following = Following { console: console.clone(), watched, coming, is_behind, ended: Arc::default() };
    let pieces = stream::unfold(following, |mut following| async move {
        following.changed().await.then(|| (following.piece(), following))
    });
    stream::iter([Piece::Now(events::OPENING)]).chain(pieces).boxed()
}

struct Following {
    console: Console,
    watched: Watched,
    coming: Receiver<Arc<Executed>>,
    is_behind: bool,
    /// The last piece was made.
    ended: Arc<AtomicBool>,
}

impl Following {
    /// Waits for a change; false if there will be none, or if so many heads came that some were dropped: the browser comes back.
    async fn changed(&mut self) -> bool {
        if self.ended.load(Ordering::Acquire) {
            return false;
        }
        if std::mem::take(&mut self.is_behind) {
            return true;
        }
        loop {
            let Ok(executed) = self.coming.recv().await else { return false };
            if self.watched.is_touched_by(&self.console.chain, &executed) {
                return true;
            }
        }
    }

    fn piece(&mut self) -> Piece {
        let (console, watched, ended) = (self.console.clone(), self.watched, Arc::clone(&self.ended));
        // What is there already will be in this piece.
        let told = console.chain.head().number();
        self.coming = self.coming.resubscribe();
        self.is_behind = console.chain.head().number() != told;
        Piece::Heavy(Box::new(move || {
            let drawn = watched.draw(&console);
            let is_over = drawn.as_ref().map_or(true, |drawn| drawn.is_last);
            ended.store(is_over, Ordering::Release);
            drawn.map_or_else(events::problem, |drawn| events::piece(drawn.head, &drawn.html, drawn.is_last))
        }))
    }
}

impl Watched {
    /// Whether a block may change what is shown: a log of the room says so, or the end of an epoch, which closes what has lapsed.
    fn is_touched_by(self, chain: &Chain, executed: &Executed) -> bool {
        let ends_epoch = chain.rules().begins_epoch(executed.number().saturating_add(1));
        let mut logs = executed.receipts.iter().flat_map(|receipt| &receipt.logs).filter(|log| log.address == ADDRESS);
        ends_epoch
            || match self {
                Self::Requests => logs.next().is_some(),
                Self::Request(id) => {
                    let id = B256::from(U256::from(id));
                    logs.any(|log| log.topics().get(1) == Some(&id))
                }
            }
    }

    fn draw(self, console: &Console) -> Result<Drawn, Problem> {
        match self {
            Self::Requests => requests::drawn(console),
            Self::Request(id) => request::drawn(console, id),
        }
    }
}
