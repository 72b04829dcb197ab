//! What the room `admission` says of members: admitted and revoked by its logs, and by its storage what a certificate was worth after
//! a block.

use alloy_primitives::{Address, B256, Bytes, Log, U256, address, keccak256};
use alloy_sol_types::{SolEvent, sol};

use super::{Claim, Field, Preimages, events::read};

/// The word of this room.
pub(super) const WORD: &str = "admission";
/// Its number.
pub(super) const ROOM: u8 = 4;

/// Its address.
pub const ADDRESS: Address = address!("c0f0110000000000000000000400000000000000");

/// The events that are understood.
pub(super) const SIGNATURES: [&str; 2] = [MemberAdmitted::SIGNATURE, MemberRevoked::SIGNATURE];

sol! {
    event MemberAdmitted(
        bytes32 indexed nodeKey,
        bytes32 indexed certificate,
        uint64 indexed request,
        address account,
        string nodeAddress,
        uint32 weight,
        uint64 notBefore,
        uint64 notAfter,
        bytes32 policy,
        uint64 voters,
        uint64 votes,
        uint64 approvals
    );
    event MemberRevoked(
        bytes32 indexed nodeKey,
        bytes32 indexed certificate,
        uint64 indexed request,
        uint8 reason,
        bytes32 evidence,
        uint64 epoch,
        uint64 voters,
        uint64 votes,
        uint64 approvals
    );
}

/// What a log of this room says.
pub(super) fn claim(log: &Log) -> Option<Claim> {
    let (kind, fields) = admitted(log).or_else(|| revoked(log))?;
    Some(Claim { system: WORD, kind, fields })
}

/// Where the room keeps certificates: a mapping from the SHA-256 of a certificate to a record.
const CERTIFICATES_SLOT: U256 = U256::from_limbs([10, 0, 0, 0]);
/// Places in a record.
const NODE_KEY: U256 = U256::ZERO;
const NOT_AFTER: U256 = U256::from_limbs([1, 0, 0, 0]);
const HISTORY: U256 = U256::from_limbs([3, 0, 0, 0]);

/// Where the room keeps a certificate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CertificateSlots {
    /// Of the node key that it names.
    pub node_key: U256,
    /// Of its end, in seconds since 1970.
    pub not_after: U256,
    /// Of the number of changes of its status.
    pub changes: U256,
    /// Shows whose slots these are.
    pub preimage: Bytes,
}

impl CertificateSlots {
    /// Of the certificate with this SHA-256.
    pub fn of(fingerprint: B256) -> Self {
        let preimage = [fingerprint, B256::from(CERTIFICATES_SLOT)].concat();
        let record = U256::from_be_bytes(keccak256(&preimage).0);
        let slot = |place: U256| record.wrapping_add(place);
        Self { node_key: slot(NODE_KEY), not_after: slot(NOT_AFTER), changes: slot(HISTORY), preimage: preimage.into() }
    }

    /// Of the last change, when there are as many; a certificate that the room does not know has none.
    pub fn last_change(&self, changes: U256) -> Option<U256> {
        let last = changes.checked_sub(U256::from(1))?;
        Some(U256::from_be_bytes(keccak256(B256::from(self.changes)).0).wrapping_add(last))
    }
}

/// Slots of this room that are shown to be certificates.
pub(super) fn statuses(contract: Address, slots: &[(U256, U256)], preimages: &Preimages<'_>) -> Vec<Claim> {
    if contract != ADDRESS {
        return Vec::new();
    }
    let fingerprints = slots.iter().filter_map(|(slot, _)| {
        let [fingerprint, base] = preimages.entry(B256::from(*slot))?;
        (U256::from_be_bytes(base.0) == CERTIFICATES_SLOT).then_some(fingerprint)
    });
    fingerprints.filter_map(|fingerprint| status(fingerprint, slots)).collect()
}

/// What the slots say, if all are there.
fn status(fingerprint: B256, slots: &[(U256, U256)]) -> Option<Claim> {
    let value = |wanted: U256| slots.iter().find(|(slot, _)| *slot == wanted).map(|(_, value)| *value);
    let places = CertificateSlots::of(fingerprint);
    let certificate = Field::new("certificate", fingerprint);
    let Some(last) = places.last_change(value(places.changes)?) else {
        let fields = vec![certificate, Field::new("status", "unknown")];
        return Some(Claim { system: WORD, kind: "member status", fields });
    };
    let change = value(last)?;
    let fields = vec![
        certificate,
        Field::new("status", status_word(change.byte(0))),
        Field::new("since", change >> 8_usize),
        Field::new("nodeKey", B256::from(value(places.node_key)?)),
        Field::new("notAfter", value(places.not_after)?),
    ];
    Some(Claim { system: WORD, kind: "member status", fields })
}

/// In the order of the room's ABI.
const fn status_word(status: u8) -> &'static str {
    match status {
        1 => "pending",
        2 => "valid",
        3 => "expired",
        4 => "revoked",
        5 => "superseded",
        _ => "unknown",
    }
}

fn admitted(log: &Log) -> Option<(&'static str, Vec<Field>)> {
    let event: MemberAdmitted = read(log)?;
    let fields = vec![
        Field::new("nodeKey", event.nodeKey),
        Field::new("certificate", event.certificate),
        Field::new("nodeAddress", event.nodeAddress),
        Field::new("account", event.account),
        Field::new("weight", event.weight),
        Field::new("notBefore", event.notBefore),
        Field::new("notAfter", event.notAfter),
        Field::new("request", event.request),
        Field::new("policy", event.policy),
        Field::new("voters", event.voters),
        Field::new("votes", event.votes),
        Field::new("approvals", event.approvals),
    ];
    Some(("member admitted", fields))
}

fn revoked(log: &Log) -> Option<(&'static str, Vec<Field>)> {
    let event: MemberRevoked = read(log)?;
    let fields = vec![
        Field::new("nodeKey", event.nodeKey),
        Field::new("certificate", event.certificate),
        Field::new("reason", event.reason),
        Field::new("evidence", event.evidence),
        Field::new("epoch", event.epoch),
        Field::new("request", event.request),
        Field::new("voters", event.voters),
        Field::new("votes", event.votes),
        Field::new("approvals", event.approvals),
    ];
    Some(("member revoked", fields))
}

#[cfg(test)]
mod tests;
