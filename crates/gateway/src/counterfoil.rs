//! `counterfoil_export`: the file that proves a fact of this ledger offline. The rules are `proof`'s, the parts `chain` finds.

use alloy_primitives::{Address, B256, Bytes, U64, U256};
use alloy_serde::JsonStorageKey;
use chain::Question;
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::value::RawValue;

use crate::{
    convert::{BlockId, block_at},
    methods::{Call, Reply, Rpc},
    rpc::RpcError,
};

/// `counterfoil_export(kind, arguments)`.
pub(crate) fn export(rpc: &Rpc, call: Call<'_>) -> Reply {
    let (kind, arguments) = call.params.parse::<(Kind, &RawValue)>()?;
    let (question, checkpoint) = match kind {
        Kind::Tx => read::<Transaction>(arguments)?.question(),
        Kind::Log => read::<Log>(arguments)?.question(),
        Kind::Account => read::<Account>(arguments)?.question(),
        Kind::Token => read::<Token>(arguments)?.question(),
        Kind::Storage => read::<Storage>(arguments)?.question()?,
    };
    let checkpoint = checkpoint.map(|height| height.to());
    rpc.aside(move |rpc| {
        let file = rpc.chain.counterfoil(&question, checkpoint)?;
        let text = file.to_json().map_err(|error| RpcError::internal(error.to_string()))?;
        let json = RawValue::from_string(text).map_err(|error| RpcError::internal(error.to_string()))?;
        Ok(Exported { cfl: file.encode().into(), json })
    })
}

/// What is exported.
#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
enum Kind {
    Tx,
    Log,
    Account,
    Token,
    Storage,
}

/// Both forms of one file.
#[derive(Serialize)]
struct Exported {
    cfl: Bytes,
    json: Box<RawValue>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Transaction {
    hash: B256,
    checkpoint: Option<U64>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Log {
    hash: B256,
    /// Place among the logs of the transaction.
    index: U64,
    checkpoint: Option<U64>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Account {
    address: Address,
    block: Option<BlockId>,
    checkpoint: Option<U64>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Token {
    id: U256,
    owner: Address,
    block: Option<BlockId>,
    checkpoint: Option<U64>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Storage {
    address: Address,
    slots: Vec<JsonStorageKey>,
    block: Option<BlockId>,
    checkpoint: Option<U64>,
}

/// What is asked of the chain, and the height of the checkpoint.
type Asked = (Question, Option<U64>);

impl Transaction {
    fn question(self) -> Asked {
        (Question::Transaction(self.hash), self.checkpoint)
    }
}

impl Log {
    fn question(self) -> Asked {
        (Question::Log { transaction: self.hash, index: self.index.to() }, self.checkpoint)
    }
}

impl Account {
    fn question(self) -> Asked {
        (Question::Account { address: self.address, at: block_at(self.block) }, self.checkpoint)
    }
}

impl Token {
    fn question(self) -> Asked {
        let Self { id, owner, block, checkpoint } = self;
        (Question::Token { id, owner, at: block_at(block) }, checkpoint)
    }
}

impl Storage {
    fn question(self) -> Result<Asked, RpcError> {
        if !(1..=MAX_SLOTS).contains(&self.slots.len()) {
            return Err(RpcError::invalid_params(format!("slots: 1 to {MAX_SLOTS} are proved at once")));
        }
        let slots = self.slots.iter().map(|slot| slot.as_b256().into()).collect();
        Ok((Question::Storage { address: self.address, slots, at: block_at(self.block) }, self.checkpoint))
    }
}

fn read<T: DeserializeOwned>(arguments: &RawValue) -> Result<T, RpcError> {
    serde_json::from_str(arguments.get())
        .map_err(|error| RpcError::invalid_params(format!("invalid argument 1: {error}")))
}

/// A proof of a slot has a few kB.
const MAX_SLOTS: usize = 256;
