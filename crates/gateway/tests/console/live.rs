//! Heads as they come, over one long answer.

use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use crate::{House, client::within, network::Node};

/// An event source.
pub(crate) struct Source {
    stream: TcpStream,
    text: String,
}

impl Source {
    pub(crate) fn open(house: &House, path: &str, headers: &str) -> Self {
        let request = format!("GET {path} HTTP/1.1\r\nhost: localhost\r\naccept: text/event-stream\r\n{headers}\r\n");
        let mut source = house.node.runtime.block_on(async {
            let mut stream = TcpStream::connect(house.server.address()).await.expect("the server listens");
            stream.write_all(request.as_bytes()).await.expect("an open socket");
            Self { stream, text: String::new() }
        });
        source.read_until(house, "retry: 2000\n\n");
        source
    }

    /// Reads up to a text and answers everything before it.
    pub(crate) fn read_until(&mut self, house: &House, end: &str) -> String {
        loop {
            if let Some((before, after)) = self.text.split_once(end) {
                let before = before.to_owned();
                self.text = after.to_owned();
                return before;
            }
            let mut bytes = [0; 4_096];
            let read = house.node.runtime.block_on(within(self.stream.read(&mut bytes))).expect("an open socket");
            assert_ne!(read, 0, "ended after {}", self.text);
            self.text.push_str(str::from_utf8(&bytes[..read]).expect("text"));
        }
    }

    /// The next head.
    pub(crate) fn next(&mut self, house: &House) -> Value {
        self.read_until(house, "data: ");
        serde_json::from_str(&self.read_until(house, "\n\n")).expect("JSON")
    }
}

fn send(house: &House) -> Value {
    house.node.send(json!({ "to": house.node.account(1).address() }))
}

#[test]
fn each_new_head_is_one_event() {
    let house = House::open(Node::start());
    let mut source = Source::open(&house, "/live", "");
    for number in 1..=3 {
        let receipt = send(&house);
        let head = source.next(&house);
        assert_eq!((&head["number"], &head["hash"]), (&json!(number), &receipt["blockHash"]));
        assert_eq!((&head["transactions"], &head["gasUsed"]), (&json!(1), &json!("21\u{202f}000")));
    }
}

#[test]
fn who_comes_back_is_told_what_it_missed_as_far_as_the_page_shows_it() {
    let house = House::open(Node::start());
    for _ in 0..20 {
        send(&house);
    }
    let numbers = |source: &mut Source, count: usize| -> Vec<u64> {
        (0..count).map(|_| source.next(&house)["number"].as_u64().expect("a number")).collect()
    };
    assert_eq!(numbers(&mut Source::open(&house, "/live?after=17", ""), 3), [18, 19, 20]);
    assert_eq!(numbers(&mut Source::open(&house, "/live?after=3", "last-event-id: 18\r\n"), 2), [19, 20]);
    let mut late = Source::open(&house, "/live?after=0", "last-event-id: rubbish\r\n");
    assert_eq!(numbers(&mut late, 16), (5..=20).collect::<Vec<_>>());
    let mut current = Source::open(&house, "/live", "");
    send(&house);
    assert_eq!(numbers(&mut current, 1), [21]);
    assert_eq!(numbers(&mut late, 1), [21]);
}

#[test]
fn the_stream_ends_when_the_node_stops() {
    let house = House::open(Node::start());
    let mut source = Source::open(&house, "/live", "");
    let House { server, node } = house;
    let stopped = node.runtime.block_on(async {
        let stopping = tokio::spawn(server.stop());
        let mut rest = Vec::new();
        within(source.stream.read_to_end(&mut rest)).await.expect("an end");
        within(stopping).await.expect("no panic")
    });
    assert_eq!(stopped.cut_off, 0);
}
