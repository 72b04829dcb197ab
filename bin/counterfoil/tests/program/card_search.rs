//! A whole life of cards, and then a search of everything that is left of it for their real numbers: logs at their most talkative, what commands
//! say, card files, the issuer's folder with its database and write-ahead log, the ledger's files, blocks and logs, counterfoils, answers.
//!
//! First it is proved, in each of these places, that the search finds a number in every form that is planted there.

#[path = "../../../../crates/vault/tests/vault/search.rs"]
mod search;

use std::{
    collections::{BTreeMap, HashSet},
    fs,
    path::Path,
    process::Command,
};

use alloy_primitives::{B256, hex};
use payments::{
    message::{
        Digits, Operation, Others, Payment, Request, ResponseCode, Text,
        card::{EntryMode, Track2},
    },
    number::Token,
};
use serde_json::json;

use crate::{
    lane::{Lane, Plastic, Tap, ask, bytes, code},
    running::{PROGRAM, Running},
    street::{ACQUIRER, NUMBER, Street, text},
    till::{FRIEND as SHOP, GOVERNOR, Till},
};
use search::{Search, forms};

/// Of 16, 19 and 13 digits.
const NUMBERS: [&str; 3] = [NUMBER, "9999001234567891237", "9999001234560"];
/// Nobody's.
const PLANTED: &str = "9999005555555557";

/// What is left of a run, by where it is.
type Places = BTreeMap<String, Vec<u8>>;

#[test]
fn of_a_whole_run_no_real_number_is_left_anywhere() {
    let (places, hold) = Run::open().play();
    for kind in KINDS {
        assert!(places.keys().any(|name| name.starts_with(kind)), "{kind}: {:?}", places.keys());
    }
    // What is searched is not encrypted or packed as a whole: what must be there is found in it.
    for kind in READABLE {
        let mut of_kind = places.iter().filter(|(name, _)| name.starts_with(kind));
        assert!(of_kind.any(|(_, content)| holds(content, &hold)), "{kind}");
    }
    let planted = Search::new([PLANTED.as_bytes()]);
    for (name, content) in &places {
        assert!(!content.is_empty(), "{name}");
        // At the begin of the place, near its end, and after a piece of it that shifts everything by a byte.
        let (head, tail) = content.split_at(content.len().min(4096) / 2);
        let (head, tail) = (&head[..head.len().min(4096)], &tail[..tail.len().min(4096)]);
        for (form, bytes) in forms(PLANTED.as_bytes()) {
            for content in
                [[&bytes[..], head].concat(), [head, &bytes[..], tail].concat(), [&tail[1..], &bytes[..]].concat()]
            {
                let found = planted.find(&content);
                assert_eq!(found, HashSet::from([PLANTED.as_bytes().to_vec()]), "{form} in {name}");
            }
        }
    }
    let search = Search::new(NUMBERS.map(str::as_bytes));
    let shown: Vec<_> =
        places.iter().filter(|(_, content)| !search.find(content).is_empty()).map(|(name, _)| name).collect();
    assert_eq!(shown, Vec::<&String>::new());
    let bytes: usize = places.values().map(Vec::len).sum();
    println!("{} places, {bytes} bytes", places.len());
}

/// Places of each of these kinds are searched.
const KINDS: [&str; 16] = [
    "said/",
    "log/node",
    "log/issuer",
    "card/anna.card",
    "issuer/issuer.json",
    "issuer/vault/vault.sqlite",
    "issuer/vault/vault.sqlite-wal",
    "at rest/vault/vault.sqlite",
    "terminal/payments/",
    "ledger/",
    "rpc/blocks",
    "rpc/logs",
    "rpc/receipts",
    "counterfoil/held.cfl",
    "counterfoil/captured.cfl",
    "answers",
];

/// Where the id of a hold must be, in bytes or in hex.
const READABLE: [&str; 7] = [
    "said/",
    "issuer/vault/vault.sqlite-wal",
    "at rest/vault/vault.sqlite",
    "ledger/",
    "rpc/logs",
    "rpc/blocks",
    "counterfoil/held.cfl",
];

fn holds(content: &[u8], id: &B256) -> bool {
    let text = hex::encode(id);
    let in_bytes = content.windows(32).any(|window| window == id.as_slice());
    in_bytes || content.windows(text.len()).any(|window| window.eq_ignore_ascii_case(text.as_bytes()))
}

/// The number with another last digit, which does not fit.
fn misspelt(number: &str) -> String {
    let (rest, last) = number.split_at(number.len() - 1);
    format!("{rest}{}", (last.parse::<u8>().unwrap() + 1) % 10)
}

/// Messages about a payment with a number where its token belongs, in track 2, in texts, in what means nothing here.
fn with_number(tap: &Payment, number: &str) -> Vec<Payment> {
    let token = Token::parse(number).unwrap();
    let track2 = Track2::parse(&format!("{number}=30122010000000000"));
    let others = Others([(48, number.as_bytes().to_vec())].into());
    let merchant_place = Text::new(&format!("Shop {number}"));
    let wrong = Payment { token, ..tap.clone() };
    let follow = |operation| Payment { operation, original: Some(tap.as_original()), ..wrong.clone() };
    vec![
        wrong.clone(),
        Payment { track2: track2.clone(), ..wrong.clone() },
        Payment { track2, icc_data: None, entry_mode: EntryMode::parse(b"021"), ..wrong.clone() },
        Payment { merchant_place, others, ..tap.clone() },
        Payment { operation: Operation::Financial, ..wrong.clone() },
        Payment { response_code: Some(ResponseCode::Approved), ..follow(Operation::AuthorizationAdvice) },
        follow(Operation::Completion),
        Payment { response_code: Some(ResponseCode::FormatError), ..follow(Operation::Reversal) },
    ]
}

/// A street whose processes say all they can, and what was heard of it.
struct Run {
    street: Street,
    places: Places,
}

impl Run {
    fn open() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut node = Command::new(PROGRAM);
        node.args(["node", "--dev", "--data"]).arg(folder.path().join("data"));
        let node = Running::start_loud(&mut node, &folder.path().join("node.log"));
        let street = Street::at(Till::at(folder, node));
        Self { street, places: Places::new() }
    }

    fn play(mut self) -> (Places, B256) {
        self.makes_cards();
        let log = self.street.till.file("issuer.log");
        let mut issuer = self.street.run_issuer();
        self.street.issuer = Some(Running::start_loud(issuer.arg("--dev"), &log));
        let rrn = self.pays();
        self.sends_what_is_bad();
        self.talks_to_the_card();
        let hold = text(&self.street.payment(&rrn)["hold"], "id").parse().unwrap();
        self.exports(&rrn);
        self.looks_at_everything();
        // While it runs there is a write-ahead log.
        self.keeps_folder("issuer", "issuer");
        self.street.issuer.take().unwrap().kill();
        let mut issuer = self.street.run_issuer();
        self.street.issuer = Some(Running::start_loud(issuer.arg("--dev"), &log));
        self.street.close();
        self.street.reconciles();
        self.keeps_folder("at rest", "issuer");
        self.keeps_folder("terminal", "terminal");
        self.keeps_ledger();
        self.keeps("log/node", &fs::read(self.street.till.file("node.log")).unwrap());
        self.keeps("log/issuer", &fs::read(log).unwrap());
        for (number, said) in self.street.said.borrow().iter().enumerate().filter(|(_, said)| !said.is_empty()) {
            self.places.insert(format!("said/{number}"), said.clone());
        }
        (self.places, hold)
    }

    /// Cards of each length, and some that cannot be made.
    fn makes_cards(&mut self) {
        self.street.personalize("bert.card", NUMBERS[1], "50");
        self.street.personalize("cleo.card", NUMBERS[2], "50");
        let personalize = |expiry: &str, line: &str| {
            let file = self.street.path("no.card");
            let arguments = ["card", "personalize", "--pan-stdin", "--expiry", expiry, "--out", &file];
            self.refuses(&arguments, &format!("{line}\n"));
        };
        personalize("3012", NUMBER);
        personalize("3013", NUMBER);
        personalize("3012", &misspelt(NUMBER));
        personalize("3012", &format!("{NUMBER}x"));
        personalize("3012", &NUMBER.repeat(2));
        self.refuses(&["issuer", "credit", "--card", NUMBER, "--amount", "1", "--currency", "EUR"], "");
        for name in ["anna.card", "bert.card", "cleo.card"] {
            let file = fs::read(self.street.path(name)).unwrap();
            self.keeps(&format!("card/{name}"), &file);
        }
    }

    /// Approved, in part, declined, captured, reversed; by the commands. Gives the reference of one that is captured.
    fn pays(&mut self) -> String {
        let (code, paid) = self.street.tap("SHOP-1", "12.50");
        assert_eq!(code, 0, "{paid}");
        let rrn = text(&paid, "rrn").to_owned();
        assert_eq!(self.street.terminal(&["capture", "--rrn", &rrn, "--amount", "12"]).0, 0);
        let (_, undone) = self.street.tap("CAFE-7", "5");
        assert_eq!(self.street.terminal(&["reverse", "--rrn", text(&undone, "rrn")]).0, 0);
        assert_eq!(self.street.tap("SHOP-1", "1000").0, 0, "in part");
        assert_eq!(self.street.tap("SHOP-1", "1").0, 10);
        self.street.office(&["block", "--card", &self.street.card.clone()]);
        assert_eq!(self.street.tap("SHOP-1", "1").0, 10);
        for card in ["bert.card", "cleo.card"] {
            let tap = self.tap(card);
            assert_eq!(self.asks(&tap.request), "00");
        }
        rrn
    }

    /// Messages that have a real number where none belongs, as ISO 8583 and as JSON.
    fn sends_what_is_bad(&mut self) {
        let tap = self.tap("bert.card").request;
        let mut answers = Vec::new();
        for (place, number) in NUMBERS.iter().enumerate() {
            for (kind, message) in with_number(&tap, number).into_iter().enumerate() {
                let stan = Digits::of((900_000 + 100 * place + kind) as u64).unwrap();
                let message = Payment { stan, ..message };
                // These are told DE 2 as they brought it: that is all that any answer repeats.
                for repeat in [false, true] {
                    ask(&self.street.door(), &bytes(&message, repeat)).expect("an answer");
                }
                let json = Request::from(message).to_json();
                self.posts(&json);
                answers.push(self.posts(&json.replace(number, &misspelt(number))));
                answers.push(self.posts(&json.replace("\"token\"", &format!("\"{number}\""))));
                answers.push(self.posts(&json[..json.len() / 2]));
            }
            // Digits where a message should begin, behind its type, and behind its end.
            let behind = [bytes(&tap, false), number.as_bytes().to_vec()].concat();
            for message in [number.as_bytes().to_vec(), format!("0100{number}").into_bytes(), behind] {
                answers.push(ask(&self.street.door(), &message).map(hex::encode).unwrap_or_default());
            }
            answers.push(self.posts(&format!("{{\"{number}\": \"{number}\"}}")));
            answers.push(self.gets(&format!("/payments/{number}?number={number}")));
        }
        answers.push(self.gets("/health"));
        self.keeps("answers", answers.concat().as_bytes());
    }

    /// All that a card says on the command line, also to what it refuses.
    fn talks_to_the_card(&self) {
        let select = "00A404000DF0434F554E5445520100";
        let commands = format!(
            "00A404000E315041592E5359532E444446303100\n{select}\n00A4040009F0434F554E5445520100\n80CA9F3600\n80CA5A00\n80CA005A00\n00B2010C00\n80A80000028300\n00B2011400\n"
        );
        self.street.output(&["card", "apdu", &self.street.path("cleo.card")], &commands);
    }

    fn exports(&mut self, rrn: &str) {
        let paid = self.street.payment(rrn);
        let terms = self.street.path("terms.json");
        fs::write(&terms, paid["preimage"].to_string()).unwrap();
        let genesis = self.street.till.node.call("eth_getBlockByNumber", json!(["0x0", false]))["hash"]
            .as_str()
            .unwrap()
            .to_owned();
        for (place, name) in ["held.cfl", "captured.cfl"].iter().enumerate() {
            let (hash, proof) = (text(&paid["transactions"][place], "hash"), self.street.path(name));
            let url = self.street.till.node.url();
            let export = ["export", "tx", hash, "--preimage", &terms, "--output", &proof, "--rpc", &url];
            let exported = self.street.output(&export, "");
            assert!(exported.status.success(), "{}", String::from_utf8_lossy(&exported.stderr));
            let verified = self.street.output(&["verify", &proof, "--genesis", &genesis, "--json"], "");
            assert!(verified.status.success());
            let file = fs::read(proof).unwrap();
            self.keeps(&format!("counterfoil/{name}"), &file);
        }
    }

    /// What the issuer's people and the merchant's see.
    fn looks_at_everything(&self) {
        for look in ["cards", "payments", "totals", "reconcile", "lost"] {
            self.street.office(&[look]);
            self.street.output(&["issuer", look], "");
        }
        for list in ["range", "merchant"] {
            self.street.output(&["issuer", list, "list"], "");
        }
        self.street.till.json(&GOVERNOR, &["cash", "balance", "EUR", SHOP.account]);
    }

    /// Blocks, receipts and logs as anybody gets them, and then the files.
    fn keeps_ledger(&mut self) {
        let node = &self.street.till.node;
        let head = node.call("eth_blockNumber", json!([]));
        let head = u64::from_str_radix(head.as_str().unwrap().trim_start_matches("0x"), 16).unwrap();
        let (mut blocks, mut receipts) = (Vec::new(), Vec::new());
        for number in 0..=head {
            let number = format!("0x{number:x}");
            blocks.extend(node.call("eth_getBlockByNumber", json!([number, true])).to_string().into_bytes());
            receipts.extend(node.call("eth_getBlockReceipts", json!([number])).to_string().into_bytes());
        }
        let logs = node.call("eth_getLogs", json!([{ "fromBlock": "0x0" }])).to_string();
        self.keeps("rpc/blocks", &blocks);
        self.keeps("rpc/receipts", &receipts);
        self.keeps("rpc/logs", logs.as_bytes());
        self.street.till.node.signal("-STOP");
        self.keeps_folder("ledger", "data");
        self.street.till.node.signal("-CONT");
    }

    fn tap(&self, card: &str) -> Tap {
        let mut plastic = Plastic::insert(&self.street.path(card), &self.street.passphrase());
        Lane::new(ACQUIRER, "SHOP-1", u32::from(card.as_bytes()[0])).tap(&mut plastic, 250)
    }

    fn asks(&self, message: &Payment) -> String {
        code(&ask(&self.street.door(), &bytes(message, false)).expect("an answer"))
    }

    /// Posts a message at the door for JSON.
    fn posts(&self, body: &str) -> String {
        let agent = ureq::Agent::config_builder().http_status_as_error(false).build().new_agent();
        let request = agent.post(format!("{}/payments", self.json_door())).header("content-type", "application/json");
        request.send(body).unwrap().body_mut().read_to_string().unwrap()
    }

    fn gets(&self, path: &str) -> String {
        let agent = ureq::Agent::config_builder().http_status_as_error(false).build().new_agent();
        agent.get(format!("{}{path}", self.json_door())).call().unwrap().body_mut().read_to_string().unwrap()
    }

    fn json_door(&self) -> String {
        let line = self.street.issuer.as_ref().expect("it runs").line();
        line.rsplit(' ').next().expect("an address").to_owned()
    }

    fn refuses(&self, arguments: &[&str], input: &str) {
        assert!(!self.street.output(arguments, input).status.success(), "{arguments:?}");
    }

    fn keeps(&mut self, name: &str, content: &[u8]) {
        self.places.insert(name.to_owned(), content.to_vec());
    }

    /// All files below a folder.
    fn keeps_folder(&mut self, name: &str, folder: &str) {
        let mut folders = vec![self.street.till.file(folder)];
        let root = folders[0].clone();
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(&folder).unwrap() {
                let path = entry.unwrap().path();
                match path.is_dir() {
                    true => folders.push(path),
                    false => self.keeps_file(name, &root, &path),
                }
            }
        }
    }

    fn keeps_file(&mut self, name: &str, root: &Path, path: &Path) {
        let content = fs::read(path).unwrap();
        if !content.is_empty() {
            self.keeps(&format!("{name}/{}", path.strip_prefix(root).unwrap().display()), &content);
        }
    }
}
