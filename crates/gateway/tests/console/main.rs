//! The console's pages over a real chain and real sockets, as a browser without JavaScript sees them.

mod authorizations;
mod bank;
mod cards;
#[path = "../doors/client.rs"]
#[expect(dead_code, reason = "shared with the tests of the doors, which use more of it")]
mod client;
mod files;
mod live;
mod members;
#[path = "../methods/network.rs"]
#[expect(dead_code, reason = "shared with the tests of the methods, which use more of it")]
mod network;
mod pages;
mod requests;
#[path = "../methods/shop.rs"]
mod shop;
mod terminal;
mod token;
mod town;
mod verify;

use std::{net::Ipv4Addr, sync::Arc};

use gateway::{Access, Console, Health, HealthStatus, Limits, Rooms, Server, payment::Seat};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use crate::{
    client::{Answered, exchange, request, within},
    network::Node,
};

/// A node with its doors open.
struct House {
    server: Server,
    node: Node,
}

impl House {
    fn open(node: Node) -> Self {
        Self::with_issuer(node, Seat::default())
    }

    /// With the issuer that will sit there.
    fn with_issuer(node: Node, seat: Seat) -> Self {
        let rooms = Rooms {
            methods: Arc::new(node.rpc.clone()),
            pages: Some(Arc::new(Console::new(node.chain.clone(), 50_000_000).with_issuer(seat))),
            health: Box::new(|| Health { status: HealthStatus::Ok, head: 0 }),
            metrics: Box::new(|_| ()),
        };
        let any_port = (Ipv4Addr::LOCALHOST, 0).into();
        let starting = Server::start(any_port, Access::default(), Limits::default(), rooms);
        let server = node.runtime.block_on(starting).expect("a free port");
        Self { server, node }
    }

    fn browse(&self, path: &str) -> Answered {
        let asked = request("GET", path, &["accept: text/html"], "");
        self.node.runtime.block_on(exchange(self.server.address(), asked))
    }

    /// All bytes of an answer, for a file that is no text.
    fn bytes(&self, path: &str) -> Vec<u8> {
        let asked = format!("GET {path} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n");
        self.node.runtime.block_on(async {
            let mut stream = TcpStream::connect(self.server.address()).await.expect("the server listens");
            stream.write_all(asked.as_bytes()).await.expect("an open socket");
            let mut answer = Vec::new();
            within(stream.read_to_end(&mut answer)).await.expect("an answer");
            answer
        })
    }

    /// Sends a form.
    fn send(&self, path: &str, kind: &str, body: &[u8]) -> Answered {
        let asked = request("POST", path, &["accept: text/html", &format!("content-type: {kind}")], body);
        self.node.runtime.block_on(exchange(self.server.address(), asked))
    }

    /// A page that is there and holds all of these.
    fn shows(&self, path: &str, texts: &[&str]) -> String {
        let page = self.browse(path);
        assert_eq!(page.status, 200, "{path}: {page:?}");
        for text in texts {
            assert!(page.body.contains(text), "{path} lacks {text}: {}", page.body);
        }
        page.body
    }
}
