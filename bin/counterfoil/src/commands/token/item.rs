//! What issuers do: make an item, keep its attributes, declare it to exist, mint its tokens. The hash of the attributes goes on
//! the ledger first; the node takes the document only when the ledger has its hash.

use std::path::PathBuf;

use alloy_primitives::{Address, B256};
use clap::{Args, Subcommand, ValueEnum};
use contracts::token::{
    ADDRESS,
    abi::IToken::{self, Kind, Terms},
};
use eyre::{OptionExt, WrapErr};
use primitives::CanonicalAttributes;
use serde_json::{Value, json};

use super::{call, call_and_tell};
use crate::{
    cli::{AskArguments, SignArguments},
    documents::{fetch_attributes, put_attributes, read_attributes},
    native::{Caller, Done, Reader},
    table::{Field, plain, say, say_done},
    words::parse_word,
};

/// Terms of an item.
#[derive(Debug, Args)]
pub(crate) struct Create {
    /// The issuer's own name of it: 32 bytes in hex, or a text of which the hash is taken.
    #[arg(long, value_parser = parse_word)]
    identifier: B256,
    /// File with its attributes as JSON; at most 65536 bytes.
    #[arg(long, value_name = "FILE")]
    attributes: PathBuf,
    /// What it is.
    #[arg(long, value_enum)]
    kind: KindName,
    /// Units available in all.
    #[arg(long)]
    units: u64,
    /// Units that one token stands for.
    #[arg(long, default_value_t = 1)]
    units_per_token: u64,
    /// All tokens under one id, instead of one id each.
    #[arg(long)]
    interchangeable: bool,
    /// Holders may hand tokens in for their units.
    #[arg(long)]
    redeemable: bool,
    /// Who holds a token owns its units, instead of a claim on them.
    #[arg(long)]
    possession_is_ownership: bool,
    /// Holders other than the issuer may not pass tokens on.
    #[arg(long)]
    not_transferable: bool,
    /// The units do not exist yet: what is sold is a promise, until `token exists`.
    #[arg(long)]
    promised: bool,
    /// Opens the issuer's sale of what is promised, in seconds since 1970.
    #[arg(long, default_value_t = 0, hide_default_value = true)]
    presale_from: u64,
    /// Ends it.
    #[arg(long, default_value_t = 0, hide_default_value = true)]
    presale_until: u64,
    /// Opens redemption, in seconds since 1970.
    #[arg(long, default_value_t = 0, hide_default_value = true)]
    redeem_from: u64,
    /// Ends it.
    #[arg(long, default_value_t = 0, hide_default_value = true)]
    redeem_until: u64,
    /// Who reports the units in custody [default: the issuer].
    #[arg(long)]
    custodian: Option<Address>,
    #[command(flatten)]
    sign: SignArguments,
}

#[derive(Debug, Subcommand)]
pub(crate) enum AttributesCommand {
    /// Bring the attributes of an item to the node; by anyone who has them.
    Upload {
        /// Key of the item.
        item: B256,
        /// The attributes.
        file: PathBuf,
        #[command(flatten)]
        ask: AskArguments,
    },
    /// Fetch them from the node, and check them against the ledger.
    Show {
        /// Key of the item.
        item: B256,
        #[command(flatten)]
        ask: AskArguments,
    },
    /// Replace them; by the issuer, before the first sale.
    Change {
        /// Key of the item.
        item: B256,
        /// The new attributes.
        file: PathBuf,
        #[command(flatten)]
        sign: SignArguments,
    },
}

/// As `IToken.Kind` has them.
#[derive(Clone, Copy, Debug, ValueEnum)]
enum KindName {
    ConsumerProduct,
    UniqueDigitalInstance,
    GiftCard,
    PhysicalGood,
    DigitalGood,
    Service,
}

impl Create {
    pub(super) fn run(&self) -> eyre::Result<()> {
        // The file before the key: what is wrong with it needs no passphrase.
        let attributes = read_attributes(&self.attributes)?;
        let caller = Caller::open(&self.sign)?;
        let call = IToken::createItemCall { identifier: self.identifier, terms: self.terms(&attributes) };
        let done = caller.call(ADDRESS, &call)?;
        let IToken::ItemCreated { item, .. } = done.log()?;
        let fields = vec![Field::new("item", item), Field::new("attributes", attributes.hash)];
        say_uploaded(&caller, item, &attributes, &done, fields, self.sign.ask.json)
    }

    fn terms(&self, attributes: &CanonicalAttributes) -> Terms {
        Terms {
            kind: self.kind.into(),
            attributesHash: attributes.hash,
            units: self.units,
            unitsPerToken: self.units_per_token,
            interchangeable: self.interchangeable,
            redeemable: self.redeemable,
            possessionIsOwnership: self.possession_is_ownership,
            transferable: !self.not_transferable,
            exists: !self.promised,
            presaleFrom: self.presale_from,
            presaleUntil: self.presale_until,
            redeemFrom: self.redeem_from,
            redeemUntil: self.redeem_until,
            custodian: self.custodian.unwrap_or_default(),
        }
    }
}

/// `token attributes …`.
pub(super) fn attributes(command: AttributesCommand) -> eyre::Result<()> {
    match command {
        AttributesCommand::Upload { item, file, ask } => upload(item, &read_attributes(&file)?, &ask),
        AttributesCommand::Show { item, ask } => show_attributes(item, &ask),
        AttributesCommand::Change { item, file, sign } => change(item, &read_attributes(&file)?, &sign),
    }
}

/// `token exists`.
pub(super) fn declare_existence(item: B256, attributes: Option<B256>, sign: &SignArguments) -> eyre::Result<()> {
    let attributes = match attributes {
        Some(promised) => promised,
        None => attributes_hash(&Reader::of(&sign.ask), item)?,
    };
    call(sign, &IToken::declareExistenceCall { item, attributesHash: attributes })
}

/// `token mint`.
pub(super) fn mint(item: B256, tokens: u64, sign: &SignArguments) -> eyre::Result<()> {
    call_and_tell(sign, &IToken::mintCall { item, tokens }, |done| {
        let ids: Vec<_> = done.logs::<IToken::Minted>().map(|minted| B256::from(minted.id).to_string()).collect();
        Ok(vec![Field::list("ids", ids)])
    })
}

/// Hash of an item's attributes on the ledger.
pub(super) fn attributes_hash(reader: &Reader, item: B256) -> eyre::Result<B256> {
    Ok(reader.read(ADDRESS, &IToken::itemCall { key: item })?.terms.attributesHash)
}

/// The attributes of an item, which the node must have.
pub(super) fn require_attributes(reader: &Reader, item: B256) -> eyre::Result<CanonicalAttributes> {
    let hash = attributes_hash(reader, item)?;
    let attributes = fetch_attributes(reader, item, hash)?;
    attributes
        .ok_or_eyre("this node does not have the item's attributes: whoever has them can `token attributes upload`")
}

fn upload(item: B256, attributes: &CanonicalAttributes, ask: &AskArguments) -> eyre::Result<()> {
    put_attributes(&Reader::of(ask), item, attributes)?;
    say(vec![Field::new("attributes", attributes.hash)], ask.json);
    Ok(())
}

fn show_attributes(item: B256, ask: &AskArguments) -> eyre::Result<()> {
    let attributes = require_attributes(&Reader::of(ask), item)?;
    let document: Value = serde_json::from_slice(&attributes.bytes)?;
    if ask.json {
        println!("{}", json!({ "item": item, "hash": attributes.hash, "attributes": document }));
        return Ok(());
    }
    for line in serde_json::to_string_pretty(&document)?.lines() {
        println!("{}", plain(line));
    }
    Ok(())
}

fn change(item: B256, attributes: &CanonicalAttributes, sign: &SignArguments) -> eyre::Result<()> {
    let caller = Caller::open(sign)?;
    let done = caller.call(ADDRESS, &IToken::changeAttributesCall { item, attributesHash: attributes.hash })?;
    let fields = vec![Field::new("attributes", attributes.hash)];
    say_uploaded(&caller, item, attributes, &done, fields, sign.ask.json)
}

/// The ledger has the hash for good; whether the node takes the document is told too.
fn say_uploaded(
    caller: &Caller,
    item: B256,
    attributes: &CanonicalAttributes,
    done: &Done,
    fields: Vec<Field>,
    json: bool,
) -> eyre::Result<()> {
    let uploaded = put_attributes(caller.reader(), item, attributes);
    say_done(done, fields, json);
    uploaded.wrap_err_with(|| {
        format!("item {item} is on the ledger, but the node did not take its attributes: try `token attributes upload`")
    })
}

impl From<KindName> for Kind {
    fn from(name: KindName) -> Self {
        match name {
            KindName::ConsumerProduct => Self::ConsumerProduct,
            KindName::UniqueDigitalInstance => Self::UniqueDigitalInstance,
            KindName::GiftCard => Self::GiftCard,
            KindName::PhysicalGood => Self::PhysicalGood,
            KindName::DigitalGood => Self::DigitalGood,
            KindName::Service => Self::Service,
        }
    }
}
