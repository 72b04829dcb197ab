//! The vault's promises kept in maps: keyed reads and writes, conflicts, order. A unit of work is undone by taking the copy from before.

use std::collections::BTreeMap;

use super::super::{
    atc::AtcWindow,
    records::{
        AccountKey, AccountRecord, Answer, CardRecord, CardReference, CardStatus, CurrencyNumber, ExchangeRecord,
        MerchantKey, MerchantRecord, NumberHash, OutboxRow, OutboxState, PaymentId, PaymentKind, PaymentRecord,
        PaymentState, PoolRecord, RangeRecord, RegistrationRecord, RequestKey, SealedNumber, Sums, TotalKey,
        TotalRecord, Use,
    },
    vault::{Vault, VaultError, VaultResult},
};
use crate::number::{Pan, Token};

#[derive(Clone, Debug, Default)]
pub(in crate::issuer) struct MemoryVault {
    pub(in crate::issuer) ranges: BTreeMap<String, RangeRecord>,
    pub(in crate::issuer) cards: BTreeMap<CardReference, CardRecord>,
    pub(in crate::issuer) registrations: BTreeMap<(Token, [u8; 6]), CardReference>,
    pub(in crate::issuer) accounts: BTreeMap<AccountKey, AccountRecord>,
    pub(in crate::issuer) pools: BTreeMap<CurrencyNumber, PoolRecord>,
    pub(in crate::issuer) merchants: BTreeMap<MerchantKey, MerchantRecord>,
    pub(in crate::issuer) totals: BTreeMap<TotalKey, TotalRecord>,
    pub(in crate::issuer) exchanges: BTreeMap<RequestKey, ExchangeRecord>,
    pub(in crate::issuer) payments: BTreeMap<PaymentId, PaymentRecord>,
    pub(in crate::issuer) outbox: BTreeMap<u64, OutboxRow>,
    pub(in crate::issuer) first_nonce: u64,
    /// Operations since the count was last taken, by name.
    pub(in crate::issuer) operations: Vec<&'static str>,
    /// Which operation fails, and with what.
    pub(in crate::issuer) fail_at: Option<(usize, VaultError)>,
}

impl MemoryVault {
    fn note(&mut self, operation: &'static str) -> VaultResult<()> {
        let count = self.operations.len();
        self.operations.push(operation);
        match &self.fail_at {
            Some((at, failure)) if *at == count => Err(failure.clone()),
            _ => Ok(()),
        }
    }

    fn check_payment(&self, payment: &PaymentRecord) -> VaultResult<()> {
        let others = || self.payments.values().filter(|other| other.id != payment.id);
        let used = |one: &PaymentRecord| one.card.map(|card| (card, one.atc, one.use_number));
        let hold = |one: &PaymentRecord| one.hold.as_ref().map(|hold| hold.id);
        let conflict = others().any(|other| used(other).is_some() && used(other) == used(payment))
            || others().any(|other| hold(other).is_some() && hold(other) == hold(payment));
        if conflict { Err(VaultError::Conflict("the payment")) } else { Ok(()) }
    }
}

fn insert<K: Ord, V: Clone>(map: &mut BTreeMap<K, V>, key: K, value: &V, what: &'static str) -> VaultResult<()> {
    if map.contains_key(&key) {
        return Err(VaultError::Conflict(what));
    }
    map.insert(key, value.clone());
    Ok(())
}

fn at<'m, K: Ord, V>(map: &'m mut BTreeMap<K, V>, key: &K, what: &'static str) -> VaultResult<&'m mut V> {
    map.get_mut(key).ok_or(VaultError::Missing(what))
}

fn most(limit: u32) -> usize {
    usize::try_from(limit).unwrap()
}

impl Vault for MemoryVault {
    fn ranges(&mut self) -> VaultResult<Vec<RangeRecord>> {
        self.note("ranges")?;
        Ok(self.ranges.values().cloned().collect())
    }

    fn add_range(&mut self, range: &RangeRecord) -> VaultResult<()> {
        self.note("add_range")?;
        if self.ranges.values().any(|one| (&one.pan_bin, one.key_set) == (&range.pan_bin, range.key_set)) {
            return Err(VaultError::Conflict("the range"));
        }
        insert(&mut self.ranges, range.token_bin.clone(), range, "the range")
    }

    fn seal(&mut self, reference: &CardReference, number: &Pan) -> VaultResult<SealedNumber> {
        self.note("seal")?;
        Ok(SealedNumber([reference.to_string().as_bytes(), number.digits()].concat()))
    }

    fn reveal(&mut self, reference: &CardReference, number: &SealedNumber) -> VaultResult<Pan> {
        self.note("reveal")?;
        let digits =
            number.0.strip_prefix(reference.to_string().as_bytes()).and_then(|digits| std::str::from_utf8(digits).ok());
        digits.and_then(|digits| Pan::parse(digits).ok()).ok_or(VaultError::Damaged("number"))
    }

    fn card(&mut self, reference: &CardReference) -> VaultResult<Option<CardRecord>> {
        self.note("card")?;
        Ok(self.cards.get(reference).cloned())
    }

    fn card_by_number(&mut self, hash: &NumberHash) -> VaultResult<Option<CardRecord>> {
        self.note("card_by_number")?;
        Ok(self.cards.values().find(|card| card.number_hash == *hash).cloned())
    }

    fn cards(
        &mut self,
        status: Option<CardStatus>,
        after: Option<&CardReference>,
        limit: u32,
    ) -> VaultResult<Vec<CardRecord>> {
        self.note("cards")?;
        let wanted = |card: &&CardRecord| {
            status.is_none_or(|status| card.status == status) && after.is_none_or(|after| card.reference > *after)
        };
        Ok(self.cards.values().filter(wanted).take(most(limit)).cloned().collect())
    }

    fn add_card(&mut self, card: &CardRecord) -> VaultResult<()> {
        self.note("add_card")?;
        if self.cards.values().any(|one| one.number_hash == card.number_hash) {
            return Err(VaultError::Conflict("the number"));
        }
        insert(&mut self.cards, card.reference, card, "the card")
    }

    fn set_card_status(&mut self, reference: &CardReference, status: CardStatus) -> VaultResult<()> {
        self.note("set_card_status")?;
        at(&mut self.cards, reference, "the card")?.status = status;
        Ok(())
    }

    fn set_card_atc(&mut self, reference: &CardReference, atc: &AtcWindow) -> VaultResult<()> {
        self.note("set_card_atc")?;
        at(&mut self.cards, reference, "the card")?.atc = *atc;
        Ok(())
    }

    fn registration(&mut self, token: &Token, card_index: &[u8; 6]) -> VaultResult<Option<CardReference>> {
        self.note("registration")?;
        Ok(self.registrations.get(&(token.clone(), *card_index)).copied())
    }

    fn register(&mut self, registration: &RegistrationRecord) -> VaultResult<()> {
        self.note("register")?;
        let RegistrationRecord { token, card_index, card } = registration;
        let known = self.registrations.insert((token.clone(), *card_index), *card);
        if known.is_some_and(|known| known != *card) { Err(VaultError::Conflict("the token")) } else { Ok(()) }
    }

    fn account(&mut self, key: &AccountKey) -> VaultResult<Option<AccountRecord>> {
        self.note("account")?;
        Ok(self.accounts.get(key).cloned())
    }

    fn accounts(&mut self, card: &CardReference) -> VaultResult<Vec<AccountRecord>> {
        self.note("accounts")?;
        Ok(self.accounts.values().filter(|account| account.key.card == *card).cloned().collect())
    }

    fn put_account(&mut self, account: &AccountRecord) -> VaultResult<()> {
        self.note("put_account")?;
        self.accounts.insert(account.key, account.clone());
        Ok(())
    }

    fn pool(&mut self, currency: CurrencyNumber) -> VaultResult<Option<PoolRecord>> {
        self.note("pool")?;
        Ok(self.pools.get(&currency).copied())
    }

    fn put_pool(&mut self, pool: &PoolRecord) -> VaultResult<()> {
        self.note("put_pool")?;
        self.pools.insert(pool.currency, *pool);
        Ok(())
    }

    fn sums(&mut self) -> VaultResult<Vec<Sums>> {
        self.note("sums")?;
        let of = |currency: CurrencyNumber| {
            let accounts = || self.accounts.values().filter(move |account| account.key.currency == currency);
            Sums {
                currency,
                balance_minor: accounts().map(|account| u128::from(account.balance_minor)).sum(),
                held_minor: accounts().map(|account| u128::from(account.held_minor)).sum(),
                unallocated_minor: self.pools.get(&currency).map_or(0, |pool| pool.unallocated_minor),
            }
        };
        Ok(self.pools.keys().map(|currency| of(*currency)).collect())
    }

    fn merchant(&mut self, key: &MerchantKey) -> VaultResult<Option<MerchantRecord>> {
        self.note("merchant")?;
        Ok(self.merchants.get(key).cloned())
    }

    fn merchants(&mut self) -> VaultResult<Vec<MerchantRecord>> {
        self.note("merchants")?;
        Ok(self.merchants.values().cloned().collect())
    }

    fn put_merchant(&mut self, merchant: &MerchantRecord) -> VaultResult<()> {
        self.note("put_merchant")?;
        self.merchants.insert(merchant.key.clone(), merchant.clone());
        Ok(())
    }

    fn remove_merchant(&mut self, key: &MerchantKey) -> VaultResult<()> {
        self.note("remove_merchant")?;
        self.merchants.remove(key).map(drop).ok_or(VaultError::Missing("the merchant"))
    }

    fn total(&mut self, key: &TotalKey) -> VaultResult<Option<TotalRecord>> {
        self.note("total")?;
        Ok(self.totals.get(key).cloned())
    }

    fn totals(&mut self, from_day: u32, to_day: u32) -> VaultResult<Vec<TotalRecord>> {
        self.note("totals")?;
        let mut found: Vec<TotalRecord> =
            self.totals.values().filter(|total| (from_day..=to_day).contains(&total.key.day)).cloned().collect();
        found.sort_by_key(|total| (total.key.day, total.key.merchant.clone(), total.key.currency));
        Ok(found)
    }

    fn put_total(&mut self, total: &TotalRecord) -> VaultResult<()> {
        self.note("put_total")?;
        self.totals.insert(total.key.clone(), total.clone());
        Ok(())
    }

    fn exchange(&mut self, key: &RequestKey) -> VaultResult<Option<ExchangeRecord>> {
        self.note("exchange")?;
        Ok(self.exchanges.get(key).cloned())
    }

    fn add_exchange(&mut self, exchange: &ExchangeRecord) -> VaultResult<()> {
        self.note("add_exchange")?;
        insert(&mut self.exchanges, exchange.key.clone(), exchange, "the exchange")
    }

    fn set_answer(&mut self, key: &RequestKey, answer: &Answer) -> VaultResult<()> {
        self.note("set_answer")?;
        at(&mut self.exchanges, key, "the exchange")?.answer = answer.clone();
        Ok(())
    }

    fn waiting(&mut self, payment: PaymentId) -> VaultResult<Vec<ExchangeRecord>> {
        self.note("waiting")?;
        let waits = |exchange: &&ExchangeRecord| {
            exchange.payment == Some(payment) && matches!(exchange.answer, Answer::Waiting { .. })
        };
        let mut found: Vec<ExchangeRecord> = self.exchanges.values().filter(waits).cloned().collect();
        found.sort_by_key(|exchange| exchange.received_ms);
        Ok(found)
    }

    fn exchanges_of(&mut self, payment: PaymentId, limit: u32) -> VaultResult<Vec<ExchangeRecord>> {
        self.note("exchanges_of")?;
        let of = |exchange: &&ExchangeRecord| exchange.payment == Some(payment);
        let mut found: Vec<ExchangeRecord> = self.exchanges.values().filter(of).cloned().collect();
        found.sort_by_key(|exchange| exchange.received_ms);
        found.truncate(most(limit));
        Ok(found)
    }

    fn loose_exchanges(&mut self, acquirer: &str, limit: u32) -> VaultResult<Vec<ExchangeRecord>> {
        self.note("loose_exchanges")?;
        let of = |exchange: &&ExchangeRecord| exchange.payment.is_none() && exchange.key.acquirer == acquirer;
        let mut found: Vec<ExchangeRecord> = self.exchanges.values().filter(of).cloned().collect();
        found.sort_by_key(|exchange| std::cmp::Reverse(exchange.received_ms));
        found.truncate(most(limit));
        Ok(found)
    }

    fn forget_exchanges(&mut self, before_ms: u64) -> VaultResult<u64> {
        self.note("forget_exchanges")?;
        let before = self.exchanges.len();
        self.exchanges.retain(|_, exchange| {
            exchange.received_ms >= before_ms || matches!(exchange.answer, Answer::Waiting { .. })
        });
        Ok(u64::try_from(before - self.exchanges.len()).unwrap())
    }

    fn unfit_exchanges(&mut self, limit: u32) -> VaultResult<Vec<ExchangeRecord>> {
        self.note("unfit_exchanges")?;
        let mut found: Vec<_> = self.exchanges.values().filter(|row| !row.mismatches.is_empty()).cloned().collect();
        found.sort_by_key(|exchange| std::cmp::Reverse(exchange.received_ms));
        found.truncate(limit as usize);
        Ok(found)
    }

    fn add_payment(&mut self, payment: &PaymentRecord) -> VaultResult<PaymentId> {
        self.note("add_payment")?;
        let id = PaymentId(self.payments.last_key_value().map_or(1, |(last, _)| last.0 + 1));
        let payment = PaymentRecord { id, ..payment.clone() };
        self.check_payment(&payment)?;
        self.payments.insert(id, payment);
        Ok(id)
    }

    fn update_payment(&mut self, payment: &PaymentRecord) -> VaultResult<()> {
        self.note("update_payment")?;
        let kept = at(&mut self.payments, &payment.id, "the payment")?;
        let PaymentRecord { state, amount_minor, captured_minor, refunded_minor, due_ms, changed_ms, steps, .. } =
            *payment;
        let same = PaymentRecord {
            state,
            amount_minor,
            captured_minor,
            refunded_minor,
            due_ms,
            changed_ms,
            steps,
            ..kept.clone()
        };
        assert_eq!(same, *payment, "nothing else of a payment changes");
        *kept = same;
        Ok(())
    }

    fn payment(&mut self, id: PaymentId) -> VaultResult<Option<PaymentRecord>> {
        self.note("payment")?;
        Ok(self.payments.get(&id).cloned())
    }

    fn payment_of(&mut self, request: &RequestKey) -> VaultResult<Option<PaymentRecord>> {
        self.note("payment_of")?;
        let of =
            |payment: &&PaymentRecord| payment.request == *request && !matches!(payment.kind, PaymentKind::Late { .. });
        Ok(self.payments.values().rev().find(of).cloned())
    }

    fn payments_by_rrn(&mut self, acquirer: &str, rrn: &str, limit: u32) -> VaultResult<Vec<PaymentRecord>> {
        self.note("payments_by_rrn")?;
        let of = |payment: &&PaymentRecord| payment.request.acquirer == acquirer && payment.rrn == rrn;
        Ok(self.payments.values().rev().filter(of).take(most(limit)).cloned().collect())
    }

    fn payments(&mut self, before: Option<PaymentId>, limit: u32) -> VaultResult<Vec<PaymentRecord>> {
        self.note("payments")?;
        let older = |payment: &&PaymentRecord| before.is_none_or(|before| payment.id < before);
        Ok(self.payments.values().rev().filter(older).take(most(limit)).cloned().collect())
    }

    fn payments_of_card(
        &mut self,
        card: &CardReference,
        before: Option<(u16, u32)>,
        limit: u32,
    ) -> VaultResult<Vec<PaymentRecord>> {
        self.note("payments_of_card")?;
        let place = |payment: &PaymentRecord| (payment.atc.unwrap_or_default(), payment.use_number);
        let of = |payment: &&PaymentRecord| {
            payment.card == Some(*card) && before.is_none_or(|before| place(payment) < before)
        };
        let mut found: Vec<PaymentRecord> = self.payments.values().filter(of).cloned().collect();
        found.sort_by_key(|payment| std::cmp::Reverse(place(payment)));
        found.truncate(most(limit));
        Ok(found)
    }

    fn uses(&mut self, card: &CardReference, atc: u16, limit: u32) -> VaultResult<Vec<Use>> {
        self.note("uses")?;
        let of = |payment: &&PaymentRecord| payment.card == Some(*card) && payment.atc == Some(atc);
        let one = |payment: &PaymentRecord| Use {
            payment: payment.id,
            use_number: payment.use_number,
            cryptogram: payment.cryptogram.unwrap(),
            decided_ms: payment.decided_ms,
        };
        let mut found: Vec<Use> = self.payments.values().filter(of).map(one).collect();
        found.sort_by_key(|one| one.use_number);
        found.truncate(most(limit));
        Ok(found)
    }

    fn unfinished(&mut self, limit: u32) -> VaultResult<Vec<PaymentRecord>> {
        self.note("unfinished")?;
        Ok(self.payments.values().filter(|payment| payment.state.unfinished()).take(most(limit)).cloned().collect())
    }

    fn due(&mut self, now_ms: u64, limit: u32) -> VaultResult<Vec<PaymentRecord>> {
        self.note("due")?;
        let is_due = |payment: &&PaymentRecord| payment.state == PaymentState::Held && payment.due_ms <= now_ms;
        let mut found: Vec<PaymentRecord> = self.payments.values().filter(is_due).cloned().collect();
        found.sort_by_key(|payment| payment.due_ms);
        found.truncate(most(limit));
        Ok(found)
    }

    fn next_nonce(&mut self) -> VaultResult<u64> {
        self.note("next_nonce")?;
        Ok(self.outbox.last_key_value().map_or(self.first_nonce, |(last, _)| last + 1))
    }

    fn set_first_nonce(&mut self, nonce: u64) -> VaultResult<()> {
        self.note("set_first_nonce")?;
        if !self.outbox.is_empty() {
            return Err(VaultError::Conflict("the outbox"));
        }
        self.first_nonce = nonce;
        Ok(())
    }

    fn add_outbox(&mut self, row: &OutboxRow) -> VaultResult<()> {
        self.note("add_outbox")?;
        let next = self.outbox.last_key_value().map_or(self.first_nonce, |(last, _)| last + 1);
        if row.nonce != next {
            return Err(VaultError::Conflict("the nonce"));
        }
        insert(&mut self.outbox, row.nonce, row, "the nonce")
    }

    fn outbox(&mut self, nonce: u64) -> VaultResult<Option<OutboxRow>> {
        self.note("outbox")?;
        Ok(self.outbox.get(&nonce).cloned())
    }

    fn outbox_open(&mut self, limit: u32) -> VaultResult<Vec<OutboxRow>> {
        self.note("outbox_open")?;
        Ok(self.outbox.values().filter(|row| row.state == OutboxState::Open).take(most(limit)).cloned().collect())
    }

    fn outbox_of(&mut self, payment: PaymentId) -> VaultResult<Vec<OutboxRow>> {
        self.note("outbox_of")?;
        Ok(self.outbox.values().filter(|row| row.payment == payment).cloned().collect())
    }

    fn set_outbox_state(&mut self, nonce: u64, state: OutboxState) -> VaultResult<()> {
        self.note("set_outbox_state")?;
        at(&mut self.outbox, &nonce, "the transaction")?.state = state;
        Ok(())
    }
}
