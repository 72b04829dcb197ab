//! `counterfoil card personalize`: a number becomes a card ([`super::new_card`]). The number comes on standard input: on a command line
//! everybody on this machine would see it.

use std::{io::Read, path::PathBuf};

use clap::Args;
use eyre::{Context, ensure};
use payments::{
    number::{Expiry, Pan},
    profile::{Input, Profile},
};
use rand::{RngCore, rngs::OsRng};
use zeroize::Zeroizing;

use super::{
    FolderArguments,
    new_card::{MadeCard, NewCard},
    ranges,
};
use crate::{
    cli::PassphraseArguments,
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
    /// Card sequence number, which its token carries; a number has one card of an issuer, whatever this says.
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
    Pan::parse(&number)?;
    let folder = FolderArguments { dir: arguments.issuer.clone(), passphrase: arguments.passphrase.clone() };
    let issuer = folder.open()?;
    let profile = ranges::profile(&arguments.profile)?;
    let credentials = credentials(arguments, &profile, lines.next())?;
    let new = NewCard {
        number,
        profile,
        credentials,
        expiry: expiry(&arguments.expiry)?,
        token_expiry: arguments.token_expiry.as_deref().map(expiry).transpose()?,
        sequence: arguments.sequence,
        label: arguments.label.clone(),
        country: arguments.country,
        currency: listed(&arguments.currency)?.number,
    };
    let tried = new.tried(&issuer)?;
    let chosen = PassphraseArguments { passphrase_file: arguments.card_passphrase_file.clone() };
    let made = tried.keep(&issuer, &arguments.out, &passphrase(&chosen, true).wrap_err("the card's passphrase")?)?;
    ranges::warn(&made.range);
    said(&made, arguments);
    Ok(())
}

/// What the profile asks for beside the expiry; the seed is made here.
fn credentials(
    arguments: &PersonalizeArguments,
    profile: &Profile,
    security_code: Option<&str>,
) -> eyre::Result<Vec<(Input, Zeroizing<Vec<u8>>)>> {
    let mut found = Vec::new();
    for input in profile.inputs.iter().copied() {
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

fn said(made: &MadeCard, arguments: &PersonalizeArguments) {
    let fields = vec![
        Field::new("card", made.record.reference),
        Field::new("number", &made.record.truncated),
        Field::new("profile", &made.range.profile.name),
        Field::new("tokenBin", &made.range.token_bin),
        Field::value("keySet", made.range.key_set),
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

const SEED_BYTES: usize = 16;
const MAX_INPUT_BYTES: u64 = 256;
