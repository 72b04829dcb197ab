//! An account as the trie's leaf holds it: small, because there may be millions and nearly all are plain.

use super::AccountValue;
use crate::trie::{Leaf, Trie};
use alloy_primitives::{B256, U256};
use alloy_rlp::Encodable;
use alloy_trie::{EMPTY_ROOT_HASH, KECCAK_EMPTY, TrieAccount};
use std::sync::Arc;

/// Nonce and balance; the rest only where an account has one.
#[derive(Clone, PartialEq)]
pub(super) struct Account {
    nonce: u64,
    /// The low 128 bits of the balance, least significant limb first.
    balance_low: [u64; 2],
    rest: Option<Arc<Rest>>,
}

/// What a contract has, or an account with more than 2^128 wei.
#[derive(PartialEq)]
struct Rest {
    balance_high: [u64; 2],
    code_hash: B256,
    storage: Trie<U256>,
}

impl Account {
    pub(super) fn new(value: AccountValue, storage: Trie<U256>) -> Self {
        let [a, b, c, d] = value.balance.into_limbs();
        let rest = Rest { balance_high: [c, d], code_hash: value.code_hash, storage };
        Self { nonce: value.nonce, balance_low: [a, b], rest: (!rest.is_plain()).then(|| Arc::new(rest)) }
    }

    pub(super) fn value(&self) -> AccountValue {
        let [a, b] = self.balance_low;
        let [c, d] = self.rest.as_ref().map_or([0; 2], |rest| rest.balance_high);
        let code_hash = self.rest.as_ref().map_or(KECCAK_EMPTY, |rest| rest.code_hash);
        AccountValue { nonce: self.nonce, balance: U256::from_limbs([a, b, c, d]), code_hash }
    }

    pub(super) fn storage(&self) -> Option<&Trie<U256>> {
        self.rest.as_ref().map(|rest| &rest.storage)
    }

    pub(super) fn storage_root(&self) -> B256 {
        self.storage().map_or(EMPTY_ROOT_HASH, Trie::root)
    }
}

impl Rest {
    fn is_plain(&self) -> bool {
        self.balance_high == [0; 2] && self.code_hash == KECCAK_EMPTY && self.storage.is_empty()
    }
}

impl Leaf for Account {
    fn encode(&self, out: &mut Vec<u8>) {
        let AccountValue { nonce, balance, code_hash } = self.value();
        TrieAccount { nonce, balance, storage_root: self.storage_root(), code_hash }.encode(out);
    }
}
