//! `counterfoil demo`: a fresh development node in a temporary folder, and a story told through its own JSON-RPC, and through the doors of an
//! issuer of cards in the same process; then a network of members that grows and shrinks. Each chapter prints what happened with the hashes to look it up; a chapter that does not come true ends with an error.

mod card;
mod ledger;
mod network;
mod token;

use alloy_primitives::B256;
use eyre::{Context, ensure};
use serde_json::Value;

use crate::{
    cli::DemoArguments,
    config::NodeConfig,
    folder::Folder,
    node::Node,
    process::refuse_core_dumps,
    rpc::{Client, Field},
};

pub(crate) fn run(arguments: &DemoArguments) -> eyre::Result<()> {
    refuse_core_dumps()?;
    let folder = tempfile::tempdir().wrap_err("could not make a temporary folder")?;
    let config = NodeConfig::demo(Folder::new(folder.path().into()), arguments.http)?;
    let runtime = tokio::runtime::Runtime::new().wrap_err("could not start the runtime")?;
    let mut node = runtime.block_on(Node::start(config))?;
    println!("A one-member network, chain id {}, at http://{}", node.chain().rules().chain_id, node.address());
    let genesis = node.chain().genesis_hash();
    println!("genesis {genesis}\n");
    let told = tell(&Client::new(format!("http://{}", node.address())), genesis).and_then(|()| {
        println!();
        card::tell(&runtime, &mut node, folder.path())
    });
    runtime.block_on(node.stop())?;
    told?;
    println!();
    network::tell(&runtime, folder.path())?;
    println!("\nRun it yourself: counterfoil node --dev, and counterfoil network new --out DIR");
    Ok(())
}

fn tell(node: &Client, genesis: B256) -> eyre::Result<()> {
    ledger::tell(node)?;
    println!();
    token::tell(node, genesis)
}

/// A transaction of the story, and where to look it up.
fn step(what: &str, receipt: &Value) -> eyre::Result<()> {
    ensure!(receipt["status"] == "0x1", "the transaction failed: {receipt}");
    println!("  {what}");
    println!("    transaction {}", receipt.hash("transactionHash")?);
    println!("    final in block {} ({})", receipt.number("blockNumber")?, receipt.hash("blockHash")?);
    Ok(())
}
