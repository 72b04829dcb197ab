//! The profiles that come with the program, one or more for each thing that systems/card.md asks for.

use super::{
    Basis, IndexKind, Input,
    Input::{
        AddressLine, Amount, Date, Expiry, Location, MerchantCategory, MerchantId, Name, OtherAmount, PostalCode,
        SecurityCode, Seed, TerminalId, Time, UnpredictableNumber,
    },
    Mode, Profile, Scope,
};

/// Names of the built-in profiles, the default first.
pub const NAMES: [&str; 12] = [
    "combined",
    "combined-window",
    "credentials",
    "merchant",
    "merchant-seed",
    "location",
    "single",
    "single-window",
    "any-two",
    "listed-two",
    "issuer-wide",
    "static-index",
];

/// Per-card key, single-use token and per-merchant index (T-20).
pub(super) fn default() -> Profile {
    combined("combined", &PAYMENT)
}

/// The profile of a name.
pub(super) fn profile(name: &str) -> Option<Profile> {
    Some(match name {
        "combined" => default(),
        "combined-window" => Profile { reuse_window_s: WINDOW_S, ..combined(name, &PAYMENT) },
        "credentials" => combined(name, &WITH_CREDENTIALS),
        "merchant" => multi_use(name, Basis::MerchantCode, &[MerchantId, MerchantCategory, Expiry]),
        "merchant-seed" => multi_use(name, Basis::MerchantCode, &[MerchantId, Seed]),
        "location" => multi_use(name, Basis::ListedTwo, &[MerchantId, Location, TerminalId]),
        "single" => single_use(name, Basis::MerchantCode, &PAYMENT),
        "single-window" => Profile { reuse_window_s: WINDOW_S, ..single_use(name, Basis::MerchantCode, &PAYMENT) },
        "any-two" => single_use(name, Basis::AnyTwo, &[Amount, UnpredictableNumber]),
        "listed-two" => single_use(name, Basis::ListedTwo, &[Amount, Date]),
        "issuer-wide" => Profile { scope: Scope::IssuerWide, ..combined(name, &PAYMENT) },
        "static-index" => Profile { index: IndexKind::Static, ..combined(name, &PAYMENT) },
        _ => return None,
    })
}

fn combined(name: &str, inputs: &[Input]) -> Profile {
    made(name, Mode::Combined, Basis::MerchantCode, inputs)
}

fn multi_use(name: &str, basis: Basis, inputs: &[Input]) -> Profile {
    made(name, Mode::MultiUse, basis, inputs)
}

/// Alone, a single-use token has nothing that leads to a card's own key.
fn single_use(name: &str, basis: Basis, inputs: &[Input]) -> Profile {
    Profile { scope: Scope::IssuerWide, index: IndexKind::None, ..made(name, Mode::SingleUse, basis, inputs) }
}

fn made(name: &str, mode: Mode, basis: Basis, inputs: &[Input]) -> Profile {
    Profile {
        name: name.to_owned(),
        mode,
        basis,
        scope: Scope::PerCard,
        index: IndexKind::PerMerchant,
        inputs: inputs.to_vec(),
        reuse_window_s: 0,
    }
}

const PAYMENT: [Input; 5] = [MerchantId, MerchantCategory, Amount, Date, Time];
const WITH_CREDENTIALS: [Input; 10] =
    [MerchantId, Amount, OtherAmount, Date, Time, Expiry, SecurityCode, Name, PostalCode, AddressLine];
const WINDOW_S: u32 = 300;
