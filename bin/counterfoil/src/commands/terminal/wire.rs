//! The wire to the issuer: messages of ISO 8583 with two bytes of length in front, over TLS whose both ends have certificates, or plain to
//! this machine. One connection for each message; it blocks, and ends after the time-out whatever the other side does.

use std::{
    fmt,
    io::{ErrorKind, Read, Write},
    net::{SocketAddr, TcpStream, ToSocketAddrs},
    path::Path,
    sync::Arc,
    time::{Duration, Instant},
};

use eyre::{Context, OptionExt};
use gateway::payment::tls;
use payments::message::{Framing, framed, framing};
use rustls::{
    ClientConfig, ClientConnection, RootCertStore, StreamOwned,
    crypto::ring,
    pki_types::{CertificateDer, PrivateKeyDer, ServerName, pem::PemObject},
};

use super::{arguments::IssuerArguments, usage};

/// How the issuer is reached.
pub(crate) struct Wire {
    address: String,
    tls: Option<(ServerName<'static>, Arc<ClientConfig>)>,
    timeout: Duration,
}

/// Why there is no answer. Each leaves it open whether the message arrived.
#[derive(Debug, thiserror::Error)]
pub(crate) enum WireError {
    #[error("no address is known for {0}: {1}")]
    Name(String, std::io::Error),
    #[error("{0} is not on this machine: without TLS (--dev) no other is asked")]
    NotLoopback(SocketAddr),
    #[error("nobody answers at {0}: {1}")]
    NotReached(String, std::io::Error),
    #[error("TLS with {0}: {1}")]
    Tls(String, rustls::Error),
    #[error("the issuer did not answer within {0} s")]
    Late(u64),
    #[error("the connection to the issuer broke: {0}")]
    Broken(std::io::Error),
    #[error("the issuer closed the connection without an answer")]
    Closed,
    #[error("the issuer announces a message of {0} bytes, which is none")]
    TooLarge(usize),
    #[error("the message cannot be sent: {0}")]
    Unsendable(String),
}

/// Where bytes go.
enum Stream {
    Plain(Socket),
    Tls(Box<StreamOwned<ClientConnection, Socket>>),
}

/// A connection that ends at a time: however slowly the other side sends, no read or write lasts longer.
struct Socket {
    stream: TcpStream,
    deadline: Instant,
}

impl Wire {
    pub(super) fn of(arguments: &IssuerArguments) -> eyre::Result<Self> {
        let (host, port) = arguments.issuer.rsplit_once(':').ok_or_else(|| usage("--issuer is HOST:PORT"))?;
        port.parse::<u16>().map_err(|_| usage("--issuer is HOST:PORT"))?;
        let (address, timeout) = (arguments.issuer.clone(), Duration::from_secs(arguments.timeout_s));
        if arguments.dev {
            return Ok(Self::plain(address, timeout));
        }
        let IssuerArguments { tls_ca: Some(authority), tls_cert: Some(certificate), tls_key: Some(key), .. } =
            arguments
        else {
            return Err(usage("give --tls-ca, --tls-cert and --tls-key, or --dev for an issuer on this machine"));
        };
        let host = host.trim_start_matches('[').trim_end_matches(']').to_owned();
        let name = ServerName::try_from(host).map_err(|_| usage("--issuer names no host"))?;
        Ok(Self { address, tls: Some((name, Arc::new(settings(authority, certificate, key)?))), timeout })
    }

    /// Without TLS, to an issuer on this machine: HOST:PORT.
    pub(crate) const fn plain(address: String, timeout: Duration) -> Self {
        Self { address, tls: None, timeout }
    }

    /// Sends a message and waits for one.
    pub(crate) fn ask(&self, message: &[u8]) -> Result<Vec<u8>, WireError> {
        let deadline = Instant::now() + self.timeout;
        let frame = framed(message).map_err(|error| WireError::Unsendable(error.to_string()))?;
        let mut stream = self.connect(deadline)?;
        stream.write_all(&frame).and_then(|()| stream.flush()).map_err(|error| self.broken(error))?;
        self.receive(&mut stream)
    }

    fn connect(&self, deadline: Instant) -> Result<Stream, WireError> {
        let addresses = self.address.to_socket_addrs();
        let addresses = addresses.map_err(|error| WireError::Name(self.address.clone(), error))?;
        let mut last = std::io::Error::from(ErrorKind::NotFound);
        for address in addresses {
            if self.tls.is_none() && !address.ip().is_loopback() {
                return Err(WireError::NotLoopback(address));
            }
            let left = time_left(deadline).map_err(|error| self.broken(error))?;
            match TcpStream::connect_timeout(&address, left) {
                Ok(stream) => return self.secured(Socket { stream, deadline }),
                Err(error) => last = error,
            }
        }
        Err(WireError::NotReached(self.address.clone(), last))
    }

    /// The handshake is made with the first bytes that are sent.
    fn secured(&self, socket: Socket) -> Result<Stream, WireError> {
        // One short message and its answer: waiting to fill a segment only costs time.
        socket.stream.set_nodelay(true).map_err(WireError::Broken)?;
        let Some((name, settings)) = &self.tls else { return Ok(Stream::Plain(socket)) };
        let connection = ClientConnection::new(settings.clone(), name.clone());
        let connection = connection.map_err(|error| WireError::Tls(self.address.clone(), error))?;
        Ok(Stream::Tls(Box::new(StreamOwned::new(connection, socket))))
    }

    fn receive(&self, stream: &mut Stream) -> Result<Vec<u8>, WireError> {
        let (mut received, mut piece) = (Vec::new(), [0; PIECE_BYTES]);
        loop {
            match framing(&received) {
                Framing::Frame { message, .. } => return Ok(message.to_vec()),
                Framing::TooLarge { length } => return Err(WireError::TooLarge(length)),
                Framing::Incomplete { .. } => {}
            }
            match stream.read(&mut piece) {
                Ok(0) => return Err(WireError::Closed),
                Ok(count) => received.extend_from_slice(piece.get(..count).unwrap_or_default()),
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(self.broken(error)),
            }
        }
    }

    fn broken(&self, error: std::io::Error) -> WireError {
        let refused = error.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>());
        match (error.kind(), refused) {
            (ErrorKind::WouldBlock | ErrorKind::TimedOut, _) => self.late(),
            (_, Some(refused)) => WireError::Tls(self.address.clone(), refused.clone()),
            _ => WireError::Broken(error),
        }
    }

    const fn late(&self) -> WireError {
        WireError::Late(self.timeout.as_secs())
    }
}

impl Read for Stream {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        match self {
            Self::Plain(socket) => socket.read(buffer),
            Self::Tls(stream) => stream.read(buffer),
        }
    }
}

impl Write for Stream {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        match self {
            Self::Plain(socket) => socket.write(bytes),
            Self::Tls(stream) => stream.write(bytes),
        }
    }

    fn flush(&mut self) -> std::io::Result<()> {
        match self {
            Self::Plain(socket) => socket.flush(),
            Self::Tls(stream) => stream.flush(),
        }
    }
}

impl Read for Socket {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        self.stream.set_read_timeout(Some(time_left(self.deadline)?))?;
        self.stream.read(buffer)
    }
}

impl Write for Socket {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.stream.set_write_timeout(Some(time_left(self.deadline)?))?;
        self.stream.write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        self.stream.flush()
    }
}

fn time_left(deadline: Instant) -> std::io::Result<Duration> {
    let left = deadline.saturating_duration_since(Instant::now());
    if left.is_zero() { Err(ErrorKind::TimedOut.into()) } else { Ok(left) }
}

impl fmt::Debug for Wire {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Wire").field("address", &self.address).field("tls", &self.tls.is_some()).finish()
    }
}

/// The issuer proves who it is, and so does the acquirer.
fn settings(authority: &Path, certificate: &Path, key: &Path) -> eyre::Result<ClientConfig> {
    let mut authorities = RootCertStore::empty();
    for one in certificates(authority)? {
        authorities.add(one).wrap_err_with(|| authority.display().to_string())?;
    }
    let key = PrivateKeyDer::from_pem_file(key).wrap_err_with(|| format!("{} holds no key in PEM", key.display()))?;
    ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .wrap_err("TLS")?
        .with_root_certificates(authorities)
        .with_client_auth_cert(certificates(certificate)?, key)
        .wrap_err_with(|| format!("{} and its key do not belong together", certificate.display()))
}

/// Whom the acquirer's certificate names, as the issuer's door reads it.
pub(super) fn acquirer_of(file: &Path) -> eyre::Result<String> {
    let chain = certificates(file)?;
    let named = chain.first().map(tls::subject_of).ok_or_eyre("no certificate")?;
    let (acquirer, _) = named.map_err(|error| usage(format!("{}: {error}; or give --acquirer", file.display())))?;
    Ok(acquirer.to_string())
}

fn certificates(file: &Path) -> eyre::Result<Vec<CertificateDer<'static>>> {
    let shown = || format!("{} holds no certificates in PEM", file.display());
    let found = CertificateDer::pem_file_iter(file).wrap_err_with(shown)?.collect::<Result<Vec<_>, _>>();
    Some(found.wrap_err_with(shown)?).filter(|found| !found.is_empty()).ok_or_eyre(shown())
}

const PIECE_BYTES: usize = 4_096;
