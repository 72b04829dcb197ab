//! Accounts that sign: transactions and EIP-7702 authorizations.

use alloy_consensus::{
    SignableTransaction, Signed,
    crypto::secp256k1::{public_key_to_address, sign_message},
};
use alloy_eips::eip7702::{Authorization, SignedAuthorization};
use alloy_primitives::{Address, B256, Signature};
use primitives::{Recovered, Tx};

/// A key and its address.
#[derive(Clone, Copy, Debug)]
pub struct Signer {
    secret: B256,
    pub address: Address,
}

impl Signer {
    /// The signer of a number; any but 0 will do.
    pub fn new(number: u64) -> Self {
        let secret = B256::left_padding_from(&number.to_be_bytes());
        let key = secp256k1::SecretKey::from_byte_array(secret.0).expect("a small number is a key");
        Self { secret, address: public_key_to_address(key.public_key(secp256k1::SECP256K1)) }
    }

    /// Signs a transaction of any type.
    pub fn sign<T: SignableTransaction<Signature>>(&self, tx: T) -> Recovered<Tx>
    where
        Tx: From<Signed<T>>,
    {
        let signature = self.sign_hash(tx.signature_hash());
        Recovered::new_unchecked(tx.into_signed(signature).into(), self.address)
    }

    /// Signs a delegation of this account.
    pub fn authorize(&self, authorization: Authorization) -> SignedAuthorization {
        let signature = self.sign_hash(authorization.signature_hash());
        authorization.into_signed(signature)
    }

    /// Signs a hash.
    pub fn sign_hash(&self, hash: B256) -> Signature {
        sign_message(self.secret, hash).expect("the key is valid")
    }
}
