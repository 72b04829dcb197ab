//! Native contracts as their callers see them: transactions, bytecode, and everything that runs on the state of a block.
//! The room under test is `protocol`: it reads, writes, logs and checks a signature.

use alloy_consensus::{SignableTransaction, TxEip7702, TxLegacy};
use alloy_primitives::{Signature, TxKind};
use alloy_sol_types::{SolCall, SolError, SolEvent};
use contracts::{
    cash::abi::ICashFactory,
    protocol::{ADDRESS, IProtocol, governor_message, upgrade_message},
};
use ed25519_consensus::SigningKey;
use primitives::{Bytes, Committee, Recovered, TimeMs, Tx};
use revm::{
    DatabaseRef,
    bytecode::opcode::{
        ADD, CALL, CALLCODE, CALLDATACOPY, CALLDATASIZE, CALLVALUE, DELEGATECALL, EXTCODESIZE, GAS, MSTORE, PUSH0,
        PUSH1, PUSH20, RETURN, RETURNDATACOPY, RETURNDATASIZE, REVERT, STATICCALL,
    },
};

use super::*;
use crate::{
    Mode, Outcome,
    call::{
        fixture::{RICH, World},
        scratch::commit_diff,
    },
    execute_block,
};

mod blocks;
mod callers;
mod prices;
mod questions;

/// A contract that passes its input and value on, and answers with success and what it got back.
const PROXY: Address = Address::repeat_byte(0xd0);

fn key() -> SigningKey {
    SigningKey::from([7; 32])
}

/// Block 7 of a chain whose only member is [`key`].
fn world() -> World {
    let mut world = World::new();
    world.rules.committee = Committee::new(vec![key().verification_key().to_bytes().into()]);
    world
}

/// What schedules version 1 for `epoch`, as the `sequence`th call.
fn schedule(epoch: u64, sequence: u64) -> Vec<u8> {
    let signature = key().sign(&upgrade_message(31_337, 1, epoch, sequence)).to_bytes();
    IProtocol::scheduleCall { version: 1, epoch, signature: signature.to_vec().into() }.abi_encode()
}

/// Code of [`PROXY`] for one of the four kinds of calls.
fn proxy(call: u8) -> Vec<u8> {
    let value: &[u8] = if matches!(call, CALL | CALLCODE) { &[CALLVALUE] } else { &[] };
    [
        &[CALLDATASIZE, PUSH0, PUSH0, CALLDATACOPY, PUSH0, PUSH0, CALLDATASIZE, PUSH0],
        value,
        &[PUSH20],
        ADDRESS.as_slice(),
        &[GAS, call, PUSH0, MSTORE],
        &[RETURNDATASIZE, PUSH0, PUSH1, 32, RETURNDATACOPY, RETURNDATASIZE, PUSH1, 32, ADD, PUSH0, RETURN],
    ]
    .concat()
}

/// The same, and then it reverts.
fn reverting_proxy() -> Vec<u8> {
    let mut code = proxy(CALL);
    *code.last_mut().expect("it has code") = REVERT;
    code
}

fn call_of(nonce: u64, to: Address, value: u64, input: Vec<u8>, gas_limit: u64) -> Recovered<Tx> {
    let tx = TxLegacy {
        chain_id: Some(31_337),
        nonce,
        gas_limit,
        to: TxKind::Call(to),
        value: U256::from(value),
        input: input.into(),
        gas_price: 0,
    };
    Recovered::new_unchecked(Tx::Legacy(tx.into_signed(Signature::test_signature())), RICH)
}

impl World {
    /// The next block, without making it the head.
    fn execute(&self, transactions: &[Recovered<Tx>]) -> Outcome {
        let now = TimeMs(self.header.timestamp * 1000 + 1);
        let frame = self.rules.next_header(self.header.hash_slow(), &self.header, now, B256::ZERO);
        execute_block(&self.rules, &frame, transactions.iter().cloned(), &self.db, Mode::Verify).expect("valid")
    }

    fn advance(&mut self, transactions: &[Recovered<Tx>]) -> Outcome {
        let outcome = self.execute(transactions);
        commit_diff(&mut self.db, &outcome.diff);
        self.header.number += 1;
        outcome
    }

    fn slot(&self, slot: u64) -> U256 {
        self.db.storage_ref(ADDRESS, U256::from(slot)).expect("infallible")
    }

    fn code(&self, address: Address) -> Bytes {
        let account = self.db.basic_ref(address).expect("infallible").unwrap_or_default();
        self.db.code_by_hash_ref(account.code_hash).expect("infallible").original_bytes()
    }
}
