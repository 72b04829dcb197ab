//! What was said is taken apart, and whatever bytes come, something is shown.

use alloy_primitives::hex;

use super::*;

/// A card that asks for amount and currency, and one message with chip data.
fn told() -> Vec<Heard> {
    let bytes = |text: &str| hex::decode(text.replace(' ', "")).expect("hex");
    vec![
        Heard::Command(bytes("00 A4 04 00 09 F0 434F554E544552 01 00")),
        Heard::Answer(bytes("6F 16 84 09 F0434F554E54455201 A5 09 9F38 06 9F02 06 5F2A 02 9000")),
        Heard::Command(bytes("80 A8 00 00 0A 83 08 000000001250 0978 00")),
        Heard::Answer(bytes("6985")),
        Heard::Request(bytes("30313030 0020000000000200 313233343536 303035 9F3602 0007")),
        Heard::Response(bytes("30313130 0020000002000000 303030303031 3035")),
    ]
}

#[test]
fn questions_have_names_and_their_answers() {
    let steps = steps(&told());
    let brief = |step: &Step| (step.number, step.title.clone(), step.result.clone().unwrap_or_default(), step.class);
    let briefs: Vec<_> = steps.iter().map(brief).collect();
    assert_eq!(
        briefs,
        [
            (1, "SELECT F0434F554E54455201".to_owned(), "9000 success".to_owned(), "done"),
            (2, "GET PROCESSING OPTIONS".to_owned(), "6985 conditions of use not satisfied".to_owned(), "failed"),
            (3, "0100 authorization request".to_owned(), "05 do not honour".to_owned(), "failed"),
        ]
    );
}

#[test]
fn what_fills_a_list_is_shown_value_by_value() {
    let steps = steps(&told());
    let row = |row: &Row| (row.tag.clone(), row.value.clone(), row.text.clone());
    let rows: Vec<_> = steps[1].halves[0].rows.iter().map(row).collect();
    let euro = Some("EUR".to_owned());
    assert_eq!(rows, [("9F02".to_owned(), "000000001250".to_owned(), None), ("5F2A".into(), "0978".into(), euro)]);
    let list = steps[0].halves[1].rows.iter().find(|row| row.tag == "9F38").expect("the list");
    assert_eq!((list.depth, list.text.as_deref()), (2, Some("9F02 6, 5F2A 2")));
}

#[test]
fn chip_data_is_shown_within_its_element() {
    let steps = steps(&told());
    let rows = &steps[2].halves[0].rows;
    let counter = rows.iter().find(|row| row.tag == "9F36").expect("the counter");
    assert_eq!((counter.depth, counter.text.as_deref()), (1, Some("7")));
    assert!(rows.iter().any(|row| row.tag == "DE 55" && row.value.is_empty()));
}

#[test]
fn whatever_comes_something_is_shown() {
    let wrong = [vec![], vec![0x80], vec![0xff; 300], vec![0x30; 40], vec![0x6f, 0x82, 0xff, 0xff, 0x90, 0x00]];
    for bytes in wrong {
        let heard = [
            Heard::Answer(bytes.clone()),
            Heard::Response(bytes.clone()),
            Heard::Command(bytes.clone()),
            Heard::Answer(bytes.clone()),
            Heard::Request(bytes.clone()),
            Heard::Response(bytes.clone()),
        ];
        let steps = steps(&heard);
        assert_eq!(steps.len(), 2, "{bytes:?}");
        assert!(steps.iter().all(|step| step.result.is_some() && step.halves.len() == 2), "{bytes:?}");
    }
}
