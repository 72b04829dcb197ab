//! `newHeads` over a WebSocket that costs next to nothing: a client of RFC 6455 for one subscription.
//!
//! Called by `watch.rs`. Absent on purpose: compression, fragmented messages, messages of more than a MiB.

use std::io::{ErrorKind, Read, Write};
use std::net::{Ipv4Addr, TcpStream};
use std::time::Duration;

use eyre::{OptionExt, Result, bail, ensure};
use serde_json::Value;

/// A subscription to the heads of one node.
pub(super) struct Heads {
    stream: TcpStream,
    received: Vec<u8>,
}

impl Heads {
    /// Subscribes; every head from now on is told.
    pub(super) fn open(port: u16) -> Result<Self> {
        let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port))?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        write!(
            stream,
            "GET / HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
             Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
        )?;
        let mut heads = Self { stream, received: Vec::new() };
        heads.read_upgrade()?;
        heads.send(TEXT, br#"{"jsonrpc":"2.0","id":1,"method":"eth_subscribe","params":["newHeads"]}"#)?;
        let answer = heads.message()?.ok_or_eyre("the node did not answer eth_subscribe")?;
        ensure!(answer["result"].is_string(), "eth_subscribe: {answer}");
        heads.stream.set_read_timeout(Some(POLL))?;
        Ok(heads)
    }

    /// The height of the next head; `None` if there was none for a while.
    pub(super) fn next(&mut self) -> Result<Option<u64>> {
        let Some(message) = self.message()? else { return Ok(None) };
        let number = message["params"]["result"]["number"].as_str().and_then(|text| text.strip_prefix("0x"));
        Ok(Some(u64::from_str_radix(number.ok_or_eyre("a head without a number")?, 16)?))
    }

    fn read_upgrade(&mut self) -> Result<()> {
        loop {
            if let Some(end) = self.received.windows(4).position(|window| window == b"\r\n\r\n") {
                ensure!(self.received.starts_with(b"HTTP/1.1 101"), "the node opened no WebSocket");
                self.received.drain(..end + 4);
                return Ok(());
            }
            ensure!(self.received.len() < MAX_MESSAGE_BYTES && self.read_more()?, "the node opened no WebSocket");
        }
    }

    /// The next text message; pings are answered on the way.
    fn message(&mut self) -> Result<Option<Value>> {
        loop {
            match frame(&self.received)? {
                Some(Frame { opcode: TEXT, payload, end }) => {
                    let message = serde_json::from_slice(&self.received[payload..end]);
                    self.received.drain(..end);
                    return Ok(Some(message?));
                }
                Some(Frame { opcode, payload, end }) => {
                    let payload = self.received.drain(..end).skip(payload).collect::<Vec<_>>();
                    match opcode {
                        PING => self.send(PONG, &payload)?,
                        PONG => (),
                        _ => bail!("the node closed the WebSocket"),
                    }
                }
                None if !self.read_more()? => return Ok(None),
                None => (),
            }
        }
    }

    /// False if nothing came in time.
    fn read_more(&mut self) -> Result<bool> {
        let mut chunk = [0; 16 * 1024];
        match self.stream.read(&mut chunk) {
            Ok(0) => bail!("the node closed the WebSocket"),
            Ok(length) => self.received.extend_from_slice(&chunk[..length]),
            Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => return Ok(false),
            Err(error) => return Err(error.into()),
        }
        Ok(true)
    }

    /// A client's frames are masked; a mask of zeros changes nothing.
    fn send(&mut self, opcode: u8, payload: &[u8]) -> Result<()> {
        let length = u8::try_from(payload.len()).ok().filter(|length| *length < 126).ok_or_eyre("a long frame")?;
        let head = [0x80 | opcode, 0x80 | length, 0, 0, 0, 0];
        Ok(self.stream.write_all(&[&head, payload].concat())?)
    }
}

/// Where a frame's payload begins and ends.
#[derive(Debug, PartialEq)]
struct Frame {
    opcode: u8,
    payload: usize,
    end: usize,
}

/// The first frame of the received bytes; `None` means that more are needed.
fn frame(received: &[u8]) -> Result<Option<Frame>> {
    let [first, second, ..] = *received else { return Ok(None) };
    ensure!(first & 0x80 != 0 && second & 0x80 == 0, "the node sent a frame that this client does not read");
    let (payload, length) = match second {
        126 => (4, received.get(2..4).map(|bytes| u64::from(u16::from_be_bytes([bytes[0], bytes[1]])))),
        127 => (10, received.get(2..10).map(|bytes| u64::from_be_bytes(bytes.try_into().expect("eight bytes")))),
        short => (2, Some(u64::from(short))),
    };
    let Some(length) = length else { return Ok(None) };
    let length = usize::try_from(length)?;
    ensure!(length <= MAX_MESSAGE_BYTES, "a message of {length} bytes");
    let end = payload + length;
    Ok((received.len() >= end).then_some(Frame { opcode: first & 0x0f, payload, end }))
}

const TEXT: u8 = 1;
const PING: u8 = 9;
const PONG: u8 = 10;
const MAX_MESSAGE_BYTES: usize = 1 << 20;
/// For the answers to the upgrade and to the subscription.
const PATIENCE: Duration = Duration::from_secs(30);
/// Between two looks at whether anybody still wants heads.
const POLL: Duration = Duration::from_millis(50);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_frame_is_complete_with_its_last_byte_and_not_before() -> Result<()> {
        let long = [&[0x81, 126, 1, 0][..], &[b'x'; 256]].concat();
        for (bytes, expected) in [
            (&[0x81, 2, b'{', b'}'][..], Frame { opcode: TEXT, payload: 2, end: 4 }),
            (&[0x89, 0][..], Frame { opcode: PING, payload: 2, end: 2 }),
            (&long[..], Frame { opcode: TEXT, payload: 4, end: 260 }),
        ] {
            for end in 0..bytes.len() {
                assert_eq!(frame(&bytes[..end])?, None, "{end} bytes");
            }
            assert_eq!(frame(bytes)?, Some(expected));
        }
        Ok(())
    }

    #[test]
    fn a_frame_that_is_masked_in_parts_or_too_long_is_an_error() {
        for bytes in [&[0x01, 0][..], &[0x81, 0x80, 0, 0, 0, 0], &[0x81, 127, 0, 0, 0, 1, 0, 0, 0, 0]] {
            assert!(frame(bytes).is_err(), "{bytes:?}");
        }
    }
}
