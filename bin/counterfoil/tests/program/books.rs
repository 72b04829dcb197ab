//! The ledger as anybody sees it over JSON-RPC: what cash is where, and which holds there are and ever were.

use alloy_primitives::{Address, B256, Bytes, U256};
use alloy_sol_types::{SolCall, SolEvent};
use contracts::cash::{self, abi::ICash, iso4217::Currency};
use serde_json::json;

use crate::running::Running;

/// The euro on a node's ledger.
pub(crate) struct Books<'a>(pub(crate) &'a Running);

impl Books<'_> {
    pub(crate) fn hold(&self, id: B256) -> ICash::Hold {
        self.ask(&ICash::holdsCall { id })
    }

    /// In cents.
    pub(crate) fn balance(&self, account: &str) -> u64 {
        self.ask(&ICash::balanceOfCall { account: address(account) }).to()
    }

    /// What of it is held, in cents.
    pub(crate) fn held(&self, account: &str) -> u64 {
        self.ask(&ICash::heldCall { account: address(account) }).to()
    }

    /// The id of every hold that was ever placed, as often as it was.
    pub(crate) fn placed(&self) -> Vec<B256> {
        let filter = json!([{ "address": euro(), "topics": [ICash::Held::SIGNATURE_HASH], "fromBlock": "0x0" }]);
        let logs = self.0.call("eth_getLogs", filter);
        let logs = logs.as_array().expect("a list");
        logs.iter().map(|log| log["topics"][1].as_str().expect("an id").parse().expect("32 bytes")).collect()
    }

    /// Lets `operator` take cash of a development account, as much as it likes.
    pub(crate) fn approve(&self, account: &str, operator: &str) {
        let call = ICash::approveCall { spender: address(operator), value: U256::MAX };
        let transaction = json!([{ "from": account, "to": euro(), "data": Bytes::from(call.abi_encode()) }]);
        let hash = self.0.call("eth_sendTransaction", transaction);
        let receipt = loop {
            let receipt = self.0.call("eth_getTransactionReceipt", json!([hash]));
            if !receipt.is_null() {
                break receipt;
            }
        };
        assert_eq!(receipt["status"], "0x1");
    }

    fn ask<C: SolCall>(&self, call: &C) -> C::Return {
        let call = json!([{ "to": euro(), "data": Bytes::from(call.abi_encode()) }, "latest"]);
        let answer: Bytes = self.0.call("eth_call", call).as_str().expect("hex").parse().expect("hex");
        C::abi_decode_returns(&answer).expect("an answer of the ABI")
    }
}

fn euro() -> Address {
    cash::address_of(Currency::by_code(b"EUR").expect("listed"))
}

fn address(text: &str) -> Address {
    text.parse().expect("an address")
}
