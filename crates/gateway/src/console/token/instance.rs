//! `/token/ID`: what a token stands for, whose it is, why it cannot move, its link with everything that is hashed to it, reports
//! on its condition, and what can be done with it.

use alloy_primitives::keccak256;
use askama::Template;
use chain::BlockAt;
use contracts::token::{
    ADDRESS,
    abi::IToken::{self, Lock},
};
use primitives::{B256, U256};

use super::{
    ROWS, Reader, index, length, name,
    offers::{self, Offers},
    say,
};
use crate::console::{
    Console, Frame, Page, Problem, Query, StatusCode,
    frame::{Part, Party},
    money, show,
    transaction::Names,
    words,
};

#[derive(Template)]
#[template(path = "token.html")]
struct TokenPage {
    frame: Frame,
    path: String,
    id: String,
    item: String,
    name: String,
    instance: String,
    units: String,
    holder: Option<Party>,
    /// The holder's address; empty if there is none.
    owner: String,
    lock: &'static str,
    is_free: bool,
    is_redeemed: bool,
    redeemable: bool,
    transferable: bool,
    interchangeable: bool,
    link: String,
    link_words: Vec<Word>,
    reports: Vec<String>,
    report_total: String,
    part: Part,
    offers: Offers,
    currencies: Vec<money::Currency>,
}

/// One 32-byte word of what is hashed to the link.
struct Word {
    name: &'static str,
    text: String,
    word: String,
}

/// The token with an id.
pub(super) fn page(console: &Console, id: &str, query: &Query) -> Result<Page, Problem> {
    let (state, names) = (console.chain.state(BlockAt::Latest)?, Names::of(&console.chain)?);
    let reader = Reader::of(console, &state);
    let (token, item) = known(&reader, id)?;
    Ok(show(StatusCode::OK, &TokenPage::of(console, &reader, &names, (&token, &item), query)?))
}

/// The token with an id as somebody wrote it, and its item.
pub(super) fn known(reader: &Reader<'_>, id: &str) -> Result<(IToken::Token, IToken::Item), Problem> {
    let unknown = || Problem::unknown("token", id);
    let token = super::token(reader, words::token_id(id).ok_or_else(unknown)?)?.ok_or_else(unknown)?;
    let item = super::item(reader, token.item)?.ok_or_else(unknown)?;
    Ok((token, item))
}

/// Such as `units 5 to 8`.
pub(super) fn units(token: &IToken::Token) -> String {
    let last = token.firstUnit.saturating_add(token.units).saturating_sub(1);
    match (token.firstUnit, token.units) {
        (0, 1) => "any unit".to_owned(),
        (0, units) => format!("any {} units", words::number(units)),
        (first, 1) => format!("unit {}", words::number(first)),
        (first, _) => format!("units {} to {}", words::number(first), words::number(last)),
    }
}

impl TokenPage {
    fn of(
        console: &Console,
        reader: &Reader<'_>,
        names: &Names,
        (token, item): (&IToken::Token, &IToken::Item),
        query: &Query,
    ) -> Result<Self, Problem> {
        let (reports, part, report_total) = reports(reader, token.id, query.page)?;
        Ok(Self {
            frame: console.frame(),
            path: words::token_path(token.id),
            id: token.id.to_string(),
            item: item.item.to_string(),
            name: name(console, item)?,
            instance: if token.instance == 0 { String::new() } else { words::number(token.instance) },
            units: units(token),
            holder: (!token.holder.is_zero()).then(|| names.party(token.holder)),
            owner: if token.holder.is_zero() { String::new() } else { token.holder.to_string() },
            lock: say::lock(token.lock),
            is_free: token.lock == Lock::Free,
            is_redeemed: token.lock == Lock::Redeemed,
            redeemable: item.terms.redeemable,
            transferable: item.terms.transferable,
            interchangeable: item.terms.interchangeable,
            link: token.link.to_string(),
            link_words: link_words(console.chain.rules().chain_id, token, item),
            reports,
            report_total: words::number(report_total),
            part,
            offers: offers::of(reader, names, |id| Ok(id == token.id))?,
            currencies: money::currencies(reader)?,
        })
    }
}

/// What is hashed to the link, word by word, as docs/systems/token.md defines it.
fn link_words(chain_id: u64, token: &IToken::Token, item: &IToken::Item) -> Vec<Word> {
    let number = |name, value: u64| Word::new(name, value.to_string(), U256::from(value).into());
    let hash = |name, value: B256| Word::new(name, value.to_string(), value);
    vec![
        Word::new("domain", "keccak256(\"counterfoil.token.link\")".to_owned(), keccak256("counterfoil.token.link")),
        number("chain id", chain_id),
        Word::new("contract", ADDRESS.to_string(), ADDRESS.into_word()),
        Word::new("token id", token.id.to_string(), token.id.into()),
        hash("item", token.item),
        number("instance", token.instance),
        number("first unit", token.firstUnit),
        number("units of a token", token.units),
        hash("attributes hash", item.terms.attributesHash),
    ]
}

impl Word {
    fn new(name: &'static str, text: String, word: B256) -> Self {
        Self { name, text, word: word.to_string() }
    }
}

fn reports(reader: &Reader<'_>, id: U256, part: usize) -> Result<(Vec<String>, Part, usize), Problem> {
    let slice = |start, count| reader.ask(ADDRESS, &IToken::conditionsCall { id, start, count });
    let total = slice(0, 0)?.map_or(0, |none| length(none.total));
    let part = Part::sized(total, part, ROWS);
    let found = slice(index(part.skip), index(ROWS))?.map_or_else(Vec::new, |found| found.page);
    Ok((found.iter().map(B256::to_string).collect(), part, total))
}
