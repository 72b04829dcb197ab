//! What the room's numbers are called: for JSON, for pages and for the shell.

use contracts::admission::IAdmission::{Ballot, MemberState, RequestState, Status};

/// A member's state in a word.
pub const fn member_state(state: MemberState) -> &'static str {
    match state {
        MemberState::Requested => "requested",
        MemberState::Observer => "observer",
        MemberState::Ready => "ready",
        MemberState::Committee => "committee",
        MemberState::Revoked => "revoked",
        MemberState::Expired => "expired",
        _ => "none",
    }
}

/// A request's state in a word.
pub const fn request_state(state: RequestState) -> &'static str {
    match state {
        RequestState::Open => "open",
        RequestState::Approved => "approved",
        RequestState::Denied => "denied",
        RequestState::Lapsed => "lapsed",
        _ => "none",
    }
}

/// A certificate's status in a word.
pub const fn status(status: Status) -> &'static str {
    match status {
        Status::Pending => "pending",
        Status::Valid => "valid",
        Status::Expired => "expired",
        Status::Revoked => "revoked",
        Status::Superseded => "superseded",
        _ => "unknown",
    }
}

/// A vote in a word.
pub const fn ballot(ballot: Ballot) -> &'static str {
    match ballot {
        Ballot::Approve => "approve",
        Ballot::Deny => "deny",
        _ => "none",
    }
}

/// A CRLReason in words (RFC 5280, section 5.3.1).
pub const fn reason(code: u8) -> &'static str {
    match code {
        0 => "unspecified",
        1 => "key compromise",
        2 => "authority compromise",
        3 => "affiliation changed",
        4 => "superseded",
        5 => "cessation of operation",
        9 => "privilege withdrawn",
        10 => "attribute authority compromise",
        _ => "another reason",
    }
}
