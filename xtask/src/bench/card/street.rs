//! A node that decides alone, an issuer beside it with one merchant, and cards with money: what holds are measured at. Three processes of the
//! release program with their files on a real disk; made by the program's own commands.

use std::fs::{self, File};
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::{Duration, Instant};

use eyre::{OptionExt, Result, WrapErr, bail, ensure};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;
use tempfile::TempDir;

use super::super::node::{Node, free_port};
use crate::workspace::target;

/// Where money is held.
pub(super) struct Street {
    program: PathBuf,
    cards: Vec<PathBuf>,
    issuer: Option<Issuer>,
    node: Option<Node>,
    url: String,
    /// Deleted after the processes have ended: fields drop in this order.
    folder: TempDir,
}

impl Street {
    /// With so many cards that all have money enough.
    pub(super) fn open(program: &Path, cards: usize) -> Result<Self> {
        let (folder, port) = (scratch_folder()?, free_port()?);
        let data = folder.path().join("node");
        let mut command = Command::new(program);
        command.args(["node", "--dev", "--log", "warn", "--http", &format!("127.0.0.1:{port}"), "--data"]).arg(&data);
        let node = Some(Node::start(command, port, &data.with_extension("log"))?);
        fs::write(folder.path().join("passphrase"), "of the bench\n")?;
        let url = format!("http://127.0.0.1:{port}");
        let mut street = Self { program: program.to_owned(), cards: Vec::new(), issuer: None, node, url, folder };
        street.furnish()?;
        for number in 0..cards {
            let card = street.card(number)?;
            street.cards.push(card);
        }
        street.issuer = Some(Issuer::start(
            street.command(&["issuer", "run", "--dev", "--log", "warn"]),
            &street.file("issuer.log"),
        )?);
        Ok(street)
    }

    pub(super) fn cards(&self) -> &[PathBuf] {
        &self.cards
    }

    /// The address of the issuer's door for ISO 8583.
    pub(super) fn issuer(&self) -> &str {
        self.issuer.as_ref().map_or("", |issuer| &issuer.address)
    }

    /// The file with everybody's passphrase.
    pub(super) fn passphrase(&self) -> PathBuf {
        self.file("passphrase")
    }

    /// Ends all; vault and ledger must tell one story, or it was no measurement.
    pub(super) fn close(mut self) -> Result<()> {
        self.issuer.take().ok_or_eyre("the issuer runs")?.stop()?;
        let compared = self.run(&["issuer", "reconcile", "--json"], "")?;
        ensure!(compared["differences"] == Value::Array(Vec::new()), "vault and ledger differ: {compared}");
        self.node.take().ok_or_eyre("the node runs")?.stop()
    }

    /// A currency, a pool, a merchant.
    fn furnish(&self) -> Result<()> {
        self.run(&["key", "import", KEY], GOVERNOR_SECRET)?;
        self.run(&["cash", "create", "EUR", "--issuer", GOVERNOR, "--key", KEY, "--json"], "")?;
        let made = self.run(&["issuer", "init", "--json"], "")?;
        let pool = made["pool"].as_str().ok_or_eyre("an issuer without a pool")?;
        let mint =
            ["cash", "mint", "EUR", "--amount", POOL, "--to", pool, "--reference", "bench", "--key", KEY, "--json"];
        let minted = self.run(&mint, "")?;
        let transaction = minted["receipt"]["transactionHash"].as_str().ok_or_eyre("a mint without a transaction")?;
        self.run(&["issuer", "deposit", "--tx", transaction, "--json"], "")?;
        let registered = ["--acquirer", ACQUIRER, "--merchant", MERCHANT, "--currency", "EUR", "--address", SHOP];
        self.run(&[&["issuer", "merchant", "add", "--json"], &registered[..]].concat(), "").map(drop)
    }

    fn card(&self, number: usize) -> Result<PathBuf> {
        let path = self.file(&format!("{number}.card"));
        let out = path.to_str().ok_or_eyre("a path that is text")?;
        let personalize = ["card", "personalize", "--pan-stdin", "--expiry", "4912", "--out", out, "--json"];
        let made = self.run(&personalize, &with_check_digit(&format!("{PAN_BIN}{number:09}")))?;
        let card = made["card"].as_str().ok_or_eyre("a card without a reference")?;
        self.run(&["issuer", "credit", "--card", card, "--amount", BALANCE, "--currency", "EUR", "--json"], "")?;
        Ok(path)
    }

    fn file(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(&self.program);
        command.args(arguments).env("COUNTERFOIL_RPC", &self.url).env("COUNTERFOIL_ISSUER_DIR", self.file("issuer"));
        for name in ["COUNTERFOIL_PASSPHRASE_FILE", "COUNTERFOIL_CARD_PASSPHRASE_FILE"] {
            command.env(name, self.passphrase());
        }
        command.env("COUNTERFOIL_KEYSTORE", self.file("keys")).current_dir(self.folder.path());
        command
    }

    /// What a command says to machines; null if nothing.
    fn run(&self, arguments: &[&str], input: &str) -> Result<Value> {
        let mut command = self.command(arguments);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().wrap_err("our program does not start")?;
        // It may refuse before it reads; then it says so.
        let _told = child.stdin.take().map(|mut stdin| writeln!(stdin, "{input}"));
        let ended = child.wait_with_output()?;
        let said = String::from_utf8_lossy(&ended.stderr);
        ensure!(ended.status.success(), "counterfoil {} ended with {}: {said}", arguments.join(" "), ended.status);
        Ok(serde_json::from_slice(&ended.stdout).unwrap_or_default())
    }
}

/// A running issuer. Dropping it kills the process.
struct Issuer {
    process: Child,
    address: String,
    /// Held open: who writes to a closed pipe is ended by it.
    _said: BufReader<ChildStdout>,
}

impl Issuer {
    fn start(mut command: Command, log: &Path) -> Result<Self> {
        command.args(["--iso", "127.0.0.1:0", "--http", "127.0.0.1:0"]);
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(File::create(log)?);
        let mut process = command.spawn().wrap_err("the issuer does not start")?;
        let mut said = BufReader::new(process.stdout.take().ok_or_eyre("a pipe")?);
        let mut line = String::new();
        // It ends, or it says where it listens.
        said.read_line(&mut line)?;
        match line.strip_prefix("listening on ").and_then(|rest| rest.split_once(' ')) {
            Some((address, _)) => Ok(Self { process, address: address.to_owned(), _said: said }),
            None => {
                let status = process.wait()?;
                bail!("the issuer ended with {status}: {}", fs::read_to_string(log)?.trim())
            }
        }
    }

    fn stop(mut self) -> Result<()> {
        kill_process(Pid::from_child(&self.process), Signal::TERM)?;
        let start = Instant::now();
        while start.elapsed() < STOP_LIMIT {
            if let Some(status) = self.process.try_wait()? {
                ensure!(status.success(), "the issuer ended with {status} on SIGTERM");
                return Ok(());
            }
            std::thread::sleep(STOP_POLL);
        }
        bail!("the issuer does not end on SIGTERM")
    }
}

impl Drop for Issuer {
    fn drop(&mut self) {
        // A process that has ended already cannot be killed, which is as good.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Below the target folder, on a real disk.
pub(super) fn scratch_folder() -> Result<TempDir> {
    fs::create_dir_all(target())?;
    Ok(tempfile::Builder::new().prefix("bench-").tempdir_in(target())?)
}

/// Luhn's, behind the others.
fn with_check_digit(digits: &str) -> String {
    let doubled = |digit: u32| if digit > 4 { 2 * digit - 9 } else { 2 * digit };
    let values = digits.chars().rev().filter_map(|digit| digit.to_digit(10)).enumerate();
    let sum: u32 = values.map(|(place, digit)| if place % 2 == 0 { doubled(digit) } else { digit }).sum();
    format!("{digits}{}", (10 - sum % 10) % 10)
}

/// The first account of a development chain, which governs its money. Everybody knows its key.
const GOVERNOR: &str = "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266";
const GOVERNOR_SECRET: &str = "0xac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80";
/// The second.
const SHOP: &str = "0x70997970C51812dc3A010C7d01b50e0d17dc79C8";
const KEY: &str = "governor";
const POOL: &str = "100000000";
const BALANCE: &str = "1000000";
/// As the example `card_speed` names itself.
const ACQUIRER: &str = "12345";
const MERCHANT: &str = "SHOP-1";
/// Of `issuer init`.
const PAN_BIN: &str = "999900";
const STOP_LIMIT: Duration = Duration::from_secs(30);
const STOP_POLL: Duration = Duration::from_millis(10);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_ends_with_its_check_digit() {
        assert_eq!(with_check_digit("999900123456789"), "9999001234567891");
        assert_eq!(with_check_digit("541333008902001"), "5413330089020011");
    }
}
