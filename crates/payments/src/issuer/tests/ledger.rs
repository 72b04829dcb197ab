//! The real room `cash` over maps, with the euro, the yen and a pool that has money, and a signer whose transactions it understands.

use alloy_primitives::{Address, B256, U256, keccak256};
use alloy_sol_types::SolCall;
use contracts::{
    cash::{
        self,
        abi::{
            ICash::{self, HoldState},
            ICashFactory,
        },
        iso4217::Currency,
    },
    testing::Memory,
};

use super::super::{
    call::{Call, SignError, Signed, Signer},
    reconcile::{LedgerHold, LedgerPool, LedgerView},
};

pub(in crate::issuer) const POOL: Address = Address::repeat_byte(0x15);
pub(in crate::issuer) const SHOP: Address = Address::repeat_byte(0x50);
pub(in crate::issuer) const CAFE: Address = Address::repeat_byte(0xca);
pub(in crate::issuer) const POOL_MINOR: u64 = 10_000_000;
const GOVERNOR: Address = alloy_primitives::address!("f39Fd6e51aad88F6F4ce6aB8827279cffFb92266");

/// Signs by writing down what is to be called: this ledger believes it.
pub(in crate::issuer) struct PlainSigner;

impl Signer for PlainSigner {
    fn sign(&self, call: &Call, nonce: u64) -> Result<Signed, SignError> {
        let raw = [&nonce.to_be_bytes()[..], call.to.as_slice(), &call.data].concat();
        Ok(Signed { hash: keccak256(&raw), raw })
    }
}

#[derive(Clone)]
pub(in crate::issuer) struct Ledger {
    pub(in crate::issuer) memory: Memory,
    pub(in crate::issuer) nonce: u64,
}

impl Ledger {
    pub(in crate::issuer) fn new(now_ms: u64) -> Self {
        let mut ledger = Self { memory: Memory::new(), nonce: 0 };
        ledger.memory.now = now_ms / 1000;
        for code in ["EUR", "JPY"] {
            let create = ICashFactory::createCall { code: code.into(), issuer: POOL };
            ledger.memory.call(GOVERNOR, cash::ADDRESS, &create.abi_encode()).unwrap();
            let mint = ICash::mintCall { to: POOL, amount: U256::from(POOL_MINOR), referenceId: B256::ZERO };
            ledger.call(POOL, code, mint);
        }
        ledger
    }

    pub(in crate::issuer) fn call<C: SolCall>(&mut self, caller: Address, code: &str, call: C) -> C::Return {
        let answer = self.memory.call(caller, address(code), &call.abi_encode()).unwrap();
        C::abi_decode_returns_validate(&answer).unwrap()
    }

    /// Runs a transaction: `None` if its nonce was used before, else its status.
    pub(in crate::issuer) fn submit(&mut self, raw: &[u8]) -> Option<bool> {
        let (nonce, rest) = raw.split_first_chunk::<8>().unwrap();
        let (to, data) = rest.split_first_chunk::<20>().unwrap();
        let nonce = u64::from_be_bytes(*nonce);
        if nonce < self.nonce {
            return None;
        }
        assert_eq!(nonce, self.nonce, "nonces have no gaps");
        self.nonce += 1;
        Some(self.memory.call(POOL, to.into(), data).is_ok())
    }

    pub(in crate::issuer) fn balance(&mut self, account: Address) -> u64 {
        self.call(account, "EUR", ICash::balanceOfCall { account }).to()
    }

    pub(in crate::issuer) fn held(&mut self) -> u64 {
        self.call(POOL, "EUR", ICash::heldCall { account: POOL }).to()
    }

    pub(in crate::issuer) fn state(&mut self, id: B256) -> HoldState {
        self.call(POOL, "EUR", ICash::holdsCall { id }).state
    }
}

fn address(code: &str) -> Address {
    cash::address_of(Currency::by_code(code.as_bytes()).unwrap())
}

impl LedgerView for Ledger {
    fn pool(&mut self, currency: &Currency) -> Result<LedgerPool, String> {
        let code = currency.symbol();
        Ok(LedgerPool {
            balance_minor: self.call(POOL, &code, ICash::balanceOfCall { account: POOL }).to(),
            held_minor: self.call(POOL, &code, ICash::heldCall { account: POOL }).to(),
        })
    }

    fn hold(&mut self, currency: &Currency, id: &B256) -> Result<LedgerHold, String> {
        let found = self.call(POOL, &currency.symbol(), ICash::holdsCall { id: *id });
        let (amount_minor, captured_minor) = (found.amount.to(), found.captured.to());
        Ok(LedgerHold { state: found.state, amount_minor, captured_minor })
    }
}
