//! The JSON form: the same content, for people and for programs without RLP, with the statements written out.
//!
//! It is RFC 8785 JSON and nothing else: a text is taken only if it is, byte for byte, what would be written for its content. So a changed
//! statement is refused like a changed proof.

use alloy_primitives::{Address, B256, Bytes, U256};
use alloy_rlp::Decodable;
use primitives::{FinalityProof, Header};
use serde::{Deserialize, Serialize};

use crate::{
    file::{
        AccountFact, Certified, Counterfoil, Fact, LogFact, MAX_FILE_BYTES, ReceiptFact, Slot, StorageFact, VERSION,
    },
    statement::{self, Statement},
    verify::Refusal,
};

/// The text of bytes is twice as long as they are; the rest is names and statements.
const MAX_JSON_BYTES: usize = 3 * MAX_FILE_BYTES;

impl Counterfoil {
    /// The JSON form; refused if the fact does not hold under its header, because then there is nothing to state.
    pub fn to_json(&self) -> Result<String, Refusal> {
        let statements = statement::of(self)?;
        let shown = Shown {
            version: VERSION,
            config: std::str::from_utf8(&self.config).map_err(|error| refused(&error))?.into(),
            genesis: encoded(&self.genesis),
            handovers: self.handovers.iter().map(ShownCertified::of).collect(),
            header: encoded(&self.header),
            descendants: self.descendants.iter().map(encoded).collect(),
            finality: ShownFinality::of(&self.finality),
            committee: self.committee.clone(),
            fact: ShownFact::of(&self.fact),
            preimages: self.preimages.clone(),
            seal: self.seal(),
        };
        serde_jcs::to_string(&Whole { file: shown, statements }).map_err(|error| refused(&error))
    }

    /// Reads the JSON form; says nothing yet of whether it is true.
    pub fn from_json(text: &str) -> Result<Self, Refusal> {
        if text.len() > MAX_JSON_BYTES {
            return Err(Refusal::TooLarge { bytes: text.len() });
        }
        let shown: Shown = serde_json::from_str(text).map_err(|error| refused(&error))?;
        if shown.version != VERSION {
            return Err(Refusal::Version(shown.version));
        }
        let file = shown.content()?;
        if file.to_json()? != text {
            return Err(refused(&"the text is not in its canonical form, or its statements are not those of the fact"));
        }
        Ok(file)
    }
}

#[derive(Serialize)]
struct Whole {
    #[serde(flatten)]
    file: Shown,
    statements: Vec<Statement>,
}

#[derive(Serialize, Deserialize)]
struct Shown {
    version: u8,
    config: String,
    genesis: Bytes,
    handovers: Vec<ShownCertified>,
    header: Bytes,
    descendants: Vec<Bytes>,
    finality: ShownFinality,
    committee: Vec<B256>,
    fact: ShownFact,
    preimages: Vec<Bytes>,
    seal: B256,
}

#[derive(Serialize, Deserialize)]
struct ShownCertified {
    header: Bytes,
    finality: ShownFinality,
    committee: Vec<B256>,
}

#[derive(Serialize, Deserialize)]
struct ShownFinality {
    scheme: u8,
    epoch: u64,
    certificate: Bytes,
}

#[derive(Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "camelCase", rename_all_fields = "camelCase")]
enum ShownFact {
    Receipt { index: u64, proof: Vec<Bytes>, transaction_proof: Vec<Bytes> },
    Log { receipt: u64, log: u64, proof: Vec<Bytes> },
    Account { address: Address, proof: Vec<Bytes> },
    Storage { address: Address, proof: Vec<Bytes>, slots: Vec<ShownSlot> },
}

#[derive(Serialize, Deserialize)]
struct ShownSlot {
    slot: U256,
    proof: Vec<Bytes>,
}

impl Shown {
    fn content(self) -> Result<Counterfoil, Refusal> {
        Ok(Counterfoil {
            config: self.config.into_bytes().into(),
            genesis: header(&self.genesis)?,
            handovers: self.handovers.into_iter().map(ShownCertified::content).collect::<Result<_, _>>()?,
            header: header(&self.header)?,
            descendants: self.descendants.iter().map(header).collect::<Result<_, _>>()?,
            finality: self.finality.content(),
            committee: self.committee,
            fact: self.fact.content(),
            preimages: self.preimages,
        })
    }
}

impl ShownCertified {
    fn of(certified: &Certified) -> Self {
        let Certified { header, finality, committee } = certified;
        Self { header: encoded(header), finality: ShownFinality::of(finality), committee: committee.clone() }
    }

    fn content(self) -> Result<Certified, Refusal> {
        let finality = self.finality.content();
        Ok(Certified { header: header(&self.header)?, finality, committee: self.committee })
    }
}

impl ShownFinality {
    fn of(proof: &FinalityProof) -> Self {
        Self { scheme: proof.scheme, epoch: proof.epoch, certificate: proof.bytes.clone() }
    }

    fn content(self) -> FinalityProof {
        FinalityProof { scheme: self.scheme, epoch: self.epoch, bytes: self.certificate }
    }
}

impl ShownFact {
    fn of(fact: &Fact) -> Self {
        match fact.clone() {
            Fact::Receipt(ReceiptFact { index, proof, transaction_proof }) => {
                Self::Receipt { index, proof, transaction_proof }
            }
            Fact::Log(LogFact { receipt, log, proof }) => Self::Log { receipt, log, proof },
            Fact::Account(AccountFact { address, proof }) => Self::Account { address, proof },
            Fact::Storage(StorageFact { address, proof, slots }) => {
                let slots = slots.into_iter().map(|Slot { slot, proof }| ShownSlot { slot, proof }).collect();
                Self::Storage { address, proof, slots }
            }
        }
    }

    fn content(self) -> Fact {
        match self {
            Self::Receipt { index, proof, transaction_proof } => {
                Fact::Receipt(ReceiptFact { index, proof, transaction_proof })
            }
            Self::Log { receipt, log, proof } => Fact::Log(LogFact { receipt, log, proof }),
            Self::Account { address, proof } => Fact::Account(AccountFact { address, proof }),
            Self::Storage { address, proof, slots } => {
                let slots = slots.into_iter().map(|ShownSlot { slot, proof }| Slot { slot, proof }).collect();
                Fact::Storage(StorageFact { address, proof, slots })
            }
        }
    }
}

fn encoded(header: &Header) -> Bytes {
    alloy_rlp::encode(header).into()
}

fn header(bytes: &Bytes) -> Result<Header, Refusal> {
    let mut rest = bytes.as_ref();
    let header = Header::decode(&mut rest).map_err(|error| refused(&error))?;
    if rest.is_empty() { Ok(header) } else { Err(refused(&"bytes follow a header")) }
}

fn refused(error: &impl ToString) -> Refusal {
    Refusal::Json(error.to_string())
}
