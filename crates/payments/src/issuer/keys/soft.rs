//! The keys in this process: everything comes from one master of 32 bytes.
//!
//! ```text
//! master --HMAC-SHA256 over a label and a key set--> issuer master key, index key, shared keys | wrapping, number index, salt, account references
//! ```
//! Made by the program at start from the sealed master; used behind [`Keys`]. The derivation is NIST SP 800-108's in counter mode with one block:
//! HMAC(master, 1 | label | 0 | key set | bits). A card's own tokenization and tweak keys are random; they lie in the vault, encrypted under the wrapping
//! key together with the credentials that go into its tokens, and the card's reference is authenticated with them.

use std::{collections::BTreeMap, fmt};

use aes_gcm::{
    Aes256Gcm,
    aead::{Aead as _, KeyInit as _, Payload},
};
use alloy_primitives::B256;
use hmac::{Hmac, Mac as _};
use primitives::Masked;
use sha2_11::Sha256;
use zeroize::{Zeroize as _, Zeroizing};

use super::{Chip, Holder, KeyError, Keys, PERSONALIZATION_BYTES, Personalization, Tokenizer};
use crate::{
    cryptogram::{
        self, Aes128Key, CardKeys, Ff1, Mac, Signed, TokenError, arpc, arqc_holds, card_reference, master_key,
        session_key,
    },
    issuer::records::{CardReference, MerchantKey, NumberHash, RangeRecord, WrappedKeys},
    number::{Pan, Token},
    profile::{Input, Scope},
    tlv::{self, Writer},
};

/// Keys in memory, for development and for issuers without a hardware module.
pub struct SoftKeys {
    sets: BTreeMap<u8, KeySet>,
    wrapping: Aes256Gcm,
    number_index: Masked<[u8; 32]>,
    salt: Masked<[u8; 32]>,
    references: Masked<[u8; 32]>,
}

/// What the cards of one key set have in common.
struct KeySet {
    issuer_master: Aes128Key,
    index: Aes128Key,
    shared_fpe: Aes128Key,
    shared_tweak: Aes128Key,
    index_cipher: Ff1,
}

/// Keys of a new card: what goes on it, and what the issuer keeps of it.
#[derive(Debug)]
pub struct Personalized {
    /// For the card, and only for it.
    pub card: CardKeys,
    /// For the vault.
    pub wrapped: WrappedKeys,
}

impl SoftKeys {
    /// All keys of an issuer that has these key sets.
    pub fn new(master: &Masked<[u8; 32]>, key_sets: impl IntoIterator<Item = u8>) -> Self {
        let sets = key_sets.into_iter().map(|set| (set, KeySet::derive(master, set))).collect();
        let wrapping = Aes256Gcm::new(derive(master, "wrapping", 0).expose().into());
        Self {
            sets,
            wrapping,
            number_index: derive(master, "number index", 0),
            salt: derive(master, "salt", 0),
            references: derive(master, "account reference", 0),
        }
    }

    /// Makes the keys of a card.
    pub fn personalize(&self, card: &Personalization<'_>) -> Result<Personalized, KeyError> {
        let set = self.set(card.range.key_set)?;
        let Random { fpe, tweak, nonce } = Random::split(card.random);
        let (fpe, tweak) = match card.range.profile.scope {
            Scope::PerCard => (fpe, tweak),
            Scope::IssuerWide => (set.shared_fpe.clone(), set.shared_tweak.clone()),
        };
        let wrapped = self.wrap(&card.reference, &fpe, &tweak, card.credentials, nonce)?;
        let master = master_key(&set.issuer_master, card.number, card.sequence);
        Ok(Personalized { card: CardKeys { fpe, tweak, index: set.index.clone(), master }, wrapped })
    }

    /// Nonce, then the two keys and the credentials, encrypted.
    fn wrap(
        &self,
        reference: &CardReference,
        fpe: &Aes128Key,
        tweak: &Aes128Key,
        credentials: &[(Input, &[u8])],
        nonce: [u8; NONCE_BYTES],
    ) -> Result<WrappedKeys, KeyError> {
        let mut objects = Writer::new();
        credentials.iter().for_each(|(input, value)| {
            objects.put(input.tag(), value);
        });
        let credentials = Zeroizing::new(objects.into_bytes());
        let plain = Zeroizing::new([&fpe.expose()[..], tweak.expose(), &credentials].concat());
        let place = reference.to_string();
        let sealed = self.wrapping.encrypt(&nonce.into(), Payload { msg: &plain, aad: place.as_bytes() });
        let sealed = sealed.map_err(|_| KeyError::Wrapped)?;
        Ok(WrappedKeys([&nonce[..], &sealed].concat()))
    }

    fn set(&self, key_set: u8) -> Result<&KeySet, KeyError> {
        self.sets.get(&key_set).ok_or(KeyError::KeySet(key_set))
    }

    fn session_key(&self, holder: &Holder<'_>, atc: u16) -> Result<Aes128Key, KeyError> {
        let set = self.set(holder.key_set)?;
        Ok(session_key(&master_key(&set.issuer_master, holder.number, holder.sequence), atc))
    }
}

impl Keys for SoftKeys {
    fn wrap_fpe_key(&self, card: &Personalization<'_>) -> Result<WrappedKeys, KeyError> {
        Ok(self.personalize(card)?.wrapped)
    }

    fn unwrap_fpe_key(&self, card: &CardReference, wrapped: &WrappedKeys) -> Result<Box<dyn Tokenizer>, KeyError> {
        let (nonce, sealed) = wrapped.0.split_first_chunk::<NONCE_BYTES>().ok_or(KeyError::Wrapped)?;
        let place = card.to_string();
        let plain = self.wrapping.decrypt(nonce.into(), Payload { msg: sealed, aad: place.as_bytes() });
        let plain = plain.map(Zeroizing::new).map_err(|_| KeyError::Wrapped)?;
        let (fpe, rest) = plain.split_first_chunk::<KEY_BYTES>().ok_or(KeyError::Wrapped)?;
        let (tweak, credentials) = rest.split_first_chunk::<KEY_BYTES>().ok_or(KeyError::Wrapped)?;
        let (fpe, tweak) = (Ff1::new(fpe), Mac::new(&Masked::new(*tweak)));
        Ok(Box::new(SoftTokenizer { fpe, tweak, credentials: Zeroizing::new(credentials.to_vec()) }))
    }

    fn shared_fpe_key(&self, key_set: u8) -> Result<Box<dyn Tokenizer>, KeyError> {
        let set = self.set(key_set)?;
        let (fpe, tweak) = (Ff1::new(set.shared_fpe.expose()), Mac::new(&set.shared_tweak));
        Ok(Box::new(SoftTokenizer { fpe, tweak, credentials: Zeroizing::default() }))
    }

    fn card_of_index(&self, key_set: u8, index: &[u8; 6], tweak: &[u8]) -> Result<CardReference, KeyError> {
        card_reference(&self.set(key_set)?.index_cipher, index, tweak).map_err(|_| KeyError::Range)
    }

    fn verify_arqc(&self, holder: &Holder<'_>, token: &Token, chip: &Chip<'_>) -> Result<bool, KeyError> {
        let key = self.session_key(holder, chip.atc)?;
        let signed = Signed {
            pdol_data: &chip.pdol_data,
            cdol_data: &chip.cdol_data,
            aip: chip.aip,
            atc: chip.atc,
            iad: chip.iad_bytes,
            token_cn: &token.to_cn(),
        };
        Ok(arqc_holds(&key, &signed, &chip.cryptogram))
    }

    fn arpc(&self, holder: &Holder<'_>, chip: &Chip<'_>, status_update: [u8; 4]) -> Result<[u8; 4], KeyError> {
        Ok(arpc(&self.session_key(holder, chip.atc)?, &chip.cryptogram, &status_update))
    }

    fn index_hmac(&self, number: &Pan) -> Result<NumberHash, KeyError> {
        Ok(NumberHash(hmac(&self.number_index, &[number.digits()])))
    }

    fn account_reference(&self, card: &CardReference, merchant: Option<&MerchantKey>) -> Result<B256, KeyError> {
        let card = card.to_string();
        let at = merchant.map(|merchant| format!(" {} {}", merchant.acquirer, merchant.merchant)).unwrap_or_default();
        Ok(hmac(&self.references, &[card.as_bytes(), at.as_bytes()]).into())
    }

    fn payment_salt(&self, card: &CardReference, atc: u16, use_number: u32) -> Result<B256, KeyError> {
        let parts = [card.to_string().as_bytes(), &atc.to_be_bytes(), &use_number.to_be_bytes()].concat();
        Ok(hmac(&self.salt, &[&parts]).into())
    }
}

impl fmt::Debug for SoftKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SoftKeys({} key sets, ***)", self.sets.len())
    }
}

/// A card's keys, expanded, and its credentials as objects; all of it is wiped when it is dropped.
struct SoftTokenizer {
    fpe: Ff1,
    tweak: Mac,
    credentials: Zeroizing<Vec<u8>>,
}

impl SoftTokenizer {
    fn tweak(&self, range: &RangeRecord, chip: &Chip<'_>) -> Result<cryptogram::Tweak, KeyError> {
        let find = |input: Input| {
            let held = || tlv::find(&self.credentials, &[input.tag()]).ok().flatten();
            if input.is_from_terminal() { Some(chip.value(input.tag())) } else { held() }
        };
        let values = range.profile.values(find).map_err(|_| KeyError::Range)?;
        Ok(cryptogram::tweak(&self.tweak, &values, chip.atc))
    }
}

impl Tokenizer for SoftTokenizer {
    fn tokenize(&self, range: &RangeRecord, chip: &Chip<'_>, number: &Pan) -> Result<Token, KeyError> {
        let tweak = self.tweak(range, chip)?;
        Ok(cryptogram::tokenize(&self.fpe, &tweak, number, &range.token_bin)?)
    }

    fn detokenize(&self, range: &RangeRecord, chip: &Chip<'_>, token: &Token) -> Result<Pan, KeyError> {
        let tweak = self.tweak(range, chip)?;
        Ok(cryptogram::detokenize(&self.fpe, &tweak, token, &range.pan_bin)?)
    }
}

impl From<TokenError> for KeyError {
    fn from(_: TokenError) -> Self {
        Self::Range
    }
}

impl KeySet {
    fn derive(master: &Masked<[u8; 32]>, key_set: u8) -> Self {
        let key = |label: &str| half(&derive(master, label, key_set));
        let index = key("index");
        Self {
            issuer_master: key("issuer master"),
            index_cipher: Ff1::new(index.expose()),
            index,
            shared_fpe: key("shared tokenization"),
            shared_tweak: key("shared tweak"),
        }
    }
}

/// The random bytes of a personalization, taken apart.
struct Random {
    fpe: Aes128Key,
    tweak: Aes128Key,
    nonce: [u8; NONCE_BYTES],
}

impl Random {
    fn split(random: &Masked<[u8; PERSONALIZATION_BYTES]>) -> Self {
        let (mut fpe, mut tweak, mut nonce) = ([0; KEY_BYTES], [0; KEY_BYTES], [0; NONCE_BYTES]);
        let places = fpe.iter_mut().chain(&mut tweak).chain(&mut nonce);
        places.zip(random.expose()).for_each(|(place, byte)| *place = *byte);
        let split = Self { fpe: Masked::new(fpe), tweak: Masked::new(tweak), nonce };
        fpe.zeroize();
        tweak.zeroize();
        split
    }
}

/// A key for one purpose.
fn derive(master: &Masked<[u8; 32]>, label: &str, key_set: u8) -> Masked<[u8; 32]> {
    Masked::new(hmac(master, &[&[1], CONTEXT, label.as_bytes(), &[0, key_set], &256_u16.to_be_bytes()]))
}

fn half(key: &Masked<[u8; 32]>) -> Aes128Key {
    let mut half = [0; KEY_BYTES];
    half.iter_mut().zip(key.expose()).for_each(|(place, byte)| *place = *byte);
    let masked = Masked::new(half);
    half.zeroize();
    masked
}

fn hmac(key: &Masked<[u8; 32]>, parts: &[&[u8]]) -> [u8; 32] {
    // A key that is shorter than a block is followed by zeros (RFC 2104).
    let mut block = Zeroizing::new([0; 64]);
    block.iter_mut().zip(key.expose()).for_each(|(place, byte)| *place = *byte);
    let mut code = Hmac::<Sha256>::new((&*block).into());
    parts.iter().for_each(|part| code.update(part));
    code.finalize().into_bytes().into()
}

/// Stands before every label.
const CONTEXT: &[u8] = b"counterfoil issuer ";
const KEY_BYTES: usize = 16;
const NONCE_BYTES: usize = 12;

#[cfg(test)]
mod tests;
