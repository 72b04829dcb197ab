//! What becomes of accounts: self-destruction (EIP-6780), emptiness (EIP-161), changes that are none.

use super::*;

/// `SELFDESTRUCT` to the caller.
const DIE: Bytes = bytes!("33ff");

/// Creates its call data as a contract by `CREATE2` with salt 0 and its own call value, then calls the new contract if
/// this contract's slot 0 is set.
const FACTORY: Bytes = bytes!("365f5f375f365f34f56000541560185f5f5f5f5f945af15b00");

fn factory() -> Seed {
    Seed::contract(FACTORY)
}

/// Where `FACTORY` at `CONTRACT` puts `init_code`.
fn made(init_code: &[u8]) -> Address {
    CONTRACT.create2(B256::ZERO, keccak256(init_code))
}

/// Deploys `code`, at most 32 bytes of it.
fn init_code(code: &[u8]) -> Bytes {
    let length = u8::try_from(code.len()).expect("short code");
    // push the code to memory 0, return its last `length` bytes
    [&[0x60 + length - 1][..], code, &[0x5f, 0x52, 0x60, length, 0x60, 32 - length, 0xf3]].concat().into()
}

/// Deploys `DIE` after writing slot 1.
fn mortal() -> Bytes {
    [&hex!("6001600155")[..], &init_code(&DIE)].concat().into()
}

/// Writes slot 1 and destroys itself while it is made.
const STILLBORN: Bytes = bytes!("600160015533ff");

fn make(from: u64, nonce: u64, init_code: &Bytes, value: u64) -> Recovered<Tx> {
    signer(from).sign(TxLegacy { input: init_code.clone(), value: U256::from(value), ..call(CONTRACT, nonce) })
}

#[test]
fn a_contract_of_an_earlier_block_survives_its_self_destruction_without_its_money() {
    let mut ledger = Ledger::new([(
        CONTRACT,
        Seed { balance: U256::from(5), storage: vec![(U256::ONE, U256::ONE)], ..Seed::contract(DIE) },
    )]);
    let outcome = ledger.advance(&[signer(1).sign(call(CONTRACT, 0))]);
    assert_eq!((ledger.balance(CONTRACT), ledger.code(CONTRACT)), (U256::ZERO, DIE));
    assert_eq!(ledger.world.state.storage(CONTRACT, U256::ONE), U256::ONE);
    assert!(outcome.diff.accounts.iter().all(|account| !account.deleted && !account.storage_wiped));
}

#[test]
fn a_contract_destroyed_in_the_transaction_that_made_it_was_never_there() {
    let mut ledger = Ledger::new([(CONTRACT, factory())]);
    let outcome = ledger.advance(&[make(1, 0, &STILLBORN, 3)]);
    assert!(outcome.receipts[0].success);
    assert_eq!(ledger.world.state.account(made(&STILLBORN)), None);
    assert!(outcome.diff.accounts.iter().all(|account| account.address != made(&STILLBORN)));
}

#[test]
fn a_contract_destroyed_in_the_next_transaction_of_its_block_survives() {
    let mut ledger = Ledger::new([(CONTRACT, factory())]);
    let address = made(&mortal());
    let outcome = ledger.advance(&[make(1, 0, &mortal(), 3), signer(2).sign(call(address, 0))]);
    assert!(outcome.receipts.iter().all(|receipt| receipt.success));
    assert_eq!((ledger.code(address), ledger.balance(address)), (DIE, U256::ZERO));
    assert_eq!(ledger.world.state.storage(address, U256::ONE), U256::ONE);
    assert!(outcome.diff.codes.contains(&DIE));
}

#[test]
fn an_account_destroyed_and_paid_later_in_the_block_only_has_that_money() {
    let mut ledger = Ledger::new([(CONTRACT, factory())]);
    let address = made(&STILLBORN);
    let pay = TxLegacy { value: U256::from(9), ..call(address, 0) };
    let outcome = ledger.advance(&[make(1, 0, &STILLBORN, 3), signer(2).sign(pay)]);
    assert!(outcome.receipts.iter().all(|receipt| receipt.success));
    let account = ledger.world.state.account(address).expect("it was paid");
    assert_eq!((account.nonce, account.balance, account.code_hash), (0, U256::from(9), KECCAK_EMPTY));
    assert_eq!(ledger.world.state.storage(address, U256::ONE), U256::ZERO);
}

#[test]
fn an_address_can_be_used_again_after_a_destruction_in_the_same_block() {
    let mut ledger = Ledger::new([(CONTRACT, factory())]);
    let outcome = ledger.advance(&[make(1, 0, &STILLBORN, 0), make(1, 1, &STILLBORN, 0), make(1, 2, &mortal(), 0)]);
    assert!(outcome.receipts.iter().all(|receipt| receipt.success));
    assert_eq!(ledger.world.state.account(made(&STILLBORN)), None);
    assert_eq!(ledger.world.state.account(CONTRACT).expect("the factory").nonce, 4, "all three were made");
}

#[test]
fn money_that_waited_at_the_address_of_a_stillborn_contract_leaves_no_account() {
    let address = made(&STILLBORN);
    let mut ledger =
        Ledger::new([(CONTRACT, factory()), (address, Seed { balance: U256::from(4), ..Seed::default() })]);
    let outcome = ledger.advance(&[make(1, 0, &STILLBORN, 0)]);
    let gone = outcome.diff.accounts.iter().find(|account| account.address == address).expect("it was there before");
    assert!(gone.deleted && gone.storage_wiped);
    assert_eq!(ledger.world.state.account(address), None);
    assert_eq!(ledger.balance(CONTRACT), U256::from(4), "the money went to the factory");
}

#[test]
fn a_contract_at_an_address_that_held_money_starts_with_empty_storage() {
    let address = made(&mortal());
    let mut ledger =
        Ledger::new([(CONTRACT, factory()), (address, Seed { balance: U256::from(4), ..Seed::default() })]);
    let outcome = ledger.advance(&[make(1, 0, &mortal(), 0)]);
    let born = outcome.diff.accounts.iter().find(|account| account.address == address).expect("it changed");
    assert!(born.storage_wiped && !born.deleted);
    assert_eq!((born.nonce, born.balance), (1, U256::from(4)));
}

#[test]
fn a_failed_creation_leaves_the_money_that_waited() {
    let address = signer(1).address.create(0);
    let mut ledger = Ledger::new([(address, Seed { balance: U256::from(4), ..Seed::default() })]);
    let failing = TxLegacy { to: TxKind::Create, input: bytes!("6001600155fe"), ..call(NOBODY, 0) };
    let outcome = ledger.advance(&[signer(1).sign(failing)]);
    assert!(!outcome.receipts[0].success);
    assert_eq!(outcome.diff.accounts.len(), 1, "only the sender changed");
    assert_eq!(ledger.balance(address), U256::from(4));
}

#[test]
fn a_touched_empty_account_disappears_and_an_absent_one_does_not_appear() {
    let mut ledger = Ledger::new([(NOBODY, Seed::default())]);
    let absent = Address::repeat_byte(0x98);
    let outcome = ledger.advance(&[signer(1).sign(call(NOBODY, 0)), signer(1).sign(call(absent, 1))]);
    let changed: Vec<_> = outcome.diff.accounts.iter().map(|account| (account.address, account.deleted)).collect();
    assert!(changed.contains(&(NOBODY, true)));
    assert!(changed.iter().all(|(address, _)| *address != absent));
    assert_eq!(ledger.world.state.account(NOBODY), None);
}

#[test]
fn a_slot_that_ends_as_it_began_is_no_change() {
    // sstore(0, calldataload(0))
    let code = bytes!("5f355f5500");
    let ledger = Ledger::new([(CONTRACT, Seed { storage: vec![(U256::ZERO, U256::from(5))], ..Seed::contract(code) })]);
    let write = |from: u64, value: u64| {
        signer(from).sign(TxLegacy { input: B256::from(U256::from(value)).into(), ..call(CONTRACT, 0) })
    };
    let touched = |transactions: &[Recovered<Tx>]| {
        let diff = ledger.execute(transactions, Mode::Verify).expect("valid").diff;
        diff.accounts.into_iter().find(|account| account.address == CONTRACT)
    };
    assert_eq!(touched(&[write(1, 6), write(2, 5)]), None);
    let written = touched(&[write(1, 6), write(2, 0)]).expect("the slot was deleted");
    assert_eq!(written.storage, [primitives::SlotDiff { slot: U256::ZERO, value: U256::ZERO }]);
}

#[test]
fn accounts_and_slots_of_a_diff_are_in_rising_order() {
    // sstore(calldataload(0), 1)
    let contract = |byte| (Address::repeat_byte(byte), Seed::contract(bytes!("60015f355500")));
    let ledger = Ledger::new([contract(0xf1), contract(0x11), contract(0x71)]);
    let write = |from: u64, nonce: u64, to: u8, slot: u64| {
        let input = B256::from(U256::from(slot)).into();
        signer(from).sign(TxLegacy { input, ..call(Address::repeat_byte(to), nonce) })
    };
    let transactions =
        [write(1, 0, 0xf1, 9), write(2, 0, 0x11, 3), write(3, 0, 0xf1, 4), write(1, 1, 0x71, 8), write(2, 1, 0xf1, 7)];
    let diff = ledger.execute(&transactions, Mode::Verify).expect("valid").diff;
    assert!(diff.accounts.is_sorted_by(|a, b| a.address < b.address));
    assert!(diff.accounts.iter().all(|account| account.storage.is_sorted_by(|a, b| a.slot < b.slot)));
    assert_eq!(diff.accounts.iter().map(|account| account.storage.len()).sum::<usize>(), 5);
}

#[test]
fn nothing_is_created_where_there_is_storage() {
    let by_factory = made(&mortal());
    let by_transaction = signer(1).address.create(1);
    let squatted = || Seed { storage: vec![(U256::ONE, U256::ONE)], ..Seed::default() };
    let mut ledger = Ledger::new([(CONTRACT, factory()), (by_factory, squatted()), (by_transaction, squatted())]);
    let create = TxLegacy { to: TxKind::Create, input: mortal(), ..call(NOBODY, 1) };
    let outcome = ledger.advance(&[make(1, 0, &mortal(), 0), signer(1).sign(create)]);
    assert_eq!(outcome.receipts.iter().map(|receipt| receipt.success).collect::<Vec<_>>(), [true, false]);
    for address in [by_factory, by_transaction] {
        let account = ledger.world.state.account(address).expect("it stays as it was");
        assert_eq!((account.nonce, account.code_hash), (0, KECCAK_EMPTY));
        assert_eq!(ledger.world.state.storage(address, U256::ONE), U256::ONE);
    }
    assert_eq!(ledger.world.state.account(CONTRACT).expect("the factory").nonce, 2, "a collision uses up its nonce");
}
