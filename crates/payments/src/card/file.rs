//! A card as a file: bytes from a card and a passphrase, and the way back.
//!
//! ```text
//! {"state":["0007...","0006..."],          changes with every transaction, in place (state)
//!  "format": "counterfoil-card", "version": 1,
//!  "face": { ... },                         anybody may read it, nobody can change it
//!  "stretch": { ... }, "salt": "…", "nonce": "…",
//!  "sealed": "…" }                          number, reference, keys, credentials (seal, secrets)
//! ```
//!
//! Called by the program, which adds file, lock and sync. Requirement T-06: the number is sealed, and the reference with it, since it
//! leads to the issuer's records. Everything but the state is additional data of the seal. The state is not: whoever can write the file
//! can turn the counter back, which the issuer sees as a counter that comes twice.

mod seal;
mod secrets;
mod state;

use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::{
    counter::Counters,
    personalization::{Face, Personalization, PersonalizationError},
};
use seal::{Key, seal, unseal};

pub use seal::Stretch;
use state::LINE_BYTES;
pub use state::{CardState, SLOT_BYTES};

/// Largest card file.
pub const MAX_BYTES: usize = 32 * 1024;

/// Why there is no card in some bytes, or no bytes for a card.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum FileError {
    /// Not our JSON.
    #[error("this is no card file: {0}")]
    Json(String),
    /// Larger than any card.
    #[error("a card file has at most {MAX_BYTES} bytes")]
    TooLarge,
    /// From another time.
    #[error("this card file has version {0}, this program knows {VERSION}")]
    Version(u32),
    /// Both slots are damaged.
    #[error("the card's counters are damaged: without them no transaction is safe")]
    State,
    /// Parameters that Argon2id does not have, or that would cost too much.
    #[error("the passphrase is stretched in a way that is refused")]
    Stretch,
    /// AES-GCM says no.
    #[error("the card does not open: the passphrase is wrong, or the file was changed")]
    DoesNotOpen,
    /// It opens, and holds something else.
    #[error("the sealed part of the card is damaged")]
    Secrets,
    /// It opens, and is no card that could work.
    #[error("this card cannot be: {0}")]
    Personalization(#[from] PersonalizationError),
}

/// Writes a card. Salt and nonce are random, and never used for another file.
pub fn encode(
    card: &Personalization,
    counters: Counters,
    passphrase: &str,
    stretch: Stretch,
    salt: [u8; 16],
    nonce: [u8; 12],
) -> Result<Vec<u8>, FileError> {
    let open = Open {
        format: FORMAT.into(),
        version: VERSION,
        face: card.face().clone(),
        stretch,
        salt: hex::encode(salt),
        nonce: hex::encode(nonce),
    };
    let key = Key::stretched(passphrase, &salt, stretch)?;
    let sealed = seal(&secrets::encode(card.secrets())?, &open.bytes()?, &key, nonce)?;
    let rest = serde_json::to_string_pretty(&Rest { open, sealed: hex::encode(sealed) }).map_err(json)?;
    // The state goes in front, where its places are known.
    let rest = rest.strip_prefix('{').unwrap_or_default();
    Ok([CardState::first_line(counters).as_slice(), rest.as_bytes(), b"\n"].concat())
}

/// Reads a card.
pub fn decode(bytes: &[u8], passphrase: &str) -> Result<(Personalization, CardState), FileError> {
    let (state, Rest { open, sealed }) = parse(bytes)?;
    let state = CardState::newest(state)?;
    let (salt, nonce) = (exactly(&open.salt)?, exactly(&open.nonce)?);
    let key = Key::stretched(passphrase, &salt, open.stretch)?;
    let sealed = hex::decode(sealed).map_err(json)?;
    let secrets = secrets::decode(&unseal(&sealed, &open.bytes()?, &key, nonce)?)?;
    Ok((Personalization::new(open.face, secrets)?, state))
}

/// What anybody may know of a card. Only [`decode`] tells whether it is true.
pub fn face(bytes: &[u8]) -> Result<Face, FileError> {
    Ok(parse(bytes)?.1.open.face)
}

/// What is behind the state.
#[derive(Serialize, Deserialize)]
struct Rest {
    #[serde(flatten)]
    open: Open,
    sealed: String,
}

/// The open part, in an order that does not change: it is additional data.
#[derive(Serialize, Deserialize)]
struct Open {
    format: String,
    version: u32,
    face: Face,
    stretch: Stretch,
    salt: String,
    nonce: String,
}

impl Open {
    fn bytes(&self) -> Result<Vec<u8>, FileError> {
        serde_json::to_vec(self).map_err(json)
    }
}

/// The line of the state, and the rest. A state that a power cut tore need not be text, so it is not read as JSON.
fn parse(bytes: &[u8]) -> Result<(&[u8; LINE_BYTES], Rest), FileError> {
    if bytes.len() > MAX_BYTES {
        return Err(FileError::TooLarge);
    }
    let (state, rest) = bytes.split_first_chunk().ok_or_else(|| json("it is too short"))?;
    let rest: Rest = serde_json::from_slice(&[b"{", rest].concat()).map_err(json)?;
    match &rest.open {
        Open { format, .. } if format != FORMAT => Err(json(format!("its format is not {FORMAT}"))),
        Open { version, .. } if *version != VERSION => Err(FileError::Version(*version)),
        _ => Ok((state, rest)),
    }
}

fn exactly<const N: usize>(text: &str) -> Result<[u8; N], FileError> {
    let mut bytes = [0; N];
    hex::decode_to_slice(text, &mut bytes).map_err(json)?;
    Ok(bytes)
}

fn json(error: impl std::fmt::Display) -> FileError {
    FileError::Json(error.to_string())
}

const FORMAT: &str = "counterfoil-card";
const VERSION: u32 = 1;

#[cfg(test)]
mod tests;
