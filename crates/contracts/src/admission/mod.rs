//! `admission`: who is a member. Nodes ask with X.509 certificates of their own, members vote, and what they decide decides
//! which nodes connect and whose signatures make blocks final.
//! Rules: requirements DC-01, 02, 06 to 10, 12 to 15, 21, 26 to 31 and 33 in docs/systems/admission.md; RFC 5280.
//!
//! ```text
//! (nothing) -> Requested -> Observer -> Ready -> Committee -> Revoked      a node, by its ed25519 node key
//!              requestLink  votes       ready    end of epoch  votes
//!                                     Observer, Ready, Committee -> Expired  end of epoch
//!
//! committee(e + 1) is fixed at the end of epoch e's last block: [`end_epoch`], called by `evm` after the transactions
//! ```
//! Voters are the committee of the epoch in which a request is made, with their weights then; a request keeps what was true
//! then, so nothing that happens later changes what it needs. A member acts through accounts that it has named with its key.
//! In one epoch so few members may leave the committee that those who stay are a quorum of it: revoked ones are cut off at
//! once, and a committee without a quorum could not even end its epoch.
//!
//! Files: `certificate` and `peer` (reading X.509, pure), `details` (the same for people who look), `messages` (what keys sign), `founding` (what genesis knows),
//! `requests` and `votes`, `members` (admitted, ready, renewed, revoked), `epochs` (committees), `recovery`, `status`, `views`.

use alloy_primitives::{Address, B256, U256};
use alloy_sol_types::SolInterface;

use crate::{
    Blob, Cell, List, Map, Place, layout,
    registry::{self, Door, Room},
};

pub mod abi;
pub mod certificate;
pub mod details;
mod dispatch;
mod epochs;
mod founding;
mod members;
pub mod messages;
mod peer;
mod policies;
mod recovery;
mod requests;
mod status;
mod views;
mod votes;

#[cfg(test)]
mod tests;

pub use abi::IAdmission;
pub use epochs::{changes, committee_of_epoch, end_epoch, next_committee, sole_member};
pub use policies::from_policy;
pub use recovery::{recover, were_removed_at};
pub use requests::is_reason;
pub use views::{OpenLink, PeerRow, Standing, open_links, peers, standing};

/// Where it is.
pub const ADDRESS: Address = registry::address_of(4, [0; 7]);

/// The protocol version that opens it.
pub const SINCE: u32 = 2;

/// Its row in the registry.
pub(crate) const ROOM: Room = Room {
    word: "admission",
    number: 4,
    since: SINCE,
    construct: founding::construct,
    contract: Door {
        interface: "IAdmission",
        abi: abi::IAdmission::abi::contract,
        dispatch: dispatch::dispatch,
        layout: Storage::FIELDS,
    },
    instance: None,
};

/// Most linking requests that are open at a time.
pub const OPEN_LINKS_MOST: u64 = 64;
/// Most rows of a page.
pub const PAGE_MOST: u64 = 100;

layout! {
    /// The contract's storage.
    pub struct Storage {
        /// What tells this network from others.
        network: Cell<B256>,
        /// Of genesis.
        min_committee: Cell<u32>,
        /// Hash of the policy in force.
        policy: Cell<B256>,
        /// By hash.
        policies: Map<B256, PolicyPlace>,
        /// By node key.
        members: Map<B256, MemberPlace>,
        /// All that ever were, in order of admission.
        member_keys: List<Cell<B256>>,
        /// Those that are neither revoked nor expired, in no order.
        live: List<Cell<B256>>,
        /// The member that an account acts for.
        accounts: Map<Address, Cell<B256>>,
        /// The member that last had a subject, by the hash of its name.
        subjects: Map<B256, Cell<B256>>,
        /// The member that a key is or was of, by hash; for ever.
        keys: Map<B256, Cell<B256>>,
        /// By fingerprint.
        certificates: Map<B256, CertificatePlace>,
        /// Proofs of possession used, by account.
        nonces: Map<Address, Cell<u64>>,
        /// The last number.
        last_request: Cell<u64>,
        /// By number.
        requests: Map<u64, RequestPlace>,
        /// Numbers of those that are open, in no order.
        open: List<Cell<u64>>,
        /// Linking requests among them.
        open_links: Cell<u64>,
        /// What open requests speak for.
        pending: PendingPlace,
        /// Committees in order of time, where they changed.
        tenures: List<TenurePlace>,
    }
}

layout! {
    /// Open requests, by what only one at a time may have.
    pub struct PendingPlace {
        /// By hash of the subject.
        subjects: Map<B256, Cell<u64>>,
        /// By hash of a key.
        keys: Map<B256, Cell<u64>>,
        /// By the account that asked.
        accounts: Map<Address, Cell<u64>>,
        /// Revocations, by the member to revoke.
        targets: Map<B256, Cell<u64>>,
        /// Revocations, by the member that asked.
        requesters: Map<B256, Cell<u64>>,
    }
}

layout! {
    /// A policy; `abi::IAdmission::Policy` says what it means.
    pub struct PolicyPlace {
        /// First gate.
        votes: ThresholdPlace,
        /// Second gate.
        approvals: ThresholdPlace,
        /// Zero where there is no policy.
        voting_seconds: Cell<u64>,
        /// As in the ABI.
        overlap_seconds: Cell<u64>,
        /// As in the ABI.
        validity_seconds: Cell<u64>,
    }
}

layout! {
    /// A threshold.
    pub struct ThresholdPlace {
        /// As in the ABI.
        measure: Cell<u8>,
        /// The threshold itself is enough.
        or_equal: Cell<bool>,
        /// As in the ABI.
        numerator: Cell<u32>,
        /// As in the ABI.
        denominator: Cell<u32>,
    }
}

layout! {
    /// A member.
    pub struct MemberPlace {
        /// As in the ABI; `Requested` is never written.
        state: Cell<u8>,
        /// Fixed at admission.
        weight: Cell<u32>,
        /// The current certificate; zero where a member of genesis has brought none.
        certificate: Cell<B256>,
        /// The one before, while it overlaps.
        previous: Cell<B256>,
        /// When it is superseded.
        overlap_until: Cell<u64>,
        /// HOST:PORT of the current certificate.
        address: Blob,
        /// Of its end; zero without a certificate.
        not_after: Cell<u64>,
        /// Hash of its subject.
        subject: Cell<B256>,
        /// Accounts that act for it.
        accounts: List<Cell<Address>>,
        /// Authorizations so far.
        sequence: Cell<u64>,
        /// Place in `live`, counted from 1; zero where it is not there.
        live_place: Cell<u64>,
        /// Whether it is in `member_keys`.
        listed: Cell<bool>,
        /// Height.
        admitted_at: Cell<u64>,
        /// Height.
        ready_at: Cell<u64>,
        /// Height.
        revoked_at: Cell<u64>,
        /// Epoch.
        committee_from: Cell<u64>,
        /// CRLReason.
        reason: Cell<u8>,
    }
}

layout! {
    /// A certificate that was submitted with a request or a renewal.
    pub struct CertificatePlace {
        /// The node key that it names.
        node_key: Cell<B256>,
        /// Its end.
        not_after: Cell<u64>,
        /// Byte for byte.
        der: Blob,
        /// Changes of status: height times 256, plus the status.
        history: List<Cell<U256>>,
    }
}

layout! {
    /// A request; `abi::IAdmission::Request` says what the fields mean.
    pub struct RequestPlace {
        /// Zero where there is no request.
        kind: Cell<u8>,
        /// As in the ABI.
        state: Cell<u8>,
        /// As in the ABI.
        node_key: Cell<B256>,
        /// As in the ABI.
        certificate: Cell<B256>,
        /// As in the ABI.
        account: Cell<Address>,
        /// As in the ABI.
        requester: Cell<B256>,
        /// As in the ABI.
        weight: Cell<u32>,
        /// As in the ABI.
        reason: Cell<u8>,
        /// As in the ABI.
        evidence: Cell<B256>,
        /// As in the ABI.
        policy: Cell<B256>,
        /// As in the ABI.
        epoch: Cell<u64>,
        /// The committee that votes: its place in `tenures`.
        tenure: Cell<u64>,
        /// As in the ABI.
        voters: Cell<u64>,
        /// As in the ABI.
        voters_weight: Cell<u64>,
        /// As in the ABI.
        made_at: Cell<u64>,
        /// As in the ABI.
        deadline: Cell<u64>,
        /// As in the ABI.
        decided_at: Cell<u64>,
        /// As in the ABI.
        votes_weight: Cell<u64>,
        /// As in the ABI.
        approvals: Cell<u64>,
        /// As in the ABI.
        approvals_weight: Cell<u64>,
        /// In order of time.
        votes: List<VotePlace>,
        /// Members that have voted.
        voted: Map<B256, Cell<bool>>,
        /// Place in `open`, counted from 1.
        open_place: Cell<u64>,
    }
}

layout! {
    /// A vote.
    pub struct VotePlace {
        /// Node key.
        voter: Cell<B256>,
        /// At the request's height.
        weight: Cell<u32>,
        /// As in the ABI.
        ballot: Cell<u8>,
        /// The voter's own.
        reason_code: Cell<u8>,
        /// The voter's own.
        reason_hash: Cell<B256>,
        /// When.
        height: Cell<u64>,
    }
}

layout! {
    /// A committee, from an epoch on until the next one's.
    pub struct TenurePlace {
        /// The epoch.
        from_epoch: Cell<u64>,
        /// Weight of all seats.
        weight: Cell<u64>,
        /// In rising order of key.
        seats: List<SeatPlace>,
    }
}

layout! {
    /// A member of a committee.
    pub struct SeatPlace {
        /// Node key.
        key: Cell<B256>,
        /// Weight.
        weight: Cell<u32>,
    }
}

/// Where everything is.
pub fn storage() -> Storage {
    Storage::at(U256::ZERO)
}

/// The errors in words that can end the opening of the room, for those who wrote the genesis file.
pub fn error_in_words(data: &[u8]) -> Option<String> {
    use IAdmission::IAdmissionErrors as Error;
    Some(match Error::abi_decode(data).ok()? {
        Error::InvalidCertificate(IAdmission::InvalidCertificate { flaw }) => {
            format!("counterfoil.admission.members: a certificate is not taken: {flaw:?}")
        }
        Error::NodeKeyIsFixed(IAdmission::NodeKeyIsFixed { nodeKey }) => {
            format!("counterfoil.admission.members: the certificate of {nodeKey} names another node key")
        }
        Error::SubjectInUse(_) => "counterfoil.admission.members: two certificates have one subject".into(),
        Error::KeyInUse(_) => "counterfoil.admission.members: two certificates have one key".into(),
        Error::CertificateKnown(_) => "counterfoil.admission.members: a certificate is there twice".into(),
        _ => return None,
    })
}
