//! The issuer's real process is killed twenty times under load, and five times while it starts: lanes of several merchants tap, repeat, give
//! up, capture, reverse and refund beside each other, holds run out meanwhile, and whatever was not answered is repeated until it is. In the
//! end each lane, the vault and the ledger tell one story of each payment.

use std::{
    collections::{BTreeMap, VecDeque},
    sync::{
        Mutex, RwLock,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    thread,
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

use alloy_primitives::B256;
use contracts::cash::abi::ICash::HoldState;
use payments::{
    message::{Operation, Payment, Request, Response},
    terminal::{Decline, Verdict},
};
use serde_json::{Value, json};

use crate::{
    books::Books,
    lane::{Lane, Plastic, ask, bytes, code},
    street::{ACQUIRER, Street, text},
    till::{FRIEND as SHOP, SHOPPER as CAFE},
};

const KILLS: u64 = 20;
const LANES: usize = 6;
/// Merchants: acquirer, DE 42, account.
const MERCHANTS: [(&str, &str, &str); 3] = [
    (ACQUIRER, "SHOP-1", SHOP.account),
    (ACQUIRER, "CAFE-7", CAFE.account),
    ("777", "SHOP-1", "0x00000000000000000000000000000000000c0de5"),
];
/// Cards that come and go between the lanes, and what is on their accounts: the last one runs out of money.
const CARDS: [(&str, &str); 8] = [
    ("9999001000000010", "140"),
    ("9999001000000028", "140"),
    ("9999001000000036", "140"),
    ("9999001000000044", "140"),
    ("9999001000000051", "140"),
    ("9999001000000069", "140"),
    ("9999001000000077", "140"),
    ("9999001000000085", "12"),
];
const MINTED_MINOR: u64 = 100_000;

#[test]
fn twenty_kills_under_load_hold_nothing_twice_and_lose_nothing() {
    let seed = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
    println!("seed {seed}");
    let mut dice = Dice(seed | 1);
    let mut street = Street::found();
    street.office(&["credit", "--card", &street.card, "--amount", "100", "--currency", "EUR", "--back"]);
    street.merchant(MERCHANTS[2].0, MERCHANTS[2].1, MERCHANTS[2].2);
    // A hold is over after five seconds, and for the ledger after nine.
    street.choose(&json!({ "holdS": 9, "expiryMarginS": 4 }));
    for (place, (number, amount)) in CARDS.iter().enumerate() {
        street.personalize(&format!("{place}.card"), number, amount);
    }
    let books = Books(&street.till.node);
    [SHOP, CAFE].iter().for_each(|merchant| books.approve(merchant.account, &street.pool));
    let passphrase = street.passphrase();
    let cards = (0..CARDS.len()).map(|place| Plastic::insert(&street.path(&format!("{place}.card")), &passphrase));
    let town = Town::new(cards.collect());
    let paid: Vec<Paid> = thread::scope(|scope| {
        let ending = Ending(&town);
        let lanes: Vec<_> = (0..LANES)
            .map(|number| {
                let (town, seed) = (&town, dice.next());
                scope.spawn(move || Clerk::new(town, number, seed).trade())
            })
            .collect();
        kill_again_and_again(&mut street, &town, &mut dice);
        drop(ending);
        lanes.into_iter().flat_map(|lane| lane.join().expect("its payments")).collect()
    });
    println!("{} payments, {} answers", paid.len(), town.answers());
    let rows = at_rest(&street, town.last);
    street.close();
    street.reconciles();
    check(&street, &paid, &rows);
}

/// Starts and kills, each time after some answers more, at any moment; in the end the issuer runs.
fn kill_again_and_again(street: &mut Street, town: &Town, dice: &mut Dice) {
    for kill in 0..KILLS {
        if kill % 4 == 3 {
            // While it takes up what the last kill left.
            let mut starting = street.run_issuer();
            let mut starting = starting.args(["--dev", "--http", "127.0.0.1:0", "--log", "warn"]).spawn().unwrap();
            thread::sleep(Duration::from_millis(dice.below(300)));
            starting.kill().unwrap();
            starting.wait().unwrap();
        }
        street.start(false);
        town.opens(street.door());
        town.await_answers(town.answers() + 8 + dice.below(24));
        thread::sleep(Duration::from_millis(dice.below(50)));
        street.issuer.take().expect("it runs").kill();
    }
    street.start(false);
    town.opens(street.door());
    town.await_answers(town.answers() + 20);
}

/// All rows of the vault, once nothing is held and nothing is under way any more.
fn at_rest(street: &Street, last: Instant) -> Vec<Value> {
    loop {
        let found = street.office(&["payments", "--limit", "1000000"]);
        let rows = found["payments"].as_array().unwrap();
        let over = |row: &Value| OVER.contains(&text(row, "state"));
        match rows.iter().find(|row| !over(row)) {
            None => return rows.clone(),
            Some(row) => assert!(Instant::now() < last, "it never ends: {row}"),
        }
        thread::sleep(Duration::from_millis(200));
    }
}

const OVER: [&str; 7] = ["declined", "captured", "reversed", "expired", "voided", "failed", "answered"];

/// Where the lanes find issuer and cards, and when they stop.
struct Town {
    door: RwLock<String>,
    cards: Mutex<Vec<Plastic>>,
    answers: AtomicU64,
    closing: AtomicBool,
    /// The test has failed: nothing is waited for any more.
    broken: AtomicBool,
    /// Long after it should all be over.
    last: Instant,
}

impl Town {
    fn new(cards: Vec<Plastic>) -> Self {
        let last = Instant::now() + Duration::from_secs(240);
        let (door, cards, answers) = (RwLock::new("127.0.0.1:1".to_owned()), Mutex::new(cards), AtomicU64::new(0));
        Self { door, cards, answers, closing: AtomicBool::new(false), broken: AtomicBool::new(false), last }
    }

    fn opens(&self, door: String) {
        *self.door.write().unwrap() = door;
    }

    fn answers(&self) -> u64 {
        self.answers.load(Ordering::Relaxed)
    }

    fn await_answers(&self, count: u64) {
        while self.answers() < count {
            assert!(Instant::now() < self.last, "no more answers come");
            thread::sleep(Duration::from_millis(1));
        }
    }

    fn check_patience(&self, message: &Payment) {
        let goes_on = !self.broken.load(Ordering::Relaxed) && Instant::now() < self.last;
        assert!(goes_on, "no last word comes to {message:?}");
    }

    fn is_closing(&self) -> bool {
        self.closing.load(Ordering::Relaxed)
    }

    /// One attempt.
    fn ask(&self, message: &[u8]) -> Option<Vec<u8>> {
        let door = self.door.read().unwrap().clone();
        let answer = ask(&door, message)?;
        self.answers.fetch_add(1, Ordering::Relaxed);
        Some(answer)
    }

    /// The same message, now and then marked as a repeat, until it is answered.
    fn ask_patiently(&self, message: &Payment, dice: &mut Dice) -> Vec<u8> {
        let mut repeat = false;
        loop {
            if let Some(answer) = self.ask(&bytes(message, repeat)) {
                return answer;
            }
            self.check_patience(message);
            thread::sleep(Duration::from_millis(10));
            repeat = dice.below(2) == 0;
        }
    }

    /// The same until the answer is a last word.
    fn ask_until_sure(&self, message: &Payment, dice: &mut Dice) -> String {
        loop {
            let answer = self.ask_patiently(message, dice);
            let response = Response::parse(&answer).unwrap();
            assert!(response.answers(&Request::from(message.clone())), "{response:?}");
            match code(&answer) {
                code if code == "91" => self.check_patience(message),
                code => {
                    assert_eq!(self.ask_patiently(message, dice), answer, "a last word stays the same");
                    return code;
                }
            }
            thread::sleep(Duration::from_millis(20));
        }
    }
}

/// Ends the load when it is dropped, also by a panic.
struct Ending<'a>(&'a Town);

impl Drop for Ending<'_> {
    fn drop(&mut self) {
        self.0.broken.store(thread::panicking(), Ordering::Relaxed);
        self.0.closing.store(true, Ordering::Relaxed);
    }
}

/// A payment as its lane knows it in the end.
#[derive(Debug)]
struct Paid {
    merchant: usize,
    request: Payment,
    end: End,
}

/// What the lane believes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum End {
    /// The issuer said no; or nobody answered, and it was undone; or it was taken back: since then nothing is held.
    Nothing { since_ms: u64 },
    /// Approved, and never captured.
    Uncaptured,
    /// A purchase that was approved.
    Bought { minor: u64 },
    /// Captured, and so much of it given back.
    Captured { minor: u64, refunded_minor: u64 },
}

impl End {
    fn nothing() -> Self {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
        Self::Nothing { since_ms: u64::try_from(since.as_millis()).unwrap() }
    }
}

/// What is to become of an approved payment.
#[derive(Clone, Copy, Debug)]
enum Plan {
    Leave,
    Capture {
        percent: u64,
    },
    /// Captured when its hold may be over.
    CaptureLate,
    IncreaseAndCapture {
        more_minor: u64,
    },
    Reverse,
    Refund {
        percent: u64,
        patient: bool,
    },
}

/// An approved payment that something is still to become of.
struct Open {
    request: Payment,
    approved_minor: u64,
    plan: Plan,
    not_before: Instant,
}

/// Who works at one lane.
struct Clerk<'a> {
    town: &'a Town,
    dice: Dice,
    merchant: usize,
    lane: Lane,
    open: VecDeque<Open>,
    paid: Vec<Paid>,
}

impl<'a> Clerk<'a> {
    fn new(town: &'a Town, number: usize, seed: u64) -> Self {
        let merchant = number % MERCHANTS.len();
        let lane = Lane::new(MERCHANTS[merchant].0, MERCHANTS[merchant].1, u32::try_from(number).unwrap());
        Self { town, dice: Dice(seed | 1), merchant, lane, open: VecDeque::new(), paid: Vec::new() }
    }

    fn trade(mut self) -> Vec<Paid> {
        while !self.town.is_closing() {
            self.tap();
            if self.open.len() > 3 {
                self.follow();
            }
        }
        while !self.open.is_empty() {
            self.follow();
        }
        self.paid
    }

    /// Takes a card that nobody else has just now.
    fn tap(&mut self) {
        let mut card = {
            let mut cards = self.town.cards.lock().unwrap();
            let place = self.dice.place(cards.len());
            cards.swap_remove(place)
        };
        self.tap_with(&mut card);
        self.town.cards.lock().unwrap().push(card);
    }

    fn tap_with(&mut self, card: &mut Plastic) {
        let tap = self.lane.tap(card, 100 + self.dice.below(200));
        let (authorization, reversal) = (tap.request.clone(), tap.reversal.clone());
        let request = if self.dice.below(4) == 0 { tap.as_purchase() } else { authorization.clone() };
        let answer = match self.dice.below(10) {
            0..5 => Some(self.town.ask_patiently(&request, &mut self.dice)),
            5..7 => Some(self.ask_twice_at_a_time(&request)),
            7..9 => self.town.ask(&bytes(&request, false)),
            _ => {
                let end = self.reverse_while_asking(&request, &reversal);
                return self.note(request, end);
            }
        };
        let approved_minor = match tap.end(card, answer.as_deref()).verdict {
            Verdict::Approved => request.amount_minor,
            Verdict::PartiallyApproved { approved_minor } => approved_minor,
            Verdict::NoHost => {
                let end = self.give_up(&request, &reversal);
                return self.note(request, end);
            }
            Verdict::Declined(Decline::Issuer(_)) => return self.note(request, End::nothing()),
            verdict => panic!("{verdict:?}"),
        };
        self.plan(request, approved_minor);
    }

    /// The same bytes on two connections: both are told the same.
    fn ask_twice_at_a_time(&mut self, request: &Payment) -> Vec<u8> {
        let (town, mut other) = (self.town, Dice(self.dice.next() | 1));
        let answers = thread::scope(|scope| {
            let twin = scope.spawn(move || town.ask_patiently(request, &mut other));
            [town.ask_patiently(request, &mut self.dice), twin.join().expect("an answer")]
        });
        assert_eq!(answers[0], answers[1]);
        let [answer, _] = answers;
        answer
    }

    /// The reversal may come before what it reverses, beside it, or after it.
    fn reverse_while_asking(&mut self, request: &Payment, reversal: &Payment) -> End {
        let town = self.town;
        thread::scope(|scope| {
            scope.spawn(move || town.ask(&bytes(request, false)));
            self.give_up(request, reversal)
        })
    }

    /// Undoes what nobody answered; and then a copy of the request comes that was on its way all the time. A purchase may have been
    /// captured before: then its own answer says how much it took.
    fn give_up(&mut self, request: &Payment, reversal: &Payment) -> End {
        match self.town.ask_until_sure(reversal, &mut self.dice).as_str() {
            "00" => {
                let end = End::nothing();
                if self.dice.below(2) == 0 {
                    let _ = self.town.ask(&bytes(request, false));
                }
                end
            }
            "12" if request.operation == Operation::Financial => {
                let answer = Response::parse(&self.town.ask_patiently(request, &mut self.dice)).unwrap();
                assert!(answer.response_code.approves(), "{answer:?}");
                End::Bought { minor: answer.amount_minor.unwrap_or(request.amount_minor) }
            }
            other => panic!("a reversal was answered {other}"),
        }
    }

    fn plan(&mut self, request: Payment, approved_minor: u64) {
        let plan = match (request.operation, self.dice.below(10)) {
            (Operation::Financial, 0..3) => Plan::Reverse,
            (Operation::Financial, _) => Plan::Leave,
            (_, 0..3) => Plan::Capture { percent: 50 + self.dice.below(60) },
            (_, 3) => Plan::CaptureLate,
            (_, 4) => Plan::IncreaseAndCapture { more_minor: 1 + self.dice.below(100) },
            (_, 5..7) => Plan::Reverse,
            // The third merchant lets nobody take anything back.
            (_, 7) if self.merchant < 2 => {
                Plan::Refund { percent: 1 + self.dice.below(100), patient: self.dice.below(2) == 0 }
            }
            _ => Plan::Leave,
        };
        match plan {
            Plan::Leave if request.operation == Operation::Financial => {
                self.note(request, End::Bought { minor: approved_minor });
            }
            Plan::Leave => self.note(request, End::Uncaptured),
            _ => {
                let later = if matches!(plan, Plan::CaptureLate) { Duration::from_secs(6) } else { Duration::ZERO };
                self.open.push_back(Open { request, approved_minor, plan, not_before: Instant::now() + later });
            }
        }
    }

    /// Does what is planned for the payment that has waited longest.
    fn follow(&mut self) {
        let Some(open) = self.open.pop_front() else { return };
        if Instant::now() < open.not_before && !self.town.is_closing() {
            return self.open.push_back(open);
        }
        let Open { request, approved_minor, plan, .. } = open;
        let end = match plan {
            Plan::Leave => End::Uncaptured,
            Plan::Capture { percent } => self.capture(&request, (approved_minor * percent / 100).max(1)),
            Plan::CaptureLate => self.capture(&request, approved_minor),
            Plan::IncreaseAndCapture { more_minor } => {
                let increase = self.lane.increase(&request, more_minor);
                let more_minor = if self.sure(&increase) == "00" { more_minor } else { 0 };
                self.capture(&request, approved_minor + more_minor)
            }
            Plan::Reverse => self.reverse(&request, approved_minor),
            Plan::Refund { percent, patient } => match self.capture(&request, approved_minor) {
                End::Captured { minor, .. } => {
                    let refund_minor = (minor * percent / 100).max(1);
                    let refunded_minor = if self.refund(&request, refund_minor, patient) { refund_minor } else { 0 };
                    End::Captured { minor, refunded_minor }
                }
                end => end,
            },
        };
        self.note(request, end);
    }

    fn capture(&mut self, request: &Payment, minor: u64) -> End {
        let capture = self.lane.capture(request, minor);
        match self.sure(&capture).as_str() {
            "00" => End::Captured { minor, refunded_minor: 0 },
            // Too much, or too late and the money is spent.
            "51" | "61" => End::Uncaptured,
            other => panic!("a capture was answered {other}"),
        }
    }

    fn reverse(&mut self, request: &Payment, approved_minor: u64) -> End {
        let reversal = self.lane.reverse(request);
        match self.sure(&reversal).as_str() {
            "00" => End::nothing(),
            "12" if request.operation == Operation::Financial => End::Bought { minor: approved_minor },
            other => panic!("a reversal was answered {other}"),
        }
    }

    /// Whether the money went back.
    fn refund(&mut self, request: &Payment, minor: u64, patient: bool) -> bool {
        let refund = self.lane.refund(request, minor);
        if patient {
            assert_eq!(self.sure(&refund), "00");
            return true;
        }
        if let Some(answer) = self.town.ask(&bytes(&refund, false)) {
            match code(&answer).as_str() {
                "00" => return true,
                "91" => {}
                other => panic!("a refund was answered {other}"),
            }
        }
        let undo = Payment { original: Some(refund.as_original()), ..self.lane.reverse(request) };
        let undo = Payment { amount_minor: minor, processing: refund.processing, ..undo };
        match self.sure(&undo).as_str() {
            "00" => false,
            "12" => true,
            other => panic!("the reversal of a refund was answered {other}"),
        }
    }

    fn sure(&mut self, message: &Payment) -> String {
        self.town.ask_until_sure(message, &mut self.dice)
    }

    fn note(&mut self, request: Payment, end: End) {
        self.paid.push(Paid { merchant: self.merchant, request, end });
    }
}

/// Lanes, vault and ledger tell one story.
fn check(street: &Street, paid: &[Paid], rows: &[Value]) {
    let books = Books(&street.till.node);
    let placed = books.placed();
    let times = |id: &B256| placed.iter().filter(|placed| *placed == id).count();
    let mut by_rrn: BTreeMap<(&str, &str), Vec<&Value>> = BTreeMap::new();
    for row in rows {
        by_rrn.entry((text(&row["merchant"], "acquirer"), text(row, "rrn"))).or_default().push(row);
    }
    let (mut held, mut gained) = (0, [0_u64; MERCHANTS.len()]);
    for payment in paid {
        let rrn = payment.request.retrieval_reference.as_str();
        let rows = by_rrn.remove(&(MERCHANTS[payment.merchant].0, rrn)).unwrap_or_default();
        let mut captured_minor = 0;
        for row in &rows {
            let Some(id) = row["hold"]["id"].as_str() else { continue };
            let id = id.parse().unwrap();
            let (state, hold) = (text(row, "state"), books.hold(id));
            let fits = match state {
                "captured" => hold.state == HoldState::Captured,
                "expired" => hold.state == HoldState::Released,
                "reversed" => matches!(hold.state, HoldState::Released | HoldState::Unknown),
                "voided" => hold.state == HoldState::Voided,
                "failed" => !matches!(hold.state, HoldState::Open | HoldState::Captured),
                state => panic!("{state}"),
            };
            let once = usize::from(!matches!(hold.state, HoldState::Unknown | HoldState::Voided));
            assert!(fits && times(&id) == once, "{row} is {:?}, placed {} times", hold.state, times(&id));
            assert_eq!(json!(hold.captured.to::<u64>()), row["captured_minor"], "{row}");
            captured_minor += hold.captured.to::<u64>();
            held += times(&id);
        }
        let refunded_minor: u64 = rows.iter().map(|row| row["refunded_minor"].as_u64().unwrap()).sum();
        let states = rows.iter().map(|row| text(row, "state"));
        let is_there = || states.clone().any(|state| matches!(state, "captured" | "expired"));
        let agrees = match payment.end {
            End::Nothing { since_ms } => {
                let ends = rows.iter().filter(|row| text(row, "state") == "expired").map(|row| &row["changed_ms"]);
                captured_minor == 0 && ends.into_iter().all(|end| end.as_u64().is_some_and(|end| end <= since_ms))
            }
            End::Uncaptured => captured_minor == 0 && is_there(),
            // The issuer may have been away for so long that the hold was over before it was captured.
            End::Bought { minor } => is_there() && (captured_minor == minor || captured_minor == 0),
            End::Captured { minor, refunded_minor: back } => captured_minor == minor && refunded_minor == back,
        };
        assert!(agrees, "{payment:?}\n{rows:#?}");
        gained[payment.merchant] += captured_minor - refunded_minor;
        assert!(is_one_use_of_a_card(&rows), "{rows:#?}");
    }
    assert!(by_rrn.is_empty(), "payments that no lane made: {by_rrn:?}");
    assert_eq!(placed.len(), held, "holds that nobody knows");
    for ((_, _, account), gained) in MERCHANTS.iter().zip(gained) {
        assert_eq!(books.balance(account), gained);
    }
    assert_eq!(books.balance(&street.pool), MINTED_MINOR - gained.iter().sum::<u64>());
    assert_eq!(books.held(&street.pool), 0);
    let ends = |wanted: fn(&End) -> bool| paid.iter().filter(|paid| wanted(&paid.end)).count();
    let counted = [
        ends(|end| matches!(end, End::Nothing { .. })),
        ends(|end| matches!(end, End::Uncaptured)),
        ends(|end| matches!(end, End::Bought { .. })),
        ends(|end| matches!(end, End::Captured { .. })),
    ];
    let mut states: BTreeMap<(&str, bool), usize> = BTreeMap::new();
    rows.iter().for_each(|row| *states.entry((text(row, "state"), !row["kind"]["late"].is_null())).or_default() += 1);
    println!("nothing, uncaptured, bought, captured: {counted:?}; holds: {held}; rows by state, late ones: {states:?}");
    assert!(counted.iter().all(|count| *count > 0), "a load that shows nothing: {counted:?}");
}

/// A tap is one payment of its card; a late completion is another use of it.
fn is_one_use_of_a_card(rows: &[&Value]) -> bool {
    let with_hold = |row: &&&Value| !row["hold"].is_null() && row["kind"]["late"].is_null();
    rows.iter().filter(with_hold).count() <= 1
}

/// Seeded disorder (xorshift).
struct Dice(u64);

impl Dice {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    fn below(&mut self, bound: u64) -> u64 {
        self.next() % bound
    }

    fn place(&mut self, count: usize) -> usize {
        usize::try_from(self.below(count as u64)).unwrap()
    }
}
