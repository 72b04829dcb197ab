//! Calls, logs and errors of a real room, read back.

use alloy_primitives::{U256, address};
use alloy_sol_types::{SolCall, SolError, SolEvent};
use contracts::{
    cash::abi::{ICash, ICashFactory},
    dispatch::INative,
};

use super::*;

const ANNA: Address = address!("0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266");
const BEN: Address = address!("0x70997970C51812dc3A010C7d01b50e0d17dc79C8");

fn euro() -> Address {
    registry::address_of(2, *b"\0\0\0\0EUR")
}

#[test]
fn a_call_is_told_with_its_arguments() {
    let data = ICash::transferCall { to: BEN, value: U256::from(1_250) }.abi_encode();
    let told = call(euro(), &data).expect("known");
    assert_eq!((told.interface, told.to_string()), ("ICash", format!("transfer(to: {BEN}, value: 1250)")));
    let factory = registry::by_word("cash").expect("a room").address();
    let data = ICashFactory::createCall { code: "EUR".into(), issuer: ANNA }.abi_encode();
    assert_eq!(call(factory, &data).expect("known").to_string(), format!("create(code: EUR, issuer: {ANNA})"));
}

#[test]
fn a_log_is_told_in_the_order_of_its_abi() {
    let event = ICash::Transfer { from: ANNA, to: BEN, value: U256::from(7) };
    let told = log(euro(), &event.encode_log_data()).expect("known");
    assert_eq!(told.to_string(), format!("Transfer(from: {ANNA}, to: {BEN}, value: 7)"));
}

#[test]
fn an_error_is_told_whichever_room_it_comes_from() {
    let refusal = ICash::ERC20InsufficientBalance { sender: ANNA, balance: U256::ONE, needed: U256::from(2) };
    let told = error(&refusal.abi_encode()).expect("known");
    assert_eq!(told.to_string(), format!("ERC20InsufficientBalance(sender: {ANNA}, balance: 1, needed: 2)"));
    let common = INative::UnknownSelector { selector: [1, 2, 3, 4].into() };
    assert_eq!(error(&common.abi_encode()).expect("known").to_string(), "UnknownSelector(selector: 0x01020304)");
}

#[test]
fn what_no_abi_knows_is_not_told() {
    let data = ICash::transferCall { to: BEN, value: U256::ONE }.abi_encode();
    assert_eq!(call(ANNA, &data), None, "no native");
    assert_eq!(call(euro(), &data[..20]), None, "cut short");
    assert_eq!(call(euro(), &[0xff; 4]), None, "no such function");
    assert_eq!(error(&[]), None);
    assert_eq!(log(euro(), &LogData::default()), None);
}
