//! `counterfoil network run --json`: four nodes in one process, and a program that reads what they say.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    io::{BufRead, BufReader},
    path::Path,
    process::{Child, Command, Stdio},
    sync::mpsc::{Receiver, channel},
    thread,
};

use serde_json::Value;

use crate::{
    network::{PATIENCE, make, ports},
    running::{PROGRAM, end_of},
};

#[test]
fn four_nodes_in_one_process_say_what_happens_in_json_and_end_by_an_interrupt() {
    let folder = tempfile::tempdir().unwrap();
    let (out, _) = make(folder.path(), ports(), &[]);
    let (mut whole, lines) = Whole::start(&out);

    let (mut blocks, mut heights) = (BTreeMap::new(), BTreeMap::<String, u64>::new());
    while blocks.len() < 4 {
        let line = lines.recv_timeout(PATIENCE).expect("a node says something");
        let said: Value = serde_json::from_str(&line).expect("JSON");
        check(&said);
        if said["event"] == "block" {
            let height = heights.entry(text(&said["node"])).or_default();
            *height += 1;
            assert_eq!(said["details"]["number"], *height, "no block is left out");
        }
        if said["event"] == "block" && said["details"]["number"] == 1 {
            blocks.insert(text(&said["node"]), text(&said["details"]["hash"]));
        }
    }
    assert!(blocks.keys().eq(["node-1", "node-2", "node-3", "node-4"]), "{blocks:?}");
    assert_eq!(blocks.values().collect::<BTreeSet<_>>().len(), 1, "{blocks:?}");

    let id = whole.0.id().to_string();
    assert!(Command::new("kill").args(["-INT", &id]).status().expect("kill runs").success());
    assert_eq!(end_of(&mut whole.0).code(), Some(0));
}

/// Members of every line, and of the details of those events that come without anybody's doing.
fn check(said: &Value) {
    assert_eq!(names(said), BTreeSet::from(["details", "event", "node"]), "{said}");
    let expected = match said["event"].as_str().unwrap() {
        "listening" => BTreeSet::from(["http"]),
        "connected" | "disconnected" => BTreeSet::from(["nodeId", "peer"]),
        "block" => BTreeSet::from(["hash", "number", "transactions"]),
        "epoch" => BTreeSet::from(["epoch"]),
        event => panic!("nobody did anything that leads to {event}"),
    };
    assert_eq!(names(&said["details"]), expected, "{said}");
}

fn text(value: &Value) -> String {
    value.as_str().unwrap().into()
}

fn names(object: &Value) -> BTreeSet<&str> {
    object.as_object().unwrap().keys().map(String::as_str).collect()
}

/// The process of all nodes; killed when dropped.
struct Whole(Child);

impl Whole {
    /// Also its lines, as they come.
    fn start(out: &Path) -> (Self, Receiver<String>) {
        (1..=4).for_each(|number| take_any_port(&out.join(format!("node-{number}.toml"))));
        let mut command = Command::new(PROGRAM);
        command.args(["network", "run", "--json"]).arg(out).stdout(Stdio::piped());
        let mut child = command.spawn().expect("the program starts");
        let stdout = BufReader::new(child.stdout.take().expect("it is piped"));
        let (sender, lines) = channel();
        thread::spawn(move || stdout.lines().map_while(Result::ok).try_for_each(|line| sender.send(line)));
        (Self(child), lines)
    }
}

impl Drop for Whole {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// `network new` gives fixed ports for JSON-RPC, which may be in use here.
fn take_any_port(settings: &Path) {
    let text = fs::read_to_string(settings).unwrap();
    let lines = text.lines().map(|line| if line.starts_with("http =") { "http = \"127.0.0.1:0\"" } else { line });
    fs::write(settings, lines.collect::<Vec<_>>().join("\n")).unwrap();
}
