//! What `token` keeps off the ledger and only as a hash on it: items' attributes, encrypted delivery details. Fetched from and
//! brought to a node; whatever comes from it is checked against the ledger's hash here. Called by `counterfoil token`.

use std::{
    fs::File,
    io::{Read, stdin},
    path::Path,
};

use alloy_primitives::{B256, Bytes, keccak256};
use eyre::{Context, OptionExt, ensure, eyre};
use primitives::{
    AttributesError, CanonicalAttributes, attributes::ATTRIBUTES_MOST_BYTES, canonical_attributes, check_attributes,
};
use serde_json::{Value, json};
use zeroize::Zeroizing;

use crate::{delivery::PublicKey, native::Reader};

/// Attributes from a file, in their one form.
pub(crate) fn read_attributes(file: &Path) -> eyre::Result<CanonicalAttributes> {
    let named = || format!("attributes {}", file.display());
    let opened = File::open(file).wrap_err_with(named)?;
    let size = usize::try_from(opened.metadata().wrap_err_with(named)?.len()).unwrap_or(usize::MAX);
    if size > ATTRIBUTES_MOST_BYTES {
        return Err(AttributesError::TooLarge(size)).wrap_err_with(named);
    }
    canonical_attributes(&read(opened, ATTRIBUTES_MOST_BYTES).wrap_err_with(named)?).wrap_err_with(named)
}

/// Delivery details from a file, or from standard input for `-`. Bytes past `most` are not read.
pub(crate) fn read_details(file: &Path, most: usize) -> eyre::Result<Zeroizing<Vec<u8>>> {
    let source: Box<dyn Read> = match file.to_str() {
        Some("-") => Box::new(stdin()),
        _ => Box::new(File::open(file).wrap_err_with(|| format!("delivery details {}", file.display()))?),
    };
    read(source, most).map(Zeroizing::new).wrap_err("delivery details")
}

/// The attributes of an item as the node has them, if they are those of the ledger.
pub(crate) fn fetch_attributes(node: &Reader, item: B256, hash: B256) -> eyre::Result<Option<CanonicalAttributes>> {
    let answer = node.ask("counterfoil_attributes", json!([item]))?;
    if answer.is_null() {
        return Ok(None);
    }
    let text = match &answer["attributes"] {
        Value::String(text) => text.clone(),
        object => object.to_string(),
    };
    let found = check_attributes(text.as_bytes(), hash);
    found.map(Some).wrap_err("the node serves other attributes than the ledger knows")
}

/// Brings attributes to the node; again is safe.
pub(crate) fn put_attributes(node: &Reader, item: B256, attributes: &CanonicalAttributes) -> eyre::Result<()> {
    let text = std::str::from_utf8(&attributes.bytes).wrap_err("attributes")?;
    node.ask("counterfoil_putAttributes", json!([item, text])).map(|_| ())
}

/// The delivery document of a redemption as the node has it, if it is that of the ledger.
pub(crate) fn fetch_delivery(node: &Reader, redemption: B256, hash: B256) -> eyre::Result<Option<Bytes>> {
    let document: Option<Bytes> =
        serde_json::from_value(node.ask("counterfoil_delivery", json!([redemption]))?).wrap_err("delivery document")?;
    let same = document.as_ref().is_none_or(|document| keccak256(document) == hash);
    ensure!(same, "the node serves another delivery document than the ledger knows");
    Ok(document)
}

/// Brings a delivery document to the node; again is safe.
pub(crate) fn put_delivery(node: &Reader, redemption: B256, document: &[u8]) -> eyre::Result<()> {
    let document = Bytes::copy_from_slice(document);
    node.ask("counterfoil_putDelivery", json!([redemption, document])).map(|_| ())
}

/// Whom the issuer of these attributes wants delivery details to be encrypted to.
pub(crate) fn delivery_key(attributes: &CanonicalAttributes) -> eyre::Result<PublicKey> {
    let document: Value = serde_json::from_slice(&attributes.bytes)?;
    let text = document["deliveryKey"].as_str();
    let text = text.ok_or_eyre("the item's attributes name no `deliveryKey`: ask the issuer what he needs to know")?;
    let bytes: Bytes = text.parse().map_err(|_| eyre!("the item's `deliveryKey` is not hex"))?;
    Ok(PublicKey::of_bytes(&bytes)?)
}

fn read(source: impl Read, most: usize) -> eyre::Result<Vec<u8>> {
    let mut content = Vec::new();
    let bound = u64::try_from(most)?.saturating_add(1);
    source.take(bound).read_to_end(&mut content)?;
    ensure!(content.len() <= most, "more than the {most} bytes that are taken");
    Ok(content)
}
