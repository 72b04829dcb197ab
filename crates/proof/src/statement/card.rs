//! What the ledger's money says of a card payment, where the file holds the preimage of the hold's id: `payment held`, `payment captured`,
//! `payment reversed`. Token, merchant and amount are in them; the card's number is in nothing that the ledger or this file holds.
//!
//! ```text
//! log Held | Captured | Released of a currency: id == keccak(preimage), currency the preimage's -> payment ...
//! preimage: RFC 8785 JSON, kind "card.payment.v1" (docs/systems/card.md)
//! ```

use alloy_primitives::B256;
use serde::{Deserialize, Serialize};

use super::{Claim, Field, Preimages, cash};

/// The word of this system.
const WORD: &str = "card";
/// What the preimage says that it is.
const KIND: &str = "card.payment.v1";

/// What the id of a payment's hold is the keccak of.
#[derive(Deserialize, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Payment {
    acquirer: String,
    amount_minor: String,
    chain_id: String,
    currency: String,
    kind: String,
    merchant: String,
    salt: B256,
    terminal: String,
    token: String,
}

/// What these claims of `cash` say of payments of this network. A preimage of another one, or written in another way, says nothing.
pub(super) fn payments(claims: &[Claim], preimages: &Preimages<'_>, config: &[u8]) -> Vec<Claim> {
    claims.iter().filter_map(|claim| payment(claim, preimages, config)).collect()
}

fn payment(claim: &Claim, preimages: &Preimages<'_>, config: &[u8]) -> Option<Claim> {
    let of_cash = claim.system == cash::WORD;
    let kind = match claim.kind {
        "held" if of_cash => "payment held",
        "captured" if of_cash => "payment captured",
        "released" if of_cash => "payment reversed",
        _ => return None,
    };
    let value = |name| claim.fields.iter().find(|field| field.name == name).map(|field| field.value.clone());
    let hold: B256 = value("id")?.parse().ok()?;
    let payment = read(preimages.bytes(&hold)?)?;
    let as_held = claim.kind != "held" || value("amount")? == payment.amount_minor;
    if payment.chain_id != chain_id(config)?.to_string() || value("currency")? != payment.currency || !as_held {
        return None;
    }
    let of_payment = [
        ("token", Some(payment.token)),
        ("merchant", Some(payment.merchant)),
        ("terminal", Some(payment.terminal)),
        ("acquirer", Some(payment.acquirer)),
    ];
    let of_claim = ["amount", "capturedInAll", "currency", "to", "transactionIndex", "logIndex"];
    let of_claim = of_claim.into_iter().map(|name| (name, value(name)));
    let fields = of_payment.into_iter().chain(of_claim).chain([("hold", Some(hold.to_string()))]);
    let fields = fields.filter_map(|(name, value)| Some(Field { name, value: value? }));
    Some(Claim { system: WORD, kind, fields: fields.collect() })
}

/// The network's, from its configuration.
fn chain_id(config: &[u8]) -> Option<u64> {
    let config: serde_json::Value = serde_json::from_slice(config).ok()?;
    config["config"]["chainId"].as_u64()
}

/// Only as RFC 8785 writes it: one payment has one preimage.
fn read(preimage: &[u8]) -> Option<Payment> {
    let payment: Payment = serde_json::from_slice(preimage).ok()?;
    let canonical = serde_jcs::to_vec(&payment).ok()?;
    (payment.kind == KIND && canonical == preimage).then_some(payment)
}

#[cfg(test)]
mod tests;
