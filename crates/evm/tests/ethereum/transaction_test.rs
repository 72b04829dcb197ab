//! One transaction test: bytes, and for each fork either hash, sender and intrinsic gas, or the reason why it is no transaction.

use alloy_primitives::{Address, B256, Bytes};
use evm::{unpayable::Unpayable, validity};
use revm::primitives::hardfork::SpecId;
use serde_json::Value;

use crate::{
    fields::{address, bytes, get, uint, word},
    files::Case,
    transaction::{decode, recovered},
};

/// All transaction tests are for this chain.
const CHAIN_ID: u64 = 1;

/// Judges every fork from Berlin on.
pub(crate) fn judge(test: &Value) -> Vec<Case> {
    let results = test.get("result").and_then(Value::as_object);
    let forks = results.into_iter().flatten().filter_map(|(fork, expected)| Some((fork, spec(fork)?, expected)));
    let case = |(fork, spec, expected): (&String, SpecId, &Value)| Case {
        name: fork.clone(),
        result: judge_fork(test, spec, expected),
    };
    forks.map(case).collect()
}

#[derive(Debug, PartialEq)]
struct Decoded {
    hash: B256,
    sender: Address,
    intrinsic_gas: u64,
}

fn judge_fork(test: &Value, spec: SpecId, expected: &Value) -> Result<(), String> {
    let decoded = bytes(get(test, "txbytes")?).and_then(|raw| check(&raw, spec));
    if let Some(exception) = expected.get("exception") {
        return match decoded {
            Ok(decoded) => Err(format!("accepted as {decoded:?}, but it has to be refused with {exception}")),
            Err(_) => Ok(()),
        };
    }
    let want = Decoded {
        hash: word(get(expected, "hash")?)?,
        sender: address(get(expected, "sender")?)?,
        intrinsic_gas: uint(expected, "intrinsicGas")?,
    };
    match decoded {
        Ok(decoded) if decoded == want => Ok(()),
        other => Err(format!("is {other:?}, expected {want:?}")),
    }
}

fn check(raw: &Bytes, spec: SpecId) -> Result<Decoded, String> {
    let tx = match decode(raw).and_then(recovered) {
        Ok(tx) => tx,
        Err(error) => return check_unpayable(raw, spec).ok_or(error)?,
    };
    validity::check_fields(spec, CHAIN_ID, tx.inner()).map_err(|invalid| invalid.to_string())?;
    let intrinsic_gas = validity::due_gas(spec, tx.inner()).intrinsic;
    Ok(Decoded { hash: *tx.tx_hash(), sender: tx.signer(), intrinsic_gas })
}

fn check_unpayable(raw: &[u8], spec: SpecId) -> Option<Result<Decoded, String>> {
    let unpayable = Unpayable::recognise(raw)?;
    let decoded = Decoded {
        hash: unpayable.hash,
        sender: unpayable.signer,
        intrinsic_gas: validity::due_gas(spec, &unpayable.narrowed).intrinsic,
    };
    let checked = unpayable.check_fields(spec, CHAIN_ID);
    Some(checked.map(|()| decoded).map_err(|invalid| invalid.to_string()))
}

/// `None` for the forks before Berlin, which are not judged.
fn spec(fork: &str) -> Option<SpecId> {
    Some(match fork {
        "Frontier" | "Homestead" | "EIP150" | "EIP158" | "Byzantium" | "Constantinople" | "ConstantinopleFix"
        | "Istanbul" => return None,
        "Berlin" => SpecId::BERLIN,
        "London" | "ArrowGlacier" | "GrayGlacier" => SpecId::LONDON,
        "Merge" | "Paris" => SpecId::MERGE,
        "Shanghai" => SpecId::SHANGHAI,
        "Cancun" => SpecId::CANCUN,
        "Prague" => SpecId::PRAGUE,
        "Osaka" | "BPO1" | "BPO2" => SpecId::OSAKA,
        other => panic!("fork {other} is not known"),
    })
}
