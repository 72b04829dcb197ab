//! A node process on a temporary folder, and a client for it.

use std::{
    fs::File,
    io::{self, BufRead, BufReader, Read, Write},
    path::Path,
    process::{Child, ChildStdout, Command, ExitStatus, Output, Stdio},
    sync::Mutex,
    thread,
    time::{Duration, Instant},
};

use serde_json::{Value, json};

pub(crate) const PROGRAM: &str = env!("CARGO_BIN_EXE_counterfoil");

/// A running node; killed when dropped.
pub(crate) struct Running {
    child: Mutex<Child>,
    line: String,
    url: String,
    /// What it said before.
    said: Vec<String>,
    agent: ureq::Agent,
}

impl Running {
    /// Starts a development node and waits until it says where it listens.
    pub(crate) fn dev(folder: &Path) -> Self {
        Self::start(Command::new(PROGRAM).args(["node", "--dev", "--data"]).arg(folder))
    }

    /// Starts `command` on a free port.
    pub(crate) fn start(command: &mut Command) -> Self {
        Self::spawn(command.args(["--log", "warn"]).stderr(Stdio::piped())).0
    }

    /// The same at its most talkative; all that it says goes behind what is in `log`.
    pub(crate) fn start_loud(command: &mut Command, log: &Path) -> Self {
        let mut log = File::options().create(true).append(true).open(log).expect("a log");
        let (running, mut rest) = Self::spawn(command.args(["--log", "trace"]).stderr(log.try_clone().expect("a log")));
        writeln!(log, "{}", running.line).expect("written");
        thread::spawn(move || io::copy(&mut rest, &mut log));
        running
    }

    /// Also what it says on standard output behind the line about where it listens.
    fn spawn(command: &mut Command) -> (Self, BufReader<ChildStdout>) {
        let mut child =
            command.args(["--http", "127.0.0.1:0"]).stdout(Stdio::piped()).spawn().expect("the program starts");
        let mut stdout = BufReader::new(child.stdout.take().expect("it is piped"));
        let mut said = Vec::new();
        let line = stdout.by_ref().lines().map_while(Result::ok).find(|line| {
            said.push(line.clone());
            line.starts_with("listening on ")
        });
        let Some(line) = line else {
            let mut error = String::new();
            child.stderr.take().map(|mut said| said.read_to_string(&mut error));
            panic!("the node did not start: {error}");
        };
        let url = line["listening on ".len()..].split(' ').next().expect("an address").to_owned();
        (Self { child: Mutex::new(child), line, url, said, agent: agent() }, stdout)
    }

    /// What follows these words in what it said before it listened.
    pub(crate) fn said(&self, words: &str) -> &str {
        let found = self.said.iter().find_map(|line| line.strip_prefix(words));
        found.unwrap_or_else(|| panic!("{words}: {:?}", self.said))
    }

    pub(crate) fn url(&self) -> String {
        self.url.clone()
    }

    /// What it said about where it listens.
    pub(crate) fn line(&self) -> &str {
        &self.line
    }

    pub(crate) fn port(&self) -> u16 {
        self.url.rsplit(':').next().and_then(|port| port.parse().ok()).expect("the address ends in a port")
    }

    /// Calls a method; `None` if the node did not answer.
    pub(crate) fn try_call(&self, method: &str, params: Value) -> Option<Value> {
        let body = json!({ "jsonrpc": "2.0", "id": 1, "method": method, "params": params }).to_string();
        let request = self.agent.post(&self.url).header("content-type", "application/json");
        let text = request.send(body).ok()?.body_mut().read_to_string().ok()?;
        serde_json::from_str(&text).ok()
    }

    pub(crate) fn call(&self, method: &str, params: Value) -> Value {
        let mut reply = self.try_call(method, params).expect("the node answers");
        assert!(reply.get("error").is_none(), "{method}: {reply}");
        reply["result"].take()
    }

    pub(crate) fn get(&self, path: &str) -> (u16, String) {
        let mut response = self.agent.get(format!("{}{path}", self.url)).call().expect("the node answers");
        (response.status().as_u16(), response.body_mut().read_to_string().expect("text"))
    }

    /// Sends a form; the page that it leads to.
    pub(crate) fn send_form(&self, path: &str, fields: &str) -> String {
        let request = self.agent.post(format!("{}{path}", self.url));
        let sent = request.header("content-type", "application/x-www-form-urlencoded").send(fields);
        sent.expect("the node answers").body_mut().read_to_string().expect("text")
    }

    /// Ends the process as a power switch would, whoever is just talking to it.
    pub(crate) fn kill(&self) {
        let mut child = self.child.lock().expect("no test panicked with it");
        child.kill().expect("it was running");
        child.wait().expect("it ended");
    }

    /// Asks it to stop.
    pub(crate) fn stop(self, signal: &str) -> ExitStatus {
        self.signal(signal);
        self.child.lock().expect("no test panicked with it").wait().expect("it ended")
    }

    pub(crate) fn signal(&self, signal: &str) {
        let id = self.child.lock().expect("no test panicked with it").id().to_string();
        assert!(Command::new("kill").args([signal, &id]).status().expect("kill runs").success());
    }

    /// Waits until it has ended by itself.
    pub(crate) fn ended(&self) -> ExitStatus {
        end_of(&mut self.child.lock().expect("no test panicked with it"))
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if let Ok(child) = self.child.get_mut() {
            let ended = child.try_wait();
            let _ = child.kill();
            let _ = child.wait();
            if std::thread::panicking()
                && let Some(mut said) = child.stderr.take()
            {
                let mut text = String::new();
                let _ = said.read_to_string(&mut text);
                eprintln!("{} ended by itself: {ended:?}; it said: {text}", self.url);
            }
        }
    }
}

/// How a process ended that ends by itself.
pub(crate) fn end_of(child: &mut Child) -> ExitStatus {
    let last = Instant::now() + Duration::from_secs(60);
    loop {
        match child.try_wait().expect("it is a child") {
            Some(ended) => return ended,
            None if Instant::now() < last => thread::sleep(Duration::from_millis(2)),
            None => {
                let _ = child.kill();
                panic!("a process that should end by itself went on");
            }
        }
    }
}

/// Runs the program to its end.
pub(crate) fn run(arguments: &[&str]) -> Output {
    Command::new(PROGRAM).args(arguments).output().expect("the program starts")
}

/// The one line that a failing run leaves on stderr.
pub(crate) fn error_of(output: &Output) -> String {
    assert!(!output.status.success(), "it should fail");
    let error = String::from_utf8(output.stderr.clone()).expect("text");
    assert!(!error.contains("panicked"), "{error}");
    error
}

fn agent() -> ureq::Agent {
    ureq::Agent::config_builder().http_status_as_error(false).build().new_agent()
}
