//! The issuer's account on the ledger as what signs: calls of `cash` become transactions of EIP-1559. Called by the issuer while a
//! unit of work is open; the nonce is the outbox row's.

use alloy_consensus::TxEip1559;
use alloy_eips::eip2718::Encodable2718;
use alloy_primitives::{Address, B256, TxKind};
use payments::issuer::call::{Call, SignError, Signed, Signer};

use crate::accounts::{Account, AccountError};

/// The key that signs for the issuer, on one chain, at one price.
#[derive(Clone, Debug)]
pub struct Operator {
    account: Account,
    chain_id: u64,
    gas_price: u128,
}

impl Operator {
    /// From a private key. `gas_price` is what it pays for a unit of gas: nothing on a ledger that asks nothing.
    pub fn new(key: B256, chain_id: u64, gas_price: u128) -> Result<Self, AccountError> {
        Ok(Self { account: Account::from_key(key)?, chain_id, gas_price })
    }

    /// Its address.
    pub const fn address(&self) -> Address {
        self.account.address()
    }
}

impl Signer for Operator {
    fn sign(&self, call: &Call, nonce: u64) -> Result<Signed, SignError> {
        let transaction = TxEip1559 {
            chain_id: self.chain_id,
            nonce,
            gas_limit: GAS_LIMIT,
            max_fee_per_gas: self.gas_price,
            max_priority_fee_per_gas: 0,
            to: TxKind::Call(call.to),
            input: call.data.clone(),
            ..TxEip1559::default()
        };
        let signed = self.account.sign_transaction(transaction).map_err(|error| SignError(error.to_string()))?;
        Ok(Signed { raw: signed.encoded_2718(), hash: *signed.hash() })
    }
}

/// More than any verb of `cash` takes: a first hold between two accounts that were never used writes nine slots.
const GAS_LIMIT: u64 = 400_000;
