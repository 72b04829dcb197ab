//! Records for the tests: one of each kind, and any number of different ones out of a seed.

use std::path::Path;

use payments::{
    issuer::{
        atc::AtcWindow,
        mismatch::Mismatch,
        records::{
            AccountKey, AccountRecord, Answer, CardRecord, CardReference, CardStatus, DaySpent, ExchangeRecord,
            HoldTerms, Limits, MerchantKey, MerchantRecord, NumberHash, OutboxKind, OutboxRow, OutboxState, PaymentId,
            PaymentKind, PaymentRecord, PaymentState, RangeRecord, RequestKey, WrappedKeys,
        },
        vault::{Vault, VaultError, VaultResult},
    },
    number::{Expiry, Pan, Token, luhn_digit},
    profile::Strategy,
};
use primitives::{Address, B256, Masked, keccak256};
use vault::{MasterKey, Options, SqliteVault};

pub(crate) const EUR: u16 = 978;
pub(crate) const TOKEN_BIN: &str = "990000";
pub(crate) const PAN_BIN: &str = "541333";

/// Opens the vault of a folder as the tests always do.
pub(crate) fn open(folder: &Path) -> SqliteVault {
    open_with(folder, Options::default())
}

pub(crate) fn open_with(folder: &Path, options: Options) -> SqliteVault {
    SqliteVault::open(folder, &master(), options).unwrap()
}

pub(crate) fn master() -> MasterKey {
    MasterKey::new("tests", Masked::new([0x42; 32])).unwrap()
}

/// Runs a unit whose only errors are the vault's.
pub(crate) fn write<T: Send + 'static>(
    vault: &SqliteVault,
    work: impl FnOnce(&mut dyn Vault) -> VaultResult<T> + Send + 'static,
) -> VaultResult<T> {
    vault.write("test", work)
}

/// Asks a question whose only errors are the vault's.
pub(crate) fn read<T>(vault: &SqliteVault, work: impl FnOnce(&mut dyn Vault) -> VaultResult<T>) -> T {
    vault.read::<T, VaultError>(work).unwrap()
}

/// Digits that begin with `bin`, as many as `length` with the check digit; another number for each `count`.
pub(crate) fn digits(bin: &str, length: usize, count: u64) -> String {
    let account = length - bin.len() - 1;
    // Spread out, so that no number looks like its neighbour or like an amount.
    let spread = u128::from(count).wrapping_mul(0x9E37_79B9_7F4A_7C15_F39C_C060_5CED_C835)
        % 10_u128.pow(u32::try_from(account).unwrap());
    let text = format!("{bin}{spread:0account$}");
    format!("{text}{}", char::from(luhn_digit(text.as_bytes())))
}

pub(crate) fn pan(count: u64) -> Pan {
    let length = 13 + usize::try_from(count % 7).unwrap();
    Pan::parse(&digits(PAN_BIN, length, count)).unwrap()
}

pub(crate) fn token(count: u64) -> Token {
    Token::parse(&digits(TOKEN_BIN, 16, count)).unwrap()
}

pub(crate) fn reference(count: u64) -> CardReference {
    CardReference::parse(&format!("{count:012}")).unwrap()
}

pub(crate) fn number_hash(pan: &Pan) -> NumberHash {
    NumberHash(keccak256([b"index key of the tests", pan.digits()].concat()).0)
}

pub(crate) fn range() -> RangeRecord {
    RangeRecord {
        token_bin: TOKEN_BIN.into(),
        pan_bin: PAN_BIN.into(),
        key_set: 1,
        profile: profile(),
        strategy: Strategy::Reverse,
    }
}

pub(crate) fn profile() -> payments::profile::Profile {
    payments::profile::Profile::named("combined").unwrap()
}

/// Adds the range that all cards of the tests are in.
pub(crate) fn add_range(vault: &SqliteVault) {
    write(vault, |vault| vault.add_range(&range())).unwrap();
}

/// Seals a number and adds its card.
pub(crate) fn add_card(vault: &mut dyn Vault, count: u64) -> VaultResult<CardRecord> {
    let pan = pan(count);
    let number = vault.seal(&reference(count), &pan)?;
    let card = CardRecord {
        reference: reference(count),
        number,
        number_hash: number_hash(&pan),
        truncated: pan.truncated(),
        sequence: 1,
        expiry: Expiry::parse("3112").unwrap(),
        token_expiry: Expiry::parse("3211").unwrap(),
        token_bin: TOKEN_BIN.into(),
        keys: WrappedKeys(vec![0xA5; 90]),
        status: CardStatus::Active,
        atc: AtcWindow::default(),
        created_ms: 1_700_000_000_000 + count,
    };
    vault.add_card(&card)?;
    Ok(card)
}

pub(crate) fn account(card: u64, balance_minor: u64, held_minor: u64) -> AccountRecord {
    AccountRecord {
        key: AccountKey { card: reference(card), currency: EUR },
        balance_minor,
        held_minor,
        limits: Limits { payment_minor: None, day_minor: Some(1_000_000) },
        spent: DaySpent { day: 20_000, minor: 5 },
    }
}

pub(crate) fn merchant_key(count: u64) -> MerchantKey {
    MerchantKey { acquirer: "123456".into(), merchant: format!("MERCHANT{count:07}") }
}

pub(crate) fn merchant(count: u64) -> MerchantRecord {
    MerchantRecord {
        key: merchant_key(count),
        currency: EUR,
        address: Address::repeat_byte(u8::try_from(count % 251).unwrap()),
        category: Some(5411),
    }
}

pub(crate) fn request(count: u64) -> RequestKey {
    RequestKey {
        acquirer: "123456".into(),
        terminal: "TERM0001".into(),
        stan: format!("{:06}", count % 1_000_000),
        transmitted: format!("{:010}", 1_127_000_000 + count / 1_000_000),
        reversal: false,
    }
}

pub(crate) fn exchange(count: u64, payment: Option<PaymentId>) -> ExchangeRecord {
    ExchangeRecord {
        key: request(count),
        fingerprint: keccak256(count.to_be_bytes()),
        payment,
        answer: Answer::Ready(format!("answer {count}").into_bytes()),
        mismatches: Vec::new(),
        received_ms: 1_700_000_000_000 + count,
    }
}

/// A payment that nobody held yet.
pub(crate) fn declined(count: u64) -> PaymentRecord {
    PaymentRecord {
        id: PaymentId(0),
        kind: PaymentKind::Authorization,
        state: PaymentState::Declined,
        request: request(count),
        rrn: format!("{count:012}"),
        merchant: merchant_key(1),
        token: token(count),
        currency: EUR,
        requested_minor: 1250,
        amount_minor: 0,
        captured_minor: 0,
        refunded_minor: 0,
        card: None,
        atc: None,
        use_number: 0,
        cryptogram: None,
        hold: None,
        mismatches: Vec::new(),
        response: "05".into(),
        approval: None,
        day: 20_000,
        decided_ms: 1_700_000_000_000 + count,
        deadline_ms: 1_700_000_005_000 + count,
        due_ms: 0,
        changed_ms: 1_700_000_000_000 + count,
        steps: 0,
    }
}

/// A payment of a card whose hold is signed.
pub(crate) fn holding(count: u64, card: u64, atc: u16, use_number: u32) -> PaymentRecord {
    PaymentRecord {
        state: PaymentState::Holding,
        amount_minor: 1250,
        card: Some(reference(card)),
        atc: Some(atc),
        use_number,
        cryptogram: Some(count.to_be_bytes()),
        hold: Some(hold(count)),
        response: "00".into(),
        approval: Some(format!("{:06}", count % 1_000_000)),
        ..declined(count)
    }
}

pub(crate) fn hold(count: u64) -> HoldTerms {
    HoldTerms {
        id: keccak256(format!("hold {count}")),
        salt: B256::repeat_byte(7),
        from: Address::repeat_byte(1),
        to: Address::repeat_byte(2),
        first_minor: 1250,
        expiry_s: 1_800_000_000,
    }
}

pub(crate) fn outbox_row(nonce: u64, payment: PaymentId) -> OutboxRow {
    OutboxRow {
        nonce,
        raw: [&b"signed "[..], &nonce.to_be_bytes()].concat(),
        hash: keccak256(nonce.to_be_bytes()),
        payment,
        kind: OutboxKind::Hold { amount_minor: 1250 },
        state: OutboxState::Open,
    }
}

/// Different numbers out of a seed, for records of every shape.
pub(crate) struct Seed(pub(crate) u64);

impl Seed {
    pub(crate) fn next(&mut self) -> u64 {
        // SplitMix64.
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    pub(crate) fn below(&mut self, bound: u64) -> u64 {
        self.next() % bound
    }

    /// Any amount that SQLite can keep; often one of the ends.
    pub(crate) fn amount(&mut self) -> u64 {
        match self.below(8) {
            0 => 0,
            1 => i64::MAX.unsigned_abs(),
            _ => self.next() >> 1 >> self.below(62),
        }
    }

    pub(crate) fn maybe<T>(&mut self, make: impl FnOnce(&mut Self) -> T) -> Option<T> {
        (self.below(2) == 0).then(|| make(self))
    }

    pub(crate) fn text(&mut self, length: u64) -> String {
        const LETTERS: [char; 12] = ['A', 'z', '0', ' ', '\'', '"', ';', '\0', '\u{e9}', '\u{4ed8}', '-', '%'];
        let length = self.below(length + 1);
        (0..length).map(|_| LETTERS[usize::try_from(self.below(12)).unwrap()]).collect()
    }

    pub(crate) fn bytes<const N: usize>(&mut self) -> [u8; N] {
        std::array::from_fn(|_| self.next().to_be_bytes()[0])
    }

    pub(crate) fn vector(&mut self, length: u64) -> Vec<u8> {
        (0..self.below(length + 1)).map(|_| self.next().to_be_bytes()[0]).collect()
    }

    pub(crate) fn key(&mut self) -> RequestKey {
        RequestKey {
            acquirer: self.text(11),
            terminal: self.text(8),
            stan: self.text(6),
            transmitted: self.text(10),
            reversal: self.below(2) == 1,
        }
    }

    pub(crate) fn mismatches(&mut self) -> Vec<Mismatch> {
        Mismatch::ALL.iter().copied().filter(|_| self.below(5) == 0).collect()
    }

    pub(crate) fn answer(&mut self) -> Answer {
        match self.below(2) {
            0 => Answer::Ready(self.vector(1000)),
            _ => Answer::Waiting { if_done: self.vector(1000), if_failed: self.vector(1000) },
        }
    }

    pub(crate) fn kind(&mut self) -> PaymentKind {
        match self.below(5) {
            0 => PaymentKind::Authorization,
            1 => PaymentKind::Purchase,
            2 => PaymentKind::Inquiry,
            3 => PaymentKind::Late { original: PaymentId(self.amount()) },
            _ => PaymentKind::Tombstone,
        }
    }

    pub(crate) fn outbox_kind(&mut self) -> OutboxKind {
        let amount_minor = self.amount();
        match self.below(6) {
            0 => OutboxKind::Hold { amount_minor },
            1 => OutboxKind::Adjust { previous_minor: self.amount(), amount_minor },
            2 => OutboxKind::Capture { amount_minor, is_final: amount_minor.is_multiple_of(3) },
            3 => OutboxKind::Release { expired: amount_minor.is_multiple_of(2) },
            4 => OutboxKind::Void,
            _ => OutboxKind::Refund { amount_minor },
        }
    }

    /// A payment of any shape, of card `card` if it is one's.
    pub(crate) fn payment(&mut self, card: u64) -> PaymentRecord {
        let amount_minor = self.amount();
        let captured_minor = amount_minor >> self.below(3);
        let states = PaymentState::ALL;
        PaymentRecord {
            id: PaymentId(0),
            kind: self.kind(),
            state: states[usize::try_from(self.below(states.len() as u64)).unwrap()],
            request: self.key(),
            rrn: self.text(12),
            merchant: MerchantKey { acquirer: self.text(11), merchant: self.text(15) },
            token: token(self.next()),
            currency: u16::from_be_bytes(self.bytes()),
            requested_minor: self.amount(),
            amount_minor,
            captured_minor,
            refunded_minor: captured_minor >> self.below(3),
            card: self.maybe(|_| reference(card)),
            atc: self.maybe(|seed| u16::from_be_bytes(seed.bytes())),
            use_number: u32::from_be_bytes(self.bytes()),
            cryptogram: self.maybe(Self::bytes),
            hold: self.maybe(|seed| HoldTerms {
                id: B256::from(seed.bytes::<32>()),
                salt: B256::from(seed.bytes::<32>()),
                from: Address::from(seed.bytes::<20>()),
                to: Address::from(seed.bytes::<20>()),
                first_minor: seed.amount(),
                expiry_s: seed.amount(),
            }),
            mismatches: self.mismatches(),
            response: self.text(2),
            approval: self.maybe(|seed| seed.text(6)),
            day: u32::from_be_bytes(self.bytes()),
            decided_ms: self.amount(),
            deadline_ms: self.amount(),
            due_ms: self.amount(),
            changed_ms: self.amount(),
            steps: u32::from_be_bytes(self.bytes()),
        }
    }
}
