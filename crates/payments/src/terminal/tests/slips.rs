//! The slip: what it names, what it hides, and that nothing on it comes from a stranger unseen.

use super::{
    super::{WIDTH, slip},
    scripted::{Script, TOKEN},
    *,
};

fn lines(purchase: &Purchase, host: &mut dyn FnMut(&Request) -> HostAnswer) -> Vec<String> {
    let mut script = Script::default();
    slip(&run(purchase, &mut |bytes| Some(script.answer(bytes)), host).outcome.record)
}

#[test]
fn the_slip_of_an_approved_payment() {
    let expected = "\
Corner Shop, Riverside
Merchant                 MERCHANT0000001
Terminal                        TERM0001
Time                 2028-02-29 00:09:05
Trace                             000007
Reference                   000000000007
SCRIPTED
Application           F0434F554E54455201
Card                    999999******6788
Counter                                7
Purchase                       12.50 EUR
Response                              00
Authorization                     A1B2C3
APPROVED";
    assert_eq!(lines(&euro(12_50), &mut approve).join("\n"), expected);
}

#[test]
fn the_slip_never_shows_a_whole_number() {
    for host in [approve as fn(&Request) -> HostAnswer, decline, silent] {
        let text = lines(&euro(12_50), &mut { host }).join("");
        assert!(!text.contains(TOKEN) && text.contains("999999******6788"));
    }
}

#[test]
fn the_slip_says_what_was_approved() {
    let mut part = |request: &Request| {
        answer(request, ResponseCode::PartiallyApproved, |response| response.amount_minor = Some(10_00))
    };
    let text = lines(&euro(12_50), &mut part).join("\n");
    assert!(text.contains("Approved                       10.00 EUR"), "{text}");
    assert!(text.ends_with("PARTIALLY APPROVED"));
    assert!(lines(&euro(1), &mut decline).join("\n").ends_with("DECLINED"));
}

#[test]
fn what_a_card_calls_itself_does_not_steer_the_printer() {
    let mut script = Script::default();
    let mut record = run(&euro(1), &mut |bytes| Some(script.answer(bytes)), &mut approve).outcome.record;
    record.label = Some(format!("\u{1b}[2J{}", "x".repeat(100)));
    record.merchant.name_and_location = "\u{7}bell\nsecond".into();
    let lines = slip(&record);
    assert!(lines.iter().all(|line| line.len() <= WIDTH && line.bytes().all(|byte| (b' '..=b'~').contains(&byte))));
}

#[test]
fn a_transaction_that_never_came_to_a_card_has_a_slip_too() {
    let record = run(&euro(1), &mut |_| None, &mut approve).outcome.record;
    assert!(slip(&record).join("\n").ends_with("NOT COMPLETED: CARD ERROR"));
}
