//! `/token`: all items, newest first.

use askama::Template;
use contracts::token::{ADDRESS, abi::IToken};

use super::{ROWS, Reader, index, length, name, say};
use crate::console::{
    Console, Frame, Page, Problem, StatusCode,
    frame::{Part, Party},
    show,
    transaction::Names,
    words,
};
use chain::BlockAt;

#[derive(Template)]
#[template(path = "items.html")]
struct Items {
    frame: Frame,
    rows: Vec<Row>,
    total: String,
    part: Part,
}

struct Row {
    key: String,
    name: String,
    kind: &'static str,
    issuer: Party,
    units: String,
    minted: String,
    redeemed: String,
    exists: bool,
}

/// Items in parts, newest first.
pub(super) fn page(console: &Console, part: usize) -> Result<Page, Problem> {
    let (state, names) = (console.chain.state(BlockAt::Latest)?, Names::of(&console.chain)?);
    let reader = Reader::of(console, &state);
    let total = slice(&reader, 0, 0)?.map_or(0, |none| length(none.total));
    let part = Part::sized(total, part, ROWS);
    let end = total.saturating_sub(part.skip);
    let start = end.saturating_sub(ROWS);
    let found =
        slice(&reader, index(start), index(end.saturating_sub(start)))?.map_or_else(Vec::new, |found| found.page);
    let rows = found.iter().rev().map(|item| Row::of(console, item, &names)).collect::<Result<_, _>>()?;
    Ok(show(StatusCode::OK, &Items { frame: console.frame(), rows, total: words::number(total), part }))
}

fn slice(reader: &Reader<'_>, start: u64, count: u64) -> Result<Option<IToken::itemsReturn>, Problem> {
    reader.ask(ADDRESS, &IToken::itemsCall { start, count })
}

impl Row {
    fn of(console: &Console, item: &IToken::Item, names: &Names) -> Result<Self, Problem> {
        Ok(Self {
            key: item.item.to_string(),
            name: name(console, item)?,
            kind: say::kind(item.terms.kind),
            issuer: names.party(item.issuer),
            units: words::number(item.terms.units),
            minted: words::number(item.minted),
            redeemed: words::number(item.redeemed),
            exists: item.terms.exists,
        })
    }
}
