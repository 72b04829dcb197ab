//! `eth_getProof` (EIP-1186): an account and slots of it, with the trie nodes that tie them to a block's state root.

use alloy_primitives::{Address, KECCAK256_EMPTY, U256};
use alloy_rpc_types_eth::{EIP1186AccountProofResponse, EIP1186StorageProof};
use alloy_serde::JsonStorageKey;
use chain::AccountProof;

use crate::{
    convert::BlockId,
    methods::{Call, Reply, Rpc},
    rpc::RpcError,
};

/// `eth_getProof`.
pub(crate) fn proof(rpc: &Rpc, call: Call<'_>) -> Reply {
    let (address, keys, at) = call.params.parse::<(Address, Vec<JsonStorageKey>, Option<BlockId>)>()?;
    if keys.len() > MAX_SLOTS {
        return Err(RpcError::invalid_params(format!("too many slots (max {MAX_SLOTS})")));
    }
    rpc.aside(move |rpc| {
        let slots: Vec<_> = keys.iter().map(|key| key.as_b256().into()).collect();
        Ok(shown(&keys, rpc.state(at)?.prove(address, &slots)?))
    })
}

/// An account that does not exist is shown as one that has nothing.
fn shown(keys: &[JsonStorageKey], proof: AccountProof) -> EIP1186AccountProofResponse {
    let slots = keys.iter().zip(proof.slots);
    EIP1186AccountProofResponse {
        address: proof.address,
        balance: proof.value.map_or(U256::ZERO, |account| account.balance),
        code_hash: proof.value.map_or(KECCAK256_EMPTY, |account| account.code_hash),
        nonce: proof.value.map_or(0, |account| account.nonce),
        storage_hash: proof.storage_root,
        account_proof: proof.proof,
        storage_proof: slots.map(|(key, slot)| EIP1186StorageProof::new(*key, slot.value, slot.proof)).collect(),
    }
}

/// geth's bound.
const MAX_SLOTS: usize = 1_024;
