//! What an account has of `token`: a part of its page.

use contracts::token::{ADDRESS, abi::IToken};
use primitives::{Address, U256};

use super::{ROWS, Reader, index, item, length, name, token};
use crate::console::{Console, Problem, frame::Part, words};

/// Tokens of one id in an account.
pub(in crate::console) struct HoldingRow {
    pub(in crate::console) path: String,
    pub(in crate::console) short: String,
    pub(in crate::console) item: String,
    pub(in crate::console) name: String,
    /// Zero for interchangeable tokens.
    pub(in crate::console) instance: String,
    pub(in crate::console) amount: String,
    pub(in crate::console) locked: String,
}

/// One part of the tokens of an account, and how many ids there are in all.
pub(in crate::console) fn holdings(
    console: &Console,
    reader: &Reader<'_>,
    owner: Address,
    part: usize,
) -> Result<(Vec<HoldingRow>, Part, usize), Problem> {
    let total = slice(reader, owner, 0, 0)?.map_or(0, |none| length(none.total));
    let part = Part::sized(total, part, ROWS);
    let found = slice(reader, owner, index(part.skip), index(ROWS))?.map_or_else(Vec::new, |found| found.page);
    let rows = found.into_iter().map(|holding| row(console, reader, &holding)).collect::<Result<_, _>>()?;
    Ok((rows, part, total))
}

fn slice(
    reader: &Reader<'_>,
    owner: Address,
    start: u64,
    count: u64,
) -> Result<Option<IToken::tokensOfOwnerReturn>, Problem> {
    reader.ask(ADDRESS, &IToken::tokensOfOwnerCall { owner, start, count })
}

fn row(console: &Console, reader: &Reader<'_>, holding: &IToken::Holding) -> Result<HoldingRow, Problem> {
    let path = words::token_path(holding.id);
    let token = known(reader, holding.id)?;
    let found = item(reader, token.item)?.ok_or_else(|| Problem::unknown("item", &token.item.to_string()))?;
    Ok(HoldingRow {
        short: words::ends(&format!("0x{path}")),
        path,
        item: token.item.to_string(),
        name: name(console, &found)?,
        instance: if token.instance == 0 { String::new() } else { words::number(token.instance) },
        amount: words::number(holding.amount),
        locked: words::number(holding.locked),
    })
}

fn known(reader: &Reader<'_>, id: U256) -> Result<IToken::Token, Problem> {
    token(reader, id)?.ok_or_else(|| Problem::unknown("token", &id.to_string()))
}
