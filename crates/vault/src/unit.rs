//! One unit of work: the trait [`Vault`] over a begun transaction.
//!
//! Made by `vault` for each operation of the writer and each question of a reader. Each method is one function of this folder; what they have
//! in common is here: a failure of the database is remembered, and undoes the unit even if the caller goes on as if nothing had been.

mod cards;
mod cells;
mod exchanges;
mod money;
mod outbox;
mod payments;
mod words;

use ::payments::{
    issuer::{
        atc::AtcWindow,
        records::{
            AccountKey, AccountRecord, Answer, CardRecord, CardReference, CardStatus, CurrencyNumber, ExchangeRecord,
            MerchantKey, MerchantRecord, NumberHash, OutboxRow, OutboxState, PaymentId, PaymentRecord, PoolRecord,
            RangeRecord, RegistrationRecord, RequestKey, SealedNumber, Sums, TotalKey, TotalRecord, Use,
        },
        vault::{Vault, VaultError, VaultResult},
    },
    number::{Pan, Token},
};
use rusqlite::Connection;

use self::cells::{Fault, Outcome};
use crate::{error::WriteError, seal::Sealer};

/// How much is kept of what anybody can cause at no cost, for each acquirer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Retention {
    /// Declined payments.
    pub declined_max: u64,
    /// Requests that made no payment.
    pub loose_max: u64,
    /// Requests about one payment, whoever made it. These are not forgotten, one more is refused.
    pub exchanges_max: u64,
}

impl Default for Retention {
    fn default() -> Self {
        Self { declined_max: 100_000, loose_max: 100_000, exchanges_max: 1_000 }
    }
}

/// A begun transaction as the issuer sees it.
pub(crate) struct Unit<'a> {
    connection: &'a Connection,
    sealer: &'a Sealer,
    retention: Retention,
    failure: Option<WriteError>,
}

impl<'a> Unit<'a> {
    pub(crate) const fn new(connection: &'a Connection, sealer: &'a Sealer, retention: Retention) -> Self {
        Self { connection, sealer, retention, failure: None }
    }

    /// Why the unit must not be kept, if it must not.
    pub(crate) fn into_failure(self) -> Option<WriteError> {
        self.failure
    }

    fn tell<T>(&mut self, outcome: Outcome<T>) -> VaultResult<T> {
        outcome.map_err(|fault| match fault {
            Fault::Named(error) => error,
            Fault::Database(error) => self.fail(WriteError::from(error)),
        })
    }

    fn fail(&mut self, error: WriteError) -> VaultError {
        self.failure.get_or_insert(error).clone().into()
    }
}

impl Vault for Unit<'_> {
    fn ranges(&mut self) -> VaultResult<Vec<RangeRecord>> {
        self.tell(cards::ranges(self.connection))
    }

    fn add_range(&mut self, range: &RangeRecord) -> VaultResult<()> {
        self.tell(cards::add_range(self.connection, range))
    }

    fn seal(&mut self, reference: &CardReference, number: &Pan) -> VaultResult<SealedNumber> {
        self.tell(cards::seal(self.connection, self.sealer, reference, number))
    }

    fn reveal(&mut self, reference: &CardReference, number: &SealedNumber) -> VaultResult<Pan> {
        self.tell(cards::reveal(self.sealer, reference, number))
    }

    fn card(&mut self, reference: &CardReference) -> VaultResult<Option<CardRecord>> {
        self.tell(cards::card(self.connection, reference))
    }

    fn card_by_number(&mut self, hash: &NumberHash) -> VaultResult<Option<CardRecord>> {
        self.tell(cards::card_by_number(self.connection, hash))
    }

    fn cards(
        &mut self,
        status: Option<CardStatus>,
        after: Option<&CardReference>,
        limit: u32,
    ) -> VaultResult<Vec<CardRecord>> {
        self.tell(cards::cards(self.connection, status, after, limit))
    }

    fn add_card(&mut self, card: &CardRecord) -> VaultResult<()> {
        self.tell(cards::add_card(self.connection, card))
    }

    fn set_card_status(&mut self, reference: &CardReference, status: CardStatus) -> VaultResult<()> {
        self.tell(cards::set_card_status(self.connection, reference, status))
    }

    fn set_card_atc(&mut self, reference: &CardReference, atc: &AtcWindow) -> VaultResult<()> {
        self.tell(cards::set_card_atc(self.connection, reference, atc))
    }

    fn registration(&mut self, token: &Token, card_index: &[u8; 6]) -> VaultResult<Option<CardReference>> {
        self.tell(cards::registration(self.connection, token, card_index))
    }

    fn register(&mut self, registration: &RegistrationRecord) -> VaultResult<()> {
        self.tell(cards::register(self.connection, registration))
    }

    fn account(&mut self, key: &AccountKey) -> VaultResult<Option<AccountRecord>> {
        self.tell(money::account(self.connection, key))
    }

    fn accounts(&mut self, card: &CardReference) -> VaultResult<Vec<AccountRecord>> {
        self.tell(money::accounts(self.connection, card))
    }

    fn put_account(&mut self, account: &AccountRecord) -> VaultResult<()> {
        self.tell(money::put_account(self.connection, account))
    }

    fn pool(&mut self, currency: CurrencyNumber) -> VaultResult<Option<PoolRecord>> {
        self.tell(money::pool(self.connection, currency))
    }

    fn put_pool(&mut self, pool: &PoolRecord) -> VaultResult<()> {
        self.tell(money::put_pool(self.connection, pool))
    }

    fn sums(&mut self) -> VaultResult<Vec<Sums>> {
        self.tell(money::sums(self.connection))
    }

    fn merchant(&mut self, key: &MerchantKey) -> VaultResult<Option<MerchantRecord>> {
        self.tell(money::merchant(self.connection, key))
    }

    fn merchants(&mut self) -> VaultResult<Vec<MerchantRecord>> {
        self.tell(money::merchants(self.connection))
    }

    fn put_merchant(&mut self, merchant: &MerchantRecord) -> VaultResult<()> {
        self.tell(money::put_merchant(self.connection, merchant))
    }

    fn remove_merchant(&mut self, key: &MerchantKey) -> VaultResult<()> {
        self.tell(money::remove_merchant(self.connection, key))
    }

    fn total(&mut self, key: &TotalKey) -> VaultResult<Option<TotalRecord>> {
        self.tell(money::total(self.connection, key))
    }

    fn totals(&mut self, from_day: u32, to_day: u32) -> VaultResult<Vec<TotalRecord>> {
        self.tell(money::totals(self.connection, from_day, to_day))
    }

    fn put_total(&mut self, total: &TotalRecord) -> VaultResult<()> {
        self.tell(money::put_total(self.connection, total))
    }

    fn exchange(&mut self, key: &RequestKey) -> VaultResult<Option<ExchangeRecord>> {
        self.tell(exchanges::exchange(self.connection, key))
    }

    fn add_exchange(&mut self, exchange: &ExchangeRecord) -> VaultResult<()> {
        self.tell(exchanges::add_exchange(self.connection, self.retention, exchange))
    }

    fn set_answer(&mut self, key: &RequestKey, answer: &Answer) -> VaultResult<()> {
        self.tell(exchanges::set_answer(self.connection, key, answer))
    }

    fn waiting(&mut self, payment: PaymentId) -> VaultResult<Vec<ExchangeRecord>> {
        self.tell(exchanges::waiting(self.connection, payment))
    }

    fn exchanges_of(&mut self, payment: PaymentId, limit: u32) -> VaultResult<Vec<ExchangeRecord>> {
        self.tell(exchanges::exchanges_of(self.connection, payment, limit))
    }

    fn loose_exchanges(&mut self, acquirer: &str, limit: u32) -> VaultResult<Vec<ExchangeRecord>> {
        self.tell(exchanges::loose_exchanges(self.connection, acquirer, limit))
    }

    fn forget_exchanges(&mut self, before_ms: u64) -> VaultResult<u64> {
        self.tell(exchanges::forget(self.connection, before_ms))
    }

    fn unfit_exchanges(&mut self, limit: u32) -> VaultResult<Vec<ExchangeRecord>> {
        self.tell(exchanges::unfit(self.connection, limit))
    }

    fn add_payment(&mut self, payment: &PaymentRecord) -> VaultResult<PaymentId> {
        self.tell(payments::add_payment(self.connection, self.retention, payment))
    }

    fn update_payment(&mut self, payment: &PaymentRecord) -> VaultResult<()> {
        self.tell(payments::update_payment(self.connection, payment))
    }

    fn payment(&mut self, id: PaymentId) -> VaultResult<Option<PaymentRecord>> {
        self.tell(payments::payment(self.connection, id))
    }

    fn payment_of(&mut self, request: &RequestKey) -> VaultResult<Option<PaymentRecord>> {
        self.tell(payments::payment_of(self.connection, request))
    }

    fn payments_by_rrn(&mut self, acquirer: &str, rrn: &str, limit: u32) -> VaultResult<Vec<PaymentRecord>> {
        self.tell(payments::payments_by_rrn(self.connection, acquirer, rrn, limit))
    }

    fn payments(&mut self, before: Option<PaymentId>, limit: u32) -> VaultResult<Vec<PaymentRecord>> {
        self.tell(payments::payments(self.connection, before, limit))
    }

    fn payments_of_card(
        &mut self,
        card: &CardReference,
        before: Option<(u16, u32)>,
        limit: u32,
    ) -> VaultResult<Vec<PaymentRecord>> {
        self.tell(payments::payments_of_card(self.connection, card, before, limit))
    }

    fn uses(&mut self, card: &CardReference, atc: u16, limit: u32) -> VaultResult<Vec<Use>> {
        self.tell(payments::uses(self.connection, card, atc, limit))
    }

    fn unfinished(&mut self, limit: u32) -> VaultResult<Vec<PaymentRecord>> {
        self.tell(payments::unfinished(self.connection, limit))
    }

    fn due(&mut self, now_ms: u64, limit: u32) -> VaultResult<Vec<PaymentRecord>> {
        self.tell(payments::due(self.connection, now_ms, limit))
    }

    fn next_nonce(&mut self) -> VaultResult<u64> {
        self.tell(outbox::next_nonce(self.connection))
    }

    fn set_first_nonce(&mut self, nonce: u64) -> VaultResult<()> {
        self.tell(outbox::set_first_nonce(self.connection, nonce))
    }

    fn add_outbox(&mut self, row: &OutboxRow) -> VaultResult<()> {
        self.tell(outbox::add_outbox(self.connection, row))
    }

    fn outbox(&mut self, nonce: u64) -> VaultResult<Option<OutboxRow>> {
        self.tell(outbox::outbox(self.connection, nonce))
    }

    fn outbox_open(&mut self, limit: u32) -> VaultResult<Vec<OutboxRow>> {
        self.tell(outbox::outbox_open(self.connection, limit))
    }

    fn outbox_of(&mut self, payment: PaymentId) -> VaultResult<Vec<OutboxRow>> {
        self.tell(outbox::outbox_of(self.connection, payment))
    }

    fn set_outbox_state(&mut self, nonce: u64, state: OutboxState) -> VaultResult<()> {
        self.tell(outbox::set_outbox_state(self.connection, nonce, state))
    }
}

#[cfg(test)]
mod tests;
