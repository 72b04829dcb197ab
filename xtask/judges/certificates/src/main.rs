//! Judge `certificates`: commonware's own verifier and `proof` judge the same certificates, thousands of them, and must always agree.
//!
//! ```text
//! seed -> case.rs: a committee, a certificate by commonware or by hand, a change -> proof's verdict | commonware's verdict -> equal?
//! ```
//! Run by `cargo xtask test`. Prints one line of JSON a check. The seed is fixed: the same cases on every machine.

mod case;
mod commonware;

use std::collections::BTreeMap;

use case::{Case, Random};
use primitives::FinalityProof;

/// Certificates compared.
const CASES: usize = 12_000;
/// A comparison that hardly ever says yes, or no, compares nothing.
const LEAST_OF_EACH: usize = 2_000;

fn main() {
    let mut random = Random::new(0x00c0_f011);
    let mut tally = Tally::default();
    for number in 0..CASES {
        tally.add(number, &Case::make(&mut random));
    }
    tally.print();
}

#[derive(Default)]
struct Tally {
    accepted: usize,
    refused: usize,
    /// Cases of each kind, and how many of them were accepted.
    kinds: BTreeMap<&'static str, (usize, usize)>,
    disagreements: Vec<String>,
}

impl Tally {
    fn add(&mut self, number: usize, case: &Case) {
        let ours = ours(case);
        let theirs = commonware::verdict(case);
        if ours.is_ok() != theirs {
            let bytes: String = case.bytes.iter().map(|byte| format!("{byte:02x}")).collect();
            let text = format!("case {number} ({}): ours {ours:?}, commonware {theirs}, bytes {bytes}", case.kind);
            self.disagreements.push(text);
        }
        let (all, accepted) = self.kinds.entry(case.kind).or_default();
        *all += 1;
        *accepted += usize::from(theirs);
        self.accepted += usize::from(theirs);
        self.refused += usize::from(!theirs);
    }

    fn print(&self) {
        for (kind, (all, accepted)) in &self.kinds {
            println!("{kind}: {all} cases, {accepted} accepted");
        }
        let both = self.accepted >= LEAST_OF_EACH && self.refused >= LEAST_OF_EACH;
        let counts = format!("{} accepted, {} refused", self.accepted, self.refused);
        check("the cases reach both verdicts", both, &counts);
        check(
            &format!("{CASES} certificates have commonware's verdict"),
            self.disagreements.is_empty(),
            &self.disagreements.join("; "),
        );
    }
}

fn ours(case: &Case) -> Result<(), proof::certificate::CertificateError> {
    let certificate = FinalityProof { scheme: 1, epoch: case.epoch, bytes: case.bytes.clone().into() };
    proof::certificate::verify(&certificate, &case.committee(), case.genesis, case.block)
}

fn check(name: &str, ok: bool, reason: &str) {
    let reason = if ok { "" } else { reason };
    println!("{}", serde_json::json!({ "name": name, "ok": ok, "reason": reason }));
}
