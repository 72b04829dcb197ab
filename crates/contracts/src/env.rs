//! What an operation is given: the host, the contract that runs, and who called it.

use std::sync::Arc;

use alloy_primitives::{Address, B256, U256};
use alloy_sol_types::{SolError, SolEvent};
use primitives::Founding;

use crate::host::{CodeKind, Host, Res, Stop};

/// A call being worked.
pub struct Env<'a> {
    host: &'a mut dyn Host,
    me: Address,
    caller: Address,
}

impl std::fmt::Debug for Env<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Env").field("me", &self.me).field("caller", &self.caller).finish_non_exhaustive()
    }
}

impl<'a> Env<'a> {
    /// `caller` calls the contract at `me`.
    pub fn new(host: &'a mut dyn Host, me: Address, caller: Address) -> Self {
        Self { host, me, caller }
    }

    /// This contract calls another: there, the caller is this contract.
    pub fn inside(&mut self, other: Address) -> Env<'_> {
        Env { caller: self.me, me: other, host: self.host }
    }

    /// The world itself: for what another room answers to anyone.
    pub fn host(&mut self) -> &mut dyn Host {
        self.host
    }

    /// The contract that runs.
    pub const fn me(&self) -> Address {
        self.me
    }

    /// Who called it.
    pub const fn caller(&self) -> Address {
        self.caller
    }

    /// Seconds since 1970.
    pub fn now(&self) -> u64 {
        self.host.now()
    }

    /// Height of the block being made.
    pub fn number(&self) -> u64 {
        self.host.number()
    }

    /// EIP-155 chain id.
    pub fn chain_id(&self) -> u64 {
        self.host.chain_id()
    }

    /// Epoch of the block being made.
    pub fn epoch(&self) -> u64 {
        self.host.epoch()
    }

    /// [`Host::founding`].
    pub fn founding(&self) -> Arc<Founding> {
        self.host.founding()
    }

    /// [`Host::sole_member`].
    pub fn sole_member(&self) -> Option<B256> {
        self.host.sole_member()
    }

    /// A slot of this contract.
    pub fn sload(&mut self, slot: U256) -> Res<U256> {
        self.host.sload(self.me, slot)
    }

    /// Writes a slot of this contract.
    pub fn sstore(&mut self, slot: U256, value: U256) -> Res<()> {
        self.host.sstore(self.me, slot, value)
    }

    /// Leaves a log of this contract.
    pub fn emit(&mut self, event: &impl SolEvent) -> Res<()> {
        self.host.emit(self.me, event.encode_log_data())
    }

    /// Keccak-256, paid for.
    pub fn keccak256(&mut self, bytes: &[u8]) -> Res<B256> {
        self.host.keccak256(bytes)
    }

    /// [`Host::recover`].
    pub fn recover(&mut self, digest: B256, v: u8, r: B256, s: B256) -> Res<Option<Address>> {
        self.host.recover(digest, v, r, s)
    }

    /// [`Host::verify_ed25519`].
    pub fn verify_ed25519(&mut self, key: B256, message: &[u8], signature: &[u8; 64]) -> Res<bool> {
        self.host.verify_ed25519(key, message, signature)
    }

    /// [`Host::verify_p256`].
    pub fn verify_p256(&mut self, key: &[u8; 65], message: &[u8], signature: &[u8; 64]) -> Res<bool> {
        self.host.verify_p256(key, message, signature)
    }

    /// [`Host::sha256`].
    pub fn sha256(&mut self, bytes: &[u8]) -> Res<B256> {
        self.host.sha256(bytes)
    }

    /// [`Host::block_hash`].
    pub fn block_hash(&mut self, number: u64) -> Res<Option<B256>> {
        self.host.block_hash(number)
    }

    /// [`Host::code_kind`].
    pub fn code_kind(&mut self, account: Address) -> Res<CodeKind> {
        self.host.code_kind(account)
    }

    /// [`Host::create_native`].
    pub fn create_native(&mut self, account: Address) -> Res<()> {
        self.host.create_native(account)
    }

    /// Takes gas for work that is neither storage, log nor hash.
    pub fn charge(&mut self, gas: u64) -> Res<()> {
        self.host.charge(gas)
    }
}

/// Refuses, with an error of the ABI.
pub fn revert<T>(error: &impl SolError) -> Res<T> {
    Err(Stop::Revert(error.abi_encode().into()))
}

/// Refuses unless `holds`.
pub fn require<E: SolError>(holds: bool, error: impl FnOnce() -> E) -> Res<()> {
    if holds { Ok(()) } else { revert(&error()) }
}
