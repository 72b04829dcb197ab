//! An HTTP client that sends exactly what a test says, and a WebSocket client.

use std::{net::SocketAddr, time::Duration};

use futures::{SinkExt, StreamExt};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::timeout,
};
use tokio_tungstenite::{
    WebSocketStream, client_async,
    tungstenite::{self, Message, client::IntoClientRequest, http::HeaderValue, protocol::CloseFrame},
};

/// What came back.
#[derive(Debug)]
pub(crate) struct Answered {
    pub(crate) status: u16,
    pub(crate) head: String,
    pub(crate) body: String,
}

/// Sends a whole request and reads until the server closes.
pub(crate) async fn exchange(address: SocketAddr, request: impl AsRef<[u8]>) -> Answered {
    let mut stream = TcpStream::connect(address).await.expect("the server listens");
    // A server that refuses may close before it has read everything.
    let _ = stream.write_all(request.as_ref()).await;
    read_to_end(stream).await
}

pub(crate) async fn read_to_end(mut stream: TcpStream) -> Answered {
    let mut bytes = Vec::new();
    let _ = within(stream.read_to_end(&mut bytes)).await;
    parse(&bytes)
}

fn parse(bytes: &[u8]) -> Answered {
    let text = String::from_utf8(bytes.to_vec()).expect("answers are text");
    let (head, body) = text.split_once("\r\n\r\n").unwrap_or_else(|| panic!("no answer but {text:?}"));
    let status = head.split(' ').nth(1).and_then(|status| status.parse().ok()).expect("a status line");
    Answered { status, head: head.to_ascii_lowercase(), body: body.to_owned() }
}

/// Posts JSON with more headers, each as `name: value`.
pub(crate) async fn post_with(address: SocketAddr, headers: &[&str], body: impl AsRef<[u8]>) -> Answered {
    exchange(address, request("POST", "/", &[&["content-type: application/json"], headers].concat(), body)).await
}

/// Posts JSON and shows the body of the answer.
pub(crate) async fn post(address: SocketAddr, body: impl AsRef<[u8]>) -> String {
    let answered = post_with(address, &[], body).await;
    assert!(answered.status == 200 || answered.status == 204, "{answered:?}");
    answered.body
}

/// Calls one method by HTTP.
pub(crate) async fn call(address: SocketAddr, method: &str, params: &str) -> String {
    post(address, call_text(1, method, params)).await
}

pub(crate) async fn get(address: SocketAddr, path: &str) -> Answered {
    exchange(address, request("GET", path, &[], "")).await
}

pub(crate) fn call_text(id: u32, method: &str, params: &str) -> String {
    format!(r#"{{"jsonrpc":"2.0","id":{id},"method":"{method}","params":{params}}}"#)
}

/// A request with a Host unless the headers bring one.
pub(crate) fn request(method: &str, path: &str, headers: &[&str], body: impl AsRef<[u8]>) -> Vec<u8> {
    let body = body.as_ref();
    let host = if headers.iter().any(|header| header.starts_with("host:")) { "" } else { "host: localhost\r\n" };
    let headers: String = headers.iter().map(|header| format!("{header}\r\n")).collect();
    let length = body.len();
    let head =
        format!("{method} {path} HTTP/1.1\r\n{host}{headers}connection: close\r\ncontent-length: {length}\r\n\r\n");
    [head.as_bytes(), body].concat()
}

/// A WebSocket to the server.
pub(crate) struct Socket(WebSocketStream<TcpStream>);

impl Socket {
    pub(crate) async fn open(address: SocketAddr) -> Self {
        Self::open_from(address, None).await.expect("nobody refuses a program")
    }

    /// Opens as a page of an origin would.
    pub(crate) async fn open_from(address: SocketAddr, origin: Option<&str>) -> Result<Self, tungstenite::Error> {
        let stream = TcpStream::connect(address).await.expect("the server listens");
        let mut request = format!("ws://{address}/").into_client_request().expect("a valid address");
        if let Some(origin) = origin {
            request.headers_mut().insert("origin", HeaderValue::from_str(origin).expect("a valid header"));
        }
        client_async(request, stream).await.map(|(socket, _)| Self(socket))
    }

    pub(crate) async fn send(&mut self, text: impl Into<String>) {
        self.0.send(Message::text(text.into())).await.expect("an open socket");
    }

    /// The next text; pings are answered on the way.
    pub(crate) async fn next(&mut self) -> String {
        loop {
            match within(self.0.next()).await {
                Some(Ok(Message::Text(text))) => return text.to_string(),
                Some(Ok(Message::Ping(_))) => {}
                other => panic!("no text but {other:?}"),
            }
        }
    }

    /// Calls one method and reads the next text.
    pub(crate) async fn call(&mut self, method: &str, params: &str) -> String {
        self.send(call_text(1, method, params)).await;
        self.next().await
    }

    /// Subscribes and answers the id.
    pub(crate) async fn subscribe(&mut self, params: &str) -> String {
        let answer = self.call("eth_subscribe", params).await;
        let (_, id) = answer.split_once(r#""result":""#).unwrap_or_else(|| panic!("{answer}"));
        id.trim_end_matches("\"}").to_owned()
    }

    /// Reads what still comes, up to the reason why the server closes.
    pub(crate) async fn closing(&mut self) -> CloseFrame {
        loop {
            match within(self.0.next()).await {
                Some(Ok(Message::Close(Some(frame)))) => {
                    while within(self.0.next()).await.is_some() {}
                    return frame;
                }
                Some(Ok(_)) => {}
                other => panic!("no reason but {other:?}"),
            }
        }
    }

    /// The connection itself, to misuse it.
    pub(crate) fn stream(&mut self) -> &mut TcpStream {
        self.0.get_mut()
    }
}

/// A hanging server is a failed test, not a hanging one.
pub(crate) async fn within<T>(future: impl Future<Output = T>) -> T {
    timeout(Duration::from_secs(30), future).await.expect("an answer in reasonable time")
}
