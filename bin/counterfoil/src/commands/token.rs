//! `counterfoil token …`: one subcommand for each thing that people do with items and tokens. An item is named by its key, a
//! token by its id, both 32 bytes in hex; an amount counts tokens of one id; prices are written as people write them
//! (`12.50 EUR`). What is printed for machines is one JSON object. Rules: docs/systems/token.md.

mod item;
mod link;
mod market;
mod offer;
mod redeem;
mod show;

use std::path::PathBuf;

use alloy_primitives::{Address, B256, Bytes, U256};
use alloy_sol_types::SolCall;
use clap::{Args, Subcommand};
use contracts::token::{ADDRESS, abi::IToken};

use crate::{
    cli::{AskArguments, SignArguments},
    money::Money,
    native::{Caller, Done},
    table::{Field, say_done},
    words::parse_word,
};

#[derive(Debug, Subcommand)]
pub(crate) enum TokenCommand {
    /// Make an item; the signer is its issuer.
    Create(Box<item::Create>),
    /// The attributes of an item, which are kept off the ledger.
    #[command(subcommand)]
    Attributes(item::AttributesCommand),
    /// Say that the units of an item exist now, as promised; by the issuer, once.
    Exists {
        /// Key of the item.
        item: B256,
        /// Hash of the attributes that were promised [default: those on the ledger].
        #[arg(long, value_name = "HASH")]
        attributes: Option<B256>,
        #[command(flatten)]
        sign: SignArguments,
    },
    /// Make tokens; by the issuer.
    Mint {
        /// Key of the item.
        item: B256,
        /// How many.
        tokens: u64,
        #[command(flatten)]
        sign: SignArguments,
    },
    /// Say how many units are in custody; by the custodian.
    Reserve {
        /// Key of the item.
        item: B256,
        /// Units in custody.
        units: u64,
        /// The report: 32 bytes in hex, or a text of which the hash is written.
        #[arg(long, value_parser = parse_word)]
        report: B256,
        #[command(flatten)]
        sign: SignArguments,
    },
    /// Add a report on the condition of a token's units; by the issuer or the custodian.
    Condition {
        /// Token id.
        id: U256,
        /// The report: 32 bytes in hex, or a text of which the hash is written.
        #[arg(long, value_parser = parse_word)]
        report: B256,
        #[command(flatten)]
        sign: SignArguments,
    },
    /// Move tokens, for nothing and at once.
    Transfer {
        #[command(flatten)]
        tokens: Tokens,
        /// Who gets them.
        #[arg(long)]
        to: Address,
        /// Whose they are [default: the signer's].
        #[arg(long)]
        from: Option<Address>,
        #[command(flatten)]
        sign: SignArguments,
    },
    /// Let an operator transfer all tokens of the signer.
    Approve {
        /// Who may.
        operator: Address,
        /// No longer.
        #[arg(long)]
        end: bool,
        #[command(flatten)]
        sign: SignArguments,
    },
    /// Say that the signer takes tokens; needed by accounts with code only.
    AcceptTokens {
        /// No longer.
        #[arg(long)]
        end: bool,
        #[command(flatten)]
        sign: SignArguments,
    },
    /// Offer tokens at a price each.
    List {
        #[command(flatten)]
        tokens: Tokens,
        /// Of one token, like "12.50 EUR".
        #[arg(long)]
        price: Money,
        /// Seconds since 1970 [default: until sold].
        #[arg(long, default_value_t = 0, hide_default_value = true)]
        until: u64,
        #[command(flatten)]
        sign: SignArguments,
    },
    /// Take what is left of a listing off the market.
    Unlist {
        /// Number of the listing.
        listing: u64,
        #[command(flatten)]
        sign: SignArguments,
    },
    /// Buy tokens of a listing.
    Buy {
        /// Number of the listing.
        listing: u64,
        /// How many.
        #[arg(long, default_value = "1")]
        amount: U256,
        #[command(flatten)]
        payment: Payment,
        #[command(flatten)]
        sign: SignArguments,
    },
    /// Offer tokens to somebody who may accept them.
    Gift {
        #[command(flatten)]
        tokens: Tokens,
        /// Who may accept.
        #[arg(long)]
        to: Address,
        /// Until when, in seconds since 1970.
        #[arg(long)]
        until: u64,
        /// What goes with it: 32 bytes in hex, or a text of which the hash is written.
        #[arg(long, value_parser = parse_word)]
        note: Option<B256>,
        #[command(flatten)]
        sign: SignArguments,
    },
    /// Accept a gift; by its recipient.
    Accept {
        /// Number of the gift.
        gift: u64,
        #[command(flatten)]
        sign: SignArguments,
    },
    /// Take a gift back; by its sender, or by anyone when its time is up.
    TakeBack {
        /// Number of the gift.
        gift: u64,
        #[command(flatten)]
        sign: SignArguments,
    },
    /// Give tokens to several accounts at once, who are not asked.
    GiveAway {
        /// Token id.
        id: U256,
        /// How many to each.
        #[arg(long, default_value = "1")]
        amount: U256,
        /// Who; may be repeated.
        #[arg(long = "to", required = true)]
        to: Vec<Address>,
        #[command(flatten)]
        sign: SignArguments,
    },
    /// The use of tokens until a time.
    #[command(subcommand)]
    Lease(LeaseCommand),
    /// Hand tokens in for their units.
    Redeem(Box<redeem::Redeem>),
    /// Say that a redemption was delivered; by the issuer.
    Fulfil {
        /// Id of the redemption.
        #[arg(value_parser = parse_word)]
        redemption: B256,
        /// Proof of delivery: 32 bytes in hex, or a text of which the hash is written.
        #[arg(long, value_parser = parse_word)]
        proof: B256,
        #[command(flatten)]
        sign: SignArguments,
    },
    /// Say that a redemption was not delivered; by the issuer.
    Fail {
        /// Id of the redemption.
        #[arg(value_parser = parse_word)]
        redemption: B256,
        /// Why: 32 bytes in hex, or a text of which the hash is written.
        #[arg(long, value_parser = parse_word)]
        reason: B256,
        #[command(flatten)]
        sign: SignArguments,
    },
    /// Read the delivery details of a redemption; by the issuer.
    Delivery(redeem::Delivery),
    /// The key that delivery details are encrypted to.
    #[command(subcommand)]
    DeliveryKey(redeem::DeliveryKeyCommand),
    /// One thing on the ledger.
    #[command(subcommand)]
    Show(show::ShowCommand),
    /// Items in order of making.
    Items {
        #[command(flatten)]
        page: show::Page,
        #[command(flatten)]
        ask: AskArguments,
    },
    /// Compute the link of a token from what is published, and say whether the ledger has the same.
    Link(link::Link),
    /// Whether the units held cover what the tokens of an item stand for.
    Solvency {
        /// Key of the item.
        item: B256,
        #[command(flatten)]
        ask: AskArguments,
    },
}

#[derive(Debug, Subcommand)]
pub(crate) enum LeaseCommand {
    /// Offer it to somebody.
    Offer {
        #[command(flatten)]
        tokens: Tokens,
        /// Who may take it.
        #[arg(long)]
        to: Address,
        /// Until when, in seconds since 1970.
        #[arg(long)]
        until: u64,
        /// In all, like "12.50 EUR" [default: none].
        #[arg(long)]
        rent: Option<Money>,
        #[command(flatten)]
        sign: SignArguments,
    },
    /// Pay the rent and take it; by the lessee.
    Take {
        /// Number of the lease.
        lease: u64,
        #[command(flatten)]
        payment: Payment,
        #[command(flatten)]
        sign: SignArguments,
    },
    /// Give the tokens back: an offer by the lessor, a lease by the lessee, either by anyone when its time is up.
    End {
        /// Number of the lease.
        lease: u64,
        #[command(flatten)]
        sign: SignArguments,
    },
}

/// How many of which id.
#[derive(Clone, Copy, Debug, Args)]
pub(crate) struct Tokens {
    /// Token id.
    id: U256,
    /// How many.
    #[arg(long, default_value = "1")]
    amount: U256,
}

/// On which terms money is paid.
#[derive(Clone, Copy, Debug, Args)]
pub(crate) struct Payment {
    /// Let the contract take exactly the price, if it may not take as much yet.
    #[arg(long)]
    approve: bool,
    /// Hash of the attributes that are wanted; others are refused [default: those on the ledger].
    #[arg(long, value_name = "HASH")]
    attributes: Option<B256>,
}

/// File with a P-256 secret key in hex, made by `delivery-key new`.
#[derive(Clone, Debug, Args)]
pub(crate) struct DeliveryKeyFile {
    /// File of the delivery key.
    #[arg(long, value_name = "FILE")]
    delivery_key: PathBuf,
}

pub(crate) fn run(command: TokenCommand) -> eyre::Result<()> {
    use TokenCommand as C;
    match command {
        C::Create(create) => create.run(),
        C::Attributes(command) => item::attributes(command),
        C::Exists { item, attributes, sign } => item::declare_existence(item, attributes, &sign),
        C::Mint { item, tokens, sign } => item::mint(item, tokens, &sign),
        C::Reserve { item, units, report, sign } => {
            call(&sign, &IToken::reportReserveCall { item, unitsHeld: units, reportHash: report })
        }
        C::Condition { id, report, sign } => call(&sign, &IToken::reportConditionCall { id, reportHash: report }),
        C::Transfer { tokens, to, from, sign } => transfer(tokens, from, to, &sign),
        C::Approve { operator, end, sign } => call(&sign, &IToken::setApprovalForAllCall { operator, approved: !end }),
        C::AcceptTokens { end, sign } => call(&sign, &IToken::acceptTokensCall { accepted: !end }),
        C::List { tokens, price, until, sign } => market::list(tokens, &price, until, &sign),
        C::Unlist { listing, sign } => call(&sign, &IToken::unlistCall { listing }),
        C::Buy { listing, amount, payment, sign } => market::buy(listing, amount, payment, &sign),
        C::Gift { tokens, to, until, note, sign } => offer::gift(tokens, to, until, note, &sign),
        C::Accept { gift, sign } => call(&sign, &IToken::acceptGiftCall { number: gift }),
        C::TakeBack { gift, sign } => call(&sign, &IToken::takeBackGiftCall { number: gift }),
        C::GiveAway { id, amount, to, sign } => call(&sign, &IToken::giveAwayCall { id, amount, recipients: to }),
        C::Lease(command) => lease(command),
        C::Redeem(redeem) => redeem.run(),
        C::Fulfil { redemption, proof, sign } => {
            call(&sign, &IToken::fulfilRedemptionCall { redemption, proofHash: proof })
        }
        C::Fail { redemption, reason, sign } => {
            call(&sign, &IToken::failRedemptionCall { redemption, reasonHash: reason })
        }
        C::Delivery(delivery) => delivery.run(),
        C::DeliveryKey(command) => redeem::delivery_key(command),
        C::Show(command) => show::run(command),
        C::Items { page, ask } => show::items(page, &ask),
        C::Link(link) => link.run(),
        C::Solvency { item, ask } => show::solvency(item, &ask),
    }
}

fn lease(command: LeaseCommand) -> eyre::Result<()> {
    match command {
        LeaseCommand::Offer { tokens, to, until, rent, sign } => {
            offer::offer_lease(tokens, to, until, rent.as_ref(), &sign)
        }
        LeaseCommand::Take { lease, payment, sign } => market::take_lease(lease, payment, &sign),
        LeaseCommand::End { lease, sign } => call(&sign, &IToken::endLeaseCall { number: lease }),
    }
}

fn transfer(tokens: Tokens, from: Option<Address>, to: Address, sign: &SignArguments) -> eyre::Result<()> {
    let caller = Caller::open(sign)?;
    let Tokens { id, amount } = tokens;
    let from = from.unwrap_or(caller.address());
    let done =
        caller.call(ADDRESS, &IToken::safeTransferFromCall { from, to, id, value: amount, data: Bytes::new() })?;
    say_done(&done, Vec::new(), sign.ask.json);
    Ok(())
}

/// Calls a function of which nothing is told but that it was done.
fn call(sign: &SignArguments, call: &impl SolCall) -> eyre::Result<()> {
    call_and_tell(sign, call, |_| Ok(Vec::new()))
}

/// Calls a function, and tells what its logs say.
fn call_and_tell(
    sign: &SignArguments,
    call: &impl SolCall,
    told: impl FnOnce(&Done) -> eyre::Result<Vec<Field>>,
) -> eyre::Result<()> {
    let done = Caller::open(sign)?.call(ADDRESS, call)?;
    say_done(&done, told(&done)?, sign.ask.json);
    Ok(())
}
