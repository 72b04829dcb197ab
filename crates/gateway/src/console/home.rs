//! The first page, and the older blocks behind it.

use askama::Template;
use chain::{BlockAt, Executed};

use super::{Console, Frame, Page, Problem, StatusCode, show, words, words::Moment};

#[derive(Template)]
#[template(path = "home.html")]
struct Home {
    frame: Frame,
    genesis: String,
    head: BlockRow,
    /// Transactions that wait in the pool.
    waiting: String,
    rows: Vec<BlockRow>,
    older: Option<u64>,
}

#[derive(Template)]
#[template(path = "blocks.html")]
struct Blocks {
    frame: Frame,
    rows: Vec<BlockRow>,
    older: Option<u64>,
}

/// A block in a list.
struct BlockRow {
    number: u64,
    hash: String,
    short: String,
    time: Moment,
    transactions: usize,
    gas: String,
}

/// Head and latest blocks, all of them in memory.
pub(super) fn page(console: &Console) -> Page {
    let head = console.chain.head();
    let rows: Vec<_> = head.blocks().rev().take(LATEST).map(|executed| BlockRow::of(executed)).collect();
    let (executable, queued) = console.chain.pool().status();
    let home = Home {
        frame: console.frame(),
        genesis: console.chain.genesis_hash().to_string(),
        head: BlockRow::of(head.latest()),
        waiting: words::number(executable.saturating_add(queued)),
        older: rows.last().map(|row| row.number).filter(|number| *number > 0),
        rows,
    };
    show(StatusCode::OK, &home)
}

/// Blocks below a height, newest first; from the head on if none is given.
pub(super) fn older(console: &Console, before: Option<u64>) -> Result<Page, Problem> {
    let end = console.chain.head().number().saturating_add(1);
    let before = before.map_or(end, |before| before.min(end));
    let mut rows = Vec::new();
    for number in (before.saturating_sub(PAGE)..before).rev() {
        rows.extend(console.chain.block(BlockAt::Number(number))?.map(|executed| BlockRow::of(&executed)));
    }
    let older = rows.last().map(|row| row.number).filter(|number| *number > 0);
    Ok(show(StatusCode::OK, &Blocks { frame: console.frame(), rows, older }))
}

impl BlockRow {
    fn of(executed: &Executed) -> Self {
        let hash = executed.hash().to_string();
        Self {
            number: executed.number(),
            short: words::ends(&hash),
            hash,
            time: Moment::of(executed.block.time()),
            transactions: executed.block.transactions().len(),
            gas: words::number(executed.block.header().gas_used),
        }
    }
}

/// Blocks on the first page; `live.js` keeps as many.
pub(super) const LATEST: usize = 15;
/// Blocks on a page of older ones.
const PAGE: u64 = 50;
