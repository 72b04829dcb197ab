//! Decisions of an issuer without its ledger: each is one durable unit of work of the vault, with the signed transaction in the outbox that
//! nobody takes out. Requests are made by terminals and cards before the clock runs; callers wait for their units as connections do.

use std::{path::Path, sync::Arc, thread, time::Instant};

use alloy_primitives::{Address, B256};
use contracts::cash::iso4217::Currency;
use eyre::{OptionExt, ensure, eyre};
use gateway::payment::Operator;
use payments::{
    card::{Aid, Card, Counters, Credentials, Face, Personalization, Protocol, Secrets},
    issuer::{
        Desk, Issuer, IssuerError, Reply, Settings, account,
        enrol::{self, Enrolment},
        keys::SoftKeys,
        records::{AccountKey, MerchantKey, MerchantRecord, RangeRecord},
    },
    message::Request,
    number::{Expiry, Pan, luhn_digit},
    profile::{Profile, Strategy},
};
use primitives::Masked;
use rand::{RngCore, rngs::OsRng};
use serde_json::{Value, json};
use vault::{MasterKey, Options, SqliteVault};

use super::{
    ROUNDS, median,
    shop::{ACQUIRER, CURRENCY, MERCHANT, Terminal, now_ms},
};

/// As many as the doors let work at a time, halved: more of them only wait.
const CALLERS: usize = 64;
/// Of each caller in a round.
const REQUESTS: usize = 60;
const CHAIN_ID: u64 = 31_337;
const POOL_MINOR: u64 = 1_000_000_000;
const ACCOUNT_MINOR: u64 = 1_000_000;

/// An issuer at work.
struct Office {
    issuer: Issuer,
    keys: SoftKeys,
    operator: Operator,
    vault: SqliteVault,
}

/// A terminal with a card in it.
struct Caller {
    terminal: Terminal,
    card: Card,
    counters: Counters,
}

pub(crate) fn measure(folder: &Path) -> eyre::Result<Value> {
    let master = Masked::new(random());
    let vault = SqliteVault::open(folder, &MasterKey::new("bench", Masked::new(random()))?, Options::default())?;
    let (range, currency) = (range()?, Currency::by_code(CURRENCY).ok_or_eyre("the euro is listed")?.number);
    let keys = SoftKeys::new(&master, [range.key_set]);
    let operator = Operator::new(B256::repeat_byte(7), CHAIN_ID, 0)?;
    let merchant = MerchantRecord {
        key: MerchantKey { acquirer: ACQUIRER.into(), merchant: MERCHANT.into() },
        currency,
        address: Address::repeat_byte(2),
        category: None,
    };
    let settings = Settings::new(CHAIN_ID, operator.address());
    let (new, own) = (range.clone(), SoftKeys::new(&master, [range.key_set]));
    let issuer = vault.write("open", move |vault| {
        enrol::add_range(vault, &new)?;
        enrol::put_merchant(vault, &settings, &merchant)?;
        account::set_pool(vault, currency, POOL_MINOR)?;
        vault.set_first_nonce(0)?;
        Issuer::open(settings, vault, &own, &mut |bytes| OsRng.fill_bytes(bytes))
    })?;
    let callers = (0..CALLERS).map(|place| caller(&vault, &master, &range, currency, place));
    let mut callers: Vec<Caller> = callers.collect::<Result<_, _>>()?;
    let office = Arc::new(Office { issuer, keys, operator, vault });
    let rates = (0..ROUNDS).map(|_| round(&office, &mut callers)).collect::<Result<Vec<f64>, _>>()?;
    Ok(json!({ "decisions_per_s": median(rates)?.round(), "callers": CALLERS }))
}

/// Decisions a second.
fn round(office: &Arc<Office>, callers: &mut [Caller]) -> eyre::Result<f64> {
    let requests = callers.iter_mut().map(|caller| {
        let Caller { terminal, card, counters } = caller;
        (0..REQUESTS).map(|_| terminal.request(card, counters)).collect::<Result<Vec<_>, _>>()
    });
    let requests: Vec<Vec<Vec<u8>>> = requests.collect::<Result<_, _>>()?;
    let start = Instant::now();
    thread::scope(|scope| {
        let decide = |requests: Vec<Vec<u8>>| requests.iter().try_for_each(|request| office.decide(request));
        let at_work: Vec<_> = requests.into_iter().map(|requests| scope.spawn(move || decide(requests))).collect();
        let ended = at_work.into_iter().map(|caller| caller.join().map_err(|_| eyre!("a caller broke off"))?);
        ended.collect::<eyre::Result<()>>()
    })?;
    let decided = f64::from(u32::try_from(CALLERS * REQUESTS)?);
    Ok(decided / start.elapsed().as_secs_f64())
}

impl Office {
    /// As the running issuer does, up to what would be submitted.
    fn decide(self: &Arc<Self>, request: &[u8]) -> eyre::Result<()> {
        let (office, request) = (Arc::clone(self), Request::parse(request).map_err(|rejected| rejected.error)?);
        let now_ms = now_ms()?;
        let decision = self.vault.write("authorize", move |vault| {
            let Self { issuer, keys, operator, .. } = &*office;
            issuer.request(&mut Desk { vault, keys, signer: operator, now_ms }, ACQUIRER, &request)
        })?;
        let is_held = matches!(decision.reply, Reply::Later(_)) && decision.submit.len() == 1;
        ensure!(is_held, "a payment was decided otherwise: {decision:?}");
        Ok(())
    }
}

fn caller(
    vault: &SqliteVault,
    master: &Masked<[u8; 32]>,
    range: &RangeRecord,
    currency: u16,
    place: usize,
) -> eyre::Result<Caller> {
    let begun = format!("{}{place:09}", range.pan_bin);
    let pan = Pan::parse(&format!("{begun}{}", char::from(luhn_digit(begun.as_bytes()))))?;
    let (expiry, now_ms, keys) = (Expiry::parse("4912")?, now_ms()?, SoftKeys::new(master, [range.key_set]));
    let (of, number) = (range.clone(), pan.clone());
    let made = vault.write("personalize", move |vault| {
        let enrolment = Enrolment {
            range: &of,
            number: &number,
            sequence: 1,
            expiry,
            token_expiry: expiry,
            credentials: &[],
            now_ms,
        };
        let made = enrol::enrol(vault, &keys, &enrolment, &mut |bytes| OsRng.fill_bytes(bytes))?;
        account::allot(vault, AccountKey { card: made.record.reference, currency }, ACCOUNT_MINOR)?;
        Ok::<_, IssuerError>(made)
    })?;
    let face = Face {
        aid: Aid::default(),
        label: "BENCH".into(),
        token_bin: range.token_bin.clone(),
        expiry,
        token_expiry: None,
        sequence: 1,
        service_code: "221".into(),
        country: 276,
        currency,
        derivation_index: range.key_set,
        key_set: range.key_set,
        profile: range.profile.clone(),
    };
    let (reference, credentials) = (made.record.reference, Credentials::default());
    let card = Personalization::new(face, Secrets { pan, reference, keys: made.keys, credentials })?;
    let card = Card::new(card, Protocol::T1);
    Ok(Caller { terminal: Terminal::at(place)?, card, counters: Counters::default() })
}

fn range() -> eyre::Result<RangeRecord> {
    Ok(RangeRecord {
        token_bin: "999999".into(),
        pan_bin: "999900".into(),
        key_set: 1,
        profile: Profile::named("combined").ok_or_eyre("the default profile")?,
        strategy: Strategy::Reverse,
    })
}

fn random() -> [u8; 32] {
    let mut bytes = [0; 32];
    OsRng.fill_bytes(&mut bytes);
    bytes
}
