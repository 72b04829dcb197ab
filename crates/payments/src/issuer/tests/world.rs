//! A small world: an issuer over maps with soft keys, cards that compute what real ones do, a merchant or two, and the real room `cash`.
//! A story sends messages, lets the ledger work, and reads what came of it.

use std::cell::RefCell;

use primitives::Masked;

use super::{
    ledger::{CAFE, Ledger, POOL, POOL_MINOR, PlainSigner, SHOP},
    memory::MemoryVault,
    tap::{ACQUIRER, Answered, NOW_MS, Tap},
};
use crate::{
    cryptogram::{CardKeys, Ff1, Mac, Signed, arqc, card_index, session_key, tokenize, tweak},
    issuer::{
        Decision, Desk, Issuer, IssuerError, Reply, Settings, Settled,
        account::{allot, set_pool},
        enrol::{Enrolment, add_range, enrol},
        keys::SoftKeys,
        reconcile::{Difference, reconcile},
        records::{
            AccountKey, AccountRecord, CardRecord, MerchantKey, MerchantRecord, OutboxRow, PaymentRecord, PaymentState,
            RangeRecord, RequestKey,
        },
        vault::Vault as _,
    },
    layout::{AIP, Iad, VERSION, cdol1, pdol, pdol_digest},
    message::{Payment, Request, Response, ResponseCode},
    number::{Expiry, Pan, luhn_digit},
    profile::{Input, Profile, Strategy},
    tlv::Tag,
};

pub(in crate::issuer) const EUR: u16 = 978;
pub(in crate::issuer) const BALANCE_MINOR: u64 = 100_000;
pub(in crate::issuer) const TOKEN_BIN: &str = "999999";
pub(in crate::issuer) const PAN_BIN: &str = "123456";
const MASTER: [u8; 32] = [0x4d; 32];
const CREDENTIALS: [(Input, &[u8]); 5] = [
    (Input::SecurityCode, b"123"),
    (Input::Name, b"DOE/JANE"),
    (Input::PostalCode, b"1010"),
    (Input::AddressLine, b"RING 1"),
    (Input::Seed, &[7; 16]),
];

/// A card: what its chip would hold.
#[derive(Clone)]
pub(in crate::issuer) struct Card {
    pub(in crate::issuer) record: CardRecord,
    pub(in crate::issuer) number: Pan,
    pub(in crate::issuer) keys: CardKeys,
    pub(in crate::issuer) range: RangeRecord,
    pub(in crate::issuer) atc: u16,
}

impl Card {
    /// What the chip answers to a tap; its counter rises.
    pub(in crate::issuer) fn answer(&mut self, tap: &Tap) -> Answered {
        self.atc += 1;
        self.answer_at(tap, self.atc)
    }

    /// What the chip answers at a counter.
    pub(in crate::issuer) fn answer_at(&self, tap: &Tap, atc: u16) -> Answered {
        let objects = tap.objects();
        let find = |tag: Tag| objects.get(tag);
        let (pdol_data, cdol_data) = (pdol().fill(find).bytes, cdol1().fill(find).bytes);
        let expiry = self.record.expiry.to_date();
        let value = |input: Input| match input {
            Input::Expiry => Some(&expiry[..]),
            input if input.is_from_terminal() => objects.get(input.tag()),
            input => CREDENTIALS.iter().find(|(known, _)| *known == input).map(|(_, value)| *value),
        };
        let values = self.range.profile.values(value).unwrap();
        let tweak = tweak(&Mac::new(&self.keys.tweak), &values, atc);
        let token = tokenize(&Ff1::new(self.keys.fpe.expose()), &tweak, &self.number, &self.range.token_bin).unwrap();
        let index = |tweak| card_index(&Ff1::new(self.keys.index.expose()), &self.record.reference, tweak).unwrap();
        let iad = Iad {
            derivation_index: self.range.key_set,
            cvn: VERSION,
            cvr: [0x03, 0xa0, 0, 0],
            key_set: self.range.key_set,
            card_index: values.index_tweak().map(index).unwrap_or_default(),
            pdol_digest: pdol_digest(&pdol_data),
        }
        .encode();
        let (pdol_data, cdol_data, token_cn) = (&pdol_data[..], &cdol_data[..], &token.to_cn()[..]);
        let signed = Signed { pdol_data, cdol_data, aip: AIP, atc, iad: &iad, token_cn };
        let cryptogram = arqc(&session_key(&self.keys.master, atc), &signed);
        let (expiry, sequence) = (self.record.token_expiry, self.record.sequence);
        Answered { token, expiry, sequence, atc, iad: iad.to_vec(), cryptogram }
    }

    /// A tap's message.
    pub(in crate::issuer) fn tap(&mut self, tap: &Tap) -> Payment {
        let answered = self.answer(tap);
        tap.message(&answered)
    }

    pub(in crate::issuer) fn account_key(&self) -> AccountKey {
        AccountKey { card: self.record.reference, currency: EUR }
    }
}

pub(in crate::issuer) struct World {
    pub(in crate::issuer) vault: MemoryVault,
    pub(in crate::issuer) keys: SoftKeys,
    pub(in crate::issuer) issuer: Issuer,
    pub(in crate::issuer) ledger: Ledger,
    pub(in crate::issuer) now_ms: u64,
    random: RefCell<u64>,
}

impl World {
    /// The default profile, its tokens opened by this strategy.
    pub(in crate::issuer) fn new() -> Self {
        Self::with("combined", Strategy::Reverse)
    }

    pub(in crate::issuer) fn with(profile: &str, strategy: Strategy) -> Self {
        Self::with_settings(profile, strategy, Settings::new(31_337, POOL))
    }

    pub(in crate::issuer) fn with_settings(profile: &str, strategy: Strategy, settings: Settings) -> Self {
        Self::with_range(&range(profile, strategy), settings)
    }

    pub(in crate::issuer) fn with_range(range: &RangeRecord, settings: Settings) -> Self {
        let keys = SoftKeys::new(&Masked::new(MASTER), [1, 2]);
        let mut vault = MemoryVault::default();
        add_range(&mut vault, range).unwrap();
        for (merchant, address) in [("SHOP-1", SHOP), ("CAFE-7", CAFE)] {
            let key = MerchantKey { acquirer: ACQUIRER.into(), merchant: merchant.into() };
            vault.put_merchant(&MerchantRecord { key, currency: EUR, address, category: None }).unwrap();
        }
        set_pool(&mut vault, EUR, POOL_MINOR).unwrap();
        let random = RefCell::new(1);
        let issuer = Issuer::open(settings, &mut vault, &keys, &mut |bytes| fill(&random, bytes)).unwrap();
        Self { vault, keys, issuer, ledger: Ledger::new(NOW_MS), now_ms: NOW_MS, random }
    }

    /// Gives out a card with an account of [`BALANCE_MINOR`].
    pub(in crate::issuer) fn card(&mut self, account: u32) -> Card {
        let range = self.vault.ranges.values().next().cloned().unwrap();
        self.card_of(range, account)
    }

    pub(in crate::issuer) fn card_of(&mut self, range: RangeRecord, account: u32) -> Card {
        let number = number_of(&range.pan_bin, account);
        let enrolment = Enrolment {
            range: &range,
            number: &number,
            sequence: 1,
            expiry: Expiry::parse("2912").unwrap(),
            token_expiry: Expiry::parse("2806").unwrap(),
            credentials: &CREDENTIALS,
            now_ms: self.now_ms,
        };
        let random = &self.random;
        let made = enrol(&mut self.vault, &self.keys, &enrolment, &mut |bytes| fill(random, bytes)).unwrap();
        let card = Card { record: made.record, number, keys: made.keys, range, atc: 0 };
        allot(&mut self.vault, card.account_key(), BALANCE_MINOR).unwrap();
        card
    }

    /// One unit of work: all of it, or nothing.
    pub(in crate::issuer) fn unit<T>(
        &mut self,
        work: impl FnOnce(&Issuer, &mut Desk<'_>) -> Result<T, IssuerError>,
    ) -> Result<T, IssuerError> {
        let before = self.vault.clone();
        let mut desk = Desk { vault: &mut self.vault, keys: &self.keys, signer: &PlainSigner, now_ms: self.now_ms };
        let done = work(&self.issuer, &mut desk);
        if done.is_err() {
            self.vault = before;
        }
        done
    }

    /// Sends a request; nothing is submitted yet.
    pub(in crate::issuer) fn send(&mut self, payment: &Payment) -> Decision {
        let request = Request::from(payment.clone());
        self.unit(|issuer, desk| issuer.request(desk, ACQUIRER, &request)).unwrap()
    }

    /// Sends a request, lets the ledger work, and gives the answer.
    pub(in crate::issuer) fn ask(&mut self, payment: &Payment) -> Response {
        let decision = self.send(payment);
        let settled = self.ledger_works();
        let bytes = match decision.reply {
            Reply::Now(bytes) => bytes,
            Reply::Later(key) => answer_of(&settled, &key).unwrap_or_else(|| panic!("{key:?} has no answer")),
        };
        let response = Response::parse(&bytes).unwrap();
        assert!(response.answers(&Request::from(payment.clone())), "the answer is not that of its request");
        response
    }

    pub(in crate::issuer) fn code(&mut self, payment: &Payment) -> ResponseCode {
        self.ask(payment).response_code
    }

    /// Everything that waits is submitted, final and settled, and so is what follows from it.
    pub(in crate::issuer) fn ledger_works(&mut self) -> Settled {
        let mut all = Settled::default();
        loop {
            let open = self.vault.outbox_open(100).unwrap();
            let Some(OutboxRow { nonce, raw, .. }) = open.into_iter().next() else { return all };
            let done = self.ledger.submit(&raw).expect("a row is settled once");
            let settled = self.unit(|issuer, desk| issuer.settle(desk, nonce, done)).unwrap();
            all.answers.extend(settled.answers);
        }
    }

    /// Time passes for issuer and ledger; what is due is done.
    pub(in crate::issuer) fn pass(&mut self, ms: u64) {
        self.now_ms += ms;
        self.ledger.memory.now = self.now_ms / 1000;
        self.unit(|issuer, desk| issuer.sweep(desk, 1_000)).unwrap();
        self.ledger_works();
    }

    pub(in crate::issuer) fn account(&self, card: &Card) -> AccountRecord {
        self.vault.accounts.get(&card.account_key()).cloned().unwrap()
    }

    /// Balance and held of a card.
    pub(in crate::issuer) fn money(&self, card: &Card) -> (u64, u64) {
        let account = self.account(card);
        (account.balance_minor, account.held_minor)
    }

    /// The payment that a message made.
    pub(in crate::issuer) fn payment(&self, message: &Payment) -> PaymentRecord {
        let stan = message.stan.as_str();
        let of = |payment: &&PaymentRecord| payment.request.stan == stan;
        self.vault.payments.values().rev().find(of).cloned().unwrap_or_else(|| panic!("no payment of {stan}"))
    }

    pub(in crate::issuer) fn state(&self, message: &Payment) -> PaymentState {
        self.payment(message).state
    }

    /// Vault and ledger tell one story, and nothing is left to do.
    #[track_caller]
    pub(in crate::issuer) fn assert_reconciled(&mut self) {
        assert_eq!(self.differences(), []);
    }

    pub(in crate::issuer) fn differences(&mut self) -> Vec<Difference> {
        reconcile(&mut self.vault, &mut self.ledger).unwrap()
    }
}

pub(in crate::issuer) fn range(profile: &str, strategy: Strategy) -> RangeRecord {
    RangeRecord {
        token_bin: TOKEN_BIN.into(),
        pan_bin: PAN_BIN.into(),
        key_set: 1,
        profile: Profile::named(profile).unwrap(),
        strategy,
    }
}

/// The number of an account.
pub(in crate::issuer) fn number(account: u32) -> Pan {
    number_of(PAN_BIN, account)
}

/// The same under another BIN.
fn number_of(pan_bin: &str, account: u32) -> Pan {
    let begun = format!("{pan_bin}{account:0free$}", free = 15 - pan_bin.len());
    Pan::parse(&format!("{begun}{}", char::from(luhn_digit(begun.as_bytes())))).unwrap()
}

pub(in crate::issuer) fn answer_of(settled: &Settled, key: &RequestKey) -> Option<Vec<u8>> {
    settled.answers.iter().find(|(answered, _)| answered == key).map(|(_, bytes)| bytes.clone())
}

/// Bytes that are never the same twice.
fn fill(state: &RefCell<u64>, bytes: &mut [u8]) {
    for chunk in bytes.chunks_mut(8) {
        let mut state = state.borrow_mut();
        *state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let word = (*state ^ *state >> 29).to_le_bytes();
        chunk.iter_mut().zip(word).for_each(|(place, byte)| *place = byte);
    }
}
