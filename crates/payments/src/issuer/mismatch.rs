//! What did not fit, by name (T-29). The names are stable: they are in the issuer's records, its JSON and its pages, and never in an answer.
//!
//! Found by `compare` and `decide`; kept in [`PaymentRecord::mismatches`](super::records::PaymentRecord).

use std::fmt;

use serde::{Deserialize, Serialize};

macro_rules! mismatches {
    ($(#[doc = $meaning:literal] $variant:ident = $name:literal,)*) => {
        /// One thing that did not fit.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        pub enum Mismatch {
            $(#[doc = $meaning] #[serde(rename = $name)] $variant,)*
        }

        impl Mismatch {
            /// All of them, in the order in which they are told.
            pub const ALL: &[Self] = &[$(Self::$variant,)*];

            /// The stable name.
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$variant => $name,)*
                }
            }

            /// In words, for the issuer's own people.
            pub fn meaning(self) -> &'static str {
                match self {
                    $(Self::$variant => $meaning,)*
                }
                .trim_matches([' ', '.'])
            }

            /// By its stable name.
            pub fn by_name(name: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|mismatch| mismatch.name() == name)
            }
        }
    };
}

mismatches! {
    /// The data that the card saw are not those that came: somebody between reformatted them.
    CardData = "card_data",
    /// DE 55 has not all that the card was asked for and said.
    DataMissing = "data_missing",
    /// Something in DE 55 is shorter or longer than the card's lists want it.
    DataLength = "data_length",
    /// 9F10 is not of a version of this issuer, or its card index is not decimal.
    IssuerData = "issuer_data",
    /// The cryptogram is not this card's over these data: forged.
    Cryptogram = "cryptogram",
    /// The card did not ask to go online (9F27).
    CryptogramKind = "cryptogram_kind",
    /// The first digits belong to no range of this issuer.
    TokenRange = "token_range",
    /// The key set of 9F10 is not the range's.
    KeySet = "key_set",
    /// The card index leads to no card.
    CardIndex = "card_index",
    /// The token is not the one that this card makes of these data.
    Token = "token",
    /// DE 4 against 9F02.
    Amount = "amount",
    /// 9F03 is not zero: no transaction of this issuer has another amount, and cashback is none.
    OtherAmount = "other_amount",
    /// DE 49, 5F2A and the merchant's currency.
    Currency = "currency",
    /// DE 18, 9F15 and the merchant's category.
    Category = "category",
    /// DE 42 against 9F16.
    Merchant = "merchant",
    /// DE 41 against 9F1C.
    Terminal = "terminal",
    /// DE 43 against 9F4E.
    Location = "location",
    /// DE 12 and 13 against 9A and 9F21.
    DateTime = "date_time",
    /// 9A and 9F21 against the issuer's clock.
    Clock = "clock",
    /// The first two digits of DE 3 against 9C.
    Type = "type",
    /// DE 22 is not an entry mode of a chip.
    EntryMode = "entry_mode",
    /// DE 14 against the card's.
    Expiry = "expiry",
    /// DE 23 against the card's.
    Sequence = "sequence",
    /// The counter is below the window.
    AtcTooOld = "atc_too_old",
    /// The counter is far above the high mark. Told, not refused.
    AtcLeap = "atc_leap",
    /// The counter was used before, with another cryptogram.
    AtcUsed = "atc_used",
    /// The same cryptogram again, and the profile allows no second use.
    Replay = "replay",
    /// The same cryptogram again, after the profile's time for it.
    ReuseClosed = "reuse_closed",
    /// A reversal of this very request came first.
    ReversedBefore = "reversed_before",
    /// The token of a follow-up is not the payment's.
    OriginalToken = "original_token",
    /// The merchant of a follow-up is not the payment's.
    OriginalMerchant = "original_merchant",
    /// The currency of a follow-up is not the payment's.
    OriginalCurrency = "original_currency",
    /// DE 90 and DE 37 of a follow-up name different payments.
    OriginalData = "original_data",
}

impl fmt::Display for Mismatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_their_own_inverse() {
        for mismatch in Mismatch::ALL {
            assert_eq!(Mismatch::by_name(mismatch.name()), Some(*mismatch));
            assert_eq!(serde_json::to_string(mismatch).ok(), Some(format!("\"{mismatch}\"")));
            assert!(mismatch.meaning().len() > 10 && !mismatch.meaning().ends_with('.'), "{mismatch}");
        }
    }
}
