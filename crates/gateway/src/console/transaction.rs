//! A transaction: what it is, what became of it, and what native contracts were told and answered, in words.

use alloy_consensus::{Transaction, Typed2718};
use alloy_primitives::{Log, keccak256};
use askama::Template;
use chain::{BlockAt, Chain, Executed, Located, StateView};
use contracts::{
    host::NATIVE_CODE,
    registry::{self, ROOMS},
};
use primitives::{Address, B256, Recovered, Tx};

use super::{
    Console, Frame, Page, Problem, StatusCode, admission,
    frame::{Part, Party, Value},
    show, words,
    words::Moment,
};
use crate::native::{self, Described, Field};

#[derive(Template)]
#[template(path = "transaction.html")]
struct TransactionPage {
    frame: Frame,
    hash: String,
    status: Status,
    place: Option<Place>,
    from: Party,
    to: Option<Party>,
    created: Option<Party>,
    value: String,
    nonce: String,
    gas_limit: String,
    gas_price: String,
    kind: &'static str,
    call: Option<Told>,
    input: Option<String>,
    input_bytes: String,
    logs: Vec<LogRow>,
    log_count: String,
    part: Part,
}

/// What became of a transaction.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Status {
    Done,
    Failed,
    Waiting,
}

impl Status {
    pub(super) const fn word(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Failed => "failed",
            Self::Waiting => "waiting",
        }
    }
}

/// Where a transaction is, and what it cost there.
struct Place {
    number: u64,
    index: usize,
    time: Moment,
    gas_used: String,
}

/// A call or log of a native contract in words.
struct Told {
    interface: &'static str,
    name: String,
    values: Vec<Value>,
}

struct LogRow {
    index: usize,
    from: Party,
    told: Option<Told>,
    topics: Vec<String>,
    data: String,
}

/// A transaction in a list.
pub(super) struct TxRow {
    pub(super) hash: String,
    pub(super) short: String,
    pub(super) from: Party,
    pub(super) to: Option<Party>,
    /// What it does, in a word.
    pub(super) deed: String,
    pub(super) value: String,
    pub(super) status: Status,
}

/// The transaction with a hash, waiting or final.
pub(super) fn page(console: &Console, hash: &str, part: usize) -> Result<Page, Problem> {
    let found = match words::hash(hash) {
        Some(known) => console.chain.transaction(known)?,
        None => None,
    };
    let located = found.ok_or_else(|| Problem::unknown("transaction", hash))?;
    let names = Names::of(&console.chain)?;
    let page = match &located {
        Located::Pending(pooled) => TransactionPage::of(console, &pooled.tx, &names),
        Located::Mined { executed, index } => {
            let tx = executed.block.transactions().get(*index).ok_or_else(|| Problem::unknown("transaction", hash))?;
            TransactionPage::of(console, tx, &names).placed(executed, *index, part, &names)
        }
    };
    Ok(show(StatusCode::OK, &page))
}

impl TransactionPage {
    fn of(console: &Console, tx: &Recovered<Tx>, names: &Names) -> Self {
        let call = tx.to().and_then(|to| names.call(to, tx.input()));
        Self {
            frame: console.frame(),
            hash: tx.tx_hash().to_string(),
            status: Status::Waiting,
            place: None,
            from: names.party(tx.signer()),
            to: tx.to().map(|to| names.party(to)),
            created: tx.to().is_none().then(|| names.party(tx.signer().create(tx.nonce()))),
            value: words::ether(tx.value()),
            nonce: words::number(tx.nonce()),
            gas_limit: words::number(tx.gas_limit()),
            gas_price: words::number(tx.max_fee_per_gas()),
            kind: kind(tx),
            call,
            input: (!tx.input().is_empty()).then(|| words::bytes(tx.input())),
            input_bytes: words::number(tx.input().len()),
            logs: Vec::new(),
            log_count: words::number(0),
            part: Part::of(0, 1),
        }
    }

    /// The same with what is known once it is in a block.
    fn placed(mut self, executed: &Executed, index: usize, part: usize, names: &Names) -> Self {
        let Some(receipt) = executed.receipts.get(index) else { return self };
        self.status = if receipt.success { Status::Done } else { Status::Failed };
        self.place = Some(Place {
            number: executed.number(),
            index,
            time: Moment::of(executed.block.time()),
            gas_used: words::number(executed.gas_used(index)),
        });
        self.created = self.created.filter(|_| receipt.success);
        self.log_count = words::number(receipt.logs.len());
        self.part = Part::of(receipt.logs.len(), part);
        let first = executed.first_log_index(index);
        let shown = receipt.logs.iter().enumerate().skip(self.part.skip).take(self.part.size);
        self.logs = shown.map(|(nth, log)| LogRow::of(first.saturating_add(nth), log, names)).collect();
        self
    }
}

fn kind(tx: &Tx) -> &'static str {
    match tx.ty() {
        0 => "legacy",
        1 => "with access list (EIP-2930)",
        2 => "dynamic fee (EIP-1559)",
        4 => "sets code (EIP-7702)",
        _ => "of another type",
    }
}

impl LogRow {
    fn of(index: usize, log: &Log, names: &Names) -> Self {
        Self {
            index,
            from: names.party(log.address),
            told: names.log(log),
            topics: log.topics().iter().map(B256::to_string).collect(),
            data: words::bytes(&log.data.data),
        }
    }
}

impl TxRow {
    /// A transaction of a block.
    pub(super) fn of(executed: &Executed, index: usize, names: &Names) -> Option<Self> {
        let success = executed.receipts.get(index)?.success;
        let status = if success { Status::Done } else { Status::Failed };
        Some(Self::new(executed.block.transactions().get(index)?, status, names))
    }

    /// A transaction in a list.
    pub(super) fn new(tx: &Recovered<Tx>, status: Status, names: &Names) -> Self {
        let hash = tx.tx_hash().to_string();
        Self {
            short: words::ends(&hash),
            hash,
            from: names.party(tx.signer()),
            to: tx.to().map(|to| names.party(to)),
            deed: deed(tx, names),
            value: words::ether(tx.value()),
            status,
        }
    }
}

fn deed(tx: &Tx, names: &Names) -> String {
    let Some(to) = tx.to() else { return "create".to_owned() };
    match names.call(to, tx.input()) {
        Some(told) => told.name,
        None if tx.input().is_empty() => "transfer".to_owned(),
        None => "call".to_owned(),
    }
}

/// Who is a native contract now. An address that only looks like one has no code, and acts as an empty account.
pub(super) struct Names {
    state: StateView,
}

impl Names {
    /// As of the latest block, whose state is in memory.
    pub(super) fn of(chain: &Chain) -> Result<Self, Problem> {
        Ok(Self { state: chain.state(BlockAt::Latest)? })
    }

    pub(super) fn party(&self, address: Address) -> Party {
        let text = address.to_string();
        Party { short: words::ends(&text), address: text, name: self.name(address) }
    }

    /// Such as `cash` or `cash EUR`.
    pub(super) fn name(&self, address: Address) -> Option<String> {
        self.is_native(address).then(|| native_name(address)).flatten()
    }

    fn is_native(&self, address: Address) -> bool {
        let account = registry::is_reserved(address).then(|| self.state.account(address));
        let code = account.and_then(Result::ok).flatten().map(|account| account.code_hash);
        code == Some(keccak256(NATIVE_CODE))
    }

    fn call(&self, to: Address, data: &[u8]) -> Option<Told> {
        self.is_native(to).then(|| native::call(to, data)).flatten().map(Told::from)
    }

    fn log(&self, log: &Log) -> Option<Told> {
        self.is_native(log.address).then(|| native::log(log.address, &log.data)).flatten().map(Told::from)
    }
}

fn native_name(address: Address) -> Option<String> {
    let (number, instance) = address.get(registry::PREFIX.len()..)?.split_first()?;
    let room = ROOMS.iter().find(|room| room.number == *number)?;
    let letters: String = instance.iter().filter(|byte| **byte != 0).map(|byte| char::from(*byte)).collect();
    let is_code = !letters.is_empty() && letters.bytes().all(|letter| letter.is_ascii_uppercase());
    Some(if is_code { format!("{} {letters}", room.word) } else { room.word.to_owned() })
}

impl From<Described> for Told {
    fn from(described: Described) -> Self {
        let value = match described.interface {
            "IAdmission" => admission::told,
            _ => |field: Field| Value::new(field.name, &field.value),
        };
        let values = described.fields.into_iter().map(value).collect();
        Self { interface: described.interface, name: described.name, values }
    }
}
