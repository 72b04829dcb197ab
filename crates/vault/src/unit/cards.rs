//! Ranges, cards and registered tokens. Called by `unit`. Numbers come and go sealed; what looks them up is a keyed hash.

use payments::{
    issuer::{
        atc::AtcWindow,
        records::{
            CardRecord, CardReference, CardStatus, NumberHash, RangeRecord, RegistrationRecord, SealedNumber,
            WrappedKeys,
        },
        vault::VaultError,
    },
    number::{Expiry, Pan, Token},
    profile::Profile,
};
use rusqlite::Connection;

use super::cells::{Cells, Columns, Fault, Kind, Outcome};
use crate::seal::{Place, SealError, SealFailure, Sealer};

pub(crate) fn ranges(connection: &Connection) -> Outcome<Vec<RangeRecord>> {
    let all = "SELECT token_bin, pan_bin, key_set, profile, strategy FROM ranges ORDER BY token_bin";
    Cells::new(RANGE).all(connection, all, |row| {
        Ok(RangeRecord {
            token_bin: row.text()?.into(),
            pan_bin: row.text()?.into(),
            key_set: row.number()?,
            profile: row.parse(|text| Profile::parse(text).ok())?,
            strategy: row.parse(|text| serde_json::from_str(text).ok())?,
        })
    })
}

pub(crate) fn add_range(connection: &Connection, range: &RangeRecord) -> Outcome<()> {
    let unwritable = |_| Fault::Named(VaultError::TooLarge(RANGE.name));
    let profile = serde_json::to_string(&range.profile).map_err(unwritable)?;
    let strategy = serde_json::to_string(&range.strategy).map_err(unwritable)?;
    let cells = Cells::new(RANGE).text(&range.token_bin).text(&range.pan_bin).number(range.key_set);
    let add = "INSERT INTO ranges (token_bin, pan_bin, key_set, profile, strategy) VALUES (?1, ?2, ?3, ?4, ?5)";
    cells.text(&profile).text(&strategy).change(connection, add)
}

/// Encrypts a number for one card.
pub(crate) fn seal(
    connection: &Connection,
    sealer: &Sealer,
    reference: &CardReference,
    number: &Pan,
) -> Outcome<SealedNumber> {
    match sealer.seal(connection, place(reference), number.digits()) {
        Ok(sealed) => Ok(SealedNumber(sealed)),
        Err(SealFailure::Seal(error)) => Err(VaultError::Storage(error.to_string()).into()),
        Err(SealFailure::Database(error)) => Err(error.into()),
    }
}

/// Decrypts a number that was sealed for this card.
pub(crate) fn reveal(sealer: &Sealer, reference: &CardReference, number: &SealedNumber) -> Outcome<Pan> {
    let damaged = || Fault::Named(VaultError::Damaged(NUMBER));
    let digits = sealer.unseal(place(reference), &number.0).map_err(|_: SealError| damaged())?;
    let text = std::str::from_utf8(digits.expose()).map_err(|_| damaged())?;
    Pan::parse(text).map_err(|_| damaged())
}

pub(crate) fn card(connection: &Connection, reference: &CardReference) -> Outcome<Option<CardRecord>> {
    let sql = concat!("SELECT ", card_columns!(), " FROM cards WHERE reference = ?1");
    Cells::new(CARD).number(as_number(reference)).one(connection, sql, read_card)
}

pub(crate) fn card_by_number(connection: &Connection, hash: &NumberHash) -> Outcome<Option<CardRecord>> {
    let sql = concat!("SELECT ", card_columns!(), " FROM cards WHERE number_hash = ?1");
    Cells::new(CARD).bytes(&hash.0).one(connection, sql, read_card)
}

pub(crate) fn cards(
    connection: &Connection,
    status: Option<CardStatus>,
    after: Option<&CardReference>,
    limit: u32,
) -> Outcome<Vec<CardRecord>> {
    let first = after.map_or(0, |after| as_number(after) + 1);
    let cells = Cells::new(CARD).number(first).number(limit);
    match status {
        Some(status) => {
            let of_status = concat!(
                "SELECT ",
                card_columns!(),
                " FROM cards WHERE status = ?3 AND reference >= ?1 ORDER BY reference LIMIT ?2"
            );
            cells.word(&status).all(connection, of_status, read_card)
        }
        None => {
            let all =
                concat!("SELECT ", card_columns!(), " FROM cards WHERE reference >= ?1 ORDER BY reference LIMIT ?2");
            cells.all(connection, all, read_card)
        }
    }
}

pub(crate) fn add_card(connection: &Connection, card: &CardRecord) -> Outcome<()> {
    let (expiry, token_expiry) = (card.expiry.to_string(), card.token_expiry.to_string());
    let seen = seen_bytes(&card.atc);
    let cells = Cells::new(CARD)
        .number(as_number(&card.reference))
        .bytes(&card.number.0)
        .bytes(&card.number_hash.0)
        .text(&card.truncated)
        .number(card.sequence)
        .text(&expiry)
        .text(&token_expiry)
        .text(&card.token_bin)
        .bytes(&card.keys.0)
        .word(&card.status)
        .number(card.atc.high)
        .bytes(&seen)
        .number(card.created_ms);
    let add = concat!(
        "INSERT INTO cards (",
        card_columns!(),
        ") VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)"
    );
    cells.change(connection, add)
}

pub(crate) fn set_card_status(connection: &Connection, reference: &CardReference, status: CardStatus) -> Outcome<()> {
    let cells = Cells::new(CARD).number(as_number(reference)).word(&status);
    cells.change(connection, "UPDATE cards SET status = ?2 WHERE reference = ?1")
}

pub(crate) fn set_card_atc(connection: &Connection, reference: &CardReference, atc: &AtcWindow) -> Outcome<()> {
    let seen = seen_bytes(atc);
    let cells = Cells::new(CARD).number(as_number(reference)).number(atc.high).bytes(&seen);
    cells.change(connection, "UPDATE cards SET atc_high = ?2, atc_seen = ?3 WHERE reference = ?1")
}

pub(crate) fn registration(
    connection: &Connection,
    token: &Token,
    card_index: &[u8; 6],
) -> Outcome<Option<CardReference>> {
    let cells = Cells::new(REGISTRATION).text(token.digits()).bytes(card_index);
    let sql = "SELECT card FROM registrations WHERE token = ?1 AND card_index = ?2";
    cells.one(connection, sql, read_reference)
}

pub(crate) fn register(connection: &Connection, registration: &RegistrationRecord) -> Outcome<()> {
    let RegistrationRecord { token, card_index, card } = registration;
    let cells = Cells::new(REGISTRATION).text(token.digits()).bytes(card_index).number(as_number(card));
    let add = "INSERT INTO registrations (token, card_index, card) VALUES (?1, ?2, ?3)";
    match cells.change(connection, add) {
        Err(Fault::Named(VaultError::Conflict(_)))
            if self::registration(connection, token, card_index)?.as_ref() == Some(card) =>
        {
            Ok(())
        }
        outcome => outcome,
    }
}

/// A reference as it stands in rows.
pub(crate) fn as_number(reference: &CardReference) -> u64 {
    reference.to_string().parse().expect("twelve digits are a number")
}

/// A reference out of a row.
pub(crate) fn read_reference(row: &mut Columns<'_>) -> Outcome<CardReference> {
    let number: u64 = row.number()?;
    from_number(number).ok_or_else(|| row.damaged())
}

/// The reference that a number stands for, if it has no more than twelve digits.
pub(crate) fn from_number(number: u64) -> Option<CardReference> {
    CardReference::parse(&format!("{number:012}")).ok()
}

fn read_card(row: &mut Columns<'_>) -> Outcome<CardRecord> {
    Ok(CardRecord {
        reference: read_reference(row)?,
        number: SealedNumber(row.bytes()?.into()),
        number_hash: NumberHash(row.array()?),
        truncated: row.text()?.into(),
        sequence: row.number()?,
        expiry: row.parse(|text| Expiry::parse(text).ok())?,
        token_expiry: row.parse(|text| Expiry::parse(text).ok())?,
        token_bin: row.text()?.into(),
        keys: WrappedKeys(row.bytes()?.into()),
        status: row.word()?,
        atc: AtcWindow { high: row.number()?, seen: seen_words(row.array()?) },
        created_ms: row.number()?,
    })
}

fn seen_bytes(atc: &AtcWindow) -> Vec<u8> {
    atc.seen.iter().flat_map(|word| word.to_be_bytes()).collect()
}

fn seen_words(bytes: [u8; 32]) -> [u64; 4] {
    let (words, _) = bytes.as_chunks::<8>();
    std::array::from_fn(|at| words.get(at).map_or(0, |word| u64::from_be_bytes(*word)))
}

fn place(reference: &CardReference) -> Place {
    Place { table: "cards", column: "number_sealed", row: as_number(reference) }
}

macro_rules! card_columns {
    () => {
        "reference, number_sealed, number_hash, truncated, sequence, expiry, token_expiry, token_bin, keys_wrapped, status, \
         atc_high, atc_seen, created_ms"
    };
}
use card_columns;

const RANGE: Kind = Kind { name: "range", the: "the range", parent: "the range" };
const CARD: Kind = Kind { name: "card", the: "the card", parent: "the range of the card" };
const REGISTRATION: Kind =
    Kind { name: "registration", the: "the registration", parent: "the card of the registration" };
const NUMBER: &str = "number";
