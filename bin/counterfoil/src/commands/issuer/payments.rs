//! `counterfoil issuer payments`: what was decided and what came of it, for the issuer's own people. Everything that did not fit is named.

use contracts::cash::iso4217::Currency;
use payments::issuer::{
    IssuerError,
    hold::Preimage,
    records::{OutboxRow, PaymentRecord},
};
use primitives::TimeMs;
use serde_json::{Value, json};

use super::PaymentsArguments;
use crate::{
    money::shown_minor,
    table::{Field, Row, say_rows},
};

pub(super) fn run(arguments: &PaymentsArguments) -> eyre::Result<()> {
    let PaymentsArguments { look, rrn, limit } = arguments;
    let opened = look.folder.open()?;
    let chain_id = opened.about.ledger.map_or(0, |ledger| ledger.chain_id);
    let found = opened.vault.read(|vault| {
        let mut found = Vec::new();
        let mut before = None;
        while found.len() < usize::try_from(*limit).unwrap_or(usize::MAX) {
            let page = vault.payments(before, PAGE)?;
            let Some(last) = page.last() else { break };
            before = Some(last.id);
            for payment in page.into_iter().filter(|payment| rrn.as_ref().is_none_or(|rrn| payment.rrn == *rrn)) {
                let signed = vault.outbox_of(payment.id)?;
                found.push((payment, signed));
            }
        }
        found.truncate(usize::try_from(*limit).unwrap_or(usize::MAX));
        Ok::<_, IssuerError>(found)
    })?;
    if look.json {
        let rows: Vec<Value> = found.iter().map(|(payment, signed)| object(payment, signed, chain_id)).collect();
        println!("{}", json!({ "payments": rows }));
        return Ok(());
    }
    say_rows("payments", found.iter().map(|(payment, _)| row(payment)).collect(), false);
    Ok(())
}

/// All of it, with the preimage that a counterfoil of the hold needs.
fn object(payment: &PaymentRecord, signed: &[OutboxRow], chain_id: u64) -> Value {
    let preimage = Preimage::of(payment, chain_id);
    let mut object = json!(payment);
    object["currencyCode"] = json!(Currency::by_number(payment.currency).map(Currency::symbol));
    object["preimage"] = json!(preimage);
    object["transactions"] = signed
        .iter()
        .map(|row| json!({ "nonce": row.nonce, "hash": row.hash, "kind": row.kind, "state": row.state }))
        .collect();
    object
}

fn row(payment: &PaymentRecord) -> Row {
    let money = |minor: u64| match Currency::by_number(payment.currency) {
        Some(currency) => format!("{} {}", shown_minor(minor, currency), currency.symbol()),
        None => minor.to_string(),
    };
    let mismatches: Vec<&str> = payment.mismatches.iter().map(|mismatch| mismatch.name()).collect();
    vec![
        Field::value("id", payment.id.0),
        Field::new("time", proof::statement::iso(TimeMs(payment.decided_ms))),
        Field::new("rrn", &payment.rrn),
        Field::new("acquirer", &payment.merchant.acquirer),
        Field::new("merchant", &payment.merchant.merchant),
        Field::new("token", &payment.token),
        Field::new("asked", money(payment.requested_minor)),
        Field::new("held", money(payment.amount_minor)),
        Field::new("captured", money(payment.captured_minor)),
        Field::new("state", json!(payment.state).as_str().unwrap_or_default()),
        Field::new("response", &payment.response),
        Field::new("mismatches", if mismatches.is_empty() { "-".into() } else { mismatches.join(",") }),
    ]
}

const PAGE: u32 = 500;
