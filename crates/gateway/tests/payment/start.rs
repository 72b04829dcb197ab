//! An issuer starts over what another process began: what its vault has signed, and the ledger has no receipt of, is settled by the hold.

use std::{
    fmt::{self, Write as _},
    sync::{Arc, Mutex},
    time::Duration,
};

use alloy_consensus::TxEip1559;
use alloy_eips::eip2718::Encodable2718;
use alloy_primitives::{B256, TxKind, U256};
use contracts::cash::{abi::ICash, iso4217::Currency};
use gateway::{
    Account,
    payment::{Service, ledger},
};
use payments::{
    issuer::{
        IssuerError,
        call::{Call, Calls, Signer},
        records::{
            AccountKey, CardReference, HoldTerms, MerchantKey, OutboxKind, OutboxRow, OutboxState, PaymentId,
            PaymentKind, PaymentRecord, PaymentState, RequestKey,
        },
    },
    number::Token,
};
use tracing::{
    Event, Level, Metadata, Subscriber,
    field::{Field, Visit},
    span::{Attributes, Id, Record},
    subscriber::with_default,
};

use crate::{
    bank::{BALANCE_MINOR, EUR, KEY, give_out, open, operator, parts},
    network::CHAIN_ID,
    town::Town,
};

const HELD_MINOR: u64 = 1_250;

/// What a process left: a payment whose hold is signed, and a card's account.
struct Left {
    town: Town,
    folder: tempfile::TempDir,
    card: CardReference,
    payment: PaymentId,
    terms: HoldTerms,
}

impl Left {
    fn behind() -> Self {
        let town = Town::open();
        let (operator, folder) = (operator(), tempfile::tempdir().expect("set up"));
        town.mint(operator.address(), BALANCE_MINOR);
        let vault = open(folder.path());
        let card = vault.write("card", give_out).expect("set up").secrets().reference;
        let terms = HoldTerms {
            id: B256::repeat_byte(9),
            salt: B256::ZERO,
            from: operator.address(),
            to: town.address(6),
            first_minor: HELD_MINOR,
            expiry_s: 4_000_000_000,
        };
        let payment = payment(card, terms.clone());
        let signed = operator.sign(&hold(&terms), 0).expect("set up");
        let payment = vault
            .write("hold", move |vault| {
                vault.set_first_nonce(0)?;
                let key = AccountKey { card, currency: EUR };
                let mut account = vault.account(&key)?.expect("set up");
                account.held_minor = HELD_MINOR;
                vault.put_account(&account)?;
                let payment = vault.add_payment(&payment)?;
                let kind = OutboxKind::Hold { amount_minor: HELD_MINOR };
                let (raw, hash) = (signed.raw, signed.hash);
                vault.add_outbox(&OutboxRow { nonce: 0, raw, hash, payment, kind, state: OutboxState::Open })?;
                Ok::<_, IssuerError>(payment)
            })
            .expect("set up");
        Self { town, folder, card, payment, terms }
    }

    /// Sends another transaction of the operator under the nonce that the vault has used.
    fn displace(&self, call: Call) {
        let tx = TxEip1559 {
            chain_id: CHAIN_ID,
            gas_limit: 399_999,
            to: TxKind::Call(call.to),
            input: call.data,
            ..TxEip1559::default()
        };
        let signed = Account::from_key(KEY).expect("set up").sign_transaction(tx).expect("set up");
        let row = ledger::Signed { nonce: 0, raw: signed.encoded_2718().into(), hash: *signed.hash() };
        let fates = self.town.ledger().submit(&[row], Duration::from_secs(10));
        assert!(matches!(fates[..], [ledger::Fate::Done { .. }]), "{fates:?}");
    }

    /// Starts an issuer and ends it: the payment's state, and what of the account is held.
    fn starts(&self) -> (PaymentState, u64) {
        drop(Service::start(parts(self.folder.path(), self.town.ledger())).expect("set up"));
        let (card, payment) = (self.card, self.payment);
        open(self.folder.path())
            .read(|vault| {
                let account = vault.account(&AccountKey { card, currency: EUR })?.expect("set up");
                assert_eq!(vault.outbox_open(1)?, []);
                Ok::<_, IssuerError>((vault.payment(payment)?.expect("set up").state, account.held_minor))
            })
            .expect("set up")
    }
}

#[test]
fn what_was_signed_and_not_sent_is_sent() {
    assert_eq!(Left::behind().starts(), (PaymentState::Held, HELD_MINOR));
}

#[test]
fn a_hold_that_another_transaction_made_is_found_by_its_id() {
    let left = Left::behind();
    left.displace(hold(&left.terms));
    assert_eq!(left.starts(), (PaymentState::Held, HELD_MINOR));
}

#[test]
fn a_hold_that_nobody_made_is_none() {
    let left = Left::behind();
    left.displace(hold(&HoldTerms { id: B256::repeat_byte(8), ..left.terms.clone() }));
    assert_eq!(left.starts(), (PaymentState::Failed, 0));
}

/// Somebody else held another amount under the payment's own id: the doors open, and the log names what differs.
#[test]
fn a_hold_that_differs_from_the_vault_is_named_and_nothing_is_held_again() {
    let left = Left::behind();
    left.displace(hold(&HoldTerms { first_minor: HELD_MINOR + 1, ..left.terms.clone() }));
    let errors = Errors::default();
    assert_eq!(with_default(errors.clone(), || left.starts()), (PaymentState::Held, HELD_MINOR));
    let lines = errors.0.lock().expect("no panic").clone();
    let named: Vec<_> = lines.iter().filter(|line| line.contains("a payment of before and its hold differ")).collect();
    assert_eq!(named.len(), 1, "{lines:?}");
    let id = left.terms.id.to_string();
    for part in ["Held: 1250 held, 0 captured", "Open: 1251 held, 0 captured", id.as_str()] {
        assert!(named[0].contains(part), "{part} in {}", named[0]);
    }
    // Another start finds nothing to do, and the ledger has the one hold.
    assert_eq!(left.starts(), (PaymentState::Held, HELD_MINOR));
    let held = left.town.ask(&ICash::heldCall { account: operator().address() });
    assert_eq!(held, U256::from(HELD_MINOR + 1));
}

/// What this thread logs as an error.
#[derive(Clone, Default)]
struct Errors(Arc<Mutex<Vec<String>>>);

impl Subscriber for Errors {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        *metadata.level() == Level::ERROR
    }

    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn event(&self, event: &Event<'_>) {
        let mut line = Line::default();
        event.record(&mut line);
        self.0.lock().expect("no panic").push(line.0);
    }

    fn enter(&self, _: &Id) {}

    fn exit(&self, _: &Id) {}
}

/// The message and the fields of one.
#[derive(Default)]
struct Line(String);

impl Visit for Line {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        write!(self.0, "{field}={value:?} ").expect("a text takes all");
    }
}

fn hold(terms: &HoldTerms) -> Call {
    Calls { currency: Currency::by_number(EUR).expect("set up"), hold: terms }.hold()
}

fn payment(card: CardReference, terms: HoldTerms) -> PaymentRecord {
    let acquirer = String::from("12345");
    PaymentRecord {
        id: PaymentId(0),
        kind: PaymentKind::Authorization,
        state: PaymentState::Holding,
        request: RequestKey {
            acquirer: acquirer.clone(),
            terminal: "TERM0001".into(),
            stan: "000001".into(),
            transmitted: "1127120000".into(),
            reversal: false,
        },
        rrn: "R1".into(),
        merchant: MerchantKey { acquirer, merchant: "SHOP-1".into() },
        token: Token::parse("9999010123456785").expect("set up"),
        currency: EUR,
        requested_minor: HELD_MINOR,
        amount_minor: HELD_MINOR,
        captured_minor: 0,
        refunded_minor: 0,
        card: Some(card),
        atc: Some(1),
        use_number: 0,
        cryptogram: Some([1; 8]),
        hold: Some(terms),
        mismatches: Vec::new(),
        response: "00".into(),
        approval: None,
        day: 0,
        decided_ms: 0,
        deadline_ms: 4_000_000_000_000,
        due_ms: 0,
        changed_ms: 0,
        steps: 0,
    }
}
