//! `/token/call?do=ACTION&...`: the calls that an action still needs, in order, with their calldata, so that a browser signs
//! without encoding anything. With `from`, the first is tried out on the latest state, and a refusal is told in words. Nothing is
//! signed or sent here. `format=json` is for scripts; otherwise a page shows the calls, for whoever signs elsewhere.

use alloy_primitives::Bytes;
use alloy_sol_types::SolCall;
use askama::Template;
use chain::BlockAt;
use contracts::{
    cash::abi::ICash,
    token::{ADDRESS, abi::IToken},
};
use primitives::{Address, B256, U256};
use serde_json::json;

use super::Reader;
use crate::{
    console::{Console, Frame, Page, Problem, StatusCode, fields::Fields, frame::Value, money, show, words},
    native,
};

#[derive(Template)]
#[template(path = "call.html")]
struct CallPage {
    frame: Frame,
    steps: Vec<Shown>,
}

/// A step on a page.
struct Shown {
    what: String,
    to: String,
    data: String,
    interface: &'static str,
    name: String,
    values: Vec<Value>,
}

/// One transaction to sign.
struct Step {
    /// For people.
    what: String,
    to: Address,
    data: Bytes,
}

/// A page, or JSON: `{"steps":[{"what","to","data"}]}` or `{"problem"}`.
pub(super) fn page(console: &Console, fields: &Fields) -> Page {
    let found = prepare(console, fields);
    if fields.text("format") == "json" {
        return as_json(found);
    }
    match found {
        Ok(steps) => show(
            StatusCode::OK,
            &CallPage { frame: console.frame(), steps: steps.into_iter().map(Shown::of).collect() },
        ),
        Err(problem) => problem.page(console),
    }
}

fn as_json(found: Result<Vec<Step>, Problem>) -> Page {
    let (status, body) = match found {
        Ok(steps) => {
            let steps = steps.iter().map(|step| json!({ "what": step.what, "to": step.to, "data": step.data }));
            (StatusCode::OK, json!({ "steps": steps.collect::<Vec<_>>() }))
        }
        Err(problem) => {
            let (status, _, reason) = problem.told();
            (status, json!({ "problem": reason }))
        }
    };
    Page { status, kind: "application/json", cache: "no-store", location: None, body: body.to_string().into() }
}

fn prepare(console: &Console, fields: &Fields) -> Result<Vec<Step>, Problem> {
    let state = console.chain.state(BlockAt::Latest)?;
    let reader = Reader::of(console, &state);
    let steps = steps(&reader, fields)?;
    let first = steps.first().filter(|_| !fields.text("from").is_empty());
    if let Some(first) = first
        && let Some(refusal) = reader.refusal(fields.address("from")?, first.to, first.data.clone())
    {
        return Err(Problem::Wrong(format!("{}: {refusal}", first.what)));
    }
    Ok(steps)
}

fn steps(reader: &Reader<'_>, fields: &Fields) -> Result<Vec<Step>, Problem> {
    match fields.text("do") {
        "transfer" => transfer(fields),
        "gift" => gift(reader, fields),
        "accept-gift" => Ok(one("Accept the gift", &IToken::acceptGiftCall { number: fields.number("number")? })),
        "take-back-gift" => {
            Ok(one("Take the gift back", &IToken::takeBackGiftCall { number: fields.number("number")? }))
        }
        "list" => list(reader, fields),
        "unlist" => Ok(one("Take it off the market", &IToken::unlistCall { listing: fields.number("number")? })),
        "buy" => buy(reader, fields),
        "redeem" => redeem(fields),
        "fulfil" => fulfil(fields),
        "fail" => fail(fields),
        other => Err(Problem::Wrong(format!("There is no action “{}”.", words::shortened(other)))),
    }
}

fn transfer(fields: &Fields) -> Result<Vec<Step>, Problem> {
    let (from, to) = (fields.address("from")?, fields.address("to")?);
    let (id, value) = (fields.token_id("id")?, amount(fields)?);
    let call = IToken::safeTransferFromCall { from, to, id, value, data: Bytes::new() };
    Ok(one(format!("Transfer {} to {}", tokens(value), words::ends(&to.to_string())), &call))
}

fn gift(reader: &Reader<'_>, fields: &Fields) -> Result<Vec<Step>, Problem> {
    let (id, amount, recipient) = (fields.token_id("id")?, amount(fields)?, fields.address("to")?);
    let until = until(reader, fields.number("days")?);
    let call = IToken::giftCall { id, amount, recipient, until, note: B256::ZERO };
    Ok(one(format!("Offer {} as a gift to {}", tokens(amount), words::ends(&recipient.to_string())), &call))
}

fn list(reader: &Reader<'_>, fields: &Fields) -> Result<Vec<Step>, Problem> {
    let (id, amount, currency) = (fields.token_id("id")?, amount(fields)?, fields.address("currency")?);
    let known = money::currency(reader, currency)?;
    let known = known.ok_or_else(|| Problem::Wrong(format!("There is no currency at {currency}.")))?;
    let price = fields.needed("price", "an amount of the currency", |text| words::amount(text, known.digits))?;
    let until = if fields.text("days").is_empty() { 0 } else { until(reader, fields.number("days")?) };
    let what = format!("Offer {} at {} each", tokens(amount), known.shown(price));
    Ok(one(what, &IToken::listCall { id, amount, currency, price, until }))
}

/// Two steps as long as `token` may not take the money.
fn buy(reader: &Reader<'_>, fields: &Fields) -> Result<Vec<Step>, Problem> {
    let (listing, amount) = (fields.number("number")?, amount(fields)?);
    let unknown = || Problem::unknown("listing", &listing.to_string());
    let found = reader.ask(ADDRESS, &IToken::listingOfCall { number: listing })?.ok_or_else(unknown)?;
    let token = super::token(reader, found.id)?.ok_or_else(unknown)?;
    let item = super::item(reader, token.item)?.ok_or_else(unknown)?;
    let currency = money::currency(reader, found.currency)?.ok_or_else(unknown)?;
    let price = found.price.checked_mul(amount).ok_or_else(|| Problem::Wrong("This is too much money.".to_owned()))?;
    let call = IToken::buyCall { listing, amount, attributesHash: item.terms.attributesHash };
    let buy = one(format!("Buy {} for {}", tokens(amount), currency.shown(price)), &call);
    if allowed(reader, fields, found.currency)? >= price {
        return Ok(buy);
    }
    let approve = ICash::approveCall { spender: ADDRESS, value: price };
    let what = format!("Let “token” take {}", currency.shown(price));
    Ok([Step { what, to: found.currency, data: approve.abi_encode().into() }].into_iter().chain(buy).collect())
}

/// What the buyer lets `token` take now; nothing as long as he is not known.
fn allowed(reader: &Reader<'_>, fields: &Fields, currency: Address) -> Result<U256, Problem> {
    if fields.text("from").is_empty() {
        return Ok(U256::ZERO);
    }
    let owner = fields.address("from")?;
    Ok(reader.ask(currency, &ICash::allowanceCall { owner, spender: ADDRESS })?.unwrap_or_default())
}

fn redeem(fields: &Fields) -> Result<Vec<Step>, Problem> {
    let (redemption, id, amount) = (fields.hash("redemption")?, fields.token_id("id")?, amount(fields)?);
    let call = IToken::requestRedemptionCall { redemption, id, amount, deliveryHash: fields.hash("hash")? };
    Ok(one(format!("Ask for the units of {}", tokens(amount)), &call))
}

fn fulfil(fields: &Fields) -> Result<Vec<Step>, Problem> {
    let call = IToken::fulfilRedemptionCall { redemption: fields.hash("redemption")?, proofHash: fields.hash("hash")? };
    Ok(one("Say that the units were delivered", &call))
}

fn fail(fields: &Fields) -> Result<Vec<Step>, Problem> {
    let call = IToken::failRedemptionCall { redemption: fields.hash("redemption")?, reasonHash: fields.hash("hash")? };
    Ok(one("Say that nothing was delivered", &call))
}

fn one(what: impl Into<String>, call: &impl SolCall) -> Vec<Step> {
    vec![Step { what: what.into(), to: ADDRESS, data: call.abi_encode().into() }]
}

/// One token if nothing is said.
fn amount(fields: &Fields) -> Result<U256, Problem> {
    match fields.text("amount") {
        "" => Ok(U256::from(1)),
        _ => fields.number("amount").map(U256::from),
    }
}

fn tokens(amount: U256) -> String {
    if amount == U256::from(1) { "1 token".to_owned() } else { format!("{} tokens", words::number(amount)) }
}

fn until(reader: &Reader<'_>, days: u64) -> u64 {
    reader.now().saturating_add(days.saturating_mul(DAY_SECONDS))
}

const DAY_SECONDS: u64 = 86_400;

impl Shown {
    fn of(step: Step) -> Self {
        let (interface, name, fields) = native::call(step.to, &step.data)
            .map_or(("", String::new(), Vec::new()), |told| (told.interface, told.name, told.fields));
        Self {
            what: step.what,
            to: step.to.to_string(),
            data: step.data.to_string(),
            interface,
            name,
            values: fields.into_iter().map(|field| Value::new(field.name, &field.value)).collect(),
        }
    }
}
