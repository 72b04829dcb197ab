//! The events that are understood, by whose contract they are: ERC-20 and ERC-1155 at any address, a room's own at its address only.
//!
//! The definitions stand here once more because a verifier must not need the contracts; a test of `chain` compares them with the rooms'
//! ABIs. The addresses of rooms belong to no key and hold no code but the ledger's own, so their logs are the ledger's word.

use alloy_primitives::{Address, Log, U256};
use alloy_sol_types::{SolEvent, sol};

use super::{Claim, Field, LEDGER, admission, cash, token};

sol! {
    /// ERC-20.
    event Transfer(address indexed from, address indexed to, uint256 value);
    /// ERC-1155.
    event TransferSingle(address indexed operator, address indexed from, address indexed to, uint256 id, uint256 value);
    /// ERC-1155.
    event TransferBatch(address indexed operator, address indexed from, address indexed to, uint256[] ids, uint256[] values);
}

/// The first bytes of every room's address; the next is the number of the room, the last seven name an instance of it.
pub const ROOM_PREFIX: [u8; 12] = [0xc0, 0xf0, 0x11, 0, 0, 0, 0, 0, 0, 0, 0, 0];

/// The word of the system and the signature of each event that is understood; [`LEDGER`] for those of standards.
pub fn understood() -> Vec<(&'static str, &'static str)> {
    let standard = [Transfer::SIGNATURE, TransferSingle::SIGNATURE, TransferBatch::SIGNATURE];
    let of = |system, signatures: &[&'static str]| signatures.iter().map(|text| (system, *text)).collect::<Vec<_>>();
    [
        of(LEDGER, &standard),
        of(admission::WORD, &admission::SIGNATURES),
        of(cash::WORD, &cash::SIGNATURES),
        of(token::WORD, &token::SIGNATURES),
    ]
    .concat()
}

/// What a log says; nothing if its event is not known here.
pub(super) fn claims(log: &Log) -> Vec<Claim> {
    let of_room = match room(log.address) {
        Some((admission::ROOM, _)) => admission::claim(log),
        Some((cash::ROOM, _)) => cash::claim(log),
        Some((token::ROOM, _)) => token::claim(log),
        _ => None,
    };
    of_room.map_or_else(|| moves(log), |claim| vec![claim])
}

/// The number and the instance of the room at an address.
pub(super) fn room(address: Address) -> Option<(u8, [u8; 7])> {
    let rest = address.as_slice().strip_prefix(&ROOM_PREFIX)?;
    let (number, instance) = rest.split_first()?;
    Some((*number, instance.try_into().ok()?))
}

/// The event, if the log is it in every topic and byte.
pub(super) fn read<E: SolEvent>(log: &Log) -> Option<E> {
    E::decode_log_data_validate(&log.data).ok().filter(|event| event.encode_log_data() == log.data)
}

fn moves(log: &Log) -> Vec<Claim> {
    if let Some(Transfer { from, to, value }) = read(log) {
        return vec![moved(log.address, from, to, None, value)];
    }
    if let Some(TransferSingle { from, to, id, value, .. }) = read(log) {
        return vec![moved(log.address, from, to, Some(id), value)];
    }
    if let Some(TransferBatch { from, to, ids, values, .. }) = read(log) {
        let pairs = ids.iter().zip(&values).filter(|_| ids.len() == values.len());
        return pairs.map(|(id, value)| moved(log.address, from, to, Some(*id), *value)).collect();
    }
    Vec::new()
}

fn moved(contract: Address, from: Address, to: Address, id: Option<U256>, amount: U256) -> Claim {
    let (system, kind) = match room(contract) {
        Some((cash::ROOM, _)) => (cash::WORD, "value moved"),
        Some((token::ROOM, _)) => (token::WORD, token::move_kind(from, to)),
        _ => (LEDGER, "value moved"),
    };
    let mut fields = vec![Field::new("contract", contract)];
    fields.extend(cash::currency(contract).map(|code| Field::new("currency", code)));
    fields.extend([Field::new("from", from), Field::new("to", to)]);
    fields.extend(id.map(|id| Field::new("id", id)));
    fields.push(Field::new("amount", amount));
    Claim { system, kind, fields }
}
