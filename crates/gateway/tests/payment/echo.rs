//! A teller of the test, and a client that sends exactly what a test says.

use std::{
    net::{Ipv4Addr, SocketAddr},
    sync::{Arc, mpsc},
    time::Duration,
};

use gateway::payment::{Caller, Door, DoorLimits, Lock, Teller, iso, teller::JsonAnswer};
use parking_lot::Mutex;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    sync::Semaphore,
    time::timeout,
};

/// Answers with the caller and the message. Messages that begin with `wait` wait until the test lets one go; `none` is not answered.
pub(crate) struct Echo {
    arrived: Mutex<mpsc::Sender<()>>,
    pub(crate) arrivals: Mutex<mpsc::Receiver<()>>,
    pub(crate) gate: Mutex<mpsc::Sender<()>>,
    opened: Mutex<mpsc::Receiver<()>>,
}

impl Echo {
    pub(crate) fn new() -> Arc<Self> {
        let ((arrived, arrivals), (gate, opened)) = (mpsc::channel(), mpsc::channel());
        let [arrivals, opened] = [arrivals, opened].map(Mutex::new);
        let [arrived, gate] = [arrived, gate].map(Mutex::new);
        Arc::new(Self { arrived, arrivals, gate, opened })
    }

    /// Comes when one more message waits.
    pub(crate) async fn arrival(self: &Arc<Self>) {
        let echo = Arc::clone(self);
        tokio::task::spawn_blocking(move || echo.arrivals.lock().recv()).await.expect("no panic").expect("it waits");
    }

    pub(crate) fn let_one_go(&self) {
        self.gate.lock().send(()).expect("somebody may wait");
    }
}

impl Teller for Echo {
    fn answer_iso(&self, caller: &Caller, message: &[u8]) -> Option<Vec<u8>> {
        if message.starts_with(b"wait") {
            self.arrived.lock().send(()).ok()?;
            self.opened.lock().recv().ok()?;
        }
        (message != b"none").then(|| [format!("{caller}: ").as_bytes(), message].concat())
    }

    fn answer_json(&self, caller: &Caller, body: &[u8]) -> JsonAnswer {
        let text = String::from_utf8_lossy(body);
        JsonAnswer { status: 200, body: format!("{caller}: {text}").into() }
    }

    fn health(&self) -> JsonAnswer {
        JsonAnswer { status: 503, body: r#"{"status":"failing"}"#.into() }
    }
}

pub(crate) fn any_port() -> SocketAddr {
    (Ipv4Addr::LOCALHOST, 0).into()
}

pub(crate) async fn open(echo: &Arc<Echo>, limits: DoorLimits) -> Door {
    let lock = Lock::open(any_port()).expect("loopback");
    let at_work = Arc::new(Semaphore::new(limits.max_at_work));
    iso::open(any_port(), lock, limits, Arc::clone(echo), at_work).await.expect("a free port")
}

/// A connection that speaks in frames.
pub(crate) struct Line<S = TcpStream>(pub(crate) S);

impl Line {
    pub(crate) async fn to(door: &Door) -> Self {
        Self(TcpStream::connect(door.address()).await.expect("the door is open"))
    }
}

impl<S: AsyncReadExt + AsyncWriteExt + Unpin> Line<S> {
    pub(crate) async fn send(&mut self, message: &[u8]) {
        let length = u16::try_from(message.len()).expect("short").to_be_bytes();
        self.bytes(&[&length[..], message].concat()).await;
    }

    pub(crate) async fn bytes(&mut self, bytes: &[u8]) {
        self.0.write_all(bytes).await.expect("an open connection");
        self.0.flush().await.expect("an open connection");
    }

    /// The next message; `None` at the end of the connection.
    pub(crate) async fn next(&mut self) -> Option<String> {
        let length = within(self.0.read_u16()).await.ok()?;
        let mut message = vec![0; usize::from(length)];
        within(self.0.read_exact(&mut message)).await.ok()?;
        Some(String::from_utf8(message).expect("text"))
    }
}

/// A hanging door is a failed test, not a hanging one.
pub(crate) async fn within<T>(future: impl Future<Output = T>) -> T {
    timeout(Duration::from_secs(30), future).await.expect("an answer in reasonable time")
}
