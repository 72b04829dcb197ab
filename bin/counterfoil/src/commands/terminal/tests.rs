//! The terminal's disk and wire: numbers are used once, what is owed stays until it is told, every way a connection can fail has a name.

mod shop;

use std::{
    io::{Read, Write},
    net::{SocketAddr, TcpListener},
    path::Path,
    sync::Arc,
    thread,
    time::Duration,
};

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair};
use rustls::{
    RootCertStore, ServerConfig, ServerConnection, StreamOwned,
    crypto::ring,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject},
    server::WebPkiClientVerifier,
};

use super::{
    Usage,
    arguments::IssuerArguments,
    pay::{acquirer, amount},
    state::State,
    wire::{Wire, WireError},
};

fn arguments(address: &SocketAddr) -> IssuerArguments {
    IssuerArguments {
        issuer: address.to_string(),
        tls_ca: None,
        tls_cert: None,
        tls_key: None,
        dev: true,
        timeout_s: 1,
        state: None,
        json: false,
    }
}

/// Asks somebody who does `serve` with the one connection that comes.
fn ask(serve: impl FnOnce(std::net::TcpStream) + Send + 'static) -> Result<Vec<u8>, WireError> {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let serving = thread::spawn(move || serve(listener.accept().unwrap().0));
    let answer = Wire::of(&arguments(&address)).unwrap().ask(b"0800");
    serving.join().unwrap();
    answer
}

fn read_message(stream: &mut impl Read) -> Vec<u8> {
    let mut length = [0; 2];
    stream.read_exact(&mut length).unwrap();
    let mut message = vec![0; u16::from_be_bytes(length).into()];
    stream.read_exact(&mut message).unwrap();
    message
}

#[test]
fn a_message_and_its_answer() {
    let answer = ask(|mut stream| {
        assert_eq!(read_message(&mut stream), b"0800");
        // In pieces, as networks do.
        for piece in [&[0_u8][..], &[4], b"08", b"10"] {
            stream.write_all(piece).unwrap();
        }
    });
    assert_eq!(answer.unwrap(), b"0810");
}

#[test]
fn connections_that_fail() {
    let closed = ask(|mut stream| drop(read_message(&mut stream)));
    assert!(matches!(closed, Err(WireError::Closed)), "{closed:?}");
    let half = ask(|mut stream| {
        read_message(&mut stream);
        stream.write_all(&[0, 4, b'0']).unwrap();
    });
    assert!(matches!(half, Err(WireError::Closed)), "{half:?}");
    let large = ask(|mut stream| {
        read_message(&mut stream);
        stream.write_all(&[0xFF, 0xFF]).unwrap();
    });
    assert!(matches!(large, Err(WireError::TooLarge(0xFFFF))), "{large:?}");
    let late = ask(|mut stream| {
        read_message(&mut stream);
        // Until the terminal gives up and closes.
        assert_eq!(stream.read(&mut [0]).unwrap(), 0);
    });
    assert!(matches!(late, Err(WireError::Late(1))), "{late:?}");
    let dripping = ask(|mut stream| {
        read_message(&mut stream);
        // An answer of 255 bytes, each in less than the time-out, until the terminal gives up and closes.
        let mut sent = stream.write_all(&[0, 255]);
        while sent.is_ok() {
            thread::sleep(Duration::from_millis(100));
            sent = stream.write_all(b"0");
        }
    });
    assert!(matches!(dripping, Err(WireError::Late(1))), "{dripping:?}");
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let nobody = listener.local_addr().unwrap();
    drop(listener);
    let refused = Wire::of(&arguments(&nobody)).unwrap().ask(b"0800");
    assert!(matches!(refused, Err(WireError::NotReached(..))), "{refused:?}");
}

#[test]
fn without_tls_only_this_machine_is_asked() {
    let elsewhere = "192.0.2.1:5000".parse().unwrap();
    let refused = Wire::of(&arguments(&elsewhere)).unwrap().ask(b"0800");
    assert!(matches!(refused, Err(WireError::NotLoopback(_))), "{refused:?}");
    let plain = IssuerArguments { dev: false, ..arguments(&elsewhere) };
    assert!(Wire::of(&plain).unwrap_err().to_string().contains("--tls-ca"));
    let unnamed = IssuerArguments { issuer: "localhost".into(), ..arguments(&elsewhere) };
    assert!(Wire::of(&unnamed).unwrap_err().to_string().contains("HOST:PORT"));
}

/// Certificates of an authority, an issuer and an acquirer, as files.
fn certificates(folder: &Path) -> Arc<ServerConfig> {
    let mut parameters = CertificateParams::new(Vec::new()).unwrap();
    parameters.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    parameters.distinguished_name.push(DnType::CommonName, "authority");
    let authority = CertifiedIssuer::self_signed(parameters, KeyPair::generate().unwrap()).unwrap();
    std::fs::write(folder.join("ca.pem"), authority.pem()).unwrap();
    for (name, common_name) in [("issuer", "issuer"), ("acquirer", "00000012345")] {
        let key = KeyPair::generate().unwrap();
        let mut parameters = CertificateParams::new(vec!["localhost".into()]).unwrap();
        parameters.distinguished_name.push(DnType::CommonName, common_name);
        let certificate = parameters.signed_by(&key, &authority).unwrap();
        std::fs::write(folder.join(format!("{name}.pem")), certificate.pem()).unwrap();
        std::fs::write(folder.join(format!("{name}.key")), key.serialize_pem()).unwrap();
    }
    let pem = |name: &str| CertificateDer::from_pem_file(folder.join(name)).unwrap();
    let mut roots = RootCertStore::empty();
    roots.add(pem("ca.pem")).unwrap();
    let provider = Arc::new(ring::default_provider());
    let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider.clone()).build().unwrap();
    let key = PrivateKeyDer::from_pem_file(folder.join("issuer.key")).unwrap();
    let config = ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
    Arc::new(config.with_client_cert_verifier(verifier).with_single_cert(vec![pem("issuer.pem")], key).unwrap())
}

#[test]
fn both_ends_prove_who_they_are() {
    let folder = tempfile::tempdir().unwrap();
    let server = certificates(folder.path());
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let serving = thread::spawn(move || {
        let socket = listener.accept().unwrap().0;
        let mut stream = StreamOwned::new(ServerConnection::new(server).unwrap(), socket);
        let message = read_message(&mut stream);
        stream.write_all(&[0, 4]).and_then(|()| stream.write_all(b"0810")).unwrap();
        stream.conn.send_close_notify();
        stream.flush().unwrap();
        (message, stream.conn.peer_certificates().map(<[_]>::len))
    });
    let file = |name: &str| Some(folder.path().join(name));
    let secured = IssuerArguments {
        issuer: format!("localhost:{port}"),
        dev: false,
        tls_ca: file("ca.pem"),
        tls_cert: file("acquirer.pem"),
        tls_key: file("acquirer.key"),
        timeout_s: 10,
        ..arguments(&([127, 0, 0, 1], port).into())
    };
    assert_eq!(Wire::of(&secured).unwrap().ask(b"0800").unwrap(), b"0810");
    assert_eq!(serving.join().unwrap(), (b"0800".to_vec(), Some(1)));
    let strange = IssuerArguments { tls_ca: file("acquirer.key"), ..secured };
    assert!(Wire::of(&strange).unwrap_err().to_string().contains("holds no certificates"));
}

#[test]
fn a_terminal_is_of_the_acquirer_that_its_certificate_names() {
    let folder = tempfile::tempdir().unwrap();
    let _doors = certificates(folder.path());
    let [own, issuers, key] = ["acquirer.pem", "issuer.pem", "acquirer.key"].map(|name| folder.path().join(name));
    assert_eq!(acquirer(None, Some(&own)).unwrap(), "12345");
    assert_eq!(acquirer(Some("678"), Some(&own)).unwrap(), "678", "what is typed comes first");
    let nobody = acquirer(None, Some(&issuers)).unwrap_err();
    assert!(nobody.is::<Usage>() && nobody.to_string().contains("--acquirer"), "{nobody}");
    assert!(acquirer(None, Some(&key)).unwrap_err().to_string().contains("holds no certificates"));
}

#[test]
fn numbers_are_used_once() {
    let folder = tempfile::tempdir().unwrap();
    let first = State::open(Some(folder.path())).unwrap().trace().unwrap();
    let second = State::open(Some(folder.path())).unwrap().trace().unwrap();
    assert_eq!((first.stan, first.reversal_stan, second.stan, second.reversal_stan), (1, 2, 3, 4));
    assert_eq!((first.rrn.len(), &first.rrn[..6], &first.rrn[6..]), (12, &second.rrn[..6], "000001"));
    std::fs::write(folder.path().join("counter.json"), r#"{"prefix":"123456","stan":999998}"#).unwrap();
    let last = State::open(Some(folder.path())).unwrap().trace().unwrap();
    assert_eq!((last.stan, last.reversal_stan, last.rrn.as_str()), (999_999, 1, "123456999999"));
}

#[test]
fn a_damaged_folder_says_which_file() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("counter.json"), "{").unwrap();
    let state = State::open(Some(folder.path())).unwrap();
    assert!(state.trace().unwrap_err().to_string().contains("counter.json"));
    assert!(state.record("../../etc/x").unwrap_err().to_string().contains("letters and digits"));
    assert!(state.record("000000000001").unwrap_err().to_string().contains("no payment 000000000001"));
    assert!(state.owed().unwrap().is_empty());
}

#[test]
fn amounts_as_people_write_them() {
    assert_eq!(amount("12.50", 2).unwrap(), 12_50);
    assert_eq!(amount("1250", 0).unwrap(), 1_250);
    assert!(amount("12.505", 2).is_err());
    assert!(amount("99999999999999999999", 2).is_err());
}
