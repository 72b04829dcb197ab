//! The chapter of the rights: an item with three units is sold, given and redeemed, and its counterfoil outlives the node.

use alloy_primitives::{Address, B256, Bytes, Log, U256, hex, keccak256};
use alloy_sol_types::{SolCall, SolEvent};
use contracts::{
    cash::{
        self,
        abi::{ICash, ICashFactory},
    },
    token::{self, abi::IToken},
};
use eyre::{OptionExt, ensure};
use primitives::canonical_attributes;
use serde_json::{Value, json};

use super::step;
use crate::{delivery::SecretKey, rpc::Client};

/// Of one, in cents.
const PRICE: u64 = 12_50;

/// Who takes part.
struct Cast<'a> {
    node: &'a Client,
    /// Governor and issuer of the euro, and maker of the item.
    anna: Address,
    /// Buys one and redeems it.
    ben: Address,
    /// Is given one.
    cleo: Address,
    /// Anna's, to read where to deliver.
    key: SecretKey,
}

/// The year 2100.
const LATE: u64 = 4_102_444_800;
/// What Ben writes for Anna alone.
const DELIVERY: &str = "Ben, Harbour Street 7, Bergen";

/// Tells the chapter to its end.
pub(crate) fn tell(node: &Client, genesis: B256) -> eyre::Result<()> {
    let accounts: Vec<Address> = serde_json::from_value(node.call("eth_accounts", json!([]))?)?;
    let [anna, ben, cleo, ..] = accounts[..] else { eyre::bail!("the node has fewer than three accounts") };
    let cast = Cast { node, anna, ben, cleo, key: SecretKey::random() };
    let euro = cast.make_money()?;
    let (item, attributes_hash) = cast.make_item()?;
    let first = cast.mint(item)?;
    cast.sell(first, euro, attributes_hash)?;
    cast.give(cast.token_of(item, 2)?)?;
    let redemption = cast.redeem(first)?;
    cast.prove(redemption, genesis)
}

impl Cast<'_> {
    fn make_money(&self) -> eyre::Result<Address> {
        self.call(self.anna, cash::ADDRESS, &ICashFactory::createCall { code: "EUR".into(), issuer: self.anna })?;
        let euro = self.node.view(cash::ADDRESS, &ICashFactory::currencyOfCall { code: "EUR".into() })?;
        let reference = keccak256("a bank transfer");
        let mint = ICash::mintCall { to: self.ben, amount: U256::from(50_00), referenceId: reference };
        step("Anna creates the euro and issues 50.00 EUR to Ben", &self.call(self.anna, euro, &mint)?)?;
        Ok(euro)
    }

    fn make_item(&self) -> eyre::Result<(B256, B256)> {
        let attributes = canonical_attributes(attributes(&self.key).to_string().as_bytes())?;
        let identifier = keccak256("urn:epc:id:sgtin:4012345.012345.2026");
        let call = IToken::createItemCall { identifier, terms: terms(attributes.hash) };
        let receipt = self.call(self.anna, token::ADDRESS, &call)?;
        let made: IToken::ItemCreated = event(&receipt)?;
        let text = String::from_utf8(attributes.bytes)?;
        self.node.call("counterfoil_putAttributes", json!([made.item, text]))?;
        step("Anna makes an item of three units: attributes with the node, their hash on the ledger", &receipt)?;
        Ok((made.item, attributes.hash))
    }

    fn mint(&self, item: B256) -> eyre::Result<U256> {
        let receipt = self.call(self.anna, token::ADDRESS, &IToken::mintCall { item, tokens: 3 })?;
        step("She mints three tokens, one for each unit; a fourth would be refused", &receipt)?;
        let fourth = IToken::mintCall { item, tokens: 1 };
        ensure!(self.call(self.anna, token::ADDRESS, &fourth).is_err(), "a fourth token was minted");
        self.token_of(item, 1)
    }

    fn sell(&self, id: U256, currency: Address, attributes_hash: B256) -> eyre::Result<()> {
        let (amount, price) = (U256::from(1), U256::from(PRICE));
        let list = IToken::listCall { id, amount, currency, price, until: 0 };
        let listed: IToken::Listed = event(&self.call(self.anna, token::ADDRESS, &list)?)?;
        self.call(self.ben, currency, &ICash::approveCall { spender: token::ADDRESS, value: price })?;
        let buy = IToken::buyCall { listing: listed.listing, amount, attributesHash: attributes_hash };
        let receipt = self.call(self.ben, token::ADDRESS, &buy)?;
        step("Ben buys the first for 12.50 EUR: money and token change hands in one call", &receipt)
    }

    fn give(&self, id: U256) -> eyre::Result<()> {
        let (recipient, amount, note) = (self.cleo, U256::from(1), keccak256("happy birthday"));
        let gift = IToken::giftCall { id, amount, recipient, until: LATE, note };
        let offered: IToken::GiftOffered = event(&self.call(self.anna, token::ADDRESS, &gift)?)?;
        let accept = IToken::acceptGiftCall { number: offered.gift };
        step("Anna gives Cleo the second, and Cleo accepts", &self.call(self.cleo, token::ADDRESS, &accept)?)
    }

    /// The tokens are frozen until Anna says how it ended.
    fn redeem(&self, id: U256) -> eyre::Result<B256> {
        let redemption = keccak256("Ben's redemption");
        let document = Bytes::from(self.key.public().seal(redemption, DELIVERY.as_bytes())?);
        let (amount, hash) = (U256::from(1), keccak256(&document));
        let request = IToken::requestRedemptionCall { redemption, id, amount, deliveryHash: hash };
        let receipt = self.call(self.ben, token::ADDRESS, &request)?;
        self.node.call("counterfoil_putDelivery", json!([redemption, document]))?;
        step("Ben redeems the first; where to deliver is encrypted for Anna", &receipt)?;
        self.deliver(redemption)?;
        Ok(redemption)
    }

    fn deliver(&self, redemption: B256) -> eyre::Result<()> {
        let kept = self.node.call("counterfoil_delivery", json!([redemption]))?;
        let document: Bytes = serde_json::from_value(kept)?;
        ensure!(self.key.open(redemption, &document)?.as_slice() == DELIVERY.as_bytes(), "Anna reads something else");
        let fulfil = IToken::fulfilRedemptionCall { redemption, proofHash: keccak256("signed by Ben") };
        step("Anna reads it, delivers, and the token is burned", &self.call(self.anna, token::ADDRESS, &fulfil)?)
    }

    /// A file that proves it without the node, and that says no more than what happened.
    fn prove(&self, redemption: B256, genesis: B256) -> eyre::Result<()> {
        let exported = self.node.call("counterfoil_export", json!(["redemption", { "redemption": redemption }]))?;
        let file: Bytes = serde_json::from_value(exported["cfl"].clone())?;
        let verified = proof::verify(&file, genesis, None)?;
        let statement = verified.statements.first().ok_or_eyre("the counterfoil says nothing")?;
        println!("  The counterfoil of it has {} bytes and is verified against the genesis hash alone:", file.len());
        println!("    {} {}, as of block {}, {}", statement.system, statement.kind, statement.height, statement.time);
        let mut altered = file.to_vec();
        let middle = altered.len() / 2;
        altered[middle] ^= 1;
        let Err(refusal) = proof::verify(&altered, genesis, None) else { eyre::bail!("an altered file was believed") };
        println!("  With one bit of byte {middle} changed it is refused: {refusal}");
        Ok(())
    }

    fn token_of(&self, item: B256, instance: u64) -> eyre::Result<U256> {
        self.node.view(token::ADDRESS, &IToken::tokenIdCall { item, instance })
    }

    /// Sends a call from one of the node's own accounts; a refusal is told in the contract's words.
    fn call(&self, from: Address, to: Address, call: &impl SolCall) -> eyre::Result<Value> {
        self.node.send(json!({ "from": from, "to": to, "input": Bytes::from(call.abi_encode()) }))
    }
}

/// What Anna sells three of.
fn attributes(key: &SecretKey) -> Value {
    json!({
        "name": "Brass ship's clock",
        "description": "Eight-day movement, serviced in 2026",
        "physical": { "diameterMm": 180, "material": "brass" },
        "origination": { "limitedEdition": "three pieces", "placeOfOrigin": "Bergen" },
        "deliveryKey": hex::encode_prefixed(key.public().to_bytes()),
    })
}

fn terms(attributes_hash: B256) -> IToken::Terms {
    IToken::Terms {
        kind: IToken::Kind::PhysicalGood,
        attributesHash: attributes_hash,
        units: 3,
        unitsPerToken: 1,
        interchangeable: false,
        redeemable: true,
        possessionIsOwnership: false,
        transferable: true,
        exists: true,
        presaleFrom: 0,
        presaleUntil: 0,
        redeemFrom: 0,
        redeemUntil: 0,
        custodian: Address::ZERO,
    }
}

/// The one event of this kind in a receipt.
fn event<E: SolEvent>(receipt: &Value) -> eyre::Result<E> {
    let logs: Vec<Log> = serde_json::from_value(receipt["logs"].clone())?;
    let found = logs.iter().find_map(|log| E::decode_log(log).ok());
    Ok(found.ok_or_eyre("the receipt has no such event")?.data)
}
