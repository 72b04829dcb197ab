//! The methods behind the doors in these tests, and a server that opens to them.

use std::{
    net::{Ipv4Addr, SocketAddr},
    sync::{
        Arc, Barrier,
        atomic::{AtomicUsize, Ordering::SeqCst},
    },
};

use gateway::{
    Access, Health, HealthStatus, Limits, Rooms, Server,
    rpc::{Answer, Caller, Methods, Params, RpcError, heavy, json, later, now},
    subscriptions::{Feed, Topic},
};
use serde_json::value::RawValue;
use tokio::{
    runtime::Handle,
    sync::{Semaphore, broadcast},
};

/// Echoes, counts, fails, and waits at a gate that the test opens.
pub(crate) struct TestMethods {
    counted: AtomicUsize,
    /// Permits let calls of `test_work` and `test_wait` pass.
    pub(crate) gate: Arc<Semaphore>,
    /// A permit for each call that has come to the gate.
    pub(crate) arrived: Arc<Semaphore>,
    /// Two preparations of `meet` wait here for each other.
    meeting: Barrier,
    pub(crate) heads: broadcast::Sender<String>,
    pub(crate) pending: broadcast::Sender<String>,
}

impl TestMethods {
    pub(crate) fn new() -> Arc<Self> {
        let closed = || Arc::new(Semaphore::new(0));
        let (heads, pending) = (broadcast::Sender::new(4), broadcast::Sender::new(4_096));
        Arc::new(Self {
            counted: AtomicUsize::default(),
            gate: closed(),
            arrived: closed(),
            meeting: Barrier::new(2),
            heads,
            pending,
        })
    }

    /// Comes when one more call waits at the gate.
    pub(crate) async fn arrival(&self) {
        self.arrived.acquire().await.expect("never closed").forget();
    }
}

impl Methods for TestMethods {
    type Prepared = String;
    const NAMES: &'static [&'static str] =
        &["test_echo", "test_count", "test_fail", "test_who", "test_work", "test_wait"];
    const PREPARED: &'static [&'static str] = &["test_prepared"];

    fn prepare(&self, _method: &str, params: Params<'_>) -> Option<String> {
        let (word,) = params.parse::<(String,)>().ok()?;
        if word == "meet" {
            self.meeting.wait();
        }
        Some(format!("prepared {word}"))
    }

    fn call(
        &self,
        method: &str,
        params: Params<'_>,
        prepared: Option<String>,
        caller: &Caller,
    ) -> Result<Answer, RpcError> {
        match method {
            "test_echo" => now(params.parse::<(&RawValue,)>()?.0),
            "test_count" => now(&self.counted.fetch_add(1, SeqCst)),
            "test_long" => now(&"x".repeat(params.parse::<(usize,)>()?.0)),
            "test_prepared" => now(&prepared),
            "test_who" => now(&format!("{:?} cross_site={}", caller.transport, caller.cross_site)),
            "test_fail" => Err(RpcError::reverted(Some("no \"luck\""), &[0xab])),
            "test_work" => {
                let (gate, arrived, runtime) = (Arc::clone(&self.gate), Arc::clone(&self.arrived), Handle::current());
                heavy(move || runtime.block_on(pass(gate, arrived)))
            }
            "test_wait" => later(pass(Arc::clone(&self.gate), Arc::clone(&self.arrived))),
            other => Err(RpcError::method_not_found(other)),
        }
    }

    fn feed(&self, topic: Topic) -> Result<Feed, RpcError> {
        let events = match topic {
            Topic::NewHeads => self.heads.subscribe(),
            Topic::NewPendingTransactions { .. } => self.pending.subscribe(),
            Topic::Logs(_) => return Err(RpcError::server("no logs here")),
        };
        Ok(Feed::new(events, |event: &String| json(event).into_iter().collect()))
    }
}

async fn pass(gate: Arc<Semaphore>, arrived: Arc<Semaphore>) -> Result<&'static str, RpcError> {
    arrived.add_permits(1);
    gate.acquire().await.expect("never closed").forget();
    Ok("passed")
}

/// A server on a free port of loopback.
pub(crate) async fn serve(methods: &Arc<TestMethods>, access: Access, limits: Limits) -> Server {
    Server::start(any_port(), access, limits, rooms(methods)).await.expect("a free port")
}

/// What the server opens to: no pages.
pub(crate) fn rooms(methods: &Arc<TestMethods>) -> Rooms<TestMethods> {
    Rooms {
        methods: Arc::clone(methods),
        pages: None,
        health: Box::new(|| Health { status: HealthStatus::Ok, head: 7 }),
        metrics: Box::new(|text| text.gauge("chain_head", "number of the last block", 7)),
    }
}

/// A server with everything at its default.
pub(crate) async fn serve_default() -> Server {
    serve(&TestMethods::new(), Access::default(), Limits::default()).await
}

pub(crate) fn any_port() -> SocketAddr {
    (Ipv4Addr::LOCALHOST, 0).into()
}
