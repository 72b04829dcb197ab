//! A node with an issuer beside it: euros in its pool, two merchants, cards, and a terminal that taps them. Cards, terminal and issuer are the
//! real ones; only the card files are in memory.

use std::{
    collections::BTreeMap,
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
        mpsc::{Receiver, Sender, channel},
    },
    time::{Duration, UNIX_EPOCH},
};

use alloy_primitives::{Address, B256, Bytes, U256};
use alloy_sol_types::SolCall;
use contracts::{
    cash::{
        self,
        abi::{ICash, ICashFactory},
        iso4217::Currency,
    },
    registry,
};
use gateway::{
    CallLimits,
    payment::{
        Caller, Ledger, Operator, Parts, Resident, Seat, Service, Teller,
        terminal::{Heard, Lying, Sale, Terminal, TerminalError},
    },
};
use parking_lot::Mutex;
use payments::{
    card::{Aid, Card, Counters, Credentials, Face, Personalization, Protocol, Secrets},
    issuer::{
        Issuer, IssuerError, Settings,
        account::{allot, set_limits, set_pool},
        enrol::{Enrolled, Enrolment, add_range, enrol, put_merchant},
        keys::SoftKeys,
        records::{
            AccountKey, CardReference, CardStatus, Limits, MerchantKey, MerchantRecord, PaymentRecord, RangeRecord,
        },
        vault::Vault,
    },
    message::Response,
    number::{Expiry, Pan},
    profile::{Profile, Strategy},
    terminal::{Config, DateTime, HostAnswer, Moment, Place, Purchase, Record, Session, Step, Trace},
};
use primitives::{Masked, genesis::Upgrade};
use serde_json::json;
use vault::{MasterKey, Options, SqliteVault};

use crate::{House, live::Source, network::Node};

/// The number of Anna's card, which no page may show, and of Ben's, which is blocked.
pub(crate) const NUMBERS: [&str; 2] = ["9999001234567891", "9999021234567899"];
pub(crate) const ACQUIRER: &str = "12345";
const EUR: u16 = 978;
const PASSPHRASE: &str = "open sesame";
const EXPIRY: &str = "4912";
/// Digits that no other element of a message begins with.
const FIRST_STAN: u32 = 471_101;

pub(crate) struct Bank {
    seat: Seat,
    pub(crate) house: House,
    pub(crate) anna: CardReference,
    pub(crate) ben: CardReference,
    /// Lets a tap's question go to the issuer, where taps were told to wait.
    gate: Mutex<Option<Sender<()>>>,
    counter: Arc<Counter>,
    _folder: tempfile::TempDir,
}

impl Bank {
    pub(crate) fn open() -> Self {
        let open_rooms = |genesis: &mut primitives::Genesis| {
            genesis.counterfoil.upgrades = vec![Upgrade { version: registry::NEWEST_VERSION, epoch: 0 }];
        };
        let (seat, folder) = (Seat::default(), tempfile::tempdir().expect("a folder"));
        let house = House::with_issuer(Node::start_with(open_rooms, CallLimits::default()), seat.clone());
        let operator = Operator::new(B256::repeat_byte(7), crate::network::CHAIN_ID, 0).expect("a key");
        fund(&house, operator.address());
        let cards = found(&house, folder.path(), operator.address());
        let counter = Arc::new(Counter::default());
        let service = start(&house, folder.path(), operator);
        let [(anna, first), (ben, second)] = cards;
        *counter.cards.lock() = [("anna", first), ("ben", second)].map(|(name, card)| (name.to_owned(), card)).into();
        *counter.service.lock() = Some(Arc::clone(&service));
        let nowhere = ([127, 0, 0, 1], 1).into();
        let terminal: Arc<dyn Terminal> = counter.clone();
        seat.fill(Resident { service, terminal, iso: nowhere, http: nowhere });
        Self { seat, house, anna, ben, gate: Mutex::default(), counter, _folder: folder }
    }

    /// From now on a tap waits before it asks the issuer, until it is let go.
    pub(crate) fn hold_taps(&self) {
        let (gate, waits) = channel();
        *self.gate.lock() = Some(gate);
        *self.counter.waits.lock() = Some(waits);
    }

    pub(crate) fn let_go(&self) {
        self.gate.lock().take();
    }

    /// Sends the form of the terminal; where it leads.
    pub(crate) fn send(&self, fields: &str) -> crate::client::Answered {
        self.house.send("/terminal", "application/x-www-form-urlencoded", fields.as_bytes())
    }

    /// Taps Anna's card in a page, to the end; the page's address.
    pub(crate) fn tap(&self, merchant: &str, amount: &str) -> String {
        let place = self.begin(merchant, amount);
        let mut source = Source::open(&self.house, &format!("{place}/live"), "");
        source.read_until(&self.house, "event: last\n");
        place
    }

    /// The same, not to the end.
    pub(crate) fn begin(&self, merchant: &str, amount: &str) -> String {
        let answered = self.send(&form(merchant, amount, "anna", PASSPHRASE));
        assert_eq!(answered.status, 303, "{answered:?}");
        let location = answered.head.lines().find_map(|line| line.strip_prefix("location: "));
        location.expect("a tap leads to its page").to_owned()
    }

    /// What the terminal remembers of its last tap.
    pub(crate) fn record(&self) -> Record {
        self.counter.last.lock().clone().expect("a tap")
    }

    /// Sends a message as an acquirer does; the code of the answer.
    pub(crate) fn message(&self, bytes: &[u8]) -> String {
        let resident = self.seat.get().expect("it runs");
        let answer = resident.service.answer_iso(&Caller::Believed, bytes).expect("an answer");
        Response::parse(&answer).expect("an answer").response_code.as_str().to_owned()
    }

    /// The newest payment.
    pub(crate) fn newest(&self) -> PaymentRecord {
        let resident = self.seat.get().expect("it runs");
        let found = resident.service.read(|vault| Ok(vault.payments(None, 1)?)).expect("a vault");
        found.into_iter().next().expect("a payment")
    }
}

impl Drop for Bank {
    fn drop(&mut self) {
        self.let_go();
        self.seat.clear();
        // The service ends with the last who has it, while its ledger still answers.
        self.counter.service.lock().take();
    }
}

pub(crate) fn form(merchant: &str, amount: &str, card: &str, passphrase: &str) -> String {
    let passphrase = passphrase.replace(' ', "+");
    format!("amount={amount}&currency=&merchant={ACQUIRER}%2F{merchant}&category=&card={card}&passphrase={passphrase}")
}

pub(crate) fn now() -> Moment {
    let seconds = UNIX_EPOCH.elapsed().expect("after 1970").as_secs();
    let time = DateTime::from_unix_s(seconds).expect("before 2100");
    Moment { local: time, universal: time }
}

fn now_ms() -> u64 {
    UNIX_EPOCH.elapsed().expect("after 1970").as_millis().try_into().expect("before the end of time")
}

/// A terminal, and the cards beside it.
#[derive(Default)]
struct Counter {
    cards: Mutex<BTreeMap<String, (Lying, Card, Counters)>>,
    service: Mutex<Option<Arc<Service>>>,
    waits: Mutex<Option<Receiver<()>>>,
    stan: AtomicU32,
    last: Mutex<Option<Record>>,
}

impl Terminal for Counter {
    fn cards(&self) -> Result<Vec<Lying>, TerminalError> {
        Ok(self.cards.lock().values().map(|(lying, ..)| lying.clone()).collect())
    }

    fn tap(&self, sale: &Sale, hear: &mut dyn FnMut(Heard)) -> Result<Record, TerminalError> {
        let refuse = |why: &str| TerminalError(why.to_owned());
        let mut cards = self.cards.lock();
        let (_, card, counters) = cards.get_mut(&sale.card).ok_or_else(|| refuse("there is no such card"))?;
        if sale.passphrase.expose() != PASSPHRASE {
            return Err(refuse("the card does not open"));
        }
        let place = Place {
            acquirer: &sale.acquirer,
            merchant_id: &sale.merchant,
            terminal_id: "CONSOLE1",
            category: &sale.category,
            name_and_location: &sale.merchant,
            country: 999,
        };
        let config = Config::new(&place).expect("a merchant");
        let stan = self.stan.fetch_add(2, Ordering::Relaxed) + FIRST_STAN;
        let trace = Trace { stan, reversal_stan: stan + 1, rrn: format!("{stan:012}") };
        let purchase = Purchase::new(sale.amount_minor, sale.currency, trace).expect("a purchase");
        let (mut session, mut step) = Session::start(&config, &purchase, [1, 2, 3, 4], now());
        loop {
            step = match step {
                Step::Card(command) => {
                    hear(Heard::Command(command.clone()));
                    let answer = card.exchange(&command, counters);
                    hear(Heard::Answer(answer.clone()));
                    session.card(&answer)
                }
                Step::Keep(_) => session.kept(),
                Step::Host(request) => {
                    let request = request.encode().expect("a message");
                    hear(Heard::Request(request.clone()));
                    let waits = self.waits.lock().take();
                    // Ends when the other side is let go.
                    let _ended = waits.map(|waits| waits.recv());
                    let service = self.service.lock().clone().expect("it runs");
                    let response = service.answer_iso(&Caller::Believed, &request).expect("an answer");
                    hear(Heard::Response(response.clone()));
                    let response = Response::parse(&response).expect("an answer");
                    session.host(&HostAnswer::Response(Box::new(response)))
                }
                Step::Done(outcome) => {
                    *self.last.lock() = Some(outcome.record.clone());
                    return Ok(outcome.record);
                }
            };
        }
    }
}

/// Euros for the issuer's pool.
fn fund(house: &House, pool: Address) {
    let send = |to: Address, data: Vec<u8>| {
        let receipt = house.node.send(json!({ "to": to, "data": Bytes::from(data) }));
        assert_eq!(receipt["status"], "0x1");
    };
    let issuer = house.node.account(0).address();
    let factory = registry::by_word("cash").expect("a room").address();
    send(factory, ICashFactory::createCall { code: "EUR".into(), issuer }.abi_encode());
    let euro = cash::address_of(Currency::by_number(EUR).expect("listed"));
    let amount = U256::from(100_000);
    send(euro, ICash::mintCall { to: pool, amount, referenceId: B256::repeat_byte(1) }.abi_encode());
}

fn open_vault(folder: &std::path::Path) -> SqliteVault {
    let master = MasterKey::new("test", Masked::new([3; 32])).expect("a key");
    SqliteVault::open(folder, &master, Options::default()).expect("a vault")
}

fn keys() -> SoftKeys {
    SoftKeys::new(&Masked::new([5; 32]), [1, 2])
}

fn settings(pool: Address) -> Settings {
    Settings::new(crate::network::CHAIN_ID, pool)
}

/// Two ranges, two merchants, and a card of each range: Anna's has its own key, Ben's an issuer-wide one, limits, and is blocked.
fn found(house: &House, folder: &std::path::Path, pool: Address) -> [(CardReference, (Lying, Card, Counters)); 2] {
    let vault = open_vault(folder);
    let merchants = [("SHOP-1", 1), ("CAFE-7", 2)].map(|(merchant, account)| MerchantRecord {
        key: MerchantKey { acquirer: ACQUIRER.into(), merchant: merchant.into() },
        currency: EUR,
        address: house.node.account(account).address(),
        category: None,
    });
    let ranges = [("999900", "999901", 1, "combined"), ("999902", "999903", 2, "issuer-wide")].map(
        |(pan_bin, token_bin, key_set, profile)| RangeRecord {
            token_bin: token_bin.into(),
            pan_bin: pan_bin.into(),
            key_set,
            profile: Profile::named(profile).expect("built in"),
            strategy: Strategy::Rederive,
        },
    );
    let made = ranges.clone();
    let enrolled = vault.write("found", move |vault| {
        merchants.iter().try_for_each(|merchant| put_merchant(vault, &settings(pool), merchant))?;
        set_pool(vault, EUR, 100_000)?;
        let mut enrolled = Vec::new();
        for (range, number) in made.iter().zip(NUMBERS) {
            add_range(vault, range)?;
            enrolled.push(enrol_card(vault, range, number)?);
        }
        let account = AccountKey { card: enrolled[1].record.reference, currency: EUR };
        set_limits(vault, account, Limits { payment_minor: Some(5_000), day_minor: Some(9_900) })?;
        vault.set_card_status(&enrolled[1].record.reference, CardStatus::Blocked)?;
        Ok::<_, IssuerError>(enrolled)
    });
    let mut enrolled = enrolled.expect("an issuer").into_iter();
    let mut next = |at: usize| personalize(enrolled.next().expect("two cards"), &ranges[at], NUMBERS[at]);
    [next(0), next(1)]
}

fn enrol_card(vault: &mut dyn Vault, range: &RangeRecord, number: &str) -> Result<Enrolled, IssuerError> {
    let expiry = Expiry::parse(EXPIRY).expect("a month");
    let number = Pan::parse(number).expect("a number");
    let card = Enrolment {
        range,
        number: &number,
        sequence: 1,
        expiry,
        token_expiry: expiry,
        credentials: &[],
        now_ms: now_ms(),
    };
    let seed = range.key_set;
    let mut fill = |bytes: &mut [u8]| bytes.iter_mut().zip(seed..).for_each(|(byte, value)| *byte = value);
    let enrolled = enrol(vault, &keys(), &card, &mut fill)?;
    allot(vault, AccountKey { card: enrolled.record.reference, currency: EUR }, 40_000)?;
    Ok(enrolled)
}

fn personalize(enrolled: Enrolled, range: &RangeRecord, number: &str) -> (CardReference, (Lying, Card, Counters)) {
    let face = Face {
        aid: Aid::default(),
        label: "TRYING".into(),
        token_bin: range.token_bin.clone(),
        expiry: enrolled.record.expiry,
        token_expiry: None,
        sequence: 1,
        service_code: "221".into(),
        country: 40,
        currency: EUR,
        derivation_index: range.key_set,
        key_set: range.key_set,
        profile: range.profile.clone(),
    };
    let name = if range.key_set == 1 { "anna" } else { "ben" }.to_owned();
    let (pan, reference) = (Pan::parse(number).expect("a number"), enrolled.record.reference);
    let secrets = Secrets { pan, reference, keys: enrolled.keys, credentials: Credentials::default() };
    let card = Card::new(Personalization::new(face.clone(), secrets).expect("a card"), Protocol::T1);
    (reference, (Lying { name, face }, card, Counters::default()))
}

fn start(house: &House, folder: &std::path::Path, operator: Operator) -> Arc<Service> {
    let url = format!("http://{}", house.server.address());
    let ledger = Ledger::open(&url, Duration::from_secs(20)).expect("the node answers");
    let (vault, choices) = (open_vault(folder), settings(operator.address()));
    let opened = vault.write("open", move |vault| Issuer::open(choices, vault, &keys(), &mut |bytes| bytes.fill(9)));
    let parts = Parts {
        issuer: opened.expect("an issuer"),
        keys: Box::new(keys()),
        operator,
        vault,
        ledger,
        clock: now_ms,
        answer_within: Duration::from_secs(20),
        round_every: Duration::from_secs(1),
    };
    Service::start(parts).expect("it starts")
}
