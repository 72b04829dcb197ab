//! An issuer on a real chain, with its vault on a disk; and one at work, with a merchant and a card.

use std::{
    path::Path,
    sync::Arc,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use alloy_primitives::{B256, U256};
use contracts::cash::abi::ICash;
use gateway::payment::{Ledger, Operator, Parts, Service};
use payments::{
    card::{Aid, Credentials, Face, Personalization, Secrets},
    issuer::{
        Issuer, IssuerError, Settings,
        account::{allot, set_pool},
        enrol::{Enrolment, add_range, enrol},
        keys::SoftKeys,
        records::{AccountKey, MerchantKey, MerchantRecord, PaymentRecord, RangeRecord},
        vault::Vault,
    },
    message::Payment,
    number::{Expiry, Pan, luhn_digit},
    profile::{Profile, Strategy},
};
use primitives::Masked;
use vault::{MasterKey, Options, SqliteVault};

use crate::{
    lane::{Lane, Plastic},
    network::CHAIN_ID,
    town::Town,
};

pub(crate) const KEY: B256 = B256::repeat_byte(0x11);
pub(crate) const EUR: u16 = 978;
pub(crate) const BALANCE_MINOR: u64 = 10_000;
pub(crate) const ACQUIRER: &str = "12345";
const MERCHANT: &str = "SHOP-1";

/// An issuer at work. It ends before its ledger does.
pub(crate) struct Bank {
    pub(crate) service: Arc<Service>,
    pub(crate) town: Town,
    card: Plastic,
    lane: Lane,
    account: AccountKey,
    folder: tempfile::TempDir,
}

/// What is left of one that has ended: all but the issuer.
pub(crate) struct Ended {
    town: Town,
    card: Plastic,
    lane: Lane,
    account: AccountKey,
    folder: tempfile::TempDir,
}

impl Bank {
    pub(crate) fn open() -> Self {
        Self::open_with(now_ms)
    }

    /// With this clock.
    pub(crate) fn open_with(clock: fn() -> u64) -> Self {
        let (town, folder) = (Town::open(), tempfile::tempdir().expect("set up"));
        town.mint(operator().address(), BALANCE_MINOR);
        let vault = open(folder.path());
        let card = vault.write("card", give_out).expect("set up");
        let key = MerchantKey { acquirer: ACQUIRER.into(), merchant: MERCHANT.into() };
        let merchant = MerchantRecord { key, currency: EUR, address: town.address(6), category: None };
        let registered = vault.write("merchant", move |vault| Ok::<_, IssuerError>(vault.put_merchant(&merchant)?));
        registered.expect("set up");
        drop(vault);
        let parts = Parts { clock, ..parts(folder.path(), town.ledger()) };
        let service = Service::start(parts).expect("set up");
        let account = AccountKey { card: card.secrets().reference, currency: EUR };
        let (card, lane) = (Plastic::new(card), Lane::new(ACQUIRER, MERCHANT, 1));
        Self { service, town, card, lane, account, folder }
    }

    /// Ends the issuer; what is under way is in its vault.
    pub(crate) fn end(self) -> Ended {
        let Self { service, town, card, lane, account, folder } = self;
        drop(service);
        Ended { town, card, lane, account, folder }
    }

    /// Of the vault.
    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// What a terminal asks after a tap of the card.
    pub(crate) fn tap(&mut self, amount_minor: u64) -> Payment {
        self.lane.tap(&mut self.card, amount_minor).request
    }

    /// What is held of the card's account, by the vault and by the ledger.
    pub(crate) fn held(&self) -> (u64, U256) {
        let account = self.service.read(|vault| Ok(vault.account(&self.account)?)).expect("it is there");
        let of_pool = self.town.ask(&ICash::heldCall { account: operator().address() });
        (account.expect("it is there").held_minor, of_pool)
    }

    /// The newest first.
    pub(crate) fn payments(&self) -> Vec<PaymentRecord> {
        self.service.read(|vault| Ok(vault.payments(None, 100)?)).expect("they are there")
    }
}

impl Ended {
    /// Of the vault.
    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Starts the issuer again, over the vault as these options open it.
    pub(crate) fn start(self, options: Options, answer_within: Duration) -> Bank {
        let Self { town, card, lane, account, folder } = self;
        let usual = parts(folder.path(), town.ledger());
        let parts = Parts { vault: open_as(folder.path(), options), answer_within, ..usual };
        let service = Service::start(parts).expect("set up");
        Bank { service, town, card, lane, account, folder }
    }
}

pub(crate) fn operator() -> Operator {
    Operator::new(KEY, CHAIN_ID, 0).expect("set up")
}

fn keys() -> SoftKeys {
    SoftKeys::new(&Masked::new([7; 32]), [1])
}

pub(crate) fn open(folder: &Path) -> SqliteVault {
    open_as(folder, Options::default())
}

fn open_as(folder: &Path, options: Options) -> SqliteVault {
    let master = MasterKey::new("test", Masked::new([3; 32])).expect("set up");
    SqliteVault::open(folder, &master, options).expect("set up")
}

pub(crate) fn parts(folder: &Path, ledger: Ledger) -> Parts {
    let (vault, settings) = (open(folder), Settings::new(CHAIN_ID, operator().address()));
    let issuer = vault.write("open", |vault| Issuer::open(settings, vault, &keys(), &mut |bytes| bytes.fill(5)));
    Parts {
        issuer: issuer.expect("set up"),
        keys: Box::new(keys()),
        operator: operator(),
        vault,
        ledger,
        clock: now_ms,
        answer_within: Duration::from_secs(10),
        round_every: Duration::from_secs(3_600),
    }
}

pub(crate) fn now_ms() -> u64 {
    u64::try_from(SystemTime::now().duration_since(UNIX_EPOCH).expect("set up").as_millis()).expect("set up")
}

/// A card with money.
pub(crate) fn give_out(vault: &mut dyn Vault) -> Result<Personalization, IssuerError> {
    let range = RangeRecord {
        token_bin: "999901".into(),
        pan_bin: "999900".into(),
        key_set: 1,
        profile: Profile::named("combined").expect("set up"),
        strategy: Strategy::Reverse,
    };
    add_range(vault, &range)?;
    let begun = "999900123456789";
    let pan = Pan::parse(&format!("{begun}{}", char::from(luhn_digit(begun.as_bytes())))).expect("set up");
    let expiry = Expiry::parse("4912").expect("set up");
    let enrolment = Enrolment {
        range: &range,
        number: &pan,
        sequence: 1,
        expiry,
        token_expiry: expiry,
        credentials: &[],
        now_ms: 0,
    };
    let made = enrol(vault, &keys(), &enrolment, &mut |bytes| bytes.fill(6))?;
    let reference = made.record.reference;
    set_pool(vault, EUR, BALANCE_MINOR)?;
    allot(vault, AccountKey { card: reference, currency: EUR }, BALANCE_MINOR)?;
    let secrets = Secrets { pan, reference, keys: made.keys, credentials: Credentials::default() };
    Ok(Personalization::new(face(&range, expiry), secrets).expect("set up"))
}

fn face(range: &RangeRecord, expiry: Expiry) -> Face {
    Face {
        aid: Aid::default(),
        label: "COUNTERFOIL".into(),
        token_bin: range.token_bin.clone(),
        expiry,
        token_expiry: None,
        sequence: 1,
        service_code: "221".into(),
        country: 276,
        currency: EUR,
        derivation_index: range.key_set,
        key_set: range.key_set,
        profile: range.profile.clone(),
    }
}
