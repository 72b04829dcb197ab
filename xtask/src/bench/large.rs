//! Our node on a state of a million accounts: the same rows, with memory and start-up time.
//!
//! Called by `mod.rs`. The accounts come from a genesis file written here, which also funds the senders, a new group for
//! each measurement; the recipients are spread over all accounts. One node serves all rows, because filling the state is
//! the expensive part. The first start reads the file; the start-up time is that of the second.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;

use alloy_primitives::Address;
use eyre::{Result, ensure};

use super::drive::measure;
use serde_json::Value;

use super::load::{Account, CHAIN_ID, Load, Recipients, Treasury, genesis_address};
use super::node::{Node, Programs};
use super::report::{LargeState, RowResult, Samples, rounded};
use super::{Plan, ROWS, Row, Side};

pub(super) fn measure_all(plan: &Plan, programs: &Programs, accounts: usize) -> Result<LargeState> {
    eprintln!("with {accounts} accounts:");
    let folder = programs.scratch_folder()?;
    let (genesis, data) = (folder.path().join("genesis.json"), folder.path().join("data"));
    let keys = folder.path().join("keys");
    programs.make_genesis(&keys)?;
    write_genesis(&genesis, &section_of(&keys)?, accounts, &sender_addresses(plan))?;
    let (genesis, key) = (genesis.to_string_lossy(), keys.join("node.key"));
    let arguments = ["--genesis", &genesis, "--key", &key.to_string_lossy()];

    let first = programs.start_ours_with(&data, &arguments)?;
    let first_start_s = rounded(first.start_up.as_secs_f64());
    first.stop()?;
    let node = programs.start_ours_with(&data, &arguments)?;
    let resident_at_start_mib = node.resident_mib()?;
    let rows = measure_rows(plan, &node, accounts)?;
    let resident_at_end_mib = node.resident_mib()?;
    let start_up_s = rounded(node.start_up.as_secs_f64());
    node.stop()?;
    Ok(LargeState { accounts, first_start_s, start_up_s, resident_at_start_mib, resident_at_end_mib, rows })
}

fn measure_rows(plan: &Plan, node: &Node, accounts: usize) -> Result<Vec<RowResult>> {
    let (mut treasury, recipients) = (Treasury::new(), Recipients::Genesis(accounts));
    let mut rows = Vec::new();
    for row in &ROWS {
        let mut samples = Samples::start(row)?;
        for round in 0..plan.rounds {
            let senders = Account::group(&group(row, round));
            let size = plan.size(row.measure);
            let load = Load::sign(row.kind, &mut treasury, senders, &recipients, size)?;
            samples.add(Side::Ours, measure(node, &load, row.measure)?);
        }
        rows.push(samples.finish());
    }
    Ok(rows)
}

fn group(row: &Row, round: usize) -> String {
    format!("{}, round {round}", row.name())
}

fn sender_addresses(plan: &Plan) -> Vec<Address> {
    let groups = ROWS.iter().flat_map(|row| (0..plan.rounds).map(move |round| group(row, round)));
    groups.flat_map(|group| Account::group(&group)).map(|sender| sender.address).collect()
}

/// The `counterfoil` section of a genesis that the program made, which names the key beside it as the committee.
fn section_of(keys: &Path) -> Result<Value> {
    let made: Value = serde_json::from_reader(File::open(keys.join("genesis.json"))?)?;
    Ok(made["counterfoil"].clone())
}

/// geth's genesis format with our section. The token's deployer and the senders count among the accounts.
pub(super) fn write_genesis(file: &Path, section: &Value, accounts: usize, senders: &[Address]) -> Result<()> {
    ensure!(accounts > senders.len(), "{accounts} accounts do not hold {} senders", senders.len());
    let mut out = BufWriter::new(File::create(file)?);
    write!(out, r#"{{"config":{{"chainId":{CHAIN_ID}}},"timestamp":"0x0","gasLimit":"0x1dcd6500","#)?;
    write!(out, r#""counterfoil":{section},"#)?;
    let deployer = Account::development().address;
    write!(out, r#""alloc":{{"{deployer:#x}":{{"balance":"{BALANCE_WEI}"}}"#)?;
    let others = (1..accounts - senders.len()).map(genesis_address);
    for address in senders.iter().copied().chain(others) {
        write!(out, r#","{address:#x}":{{"balance":"{BALANCE_WEI}"}}"#)?;
    }
    write!(out, "}}}}")?;
    Ok(out.flush()?)
}

/// 1,000 ether.
const BALANCE_WEI: &str = "0x3635c9adc5dea00000";
