//! The bank of the story: an issuer in a folder, in the node's process.

use std::{
    net::{Ipv4Addr, SocketAddr},
    path::{Path, PathBuf},
    time::Duration,
};

use alloy_primitives::{Address, B256, hex};
use contracts::cash::iso4217::Currency;
use eyre::{Context, OptionExt};
use payments::{
    issuer::{
        IssuerError, account,
        records::{AccountKey, MerchantKey, MerchantRecord, PaymentRecord, RangeRecord},
        vault::Vault,
    },
    number::{Expiry, Pan},
    profile::{Profile, Strategy},
};
use rand::{RngCore, rngs::OsRng};
use serde_json::Value;
use tokio::runtime::Runtime;
use zeroize::Zeroizing;

use super::shop::{ACQUIRER, Shop};
use crate::{
    commands::{
        issuer::{NewCard, Opened, found, take_up},
        terminal::Wire,
    },
    issuer::IssuerConfig,
    issuer_folder::{Founding, IssuerFolder},
    money::listed,
    node::Node,
    rpc::Field,
};

/// Of a range that no network has.
const NUMBERS: [&str; 2] = ["9999001234567891", "9999007654321099"];
const PAN_BIN: &str = "999900";
const TOKEN_BIN: &str = "999901";
/// Last month in which the cards are good, YYMM.
const EXPIRY: &str = "3012";
/// ISO 3166 as a number: none.
const COUNTRY: u16 = 999;
const PATIENCE: Duration = Duration::from_secs(30);

/// An issuer that runs in the node, and what its own people see of it.
pub(super) struct Bank {
    pub(super) issuer: Opened,
    /// To its door of ISO 8583.
    pub(super) wire: Wire,
    pub(super) passphrase: Zeroizing<String>,
    pub(super) euro: &'static Currency,
    rpc: String,
    cards: PathBuf,
}

/// A card in a file.
pub(super) struct Card {
    pub(super) file: PathBuf,
    /// The real number.
    pub(super) digits: Zeroizing<String>,
}

impl Bank {
    /// Makes it and lets it run in the node's process.
    pub(super) fn open(runtime: &Runtime, node: &mut Node, folder: &Path) -> eyre::Result<Self> {
        let folder = IssuerFolder::new(folder.join("bank"));
        let passphrase = random_passphrase()?;
        let founding = Founding { name: "The bank", pool: None, operator: None, ledger: None, names: &[] };
        found(&folder, founding, &range()?, &passphrase)?;
        println!(
            "A bank makes itself an issuer of cards: numbers {PAN_BIN}..., and tokens {TOKEN_BIN}... in their place"
        );
        let any = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        let config = IssuerConfig { dir: folder.path().into(), iso: any, http: any, dev: true };
        let running = runtime.block_on(node.host(config, passphrase.clone()))?;
        println!("It runs in the node's process, {}\n", running.said());
        let [iso, _] = running.addresses();
        Ok(Self {
            cards: folder.cards(),
            issuer: Opened::of(folder, &passphrase)?,
            wire: Wire::plain(iso.to_string(), PATIENCE),
            passphrase,
            euro: listed("EUR")?,
            rpc: format!("http://{}", node.address()),
        })
    }

    /// What a transaction brought to the pool, in cents.
    pub(super) fn take_up(&self, receipt: &Value) -> eyre::Result<u64> {
        Ok(take_up(&self.issuer, &self.rpc, receipt.hash("transactionHash")?, self.euro)?.0)
    }

    pub(super) fn register(&self, shop: &Shop, address: Address) -> eyre::Result<()> {
        let key = MerchantKey { acquirer: ACQUIRER.into(), merchant: shop.id().into() };
        let merchant = MerchantRecord { key, currency: self.euro.number, address, category: None };
        let put = move |vault: &mut dyn Vault| vault.put_merchant(&merchant);
        Ok(self.issuer.vault.write("merchant", put)?)
    }

    /// Two cards that nothing tells apart but their numbers and keys.
    pub(super) fn make_cards(&self, credit_minor: u64) -> eyre::Result<[Card; 2]> {
        let [one, other] = NUMBERS.map(|number| self.make_card(number, credit_minor));
        Ok([one?, other?])
    }

    fn make_card(&self, number: &str, credit_minor: u64) -> eyre::Result<Card> {
        let digits = Zeroizing::new(number.to_owned());
        let new = NewCard {
            number: digits.clone(),
            profile: profile()?,
            credentials: Vec::new(),
            expiry: Expiry::parse(EXPIRY)?,
            token_expiry: None,
            sequence: 1,
            label: "COUNTERFOIL".into(),
            country: COUNTRY,
            currency: self.euro.number,
        };
        let tried = new.tried(&self.issuer)?;
        let file = self.cards.join(format!("{}.card", tried.reference()));
        let made = tried.keep(&self.issuer, &file, &self.passphrase)?;
        let key = AccountKey { card: made.record.reference, currency: self.euro.number };
        self.issuer.vault.write("credit", move |vault| account::allot(vault, key, credit_minor))?;
        Ok(Card { file, digits })
    }

    /// The newest payment with this reference.
    pub(super) fn payment(&self, rrn: &str) -> eyre::Result<PaymentRecord> {
        let found = self.issuer.vault.read(|vault| vault.payments_by_rrn(ACQUIRER, rrn, 1))?;
        found.into_iter().next().ok_or_eyre("the bank knows no such payment")
    }

    /// Its transactions, in the order in which they were signed.
    pub(super) fn transactions(&self, payment: &PaymentRecord) -> eyre::Result<Vec<B256>> {
        let rows = self.issuer.vault.read(|vault| Ok::<_, IssuerError>(vault.outbox_of(payment.id)?))?;
        Ok(rows.into_iter().map(|row| row.hash).collect())
    }
}

impl Card {
    /// The number as people may see it.
    pub(super) fn number(&self) -> String {
        Pan::parse(&self.digits).map(|number| number.truncated()).unwrap_or_default()
    }
}

fn range() -> eyre::Result<RangeRecord> {
    Ok(RangeRecord {
        token_bin: TOKEN_BIN.into(),
        pan_bin: PAN_BIN.into(),
        key_set: 1,
        profile: profile()?,
        strategy: Strategy::Reverse,
    })
}

/// The default one.
fn profile() -> eyre::Result<Profile> {
    Profile::named("combined").ok_or_eyre("the profile is built in")
}

fn random_passphrase() -> eyre::Result<Zeroizing<String>> {
    let mut bytes = Zeroizing::new([0; 16]);
    OsRng.try_fill_bytes(&mut *bytes).wrap_err("the system gives no random numbers")?;
    Ok(Zeroizing::new(hex::encode(bytes.as_slice())))
}
