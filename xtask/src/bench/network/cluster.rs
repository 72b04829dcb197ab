//! The nodes of one measurement: four processes of the release program on one machine, or one alone; made, started, killed, joined.
//!
//! Called by `mod.rs`. Keys, genesis and settings are made by `counterfoil network new`. The nodes talk over TCP on loopback and keep
//! their files below the target folder, on a real disk. Every process is ended by its own handle; dropping a cluster kills all.

use std::fs;
use std::net::{Ipv4Addr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use eyre::{Context, OptionExt, Result, bail, ensure};
use serde_json::Value;
use tempfile::TempDir;

use super::super::load::{Account, CHAIN_ID};
use super::super::node::{Node, free_port};
use super::super::rpc::Rpc;
use crate::workspace::{output, target};

/// What the bench decides about a network's genesis.
#[derive(Clone, Copy)]
pub(super) struct Shape {
    pub(super) epoch_blocks: u64,
    pub(super) min_block_interval_ms: u64,
}

/// Running nodes. One that was killed leaves its place empty.
pub(super) struct Cluster {
    program: PathBuf,
    nodes: Vec<Option<Node>>,
    /// Where clients find the nodes, running or not.
    pub(super) ports: Vec<u16>,
    network: Option<Network>,
    /// Deleted after the processes have ended: fields drop in this order.
    folder: TempDir,
}

/// What only a network has.
struct Network {
    out: PathBuf,
    first_peer_port: u16,
}

impl Cluster {
    /// A network of [`MEMBERS`] of which the first `running` are started.
    pub(super) fn network(program: &Path, shape: Shape, running: usize) -> Result<Self> {
        let folder = scratch_folder()?;
        let out = folder.path().join("network");
        // One more of each, for a node that joins.
        let first_port = free_ports(2 * (MEMBERS + 1))?;
        let first_peer_port = first_port + as_u16(MEMBERS + 1)?;
        let mut made = Command::new(program);
        made.args(["network", "new", "--members", &MEMBERS.to_string(), "--chain-id", &CHAIN_ID.to_string()]);
        made.args(["--epoch-blocks", &shape.epoch_blocks.to_string()]);
        made.args(["--min-block-interval-ms", &shape.min_block_interval_ms.to_string()]);
        made.args(["--fund", &format!("{}={TREASURY_WEI}", Account::development().address)]);
        made.args(["--http-port", &first_port.to_string(), "--port", &first_peer_port.to_string(), "--out"]).arg(&out);
        output(&mut made)?;
        let ports = (0..MEMBERS).map(|index| Ok(first_port + as_u16(index)?)).collect::<Result<_>>()?;
        let network = Some(Network { out, first_peer_port });
        let nodes = (0..MEMBERS).map(|_| None).collect();
        let mut cluster = Self { program: program.to_owned(), nodes, ports, network, folder };
        for index in 0..running {
            cluster.start(index)?;
        }
        Ok(cluster)
    }

    /// One node that decides alone.
    pub(super) fn solo(program: &Path) -> Result<Self> {
        let (folder, port) = (scratch_folder()?, free_port()?);
        let data = folder.path().join("solo");
        let mut command = Command::new(program);
        command.args(["node", "--dev", "--log", "warn", "--http", &format!("127.0.0.1:{port}"), "--data"]).arg(&data);
        let node = Node::start(command, port, &data.with_extension("log"))?;
        Ok(Self { program: program.to_owned(), nodes: vec![Some(node)], ports: vec![port], network: None, folder })
    }

    fn start(&mut self, index: usize) -> Result<()> {
        let settings = self.out()?.join(format!("node-{}.toml", index + 1));
        let mut command = Command::new(&self.program);
        command.args(["node", "--log", "warn", "--config"]).arg(&settings);
        self.nodes[index] = Some(Node::start(command, self.ports[index], &settings.with_extension("log"))?);
        Ok(())
    }

    /// As a power switch would; the node's place stays empty.
    pub(super) fn kill(&mut self, index: usize) {
        self.nodes[index] = None;
    }

    /// Places of the nodes that were started and not killed.
    pub(super) fn running(&self) -> Vec<usize> {
        (0..self.nodes.len()).filter(|index| self.nodes[*index].is_some()).collect()
    }

    /// That no node ended by itself.
    pub(super) fn check_alive(&mut self) -> Result<()> {
        for (index, port) in self.ports.iter().enumerate() {
            if let Some(node) = &mut self.nodes[index] {
                ensure!(
                    node.runs()?,
                    "node {} on port {port} ended by itself: {}",
                    index + 1,
                    said(self.folder.path())
                );
            }
        }
        Ok(())
    }

    /// Processor time of all nodes together.
    pub(super) fn processor_time(&self) -> Result<Duration> {
        self.nodes.iter().flatten().map(Node::processor_time).sum()
    }

    pub(super) fn rpc(&self, index: usize) -> Result<Rpc> {
        Rpc::open(self.ports[index])
    }

    /// The value of a metric without labels; of a family the sum.
    pub(super) fn metric(&self, index: usize, name: &str) -> Result<f64> {
        let page =
            ureq::get(format!("http://127.0.0.1:{}/metrics", self.ports[index])).call()?.body_mut().read_to_string()?;
        let value =
            |line: &str| line.strip_prefix(name)?.strip_prefix([' ', '{'])?.rsplit(' ').next()?.parse::<f64>().ok();
        let values: Vec<f64> = page.lines().filter_map(value).collect();
        ensure!(!values.is_empty(), "the node shows no metric {name}");
        Ok(values.iter().sum())
    }

    /// Votes a node in that was no member, and prepares its folder; [`Cluster::start_joiner`] starts it.
    pub(super) fn admit_joiner(&mut self) -> Result<()> {
        let (out, peer_port) = (self.out()?.to_owned(), self.joiner_port()?);
        let (key, certificate) = (out.join("joiner.key"), out.join("joiner.der"));
        fs::write(&key, "5a".repeat(32)).wrap_err("joiner.key")?;
        let address = format!("127.0.0.1:{peer_port}");
        self.member(
            &["certificate", "--name", "joiner", "--address", &address],
            &[("--key", &key), ("-o", &certificate)],
        )?;
        let asked = self.member(&["join"], &[("--key", &key), ("--certificate", &certificate)])?;
        let asked: Value = serde_json::from_str(&asked).wrap_err("the answer of `member join`")?;
        let request = asked["request"].as_u64().ok_or_eyre("`member join` named no request")?.to_string();
        for voter in 1..=MEMBERS {
            let data = out.join(format!("node-{voter}"));
            let voted = self.member(&["vote", &request, "approve"], &[("--data", &data)])?;
            let voted: Value = serde_json::from_str(&voted).wrap_err("the answer of `member vote`")?;
            if voted["state"] == "approved" {
                return Ok(());
            }
        }
        bail!("all members voted and the joiner is not admitted")
    }

    /// The joiner with an empty folder; it counts as one more node.
    pub(super) fn start_joiner(&mut self) -> Result<usize> {
        let out = self.out()?.to_owned();
        let port = *self.ports.last().ok_or_eyre("a cluster without nodes")? + 1;
        let mut command = Command::new(&self.program);
        command.args(["node", "--log", "warn", "--local-peers", "--http", &format!("127.0.0.1:{port}")]);
        command
            .args(["--listen", &format!("127.0.0.1:{}", self.joiner_port()?), "--genesis"])
            .arg(out.join("genesis.json"));
        command.arg("--key").arg(out.join("joiner.key")).arg("--data").arg(out.join("joiner"));
        self.nodes.push(Some(Node::start(command, port, &out.join("joiner.log"))?));
        self.ports.push(port);
        Ok(self.ports.len() - 1)
    }

    fn member(&self, arguments: &[&str], files: &[(&str, &Path)]) -> Result<String> {
        let mut command = Command::new(&self.program);
        command.arg("member").args(arguments);
        for (flag, file) in files {
            command.arg(flag).arg(file);
        }
        // A certificate is made without a node.
        if arguments[0] != "certificate" {
            command.args(["--json", "--rpc", &format!("http://127.0.0.1:{}", self.ports[0])]);
        }
        output(&mut command)
    }

    fn joiner_port(&self) -> Result<u16> {
        let network = self.network.as_ref().ok_or_eyre("a solo node has no peers")?;
        Ok(network.first_peer_port + as_u16(MEMBERS)?)
    }

    fn out(&self) -> Result<&Path> {
        Ok(&self.network.as_ref().ok_or_eyre("a solo node is no network")?.out)
    }

    /// Asks every node to end and waits until it has.
    pub(super) fn stop(mut self) -> Result<()> {
        self.nodes.drain(..).flatten().try_for_each(Node::stop)
    }
}

/// The last words of the nodes.
fn said(folder: &Path) -> String {
    let logs = fs::read_dir(folder.join("network")).into_iter().flatten().flatten().map(|entry| entry.path());
    let logs = logs.filter(|path| path.extension().is_some_and(|extension| extension == "log"));
    let last = logs.filter_map(|path| Some(fs::read_to_string(path).ok()?.lines().next_back()?.to_owned()));
    last.collect::<Vec<_>>().join("; ")
}

fn scratch_folder() -> Result<TempDir> {
    fs::create_dir_all(target())?;
    Ok(tempfile::Builder::new().prefix("bench-").tempdir_in(target())?)
}

/// The first of so many ports in a row that nobody uses now, below those that the system gives to clients.
fn free_ports(count: usize) -> Result<u16> {
    let count = as_u16(count)?;
    let spread = as_u16(usize::try_from(std::process::id() % 500)?)? * 20;
    let first = (0..100).map(|step| FIRST_PORT + (spread + step * count) % PORTS);
    let is_free = |port: u16| TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok();
    let mut free = first.filter(|first| (*first..first + count).all(is_free));
    free.next().ok_or_eyre("no free ports in a row")
}

fn as_u16(count: usize) -> Result<u16> {
    Ok(u16::try_from(count)?)
}

pub(super) const MEMBERS: usize = 4;
/// 1,000,000 ether.
const TREASURY_WEI: &str = "1000000000000000000000000";
const FIRST_PORT: u16 = 20_000;
const PORTS: u16 = 10_000;
