//! What can go into a token.
//!
//! Terminal values have the tags of EMV Book 3 annex A. Credentials that have no tag there, and the seed, have tags of our own (DF41 to
//! DF44), which never leave the card. A PIN is no input: it is refused by name (T-05 names it, the product does not want it).

use serde::{Deserialize, Serialize};

use super::ProfileError;
use crate::tlv::{Tag, tag};

/// One thing that can go into a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub enum Input {
    /// 9F16.
    MerchantId,
    /// 9F15.
    MerchantCategory,
    /// 9F02.
    Amount,
    /// 9A.
    Date,
    /// 9F21.
    Time,
    /// 9F4E, merchant name and location.
    Location,
    /// 9F1C.
    TerminalId,
    /// 9F37.
    UnpredictableNumber,
    /// 9F03.
    OtherAmount,
    /// 5F2A.
    Currency,
    /// 9C.
    Type,
    /// 5F24, of the card and not of the token.
    Expiry,
    /// Printed on the card.
    SecurityCode,
    /// 5F20.
    Name,
    /// Of the billing address.
    PostalCode,
    /// Of the billing address.
    AddressLine,
    /// Random bytes of personalization.
    Seed,
}

/// Where an input comes from and what it counts as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// From the terminal: says which merchant.
    MerchantCode,
    /// From the terminal, listed beside the merchant code: amount, date, time, location.
    Listed,
    /// From the terminal, not listed.
    Other,
    /// From the card file: a payment credential.
    Credential,
    /// From the card file: the seed.
    Seed,
}

impl Input {
    /// Every input with its name, tag and kind.
    const ROWS: [(Self, &'static str, Tag, Kind); 17] = [
        (Self::MerchantId, "merchant-id", tag::MERCHANT_ID, Kind::MerchantCode),
        (Self::MerchantCategory, "merchant-category", tag::MERCHANT_CATEGORY, Kind::MerchantCode),
        (Self::Amount, "amount", tag::AMOUNT, Kind::Listed),
        (Self::Date, "date", tag::DATE, Kind::Listed),
        (Self::Time, "time", tag::TIME, Kind::Listed),
        (Self::Location, "location", tag::LOCATION, Kind::Listed),
        (Self::TerminalId, "terminal-id", tag::TERMINAL_ID, Kind::Other),
        (Self::UnpredictableNumber, "unpredictable-number", tag::UNPREDICTABLE_NUMBER, Kind::Other),
        (Self::OtherAmount, "other-amount", tag::OTHER_AMOUNT, Kind::Other),
        (Self::Currency, "currency", tag::CURRENCY, Kind::Other),
        (Self::Type, "type", tag::TYPE, Kind::Other),
        (Self::Expiry, "expiry", tag::EXPIRY, Kind::Credential),
        (Self::SecurityCode, "security-code", tag::SECURITY_CODE, Kind::Credential),
        (Self::Name, "name", tag::NAME, Kind::Credential),
        (Self::PostalCode, "postal-code", tag::POSTAL_CODE, Kind::Credential),
        (Self::AddressLine, "address-line", tag::ADDRESS_LINE, Kind::Credential),
        (Self::Seed, "seed", tag::SEED, Kind::Seed),
    ];

    /// Every input.
    pub fn all() -> impl Iterator<Item = Self> {
        Self::ROWS.iter().map(|(input, ..)| *input)
    }

    /// Reads a name.
    pub fn parse(name: &str) -> Result<Self, ProfileError> {
        if name.eq_ignore_ascii_case("pin") {
            return Err(ProfileError::Pin);
        }
        let row = Self::ROWS.iter().find(|(_, known, ..)| *known == name);
        row.map(|(input, ..)| *input).ok_or_else(|| ProfileError::UnknownInput(name.chars().take(32).collect()))
    }

    /// As a profile writes it.
    pub fn name(self) -> &'static str {
        self.row().1
    }

    /// The tag of its value.
    pub fn tag(self) -> Tag {
        self.row().2
    }

    /// What it counts as.
    pub fn kind(self) -> Kind {
        self.row().3
    }

    /// Whether the terminal supplies it.
    pub fn is_from_terminal(self) -> bool {
        matches!(self.kind(), Kind::MerchantCode | Kind::Listed | Kind::Other)
    }

    /// Whether it differs from one payment to the next.
    pub const fn changes(self) -> bool {
        matches!(
            self,
            Self::Amount | Self::Date | Self::Time | Self::UnpredictableNumber | Self::OtherAmount | Self::Type
        )
    }

    fn row(self) -> &'static (Self, &'static str, Tag, Kind) {
        // The rows stand in the order of the variants.
        &Self::ROWS[self as usize]
    }
}

impl From<Input> for String {
    fn from(input: Input) -> Self {
        input.name().to_owned()
    }
}

impl TryFrom<String> for Input {
    type Error = ProfileError;

    fn try_from(name: String) -> Result<Self, ProfileError> {
        Self::parse(&name)
    }
}
