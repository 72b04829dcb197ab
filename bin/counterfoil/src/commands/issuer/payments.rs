//! `counterfoil issuer payments`: what was decided and what came of it, for the issuer's own people. Everything that did not fit is named.

use contracts::cash::iso4217::Currency;
use payments::{
    issuer::{
        IssuerError,
        hold::Preimage,
        mismatch::Mismatch,
        records::{Answer, ExchangeRecord, OutboxRow, PaymentRecord, RequestKey},
    },
    message::Response,
};
use primitives::TimeMs;
use serde::Serialize;
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
    let (found, unfit) = opened.vault.read(|vault| {
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
        Ok::<_, IssuerError>((found, vault.unfit_exchanges(UNFIT_MOST)?))
    })?;
    let unfit = unfit.iter().map(FollowUp::of).filter(|follow_up| rrn.is_none() || follow_up.rrn == *rrn);
    let unfit: Vec<FollowUp> = unfit.take(usize::try_from(*limit).unwrap_or(usize::MAX)).collect();
    if look.json {
        let rows: Vec<Value> = found.iter().map(|(payment, signed)| object(payment, signed, chain_id)).collect();
        println!("{}", json!({ "payments": rows, "unfitFollowUps": unfit }));
        return Ok(());
    }
    say_rows("payments", found.iter().map(|(payment, _)| row(payment)).collect(), false);
    if !unfit.is_empty() {
        println!("\nfollow-ups that did not fit");
        say_rows("follow-ups", unfit.iter().map(FollowUp::row).collect(), false);
    }
    Ok(())
}

/// A capture, reversal or refund that named a payment it did not agree with. It is no payment's: whose it says to be is what is in doubt.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct FollowUp {
    received_ms: u64,
    /// DE 37.
    rrn: Option<String>,
    /// DE 42.
    merchant: Option<String>,
    response: Option<String>,
    #[serde(flatten)]
    request: RequestKey,
    mismatches: Vec<Mismatch>,
}

impl FollowUp {
    /// What its answer repeats of it is all that is kept.
    fn of(exchange: &ExchangeRecord) -> Self {
        let answer = match &exchange.answer {
            Answer::Ready(bytes) => Response::parse(bytes).ok(),
            Answer::Waiting { .. } => None,
        };
        let answer = answer.as_ref();
        Self {
            received_ms: exchange.received_ms,
            rrn: answer.and_then(|answer| Some(answer.retrieval_reference?.as_str().to_owned())),
            merchant: answer.and_then(|answer| Some(answer.merchant?.as_str().to_owned())),
            response: answer.map(|answer| answer.response_code.as_str().to_owned()),
            request: exchange.key.clone(),
            mismatches: exchange.mismatches.clone(),
        }
    }

    fn row(&self) -> Row {
        let or_dash = |text: &Option<String>| text.clone().unwrap_or_else(|| "-".into());
        vec![
            Field::new("time", proof::statement::iso(TimeMs(self.received_ms))),
            Field::new("rrn", or_dash(&self.rrn)),
            Field::new("acquirer", &self.request.acquirer),
            Field::new("merchant", or_dash(&self.merchant)),
            Field::new("terminal", &self.request.terminal),
            Field::new("trace", &self.request.stan),
            Field::new("response", or_dash(&self.response)),
            Field::new("mismatches", named(&self.mismatches)),
        ]
    }
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
        Field::new("mismatches", named(&payment.mismatches)),
    ]
}

fn named(mismatches: &[Mismatch]) -> String {
    let names: Vec<&str> = mismatches.iter().map(|mismatch| mismatch.name()).collect();
    if names.is_empty() { "-".into() } else { names.join(",") }
}

const PAGE: u32 = 500;
/// Older ones are not looked at.
const UNFIT_MOST: u32 = 10_000;
