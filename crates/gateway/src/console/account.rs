//! An account: what it has, what it is, and what of it waits in the pool.

use alloy_eips::eip7702::constants::EIP7702_DELEGATION_DESIGNATOR;
use alloy_primitives::KECCAK256_EMPTY;
use askama::Template;
use chain::{BlockAt, StateView};
use contracts::registry;
use primitives::Address;

use super::{
    Console, Frame, Page, Problem, StatusCode,
    admission::{self, Person},
    frame::{PART_ITEMS, Part, Party},
    money,
    reader::Reader,
    show, token,
    transaction::{Names, Status, TxRow},
    words,
};

#[derive(Template)]
#[template(path = "account.html")]
struct AccountPage {
    frame: Frame,
    party: Party,
    nature: Nature,
    balance: String,
    nonce: String,
    /// The member that it acts for.
    acts_for: Option<Person>,
    money: Vec<Money>,
    tokens: Vec<token::HoldingRow>,
    token_total: String,
    part: Part,
    waiting: Vec<TxRow>,
    waiting_count: String,
}

/// What kind of account.
enum Nature {
    /// Nothing was ever written to it.
    Unused,
    /// Somebody's, with a key.
    Plain,
    /// Bytecode.
    Contract { code_hash: String, code_bytes: String },
    /// A key whose account runs another's code (EIP-7702).
    Delegated { to: Party },
    /// One of the ledger's own contracts, with what can be called.
    Native { interface: &'static str, functions: Vec<String> },
}

struct Money {
    currency: Party,
    balance: String,
    held: String,
}

/// The account at an address, after the latest block.
pub(super) fn page(console: &Console, address: &str, part: usize) -> Result<Page, Problem> {
    let known = words::address(address).ok_or_else(|| Problem::unknown("account", address))?;
    let (state, names) = (console.chain.state(BlockAt::Latest)?, Names::of(&console.chain)?);
    let account = state.account(known)?.unwrap_or_default();
    let content = console.chain.pool().content_from(known);
    let pooled: Vec<_> = content.pending.iter().chain(&content.queued).collect();
    let reader = Reader::of(console, &state);
    let holdings = money::of(&reader, known)?.into_iter();
    let (tokens, part, total) = token::holdings(console, &reader, known, part)?;
    let page = AccountPage {
        frame: console.frame(),
        party: names.party(known),
        nature: nature(&state, known, &names)?,
        balance: words::ether(account.balance),
        nonce: words::number(account.nonce),
        acts_for: admission::acted_for(console, &state, known)?,
        money: holdings.map(|holding| Money::of(holding, &names)).collect(),
        tokens,
        token_total: words::number(total),
        part,
        waiting_count: words::number(pooled.len()),
        waiting: pooled.into_iter().take(PART_ITEMS).map(|tx| TxRow::new(&tx.tx, Status::Waiting, &names)).collect(),
    };
    Ok(show(StatusCode::OK, &page))
}

fn nature(state: &StateView, address: Address, names: &Names) -> Result<Nature, Problem> {
    let Some(account) = state.account(address)? else { return Ok(Nature::Unused) };
    if account.code_hash == KECCAK256_EMPTY {
        return Ok(Nature::Plain);
    }
    if let Some(door) = names.name(address).and_then(|_| registry::door(address)) {
        let abi = (door.abi)();
        let functions = abi.functions().map(alloy_json_abi::Function::signature).collect();
        return Ok(Nature::Native { interface: door.interface, functions });
    }
    let code = state.code(address)?;
    Ok(match code.strip_prefix(EIP7702_DELEGATION_DESIGNATOR.as_slice()).and_then(|to| Address::try_from(to).ok()) {
        Some(to) => Nature::Delegated { to: names.party(to) },
        None => Nature::Contract { code_hash: account.code_hash.to_string(), code_bytes: words::number(code.len()) },
    })
}

impl Money {
    fn of(holding: money::Holding, names: &Names) -> Self {
        Self { currency: names.party(holding.currency), balance: holding.balance, held: holding.held }
    }
}
