//! Whatever a card or an issuer answers: the terminal ends, and what it owes is known.

use proptest::prelude::*;

use super::{
    super::{Verdict, slip},
    scripted::Script,
    *,
};

/// Bytes as a card may send them: nonsense, or nonsense that claims to be a success.
fn answers() -> impl Strategy<Value = Vec<Vec<u8>>> {
    let status = prop_oneof![4 => Just(vec![0x90, 0x00]), 1 => proptest::collection::vec(any::<u8>(), 0..4)];
    let body = proptest::collection::vec(any::<u8>(), 0..300);
    let object = (any::<u8>(), body.clone()).prop_map(|(tag, body)| {
        let length = u8::try_from(body.len()).unwrap_or(0x81);
        [vec![tag, length], body].concat()
    });
    let answer = (prop_oneof![body, object], status).prop_map(|(body, status)| [body, status].concat());
    proptest::collection::vec(answer, 1..40)
}

/// Money that may be held is approved, refused by the issuer, or owed back.
fn check(run: &Run, host_approves: bool) {
    let asked = !run.requests.is_empty();
    let approved = run.outcome.verdict.is_approved();
    assert_eq!(run.outcome.reversal.is_some(), asked && host_approves && !approved);
    assert!(!approved || (asked && host_approves && run.outcome.record.token.is_some()));
    assert!(slip(&run.outcome.record).len() > 6);
}

proptest! {
    #[test]
    fn a_card_that_talks_nonsense(answers in answers(), minor in 0_u64..=999_999_999_999) {
        let mut at = 0;
        let mut card = |_: &[u8]| {
            at += 1;
            Some(answers[(at - 1) % answers.len()].clone())
        };
        check(&run(&euro(minor), &mut card, &mut approve), true);
    }

    #[test]
    fn a_sound_card_with_bytes_changed(changes in proptest::collection::vec((any::<usize>(), 1_u8..), 1..6), approves: bool) {
        let (mut script, mut sent) = (Script::default(), 0);
        let mut card = |bytes: &[u8]| {
            let mut answer = script.answer(bytes);
            for (place, change) in &changes {
                // Anywhere in the first 600 bytes that the card says.
                let place = (place % 600).wrapping_sub(sent);
                if let Some(byte) = answer.get_mut(place) {
                    *byte ^= change;
                }
            }
            sent += answer.len();
            Some(answer)
        };
        let mut host = |request: &Request| if approves { approve(request) } else { decline(request) };
        check(&run(&euro(12_50), &mut card, &mut host), approves);
    }

    #[test]
    fn an_issuer_that_answers_anything(code in "[0-9A-Z]{2}", minor: Option<u64>, proof in proptest::collection::vec(any::<u8>(), 0..20)) {
        let mut script = Script::with(|script| script.profile = [0x0C, 0x00]);
        let code = format!("{{\"messageType\":\"0110\",\"stan\":\"000007\",\"responseCode\":\"{code}\"}}");
        let code = Response::from_json(code.as_bytes()).unwrap().response_code;
        let mut host = |request: &Request| answer(request, code, |response| {
            response.amount_minor = minor;
            let mut objects = Objects::new();
            objects.insert(tag::ISSUER_AUTHENTICATION, proof.clone()).unwrap();
            response.icc_data = Some(IccData::of(objects));
        });
        let run = run(&euro(12_50), &mut |bytes| Some(script.answer(bytes)), &mut host);
        let owed = run.outcome.reversal.is_some();
        prop_assert_eq!(owed, run.outcome.verdict == Verdict::NoHost);
        prop_assert!(!run.outcome.verdict.is_approved() || code.approves());
    }
}
