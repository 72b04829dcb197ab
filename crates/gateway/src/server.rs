//! The listening socket: accepts connections up to a bound, serves each with `http`, and stops gracefully. Started by the
//! binary.
//!
//! hyper is driven directly, because a bound on connections, idle ones included, and a stop that ends after a time are not to be
//! had from `axum::serve`. Speed does not decide it: figures in `benches/doors.rs`.

use std::{
    future::Future,
    io::{ErrorKind, Write},
    net::SocketAddr,
    pin::pin,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    time::Duration,
};

use hyper::{server::conn::http1, service::service_fn};
use hyper_util::rt::TokioIo;
use tokio::{
    net::{TcpListener, TcpStream},
    sync::{Notify, OwnedSemaphorePermit, Semaphore, watch},
    task::JoinHandle,
    time::{Instant, interval_at, sleep, timeout},
};

use crate::{
    health::Health,
    http::Doors,
    limits::Limits,
    metrics::MetricsText,
    origin::Access,
    pages::Pages,
    rpc::{Methods, endpoint::Endpoint},
};

/// What the doors open to.
pub struct Rooms<M> {
    pub methods: Arc<M>,
    /// What browsers visit; without it the doors are for programs only.
    pub pages: Option<Arc<dyn Pages>>,
    /// Asked by `GET /health`.
    pub health: Box<dyn Fn() -> Health + Send + Sync>,
    /// Adds the other rooms' figures to `GET /metrics`.
    pub metrics: Box<dyn Fn(&mut MetricsText) + Send + Sync>,
}

/// A listening server. Dropping it closes everything at once; [`Server::stop`] is the polite way.
pub struct Server {
    address: SocketAddr,
    phase: watch::Sender<Phase>,
    places: Arc<Semaphore>,
    limits: Limits,
    accepting: JoinHandle<()>,
}

/// Why the server cannot listen.
#[derive(Debug, thiserror::Error)]
pub enum ServerError {
    #[error("{address} is in use by another program: stop it or choose another address")]
    AddressInUse { address: SocketAddr },
    #[error("cannot listen on {address}: {source}")]
    Listen { address: SocketAddr, source: std::io::Error },
}

/// How a stop went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stopped {
    /// Connections that were cut off because they had not finished in time.
    pub cut_off: usize,
}

impl Server {
    /// Listens on `address` (port 0: any free one) and serves until stopped.
    pub async fn start<M: Methods>(
        address: SocketAddr,
        access: Access,
        limits: Limits,
        rooms: Rooms<M>,
    ) -> Result<Self, ServerError> {
        let listener = listen(address).await?;
        let address = listener.local_addr().map_err(|source| ServerError::Listen { address, source })?;
        let doors = Doors {
            endpoint: Arc::new(Endpoint::new(rooms.methods, limits.clone())),
            access: access.listening_on(address),
            pages: rooms.pages,
            health: rooms.health,
            metrics: rooms.metrics,
        };
        let places = Arc::new(Semaphore::new(limits.max_connections as usize));
        let (phase, watched) = watch::channel(Phase::Serving);
        let accepting = tokio::spawn(accept(listener, Arc::new(doors), Arc::clone(&places), watched));
        Ok(Self { address, phase, places, limits, accepting })
    }

    /// Where it listens, with the port that was chosen.
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// Accepts nothing more, lets requests at work finish for a bounded time, then cuts off the rest.
    pub async fn stop(mut self) -> Stopped {
        self.accepting.abort();
        let _ = (&mut self.accepting).await;
        self.phase.send_replace(Phase::Stopping);
        let all_places = self.places.acquire_many(self.limits.max_connections);
        let _ = timeout(self.limits.stop_timeout, all_places).await;
        self.phase.send_replace(Phase::Ended);
        Stopped { cut_off: (self.limits.max_connections as usize).saturating_sub(self.places.available_permits()) }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.accepting.abort();
        self.phase.send_replace(Phase::Ended);
    }
}

/// How far the server is in its life.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Phase {
    Serving,
    Stopping,
    Ended,
}

/// One connection: its place among the allowed ones, given back when the last clone is dropped, the server's phase, and what
/// the connection does.
#[derive(Clone)]
pub(crate) struct Guest {
    _place: Arc<OwnedSemaphorePermit>,
    phase: watch::Receiver<Phase>,
    activity: Arc<Activity>,
}

impl Guest {
    /// Whether no new request may begin.
    pub(crate) fn is_stopping(&self) -> bool {
        *self.phase.borrow() >= Phase::Stopping
    }

    pub(crate) async fn stopping(&mut self) {
        let _ = self.phase.wait_for(|phase| *phase >= Phase::Stopping).await;
    }

    /// Comes when what is not finished is cut off.
    pub(crate) async fn ended(&mut self) {
        let _ = self.phase.wait_for(|phase| *phase == Phase::Ended).await;
    }

    /// What tells whether the connection idles.
    pub(crate) fn activity(&self) -> Arc<Activity> {
        Arc::clone(&self.activity)
    }

    /// Ends an HTTP connection whose client does not read.
    pub(crate) fn cut_off(&self) {
        self.activity.cut_off.notify_one();
    }
}

async fn listen(address: SocketAddr) -> Result<TcpListener, ServerError> {
    TcpListener::bind(address).await.map_err(|source| match source.kind() {
        ErrorKind::AddrInUse => ServerError::AddressInUse { address },
        _ => ServerError::Listen { address, source },
    })
}

async fn accept<M: Methods>(
    listener: TcpListener,
    doors: Arc<Doors<M>>,
    places: Arc<Semaphore>,
    phase: watch::Receiver<Phase>,
) {
    loop {
        let stream = match listener.accept().await {
            Ok((stream, _)) => stream,
            Err(error) => {
                tracing::warn!(%error, "cannot accept a connection");
                sleep(ACCEPT_PAUSE).await;
                continue;
            }
        };
        match Arc::clone(&places).try_acquire_owned() {
            Ok(place) => {
                let guest = Guest { _place: Arc::new(place), phase: phase.clone(), activity: Arc::default() };
                tokio::spawn(serve(stream, Arc::clone(&doors), guest));
            }
            Err(_) => turn_away(stream, &doors),
        }
    }
}

/// Tells one too many so. The socket is new and not blocking: its buffer takes the line, or nobody waits for it.
fn turn_away<M: Methods>(stream: TcpStream, doors: &Doors<M>) {
    doors.endpoint.metrics.refused_connections.add();
    let _ = stream.into_std().and_then(|mut stream| stream.write(FULL_HOUSE));
}

/// Serves one connection until it ends, idles too long or the server stops.
async fn serve<M: Methods>(stream: TcpStream, doors: Arc<Doors<M>>, guest: Guest) {
    let _ = stream.set_nodelay(true);
    let limits = &doors.endpoint.limits;
    let _open = doors.endpoint.metrics.connections.hold();
    let activity = guest.activity();
    let answer = service_fn(|request| activity.during(doors.answer(request, &guest)));
    let http = http1::Builder::new().header_read_timeout(None).serve_connection(TokioIo::new(stream), answer);
    let mut connection = pin!(http.with_upgrades());
    let mut phase = guest.phase.clone();
    let mut rounds = interval_at(Instant::now() + limits.idle_timeout, limits.idle_timeout);
    loop {
        tokio::select! {
            biased;
            _ = connection.as_mut() => return,
            () = activity.cut_off.notified() => return,
            _ = rounds.tick() => if activity.was_idle() { return },
            changed = phase.changed() => match changed {
                Ok(()) if *phase.borrow() == Phase::Stopping => connection.as_mut().graceful_shutdown(),
                _ => return,
            }
        }
    }
}

/// Tells an idle connection from a busy one, without a timer per request.
#[derive(Default)]
pub(crate) struct Activity {
    begun: AtomicU64,
    ended: AtomicU64,
    begun_last_round: AtomicU64,
    cut_off: Notify,
}

impl Activity {
    pub(crate) async fn during<T>(&self, request: impl Future<Output = T>) -> T {
        self.begun.fetch_add(1, Relaxed);
        let answer = request.await;
        self.ended.fetch_add(1, Relaxed);
        answer
    }

    /// Whether no request is at work and none came since the last time this was asked.
    fn was_idle(&self) -> bool {
        let begun = self.begun.load(Relaxed);
        self.begun_last_round.swap(begun, Relaxed) == begun && self.ended.load(Relaxed) == begun
    }
}

/// How long accepting rests when the system is out of sockets.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

const FULL_HOUSE: &[u8] = b"HTTP/1.1 503 Service Unavailable\r\ncontent-type: text/plain\r\ncontent-length: 27\r\n\
connection: close\r\n\r\ntoo many connections, later";
