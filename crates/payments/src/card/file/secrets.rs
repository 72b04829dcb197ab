//! What is inside the seal: objects of BER-TLV under private tags, each once.
//!
//! Called by the card file alone. The bytes are wiped when they are dropped; the one buffer is as large as it will ever be from the start,
//! so that no copy is left behind where it grew.

use zeroize::Zeroizing;

use super::FileError;
use crate::{
    card::personalization::{Credentials, Secrets},
    cryptogram::{Aes128Key, CardKeys, CardReference},
    number::Pan,
    profile::Input,
    tlv::{self, Tag},
};

/// Writes the secrets of a card.
pub(super) fn encode(secrets: &Secrets) -> Result<Zeroizing<Vec<u8>>, FileError> {
    let mut out = Zeroizing::new(Vec::with_capacity(MAX_BYTES));
    put(&mut out, PAN, secrets.pan.digits())?;
    put(&mut out, REFERENCE, secrets.reference.to_string().as_bytes())?;
    put(&mut out, FPE_KEY, secrets.keys.fpe.expose())?;
    put(&mut out, TWEAK_KEY, secrets.keys.tweak.expose())?;
    put(&mut out, INDEX_KEY, secrets.keys.index.expose())?;
    put(&mut out, MASTER_KEY, secrets.keys.master.expose())?;
    for (input, value) in secrets.credentials.iter() {
        put(&mut out, input.tag(), value)?;
    }
    Ok(out)
}

/// Reads them.
pub(super) fn decode(bytes: &[u8]) -> Result<Secrets, FileError> {
    let objects = tlv::parse(bytes).map_err(|_| FileError::Secrets)?;
    let find = |tag: Tag| objects.iter().find(|object| object.tag == tag).map(|object| object.value);
    let text = |tag: Tag| find(tag).and_then(|value| std::str::from_utf8(value).ok()).ok_or(FileError::Secrets);
    let key =
        |tag: Tag| find(tag).and_then(|value| value.try_into().ok()).map(Aes128Key::new).ok_or(FileError::Secrets);
    let mut credentials = Credentials::default();
    for input in Input::all().filter(|input| !input.is_from_terminal()) {
        if let Some(value) = find(input.tag()) {
            credentials.set(input, value)?;
        }
    }
    Ok(Secrets {
        pan: Pan::parse(text(PAN)?).map_err(|_| FileError::Secrets)?,
        reference: CardReference::parse(text(REFERENCE)?).map_err(|_| FileError::Secrets)?,
        keys: CardKeys { fpe: key(FPE_KEY)?, tweak: key(TWEAK_KEY)?, index: key(INDEX_KEY)?, master: key(MASTER_KEY)? },
        credentials,
    })
}

/// Never beyond what the buffer was made for.
fn put(out: &mut Zeroizing<Vec<u8>>, tag: Tag, value: &[u8]) -> Result<(), FileError> {
    let length = u8::try_from(value.len()).ok().filter(|length| *length < 0x80).ok_or(FileError::TooLarge)?;
    if out.len() + MAX_HEAD_BYTES + value.len() > MAX_BYTES {
        return Err(FileError::TooLarge);
    }
    out.extend(tag.to_bytes());
    out.push(length);
    out.extend_from_slice(value);
    Ok(())
}

const fn private(number: u32) -> Tag {
    Tag::new(number).expect("one tag; found at compile time")
}

const PAN: Tag = private(0xC1);
const REFERENCE: Tag = private(0xC2);
const FPE_KEY: Tag = private(0xC3);
const TWEAK_KEY: Tag = private(0xC4);
const INDEX_KEY: Tag = private(0xC5);
const MASTER_KEY: Tag = private(0xC6);
const MAX_BYTES: usize = 1024;
/// A tag of two bytes and a length of one.
const MAX_HEAD_BYTES: usize = 3;
