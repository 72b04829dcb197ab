//! The genesis file: geth's JSON where it overlaps (`config.chainId`, `alloc`, `timestamp`, `gasLimit`, `coinbase`) and a
//! `counterfoil` section for the rest. The genesis header's `parentHash` is the keccak of the canonical configuration
//! (RFC 8785 JSON of everything but `alloc`, defaults filled in), and `alloc` is committed to by the state root:
//! two networks that differ in anything differ in genesis hash (DESIGN section 5).

use std::{collections::BTreeMap, sync::Arc};

use alloy_consensus::{Header, constants::EMPTY_WITHDRAWALS};
use alloy_eips::eip7685::EMPTY_REQUESTS_HASH;
use alloy_primitives::{Address, B256, Bytes, U256, keccak256};
use serde::{Deserialize, Serialize};

use crate::{
    diff::{AccountDiff, SlotDiff, StateDiff},
    finality::{Committee, NodeId},
    recovery::Recovery,
    time::TimeMs,
};

mod admission;
mod quantity;
#[cfg(test)]
mod tests;

pub use admission::{ACCOUNTS_MOST, Admission, CERTIFICATE_BYTES_MOST, Founder, Founding, MEMBERS_MOST};

/// The whole file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Genesis {
    /// geth's chain configuration, of which only the chain id counts here.
    pub config: Config,
    /// Seconds since 1970.
    #[serde(default, with = "quantity")]
    pub timestamp: u64,
    /// Gas limit of every block.
    #[serde(default = "default_gas_limit", with = "quantity")]
    pub gas_limit: u64,
    /// Beneficiary of tips in every block.
    #[serde(default)]
    pub coinbase: Address,
    /// What geth has no field for.
    pub counterfoil: Section,
    /// The accounts that exist from the start.
    #[serde(default)]
    pub alloc: BTreeMap<Address, Alloc>,
}

/// `config` of geth's file; fields other than `chainId` are carried and committed to, nothing reads them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Config {
    /// EIP-155 chain id.
    pub chain_id: u64,
    /// Whatever else the file says, such as geth's fork heights.
    #[serde(flatten)]
    pub other: BTreeMap<String, serde_json::Value>,
}

/// The `counterfoil` section.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Section {
    /// EVM rules.
    #[serde(default)]
    pub fork: Fork,
    /// ed25519 public keys of committee 0.
    pub committee: Vec<NodeId>,
    /// Blocks in an epoch.
    #[serde(default = "default_epoch_blocks")]
    pub epoch_blocks: u64,
    /// Least time between two blocks under load, in milliseconds.
    #[serde(default = "default_min_block_interval_ms")]
    pub min_block_interval_ms: u64,
    /// Most bytes of an encoded block.
    #[serde(default = "default_max_block_bytes")]
    pub max_block_bytes: u64,
    /// Least price per gas, in wei, that the pool takes.
    #[serde(default, with = "quantity")]
    pub min_gas_price: u64,
    /// If present, only these accounts may send transactions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub senders: Option<Vec<Address>>,
    /// Protocol versions and when they begin. Not written when empty: older files keep their hashes.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub upgrades: Vec<Upgrade>,
    /// How members are admitted, from protocol version 2 on. Not written when left out: older files keep their hashes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub admission: Option<Admission>,
}

/// A protocol version and its beginning.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Upgrade {
    /// The version.
    pub version: u32,
    /// The epoch whose first block begins it; 0 = it holds from genesis on.
    pub epoch: u64,
}

/// EVM rules that a chain can be started with.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Fork {
    /// March 2024.
    Cancun,
    /// May 2025: adds EIP-7702 and BLS12-381.
    Prague,
    /// December 2025: adds the transaction gas cap of EIP-7825 and `CLZ`.
    #[default]
    Osaka,
}

/// One account of `alloc`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Alloc {
    /// Wei; a hex or decimal string or a number, as geth takes it.
    #[serde(default, with = "quantity")]
    pub balance: U256,
    /// Nonce.
    #[serde(default, with = "quantity", skip_serializing_if = "is_zero")]
    pub nonce: u64,
    /// Code.
    #[serde(default, skip_serializing_if = "is_empty")]
    pub code: Bytes,
    /// Storage.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub storage: BTreeMap<B256, B256>,
}

/// What the ledger needs to know at every block, read once from a checked genesis.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rules {
    /// EIP-155 chain id.
    pub chain_id: u64,
    /// EVM rules.
    pub fork: Fork,
    /// Gas limit of every block.
    pub gas_limit: u64,
    /// Beneficiary of tips.
    pub beneficiary: Address,
    /// Blocks in an epoch.
    pub epoch_blocks: u64,
    /// Least time between two blocks under load, in milliseconds.
    pub min_block_interval_ms: u64,
    /// Most bytes of an encoded block.
    pub max_block_bytes: usize,
    /// Least price per gas, in wei.
    pub min_gas_price: u64,
    /// Accounts that may send; `None` = all.
    pub senders: Option<Vec<Address>>,
    /// Committee 0.
    pub committee: Committee,
    /// Protocol versions that genesis schedules, rising.
    pub upgrades: Vec<Upgrade>,
    /// What contracts may know of genesis.
    pub founding: Arc<Founding>,
    /// What was amended since, by rising height; genesis itself has none.
    pub recoveries: Arc<[Recovery]>,
}

/// Why a genesis file is refused.
#[derive(Debug, thiserror::Error)]
pub enum GenesisError {
    /// Not the expected JSON.
    #[error("genesis file: {0}")]
    Json(#[from] serde_json::Error),
    /// A value that makes no working chain.
    #[error("genesis file: {field}: {reason}")]
    Value {
        /// JSON path.
        field: &'static str,
        /// What is wrong and what is allowed.
        reason: String,
    },
}

/// Highest chain id that JSON readers agree on (2^53 - 1).
const MAX_CHAIN_ID: u64 = (1 << 53) - 1;
const GAS_LIMIT_RANGE: std::ops::RangeInclusive<u64> = 16_777_216..=100_000_000_000;
const BLOCK_BYTES_RANGE: std::ops::RangeInclusive<u64> = 262_144..=16_777_216;
const MAX_EPOCH_BLOCKS: u64 = 1_000_000;
const MAX_INTERVAL_MS: u64 = 60_000;
const MAX_COMMITTEE: usize = 128;

impl Genesis {
    /// Reads and checks a genesis file.
    pub fn parse(json: &str) -> Result<Self, GenesisError> {
        let genesis: Self = serde_json::from_str(json)?;
        genesis.check()?;
        Ok(genesis)
    }

    fn check(&self) -> Result<(), GenesisError> {
        let section = &self.counterfoil;
        check(self.config.chain_id > 0 && self.config.chain_id <= MAX_CHAIN_ID, "config.chainId", || {
            format!("must be 1 to {MAX_CHAIN_ID}")
        })?;
        check(GAS_LIMIT_RANGE.contains(&self.gas_limit), "gasLimit", || format!("must be {GAS_LIMIT_RANGE:?}"))?;
        check(self.timestamp <= u64::MAX / 1_000_000, "timestamp", || "must be seconds since 1970".into())?;
        check(BLOCK_BYTES_RANGE.contains(&section.max_block_bytes), "counterfoil.maxBlockBytes", || {
            format!("must be {BLOCK_BYTES_RANGE:?}")
        })?;
        check((2..=MAX_EPOCH_BLOCKS).contains(&section.epoch_blocks), "counterfoil.epochBlocks", || {
            format!("must be 2 to {MAX_EPOCH_BLOCKS}")
        })?;
        check(section.min_block_interval_ms <= MAX_INTERVAL_MS, "counterfoil.minBlockIntervalMs", || {
            format!("must be at most {MAX_INTERVAL_MS}")
        })?;
        check((1..=MAX_COMMITTEE).contains(&section.committee.len()), "counterfoil.committee", || {
            format!("must name 1 to {MAX_COMMITTEE} ed25519 public keys")
        })?;
        let distinct = Committee::new(section.committee.clone()).members().len();
        check(distinct == section.committee.len(), "counterfoil.committee", || "names a key twice".into())?;
        // EIP-7610 and EIP-161 speak of such accounts only to exclude them; nothing but a genesis could make one.
        let sound = |account: &Alloc| account.storage.is_empty() || account.nonce > 0 || !account.code.is_empty();
        check(self.alloc.values().all(sound), "alloc", || "an account with storage needs code or a nonce".into())?;
        check_upgrades(&section.upgrades)?;
        admission::check_admission(section)?;
        canonical_numbers(&self.config.other)
    }

    /// The rules that hold from block 1 on.
    pub fn rules(&self) -> Rules {
        let section = &self.counterfoil;
        Rules {
            chain_id: self.config.chain_id,
            fork: section.fork,
            gas_limit: self.gas_limit,
            beneficiary: self.coinbase,
            epoch_blocks: section.epoch_blocks,
            min_block_interval_ms: section.min_block_interval_ms,
            max_block_bytes: usize::try_from(section.max_block_bytes).unwrap_or(usize::MAX),
            min_gas_price: section.min_gas_price,
            senders: section.senders.clone(),
            committee: Committee::new(section.committee.clone()),
            upgrades: section.upgrades.clone(),
            founding: Arc::new(Founding::of(section, self.network())),
            recoveries: Arc::default(),
        }
    }

    /// keccak of the canonical configuration. Zero for one that has none, of which no header can be made either.
    fn network(&self) -> B256 {
        self.canonical_config().map(keccak256).unwrap_or_default()
    }

    /// The canonical configuration: RFC 8785 JSON of everything but `alloc`.
    pub fn canonical_config(&self) -> Result<Vec<u8>, GenesisError> {
        let mut value = serde_json::to_value(self)?;
        if let Some(object) = value.as_object_mut() {
            object.remove("alloc");
        }
        Ok(serde_jcs::to_vec(&value)?)
    }

    /// The genesis header over the state that [`Self::alloc_diff`] makes.
    pub fn header(&self, state_root: B256) -> Result<Header, GenesisError> {
        let rules = self.rules();
        Ok(Header {
            parent_hash: keccak256(self.canonical_config()?),
            state_root,
            timestamp: self.timestamp,
            mix_hash: B256::ZERO,
            ..rules.header_frame(rules.committee.hash())
        })
    }

    /// The state changes that bring `alloc` about.
    pub fn alloc_diff(&self) -> StateDiff {
        let mut codes: Vec<Bytes> =
            self.alloc.values().map(|account| account.code.clone()).filter(|code| !code.is_empty()).collect();
        codes.sort_unstable();
        codes.dedup();
        StateDiff { accounts: self.alloc.iter().map(|(address, account)| account.diff(*address)).collect(), codes }
    }
}

impl Section {
    /// A section with defaults for everything but the fork and the committee.
    pub const fn new(fork: Fork, committee: Vec<NodeId>) -> Self {
        Self {
            fork,
            committee,
            epoch_blocks: default_epoch_blocks(),
            min_block_interval_ms: default_min_block_interval_ms(),
            max_block_bytes: default_max_block_bytes(),
            min_gas_price: 0,
            senders: None,
            upgrades: Vec::new(),
            admission: None,
        }
    }
}

impl Rules {
    /// A header with every field that is the same in each block of this chain; the caller fills in the others.
    pub fn header_frame(&self, next_committee_hash: B256) -> Header {
        Header {
            beneficiary: self.beneficiary,
            gas_limit: self.gas_limit,
            extra_data: next_committee_hash.into(),
            base_fee_per_gas: Some(0),
            withdrawals_root: Some(EMPTY_WITHDRAWALS),
            blob_gas_used: Some(0),
            excess_blob_gas: Some(0),
            parent_beacon_block_root: Some(B256::ZERO),
            requests_hash: (self.fork >= Fork::Prague).then_some(EMPTY_REQUESTS_HASH),
            ..Default::default()
        }
    }

    /// The frame of the block after `parent`, at time `now` or as early as the rules allow. `extraData` is the parent's: that the
    /// next committee is another one, only execution says.
    pub fn next_header(&self, parent_hash: B256, parent: &Header, now: TimeMs) -> Header {
        let time = TimeMs::of_header(parent).unwrap_or(TimeMs(0)).after(now);
        let number = parent.number.saturating_add(1);
        Header {
            parent_hash,
            number,
            timestamp: time.seconds(),
            nonce: time.nonce(),
            mix_hash: next_mix_hash(parent.mix_hash, number),
            extra_data: parent.extra_data.clone(),
            ..self.header_frame(B256::ZERO)
        }
    }

    /// The epoch that a height belongs to.
    pub const fn epoch_of(&self, number: u64) -> u64 {
        number / self.epoch_blocks
    }

    /// Whether an epoch begins with this height.
    pub const fn begins_epoch(&self, number: u64) -> bool {
        number.is_multiple_of(self.epoch_blocks)
    }

    /// The highest protocol version that genesis schedules for this epoch or an earlier one; 0 if there is none.
    pub fn version_by_genesis(&self, epoch: u64) -> u32 {
        let begun = self.upgrades.iter().filter(|upgrade| upgrade.epoch <= epoch);
        begun.map(|upgrade| upgrade.version).max().unwrap_or_default()
    }

    /// The recovery that the block of this height was or will be made under.
    pub fn recovery_of(&self, number: u64) -> Option<&Recovery> {
        self.recoveries.iter().find(|recovery| (recovery.first()..=recovery.last(self.epoch_blocks)).contains(&number))
    }

    /// The recovery that ends with this epoch, of which some blocks may have been made before it.
    pub fn recovery_in(&self, epoch: u64) -> Option<&Recovery> {
        self.recoveries.iter().find(|recovery| self.epoch_of(recovery.first()) == epoch)
    }

    /// The key that decides alone, if the committee has only one.
    pub fn sole_member(&self) -> Option<NodeId> {
        match self.committee.members() {
            [member] => Some(*member),
            _ => None,
        }
    }
}

/// keccak(parent mixHash, number as 8 big-endian bytes): a counter with the shape of `PREVRANDAO`, **not random**.
pub fn next_mix_hash(parent: B256, number: u64) -> B256 {
    keccak256([parent.as_slice(), &number.to_be_bytes()].concat())
}

impl Alloc {
    fn diff(&self, address: Address) -> AccountDiff {
        AccountDiff {
            address,
            deleted: false,
            nonce: self.nonce,
            balance: self.balance,
            code_hash: keccak256(&self.code),
            storage_wiped: false,
            storage: self
                .storage
                .iter()
                .map(|(slot, value)| SlotDiff { slot: (*slot).into(), value: (*value).into() })
                .filter(|slot| !slot.value.is_zero())
                .collect(),
        }
    }
}

fn check(ok: bool, field: &'static str, reason: impl FnOnce() -> String) -> Result<(), GenesisError> {
    if ok { Ok(()) } else { Err(GenesisError::Value { field, reason: reason() }) }
}

fn check_upgrades(upgrades: &[Upgrade]) -> Result<(), GenesisError> {
    let rising = upgrades.is_sorted_by(|one, next| one.version < next.version && one.epoch < next.epoch);
    let sound = |upgrade: &Upgrade| upgrade.version > 0 && upgrade.epoch <= MAX_CHAIN_ID;
    check(rising && upgrades.iter().all(sound), "counterfoil.upgrades", || {
        "versions from 1 on and epochs below 2^53 must both rise".into()
    })
}

/// RFC 8785 prints floating point in its own way; no field of ours needs any, so none is taken.
fn canonical_numbers(fields: &BTreeMap<String, serde_json::Value>) -> Result<(), GenesisError> {
    let whole = fields.values().all(whole_numbers_only);
    check(whole, "config", || "numbers must be whole and below 2^53".into())
}

fn whole_numbers_only(value: &serde_json::Value) -> bool {
    use serde_json::Value;
    match value {
        Value::Number(number) => number.as_u64().is_some_and(|n| n <= MAX_CHAIN_ID),
        Value::Array(items) => items.iter().all(whole_numbers_only),
        Value::Object(fields) => fields.values().all(whole_numbers_only),
        Value::Null | Value::Bool(_) | Value::String(_) => true,
    }
}

const fn is_zero(n: &u64) -> bool {
    *n == 0
}

fn is_empty(code: &Bytes) -> bool {
    code.is_empty()
}

const fn default_gas_limit() -> u64 {
    500_000_000
}

const fn default_epoch_blocks() -> u64 {
    64
}

const fn default_min_block_interval_ms() -> u64 {
    10
}

const fn default_max_block_bytes() -> u64 {
    4 * 1024 * 1024
}
