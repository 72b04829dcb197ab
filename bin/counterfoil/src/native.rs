//! Native contracts through a node's JSON-RPC: read a view, or sign a call, send it and wait until it is final. Called by the
//! commands of the systems and by `network`. A refusal is told in the contract's own words.

use std::time::Duration;

use alloy_consensus::{SignableTransaction, TxEip1559};
use alloy_eips::eip2718::Encodable2718;
use alloy_primitives::{Address, Bytes, LogData, TxKind, U64, U256};
use alloy_signer::SignerSync;
use alloy_signer_local::PrivateKeySigner;
use alloy_sol_types::{SolCall, SolEvent};
use contracts::protocol;
use eyre::{OptionExt, ensure, eyre};
use indicatif::ProgressBar;
use serde_json::{Value, json};

use crate::{
    cli::{AskArguments, SignArguments},
    keystore::{KeyStore, passphrase},
    rpc::Client,
};

/// Reads contracts.
pub(crate) struct Reader(Client);

/// Calls contracts in the name of an account.
pub(crate) struct Caller {
    reader: Reader,
    signer: PrivateKeySigner,
    /// Machines read the answer: nothing moves on the terminal.
    quiet: bool,
}

/// A call that is final.
pub(crate) struct Done {
    /// As `eth_getTransactionReceipt` gives it.
    pub(crate) receipt: Value,
}

impl Reader {
    pub(crate) fn of(arguments: &AskArguments) -> Self {
        Self::at(arguments.rpc.clone())
    }

    pub(crate) fn at(url: String) -> Self {
        Self(Client::new(url))
    }

    /// The answer of a view.
    pub(crate) fn read<C: SolCall>(&self, contract: Address, call: &C) -> eyre::Result<C::Return> {
        self.check_presence(contract)?;
        self.0.view(contract, call)
    }

    /// The answer of any other method of the node.
    pub(crate) fn ask(&self, method: &str, params: Value) -> eyre::Result<Value> {
        self.0.call(method, params)
    }

    pub(crate) fn chain_id(&self) -> eyre::Result<u64> {
        self.number("eth_chainId", json!([]))
    }

    /// A call to nobody succeeds, and does nothing. The protocol room answers before any version gives it code.
    fn check_presence(&self, contract: Address) -> eyre::Result<()> {
        ensure!(
            contract == protocol::ADDRESS || self.ask("eth_getCode", json!([contract, "latest"]))? != "0x",
            "there is no contract at {contract} yet: does the chain's protocol version have it, and was it created?"
        );
        Ok(())
    }

    /// Gas, prices, counts and chain ids all fit into 64 bits on this ledger.
    fn number(&self, method: &str, params: Value) -> eyre::Result<u64> {
        let number = self.quantity(method, params)?;
        number.try_into().map_err(|_| eyre!("{method}: {number} is too large"))
    }

    fn quantity(&self, method: &str, params: Value) -> eyre::Result<U256> {
        let answer = self.ask(method, params)?;
        let text = answer.as_str().ok_or_else(|| eyre!("{method}: {answer} is no number"))?;
        text.parse().map_err(|_| eyre!("{method}: {text} is no number"))
    }
}

impl Caller {
    /// With a key of the key store.
    pub(crate) fn open(arguments: &SignArguments) -> eyre::Result<Self> {
        let store = KeyStore::of(&arguments.store)?;
        let passphrase = passphrase(&arguments.passphrase, false)?;
        let waiting = Waiting::for_the("key to open", arguments.ask.json);
        let signer = store.open(&arguments.key, &passphrase)?;
        drop(waiting);
        Ok(Self { reader: Reader::of(&arguments.ask), signer, quiet: arguments.ask.json })
    }

    /// With a key that the caller has.
    pub(crate) const fn with(reader: Reader, signer: PrivateKeySigner) -> Self {
        Self { reader, signer, quiet: false }
    }

    pub(crate) fn address(&self) -> Address {
        self.signer.address()
    }

    pub(crate) const fn reader(&self) -> &Reader {
        &self.reader
    }

    /// Signs and sends a call, and waits for its receipt, which is final and durable.
    pub(crate) fn call<C: SolCall>(&self, contract: Address, call: &C) -> eyre::Result<Done> {
        self.call_with_gas(contract, call, 0)
    }

    /// The same with at least so much gas, for a call that may have more to do by the time its block is made than the node knows of.
    pub(crate) fn call_with_gas<C: SolCall>(&self, contract: Address, call: &C, least: u64) -> eyre::Result<Done> {
        self.reader.check_presence(contract)?;
        let _waiting = Waiting::for_the("ledger", self.quiet);
        let raw = self.signed(contract, call.abi_encode().into(), least)?;
        let receipt = self.reader.ask("eth_sendRawTransactionSync", json!([raw, U64::from(MOST_WAIT_MS)]))?;
        // The call was good in the block before; something came between.
        ensure!(receipt["status"] == "0x1", "refused when its block was made: transaction {}", hash_of(&receipt));
        Ok(Done { receipt })
    }

    fn signed(&self, contract: Address, input: Bytes, least_gas: u64) -> eyre::Result<Bytes> {
        let from = self.address();
        let request = json!({ "from": from, "to": contract, "input": input });
        let transaction = TxEip1559 {
            chain_id: self.reader.chain_id()?,
            nonce: self.reader.number("eth_getTransactionCount", json!([from, "pending"]))?,
            gas_limit: self.reader.number("eth_estimateGas", json!([request]))?.max(least_gas),
            max_fee_per_gas: self.price()?,
            to: TxKind::Call(contract),
            input,
            ..TxEip1559::default()
        };
        let signature = self.signer.sign_hash_sync(&transaction.signature_hash())?;
        Ok(transaction.into_signed(signature).encoded_2718().into())
    }

    /// What the node suggests, or nothing from an account that has nothing.
    fn price(&self) -> eyre::Result<u128> {
        match self.reader.quantity("eth_getBalance", json!([self.address(), "latest"]))?.is_zero() {
            true => Ok(0),
            false => Ok(self.reader.number("eth_gasPrice", json!([]))?.into()),
        }
    }
}

impl Done {
    pub(crate) fn transaction(&self) -> &str {
        hash_of(&self.receipt)
    }

    /// The first event of its kind that the call left.
    pub(crate) fn log<E: SolEvent>(&self) -> eyre::Result<E> {
        self.logs().next().ok_or_eyre("the receipt has no log of what the call did: see the transaction")
    }

    /// Every event of its kind, in order.
    pub(crate) fn logs<E: SolEvent>(&self) -> impl Iterator<Item = E> {
        let logs = self.receipt["logs"].as_array().into_iter().flatten();
        logs.filter_map(|log| E::decode_log_data(&log_data(log)?).ok())
    }
}

/// As long as a node waits by itself: a network that has just started, or lost a leader, takes seconds for a block.
const MOST_WAIT_MS: u64 = 25_000;

/// A sign of life on a terminal's stderr while something takes its time; elsewhere nothing.
struct Waiting(ProgressBar);

impl Waiting {
    fn for_the(what: &str, quiet: bool) -> Self {
        let spinner = if quiet { ProgressBar::hidden() } else { ProgressBar::new_spinner() };
        spinner.set_message(format!("waiting for the {what}"));
        spinner.enable_steady_tick(Duration::from_millis(100));
        Self(spinner)
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        self.0.finish_and_clear();
    }
}

fn hash_of(receipt: &Value) -> &str {
    receipt["transactionHash"].as_str().unwrap_or_default()
}

fn log_data(log: &Value) -> Option<LogData> {
    let topics = serde_json::from_value(log["topics"].clone()).ok()?;
    LogData::new(topics, serde_json::from_value(log["data"].clone()).ok()?)
}
