//! What goes into a token, and which way back there is.
//!
//! ```text
//! profile (JSON or built in) -> check: may it be so? -> card personalized with it
//! PDOL data, card file -> values: named inputs, each valid -> cryptogram::tweak
//! ```
//! Called when a card is personalized, by the card at each tap and by the issuer for each message. Requirements T-02 to T-05 (which
//! inputs), T-10 to T-16 (multi-use, single-use, combined), T-20 and T-21 (keys and ways back), T-25 (room), T-28 (valid inputs),
//! T-32 (category and id are both merchant codes).

mod built_in;
mod input;
mod rules;
mod strategy;
mod value;

use serde::{Deserialize, Serialize};

pub use built_in::NAMES;
pub use input::{Input, Kind};
pub use rules::ProfileError;
pub use strategy::{Strategy, Unsupported, matrix, opens_first, supports};
pub use value::{InvalidValue, Reason, Values};

/// How a card makes its tokens. [`Profile::parse`] and [`Profile::named`] give profiles that keep the rules; one that was put together
/// otherwise, or whose numbers' lengths are known by now, goes through [`Profile::check`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Profile {
    /// Up to 32 small letters, digits and hyphens; part of every token's tweak.
    pub name: String,
    /// How long a token is one.
    pub mode: Mode,
    /// Which rule the inputs keep.
    pub basis: Basis,
    /// Whose key makes the token.
    #[serde(default)]
    pub scope: Scope,
    /// The second part of the token.
    #[serde(default)]
    pub index: IndexKind,
    /// What goes into the token, each once.
    pub inputs: Vec<Input>,
    /// For how many seconds a single-use token may be used again; 0 is never.
    #[serde(default)]
    pub reuse_window_s: u32,
}

/// How long a token is one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Mode {
    /// The same token each time (T-10).
    MultiUse,
    /// Another token each time (T-11), alone.
    SingleUse,
    /// Another token each time, and an index that leads to the card (T-14, T-15).
    Combined,
}

/// Which rule the inputs keep.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Basis {
    /// Two that the terminal supplies, one of them listed (T-02, T-03).
    AnyTwo,
    /// Two of merchant code, amount, date, time and location (T-03).
    ListedTwo,
    /// A merchant code and anything else (T-04).
    MerchantCode,
}

/// Whose key makes the token (T-20).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Scope {
    /// Each card its own.
    #[default]
    PerCard,
    /// One for all cards of a key set: taken out of one card, it breaks them all.
    IssuerWide,
}

/// The second part of the token, which leads the issuer to the card.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum IndexKind {
    /// There is none.
    None,
    /// Another one at each merchant id.
    #[default]
    PerMerchant,
    /// The same one everywhere (T-15): links a card's payments at all merchants.
    Static,
}

impl Profile {
    /// Reads JSON and checks every rule that does not need the lengths of the numbers.
    pub fn parse(json: &str) -> Result<Self, ProfileError> {
        let profile: Self = serde_json::from_str(json).map_err(|error| ProfileError::Json(error.to_string()))?;
        profile.check_rules()?;
        Ok(profile)
    }

    /// A built-in profile; [`NAMES`] lists them, the default first.
    pub fn named(name: &str) -> Option<Self> {
        built_in::profile(name)
    }

    /// Whether a card of these lengths may have this profile.
    pub fn check(&self, token_bin_len: usize, pan_len: usize) -> Result<(), ProfileError> {
        self.check_rules()?;
        rules::check_room(token_bin_len, pan_len)
    }

    /// Whether every token is another one, so that the transaction counter goes into it.
    pub const fn changes(&self) -> bool {
        matches!(self.mode, Mode::SingleUse | Mode::Combined)
    }

    /// What whoever chooses this profile must be told; console and command line show it.
    pub fn warnings(&self) -> Vec<&'static str> {
        let issuer_wide = (self.scope == Scope::IssuerWide).then_some(ISSUER_WIDE_WARNING);
        let fixed = (self.index == IndexKind::Static).then_some(STATIC_INDEX_WARNING);
        let reusable = (self.reuse_window_s > 0).then_some(REUSE_WARNING);
        [issuer_wide, fixed, reusable].into_iter().flatten().collect()
    }

    /// The values of the inputs, in the order of the profile, each valid. `find` gives what the card received or has on file.
    pub fn values<'a>(&self, find: impl Fn(Input) -> Option<&'a [u8]>) -> Result<Values<'a>, InvalidValue> {
        Values::collect(self, find)
    }
}

impl Default for Profile {
    fn default() -> Self {
        built_in::default()
    }
}

const ISSUER_WIDE_WARNING: &str =
    "issuer-wide key: whoever takes it out of one card can undo the tokens of all of them";
const STATIC_INDEX_WARNING: &str = "static index: the payments of one card can be linked across all merchants";
const REUSE_WARNING: &str = "reuse window: a token may be used again while it is open";

#[cfg(test)]
mod tests;
