//! One general state test: accounts, an environment, a transaction with choices, and for each fork and choice the root of the
//! state and the hash of the logs after it. A transaction that may not be executed leaves the state as it was.

use alloy_eips::eip7840::BlobParams;
use alloy_evm::EvmEnv;
use alloy_primitives::{B256, U256, keccak256};
use evm::{
    env::evm_env,
    execution::{Execution, TransactError},
};
use primitives::{Committee, Fork, Header, Rules};
use revm::context_interface::block::BlobExcessGasAndPrice;
use serde_json::Value;

use crate::{
    fields::{address, bytes, entries, get, items, number, uint, uint_or, word},
    files::Case,
    transaction,
    world::{Seed, World},
};

/// Judges every fork from Cancun on.
pub(crate) fn judge(test: &Value) -> Vec<Case> {
    let mut cases = Vec::new();
    for (fork_name, posts) in entries(test, "post").filter(|(fork, _)| !BEFORE_CANCUN.contains(&fork.as_str())) {
        let posts = items(posts).map(Vec::as_slice).unwrap_or_default();
        for (index, post) in posts.iter().enumerate() {
            cases.push(Case { name: format!("{fork_name}[{index}]"), result: judge_post(test, fork_name, post) });
        }
    }
    cases
}

const BEFORE_CANCUN: [&str; 15] = [
    "Frontier",
    "Homestead",
    "EIP150",
    "EIP158",
    "Byzantium",
    "Constantinople",
    "ConstantinopleFix",
    "Istanbul",
    "Berlin",
    "London",
    "ArrowGlacier",
    "GrayGlacier",
    "Merge",
    "Paris",
    "Shanghai",
];

fn judge_post(test: &Value, fork_name: &str, post: &Value) -> Result<(), String> {
    let (fork, blobs) = fork(fork_name).ok_or_else(|| format!("fork {fork_name} is not known"))?;
    let mut world = world(get(test, "pre")?)?;
    let env = environment(test, fork, blobs)?;
    let executed = execute(&mut world, env, test, post)?;
    match (&executed, post.get("expectException")) {
        (Executed::Refused(_), Some(_)) | (Executed::Logs(_), None) => {}
        (Executed::Refused(reason), None) => return Err(format!("refused: {reason}")),
        (Executed::Logs(_), Some(exception)) => return Err(format!("executed, but expected {exception}")),
    }
    let logs_hash = match executed {
        Executed::Logs(hash) => hash,
        Executed::Refused(_) => keccak256([alloy_rlp::EMPTY_LIST_CODE]),
    };
    let (root, want_root) = (world.root(), word(get(post, "hash")?)?);
    let want_logs = word(get(post, "logs")?)?;
    if root != want_root {
        return Err(format!("state root {root}, expected {want_root}"));
    }
    if logs_hash != want_logs {
        return Err(format!("logs hash {logs_hash}, expected {want_logs}"));
    }
    Ok(())
}

enum Executed {
    /// Hash of the RLP of the logs.
    Logs(B256),
    Refused(String),
}

fn execute(world: &mut World, env: EvmEnv, test: &Value, post: &Value) -> Result<Executed, String> {
    let tx = match transaction::of_post(get(test, "transaction")?, post) {
        Ok(tx) => tx,
        Err(reason) => return Ok(Executed::Refused(reason)),
    };
    let mut execution = Execution::new(env, evm::Terms::default(), &*world);
    match execution.transact(&tx) {
        Ok(receipt) => {
            let diff = execution.finish();
            world.apply(&diff);
            Ok(Executed::Logs(keccak256(alloy_rlp::encode(&receipt.logs))))
        }
        Err(TransactError::Invalid(reason)) => {
            let diff = execution.finish();
            if !diff.accounts.is_empty() {
                return Err(format!("refused ({reason}), but it changed {:?}", diff.accounts));
            }
            Ok(Executed::Refused(reason.to_string()))
        }
        Err(error) => Err(error.to_string()),
    }
}

fn world(pre: &Value) -> Result<World, String> {
    let pre = pre.as_object().ok_or("`pre` is no object")?;
    let account = |(key, fields): (&String, &Value)| Ok((address(&Value::from(key.as_str()))?, seed(fields)?));
    let accounts = pre.iter().map(account).collect::<Result<Vec<_>, String>>()?;
    // Known by convention: the hash of block n is the keccak of its number in decimal digits.
    let block_hashes = (0..2048_u64).map(|number| (number, keccak256(number.to_string()))).collect();
    Ok(World { block_hashes, ..World::new(accounts) })
}

fn seed(fields: &Value) -> Result<Seed, String> {
    let slot = |(slot, value): (&String, &Value)| Ok((number(&Value::from(slot.as_str()))?, number(value)?));
    Ok(Seed {
        nonce: uint(fields, "nonce")?,
        balance: uint(fields, "balance")?,
        code: bytes(get(fields, "code")?)?,
        storage: entries(fields, "storage").map(slot).collect::<Result<_, String>>()?,
    })
}

fn environment(test: &Value, fork: Fork, blobs: BlobParams) -> Result<EvmEnv, String> {
    let env = get(test, "env")?;
    let random = env.get("currentRandom").or_else(|| env.get("currentDifficulty"));
    let gas_limit = number(get(env, "currentGasLimit")?)?;
    let header = Header {
        number: uint(env, "currentNumber")?,
        timestamp: uint(env, "currentTimestamp")?,
        beneficiary: address(get(env, "currentCoinbase")?)?,
        gas_limit: gas_limit.min(U256::from(u64::MAX)).to(),
        base_fee_per_gas: Some(uint_or(env, "currentBaseFee", 7)?),
        mix_hash: random.map(word).transpose()?.unwrap_or_default(),
        excess_blob_gas: Some(uint_or(env, "currentExcessBlobGas", 0)?),
        ..Header::default()
    };
    let chain_id = test.get("config").map_or(Ok(1), |config| uint_or(config, "chainid", 1))?;
    Ok(with_blobs(evm_env(&rules(fork, chain_id), &header), blobs))
}

/// Rules of which only chain id and fork are read here.
fn rules(fork: Fork, chain_id: u64) -> Rules {
    Rules {
        chain_id,
        fork,
        gas_limit: u64::MAX,
        beneficiary: Default::default(),
        epoch_blocks: 2,
        min_block_interval_ms: 0,
        max_block_bytes: usize::MAX,
        min_gas_price: 0,
        senders: None,
        committee: Committee::new(Vec::new()),
        upgrades: Vec::new(),
        founding: Default::default(),
        recoveries: Default::default(),
    }
}

/// Blob limits and prices apart from the fork's: those of the forks that change nothing else.
fn with_blobs(mut env: EvmEnv, blobs: BlobParams) -> EvmEnv {
    env.cfg_env.set_max_blobs_per_tx(blobs.max_blobs_per_tx);
    let excess = env.block_env.blob_excess_gas_and_price.map_or(0, |blob| blob.excess_blob_gas);
    env.block_env.blob_excess_gas_and_price =
        Some(BlobExcessGasAndPrice { excess_blob_gas: excess, blob_gasprice: blobs.calc_blob_fee(excess) });
    env
}

fn fork(name: &str) -> Option<(Fork, BlobParams)> {
    Some(match name {
        "Cancun" => (Fork::Cancun, BlobParams::cancun()),
        "Prague" => (Fork::Prague, BlobParams::prague()),
        "Osaka" => (Fork::Osaka, BlobParams::osaka()),
        "BPO1" => (Fork::Osaka, BlobParams::bpo1()),
        "BPO2" => (Fork::Osaka, BlobParams::bpo2()),
        _ => return None,
    })
}
