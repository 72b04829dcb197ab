//! Encryption of what must not be read from the disk.
//!
//! ```text
//! master key (given at open) --unwraps--> data keys --AES-256-GCM--> sealed value = version | key | nonce | ciphertext | tag
//! ```
//!
//! Called by `vault` at the start, and by the operations that seal and reveal. The associated data of a sealed value are its table, column
//! and row, so that a value which was copied to another place does not open. How a number is looked up is not decided here: `payments` hands
//! over keyed hashes (`Keys::index_hmac`), because a plain hash of a number is a finding (PCI DSS 4.0.1, 3.5.1.1; T-19).
//! Random nonces of 96 bits allow 2^32 values for each key (NIST SP 800-38D, 8.3); they are counted in the transaction that seals. A new data
//! key is made at a start only; a process that runs meanwhile learns of it at its own next start.

use std::{collections::BTreeMap, fmt};

use aes_gcm::{
    Aes256Gcm, Nonce,
    aead::{Aead, Generate, KeyInit, Payload},
};
use primitives::Masked;
use rusqlite::{Connection, OptionalExtension, Transaction, TransactionBehavior, params};
use zeroize::Zeroizing;

/// The key-encryption key: it opens the keys that are kept in the vault, and is itself never kept there.
#[derive(Clone)]
pub struct MasterKey {
    id: String,
    key: Masked<[u8; KEY_BYTES]>,
}

impl MasterKey {
    /// A master key and the name under which the vault remembers which one it needs.
    pub fn new(id: &str, key: Masked<[u8; KEY_BYTES]>) -> Result<Self, SealError> {
        if id.is_empty() || id.len() > ID_BYTES_MAX {
            return Err(SealError::MasterKeyName);
        }
        Ok(Self { id: id.to_owned(), key })
    }

    fn cipher(&self) -> Aes256Gcm {
        Aes256Gcm::new(self.key.expose().into())
    }
}

impl fmt::Debug for MasterKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "MasterKey({}, ***)", self.id)
    }
}

/// Why something could not be sealed or opened.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SealError {
    /// A master key without a usable name.
    #[error("the master key's name must have 1 to {ID_BYTES_MAX} bytes")]
    MasterKeyName,
    /// The vault was made under a master key of another name.
    #[error("the vault's keys are under master key \"{needed}\", not under \"{given}\"")]
    OtherMasterKey {
        /// The name in the vault.
        needed: String,
        /// The name that was given.
        given: String,
    },
    /// The name is right and the key is not, or the vault's own keys are damaged.
    #[error("master key \"{0}\" does not open the vault's keys: it is another key, or they are damaged")]
    WrongMasterKey(String),
    /// The value was changed, moved from another place, or belongs to a key that is gone.
    #[error("the value in {table}.{column}, row {row}, is damaged or not from there")]
    Damaged {
        /// Its table.
        table: &'static str,
        /// Its column.
        column: &'static str,
        /// Its row.
        row: u64,
    },
    /// The data key has sealed as much as it may; the next start makes a new one.
    #[error("the data key is used up: start again to have a new one")]
    Spent,
    /// Longer than AES-GCM takes (64 GiB).
    #[error("the value is too long to be sealed")]
    TooLong,
    /// The system gave no random bytes.
    #[error("the system gives no random bytes")]
    Random,
}

/// Where a sealed value lies.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Place {
    pub(crate) table: &'static str,
    pub(crate) column: &'static str,
    pub(crate) row: u64,
}

/// The opened keys.
pub(crate) struct Sealer {
    data_keys: BTreeMap<u32, Aes256Gcm>,
    current: u32,
}

impl fmt::Debug for Sealer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Sealer({} data keys, ***)", self.data_keys.len())
    }
}

/// What the two steps of sealing may end with.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SealFailure {
    #[error(transparent)]
    Seal(#[from] SealError),
    #[error(transparent)]
    Database(#[from] rusqlite::Error),
}

impl Sealer {
    /// Opens the vault's data keys, and makes one if there is none, or if the newest is half used up.
    pub(crate) fn open(connection: &mut Connection, master: &MasterKey) -> Result<Self, SealFailure> {
        let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        if !has_fresh_key(&transaction, master)? {
            make_key(&transaction, master)?;
        }
        let opened = read_keys(&transaction, master)?;
        transaction.commit()?;
        Ok(opened)
    }

    /// Encrypts `secret` for `place`. The count of what the key sealed is part of the caller's transaction.
    pub(crate) fn seal(&self, connection: &Connection, place: Place, secret: &[u8]) -> Result<Vec<u8>, SealFailure> {
        count_use(connection, self.current)?;
        let nonce = <Nonce<_>>::try_generate().map_err(|_| SealError::Random)?;
        let aad = associated_data(self.current, place);
        let cipher = self.data_keys.get(&self.current).ok_or(SealError::Spent)?;
        let ciphertext = cipher.encrypt(&nonce, Payload { msg: secret, aad: &aad }).map_err(|_| SealError::TooLong)?;
        Ok([&[VERSION], &self.current.to_be_bytes()[..], &nonce, &ciphertext].concat())
    }

    /// Decrypts what [`Sealer::seal`] made for the same place.
    pub(crate) fn unseal(&self, place: Place, sealed: &[u8]) -> Result<Masked<Vec<u8>>, SealError> {
        let damaged = SealError::Damaged { table: place.table, column: place.column, row: place.row };
        self.decrypt(place, sealed).map(Masked::new).ok_or(damaged)
    }

    fn decrypt(&self, place: Place, sealed: &[u8]) -> Option<Vec<u8>> {
        let (version, rest) = sealed.split_first()?;
        let (key, rest) = rest.split_first_chunk()?;
        let (nonce, ciphertext) = rest.split_first_chunk::<NONCE_BYTES>()?;
        let key = u32::from_be_bytes(*key);
        let cipher = self.data_keys.get(&key).filter(|_| *version == VERSION)?;
        let aad = associated_data(key, place);
        cipher.decrypt(&Nonce::from(*nonce), Payload { msg: ciphertext, aad: &aad }).ok()
    }
}

/// Whether the newest key may seal for long enough.
fn has_fresh_key(transaction: &Transaction<'_>, master: &MasterKey) -> Result<bool, SealFailure> {
    let newest = "SELECT master_id, sealed FROM data_keys ORDER BY id DESC LIMIT 1";
    let newest: Option<(String, i64)> =
        transaction.query_row(newest, [], |row| Ok((row.get(0)?, row.get(1)?))).optional()?;
    match newest {
        Some((needed, _)) if needed != master.id => {
            Err(SealError::OtherMasterKey { needed, given: master.id.clone() }.into())
        }
        Some((_, sealed)) => Ok(sealed < SEALED_MAX / 2),
        None => Ok(false),
    }
}

fn make_key(transaction: &Transaction<'_>, master: &MasterKey) -> Result<(), SealFailure> {
    let id: u32 = transaction.query_row("SELECT coalesce(max(id), 0) + 1 FROM data_keys", [], |row| row.get(0))?;
    let key = Zeroizing::new(<[u8; KEY_BYTES]>::try_generate().map_err(|_| SealError::Random)?);
    let nonce = <Nonce<_>>::try_generate().map_err(|_| SealError::Random)?;
    let aad = wrapping_data(master, id);
    let ciphertext = master.cipher().encrypt(&nonce, Payload { msg: &key[..], aad: &aad });
    let ciphertext = ciphertext.map_err(|_| SealError::WrongMasterKey(master.id.clone()))?;
    transaction.execute(
        "INSERT INTO data_keys (id, master_id, wrapped, sealed) VALUES (?1, ?2, ?3, 0)",
        params![id, master.id, [&nonce[..], &ciphertext].concat()],
    )?;
    Ok(())
}

fn read_keys(transaction: &Transaction<'_>, master: &MasterKey) -> Result<Sealer, SealFailure> {
    let mut statement = transaction.prepare("SELECT id, wrapped FROM data_keys ORDER BY id")?;
    let mut rows = statement.query([])?;
    let (mut data_keys, mut current) = (BTreeMap::new(), 0);
    while let Some(row) = rows.next()? {
        let (id, wrapped): (u32, Vec<u8>) = (row.get(0)?, row.get(1)?);
        data_keys.insert(id, unwrap_key(master, id, &wrapped)?);
        current = id;
    }
    Ok(Sealer { data_keys, current })
}

fn unwrap_key(master: &MasterKey, id: u32, wrapped: &[u8]) -> Result<Aes256Gcm, SealError> {
    let wrong = || SealError::WrongMasterKey(master.id.clone());
    let (nonce, ciphertext) = wrapped.split_first_chunk::<NONCE_BYTES>().ok_or_else(wrong)?;
    let aad = wrapping_data(master, id);
    let opened = master.cipher().decrypt(&Nonce::from(*nonce), Payload { msg: ciphertext, aad: &aad });
    let key = Zeroizing::new(opened.map_err(|_| wrong())?);
    Aes256Gcm::new_from_slice(&key).map_err(|_| wrong())
}

fn count_use(connection: &Connection, key: u32) -> Result<(), SealFailure> {
    let mut statement =
        connection.prepare_cached("UPDATE data_keys SET sealed = sealed + 1 WHERE id = ?1 AND sealed < ?2")?;
    match statement.execute(params![key, SEALED_MAX])? {
        1 => Ok(()),
        _ => Err(SealError::Spent.into()),
    }
}

fn associated_data(key: u32, place: Place) -> Vec<u8> {
    framed([SEAL_DOMAIN, &key.to_be_bytes(), place.table.as_bytes(), place.column.as_bytes(), &place.row.to_be_bytes()])
}

fn wrapping_data(master: &MasterKey, id: u32) -> Vec<u8> {
    framed([WRAP_DOMAIN, master.id.as_bytes(), &id.to_be_bytes()])
}

/// Each part with its length before it, so that no two lists of parts give the same bytes.
fn framed<const N: usize>(parts: [&[u8]; N]) -> Vec<u8> {
    let mut bytes = Vec::new();
    for part in parts {
        bytes.extend_from_slice(&(part.len() as u64).to_be_bytes());
        bytes.extend_from_slice(part);
    }
    bytes
}

/// Length of every key here.
pub const KEY_BYTES: usize = 32;
const NONCE_BYTES: usize = 12;
const VERSION: u8 = 1;
const ID_BYTES_MAX: usize = 64;
/// How many values one data key may seal.
const SEALED_MAX: i64 = 1 << 32;
const SEAL_DOMAIN: &[u8] = b"counterfoil vault value 1";
const WRAP_DOMAIN: &[u8] = b"counterfoil vault key 1";

#[cfg(test)]
mod tests;
