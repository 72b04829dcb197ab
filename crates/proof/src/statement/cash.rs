//! What the room `cash` says of its two-step money: held, adjusted, captured, released. Amounts are in the currency's smallest unit.

use alloy_primitives::{Address, Log};
use alloy_sol_types::{SolEvent, sol};

use super::{
    Claim, Field,
    events::{read, room},
};

/// The word of this room.
pub(super) const WORD: &str = "cash";
/// Its number.
pub(super) const ROOM: u8 = 2;

/// The events that are understood.
pub(super) const SIGNATURES: [&str; 4] =
    [Held::SIGNATURE, Adjusted::SIGNATURE, Captured::SIGNATURE, Released::SIGNATURE];

sol! {
    event Held(
        bytes32 indexed id,
        address indexed from,
        address indexed to,
        address operator,
        uint256 amount,
        uint64 expiry,
        bytes32 referenceId
    );
    event Adjusted(
        bytes32 indexed id,
        address indexed from,
        address indexed to,
        bytes32 referenceId,
        uint256 previousAmount,
        uint256 amount,
        bytes32 holdReferenceId
    );
    event Captured(
        bytes32 indexed id,
        address indexed from,
        address indexed to,
        bytes32 referenceId,
        uint256 amount,
        uint256 captured,
        uint256 released,
        bool isFinal,
        bytes32 holdReferenceId
    );
    event Released(
        bytes32 indexed id,
        address indexed from,
        address indexed to,
        address by,
        uint256 amount,
        uint256 captured,
        bytes32 holdReferenceId
    );
}

/// What a log of this room says about a hold.
pub(super) fn claim(log: &Log) -> Option<Claim> {
    let (kind, fields) = held(log).or_else(|| adjusted(log)).or_else(|| captured(log)).or_else(|| released(log))?;
    let contract = [Field::new("contract", log.address)].into_iter();
    let currency = currency(log.address).map(|code| Field::new("currency", code));
    Some(Claim { system: WORD, kind, fields: contract.chain(currency).chain(fields).collect() })
}

/// The ISO 4217 code that a currency's address ends in.
pub(super) fn currency(contract: Address) -> Option<String> {
    let (ROOM, [0, 0, 0, 0, code @ ..]) = room(contract)? else { return None };
    code.iter().all(u8::is_ascii_uppercase).then(|| code.iter().copied().map(char::from).collect())
}

/// A kind and its fields.
type Said = (&'static str, Vec<Field>);

fn held(log: &Log) -> Option<Said> {
    let Held { id, from, to, operator, amount, expiry, referenceId } = read(log)?;
    let fields = vec![
        Field::new("id", id),
        Field::new("from", from),
        Field::new("to", to),
        Field::new("operator", operator),
        Field::new("amount", amount),
        Field::new("expiry", expiry),
        Field::new("reference", referenceId),
    ];
    Some(("held", fields))
}

fn adjusted(log: &Log) -> Option<Said> {
    let Adjusted { id, from, to, referenceId, previousAmount, amount, holdReferenceId } = read(log)?;
    let fields = vec![
        Field::new("id", id),
        Field::new("from", from),
        Field::new("to", to),
        Field::new("amount", amount),
        Field::new("previousAmount", previousAmount),
        Field::new("reference", referenceId),
        Field::new("holdReference", holdReferenceId),
    ];
    Some(("adjusted", fields))
}

fn captured(log: &Log) -> Option<Said> {
    let Captured { id, from, to, referenceId, amount, captured, released, isFinal, holdReferenceId } = read(log)?;
    let fields = vec![
        Field::new("id", id),
        Field::new("from", from),
        Field::new("to", to),
        Field::new("amount", amount),
        Field::new("capturedInAll", captured),
        Field::new("released", released),
        Field::new("final", isFinal),
        Field::new("reference", referenceId),
        Field::new("holdReference", holdReferenceId),
    ];
    Some(("captured", fields))
}

fn released(log: &Log) -> Option<Said> {
    let Released { id, from, to, by, amount, captured, holdReferenceId } = read(log)?;
    let fields = vec![
        Field::new("id", id),
        Field::new("from", from),
        Field::new("to", to),
        Field::new("by", by),
        Field::new("amount", amount),
        Field::new("capturedInAll", captured),
        Field::new("holdReference", holdReferenceId),
    ];
    Some(("released", fields))
}

#[cfg(test)]
mod tests;
