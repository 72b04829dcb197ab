//! A host that only reads, over slots from anywhere: views of a contract for code outside a block, such as the committee of an
//! epoch for `chain`. Nothing costs anything, and a write stops.

use std::sync::Arc;

use alloy_primitives::{Address, B256, LogData, U256, keccak256};
use primitives::Founding;

use crate::{
    host::{CodeKind, Host, Res, Stop},
    signature,
};

/// Slots of a state, at a height and a time.
#[derive(Debug)]
pub struct Reader<F> {
    read: F,
    number: u64,
    now: u64,
    epoch: u64,
}

impl<F: FnMut(Address, U256) -> Result<U256, String>> Reader<F> {
    /// `read` answers what a slot of an account holds after the block of this height, time (in seconds) and epoch.
    pub const fn new(read: F, number: u64, now: u64, epoch: u64) -> Self {
        Self { read, number, now, epoch }
    }
}

impl<F: FnMut(Address, U256) -> Result<U256, String>> Host for Reader<F> {
    fn charge(&mut self, _gas: u64) -> Res<()> {
        Ok(())
    }

    fn sload(&mut self, account: Address, slot: U256) -> Res<U256> {
        (self.read)(account, slot).map_err(Stop::Database)
    }

    fn sstore(&mut self, _account: Address, _slot: U256, _value: U256) -> Res<()> {
        Err(Stop::StaticWrite)
    }

    fn emit(&mut self, _account: Address, _log: LogData) -> Res<()> {
        Err(Stop::StaticWrite)
    }

    fn keccak256(&mut self, bytes: &[u8]) -> Res<B256> {
        Ok(keccak256(bytes))
    }

    fn recover(&mut self, digest: B256, v: u8, r: B256, s: B256) -> Res<Option<Address>> {
        Ok(primitives::tx::recover_digest(digest, v, r, s))
    }

    fn verify_ed25519(&mut self, key: B256, message: &[u8], signature: &[u8; 64]) -> Res<bool> {
        Ok(signature::ed25519_is_valid(key, message, signature))
    }

    fn verify_p256(&mut self, key: &[u8; 65], message: &[u8], signature: &[u8; 64]) -> Res<bool> {
        Ok(signature::p256_is_valid(key, message, signature))
    }

    fn sha256(&mut self, bytes: &[u8]) -> Res<B256> {
        Ok(signature::sha256(bytes))
    }

    fn block_hash(&mut self, _number: u64) -> Res<Option<B256>> {
        Err(Stop::Database("a reader of slots knows no blocks".into()))
    }

    fn code_kind(&mut self, _account: Address) -> Res<CodeKind> {
        Err(Stop::Database("a reader of slots knows no codes".into()))
    }

    fn create_native(&mut self, _account: Address) -> Res<()> {
        Err(Stop::StaticWrite)
    }

    fn number(&self) -> u64 {
        self.number
    }

    fn now(&self) -> u64 {
        self.now
    }

    fn chain_id(&self) -> u64 {
        0
    }

    fn epoch(&self) -> u64 {
        self.epoch
    }

    fn founding(&self) -> Arc<Founding> {
        Arc::default()
    }

    fn sole_member(&self) -> Option<B256> {
        None
    }
}
