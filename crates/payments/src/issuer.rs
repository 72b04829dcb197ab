//! The issuer: what comes of a request, decided over a memory, keys and a clock that are given to it.
//!
//! ```text
//!            request                                                  final on the ledger            deadline    now and then
//!               |                                                             |                          |           |
//! ask -> again? 94 | the same bytes                                        settle                    too_late      sweep
//!   |-> decide -> chip -> authenticate (recover, compare, atc) -> till -> hold -+                        |           |
//!   |-> followup: complete, increase, reverse, refund, balance                  |                        |           |
//!   `-> 00 (0800)                                                               v                        v           v
//!                                            one unit of work of the vault: payment, account, answer, signed transaction
//!                                                                               |
//!                                                       durable, then: submit, answer
//! ```
//! Called by the gateway, which owns sockets and the ledger, begins a unit of work for each call, commits it when the call returned `Ok`, and only then
//! submits and answers ([`vault`]). So there is one order of steps, each durable before the next: (1) the payment with its terms and its signed
//! transaction, limits debited; (2) submitted, final; (3) held, with the exact answer; (4) answered. At start the open rows of the outbox are
//! submitted again and settled before traffic is taken.
//!
//! Requirements: T-16 (what comes back is the outcome only), T-19 to T-22, T-26, T-29, T-30; which file has which is in their headers.
//! Deliberately absent: sockets, clocks, randomness; keys as bytes; clearing files, fees, currency conversion, chargeback, PINs.

pub mod account;
mod ask;
pub mod atc;
mod authenticate;
mod calendar;
pub mod call;
pub mod chip;
pub mod compare;
mod decide;
pub mod decision;
mod desk;
pub mod enrol;
pub mod error;
pub mod evidence;
mod followup;
pub mod hold;
pub mod keys;
pub mod mismatch;
mod money;
pub mod reconcile;
pub mod records;
mod recover;
pub mod reference;
pub mod settings;
mod settle;
mod till;
pub mod vault;

pub use ask::acquirer;
pub use decision::{Decision, Reply, Settled};
pub use desk::Desk;
pub use error::IssuerError;
pub use settings::Settings;

use ask::Ask;
use enrol::Random;
use keys::Keys;
use records::{CardRecord, RangeRecord};
use vault::Vault;

use crate::{
    message::{Operation, Payment, Request, ResponseCode, amount::Transaction},
    number::Token,
};

/// An issuer: its choices and its ranges.
#[derive(Debug)]
pub struct Issuer {
    settings: Settings,
    ranges: Vec<Range>,
}

/// A range, and a card of it that nobody has: it takes the place of cards that are not found, so that this is not seen.
#[derive(Debug)]
struct Range {
    record: RangeRecord,
    decoy: CardRecord,
}

impl Issuer {
    /// Takes the vault's ranges, checks them, and makes a decoy for each.
    pub fn open(
        settings: Settings,
        vault: &mut dyn Vault,
        keys: &dyn Keys,
        random: Random<'_>,
    ) -> Result<Self, IssuerError> {
        let records = vault.ranges()?;
        for (at, record) in records.iter().enumerate() {
            enrol::check_range(record, records.get(..at).unwrap_or_default())?;
        }
        let range = |record: RangeRecord| Ok(Range { decoy: enrol::decoy(vault, keys, &record, random)?, record });
        let ranges: Vec<Range> = records.into_iter().map(range).collect::<Result<_, IssuerError>>()?;
        if ranges.is_empty() {
            return Err(IssuerError::Configuration("the issuer has no range of numbers yet".into()));
        }
        Ok(Self { settings, ranges })
    }

    /// Answers a request of an acquirer, whose connection has proved who it is (`acquirer` as [`acquirer`](ask::acquirer()) writes it).
    pub fn request(&self, desk: &mut Desk<'_>, acquirer: &str, request: &Request) -> Result<Decision, IssuerError> {
        match request {
            Request::Network(_) => Ok(Decision::now(request.respond(ResponseCode::Approved).encode()?, None)),
            Request::Payment(payment) => self.payment(desk, acquirer, payment),
        }
    }

    /// What is no token of ours may be a real number, sent by a terminal that is set up wrongly: it is told back, and nothing of it is kept.
    fn payment(&self, desk: &mut Desk<'_>, acquirer: &str, payment: &Payment) -> Result<Decision, IssuerError> {
        if self.range_of(&payment.token)?.1 {
            return self.decide(desk, acquirer, payment);
        }
        let concealed = Payment { token: payment.token.concealed(), ..payment.clone() };
        self.decide(desk, acquirer, &concealed)?.repeating(&payment.token)
    }

    fn decide(&self, desk: &mut Desk<'_>, acquirer: &str, payment: &Payment) -> Result<Decision, IssuerError> {
        let mut ask = Ask::of(payment)?;
        if ask.key.acquirer != acquirer {
            return ask.forget(ResponseCode::NotPermitted);
        }
        if let Some(found) = desk.vault.exchange(&ask.key)?
            && let Some(decision) = ask.again(found)?
        {
            return Ok(decision);
        }
        match (payment.operation, payment.processing.transaction) {
            (Operation::Reversal | Operation::ReversalAdvice, _) => followup::reverse(self, desk, &ask),
            (Operation::Completion, _) => followup::complete(self, desk, &ask),
            (Operation::AuthorizationAdvice, _) => decide::advise(self, desk, &ask),
            _ if payment.is_increase() => followup::increase(self, desk, &ask),
            (_, Transaction::Refund) => followup::refund(desk, &ask),
            (_, Transaction::BalanceInquiry) if payment.icc_data.is_none() => followup::balance(self, desk, &ask),
            (Operation::Authorization | Operation::Financial, _) => decide::authorize(self, desk, &ask),
        }
    }

    /// The range of a token, and whether the token is of it; if it is of none, the first range stands in.
    fn range_of(&self, token: &Token) -> Result<(&Range, bool), IssuerError> {
        let of = |range: &&Range| token.digits().starts_with(&range.record.token_bin);
        let found = self.ranges.iter().find(of);
        let first = self.ranges.first().ok_or_else(|| IssuerError::Configuration("the issuer has no range".into()))?;
        Ok((found.unwrap_or(first), found.is_some()))
    }
}

#[cfg(test)]
mod tests;
