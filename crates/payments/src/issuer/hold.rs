//! The id of a payment's hold: keccak of a preimage that says what the payment is, and that nobody can guess.
//!
//! Called when a payment is decided ([`super::decide`]), when a reversal comes before its authorization ([`super::followup`]), and by whoever puts
//! the preimage into a counterfoil. Rules: issue text for what is in it; RFC 8785 for how it is written.
//!
//! ```text
//! {"acquirer":"12345","amountMinor":"1250","chainId":"31337","currency":"EUR","kind":"card.payment.v1","merchant":"SHOP-1",
//!  "salt":"0x..64 hex digits","terminal":"TERM0001","token":"9999990123456785"}
//! ```
//! Without the line break: RFC 8785 JSON with exactly these nine texts. Amount and chain id are decimal text, since readers of JSON disagree about
//! large numbers; `acquirer` is DE 32 without zeros in front, `merchant` and `terminal` are DE 42 and 41 without the spaces at their end. A name
//! stands before each value and each value between quotation marks, so no two payments have one preimage (as T-23 asks of the tweak).
//!
//! The salt is HMAC(issuer key, card reference, ATC, use): whoever has the preimage can check it and can try no other number with it, since no
//! value on the ledger is a function of the number.

use alloy_primitives::{Address, B256, keccak256};
use contracts::cash::iso4217::Currency;
use serde::{Deserialize, Serialize};

use super::{
    desk::Desk,
    error::IssuerError,
    records::{HoldTerms, PaymentRecord},
    settings::Settings,
};

/// First of all that this program says a payment to be.
pub const KIND: &str = "card.payment.v1";

/// What a hold id is the keccak of. The order of the fields is that of RFC 8785.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Preimage {
    /// DE 32 without zeros in front.
    pub acquirer: String,
    /// What is held first, in the currency's smallest unit, decimal.
    pub amount_minor: String,
    /// Of the ledger, decimal.
    pub chain_id: String,
    /// ISO 4217, three letters.
    pub currency: String,
    /// [`KIND`].
    pub kind: String,
    /// DE 42.
    pub merchant: String,
    /// 32 bytes.
    pub salt: B256,
    /// DE 41.
    pub terminal: String,
    /// DE 2.
    pub token: String,
}

impl Preimage {
    /// Of a payment that has a hold, on one chain; `None` if it has none, or its currency is not listed.
    pub fn of(payment: &PaymentRecord, chain_id: u64) -> Option<Self> {
        let hold = payment.hold.as_ref()?;
        Some(Self {
            acquirer: payment.request.acquirer.clone(),
            amount_minor: hold.first_minor.to_string(),
            chain_id: chain_id.to_string(),
            currency: Currency::by_number(payment.currency)?.symbol(),
            kind: KIND.to_owned(),
            merchant: payment.merchant.merchant.clone(),
            salt: hold.salt,
            terminal: payment.request.terminal.clone(),
            token: payment.token.digits().to_owned(),
        })
    }

    /// The bytes that are hashed.
    pub fn bytes(&self) -> Vec<u8> {
        // Eight texts and a hash can always be written.
        serde_json::to_vec(self).unwrap_or_default()
    }

    /// The id.
    pub fn id(&self) -> B256 {
        keccak256(self.bytes())
    }

    /// Reads a preimage back: only bytes that [`Preimage::bytes`] would write.
    pub fn parse(bytes: &[u8]) -> Option<Self> {
        let read: Self = serde_json::from_slice(bytes).ok()?;
        (read.kind == KIND && read.bytes() == bytes).then_some(read)
    }
}

/// Gives a payment its hold: salt, id, parties and end, and the approval that its follow-ups name. The payment has its card, counter and use.
pub(super) fn place(
    settings: &Settings,
    desk: &Desk<'_>,
    payment: &mut PaymentRecord,
    to: Address,
    amount_minor: u64,
) -> Result<(), IssuerError> {
    let (card, atc) = payment.card.zip(payment.atc).ok_or(IssuerError::Books("a payment with a hold has no card"))?;
    let salt = desk.keys.payment_salt(&card, atc, payment.use_number)?;
    let expiry_s = desk.now_s().saturating_add(settings.hold_s);
    let terms = HoldTerms { id: B256::ZERO, salt, from: settings.pool, to, first_minor: amount_minor, expiry_s };
    payment.amount_minor = amount_minor;
    payment.hold = Some(terms.clone());
    let preimage = Preimage::of(payment, settings.chain_id);
    let id = preimage.ok_or(IssuerError::Books("a payment has no listed currency"))?.id();
    payment.hold = Some(HoldTerms { id, ..terms });
    payment.approval = Some(approval(&id));
    Ok(())
}

/// DE 38: six digits that come from the id, which the salt has made random.
fn approval(id: &B256) -> String {
    let number = id.iter().fold(0_u64, |number, byte| (number * 256 + u64::from(*byte)) % 1_000_000);
    format!("{number:06}")
}

#[cfg(test)]
mod tests;
