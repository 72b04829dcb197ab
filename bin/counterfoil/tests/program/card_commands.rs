//! What commands of card payments say, as scripts read it: names, bytes, refusals.

use std::{
    fs,
    io::Write,
    process::{Command, Output, Stdio},
};

use alloy_primitives::hex;
use chrono::NaiveDate;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::{
    running::{PROGRAM, error_of},
    street::{NUMBER, Street, text},
    till::FRIEND as SHOP,
};

/// An issuer in a folder, which has no ledger.
struct Office(TempDir);

impl Office {
    fn open() -> Self {
        let office = Self(tempfile::tempdir().unwrap());
        fs::write(office.path("passphrase"), "correct horse\n").unwrap();
        office.said(&["issuer", "init"], "");
        office
    }

    fn path(&self, name: &str) -> String {
        self.0.path().join(name).to_str().unwrap().to_owned()
    }

    fn output(&self, arguments: &[&str], input: &str) -> Output {
        let mut command = Command::new(PROGRAM);
        command.args(arguments).env_remove("COUNTERFOIL_RPC").env("COUNTERFOIL_ISSUER_DIR", self.path("issuer"));
        for name in ["COUNTERFOIL_PASSPHRASE_FILE", "COUNTERFOIL_CARD_PASSPHRASE_FILE"] {
            command.env(name, self.path("passphrase"));
        }
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        // The program may refuse before it reads.
        let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
        child.wait_with_output().unwrap()
    }

    /// What a command says that succeeds, and beside it on standard error.
    fn said(&self, arguments: &[&str], input: &str) -> (String, String) {
        let output = self.output(arguments, input);
        let [said, beside] = [output.stdout, output.stderr].map(|bytes| String::from_utf8(bytes).unwrap());
        assert!(output.status.success(), "{arguments:?}: {beside}");
        (said, beside)
    }

    fn ranges(&self) -> Value {
        let (said, _) = self.said(&["issuer", "range", "list", "--json"], "");
        serde_json::from_str::<Value>(&said).unwrap()["ranges"].take()
    }
}

#[test]
fn a_key_of_all_cards_is_chosen_by_name_only() {
    let office = Office::open();
    let bins = ["--pan-bin", "999910", "--token-bin", "999911", "--key-set", "2", "--strategy", "rederive"];
    let add = |more: &[&'static str]| [&["issuer", "range", "add"], &bins[..], more].concat();
    let silent = error_of(&office.output(&add(&["--profile", "issuer-wide"]), ""));
    assert!(silent.contains("issuer-wide has one key for all cards: say --issuer-wide"), "{silent}");
    let idle = error_of(&office.output(&add(&["--profile", "combined", "--issuer-wide"]), ""));
    assert!(idle.contains("combined has a key for each card: --issuer-wide does not go with it"), "{idle}");
    assert_eq!(office.ranges().as_array().map(Vec::len), Some(1), "the first range alone");

    let (said, beside) = office.said(&add(&["--profile", "issuer-wide", "--issuer-wide", "--json"]), "");
    assert!(beside.starts_with("warning: issuer-wide key: "), "{beside}");
    let expected = json!({
        "panBin": "999910", "tokenBin": "999911", "profile": "issuer-wide", "strategy": "rederive", "keySet": 2, "issuerWide": true
    });
    assert_eq!(serde_json::from_str::<Value>(&said).unwrap(), expected);
    let ranges = office.ranges();
    assert_eq!((&ranges[0]["issuerWide"], &ranges[1]), (&json!(false), &expected));
    let (people, _) = office.said(&["issuer", "range", "list"], "");
    let words: Vec<&str> = people.lines().last().unwrap().split_whitespace().collect();
    assert_eq!(words, ["999910", "999911", "issuer-wide", "rederive", "2", "yes"]);
}

#[test]
fn a_card_answers_a_line_of_hex_with_a_line_of_hex() {
    let office = Office::open();
    let card = office.path("anna.card");
    let personalize = ["card", "personalize", "--pan-stdin", "--expiry", "3012", "--out", &card];
    office.said(&personalize, &format!("{NUMBER}\n"));
    let (upper, lower) = ("00A4040009F0434F554E5445520100", "00a4040009f0434f554e5445520100");
    let lines = [lower, "", " 80CA9F3600 ", "80CA5A00", "reset", "80CA9F3600", "00A4040009F0", "9F3", upper];
    let talk = office.output(&["card", "apdu", &card], &(lines.join("\n") + "\n"));
    // File control information: the application's name, its label, its PDOL of eleven values, its language.
    let answer = "6F488409F0434F554E54455201A53B500B434F554E544552464F494C8701019F381F\
                  9F02069F03065F2A029A039F21039C019F37049F160F9F1C089F4E289F15025F2D02656E9F1101019000";
    let answer_to_reset = "3BEB00008131FE45434F554E544552464F494CB8";
    let said = String::from_utf8(talk.stdout.clone()).unwrap();
    let expected = [answer, "9F360200009000", "6A88", answer_to_reset, "6985", "6700"];
    assert_eq!(said.lines().collect::<Vec<_>>(), expected, "nothing comes after the line that is no hex");
    let error = error_of(&talk);
    assert_eq!(talk.status.code(), Some(1));
    assert_eq!(error.lines().filter(|line| line.starts_with("refused: ")).count(), 3, "{error}");
    assert!(error.lines().last().unwrap().starts_with("error: line 8: this is no hex"), "{error}");
}

#[test]
fn a_payment_is_told_in_json_and_counted_on_its_day() {
    let street = Street::open(false);
    // The acquirer of whoever names none on a development line.
    street.merchant("123456", "SHOP-1", SHOP.account);
    let card = street.path("anna.card");
    let pay =
        ["pay", "--amount", "12.50", "--currency", "EUR", "--merchant", "SHOP-1", "--mcc", "5411", "--card", &card];
    let (code, record) = street.terminal(&pay);
    assert_eq!(code, 0, "{record}");
    is_documented(&record);
    assert_eq!(street.payment(text(&record, "rrn"))["merchant"], json!({ "acquirer": "123456", "merchant": "SHOP-1" }));
    is_counted(&street);
}

/// The names that docs/systems/card.md gives, and that the bytes say the same.
fn is_documented(record: &Value) {
    let said = |name| text(record, name).to_lowercase();
    let bytes = |name| hex::decode(text(record, name)).unwrap().len();
    assert_eq!([said("outcome"), said("responseCode")], ["approved", "00"]);
    assert_eq!((&record["atc"], &record["stan"]), (&json!(1), &json!(1)));
    assert!(said("token").starts_with("999901") && said("token").len() == NUMBER.len(), "{record}");
    assert_eq!((said("rrn").len(), said("authCode").len()), (12, 6), "{record}");
    assert_eq!((bytes("pdol"), bytes("arqc"), bytes("arpc")), (90, 8, 8), "{record}");
    // ISO 8583: types, and what travels in text.
    let (request, response) = (said("request"), said("response"));
    assert!(request.starts_with(&hex::encode("0100")) && response.starts_with(&hex::encode("0110")), "{record}");
    for travels in ["token", "rrn"].map(|name| hex::encode(said(name))) {
        assert!(request.contains(&travels) && response.contains(&travels), "{travels}: {record}");
    }
    for travels in [hex::encode("000001"), hex::encode("TERM0001"), said("de55")] {
        assert!(request.contains(&travels), "{travels}: {record}");
    }
    assert!(response.contains(&hex::encode(text(record, "authCode"))) && response.contains(&said("arpc")), "{record}");
    // 9F02, 9F26 and 9F36 of DE 55; the card was told the amount first.
    for value in ["9f0206000000001250".to_owned(), format!("9f2608{}", said("arqc")), "9f36020001".to_owned()] {
        assert!(said("de55").contains(&value), "{value}: {record}");
    }
    assert!(said("pdol").starts_with("000000001250"), "{record}");
}

/// One row, on the day of the payment and on no other.
fn is_counted(street: &Street) {
    let totals = |dates: &[&str]| street.office(&[&["totals"], dates].concat())["totals"].clone();
    let all = totals(&["--from", "1970-01-01", "--to", "9999-12-31"]);
    let [row] = &all.as_array().unwrap()[..] else { panic!("{all}") };
    let day = text(row, "day");
    let counted = json!({
        "day": day, "acquirer": "123456", "merchant": "SHOP-1", "currency": "EUR", "declinedCount": 0, "heldCount": 1, "held": "1250",
        "capturedCount": 0, "captured": "0", "reversedCount": 0, "reversed": "0", "refundedCount": 0, "refunded": "0"
    });
    assert_eq!(row, &counted);
    let date: NaiveDate = day.parse().unwrap();
    let [before, after] = [date.pred_opt(), date.succ_opt()].map(|date| date.unwrap().to_string());
    let cases: [(&[&str], bool); 8] = [
        (&["--from", day], true),
        (&["--from", day, "--to", day], true),
        (&["--from", &before, "--to", &after], true),
        (&["--from", &before, "--to", day], true),
        (&["--from", day, "--to", &after], true),
        (&["--from", &before], false),
        (&["--from", &after], false),
        (&["--from", &after, "--to", &before], false),
    ];
    for (dates, is_there) in cases {
        let expected = if is_there { json!([counted]) } else { json!([]) };
        assert_eq!(totals(dates), expected, "{dates:?}");
    }
    let people = street.output(&["issuer", "totals", "--from", day], "");
    let people = String::from_utf8(people.stdout).unwrap();
    let words: Vec<&str> = people.lines().last().unwrap().split_whitespace().collect();
    assert_eq!(words[..7], [day, "123456", "SHOP-1", "EUR", "0", "1", "12.50"], "{people}");
    let wrong = street.output(&["issuer", "totals", "--from", "2026-02-29"], "");
    assert!(error_of(&wrong).contains("2026-02-29 is no date"));
}
