//! The three ways from a token back to the number (T-21), and which profile allows which.

use serde::{Deserialize, Serialize};

use super::{IndexKind, Mode, Profile, Scope};

/// A way from the token back to the number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Strategy {
    /// The key, found by the index or the only one, undoes the token.
    Reverse,
    /// The index finds the card; its token is made again and compared.
    Rederive,
    /// The token is looked up; at the first contact it is registered by its index.
    Vault,
}

impl Strategy {
    /// Every one of them.
    pub const ALL: [Self; 3] = [Self::Reverse, Self::Rederive, Self::Vault];

    /// As configuration writes it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Reverse => "reverse",
            Self::Rederive => "rederive",
            Self::Vault => "vault",
        }
    }
}

/// Why a profile does not allow a strategy.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("strategy {} does not go with profile {profile}: {reason}", .strategy.name())]
pub struct Unsupported {
    /// Which strategy.
    pub strategy: Strategy,
    /// Name of the profile.
    pub profile: String,
    /// What is missing.
    pub reason: &'static str,
}

/// Whether a profile allows a strategy.
pub fn supports(profile: &Profile, strategy: Strategy) -> Result<(), Unsupported> {
    let refuse = |reason| Err(Unsupported { strategy, profile: profile.name.clone(), reason });
    missing(profile.mode, profile.scope, profile.index, strategy).map_or(Ok(()), refuse)
}

/// The table of all combinations that a profile may have, for the docs.
pub fn matrix() -> String {
    let mut table = String::from("| mode | key | index | reverse | rederive | vault |\n|---|---|---|---|---|---|\n");
    for (mode, scope, index) in combinations() {
        let cell = |strategy| match missing(mode, scope, index, strategy) {
            Some(what) => format!("no: {what}"),
            None if opens_first(scope, strategy) => "yes, without credential or seed".to_owned(),
            None => "yes".to_owned(),
        };
        let [reverse, rederive, vault] = Strategy::ALL.map(cell);
        let (mode, scope, index) = (word(&mode), word(&scope), word(&index));
        table.push_str(&format!("| {mode} | {scope} | {index} | {reverse} | {rederive} | {vault} |\n"));
    }
    table
}

/// Whether the number is opened before its card is known, so that nothing that only the card's record has can be an input.
pub const fn opens_first(scope: Scope, strategy: Strategy) -> bool {
    matches!((scope, strategy), (Scope::IssuerWide, Strategy::Reverse))
}

/// What a strategy misses.
fn missing(mode: Mode, scope: Scope, index: IndexKind, strategy: Strategy) -> Option<&'static str> {
    let has_index = index != IndexKind::None;
    match strategy {
        Strategy::Reverse if scope == Scope::PerCard && !has_index => Some("nothing leads to the key"),
        Strategy::Rederive if !has_index => Some("nothing leads to the card"),
        Strategy::Vault if mode != Mode::MultiUse => Some("another token each time"),
        Strategy::Vault if !has_index => Some("nothing to register it by"),
        _ => None,
    }
}

/// Those that [`Profile::check`] lets through.
fn combinations() -> impl Iterator<Item = (Mode, Scope, IndexKind)> {
    let modes = [Mode::MultiUse, Mode::SingleUse, Mode::Combined].into_iter();
    let scoped = modes.flat_map(|mode| [Scope::PerCard, Scope::IssuerWide].map(|scope| (mode, scope)));
    let all = scoped.flat_map(|(mode, scope)| {
        [IndexKind::None, IndexKind::PerMerchant, IndexKind::Static].map(|index| (mode, scope, index))
    });
    all.filter(|(mode, scope, index)| super::rules::has_way_back(*mode, *scope, *index).is_ok())
}

/// How a profile writes it.
fn word(value: &impl Serialize) -> String {
    serde_json::to_value(value).ok().and_then(|value| value.as_str().map(str::to_owned)).unwrap_or_default()
}
