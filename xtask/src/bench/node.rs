//! The two programs under measurement as child processes: found or installed, started, observed, stopped.
//!
//! Called by `mod.rs` and `large.rs`. Every node listens on a free loopback port, keeps its files under the target folder
//! (a real disk, so that an fsync costs what it costs) and is ended by its own process id.

use std::fs::{self, File};
use std::net::{Ipv4Addr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use eyre::{Context, OptionExt, Result, bail, ensure};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::json;
use tempfile::TempDir;

use super::load::CHAIN_ID;
use super::rpc::Rpc;

/// The programs, ready to start.
pub(super) struct Programs {
    ours: Option<PathBuf>,
    anvil: PathBuf,
    target: PathBuf,
}

impl Programs {
    /// Builds ours, unless only the peer is wanted, and installs anvil where it is missing.
    pub(super) fn prepare(peer_only: bool) -> Result<Self> {
        let target = target_folder();
        fs::create_dir_all(&target)?;
        let ours = if peer_only { None } else { Some(build_ours(&target)?) };
        Ok(Self { ours, anvil: install_anvil(&target)?, target })
    }

    pub(super) const fn measures_ours(&self) -> bool {
        self.ours.is_some()
    }

    pub(super) fn scratch_folder(&self) -> Result<TempDir> {
        Ok(tempfile::Builder::new().prefix("bench-").tempdir_in(&self.target)?)
    }

    /// Ours on a new development chain.
    pub(super) fn start_ours(&self) -> Result<Node> {
        let folder = self.scratch_folder()?;
        let node = self.start_ours_with(&folder.path().join("data"), &["--dev"])?;
        Ok(Node { _folder: Some(folder), ..node })
    }

    /// Our program's own `genesis new`, for a key and a section that fit each other.
    pub(super) fn make_genesis(&self, folder: &Path) -> Result<()> {
        let program = self.ours.as_ref().ok_or_eyre("our node was not built")?;
        let chain_id = CHAIN_ID.to_string();
        let arguments = ["genesis", "new", "--chain-id", &chain_id, "--data"];
        let made = Command::new(program).args(arguments).arg(folder).stdout(Stdio::null()).status()?;
        ensure!(made.success(), "counterfoil genesis new ended with {made}");
        Ok(())
    }

    /// Ours on a data folder of the caller's.
    pub(super) fn start_ours_with(&self, data: &Path, arguments: &[&str]) -> Result<Node> {
        let port = free_port()?;
        let mut command = Command::new(self.ours.as_ref().ok_or_eyre("our node was not built")?);
        command.arg("node").args(arguments).arg("--data").arg(data);
        command.args(["--http", &format!("127.0.0.1:{port}")]);
        Node::start(command, port, &data.with_extension("log"))
    }

    /// Anvil with blocks made when asked, its fastest way under load, or one for each transaction.
    pub(super) fn start_anvil(&self, mines_on_request: bool) -> Result<Node> {
        let (folder, port) = (self.scratch_folder()?, free_port()?);
        let mut command = Command::new(&self.anvil);
        command.args(["--silent", "--host=127.0.0.1", "--gas-limit=10000000000"]);
        command.args([format!("--port={port}"), format!("--chain-id={CHAIN_ID}")]);
        if mines_on_request {
            command.arg("--no-mining");
        }
        // It keeps old states below its home folder.
        command.env("HOME", folder.path());
        let node = Node::start(command, port, &folder.path().join("anvil.log"))?;
        Ok(Node { _folder: Some(folder), mines_on_request, ..node })
    }
}

/// A running node. Dropping it kills the process.
pub(super) struct Node {
    process: Process,
    pub(super) port: u16,
    pub(super) mines_on_request: bool,
    /// From the start of the process until `eth_chainId` answered.
    pub(super) start_up: Duration,
    /// Deleted after the process has ended: fields drop in this order.
    _folder: Option<TempDir>,
}

impl Node {
    /// Starts `command` and waits until it answers on `port`; what it says goes to `log`.
    pub(super) fn start(mut command: Command, port: u16, log: &Path) -> Result<Self> {
        let program = command.get_program().to_string_lossy().into_owned();
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(File::create(log)?);
        let start = Instant::now();
        let mut process = Process(command.spawn().wrap_err_with(|| format!("cannot start {program}"))?);
        while !answers(port)? {
            if let Some(status) = process.0.try_wait()? {
                bail!("{program} ended with {status}: {}", fs::read_to_string(log)?.trim());
            }
            ensure!(start.elapsed() < START_LIMIT, "{program} does not answer on port {port}");
            sleep(START_POLL);
        }
        Ok(Self { process, port, mines_on_request: false, start_up: start.elapsed(), _folder: None })
    }

    pub(super) fn rpc(&self) -> Result<Rpc> {
        Rpc::open(self.port)
    }

    /// Asks the process to end and waits until it has.
    pub(super) fn stop(mut self) -> Result<()> {
        let child = &mut self.process.0;
        kill_process(Pid::from_child(child), Signal::TERM)?;
        let start = Instant::now();
        loop {
            if let Some(status) = child.try_wait()? {
                ensure!(status.success(), "a node ended with {status} on SIGTERM");
                return Ok(());
            }
            ensure!(start.elapsed() < STOP_LIMIT, "process {} does not end on SIGTERM", child.id());
            sleep(START_POLL);
        }
    }

    /// Resident memory in MiB: `VmRSS`, proc(5).
    pub(super) fn resident_mib(&self) -> Result<f64> {
        let status = fs::read_to_string(format!("/proc/{}/status", self.process.0.id()))?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).ok_or_eyre("no VmRSS")?;
        let kib: u32 = line.trim().trim_end_matches(" kB").parse()?;
        Ok((f64::from(kib) / 1024.0).round())
    }

    /// Whether it has not ended by itself.
    pub(super) fn runs(&mut self) -> Result<bool> {
        Ok(self.process.0.try_wait()?.is_none())
    }

    pub(super) fn processor_time(&self) -> Result<Duration> {
        processor_time(&self.process.0.id().to_string())
    }
}

/// Processor time that this program has used.
pub(super) fn own_processor_time() -> Result<Duration> {
    processor_time("self")
}

struct Process(Child);

impl Drop for Process {
    fn drop(&mut self) {
        // A process that has ended already cannot be killed, which is as good.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// User and system time: the 14th and 15th field of `stat`, proc(5); the second, in brackets, may hold blanks.
fn processor_time(process: &str) -> Result<Duration> {
    let stat = fs::read_to_string(format!("/proc/{process}/stat"))?;
    let (_, fields) = stat.rsplit_once(')').ok_or_eyre("an unreadable stat line")?;
    let mut ticks = 0;
    for field in fields.split_whitespace().skip(11).take(2) {
        ticks += field.parse::<u64>()?;
    }
    Ok(Duration::from_millis(ticks * 1000 / rustix::param::clock_ticks_per_second()))
}

fn answers(port: u16) -> Result<bool> {
    let Ok(chain_id) = Rpc::open(port).and_then(|mut rpc| rpc.call("eth_chainId", json!([]))) else {
        return Ok(false);
    };
    ensure!(chain_id == format!("{CHAIN_ID:#x}"), "a node of chain {chain_id} answers on port {port}");
    Ok(true)
}

pub(super) fn free_port() -> Result<u16> {
    Ok(TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?.port())
}

pub(super) fn workspace_folder() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("xtask stands inside the workspace")
}

fn target_folder() -> PathBuf {
    let folder = std::env::var_os("CARGO_TARGET_DIR").unwrap_or_else(|| "target".into());
    workspace_folder().join(folder)
}

fn build_ours(target: &Path) -> Result<PathBuf> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut build = Command::new(cargo);
    build.current_dir(workspace_folder()).args(["build", "--release", "--package", "counterfoil"]);
    ensure!(build.status()?.success(), "our node does not build");
    Ok(target.join("release/counterfoil"))
}

fn install_anvil(target: &Path) -> Result<PathBuf> {
    let folder = target.join("judges").join(format!("anvil-{ANVIL_VERSION}"));
    if let Some(program) = find_anvil(&folder)? {
        return Ok(program);
    }
    fs::create_dir_all(&folder)?;
    let mut install = Command::new("npm");
    install.args(["install", "--no-audit", "--no-fund", "--ignore-scripts"]);
    install.args(["--loglevel=error", "--prefix"]);
    install.arg(&folder).arg(format!("@foundry-rs/anvil@{ANVIL_VERSION}")).stdout(Stdio::null());
    ensure!(install.status().wrap_err("npm is not installed")?.success(), "npm cannot install anvil {ANVIL_VERSION}");
    find_anvil(&folder)?.ok_or_eyre("anvil's package has no program for this machine")
}

/// The program itself, not the script that starts it: the process id must be the node's.
fn find_anvil(folder: &Path) -> Result<Option<PathBuf>> {
    let packages = folder.join("node_modules/@foundry-rs");
    if !packages.is_dir() {
        return Ok(None);
    }
    for package in fs::read_dir(packages)? {
        let program = package?.path().join("bin/anvil");
        if program.is_file() {
            return Ok(Some(program));
        }
    }
    Ok(None)
}

pub(super) const ANVIL_VERSION: &str = "1.7.1";
/// Long enough for the first start on a million accounts.
const START_LIMIT: Duration = Duration::from_secs(600);
const START_POLL: Duration = Duration::from_millis(2);
const STOP_LIMIT: Duration = Duration::from_secs(60);
