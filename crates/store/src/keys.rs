//! Keys and values of the key-value store: the format of the folder `flat`. Numbers are big-endian, so keys sort by height.
//!
//! ```text
//! accounts         keccak(address)                            -> account
//! storage          keccak(address) keccak(slot)               -> trimmed value
//! codes            keccak(code)                               -> code
//! blocks           number u64                                 -> segment u32, offset u64, length u32, block hash
//! hashes           block hash                                 -> number u64
//! transactions     transaction hash                           -> number u64, index u32
//! account_history  keccak(address) number u64                 -> account before that block, empty = absent
//! storage_history  keccak(address and slot keys) number u64   -> trimmed value before that block, empty = zero
//! emptied          number u64                                 -> storage keys of the slots that went without being named
//! logs             12 bytes of keccak(kind, word) number u64  -> nothing; kind 0 = address, 1 to 4 = topic position
//! meta             name                                       -> flushed u64, pruned u64, genesis hash, format u32
//! ```
//!
//! Twelve bytes of a word's hash name it in `logs`: a key of 20 bytes is the longest that the database keeps without a
//! pointer, and two words that share a name cost a block read in vain, never a wrong answer.
//! account = bytes of nonce (high bit: has code), bytes of balance, nonce, balance, code hash if it has code.

use alloy_primitives::{B256, U256, keccak256};

use crate::{log::Location, state::AccountValue};

/// Set in the first byte of an account with code.
const HAS_CODE: u8 = 0x80;

/// Value of an account.
pub(crate) fn encode_account(account: &AccountValue) -> Vec<u8> {
    let nonce = account.nonce.to_be_bytes();
    let balance = account.balance.to_be_bytes::<32>();
    let (nonce, balance) = (trim(&nonce), trim(&balance));
    let has_code = account.code_hash != AccountValue::default().code_hash;
    let mut bytes = Vec::with_capacity(2 + nonce.len() + balance.len() + 32);
    bytes.push(short_length(nonce) | if has_code { HAS_CODE } else { 0 });
    bytes.push(short_length(balance));
    bytes.extend_from_slice(nonce);
    bytes.extend_from_slice(balance);
    if has_code {
        bytes.extend_from_slice(account.code_hash.as_slice());
    }
    bytes
}

/// Reads the value of an account; `None` for bytes that are none.
pub(crate) fn decode_account(bytes: &[u8]) -> Option<AccountValue> {
    let ([first, balance_bytes], rest) = bytes.split_first_chunk::<2>()?;
    let (nonce, rest) = rest.split_at_checked(usize::from(first & !HAS_CODE))?;
    let (balance, code) = rest.split_at_checked(usize::from(*balance_bytes))?;
    let nonce = U256::try_from_be_slice(nonce)?.try_into().ok()?;
    let balance = U256::try_from_be_slice(balance)?;
    let code_hash = match (first & HAS_CODE != 0, code.len()) {
        (true, 32) => B256::from_slice(code),
        (false, 0) => AccountValue::default().code_hash,
        _ => return None,
    };
    Some(AccountValue { nonce, balance, code_hash })
}

/// History's value of an account that may be absent.
pub(crate) fn encode_maybe_account(account: Option<&AccountValue>) -> Vec<u8> {
    account.map_or_else(Vec::new, encode_account)
}

/// Reads what [`encode_maybe_account`] wrote; the outer `None` for bytes that are no account.
pub(crate) fn decode_maybe_account(bytes: &[u8]) -> Option<Option<AccountValue>> {
    if bytes.is_empty() { Some(None) } else { decode_account(bytes).map(Some) }
}

/// Value of a slot without its leading zeros; nothing for zero.
pub(crate) fn encode_slot(value: U256) -> Vec<u8> {
    trim(&value.to_be_bytes::<32>()).to_vec()
}

/// Reads the value of a slot.
pub(crate) fn decode_slot(bytes: &[u8]) -> Option<U256> {
    U256::try_from_be_slice(bytes)
}

/// keccak(address) and keccak(slot) in one key.
pub(crate) fn storage_key(account: B256, slot: B256) -> [u8; 64] {
    let mut key = [0; 64];
    key[..32].copy_from_slice(account.as_slice());
    key[32..].copy_from_slice(slot.as_slice());
    key
}

/// Account and slot of a storage key.
pub(crate) fn split_storage_key(key: &[u8]) -> Option<(B256, B256)> {
    let (account, slot) = key.split_at_checked(32)?;
    Some((B256::try_from(account).ok()?, B256::try_from(slot).ok()?))
}

/// What names a slot in the history: shorter than its storage key, and spread evenly.
pub(crate) fn slot_history_prefix(account: B256, slot: B256) -> B256 {
    keccak256(storage_key(account, slot))
}

/// What names an address (kind 0) or a topic at a position (kinds 1 to 4) in the index of logs.
pub(crate) fn posting_prefix(kind: u8, word: &[u8]) -> [u8; 12] {
    let hash = keccak256([&[kind], word].concat());
    *hash.first_chunk().expect("a hash has 32 bytes")
}

/// The key of a slot number.
pub(crate) fn slot_key(slot: U256) -> B256 {
    keccak256(slot.to_be_bytes::<32>())
}

/// A key followed by a height: history and postings.
pub(crate) fn at_height(prefix: &[u8], number: u64) -> Vec<u8> {
    [prefix, &number.to_be_bytes()].concat()
}

/// The height at the end of a key of history or of a posting.
pub(crate) fn height_of(key: &[u8]) -> Option<u64> {
    key.last_chunk().map(|bytes| u64::from_be_bytes(*bytes))
}

/// Value in `blocks`.
pub(crate) fn encode_block_entry(location: Location, hash: B256) -> [u8; 48] {
    let mut bytes = [0; 48];
    bytes[..4].copy_from_slice(&location.segment.to_be_bytes());
    bytes[4..12].copy_from_slice(&location.offset.to_be_bytes());
    bytes[12..16].copy_from_slice(&location.length.to_be_bytes());
    bytes[16..].copy_from_slice(hash.as_slice());
    bytes
}

/// Reads a value of `blocks`.
pub(crate) fn decode_block_entry(bytes: &[u8]) -> Option<(Location, B256)> {
    let (segment, rest) = bytes.split_first_chunk::<4>()?;
    let (offset, rest) = rest.split_first_chunk::<8>()?;
    let (length, hash) = rest.split_first_chunk::<4>()?;
    let location = Location {
        segment: u32::from_be_bytes(*segment),
        offset: u64::from_be_bytes(*offset),
        length: u32::from_be_bytes(*length),
    };
    Some((location, B256::try_from(hash).ok()?))
}

/// Value in `transactions`.
pub(crate) fn encode_position(number: u64, index: u32) -> [u8; 12] {
    let mut bytes = [0; 12];
    bytes[..8].copy_from_slice(&number.to_be_bytes());
    bytes[8..].copy_from_slice(&index.to_be_bytes());
    bytes
}

/// Reads a value of `transactions`.
pub(crate) fn decode_position(bytes: &[u8]) -> Option<(u64, u32)> {
    let (number, index) = bytes.split_first_chunk::<8>()?;
    Some((u64::from_be_bytes(*number), u32::from_be_bytes(index.try_into().ok()?)))
}

/// Reads a height that is a value.
pub(crate) fn decode_number(bytes: &[u8]) -> Option<u64> {
    bytes.try_into().ok().map(u64::from_be_bytes)
}

fn trim(bytes: &[u8]) -> &[u8] {
    let zeros = bytes.iter().take_while(|byte| **byte == 0).count();
    &bytes[zeros..]
}

fn short_length(bytes: &[u8]) -> u8 {
    u8::try_from(bytes.len()).expect("at most 32 bytes")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn an_account_comes_back(nonce: u64, balance: [u8; 32], zeros in 0_usize..33, code: Option<[u8; 32]>) {
            let mut balance = balance;
            balance[..zeros].fill(0);
            let mut account = AccountValue { nonce, balance: U256::from_be_bytes(balance), ..Default::default() };
            if let Some(code) = code {
                account.code_hash = code.into();
            }
            prop_assert_eq!(decode_account(&encode_account(&account)), Some(account));
        }

        #[test]
        fn bytes_that_are_no_account_are_refused(bytes: Vec<u8>) {
            if let Some(account) = decode_account(&bytes) {
                prop_assert_eq!(decode_account(&encode_account(&account)), Some(account));
            }
        }

        #[test]
        fn a_slot_comes_back(value: [u8; 32]) {
            let value = U256::from_be_bytes(value);
            prop_assert_eq!(decode_slot(&encode_slot(value)), Some(value));
        }
    }

    #[test]
    fn a_plain_account_takes_few_bytes() {
        let account = AccountValue { nonce: 1, balance: U256::from(1_000), ..Default::default() };
        assert_eq!(encode_account(&account), [1, 2, 1, 0x03, 0xe8]);
    }

    #[test]
    fn a_block_entry_comes_back() {
        let location = Location { segment: 7, offset: 1 << 40, length: 9 };
        assert_eq!(
            decode_block_entry(&encode_block_entry(location, B256::repeat_byte(3))),
            Some((location, B256::repeat_byte(3)))
        );
    }
}
