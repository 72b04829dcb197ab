//! `eth_getProof` (EIP-1186): an account and slots of it, with the trie nodes that tie them to a block's state root.

use alloy_primitives::Address;
use alloy_rpc_types_eth::{EIP1186AccountProofResponse, EIP1186StorageProof};
use alloy_serde::JsonStorageKey;

use crate::{
    convert::BlockId,
    methods::{Call, Reply, Rpc},
    rpc::{RpcError, heavy},
};

/// `eth_getProof`.
pub(crate) fn proof(rpc: &Rpc, call: Call<'_>) -> Reply {
    let (address, keys, at) = call.params.parse::<(Address, Vec<JsonStorageKey>, Option<BlockId>)>()?;
    if keys.len() > MAX_SLOTS {
        return Err(RpcError::invalid_params(format!("too many slots (max {MAX_SLOTS})")));
    }
    let state = rpc.state(at)?;
    heavy(move || {
        let slots: Vec<_> = keys.iter().map(|key| key.as_b256().into()).collect();
        Ok(shown(address, &keys, state.prove(address, &slots)?))
    })
}

fn shown(address: Address, keys: &[JsonStorageKey], proof: chain::AccountProof) -> EIP1186AccountProofResponse {
    let storage_proof = keys.iter().zip(proof.storage);
    EIP1186AccountProofResponse {
        address,
        balance: proof.balance,
        code_hash: proof.code_hash,
        nonce: proof.nonce,
        storage_hash: proof.storage_root,
        account_proof: proof.nodes,
        storage_proof: storage_proof
            .map(|(key, slot)| EIP1186StorageProof { key: *key, value: slot.value, proof: slot.nodes })
            .collect(),
    }
}

/// geth's bound.
const MAX_SLOTS: usize = 1_024;
