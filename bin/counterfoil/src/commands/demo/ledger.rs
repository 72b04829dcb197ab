//! The ledger's chapter: money moves, a Solidity token is deployed and used, its log is found, its storage is proven.

use alloy_primitives::{Address, B256, Bytes, U256, hex, keccak256};
use alloy_trie::{Nibbles, TrieAccount, proof::verify_proof};
use eyre::{Context, ensure, eyre};
use serde_json::{Value, json};

use super::step;
use crate::rpc::{Client, Field};

/// OpenZeppelin's ERC-20, compiled by testdata/compile.mjs; the constructor mints all to the deployer.
const TOKEN: &str = include_str!("../../../../../testdata/erc20.json");
/// Where OpenZeppelin's ERC20 keeps `_balances`.
const BALANCES_SLOT: u64 = 0;

/// Tells the chapter to its end.
pub(crate) fn tell(node: &Client) -> eyre::Result<()> {
    let accounts: Vec<Address> = serde_json::from_value(node.call("eth_accounts", json!([]))?)?;
    let [anna, ben, ..] = accounts[..] else { return Err(eyre!("the node has fewer than two accounts")) };
    send_value(node, anna, ben)?;
    let token = deploy(node, anna)?;
    transfer(node, token, anna, ben)?;
    read_log(node, token, ben)?;
    prove_balance(node, token, ben)
}

fn send_value(node: &Client, anna: Address, ben: Address) -> eyre::Result<()> {
    let wei = U256::from(10).pow(U256::from(18));
    let receipt = node.send(json!({ "from": anna, "to": ben, "value": wei }))?;
    step("Anna sends Ben 1 ether", &receipt)
}

fn deploy(node: &Client, anna: Address) -> eyre::Result<Address> {
    let compiled: Value = serde_json::from_str(TOKEN)?;
    let receipt = node.send(json!({ "from": anna, "input": compiled["bytecode"] }))?;
    let token = receipt.address("contractAddress")?;
    step(&format!("Anna deploys an ERC-20 written in Solidity at {token}"), &receipt)?;
    Ok(token)
}

fn transfer(node: &Client, token: Address, anna: Address, ben: Address) -> eyre::Result<()> {
    let input = call_data("transfer(address,uint256)", &[ben.into_word(), word(1_000)]);
    let receipt = node.send(json!({ "from": anna, "to": token, "input": input }))?;
    step("Anna transfers 1000 units of it to Ben", &receipt)
}

fn read_log(node: &Client, token: Address, ben: Address) -> eyre::Result<()> {
    let transfer = keccak256("Transfer(address,address,uint256)");
    let filter = json!({ "fromBlock": "0x0", "address": token, "topics": [transfer, null, ben.into_word()] });
    let logs = node.call("eth_getLogs", json!([filter]))?;
    let [log] = &logs.as_array().ok_or_else(|| eyre!("eth_getLogs answered no list"))?[..] else {
        return Err(eyre!("expected one log, found {logs}"));
    };
    ensure!(log.number("data")? == U256::from(1_000), "the log is about another amount: {log}");
    println!("  The log of the transfer is found by its topics, in block {}", log.number("blockNumber")?);
    Ok(())
}

/// Checks account and slot against the state root, and the state root against the block hash: nothing is believed.
fn prove_balance(node: &Client, token: Address, ben: Address) -> eyre::Result<()> {
    let slot = keccak256([ben.into_word(), word(BALANCES_SLOT)].concat());
    let proof = node.call("eth_getProof", json!([token, [slot], "latest"]))?;
    let block = node.call("eth_getBlockByNumber", json!(["latest", false]))?;
    let account = TrieAccount {
        nonce: proof.number("nonce")?.to(),
        balance: proof.number("balance")?,
        storage_root: proof.hash("storageHash")?,
        code_hash: proof.hash("codeHash")?,
    };
    let state_root = block.hash("stateRoot")?;
    check(state_root, token.as_slice(), &alloy_rlp::encode(account), &proof["accountProof"])?;
    let entry = &proof["storageProof"][0];
    check(account.storage_root, slot.as_slice(), &alloy_rlp::encode(entry.number("value")?), &entry["proof"])?;
    println!("  Ben's balance of {} units is proven:", entry.number("value")?);
    println!("    slot {slot}");
    println!("    storage root {} of {token}", account.storage_root);
    println!("    state root {state_root} of block {}", block.hash("hash")?);
    Ok(())
}

fn check(root: B256, key: &[u8], value: &[u8], proof: &Value) -> eyre::Result<()> {
    let nodes: Vec<Bytes> = serde_json::from_value(proof.clone())?;
    verify_proof(root, Nibbles::unpack(keccak256(key)), Some(value.to_vec()), &nodes)
        .wrap_err("the proof does not hold")
}

fn call_data(signature: &str, words: &[B256]) -> String {
    let selector = &keccak256(signature)[..4];
    hex::encode_prefixed([selector, words.concat().as_slice()].concat())
}

fn word(number: u64) -> B256 {
    B256::from(U256::from(number))
}
