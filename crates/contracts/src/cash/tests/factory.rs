//! Who makes which currencies.

use alloy_primitives::{Address, U256};
use alloy_sol_types::{SolCall, SolError, SolEvent};

use super::fixture::*;
use crate::{
    CodeKind, Env, Stop,
    cash::{
        abi::{ICash, ICashFactory::*},
        appoint_governor, construct,
        iso4217::{CURRENCIES, Currency},
        pay,
    },
    protocol, registry,
    testing::Memory,
};

fn ask<C: SolCall>(memory: &mut Memory, caller: Address, call: C) -> crate::Res<C::Return> {
    memory.call(caller, ROOM, &call.abi_encode()).map(|answer| C::abi_decode_returns_validate(&answer).unwrap())
}

#[track_caller]
fn refused<C: SolCall>(memory: &mut Memory, caller: Address, call: C, error: impl SolError) {
    let before = memory.clone();
    let answer = memory.call(caller, ROOM, &call.abi_encode());
    assert_eq!(answer, Err(Stop::Revert(error.abi_encode().into())));
    assert_eq!(*memory, before);
}

fn create(code: &str) -> createCall {
    createCall { code: code.into(), issuer: ISSUER }
}

#[test]
fn the_governor_makes_a_currency_at_the_address_that_its_code_gives() {
    let mut memory = Memory::new();
    let currency = ask(&mut memory, GOVERNOR, create("JPY")).unwrap();
    assert_eq!(currency.to_string().to_lowercase(), "0xc0f01100000000000000000002000000004a5059");
    assert_eq!(memory.codes.get(&currency), Some(&CodeKind::Native));
    let created = Created { code: "JPY".into(), currency, issuer: ISSUER, decimals: 0 };
    assert_eq!(memory.logs.last().map(|log| (&log.data, log.address)), Some((&created.encode_log_data(), ROOM)));
    assert_eq!(ask(&mut memory, BOB, currencyOfCall { code: "JPY".into() }), Ok(currency));
    let mut yen = World { memory, currency };
    assert_eq!(yen.done(BOB, ICash::nameCall {}), "Yen");
    assert_eq!(yen.done(BOB, ICash::symbolCall {}), "JPY");
    assert_eq!(yen.done(BOB, ICash::decimalsCall {}), 0);
    assert_eq!(yen.done(BOB, ICash::issuerCall {}), ISSUER);
    assert_eq!(yen.done(BOB, ICash::totalSupplyCall {}), U256::ZERO);
}

#[test]
fn currencies_do_not_share_money() {
    let mut world = World::new();
    let euro = world.currency;
    world.currency = ask(&mut world.memory, GOVERNOR, create("USD")).unwrap();
    assert_eq!(world.balance(ALICE), U256::ZERO);
    assert_eq!(ask(&mut world.memory, BOB, currenciesCall {}), Ok(vec![euro, world.currency]));
}

#[test]
fn only_the_governor_creates_once_by_an_active_code_for_an_issuer_that_can_call() {
    let mut memory = Memory::new();
    refused(&mut memory, BOB, create("EUR"), NotGovernor { caller: BOB });
    refused(&mut memory, ISSUER, create("EUR"), NotGovernor { caller: ISSUER });
    // Lower case, too short, too long, withdrawn, four digits, without an exponent, not text of this kind at all.
    for code in ["eur", "EU", "EURO", "HRK", "CLF", "XAU", "XXX", "", "E\0R", "€UR"] {
        refused(&mut memory, GOVERNOR, create(code), UnknownCode { code: code.into() });
        refused(&mut memory, BOB, currencyOfCall { code: code.into() }, UnknownCode { code: code.into() });
    }
    for account in [Address::ZERO, ROOM] {
        let call = createCall { code: "EUR".into(), issuer: account };
        refused(&mut memory, GOVERNOR, call, InvalidOfficer { account });
    }
    assert_eq!(ask(&mut memory, BOB, currencyOfCall { code: "EUR".into() }), Ok(Address::ZERO));
    let currency = ask(&mut memory, GOVERNOR, create("EUR")).unwrap();
    let call = createCall { code: "EUR".into(), issuer: BOB };
    refused(&mut memory, GOVERNOR, call, CurrencyExists { currency });
}

#[test]
fn the_office_of_the_governor_is_handed_on_by_its_holder_or_by_the_members() {
    let mut memory = Memory::new();
    refused(&mut memory, BOB, appointCall { governor: BOB }, NotGovernor { caller: BOB });
    refused(&mut memory, GOVERNOR, appointCall { governor: ROOM }, InvalidOfficer { account: ROOM });
    ask(&mut memory, GOVERNOR, appointCall { governor: BOB }).unwrap();
    assert_eq!(ask(&mut memory, ALICE, governorCall {}), Ok(BOB));
    refused(&mut memory, GOVERNOR, create("EUR"), NotGovernor { caller: GOVERNOR });
    appoint_governor(&mut Env::new(&mut memory, ROOM, protocol::ADDRESS), ALICE).unwrap();
    assert_eq!(ask(&mut memory, ALICE, create("EUR")).map(|_| ()), Ok(()));
}

#[test]
fn a_chain_of_its_own_has_no_governor_until_the_members_appoint_one() {
    let mut memory = Memory { chain_id: 4_711, ..Memory::default() };
    memory.codes.insert(ROOM, CodeKind::Native);
    construct(&mut Env::new(&mut memory, ROOM, Address::ZERO)).unwrap();
    assert_eq!(ask(&mut memory, BOB, governorCall {}), Ok(Address::ZERO));
    refused(&mut memory, Address::ZERO, create("EUR"), NotGovernor { caller: Address::ZERO });
    refused(&mut memory, Address::ZERO, appointCall { governor: BOB }, NotGovernor { caller: Address::ZERO });
    let call = appointCall { governor: BOB };
    refused(&mut memory, protocol::ADDRESS, call, NotGovernor { caller: protocol::ADDRESS });
    appoint_governor(&mut Env::new(&mut memory, ROOM, protocol::ADDRESS), BOB).unwrap();
    assert_eq!(ask(&mut memory, ALICE, governorCall {}), Ok(BOB));
}

#[test]
fn the_list_is_sorted_and_has_the_exponents_that_everybody_knows() {
    assert!(CURRENCIES.windows(2).all(|pair| pair[0].code < pair[1].code));
    assert!(CURRENCIES.iter().all(|row| row.exponent <= 3 && row.code.iter().all(u8::is_ascii_uppercase)));
    let known = [("EUR", 2, 978), ("USD", 2, 840), ("JPY", 0, 392), ("KWD", 3, 414), ("CHF", 2, 756), ("ISK", 0, 352)];
    for (code, exponent, number) in known {
        let row = Currency::by_code(code.as_bytes()).unwrap();
        assert_eq!((row.symbol().as_str(), row.exponent, row.number), (code, exponent, number));
    }
}

#[test]
fn another_room_is_paid_what_it_was_allowed_and_no_more() {
    let mut world = World::new();
    let (room, euro) = (registry::address_of(3, [0; 7]), world.currency);
    world.done(ALICE, ICash::approveCall { spender: room, value: amount(70) });
    let mut env = Env::new(&mut world.memory, room, BOB);
    assert_eq!(pay(&mut env, euro, ALICE, SHOP, amount(50)), Ok(()));
    let short = ICash::ERC20InsufficientAllowance { spender: room, allowance: amount(20), needed: amount(50) };
    assert_eq!(pay(&mut env, euro, ALICE, SHOP, amount(50)), Err(Stop::Revert(short.abi_encode().into())));
    let dollar = registry::address_of(2, *b"\0\0\0\0USD");
    for account in [ROOM, room, BOB, dollar, registry::address_of(3, *b"\0\0\0\0EUR"), Address::ZERO] {
        let error = ICash::NotCurrency { account };
        assert_eq!(pay(&mut env, account, ALICE, SHOP, amount(1)), Err(Stop::Revert(error.abi_encode().into())));
    }
    assert_eq!(world.balance(SHOP), amount(50));
}
