//! Properties over random records and orders: what is written comes back after each start; what must be unique is; nonces have no gaps;
//! sums are the sums.

use std::collections::{BTreeMap, BTreeSet};

use payments::issuer::{
    records::{
        AccountKey, AccountRecord, DaySpent, ExchangeRecord, Limits, OutboxRow, OutboxState, PaymentRecord,
        PaymentState, RequestKey, Sums,
    },
    vault::VaultError,
};
use primitives::B256;
use proptest::prelude::*;

use crate::records::*;

fn cases(count: u32) -> ProptestConfig {
    ProptestConfig { cases: count, failure_persistence: None, ..ProptestConfig::default() }
}

proptest! {
    #![proptest_config(cases(24))]

    #[test]
    fn records_of_every_shape_come_back_after_each_start(seed: u64) {
        let folder = tempfile::tempdir().unwrap();
        story_of_cards(&folder);
        let mut seed = Seed(seed);
        let mut payment = seed.payment(1);
        let record = payment.clone();
        payment.id = write(&open(folder.path()), move |vault| vault.add_payment(&record)).unwrap();
        let found = read(&open(folder.path()), |vault| vault.payment(payment.id));
        prop_assert_eq!(found.as_ref(), Some(&payment));

        let PaymentRecord { state, amount_minor, captured_minor, refunded_minor, due_ms, changed_ms, steps, .. } =
            seed.payment(2);
        let changed = PaymentRecord {
            state,
            amount_minor,
            captured_minor,
            refunded_minor,
            due_ms,
            changed_ms,
            steps,
            ..payment.clone()
        };
        let record = changed.clone();
        write(&open(folder.path()), move |vault| vault.update_payment(&record)).unwrap();
        prop_assert_eq!(read(&open(folder.path()), |vault| vault.payment(payment.id)), Some(changed));

        let exchange = ExchangeRecord {
            key: seed.key(),
            fingerprint: B256::from(seed.bytes::<32>()),
            payment: seed.maybe(|_| payment.id),
            answer: seed.answer(),
            mismatches: seed.mismatches(),
            received_ms: seed.amount(),
        };
        let record = exchange.clone();
        write(&open(folder.path()), move |vault| vault.add_exchange(&record)).unwrap();
        prop_assert_eq!(read(&open(folder.path()), |vault| vault.exchange(&exchange.key)), Some(exchange.clone()));
        let (key, answer) = (exchange.key.clone(), seed.answer());
        let set = answer.clone();
        write(&open(folder.path()), move |vault| vault.set_answer(&key, &set)).unwrap();
        let changed = ExchangeRecord { answer, ..exchange };
        prop_assert_eq!(read(&open(folder.path()), |vault| vault.exchange(&changed.key)), Some(changed.clone()));

        let row = OutboxRow { kind: seed.outbox_kind(), state: OutboxState::Failed, ..outbox_row(0, payment.id) };
        let record = row.clone();
        write(&open(folder.path()), move |vault| vault.add_outbox(&record)).unwrap();
        prop_assert_eq!(read(&open(folder.path()), |vault| vault.outbox(0)), Some(row));
    }
}

fn story_of_cards(folder: &tempfile::TempDir) {
    let vault = open(folder.path());
    add_range(&vault);
    write(&vault, |vault| (1..=3).try_for_each(|count| add_card(vault, count).map(drop))).unwrap();
}

proptest! {
    #![proptest_config(cases(24))]

    #[test]
    fn a_card_a_counter_and_a_use_make_one_payment(attempts in prop::collection::vec((1..=2_u64, 1..=3_u16, 0..=2_u32), 1..60)) {
        let folder = tempfile::tempdir().unwrap();
        story_of_cards(&folder);
        let vault = open(folder.path());
        let mut there = BTreeSet::new();
        for (count, (card, atc, use_number)) in (0..).zip(attempts) {
            let added = write(&vault, move |vault| vault.add_payment(&holding(count, card, atc, use_number)));
            prop_assert_eq!(added.is_ok(), there.insert((card, atc, use_number)));
        }
        for (card, atc) in [(1, 1), (1, 3), (2, 2)] {
            let uses = read(&vault, |vault| vault.uses(&reference(card), atc, 10));
            let uses: Vec<_> = uses.iter().map(|one| (card, atc, one.use_number)).collect();
            let expected = there.range((card, atc, 0)..=(card, atc, u32::MAX)).copied();
            prop_assert_eq!(uses, expected.collect::<Vec<_>>());
        }
    }

    #[test]
    fn an_acquirer_a_terminal_a_number_and_a_time_make_one_exchange(
        attempts in prop::collection::vec((0..2_u8, 0..2_u8, 0..2_u8, 0..2_u8, any::<bool>()), 1..60),
    ) {
        let folder = tempfile::tempdir().unwrap();
        let vault = open(folder.path());
        let mut there = BTreeMap::new();
        for (count, (acquirer, terminal, stan, time, reversal)) in (0..).zip(attempts) {
            // Texts that would meet if they were put one after the other.
            let text = |number: u8| "1".repeat(usize::from(number));
            let (acquirer, terminal, stan, transmitted) = (text(acquirer), text(terminal), text(stan), text(time));
            let key = RequestKey { acquirer, terminal, stan, transmitted, reversal };
            let record = ExchangeRecord { key: key.clone(), ..exchange(count, None) };
            let stored = record.clone();
            let added = write(&vault, move |vault| vault.add_exchange(&record));
            prop_assert_eq!(added.is_ok(), !there.contains_key(&key));
            there.entry(key).or_insert(stored);
        }
        for (key, record) in there {
            prop_assert_eq!(read(&vault, |vault| vault.exchange(&key)), Some(record));
        }
    }

    #[test]
    fn nonces_have_no_gaps_whatever_fails(first in 0..1000_u64, attempts in prop::collection::vec((0..4_u8, 0..3_u64), 1..60)) {
        let folder = tempfile::tempdir().unwrap();
        story_of_cards(&folder);
        let vault = open(folder.path());
        let payment = write(&vault, move |vault| {
            vault.set_first_nonce(first)?;
            vault.add_payment(&holding(1, 1, 1, 0))
        }).unwrap();
        let mut next = first;
        for (what, off) in attempts {
            let added = write(&vault, move |vault| {
                let nonce = vault.next_nonce()?;
                match what {
                    0 => vault.add_outbox(&outbox_row(nonce + off, payment))?,
                    1 => {
                        vault.add_outbox(&outbox_row(nonce, payment))?;
                        return Err(VaultError::Missing("a reason to go on"));
                    }
                    _ => (nonce..=nonce + off).try_for_each(|nonce| vault.add_outbox(&outbox_row(nonce, payment)))?,
                }
                Ok(())
            });
            prop_assert_eq!(added.is_ok(), what >= 2 || (what == 0 && off == 0));
            next += match (what, off) { (0, 0) => 1, (0 | 1, _) => 0, (_, off) => off + 1 };
        }
        let nonces: Vec<_> = read(&vault, |vault| vault.outbox_of(payment)).iter().map(|row| row.nonce).collect();
        prop_assert_eq!(nonces, (first..next).collect::<Vec<_>>());
    }

    #[test]
    fn sums_are_the_sums_of_all_accounts(seed: u64, changes in 1..80_usize) {
        let folder = tempfile::tempdir().unwrap();
        story_of_cards(&folder);
        let vault = open(folder.path());
        let (mut seed, mut accounts) = (Seed(seed), BTreeMap::new());
        for _ in 0..changes {
            let balance_minor = seed.amount();
            let account = AccountRecord {
                key: AccountKey { card: reference(1 + seed.below(3)), currency: [EUR, 392, 840][usize::try_from(seed.below(3)).unwrap()] },
                balance_minor,
                held_minor: balance_minor >> seed.below(4),
                limits: Limits { payment_minor: seed.maybe(Seed::amount), day_minor: seed.maybe(Seed::amount) },
                spent: DaySpent { day: u32::from_be_bytes(seed.bytes()), minor: seed.amount() },
            };
            accounts.insert(account.key, account.clone());
            write(&vault, move |vault| vault.put_account(&account)).unwrap();
        }
        let mut expected: BTreeMap<u16, Sums> = BTreeMap::new();
        for account in accounts.values() {
            let currency = account.key.currency;
            let sums = expected.entry(currency).or_insert(Sums { currency, balance_minor: 0, held_minor: 0, unallocated_minor: 0 });
            sums.balance_minor += u128::from(account.balance_minor);
            sums.held_minor += u128::from(account.held_minor);
        }
        prop_assert_eq!(read(&vault, |vault| vault.sums()), expected.into_values().collect::<Vec<_>>());
        for card in (1..=3).map(reference) {
            let of_card: Vec<_> = accounts.values().filter(|account| account.key.card == card).cloned().collect();
            prop_assert_eq!(read(&vault, |vault| vault.accounts(&card)), of_card);
        }
    }

    #[test]
    fn lists_of_states_are_the_payments_in_these_states(seeds in prop::collection::vec(any::<u64>(), 1..40), now_ms: u64) {
        let now_ms = now_ms >> 1;
        let folder = tempfile::tempdir().unwrap();
        story_of_cards(&folder);
        let vault = open(folder.path());
        let mut all = Vec::new();
        for seed in seeds {
            let payment = PaymentRecord { card: None, ..Seed(seed).payment(1) };
            let record = payment.clone();
            let id = write(&vault, move |vault| vault.add_payment(&record)).unwrap();
            all.push(PaymentRecord { id, ..payment });
        }
        let unfinished: Vec<_> = all.iter().filter(|payment| payment.state.unfinished()).cloned().collect();
        prop_assert_eq!(read(&vault, |vault| vault.unfinished(1000)), unfinished);
        let mut due: Vec<_> = all.iter().filter(|payment| payment.state == PaymentState::Held && payment.due_ms <= now_ms).cloned().collect();
        due.sort_by_key(|payment| (payment.due_ms, payment.id));
        prop_assert_eq!(read(&vault, |vault| vault.due(now_ms, 1000)), due);
        all.reverse();
        prop_assert_eq!(read(&vault, |vault| vault.payments(None, 1000)), all);
    }
}
