//! What a contract can do to the world, as a trait: `evm` stands behind it with revm's journal, tests with a map.
//! Everything that costs is charged by the host, before it is done.

use std::sync::Arc;

use alloy_primitives::{Address, B256, Bytes, LogData, U256};
use primitives::Founding;

/// The world around a call.
pub trait Host {
    /// Takes this much gas, or stops.
    fn charge(&mut self, gas: u64) -> Res<()>;
    /// Reads a slot.
    fn sload(&mut self, account: Address, slot: U256) -> Res<U256>;
    /// Writes a slot.
    fn sstore(&mut self, account: Address, slot: U256, value: U256) -> Res<()>;
    /// Leaves a log of `account`.
    fn emit(&mut self, account: Address, log: LogData) -> Res<()>;
    /// Keccak-256.
    fn keccak256(&mut self, bytes: &[u8]) -> Res<B256>;
    /// The account whose key made this signature over `digest`: the rules and the price of the precompile `ECRECOVER`.
    fn recover(&mut self, digest: B256, v: u8, r: B256, s: B256) -> Res<Option<Address>>;
    /// Whether this ed25519 signature over `message` is valid, by the rules of ZIP 215, which leave no case open.
    fn verify_ed25519(&mut self, key: B256, message: &[u8], signature: &[u8; 64]) -> Res<bool>;
    /// Whether this is an ECDSA signature (r, s) with P-256 and SHA-256 over `message`, of the key in uncompressed SEC1 form.
    fn verify_p256(&mut self, key: &[u8; 65], message: &[u8], signature: &[u8; 64]) -> Res<bool>;
    /// SHA-256.
    fn sha256(&mut self, bytes: &[u8]) -> Res<B256>;
    /// Hash of one of the last 256 blocks before this one, as the opcode `BLOCKHASH`.
    fn block_hash(&mut self, number: u64) -> Res<Option<B256>>;
    /// What code an account holds.
    fn code_kind(&mut self, account: Address) -> Res<CodeKind>;
    /// Gives an account the code of a native contract.
    fn create_native(&mut self, account: Address) -> Res<()>;
    /// Height of the block being made.
    fn number(&self) -> u64;
    /// Its time in seconds since 1970, as Solidity's `block.timestamp`.
    fn now(&self) -> u64;
    /// EIP-155 chain id.
    fn chain_id(&self) -> u64;
    /// Epoch of the block being made.
    fn epoch(&self) -> u64;
    /// What genesis says of its members.
    fn founding(&self) -> Arc<Founding>;
    /// The ed25519 key of committee 0's only member; `None` where it has several.
    fn sole_member(&self) -> Option<B256>;
}

/// What code an account holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CodeKind {
    /// None: a key, or nobody.
    None,
    /// [`NATIVE_CODE`].
    Native,
    /// A key that delegates to code (EIP-7702).
    Delegation,
    /// EVM bytecode.
    Bytecode,
}

/// The code of every native contract. It cannot be deployed (EIP-3541), and an account with code is not empty (EIP-161).
pub const NATIVE_CODE: [u8; 1] = [0xef];

/// Why a call ends without an answer. Nothing that it did remains.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Stop {
    /// The contract refuses; an ABI-encoded error.
    Revert(Bytes),
    /// The gas does not suffice.
    OutOfGas,
    /// A write within a static call, found only when it happened.
    StaticWrite,
    /// The state could not be read: nothing can be concluded, and the block is not made.
    Database(String),
}

/// What every operation returns.
pub type Res<T> = Result<T, Stop>;
