//! What a native contract pays, step by step, beside what the opcodes of the same fork cost (EIP-2929, 2200, 3529).

use alloy_evm::eth::EthEvmContext;
use primitives::Fork;
use revm::database::{CacheDB, EmptyDB};

use super::*;
use crate::env::cfg_env;

const OTHER: Address = Address::repeat_byte(0x77);

type Context = EthEvmContext<CacheDB<EmptyDB>>;

fn natives() -> Natives {
    Natives::new(Terms::default(), cfg_env(&world().rules).gas_params)
}

fn context() -> Context {
    let mut context = Context::new(CacheDB::default(), crate::env::spec_id(Fork::Osaka));
    context.journaled_state.database.insert_account_storage(ADDRESS, U256::from(5), U256::from(5)).expect("empty");
    context
}

/// Works steps with so much gas; answers what they used and what they get back, or why they stopped.
fn with_gas(gas: u64, is_static: bool, steps: &dyn Fn(&mut JournalHost<'_>) -> Res<()>) -> Res<(u64, i64)> {
    let (mut context, natives) = (context(), natives());
    let mut host = JournalHost {
        internals: EvmInternals::from_context(&mut context),
        natives: &natives,
        gas: Gas { left: gas, refunded: 0 },
        loaded: None,
        is_static,
    };
    host.load(ADDRESS)?;
    host.loaded = Some(ADDRESS);
    steps(&mut host)?;
    Ok((gas - host.gas.left, host.gas.refunded))
}

type Step = &'static dyn Fn(&mut JournalHost<'_>) -> Res<()>;

fn set(host: &mut JournalHost<'_>, slot: u64, value: u64) -> Res<()> {
    host.sstore(ADDRESS, U256::from(slot), U256::from(value))
}

fn get(host: &mut JournalHost<'_>, account: Address, slot: u64) -> Res<()> {
    host.sload(account, U256::from(slot)).map(drop)
}

/// Each step, its price, and its refund.
const STEPS: &[(&str, u64, i64, Step)] = &[
    ("a cold slot", 2_100, 0, &|host| get(host, ADDRESS, 1)),
    ("a warm slot", 2_200, 0, &|host| get(host, ADDRESS, 1).and_then(|()| get(host, ADDRESS, 1))),
    ("a slot of another account", 2_100 + 2_500, 0, &|host| get(host, OTHER, 1)),
    ("a new slot", 22_100, 0, &|host| set(host, 1, 1)),
    ("a changed slot", 5_000, 0, &|host| set(host, 5, 6)),
    ("the same value", 2_200, 0, &|host| set(host, 5, 5)),
    ("a cleared slot", 5_000, 4_800, &|host| set(host, 5, 0)),
    ("set and cleared", 22_200, 19_900, &|host| set(host, 1, 1).and_then(|()| set(host, 1, 0))),
    ("a log", 375 + 2 * 375 + 8 * 40, 0, &|host| {
        host.emit(ADDRESS, LogData::new_unchecked(vec![B256::ZERO; 2], vec![0; 40].into()))
    }),
    ("a hash", 30 + 2 * 6, 0, &|host| host.keccak256(&[0; 33]).map(drop)),
    ("a recovery", 3_000, 0, &|host| host.recover(B256::ZERO, 27, B256::ZERO, B256::ZERO).map(drop)),
    ("an ed25519 signature", 2_000 + 2 * 12, 0, &|host| host.verify_ed25519(B256::ZERO, &[0; 33], &[0; 64]).map(drop)),
    ("a P-256 signature", 6_900 + 60 + 2 * 12, 0, &|host| host.verify_p256(&[0; 65], &[0; 33], &[0; 64]).map(drop)),
    ("a SHA-256", 60 + 2 * 12, 0, &|host| host.sha256(&[0; 33]).map(drop)),
    ("a block's hash", 20, 0, &|host| host.block_hash(0).map(drop)),
    ("another account's code", 2_600, 0, &|host| host.code_kind(OTHER).map(drop)),
    ("its own code", 0, 0, &|host| host.code_kind(ADDRESS).map(drop)),
    ("a new contract", 32_000 + 200 + 2_500, 0, &|host| host.create_native(OTHER)),
];

#[test]
fn every_step_costs_what_its_opcode_does() {
    for (step, price, refund, work) in STEPS {
        assert_eq!(with_gas(100_000, false, work), Ok((*price, *refund)), "{step}");
    }
}

#[test]
fn with_one_gas_less_every_step_is_out_of_gas() {
    for (step, price, _, work) in STEPS.iter().filter(|(_, price, ..)| *price > 2_300) {
        assert_eq!(with_gas(price - 1, false, work), Err(Stop::OutOfGas), "{step}");
    }
}

#[test]
fn a_slot_is_not_written_with_the_gas_of_a_plain_transfer() {
    let same_value: Step = &|host| set(host, 5, 5);
    assert_eq!(with_gas(2_300, false, same_value), Err(Stop::OutOfGas));
    assert_eq!(with_gas(2_301, false, same_value), Ok((2_200, 0)));
}

#[test]
fn nothing_is_written_in_a_static_call() {
    let writes: [Step; 3] =
        [&|host| set(host, 1, 1), &|host| host.emit(ADDRESS, LogData::empty()), &|host| host.create_native(OTHER)];
    for write in writes {
        assert_eq!(with_gas(100_000, true, write), Err(Stop::StaticWrite));
    }
}

#[test]
fn a_recovered_signer_is_the_one_who_signed() {
    use crate::people::Signer;
    let (signer, digest) = (Signer::new(3), B256::repeat_byte(9));
    let signature = signer.sign_hash(digest);
    let (r, s) = (B256::from(signature.r()), B256::from(signature.s()));
    let v = if signature.v() { 28 } else { 27 };
    let recover = |v| {
        let found = std::cell::Cell::new(None);
        with_gas(10_000, false, &|host| host.recover(digest, v, r, s).map(|who| found.set(who))).expect("enough gas");
        found.get()
    };
    assert_eq!(recover(v), Some(signer.address));
    assert_eq!(recover(0), None);
}
