//! Each kind of row comes back as it was written, is found by every key that it has, and says by name what does not go.

use payments::{
    issuer::{
        atc::AtcWindow,
        mismatch::Mismatch,
        records::{
            AccountKey, AccountRecord, Answer, CardReference, CardStatus, DaySpent, ExchangeRecord, Limits,
            MerchantRecord, OutboxKind, OutboxRow, OutboxState, PaymentId, PaymentKind, PaymentRecord, PaymentState,
            PoolRecord, RangeRecord, RegistrationRecord, SealedNumber, Sums, TotalKey, TotalRecord,
        },
        vault::{Vault, VaultError},
    },
    profile::Strategy,
};
use primitives::{Address, B256};
use vault::SqliteVault;

use crate::records::*;

fn with_card() -> (tempfile::TempDir, SqliteVault) {
    let folder = tempfile::tempdir().unwrap();
    let vault = open(folder.path());
    add_range(&vault);
    write(&vault, |vault| add_card(vault, 1)).unwrap();
    (folder, vault)
}

/// What a unit refuses with; nothing of it is left.
fn refusal<T: Send + 'static>(
    vault: &SqliteVault,
    work: impl FnOnce(&mut dyn Vault) -> Result<T, VaultError> + Send + 'static,
) -> VaultError {
    write(vault, work).err().unwrap()
}

#[test]
fn ranges() {
    let folder = tempfile::tempdir().unwrap();
    let vault = open(folder.path());
    let other = RangeRecord { token_bin: "98".into(), pan_bin: "54".into(), strategy: Strategy::Vault, ..range() };
    for range in [range(), other.clone()] {
        write(&vault, move |vault| vault.add_range(&range)).unwrap();
    }
    assert_eq!(read(&vault, |vault| vault.ranges()), [other, range()]);
    let same_token_bin = RangeRecord { key_set: 9, ..range() };
    let same_pan_bin = RangeRecord { token_bin: "990001".into(), ..range() };
    for again in [same_token_bin, same_pan_bin] {
        assert_eq!(refusal(&vault, move |vault| vault.add_range(&again)), VaultError::Conflict("the range"));
    }
    assert_eq!(read(&vault, |vault| vault.ranges()).len(), 2);
}

#[test]
fn cards() {
    let (folder, vault) = with_card();
    let card = read(&vault, |vault| vault.card(&reference(1))).unwrap();
    assert_eq!(read(&vault, |vault| vault.card_by_number(&number_hash(&pan(1)))), Some(card.clone()));
    assert_eq!(read(&vault, |vault| vault.card(&reference(2))), None);
    assert_eq!(read(&vault, |vault| vault.card_by_number(&number_hash(&pan(2)))), None);
    assert_eq!(read(&vault, |vault| vault.reveal(&reference(1), &card.number)), pan(1));

    let (same_reference, mut same_number) = (card.clone(), card.clone());
    same_number.reference = reference(2);
    let (mut elsewhere, mut nowhere) = (card.clone(), card.clone());
    (elsewhere.reference, elsewhere.number_hash.0) = (reference(3), [9; 32]);
    (nowhere.reference, nowhere.number_hash.0, nowhere.token_bin) = (reference(4), [8; 32], "77".into());
    for again in [same_reference, same_number] {
        assert_eq!(refusal(&vault, move |vault| vault.add_card(&again)), VaultError::Conflict("the card"));
    }
    assert_eq!(refusal(&vault, move |vault| vault.add_card(&nowhere)), VaultError::Missing("the range of the card"));
    write(&vault, move |vault| vault.add_card(&elsewhere)).unwrap();

    let atc = [7, 300, 299, 65_535].into_iter().fold(AtcWindow::default(), AtcWindow::with);
    write(&vault, move |vault| vault.set_card_atc(&reference(1), &atc)).unwrap();
    write(&vault, |vault| vault.set_card_status(&reference(1), CardStatus::Lost)).unwrap();
    let missing = VaultError::Missing("the card");
    assert_eq!(refusal(&vault, move |vault| vault.set_card_atc(&reference(2), &atc)), missing);
    assert_eq!(refusal(&vault, |vault| vault.set_card_status(&reference(2), CardStatus::Lost)), missing);
    drop(vault);
    let changed = read(&open(folder.path()), |vault| vault.card(&reference(1))).unwrap();
    assert_eq!((changed.atc, changed.status), (atc, CardStatus::Lost));
}

#[test]
fn a_number_is_revealed_for_its_own_card_only() {
    let (_folder, vault) = with_card();
    let sealed = read(&vault, |vault| vault.card(&reference(1))).unwrap().number;
    let mut changed = sealed.0.clone();
    *changed.last_mut().unwrap() ^= 1;
    let damaged = Err(VaultError::Damaged("number"));
    assert_eq!(vault.read(|vault| vault.reveal(&reference(2), &sealed)), damaged);
    assert_eq!(vault.read(|vault| vault.reveal(&reference(1), &SealedNumber(changed))), damaged);
    assert_eq!(vault.read(|vault| vault.reveal(&reference(1), &SealedNumber(Vec::new()))), damaged);
}

#[test]
fn cards_are_listed_by_status_page_by_page() {
    let folder = tempfile::tempdir().unwrap();
    let vault = open(folder.path());
    add_range(&vault);
    let statuses = [CardStatus::Active, CardStatus::Lost, CardStatus::Blocked, CardStatus::Stolen];
    write(&vault, move |vault| {
        for count in (0..20).rev() {
            add_card(vault, count)?;
            vault.set_card_status(&reference(count), statuses[usize::try_from(count % 4).unwrap()])?;
        }
        Ok(())
    })
    .unwrap();
    let list = |status, after: Option<u64>, limit| -> Vec<CardReference> {
        let cards = read(&vault, |vault| vault.cards(status, after.map(reference).as_ref(), limit));
        cards.into_iter().map(|card| card.reference).collect()
    };
    let of = |numbers: &[u64]| numbers.iter().map(|number| reference(*number)).collect::<Vec<_>>();
    assert_eq!(list(Some(CardStatus::Lost), None, 100), of(&[1, 5, 9, 13, 17]));
    assert_eq!(list(Some(CardStatus::Lost), Some(5), 2), of(&[9, 13]));
    assert_eq!(list(Some(CardStatus::Stolen), Some(19), 2), of(&[]));
    assert_eq!(list(None, None, 3), of(&[0, 1, 2]));
    assert_eq!(list(None, Some(17), 100), of(&[18, 19]));
}

#[test]
fn registrations() {
    let (_folder, vault) = with_card();
    write(&vault, |vault| add_card(vault, 2)).unwrap();
    let first = RegistrationRecord { token: token(5), card_index: [1; 6], card: reference(1) };
    let other_index = RegistrationRecord { card_index: [2; 6], card: reference(2), ..first.clone() };
    for registration in [first.clone(), other_index, first.clone()] {
        write(&vault, move |vault| vault.register(&registration)).unwrap();
    }
    let of = |index: u8| read(&vault, |vault| vault.registration(&token(5), &[index; 6]));
    assert_eq!([of(1), of(2), of(3)], [Some(reference(1)), Some(reference(2)), None]);
    let taken = RegistrationRecord { card: reference(2), ..first.clone() };
    assert_eq!(refusal(&vault, move |vault| vault.register(&taken)), VaultError::Conflict("the registration"));
    let nobody = RegistrationRecord { card: reference(3), card_index: [3; 6], ..first };
    assert_eq!(
        refusal(&vault, move |vault| vault.register(&nobody)),
        VaultError::Missing("the card of the registration")
    );
}

#[test]
fn accounts_and_pools() {
    let (_folder, vault) = with_card();
    let limits = Limits { payment_minor: Some(0), day_minor: None };
    let spent = DaySpent { day: u32::MAX, minor: i64::MAX.unsigned_abs() };
    let strange = AccountRecord {
        key: AccountKey { currency: 392, ..account(1, 0, 0).key },
        balance_minor: i64::MAX.unsigned_abs(),
        held_minor: i64::MAX.unsigned_abs(),
        limits,
        spent,
    };
    for record in [account(1, 10, 3), strange.clone(), account(1, 500, 0)] {
        write(&vault, move |vault| vault.put_account(&record)).unwrap();
    }
    assert_eq!(read(&vault, |vault| vault.accounts(&reference(1))), [strange.clone(), account(1, 500, 0)]);
    assert_eq!(read(&vault, |vault| vault.account(&strange.key)), Some(strange.clone()));
    assert_eq!(read(&vault, |vault| vault.account(&account(2, 0, 0).key)), None);
    assert_eq!(
        refusal(&vault, |vault| vault.put_account(&account(2, 1, 0))),
        VaultError::Missing("the card of the account")
    );
    // Money that is not there cannot be held, whatever a caller believes.
    assert!(matches!(refusal(&vault, |vault| vault.put_account(&account(1, 1, 2))), VaultError::Storage(_)));
    let huge = AccountRecord { balance_minor: u64::MAX, ..account(1, 0, 0) };
    assert_eq!(refusal(&vault, move |vault| vault.put_account(&huge)), VaultError::TooLarge("account"));

    for unallocated_minor in [7, 9] {
        write(&vault, move |vault| vault.put_pool(&PoolRecord { currency: EUR, unallocated_minor })).unwrap();
    }
    let pool = PoolRecord { currency: EUR, unallocated_minor: 9 };
    assert_eq!(read(&vault, |vault| vault.pool(EUR)), Some(pool));
    assert_eq!(read(&vault, |vault| vault.pool(840)), None);
}

#[test]
fn sums_of_great_amounts_do_not_overflow() {
    let folder = tempfile::tempdir().unwrap();
    let vault = open(folder.path());
    add_range(&vault);
    let most = i64::MAX.unsigned_abs();
    write(&vault, move |vault| {
        for count in 1..=5 {
            add_card(vault, count)?;
            vault.put_account(&account(count, most, most - count))?;
        }
        vault.put_pool(&PoolRecord { currency: EUR, unallocated_minor: most })?;
        vault.put_pool(&PoolRecord { currency: 392, unallocated_minor: 3 })
    })
    .unwrap();
    let sums = [
        Sums { currency: 392, balance_minor: 0, held_minor: 0, unallocated_minor: 3 },
        Sums {
            currency: EUR,
            balance_minor: 5 * u128::from(most),
            held_minor: 5 * u128::from(most) - 15,
            unallocated_minor: most,
        },
    ];
    assert_eq!(read(&vault, |vault| vault.sums()), sums);
}

#[test]
fn merchants_and_totals() {
    let folder = tempfile::tempdir().unwrap();
    let vault = open(folder.path());
    let moved = MerchantRecord { address: Address::repeat_byte(9), category: None, currency: 392, ..merchant(1) };
    for record in [merchant(2), merchant(1), moved.clone()] {
        write(&vault, move |vault| vault.put_merchant(&record)).unwrap();
    }
    assert_eq!(read(&vault, |vault| vault.merchants()), [moved.clone(), merchant(2)]);
    write(&vault, |vault| vault.remove_merchant(&merchant_key(2))).unwrap();
    assert_eq!(read(&vault, |vault| vault.merchants()), std::slice::from_ref(&moved));
    let missing = VaultError::Missing("the merchant");
    assert_eq!(refusal(&vault, |vault| vault.remove_merchant(&merchant_key(2))), missing);
    assert_eq!(read(&vault, |vault| vault.merchant(&merchant_key(1))), Some(moved));
    assert_eq!(read(&vault, |vault| vault.merchant(&merchant_key(3))), None);

    let key = |day, count| TotalKey { merchant: merchant_key(count), currency: EUR, day };
    let full = |day, count| TotalRecord {
        declined_count: 1,
        held_count: 2,
        held_minor: 3,
        captured_count: 4,
        captured_minor: 5,
        reversed_count: 6,
        reversed_minor: 7,
        refunded_count: 8,
        refunded_minor: 9,
        key: key(day, count),
    };
    let put = [TotalRecord::new(key(2, 1)), full(3, 1), full(1, 2), full(2, 1), full(1, 1)];
    for total in put {
        write(&vault, move |vault| vault.put_total(&total)).unwrap();
    }
    assert_eq!(read(&vault, |vault| vault.total(&key(2, 1))), Some(full(2, 1)));
    assert_eq!(read(&vault, |vault| vault.total(&key(2, 2))), None);
    assert_eq!(read(&vault, |vault| vault.totals(1, 2)), [full(1, 1), full(1, 2), full(2, 1)]);
    assert_eq!(read(&vault, |vault| vault.totals(4, u32::MAX)), []);
}

#[test]
fn exchanges() {
    let (_folder, vault) = with_card();
    let payment = write(&vault, |vault| vault.add_payment(&holding(1, 1, 1, 0))).unwrap();
    let waiting = Answer::Waiting { if_done: b"00".to_vec(), if_failed: Vec::new() };
    let with = |count, answer: &Answer| ExchangeRecord { answer: answer.clone(), ..exchange(count, Some(payment)) };
    let (first, second) = (with(2, &waiting), with(1, &waiting));
    let alone = ExchangeRecord { mismatches: vec![Mismatch::OriginalMerchant], ..exchange(3, None) };
    for record in [first.clone(), second.clone(), alone.clone()] {
        write(&vault, move |vault| vault.add_exchange(&record)).unwrap();
    }
    assert_eq!(read(&vault, |vault| vault.unfit_exchanges(9)), std::slice::from_ref(&alone));
    assert_eq!(read(&vault, |vault| vault.waiting(payment)), [first.clone(), second.clone()]);
    assert_eq!(read(&vault, |vault| vault.exchanges_of(payment, 9)), [first.clone(), second.clone()]);
    assert_eq!(read(&vault, |vault| vault.exchanges_of(payment, 1)), std::slice::from_ref(&first));
    assert_eq!(read(&vault, |vault| vault.exchanges_of(PaymentId(99), 9)), []);
    let newer = exchange(4, None);
    let added = newer.clone();
    write(&vault, move |vault| vault.add_exchange(&added)).unwrap();
    assert_eq!(read(&vault, |vault| vault.loose_exchanges("123456", 9)), [newer.clone(), alone]);
    assert_eq!(read(&vault, |vault| vault.loose_exchanges("123456", 1)), [newer]);
    assert_eq!(read(&vault, |vault| vault.loose_exchanges("999999", 9)), []);
    let again = ExchangeRecord { fingerprint: B256::ZERO, ..first.clone() };
    assert_eq!(refusal(&vault, move |vault| vault.add_exchange(&again)), VaultError::Conflict("the exchange"));
    let orphan = exchange(9, Some(PaymentId(99)));
    let missing = VaultError::Missing("the payment of the exchange");
    assert_eq!(refusal(&vault, move |vault| vault.add_exchange(&orphan)), missing);

    let ready = Answer::Ready(b"ready".to_vec());
    let set = ready.clone();
    write(&vault, move |vault| vault.set_answer(&request(2), &set)).unwrap();
    assert_eq!(read(&vault, |vault| vault.waiting(payment)), [second]);
    assert_eq!(read(&vault, |vault| vault.exchanges_of(payment, 9)).len(), 2, "answered ones too");
    assert_eq!(
        read(&vault, |vault| vault.exchange(&request(2))),
        Some(ExchangeRecord { answer: ready.clone(), ..first })
    );
    assert_eq!(
        refusal(&vault, move |vault| vault.set_answer(&request(9), &ready)),
        VaultError::Missing("the exchange")
    );

    // What still waits is never forgotten.
    let forgotten = |before_ms| write(&vault, move |vault| vault.forget_exchanges(before_ms)).unwrap();
    assert_eq!([forgotten(1_700_000_000_002), forgotten(u64::MAX), forgotten(u64::MAX)], [0, 3, 0]);
    assert_eq!(read(&vault, |vault| vault.exchange(&request(3))), None);
    assert!(read(&vault, |vault| vault.exchange(&request(1))).is_some());
}

#[test]
fn payments_are_found_by_everything_that_names_them() {
    let (_folder, vault) = with_card();
    let tombstone = PaymentRecord { kind: PaymentKind::Tombstone, state: PaymentState::Voiding, ..declined(1) };
    let late = PaymentRecord {
        kind: PaymentKind::Late { original: PaymentId(2) },
        hold: Some(hold(50)),
        ..holding(1, 1, 2, 0)
    };
    let held = PaymentRecord { state: PaymentState::Held, due_ms: 500, ..holding(4, 1, 1, 1) };
    let sooner = PaymentRecord { state: PaymentState::Held, due_ms: 400, ..holding(5, 1, 3, 0) };
    let other = PaymentRecord { rrn: "X".into(), ..declined(6) };
    let all = [tombstone, holding(1, 1, 1, 0), late, held, sooner, other];
    let ids = all.map(|payment| write(&vault, move |vault| vault.add_payment(&payment)).unwrap());
    assert_eq!(ids, [1, 2, 3, 4, 5, 6].map(PaymentId));
    let id = |payment: &PaymentRecord| payment.id.0;
    let list = |payments: Vec<PaymentRecord>| payments.iter().map(id).collect::<Vec<_>>();

    assert_eq!(read(&vault, |vault| vault.payment_of(&request(1))).as_ref().map(id), Some(2));
    assert_eq!(read(&vault, |vault| vault.payment_of(&request(7))), None);
    assert_eq!(list(read(&vault, |vault| vault.payments_by_rrn("123456", "000000000001", 9))), [3, 2, 1]);
    assert_eq!(list(read(&vault, |vault| vault.payments_by_rrn("123456", "000000000001", 1))), [3]);
    assert_eq!(list(read(&vault, |vault| vault.payments_by_rrn("999999", "000000000001", 9))), [0; 0]);
    assert_eq!(list(read(&vault, |vault| vault.payments(None, 2))), [6, 5]);
    assert_eq!(list(read(&vault, |vault| vault.payments(Some(PaymentId(3)), 9))), [2, 1]);
    assert_eq!(list(read(&vault, |vault| vault.unfinished(9))), [1, 2, 3]);
    assert_eq!(list(read(&vault, |vault| vault.unfinished(1))), [1]);
    assert_eq!(list(read(&vault, |vault| vault.due(399, 9))), [0; 0]);
    assert_eq!(list(read(&vault, |vault| vault.due(500, 9))), [5, 4]);
    let of_card =
        |count, before, limit| list(read(&vault, |vault| vault.payments_of_card(&reference(count), before, limit)));
    assert_eq!(of_card(1, None, 9), [5, 3, 4, 2]);
    assert_eq!(of_card(1, None, 2), [5, 3]);
    assert_eq!(of_card(1, Some((2, 0)), 9), [4, 2]);
    assert_eq!(of_card(1, Some((1, 1)), 9), [2]);
    assert_eq!(of_card(2, None, 9), [0; 0]);
    let uses = read(&vault, |vault| vault.uses(&reference(1), 1, 9));
    let uses: Vec<_> = uses.iter().map(|one| (one.payment.0, one.use_number, one.cryptogram)).collect();
    assert_eq!(uses, [(2, 0, 1_u64.to_be_bytes()), (4, 1, 4_u64.to_be_bytes())]);
}

#[test]
fn a_payment_is_made_once() {
    let (_folder, vault) = with_card();
    write(&vault, |vault| vault.add_payment(&holding(1, 1, 1, 0))).unwrap();
    let same_use = PaymentRecord { hold: None, ..holding(2, 1, 1, 0) };
    let same_hold = PaymentRecord { hold: Some(hold(1)), ..holding(3, 1, 2, 0) };
    for again in [same_use, same_hold] {
        assert_eq!(refusal(&vault, move |vault| vault.add_payment(&again)), VaultError::Conflict("the payment"));
    }
    let nobodys = holding(4, 9, 1, 0);
    assert_eq!(
        refusal(&vault, move |vault| vault.add_payment(&nobodys)),
        VaultError::Missing("the card of the payment")
    );
    let absent = PaymentRecord { id: PaymentId(9), ..holding(5, 1, 5, 0) };
    assert_eq!(refusal(&vault, move |vault| vault.update_payment(&absent)), VaultError::Missing("the payment"));
    let lengthy = PaymentRecord { rrn: "1".repeat(65), ..declined(6) };
    assert!(matches!(refusal(&vault, move |vault| vault.add_payment(&lengthy)), VaultError::Storage(_)));
    let lengthy = PaymentRecord { rrn: "1".repeat(100_000), ..declined(6) };
    assert_eq!(refusal(&vault, move |vault| vault.add_payment(&lengthy)), VaultError::TooLarge("payment"));
    assert_eq!(read(&vault, |vault| vault.payments(None, 9)).len(), 1);
}

#[test]
fn the_outbox_has_no_gaps() {
    let (_folder, vault) = with_card();
    let payment = write(&vault, |vault| vault.add_payment(&holding(1, 1, 1, 0))).unwrap();
    let next = || read(&vault, |vault| vault.next_nonce());
    assert_eq!(next(), 0);
    write(&vault, |vault| vault.set_first_nonce(41)).unwrap();
    write(&vault, |vault| vault.set_first_nonce(40)).unwrap();
    for nonce in [39, 41, 0] {
        let wrong = outbox_row(nonce, payment);
        let conflict = VaultError::Conflict("the nonce");
        assert_eq!(refusal(&vault, move |vault| vault.add_outbox(&wrong)), conflict);
    }
    let orphan = outbox_row(40, PaymentId(9));
    let missing = VaultError::Missing("the payment of the outbox row");
    assert_eq!(refusal(&vault, move |vault| vault.add_outbox(&orphan)), missing);

    let kinds = [
        OutboxKind::Hold { amount_minor: 1 },
        OutboxKind::Adjust { previous_minor: 1, amount_minor: 2 },
        OutboxKind::Capture { amount_minor: 2, is_final: true },
        OutboxKind::Capture { amount_minor: 2, is_final: false },
        OutboxKind::Release { expired: true },
        OutboxKind::Release { expired: false },
        OutboxKind::Void,
        OutboxKind::Refund { amount_minor: 3 },
    ];
    let rows = [40, 41, 42, 43, 44, 45, 46, 47].map(|nonce| outbox_row(nonce, payment));
    let rows: Vec<_> = rows.into_iter().zip(kinds).map(|(row, kind)| OutboxRow { kind, ..row }).collect();
    for row in rows.clone() {
        write(&vault, move |vault| vault.add_outbox(&row)).unwrap();
    }
    assert_eq!(next(), 48);
    assert_eq!(refusal(&vault, |vault| vault.set_first_nonce(50)), VaultError::Conflict("the outbox row"));
    assert_eq!(read(&vault, |vault| vault.outbox_of(payment)), rows);
    assert_eq!(read(&vault, |vault| vault.outbox(43)), Some(rows[3].clone()));
    assert_eq!(read(&vault, |vault| vault.outbox(48)), None);
    write(&vault, |vault| vault.set_outbox_state(40, OutboxState::Done)).unwrap();
    write(&vault, |vault| vault.set_outbox_state(42, OutboxState::Failed)).unwrap();
    let open = read(&vault, |vault| vault.outbox_open(3));
    assert_eq!(open.iter().map(|row| row.nonce).collect::<Vec<_>>(), [41, 43, 44]);
    let missing = VaultError::Missing("the outbox row");
    assert_eq!(refusal(&vault, |vault| vault.set_outbox_state(48, OutboxState::Done)), missing);
}

#[test]
fn a_unit_sees_its_own_writes_and_leaves_nothing_when_it_fails() {
    let (_folder, vault) = with_card();
    let failed = refusal(&vault, |vault| {
        let payment = vault.add_payment(&holding(1, 1, 1, 0))?;
        vault.put_account(&account(1, 9, 9))?;
        vault.add_outbox(&outbox_row(0, payment))?;
        assert_eq!(vault.next_nonce()?, 1);
        assert_eq!(vault.payment(payment)?.map(|found| found.id), Some(payment));
        Err::<(), _>(VaultError::Missing("a reason to go on"))
    });
    assert_eq!(failed, VaultError::Missing("a reason to go on"));
    assert_eq!(read(&vault, |vault| Ok((vault.payments(None, 9)?, vault.accounts(&reference(1))?))), (vec![], vec![]));
    assert_eq!(read(&vault, |vault| vault.next_nonce()), 0);
}

#[test]
fn a_refusal_inside_a_unit_may_be_survived_and_a_failure_of_the_database_may_not() {
    let (_folder, vault) = with_card();
    let survived = write(&vault, |vault| {
        let taken = add_card(vault, 1).err();
        vault.put_account(&account(1, 9, 0))?;
        Ok(taken)
    });
    assert_eq!(survived, Ok(Some(VaultError::Conflict("the card"))));
    let ignored = write(&vault, |vault| {
        let _ignored = vault.put_account(&account(1, 1, 2));
        vault.put_account(&account(1, 77, 0))
    });
    assert!(matches!(ignored, Err(VaultError::Storage(_))), "{ignored:?}");
    assert_eq!(read(&vault, |vault| vault.accounts(&reference(1))), [account(1, 9, 0)]);
}

#[test]
fn a_question_cannot_write_and_sees_one_moment() {
    let (_folder, vault) = with_card();
    let refused = vault.read(|vault| vault.put_account(&account(1, 9, 0)));
    assert!(matches!(refused, Err(VaultError::Storage(_))), "{refused:?}");
    let refused = vault.read(|vault| vault.seal(&reference(1), &pan(1)).map(drop));
    assert!(matches!(refused, Err(VaultError::Storage(_))), "{refused:?}");
    let seen = read(&vault, |asked| {
        let before = asked.accounts(&reference(1))?;
        write(&vault, |vault| vault.put_account(&account(1, 9, 0)))?;
        Ok((before, asked.accounts(&reference(1))?))
    });
    assert_eq!(seen, (vec![], vec![]));
    assert_eq!(read(&vault, |vault| vault.accounts(&reference(1))), [account(1, 9, 0)]);
}
