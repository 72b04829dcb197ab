//! A small world for the tests of everything that runs on the state of a block: one header, a few accounts, contracts of a few opcodes.

use alloy_rpc_types_eth::{TransactionRequest, state::EvmOverrides};
use primitives::{Address, Bytes, Committee, Fork, Header, Rules, U256};
use revm::{
    bytecode::{
        Bytecode,
        opcode::{
            ADDRESS, CALL, CALLDATACOPY, CALLDATALOAD, CALLDATASIZE, CALLVALUE, GAS, INVALID, JUMP, JUMPDEST, JUMPI,
            MSTORE, POP, PUSH0, PUSH1, RETURN, REVERT, SLOAD, SSTORE,
        },
    },
    database::{CacheDB, EmptyDB},
    state::AccountInfo,
};
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::Base;
use crate::BlockState;

/// Has a billion wei.
pub(crate) const RICH: Address = Address::repeat_byte(0xc0);
/// Has nothing.
pub(crate) const POOR: Address = Address::repeat_byte(0xc1);
/// Returns 42.
pub(crate) const ANSWER: Address = Address::repeat_byte(0xa1);
/// Reverts with its input.
pub(crate) const REVERTER: Address = Address::repeat_byte(0xa2);
/// Runs for ever.
pub(crate) const LOOP: Address = Address::repeat_byte(0xa3);
/// Executes the opcode that there is not.
pub(crate) const BROKEN: Address = Address::repeat_byte(0xa4);
/// Returns its slot 1.
pub(crate) const READER: Address = Address::repeat_byte(0xa5);
/// Sends its value and nothing else to the address in its input.
pub(crate) const FORWARDER: Address = Address::repeat_byte(0xa6);
/// Writes its input to slots 0 to 9 of itself.
pub(crate) const WRITER: Address = Address::repeat_byte(0xa7);

pub(crate) const ANSWER_CODE: [u8; 8] = [PUSH1, 42, PUSH0, MSTORE, PUSH1, 32, PUSH0, RETURN];
const REVERTER_CODE: [u8; 7] = [CALLDATASIZE, PUSH0, PUSH0, CALLDATACOPY, CALLDATASIZE, PUSH0, REVERT];
const READER_CODE: [u8; 9] = [PUSH1, 1, SLOAD, PUSH0, MSTORE, PUSH1, 32, PUSH0, RETURN];
const FORWARDER_CODE: [u8; 11] = [PUSH0, PUSH0, PUSH0, PUSH0, CALLVALUE, PUSH0, CALLDATALOAD, GAS, CALL, POP, ADDRESS];

/// Keeps the word that it is called with; called with nothing, returns it. Takes the place of EIP-2935's contract.
pub(crate) const HISTORY_CODE: [u8; 17] = [
    CALLDATASIZE,
    PUSH1,
    12,
    JUMPI,
    PUSH0,
    SLOAD,
    PUSH0,
    MSTORE,
    PUSH1,
    32,
    PUSH0,
    RETURN,
    JUMPDEST,
    PUSH0,
    CALLDATALOAD,
    PUSH0,
    SSTORE,
];

pub(crate) struct World {
    pub(crate) rules: Rules,
    pub(crate) header: Header,
    pub(crate) db: CacheDB<EmptyDB>,
    pub(crate) gas_cap: u64,
}

impl World {
    pub(crate) fn new() -> Self {
        let rules = rules();
        let header = Header {
            number: 7,
            timestamp: 1_700_000_000,
            gas_limit: rules.gas_limit,
            beneficiary: rules.beneficiary,
            ..rules.header_frame(Default::default())
        };
        let mut world = Self { rules, header, db: CacheDB::default(), gas_cap: 50_000_000 };
        world.put(RICH, U256::from(1_000_000_000), &[]);
        for (address, code) in contracts() {
            world.put(address, U256::ZERO, &code);
        }
        world
    }

    pub(crate) fn put(&mut self, address: Address, balance: U256, code: &[u8]) {
        let code = Bytecode::new_legacy(Bytes::copy_from_slice(code));
        let nonce = u64::from(!code.is_empty());
        self.db.insert_account_info(address, AccountInfo { nonce, balance, ..Default::default() }.with_code(code));
    }

    pub(crate) fn set_slot(&mut self, address: Address, slot: u64, value: u64) {
        self.db
            .insert_account_storage(address, U256::from(slot), U256::from(value))
            .expect("an empty database answers");
    }

    pub(crate) fn base(&self) -> Base<'_, CacheDB<EmptyDB>> {
        Base { rules: &self.rules, header: &self.header, db: &self.db, gas_cap: self.gas_cap }
    }
}

impl BlockState for CacheDB<EmptyDB> {
    fn has_storage(&self, address: Address) -> Result<bool, Self::Error> {
        let account = self.cache.accounts.get(&address);
        Ok(account.is_some_and(|account| account.storage.values().any(|value| !value.is_zero())))
    }
}

/// What a client would have sent.
pub(crate) fn from_json<T: DeserializeOwned>(value: Value) -> T {
    serde_json::from_value(value).expect("the test's JSON is of the type")
}

pub(crate) fn request(value: Value) -> TransactionRequest {
    from_json(value)
}

pub(crate) fn state_overrides(value: Value) -> EvmOverrides {
    EvmOverrides::state(Some(from_json(value)))
}

pub(crate) fn block_overrides(value: Value) -> EvmOverrides {
    EvmOverrides::block(Some(Box::new(from_json(value))))
}

/// A number as the word that a contract returns.
pub(crate) fn word(number: u64) -> Bytes {
    U256::from(number).to_be_bytes::<32>().into()
}

pub(crate) fn rules() -> Rules {
    Rules {
        chain_id: 31_337,
        fork: Fork::Osaka,
        gas_limit: 500_000_000,
        beneficiary: Address::repeat_byte(0xbe),
        epoch_blocks: 64,
        min_block_interval_ms: 10,
        max_block_bytes: 4 * 1024 * 1024,
        min_gas_price: 0,
        senders: None,
        committee: Committee::new(Vec::new()),
        upgrades: Vec::new(),
        founding: Default::default(),
        recoveries: Default::default(),
    }
}

pub(crate) fn contracts() -> [(Address, Vec<u8>); 7] {
    [
        (ANSWER, ANSWER_CODE.into()),
        (REVERTER, REVERTER_CODE.into()),
        (LOOP, vec![JUMPDEST, PUSH0, JUMP]),
        (BROKEN, vec![INVALID]),
        (READER, READER_CODE.into()),
        (FORWARDER, FORWARDER_CODE.into()),
        (WRITER, (0..10).flat_map(|slot| [PUSH0, CALLDATALOAD, PUSH1, slot, SSTORE]).collect()),
    ]
}
