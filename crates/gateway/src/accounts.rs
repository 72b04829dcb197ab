//! The keys that this node signs with for its clients: the ten development accounts, or none.
//! Called by `eth::sign` and `eth::send` to sign, by the program to print the keys of `--dev`.
//! Rules: BIP-39 and BIP-44 (`m/44'/60'/0'/0/i`) for the keys, EIP-191 and EIP-712 for what is hashed before signing.

use alloy_consensus::SignableTransaction;
use alloy_primitives::{Address, B256, Signature, U256, hex};
use alloy_signer_local::{LocalSignerError, MnemonicBuilder};
use primitives::Masked;
use secp256k1::{Message, SECP256K1, SecretKey};

/// The phrase that every Ethereum development node uses: its keys are public knowledge.
pub const DEVELOPMENT_MNEMONIC: &str = "test test test test test test test test test test test junk";

/// How many accounts are derived from it.
pub const DEVELOPMENT_ACCOUNTS: usize = 10;

/// The unlocked accounts of this node, in the order of their derivation.
#[derive(Clone, Debug, Default)]
pub struct Accounts(Vec<Account>);

/// An address and its private key.
#[derive(Clone, Debug)]
pub struct Account {
    address: Address,
    key: Masked<[u8; 32]>,
}

/// Why development accounts could not be derived or used.
#[derive(Debug, thiserror::Error)]
pub enum AccountError {
    /// The phrase does not derive keys.
    #[error("development accounts: {0}")]
    Mnemonic(#[from] LocalSignerError),
    /// The bytes are no private key of secp256k1.
    #[error("not a private key: {0}")]
    Key(#[from] secp256k1::Error),
}

impl Accounts {
    /// A node that signs for nobody.
    pub const fn none() -> Self {
        Self(Vec::new())
    }

    /// The accounts of [`DEVELOPMENT_MNEMONIC`].
    pub fn development() -> Result<Self, AccountError> {
        let parent = MnemonicBuilder::from_phrase(DEVELOPMENT_MNEMONIC).build_parent_key()?;
        let signers = parent.children().take(DEVELOPMENT_ACCOUNTS);
        signers.map(|signer| Account::from_key(signer?.to_bytes())).collect::<Result<_, AccountError>>().map(Self)
    }

    /// All of them.
    pub fn iter(&self) -> impl Iterator<Item = &Account> {
        self.0.iter()
    }

    /// The addresses, for `eth_accounts`.
    pub fn addresses(&self) -> Vec<Address> {
        self.iter().map(Account::address).collect()
    }

    /// The account with this address, if it is unlocked here.
    pub fn get(&self, address: Address) -> Option<&Account> {
        self.iter().find(|account| account.address == address)
    }
}

impl Account {
    /// The account of a private key.
    pub fn from_key(key: B256) -> Result<Self, AccountError> {
        let public = SecretKey::from_byte_array(key.0)?.public_key(SECP256K1).serialize_uncompressed();
        // The first byte says "uncompressed"; the key is the 64 after it.
        Ok(Self { address: Address::from_raw_public_key(&public[1..]), key: Masked::new(key.0) })
    }

    /// Its address.
    pub const fn address(&self) -> Address {
        self.address
    }

    /// Its private key.
    pub const fn key(&self) -> &Masked<[u8; 32]> {
        &self.key
    }

    /// Its private key as text, for the list that a development node prints.
    pub fn key_hex(&self) -> String {
        hex::encode_prefixed(self.key.expose())
    }

    /// Signs a digest. The nonce is RFC 6979's and `s` is low (EIP-2), so the same digest always gives the same signature.
    pub fn sign_digest(&self, digest: B256) -> Result<Signature, AccountError> {
        let key = SecretKey::from_byte_array(*self.key.expose())?;
        let signature = SECP256K1.sign_ecdsa_recoverable(Message::from_digest(digest.0), &key);
        let (recovery, bytes) = signature.serialize_compact();
        let (r, s) = bytes.split_at(32);
        Ok(Signature::new(U256::from_be_slice(r), U256::from_be_slice(s), i32::from(recovery) % 2 == 1))
    }

    /// Signs a transaction of any type.
    pub fn sign_transaction<T>(&self, tx: T) -> Result<alloy_consensus::Signed<T>, AccountError>
    where
        T: SignableTransaction<Signature>,
    {
        let signature = self.sign_digest(tx.signature_hash())?;
        Ok(tx.into_signed(signature))
    }
}

#[cfg(test)]
mod tests;
