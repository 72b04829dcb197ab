//! What the issuer asks of its memory. The crate `vault` implements it over SQLite.
//!
//! **One unit of work.** A value behind this trait is a begun transaction with a single writer: whoever calls the issuer begins it, passes it in,
//! and commits it when the issuer returned `Ok`, or rolls all of it back when it returned `Err`. So everything that one call of the issuer writes
//! (payment, account, nonce, signed transaction, answer) is durable together or not at all, and nothing that the issuer returned may leave the process
//! before the commit is durable. Several calls may share one commit (a savepoint around each): then none of their answers leaves before it.
//!
//! ```text
//! begin -> issuer::authorize(request, &mut dyn Vault) -> Ok -> commit, durable -> submit | answer
//!                                                     -> Err -> roll back -> answer 96, nothing stored
//! ```
//! **No decisions here.** The operations are keyed reads and writes. A write of a row that must be new and is not is a [`VaultError::Conflict`]; one
//! of a row that must be there and is not is [`VaultError::Missing`]. Reads see the unit's own writes. `&mut self` on reads too, so that an
//! implementation can keep prepared statements.
//!
//! **Alike for all cards.** Reads take as long, in kind, for rows that are not there: the issuer then goes on with a decoy of its own (T-19).

use thiserror::Error;

use super::{
    atc::AtcWindow,
    records::{
        AccountKey, AccountRecord, Answer, CardRecord, CardReference, CardStatus, CurrencyNumber, ExchangeRecord,
        MerchantKey, MerchantRecord, NumberHash, OutboxRow, OutboxState, PaymentId, PaymentRecord, PoolRecord,
        RangeRecord, RegistrationRecord, RequestKey, SealedNumber, Sums, TotalKey, TotalRecord, Use,
    },
};
use crate::number::{Pan, Token};

/// What an operation gives.
pub type VaultResult<T> = Result<T, VaultError>;

/// A begun unit of work.
pub trait Vault {
    /// All ranges, in order of `token_bin`.
    fn ranges(&mut self) -> VaultResult<Vec<RangeRecord>>;
    /// A new range. A conflict if its token BIN, or its (PAN BIN, key set), is there.
    fn add_range(&mut self, range: &RangeRecord) -> VaultResult<()>;

    /// Encrypts a number for one card (the reference is authenticated with it).
    fn seal(&mut self, reference: &CardReference, number: &Pan) -> VaultResult<SealedNumber>;
    /// Decrypts a number. Damaged if it was sealed for another card.
    fn reveal(&mut self, reference: &CardReference, number: &SealedNumber) -> VaultResult<Pan>;

    /// A card by its reference.
    fn card(&mut self, reference: &CardReference) -> VaultResult<Option<CardRecord>>;
    /// A card by the keyed hash of its number.
    fn card_by_number(&mut self, hash: &NumberHash) -> VaultResult<Option<CardRecord>>;
    /// Cards in order of reference, those after `after`, of one status or of all, at most `limit`.
    fn cards(
        &mut self,
        status: Option<CardStatus>,
        after: Option<&CardReference>,
        limit: u32,
    ) -> VaultResult<Vec<CardRecord>>;
    /// A new card. A conflict if its reference or its number is there.
    fn add_card(&mut self, card: &CardRecord) -> VaultResult<()>;
    /// Changes whether a card may pay.
    fn set_card_status(&mut self, reference: &CardReference, status: CardStatus) -> VaultResult<()>;
    /// Changes the counters that were accepted.
    fn set_card_atc(&mut self, reference: &CardReference, atc: &AtcWindow) -> VaultResult<()>;
    /// The card of a registered multi-use token.
    fn registration(&mut self, token: &Token, card_index: &[u8; 6]) -> VaultResult<Option<CardReference>>;
    /// Registers a token; the same again does nothing, another card's is a conflict.
    fn register(&mut self, registration: &RegistrationRecord) -> VaultResult<()>;

    /// An account.
    fn account(&mut self, key: &AccountKey) -> VaultResult<Option<AccountRecord>>;
    /// The accounts of a card, in order of currency.
    fn accounts(&mut self, card: &CardReference) -> VaultResult<Vec<AccountRecord>>;
    /// Writes an account, new or not.
    fn put_account(&mut self, account: &AccountRecord) -> VaultResult<()>;
    /// The unallocated rest of a currency's pool.
    fn pool(&mut self, currency: CurrencyNumber) -> VaultResult<Option<PoolRecord>>;
    /// Writes it, new or not.
    fn put_pool(&mut self, pool: &PoolRecord) -> VaultResult<()>;
    /// For each currency that has a pool or an account, the sums over all accounts; in order of currency.
    fn sums(&mut self) -> VaultResult<Vec<Sums>>;

    /// A merchant.
    fn merchant(&mut self, key: &MerchantKey) -> VaultResult<Option<MerchantRecord>>;
    /// All merchants in order of key.
    fn merchants(&mut self) -> VaultResult<Vec<MerchantRecord>>;
    /// Writes a merchant, new or not.
    fn put_merchant(&mut self, merchant: &MerchantRecord) -> VaultResult<()>;
    /// Removes a merchant. Missing if it is not there.
    fn remove_merchant(&mut self, key: &MerchantKey) -> VaultResult<()>;
    /// One merchant's day.
    fn total(&mut self, key: &TotalKey) -> VaultResult<Option<TotalRecord>>;
    /// Everybody's totals of the days `from_day..=to_day`, in order of day, merchant, currency.
    fn totals(&mut self, from_day: u32, to_day: u32) -> VaultResult<Vec<TotalRecord>>;
    /// Writes a total, new or not.
    fn put_total(&mut self, total: &TotalRecord) -> VaultResult<()>;

    /// What was answered to a request.
    fn exchange(&mut self, key: &RequestKey) -> VaultResult<Option<ExchangeRecord>>;
    /// A new exchange. A conflict if its key is there.
    fn add_exchange(&mut self, exchange: &ExchangeRecord) -> VaultResult<()>;
    /// Settles what the answer is.
    fn set_answer(&mut self, key: &RequestKey, answer: &Answer) -> VaultResult<()>;
    /// The exchanges of a payment whose answer still waits, in order of writing.
    fn waiting(&mut self, payment: PaymentId) -> VaultResult<Vec<ExchangeRecord>>;
    /// The exchanges about a payment in order of writing, the request that made it first, at most `limit`.
    fn exchanges_of(&mut self, payment: PaymentId, limit: u32) -> VaultResult<Vec<ExchangeRecord>>;
    /// The newest exchanges of an acquirer that belong to no payment, follow-ups that did not fit theirs among them, newest first, at most `limit`.
    fn loose_exchanges(&mut self, acquirer: &str, limit: u32) -> VaultResult<Vec<ExchangeRecord>>;
    /// Forgets answered exchanges that came before this time, oldest first, a bounded number at once; how many. DE 7 has no year, so that
    /// a key comes again after one.
    fn forget_exchanges(&mut self, before_ms: u64) -> VaultResult<u64>;
    /// The exchanges with a mismatch of their own, which are follow-ups, newest first, at most `limit`.
    fn unfit_exchanges(&mut self, limit: u32) -> VaultResult<Vec<ExchangeRecord>>;

    /// A new payment; its `id` is ignored, and the one that it was given is returned. A conflict if (card, ATC, use) or the hold id is there.
    fn add_payment(&mut self, payment: &PaymentRecord) -> VaultResult<PaymentId>;
    /// Writes what changes of a payment that is there: `state`, `amount_minor`, `captured_minor`, `refunded_minor`, `due_ms`, `changed_ms`,
    /// `steps`. The rest stays as it was added.
    fn update_payment(&mut self, payment: &PaymentRecord) -> VaultResult<()>;
    /// A payment.
    fn payment(&mut self, id: PaymentId) -> VaultResult<Option<PaymentRecord>>;
    /// The payment that a request made (`PaymentRecord::request`), late completions apart; the newest if a tombstone came before it.
    fn payment_of(&mut self, request: &RequestKey) -> VaultResult<Option<PaymentRecord>>;
    /// The payments that an acquirer gave this DE 37, newest first, at most `limit`.
    fn payments_by_rrn(&mut self, acquirer: &str, rrn: &str, limit: u32) -> VaultResult<Vec<PaymentRecord>>;
    /// Payments before `before` (all if `None`), newest first, at most `limit`.
    fn payments(&mut self, before: Option<PaymentId>, limit: u32) -> VaultResult<Vec<PaymentRecord>>;
    /// The payments of a card, by falling counter and use, those below `before` (a counter and a use; all if `None`), at most `limit`.
    fn payments_of_card(
        &mut self,
        card: &CardReference,
        before: Option<(u16, u32)>,
        limit: u32,
    ) -> VaultResult<Vec<PaymentRecord>>;
    /// The payments of a card's counter, by rising use, at most `limit`.
    fn uses(&mut self, card: &CardReference, atc: u16, limit: u32) -> VaultResult<Vec<Use>>;
    /// Payments whose state is unfinished, oldest first, at most `limit`.
    fn unfinished(&mut self, limit: u32) -> VaultResult<Vec<PaymentRecord>>;
    /// Payments in state `Held` whose `due_ms` is not after `now_ms`, by rising `due_ms`, at most `limit`.
    fn due(&mut self, now_ms: u64, limit: u32) -> VaultResult<Vec<PaymentRecord>>;

    /// The nonce of the next row of the outbox: one more than the greatest there, or where the operator's account began.
    fn next_nonce(&mut self) -> VaultResult<u64>;
    /// Where the operator's account began. A conflict if the outbox has rows.
    fn set_first_nonce(&mut self, nonce: u64) -> VaultResult<()>;
    /// A new row. A conflict unless its nonce is the next one.
    fn add_outbox(&mut self, row: &OutboxRow) -> VaultResult<()>;
    /// A row.
    fn outbox(&mut self, nonce: u64) -> VaultResult<Option<OutboxRow>>;
    /// Rows in state `Open` by rising nonce, at most `limit`.
    fn outbox_open(&mut self, limit: u32) -> VaultResult<Vec<OutboxRow>>;
    /// The rows of a payment by rising nonce.
    fn outbox_of(&mut self, payment: PaymentId) -> VaultResult<Vec<OutboxRow>>;
    /// What became of a row.
    fn set_outbox_state(&mut self, nonce: u64, state: OutboxState) -> VaultResult<()>;
}

/// Why the memory refused. Never says what is in a row.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum VaultError {
    /// A row that must be new is there.
    #[error("{0} is there already")]
    Conflict(&'static str),
    /// A row that must be there is not.
    #[error("{0} is not there")]
    Missing(&'static str),
    /// Another process writes.
    #[error("the vault is locked by another process")]
    Locked,
    /// The disk has no room.
    #[error("the disk of the vault is full")]
    Full,
    /// What is stored is not what was written.
    #[error("the vault's {0} cannot be read: it is damaged, or the key is another")]
    Damaged(&'static str),
    /// A number or a text that is larger than the memory takes.
    #[error("the {0} holds more than the vault takes")]
    TooLarge(&'static str),
    /// The vault ended, after a failing disk or at the end of the process.
    #[error("the vault is closed")]
    Closed,
    /// The disk or the database.
    #[error("the vault cannot be read or written: {0}")]
    Storage(String),
}
