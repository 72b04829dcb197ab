//! Ranges: which numbers an issuer has, and how they become tokens. Written once and for ever.

use std::{fs, path::Path};

use eyre::{Context, OptionExt, ensure};
use payments::{
    issuer::{IssuerError, enrol, records::RangeRecord},
    profile::{self, Profile, Scope, Strategy},
};

use super::{LookArguments, RangeArguments};
use crate::table::{Field, Row, say, say_rows};

pub(super) fn add(look: &LookArguments, arguments: &RangeArguments) -> eyre::Result<()> {
    let range = arguments.range()?;
    let written = range.clone();
    let opened = look.folder.open()?;
    opened.vault.write("range", move |vault| enrol::add_range(vault, &written))?;
    warn(&range);
    say(row(&range), look.json);
    Ok(())
}

pub(super) fn list(look: &LookArguments) -> eyre::Result<()> {
    let opened = look.folder.open()?;
    let ranges = opened.vault.read(|vault| Ok::<_, IssuerError>(vault.ranges()?))?;
    say_rows("ranges", ranges.iter().map(row).collect(), look.json);
    Ok(())
}

impl RangeArguments {
    /// What was typed, as a range that nothing but its place beside others can be wrong with.
    pub(super) fn range(&self) -> eyre::Result<RangeRecord> {
        let profile = profile(&self.profile)?;
        let wide = profile.scope == Scope::IssuerWide;
        ensure!(
            !wide || self.issuer_wide,
            "profile {} has one key for all cards: say --issuer-wide if that is meant",
            profile.name
        );
        ensure!(
            wide || !self.issuer_wide,
            "profile {} has a key for each card: --issuer-wide does not go with it",
            profile.name
        );
        let strategy = Strategy::ALL.into_iter().find(|strategy| strategy.name() == self.strategy);
        let range = RangeRecord {
            token_bin: self.token_bin.clone(),
            pan_bin: self.pan_bin.clone(),
            key_set: self.key_set,
            profile,
            strategy: strategy.ok_or_eyre("--strategy is reverse, rederive or vault")?,
        };
        enrol::check_range(&range, &[])?;
        Ok(range)
    }
}

/// A built-in profile by its name, or one that a file describes.
pub(super) fn profile(text: &str) -> eyre::Result<Profile> {
    if let Some(built_in) = Profile::named(text) {
        return Ok(built_in);
    }
    ensure!(
        Path::new(text).is_file(),
        "there is no profile {text}: name a file, or one of {}",
        profile::NAMES.join(", ")
    );
    let json = fs::read_to_string(text).wrap_err_with(|| format!("profile {text}"))?;
    Profile::parse(&json).wrap_err_with(|| format!("profile {text}"))
}

/// Says what its profile weakens.
pub(super) fn warn(range: &RangeRecord) {
    range.profile.warnings().iter().for_each(|warning| eprintln!("warning: {warning}"));
}

pub(super) fn row(range: &RangeRecord) -> Row {
    vec![
        Field::new("panBin", &range.pan_bin),
        Field::new("tokenBin", &range.token_bin),
        Field::new("profile", &range.profile.name),
        Field::new("strategy", range.strategy.name()),
        Field::value("keySet", range.key_set),
        Field::value("issuerWide", range.profile.scope == Scope::IssuerWide),
    ]
}
