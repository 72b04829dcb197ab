//! What the chain is and where it stands.

use std::collections::BTreeMap;

use alloy_eips::{
    eip2935::HISTORY_STORAGE_ADDRESS, eip4788::BEACON_ROOTS_ADDRESS, eip7002::WITHDRAWAL_REQUEST_PREDEPLOY_ADDRESS,
    eip7251::CONSOLIDATION_REQUEST_PREDEPLOY_ADDRESS,
};
use alloy_primitives::{Address, Bytes, U64};
use primitives::Fork;
use serde::Serialize;

use crate::{
    methods::{Call, Reply, Rpc},
    rpc::{RpcError, now},
};

/// `eth_chainId` (EIP-695).
pub(crate) fn chain_id(rpc: &Rpc, call: Call<'_>) -> Reply {
    let () = call.params.parse()?;
    now(&U64::from(rpc.chain.rules().chain_id))
}

/// `eth_blockNumber`.
pub(crate) fn block_number(rpc: &Rpc, call: Call<'_>) -> Reply {
    let () = call.params.parse()?;
    now(&U64::from(rpc.chain.head().number()))
}

/// `eth_syncing`: a node that orders its own blocks is never behind.
pub(crate) fn syncing(_: &Rpc, call: Call<'_>) -> Reply {
    let () = call.params.parse()?;
    now(&false)
}

/// `eth_config` (EIP-7910): the rules in force; none are scheduled to follow them.
pub(crate) fn config(rpc: &Rpc, call: Call<'_>) -> Reply {
    let () = call.params.parse()?;
    now(&Configs { current: current(rpc)?, next: None, last: None })
}

#[derive(Serialize)]
struct Configs {
    current: ForkConfig,
    next: Option<ForkConfig>,
    last: Option<ForkConfig>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ForkConfig {
    /// All rules hold from genesis on.
    activation_time: u64,
    blob_schedule: BlobSchedule,
    chain_id: U64,
    fork_id: Bytes,
    precompiles: BTreeMap<&'static str, Address>,
    system_contracts: BTreeMap<&'static str, Address>,
}

/// No block has room for blobs; the fraction still sets what `BLOBBASEFEE` answers.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct BlobSchedule {
    target: u64,
    max: u64,
    base_fee_update_fraction: u64,
}

fn current(rpc: &Rpc) -> Result<ForkConfig, RpcError> {
    let rules = rpc.chain.rules();
    Ok(ForkConfig {
        activation_time: 0,
        blob_schedule: BlobSchedule { target: 0, max: 0, base_fee_update_fraction: blob_fraction(rules.fork) },
        chain_id: U64::from(rules.chain_id),
        fork_id: fork_id(rpc),
        precompiles: precompiles(rules.fork),
        system_contracts: system_contracts(rpc)?,
    })
}

/// EIP-2124's checksum over the genesis hash; no fork follows, so nothing is added to it.
fn fork_id(rpc: &Rpc) -> Bytes {
    Bytes::from(crc32fast::hash(rpc.chain.genesis_hash().as_slice()).to_be_bytes())
}

/// The system contracts that this chain's genesis has: the executor calls those that exist, and no others.
fn system_contracts(rpc: &Rpc) -> Result<BTreeMap<&'static str, Address>, RpcError> {
    let state = rpc.state(None)?;
    let mut present = BTreeMap::new();
    for (name, address) in SYSTEM_CONTRACTS {
        if !state.code(address)?.is_empty() {
            present.insert(name, address);
        }
    }
    Ok(present)
}

fn precompiles(fork: Fork) -> BTreeMap<&'static str, Address> {
    let since = |least: Fork| fork >= least;
    let active = PRECOMPILES.into_iter().filter(|(_, _, least)| since(*least));
    active.map(|(name, low, _)| (name, Address::left_padding_from(&low.to_be_bytes()))).collect()
}

/// EIP-4844 and, since Prague, EIP-7691.
const fn blob_fraction(fork: Fork) -> u64 {
    match fork {
        Fork::Cancun => 3_338_477,
        Fork::Prague | Fork::Osaka => 5_007_716,
    }
}

const SYSTEM_CONTRACTS: [(&str, Address); 4] = [
    ("BEACON_ROOTS_ADDRESS", BEACON_ROOTS_ADDRESS),
    ("CONSOLIDATION_REQUEST_PREDEPLOY_ADDRESS", CONSOLIDATION_REQUEST_PREDEPLOY_ADDRESS),
    ("HISTORY_STORAGE_ADDRESS", HISTORY_STORAGE_ADDRESS),
    ("WITHDRAWAL_REQUEST_PREDEPLOY_ADDRESS", WITHDRAWAL_REQUEST_PREDEPLOY_ADDRESS),
];

/// Names from EIP-7910, the low bytes of the address, and the fork that brought them (or an earlier one).
const PRECOMPILES: [(&str, u16, Fork); 18] = [
    ("ECREC", 0x01, Fork::Cancun),
    ("SHA256", 0x02, Fork::Cancun),
    ("RIPEMD160", 0x03, Fork::Cancun),
    ("ID", 0x04, Fork::Cancun),
    ("MODEXP", 0x05, Fork::Cancun),
    ("BN254_ADD", 0x06, Fork::Cancun),
    ("BN254_MUL", 0x07, Fork::Cancun),
    ("BN254_PAIRING", 0x08, Fork::Cancun),
    ("BLAKE2F", 0x09, Fork::Cancun),
    ("KZG_POINT_EVALUATION", 0x0a, Fork::Cancun),
    ("BLS12_G1ADD", 0x0b, Fork::Prague),
    ("BLS12_G1MSM", 0x0c, Fork::Prague),
    ("BLS12_G2ADD", 0x0d, Fork::Prague),
    ("BLS12_G2MSM", 0x0e, Fork::Prague),
    ("BLS12_PAIRING_CHECK", 0x0f, Fork::Prague),
    ("BLS12_MAP_FP_TO_G1", 0x10, Fork::Prague),
    ("BLS12_MAP_FP2_TO_G2", 0x11, Fork::Prague),
    ("P256VERIFY", 0x100, Fork::Osaka),
];
