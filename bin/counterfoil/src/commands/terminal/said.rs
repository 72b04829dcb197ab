//! What the terminal prints: the slip for people, the whole record as one JSON object for machines.

use payments::{
    message::Response,
    terminal::{FollowUpKind, Record, balance, slip},
};
use serde_json::json;

pub(super) fn say_record(record: &Record, json: bool) -> eyre::Result<()> {
    if json {
        println!("{}", serde_json::to_string(record)?);
        return Ok(());
    }
    slip(record).iter().for_each(|line| println!("{line}"));
    record.follow_ups.iter().for_each(|follow_up| {
        let what = match follow_up.kind {
            FollowUpKind::Increase => "increased by",
            FollowUpKind::Capture => "captured",
            FollowUpKind::Reversal | FollowUpKind::PartialReversal => "reversed",
            FollowUpKind::Refund => "refunded",
        };
        let answer = match follow_up.response_code.as_deref() {
            Some("00") => "done".to_owned(),
            Some(code) => format!("refused with {code}"),
            None => "not answered yet".to_owned(),
        };
        println!("{what} {}: {answer}", record.priced(follow_up.amount_minor));
    });
    if record.is_stranded() {
        println!("the issuer has paid it and cannot undo it: give it back with `terminal refund --rrn {}`", record.rrn);
    }
    record.reason.iter().chain(&record.notes).for_each(|why| eprintln!("{why}"));
    Ok(())
}

pub(super) fn say_balance(rrn: &str, response: &Response, json: bool) {
    let (code, balance) = (response.response_code.as_str(), balance(response));
    match (json, balance) {
        (true, balance) => println!("{}", json!({ "rrn": rrn, "responseCode": code, "balance": balance })),
        (false, Some(balance)) => println!("balance {balance}"),
        (false, None) => println!("refused with {code}"),
    }
}

pub(super) fn say_owed(left: usize, json: bool) {
    match (json, left) {
        (true, _) => println!("{}", json!({ "owed": left })),
        (false, 0) => println!("nothing is owed to the issuer"),
        (false, _) => println!("{left} messages are still owed to the issuer"),
    }
}

pub(super) fn say_bytes(answer: &[u8], json: bool) {
    let answer = alloy_primitives::hex::encode(answer);
    match json {
        true => println!("{}", json!({ "response": answer })),
        false => println!("{answer}"),
    }
}
