//! What a request costs before any method does something: `cargo bench -p gateway`.
//!
//! The same load (4 keep-alive connections, from a second process) against three servers in this one: hyper alone and an axum
//! router, which read the body and answer a constant, and ours, which also parses, dispatches, decodes the argument and
//! encodes the answer. Processor time is this process's own, so the load does not count.
//!
//! Five runs on a busy machine of two cores, us of processor time per call, median (least to most): hyper 15 (13 to 19), axum
//! 18 (14 to 20), ours 19 (17 to 19); in bodies of 50 calls 0.3, 0.4 and 1.6. The three are close: most of it is the sockets'.

use std::{
    convert::Infallible,
    env, fs,
    io::{Read, Write},
    net::{Ipv4Addr, SocketAddr, TcpStream},
    process::Command,
    sync::Arc,
    thread,
    time::{Duration, Instant},
};

use alloy_primitives::{B256, Bytes as TxBytes};
use axum::{Router, routing::post, serve::ListenerExt};
use bytes::Bytes;
use gateway::{
    Access, Health, HealthStatus, Limits, Rooms, Server,
    rpc::{Answer, Caller, Methods, Params, RpcError, now},
    subscriptions::{Feed, Topic},
};
use http_body_util::{BodyExt, Full};
use hyper::{Request, Response, body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::TokioIo;
use tokio::net::TcpListener;

fn main() {
    match env::var("LOAD_ON") {
        Ok(address) => load(address.parse().expect("the parent's address")),
        Err(_) => measure_all(),
    }
}

fn measure_all() {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    let runtime = runtime.expect("a runtime");
    println!("{:<34} {:>10} {:>12}", "server and load", "calls/s", "CPU us/call");
    for calls_per_body in [1, 50] {
        for (name, address) in [
            ("hyper, constant", runtime.block_on(serve_hyper())),
            ("axum router, constant", runtime.block_on(serve_axum())),
            ("ours, decoding", runtime.block_on(serve_ours())),
        ] {
            measure(name, address, calls_per_body);
        }
    }
}

fn measure(name: &str, address: SocketAddr, calls_per_body: usize) {
    let (started, cpu) = (Instant::now(), cpu_time());
    let load = Command::new(env::current_exe().expect("this program"))
        .env("LOAD_ON", address.to_string())
        .env("CALLS_PER_BODY", calls_per_body.to_string())
        .status();
    assert!(load.expect("the load runs").success());
    let calls = f64::from(CONNECTIONS * CALLS_PER_CONNECTION);
    let cpu_us = (cpu_time() - cpu).as_secs_f64() * 1e6 / calls;
    let name = format!("{name}, {calls_per_body} a body");
    println!("{name:<34} {:>10.0} {cpu_us:>12.2}", calls / started.elapsed().as_secs_f64());
}

/// User and system time of this process, in ticks of 10 ms (proc(5): fields 14 and 15).
fn cpu_time() -> Duration {
    let stat = fs::read_to_string("/proc/self/stat").expect("Linux");
    let fields = stat.rsplit_once(')').expect("the name is in brackets").1.split_whitespace();
    let ticks: u64 = fields.skip(11).take(2).map(|ticks| ticks.parse::<u64>().expect("a number")).sum();
    Duration::from_millis(ticks * 10)
}

/// The second process.
fn load(address: SocketAddr) {
    let calls_per_body = env::var("CALLS_PER_BODY").expect("set by the parent").parse().expect("a number");
    let threads: Vec<_> = (0..CONNECTIONS).map(|_| thread::spawn(move || load_one(address, calls_per_body))).collect();
    threads.into_iter().for_each(|thread| thread.join().expect("a connection that works"));
}

fn load_one(address: SocketAddr, calls_per_body: u32) {
    let request = request(calls_per_body);
    let mut stream = TcpStream::connect(address).expect("the server listens");
    stream.set_nodelay(true).expect("a socket");
    let mut answer = vec![0; 64 * 1024];
    for _ in 0..CALLS_PER_CONNECTION / calls_per_body {
        stream.write_all(&request).expect("an open socket");
        read_answer(&mut stream, &mut answer);
    }
}

fn read_answer(stream: &mut TcpStream, buffer: &mut [u8]) {
    let mut filled = 0;
    loop {
        filled += stream.read(&mut buffer[filled..]).expect("an answer");
        let text = str::from_utf8(&buffer[..filled]).expect("text");
        let Some((head, body)) = text.split_once("\r\n\r\n") else { continue };
        let length = head.split_once("content-length: ").expect("a length").1;
        let length: usize = length.lines().next().unwrap_or_default().parse().expect("a number");
        if body.len() == length {
            return assert!(head.starts_with("HTTP/1.1 200") && !body.contains("error"), "{text}");
        }
    }
}

fn request(calls_per_body: u32) -> Vec<u8> {
    let transaction = TxBytes::from(vec![0x02; 176]);
    let call =
        |id| format!(r#"{{"jsonrpc":"2.0","id":{id},"method":"eth_sendRawTransaction","params":["{transaction}"]}}"#);
    let calls: Vec<_> = (0..calls_per_body).map(call).collect();
    let body = if calls_per_body == 1 { calls.concat() } else { format!("[{}]", calls.join(",")) };
    let head =
        "POST / HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\nuser-agent: load\r\naccept: */*";
    format!("{head}\r\ncontent-length: {}\r\n\r\n{body}", body.len()).into_bytes()
}

async fn serve_ours() -> SocketAddr {
    let rooms = Rooms {
        methods: Arc::new(SendOnly),
        pages: None,
        health: Box::new(|| Health { status: HealthStatus::Ok, head: 0 }),
        metrics: Box::new(|_| ()),
    };
    let server = Server::start(any_port(), Access::default(), Limits::default(), rooms).await.expect("a free port");
    let address = server.address();
    std::mem::forget(server);
    address
}

struct SendOnly;

impl Methods for SendOnly {
    type Prepared = ();
    const NAMES: &'static [&'static str] = &["eth_sendRawTransaction"];

    fn prepare(&self, _: &str, _: Params<'_>) -> Option<()> {
        None
    }

    fn call(&self, method: &str, params: Params<'_>, _: Option<()>, _: &Caller) -> Result<Answer, RpcError> {
        match method {
            "eth_sendRawTransaction" => {
                let (transaction,) = params.parse::<(TxBytes,)>()?;
                now(&B256::right_padding_from(&transaction[..8]))
            }
            other => Err(RpcError::method_not_found(other)),
        }
    }

    fn feed(&self, _: Topic) -> Result<Feed, RpcError> {
        Err(RpcError::server("nothing to hear"))
    }
}

async fn serve_axum() -> SocketAddr {
    let listener = TcpListener::bind(any_port()).await.expect("a free port");
    let address = listener.local_addr().expect("bound");
    let listener = listener.tap_io(|stream| stream.set_nodelay(true).expect("a socket"));
    let router = Router::new().route("/", post(|body: Bytes| async move { constant(&body) }));
    tokio::spawn(async move { axum::serve(listener, router).await });
    address
}

async fn serve_hyper() -> SocketAddr {
    let listener = TcpListener::bind(any_port()).await.expect("a free port");
    let address = listener.local_addr().expect("bound");
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            stream.set_nodelay(true).expect("a socket");
            let answer = service_fn(|request: Request<Incoming>| async {
                let body = request.into_body().collect().await.expect("a whole body").to_bytes();
                Ok::<_, Infallible>(Response::new(Full::<Bytes>::from(constant(&body))))
            });
            tokio::spawn(
                http1::Builder::new().header_read_timeout(None).serve_connection(TokioIo::new(stream), answer),
            );
        }
    });
    address
}

/// As long as a real answer.
fn constant(body: &[u8]) -> String {
    "x".repeat(if body.starts_with(b"[") { 50 * 108 } else { 106 })
}

fn any_port() -> SocketAddr {
    (Ipv4Addr::LOCALHOST, 0).into()
}

const CONNECTIONS: u32 = 4;
const CALLS_PER_CONNECTION: u32 = 25_000;
