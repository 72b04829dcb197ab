//! Eight planted bugs. Each is caught by one of the first seeds, all of which pass without it, and is called by its name.

use sim::{Bug, Options, Violation, simulate};

/// Seeds within which a bug must be caught; they are among the fixed ones.
const MOST_SEEDS: u64 = 10;

/// The first thing that the suite says about a network with this bug.
fn caught(bug: Bug) -> Violation {
    for seed in 1..=MOST_SEEDS {
        let report = simulate(seed, Options { bug: Some(bug), ..Options::default() });
        if let Some(violation) = report.violation {
            println!("{bug:?}, seed {seed}: {violation}");
            return violation;
        }
    }
    panic!("{MOST_SEEDS} seeds do not see {bug:?}");
}

#[test]
fn a_block_acknowledged_before_it_is_durable_is_caught() {
    let caught = caught(Bug::AcknowledgesBeforeDurable);
    assert!(matches!(caught, Violation::HeightFell { .. } | Violation::DoesNotStart { .. }), "{caught}");
}

#[test]
fn a_state_root_that_is_not_compared_is_caught() {
    let caught = caught(Bug::SkipsRootCheck);
    assert!(matches!(&caught, Violation::BreaksARule { reason, .. } if reason.contains("stateRoot")), "{caught}");
}

#[test]
fn both_engines_in_one_epoch_are_caught() {
    let caught = caught(Bug::BothEngines);
    assert!(matches!(caught, Violation::CertificateRefused { .. } | Violation::TwoFinalBlocks { .. }), "{caught}");
}

#[test]
fn a_revoked_members_vote_that_counts_is_caught() {
    let caught = caught(Bug::AcceptsRevokedVote);
    assert!(matches!(caught, Violation::CertificateRefused { .. } | Violation::RevokedDecides { .. }), "{caught}");
}

#[test]
fn a_revoked_member_that_is_still_a_peer_is_caught() {
    let caught = caught(Bug::KeepsRevokedPeer);
    assert!(matches!(caught, Violation::RevokedPeer { .. }), "{caught}");
}

#[test]
fn a_receipt_served_before_its_block_is_final_is_caught() {
    let caught = caught(Bug::ServesEarly);
    assert!(matches!(caught, Violation::ReceiptBeforeFinal { .. }), "{caught}");
}

/// Who forgets may also be cut off by the others for voting twice, and then nothing is decided any more; the worst of it, a fork, must be
/// among what is seen.
#[test]
fn votes_forgotten_in_a_power_cut_are_caught() {
    let options = Options { bug: Some(Bug::ForgetsVotes), ..Options::default() };
    let forks = |seed| matches!(simulate(seed, options).violation, Some(Violation::TwoFinalBlocks { .. }));
    assert!((1..=MOST_SEEDS).any(forks), "{MOST_SEEDS} seeds do not fork");
}

#[test]
fn a_transaction_proposed_twice_is_caught() {
    let caught = caught(Bug::IncludesTwice);
    assert!(matches!(caught, Violation::NoProgress { .. } | Violation::Unsettled { .. }), "{caught}");
}
