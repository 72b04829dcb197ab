//! The events that are understood. ERC-20 and ERC-1155 count at any address.
//!
//! The definitions stand here once more because a verifier must not need the contracts; a test of the node compares topics.

use alloy_primitives::{Address, Log, U256};
use alloy_sol_types::{SolEvent, sol};

use super::{Claim, Field, LEDGER};

sol! {
    /// ERC-20.
    event Transfer(address indexed from, address indexed to, uint256 value);
    /// ERC-1155.
    event TransferSingle(address indexed operator, address indexed from, address indexed to, uint256 id, uint256 value);
    /// ERC-1155.
    event TransferBatch(address indexed operator, address indexed from, address indexed to, uint256[] ids, uint256[] values);
}

/// What a log says; nothing if its event is not known here.
pub(super) fn claims(log: &Log) -> Vec<Claim> {
    if let Some(Transfer { from, to, value }) = read(log) {
        return vec![moved(log.address, from, to, None, value)];
    }
    if let Some(TransferSingle { from, to, id, value, .. }) = read(log) {
        return vec![moved(log.address, from, to, Some(id), value)];
    }
    if let Some(TransferBatch { from, to, ids, values, .. }) = read(log) {
        let pairs = ids.iter().zip(&values).filter(|_| ids.len() == values.len());
        return pairs.map(|(id, value)| moved(log.address, from, to, Some(*id), *value)).collect();
    }
    Vec::new()
}

/// The event, if the log is it in every topic and byte.
fn read<E: SolEvent>(log: &Log) -> Option<E> {
    E::decode_log_data_validate(&log.data).ok().filter(|event| event.encode_log_data() == log.data)
}

fn moved(contract: Address, from: Address, to: Address, id: Option<U256>, amount: U256) -> Claim {
    let mut fields = vec![Field::new("contract", contract), Field::new("from", from), Field::new("to", to)];
    fields.extend(id.map(|id| Field::new("id", id)));
    fields.push(Field::new("amount", amount));
    Claim { system: LEDGER, kind: "value moved", fields }
}
