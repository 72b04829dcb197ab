//! What an issuer does to its memory for a payment, in two units of work, and what must then be true of the whole.

use payments::issuer::{
    records::{Answer, ExchangeRecord, OutboxState, PaymentId, PaymentRecord, PaymentState, TotalKey, TotalRecord},
    vault::{Vault, VaultError, VaultResult},
};
use vault::SqliteVault;

use crate::records::*;

/// What each account has at first.
pub(crate) const BALANCE_MINOR: u64 = 100_000_000;
const AMOUNT_MINOR: u64 = 1250;

/// A range, cards 0 to `cards`, their accounts, a merchant.
pub(crate) fn found(vault: &SqliteVault, cards: u64) {
    let unit = move |vault: &mut dyn Vault| {
        vault.add_range(&range())?;
        vault.put_merchant(&merchant(1))?;
        for count in 0..cards {
            add_card(vault, count)?;
            vault.put_account(&account(count, BALANCE_MINOR, 0))?;
        }
        Ok(())
    };
    vault.write::<_, VaultError, _>("found", unit).unwrap();
}

/// The payment is decided: the request, the counter, the money, the signed transaction.
pub(crate) fn authorize(vault: &mut dyn Vault, count: u64, card: u64) -> VaultResult<PaymentId> {
    if vault.exchange(&request(count))?.is_some() {
        return Err(VaultError::Conflict("the exchange"));
    }
    vault.merchant(&merchant_key(1))?.ok_or(VaultError::Missing("the merchant"))?;
    let found = vault.card(&reference(card))?.ok_or(VaultError::Missing("the card"))?;
    vault.reveal(&reference(card), &found.number)?;
    let atc = found.atc.high + 1;
    assert_eq!(vault.uses(&reference(card), atc, 10)?, []);
    vault.set_card_atc(&reference(card), &found.atc.with(atc))?;
    let mut money = vault.account(&account(card, 0, 0).key)?.ok_or(VaultError::Missing("the account"))?;
    money.held_minor += AMOUNT_MINOR;
    vault.put_account(&money)?;
    let payment = vault.add_payment(&holding(count, card, atc, 0))?;
    let nonce = vault.next_nonce()?;
    vault.add_outbox(&outbox_row(nonce, payment))?;
    let answer = Answer::Waiting { if_done: vec![b'0'; 120], if_failed: vec![b'9'; 60] };
    vault.add_exchange(&ExchangeRecord { answer, ..exchange(count, Some(payment)) })?;
    Ok(payment)
}

/// The ledger is final about it.
pub(crate) fn settle(vault: &mut dyn Vault, payment: PaymentId) -> VaultResult<()> {
    let found = vault.payment(payment)?.ok_or(VaultError::Missing("the payment"))?;
    let changed_ms = found.changed_ms + 20;
    vault.update_payment(&PaymentRecord { state: PaymentState::Held, changed_ms, due_ms: changed_ms, ..found })?;
    for row in vault.outbox_of(payment)? {
        vault.set_outbox_state(row.nonce, OutboxState::Done)?;
    }
    for waiting in vault.waiting(payment)? {
        if let Answer::Waiting { if_done, .. } = waiting.answer {
            vault.set_answer(&waiting.key, &Answer::Ready(if_done))?;
        }
    }
    let key = TotalKey { merchant: merchant_key(1), currency: EUR, day: 20_000 };
    let mut total = vault.total(&key)?.unwrap_or_else(|| TotalRecord::new(key));
    (total.held_count, total.held_minor) = (total.held_count + 1, total.held_minor + AMOUNT_MINOR);
    vault.put_total(&total)
}

/// Everything that the units above promise together. Gives the payments.
pub(crate) fn check(vault: &SqliteVault) -> Vec<PaymentRecord> {
    read(vault, |vault| {
        let mut payments = vault.payments(None, 100_000)?;
        payments.reverse();
        for (payment, nonce) in payments.iter().zip(0..) {
            check_payment(vault, payment, nonce)?;
        }
        let count = payments.len() as u64;
        assert_eq!(vault.next_nonce()?, count);
        let open = vault.outbox_open(100_000)?.into_iter().map(|row| row.payment);
        let unfinished = vault.unfinished(100_000)?.into_iter().map(|payment| payment.id);
        assert_eq!(open.collect::<Vec<_>>(), unfinished.collect::<Vec<_>>());
        let held = payments.iter().filter(|payment| payment.state == PaymentState::Held).count() as u64;
        let totals = vault.totals(0, u32::MAX)?;
        assert_eq!(totals.iter().map(|total| total.held_count).sum::<u64>(), held);
        let held_minor = vault.sums()?.iter().map(|sum| sum.held_minor).sum::<u128>();
        assert_eq!(held_minor, u128::from(count * AMOUNT_MINOR));
        check_cards(vault, &payments)?;
        Ok(payments)
    })
}

/// One transaction and one request for each payment, in the state that it is in.
fn check_payment(vault: &mut dyn Vault, payment: &PaymentRecord, nonce: u64) -> VaultResult<()> {
    let rows = vault.outbox_of(payment.id)?;
    assert_eq!(rows.iter().map(|row| row.nonce).collect::<Vec<_>>(), [nonce]);
    let exchange = vault.exchange(&payment.request)?.ok_or(VaultError::Missing("the exchange"))?;
    assert_eq!(exchange.payment, Some(payment.id));
    let held = payment.state == PaymentState::Held;
    assert_eq!(rows[0].state == OutboxState::Done, held);
    assert_eq!(matches!(exchange.answer, Answer::Ready(_)), held);
    Ok(())
}

fn check_cards(vault: &mut dyn Vault, payments: &[PaymentRecord]) -> VaultResult<()> {
    for card in vault.cards(None, None, 1000)? {
        let paid = payments.iter().filter(|payment| payment.card == Some(card.reference)).count() as u64;
        assert_eq!(u64::from(card.atc.high), paid);
        for account in vault.accounts(&card.reference)? {
            assert_eq!((account.balance_minor, account.held_minor), (BALANCE_MINOR, paid * AMOUNT_MINOR));
        }
    }
    Ok(())
}
