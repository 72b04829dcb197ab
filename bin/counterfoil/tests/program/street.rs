//! A street with a bank: a development node with euros, a real issuer process, two merchants, cards in files, and the commands of a terminal.
//! What the stories of card payments have in common.

use std::{
    cell::RefCell,
    fs,
    io::Write,
    process::{Command, ExitStatus, Output, Stdio},
};

use serde_json::{Value, json};

use crate::{
    running::{PROGRAM, Running, end_of},
    till::{FRIEND as SHOP, GOVERNOR, SHOPPER as CAFE, Till},
};

pub(crate) const NUMBER: &str = "9999001234567891";
pub(crate) const ACQUIRER: &str = "12345";

/// A development node with euros, an issuer with two merchants and one card, and a terminal.
pub(crate) struct Street {
    pub(crate) till: Till,
    pub(crate) issuer: Option<Running>,
    door_in_the_node: Option<String>,
    /// The reference of the first card, `anna.card`.
    pub(crate) card: String,
    /// The issuer's account on the ledger, which is its operator's.
    pub(crate) pool: String,
    /// What the commands said, one after another.
    pub(crate) said: RefCell<Vec<Vec<u8>>>,
}

impl Street {
    /// The issuer runs, without TLS unless `secured`.
    pub(crate) fn open(secured: bool) -> Self {
        let mut street = Self::found();
        street.start(secured);
        street
    }

    /// Everything is there, and the issuer does not run yet.
    pub(crate) fn found() -> Self {
        Self::at(Till::open())
    }

    /// The same at a node that runs already.
    pub(crate) fn at(till: Till) -> Self {
        till.json(&GOVERNOR, &["cash", "create", "EUR", "--issuer", GOVERNOR.account]);
        let (card, pool, said) = (String::new(), String::new(), RefCell::default());
        let mut street = Self { till, issuer: None, door_in_the_node: None, card, pool, said };
        text(&street.office(&["init"]), "pool").clone_into(&mut street.pool);
        let mint = ["cash", "mint", "EUR", "--amount", "1000", "--to", &street.pool, "--reference", "pool"];
        let minted = street.till.json(&GOVERNOR, &mint);
        street.office(&["deposit", "--tx", text(&minted["receipt"], "transactionHash"), "--currency", "EUR"]);
        for (merchant, owner) in [("SHOP-1", SHOP), ("CAFE-7", CAFE)] {
            street.merchant(ACQUIRER, merchant, owner.account);
        }
        street.card = street.personalize("anna.card", NUMBER, "100");
        street
    }

    pub(crate) fn merchant(&self, acquirer: &str, merchant: &str, account: &str) {
        let registered = ["merchant", "add", "--acquirer", acquirer, "--merchant", merchant, "--currency", "EUR"];
        self.office(&[&registered[..], &["--address", account]].concat());
    }

    /// Makes a card with so much on its account; gives its reference.
    pub(crate) fn personalize(&self, name: &str, number: &str, amount: &str) -> String {
        let file = self.path(name);
        let personalize = ["card", "personalize", "--pan-stdin", "--expiry", "3012", "--out", &file, "--json"];
        let card = text(&self.json(&personalize, &format!("{number}\n")), "card").to_owned();
        self.office(&["credit", "--card", &card, "--amount", amount, "--currency", "EUR"]);
        card
    }

    /// What the issuer chooses from its next start on.
    pub(crate) fn choose(&self, choices: &Value) {
        let file = self.till.file("issuer").join("issuer.json");
        let mut about: Value = serde_json::from_slice(&fs::read(&file).unwrap()).unwrap();
        about["choices"] = choices.clone();
        fs::write(file, about.to_string()).unwrap();
    }

    pub(crate) fn start(&mut self, secured: bool) {
        let mut command = self.run_issuer();
        if !secured {
            command.arg("--dev");
        }
        self.issuer = Some(Running::start(&mut command));
    }

    /// The command of a running issuer, on any free port for ISO 8583; where JSON is spoken is for the caller to say.
    pub(crate) fn run_issuer(&self) -> Command {
        self.command(&["issuer", "run", "--iso", "127.0.0.1:0"])
    }

    /// Starts the issuer without TLS, to end by itself at a named stop.
    pub(crate) fn start_until(&mut self, stop: &str) {
        let mut command = self.run_issuer();
        self.issuer = Some(Running::start(command.arg("--dev").env(STOP, stop)));
    }

    /// The same where the stop comes by itself, in what an issuer does at its start or a little later.
    pub(crate) fn start_and_end(&self, stop: &str) -> ExitStatus {
        let mut command = self.run_issuer();
        command.args(["--dev", "--http", "127.0.0.1:0", "--log", "warn"]).env(STOP, stop);
        command.stdout(Stdio::null()).stderr(Stdio::null());
        end_of(&mut command.spawn().unwrap())
    }

    /// Stops the issuer as an operator does.
    pub(crate) fn close(&mut self) {
        let issuer = self.issuer.take().expect("it runs");
        assert!(issuer.stop("-TERM").success());
    }

    /// The issuer moves into the node's process.
    pub(crate) fn move_in(&mut self) {
        assert!(self.issuer.take().is_none_or(|issuer| issuer.stop("-TERM").success()));
        self.till.node.kill();
        let mut command =
            self.command(&["node", "--dev", "--issuer-iso", "127.0.0.1:0", "--issuer-http", "127.0.0.1:0"]);
        command.arg("--data").arg(self.till.file("data")).arg("--issuer").arg(self.till.file("issuer"));
        self.till.node = Running::start(&mut command);
        let door = self.till.node.said("issuer listening on ").split(' ').next();
        self.door_in_the_node = door.map(str::to_owned);
    }

    /// Where the issuer speaks ISO 8583.
    pub(crate) fn door(&self) -> String {
        match &self.issuer {
            Some(issuer) => issuer.url(),
            None => self.door_in_the_node.clone().unwrap_or_else(|| NOWHERE.to_owned()),
        }
    }

    /// Of issuer, cards and keys alike.
    pub(crate) fn passphrase(&self) -> String {
        fs::read_to_string(self.till.file("passphrase")).unwrap().trim_end().to_owned()
    }

    pub(crate) fn path(&self, name: &str) -> String {
        self.till.file(name).to_str().unwrap().to_owned()
    }

    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(PROGRAM);
        command.args(arguments).env("COUNTERFOIL_RPC", self.till.node.url());
        command.env("COUNTERFOIL_ISSUER_DIR", self.till.file("issuer"));
        command.env("COUNTERFOIL_PASSPHRASE_FILE", self.till.file("passphrase"));
        command.env("COUNTERFOIL_CARD_PASSPHRASE_FILE", self.till.file("passphrase"));
        command.env("COUNTERFOIL_TERMINAL", self.till.file("terminal"));
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }

    pub(crate) fn output(&self, arguments: &[&str], input: &str) -> Output {
        let mut child = self.command(arguments).spawn().unwrap();
        // The program may refuse before it reads.
        let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
        let output = child.wait_with_output().unwrap();
        self.said.borrow_mut().push([&output.stdout[..], &output.stderr].concat());
        output
    }

    pub(crate) fn json(&self, arguments: &[&str], input: &str) -> Value {
        let output = self.output(arguments, input);
        let [said, error] = [&output.stdout, &output.stderr].map(|bytes| String::from_utf8_lossy(bytes));
        assert!(output.status.success(), "{arguments:?}: {error} {said}");
        serde_json::from_slice(&output.stdout).unwrap()
    }

    pub(crate) fn office(&self, arguments: &[&str]) -> Value {
        self.json(&[&["issuer"], arguments, &["--json"]].concat(), "")
    }

    /// What a command of the terminal ends with, and its record.
    pub(crate) fn terminal(&self, arguments: &[&str]) -> (i32, Value) {
        let address = self.door();
        let to = ["--issuer", &address, "--dev", "--json", "--timeout-s", "10"];
        let output = self.output(&[&["terminal"], arguments, &to].concat(), "");
        let said = String::from_utf8_lossy(&output.stderr);
        let code = output.status.code().unwrap_or_else(|| panic!("it was killed: {said}"));
        let record = serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{arguments:?} {code}: {said}"));
        (code, record)
    }

    pub(crate) fn tap(&self, merchant: &str, amount: &str) -> (i32, Value) {
        let card = self.path("anna.card");
        let at = ["--merchant", merchant, "--terminal", "TERM0001", "--mcc", "5411", "--acquirer", ACQUIRER];
        self.terminal(&[&["pay", "--amount", amount, "--currency", "EUR", "--card", &card], &at[..]].concat())
    }

    pub(crate) fn payment(&self, rrn: &str) -> Value {
        self.office(&["payments", "--rrn", rrn])["payments"][0].clone()
    }

    /// Waits until the issuer is done with a payment by itself.
    pub(crate) fn settles(&self, rrn: &str, state: &str) {
        while self.payment(rrn)["state"] != state {}
    }

    pub(crate) fn reconciles(&self) {
        let compared = self.office(&["reconcile"]);
        assert_eq!(compared["differences"], json!([]));
    }

    pub(crate) fn available(&self, account: &str) -> String {
        let balance = self.till.json(&GOVERNOR, &["cash", "balance", "EUR", account]);
        balance["available"].as_str().unwrap().to_owned()
    }
}

pub(crate) fn text<'a>(record: &'a Value, field: &str) -> &'a str {
    record[field].as_str().unwrap_or_else(|| panic!("{field}: {record}"))
}

/// What the program ends at, in a program that was built for tests.
const STOP: &str = "COUNTERFOIL_STOP";
/// Nobody listens there.
const NOWHERE: &str = "127.0.0.1:1";
