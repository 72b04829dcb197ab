//! `counterfoil network upgrade`: the sole member signs a protocol version into force, from an epoch on.
//! `counterfoil network governor`: it appoints who creates currencies.
//! The signature is the node key's (ed25519); the transaction around it can be anybody's.

use std::fs;

use alloy_consensus::{SignableTransaction, TxEip1559, TxEnvelope};
use alloy_eips::Encodable2718;
use alloy_primitives::{Address, Bytes, TxKind, keccak256};
use alloy_signer::SignerSync;
use alloy_signer_local::PrivateKeySigner;
use alloy_sol_types::SolCall;
use consensus::NodeKey;
use contracts::{
    protocol::{ADDRESS, IProtocol, governor_message, upgrade_message},
    registry::NEWEST_VERSION,
};
use eyre::{Context, OptionExt, bail, ensure};
use primitives::{B256, U256};
use serde_json::json;

use crate::{
    cli::{MemberArguments, NetworkCommand, Upgrade},
    dev,
    folder::Folder,
    rpc::{Client, Field},
};

pub(crate) fn run(command: NetworkCommand) -> eyre::Result<()> {
    match command {
        NetworkCommand::Upgrade(arguments) => upgrade(&arguments),
        NetworkCommand::Governor { account, member } => governor(account, &member),
    }
}

fn upgrade(arguments: &Upgrade) -> eyre::Result<()> {
    let member = member(&arguments.member)?;
    let node = Client::new(arguments.member.rpc.clone());
    let terms = Terms::of(arguments, &node)?;
    let done = send(&arguments.member, &member, &node, terms.call(&member))?;
    println!("protocol version {} begins with the first block of epoch {}", terms.version, terms.epoch);
    println!("{done}");
    Ok(())
}

fn governor(account: Address, arguments: &MemberArguments) -> eyre::Result<()> {
    let member = member(arguments)?;
    let node = Client::new(arguments.rpc.clone());
    let sequence = node.view(ADDRESS, &IProtocol::sequenceCall {})?;
    let chain_id = number(&node, "eth_chainId", json!([]))?.try_into()?;
    let signature = Bytes::copy_from_slice(&member.sign_message(&governor_message(chain_id, account, sequence)));
    let call = IProtocol::appointGovernorCall { governor: account, signature };
    let done = send(arguments, &member, &node, call.abi_encode().into())?;
    println!("{account} creates currencies from now on");
    println!("{done}");
    Ok(())
}

/// Answers which transaction of whom it was.
fn send(arguments: &MemberArguments, member: &NodeKey, node: &Client, call: Bytes) -> eyre::Result<String> {
    let sender = sender(arguments, member)?;
    let receipt = node.send_raw(&transaction(node, &sender, call)?)?;
    ensure!(receipt["status"] == "0x1", "the call was refused in block {}", receipt.number("blockNumber")?);
    Ok(format!("transaction {} of {}", receipt.hash("transactionHash")?, sender.address()))
}

/// What is signed.
struct Terms {
    chain_id: u64,
    version: u32,
    epoch: u64,
    sequence: u64,
}

impl Terms {
    fn of(arguments: &Upgrade, node: &Client) -> eyre::Result<Self> {
        let version = arguments.to.unwrap_or(NEWEST_VERSION);
        let in_force =
            node.view(ADDRESS, &IProtocol::versionCall {}).wrap_err("the node knows no protocol versions")?;
        if version <= in_force {
            bail!("protocol version {in_force} is in force already: {version} is not above it");
        }
        let current = node.view(ADDRESS, &IProtocol::epochCall {})?;
        Ok(Self {
            chain_id: number(node, "eth_chainId", json!([]))?.try_into()?,
            version,
            epoch: arguments.epoch.or(current.checked_add(1)).ok_or_eyre("there is no next epoch")?,
            sequence: node.view(ADDRESS, &IProtocol::sequenceCall {})?,
        })
    }

    fn call(&self, member: &NodeKey) -> Bytes {
        let message = upgrade_message(self.chain_id, self.version, self.epoch, self.sequence);
        let signature = Bytes::copy_from_slice(&member.sign_message(&message));
        IProtocol::scheduleCall { version: self.version, epoch: self.epoch, signature }.abi_encode().into()
    }
}

fn member(arguments: &MemberArguments) -> eyre::Result<NodeKey> {
    match (&arguments.data, &arguments.key) {
        _ if arguments.dev => Ok(dev::key()),
        (Some(folder), key) => Folder::new(folder.clone()).key(key.as_deref()),
        (None, Some(key)) => Folder::new(Default::default()).key(Some(key)),
        (None, None) => bail!("whose key signs? give --data DIR, --key FILE or --dev"),
    }
}

/// The account that sends the transaction.
fn sender(arguments: &MemberArguments, member: &NodeKey) -> eyre::Result<PrivateKeySigner> {
    let Some(file) = &arguments.account_key else {
        let secret = keccak256([ACCOUNT_DOMAIN, member.seed().as_slice()].concat());
        return PrivateKeySigner::from_bytes(&secret).wrap_err("no account can be made from this member's key");
    };
    let text = fs::read_to_string(file).wrap_err_with(|| format!("account key {}", file.display()))?;
    let secret: B256 =
        text.trim().parse().map_err(|_| eyre::eyre!("account key {}: not 64 hex digits", file.display()))?;
    PrivateKeySigner::from_bytes(&secret).wrap_err_with(|| format!("account key {}", file.display()))
}

/// Sets the account's key apart from everything else that is made from the member's.
const ACCOUNT_DOMAIN: &[u8] = b"counterfoil member account";

fn transaction(node: &Client, sender: &PrivateKeySigner, input: Bytes) -> eyre::Result<Vec<u8>> {
    let from = sender.address();
    let gas = number(node, "eth_estimateGas", json!([{ "from": from, "to": ADDRESS, "input": input }]))?;
    let tx = TxEip1559 {
        chain_id: number(node, "eth_chainId", json!([]))?.try_into()?,
        nonce: number(node, "eth_getTransactionCount", json!([from, "pending"]))?.try_into()?,
        gas_limit: gas.try_into()?,
        max_fee_per_gas: price(node, sender)?,
        to: TxKind::Call(ADDRESS),
        input,
        ..TxEip1559::default()
    };
    let signature = sender.sign_hash_sync(&tx.signature_hash())?;
    Ok(TxEnvelope::from(tx.into_signed(signature)).encoded_2718())
}

/// What the node suggests, or nothing from an account that has nothing.
fn price(node: &Client, sender: &PrivateKeySigner) -> eyre::Result<u128> {
    let balance = number(node, "eth_getBalance", json!([sender.address(), "latest"]))?;
    if balance.is_zero() {
        return Ok(0);
    }
    Ok(number(node, "eth_gasPrice", json!([]))?.try_into()?)
}

fn number(node: &Client, method: &str, params: serde_json::Value) -> eyre::Result<U256> {
    let answer = node.call(method, params)?;
    serde_json::from_value(answer).wrap_err_with(|| format!("{method}: no number"))
}
