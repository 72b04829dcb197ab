//! What a fact means in words. A statement is always computed from the fact, the block and the preimages; none is ever read.
//!
//! Called by `verify` and by the JSON form. The events that are understood, each with the standard or the room that defines it, are in
//! `events`; a log of any other event is shown as it is. A log says what the contract at `contract` claims: whether that contract is to be
//! believed is the reader's judgement, except for the ledger's own rooms (`admission`, `cash`, `token`), whose code no user can change.

mod admission;
mod card;
mod cash;
mod events;
mod time;
mod token;

use std::collections::{BTreeMap, BTreeSet};

use alloy_consensus::{Transaction, TxReceipt};
use alloy_eips::eip2718::Decodable2718;
use alloy_primitives::{Address, B256, Bytes, Log, TxKind, U256, keccak256};
use alloy_rlp::Decodable;
use alloy_trie::{EMPTY_ROOT_HASH, KECCAK_EMPTY, TrieAccount};
use primitives::{Header, Receipt, Recovered, TimeMs, Tx, tx::recover};
use serde::{Serialize, Serializer, ser::SerializeMap};

use crate::{
    file::{AccountFact, Counterfoil, Fact, LogFact, ReceiptFact, Slot, StorageFact},
    trie,
    verify::Refusal,
};

pub use admission::{ADDRESS as ADMISSION_ADDRESS, CertificateSlots};
pub use events::{ROOM_PREFIX, understood};
pub use time::iso;
pub use token::{ADDRESS as TOKEN_ADDRESS, ownership};

/// One sentence: system, what happened or was so, and with which values, as of a height and a time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Statement {
    /// `ledger`, or the word of a room.
    pub system: &'static str,
    /// What it says.
    pub kind: &'static str,
    /// The values, in the order in which they read best.
    #[serde(serialize_with = "as_map")]
    pub fields: Vec<Field>,
    /// Height of the block.
    pub height: u64,
    /// Time of the block, ISO 8601 in UTC.
    pub time: String,
}

/// A named value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Field {
    /// Name, in camel case.
    pub name: &'static str,
    /// Numbers are decimal, bytes and hashes `0x` hex, addresses with their checksum.
    pub value: String,
}

impl Field {
    pub(crate) fn new(name: &'static str, value: impl ToString) -> Self {
        Self { name, value: value.to_string() }
    }
}

/// A statement before it is told when.
pub(crate) struct Claim {
    pub(crate) system: &'static str,
    pub(crate) kind: &'static str,
    pub(crate) fields: Vec<Field>,
}

/// The word of everything that is the chain's own.
const LEDGER: &str = "ledger";

/// Proves the fact under the roots of its header, and says what it means.
pub fn of(file: &Counterfoil) -> Result<Vec<Statement>, Refusal> {
    let proved = match &file.fact {
        Fact::Receipt(fact) => receipt(&file.header, fact),
        Fact::Log(fact) => log(&file.header, fact),
        Fact::Account(fact) => account(&file.header, fact),
        Fact::Storage(fact) => storage(&file.header, fact),
    }?;
    let mut claims = proved.claims;
    let preimages = Preimages::of(&file.preimages, &proved.words)?;
    claims.extend(card::payments(&claims, &preimages, &file.config));
    if let Fact::Storage(fact) = &file.fact {
        claims.extend(token::owned(fact.address, &proved.slots, &preimages));
        claims.extend(admission::statuses(fact.address, &proved.slots, &preimages));
    }
    claims.extend(preimages.claims());
    let time = TimeMs::of_header(&file.header).map(time::iso).unwrap_or_default();
    let dated = |claim: Claim| {
        let Claim { system, kind, fields } = claim;
        Statement { system, kind, fields, height: file.header.number, time: time.clone() }
    };
    Ok(claims.into_iter().map(dated).collect())
}

/// What a fact says, and the 32-byte words in it that may be hashes of something.
struct Proved {
    claims: Vec<Claim>,
    words: Vec<B256>,
    /// Of a storage fact, each slot with its value.
    slots: Vec<(U256, U256)>,
}

impl Proved {
    const fn new(claims: Vec<Claim>, words: Vec<B256>) -> Self {
        Self { claims, words, slots: Vec::new() }
    }
}

fn receipt(header: &Header, fact: &ReceiptFact) -> Result<Proved, Refusal> {
    let receipt = proved_receipt(header, fact.index, &fact.proof)?;
    let tx = proved_transaction(header, fact)?;
    let mut claims = vec![transaction_claim(fact.index, &tx, &receipt)];
    claims.extend(native_value_moved(&tx));
    for (index, log) in receipt.logs.iter().enumerate() {
        claims.extend(events::claims(log).into_iter().map(|claim| placed(claim, fact.index, index)));
    }
    Ok(Proved::new(claims, receipt.logs.iter().flat_map(words_of).collect()))
}

fn log(header: &Header, fact: &LogFact) -> Result<Proved, Refusal> {
    let receipt = proved_receipt(header, fact.receipt, &fact.proof)?;
    let place = usize::try_from(fact.log).ok();
    let (place, log) = place
        .and_then(|place| receipt.logs.get(place).map(|log| (place, log)))
        .ok_or(Refusal::Fact("the receipt has no log at this place"))?;
    let mut claims = events::claims(log);
    if claims.is_empty() {
        claims.push(generic_log(log));
    }
    let claims = claims.into_iter().map(|claim| placed(claim, fact.receipt, place)).collect();
    Ok(Proved::new(claims, words_of(log)))
}

fn account(header: &Header, fact: &AccountFact) -> Result<Proved, Refusal> {
    let account = proved_account(header, fact.address, &fact.proof)?;
    let address = Field::new("address", fact.address);
    let Some(TrieAccount { nonce, balance, storage_root, code_hash }) = account else {
        let claim = Claim { system: LEDGER, kind: "account absent", fields: vec![address] };
        return Ok(Proved::new(vec![claim], Vec::new()));
    };
    let fields = vec![
        address,
        Field::new("balance", balance),
        Field::new("nonce", nonce),
        Field::new("codeHash", code_hash),
        Field::new("storageRoot", storage_root),
    ];
    Ok(Proved::new(vec![Claim { system: LEDGER, kind: "account", fields }], vec![code_hash]))
}

fn storage(header: &Header, fact: &StorageFact) -> Result<Proved, Refusal> {
    if fact.slots.is_empty() || !fact.slots.is_sorted_by(|one, next| one.slot < next.slot) {
        return Err(Refusal::Order("storage slots"));
    }
    let account = proved_account(header, fact.address, &fact.proof)?;
    let root = account.map_or(EMPTY_ROOT_HASH, |account| account.storage_root);
    let values = fact.slots.iter().map(|slot| proved_slot(root, slot)).collect::<Result<Vec<_>, _>>()?;
    let slots: Vec<(U256, U256)> = fact.slots.iter().map(|slot| slot.slot).zip(values).collect();
    let claims = slots.iter().map(|(slot, value)| storage_claim(fact.address, *slot, *value)).collect();
    let words = slots.iter().flat_map(|(slot, value)| [B256::from(*slot), B256::from(*value)]).collect();
    Ok(Proved { claims, words, slots })
}

fn proved_receipt(header: &Header, index: u64, proof: &[Bytes]) -> Result<Receipt, Refusal> {
    let value = present(header.receipts_root, index, proof, "receipt")?;
    let decoded = alloy_consensus::ReceiptWithBloom::<Receipt>::decode_2718_exact(&value);
    let receipt = decoded.map_err(|_| Refusal::Fact("what the receipts root holds is no receipt"))?.receipt;
    if receipt.status() { Ok(receipt) } else { Err(Refusal::Failed) }
}

fn proved_transaction(header: &Header, fact: &ReceiptFact) -> Result<Recovered<Tx>, Refusal> {
    let value = present(header.transactions_root, fact.index, &fact.transaction_proof, "transaction")?;
    let tx = Tx::decode_2718_exact(&value).ok().and_then(|tx| recover(tx).ok());
    tx.ok_or(Refusal::Fact("what the transactions root holds is no signed transaction"))
}

/// What a trie of a block's transactions or receipts holds at a place.
fn present(root: B256, index: u64, proof: &[Bytes], what: &'static str) -> Result<Vec<u8>, Refusal> {
    let found = trie::lookup(root, &alloy_rlp::encode(index), proof);
    found
        .map_err(|error| Refusal::Trie { what, error })?
        .ok_or(Refusal::Fact("the block has no transaction at this place"))
}

fn proved_account(header: &Header, address: Address, proof: &[Bytes]) -> Result<Option<TrieAccount>, Refusal> {
    let found = trie::lookup(header.state_root, keccak256(address).as_slice(), proof);
    let value = found.map_err(|error| Refusal::Trie { what: "account", error })?;
    value.map(|bytes| decode_all(&bytes, "what the state root holds is no account")).transpose()
}

fn proved_slot(root: B256, slot: &Slot) -> Result<U256, Refusal> {
    let key = keccak256(B256::from(slot.slot));
    let found = trie::lookup(root, key.as_slice(), &slot.proof);
    let value = found.map_err(|error| Refusal::Trie { what: "storage slot", error })?;
    value.map_or(Ok(U256::ZERO), |bytes| decode_all(&bytes, "what the storage root holds is no value"))
}

fn decode_all<T: Decodable>(mut bytes: &[u8], otherwise: &'static str) -> Result<T, Refusal> {
    let decoded = T::decode(&mut bytes).ok().filter(|_| bytes.is_empty());
    decoded.ok_or(Refusal::Fact(otherwise))
}

fn transaction_claim(index: u64, tx: &Recovered<Tx>, receipt: &Receipt) -> Claim {
    let fields = vec![
        Field::new("transaction", tx.inner().tx_hash()),
        Field::new("transactionIndex", index),
        Field::new("from", tx.signer()),
        Field::new("to", receiver(tx)),
        Field::new("value", tx.inner().value()),
        Field::new("logs", receipt.logs.len()),
    ];
    Claim { system: LEDGER, kind: "transaction succeeded", fields }
}

/// A successful transaction moves its value from its sender to its receiver, or to the contract that it creates.
fn native_value_moved(tx: &Recovered<Tx>) -> Option<Claim> {
    let amount = tx.inner().value();
    let fields = || {
        vec![
            Field::new("asset", "the ledger's own currency, in wei"),
            Field::new("from", tx.signer()),
            Field::new("to", receiver(tx)),
            Field::new("amount", amount),
        ]
    };
    (!amount.is_zero()).then(|| Claim { system: LEDGER, kind: "value moved", fields: fields() })
}

fn receiver(tx: &Recovered<Tx>) -> Address {
    match tx.inner().kind() {
        TxKind::Call(receiver) => receiver,
        TxKind::Create => tx.signer().create(tx.inner().nonce()),
    }
}

fn generic_log(log: &Log) -> Claim {
    const TOPICS: [&str; 4] = ["topic0", "topic1", "topic2", "topic3"];
    let mut fields = vec![Field::new("contract", log.address)];
    fields.extend(TOPICS.into_iter().zip(log.topics()).map(|(name, topic)| Field::new(name, topic)));
    fields.push(Field::new("data", &log.data.data));
    Claim { system: LEDGER, kind: "log", fields }
}

fn storage_claim(address: Address, slot: U256, value: U256) -> Claim {
    let fields = vec![
        Field::new("address", address),
        Field::new("slot", B256::from(slot)),
        Field::new("value", B256::from(value)),
    ];
    Claim { system: LEDGER, kind: "storage", fields }
}

/// Two logs that say the same are told apart by where they stand.
fn placed(mut claim: Claim, transaction: u64, log: usize) -> Claim {
    claim.fields.push(Field::new("transactionIndex", transaction));
    claim.fields.push(Field::new("logIndex", log));
    claim
}

/// The words of a log that may be hashes: its topics, and its data word by word.
fn words_of(log: &Log) -> Vec<B256> {
    log.topics().iter().copied().chain(words_in(&log.data.data)).collect()
}

/// What some of the words of a fact are hashes of.
pub(crate) struct Preimages<'a>(BTreeMap<B256, &'a Bytes>);

impl<'a> Preimages<'a> {
    /// Each preimage must be of a word that the fact holds, or that another preimage holds: a storage slot in two mappings is a
    /// hash of a hash. No circle of hashes can be made, so every one of them leads to the fact.
    fn of(preimages: &'a [Bytes], words: &[B256]) -> Result<Self, Refusal> {
        let hashes: Vec<B256> = preimages.iter().map(keccak256).collect();
        if !hashes.is_sorted_by(|one, next| one < next) {
            return Err(Refusal::Order("preimages"));
        }
        let asked: BTreeSet<B256> =
            words.iter().copied().chain(preimages.iter().flat_map(|bytes| words_in(bytes))).collect();
        if let Some(stranger) = hashes.iter().position(|hash| !asked.contains(hash) || *hash == KECCAK_EMPTY) {
            return Err(Refusal::Preimage(stranger));
        }
        Ok(Self(hashes.into_iter().zip(preimages).collect()))
    }

    /// What was hashed to this.
    pub(crate) fn bytes(&self, hash: &B256) -> Option<&'a Bytes> {
        self.0.get(hash).copied()
    }

    /// The two words that were hashed to this one: how Solidity places the entry of a mapping.
    pub(crate) fn entry(&self, hash: B256) -> Option<[B256; 2]> {
        let preimage = self.0.get(&hash)?;
        let entry = words_in(preimage).try_into().ok()?;
        (preimage.len() == ENTRY_BYTES).then_some(entry)
    }

    fn claims(&self) -> impl Iterator<Item = Claim> + '_ {
        self.0.iter().map(|(hash, preimage)| preimage_claim(hash, preimage))
    }
}

/// A key and the slot of its mapping.
const ENTRY_BYTES: usize = 64;

/// The 32-byte words at the start of `bytes`.
fn words_in(bytes: &[u8]) -> Vec<B256> {
    let (words, _) = bytes.as_chunks::<32>();
    words.iter().map(B256::from).collect()
}

fn preimage_claim(hash: &B256, preimage: &Bytes) -> Claim {
    let text = std::str::from_utf8(preimage).ok().filter(|text| !text.chars().any(char::is_control));
    let shown = match text {
        Some(text) => Field::new("text", text),
        None => Field::new("bytes", preimage),
    };
    Claim { system: LEDGER, kind: "preimage", fields: vec![Field::new("hash", hash), shown] }
}

fn as_map<S: Serializer>(fields: &[Field], out: S) -> Result<S::Ok, S::Error> {
    let mut map = out.serialize_map(Some(fields.len()))?;
    for Field { name, value } in fields {
        map.serialize_entry(name, value)?;
    }
    map.end()
}
