//! Every read of the hot path goes by an index: SQLite itself says how many rows it scanned and sorted.

use std::{cell::Cell, time::Duration};

use ::payments::{
    issuer::{
        atc::AtcWindow,
        records::{
            Answer, HoldTerms, MerchantKey, OutboxKind, PaymentKind, PaymentState, RequestKey, TotalKey, WrappedKeys,
        },
    },
    number::Expiry,
    profile::Strategy,
};
use primitives::{Address, B256, Masked};
use rusqlite::{Statement, StatementStatus};

use super::*;
use crate::{database::Location, seal::MasterKey};

thread_local! {
    static EFFORT: Cell<i32> = const { Cell::new(0) };
}

/// Called for each query of the tests of this crate.
pub(crate) fn note_effort(statement: &Statement<'_>) {
    let spent = [StatementStatus::FullscanStep, StatementStatus::Sort];
    let spent: i32 = spent.into_iter().map(|status| statement.reset_status(status)).sum();
    EFFORT.set(EFFORT.get() + spent);
}

/// Rows scanned and sorts made by one question.
fn effort<T>(unit: &mut Unit<'_>, question: impl FnOnce(&mut dyn Vault) -> VaultResult<T>) -> i32 {
    EFFORT.set(0);
    question(unit).unwrap();
    EFFORT.get()
}

fn reference(count: u64) -> CardReference {
    cards::from_number(count).unwrap()
}

fn request(count: u64) -> RequestKey {
    let (acquirer, terminal) = ("123456".into(), "TERM0001".into());
    RequestKey { acquirer, terminal, stan: format!("{count:06}"), transmitted: "1127000000".into(), reversal: false }
}

fn payment(count: u64) -> PaymentRecord {
    let state = match count % 50 {
        0 => PaymentState::Holding,
        1 => PaymentState::Held,
        _ => PaymentState::Captured,
    };
    PaymentRecord {
        id: PaymentId(0),
        kind: PaymentKind::Authorization,
        state,
        request: request(count),
        rrn: format!("{count:012}"),
        merchant: MerchantKey { acquirer: "123456".into(), merchant: "M".into() },
        token: Token::parse("9900000000000002").unwrap(),
        currency: 978,
        requested_minor: 1,
        amount_minor: 1,
        captured_minor: 0,
        refunded_minor: 0,
        card: Some(reference(count)),
        atc: Some(1),
        use_number: 0,
        cryptogram: Some([1; 8]),
        hold: Some(HoldTerms {
            id: B256::from([&[0; 24][..], &count.to_be_bytes()].concat().try_into().unwrap_or([0; 32])),
            salt: B256::ZERO,
            from: Address::ZERO,
            to: Address::ZERO,
            first_minor: 1,
            expiry_s: 1,
        }),
        mismatches: Vec::new(),
        response: "00".into(),
        approval: None,
        day: 1,
        decided_ms: 1,
        deadline_ms: 1,
        due_ms: count,
        changed_ms: 1,
        steps: 0,
    }
}

fn card(unit: &mut Unit<'_>, count: u64) -> CardRecord {
    let number = unit.seal(&reference(count), &Pan::parse("5413330089020011").unwrap()).unwrap();
    CardRecord {
        reference: reference(count),
        number,
        number_hash: NumberHash(std::array::from_fn(|at| count.to_be_bytes()[at % 8])),
        truncated: "541333******0011".into(),
        sequence: 1,
        expiry: Expiry::parse("3112").unwrap(),
        token_expiry: Expiry::parse("3211").unwrap(),
        token_bin: "990000".into(),
        keys: WrappedKeys(vec![1; 90]),
        status: [CardStatus::Active, CardStatus::Lost][usize::from(count.is_multiple_of(50))],
        atc: AtcWindow::default(),
        created_ms: 1,
    }
}

fn fill(unit: &mut Unit<'_>) {
    let (token_bin, pan_bin) = ("990000".into(), "541333".into());
    let profile = ::payments::profile::Profile::named("combined").unwrap();
    unit.add_range(&RangeRecord { token_bin, pan_bin, key_set: 1, profile, strategy: Strategy::Reverse }).unwrap();
    for count in 0..ROWS {
        let card = card(unit, count);
        unit.add_card(&card).unwrap();
        let id = unit.add_payment(&payment(count)).unwrap();
        let answer = Answer::Waiting { if_done: vec![], if_failed: vec![] };
        let (key, fingerprint, mismatches) = (request(count), B256::ZERO, vec![]);
        let exchange = ExchangeRecord { key, fingerprint, payment: Some(id), answer, mismatches, received_ms: count };
        unit.add_exchange(&exchange).unwrap();
        let kind = OutboxKind::Void;
        let state = [OutboxState::Done, OutboxState::Open][usize::from(count.is_multiple_of(50))];
        let hash = payment(count).hold.unwrap().id;
        unit.add_outbox(&OutboxRow { nonce: count, raw: vec![1], hash, payment: id, kind, state }).unwrap();
    }
}

#[test]
fn no_keyed_read_scans_or_sorts() {
    let folder = tempfile::tempdir().unwrap();
    let mut connection = Location::new(folder.path(), Duration::from_secs(1)).prepare().unwrap();
    let master = MasterKey::new("tests", Masked::new([1; 32])).unwrap();
    let sealer = Sealer::open(&mut connection, &master).unwrap();
    connection.execute_batch("BEGIN").unwrap();
    let mut unit = Unit::new(&connection, &sealer, Retention::default());
    fill(&mut unit);
    let token = Token::parse("9900000000000002").unwrap();
    let account = AccountKey { card: reference(7), currency: 978 };
    let merchant = MerchantKey { acquirer: "123456".into(), merchant: "M".into() };
    let total = TotalKey { merchant: merchant.clone(), currency: 978, day: 1 };
    let declined = PaymentRecord { state: PaymentState::Declined, card: None, hold: None, ..payment(0) };
    let unit = &mut unit;
    let efforts = [
        ("card", effort(unit, |unit| unit.card(&reference(7)))),
        ("card_by_number", effort(unit, |unit| unit.card_by_number(&NumberHash([7; 32])))),
        ("cards lost", effort(unit, |unit| unit.cards(Some(CardStatus::Lost), Some(&reference(60)), 3))),
        ("cards", effort(unit, |unit| unit.cards(None, Some(&reference(60)), 3))),
        ("registration", effort(unit, |unit| unit.registration(&token, &[1; 6]))),
        ("account", effort(unit, |unit| unit.account(&account))),
        ("accounts", effort(unit, |unit| unit.accounts(&account.card))),
        ("pool", effort(unit, |unit| unit.pool(978))),
        ("merchant", effort(unit, |unit| unit.merchant(&merchant))),
        ("total", effort(unit, |unit| unit.total(&total))),
        ("totals", effort(unit, |unit| unit.totals(1, 2))),
        ("exchange", effort(unit, |unit| unit.exchange(&request(7)))),
        ("waiting", effort(unit, |unit| unit.waiting(PaymentId(7)))),
        ("forget_exchanges", effort(unit, |unit| unit.forget_exchanges(0))),
        ("add_payment", effort(unit, |unit| unit.add_payment(&declined))),
        ("payment", effort(unit, |unit| unit.payment(PaymentId(7)))),
        ("payment_of", effort(unit, |unit| unit.payment_of(&request(7)))),
        ("payments_by_rrn", effort(unit, |unit| unit.payments_by_rrn("123456", "000000000007", 3))),
        ("payments", effort(unit, |unit| unit.payments(Some(PaymentId(99)), 3))),
        ("uses", effort(unit, |unit| unit.uses(&reference(7), 1, 3))),
        ("unfinished", effort(unit, |unit| unit.unfinished(3))),
        ("due", effort(unit, |unit| unit.due(ROWS / 2, 3))),
        ("next_nonce", effort(unit, |unit| unit.next_nonce())),
        ("outbox", effort(unit, |unit| unit.outbox(7))),
        ("outbox_open", effort(unit, |unit| unit.outbox_open(3))),
        ("outbox_of", effort(unit, |unit| unit.outbox_of(PaymentId(7)))),
    ];
    // A list along an index of few rows counts each row that it gives: three were asked for.
    let costly: Vec<_> = efforts.into_iter().filter(|(_, effort)| *effort > 3).collect();
    assert_eq!(costly, []);
    assert!(effort(unit, |unit| unit.sums()) > 0, "the measure itself");
}

/// Of the eight indexes of payments, a change of state touches the two that are about states.
#[test]
fn a_change_of_a_payment_leaves_other_indexes_alone() {
    let folder = tempfile::tempdir().unwrap();
    let connection = Location::new(folder.path(), Duration::from_secs(1)).prepare().unwrap();
    let mut program = connection.prepare(&format!("EXPLAIN {}", payments::UPDATE)).unwrap();
    let operations: Vec<String> = program.query_map([0; 8], |row| row.get(1)).unwrap().map(Result::unwrap).collect();
    let count = |name: &str| operations.iter().filter(|operation| *operation == name).count();
    assert_eq!((count("IdxDelete"), count("Insert")), (2, 1), "{operations:?}");
}

const ROWS: u64 = 300;
