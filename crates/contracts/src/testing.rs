//! A host of maps, for the tests of rooms here and of the crates above. It counts what was asked for and charges nothing;
//! a call that stops leaves nothing behind, as in the EVM.

use std::{collections::BTreeMap, sync::Arc};

use alloy_primitives::{Address, B256, Bytes, Log, LogData, U256, keccak256};
use primitives::Founding;

use crate::{
    dispatch::Call,
    host::{CodeKind, Host, Res},
    registry, signature,
};

mod calldata;
mod check;
mod members;

pub use calldata::{Script, Scripted};
pub use check::{Stage, Taken, check_calls};

/// The world in memory.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Memory {
    /// Slots that are not zero.
    pub slots: BTreeMap<(Address, U256), U256>,
    /// What is not a key.
    pub codes: BTreeMap<Address, CodeKind>,
    /// Logs in order.
    pub logs: Vec<Log>,
    /// Height.
    pub number: u64,
    /// Seconds.
    pub now: u64,
    /// EIP-155 chain id.
    pub chain_id: u64,
    /// Epoch of the block being made.
    pub epoch: u64,
    /// Committee 0's only member.
    pub sole_member: Option<B256>,
    /// What genesis says of its members.
    pub founding: Arc<Founding>,
    /// Hashes of blocks; one that is not here has the keccak of its number.
    pub block_hashes: BTreeMap<u64, B256>,
}

impl Memory {
    /// A world in which all rooms are open.
    pub fn new() -> Self {
        Self::founded(Founding::default())
    }

    /// The same, of a network with these founders.
    pub fn founded(founding: Founding) -> Self {
        let founding = Arc::new(founding);
        let mut memory = Self { chain_id: 31_337, now: 1_700_000_000, founding, ..Self::default() };
        for room in registry::ROOMS {
            memory.codes.insert(room.address(), CodeKind::Native);
            let constructed = (room.construct)(&mut crate::Env::new(&mut memory, room.address(), Address::ZERO));
            assert_eq!(constructed, Ok(()), "{} opens", room.word);
        }
        // Genesis is block 0.
        memory.number = 1;
        memory
    }

    /// Calls a contract; on a stop everything is as before.
    pub fn call(&mut self, caller: Address, target: Address, data: &[u8]) -> Res<Bytes> {
        let call = Call { target, code: target, caller, value: U256::ZERO, is_static: false, data };
        let before = self.clone();
        let answer = registry::run(self, &call);
        if answer.is_err() {
            *self = before;
        }
        answer.map(Option::unwrap_or_default)
    }
}

impl Host for Memory {
    fn charge(&mut self, _gas: u64) -> Res<()> {
        Ok(())
    }

    fn sload(&mut self, account: Address, slot: U256) -> Res<U256> {
        Ok(self.slots.get(&(account, slot)).copied().unwrap_or_default())
    }

    fn sstore(&mut self, account: Address, slot: U256, value: U256) -> Res<()> {
        match value.is_zero() {
            true => self.slots.remove(&(account, slot)),
            false => self.slots.insert((account, slot), value),
        };
        Ok(())
    }

    fn emit(&mut self, account: Address, log: LogData) -> Res<()> {
        self.logs.push(Log { address: account, data: log });
        Ok(())
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

    fn block_hash(&mut self, number: u64) -> Res<Option<B256>> {
        let known = number < self.number && self.number.saturating_sub(number) <= 256;
        let named = || self.block_hashes.get(&number).copied().unwrap_or_else(|| keccak256(number.to_be_bytes()));
        Ok(known.then(named))
    }

    fn code_kind(&mut self, account: Address) -> Res<CodeKind> {
        Ok(self.codes.get(&account).copied().unwrap_or(CodeKind::None))
    }

    fn create_native(&mut self, account: Address) -> Res<()> {
        self.codes.insert(account, CodeKind::Native);
        Ok(())
    }

    fn number(&self) -> u64 {
        self.number
    }

    fn now(&self) -> u64 {
        self.now
    }

    fn chain_id(&self) -> u64 {
        self.chain_id
    }

    fn epoch(&self) -> u64 {
        self.epoch
    }

    fn founding(&self) -> Arc<Founding> {
        Arc::clone(&self.founding)
    }

    fn sole_member(&self) -> Option<B256> {
        self.sole_member
    }
}
