//! All that is kept of a transaction: what was said to whom, byte by byte, and what became of it. It is the JSON of the commands, and what
//! captures, reversals and refunds are made from.
//!
//! Filled by [`Session`](super::Session), stored by whoever runs it. No field can hold a real number: the card's is a [`Token`].

use std::fmt;

use contracts::cash::iso4217::Currency;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};

use super::{
    Config, Moment, Purchase,
    answer::Answer,
    config::{ENTRY_MODE, Merchant},
    fault::CardFault,
    follow_up::FollowUp,
    generate::Generated,
    outcome::{Verdict, Word},
    pending::Pending,
    purchase::Kind,
    records::Named,
};
use crate::{
    dol::Filled,
    message::{
        Digits, Institution, LocalDate, LocalTime, Operation, Others, Payment, Request, Text, TransmissionTime,
        amount::{CurrencyNumber, Processing, Transaction},
        card::{EntryMode, IccData},
    },
    number::{Expiry, Token},
    tlv::Objects,
};

/// A transaction as it is kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Record {
    /// How it ended.
    pub outcome: Word,
    /// Why not, for people.
    pub reason: Option<String>,
    /// What else happened.
    pub notes: Vec<String>,
    /// What the card was tapped for.
    pub kind: Kind,
    /// Asked for.
    pub amount_minor: u64,
    /// Approved by issuer and card.
    pub approved_minor: Option<u64>,
    /// ISO 4217 code.
    pub currency: String,
    /// Digits after its point.
    pub exponent: u8,
    /// By whom.
    pub merchant: Merchant,
    /// ISO 3166 number.
    pub country: u16,
    /// When.
    pub time: Moment,
    /// Number of the request.
    pub stan: u32,
    /// Retrieval reference number.
    pub rrn: String,
    /// The card's application.
    pub aid: Option<Hex>,
    /// What the card calls it.
    pub label: Option<String>,
    /// What stands in the place of the card's number.
    pub token: Option<Token>,
    /// Its expiry.
    pub expiry: Option<Expiry>,
    /// Its sequence number.
    pub sequence: Option<u8>,
    /// The card's transaction counter.
    pub atc: Option<u16>,
    /// What filled the card's PDOL.
    pub pdol: Option<Hex>,
    /// Element 55 of the request.
    pub de55: Option<Hex>,
    /// The card's word to the issuer.
    pub arqc: Option<Hex>,
    /// The issuer's word to the card: tag 91, which begins with it.
    pub arpc: Option<Hex>,
    /// The card's last word: TC or AAC.
    pub certificate: Option<Hex>,
    /// Element 39.
    pub response_code: Option<String>,
    /// Element 38.
    pub auth_code: Option<String>,
    /// Element 54, for people.
    pub balance: Option<String>,
    /// The request as ISO 8583.
    pub request: Option<Hex>,
    /// The answer as ISO 8583.
    pub response: Option<Hex>,
    /// Captures, reversals and refunds.
    pub follow_ups: Vec<FollowUp>,
}

/// Bytes, in hex where they are stored.
#[derive(Clone, PartialEq, Eq)]
pub struct Hex(pub Vec<u8>);

impl Record {
    pub(super) fn begin(config: &Config, purchase: &Purchase, moment: Moment) -> Self {
        Self {
            outcome: Word::Open,
            reason: None,
            notes: Vec::new(),
            kind: purchase.kind,
            amount_minor: purchase.amount_minor,
            approved_minor: None,
            currency: purchase.currency.symbol(),
            exponent: purchase.currency.exponent,
            merchant: config.merchant.clone(),
            country: config.country,
            time: moment,
            stan: purchase.trace.stan,
            rrn: purchase.trace.rrn.clone(),
            aid: None,
            label: None,
            token: None,
            expiry: None,
            sequence: None,
            atc: None,
            pdol: None,
            de55: None,
            arqc: None,
            arpc: None,
            certificate: None,
            response_code: None,
            auth_code: None,
            balance: None,
            request: None,
            response: None,
            follow_ups: Vec::new(),
        }
    }

    pub(super) fn learn_application(&mut self, aid: Vec<u8>, label: String, pdol: &Filled) {
        self.aid = Some(Hex(aid));
        self.label = Some(label);
        self.pdol = Some(Hex(pdol.bytes.clone()));
    }

    pub(super) fn learn_card(&mut self, named: Named) {
        self.token = Some(named.token);
        self.expiry = Some(named.expiry);
        self.sequence = named.sequence;
    }

    pub(super) fn learn_first(&mut self, generated: &Generated) {
        self.atc = Some(generated.counter);
        self.arqc = Some(Hex(generated.cryptogram.to_vec()));
    }

    pub(super) fn learn_answer(&mut self, answer: &Answer) {
        self.response_code = Some(answer.code.clone());
        self.auth_code.clone_from(&answer.authorization);
        self.balance.clone_from(&answer.balance);
        self.arpc = answer.proof.clone().map(Hex);
        self.response = Some(answer.bytes.clone());
    }

    pub(super) fn learn_second(&mut self, generated: &Generated) {
        self.certificate = Some(Hex(generated.cryptogram.to_vec()));
    }

    pub(super) fn note(&mut self, what: &impl ToString) {
        self.notes.push(what.to_string());
    }

    pub(super) fn end(&mut self, verdict: &Verdict, reversal: Option<&Pending>) {
        self.outcome = verdict.word();
        self.reason = verdict.reason();
        self.approved_minor = match verdict {
            Verdict::Approved if self.kind != Kind::Balance => Some(self.amount_minor),
            Verdict::PartiallyApproved { approved_minor } => Some(*approved_minor),
            _ => None,
        };
        self.follow_ups.extend(reversal.map(FollowUp::reversal));
    }

    /// The question to the issuer.
    pub(super) fn request(&mut self, objects: Objects) -> Result<Request, CardFault> {
        let request = Request::from(self.authorization(objects).ok_or(CardFault::NotSayable)?);
        let bytes = request.encode().map_err(|_| CardFault::NotSayable)?;
        self.request = Some(Hex(bytes));
        Ok(request)
    }

    fn authorization(&mut self, objects: Objects) -> Option<Payment> {
        let (merchant, time) = (&self.merchant, &self.time);
        let icc_data = IccData::of(objects);
        self.de55 = Some(Hex(icc_data.bytes().to_vec()));
        Some(Payment {
            operation: match self.kind {
                Kind::Purchase | Kind::Balance => Operation::Authorization,
                Kind::Sale => Operation::Financial,
            },
            repeat: false,
            token: self.token.clone()?,
            processing: Processing::of(match self.kind {
                Kind::Purchase | Kind::Sale => Transaction::Purchase,
                Kind::Balance => Transaction::BalanceInquiry,
            }),
            amount_minor: self.amount_minor,
            sent: TransmissionTime::parse(&time.universal.month_to_second())?,
            stan: Digits::of(self.stan.into())?,
            local_time: LocalTime::parse(&time.local.hour_to_second())?,
            local_date: LocalDate::parse(&time.local.month_day())?,
            expiry: self.expiry,
            merchant_category: Digits::parse(merchant.category.as_bytes()),
            acquirer_country: Digits::of(self.country.into()),
            entry_mode: EntryMode::parse(&ENTRY_MODE_NO_PIN),
            card_sequence: self.sequence.and_then(|sequence| Digits::of(sequence.into())),
            condition: Some(Digits::default()),
            acquirer: Institution::parse(&merchant.acquirer)?,
            forwarder: None,
            track2: None,
            retrieval_reference: Text::new(&self.rrn)?,
            authorization_code: None,
            response_code: None,
            terminal: Text::new(&merchant.terminal_id)?,
            merchant: Text::new(&merchant.merchant_id)?,
            merchant_place: Text::new(&merchant.name_and_location),
            currency: CurrencyNumber::new(Currency::by_code(self.currency.as_bytes())?.number)?,
            icc_data: Some(icc_data),
            takes_partial: self.kind != Kind::Balance,
            more_follows: false,
            original: None,
            replacement: None,
            others: Others::default(),
        })
    }

    /// `12.50 EUR`.
    pub fn priced(&self, minor: u64) -> String {
        format!("{} {}", priced(minor, self.exponent), self.currency)
    }
}

/// `12.50`.
pub(super) fn priced(minor: u64, exponent: u8) -> String {
    let places = usize::from(exponent);
    let digits = format!("{minor:0>width$}", width = places + 1);
    match digits.split_at_checked(digits.len().saturating_sub(places)) {
        Some((whole, fraction)) if !fraction.is_empty() => format!("{whole}.{fraction}"),
        _ => digits,
    }
}

impl fmt::Display for Hex {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode_upper(&self.0))
    }
}

impl fmt::Debug for Hex {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Hex({self})")
    }
}

impl Serialize for Hex {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Hex {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        hex::decode(String::deserialize(deserializer)?).map(Self).map_err(|_| D::Error::custom("expected bytes in hex"))
    }
}

/// Integrated circuit card, by contact; no PIN can be entered.
const ENTRY_MODE_NO_PIN: [u8; 3] = [b'0', b'0' + ENTRY_MODE, b'2'];
