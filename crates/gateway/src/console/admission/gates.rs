//! The two gates of a request, as people read them: what the policy asks, what has come, what is still needed.

use contracts::admission::IAdmission::Request;
use primitives::{
    Policy,
    policy::{Comparison, Measure, Tally, Threshold},
};

use super::words;

/// One gate.
pub(super) struct Gate {
    /// Such as `more than 1/2 of all voters`.
    pub(super) rule: String,
    /// Such as `2 of 4 voters`.
    pub(super) came: String,
    /// The least that is enough.
    pub(super) needed: String,
    /// Such as `1 more vote`; nothing if it is passed.
    pub(super) missing: Option<String>,
}

/// The first and the second gate.
pub(super) struct Gates {
    pub(super) votes: Gate,
    pub(super) approvals: Gate,
}

impl Gates {
    pub(super) fn of(request: &Request, policy: &Policy) -> Self {
        let all = Tally { members: request.voters, weight: request.votersWeight };
        let votes = Tally { members: request.votes, weight: request.votesWeight };
        let approvals = Tally { members: request.approvals, weight: request.approvalsWeight };
        Self {
            votes: gate(&policy.votes, votes, all, "vote"),
            approvals: gate(&policy.approvals, approvals, all, "approval"),
        }
    }
}

fn gate(threshold: &Threshold, came: Tally, all: Tally, what: &str) -> Gate {
    let is_weight = threshold.measure == Measure::Weight;
    let amount = |tally: Tally| if is_weight { tally.weight } else { tally.members };
    let needed = threshold.needed(all);
    let missing = needed.saturating_sub(amount(came));
    let counted = |count: u64, more: &str| match count {
        _ if is_weight => format!("weight {}{more}", words::number(count)),
        1 => format!("1{more} {what}"),
        count => format!("{}{more} {what}s", words::number(count)),
    };
    let whole = if is_weight { "weight of all voters" } else { "voters" };
    Gate {
        rule: rule(threshold),
        came: format!("{} of {} {whole}", words::number(amount(came)), words::number(amount(all))),
        needed: counted(needed, ""),
        missing: (missing > 0).then(|| counted(missing, " more")),
    }
}

fn rule(threshold: &Threshold) -> String {
    let comparison = match threshold.comparison {
        Comparison::Above => "more than",
        Comparison::AtLeast => "at least",
    };
    let share = format!("{}/{}", threshold.numerator, threshold.denominator);
    match threshold.measure {
        Measure::Count => format!("{comparison} {}", words::number(threshold.numerator)),
        Measure::Members => format!("{comparison} {share} of all voters"),
        Measure::Weight => format!("{comparison} {share} of the weight of all voters"),
    }
}
