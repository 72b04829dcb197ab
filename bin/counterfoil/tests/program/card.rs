//! `counterfoil issuer`, `card` and `terminal` against a real node: from a number to a captured payment and its counterfoil, over the wire.

use std::{
    fs,
    io::Write,
    process::{Command, Output, Stdio},
};

use serde_json::{Value, json};

use crate::{
    running::{PROGRAM, Running, run},
    till::{FRIEND as SHOP, GOVERNOR, SHOPPER as CAFE, Till},
};

const NUMBER: &str = "9999001234567891";
const ACQUIRER: &str = "12345";

/// A development node with euros, an issuer with two merchants and one card, and a terminal.
struct Street {
    till: Till,
    issuer: Option<Running>,
    card: String,
}

impl Street {
    /// The issuer runs without TLS unless `secured`.
    fn open(secured: bool) -> Self {
        let till = Till::open();
        till.json(&GOVERNOR, &["cash", "create", "EUR", "--issuer", GOVERNOR.account]);
        let mut street = Self { till, issuer: None, card: String::new() };
        let made = street.office(&["init"]);
        let pool = made["pool"].as_str().unwrap().to_owned();
        let mint = ["cash", "mint", "EUR", "--amount", "1000", "--to", &pool, "--reference", "pool"];
        let minted = street.till.json(&GOVERNOR, &mint);
        street.office(&[
            "deposit",
            "--tx",
            minted["receipt"]["transactionHash"].as_str().unwrap(),
            "--currency",
            "EUR",
        ]);
        for (merchant, owner) in [("SHOP-1", SHOP), ("CAFE-7", CAFE)] {
            let registered = ["merchant", "add", "--acquirer", ACQUIRER, "--merchant", merchant, "--currency", "EUR"];
            street.office(&[&registered[..], &["--address", owner.account]].concat());
        }
        let file = street.path("anna.card");
        let personalize = ["card", "personalize", "--pan-stdin", "--expiry", "3012", "--out", &file, "--json"];
        let card = street.json(&personalize, &format!("{NUMBER}\n"));
        street.card = card["card"].as_str().unwrap().to_owned();
        let reference = street.card.clone();
        street.office(&["credit", "--card", &reference, "--amount", "100", "--currency", "EUR"]);
        street.start(secured);
        street
    }

    fn start(&mut self, secured: bool) {
        let mut command = self.command(&["issuer", "run", "--iso", "127.0.0.1:0"]);
        if !secured {
            command.arg("--dev");
        }
        self.issuer = Some(Running::start(&mut command));
    }

    fn path(&self, name: &str) -> String {
        self.till.file(name).to_str().unwrap().to_owned()
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(PROGRAM);
        command.args(arguments).env("COUNTERFOIL_RPC", self.till.node.url());
        command.env("COUNTERFOIL_ISSUER_DIR", self.till.file("issuer"));
        command.env("COUNTERFOIL_PASSPHRASE_FILE", self.till.file("passphrase"));
        command.env("COUNTERFOIL_CARD_PASSPHRASE_FILE", self.till.file("passphrase"));
        command.env("COUNTERFOIL_TERMINAL", self.till.file("terminal"));
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }

    fn output(&self, arguments: &[&str], input: &str) -> Output {
        let mut child = self.command(arguments).spawn().unwrap();
        // The program may refuse before it reads.
        let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
        child.wait_with_output().unwrap()
    }

    fn json(&self, arguments: &[&str], input: &str) -> Value {
        let output = self.output(arguments, input);
        assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
        serde_json::from_slice(&output.stdout).unwrap()
    }

    fn office(&self, arguments: &[&str]) -> Value {
        self.json(&[&["issuer"], arguments, &["--json"]].concat(), "")
    }

    /// What a command of the terminal ends with, and its record.
    fn terminal(&self, arguments: &[&str]) -> (i32, Value) {
        let address = self.issuer.as_ref().map_or_else(|| "127.0.0.1:1".to_owned(), Running::url);
        let to = ["--issuer", &address, "--dev", "--json", "--timeout-s", "10"];
        let output = self.output(&[&["terminal"], arguments, &to].concat(), "");
        let said = String::from_utf8_lossy(&output.stderr);
        let code = output.status.code().unwrap_or_else(|| panic!("it was killed: {said}"));
        let record = serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{arguments:?} {code}: {said}"));
        (code, record)
    }

    fn tap(&self, merchant: &str, amount: &str) -> (i32, Value) {
        let card = self.path("anna.card");
        let at = ["--merchant", merchant, "--terminal", "TERM0001", "--mcc", "5411", "--acquirer", ACQUIRER];
        self.terminal(&[&["pay", "--amount", amount, "--currency", "EUR", "--card", &card], &at[..]].concat())
    }

    fn payment(&self, rrn: &str) -> Value {
        self.office(&["payments", "--rrn", rrn])["payments"][0].clone()
    }

    /// Waits until the issuer is done with a payment by itself.
    fn settles(&self, rrn: &str, state: &str) {
        while self.payment(rrn)["state"] != state {}
    }

    fn reconciles(&self) {
        let compared = self.office(&["reconcile"]);
        assert_eq!(compared["differences"], json!([]));
    }

    fn available(&self, account: &str) -> String {
        let balance = self.till.json(&GOVERNOR, &["cash", "balance", "EUR", account]);
        balance["available"].as_str().unwrap().to_owned()
    }
}

fn text<'a>(record: &'a Value, field: &str) -> &'a str {
    record[field].as_str().unwrap_or_else(|| panic!("{field}: {record}"))
}

#[test]
fn a_tap_is_held_captured_and_proved() {
    let street = Street::open(false);
    let (code, first) = street.tap("SHOP-1", "12.50");
    assert_eq!((code, text(&first, "responseCode")), (0, "00"), "{first}");
    let rrn = text(&first, "rrn").to_owned();
    assert_eq!(street.payment(&rrn)["state"], "held");
    street.reconciles();
    let (code, captured) = street.terminal(&["capture", "--rrn", &rrn, "--amount", "12"]);
    assert_eq!(code, 0, "{captured}");
    assert_eq!(street.available(SHOP.account), "1200");
    street.reconciles();

    let paid = street.payment(&rrn);
    let terms = street.path("terms.json");
    fs::write(&terms, serde_json::to_string(&paid["preimage"]).unwrap()).unwrap();
    let genesis = text(&street.till.node.call("eth_getBlockByNumber", json!(["0x0", false])), "hash").to_owned();
    let proof = street.path("held.cfl");
    for (place, kind, amount) in [(0, "payment held", "1250"), (1, "payment captured", "1200")] {
        let hash = text(&paid["transactions"][place], "hash").to_owned();
        let url = street.till.node.url();
        let export = ["export", "tx", &hash, "--preimage", &terms, "--output", &proof, "--rpc", &url];
        let exported = run(&export);
        assert!(exported.status.success(), "{}", String::from_utf8_lossy(&exported.stderr));
        let verified = run(&["verify", &proof, "--genesis", &genesis, "--json"]);
        assert!(verified.status.success(), "{}", String::from_utf8_lossy(&verified.stderr));
        let verified: Value = serde_json::from_slice(&verified.stdout).unwrap();
        let said = verified["statements"].as_array().unwrap().iter().find(|said| said["kind"] == kind);
        let said = said.unwrap_or_else(|| panic!("{kind}: {verified}"));
        let fields = ["token", "merchant", "amount"].map(|name| text(&said["fields"], name));
        assert_eq!(fields, [text(&first, "token"), "SHOP-1", amount]);
    }
}

#[test]
fn two_merchants_see_two_cards_and_neither_can_use_what_it_saw() {
    let street = Street::open(false);
    let (shop, cafe) = (street.tap("SHOP-1", "20").1, street.tap("CAFE-7", "5").1);
    assert_ne!(text(&shop, "token"), text(&cafe, "token"));
    // The whole request of the shop with the cafe's id in DE 42: the card never said that.
    let stolen = text(&shop, "request").to_lowercase();
    let [at_shop, at_cafe] = ["SHOP-1         ", "CAFE-7         "].map(alloy_primitives::hex::encode);
    let place = stolen.rfind(&at_shop).unwrap();
    let position = stolen.find(&at_shop).unwrap();
    assert_ne!(place, position, "once in DE 42, once in DE 55");
    let replayed = stolen.replacen(&at_shop, &at_cafe, 1);
    let send = |message: &str| street.terminal(&["send", "--hex", message]).1["response"].as_str().unwrap().to_owned();
    let [stan, another] =
        [format!("{:06}", shop["stan"].as_u64().unwrap()), "000777".to_owned()].map(alloy_primitives::hex::encode);
    assert!(
        send(&replayed).contains(&alloy_primitives::hex::encode("94")),
        "another body under a number that was used"
    );
    send(&replayed.replacen(&stan, &another, 1));
    let listed = street.office(&["payments"]);
    let refused = &listed["payments"].as_array().unwrap()[0];
    assert_eq!((text(refused, "response"), refused["state"].as_str()), ("05", Some("declined")), "{refused}");
    assert!(refused["mismatches"].to_string().contains("merchant"), "{refused}");
    street.reconciles();
}

#[test]
fn a_payment_grows_and_shrinks_and_a_purchase_is_paid_at_once() {
    let street = Street::open(false);
    let (code, record) = street.tap("SHOP-1", "20");
    assert_eq!(code, 0, "{record}");
    let rrn = text(&record, "rrn").to_owned();
    let (code, more) = street.terminal(&["increase", "--rrn", &rrn, "--amount", "10"]);
    assert_eq!((code, &more["approvedMinor"]), (0, &json!(3000)), "{more}");
    let (code, less) = street.terminal(&["reverse", "--rrn", &rrn, "--amount", "5"]);
    assert_eq!((code, &less["approvedMinor"]), (0, &json!(2500)), "{less}");
    let (code, told) = street.terminal(&["balance", "--rrn", &rrn]);
    assert_eq!((code, text(&told, "balance")), (0, "75.00 EUR"), "{told}");
    assert_eq!(street.payment(&rrn)["state"], "held");
    assert_eq!(street.terminal(&["capture", "--rrn", &rrn, "--amount", "10", "--more"]).0, 0);
    assert_eq!((street.payment(&rrn)["state"].as_str(), street.available(SHOP.account)), (Some("held"), "1000".into()));
    assert_eq!(street.terminal(&["capture", "--rrn", &rrn]).0, 0);
    assert_eq!(street.available(SHOP.account), "2500");

    let card = street.path("anna.card");
    let at = ["--merchant", "SHOP-1", "--terminal", "TERM0001", "--mcc", "5411", "--acquirer", ACQUIRER];
    let tapped = [&["--currency", "EUR", "--card", &card], &at[..]].concat();
    let (code, bought) = street.terminal(&[&["pay", "--purchase", "--amount", "7"], &tapped[..]].concat());
    assert_eq!(code, 0, "{bought}");
    let (code, asked) = street.terminal(&[&["balance"], &tapped[..]].concat());
    assert_eq!((code, text(&asked, "balance")), (0, "68.00 EUR"), "{asked}");
    let neither = street.output(&["terminal", "balance", "--issuer", "127.0.0.1:1", "--dev"], "");
    assert_eq!(neither.status.code(), Some(2), "{}", String::from_utf8_lossy(&neither.stderr));
    street.settles(text(&bought, "rrn"), "captured");
    assert_eq!(street.available(SHOP.account), "3200");
    street.reconciles();
}

#[test]
fn what_is_reversed_is_spendable_again_and_a_limit_is_a_limit() {
    let street = Street::open(false);
    let (code, record) = street.tap("SHOP-1", "60");
    assert_eq!(code, 0, "{record}");
    let (code, part) = street.tap("SHOP-1", "60");
    assert_eq!((code, text(&part, "responseCode"), &part["approvedMinor"]), (0, "10", &json!(4000)), "{part}");
    assert_eq!(street.tap("SHOP-1", "0.01").0, 10, "nothing is left");
    let (code, reversed) = street.terminal(&["reverse", "--rrn", text(&record, "rrn")]);
    assert_eq!(code, 0, "{reversed}");
    assert_eq!(street.payment(text(&record, "rrn"))["state"], "reversed");
    assert_eq!(street.tap("SHOP-1", "60").0, 0);
    let blocked = street.office(&["block", "--card", &street.card]);
    assert_eq!(blocked["status"], "blocked");
    assert_eq!(street.tap("SHOP-1", "1").0, 10);
    let lost = street.office(&["lost", "--card", &street.card]);
    assert_eq!(lost["status"], "lost");
    assert_eq!(street.office(&["lost"])["cards"][0]["card"], street.card.as_str());
    assert_eq!(text(&street.tap("SHOP-1", "1").1, "responseCode"), "41");
    assert_eq!(street.office(&["unblock", "--card", &street.card])["status"], "active");
    assert_eq!(text(&street.tap("SHOP-1", "1").1, "responseCode"), "51", "it may pay, and nothing is left");
    street.reconciles();

    // Money comes to the pool, and the vault is not told.
    let pool = serde_json::from_slice::<Value>(&fs::read(street.path("issuer/issuer.json")).unwrap()).unwrap();
    let mint = ["cash", "mint", "EUR", "--amount", "1", "--to", text(&pool, "pool"), "--reference", "unknown"];
    street.till.json(&GOVERNOR, &mint);
    let compared = street.output(&["issuer", "reconcile", "--json"], "");
    assert_eq!(compared.status.code(), Some(1), "{}", String::from_utf8_lossy(&compared.stderr));
    let compared: Value = serde_json::from_slice(&compared.stdout).unwrap();
    assert_eq!(
        (&compared["differences"][0]["what"], compared["differences"].as_array().unwrap().len()),
        (&json!("balance"), 1)
    );
}

#[test]
fn without_an_issuer_the_reversal_is_kept_and_told_later() {
    let mut street = Street::open(false);
    assert!(street.issuer.take().unwrap().stop("-TERM").success());
    let (code, record) = street.tap("SHOP-1", "10");
    assert_eq!(code, 11, "{record}");
    street.start(false);
    let (code, owed) = street.terminal(&["reverse"]);
    assert_eq!((code, &owed["owed"]), (0, &json!(0)));
    let (code, record) = street.tap("SHOP-1", "10");
    assert_eq!(code, 0, "{record}");
    street.reconciles();
}

#[test]
fn a_certificate_names_the_acquirer() {
    let street = Street::open(true);
    let (own, other) = (street.path("own"), street.path("other"));
    for (acquirer, out) in [(ACQUIRER, &own), ("999", &other)] {
        let certified = street.output(&["issuer", "acquirer", "add", "--acquirer", acquirer, "--out", out], "");
        assert!(certified.status.success(), "{}", String::from_utf8_lossy(&certified.stderr));
    }
    let port = street.issuer.as_ref().unwrap().port();
    let pay = |folder: &str| {
        let [ca, cert, key] = ["authority.pem", "acquirer.pem", "acquirer.key"].map(|name| format!("{folder}/{name}"));
        let card = street.path("anna.card");
        let tls = ["--tls-ca", &ca, "--tls-cert", &cert, "--tls-key", &key, "--json", "--card", &card];
        let issuer = format!("localhost:{port}");
        let at = ["--issuer", &issuer, "--merchant", "SHOP-1", "--terminal", "TERM0001", "--mcc", "5411"];
        let pay = ["terminal", "pay", "--amount", "3", "--currency", "EUR", "--acquirer", ACQUIRER];
        street.output(&[&pay[..], &at, &tls].concat(), "").status.code()
    };
    assert_eq!(pay(&own), Some(0));
    assert_eq!(pay(&other), Some(10), "DE 32 is not whom the certificate names");
    street.office(&["merchant", "remove", "--acquirer", ACQUIRER, "--merchant", "SHOP-1"]);
    assert_eq!(pay(&own), Some(10), "the merchant is gone");
    let removed = street.output(&["issuer", "acquirer", "remove", "--acquirer", ACQUIRER], "");
    assert!(removed.status.success(), "{}", String::from_utf8_lossy(&removed.stderr));
    assert_eq!(street.office(&["acquirer", "list"])["acquirers"], json!([{ "acquirer": "999", "certificates": 1 }]));
    assert_eq!(pay(&own), Some(11), "its certificate is not let in");
    let address = street.issuer.as_ref().unwrap().url();
    let plain = street.output(&["terminal", "send", "--hex", "30383030", "--issuer", &address, "--dev"], "");
    assert_eq!(plain.status.code(), Some(11), "a plain line is not answered");
}
