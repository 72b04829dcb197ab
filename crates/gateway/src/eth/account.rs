//! What the state says of one account.

use alloy_primitives::{Address, B256, U64, U256};
use alloy_serde::JsonStorageKey;

use crate::{
    convert::{BlockId, BlockNumberOrTag},
    methods::{Call, Reply, Rpc},
    rpc::{json, now},
};

/// `eth_accounts`: the accounts that this node signs for.
pub(crate) fn accounts(rpc: &Rpc, call: Call<'_>) -> Reply {
    let () = call.params.parse()?;
    now(&rpc.accounts.addresses())
}

/// `eth_getBalance`, in wei.
pub(crate) fn balance(rpc: &Rpc, call: Call<'_>) -> Reply {
    let (address, at) = call.params.parse::<(Address, Option<BlockId>)>()?;
    rpc.about(at, move |rpc| json(&rpc.state(at)?.account(address)?.map_or(U256::ZERO, |account| account.balance)))
}

/// `eth_getTransactionCount`: the nonce. At `pending` it counts what waits in the pool.
pub(crate) fn nonce(rpc: &Rpc, call: Call<'_>) -> Reply {
    let (address, at) = call.params.parse::<(Address, Option<BlockId>)>()?;
    if at == Some(BlockNumberOrTag::Pending.into()) {
        return now(&U64::from(rpc.next_nonce(address)));
    }
    rpc.about(at, move |rpc| json(&U64::from(rpc.state(at)?.account(address)?.map_or(0, |account| account.nonce))))
}

/// `eth_getCode`.
pub(crate) fn code(rpc: &Rpc, call: Call<'_>) -> Reply {
    let (address, at) = call.params.parse::<(Address, Option<BlockId>)>()?;
    rpc.about(at, move |rpc| json(&rpc.state(at)?.code(address)?))
}

/// `eth_getStorageAt`: one slot, as 32 bytes.
pub(crate) fn storage(rpc: &Rpc, call: Call<'_>) -> Reply {
    let (address, slot, at) = call.params.parse::<(Address, JsonStorageKey, Option<BlockId>)>()?;
    rpc.about(at, move |rpc| json(&B256::from(rpc.state(at)?.storage(address, slot.as_b256().into())?)))
}
