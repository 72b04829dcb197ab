//! Amounts, currencies and processing codes of a message. Called by the typed messages.
//!
//! Source: ISO 8583:1987, DE 3, 4, 49, 54, 95. Amounts are integers in minor units of the currency; a message has room for twelve digits.

use contracts::cash::iso4217::Currency;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::element::{Digits, Element, expected};

/// The greatest amount that a message can carry.
pub const MAX_AMOUNT_MINOR: u64 = 999_999_999_999;

/// What is asked for (DE 3): the transaction, and the kinds of account it moves money from and to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Processing {
    pub transaction: Transaction,
    /// 00: the default one.
    #[serde(default)]
    pub from_account: Digits<2>,
    #[serde(default)]
    pub to_account: Digits<2>,
}

/// The transactions that the issuer does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Transaction {
    Purchase,
    Refund,
    BalanceInquiry,
}

impl Processing {
    /// Between default accounts.
    pub fn of(transaction: Transaction) -> Self {
        Self { transaction, from_account: Digits::default(), to_account: Digits::default() }
    }

    /// All six digits.
    pub fn code(&self) -> Digits<6> {
        let mut digits = Vec::new();
        self.write(&mut digits);
        Digits::parse(&digits).unwrap_or_default()
    }
}

impl Element for Processing {
    const EXPECTED: &'static str = "a transaction that this issuer does";

    fn read(bytes: &[u8]) -> Option<Self> {
        let (transaction, accounts) = bytes.split_first_chunk::<2>()?;
        let (from, to) = accounts.split_first_chunk::<2>()?;
        let transaction = TRANSACTIONS.iter().find(|row| row.1 == transaction)?.0;
        Some(Self { transaction, from_account: Digits::parse(from)?, to_account: Digits::parse(to)? })
    }

    fn write(&self, out: &mut Vec<u8>) {
        let row = TRANSACTIONS.iter().find(|row| row.0 == self.transaction);
        row.into_iter().for_each(|row| out.extend_from_slice(row.1));
        self.from_account.write(out);
        self.to_account.write(out);
    }
}

/// An amount of 12 digits (DE 4); its JSON is a number.
impl Element for u64 {
    const EXPECTED: &'static str = "an amount of twelve digits";

    fn read(bytes: &[u8]) -> Option<Self> {
        Digits::<12>::parse(bytes).map(|digits| digits.number())
    }

    /// More than twelve digits are written as they are, and refused by the writer for their length.
    fn write(&self, out: &mut Vec<u8>) {
        match Digits::<12>::of(*self) {
            Some(digits) => digits.write(out),
            None => out.extend_from_slice(self.to_string().as_bytes()),
        }
    }
}

/// An ISO 4217 currency by its number (DE 49), listed or not. Its JSON is the alphabetic code where the list has it, else three digits.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct CurrencyNumber(Digits<3>);

impl CurrencyNumber {
    /// A number below 1,000.
    pub fn new(number: u16) -> Option<Self> {
        Digits::of(number.into()).map(Self)
    }

    /// 978 for the euro.
    pub fn number(&self) -> u16 {
        u16::try_from(self.0.number()).unwrap_or_default()
    }

    /// Its row in the list of currencies.
    pub fn listed(&self) -> Option<&'static Currency> {
        Currency::by_number(self.number())
    }

    /// The alphabetic code, or the number where the list has none.
    fn code(&self) -> &str {
        let listed = self.listed().and_then(|currency| std::str::from_utf8(&currency.code).ok());
        listed.unwrap_or_else(|| self.0.as_str())
    }

    fn from_code(code: &str) -> Option<Self> {
        let listed = Currency::by_code(code.as_bytes()).and_then(|currency| Self::new(currency.number));
        listed.or_else(|| Self::read(code.as_bytes()))
    }
}

impl Element for CurrencyNumber {
    const EXPECTED: &'static str = "a currency of ISO 4217";

    fn read(bytes: &[u8]) -> Option<Self> {
        Digits::parse(bytes).map(Self)
    }

    fn write(&self, out: &mut Vec<u8>) {
        self.0.write(out);
    }
}

impl std::fmt::Debug for CurrencyNumber {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.code())
    }
}

impl Serialize for CurrencyNumber {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.code())
    }
}

impl<'de> Deserialize<'de> for CurrencyNumber {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let code = String::deserialize(deserializer)?;
        Self::from_code(&code).ok_or_else(|| D::Error::custom(expected::<Self>()))
    }
}

/// An amount with the side of the account it is on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Signed {
    Credit(u64),
    Debit(u64),
}

impl Signed {
    /// C or D, then `N` digits.
    fn read<const N: usize>(bytes: &[u8]) -> Option<Self> {
        let (side, digits) = bytes.split_first()?;
        let minor = Digits::<N>::parse(digits)?.number();
        match side {
            b'C' => Some(Self::Credit(minor)),
            b'D' => Some(Self::Debit(minor)),
            _ => None,
        }
    }

    /// Too great a number makes too long an element, which the writer refuses.
    fn write<const N: usize>(&self, out: &mut Vec<u8>) {
        let (side, minor) = match self {
            Self::Credit(minor) => (b'C', minor),
            Self::Debit(minor) => (b'D', minor),
        };
        out.push(side);
        match Digits::<N>::of(*minor) {
            Some(digits) => digits.write(out),
            None => out.extend_from_slice(minor.to_string().as_bytes()),
        }
    }
}

/// One of up to six amounts beside the transaction's own (DE 54): a balance, or what was asked for where a part was approved.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct AdditionalAmount {
    /// The kind of account, as in [`Processing`].
    #[serde(default)]
    pub account: Digits<2>,
    pub kind: AmountKind,
    pub currency: CurrencyNumber,
    pub amount_minor: Signed,
}

/// What an additional amount is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum AmountKind {
    /// 01: what the account has.
    LedgerBalance,
    /// 02: what of it can be spent.
    AvailableBalance,
    /// 57: what was asked for, where less was approved.
    OriginalAmount,
    #[serde(untagged)]
    Other(Digits<2>),
}

/// The amounts of DE 54. [`AdditionalAmount::fits`] is asked before they are written.
impl Element for Vec<AdditionalAmount> {
    const EXPECTED: &'static str = "1 to 6 amounts of 20 characters";

    fn read(bytes: &[u8]) -> Option<Self> {
        let chunks = bytes.chunks(ADDITIONAL_BYTES).map(AdditionalAmount::read);
        chunks.collect::<Option<Self>>().filter(|amounts| !amounts.is_empty())
    }

    fn write(&self, out: &mut Vec<u8>) {
        self.iter().for_each(|amount| amount.write(out));
    }
}

impl AdditionalAmount {
    /// Whether there is room for so great an amount.
    pub(super) const fn fits(&self) -> bool {
        let (Signed::Credit(minor) | Signed::Debit(minor)) = self.amount_minor;
        minor <= MAX_AMOUNT_MINOR
    }

    fn read(bytes: &[u8]) -> Option<Self> {
        let (account, rest) = bytes.split_first_chunk::<2>()?;
        let (kind, rest) = rest.split_first_chunk::<2>()?;
        let (currency, amount) = rest.split_first_chunk::<3>()?;
        let account = Digits::parse(account)?;
        let currency = CurrencyNumber::read(currency)?;
        Some(Self { account, kind: AmountKind::read(kind)?, currency, amount_minor: Signed::read::<12>(amount)? })
    }

    fn write(&self, out: &mut Vec<u8>) {
        self.account.write(out);
        out.extend_from_slice(&self.kind.digits());
        self.currency.write(out);
        self.amount_minor.write::<12>(out);
    }
}

impl AmountKind {
    fn read(digits: &[u8; 2]) -> Option<Self> {
        let known = AMOUNT_KINDS.iter().find(|row| row.1 == digits).map(|row| row.0);
        known.or_else(|| Digits::parse(digits).map(Self::Other))
    }

    fn digits(&self) -> [u8; 2] {
        match self {
            Self::Other(digits) => *digits.bytes(),
            known => AMOUNT_KINDS.iter().find(|row| row.0 == *known).map_or(*b"00", |row| *row.1),
        }
    }
}

/// What takes the place of earlier amounts (DE 95): after a reversal in part, the amount that stays.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Replacement {
    pub amount_minor: u64,
    #[serde(default)]
    pub settlement_minor: u64,
    #[serde(default)]
    pub fee_minor: Signed,
    #[serde(default)]
    pub settlement_fee_minor: Signed,
}

impl Replacement {
    /// A new amount; nothing is said of settlement and fees.
    pub fn of(amount_minor: u64) -> Self {
        Self {
            amount_minor,
            settlement_minor: 0,
            fee_minor: Signed::default(),
            settlement_fee_minor: Signed::default(),
        }
    }
}

impl Default for Signed {
    fn default() -> Self {
        Self::Credit(0)
    }
}

impl Element for Replacement {
    const EXPECTED: &'static str = "two amounts of 12 digits and two fees of C or D and 8 digits";

    fn read(bytes: &[u8]) -> Option<Self> {
        let (amount, rest) = bytes.split_first_chunk::<12>()?;
        let (settlement, rest) = rest.split_first_chunk::<12>()?;
        let (fee, settlement_fee) = rest.split_first_chunk::<9>()?;
        Some(Self {
            amount_minor: u64::read(amount)?,
            settlement_minor: u64::read(settlement)?,
            fee_minor: Signed::read::<8>(fee)?,
            settlement_fee_minor: Signed::read::<8>(settlement_fee)?,
        })
    }

    fn write(&self, out: &mut Vec<u8>) {
        self.amount_minor.write(out);
        self.settlement_minor.write(out);
        self.fee_minor.write::<8>(out);
        self.settlement_fee_minor.write::<8>(out);
    }
}

const TRANSACTIONS: [(Transaction, &[u8; 2]); 3] =
    [(Transaction::Purchase, b"00"), (Transaction::Refund, b"20"), (Transaction::BalanceInquiry, b"31")];
const AMOUNT_KINDS: [(AmountKind, &[u8; 2]); 3] =
    [(AmountKind::LedgerBalance, b"01"), (AmountKind::AvailableBalance, b"02"), (AmountKind::OriginalAmount, b"57")];
const ADDITIONAL_BYTES: usize = 20;
