//! What a card that was really there may do: its status, its account, its limits, and the hold.
//!
//! Called by `decide` when `authenticate` has found everything right. From here on the counter is used up whatever is said, and each answer has
//! an ARPC, so that the card knows who said it (EMV Book 2, 8.2).

use super::{
    Issuer,
    ask::Ask,
    authenticate::Known,
    calendar::{MOST_BEHIND_S, Moment},
    chip::Chip,
    decision::Decision,
    desk::Desk,
    error::IssuerError,
    hold,
    money::{self, Shortage},
    records::{
        AccountKey, AccountRecord, CardRecord, CardStatus, MerchantRecord, OutboxKind, PaymentKind, PaymentRecord,
        PaymentState, RegistrationRecord,
    },
};
use crate::{
    cryptogram::{CSU_APPROVED, CSU_DECLINED, IssuerAuthentication},
    message::{
        Digits, Operation, Response, ResponseCode, Text,
        amount::{AdditionalAmount, AmountKind, MAX_AMOUNT_MINOR, Signed},
        card::IccData,
    },
    number::Expiry,
    tlv::{Writer, tag},
};

/// Everything about a tap that is known to be true.
pub(super) struct Till<'a> {
    pub(super) issuer: &'a Issuer,
    pub(super) ask: &'a Ask<'a>,
    pub(super) chip: &'a Chip<'a>,
    pub(super) merchant: &'a MerchantRecord,
    pub(super) known: &'a Known,
}

impl Till<'_> {
    /// Uses the counter up, then decides.
    pub(super) fn admit(&self, desk: &mut Desk<'_>, mut payment: PaymentRecord) -> Result<Decision, IssuerError> {
        self.take(desk, &mut payment)?;
        if let Some(code) = standing(&self.known.card, desk) {
            return self.refuse(desk, payment, code);
        }
        let key = AccountKey { card: self.known.card.reference, currency: payment.currency };
        let Some(account) = desk.vault.account(&key)? else {
            return self.refuse(desk, payment, ResponseCode::NotPermitted);
        };
        if payment.kind == PaymentKind::Inquiry {
            return self.tell(desk, payment, &account);
        }
        match money::spendable(&account, payment.requested_minor, payment.day, self.ask.payment.takes_partial) {
            Ok(amount_minor) => self.hold(desk, payment, account, amount_minor),
            Err(Shortage::Funds) => self.refuse(desk, payment, ResponseCode::InsufficientFunds),
            Err(Shortage::Limit) => self.refuse(desk, payment, ResponseCode::AmountLimitExceeded),
        }
    }

    /// The card, its counter and its cryptogram belong to this payment from now on.
    pub(super) fn take(&self, desk: &mut Desk<'_>, payment: &mut PaymentRecord) -> Result<(), IssuerError> {
        let card = &self.known.card;
        payment.card = Some(card.reference);
        payment.atc = Some(self.chip.atc);
        payment.use_number = self.known.use_number;
        payment.cryptogram = Some(self.chip.cryptogram);
        desk.vault.set_card_atc(&card.reference, &card.atc.with(self.chip.atc))?;
        if self.known.unregistered {
            let (token, card_index) = (payment.token.clone(), self.chip.iad.card_index);
            desk.vault.register(&RegistrationRecord { token, card_index, card: card.reference })?;
        }
        Ok(())
    }

    fn refuse(
        &self,
        desk: &mut Desk<'_>,
        mut payment: PaymentRecord,
        code: ResponseCode,
    ) -> Result<Decision, IssuerError> {
        code.as_str().clone_into(&mut payment.response);
        desk.count(&payment, |total| total.declined_count = total.declined_count.saturating_add(1))?;
        let id = desk.vault.add_payment(&payment)?;
        desk.close(self.ask, Some(id), self.response(desk, code)?.encode()?)
    }

    /// Answers an inquiry.
    fn tell(
        &self,
        desk: &mut Desk<'_>,
        mut payment: PaymentRecord,
        account: &AccountRecord,
    ) -> Result<Decision, IssuerError> {
        let mut response = self.response(desk, ResponseCode::Approved)?;
        response.amounts = balances(self.ask, account);
        ResponseCode::Approved.as_str().clone_into(&mut payment.response);
        payment.state = PaymentState::Answered;
        let id = desk.vault.add_payment(&payment)?;
        desk.close(self.ask, Some(id), response.encode()?)
    }

    /// Debits the limits, writes the payment with its terms and the signed transaction, and lets the answer wait.
    fn hold(
        &self,
        desk: &mut Desk<'_>,
        mut payment: PaymentRecord,
        mut account: AccountRecord,
        amount_minor: u64,
    ) -> Result<Decision, IssuerError> {
        money::hold(&mut account, amount_minor, payment.day)?;
        desk.vault.put_account(&account)?;
        let code = self.approved(amount_minor);
        code.as_str().clone_into(&mut payment.response);
        payment.state = PaymentState::Holding;
        payment.deadline_ms = desk.now_ms.saturating_add(self.patience_ms());
        hold::place(&self.issuer.settings, desk, &mut payment, self.merchant.address, amount_minor)?;
        payment.id = desk.vault.add_payment(&payment)?;
        let row = desk.step(&mut payment, OutboxKind::Hold { amount_minor })?;
        let approved = self.approval(desk, code, &payment)?.encode()?;
        let failed = self.response(desk, ResponseCode::IssuerUnavailable)?.encode()?;
        desk.wait_for(self.ask, payment.id, approved, failed, vec![row])
    }

    /// How long the answer is worth waiting for. What an advice tells of is done: it is repeated until it is answered.
    fn patience_ms(&self) -> u64 {
        let settings = &self.issuer.settings;
        match self.ask.payment.operation {
            Operation::AuthorizationAdvice => settings.hold_s.saturating_mul(1000),
            _ => settings.answer_ms,
        }
    }

    const fn approved(&self, amount_minor: u64) -> ResponseCode {
        if amount_minor < self.ask.payment.amount_minor {
            ResponseCode::PartiallyApproved
        } else {
            ResponseCode::Approved
        }
    }

    /// Approval of a whole, or of a part: then DE 54 says what was asked for.
    fn approval(&self, desk: &Desk<'_>, code: ResponseCode, payment: &PaymentRecord) -> Result<Response, IssuerError> {
        let mut response = self.response(desk, code)?;
        response.authorization_code = payment.approval.as_deref().and_then(Text::new);
        response.amount_minor = Some(payment.amount_minor);
        if code == ResponseCode::PartiallyApproved {
            let asked = Signed::Debit(payment.requested_minor);
            response.amounts = vec![additional(self.ask, AmountKind::OriginalAmount, asked)];
        }
        Ok(response)
    }

    /// An answer that the card can check.
    fn response(&self, desk: &Desk<'_>, code: ResponseCode) -> Result<Response, IssuerError> {
        let csu = if code.approves() { CSU_APPROVED } else { CSU_DECLINED };
        let arpc = desk.keys.arpc(&self.known.holder(), self.chip, csu)?;
        let mut data = Writer::new();
        data.put(tag::ISSUER_AUTHENTICATION, &IssuerAuthentication { arpc, csu }.encode());
        let mut response = self.ask.response(code);
        response.icc_data = IccData::parse(&data.into_bytes());
        if code.approves() {
            let (settings, card) = (&self.issuer.settings, &self.known.card.reference);
            response.account_reference = settings.account_reference.of(desk.keys, card, &self.merchant.key)?;
        }
        Ok(response)
    }
}

/// What DE 54 says of an account.
pub(super) fn balances(ask: &Ask<'_>, account: &AccountRecord) -> Vec<AdditionalAmount> {
    vec![
        additional(ask, AmountKind::LedgerBalance, credit(account.balance_minor)),
        additional(ask, AmountKind::AvailableBalance, credit(account.available_minor())),
    ]
}

/// As much as there is room for.
fn credit(minor: u64) -> Signed {
    Signed::Credit(minor.min(MAX_AMOUNT_MINOR))
}

fn additional(ask: &Ask<'_>, kind: AmountKind, amount_minor: Signed) -> AdditionalAmount {
    AdditionalAmount { account: Digits::default(), kind, currency: ask.payment.currency, amount_minor }
}

/// Why a card may not pay.
fn standing(card: &CardRecord, desk: &Desk<'_>) -> Option<ResponseCode> {
    match card.status {
        CardStatus::Active => has_ended(card.expiry, desk.now_s()).then_some(ResponseCode::ExpiredCard),
        CardStatus::Blocked => Some(ResponseCode::RestrictedCard),
        CardStatus::Lost => Some(ResponseCode::LostCard),
        CardStatus::Stolen => Some(ResponseCode::StolenCard),
    }
}

/// Whether the last month is over everywhere.
fn has_ended(expiry: Expiry, now_s: u64) -> bool {
    let month = u64::from(expiry.year_2000()) * 10_000 + u64::from(expiry.month()) * 100;
    let last = Moment { date: month + u64::from(expiry.last_day()), time: 235_959 }.seconds();
    let end_s = last.and_then(|last_s| last_s.checked_add(MOST_BEHIND_S));
    end_s.zip(i64::try_from(now_s).ok()).is_none_or(|(end_s, now_s)| now_s > end_s)
}
