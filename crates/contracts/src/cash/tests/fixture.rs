//! A world with one currency, EUR, in which Alice has 1,000.00, and how to ask it and be refused by it.

use alloy_primitives::{Address, B256, LogData, U256, address};
use alloy_sol_types::{SolCall, SolError, SolEvent};

use crate::{
    Res, Stop,
    cash::{abi::ICash, address_of, iso4217::Currency},
    registry,
    testing::Memory,
};

pub(super) const GOVERNOR: Address = address!("f39Fd6e51aad88F6F4ce6aB8827279cffFb92266");
pub(super) const ISSUER: Address = Address::repeat_byte(0x15);
pub(super) const ALICE: Address = Address::repeat_byte(0xa1);
pub(super) const BOB: Address = Address::repeat_byte(0xb0);
pub(super) const SHOP: Address = Address::repeat_byte(0x50);
pub(super) const CARD: Address = Address::repeat_byte(0xca);
pub(super) const ROOM: Address = registry::address_of(2, [0; 7]);
pub(super) const ID: B256 = B256::repeat_byte(0x1d);
pub(super) const ORDER: B256 = B256::repeat_byte(0x0d);

pub(super) struct World {
    pub(super) memory: Memory,
    pub(super) currency: Address,
}

pub(super) fn amount(value: u64) -> U256 {
    U256::from(value)
}

pub(super) fn reference(number: u64) -> B256 {
    B256::from(U256::from(number))
}

impl World {
    pub(super) fn new() -> Self {
        let mut world = Self::empty();
        let mint = ICash::mintCall { to: ALICE, amount: amount(100_000), referenceId: ORDER };
        world.done(ISSUER, mint);
        world
    }

    pub(super) fn empty() -> Self {
        let mut memory = Memory::new();
        let create = crate::cash::abi::ICashFactory::createCall { code: "EUR".into(), issuer: ISSUER };
        memory.call(GOVERNOR, ROOM, &create.abi_encode()).unwrap();
        Self { memory, currency: address_of(Currency::by_code(b"EUR").unwrap()) }
    }

    pub(super) fn ask<C: SolCall>(&mut self, caller: Address, call: C) -> Res<C::Return> {
        let answer = self.memory.call(caller, self.currency, &call.abi_encode())?;
        Ok(C::abi_decode_returns_validate(&answer).unwrap())
    }

    pub(super) fn done<C: SolCall>(&mut self, caller: Address, call: C) -> C::Return {
        self.ask(caller, call).unwrap_or_else(|stop| panic!("{} is refused: {stop:?}", C::SIGNATURE))
    }

    /// The call works, changes nothing and leaves no log.
    #[track_caller]
    pub(super) fn again<C: SolCall>(&mut self, caller: Address, call: C) {
        let before = self.memory.clone();
        self.done(caller, call);
        assert_eq!(self.memory, before, "{} changed something", C::SIGNATURE);
    }

    /// The call is refused with this error and changes nothing.
    #[track_caller]
    pub(super) fn refused<C: SolCall>(&mut self, caller: Address, call: C, error: impl SolError) {
        let before = self.memory.clone();
        let answer = self.memory.call(caller, self.currency, &call.abi_encode());
        assert_eq!(answer, Err(Stop::Revert(error.abi_encode().into())), "{}", C::SIGNATURE);
        assert_eq!(self.memory, before, "{} changed something", C::SIGNATURE);
    }

    /// The newest log is this event.
    #[track_caller]
    pub(super) fn logged(&self, event: &impl SolEvent) {
        let newest: Option<&LogData> = self.memory.logs.last().map(|log| &log.data);
        assert_eq!(newest, Some(&event.encode_log_data()));
        assert!(self.memory.logs.last().is_some_and(|log| log.address == self.currency));
    }

    pub(super) fn balance(&mut self, account: Address) -> U256 {
        self.done(account, ICash::balanceOfCall { account })
    }

    pub(super) fn held(&mut self, account: Address) -> U256 {
        self.done(account, ICash::heldCall { account })
    }

    pub(super) fn available(&mut self, account: Address) -> U256 {
        self.done(account, ICash::availableCall { account })
    }

    pub(super) fn found(&mut self, id: B256) -> ICash::Hold {
        self.done(BOB, ICash::holdsCall { id })
    }
}
