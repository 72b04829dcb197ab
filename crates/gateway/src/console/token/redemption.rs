//! `/token/redeem/ID`, the form whose details a browser encrypts to the item's key, and `/token/redemption/REDEMPTION`, what
//! became of a request. Rules: TK-18 and TK-42 in docs/systems/token.md; the document's format is in docs/console.md.

use askama::Template;
use chain::BlockAt;
use contracts::token::{
    ADDRESS,
    abi::IToken::{self, RedemptionState},
};

use super::{
    Reader, attributes, documents, instance, name,
    say::{self, Window},
};
use crate::console::{
    Console, Frame, Page, Problem, StatusCode,
    frame::Party,
    show,
    transaction::Names,
    words::{self, Moment},
};

#[derive(Template)]
#[template(path = "redeem.html")]
struct RedeemPage {
    frame: Frame,
    path: String,
    short: String,
    item: String,
    name: String,
    units: String,
    holder: Option<Party>,
    interchangeable: bool,
    redeemable: bool,
    exists: bool,
    window: Window,
    /// In hex; without it nobody can read what would be encrypted.
    delivery_key: Option<String>,
}

#[derive(Template)]
#[template(path = "redemption.html")]
struct RedemptionPage {
    frame: Frame,
    id: String,
    state: &'static str,
    class: &'static str,
    is_requested: bool,
    item: String,
    name: String,
    path: String,
    short: String,
    issuer: Party,
    redeemer: Party,
    amount: String,
    delivery_hash: String,
    /// Of what the node keeps; nothing if it has not arrived.
    delivery_bytes: Option<String>,
    outcome_hash: Option<String>,
    requested: Option<Moment>,
    ended: Option<Moment>,
}

/// The form for a token.
pub(super) fn form(console: &Console, id: &str) -> Result<Page, Problem> {
    let (state, names) = (console.chain.state(BlockAt::Latest)?, Names::of(&console.chain)?);
    let (token, item) = instance::known(&Reader::of(console, &state), id)?;
    let attributes = documents::attributes(console, item.terms.attributesHash)?;
    let path = words::token_path(token.id);
    let page = RedeemPage {
        frame: console.frame(),
        short: words::ends(&format!("0x{path}")),
        path,
        item: item.item.to_string(),
        name: name(console, &item)?,
        units: instance::units(&token),
        holder: (!token.holder.is_zero()).then(|| names.party(token.holder)),
        interchangeable: item.terms.interchangeable,
        redeemable: item.terms.redeemable,
        exists: item.terms.exists,
        window: Window::of(item.terms.redeemFrom, item.terms.redeemUntil),
        delivery_key: attributes.as_ref().and_then(attributes::delivery_key).map(str::to_owned),
    };
    Ok(show(StatusCode::OK, &page))
}

/// The redemption with an id.
pub(super) fn page(console: &Console, id: &str) -> Result<Page, Problem> {
    let unknown = || Problem::unknown("redemption", id);
    let (state, names) = (console.chain.state(BlockAt::Latest)?, Names::of(&console.chain)?);
    let reader = Reader::of(console, &state);
    let redemption = words::hash(id).ok_or_else(unknown)?;
    let found = reader.ask(ADDRESS, &IToken::redemptionOfCall { redemption })?.ok_or_else(unknown)?;
    let token = super::token(&reader, found.id)?.ok_or_else(unknown)?;
    let item = super::item(&reader, token.item)?.ok_or_else(unknown)?;
    let (state, class) = say::state(found.state);
    let path = words::token_path(found.id);
    let page = RedemptionPage {
        frame: console.frame(),
        id: redemption.to_string(),
        state,
        class,
        is_requested: found.state == RedemptionState::Requested,
        item: item.item.to_string(),
        name: name(console, &item)?,
        short: words::ends(&format!("0x{path}")),
        path,
        issuer: names.party(item.issuer),
        redeemer: names.party(found.redeemer),
        amount: words::number(found.amount),
        delivery_hash: found.deliveryHash.to_string(),
        delivery_bytes: documents::delivery_bytes(console, redemption)?.map(words::number),
        outcome_hash: (!found.outcomeHash.is_zero()).then(|| found.outcomeHash.to_string()),
        requested: Moment::of_seconds(found.requestedAt),
        ended: Moment::of_seconds(found.endedAt),
    };
    Ok(show(StatusCode::OK, &page))
}
