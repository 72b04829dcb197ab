//! `counterfoil_export`: the file that proves a fact of this ledger offline. The rules are `proof`'s, the parts `chain` finds.

use alloy_primitives::{Address, B256, Bytes, U64, U256};
use alloy_serde::JsonStorageKey;
use chain::{Beside, Question};
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
    let Wished { question, checkpoint, preimages } = match kind {
        Kind::Tx => read::<Transaction>(arguments)?.wished(),
        Kind::Log => read::<Log>(arguments)?.wished(),
        Kind::Member => read::<Member>(arguments)?.wished(),
        Kind::Redemption => read::<Redemption>(arguments)?.wished(),
        Kind::Account => read::<Account>(arguments)?.wished(),
        Kind::Token => read::<Token>(arguments)?.wished(),
        Kind::Storage => read::<Storage>(arguments)?.wished()?,
    };
    let beside = Beside { checkpoint: checkpoint.map(|height| height.to()), preimages };
    rpc.aside(move |rpc| {
        let file = rpc.chain.counterfoil(&question, beside)?;
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
    Member,
    Redemption,
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
    #[serde(default)]
    preimages: Vec<Bytes>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Log {
    hash: B256,
    /// Place among the logs of the transaction.
    index: U64,
    checkpoint: Option<U64>,
    #[serde(default)]
    preimages: Vec<Bytes>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Redemption {
    redemption: B256,
    checkpoint: Option<U64>,
    #[serde(default)]
    preimages: Vec<Bytes>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Account {
    address: Address,
    block: Option<BlockId>,
    checkpoint: Option<U64>,
    #[serde(default)]
    preimages: Vec<Bytes>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Token {
    id: U256,
    owner: Address,
    block: Option<BlockId>,
    checkpoint: Option<U64>,
    #[serde(default)]
    preimages: Vec<Bytes>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Member {
    /// SHA-256 of the certificate.
    certificate: B256,
    block: Option<BlockId>,
    checkpoint: Option<U64>,
    #[serde(default)]
    preimages: Vec<Bytes>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Storage {
    address: Address,
    slots: Vec<JsonStorageKey>,
    block: Option<BlockId>,
    checkpoint: Option<U64>,
    #[serde(default)]
    preimages: Vec<Bytes>,
}

/// What is asked of the chain.
struct Wished {
    question: Question,
    checkpoint: Option<U64>,
    preimages: Vec<Bytes>,
}

impl Transaction {
    fn wished(self) -> Wished {
        let Self { hash, checkpoint, preimages } = self;
        Wished { question: Question::Transaction(hash), checkpoint, preimages }
    }
}

impl Log {
    fn wished(self) -> Wished {
        let Self { hash, index, checkpoint, preimages } = self;
        Wished { question: Question::Log { transaction: hash, index: index.to() }, checkpoint, preimages }
    }
}

impl Redemption {
    fn wished(self) -> Wished {
        let Self { redemption, checkpoint, preimages } = self;
        Wished { question: Question::Redemption(redemption), checkpoint, preimages }
    }
}

impl Account {
    fn wished(self) -> Wished {
        let Self { address, block, checkpoint, preimages } = self;
        Wished { question: Question::Account { address, at: block_at(block) }, checkpoint, preimages }
    }
}

impl Token {
    fn wished(self) -> Wished {
        let Self { id, owner, block, checkpoint, preimages } = self;
        Wished { question: Question::Token { id, owner, at: block_at(block) }, checkpoint, preimages }
    }
}

impl Member {
    fn wished(self) -> Wished {
        let Self { certificate, block, checkpoint, preimages } = self;
        Wished { question: Question::Member { certificate, at: block_at(block) }, checkpoint, preimages }
    }
}

impl Storage {
    fn wished(self) -> Result<Wished, RpcError> {
        let Self { address, slots, block, checkpoint, preimages } = self;
        if !(1..=MAX_SLOTS).contains(&slots.len()) {
            return Err(RpcError::invalid_params(format!("slots: 1 to {MAX_SLOTS} are proved at once")));
        }
        let slots = slots.iter().map(|slot| slot.as_b256().into()).collect();
        Ok(Wished { question: Question::Storage { address, slots, at: block_at(block) }, checkpoint, preimages })
    }
}

fn read<T: DeserializeOwned>(arguments: &RawValue) -> Result<T, RpcError> {
    serde_json::from_str(arguments.get())
        .map_err(|error| RpcError::invalid_params(format!("invalid argument 1: {error}")))
}

/// A proof of a slot has a few kB.
const MAX_SLOTS: usize = 256;
