//! Where a node is and which key it has, as its certificate says: a subject alternative name of type URI,
//!
//! ```text
//! counterfoil://NODEKEY@HOST:PORT
//! ```
//! with the ed25519 node key in 64 lower-case hex digits: what follows the scheme is how operators name a peer. Names of type
//! DNS or IP have no port, and a certificate with a P-256 key has no other place for the node key.
//! HOST is an IPv4 address, an IPv6 address in brackets, or a DNS name in lower case (RFC 1123), never with a wildcard.

use std::net::{Ipv4Addr, Ipv6Addr};

use alloy_primitives::{B256, hex};

/// The scheme with what separates it.
pub(super) const SCHEME: &str = "counterfoil://";
/// Longest DNS name (RFC 1035).
const NAME_BYTES_MOST: usize = 253;
/// Longest label of a DNS name.
const LABEL_BYTES_MOST: usize = 63;

/// A node's key and address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Peer {
    pub(super) node_key: B256,
    /// HOST:PORT.
    pub(super) address: String,
}

/// Reads a URI of this scheme.
pub(super) fn parse(uri: &str) -> Option<Peer> {
    let (key, address) = uri.strip_prefix(SCHEME)?.split_once('@')?;
    let node_key = parse_key(key)?;
    let (host, port) = address.rsplit_once(':')?;
    let sound = is_port(port) && is_host(host);
    sound.then(|| Peer { node_key, address: address.into() })
}

fn parse_key(digits: &str) -> Option<B256> {
    let lower = digits.len() == 64 && digits.bytes().all(|digit| matches!(digit, b'0'..=b'9' | b'a'..=b'f'));
    let bytes: [u8; 32] = lower.then(|| hex::decode(digits).ok()?.try_into().ok()).flatten()?;
    Some(bytes.into())
}

/// 1 to 65535, without a sign or leading zeros.
fn is_port(port: &str) -> bool {
    let plain = port.bytes().all(|digit| digit.is_ascii_digit()) && !port.starts_with('0');
    plain && port.parse::<u16>().is_ok()
}

fn is_host(host: &str) -> bool {
    if let Some(inside) = host.strip_prefix('[') {
        let address = inside.strip_suffix(']').and_then(|inside| inside.parse::<Ipv6Addr>().ok());
        return address.is_some() && !host.bytes().any(|byte| byte.is_ascii_uppercase());
    }
    host.parse::<Ipv4Addr>().is_ok() || is_name(host)
}

/// The last label is not a number, or the name could be taken for an address.
fn is_name(name: &str) -> bool {
    let last_is_number = name.rsplit('.').next().is_some_and(|label| label.bytes().all(|byte| byte.is_ascii_digit()));
    name.len() <= NAME_BYTES_MOST && !last_is_number && name.split('.').all(is_label)
}

fn is_label(label: &str) -> bool {
    let plain = label.bytes().all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-'));
    plain && (1..=LABEL_BYTES_MOST).contains(&label.len()) && !label.starts_with('-') && !label.ends_with('-')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_peer_is_a_key_a_host_and_a_port() {
        let key = "ab".repeat(32);
        let hosts =
            ["node-1.bank.example", "localhost", "127.0.0.1", "[::1]", "[fe80::1]", "xn--bcher-kva.example", "1a"];
        for host in hosts {
            let peer = parse(&format!("counterfoil://{key}@{host}:30303"));
            let expected = Peer { node_key: B256::repeat_byte(0xab), address: format!("{host}:30303") };
            assert_eq!(peer, Some(expected), "{host}");
        }
    }

    #[test]
    fn what_could_be_read_in_two_ways_is_none() {
        let key = "ab".repeat(32);
        let long = format!("{}.example", "a".repeat(64));
        let hosts = [
            "*.bank.example",
            "Node.example",
            "a_b",
            "-a",
            "a-",
            "a..b",
            ".a",
            "a.",
            "",
            "1.2.3",
            "127.1",
            "0x7f.1.1.1",
            "[::1",
            "::1",
            "[FE80::1]",
            "[fe80::1%eth0]",
            "bücher.example",
            "a@b",
            "a b",
            "a/b",
            "a?b",
            "a#b",
            long.as_str(),
        ];
        for host in hosts {
            assert_eq!(parse(&format!("counterfoil://{key}@{host}:30303")), None, "{host}");
        }
        for port in ["", "0", "00", "080", "65536", "-1", "+1", "1 ", "99999999999"] {
            assert_eq!(parse(&format!("counterfoil://{key}@localhost:{port}")), None, "{port}");
        }
        let upper = key.to_uppercase();
        let short = &key[2..];
        for uri in [
            format!("counterfoil://{upper}@localhost:1"),
            format!("counterfoil://{short}@localhost:1"),
            format!("counterfoil://0x{short}@localhost:1"),
            format!("counterfoil:{key}@localhost:1"),
            format!("Counterfoil://{key}@localhost:1"),
            format!("counterfoil://{key}@localhost"),
            "counterfoil://localhost:1".into(),
        ] {
            assert_eq!(parse(&uri), None, "{uri}");
        }
    }
}
