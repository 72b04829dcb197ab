//! Who lives in a test's world: accounts that sign, and contracts.

use alloy_consensus::{SignableTransaction, Signed, crypto::secp256k1::sign_message};
use alloy_primitives::{Address, B256, Bytes, Signature, U256};
use primitives::{Recovered, Tx};

use crate::world::Seed;

/// A key and its address.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Signer {
    secret: B256,
    pub(crate) address: Address,
}

impl Signer {
    /// The signer of a number; any but 0 will do.
    pub(crate) fn new(number: u64) -> Self {
        let secret = B256::left_padding_from(&number.to_be_bytes());
        let key = secp256k1::SecretKey::from_byte_array(secret.0).expect("a small number is a key");
        Self {
            secret,
            address: Address::from_raw_public_key(&key.public_key(secp256k1::SECP256K1).serialize_uncompressed()[1..]),
        }
    }

    /// Signs a transaction of any type.
    pub(crate) fn sign<T: SignableTransaction<Signature>>(&self, tx: T) -> Recovered<Tx>
    where
        Tx: From<Signed<T>>,
    {
        let signature = self.sign_hash(tx.signature_hash());
        Recovered::new_unchecked(tx.into_signed(signature).into(), self.address)
    }

    /// Signs a hash, that of an EIP-7702 authorization for instance.
    pub(crate) fn sign_hash(&self, hash: B256) -> Signature {
        sign_message(self.secret, hash).expect("the key is valid")
    }
}

impl Seed {
    /// An account that only has money.
    pub(crate) fn rich() -> Self {
        Self { balance: U256::from(10).pow(U256::from(24)), ..Self::default() }
    }

    /// A contract.
    pub(crate) fn contract(code: impl Into<Bytes>) -> Self {
        Self { nonce: 1, code: code.into(), ..Self::default() }
    }
}
