//! What the issuer answered, as far as the terminal acts on it. An answer that is not this request's, or says what cannot be, counts as none.
//!
//! Called by [`Session`](super::Session) and for what follows a payment. Rules: ISO 8583:1987, elements 4, 38, 39 and 54; EMV Book 4, 12.1.1
//! (tag 91 has 8 to 16 bytes).

use super::{
    fault::CryptogramKind,
    outcome::Verdict,
    record::{Hex, priced},
};
use crate::{
    message::{
        Payment, Request, Response, ResponseCode,
        amount::{AmountKind, Signed, Transaction},
    },
    tlv::tag,
};

/// What came from the issuer.
#[derive(Clone, Debug)]
pub enum HostAnswer {
    /// A message.
    Response(Box<Response>),
    /// Nothing in time, no connection, or nothing that could be read.
    NoAnswer,
}

/// An answer that can be acted on.
#[derive(Clone, Debug)]
pub(super) struct Answer {
    pub(super) code: String,
    pub(super) authorization: Option<String>,
    /// Tag 91: the issuer's proof to the card.
    pub(super) proof: Option<Vec<u8>>,
    pub(super) balance: Option<String>,
    pub(super) bytes: Hex,
    pub(super) approved_minor: Option<u64>,
    is_part: bool,
}

/// Why an answer is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum Unusable {
    #[error("the issuer did not answer")]
    None,
    #[error("the issuer's answer is not for this request")]
    OfAnother,
    #[error("the issuer approved another amount than was asked for")]
    Amount,
}

impl Answer {
    /// Reads the answer to a payment.
    pub(super) fn read(request: &Request, response: &Response) -> Result<Self, Unusable> {
        let Request::Payment(asked) = request else { return Err(Unusable::OfAnother) };
        if !response.answers(request) {
            return Err(Unusable::OfAnother);
        }
        let approved_minor = approved(response, asked)?;
        let proof = response.icc_data.as_ref().and_then(|data| data.objects().get(tag::ISSUER_AUTHENTICATION));
        Ok(Self {
            code: response.response_code.as_str().to_owned(),
            authorization: response.authorization_code.as_ref().map(|code| code.as_str().to_owned()),
            proof: proof.filter(|proof| PROOF_BYTES.contains(&proof.len())).map(<[u8]>::to_vec),
            balance: balance(response),
            bytes: Hex(response.encode().map_err(|_| Unusable::OfAnother)?),
            is_part: response.response_code == ResponseCode::PartiallyApproved,
            approved_minor,
        })
    }

    pub(super) const fn approves(&self) -> bool {
        self.approved_minor.is_some()
    }

    /// What is asked of the card for this answer.
    pub(super) const fn wanted(&self) -> CryptogramKind {
        if self.approves() { CryptogramKind::Tc } else { CryptogramKind::Aac }
    }

    /// Where the card approves too.
    pub(super) const fn verdict(&self) -> Verdict {
        match self.approved_minor {
            Some(approved_minor) if self.is_part => Verdict::PartiallyApproved { approved_minor },
            _ => Verdict::Approved,
        }
    }
}

/// How much is approved; none where it is refused.
fn approved(response: &Response, asked: &Payment) -> Result<Option<u64>, Unusable> {
    let asked_minor = asked.amount_minor;
    if asked.processing.transaction == Transaction::BalanceInquiry {
        return Ok((response.response_code == ResponseCode::Approved).then_some(0));
    }
    let amount_minor = response.amount_minor.unwrap_or(asked_minor);
    match response.response_code {
        ResponseCode::Approved if amount_minor == asked_minor => Ok(Some(amount_minor)),
        ResponseCode::PartiallyApproved if 0 < amount_minor && amount_minor < asked_minor => Ok(Some(amount_minor)),
        code if code.approves() => Err(Unusable::Amount),
        _ => Ok(None),
    }
}

/// What can be spent, else what there is, for people (element 54).
pub fn balance(response: &Response) -> Option<String> {
    let of = |kind: AmountKind| response.amounts.iter().find(|amount| amount.kind == kind);
    let found = of(AmountKind::AvailableBalance).or_else(|| of(AmountKind::LedgerBalance))?;
    let currency = found.currency.listed()?;
    let (sign, minor) = match found.amount_minor {
        Signed::Credit(minor) => ("", minor),
        Signed::Debit(minor) => ("-", minor),
    };
    Some(format!("{sign}{} {}", priced(minor, currency.exponent), currency.symbol()))
}

const PROOF_BYTES: std::ops::RangeInclusive<usize> = 8..=16;
