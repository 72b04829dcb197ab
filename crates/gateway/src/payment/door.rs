//! A listening socket of the issuer: connections up to a bound, the handshake, who calls, and a stop that ends. Both doors are
//! one, and differ in what they do with a connection (`iso`, `http`).
//!
//! Plain TCP is for development, and on loopback only: [`Lock::open`] refuses any other address.

use std::{future::Future, net::SocketAddr, path::PathBuf, sync::Arc, time::Duration};

use rustls::ServerConfig;
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::{TcpListener, TcpStream},
    sync::{OwnedSemaphorePermit, Semaphore, watch},
    task::JoinHandle,
    time::{sleep, timeout},
};
use tokio_rustls::{TlsAcceptor, server::TlsStream};

use super::{
    caller::Caller,
    certified::Certified,
    limits::DoorLimits,
    tls::{TlsError, subject_of},
};

/// How a door makes sure of its callers.
#[derive(Clone)]
pub enum Lock {
    /// Certificates of both sides; the caller's must be one that is let in.
    Mutual(Arc<ServerConfig>, Certified),
    /// None: only by [`Lock::open`].
    Open(OnlyLoopback),
}

/// Shows that an open lock was asked for by who may have one.
#[derive(Clone, Copy, Debug)]
pub struct OnlyLoopback(());

/// An open door. Dropping it closes everything at once; [`Door::stop`] is the polite way.
pub struct Door {
    address: SocketAddr,
    phase: watch::Sender<Phase>,
    places: Arc<Semaphore>,
    limits: DoorLimits,
    accepting: JoinHandle<()>,
}

/// Why a door does not open.
#[derive(Debug, thiserror::Error)]
pub enum DoorError {
    #[error("cannot listen on {address}: {source}")]
    Listen { address: SocketAddr, source: std::io::Error },
    #[error("{address} can be reached from elsewhere: without TLS a door opens on loopback only")]
    NotLoopback { address: SocketAddr },
}

impl Lock {
    /// No TLS, for development.
    pub const fn open(address: SocketAddr) -> Result<Self, DoorError> {
        match address.ip().is_loopback() {
            true => Ok(Self::Open(OnlyLoopback(()))),
            false => Err(DoorError::NotLoopback { address }),
        }
    }
}

impl Door {
    /// Listens on `address` (port 0: any free one); each connection is `serve`d until it ends.
    pub(crate) async fn start<F: Future<Output = ()> + Send + 'static>(
        address: SocketAddr,
        lock: Lock,
        limits: DoorLimits,
        serve: impl Fn(Box<dyn Wire>, Caller, Guest) -> F + Send + Sync + 'static,
    ) -> Result<Self, DoorError> {
        if let (Lock::Open(_), false) = (&lock, address.ip().is_loopback()) {
            return Err(DoorError::NotLoopback { address });
        }
        let listen = |source| DoorError::Listen { address, source };
        let listener = TcpListener::bind(address).await.map_err(listen)?;
        let bound = listener.local_addr().map_err(listen)?;
        let places = Arc::new(Semaphore::new(limits.max_connections));
        let (phase, watched) = watch::channel(Phase::Serving);
        let entry = Entry { lock, limits: limits.clone(), places: Arc::clone(&places), phase: watched };
        let accepting = tokio::spawn(entry.accept(listener, Arc::new(serve)));
        Ok(Self { address: bound, phase, places, limits, accepting })
    }

    /// Where it listens, with the port that was chosen.
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// Accepts nothing more, lets messages at work be answered for a bounded time, then cuts off the rest. Answers how many
    /// connections were cut off.
    pub async fn stop(mut self) -> usize {
        self.accepting.abort();
        let _aborted = (&mut self.accepting).await;
        self.phase.send_replace(Phase::Stopping);
        let all = u32::try_from(self.limits.max_connections).unwrap_or(u32::MAX);
        let all_left = timeout(self.limits.stop_timeout, self.places.acquire_many(all)).await.is_ok();
        let left = self.limits.max_connections.saturating_sub(self.places.available_permits());
        self.phase.send_replace(Phase::Ended);
        if all_left { 0 } else { left }
    }
}

impl Drop for Door {
    fn drop(&mut self) {
        self.accepting.abort();
        self.phase.send_replace(Phase::Ended);
    }
}

/// A connection's bytes, with TLS or without.
pub(crate) trait Wire: AsyncRead + AsyncWrite + Unpin + Send {}

impl<T: AsyncRead + AsyncWrite + Unpin + Send> Wire for T {}

/// A connection's place among the allowed ones, and the door's phase.
#[derive(Clone)]
pub(crate) struct Guest {
    _place: Arc<OwnedSemaphorePermit>,
    phase: watch::Receiver<Phase>,
}

impl Guest {
    /// Comes when no new message may begin.
    pub(crate) async fn stopping(&mut self) {
        let _gone = self.phase.wait_for(|phase| *phase >= Phase::Stopping).await;
    }

    /// Comes when what is not finished is cut off.
    async fn ended(&mut self) {
        let _gone = self.phase.wait_for(|phase| *phase == Phase::Ended).await;
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Phase {
    Serving,
    Stopping,
    Ended,
}

/// What stands between a socket and a conversation.
struct Entry {
    lock: Lock,
    limits: DoorLimits,
    places: Arc<Semaphore>,
    phase: watch::Receiver<Phase>,
}

impl Entry {
    async fn accept<F: Future<Output = ()> + Send + 'static>(
        self,
        listener: TcpListener,
        serve: Arc<impl Fn(Box<dyn Wire>, Caller, Guest) -> F + Send + Sync + 'static>,
    ) {
        loop {
            let Ok((stream, from)) = listener.accept().await else {
                sleep(ACCEPT_PAUSE).await;
                continue;
            };
            let Ok(place) = Arc::clone(&self.places).try_acquire_owned() else {
                tracing::warn!(%from, "too many connections: one was closed");
                continue;
            };
            let guest = Guest { _place: Arc::new(place), phase: self.phase.clone() };
            let (lock, limits, serve) = (self.lock.clone(), self.limits.clone(), Arc::clone(&serve));
            tokio::spawn(async move {
                let mut door = guest.clone();
                let conversation = async {
                    match greet(stream, lock, &limits).await {
                        Ok(Greeted { wire, caller, pass }) => tokio::select! {
                            () = serve(wire, caller.clone(), guest) => {}
                            () = pass.ends() => tracing::warn!(%caller, "its certificate was removed: a connection was cut off"),
                        },
                        Err(error) => tracing::info!(%from, %error, "a connection was refused"),
                    }
                };
                tokio::select! {
                    () = conversation => {}
                    () = door.ended() => {}
                }
            });
        }
    }
}

/// Why a connection is not served.
#[derive(Debug, thiserror::Error)]
enum Unwelcome {
    #[error("no handshake: {0}")]
    Handshake(#[from] std::io::Error),
    #[error("the handshake took too long")]
    TooSlow,
    #[error(transparent)]
    Certificate(#[from] TlsError),
    #[error("the certificate of acquirer {0} was removed, or never added")]
    Removed(super::Acquirer),
}

/// A caller who was let in.
struct Greeted {
    wire: Box<dyn Wire>,
    caller: Caller,
    pass: Pass,
}

/// What lets a caller stay: the file of its certificate. Nobody asks for one on an open line.
struct Pass(Option<PathBuf>);

impl Pass {
    fn is_good(&self) -> bool {
        self.0.as_ref().is_none_or(|file| file.exists())
    }

    /// Comes when the caller must go.
    async fn ends(&self) {
        while self.is_good() {
            sleep(PASS_LOOKED_AT).await;
        }
    }
}

async fn greet(stream: TcpStream, lock: Lock, limits: &DoorLimits) -> Result<Greeted, Unwelcome> {
    stream.set_nodelay(true)?;
    let (config, certified) = match lock {
        Lock::Open(_) => {
            return Ok(Greeted { wire: Box::new(stream), caller: Caller::Believed, pass: Pass(None) });
        }
        Lock::Mutual(config, certified) => (config, certified),
    };
    let handshake = TlsAcceptor::from(config).accept(stream);
    let stream = timeout(limits.handshake_timeout, handshake).await.map_err(|_| Unwelcome::TooSlow)??;
    let (acquirer, serial) = whose(&stream)?;
    let pass = Pass(Some(certified.file(&acquirer, &serial)));
    match pass.is_good() {
        true => Ok(Greeted { wire: Box::new(stream), caller: Caller::Proved(acquirer), pass }),
        false => Err(Unwelcome::Removed(acquirer)),
    }
}

fn whose(stream: &TlsStream<TcpStream>) -> Result<(super::Acquirer, String), TlsError> {
    let chain = stream.get_ref().1.peer_certificates();
    subject_of(chain.and_then(<[_]>::first).ok_or(TlsError::NamesNobody)?)
}

/// How often it is looked whether a caller's certificate is still let in.
const PASS_LOOKED_AT: Duration = Duration::from_secs(1);
/// How long accepting rests when the system is out of sockets.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);
