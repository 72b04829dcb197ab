//! A keep-alive HTTP/1.1 client that costs next to nothing: it shares two cores with the node it measures.
//!
//! Requests are whole byte strings made before the clock starts; one write and, as a rule, one read per exchange.
//! Called by `rpc.rs` (set-up, polls, checks) and `drive.rs` (the load). Framing follows RFC 9112: `Content-Length` or
//! `chunked`. Absent on purpose: TLS, redirects, pipelining, any host but loopback.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, TcpStream};
use std::ops::Range;
use std::time::Duration;

use eyre::{Context, OptionExt, Result, bail, ensure};

/// The bytes of one POST of a JSON body to the node on `port`.
pub(super) fn request(port: u16, body: &str) -> Vec<u8> {
    let length = body.len();
    format!(
        "POST / HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nContent-Type: application/json\r\nContent-Length: {length}\r\n\r\n{body}"
    )
    .into_bytes()
}

pub(super) struct Connection {
    stream: TcpStream,
    received: Vec<u8>,
    chunk: Box<[u8]>,
}

impl Connection {
    pub(super) fn open(port: u16) -> Result<Self> {
        let stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port))?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(ANSWER_TIMEOUT))?;
        Ok(Self { stream, received: Vec::with_capacity(READ_BYTES), chunk: vec![0; READ_BYTES].into_boxed_slice() })
    }

    /// Sends one request and returns the body of its answer.
    pub(super) fn exchange(&mut self, request: &[u8]) -> Result<&[u8]> {
        self.stream.write_all(request).wrap_err("the node closed the connection")?;
        self.received.clear();
        let response = loop {
            let length = self.stream.read(&mut self.chunk).wrap_err("the node did not answer")?;
            ensure!(length > 0, "the node closed the connection in the middle of an answer");
            self.received.extend_from_slice(&self.chunk[..length]);
            if let Some(response) = parse_response(&self.received)? {
                break response;
            }
        };
        let body = match response.body {
            Body::Plain(range) => &self.received[range],
            Body::Joined(bytes) => {
                self.received = bytes;
                &self.received
            }
        };
        ensure!((200..300).contains(&response.status), "http status {}: {}", response.status, excerpt(body));
        Ok(body)
    }
}

/// The start of an answer, for a message that a person reads.
pub(super) fn excerpt(body: &[u8]) -> String {
    String::from_utf8_lossy(&body[..body.len().min(300)]).into_owned()
}

#[derive(Debug, PartialEq)]
pub(super) struct Response {
    pub(super) status: u16,
    pub(super) body: Body,
}

#[derive(Debug, PartialEq)]
pub(super) enum Body {
    /// Where the body stands in the received bytes.
    Plain(Range<usize>),
    /// A chunked body, put together.
    Joined(Vec<u8>),
}

/// Reads one response; `None` means that more bytes are needed.
pub(super) fn parse_response(received: &[u8]) -> Result<Option<Response>> {
    ensure!(received.len() <= RESPONSE_LIMIT_BYTES, "an answer of more than {RESPONSE_LIMIT_BYTES} bytes");
    let Some(head_end) = find(received, b"\r\n\r\n") else {
        return Ok(None);
    };
    let (status, length) = parse_head(std::str::from_utf8(&received[..head_end])?)?;
    let start = head_end + 4;
    let body = match length {
        Length::Chunked => join_chunks(&received[start..])?.map(Body::Joined),
        Length::Bytes(length) => {
            let end = start.checked_add(length).ok_or_eyre("a content length out of range")?;
            (received.len() >= end).then_some(Body::Plain(start..end))
        }
    };
    Ok(body.map(|body| Response { status, body }))
}

enum Length {
    Bytes(usize),
    Chunked,
}

fn parse_head(head: &str) -> Result<(u16, Length)> {
    let mut lines = head.split("\r\n");
    let status = lines.next().and_then(|line| line.strip_prefix("HTTP/1.1 ")).and_then(|line| line.get(..3));
    let status = status.ok_or_eyre("not an HTTP/1.1 answer")?.parse()?;
    let mut length = None;
    for line in lines {
        let (name, value) = line.split_once(':').ok_or_eyre("a header line without a colon")?;
        let value = value.trim();
        match name.to_ascii_lowercase().as_str() {
            "content-length" => length = Some(Length::Bytes(value.parse()?)),
            "transfer-encoding" if value.eq_ignore_ascii_case("chunked") => length = Some(Length::Chunked),
            "transfer-encoding" => bail!("transfer encoding {value} is not known here"),
            _ => {}
        }
    }
    Ok((status, length.ok_or_eyre("an answer without a length")?))
}

fn join_chunks(mut rest: &[u8]) -> Result<Option<Vec<u8>>> {
    let mut joined = Vec::new();
    loop {
        let Some(line_end) = find(rest, b"\r\n") else {
            return Ok(None);
        };
        let line = std::str::from_utf8(&rest[..line_end])?;
        let size = usize::from_str_radix(line.split(';').next().unwrap_or(line).trim(), 16)
            .wrap_err("a chunk without a size")?;
        let end = size.checked_add(line_end + 2).ok_or_eyre("a chunk size out of range")?;
        let Some((chunk, after)) = rest.split_at_checked(end) else {
            return Ok(None);
        };
        let Some((line_break, after)) = after.split_at_checked(2) else {
            return Ok(None);
        };
        ensure!(line_break == b"\r\n", "a chunk longer than it says");
        if size == 0 {
            return Ok(Some(joined));
        }
        joined.extend_from_slice(&chunk[line_end + 2..]);
        rest = after;
    }
}

fn find(bytes: &[u8], wanted: &[u8]) -> Option<usize> {
    bytes.windows(wanted.len()).position(|window| window == wanted)
}

const READ_BYTES: usize = 64 * 1024;
const RESPONSE_LIMIT_BYTES: usize = 64 * 1024 * 1024;
const ANSWER_TIMEOUT: Duration = Duration::from_secs(120);
