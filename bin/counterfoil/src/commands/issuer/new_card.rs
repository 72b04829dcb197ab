//! A number becomes a card. The vault gets it encrypted, the card's file gets it encrypted under the card's own passphrase; no command gives it
//! back. Called by `card personalize` and by the demo.
//!
//! ```text
//! tried in the vault, and undone -> file written -> written into the vault
//!                                        ^--------- removed if that fails
//! ```

use std::{fs, path::Path};

use eyre::{Context, OptionExt};
use payments::{
    card::{Aid, Credentials, Face, Personalization, Secrets},
    issuer::{
        IssuerError,
        enrol::{Enrolled, Enrolment, enrol},
        keys::SoftKeys,
        records::{CardRecord, CardReference, RangeRecord},
        vault::VaultError,
    },
    number::{Expiry, Pan},
    profile::{Input, Profile},
};
use rand::{RngCore, rngs::OsRng};
use vault::SqliteVault;
use zeroize::Zeroizing;

use super::Opened;
use crate::{cardfile::CardFile, issuer::now_ms};

/// A card to be made.
pub(crate) struct NewCard {
    pub(crate) number: Zeroizing<String>,
    pub(crate) profile: Profile,
    /// What the profile asks for beside the expiry.
    pub(crate) credentials: Vec<(Input, Zeroizing<Vec<u8>>)>,
    pub(crate) expiry: Expiry,
    /// `None`: the card's own.
    pub(crate) token_expiry: Option<Expiry>,
    /// 0 to 99.
    pub(crate) sequence: u8,
    /// What terminals call it.
    pub(crate) label: String,
    /// ISO 3166.
    pub(crate) country: u16,
    /// ISO 4217.
    pub(crate) currency: u16,
}

/// A card that can be made: nothing of it is kept yet.
pub(crate) struct TriedCard {
    card: Personalization,
    made: MadeCard,
}

/// A card that was made.
pub(crate) struct MadeCard {
    pub(crate) record: CardRecord,
    pub(crate) range: RangeRecord,
}

impl NewCard {
    /// Finds out everything that can be wrong with it.
    pub(crate) fn tried(&self, issuer: &Opened) -> eyre::Result<TriedCard> {
        let all = issuer.vault.read(|vault| Ok::<_, IssuerError>(vault.ranges()?))?;
        let pan = Pan::parse(&self.number)?;
        let range = range_of(&all, &pan, &self.profile)?;
        let Enrolled { record, keys, .. } = enrolled(&issuer.vault, issuer.root.card_keys(&all), self, &range)?;
        let mut credentials = Credentials::default();
        for (input, value) in &self.credentials {
            credentials.set(*input, value)?;
        }
        let secrets = Secrets { pan, reference: record.reference, keys, credentials };
        let card = Personalization::new(self.face(&range), secrets)?;
        Ok(TriedCard { card, made: MadeCard { record, range } })
    }

    fn face(&self, range: &RangeRecord) -> Face {
        Face {
            aid: Aid::default(),
            label: self.label.clone(),
            token_bin: range.token_bin.clone(),
            expiry: self.expiry,
            token_expiry: self.token_expiry,
            sequence: self.sequence,
            service_code: SERVICE_CODE.into(),
            country: self.country,
            currency: self.currency,
            derivation_index: range.key_set,
            key_set: range.key_set,
            profile: range.profile.clone(),
        }
    }

    const fn sequence_bcd(&self) -> u8 {
        self.sequence / 10 * 16 + self.sequence % 10
    }
}

impl TriedCard {
    /// What the issuer's own people will call it.
    pub(crate) const fn reference(&self) -> CardReference {
        self.made.record.reference
    }

    /// Writes the card's file, then the vault: a card whose file is lost is no card.
    pub(crate) fn keep(self, issuer: &Opened, file: &Path, passphrase: &str) -> eyre::Result<MadeCard> {
        let Self { card, made } = self;
        CardFile::create(file, &card, passphrase)?;
        let record = made.record.clone();
        if let Err(error) = issuer.vault.write("card", move |vault| Ok::<_, IssuerError>(vault.add_card(&record)?)) {
            fs::remove_file(file).wrap_err("a card that nobody knows is left")?;
            return Err(error).wrap_err("the vault did not take the card");
        }
        Ok(made)
    }
}

/// Makes the card in the vault and undoes that: everything that can be wrong with it is known, and nothing is written.
fn enrolled(vault: &SqliteVault, keys: SoftKeys, new: &NewCard, range: &RangeRecord) -> eyre::Result<Enrolled> {
    let (number, range, credentials) = (new.number.clone(), range.clone(), new.credentials.clone());
    let (sequence, expiry, token_expiry) = (new.sequence_bcd(), new.expiry, new.token_expiry.unwrap_or(new.expiry));
    let outcome = vault.write("card", move |vault| {
        let number = Pan::parse(&number).map_err(|error| IssuerError::Configuration(error.to_string()))?;
        let credentials: Vec<(Input, &[u8])> = credentials.iter().map(|(input, value)| (*input, &value[..])).collect();
        let card = Enrolment {
            range: &range,
            number: &number,
            sequence,
            expiry,
            token_expiry,
            credentials: &credentials,
            now_ms: now_ms(),
        };
        let made = enrol(vault, &keys, &card, &mut |bytes| OsRng.fill_bytes(bytes))?;
        Err::<(), _>(Tried::Made(Box::new(made)))
    });
    match outcome {
        Err(Tried::Made(made)) => Ok(*made),
        Err(Tried::Refused(IssuerError::Vault(VaultError::Conflict(_)))) => {
            eyre::bail!("there is a card with this number already")
        }
        Err(Tried::Refused(error)) => Err(error.into()),
        Ok(()) => eyre::bail!("nothing was made"),
    }
}

/// How a unit of work ends that must leave nothing behind.
enum Tried {
    Made(Box<Enrolled>),
    Refused(IssuerError),
}

impl From<IssuerError> for Tried {
    fn from(error: IssuerError) -> Self {
        Self::Refused(error)
    }
}

impl From<VaultError> for Tried {
    fn from(error: VaultError) -> Self {
        Self::Refused(error.into())
    }
}

/// The range with this number and profile; of several, the one with the newest keys.
fn range_of(all: &[RangeRecord], pan: &Pan, profile: &Profile) -> eyre::Result<RangeRecord> {
    let of = |range: &&RangeRecord| pan.digits().starts_with(range.pan_bin.as_bytes()) && range.profile == *profile;
    let found = all.iter().filter(of).max_by_key(|range| range.key_set);
    found.cloned().ok_or_eyre("no range has such numbers with this profile: see `counterfoil issuer range list`")
}

/// International, online only, no PIN: ISO/IEC 7813.
const SERVICE_CODE: &str = "221";
