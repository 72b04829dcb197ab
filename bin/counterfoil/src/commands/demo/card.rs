//! The chapter of the card: it is tapped at two merchants, who see two numbers, and no value that both saw is this card's alone. What one of them
//! saw the other cannot use; a payment is captured, and its counterfoils outlive bank and node. The issuer runs in the node's process, and
//! everything goes over its doors.
//!
//! Not claimed: that two merchants who compare cannot guess. The card's counter goes on from one to the other, in the order of the taps.

mod bank;
mod seen;
mod shop;

use std::path::Path;

use alloy_primitives::{Address, B256, Bytes, U256, keccak256};
use alloy_sol_types::SolCall;
use contracts::cash::{
    self,
    abi::{ICash, ICashFactory},
};
use eyre::{OptionExt, ensure};
use payments::{
    issuer::{hold::Preimage, mismatch::Mismatch, records::PaymentRecord},
    message::{Digits, Payment, Request, Response, Text},
    terminal::Trace,
};
use serde_json::{Value, json};
use tokio::runtime::Runtime;

use super::step;
use crate::{node::Node, rpc::Client};
use bank::Bank;
use seen::Seen;
use shop::Shop;

/// In cents: what is asked at every tap, so that the amount tells nobody apart.
const PRICE: u64 = 12_50;
/// In cents: what the shop takes of it in the end.
const TAKEN: u64 = 12_00;
/// In cents.
const POOL: u64 = 100_000;
/// In cents.
const POCKET_MONEY: u64 = 20_000;

/// Tells the chapter to its end.
pub(super) fn tell(runtime: &Runtime, node: &mut Node, folder: &Path) -> eyre::Result<()> {
    let bank = Bank::open(runtime, node, folder)?;
    let client = Client::new(format!("http://{}", node.address()));
    let accounts: Vec<Address> = serde_json::from_value(client.call("eth_accounts", json!([]))?)?;
    let [anna, ben, cleo, ..] = accounts[..] else { eyre::bail!("the node has fewer than three accounts") };
    let euro = client.view(cash::ADDRESS, &ICashFactory::currencyOfCall { code: "EUR".into() })?;
    let chain = node.chain();
    let (genesis, chain_id) = (chain.genesis_hash(), chain.rules().chain_id);
    Chapter { node: client, bank, euro, anna, ben, cleo, genesis, chain_id }.tell(folder)
}

struct Chapter {
    node: Client,
    bank: Bank,
    /// The currency's contract.
    euro: Address,
    /// Issues the euro.
    anna: Address,
    /// Has the shop.
    ben: Address,
    /// Has the cafe.
    cleo: Address,
    genesis: B256,
    chain_id: u64,
}

impl Chapter {
    fn tell(&self, folder: &Path) -> eyre::Result<()> {
        self.fill_the_pool()?;
        let shop = Shop::open(folder, &shop::SHOP)?;
        let cafe = Shop::open(folder, &shop::CAFE)?;
        self.bank.register(&shop, self.ben)?;
        self.bank.register(&cafe, self.cleo)?;
        println!("  The bank registers two merchants: Ben's shop and Cleo's cafe, each with its account on the ledger");
        let [card, other] = self.bank.make_cards(POCKET_MONEY)?;
        println!(
            "  Dora gets a card for {}, number and keys sealed in a file: 200.00 EUR on its account",
            card.number()
        );
        println!("  Emil gets another one of the same bank, for {}\n", other.number());
        let at_shop = shop.tap(&self.bank, &card, PRICE)?;
        self.say_held("Dora taps her card at the shop: 12.50 EUR are held", &at_shop)?;
        let at_cafe = cafe.tap(&self.bank, &card, PRICE)?;
        self.say_held("She taps the same card at the cafe: 12.50 EUR are held", &at_cafe)?;
        let of_other = cafe.tap(&self.bank, &other, PRICE)?;
        seen::compare([&at_shop, &at_cafe], &of_other, [&card.digits, &other.digits])?;
        self.replay(&at_shop, &at_cafe, &cafe)?;
        self.capture(&shop, &at_shop)?;
        self.prove(&at_shop, &card.digits)
    }

    fn fill_the_pool(&self) -> eyre::Result<()> {
        let pool = self.bank.issuer.about.pool;
        let mint = ICash::mintCall { to: pool, amount: U256::from(POOL), referenceId: keccak256("the bank's pool") };
        let receipt = self.call(self.anna, self.euro, &mint)?;
        let brought = self.bank.take_up(&receipt)?;
        ensure!(brought == POOL, "the bank took up {brought} cents instead of {POOL}");
        step("Anna issues 1000.00 EUR to the bank's pool, and the bank takes them up in its books", &receipt)
    }

    fn say_held(&self, what: &str, seen: &Seen) -> eyre::Result<()> {
        let payment = self.bank.payment(&seen.record.rrn)?;
        let hold = *self.bank.transactions(&payment)?.first().ok_or_eyre("nothing is held")?;
        step(what, &self.receipt(hold)?)
    }

    /// The cafe sends what the shop sent, in its own name and under a number of its own.
    fn replay(&self, at_shop: &Seen, at_cafe: &Seen, cafe: &Shop) -> eyre::Result<()> {
        let trace = cafe.trace()?;
        let message = in_the_name_of(&at_cafe.payment()?, at_shop.payment()?, &trace)?;
        let answer = Response::parse(&self.bank.wire.ask(&Request::from(message).encode()?)?)?;
        let code = answer.response_code.as_str();
        ensure!(code == "05", "what the shop had seen was answered {code} at the cafe");
        let noted = self.bank.payment(&trace.rrn)?.mismatches;
        ensure!(noted.contains(&Mismatch::Merchant), "the bank did not notice the merchant: {noted:?}");
        let names: Vec<&str> = noted.iter().map(|mismatch| mismatch.name()).collect();
        println!("  The cafe sends the shop's message as its own: refused with 05");
        println!("    the bank's record says why, and no answer does: {}", names.join(", "));
        Ok(())
    }

    fn capture(&self, shop: &Shop, at_shop: &Seen) -> eyre::Result<()> {
        let balance = || self.node.view(self.euro, &ICash::balanceOfCall { account: self.ben });
        let before = balance()?;
        shop.capture(&self.bank, &at_shop.record.rrn, TAKEN)?;
        let came = balance()?.saturating_sub(before);
        ensure!(came == U256::from(TAKEN), "{came} cents came to the shop instead of {TAKEN}");
        let payment = self.bank.payment(&at_shop.record.rrn)?;
        let capture = *self.bank.transactions(&payment)?.last().ok_or_eyre("nothing was captured")?;
        step("The shop takes 12.00 EUR and leaves the rest: they are on Ben's account", &self.receipt(capture)?)
    }

    /// Files that prove both without node and bank.
    fn prove(&self, at_shop: &Seen, number: &str) -> eyre::Result<()> {
        let payment = self.bank.payment(&at_shop.record.rrn)?;
        let preimage = Preimage::of(&payment, self.chain_id).ok_or_eyre("nothing was held")?;
        let transactions = self.bank.transactions(&payment)?;
        for (kind, hash) in ["payment held", "payment captured"].into_iter().zip(transactions) {
            self.prove_one(kind, hash, &preimage, &payment, number)?;
        }
        Ok(())
    }

    fn prove_one(
        &self,
        kind: &str,
        hash: B256,
        preimage: &Preimage,
        payment: &PaymentRecord,
        number: &str,
    ) -> eyre::Result<()> {
        let asked = json!({ "hash": hash, "preimages": [Bytes::from(preimage.bytes())] });
        let exported = self.node.call("counterfoil_export", json!(["tx", asked]))?;
        let file: Bytes = serde_json::from_value(exported["cfl"].clone())?;
        let verified = proof::verify(&file, self.genesis, None)?;
        let statement = verified.statements.iter().find(|statement| statement.kind == kind);
        let statement = statement.ok_or_eyre("the counterfoil does not say it")?;
        let value = |name| statement.fields.iter().find(|field| field.name == name).map(|field| &*field.value);
        let (token, merchant) = (value("token"), value("merchant"));
        let told = token == Some(payment.token.digits()) && merchant == Some(&*payment.merchant.merchant);
        ensure!(told, "the counterfoil tells of another payment");
        ensure!(seen::times(&file, number) == 0, "the card's number is in the counterfoil");
        println!("  A counterfoil of {} bytes, verified against the genesis hash alone:", file.len());
        println!("    {} {kind}, as of block {}, {}", statement.system, statement.height, statement.time);
        println!("    token {}, merchant {}", token.unwrap_or_default(), merchant.unwrap_or_default());
        Ok(())
    }

    fn receipt(&self, hash: B256) -> eyre::Result<Value> {
        self.node.call("eth_getTransactionReceipt", json!([hash]))
    }

    /// Sends a call from one of the node's own accounts.
    fn call(&self, from: Address, to: Address, call: &impl SolCall) -> eyre::Result<Value> {
        self.node.send(json!({ "from": from, "to": to, "input": Bytes::from(call.abi_encode()) }))
    }
}

/// All of one payment but the merchant, who is the other's: everything that a merchant may choose.
fn in_the_name_of(own: &Payment, stolen: Payment, trace: &Trace) -> eyre::Result<Payment> {
    Ok(Payment {
        stan: Digits::of(trace.stan.into()).ok_or_eyre("a number of a message has six digits")?,
        retrieval_reference: Text::new(&trace.rrn).ok_or_eyre("a reference has twelve characters")?,
        terminal: own.terminal,
        merchant: own.merchant,
        merchant_category: own.merchant_category,
        merchant_place: own.merchant_place,
        ..stolen
    })
}
