//! What comes after a payment, made from its record and without the card: increase, capture, reversal, refund, and the balance.
//!
//! ```text
//! approved --capture (0220)-----------> captured --refund (0200, processing code 20)--> given back
//!   | ^ ^ '-- increase (0100) ---------- more is held
//!   | '------ reversal of a part (0400, element 95) -- less is held
//!   '-------- reversal (0400)---------> undone
//! ```
//!
//! Called by whoever keeps records. Rules: ISO 8583:1987, element 90 names the payment (with 32 and 37), never its token alone (T-30). Whether
//! it may be done is for the issuer to say.

use serde::{Deserialize, Serialize};

use super::{
    Moment,
    pending::Pending,
    purchase::{AMOUNT_MOST_MINOR, Kind, STAN_MOST},
    record::{Hex, Record},
};
use crate::message::{
    Digits, LocalDate, LocalTime, Operation, Payment, Request, Response, ResponseCode, Text, TransmissionTime,
    amount::{Processing, Replacement, Transaction},
};

/// A message about a payment, and what was said to it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct FollowUp {
    /// What it is.
    pub kind: FollowUpKind,
    /// Its number.
    pub stan: u32,
    /// Number of the message that it undoes.
    pub undoes: Option<u32>,
    /// How much.
    pub amount_minor: u64,
    /// As ISO 8583.
    pub request: Hex,
    /// As ISO 8583; none until it came.
    pub response: Option<Hex>,
    /// Element 39.
    pub response_code: Option<String>,
}

/// What follows a payment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum FollowUpKind {
    /// More is to be held.
    Increase,
    /// The merchant takes the money.
    Capture,
    /// Less is to be held.
    PartialReversal,
    /// Nothing is to be held.
    Reversal,
    /// The merchant gives money back.
    Refund,
}

/// Numbers and time of a message that follows.
#[derive(Clone, Copy, Debug)]
pub struct Stamp {
    /// Its number, 1 to 999999.
    pub stan: u32,
    /// When.
    pub moment: Moment,
}

/// A refund, and what undoes it should it not be answered: stored before the request goes out.
#[derive(Clone, Debug)]
pub struct Refund {
    /// To be sent once.
    pub request: Box<Request>,
    /// To be kept first.
    pub reversal: Pending,
}

/// Why nothing can follow.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FollowUpError {
    /// The issuer never heard of it.
    #[error("the issuer was never asked for payment {0}")]
    NotAsked(String),
    /// The whole is not a part of it.
    #[error("less than all that is approved of payment {0} is a part of it: to undo it whole, give no amount")]
    NoPart(String),
    /// There is nothing to take or give back.
    #[error("payment {0} is not approved")]
    NotApproved(String),
    /// It was.
    #[error("payment {0} is reversed, or about to be")]
    Reversed(String),
    /// Nothing, or more than a message can say.
    #[error("an amount is 1 to 999999999999 of the smallest unit")]
    Amount,
    /// The record is not what was stored, or a number is no number of a message.
    #[error("payment {0} cannot be followed up: its record or the message's number is wrong")]
    Unsound(String),
}

impl Record {
    /// Holds so much more. Told until it is answered.
    pub fn increase(&mut self, more_minor: u64, stamp: Stamp) -> Result<Pending, FollowUpError> {
        let amount_minor = self.amount_of(Some(more_minor))?;
        let asked = self.asked()?;
        let payment = self.after(&asked, Operation::Authorization, amount_minor, stamp)?;
        self.keep(FollowUpKind::Increase, amount_minor, payment, None)
    }

    /// Holds so much less: element 95 says what is left.
    pub fn reverse_part(&mut self, less_minor: u64, stamp: Stamp) -> Result<Pending, FollowUpError> {
        let less_minor = self.amount_of(Some(less_minor))?;
        let approved_minor = self.amount_of(None)?;
        let left_minor = approved_minor.checked_sub(less_minor).filter(|left_minor| *left_minor > 0);
        let left_minor = left_minor.ok_or_else(|| FollowUpError::NoPart(self.rrn.clone()))?;
        let asked = self.asked()?;
        let payment = Payment {
            response_code: Some(ResponseCode::CustomerCancellation),
            replacement: Some(Replacement::of(left_minor)),
            ..self.after(&asked, Operation::Reversal, asked.amount_minor, stamp)?
        };
        self.keep(FollowUpKind::PartialReversal, less_minor, payment, None)
    }

    /// Asks what the holder has, as long as the issuer takes the holder to be there.
    pub fn inquire(&self, stamp: Stamp) -> Result<Request, FollowUpError> {
        let asked = self.asked()?;
        let payment = self.after(&asked, Operation::Authorization, 0, stamp)?;
        Ok(Payment { processing: Processing::of(Transaction::BalanceInquiry), ..payment }.into())
    }

    /// Takes the money, or this part of it, or somewhat more: a tip is for the issuer to judge. What is left of it returns to the holder, unless more
    /// captures follow.
    pub fn capture(
        &mut self,
        amount_minor: Option<u64>,
        more_follows: bool,
        stamp: Stamp,
    ) -> Result<Pending, FollowUpError> {
        let left_minor = self.amount_of(None)?.saturating_sub(self.captured_minor());
        let amount_minor = self.amount_of(Some(amount_minor.unwrap_or(left_minor)))?;
        let asked = self.asked()?;
        let payment = self.after(&asked, Operation::Completion, amount_minor, stamp)?;
        let payment = Payment { more_follows, ..payment };
        self.keep(FollowUpKind::Capture, amount_minor, payment, None)
    }

    /// Undoes it all.
    pub fn reverse(&mut self, stamp: Stamp) -> Result<Pending, FollowUpError> {
        if self.reversal().is_some() {
            return Err(FollowUpError::Reversed(self.rrn.clone()));
        }
        let asked = self.asked()?;
        let payment = self.after(&asked, Operation::Reversal, asked.amount_minor, stamp)?;
        let payment = Payment { response_code: Some(ResponseCode::CustomerCancellation), ..payment };
        self.keep(FollowUpKind::Reversal, asked.amount_minor, payment, Some(self.stan))
    }

    /// Gives the money back, or this part of it. A sale that could not be undone is given back as well.
    pub fn refund(
        &mut self,
        amount_minor: Option<u64>,
        stamp: Stamp,
        reversal_stan: u32,
    ) -> Result<Refund, FollowUpError> {
        let amount_minor = self.amount_of(amount_minor)?;
        let asked = self.asked()?;
        let payment = self.after(&asked, Operation::Financial, amount_minor, stamp)?;
        let request = Request::from(Payment { processing: Processing::of(Transaction::Refund), ..payment });
        let bytes = request.encode().map_err(|_| self.unsound())?;
        let reversal = Pending::reversal(&request, reversal_stan).filter(|undo| undo.stan != stamp.stan);
        let reversal = reversal.filter(|undo| undo.stan != self.stan).ok_or_else(|| self.unsound())?;
        self.follow_ups.push(FollowUp::refund(amount_minor, stamp.stan, bytes));
        Ok(Refund { request: Box::new(request), reversal })
    }

    /// What the issuer said to a message that followed, by the message's number.
    pub fn answer(&mut self, stan: u32, response: &Response) {
        let unanswered = |follow_up: &&mut FollowUp| follow_up.stan == stan && follow_up.response.is_none();
        let Some(follow_up) = self.follow_ups.iter_mut().find(unanswered) else { return };
        follow_up.response_code = Some(response.response_code.as_str().to_owned());
        follow_up.response = response.encode().ok().map(Hex);
        let (kind, amount_minor) = (follow_up.kind, follow_up.amount_minor);
        if response.response_code == ResponseCode::Approved {
            self.approved_minor = self.approved_minor.map(|approved_minor| match kind {
                FollowUpKind::Increase => approved_minor.saturating_add(amount_minor),
                FollowUpKind::PartialReversal => approved_minor.saturating_sub(amount_minor),
                _ => approved_minor,
            });
        }
    }

    /// Whether money was taken for what the holder did not get: the issuer did not undo a sale, since it was captured.
    pub fn is_stranded(&self) -> bool {
        let refused = |follow_up: &FollowUp| follow_up.response_code.as_deref().is_some_and(|code| code != APPROVED);
        let undoing = self.follow_ups.iter().rfind(|follow_up| follow_up.undoes == Some(self.stan));
        self.kind == Kind::Sale && self.approved_minor.is_none() && undoing.is_some_and(refused)
    }

    /// A refund was not answered: from now on it is to be undone.
    pub fn give_up(&mut self, reversal: &Pending) {
        self.follow_ups.push(FollowUp::reversal(reversal));
    }

    /// What the issuer must still be told of it, should what was kept for that be lost. It may have been sent, so it is a repeat.
    pub fn owed(&self) -> Vec<Pending> {
        let open = self.follow_ups.iter().filter(|follow_up| follow_up.response.is_none());
        let owed = open.filter(|follow_up| follow_up.kind != FollowUpKind::Refund);
        owed.map(|follow_up| Pending::again(follow_up, &self.rrn)).collect()
    }

    /// Whether what was kept is still to be sent. A power cut may have come between storing this record and forgetting that.
    pub fn wants(&self, pending: &Pending) -> bool {
        let of = |stan: u32| self.follow_ups.iter().find(|follow_up| follow_up.stan == stan);
        match (of(pending.stan), pending.undoes) {
            (Some(this), _) => this.response.is_none(),
            (None, Some(undone)) => of(undone).is_some_and(|refund| refund.response.is_none()),
            (None, None) => true,
        }
    }

    /// The reversal of the payment itself, unless the issuer refused it.
    pub fn reversal(&self) -> Option<&FollowUp> {
        let stands = |follow_up: &FollowUp| follow_up.response_code.as_deref().is_none_or(|code| code == APPROVED);
        self.follow_ups.iter().find(|follow_up| follow_up.undoes == Some(self.stan) && stands(follow_up))
    }

    /// What was taken of it.
    fn captured_minor(&self) -> u64 {
        let captured = |follow_up: &&FollowUp| {
            follow_up.kind == FollowUpKind::Capture && follow_up.response_code.as_deref() == Some(APPROVED)
        };
        self.follow_ups.iter().filter(captured).fold(0, |sum, one| sum.saturating_add(one.amount_minor))
    }

    /// Remembers a message that follows; it is told until it is answered.
    fn keep(
        &mut self,
        kind: FollowUpKind,
        amount_minor: u64,
        payment: Payment,
        undoes: Option<u32>,
    ) -> Result<Pending, FollowUpError> {
        let mut pending = Pending::new(payment, undoes).ok_or_else(|| self.unsound())?;
        pending.amount_minor = amount_minor;
        self.follow_ups.push(FollowUp::of(kind, &pending));
        Ok(pending)
    }

    fn amount_of(&self, amount_minor: Option<u64>) -> Result<u64, FollowUpError> {
        let taken = self.approved_minor.or_else(|| self.is_stranded().then_some(self.amount_minor));
        let approved = taken.ok_or_else(|| FollowUpError::NotApproved(self.rrn.clone()))?;
        if self.reversal().is_some() {
            return Err(FollowUpError::Reversed(self.rrn.clone()));
        }
        let amount_minor = amount_minor.unwrap_or(approved);
        let sound = (1..=AMOUNT_MOST_MINOR).contains(&amount_minor);
        sound.then_some(amount_minor).ok_or(FollowUpError::Amount)
    }

    /// The request that the issuer was asked.
    fn asked(&self) -> Result<Payment, FollowUpError> {
        let bytes = self.request.as_ref().ok_or_else(|| FollowUpError::NotAsked(self.rrn.clone()))?;
        match Request::parse(&bytes.0) {
            Ok(Request::Payment(payment)) => Ok(*payment),
            _ => Err(self.unsound()),
        }
    }

    /// A message that names what was asked.
    fn after(
        &self,
        asked: &Payment,
        operation: Operation,
        amount_minor: u64,
        stamp: Stamp,
    ) -> Result<Payment, FollowUpError> {
        let (local, universal) = (stamp.moment.local, stamp.moment.universal);
        let numbered = (1..=STAN_MOST).contains(&stamp.stan) && stamp.stan != self.stan;
        let made = || {
            Some(Payment {
                operation,
                amount_minor,
                sent: TransmissionTime::parse(&universal.month_to_second())?,
                stan: Digits::of(stamp.stan.into()).filter(|_| numbered)?,
                local_time: LocalTime::parse(&local.hour_to_second())?,
                local_date: LocalDate::parse(&local.month_day())?,
                authorization_code: self.auth_code.as_ref().and_then(|code| Text::new(code)),
                icc_data: None,
                takes_partial: false,
                more_follows: false,
                original: Some(asked.as_original()),
                ..asked.clone()
            })
        };
        made().ok_or_else(|| self.unsound())
    }

    fn unsound(&self) -> FollowUpError {
        FollowUpError::Unsound(self.rrn.clone())
    }
}

impl FollowUp {
    pub(super) fn reversal(pending: &Pending) -> Self {
        Self::of(FollowUpKind::Reversal, pending)
    }

    fn of(kind: FollowUpKind, pending: &Pending) -> Self {
        let Pending { stan, undoes, amount_minor, .. } = *pending;
        Self { kind, stan, undoes, amount_minor, request: pending.bytes(), response: None, response_code: None }
    }

    fn refund(amount_minor: u64, stan: u32, request: Vec<u8>) -> Self {
        let (kind, request) = (FollowUpKind::Refund, Hex(request));
        Self { kind, stan, undoes: None, amount_minor, request, response: None, response_code: None }
    }
}

const APPROVED: &str = "00";
