//! The word of `admission` counts at its address and nowhere else.

use super::super::events;
use super::*;

const FINGERPRINT: B256 = B256::repeat_byte(7);
const KEY: B256 = B256::repeat_byte(8);

fn places() -> CertificateSlots {
    CertificateSlots::of(FINGERPRINT)
}

/// A record with `changes` changes, of which the last is `change`.
fn record(changes: u64, change: u64) -> Vec<(U256, U256)> {
    let changes = U256::from(changes);
    let mut slots = vec![
        (places().node_key, U256::from_be_bytes(KEY.0)),
        (places().not_after, U256::from(99)),
        (places().changes, changes),
    ];
    slots.extend(places().last_change(changes).map(|slot| (slot, U256::from(change))));
    slots
}

fn said(contract: Address, slots: &[(U256, U256)], preimages: &[Bytes]) -> Vec<String> {
    let words: Vec<B256> = slots.iter().map(|(slot, _)| B256::from(*slot)).collect();
    let preimages = Preimages::of(preimages, &words).expect("they lead to a slot");
    let claims = statuses(contract, slots, &preimages);
    claims.iter().flat_map(|claim| claim.fields.iter().map(|field| field.value.clone())).collect()
}

#[test]
fn the_last_change_is_the_status() {
    let preimage = [places().preimage];
    let revoked = record(3, (5 << 8) | 4);
    let expected = [FINGERPRINT.to_string(), "revoked".into(), "5".into(), KEY.to_string(), "99".into()];
    assert_eq!(said(ADDRESS, &revoked, &preimage), expected);
    assert_eq!(said(ADDRESS, &record(0, 0), &preimage), [FINGERPRINT.to_string(), "unknown".into()]);
    assert!(said(Address::repeat_byte(1), &revoked, &preimage).is_empty(), "another contract's slots");
    assert!(said(ADDRESS, &revoked, &[]).is_empty(), "slots alone do not say whose they are");
}

#[test]
fn an_older_change_or_a_part_of_the_record_says_nothing() {
    let preimage = [places().preimage];
    let mut older = record(2, (5 << 8) | 2);
    older[2].1 = U256::from(3);
    assert!(said(ADDRESS, &older, &preimage).is_empty(), "the third change is not shown");
    for missing in 1..4 {
        let mut slots = record(3, (5 << 8) | 4);
        slots.remove(missing);
        assert!(said(ADDRESS, &slots, &preimage).is_empty(), "without slot {missing}");
    }
}

#[test]
fn members_are_admitted_and_revoked_by_this_room_alone() {
    let admitted = MemberAdmitted {
        nodeKey: KEY,
        certificate: FINGERPRINT,
        request: 1,
        account: Address::ZERO,
        nodeAddress: "node.example:30303".into(),
        weight: 1,
        notBefore: 1,
        notAfter: 2,
        policy: KEY,
        voters: 4,
        votes: 3,
        approvals: 3,
    };
    let revoked = MemberRevoked {
        nodeKey: KEY,
        certificate: FINGERPRINT,
        request: 2,
        reason: 1,
        evidence: B256::ZERO,
        epoch: 3,
        voters: 4,
        votes: 3,
        approvals: 3,
    };
    let kinds = |address: Address| {
        let of = |data| events::claims(&Log { address, data }).into_iter().map(|claim| (claim.system, claim.kind));
        of(admitted.encode_log_data()).chain(of(revoked.encode_log_data())).collect::<Vec<_>>()
    };
    assert_eq!(kinds(ADDRESS), [(WORD, "member admitted"), (WORD, "member revoked")]);
    assert!(kinds(Address::repeat_byte(1)).is_empty());
}
