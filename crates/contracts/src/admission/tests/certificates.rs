//! Certificates of `rcgen` and of OpenSSL, good and bad; every way in which one is refused; and damage of any kind.

use super::*;

macro_rules! openssl {
    ($name:literal) => {
        include_bytes!(concat!(env!("CARGO_MANIFEST_DIR"), "/../../testdata/certificates/", $name)).as_slice()
    };
}

fn flaw(der: &[u8]) -> Flaw {
    certificate::judge(der, NOW, &Policy::default()).err().unwrap_or(Flaw::None)
}

#[test]
fn certificates_of_openssl_are_read_as_openssl_reads_them() {
    let read = certificate::judge(openssl!("ed25519.der"), NOW, &Policy::default()).expect("good");
    let key = SigningKey::from(<[u8; 32]>::try_from(openssl!("ed25519.seed")).expect("32 bytes"));
    assert_eq!(read.node_key, B256::from(key.verification_key().to_bytes()));
    assert_eq!(read.address, "node.bank.example:30303");
    assert_eq!(read.subject, "CN=Node,O=Bank,C=NL");
    let print = "7da7162b45bdbc5fd2af4d6f8875f88f80c3485743ded0f6eb3d45580d22f631";
    assert_eq!(read.fingerprint, print.parse::<B256>().expect("openssl x509 -fingerprint -sha256"));
    // Nov 24 00:24:28 2026 GMT, Nov 23 00:24:28 2028 GMT.
    assert_eq!((read.not_before, read.not_after), (1_795_479_868, 1_858_551_868));
    assert_eq!(alloy_primitives::hex::encode(&read.serial), "7f03ec9a51f9532607c59bbed34c470ebedf14ea");
    let read = certificate::judge(openssl!("p256.der"), NOW, &Policy::default()).expect("good");
    assert_eq!(read.address, "[2001:db8::1]:30303");
    assert!(matches!(read.key, certificate::Key::P256(_)));
    assert_eq!(flaw(openssl!("plain.der")), Flaw::None);
}

#[test]
fn the_details_of_a_certificate_are_what_openssl_prints() {
    let read = details::read(openssl!("ed25519.der")).expect("good");
    assert_eq!((read.name.as_str(), read.issuer.as_str(), read.key_kind), ("Node", "CN=Node,O=Bank,C=NL", "ed25519"));
    assert_eq!((read.key.as_slice(), read.signature.len()), (read.certificate.node_key.as_slice(), 64));
    let uri =
        format!("counterfoil://{}@node.bank.example:30303", alloy_primitives::hex::encode(read.certificate.node_key));
    let names = read.extensions.iter().find(|extension| extension.oid == "2.5.29.17").expect("it has names");
    assert!(names.says.contains(&uri), "{names:?}");
    let read = details::read(openssl!("p256.der")).expect("good");
    assert_eq!((read.key_kind, read.key.len()), ("P-256", 65));
    assert_eq!(details::read(openssl!("wildcard.der")), Err(Flaw::Wildcard));
}

#[test]
fn details_say_every_extension_and_show_the_bytes_of_strange_ones() {
    let der = Node(1).certificate_with(|params| {
        params.distinguished_name.push(DnType::CommonName, "Node <1>");
        params.is_ca = rcgen::IsCa::ExplicitNoCa;
        params.key_usages = vec![rcgen::KeyUsagePurpose::DigitalSignature, rcgen::KeyUsagePurpose::KeyAgreement];
        params.extended_key_usages = vec![rcgen::ExtendedKeyUsagePurpose::ServerAuth];
        params.subject_alt_names.push(SanType::IpAddress([192, 0, 2, 1].into()));
        params.custom_extensions =
            vec![rcgen::CustomExtension::from_oid_content(&[1, 3, 6, 1, 4, 1, 99], vec![4, 1, 7])];
    });
    let read = details::read(&der).expect("good");
    assert_eq!((read.name.as_str(), details::name(&der)), ("Node <1>", Some("Node <1>".to_owned())));
    let says = |oid: &str| {
        let found = read.extensions.iter().find(|extension| extension.oid == oid);
        found.map(|extension| extension.says.join(", ")).unwrap_or_default()
    };
    assert_eq!(says("2.5.29.15"), "digitalSignature, keyAgreement");
    assert_eq!(says("2.5.29.37"), "serverAuth");
    assert_eq!(says("2.5.29.19"), "no authority");
    assert!(says("2.5.29.17").ends_with(", IP 192.0.2.1"), "{}", says("2.5.29.17"));
    assert_eq!(says("1.3.6.1.4.1.99"), "0x040107");
    assert_eq!(details::name(&Node(2).certificate()), Some("Bank 2".to_owned()), "its organization");
    assert_eq!(details::name(&[0x30, 0]), None);
}

#[test]
fn what_openssl_makes_and_no_node_may_have_is_refused() {
    let table = [
        ("authority", openssl!("authority.der"), Flaw::Authority),
        ("signs_certificates", openssl!("signs_certificates.der"), Flaw::WrongKeyUsage),
        ("wildcard", openssl!("wildcard.der"), Flaw::Wildcard),
        ("unknown_critical", openssl!("unknown_critical.der"), Flaw::UnknownExtension),
        ("other_node_key", openssl!("other_node_key.der"), Flaw::NodeKeyDiffers),
        ("no_peer", openssl!("no_peer.der"), Flaw::NoPeer),
        ("two_peers", openssl!("two_peers.der"), Flaw::NoPeer),
        ("rsa", openssl!("rsa.der"), Flaw::UnknownAlgorithm),
        ("p384", openssl!("p384.der"), Flaw::UnknownAlgorithm),
        ("sha512", openssl!("sha512.der"), Flaw::UnknownAlgorithm),
        ("version_1", openssl!("version_1.der"), Flaw::NotVersion3),
        ("far_away", openssl!("far_away.der"), Flaw::ValidTooLong),
        ("request", openssl!("request.der"), Flaw::Unreadable),
        ("issued", openssl!("issued.der"), Flaw::UnknownAlgorithm),
    ];
    for (name, der, expected) in table {
        assert_eq!(flaw(der), expected, "{name}");
    }
}

#[test]
fn certificates_of_rcgen_are_taken_and_their_flaws_found() {
    use rcgen::{
        BasicConstraints, CustomExtension, ExtendedKeyUsagePurpose as Purpose, IsCa, KeyUsagePurpose as Usage,
    };
    type Edit = fn(&mut CertificateParams);
    let table: &[(Flaw, Edit)] = &[
        (Flaw::None, |_| {}),
        (Flaw::None, |params| params.key_usages = vec![Usage::DigitalSignature]),
        (Flaw::None, |params| params.extended_key_usages = vec![Purpose::ServerAuth, Purpose::CodeSigning]),
        (Flaw::None, |params| params.subject_alt_names.push(SanType::IpAddress([127, 0, 0, 1].into()))),
        (Flaw::None, |params| params.subject_alt_names.push(uri("https://bank.example/"))),
        (Flaw::None, |params| {
            params.custom_extensions = vec![CustomExtension::from_oid_content(&[1, 2, 3], vec![5, 0])]
        }),
        (Flaw::Authority, |params| params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained)),
        (Flaw::Authority, |params| params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0))),
        (Flaw::WrongKeyUsage, |params| params.key_usages = vec![Usage::KeyAgreement]),
        (Flaw::WrongKeyUsage, |params| params.key_usages = vec![Usage::DigitalSignature, Usage::KeyCertSign]),
        (Flaw::WrongKeyUsage, |params| params.key_usages = vec![Usage::DigitalSignature, Usage::CrlSign]),
        (Flaw::WrongKeyUsage, |params| params.extended_key_usages = vec![Purpose::CodeSigning]),
        (Flaw::NoPeer, |params| params.subject_alt_names = vec![]),
        (Flaw::NoPeer, |params| {
            params.subject_alt_names = vec![SanType::DnsName("a.example".try_into().expect("ASCII"))]
        }),
        (Flaw::NoPeer, |params| params.subject_alt_names.push(params.subject_alt_names[0].clone())),
        (Flaw::InvalidPeer, |params| params.subject_alt_names = vec![uri("counterfoil://bank.example:30303")]),
        (Flaw::Wildcard, |params| params.subject_alt_names = vec![uri("counterfoil://00@*.bank.example:30303")]),
        (Flaw::NodeKeyDiffers, |params| params.subject_alt_names = vec![Node(8).peer_name()]),
        (Flaw::InvalidSerial, |params| params.serial_number = Some(0_u64.into())),
        (Flaw::InvalidSerial, |params| params.serial_number = Some(vec![1; 21].into())),
        (Flaw::InvalidValidity, |params| params.not_after = params.not_before),
        (Flaw::NotYetValid, |params| params.not_before = at!(NOW + 1)),
        (Flaw::None, |params| params.not_before = at!(NOW)),
        (Flaw::None, |params| params.not_after = at!(NOW)),
        (Flaw::Expired, |params| params.not_after = at!(NOW - 1)),
        (Flaw::None, |params| params.not_after = at!(NOW + 3 * YEAR)),
        (Flaw::ValidTooLong, |params| params.not_after = at!(NOW + 3 * YEAR + 1)),
        (Flaw::ValidTooLong, |params| params.not_after = rcgen::date_time_ymd(9999, 12, 31)),
        (Flaw::NotSelfIssued, |params| params.distinguished_name = rcgen::DistinguishedName::new()),
        (Flaw::TooLong, |params| params.distinguished_name.push(DnType::CommonName, "a".repeat(4000))),
    ];
    for (number, (expected, edit)) in table.iter().enumerate() {
        assert_eq!(flaw(&Node(9).certificate_with(edit)), *expected, "row {number}");
    }
    assert_eq!(flaw(&Node(9).p256_certificate()), Flaw::None);
}

#[test]
fn a_certificate_that_another_key_signed_is_refused() {
    /// Says it is node 9's key, and signs with another.
    struct Liar;
    impl PublicKeyData for Liar {
        fn der_bytes(&self) -> &[u8] {
            static KEY: std::sync::LazyLock<B256> = std::sync::LazyLock::new(|| Node(9).id());
            KEY.as_slice()
        }

        fn algorithm(&self) -> &'static SignatureAlgorithm {
            &rcgen::PKCS_ED25519
        }
    }
    impl rcgen::SigningKey for Liar {
        fn sign(&self, message: &[u8]) -> Result<Vec<u8>, rcgen::Error> {
            Ok(Node(8).sign(message).to_vec())
        }
    }
    assert_eq!(flaw(&made(Node(9).params(|_| {}), &Liar)), Flaw::InvalidSignature);
}

#[test]
fn a_key_that_anybody_can_sign_for_is_refused_in_both_places() {
    /// The neutral element, with the signature that is valid for every message.
    struct Weak([u8; 32]);
    impl PublicKeyData for Weak {
        fn der_bytes(&self) -> &[u8] {
            &self.0
        }

        fn algorithm(&self) -> &'static SignatureAlgorithm {
            &rcgen::PKCS_ED25519
        }
    }
    impl rcgen::SigningKey for Weak {
        fn sign(&self, _message: &[u8]) -> Result<Vec<u8>, rcgen::Error> {
            Ok([&self.0[..], &[0; 32]].concat())
        }
    }
    let mut neutral = [0; 32];
    neutral[0] = 1;
    let names = |params: &mut CertificateParams| {
        let key = alloy_primitives::hex::encode(neutral);
        params.subject_alt_names = vec![uri(&format!("counterfoil://{key}@bank.example:1"))];
    };
    assert_eq!(flaw(&made(Node(9).params(names), &Weak(neutral))), Flaw::WeakKey);
    assert_eq!(flaw(&made(Node(9).params(names), &Node(9).p256())), Flaw::WeakKey);
}

/// One element of DER: tag, length, content.
fn element(tag: u8, content: &[u8]) -> Vec<u8> {
    let [high, low] = u16::try_from(content.len()).expect("a certificate is short").to_be_bytes();
    let head = match (high, low) {
        (0, 0..=127) => vec![tag, low],
        (0, _) => vec![tag, 0x81, low],
        _ => vec![tag, 0x82, high, low],
    };
    [head, content.to_vec()].concat()
}

/// The content of the first element, and what follows it.
fn opened(der: &[u8]) -> (&[u8], &[u8]) {
    let (header, length) = match der[1] {
        0x82 => (4, usize::from(der[2]) << 8 | usize::from(der[3])),
        0x81 => (3, usize::from(der[2])),
        short => (2, usize::from(short)),
    };
    (&der[header..header + length], &der[header + length..])
}

/// A certificate whose signed part was edited and signed again by node 9.
fn resigned(edit: impl FnOnce(Vec<u8>) -> Vec<u8>) -> Vec<u8> {
    let der = Node(9).certificate();
    let (fields, _) = opened(opened(&der).0);
    let signed = element(0x30, &edit(fields.to_vec()));
    let algorithm = element(0x30, &element(6, &[0x2b, 0x65, 0x70]));
    let signature = element(3, &[&[0][..], &Node(9).sign(&signed)].concat());
    element(0x30, &[signed, algorithm, signature].concat())
}

fn replaced(fields: &[u8], from: &[u8], to: &[u8]) -> Vec<u8> {
    let position = fields.windows(from.len()).position(|window| window == from).expect("it is there");
    [&fields[..position], to, &fields[position + from.len()..]].concat()
}

#[test]
fn signing_again_alone_changes_nothing() {
    assert_eq!(resigned(|fields| fields), Node(9).certificate());
}

#[test]
fn older_versions_are_refused_also_with_extensions() {
    let version = [0xa0, 3, 2, 1, 2];
    let table: [(&[u8], Flaw); 4] = [
        (&[], Flaw::NotVersion3),
        (&[0xa0, 3, 2, 1, 1], Flaw::NotVersion3),
        // The default, spelt out.
        (&[0xa0, 3, 2, 1, 0], Flaw::NotCanonical),
        (&[0xa0, 3, 2, 1, 3], Flaw::Unreadable),
    ];
    for (other, expected) in table {
        assert_eq!(flaw(&resigned(|fields| replaced(&fields, &version, other))), expected, "{other:?}");
    }
}

#[test]
fn what_der_writes_in_one_way_is_refused_in_another() {
    // The year before 2050 as GeneralizedTime: 27010... is 2027.
    let utc = |fields: &[u8]| {
        let position = fields.windows(2).position(|window| window == [0x17, 13]).expect("notBefore");
        fields[position..position + 15].to_vec()
    };
    let general = |fields: Vec<u8>| {
        let time = utc(&fields);
        let longer = element(0x18, &[b"20", &time[2..]].concat());
        let fields = replaced(&fields, &time, &longer);
        // The validity around it is two bytes longer.
        replaced(&fields, &[0x30, 30, 0x18, 15], &[0x30, 32, 0x18, 15])
    };
    assert_eq!(flaw(&resigned(general)), Flaw::NotCanonical);
    // A length in the long form where the short one is enough, and a positive number with a zero too many.
    let serial = [2, 1, 1];
    for other in [&[2, 0x81, 1, 1][..], &[2, 2, 0, 1]] {
        let found = flaw(&resigned(|fields| replaced(&fields, &serial, other)));
        assert!(matches!(found, Flaw::Unreadable | Flaw::NotCanonical), "{other:?}: {found:?}");
    }
    let negative = resigned(|fields| replaced(&fields, &serial, &[2, 1, 0xff]));
    assert_eq!(flaw(&negative), Flaw::InvalidSerial);
    let der = Node(9).certificate();
    assert_ne!(flaw(&[&der[..], &[0]].concat()), Flaw::None, "nothing follows");
    assert_ne!(flaw(&[]), Flaw::None);
}

#[test]
fn constraints_that_spell_out_a_default_are_not_canonical() {
    use rcgen::CustomExtension;
    let constraints = |content: Vec<u8>| {
        let extension = CustomExtension::from_oid_content(&[2, 5, 29, 19], content);
        Node(9).certificate_with(|params| params.custom_extensions = vec![extension])
    };
    assert_eq!(flaw(&constraints(vec![0x30, 0])), Flaw::None);
    assert_eq!(flaw(&constraints(vec![0x30, 3, 1, 1, 0])), Flaw::NotCanonical);
    assert_eq!(flaw(&constraints(vec![0x30, 3, 1, 1, 0xff])), Flaw::Authority);
    assert_eq!(flaw(&constraints(vec![0x30, 3, 2, 1, 0])), Flaw::Authority, "a path length is an authority's");
    assert_eq!(flaw(&constraints(vec![5, 0])), Flaw::InvalidExtension);
    let twice = CustomExtension::from_oid_content(&[1, 2, 3], vec![5, 0]);
    let der = Node(9).certificate_with(|params| params.custom_extensions = vec![twice.clone(), twice]);
    assert_eq!(flaw(&der), Flaw::InvalidExtension);
}

#[test]
fn every_bit_of_a_certificate_counts_and_no_damage_ends_the_program() {
    for der in [Node(9).certificate(), Node(9).p256_certificate(), openssl!("ed25519.der").to_vec()] {
        assert_eq!(flaw(&der), Flaw::None);
        for position in 0..der.len() {
            for bit in 0..8 {
                let mut other = der.clone();
                other[position] ^= 1 << bit;
                assert_ne!(flaw(&other), Flaw::None, "byte {position}, bit {bit}");
            }
        }
        for end in 0..der.len() {
            assert_ne!(flaw(&der[..end]), Flaw::None, "cut at {end}");
            certificate::check_parsing(&der[end..]);
        }
    }
}

proptest::proptest! {
    #[test]
    fn any_damage_to_a_certificate_is_read_without_panic(
        changes in proptest::collection::vec((0_usize..600, proptest::num::u8::ANY, 0_u8..3), 0..8),
    ) {
        let mut der = Node(9).p256_certificate();
        for (position, byte, kind) in changes {
            let position = position % der.len().max(1);
            match kind {
                0 => der[position] = byte,
                1 => der.insert(position, byte),
                _ if der.len() > 1 => drop(der.remove(position)),
                _ => {}
            }
        }
        certificate::check_parsing(&der);
    }

    #[test]
    fn any_bytes_are_read_without_panic(bytes in proptest::collection::vec(proptest::num::u8::ANY, 0..300)) {
        certificate::check_parsing(&bytes);
    }
}

#[test]
fn the_fuzz_corpus_is_replayed() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../fuzz/corpus/certificate_parse");
    let mut replayed = 0;
    for file in std::fs::read_dir(folder).expect("the corpus is there") {
        certificate::check_parsing(&std::fs::read(file.expect("readable").path()).expect("readable"));
        replayed += 1;
    }
    assert!(replayed >= 20, "{replayed}");
}

#[test]
fn the_ledger_reads_a_certificate_as_everybody_does() {
    let mut world = World::new(4);
    for der in [Node(9).certificate(), Node(9).p256_certificate(), openssl!("ed25519.der").to_vec()] {
        let read = certificate::judge(&der, NOW, &Policy::default()).expect("good");
        let found = world.asks(&checkCertificateCall { certificate: der.into() });
        assert_eq!((found.fingerprint, found.nodeKey), (read.fingerprint, read.node_key));
        assert_eq!((found.nodeAddress, found.subject), (read.address, read.subject));
        assert_eq!((found.notBefore, found.notAfter), (read.not_before, read.not_after));
    }
    for (der, flaw) in [
        (openssl!("authority.der").to_vec(), Flaw::Authority),
        (openssl!("far_away.der").to_vec(), Flaw::ValidTooLong),
        (vec![0; 4097], Flaw::TooLong),
        (Vec::new(), Flaw::Unreadable),
    ] {
        world.refuses(Address::ZERO, &checkCertificateCall { certificate: der.into() }, &InvalidCertificate { flaw });
    }
}
