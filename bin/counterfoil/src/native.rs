//! Native contracts through a node's JSON-RPC: read a view, or sign a call with a kept key and wait until it is final.
//! Called by the commands of the systems. A refusal is told in the contract's own words.

use alloy_consensus::{SignableTransaction, TxEip1559};
use alloy_eips::eip2718::Encodable2718;
use alloy_primitives::{Address, Bytes, TxKind, U256};
use alloy_signer::SignerSync;
use alloy_signer_local::PrivateKeySigner;
use alloy_sol_types::SolCall;
use eyre::{Context, bail, ensure, eyre};
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
}

/// A call that is final.
pub(crate) struct Done {
    /// As `eth_getTransactionReceipt` gives it.
    pub(crate) receipt: Value,
    /// What the function returned in the block before; what it will have returned is not kept by any node.
    returned: Bytes,
}

impl Reader {
    pub(crate) fn of(arguments: &AskArguments) -> Self {
        Self(Client::new(arguments.rpc.clone()))
    }

    /// The answer of a view.
    pub(crate) fn read<C: SolCall>(&self, contract: Address, call: &C) -> eyre::Result<C::Return> {
        self.check_presence(contract)?;
        self.0.view(contract, call)
    }

    /// A call to nobody succeeds, and does nothing.
    fn check_presence(&self, contract: Address) -> eyre::Result<()> {
        ensure!(
            self.0.call("eth_getCode", json!([contract, "latest"]))? != "0x",
            "there is no contract at {contract} yet: does the chain's protocol version have it, and was it created?"
        );
        Ok(())
    }
}

impl Caller {
    pub(crate) fn open(arguments: &SignArguments) -> eyre::Result<Self> {
        let store = KeyStore::of(&arguments.store)?;
        let signer = store.open(&arguments.key, &passphrase(&arguments.passphrase, false)?)?;
        Ok(Self { reader: Reader::of(&arguments.ask), signer })
    }

    pub(crate) fn address(&self) -> Address {
        self.signer.address()
    }

    pub(crate) const fn reader(&self) -> &Reader {
        &self.reader
    }

    /// Signs and sends a call, and waits for its receipt, which is final and durable.
    pub(crate) fn call<C: SolCall>(&self, contract: Address, call: &C) -> eyre::Result<Done> {
        self.reader.check_presence(contract)?;
        let data = Bytes::from(call.abi_encode());
        let request = json!({ "from": self.address(), "to": contract, "data": data });
        let returned = self.ask("eth_call", json!([request, "latest"]))?;
        let gas = self.number("eth_estimateGas", json!([request]))?;
        let raw = self.signed(contract, data, gas)?;
        let receipt = self.ask("eth_sendRawTransactionSync", json!([raw]))?;
        if receipt["status"] != "0x1" {
            bail!("the call was refused when its block was made: transaction {}", receipt["transactionHash"]);
        }
        Ok(Done { receipt, returned: returned.as_str().unwrap_or_default().parse()? })
    }

    fn signed(&self, contract: Address, data: Bytes, gas: U256) -> eyre::Result<Bytes> {
        let price = self.number("eth_gasPrice", json!([]))?.to::<u128>();
        let transaction = TxEip1559 {
            chain_id: self.number("eth_chainId", json!([]))?.to(),
            nonce: self.number("eth_getTransactionCount", json!([self.address(), "pending"]))?.to(),
            gas_limit: gas.to(),
            max_fee_per_gas: price,
            max_priority_fee_per_gas: 0,
            to: TxKind::Call(contract),
            value: U256::ZERO,
            access_list: Default::default(),
            input: data,
        };
        let signature = self.signer.sign_hash_sync(&transaction.signature_hash())?;
        Ok(transaction.into_signed(signature).encoded_2718().into())
    }

    fn number(&self, method: &str, params: Value) -> eyre::Result<U256> {
        let answer = self.ask(method, params)?;
        let text = answer.as_str().ok_or_else(|| eyre!("{method}: {answer} is no number"))?;
        let number: U256 = text.parse().map_err(|_| eyre!("{method}: {text} is no number"))?;
        // Gas, prices, counts and chain ids all fit into 64 bits on this ledger.
        if number > U256::from(u64::MAX) {
            bail!("{method}: {number} is too large");
        }
        Ok(number)
    }

    fn ask(&self, method: &str, params: Value) -> eyre::Result<Value> {
        self.reader.0.call(method, params)
    }
}

impl Done {
    /// What the function returned when it was tried just before.
    pub(crate) fn returned<C: SolCall>(&self, _call: &C) -> eyre::Result<C::Return> {
        C::abi_decode_returns(&self.returned).wrap_err("the contract's answer")
    }

    pub(crate) fn transaction(&self) -> &str {
        self.receipt["transactionHash"].as_str().unwrap_or_default()
    }
}
