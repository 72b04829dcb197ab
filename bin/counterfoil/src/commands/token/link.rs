//! `token link`: what ties a token to its units and attributes, computed here from what is published and compared with what the
//! ledger says (TK-03). Every step that the node could get wrong is done again: keys, ids, units, the hash of the attributes.

use std::path::PathBuf;

use alloy_primitives::{B256, U256, keccak256};
use alloy_sol_types::SolValue;
use clap::Args;
use contracts::token::{
    ADDRESS,
    abi::IToken::{self, Item, Token},
};
use eyre::ensure;

use crate::{
    cli::AskArguments,
    documents::{fetch_attributes, read_attributes},
    native::Reader,
    table::{Field, say},
    words,
};

#[derive(Debug, Args)]
pub(crate) struct Link {
    /// Token id.
    id: U256,
    /// The attributes as you have them [default: those that the node serves].
    #[arg(long, value_name = "FILE")]
    attributes: Option<PathBuf>,
    #[command(flatten)]
    ask: AskArguments,
}

impl Link {
    pub(super) fn run(&self) -> eyre::Result<()> {
        let reader = Reader::of(&self.ask);
        let token = reader.read(ADDRESS, &IToken::tokenCall { id: self.id })?;
        let item = reader.read(ADDRESS, &IToken::itemCall { key: token.item })?;
        let (attributes, source) = self.attributes_hash(&reader, &item)?;
        let computed = link(reader.chain_id()?, &item, token.instance, attributes);
        let matches = computed == token.link && id_of(&item, token.instance) == self.id;
        let fields = said(&token, attributes, source, computed, matches);
        say(fields, self.ask.json);
        ensure!(matches, "the link does not match: the attributes or the token are not what the ledger says");
        Ok(())
    }

    /// Of the document where there is one, so that it is part of what is compared.
    fn attributes_hash(&self, reader: &Reader, item: &Item) -> eyre::Result<(B256, &'static str)> {
        if let Some(file) = &self.attributes {
            return Ok((read_attributes(file)?.hash, "your file"));
        }
        let hash = item.terms.attributesHash;
        Ok(fetch_attributes(reader, item.item, hash)?
            .map_or((hash, "the ledger's hash: this node does not have the document"), |found| {
                (found.hash, "the document that the node serves")
            }))
    }
}

fn said(token: &Token, attributes: B256, source: &'static str, computed: B256, matches: bool) -> Vec<Field> {
    vec![
        words::id("id", token.id),
        Field::new("item", token.item),
        Field::value("instance", token.instance),
        Field::value("firstUnit", token.firstUnit),
        Field::value("units", token.units),
        Field::new("attributes", attributes),
        Field::new("attributesFrom", source),
        Field::new("computed", computed),
        Field::new("ledger", token.link),
        Field::value("matches", matches),
    ]
}

/// Docs/systems/token.md, "The link". Item and id are computed too.
fn link(chain_id: u64, item: &Item, instance: u64, attributes: B256) -> B256 {
    let units = item.terms.unitsPerToken;
    let first_unit = instance.checked_sub(1).map_or(0, |before| before.saturating_mul(units).saturating_add(1));
    let domain = keccak256("counterfoil.token.link");
    let (id, key) = (id_of(item, instance), key_of(item));
    let words = (domain, U256::from(chain_id), ADDRESS, id, key, instance, first_unit, units, attributes);
    keccak256(words.abi_encode())
}

fn key_of(item: &Item) -> B256 {
    keccak256((item.issuer, item.identifier).abi_encode())
}

/// Instance zero stands for all interchangeable tokens.
fn id_of(item: &Item, instance: u64) -> U256 {
    let key = key_of(item);
    match instance {
        0 => key.into(),
        instance => keccak256((key, instance).abi_encode()).into(),
    }
}
