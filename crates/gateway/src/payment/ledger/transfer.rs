//! Money that came to the pool: the `Transfer` logs of a receipt, and the memo that follows one. Called for `issuer deposit`.

use alloy_primitives::{Address, B256, LogData, U256};
use alloy_sol_types::SolEvent;
use contracts::cash::abi::ICash;
use serde::Deserialize;
use serde_json::Value;

use super::client::{AskError, read};

/// A transfer in a final transaction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Transfer {
    /// Whose money it was; the zero address if it was made.
    pub from: Address,
    /// How much.
    pub value: U256,
    /// The log's place in its block.
    pub log_index: u64,
}

#[derive(Deserialize)]
struct Receipt {
    status: alloy_primitives::U64,
    logs: Vec<Log>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Log {
    address: Address,
    topics: Vec<B256>,
    data: alloy_primitives::Bytes,
    log_index: alloy_primitives::U64,
}

/// Transfers of `currency` to `to`; none in a transaction that failed.
pub(super) fn in_receipt(receipt: &Value, currency: Address, to: Address) -> Result<Vec<Transfer>, AskError> {
    let receipt: Receipt = read("eth_getTransactionReceipt", receipt.clone())?;
    if receipt.status.is_zero() {
        return Ok(Vec::new());
    }
    let of_currency = receipt.logs.into_iter().filter(|log| log.address == currency);
    let transfers = of_currency.filter_map(|log| {
        let event = ICash::Transfer::decode_log_data(&LogData::new(log.topics, log.data)?).ok()?;
        let transfer = Transfer { from: event.from, value: event.value, log_index: log.log_index.to() };
        (event.to == to).then_some(transfer)
    });
    Ok(transfers.collect())
}
