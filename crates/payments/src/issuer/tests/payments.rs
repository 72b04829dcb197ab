//! The ordinary life of a payment: approved, declined, captured, and what the limits say.

use alloy_primitives::Address;
use contracts::cash::abi::ICash::{self, HoldState};

use super::{
    ledger::{POOL, POOL_MINOR, SHOP},
    tap::{ACQUIRER, NOW_MS, Tap, advice, balance, completion, reversal},
    world::{BALANCE_MINOR, Card, World},
};
use crate::{
    issuer::{
        Reply, Settings,
        account::{allot, set_limits, set_pool},
        enrol::put_merchant,
        hold::Preimage,
        mismatch::Mismatch,
        records::{AccountKey, CardStatus, Limits, MerchantKey, MerchantRecord, PaymentState},
        reference::AccountReference,
        vault::Vault as _,
    },
    message::{
        Digits, Payment, Response,
        ResponseCode::{self, *},
        Text,
        amount::{AmountKind, CurrencyNumber, Processing, Signed, Transaction},
        card::{EntryMode, IccData},
    },
    profile::Strategy,
    tlv::{Tag, tag},
};

#[test]
fn a_tap_holds_the_money_and_a_completion_captures_it() {
    let mut world = World::new();
    let mut card = world.card(1);
    let message = card.tap(&Tap::of(1250));
    let response = world.ask(&message);
    assert_eq!((response.response_code, response.amount_minor), (Approved, Some(1250)));
    let payment = world.payment(&message);
    assert_eq!(payment.mismatches, []);
    assert_eq!(response.authorization_code.map(|code| code.as_str().to_owned()), payment.approval);
    assert_eq!(world.ledger.state(payment.hold.unwrap().id), HoldState::Open);
    assert_eq!((world.money(&card), world.ledger.held()), ((BALANCE_MINOR, 1250), 1250));
    world.assert_reconciled();

    assert_eq!(world.code(&completion(&message, 2, 1250)), Approved);
    assert_eq!((world.state(&message), world.money(&card)), (PaymentState::Captured, (BALANCE_MINOR - 1250, 0)));
    assert_eq!(world.ledger.balance(SHOP), 1250);
    world.assert_reconciled();
}

#[test]
fn nothing_is_said_before_the_ledger_is_final() {
    let mut world = World::new();
    let message = world.card(1).tap(&Tap::of(1250));
    let decision = world.send(&message);
    assert_eq!((decision.submit.len(), decision.answers.len()), (1, 0));
    assert_eq!(world.state(&message), PaymentState::Holding);
    assert_eq!(world.send(&message), crate::issuer::Decision { submit: vec![], ..decision });
    let settled = world.ledger_works();
    assert_eq!(settled.answers.len(), 1);
}

/// The ledger shows the token's hold to whoever has the preimage, and nothing to others.
#[test]
fn the_hold_id_is_the_keccak_of_what_the_payment_is() {
    let mut world = World::new();
    let message = world.card(1).tap(&Tap::of(1250));
    world.ask(&message);
    let payment = world.payment(&message);
    let preimage = Preimage::of(&payment, 31_337).unwrap();
    assert_eq!(preimage.id(), payment.hold.unwrap().id);
    let said = (&*preimage.token, &*preimage.merchant, &*preimage.terminal, &*preimage.acquirer);
    assert_eq!(said, (message.token.digits(), "SHOP-1", "TERM0001", "12345"));
    assert_eq!((&*preimage.amount_minor, &*preimage.currency, &*preimage.chain_id), ("1250", "EUR", "31337"));
}

#[test]
fn a_purchase_is_captured_as_soon_as_it_is_held() {
    let mut world = World::new();
    let mut card = world.card(1);
    let message = card.tap(&Tap::of(1250).purchase());
    let response = world.ask(&message);
    assert_eq!((response.response_code, response.amount_minor), (Approved, Some(1250)));
    assert_eq!((world.state(&message), world.money(&card)), (PaymentState::Captured, (BALANCE_MINOR - 1250, 0)));
    assert_eq!((world.ledger.nonce, world.ledger.balance(SHOP)), (2, 1250), "a hold and its capture");
    assert_eq!(world.code(&reversal(&message, 2)), InvalidTransaction, "the way back is a refund");
    assert_eq!(world.code(&completion(&message, 3, 1250)), InvalidTransaction);
    world.assert_reconciled();
}

/// 00 is durable with the signed capture; a purchase that nobody waits for any more is given back.
#[test]
fn a_purchase_is_answered_when_it_is_held_or_not_at_all() {
    let mut world = World::new();
    let mut card = world.card(1);
    let message = card.tap(&Tap::of(1250).purchase());
    world.send(&message);
    let raw = world.vault.outbox.get(&0).unwrap().raw.clone();
    assert_eq!(world.ledger.submit(&raw), Some(true));
    let settled = world.unit(|issuer, desk| issuer.settle(desk, 0, true)).unwrap();
    assert_eq!((settled.answers.len(), settled.submit.len()), (1, 1));
    assert_eq!(world.state(&message), PaymentState::Capturing);
    world.ledger_works();
    assert_eq!(world.state(&message), PaymentState::Captured);

    let late = card.tap(&Tap::of(500).purchase().stan(2));
    world.send(&late);
    world.now_ms += 10_001;
    world.ledger_works();
    assert_eq!((world.state(&late), world.code(&late)), (PaymentState::Reversed, IssuerUnavailable));
    assert_eq!(world.ledger.balance(SHOP), 1250);
    world.assert_reconciled();
}

#[test]
fn a_capture_of_a_purchase_that_the_ledger_refuses_is_tried_again() {
    let mut world = World::new();
    let mut card = world.card(1);
    let message = card.tap(&Tap::of(1250).purchase());
    world.send(&message);
    let raw = world.vault.outbox.get(&0).unwrap().raw.clone();
    world.ledger.submit(&raw);
    world.unit(|issuer, desk| issuer.settle(desk, 0, true)).unwrap();
    world.ledger.call(POOL, "EUR", ICash::pauseCall {});
    world.ledger_works();
    assert_eq!((world.state(&message), world.money(&card)), (PaymentState::Held, (BALANCE_MINOR, 1250)));
    world.pass(60_000);
    assert_eq!(world.ledger.nonce, 3, "refused again");
    world.ledger.call(POOL, "EUR", ICash::unpauseCall {});
    world.pass(59_999);
    assert_eq!(world.state(&message), PaymentState::Held);
    world.pass(1);
    assert_eq!((world.state(&message), world.ledger.balance(SHOP)), (PaymentState::Captured, 1250));
    world.assert_reconciled();
}

/// A tap after a change to world and card, or a message changed on its way.
fn check(
    prepare: impl FnOnce(&mut World, &mut Card),
    change: impl FnOnce(&mut Payment),
    code: ResponseCode,
    mismatches: &[Mismatch],
) {
    let mut world = World::new();
    let mut card = world.card(1);
    prepare(&mut world, &mut card);
    let mut message = card.tap(&Tap::of(1250));
    change(&mut message);
    assert_eq!(world.code(&message), code);
    let payment = world.payment(&message);
    assert_eq!((&payment.mismatches[..], payment.state, payment.hold), (mismatches, PaymentState::Declined, None));
    assert_eq!((world.money(&card), world.ledger.nonce), ((BALANCE_MINOR, 0), 0), "no ledger call");
    world.assert_reconciled();
}

fn unchanged(_: &mut Payment) {}

fn status(status: CardStatus) -> impl FnOnce(&mut World, &mut Card) {
    move |world, card| world.vault.set_card_status(&card.record.reference, status).unwrap()
}

fn limits(payment_minor: Option<u64>, day_minor: Option<u64>) -> impl FnOnce(&mut World, &mut Card) {
    move |world, card| {
        let _ = set_limits(&mut world.vault, card.account_key(), Limits { payment_minor, day_minor }).unwrap();
    }
}

fn balance_of(balance_minor: u64) -> impl FnOnce(&mut World, &mut Card) {
    move |world, card| {
        let account = world.vault.accounts.get_mut(&card.account_key()).unwrap();
        account.balance_minor = balance_minor;
    }
}

/// 9F10 with a card index that is no number.
const NOT_DECIMAL: [u8; 18] = [17, 1, 1, 0x03, 0xa0, 0, 0, 1, 0x1a, 0, 0, 0, 0, 0, 0, 0, 0, 0];

#[test]
fn each_refusal_has_its_code() {
    let unknown = |message: &mut Payment| message.merchant = Text::new("NOBODY").unwrap();
    check(|_, _| {}, unknown, InvalidMerchant, &[]);
    let dollars = |message: &mut Payment| message.currency = CurrencyNumber::new(840).unwrap();
    check(|_, _| {}, dollars, NotPermitted, &[Mismatch::Currency]);
    let keyed = |message: &mut Payment| message.entry_mode = EntryMode::parse(b"012");
    check(|_, _| {}, keyed, NotPermitted, &[Mismatch::EntryMode]);
    let cut = |tag: Tag, value: Option<&'static [u8]>| {
        move |message: &mut Payment| {
            let mut objects = message.icc_data.as_ref().unwrap().objects().clone();
            objects.remove(tag).unwrap();
            value.into_iter().for_each(|value| objects.insert(tag, value.to_vec()).unwrap());
            message.icc_data = Some(IccData::of(objects));
        }
    };
    check(|_, _| {}, cut(tag::LOCATION, None), FormatError, &[Mismatch::DataMissing]);
    check(|_, _| {}, cut(tag::MERCHANT_ID, Some(b"SHOP-1")), FormatError, &[Mismatch::DataLength]);
    check(|_, _| {}, cut(tag::MERCHANT_ID, Some(&[b' '; 16])), FormatError, &[Mismatch::DataLength]);
    check(|_, _| {}, cut(tag::IAD, Some(&NOT_DECIMAL)), FormatError, &[Mismatch::IssuerData]);
    check(|_, _| {}, cut(tag::IAD, Some(&[1; 4])), FormatError, &[Mismatch::IssuerData]);
    check(|_, _| {}, |message| message.amount_minor = 0, InvalidAmount, &[]);
    check(status(CardStatus::Blocked), unchanged, RestrictedCard, &[]);
    check(status(CardStatus::Lost), unchanged, LostCard, &[]);
    check(status(CardStatus::Stolen), unchanged, StolenCard, &[]);
    check(limits(Some(1249), None), unchanged, AmountLimitExceeded, &[]);
    check(limits(None, Some(1249)), unchanged, AmountLimitExceeded, &[]);
}

#[test]
fn what_is_not_there_is_not_spent() {
    let mut world = World::new();
    let mut card = world.card(1);
    assert_eq!(world.code(&card.tap(&Tap::of(BALANCE_MINOR + 1))), InsufficientFunds);
    assert_eq!(world.code(&card.tap(&Tap::of(BALANCE_MINOR).stan(2))), Approved);
    assert_eq!(world.code(&card.tap(&Tap::of(1).stan(3))), InsufficientFunds, "what is held is not there");
    world.assert_reconciled();
}

#[test]
fn a_card_without_an_account_in_the_currency_does_not_pay() {
    let mut world = World::new();
    let mut card = world.card(1);
    world.vault.accounts.clear();
    world.vault.pools.clear();
    assert_eq!(world.code(&card.tap(&Tap::of(1))), NotPermitted);
}

#[test]
fn a_card_is_good_until_its_last_month_is_over_everywhere() {
    // Of the card: December 2029. 1 January 2030 is over at the international date line at 12:00 UTC.
    let new_year_ms = 1_893_456_000_000;
    for (after_ms, code) in [(12 * 3_600_000 - 1_000, Approved), (12 * 3_600_000 + 1_000, ExpiredCard)] {
        let mut world = World::new();
        let mut card = world.card(1);
        world.now_ms = new_year_ms + after_ms;
        world.ledger.memory.now = world.now_ms / 1000;
        let tap = Tap { date: 300_101, time: 120_000, ..Tap::of(1250) };
        assert_eq!(world.code(&card.tap(&tap)), code);
    }
}

#[test]
fn a_part_is_approved_where_the_terminal_takes_it() {
    let mut world = World::new();
    let mut card = world.card(1);
    balance_of(1000)(&mut world, &mut card);
    world.vault.pools.get_mut(&978).unwrap().unallocated_minor += BALANCE_MINOR - 1000;
    let message = card.tap(&Tap { takes_partial: true, ..Tap::of(1250) });
    let response = world.ask(&message);
    assert_eq!((response.response_code, response.amount_minor), (PartiallyApproved, Some(1000)));
    let asked = response.amounts.first().unwrap();
    assert_eq!((asked.kind, asked.amount_minor), (AmountKind::OriginalAmount, Signed::Debit(1250)));
    assert_eq!((world.money(&card), world.payment(&message).amount_minor), ((1000, 1000), 1000));
    world.assert_reconciled();
    assert_eq!(world.code(&completion(&message, 2, 1000)), Approved);
    world.assert_reconciled();
}

#[test]
fn limits_count_what_is_spent_on_a_day() {
    let mut world = World::new();
    let mut card = world.card(1);
    limits(None, Some(1000))(&mut world, &mut card);
    let first = card.tap(&Tap::of(600));
    assert_eq!(world.code(&first), Approved);
    assert_eq!(world.code(&card.tap(&Tap::of(401).stan(2))), AmountLimitExceeded);
    assert_eq!(world.code(&reversal(&first, 3)), Approved, "what is given back can be spent again");
    assert_eq!(world.code(&card.tap(&Tap::of(1000).stan(4))), Approved);
}

#[test]
fn an_inquiry_tells_the_balance() {
    let mut world = World::new();
    let mut card = world.card(1);
    let held = card.tap(&Tap::of(1250));
    world.ask(&held);
    let inquiry = Tap { transaction: Transaction::BalanceInquiry, ..Tap::of(1).stan(2) };
    let message = card.tap(&inquiry);
    let told = |world: &mut World, message: &Payment| {
        let response = world.ask(message);
        assert_eq!(response.response_code, Approved);
        response.amounts.iter().map(|amount| (amount.kind, amount.amount_minor)).collect::<Vec<_>>()
    };
    let expected = [
        (AmountKind::LedgerBalance, Signed::Credit(BALANCE_MINOR)),
        (AmountKind::AvailableBalance, Signed::Credit(BALANCE_MINOR - 1250)),
    ];
    assert_eq!(told(&mut world, &message), expected);
    assert_eq!(world.state(&message), PaymentState::Answered);
    assert_eq!(told(&mut world, &balance(&held, 3)), expected, "its terminal may ask as long as the holder is there");
    world.now_ms = NOW_MS + 15 * 60_000 + 1;
    assert_eq!(world.code(&balance(&held, 4)), NotPermitted);
}

/// What somebody approved who stood in for the issuer is judged like its request, and the answer is worth waiting for.
#[test]
fn an_advice_is_held_like_its_request() {
    let mut world = World::new();
    let mut card = world.card(1);
    let told = advice(&card.tap(&Tap::of(1250)), 1, Approved);
    let Reply::Later(key) = world.send(&told).reply else { panic!("nothing waits") };
    let late = world.unit(|issuer, desk| issuer.too_late(desk, &key)).unwrap().unwrap();
    assert_eq!(Response::parse(&late).unwrap().response_code, IssuerUnavailable);
    assert_eq!(world.state(&told), PaymentState::Holding, "it goes on");
    world.now_ms += 60_000;
    world.ledger_works();
    assert_eq!(world.code(&Payment { repeat: true, ..told.clone() }), Approved);
    assert_eq!((world.state(&told), world.money(&card)), (PaymentState::Held, (BALANCE_MINOR, 1250)));
    assert_eq!(world.code(&completion(&told, 2, 1250)), Approved);
    world.assert_reconciled();

    let refused = advice(&card.tap(&Tap::of(1250).stan(3)), 3, DoNotHonour);
    assert_eq!((world.code(&refused), world.vault.payments.len()), (Approved, 1), "it is noted, and nothing moves");
    let too_much = advice(&card.tap(&Tap::of(BALANCE_MINOR).stan(4)), 4, Approved);
    assert_eq!(world.code(&too_much), InsufficientFunds, "nobody may approve what is not there");
    let mut forged = advice(&card.tap(&Tap::of(1250).stan(5)), 5, Approved);
    forged.amount_minor = 1251;
    assert_eq!(world.code(&forged), DoNotHonour);
    world.assert_reconciled();
}

/// T-31: what stays the same while tokens change links as much as the issuer chose, and is given to who was approved.
#[test]
fn an_account_reference_links_what_the_issuer_chose() {
    let references = |choice| {
        let settings = Settings { account_reference: choice, ..Settings::new(31_337, POOL) };
        let mut world = World::with_settings("combined", Strategy::Reverse, settings);
        let (mut card, mut other) = (world.card(1), world.card(2));
        let at_cafe = Tap::of(100).at_cafe().stan(3);
        let taps = [card.tap(&Tap::of(100)), card.tap(&Tap::of(200).stan(2)), card.tap(&at_cafe)];
        let all: Vec<Payment> = taps.into_iter().chain([other.tap(&Tap::of(100).stan(4))]).collect();
        let given: Vec<_> = all.iter().map(|message| world.ask(message).account_reference).collect();
        let declined = world.ask(&card.tap(&Tap::of(BALANCE_MINOR).stan(5)));
        assert_eq!((declined.response_code, declined.account_reference), (InsufficientFunds, None));
        given.into_iter().map(|given| given.map(|text| text.as_str().to_owned())).collect::<Vec<_>>()
    };
    assert_eq!(references(AccountReference::None), vec![None; 4]);
    let at_merchants = references(AccountReference::Merchant);
    let [first, second, cafe, other] = [0, 1, 2, 3].map(|at: usize| at_merchants[at].as_deref().unwrap());
    assert!(first == second && first != cafe && first != other, "{at_merchants:?}");
    assert!(first.len() == 29 && first.starts_with("CFOL") && first.bytes().all(|byte| byte.is_ascii_alphanumeric()));
    let everywhere = references(AccountReference::Card);
    assert!(everywhere[0] == everywhere[2] && everywhere[0] != everywhere[3] && everywhere[0] != at_merchants[0]);
}

#[test]
fn totals_count_what_is_final_at_each_merchant() {
    let mut world = World::new();
    let mut card = world.card(1);
    let messages: Vec<Payment> = (1..=3).map(|stan| card.tap(&Tap::of(1000).stan(stan))).collect();
    for message in &messages {
        world.ask(message);
    }
    world.ask(&completion(&messages[0], 11, 900));
    world.ask(&reversal(&messages[1], 12));
    world.ask(&card.tap(&Tap::of(BALANCE_MINOR).stan(4)));
    world.ask(&card.tap(&Tap::of(300).at_cafe().stan(5)));
    let today = u32::try_from(NOW_MS / 86_400_000).unwrap();
    let totals = world.vault.totals(today, today).unwrap();
    assert_eq!(totals.iter().map(|total| &*total.key.merchant.merchant).collect::<Vec<_>>(), ["CAFE-7", "SHOP-1"]);
    let shop = totals.last().unwrap();
    assert_eq!((shop.held_count, shop.held_minor, shop.declined_count), (3, 3000, 1));
    assert_eq!((shop.captured_count, shop.captured_minor), (1, 900));
    assert_eq!((shop.reversed_count, shop.reversed_minor), (1, 1000));
}

#[test]
fn a_merchant_that_is_removed_is_paid_what_was_authorized_and_nothing_new() {
    let mut world = World::new();
    let mut card = world.card(1);
    let held = card.tap(&Tap::of(1000));
    assert_eq!(world.code(&held), Approved);
    let key = MerchantKey { acquirer: ACQUIRER.into(), merchant: "SHOP-1".into() };
    world.vault.remove_merchant(&key).unwrap();
    assert_eq!(world.code(&card.tap(&Tap::of(1000).stan(2))), InvalidMerchant);
    assert_eq!(world.code(&completion(&held, 3, 1000)), Approved);
    assert_eq!(world.ledger.balance(SHOP), 1000);
    world.assert_reconciled();
}

#[test]
fn the_acquirer_of_the_message_is_that_of_the_connection() {
    let mut world = World::new();
    let message = world.card(1).tap(&Tap::of(1250));
    let request = message.clone().into();
    let decision = world.unit(|issuer, desk| issuer.request(desk, "99999", &request)).unwrap();
    let crate::issuer::Reply::Now(bytes) = decision.reply else { panic!("{decision:?}") };
    assert_eq!(crate::message::Response::parse(&bytes).unwrap().response_code, NotPermitted);
    assert_eq!((world.vault.payments.len(), world.vault.exchanges.len()), (0, 0));
    assert_eq!(world.code(&message), Approved);
}

#[test]
fn a_type_that_does_not_fit_is_told() {
    let change = |message: &mut Payment| {
        message.processing = Processing::of(Transaction::BalanceInquiry);
        message.condition = Digits::of(0);
    };
    check(|_, _| {}, change, DoNotHonour, &[Mismatch::Type]);
}

/// Amounts count the smallest unit of the currency, whatever its exponent: 1250 yen are 1250.
#[test]
fn a_currency_without_cents_is_held_as_it_is_written() {
    let mut world = World::new();
    let mut card = world.card(1);
    let settings = Settings::new(31_337, POOL);
    let key = MerchantKey { acquirer: ACQUIRER.into(), merchant: "CAFE-7".into() };
    let merchant = MerchantRecord { key, currency: 392, address: SHOP, category: Some(5411) };
    put_merchant(&mut world.vault, &settings, &merchant).unwrap();
    set_pool(&mut world.vault, 392, POOL_MINOR).unwrap();
    let yen = AccountKey { currency: 392, ..card.account_key() };
    allot(&mut world.vault, yen, 2000).unwrap();
    let message = card.tap(&Tap { currency: 392, ..Tap::of(1250).at_cafe() });
    assert_eq!(world.code(&message), Approved);
    assert_eq!(world.vault.accounts.get(&yen).unwrap().held_minor, 1250);
    world.assert_reconciled();
    let euros = card.tap(&Tap::of(1250).at_cafe().stan(2));
    assert_eq!(world.code(&euros), NotPermitted, "the merchant is paid in yen");
    assert_eq!(world.payment(&euros).mismatches, [Mismatch::Currency]);
    for wrong in [
        MerchantRecord { currency: 0, ..merchant.clone() },
        MerchantRecord { address: POOL, ..merchant.clone() },
        MerchantRecord { address: Address::ZERO, ..merchant },
    ] {
        assert!(put_merchant(&mut world.vault, &settings, &wrong).is_err());
    }
}
