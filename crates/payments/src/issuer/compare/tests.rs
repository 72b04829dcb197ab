//! Each difference between message and card has its name (T-29), and what is tolerated has none.

use alloy_primitives::Address;

use super::*;
use crate::{
    issuer::{
        records::{MerchantKey, MerchantRecord},
        tests::tap::{ACQUIRER, NOW_MS, Tap, unproven},
    },
    message::{
        Digits, LocalDate, LocalTime, Text,
        amount::{CurrencyNumber, Processing},
        card::IccData,
    },
};

fn merchant() -> MerchantRecord {
    let key = MerchantKey { acquirer: ACQUIRER.into(), merchant: "SHOP-1".into() };
    MerchantRecord { key, currency: 978, address: Address::ZERO, category: Some(5411) }
}

fn settings() -> Settings {
    Settings { tip_percent: 20, ..Settings::new(1, Address::ZERO) }
}

/// What a message does not agree in with what the card saw.
fn found(tap: &Tap, change: impl FnOnce(&mut Payment), now_ms: u64) -> Vec<Mismatch> {
    let mut payment = tap.message(&unproven());
    change(&mut payment);
    let data = payment.icc_data.clone().unwrap();
    let chip = Chip::read(&data).unwrap();
    let (merchant, settings) = (merchant(), settings());
    let comparison =
        Comparison { payment: &payment, chip: &chip, merchant: &merchant, card: None, settings: &settings, now_ms };
    let mut found = comparison.mismatches();
    found.extend((!comparison.currency_agrees()).then_some(Mismatch::Currency));
    found
}

fn check(change: impl FnOnce(&mut Payment), expected: &[Mismatch]) {
    assert_eq!(found(&Tap::of(1000), change, NOW_MS), expected);
}

/// T-29, abuse case 2: each parameter that is exchanged in flight has its name.
#[test]
fn each_difference_is_told_by_name() {
    check(|_| {}, &[]);
    check(|payment| payment.amount_minor = 999, &[Mismatch::Amount]);
    check(|payment| payment.amount_minor = 1200, &[]);
    check(|payment| payment.amount_minor = 1201, &[Mismatch::Amount]);
    check(|payment| payment.currency = CurrencyNumber::new(840).unwrap(), &[Mismatch::Currency]);
    check(|payment| payment.merchant_category = Digits::of(5412), &[Mismatch::Category]);
    check(|payment| payment.merchant_category = None, &[Mismatch::Category]);
    check(|payment| payment.merchant = Text::new("SHOP-2").unwrap(), &[Mismatch::Merchant]);
    check(|payment| payment.terminal = Text::new("TERM0002").unwrap(), &[Mismatch::Terminal]);
    check(|payment| payment.merchant_place = Text::new("ANOTHER SHOP"), &[Mismatch::Location]);
    check(|payment| payment.merchant_place = None, &[Mismatch::Location]);
    check(|payment| payment.processing = Processing::of(Transaction::Refund), &[Mismatch::Type]);
}

/// Abuse case 8: no transaction of this issuer has another amount.
#[test]
fn another_amount_is_told_by_name() {
    let other = |value: [u8; 6]| {
        move |payment: &mut Payment| {
            let mut objects = payment.icc_data.as_ref().unwrap().objects().clone();
            objects.remove(tag::OTHER_AMOUNT).unwrap();
            objects.insert(tag::OTHER_AMOUNT, value.to_vec()).unwrap();
            payment.icc_data = Some(IccData::of(objects));
        }
    };
    check(other([0; 6]), &[]);
    check(other([0, 0, 0, 0, 0, 1]), &[Mismatch::OtherAmount]);
    check(other([0, 0, 0, 0, 0, 0x0a]), &[Mismatch::OtherAmount]);
}

/// Abuse case 3: clocks that differ, midnight, the turn of a year, the leap day.
#[test]
fn clocks_may_differ_by_their_skew() {
    let at = |date: &'static str, time: &'static str| {
        move |payment: &mut Payment| {
            payment.local_date = LocalDate::parse(date).unwrap();
            payment.local_time = LocalTime::parse(time).unwrap();
        }
    };
    check(at("1127", "131000"), &[]);
    check(at("1127", "131001"), &[Mismatch::DateTime]);
    check(at("1126", "130000"), &[Mismatch::DateTime]);
    let midnight = Tap { date: 261_231, time: 235_959, ..Tap::of(1000) };
    let new_year_ms = 1_798_761_600_000;
    assert_eq!(found(&midnight, at("0101", "000500"), new_year_ms), []);
    assert_eq!(found(&midnight, at("0102", "000500"), new_year_ms), [Mismatch::DateTime]);
    let leap_day = Tap { date: 280_229, time: 235_959, ..Tap::of(1000) };
    assert_eq!(found(&leap_day, at("0301", "000001"), 1_835_481_600_000), []);
}

/// Abuse case 3: local time is not UTC, and no longer ago or ahead than any place's.
#[test]
fn a_tap_is_of_now_somewhere_on_earth() {
    let hours = |hours: i64| NOW_MS.checked_add_signed(hours * 3_600_000).unwrap();
    let tap = Tap::of(1000);
    assert_eq!(found(&tap, |_| {}, hours(13)), []);
    assert_eq!(found(&tap, |_| {}, hours(14)), [Mismatch::Clock]);
    assert_eq!(found(&tap, |_| {}, hours(-13)), []);
    assert_eq!(found(&tap, |_| {}, hours(-14)), [Mismatch::Clock]);
    for (date, time) in [(0, 130_000), (261_131, 130_000), (270_229, 130_000), (261_127, 240_000)] {
        let tap = Tap { date, time, ..tap.clone() };
        let same = |payment: &mut Payment| *payment = Tap::of(1000).message(&unproven());
        let data = tap.icc_data(&unproven());
        let change = |payment: &mut Payment| {
            same(payment);
            payment.icc_data = Some(data);
        };
        assert_eq!(found(&Tap::of(1000), change, NOW_MS), [Mismatch::DateTime, Mismatch::Clock], "{date} {time}");
    }
}
