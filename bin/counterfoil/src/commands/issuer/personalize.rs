//! `counterfoil card personalize`: a number becomes a card. The vault gets it encrypted, the card's file gets it encrypted under the card's own
//! passphrase; no command gives it back. The number comes on standard input: on a command line everybody on this machine would see it.
//!
//! ```text
//! tried in the vault, and undone -> file written -> written into the vault -> said
//!                                        ^--------- removed if that fails
//! ```

use std::{fs, io::Read, path::PathBuf};

use clap::Args;
use eyre::{Context, OptionExt, ensure};
use payments::{
    card::{Aid, Credentials, Face, Personalization, Secrets},
    issuer::{
        IssuerError,
        enrol::{Enrolled, Enrolment, enrol},
        keys::SoftKeys,
        records::RangeRecord,
        vault::VaultError,
    },
    number::{Expiry, Pan},
    profile::Input,
};
use rand::{RngCore, rngs::OsRng};
use vault::{Options, SqliteVault};
use zeroize::Zeroizing;

use super::ranges;
use crate::{
    cardfile::CardFile,
    cli::PassphraseArguments,
    issuer::now_ms,
    issuer_folder::IssuerFolder,
    keystore::passphrase,
    money::listed,
    table::{Field, say},
};

#[derive(Debug, Args)]
pub(crate) struct PersonalizeArguments {
    /// The issuer's folder.
    #[arg(long, env = "COUNTERFOIL_ISSUER_DIR", value_name = "DIR")]
    issuer: PathBuf,
    /// The profile of its range: a built-in one, or a JSON file.
    #[arg(long, default_value = "combined", value_name = "NAME|FILE")]
    profile: String,
    /// The number comes in the first line of standard input; the security code in the second, if the profile has it.
    #[arg(long, required = true)]
    pan_stdin: bool,
    /// Last month in which it is good.
    #[arg(long, value_name = "YYMM")]
    expiry: String,
    /// Last month that its tokens tell [default: its own].
    #[arg(long, value_name = "YYMM")]
    token_expiry: Option<String>,
    /// Card sequence number: tells cards of one number apart.
    #[arg(long, value_name = "NUMBER", default_value_t = 1, value_parser = clap::value_parser!(u8).range(0..=99))]
    sequence: u8,
    /// The card file to write; must not exist.
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    /// What terminals call it.
    #[arg(long, default_value = "COUNTERFOIL")]
    label: String,
    /// Issuer country, ISO 3166-1 as a number.
    #[arg(long, value_name = "NUMBER", default_value_t = 999, value_parser = clap::value_parser!(u16).range(0..=999))]
    country: u16,
    /// Application currency.
    #[arg(long, value_name = "CODE", default_value = "EUR")]
    currency: String,
    /// Its holder, if the profile has it.
    #[arg(long)]
    name: Option<String>,
    /// Where bills go, if the profile has it.
    #[arg(long)]
    postal_code: Option<String>,
    /// Where bills go, if the profile has it.
    #[arg(long)]
    address_line: Option<String>,
    #[command(flatten)]
    passphrase: PassphraseArguments,
    /// File whose first line is the new card's passphrase; without it, the terminal asks.
    #[arg(long, env = "COUNTERFOIL_CARD_PASSPHRASE_FILE", value_name = "FILE")]
    card_passphrase_file: Option<PathBuf>,
    /// One JSON object on standard output.
    #[arg(long)]
    json: bool,
}

pub(crate) fn run(arguments: &PersonalizeArguments) -> eyre::Result<()> {
    ensure!(!arguments.out.exists(), "{} is there already", arguments.out.display());
    let lines = lines()?;
    let mut lines = lines.lines().map(str::trim);
    let number = Zeroizing::new(lines.next().unwrap_or_default().to_owned());
    let pan = Pan::parse(&number)?;
    let issuer = IssuerFolder::new(arguments.issuer.clone());
    let root = issuer.root(&passphrase(&arguments.passphrase, false)?)?;
    let vault = issuer.vault(&root, Options::default())?;
    let all = vault.read(|vault| Ok::<_, IssuerError>(vault.ranges()?))?;
    let range = range_of(&all, &pan, &arguments.profile)?;
    let new = NewCard {
        number,
        range,
        credentials: credentials(arguments, lines.next())?,
        expiry: expiry(&arguments.expiry)?,
        token_expiry: None,
        sequence: arguments.sequence,
    };
    let new = NewCard { token_expiry: arguments.token_expiry.as_deref().map(expiry).transpose()?, ..new };
    let made = tried(&vault, root.card_keys(&all), &new)?;
    let chosen = PassphraseArguments { passphrase_file: arguments.card_passphrase_file.clone() };
    let card = Personalization::new(face(arguments, &new)?, secrets(&new, pan, &made)?)?;
    CardFile::create(&arguments.out, &card, &passphrase(&chosen, true).wrap_err("the card's passphrase")?)?;
    let record = made.record.clone();
    if let Err(error) = vault.write("card", move |vault| Ok::<_, IssuerError>(vault.add_card(&record)?)) {
        fs::remove_file(&arguments.out).wrap_err("a card that nobody knows is left")?;
        return Err(error).wrap_err("the vault did not take the card");
    }
    ranges::warn(&new.range);
    said(&made, &new, arguments);
    Ok(())
}

/// A card to be made.
struct NewCard {
    number: Zeroizing<String>,
    range: RangeRecord,
    credentials: Vec<(Input, Zeroizing<Vec<u8>>)>,
    expiry: Expiry,
    token_expiry: Option<Expiry>,
    sequence: u8,
}

impl NewCard {
    fn sequence_bcd(&self) -> u8 {
        self.sequence / 10 * 16 + self.sequence % 10
    }
}

/// Makes the card in the vault and undoes that: everything that can be wrong with it is known, and nothing is written.
fn tried(vault: &SqliteVault, keys: SoftKeys, new: &NewCard) -> eyre::Result<Enrolled> {
    let (number, range, credentials) = (new.number.clone(), new.range.clone(), new.credentials.clone());
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
fn range_of(all: &[RangeRecord], pan: &Pan, named: &str) -> eyre::Result<RangeRecord> {
    let profile = ranges::profile(named)?;
    let of = |range: &&RangeRecord| pan.digits().starts_with(range.pan_bin.as_bytes()) && range.profile == profile;
    let found = all.iter().filter(of).max_by_key(|range| range.key_set);
    found.cloned().ok_or_eyre("no range has such numbers with this profile: see `counterfoil issuer range list`")
}

fn face(arguments: &PersonalizeArguments, new: &NewCard) -> eyre::Result<Face> {
    Ok(Face {
        aid: Aid::default(),
        label: arguments.label.clone(),
        token_bin: new.range.token_bin.clone(),
        expiry: new.expiry,
        token_expiry: new.token_expiry,
        sequence: new.sequence,
        service_code: SERVICE_CODE.into(),
        country: arguments.country,
        currency: listed(&arguments.currency)?.number,
        derivation_index: new.range.key_set,
        key_set: new.range.key_set,
        profile: new.range.profile.clone(),
    })
}

fn secrets(new: &NewCard, pan: Pan, made: &Enrolled) -> eyre::Result<Secrets> {
    let mut credentials = Credentials::default();
    for (input, value) in &new.credentials {
        credentials.set(*input, value)?;
    }
    Ok(Secrets { pan, reference: made.record.reference, keys: made.keys.clone(), credentials })
}

/// What the profile asks for beside the expiry; the seed is made here.
fn credentials(
    arguments: &PersonalizeArguments,
    security_code: Option<&str>,
) -> eyre::Result<Vec<(Input, Zeroizing<Vec<u8>>)>> {
    let profile = ranges::profile(&arguments.profile)?;
    let mut found = Vec::new();
    for input in profile.inputs {
        let text = match input {
            Input::SecurityCode => security_code,
            Input::Name => arguments.name.as_deref(),
            Input::PostalCode => arguments.postal_code.as_deref(),
            Input::AddressLine => arguments.address_line.as_deref(),
            Input::Seed => {
                let mut seed = Zeroizing::new(vec![0; SEED_BYTES]);
                OsRng.fill_bytes(&mut seed);
                found.push((input, seed));
                continue;
            }
            _ => continue,
        };
        let text = text.filter(|text| !text.is_empty());
        let text = text.ok_or_else(|| eyre::eyre!("the profile needs {}", input.name()))?;
        found.push((input, Zeroizing::new(text.as_bytes().to_vec())));
    }
    Ok(found)
}

fn said(made: &Enrolled, new: &NewCard, arguments: &PersonalizeArguments) {
    let fields = vec![
        Field::new("card", made.record.reference),
        Field::new("number", &made.record.truncated),
        Field::new("profile", &new.range.profile.name),
        Field::new("tokenBin", &new.range.token_bin),
        Field::value("keySet", new.range.key_set),
        Field::new("file", arguments.out.display()),
    ];
    say(fields, arguments.json);
}

fn expiry(text: &str) -> eyre::Result<Expiry> {
    Ok(Expiry::parse(text)?)
}

fn lines() -> eyre::Result<Zeroizing<String>> {
    let mut text = Zeroizing::new(String::new());
    std::io::stdin().take(MAX_INPUT_BYTES).read_to_string(&mut text).wrap_err("standard input")?;
    Ok(text)
}

/// International, online only, no PIN: ISO/IEC 7813.
const SERVICE_CODE: &str = "221";
const SEED_BYTES: usize = 16;
const MAX_INPUT_BYTES: u64 = 256;
