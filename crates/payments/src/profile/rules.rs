//! Which profiles may be: each refusal with its name.

use super::{Basis, IndexKind, Input, Kind, Mode, Profile, Scope};
use crate::{
    cryptogram::{MAX_BIN_DIGITS, MIN_BIN_DIGITS},
    number::{MAX_DIGITS, MIN_DIGITS},
};

/// Fewest digits between BIN and check digit: FF1 wants a million numbers (T-25).
pub(crate) const MIN_FREE_DIGITS: usize = 6;
/// Longest reuse window: 31 days.
pub(crate) const MAX_REUSE_WINDOW_S: u32 = 31 * 24 * 60 * 60;

/// Why a profile may not be.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ProfileError {
    /// Not the JSON of a profile.
    #[error("this is no profile: {0}")]
    Json(String),
    /// A name that cannot stand in a tweak.
    #[error("a profile's name has 1 to 32 small letters, digits and hyphens")]
    Name,
    /// T-05, as far as we go.
    #[error("the PIN is never an input of a token")]
    Pin,
    /// Not among [`Input::all`].
    #[error("there is no input {0}")]
    UnknownInput(String),
    /// An input twice.
    #[error("{} is an input twice", .0.name())]
    Repeated(Input),
    /// T-02: one alone, or none.
    #[error("a token needs two inputs that the terminal supplies, this one has {0}")]
    TooFewInputs(usize),
    /// T-03: two, but neither from the list, or only one where both must be.
    #[error("of merchant code, amount, date, time and location {wanted} must be inputs, this profile has {found}")]
    NotListed { wanted: usize, found: usize },
    /// T-04, T-15: no merchant code.
    #[error("a merchant code (merchant-id or merchant-category) must be an input")]
    NoMerchantCode,
    /// T-04: nothing beside the merchant code.
    #[error("beside the merchant code a credential, other transaction data or the seed must be an input")]
    MerchantCodeAlone,
    /// T-10: something that changes in a token that may not.
    #[error("{} changes from payment to payment, a multi-use token does not", .0.name())]
    Changing(Input),
    /// T-11: nothing that changes in a token that must.
    #[error("a single-use token needs an input that changes from payment to payment")]
    NothingChanges,
    /// T-12: a window for a token that may always be used again.
    #[error("a multi-use token has no reuse window")]
    WindowOfMultiUse,
    /// T-12.
    #[error("a reuse window has at most {MAX_REUSE_WINDOW_S} s, not {0}")]
    LongWindow(u32),
    /// T-14: one part only.
    #[error("combined mode needs an index: per-merchant or static")]
    CombinedWithoutIndex,
    /// T-14: two parts.
    #[error("a single-use token with an index is the combined mode")]
    SingleUseWithIndex,
    /// T-20: nobody would know whose key it was.
    #[error("a token under the card's own key needs an index, or nobody finds the key")]
    NoWayBack,
    /// T-24.
    #[error("a token BIN has {MIN_BIN_DIGITS} to {MAX_BIN_DIGITS} digits, not {0}")]
    BinLength(usize),
    /// T-24.
    #[error("a number has {MIN_DIGITS} to {MAX_DIGITS} digits, not {0}")]
    NumberLength(usize),
    /// T-25.
    #[error("{free} digits between BIN and check digit are too few: FF1 needs {MIN_FREE_DIGITS}")]
    TooSmall { free: usize },
}

impl Profile {
    /// Everything that does not need the lengths of the numbers.
    pub(super) fn check_rules(&self) -> Result<(), ProfileError> {
        check_name(&self.name)?;
        self.check_repeated()?;
        self.check_basis()?;
        self.check_mode()?;
        self.check_window()?;
        has_way_back(self.mode, self.scope, self.index)
    }

    fn check_repeated(&self) -> Result<(), ProfileError> {
        let repeated = |(at, input): (usize, &Input)| self.inputs.iter().take(at).any(|earlier| earlier == input);
        let found = self.inputs.iter().enumerate().find(|one| repeated(*one));
        found.map_or(Ok(()), |(_, input)| Err(ProfileError::Repeated(*input)))
    }

    fn check_basis(&self) -> Result<(), ProfileError> {
        match self.basis {
            Basis::AnyTwo => self.check_two(1),
            Basis::ListedTwo => self.check_two(2),
            Basis::MerchantCode if !self.has_merchant_code() => Err(ProfileError::NoMerchantCode),
            Basis::MerchantCode if self.inputs.iter().all(|input| input.kind() == Kind::MerchantCode) => {
                Err(ProfileError::MerchantCodeAlone)
            }
            Basis::MerchantCode => Ok(()),
        }
    }

    /// Category and id are one parameter: the merchant code.
    fn check_two(&self, wanted: usize) -> Result<(), ProfileError> {
        let count = |kind| self.inputs.iter().filter(|input| input.kind() == kind).count();
        let found = count(Kind::Listed) + usize::from(self.has_merchant_code());
        let supplied = found + count(Kind::Other);
        match () {
            () if supplied < 2 => Err(ProfileError::TooFewInputs(supplied)),
            () if found < wanted => Err(ProfileError::NotListed { wanted, found }),
            () => Ok(()),
        }
    }

    fn check_mode(&self) -> Result<(), ProfileError> {
        let changing = self.inputs.iter().find(|input| input.changes());
        match (self.mode, changing) {
            (Mode::MultiUse, Some(input)) => Err(ProfileError::Changing(*input)),
            (Mode::SingleUse | Mode::Combined, None) => Err(ProfileError::NothingChanges),
            (Mode::Combined, _) if !self.has_merchant_code() => Err(ProfileError::NoMerchantCode),
            _ => Ok(()),
        }
    }

    fn check_window(&self) -> Result<(), ProfileError> {
        match self.reuse_window_s {
            0 => Ok(()),
            _ if self.mode == Mode::MultiUse => Err(ProfileError::WindowOfMultiUse),
            1..=MAX_REUSE_WINDOW_S => Ok(()),
            longer => Err(ProfileError::LongWindow(longer)),
        }
    }

    fn has_merchant_code(&self) -> bool {
        self.inputs.iter().any(|input| input.kind() == Kind::MerchantCode)
    }
}

/// Whether the issuer can find the key, and mode and index say the same.
pub(super) fn has_way_back(mode: Mode, scope: Scope, index: IndexKind) -> Result<(), ProfileError> {
    match (mode, scope, index) {
        (Mode::Combined, _, IndexKind::None) => Err(ProfileError::CombinedWithoutIndex),
        (Mode::SingleUse, _, IndexKind::PerMerchant | IndexKind::Static) => Err(ProfileError::SingleUseWithIndex),
        (_, Scope::PerCard, IndexKind::None) => Err(ProfileError::NoWayBack),
        _ => Ok(()),
    }
}

/// Whether the digits between BIN and check digit are enough (T-25).
pub(super) fn check_room(bin_len: usize, pan_len: usize) -> Result<(), ProfileError> {
    if !(MIN_BIN_DIGITS..=MAX_BIN_DIGITS).contains(&bin_len) {
        return Err(ProfileError::BinLength(bin_len));
    }
    if !(MIN_DIGITS..=MAX_DIGITS).contains(&pan_len) {
        return Err(ProfileError::NumberLength(pan_len));
    }
    let free = pan_len.saturating_sub(bin_len).saturating_sub(1);
    if free < MIN_FREE_DIGITS { Err(ProfileError::TooSmall { free }) } else { Ok(()) }
}

fn check_name(name: &str) -> Result<(), ProfileError> {
    let is_plain = |byte: u8| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-');
    let holds = (1..=32).contains(&name.len()) && name.bytes().all(is_plain);
    if holds { Ok(()) } else { Err(ProfileError::Name) }
}
