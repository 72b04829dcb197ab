//! The flows of someone at a shell with foundry's `cast`: the session of the README, and what else cast asks a node.
//!
//! Called by flows.rs. No shell is between: each command is a process with its arguments. The tenth development account
//! sends, the ninth is unlocked in the node and delegates its code.

use std::fs;
use std::path::Path;
use std::process::Command;

use eyre::{Context, OptionExt, Result, ensure, eyre};
use serde_json::Value;

use super::{Verdict, scripts};
use crate::node::Program;
use crate::workspace::output;

/// Runs every check with a session on a node.
pub(super) fn run(session: &Session<'_>) -> Result<Verdict> {
    let mut verdict = Verdict::default();
    let noted = deploy(session);
    let address = noted.as_deref().unwrap_or(NOBODY).to_owned();
    verdict.record("cast: deploy a contract", noted.map(drop));
    for (name, check) in CHECKS {
        verdict.record(&format!("cast: {name}"), check(session, &address));
    }
    Ok(verdict)
}

/// What is checked, given the address of the deployed contract.
type CastCheck = fn(&Session<'_>, &str) -> Result<()>;

const CHECKS: [(&str, CastCheck); 15] = [
    ("the chain id, the client, the block number", identity),
    ("read a contract", |cast, noted| cast.prints(&["call", noted, "count()(uint256)"], "7")),
    ("send with a private key at a price of zero", send_by_key),
    ("send from an unlocked account", send_unlocked),
    ("send without waiting, then ask for the receipt", send_async),
    ("sign here, publish there", publish),
    ("logs by address, event and indexed argument", logs),
    ("balance, nonce, code and storage", state),
    ("an estimate and an access list", estimates),
    ("a revert with its words and its data", reverts),
    ("a proof of the contract", proof),
    ("a block by number and by hash", block),
    ("delegate code by EIP-7702, and clear it", delegation),
    ("execute a mined transaction again, from the state before it", replay),
    ("any method at all", raw_method),
];

/// cast, told which node to ask.
pub(super) struct Session<'a> {
    pub(super) cast: &'a Path,
    pub(super) url: &'a str,
    pub(super) program: &'a Program,
}

impl Session<'_> {
    pub(super) fn run(&self, arguments: &[&str]) -> Result<String> {
        let mut command = Command::new(self.cast);
        command.args(arguments).env("ETH_RPC_URL", self.url);
        // No settings and no cache of whoever runs this.
        command.env_remove("FOUNDRY_PROFILE").env("NO_COLOR", "1");
        output(&mut command)
    }

    fn json(&self, arguments: &[&str]) -> Result<Value> {
        let printed = self.run(&[arguments, &["--json"]].concat())?;
        serde_json::from_str(&printed).wrap_err("cast printed no JSON")
    }

    /// `cast send`: at a price of zero, which anvil refuses as it is below its base fee. The receipt says success.
    /// The options stand first, because what follows `--create` belongs to it.
    pub(super) fn send(&self, arguments: &[&str]) -> Result<Value> {
        let prices: &[&str] = match self.program {
            Program::Ours(_) => &["--gas-price", "0", "--priority-gas-price", "0"],
            Program::Anvil(_) => &[],
        };
        let receipt = self.run(&[&["send", "--json"], prices, arguments].concat())?;
        let receipt: Value = serde_json::from_str(&receipt).wrap_err("cast printed no JSON")?;
        equal(text(&receipt, "status")?, "0x1")?;
        Ok(receipt)
    }

    fn prints(&self, arguments: &[&str], expected: &str) -> Result<()> {
        equal(&self.run(arguments)?, expected)
    }

    fn complains(&self, arguments: &[&str], expected: &[&str]) -> Result<()> {
        let Err(complaint) = self.run(arguments) else {
            return Err(eyre!("it succeeded, a failure was expected"));
        };
        let complaint = complaint.to_string();
        for words in expected {
            ensure!(complaint.contains(words), "{words:?} is not in {complaint:?}");
        }
        Ok(())
    }
}

fn deploy(cast: &Session<'_>) -> Result<String> {
    let artifact = fs::read_to_string(scripts().join("flows").join("noted.json"))?;
    let artifact: Value = serde_json::from_str(&artifact)?;
    let bytecode = text(&artifact, "bytecode")?;
    let value = ["--private-key", SENDER_KEY, "--value", "5"];
    let create = ["--create", bytecode, "constructor(uint256)", "7"];
    let receipt = cast.send(&[value, create].concat())?;
    Ok(text(&receipt, "contractAddress")?.to_owned())
}

fn identity(cast: &Session<'_>, _: &str) -> Result<()> {
    cast.prints(&["chain-id"], "31337")?;
    ensure!(cast.run(&["client"])?.contains('/'), "the client has no version");
    ensure!(cast.run(&["block-number"])?.parse::<u64>()? > 0, "there is no block");
    Ok(())
}

fn send_by_key(cast: &Session<'_>, noted: &str) -> Result<()> {
    cast.send(&["--private-key", SENDER_KEY, noted, "note(uint256,string)", "5", "by key"])?;
    cast.prints(&["call", noted, "numberOf(address)(uint256)", SENDER], "5")
}

fn send_unlocked(cast: &Session<'_>, noted: &str) -> Result<()> {
    cast.send(&["--unlocked", "--from", UNLOCKED, noted, "note(uint256,string)", "6", "unlocked"])?;
    cast.prints(&["call", noted, "numberOf(address)(uint256)", UNLOCKED], "6")
}

fn send_async(cast: &Session<'_>, _: &str) -> Result<()> {
    let hash = cast.run(&["send", "--async", "--private-key", SENDER_KEY, STRANGER, "--value", "2"])?;
    cast.prints(&["receipt", &hash, "status"], "true")?;
    equal(text(&cast.json(&["tx", &hash])?, "value")?, "0x2")
}

fn publish(cast: &Session<'_>, _: &str) -> Result<()> {
    let raw = cast.run(&["mktx", "--private-key", SENDER_KEY, STRANGER, "--value", "1"])?;
    equal(text(&cast.json(&["publish", &raw])?, "status")?, "0x1")
}

fn logs(cast: &Session<'_>, noted: &str) -> Result<()> {
    let event = "Note(address indexed,uint256 indexed,string)";
    let all = cast.json(&["logs", "--from-block", "0", "--address", noted, event])?;
    let mine = cast.json(&["logs", "--from-block", "0", "--address", noted, event, SENDER])?;
    let count = |logs: &Value| logs.as_array().map_or(0, Vec::len);
    ensure!((count(&all), count(&mine)) == (2, 1), "{} logs, {} of the sender", count(&all), count(&mine));
    Ok(())
}

fn state(cast: &Session<'_>, noted: &str) -> Result<()> {
    cast.prints(&["balance", noted], "5")?;
    cast.prints(&["nonce", noted], "1")?;
    let slot = cast.run(&["storage", noted, "0"])?;
    ensure!(slot.ends_with("09"), "the counter is {slot}");
    ensure!(cast.run(&["code", noted])?.len() > 100, "there is no code");
    Ok(())
}

fn estimates(cast: &Session<'_>, noted: &str) -> Result<()> {
    let call = [noted, "note(uint256,string)", "5", "estimated"];
    let gas = cast.run(&[&["estimate", "--from", SENDER], &call[..]].concat())?;
    ensure!(gas.parse::<u64>()? > 21_000, "the estimate is {gas}");
    let list = cast.run(&[&["access-list", "--from", SENDER], &call[..]].concat())?;
    ensure!(list.to_lowercase().contains(&noted.to_lowercase()), "the access list is {list}");
    Ok(())
}

fn reverts(cast: &Session<'_>, noted: &str) -> Result<()> {
    let insufficient = ["error code 3: execution reverted", "data: \"0xa8b21345"];
    cast.complains(&["call", "--from", SENDER, noted, "take(uint256)", "1000"], &insufficient)?;
    cast.complains(&["call", noted, "refuse()"], &["execution reverted: refused in words", "0x08c379a0"])?;
    let send = ["send", "--private-key", SENDER_KEY, noted, "take(uint256)", "1000"];
    cast.complains(&send, &["0xa8b21345"])
}

fn proof(cast: &Session<'_>, noted: &str) -> Result<()> {
    let proof: Value = serde_json::from_str(&cast.run(&["proof", noted, "0x0"])?)?;
    let nodes = |path: &str| proof.pointer(path).and_then(Value::as_array).map_or(0, Vec::len);
    ensure!(nodes("/accountProof") > 0 && nodes("/storageProof/0/proof") > 0, "the proof is {proof}");
    equal(text(&proof, "nonce")?, "0x1")
}

fn block(cast: &Session<'_>, _: &str) -> Result<()> {
    let latest = cast.json(&["block", "latest"])?;
    let hash = text(&latest, "hash")?;
    cast.prints(&["block", hash, "--field", "hash"], hash)?;
    let parent = cast.json(&["block", text(&latest, "parentHash")?])?;
    equal(text(&parent, "hash")?, text(&latest, "parentHash")?)
}

fn delegation(cast: &Session<'_>, noted: &str) -> Result<()> {
    let authorization = cast.run(&["wallet", "sign-auth", noted, "--private-key", UNLOCKED_KEY])?;
    cast.send(&["--private-key", SENDER_KEY, "--auth", &authorization, STRANGER])?;
    let code = format!("0xef0100{}", noted.trim_start_matches("0x").to_lowercase());
    cast.prints(&["code", UNLOCKED], &code)?;
    cast.send(&["--private-key", SENDER_KEY, UNLOCKED, "note(uint256,string)", "8", "delegated"])?;
    cast.prints(&["call", UNLOCKED, "count()(uint256)"], "1")?;
    let cleared = cast.run(&["wallet", "sign-auth", NOBODY, "--private-key", UNLOCKED_KEY])?;
    cast.send(&["--private-key", SENDER_KEY, "--auth", &cleared, STRANGER])?;
    cast.prints(&["code", UNLOCKED], "0x")
}

fn replay(cast: &Session<'_>, noted: &str) -> Result<()> {
    let receipt = cast.send(&["--private-key", SENDER_KEY, noted, "note(uint256,string)", "9", "again"])?;
    let trace = cast.run(&["run", text(&receipt, "transactionHash")?])?;
    ensure!(trace.contains("successfully executed"), "the trace is {trace}");
    let gas = text(&receipt, "gasUsed")?;
    let gas = u64::from_str_radix(gas.trim_start_matches("0x"), 16)?;
    ensure!(trace.contains(&format!("Gas used: {gas}")), "the receipt has {gas}, the trace is {trace}");
    Ok(())
}

fn raw_method(cast: &Session<'_>, _: &str) -> Result<()> {
    cast.prints(&["rpc", "eth_chainId"], "\"0x7a69\"")?;
    cast.complains(&["rpc", "eth_nonsense"], &["-32601"])
}

fn text<'a>(value: &'a Value, field: &str) -> Result<&'a str> {
    value.get(field).and_then(Value::as_str).ok_or_eyre(format!("there is no {field} in {value}"))
}

fn equal(actual: &str, expected: &str) -> Result<()> {
    ensure!(actual == expected, "got {actual}, expected {expected}");
    Ok(())
}

pub(super) const SENDER: &str = "0xa0Ee7A142d267C1f36714E4a8F75612F20a79720";
pub(super) const SENDER_KEY: &str = "0x2a871d0798f97d79848a013d4936a73bf4cc922c825d33c1cf7073dff6d409c6";
pub(super) const UNLOCKED: &str = "0x23618e81E3f5cdF7f54C3d65f7FBc0aBf5B21E8f";
const UNLOCKED_KEY: &str = "0xdbda1821b80551c9d65939329250298aa3472ba22feea921c0cf5d620ea67b97";
const STRANGER: &str = "0x00000000000000000000000000000000005ca1ab";
const NOBODY: &str = "0x0000000000000000000000000000000000000000";
