//! What the issuer asks of the ledger: calls of a currency's contract as calldata.
//!
//! Made by `book`, which has them signed and written into the outbox. The ABI and what each verb does: `contracts::cash`. Holds have no
//! reference of their own: their id says it all to who has the preimage. Steps of a hold (adjustments, captures) are numbered from 1.

use alloy_primitives::{Address, B256, Bytes, U256};
use alloy_sol_types::SolCall;
use contracts::cash::{self, abi::ICash, iso4217::Currency};
use thiserror::Error;

use super::records::HoldTerms;

/// A call to be signed: no value goes with it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Call {
    /// The contract.
    pub to: Address,
    /// Selector and arguments.
    pub data: Bytes,
}

/// A signed transaction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signed {
    /// As `eth_sendRawTransaction` takes it.
    pub raw: Vec<u8>,
    /// Its hash.
    pub hash: B256,
}

/// Signs with the operator's key, which nobody sees. Called while the unit of work is open: the nonce is the row's.
pub trait Signer {
    /// Signs a call under a nonce. The same call and nonce may give other bytes each time; the first ones are kept.
    fn sign(&self, call: &Call, nonce: u64) -> Result<Signed, SignError>;
}

/// The operator's key did not sign.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("the operator's key does not sign: {0}")]
pub struct SignError(pub String);

/// Calls about one payment.
#[derive(Clone, Copy)]
pub struct Calls<'a> {
    /// Of what.
    pub currency: &'static Currency,
    /// The hold.
    pub hold: &'a HoldTerms,
}

impl Calls<'_> {
    /// Places the hold.
    pub fn hold(&self) -> Call {
        self.call(&ICash::holdCall {
            id: self.hold.id,
            from: self.hold.from,
            to: self.hold.to,
            amount: U256::from(self.hold.first_minor),
            expiry: self.hold.expiry_s,
            referenceId: B256::ZERO,
        })
    }

    /// Holds another amount in all.
    pub fn adjust(&self, step: u32, amount_minor: u64) -> Call {
        let new_amount = U256::from(amount_minor);
        self.call(&ICash::adjustCall { id: self.hold.id, referenceId: reference(step), newAmount: new_amount })
    }

    /// Gives it to the merchant; if it is final, the rest returns.
    pub fn capture(&self, step: u32, amount_minor: u64, is_final: bool) -> Call {
        let amount = U256::from(amount_minor);
        self.call(&ICash::captureCall { id: self.hold.id, referenceId: reference(step), amount, isFinal: is_final })
    }

    /// Gives it all back.
    pub fn release(&self) -> Call {
        self.call(&ICash::releaseCall { id: self.hold.id })
    }

    /// Spends the id of a hold that must not come any more.
    pub fn void(&self) -> Call {
        self.call(&ICash::voidCall { id: self.hold.id })
    }

    /// Takes back from the merchant, who allowed it by `approve`; the memo is the hold's id.
    pub fn refund(&self, amount_minor: u64) -> Call {
        let HoldTerms { from: pool, to: merchant, id, .. } = *self.hold;
        let value = U256::from(amount_minor);
        self.call(&ICash::transferFromWithMemoCall { from: merchant, to: pool, value, memo: id })
    }

    fn call(&self, call: &impl SolCall) -> Call {
        Call { to: cash::address_of(self.currency), data: call.abi_encode().into() }
    }
}

/// The name of a step of a hold.
pub fn reference(step: u32) -> B256 {
    U256::from(step).into()
}
