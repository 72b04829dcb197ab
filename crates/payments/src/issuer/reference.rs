//! The payment account reference (T-31): 29 characters in element 56 of an approval that stay the same while tokens change, for loyalty and for what
//! counts payments of one card. Nothing can be paid with it, and no number follows from it.
//!
//! Called by `till`. Source: EMVCo's Payment Account Reference: 4 characters of who gives it, 25 letters and digits. What it links is the issuer's
//! choice, since whoever sees it can tell the payments of a card:
//!
//! | choice | the same for | who can link what |
//! |---|---|---|
//! | `none` | | nobody anything |
//! | `merchant` | one card at one merchant | a merchant its own payments, which the card index tells already |
//! | `card` | one card everywhere | merchants their customers to each other |

use serde::{Deserialize, Serialize};

use super::{
    error::IssuerError,
    keys::Keys,
    records::{CardReference, MerchantKey},
};
use crate::message::Text;

/// What an account reference stands for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum AccountReference {
    /// None is given.
    #[default]
    None,
    /// A card at a merchant.
    Merchant,
    /// A card.
    Card,
}

impl AccountReference {
    /// The reference of a card at a merchant, if one is given.
    pub(super) fn of(
        self,
        keys: &dyn Keys,
        card: &CardReference,
        merchant: &MerchantKey,
    ) -> Result<Option<Text<29>>, IssuerError> {
        let hash = match self {
            Self::None => return Ok(None),
            Self::Merchant => keys.account_reference(card, Some(merchant))?,
            Self::Card => keys.account_reference(card, None)?,
        };
        let places = hash.iter().take(CHARACTERS).map(|byte| char::from(ALPHABET[usize::from(byte % 32)]));
        Ok(Text::new(&GIVEN_BY.chars().chain(places).collect::<String>()))
    }
}

/// Not one that EMVCo gave to anybody.
const GIVEN_BY: &str = "CFOL";
const CHARACTERS: usize = 25;
/// Of base 32 (RFC 4648): 25 of them are 125 bits.
const ALPHABET: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
