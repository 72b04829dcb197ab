//! A node as a child process: ours or anvil, on a free loopback port, awaited, stopped, never left behind.
//!
//! Called by the judges. Ours must end by itself with code 0 on SIGTERM; a node that is dropped without `stop` is killed.

use std::fs::{self, File};
use std::net::{Ipv4Addr, TcpListener};
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use eyre::{Context, OptionExt, Result, bail, ensure};
use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;

use crate::workspace::{output, shortened};

/// A program to start as a node.
#[derive(Clone)]
pub(crate) enum Program {
    Ours(PathBuf),
    Anvil(PathBuf),
}

impl Program {
    /// `ours` or `anvil`, as the flows are told.
    pub(crate) const fn kind(&self) -> &'static str {
        match self {
            Self::Ours(_) => "ours",
            Self::Anvil(_) => "anvil",
        }
    }

    /// Starts a fresh development chain and waits until it answers. The log is `NAME-KIND.log` in `logs`.
    pub(crate) fn start(&self, arguments: &[&str], logs: &Path, name: &str) -> Result<Node> {
        fs::create_dir_all(logs)?;
        let folder = TempDir::new().wrap_err("cannot make a folder for the node's data")?;
        let port = free_port()?;
        let mut command = self.command(folder.path(), port);
        command.args(arguments);
        self.spawn(command, folder, port, logs, name)
    }

    /// Starts a fresh network of four members in one process, and waits until the first one answers.
    pub(crate) fn start_network(&self, logs: &Path, name: &str) -> Result<Node> {
        fs::create_dir_all(logs)?;
        let folder = TempDir::new().wrap_err("cannot make a folder for the network")?;
        let (out, port) = (folder.path().join(NETWORK), free_ports(2 * MEMBERS)?);
        let mut new = Command::new(self.path());
        new.args(["network", "new", "--members", &MEMBERS.to_string(), "--out"]).arg(&out);
        new.args(["--http-port", &port.to_string(), "--port", &(port + MEMBERS).to_string()]);
        output(&mut new).wrap_err("cannot make a network")?;
        let mut run = Command::new(self.path());
        run.args(["network", "run"]).arg(&out);
        self.spawn(run, folder, port, logs, name)
    }

    /// The program itself.
    pub(crate) fn path(&self) -> &Path {
        let (Self::Ours(path) | Self::Anvil(path)) = self;
        path
    }

    /// Starts it, and waits until it answers at a port.
    fn spawn(&self, mut command: Command, folder: TempDir, port: u16, logs: &Path, name: &str) -> Result<Node> {
        let log = logs.join(format!("{name}-{}.log", self.kind()));
        let process = command
            .stdin(Stdio::null())
            .stdout(File::create(&log)?)
            .stderr(File::options().append(true).open(&log)?)
            .spawn()
            .wrap_err_with(|| format!("cannot start the node ({})", self.kind()))?;
        let mut node = Node {
            process,
            url: format!("http://127.0.0.1:{port}"),
            must_end_well: matches!(self, Self::Ours(_)),
            log,
            folder,
        };
        node.wait_until_it_answers()?;
        Ok(node)
    }

    fn command(&self, folder: &Path, port: u16) -> Command {
        match self {
            Self::Ours(program) => {
                let mut command = Command::new(program);
                command.args(["node", "--dev", "--data"]).arg(folder.join("data"));
                command.args(["--http", &format!("127.0.0.1:{port}")]);
                command
            }
            Self::Anvil(program) => {
                let mut command = Command::new(program);
                command.args(["--silent", "--host", "127.0.0.1", "--port", &port.to_string()]);
                // It keeps old states below its home folder.
                command.env("HOME", folder);
                command
            }
        }
    }
}

/// A running node.
pub(crate) struct Node {
    process: Child,
    url: String,
    must_end_well: bool,
    log: PathBuf,
    /// Deleted after the process has ended: `drop` kills first, then the fields go.
    folder: TempDir,
}

impl Node {
    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    /// The folder of a network, with one for each member.
    pub(crate) fn network(&self) -> PathBuf {
        self.folder.path().join(NETWORK)
    }

    /// Asks the node to end and waits until it has.
    pub(crate) fn stop(mut self) -> Result<()> {
        if let Some(status) = self.process.try_wait()? {
            bail!("the node ended before it was asked to, with {status}: {}", self.said());
        }
        kill_process(Pid::from_child(&self.process), Signal::TERM)?;
        let Some(status) = self.ended_within(STOP_LIMIT)? else {
            bail!("the node did not end within {STOP_LIMIT:?} of SIGTERM: {}", self.said());
        };
        ensure!(status.success() || !self.must_end_well, "the node ended with {status} on SIGTERM: {}", self.said());
        Ok(())
    }

    fn wait_until_it_answers(&mut self) -> Result<()> {
        let start = Instant::now();
        while !self.answers() {
            if let Some(status) = self.process.try_wait()? {
                bail!("the node ended with {status} instead of starting: {}", self.said());
            }
            ensure!(start.elapsed() < START_LIMIT, "the node does not answer at {}: {}", self.url, self.said());
            sleep(POLL);
        }
        Ok(())
    }

    fn answers(&self) -> bool {
        let request = r#"{"jsonrpc":"2.0","id":1,"method":"eth_chainId","params":[]}"#;
        ureq::post(&self.url)
            .header("content-type", "application/json")
            .send(request)
            .and_then(|mut response| response.body_mut().read_to_string())
            .is_ok_and(|body| body.contains("result"))
    }

    fn ended_within(&mut self, limit: Duration) -> Result<Option<ExitStatus>> {
        let start = Instant::now();
        loop {
            let status = self.process.try_wait()?;
            if status.is_some() || start.elapsed() > limit {
                return Ok(status);
            }
            sleep(POLL);
        }
    }

    fn said(&self) -> String {
        let log = fs::read(&self.log).unwrap_or_default();
        shortened(&String::from_utf8_lossy(&log))
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        // Fails only where the process has ended already, which is what is wanted.
        let _ended = self.process.kill();
        let _status = self.process.wait();
    }
}

/// A port that nobody listens on now. Another program may take it before the node does; then the node says so.
fn free_port() -> Result<u16> {
    Ok(TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?.port())
}

/// The first of some ports in a row that nobody listens on now, below those that the system gives to whoever asks for any.
fn free_ports(count: u16) -> Result<u16> {
    let is_free = |port: u16| TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok();
    let mut firsts = PORTS.step_by(usize::from(count));
    firsts.find(|first| (*first..first + count).all(is_free)).ok_or_eyre("there are no free ports in a row")
}

/// Linux gives out ports from 32768 on.
const PORTS: Range<u16> = 21_000..32_000;
/// Members of a network.
const MEMBERS: u16 = 4;
/// The folder of a network, within its own.
const NETWORK: &str = "network";
const POLL: Duration = Duration::from_millis(20);
const START_LIMIT: Duration = Duration::from_secs(30);
const STOP_LIMIT: Duration = Duration::from_secs(30);
