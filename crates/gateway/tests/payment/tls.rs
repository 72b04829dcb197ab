//! Who may come in, and as whom.

use std::sync::Arc;

use gateway::payment::{Acquirer, Door, DoorLimits, Lock, iso, tls};
use rcgen::ExtendedKeyUsagePurpose::{ClientAuth, ServerAuth};
use tokio::{net::TcpStream, sync::Semaphore};
use tokio_rustls::{TlsConnector, client::TlsStream, rustls::ClientConfig};

use crate::{
    authority::Authority,
    echo::{Echo, Line, any_port, within},
};

async fn locked(authority: &Authority) -> Door {
    let limits = DoorLimits::default();
    let at_work = Arc::new(Semaphore::new(limits.max_at_work));
    let lock = Lock::Mutual(authority.server(), authority.certified());
    iso::open(any_port(), lock, limits, Echo::new(), at_work).await.expect("a free port")
}

pub(crate) async fn connect(door: &Door, config: Arc<ClientConfig>) -> Option<Line<TlsStream<TcpStream>>> {
    let stream = TcpStream::connect(door.address()).await.expect("the door is there");
    let name = "localhost".try_into().expect("a name");
    within(TlsConnector::from(config).connect(name, stream)).await.ok().map(Line)
}

/// What the door says to a client; `None` if it does not let it in. In TLS 1.3 a client learns that only when it reads.
async fn said(door: &Door, config: Arc<ClientConfig>) -> Option<String> {
    let mut line = connect(door, config).await?;
    let _sent = tokio::io::AsyncWriteExt::write_all(&mut line.0, b"\x00\x02hi").await;
    line.next().await
}

#[tokio::test]
async fn a_caller_is_whom_its_certificate_names() {
    let authority = Authority::new();
    let door = locked(&authority).await;
    assert_eq!(said(&door, authority.acquirer("123456")).await.unwrap(), "acquirer 123456: hi");
    assert_eq!(said(&door, authority.acquirer("00000000007")).await.unwrap(), "acquirer 7: hi");
}

#[tokio::test]
async fn an_acquirer_that_is_removed_is_cut_off_and_stays_outside() {
    let authority = Authority::new();
    let door = locked(&authority).await;
    let (own, other) = (authority.acquirer("7"), authority.acquirer("8"));
    let mut line = connect(&door, own.clone()).await.unwrap();
    line.send(b"hi").await;
    assert_eq!(line.next().await.unwrap(), "acquirer 7: hi");
    assert_eq!(authority.certified().remove(&"7".parse().unwrap()).unwrap(), 1);
    assert_eq!(line.next().await, None, "its open connection");
    assert_eq!(said(&door, own).await, None);
    assert_eq!(said(&door, other).await.unwrap(), "acquirer 8: hi");
    let anew = authority.acquirer("7");
    assert_eq!(said(&door, anew).await.unwrap(), "acquirer 7: hi", "a new certificate is let in");
    let let_in: Vec<_> = authority.certified().acquirers().unwrap();
    assert_eq!(let_in, ["7", "8"].map(|number| number.parse::<Acquirer>().unwrap()));
}

#[tokio::test]
async fn who_is_not_certified_as_an_acquirer_stays_outside() {
    let (authority, stranger) = (Authority::new(), Authority::new());
    let door = locked(&authority).await;
    assert_eq!(said(&door, authority.acquirer("Bank")).await, None, "no number");
    assert_eq!(said(&door, authority.acquirer("123456789012")).await, None, "too long a number");
    assert_eq!(said(&door, authority.client_of(&authority, "123456", ServerAuth)).await, None, "a server");
    assert_eq!(said(&door, authority.client_of(&stranger, "123456", ClientAuth)).await, None, "another authority's");
}

#[tokio::test]
async fn who_shows_nothing_or_speaks_without_tls_stays_outside() {
    let authority = Authority::new();
    let door = locked(&authority).await;
    let mut plain = Line::to(&door).await;
    plain.bytes(b"\x00\x02hi").await;
    let mut rest = Vec::new();
    let _closed = within(tokio::io::AsyncReadExt::read_to_end(&mut plain.0, &mut rest)).await;
    assert!(!rest.ends_with(b"hi"), "nothing of it is echoed");
    assert_eq!(said(&door, authority.anonymous()).await, None);
}

#[tokio::test]
async fn a_client_does_not_speak_to_another_s_doors() {
    let (authority, stranger) = (Authority::new(), Authority::new());
    let door = locked(&stranger).await;
    assert!(connect(&door, authority.acquirer("123456")).await.is_none());
}

#[test]
fn a_key_is_not_shown() {
    let identity = Authority::new().identity();
    assert!(format!("{identity:?}").contains("***"));
    assert!(tls::Identity::from_pem(b"", b"").is_err());
}

#[test]
fn a_certificate_that_is_none_names_nobody() {
    let nothing = tokio_rustls::rustls::pki_types::CertificateDer::from(vec![0x30, 0x00]);
    assert!(tls::subject_of(&nothing).is_err());
    assert!("7".parse::<Acquirer>().is_ok());
}
