//! Pages of card payments as they change, as server-sent events: whenever something was decided, the node makes the piece of the page
//! again, and the browser puts it in place of the old one.
//!
//! What is counted is changes, and the count is the event's id. Changes that come while a piece is made, or just after, are answered by one.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use futures::{StreamExt, stream};
use tokio::{sync::watch, time::sleep};

use super::super::{Console, Opened, Problem, events};
use crate::pages::Piece;

/// A piece of a page.
pub(super) struct Drawn {
    pub(super) html: String,
    /// It will not change again.
    pub(super) is_last: bool,
}

/// Follows what the issuer does.
pub(super) fn of_issuer(
    console: &Console,
    seen: Option<u64>,
    draw: impl Fn(&Console) -> Result<Drawn, Problem> + Send + Sync + 'static,
) -> Opened {
    let Some(resident) = console.issuer.get() else { return console.nowhere() };
    let console = console.clone();
    follow(resident.service.changes(), seen, move || draw(&console))
}

/// One event now if the browser has not seen the newest count, then one for each change.
pub(super) fn follow(
    changes: watch::Receiver<u64>,
    seen: Option<u64>,
    draw: impl Fn() -> Result<Drawn, Problem> + Send + Sync + 'static,
) -> Opened {
    let following = Following { changes, seen, draw: Arc::new(draw), paused: Duration::ZERO, ended: Arc::default() };
    let pieces = stream::unfold(following, Following::next);
    Opened::Live(stream::iter([Piece::Now(events::OPENING)]).chain(pieces).boxed())
}

type Draw = Arc<dyn Fn() -> Result<Drawn, Problem> + Send + Sync>;

struct Following {
    changes: watch::Receiver<u64>,
    seen: Option<u64>,
    draw: Draw,
    /// How long is waited between a change and its piece.
    paused: Duration,
    /// The last piece was made.
    ended: Arc<AtomicBool>,
}

impl Following {
    /// Waits for a change; nothing if there will be none.
    async fn next(mut self) -> Option<(Piece, Self)> {
        if self.ended.load(Ordering::Acquire) {
            return None;
        }
        while Some(*self.changes.borrow_and_update()) == self.seen {
            self.changes.changed().await.ok()?;
        }
        sleep(std::mem::replace(&mut self.paused, PAUSE)).await;
        let count = *self.changes.borrow_and_update();
        self.seen = Some(count);
        let (draw, ended) = (Arc::clone(&self.draw), Arc::clone(&self.ended));
        let piece = Piece::Heavy(Box::new(move || {
            let drawn = draw();
            ended.store(drawn.as_ref().map_or(true, |drawn| drawn.is_last), Ordering::Release);
            drawn.map_or_else(events::problem, |drawn| events::piece(count, &drawn.html, drawn.is_last))
        }));
        Some((piece, self))
    }
}

/// An issuer may decide a thousand times a second: nobody can read that.
const PAUSE: Duration = Duration::from_millis(200);
