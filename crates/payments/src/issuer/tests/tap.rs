//! A tap as terminal and card make it: the values that the card saw, what it answered, and the message that says the same.

use alloy_primitives::hex;

use crate::{
    layout::{AIP, Iad, VERSION},
    message::{
        Digits, Institution, LocalDate, LocalTime, Operation, Original, Payment, ResponseCode, Text, TransmissionTime,
        amount::{CurrencyNumber, Processing, Replacement, Transaction},
        card::{EntryMode, IccData},
    },
    number::{Expiry, Token, days_in_month},
    tlv::{Objects, Tag, tag},
};

/// Friday, 27 November 2026, 12:00:00 UTC. At the terminal it is 13:00:00.
pub(in crate::issuer) const NOW_MS: u64 = 1_795_780_800_000;
pub(in crate::issuer) const ACQUIRER: &str = "12345";

/// What a terminal tells the card.
#[derive(Clone, Debug)]
pub(in crate::issuer) struct Tap {
    pub(in crate::issuer) operation: Operation,
    pub(in crate::issuer) transaction: Transaction,
    pub(in crate::issuer) amount_minor: u64,
    /// 9F03.
    pub(in crate::issuer) other_minor: u64,
    pub(in crate::issuer) currency: u16,
    pub(in crate::issuer) merchant: &'static str,
    pub(in crate::issuer) terminal: &'static str,
    pub(in crate::issuer) location: &'static str,
    pub(in crate::issuer) category: u16,
    /// YYMMDD.
    pub(in crate::issuer) date: u64,
    /// hhmmss.
    pub(in crate::issuer) time: u64,
    pub(in crate::issuer) unpredictable: u32,
    pub(in crate::issuer) stan: u64,
    pub(in crate::issuer) takes_partial: bool,
}

/// What the card answered.
#[derive(Clone, Debug)]
pub(in crate::issuer) struct Answered {
    pub(in crate::issuer) token: Token,
    pub(in crate::issuer) expiry: Expiry,
    pub(in crate::issuer) sequence: u8,
    pub(in crate::issuer) atc: u16,
    pub(in crate::issuer) iad: Vec<u8>,
    pub(in crate::issuer) cryptogram: [u8; 8],
}

/// An answer that no card gave, for what does not look at proofs.
pub(in crate::issuer) fn unproven() -> Answered {
    let iad =
        Iad { derivation_index: 1, cvn: VERSION, cvr: [0; 4], key_set: 1, card_index: [0; 6], pdol_digest: [0; 4] };
    Answered {
        token: Token::parse("9999990123456788").unwrap(),
        expiry: Expiry::parse("3012").unwrap(),
        sequence: 1,
        atc: 7,
        iad: iad.encode().to_vec(),
        cryptogram: [0; 8],
    }
}

impl Tap {
    /// An authorization of so many euro cents at the shop.
    pub(in crate::issuer) fn of(amount_minor: u64) -> Self {
        Self {
            operation: Operation::Authorization,
            transaction: Transaction::Purchase,
            amount_minor,
            other_minor: 0,
            currency: 978,
            merchant: "SHOP-1",
            terminal: "TERM0001",
            location: "THE SHOP             VIENNA       AT",
            category: 5411,
            date: 261_127,
            time: 130_000,
            unpredictable: 0x0102_0304,
            stan: 1,
            takes_partial: false,
        }
    }

    pub(in crate::issuer) fn at_cafe(self) -> Self {
        Self { merchant: "CAFE-7", terminal: "TERM0007", location: "THE CAFE             GRAZ         AT", ..self }
    }

    pub(in crate::issuer) fn stan(self, stan: u64) -> Self {
        Self { stan, ..self }
    }

    /// At this time, in UTC.
    pub(in crate::issuer) fn on(self, now_ms: u64) -> Self {
        let (days, seconds) = (now_ms / 86_400_000, now_ms / 1000 % 86_400);
        let time = seconds / 3_600 * 10_000 + seconds / 60 % 60 * 100 + seconds % 60;
        Self { date: date(days), time, ..self }
    }

    pub(in crate::issuer) fn purchase(self) -> Self {
        Self { operation: Operation::Financial, ..self }
    }

    /// The values of the card's lists.
    pub(in crate::issuer) fn objects(&self) -> Objects {
        let mut objects = Objects::new();
        let mut put = |tag: Tag, value: Vec<u8>| objects.insert(tag, value).unwrap();
        put(tag::AMOUNT, bcd(self.amount_minor, 6));
        put(tag::OTHER_AMOUNT, bcd(self.other_minor, 6));
        put(tag::CURRENCY, bcd(self.currency.into(), 2));
        put(tag::DATE, bcd(self.date, 3));
        put(tag::TIME, bcd(self.time, 3));
        put(tag::TYPE, bcd(self.type_code(), 1));
        put(tag::UNPREDICTABLE_NUMBER, self.unpredictable.to_be_bytes().to_vec());
        put(tag::MERCHANT_ID, padded(self.merchant, 15));
        put(tag::TERMINAL_ID, padded(self.terminal, 8));
        put(tag::LOCATION, padded(self.location, 40));
        put(tag::MERCHANT_CATEGORY, bcd(self.category.into(), 2));
        put(tag::TERMINAL_COUNTRY, vec![0x00, 0x40]);
        put(tag::TVR, hex!("8000008000").to_vec());
        objects
    }

    /// DE 55 with the card's answer.
    pub(in crate::issuer) fn icc_data(&self, answered: &Answered) -> IccData {
        let mut objects = self.objects();
        for (tag, value) in [
            (tag::AIP, AIP.to_vec()),
            (tag::ATC, answered.atc.to_be_bytes().to_vec()),
            (tag::CRYPTOGRAM, answered.cryptogram.to_vec()),
            (tag::CRYPTOGRAM_INFORMATION, vec![0x80]),
            (tag::IAD, answered.iad.clone()),
        ] {
            objects.insert(tag, value).unwrap();
        }
        IccData::of(objects)
    }

    /// The message.
    pub(in crate::issuer) fn message(&self, answered: &Answered) -> Payment {
        Payment {
            expiry: Some(answered.expiry),
            merchant_category: Digits::of(self.category.into()),
            entry_mode: Some(EntryMode::CHIP),
            card_sequence: Digits::of(answered.sequence.into()),
            condition: Digits::of(0),
            merchant_place: Text::new(self.location),
            icc_data: Some(self.icc_data(answered)),
            takes_partial: self.takes_partial,
            ..self.bare(answered.token.clone())
        }
    }

    /// A message without anything of the card but its token.
    fn bare(&self, token: Token) -> Payment {
        Payment {
            operation: self.operation,
            repeat: false,
            token,
            processing: Processing::of(self.transaction),
            amount_minor: self.amount_minor,
            sent: TransmissionTime::parse("1127120000").unwrap(),
            stan: Digits::of(self.stan).unwrap(),
            local_time: LocalTime::parse(&format!("{:06}", self.time)).unwrap(),
            local_date: LocalDate::parse(&format!("{:04}", self.date % 10_000)).unwrap(),
            expiry: None,
            merchant_category: None,
            acquirer_country: None,
            entry_mode: None,
            card_sequence: None,
            condition: None,
            acquirer: Institution::parse(ACQUIRER).unwrap(),
            forwarder: None,
            track2: None,
            retrieval_reference: Text::new(&format!("R{:06}", self.stan)).unwrap(),
            authorization_code: None,
            response_code: None,
            terminal: Text::new(self.terminal).unwrap(),
            merchant: Text::new(self.merchant).unwrap(),
            merchant_place: None,
            currency: CurrencyNumber::new(self.currency).unwrap(),
            icc_data: None,
            takes_partial: false,
            more_follows: false,
            original: None,
            replacement: None,
            others: Default::default(),
        }
    }

    fn type_code(&self) -> u64 {
        match self.transaction {
            Transaction::Purchase => 0,
            Transaction::Refund => 20,
            Transaction::BalanceInquiry => 31,
        }
    }
}

/// A follow-up of a payment, as its terminal sends it: with another trace number, naming the first message in DE 90 and DE 37.
pub(in crate::issuer) fn follow_up(of: &Payment, operation: Operation, stan: u64, amount_minor: u64) -> Payment {
    Payment {
        operation,
        stan: Digits::of(stan).unwrap(),
        amount_minor,
        processing: Processing::of(Transaction::Purchase),
        icc_data: None,
        expiry: None,
        entry_mode: None,
        original: Some(original(of)),
        ..of.clone()
    }
}

pub(in crate::issuer) fn completion(of: &Payment, stan: u64, amount_minor: u64) -> Payment {
    follow_up(of, Operation::Completion, stan, amount_minor)
}

/// More completions follow.
pub(in crate::issuer) fn partial_completion(of: &Payment, stan: u64, amount_minor: u64) -> Payment {
    Payment { more_follows: true, ..completion(of, stan, amount_minor) }
}

pub(in crate::issuer) fn increase(of: &Payment, stan: u64, more_minor: u64) -> Payment {
    follow_up(of, Operation::Authorization, stan, more_minor)
}

/// That somebody who stood in for the issuer said this to a tap.
pub(in crate::issuer) fn advice(of: &Payment, stan: u64, code: ResponseCode) -> Payment {
    Payment {
        operation: Operation::AuthorizationAdvice,
        stan: Digits::of(stan).unwrap(),
        response_code: Some(code),
        ..of.clone()
    }
}

pub(in crate::issuer) fn reversal(of: &Payment, stan: u64) -> Payment {
    follow_up(of, Operation::Reversal, stan, of.amount_minor)
}

pub(in crate::issuer) fn partial_reversal(of: &Payment, stan: u64, left_minor: u64) -> Payment {
    Payment { replacement: Some(Replacement::of(left_minor)), ..reversal(of, stan) }
}

/// A reversal that says again what the card said.
pub(in crate::issuer) fn full_reversal(of: &Payment, stan: u64) -> Payment {
    Payment { icc_data: of.icc_data.clone(), ..reversal(of, stan) }
}

pub(in crate::issuer) fn refund(of: &Payment, stan: u64, amount_minor: u64) -> Payment {
    let refund = follow_up(of, Operation::Financial, stan, amount_minor);
    Payment { processing: Processing::of(Transaction::Refund), ..refund }
}

pub(in crate::issuer) fn balance(of: &Payment, stan: u64) -> Payment {
    let inquiry = follow_up(of, Operation::Authorization, stan, 0);
    Payment { processing: Processing::of(Transaction::BalanceInquiry), ..inquiry }
}

fn original(of: &Payment) -> Original {
    Original {
        message_type: of.mti(),
        stan: of.stan,
        sent: Some(of.sent),
        acquirer: of.acquirer.padded(),
        forwarder: Digits::default(),
    }
}

/// YYMMDD of a day of this century: years and months are taken off one by one.
fn date(days_since_1970: u64) -> u64 {
    let (mut days, mut year) = (days_since_1970 - 10_957, 0_u8);
    let days_of = |year: u8| if year.is_multiple_of(4) { 366 } else { 365 };
    while days >= days_of(year) {
        days -= days_of(year);
        year += 1;
    }
    let mut month = 1;
    while days >= days_in_month(year, month).into() {
        days -= u64::from(days_in_month(year, month));
        month += 1;
    }
    u64::from(year) * 10_000 + u64::from(month) * 100 + days + 1
}

/// Digits, two to a byte, zeros in front.
pub(in crate::issuer) fn bcd(number: u64, bytes: usize) -> Vec<u8> {
    hex::decode(format!("{number:0width$}", width = 2 * bytes)).unwrap()
}

fn padded(text: &str, length: usize) -> Vec<u8> {
    format!("{text:<length$}").into_bytes()
}
