//! `counterfoil export`: asks a node for the counterfoil of a fact and writes it to a file. Whether it is true is for `verify` to say.

use std::{fs, path::Path};

use alloy_primitives::{B256, Bytes, U64};
use eyre::{Context, OptionExt, eyre};
use serde_json::{Value, json};

use crate::{
    cli::{ExportArguments, ExportedFact},
    rpc::Client,
};

pub(crate) fn run(arguments: &ExportArguments) -> eyre::Result<()> {
    let file = arguments.output.as_deref().ok_or_eyre("name the file to write with --output FILE")?;
    let (kind, mut asked) = question(&arguments.fact)?;
    if let Some(height) = arguments.checkpoint {
        asked["checkpoint"] = json!(U64::from(height));
    }
    asked["preimages"] = arguments.preimages.iter().map(|path| preimage(path)).collect::<eyre::Result<_>>()?;
    let exported = Client::new(arguments.rpc.clone()).call("counterfoil_export", json!([kind, asked]))?;
    let content = content(&exported, arguments.json)?;
    write(file, &content)?;
    println!("{} bytes in {}", content.len(), file.display());
    Ok(())
}

fn question(fact: &ExportedFact) -> eyre::Result<(&'static str, Value)> {
    Ok(match fact {
        ExportedFact::Tx { hash } => ("tx", json!({ "hash": hash })),
        ExportedFact::Log { hash, index } => ("log", json!({ "hash": hash, "index": U64::from(*index) })),
        ExportedFact::Redemption { id } => ("redemption", json!({ "redemption": id })),
        ExportedFact::Account { address, block } => ("account", json!({ "address": address, "block": named(block)? })),
        ExportedFact::Token { id, owner, block } => {
            ("token", json!({ "id": id, "owner": owner, "block": named(block)? }))
        }
        ExportedFact::Member { certificate, block } => {
            ("member", json!({ "certificate": certificate, "block": named(block)? }))
        }
        ExportedFact::Storage { address, slots, block } => {
            ("storage", json!({ "address": address, "slots": slots, "block": named(block)? }))
        }
    })
}

fn preimage(path: &Path) -> eyre::Result<Value> {
    let content = fs::read(path).wrap_err_with(|| path.display().to_string())?;
    Ok(json!(Bytes::from(content)))
}

/// A block as JSON-RPC names it.
fn named(block: &str) -> eyre::Result<Value> {
    if block == "latest" {
        return Ok(json!(block));
    }
    if let Ok(height) = block.parse::<u64>() {
        return Ok(json!(U64::from(height)));
    }
    let hash: B256 =
        block.parse().map_err(|_| eyre!("--block {block}: expected a height, a block hash or `latest`"))?;
    Ok(json!({ "blockHash": hash }))
}

fn content(exported: &Value, as_json: bool) -> eyre::Result<Vec<u8>> {
    let text = exported["cfl"].as_str().ok_or_eyre("the node answered without a counterfoil")?;
    let bytes: Bytes = text.parse().wrap_err("the node's counterfoil is not hex")?;
    if !as_json {
        return Ok(bytes.to_vec());
    }
    let file = proof::Counterfoil::decode(&bytes).wrap_err("the node's counterfoil cannot be read")?;
    Ok(file.to_json()?.into_bytes())
}

fn write(file: &Path, content: &[u8]) -> eyre::Result<()> {
    fs::write(file, content).wrap_err_with(|| format!("{} cannot be written", file.display()))
}
