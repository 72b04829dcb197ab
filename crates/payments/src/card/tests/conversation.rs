//! Commands in order, and what each is answered with. Status words are those of EMV Book 3 6.3.5 and ISO/IEC 7816-4.

use super::*;
use crate::card::CounterError;

/// A named command, or hex.
fn bytes(word: &str) -> Vec<u8> {
    match word {
        "select" => select(Aid::default().bytes()),
        "pse" => select(b"1PAY.SYS.DDF01"),
        "ppse" => select(b"2PAY.SYS.DDF01"),
        "options" => get_processing_options(&pdol_data()),
        "first AAC" => generate(0x00, &layout::cdol1().fill(terminal_value).bytes),
        "first TC" => generate(0x40, &layout::cdol1().fill(terminal_value).bytes),
        "first ARQC" => generate(0x80, &layout::cdol1().fill(terminal_value).bytes),
        "second AAC" => generate(0x00, &cdol2_data(&[])),
        "second TC" => generate(0x40, &cdol2_data(&[])),
        "second ARQC" => generate(0x80, &cdol2_data(&[])),
        "forged answer" => hex::decode("008200000812345678008000 00".replace(' ', "")).unwrap(),
        hex => hex::decode(hex.replace(' ', "")).unwrap(),
    }
}

/// Each command of a conversation with a new card is answered with what ends so.
#[track_caller]
fn check(conversation: &[(&str, &str)]) {
    let mut session = Session::new("combined", Protocol::T1);
    for (at, (word, expected)) in conversation.iter().enumerate() {
        let answer = hex::encode_upper(session.say(&bytes(word)));
        assert!(answer.ends_with(expected), "{at} {word}: {answer}, not {expected}; {:?}", session.card.refusal());
    }
}

#[test]
fn a_payment_goes_through_in_its_order() {
    check(&[
        ("pse", "9000"),
        ("00B2010C00", "9000"),
        ("00B2020C00", "6A83"),
        ("select", "9000"),
        ("80CA9F3600", "9F360200009000"),
        ("options", "770E82020C00940808010100100102009000"),
        ("00B2010C00", "9000"),
        ("00B2011400", "9000"),
        ("00B2021400", "9000"),
        ("80CA9F3600", "9F360200019000"),
        ("first ARQC", "9000"),
        ("second TC", "9000"),
        ("80CA9F1300", "9F130200009000"),
    ]);
}

#[test]
fn the_directories_name_the_application() {
    let entry = "611B4F09F0434F554E54455201500B434F554E544552464F494C870101";
    check(&[(
        "pse",
        "6F1E840E315041592E5359532E4444463031A50C880101 5F2D02656E 9F110101 9000".replace(' ', "").as_str(),
    )]);
    check(&[("pse", "9000"), ("00B2010C00", format!("701D{entry}9000").as_str())]);
    check(&[("ppse", format!("6F32840E325041592E5359532E4444463031A520BF0C1D{entry}9000").as_str())]);
    check(&[("ppse", "9000"), ("00B2010C00", "6A82")]);
}

#[test]
fn names_are_found_whole_or_by_their_beginning() {
    for (name, status) in [
        ("F0434F554E54455201", "9000"),
        ("F0434F554E", "9000"),
        ("F0434F55", "6700"),
        ("F0434F554E5445520101", "6A82"),
        ("A0000000031010", "6A82"),
        ("315041592E5359532E444446", "6A82"),
    ] {
        check(&[(&hex::encode(select(&hex::decode(name).unwrap())), status)]);
    }
}

#[test]
fn the_next_of_a_name_comes_after_the_last_one() {
    // The first next one is the first; there is no second.
    let next = "00A4040205F0434F554E00";
    check(&[(next, "9000"), (next, "6A82"), ("select", "9000"), (next, "6A82"), ("pse", "9000"), (next, "9000")]);
    // A selection that fails leaves what is selected.
    check(&[("select", "9000"), (next, "6A82"), ("options", "9000")]);
}

#[test]
fn commands_out_of_order_are_refused_and_named() {
    for early in ["00B2010C00", "80CA9F3600", "options", "first ARQC", "forged answer", "00C0000000"] {
        check(&[(early, "6985")]);
    }
    // No record before the token is made.
    check(&[("select", "9000"), ("00B2010C00", "6985"), ("00B2011400", "6985")]);
    check(&[("select", "9000"), ("first ARQC", "6985"), ("forged answer", "6985")]);
    check(&[("pse", "9000"), ("options", "6985"), ("80CA9F3600", "6985")]);
    check(&[("select", "9000"), ("options", "9000"), ("options", "6985"), ("first ARQC", "9000"), ("options", "6985")]);
    let begun = [("select", "9000"), ("options", "9000")];
    let ends: [&[(&str, &str)]; 5] = [
        &[("first AAC", "9000"), ("second TC", "6985")],
        &[("first AAC", "9000"), ("forged answer", "6985")],
        &[("first TC", "9000"), ("second AAC", "9000"), ("second TC", "6985")],
        &[("first ARQC", "9000"), ("second TC", "9000"), ("forged answer", "6985")],
        &[("first ARQC", "9000"), ("forged answer", "6300"), ("forged answer", "6985"), ("second TC", "9000")],
    ];
    for end in ends {
        check(&[&begun, end].concat());
    }
}

#[test]
fn a_new_selection_begins_anew() {
    check(&[("select", "9000"), ("options", "9000"), ("select", "9000"), ("00B2010C00", "6985"), ("options", "9000")]);
    check(&[("select", "9000"), ("options", "9000"), ("pse", "9000"), ("first ARQC", "6985")]);
}

#[test]
fn what_is_no_command_of_ours_is_told_so() {
    let selected = ("select", "9000");
    for (command, status) in [
        ("", "6700"),
        ("00A404", "6700"),
        ("00A4040009F0434F55", "6700"),
        ("00A40400000009F0434F554E54455201", "6700"),
        ("00A40000023F00", "6A81"),
        ("00A40401 05 F0434F554E", "6A86"),
        ("00200080", "6D00"),
        ("0084000000", "6D00"),
        ("0088000000", "6D00"),
        ("801E0000", "6D00"),
        ("80A4040005F0434F554E", "6E00"),
        ("84A80000028300", "6E00"),
        ("00A80000028300", "6E00"),
        ("00AE800000", "6E00"),
        ("80B2010C00", "6E00"),
        ("80C0000000", "6E00"),
        ("FF00000000", "6E00"),
        ("A0A40000023F00", "6E00"),
        ("80CA9F1700", "6A88"),
        ("80CA9F4F00", "6A88"),
        ("80CA005A00", "6A88"),
        ("80CA000000", "6A88"),
        ("80CA9F3601FF", "6700"),
        ("00C0000000", "6985"),
        ("00C0010000", "6A86"),
        ("80A80100028300", "6A86"),
    ] {
        check(&[selected, (command, status), ("options", "9000")]);
    }
    for (command, status) in [
        ("00B2010800", "6A86"),
        ("00B2000C00", "6A83"),
        ("00B2020C00", "6A83"),
        ("00B2031400", "6A83"),
        ("00B2010400", "6A82"),
        ("00B2011C00", "6A82"),
        ("00B201FC00", "6A82"),
        ("00B2010C01FF", "6700"),
        ("80AE800000", "6700"),
        ("80AE80000100", "6700"),
        ("80AEC00000", "6A86"),
        ("80AE900000", "6A86"),
        ("80AE880000", "6A86"),
        ("80AE800100", "6A86"),
    ] {
        check(&[selected, ("options", "9000"), (command, status), ("first ARQC", "9000")]);
    }
    let online = [selected, ("options", "9000"), ("first ARQC", "9000")];
    for (command, status) in [
        ("00820000071234567800800000", "6700"),
        ("008200000712345678008000", "6700"),
        ("0082000011 0000000000000000000000000000000000", "6700"),
        ("008201000812345678008000 00", "6A86"),
        ("first ARQC", "6700"),
    ] {
        check(&[&online[..], &[(command, status), ("second TC", "9000")]].concat());
    }
}

#[test]
fn inputs_come_in_their_template_and_fill_the_list() {
    let whole = pdol_data();
    let longer = [whole.as_slice(), &[0]].concat();
    let shorter = &whole[..whole.len() - 1];
    let templated = |template: &[u8]| command([0x80, 0xa8, 0x00, 0x00], template);
    for (command, status) in [
        (get_processing_options(&longer), "6700"),
        (get_processing_options(shorter), "6700"),
        (get_processing_options(&[]), "6700"),
        (get_processing_options(&[0x31; 200]), "6700"),
        (templated(&whole), "6A80"),
        (templated(&[&[0x77, 90], whole.as_slice()].concat()), "6A80"),
        (templated(&[&[0x83, 91], whole.as_slice()].concat()), "6A80"),
        (templated(&[&[0x83, 90], whole.as_slice(), &[0x83, 0]].concat()), "6A80"),
        (hex::decode("80A8000000").unwrap(), "6A80"),
    ] {
        check(&[("select", "9000"), (&hex::encode(command), status), ("options", "9000")]);
    }
}

/// T-28, through the whole card: what is refused costs no transaction and says which input it was.
#[test]
fn no_token_is_made_over_zeros() {
    let cases: [(Tag, &[u8], &str); 12] = [
        (tag::AMOUNT, &[0; 6], "amount is blank"),
        (tag::AMOUNT, &[0, 0, 0, 0, 0x12, 0x5a], "amount is not decimal"),
        (tag::DATE, &[0, 0, 0], "date is no date of the calendar"),
        (tag::DATE, &[0x26, 0x02, 0x29], "date is no date of the calendar"),
        (tag::DATE, &[0x26, 0x13, 0x01], "date is no date of the calendar"),
        (tag::DATE, &[0x26, 0x1a, 0x01], "date is not decimal"),
        (tag::TIME, &[0x24, 0x00, 0x00], "time is no time of a day"),
        (tag::TIME, &[0x12, 0x60, 0x00], "time is no time of a day"),
        (tag::MERCHANT_ID, &[0; 15], "merchant-id is blank"),
        (tag::MERCHANT_ID, b"               ", "merchant-id is blank"),
        (tag::MERCHANT_ID, b"MERCHANT\x07000001", "merchant-id has bytes that cannot be printed"),
        (tag::MERCHANT_CATEGORY, &[0, 0], "merchant-category is blank"),
    ];
    for (tag, value, why) in cases {
        let mut session = Session::new("combined", Protocol::T1);
        session.get(&select(Aid::default().bytes()));
        assert_eq!(session.say(&get_processing_options(&pdol_data_with(tag, value))), [0x69, 0x85], "{why}");
        assert_eq!(session.card.refusal().unwrap().to_string(), format!("no token is made of this: {why}"));
        assert_eq!(session.counters.atc, 0, "{why}");
        assert_eq!(session.say(&[0x00, 0xb2, 0x01, 0x0c, 0x00]), [0x69, 0x85], "{why}");
        // The terminal may do better.
        session.get(&get_processing_options(&pdol_data()));
    }
    // The whole list in zeros.
    let mut session = Session::new("combined", Protocol::T1);
    session.get(&select(Aid::default().bytes()));
    assert_eq!(session.say(&get_processing_options(&[0; 90])), [0x69, 0x85]);
}

/// Abuse case 3: values in another order than the card's list. The card takes each for what stands in its place, so most are no values; where they are,
/// what it says is of the bytes as they came, and the issuer tells them from those in order (`issuer/tests/abuse.rs`).
#[test]
fn values_in_another_order_are_refused_or_told_by_their_digest() {
    for (first, why) in [
        (tag::AMOUNT, "amount is blank"),
        (tag::CURRENCY, "date is no date of the calendar"),
        (tag::DATE, "date is no date of the calendar"),
        (tag::UNPREDICTABLE_NUMBER, "merchant-id has bytes that cannot be printed"),
    ] {
        let mut session = Session::new("combined", Protocol::T1);
        session.get(&select(Aid::default().bytes()));
        assert_eq!(session.say(&get_processing_options(&exchanged(first))), [0x69, 0x85], "{first}");
        assert_eq!(session.card.refusal().unwrap().to_string(), format!("no token is made of this: {why}"));
        assert_eq!(session.counters.atc, 0, "{first}");
    }
    let taken = exchanged(tag::MERCHANT_ID);
    let mut session = Session::new("combined", Protocol::T1);
    session.tap(&taken);
    let response = session.get(&bytes("first ARQC"));
    let digest = layout::Iad::parse(&signed(&response, tag::IAD)).unwrap().pdol_digest;
    assert_eq!(digest, layout::pdol_digest(&taken));
    assert_ne!(digest, layout::pdol_digest(&pdol_data()));
}

/// The PDOL data with a value and the one behind it in each other's place.
fn exchanged(first: Tag) -> Vec<u8> {
    let mut entries = layout::pdol().entries().to_vec();
    let at = entries.iter().position(|(tag, _)| *tag == first).unwrap();
    entries.swap(at, at + 1);
    crate::dol::Dol::of(&entries).fill(terminal_value).bytes
}

#[test]
fn zeros_that_mean_something_and_leap_days_are_taken() {
    let cases: [(Tag, &[u8]); 5] = [
        (tag::TIME, &[0, 0, 0]),
        (tag::TIME, &[0x23, 0x59, 0x59]),
        (tag::OTHER_AMOUNT, &[0; 6]),
        (tag::DATE, &[0x28, 0x02, 0x29]),
        // Not an input of this profile.
        (tag::LOCATION, &[0; 40]),
    ];
    for (tag, value) in cases {
        Session::new("combined", Protocol::T1).tap(&pdol_data_with(tag, value));
    }
}

#[test]
fn a_card_pulled_out_in_the_middle_has_spent_its_number() {
    let mut session = Session::new("combined", Protocol::T1);
    let first = session.tap(&pdol_data()).value(tag::PAN).to_vec();
    let answer_to_reset = session.card.reset();
    assert_eq!(answer_to_reset, Protocol::T1.answer_to_reset());
    // Nothing is left of it but the number.
    assert_eq!(session.say(&bytes("first ARQC")), [0x69, 0x85]);
    assert_eq!(session.say(&bytes("00B2010C00")), [0x69, 0x85]);
    assert_eq!(session.counters.atc, 1);
    // The same inputs once more give another token (T-11).
    assert_ne!(session.tap(&pdol_data()).value(tag::PAN), first);
    assert_eq!(session.counters.atc, 2);
}

#[test]
fn after_its_last_transaction_a_card_refuses_for_ever() {
    let mut session = Session::new("combined", Protocol::T1);
    session.counters.atc = u16::MAX - 1;
    session.tap(&pdol_data());
    for _ in 0..2 {
        session.card.reset();
        let selected = session.say(&bytes("select"));
        assert!(selected.starts_with(&[0x6f]) && selected.ends_with(&[0x62, 0x83]), "{selected:02x?}");
        assert_eq!(session.card.refusal(), Some(&CounterError::Exhausted.into()));
        assert_eq!(session.say(&bytes("options")), [0x69, 0x85]);
        assert_eq!(session.card.refusal(), Some(&CounterError::Exhausted.into()));
        assert_eq!(session.counters.atc, u16::MAX);
    }
}

/// A disk that does not keep: no response that depends on the number, whatever became of it.
#[test]
fn without_a_kept_number_there_is_no_token() {
    struct Full;
    impl crate::card::Counter for Full {
        fn counters(&self) -> Counters {
            Counters::default()
        }
        fn advance(&mut self) -> Result<u16, CounterError> {
            Err(CounterError::NotKept("the disk is full".into()))
        }
        fn record_online(&mut self, _: u16) {}
    }
    let mut card = Card::new(personalization("combined"), Protocol::T1);
    card.exchange(&bytes("select"), &mut Full);
    assert_eq!(card.exchange(&bytes("options"), &mut Full), [0x65, 0x81]);
    assert_eq!(card.refusal().unwrap().to_string(), "the card's counter could not be kept: the disk is full");
    assert_eq!(card.exchange(&bytes("00B2010C00"), &mut Full), [0x69, 0x85]);
}
