//! What can be read: items, tokens, what an account has, offers, redemptions, and whether an item is covered.

use alloy_primitives::{Address, B256, U256};
use clap::{Args, Subcommand};
use contracts::token::{
    ADDRESS, PAGE_MOST,
    abi::IToken::{self, Item, Kind, Lease, LeaseState, Listing, Lock, RedemptionState, Token},
};
use eyre::eyre;

use crate::{
    cli::AskArguments,
    money::Currency,
    native::Reader,
    table::{Field, Row, say, say_rows},
    words::{self, parse_word},
};

#[derive(Debug, Subcommand)]
pub(crate) enum ShowCommand {
    /// An item by its key.
    Item {
        /// Key of the item.
        item: B256,
        /// List its tokens instead.
        #[arg(long)]
        tokens: bool,
        #[command(flatten)]
        page: Page,
        #[command(flatten)]
        ask: AskArguments,
    },
    /// A token by its id.
    Token {
        /// Token id.
        id: U256,
        #[command(flatten)]
        ask: AskArguments,
    },
    /// What an account has.
    Owner {
        /// The account.
        owner: Address,
        #[command(flatten)]
        page: Page,
        #[command(flatten)]
        ask: AskArguments,
    },
    /// A listing, gift or lease by its number.
    Offer {
        /// Its number.
        number: u64,
        #[command(flatten)]
        ask: AskArguments,
    },
    /// A redemption by its id.
    Redemption {
        /// Id of the redemption.
        #[arg(value_parser = parse_word)]
        redemption: B256,
        #[command(flatten)]
        ask: AskArguments,
    },
}

/// Part of a list.
#[derive(Clone, Copy, Debug, Args)]
pub(crate) struct Page {
    /// Index of the first row.
    #[arg(long, default_value_t = 0)]
    start: u64,
    /// Most rows; 100 at most.
    #[arg(long, default_value_t = PAGE_MOST)]
    count: u64,
}

/// `token show …`.
pub(super) fn run(command: ShowCommand) -> eyre::Result<()> {
    match command {
        ShowCommand::Item { item, tokens: false, ask, .. } => {
            say(item_fields(&Reader::of(&ask).read(ADDRESS, &IToken::itemCall { key: item })?)?, ask.json);
            Ok(())
        }
        ShowCommand::Item { item, tokens: true, page, ask } => tokens_of(item, page, &ask),
        ShowCommand::Token { id, ask } => token(id, &ask),
        ShowCommand::Owner { owner, page, ask } => owned(owner, page, &ask),
        ShowCommand::Offer { number, ask } => offer(number, &ask),
        ShowCommand::Redemption { redemption, ask } => {
            say(redemption_fields(&Reader::of(&ask), redemption)?, ask.json);
            Ok(())
        }
    }
}

/// `token items`.
pub(super) fn items(page: Page, ask: &AskArguments) -> eyre::Result<()> {
    let call = IToken::itemsCall { start: page.start, count: page.count };
    let found = Reader::of(ask).read(ADDRESS, &call)?;
    let rows = found.page.iter().map(item_row).collect::<eyre::Result<_>>()?;
    say_rows("items", rows, ask.json);
    Ok(())
}

/// `token solvency`.
pub(super) fn solvency(item: B256, ask: &AskArguments) -> eyre::Result<()> {
    let found = Reader::of(ask).read(ADDRESS, &IToken::solvencyCall { key: item })?;
    let fields = vec![
        Field::value("unitsLive", found.unitsLive),
        Field::value("unitsHeld", found.unitsHeld),
        Field::value("solvent", found.solvent),
    ];
    say(fields, ask.json);
    Ok(())
}

fn item_row(item: &Item) -> eyre::Result<Row> {
    Ok(vec![
        Field::new("item", item.item),
        Field::new("kind", kind(item.terms.kind)?),
        Field::value("units", item.terms.units),
        Field::value("minted", item.minted),
        Field::value("redeemed", item.redeemed),
        Field::value("exists", item.terms.exists),
        Field::new("issuer", item.issuer),
    ])
}

fn item_fields(item: &Item) -> eyre::Result<Vec<Field>> {
    let mut fields = item_row(item)?;
    let terms = &item.terms;
    fields.extend([
        Field::new("identifier", item.identifier),
        Field::new("attributes", terms.attributesHash),
        Field::value("unitsPerToken", terms.unitsPerToken),
        Field::value("interchangeable", terms.interchangeable),
        Field::value("redeemable", terms.redeemable),
        Field::value("possessionIsOwnership", terms.possessionIsOwnership),
        Field::value("transferable", terms.transferable),
        words::time("presaleFrom", terms.presaleFrom),
        words::time("presaleUntil", terms.presaleUntil),
        words::time("redeemFrom", terms.redeemFrom),
        words::time("redeemUntil", terms.redeemUntil),
        Field::new("custodian", terms.custodian),
        Field::value("unitsHeld", item.unitsHeld),
        words::time("firstSaleAt", item.firstSaleAt),
    ]);
    Ok(fields)
}

fn tokens_of(item: B256, page: Page, ask: &AskArguments) -> eyre::Result<()> {
    let call = IToken::tokensOfItemCall { key: item, start: page.start, count: page.count };
    let rows = Reader::of(ask).read(ADDRESS, &call)?.page.iter().map(token_row).collect::<eyre::Result<_>>()?;
    say_rows("tokens", rows, ask.json);
    Ok(())
}

fn token(id: U256, ask: &AskArguments) -> eyre::Result<()> {
    let reader = Reader::of(ask);
    let token = reader.read(ADDRESS, &IToken::tokenCall { id })?;
    let reports = reader.read(ADDRESS, &IToken::conditionsCall { id, start: 0, count: PAGE_MOST })?;
    let mut fields = token_row(&token)?;
    fields.extend([
        Field::new("item", token.item),
        Field::value("firstUnit", token.firstUnit),
        Field::new("link", token.link),
        Field::list("conditions", reports.page.iter().map(ToString::to_string).collect()),
        Field::value("conditionsInAll", reports.total),
    ]);
    say(fields, ask.json);
    Ok(())
}

fn token_row(token: &Token) -> eyre::Result<Row> {
    Ok(vec![
        words::id("id", token.id),
        Field::value("instance", token.instance),
        Field::value("units", token.units),
        Field::new("holder", token.holder),
        Field::new("state", lock(token.lock)?),
    ])
}

fn owned(owner: Address, page: Page, ask: &AskArguments) -> eyre::Result<()> {
    let call = IToken::tokensOfOwnerCall { owner, start: page.start, count: page.count };
    let rows = Reader::of(ask).read(ADDRESS, &call)?.page.into_iter().map(|holding| {
        let (amount, locked) = (Field::new("amount", holding.amount), Field::new("locked", holding.locked));
        vec![words::id("id", holding.id), amount, locked]
    });
    say_rows("tokens", rows.collect(), ask.json);
    Ok(())
}

/// Listings, gifts and leases share their numbers; each view knows its own and refuses the others'.
fn offer(number: u64, ask: &AskArguments) -> eyre::Result<()> {
    let reader = Reader::of(ask);
    let last = reader.read(ADDRESS, &IToken::lastOfferCall {})?;
    if number == 0 || number > last {
        return Err(eyre!("there is no offer {number}: the last one is {last}"));
    }
    let fields = if let Ok(listing) = reader.read(ADDRESS, &IToken::listingOfCall { number }) {
        listing_fields(&reader, &listing)?
    } else if let Ok(lease) = reader.read(ADDRESS, &IToken::leaseOfCall { number }) {
        lease_fields(&reader, &lease)?
    } else {
        gift_fields(&reader, number)?
    };
    say(fields, ask.json);
    Ok(())
}

fn listing_fields(reader: &Reader, listing: &Listing) -> eyre::Result<Vec<Field>> {
    let price = Currency::read(reader, listing.currency)?.priced(listing.price);
    Ok(vec![
        Field::new("offer", "listing"),
        words::id("id", listing.id),
        Field::new("amount", listing.amount),
        Field::new("seller", listing.seller),
        Field::new("currency", listing.currency),
        Field::new("price", listing.price).shown(price),
        words::time("until", listing.until),
    ])
}

fn lease_fields(reader: &Reader, lease: &Lease) -> eyre::Result<Vec<Field>> {
    let rent = match lease.rent.is_zero() {
        true => "none".into(),
        false => Currency::read(reader, lease.currency)?.priced(lease.rent),
    };
    let state = match lease.state {
        LeaseState::Offered => "offered",
        LeaseState::Taken => "taken",
        LeaseState::Ended => "ended",
        _ => return Err(unknown("lease")),
    };
    Ok(vec![
        Field::new("offer", "lease"),
        Field::new("state", state),
        words::id("id", lease.id),
        Field::new("amount", lease.amount),
        Field::new("lessor", lease.lessor),
        Field::new("lessee", lease.lessee),
        Field::new("currency", lease.currency),
        Field::new("rent", lease.rent).shown(rent),
        words::time("until", lease.until),
    ])
}

fn gift_fields(reader: &Reader, number: u64) -> eyre::Result<Vec<Field>> {
    let gift = reader.read(ADDRESS, &IToken::giftOfCall { number })?;
    let state = match gift.state {
        IToken::GiftState::Pending => "pending",
        IToken::GiftState::Accepted => "accepted",
        IToken::GiftState::TakenBack => "taken back",
        _ => return Err(unknown("gift")),
    };
    Ok(vec![
        Field::new("offer", "gift"),
        Field::new("state", state),
        words::id("id", gift.id),
        Field::new("amount", gift.amount),
        Field::new("sender", gift.sender),
        Field::new("recipient", gift.recipient),
        words::time("until", gift.until),
        Field::new("note", gift.note),
    ])
}

fn redemption_fields(reader: &Reader, redemption: B256) -> eyre::Result<Vec<Field>> {
    let found = reader.read(ADDRESS, &IToken::redemptionOfCall { redemption })?;
    let state = match found.state {
        RedemptionState::Requested => "requested",
        RedemptionState::Fulfilled => "fulfilled",
        RedemptionState::Failed => "failed",
        _ => return Err(unknown("redemption")),
    };
    Ok(vec![
        Field::new("redemption", redemption),
        Field::new("state", state),
        words::id("id", found.id),
        Field::new("amount", found.amount),
        Field::new("redeemer", found.redeemer),
        Field::new("delivery", found.deliveryHash),
        Field::new("outcome", found.outcomeHash),
        words::time("requestedAt", found.requestedAt),
        words::time("endedAt", found.endedAt),
    ])
}

fn kind(kind: Kind) -> eyre::Result<&'static str> {
    Ok(match kind {
        Kind::ConsumerProduct => "consumer-product",
        Kind::UniqueDigitalInstance => "unique-digital-instance",
        Kind::GiftCard => "gift-card",
        Kind::PhysicalGood => "physical-good",
        Kind::DigitalGood => "digital-good",
        Kind::Service => "service",
        _ => return Err(unknown("item")),
    })
}

fn lock(lock: Lock) -> eyre::Result<&'static str> {
    Ok(match lock {
        Lock::Free => "free",
        Lock::Listed => "listed",
        Lock::GiftPending => "gift pending",
        Lock::LeaseOffered => "lease offered",
        Lock::Leased => "leased",
        Lock::RedemptionRequested => "redemption requested",
        Lock::Redeemed => "redeemed",
        _ => return Err(unknown("token")),
    })
}

fn unknown(what: &str) -> eyre::Report {
    eyre!("the contract says of this {what} what this program does not know: a newer program is needed")
}
