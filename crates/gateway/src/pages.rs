//! The boundary between the doors and the pages that people read: `http` asks [`Pages`] for every path that is not its own,
//! and knows no page. One real implementor ([`crate::Console`]) and one of the tests.
//!
//! ```text
//! GET path -> Pages::open -> Opened::Now     written at once
//!                            Opened::Heavy   made on the bounded blocking pool: whatever may read the disk
//!                            Opened::File    the same, for programs: pages of every site may read it
//!                            Opened::Live    server-sent events (WHATWG HTML section 9.2), see live.rs
//! POST path -> Pages::takes -> largest body -> Pages::send -> Opened
//! ```

use axum::http::StatusCode;
use bytes::Bytes;
use futures::stream::BoxStream;

/// Everything that a browser can visit. Shared by all connections.
pub trait Pages: Send + Sync + 'static {
    /// What a path leads to. Runs on a runtime thread: whatever may read the disk belongs into [`Opened::Heavy`].
    fn open(&self, visit: &Visit<'_>) -> Opened;

    /// Bytes of the largest form that can be sent to a path; `None` where none can.
    fn takes(&self, path: &str) -> Option<usize>;

    /// What a form leads to. Asked only after [`Pages::takes`] said yes; runs on a runtime thread.
    fn send(&self, visit: &Visit<'_>, form: Form) -> Opened;
}

/// A form that a browser sent, as it came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Form {
    /// `Content-Type`; empty if it had none.
    pub kind: String,
    pub body: Bytes,
}

/// One request of a browser.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Visit<'a> {
    /// Begins with a slash; not decoded.
    pub path: &'a str,
    /// What follows the question mark; empty if nothing does.
    pub query: &'a str,
    /// How far an event source had come when it lost its stream (`Last-Event-ID`).
    pub last_event_id: Option<&'a str>,
}

/// How a visit is answered.
pub enum Opened {
    /// Here it is.
    Now(Page),
    /// This makes it: run on the bounded blocking pool.
    Heavy(Box<dyn FnOnce() -> Page + Send>),
    /// This makes a file for programs, in the same way. It is public: pages of every site may read it.
    File(Box<dyn FnOnce() -> Page + Send>),
    /// Pieces of an event stream, sent as they come.
    Live(BoxStream<'static, Piece>),
    /// There is no such page; this one says so, to browsers.
    Nowhere(Page),
}

/// A part of an event stream.
pub enum Piece {
    /// Here it is.
    Now(Bytes),
    /// This makes it: run on the bounded blocking pool, while nothing else is asked of the stream.
    Heavy(Box<dyn FnOnce() -> Bytes + Send>),
}

/// A page, a style sheet, a script, a picture.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page {
    pub status: StatusCode,
    /// `Content-Type`.
    pub kind: &'static str,
    /// `Cache-Control`.
    pub cache: &'static str,
    /// `Location`, of a redirection.
    pub location: Option<String>,
    pub body: Bytes,
}
