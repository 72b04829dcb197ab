//! Changes of several blocks folded into one.

use super::*;

const WHO: Address = Address::repeat_byte(1);

fn account(nonce: u64, slots: &[(u64, u64)]) -> AccountDiff {
    let slot = |(slot, value): &(u64, u64)| SlotDiff { slot: U256::from(*slot), value: U256::from(*value) };
    AccountDiff {
        address: WHO,
        deleted: false,
        nonce,
        balance: U256::ZERO,
        code_hash: Default::default(),
        storage_wiped: false,
        storage: slots.iter().map(slot).collect(),
    }
}

fn deleted() -> AccountDiff {
    AccountDiff { deleted: true, ..account(0, &[]) }
}

fn wiped(nonce: u64, slots: &[(u64, u64)]) -> AccountDiff {
    AccountDiff { storage_wiped: true, ..account(nonce, slots) }
}

fn check(blocks: &[AccountDiff], expected: AccountDiff) {
    let mut changes = Changes::default();
    for account in blocks {
        changes.add(&StateDiff { accounts: vec![account.clone()], codes: Vec::new() });
    }
    assert_eq!(changes.so_far().accounts, [expected]);
}

#[test]
fn the_last_value_counts_and_untouched_slots_stay() {
    check(&[account(1, &[(1, 10), (2, 20)]), account(2, &[(2, 0), (3, 30)])], account(2, &[(1, 10), (2, 0), (3, 30)]));
}

#[test]
fn emptied_storage_hides_what_was_written_before() {
    check(&[account(1, &[(1, 10)]), wiped(1, &[(2, 20)])], wiped(1, &[(2, 20)]));
    check(&[wiped(1, &[(1, 10)]), account(2, &[(2, 20)])], wiped(2, &[(1, 10), (2, 20)]));
}

#[test]
fn an_account_made_anew_starts_without_storage() {
    check(&[account(1, &[(1, 10)]), deleted(), account(1, &[(2, 20)])], wiped(1, &[(2, 20)]));
    check(&[account(1, &[(1, 10)]), deleted()], AccountDiff { storage_wiped: true, ..deleted() });
}

#[test]
fn accounts_come_in_rising_order() {
    let other = AccountDiff { address: Address::ZERO, ..account(1, &[]) };
    let mut changes = Changes::default();
    changes.add(&StateDiff { accounts: vec![account(1, &[])], codes: Vec::new() });
    changes.add(&StateDiff { accounts: vec![other], codes: Vec::new() });
    let addresses: Vec<_> = changes.so_far().accounts.iter().map(|account| account.address).collect();
    assert_eq!(addresses, [Address::ZERO, WHO]);
}
