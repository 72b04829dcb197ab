//! A block: its header in words, who made it final, its transactions.

use askama::Template;
use chain::{BlockAt, Executed};

use super::{
    Console, Frame, Page, Problem, StatusCode,
    admission::{Final, People},
    frame::Part,
    show,
    transaction::{Names, TxRow},
    words,
    words::Moment,
};

#[derive(Template)]
#[template(path = "block.html")]
struct BlockPage {
    frame: Frame,
    number: u64,
    hash: String,
    parent: String,
    time: Moment,
    gas_used: String,
    gas_limit: String,
    gas_share: String,
    state_root: String,
    transactions_root: String,
    receipts_root: String,
    status: String,
    finality: Option<Final>,
    total: String,
    rows: Vec<TxRow>,
    part: Part,
    previous: Option<u64>,
    next: Option<u64>,
}

/// The block at a height, with a hash, or the latest.
pub(super) fn page(console: &Console, at: &str, part: usize) -> Result<Page, Problem> {
    let found = match block_at(at) {
        Some(known) => console.chain.block(known)?,
        None => None,
    };
    let executed = found.ok_or_else(|| Problem::unknown("block", at))?;
    Ok(show(StatusCode::OK, &BlockPage::of(console, &executed, part)?))
}

fn block_at(text: &str) -> Option<BlockAt> {
    match text {
        "latest" => Some(BlockAt::Latest),
        _ => words::hash(text).map(BlockAt::Hash).or_else(|| text.parse().ok().map(BlockAt::Number)),
    }
}

impl BlockPage {
    fn of(console: &Console, executed: &Executed, part: usize) -> Result<Self, Problem> {
        let (header, number, head) = (executed.block.header(), executed.number(), console.chain.head().number());
        let (transactions, state) = (executed.block.transactions(), console.chain.state(BlockAt::Latest)?);
        let (part, names) = (Part::of(transactions.len(), part), Names::of(&console.chain)?);
        let shown = (part.skip..transactions.len()).take(part.size);
        Ok(Self {
            frame: console.frame(),
            number,
            hash: executed.hash().to_string(),
            parent: header.parent_hash.to_string(),
            time: Moment::of(executed.block.time()),
            gas_used: words::number(header.gas_used),
            gas_limit: words::number(header.gas_limit),
            gas_share: words::share(header.gas_used, header.gas_limit),
            state_root: header.state_root.to_string(),
            transactions_root: header.transactions_root.to_string(),
            receipts_root: header.receipts_root.to_string(),
            status: status(executed),
            finality: Final::of(console, &People::of(console, console.room(&state)), executed)?,
            total: words::number(transactions.len()),
            rows: shown.filter_map(|index| TxRow::of(executed, index, &names)).collect(),
            part,
            previous: number.checked_sub(1),
            next: number.checked_add(1).filter(|next| *next <= head),
        })
    }
}

fn status(executed: &Executed) -> String {
    match &executed.finality {
        Some(proof) => format!("final, certified by the committee of epoch {}", proof.epoch),
        None if executed.number() == 0 => "final: everybody makes this block from the genesis file".to_owned(),
        None => "final, by a block above it".to_owned(),
    }
}
