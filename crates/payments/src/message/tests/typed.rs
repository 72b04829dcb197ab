//! Requests and answers: what each must have, which code a refusal gets, what an answer repeats.

use proptest::prelude::*;
use proptest::sample::select;

use super::super::amount::*;
use super::*;
use crate::number::luhn_digit;

#[test]
fn a_purchase_says_all_that_its_elements_say() {
    let purchase = payment(&vector("purchase that takes a part").bytes());
    assert_eq!((purchase.operation, purchase.repeat), (Operation::Authorization, false));
    assert_eq!(purchase.processing, Processing::of(Transaction::Purchase));
    assert_eq!((purchase.token.digits(), purchase.amount_minor), ("9999991234567893", 12_50));
    assert_eq!((purchase.sent.as_str(), purchase.local_date.as_str()), ("1127133000", "1127"));
    assert_eq!((purchase.stan.number(), purchase.local_time.as_str()), (123, "143000"));
    assert_eq!(purchase.expiry.unwrap().to_string(), "2812");
    assert!(purchase.entry_mode.unwrap().is_chip());
    assert_eq!((purchase.acquirer.as_str(), purchase.acquirer.padded().as_str()), ("12345", "00000012345"));
    assert_eq!(purchase.track2.unwrap().number(), "9999991234567893");
    assert_eq!((purchase.terminal.as_str(), purchase.merchant.as_str()), ("TERM0001", "SHOP-0001"));
    assert_eq!(purchase.merchant_place.unwrap().as_str(), "Corner shop              Berlin       DE");
    assert_eq!((purchase.currency.number(), purchase.currency.listed().unwrap().code), (978, *b"EUR"));
    assert_eq!(purchase.icc_data.unwrap().objects().len(), 18);
    assert!(purchase.takes_partial && purchase.others.is_empty());
}

#[test]
fn a_repeat_is_the_same_but_for_its_type() {
    let first = payment(&vector("purchase").bytes());
    let again = payment(&vector("purchase again").bytes());
    assert!(again.repeat && !first.repeat);
    assert_eq!(Payment { repeat: false, ..again }, first);
}

#[test]
fn a_follow_up_names_its_original() {
    let original = payment(&vector("reversal advice in part again").bytes()).original.unwrap();
    assert_eq!(payment(&vector("purchase").bytes()).as_original(), original);
    assert_eq!(payment(&vector("purchase again").bytes()).as_original(), original);
    let unknown = payment(&vector("reversal of what was sent nobody knows when").bytes()).original.unwrap();
    assert_eq!(unknown.sent, None);
}

#[test]
fn a_reversal_in_part_says_what_stays() {
    let replacement = payment(&vector("reversal advice in part again").bytes()).replacement.unwrap();
    let expected = Replacement { settlement_fee_minor: Signed::Debit(12), ..Replacement::of(10_00) };
    assert_eq!(replacement, expected);
}

#[test]
fn what_has_no_meaning_here_is_kept() {
    let kept = payment(&vector("what has no meaning here").bytes()).others;
    assert_eq!(kept.0.keys().copied().collect::<Vec<_>>(), [48, 64]);
    assert_eq!(format!("{kept:?}"), "{48: 12, 64: 8}");
    // Another mark than ours is no mark of ours.
    let marked = payment(&purchase(&[(63, Some("PA2"))]));
    assert_eq!((marked.takes_partial, marked.others.0.get(&63).unwrap().as_slice()), (false, b"PA2".as_slice()));
}

/// What a request is refused for, and the code of the answer.
fn refused(bytes: &[u8]) -> (MessageError, Option<ResponseCode>) {
    let rejected = Request::parse(bytes).unwrap_err();
    (rejected.error, rejected.answer.map(|answer| answer.response_code))
}

#[test]
fn a_request_without_what_it_must_have_is_answered_with_a_format_error() {
    let needed = [2, 3, 4, 7, 12, 13, 14, 18, 22, 25, 32, 37, 41, 42, 49, 55];
    for field in needed {
        let expected = (MessageError::Missing { field }, Some(ResponseCode::FormatError));
        assert_eq!(refused(&purchase(&[(field, None)])), expected);
    }
    // DE 55 is for chips; a 0100 goes without by naming another, a 0200 does not.
    assert!(Request::parse(&purchase(&[(22, Some("812")), (55, None)])).is_ok());
    let original = vector("reversal").fields.remove(&90).unwrap();
    let of_another = |digits, code| {
        let changes = [(3, Some(code)), (14, None), (22, None), (55, None), (90, Some(&*original))];
        changed(&vector("purchase"), digits, &changes)
    };
    assert_eq!(refused(&of_another("0200", "000000")).0, MessageError::Missing { field: 14 });
    assert!(payment(&of_another("0100", "000000")).is_increase());
    assert!(Request::parse(&of_another("0100", "310000")).is_ok());
    let advice = changed(&vector("advice"), "0120", &[(39, None)]);
    assert_eq!(refused(&advice).0, MessageError::Missing { field: 39 });
    let reversal = changed(&vector("reversal"), "0400", &[(90, None)]);
    assert_eq!(refused(&reversal), (MessageError::Missing { field: 90 }, Some(ResponseCode::FormatError)));
}

#[test]
fn without_a_trace_number_there_is_nobody_to_answer() {
    assert_eq!(refused(&purchase(&[(11, None)])), (MessageError::Missing { field: 11 }, None));
    assert_eq!(refused(&vector("approved").bytes()), (MessageError::Type(mti("0110")), None));
    assert_eq!(refused(b"0100"), (MessageError::Codec(CodecError::NoBitmap { offset: 4 }), None));
}

#[test]
fn a_value_that_means_nothing_is_refused_by_name() {
    let check = |field: u8, text: &str, code: ResponseCode| {
        let (error, answered) = refused(&purchase(&[(field, Some(text))]));
        assert!(matches!(error, MessageError::Value { field: named, .. } if named == field), "{field}: {error}");
        assert_eq!(answered, Some(code), "{field}: {error}");
    };
    check(2, "9999991234567890", ResponseCode::InvalidCardNumber);
    check(2, "123", ResponseCode::InvalidCardNumber);
    check(3, "990000", ResponseCode::InvalidTransaction);
    check(3, "090000", ResponseCode::InvalidTransaction);
    check(7, "0000000000", ResponseCode::FormatError);
    check(7, "0230120000", ResponseCode::FormatError);
    check(7, "0229240000", ResponseCode::FormatError);
    check(12, "126000", ResponseCode::FormatError);
    check(12, "120060", ResponseCode::FormatError);
    check(13, "1301", ResponseCode::FormatError);
    check(13, "0431", ResponseCode::FormatError);
    check(13, "0100", ResponseCode::FormatError);
    check(14, "2813", ResponseCode::FormatError);
    check(14, "2800", ResponseCode::FormatError);
    check(32, "", ResponseCode::FormatError);
    check(35, "9999991234567893", ResponseCode::FormatError);
    check(49, "EUR", ResponseCode::FormatError);
    check(55, "\u{5a}\u{7f}", ResponseCode::FormatError);
    check(90, "910000012311271330000000001234500000000000", ResponseCode::FormatError);
    check(95, "000000001000000000000000X00000000D00000012", ResponseCode::FormatError);
    // A leap day exists, in some year.
    assert!(Request::parse(&purchase(&[(7, Some("0229235959")), (13, Some("0229"))])).is_ok());
}

#[test]
fn chip_data_with_a_tag_twice_is_refused() {
    let (error, code) = refused(&purchase(&[(55, Some("\u{5f}\u{2a}\u{1}x\u{5f}\u{2a}\u{1}x"))]));
    assert!(matches!(error, MessageError::Value { field: 55, .. }), "{error}");
    assert_eq!(code, Some(ResponseCode::FormatError));
}

#[test]
fn track_2_must_be_that_of_the_token() {
    let other = purchase(&[(35, Some("9999991234567810D28122010000"))]);
    let expected = MessageError::Disagreement { field: 35, other: 2 };
    assert_eq!(refused(&other), (expected, Some(ResponseCode::FormatError)));
    assert!(Request::parse(&purchase(&[(35, Some("9999991234567893=2812201"))])).is_ok());
}

#[test]
fn each_type_does_its_own_transactions() {
    let check = |digits: &str, code: &str, expected: bool| {
        let original = vector("reversal").fields.remove(&90).unwrap();
        let bytes = changed(&vector("purchase"), digits, &[(3, Some(code)), (39, Some("00")), (90, Some(&original))]);
        match Request::parse(&bytes) {
            Ok(_) => assert!(expected, "{digits} {code}"),
            Err(rejected) => {
                assert!(!expected, "{digits} {code}: {}", rejected.error);
                assert_eq!(rejected.answer.unwrap().response_code, ResponseCode::InvalidTransaction);
            }
        }
    };
    let done = [
        ("0100", [true, false, true]),
        ("0120", [true, false, false]),
        ("0200", [true, true, false]),
        ("0220", [true, false, false]),
        ("0400", [true, true, true]),
        ("0421", [true, true, true]),
        ("0300", [false, false, false]),
        ("0102", [false, false, false]),
        ("0820", [false, false, false]),
    ];
    for (digits, does) in done {
        ["000000", "200030", "310000"].into_iter().zip(does).for_each(|(code, does)| check(digits, code, does));
    }
}

#[test]
fn a_type_that_is_not_done_here_is_answered_as_what_it_is() {
    let bytes = changed(&vector("purchase"), "0300", &[]);
    let answer = Request::parse(&bytes).unwrap_err().answer.unwrap();
    assert_eq!((answer.message_type, answer.response_code), (mti("0310"), ResponseCode::InvalidTransaction));
    assert!(Response::parse(&answer.encode().unwrap()).is_ok());
}

/// What an answer repeats.
const ECHOED: [u8; 15] = [2, 3, 4, 7, 11, 12, 13, 32, 33, 37, 41, 42, 49, 70, 90];

#[test]
fn an_answer_repeats_what_the_table_says() {
    for vector in vectors() {
        let bytes = vector.bytes();
        let Ok(request) = Request::parse(&bytes) else { continue };
        let answer = request.respond(ResponseCode::DoNotHonour);
        let encoded = answer.encode().unwrap();
        let message = Message::decode(&encoded).unwrap();
        let mut expected = vector.elements();
        expected.retain(|number, _| ECHOED.contains(number));
        expected.insert(39, b"05".to_vec());
        let answered: BTreeMap<_, _> = message.elements().map(|(number, value)| (number, value.to_vec())).collect();
        assert_eq!((answered, message.mti()), (expected, request.mti().answer().unwrap()), "{}", vector.name);
        // A refusal of the same message repeats the same.
        let refusal = Response::refusal(&Message::decode(&bytes).unwrap(), ResponseCode::DoNotHonour);
        assert_eq!(refusal, Some(answer), "{}", vector.name);
    }
}

#[test]
fn an_answer_belongs_to_its_request_and_to_no_other() {
    let request = Request::parse(&vector("purchase").bytes()).unwrap();
    let again = Request::parse(&vector("purchase again").bytes()).unwrap();
    let part = Response::parse(&vector("approved in part").bytes()).unwrap();
    assert!(part.answers(&request) && part.answers(&again));
    let check = |name: &str, change: &dyn Fn(&mut Response)| {
        let mut other = part.clone();
        change(&mut other);
        assert!(!other.answers(&request), "{name}");
    };
    check("type", &|other| other.message_type = mti("0210"));
    check("trace number", &|other| other.stan = Digits::of(124).unwrap());
    check("time", &|other| other.sent = TransmissionTime::parse("1127133001"));
    check("acquirer", &|other| other.acquirer = Institution::parse("012345"));
    check("terminal", &|other| other.terminal = Text::new("TERM0002"));
    check("no amount", &|other| other.amount_minor = None);
    check("all of the amount", &|other| other.amount_minor = Some(12_50));
    check("another amount", &|other| other.response_code = ResponseCode::Approved);
    check("reference", &|other| other.retrieval_reference = Text::new("633114000124"));
}

#[test]
fn an_approval_of_a_part_says_what_was_asked_for() {
    let part = Response::parse(&vector("approved in part").bytes()).unwrap();
    assert_eq!((part.response_code, part.amount_minor), (ResponseCode::PartiallyApproved, Some(10_00)));
    let euro = CurrencyNumber::new(978).unwrap();
    let amount =
        |kind, amount_minor| AdditionalAmount { account: Digits::default(), kind, currency: euro, amount_minor };
    let asked = amount(AmountKind::OriginalAmount, Signed::Debit(12_50));
    let left = amount(AmountKind::AvailableBalance, Signed::Credit(0));
    assert_eq!(part.amounts, [asked, left]);
}

#[test]
fn an_amount_that_no_message_has_room_for_is_not_written() {
    let mut answer = Response::parse(&vector("approved in part").bytes()).unwrap();
    answer.amounts[0].amount_minor = Signed::Debit(MAX_AMOUNT_MINOR);
    assert!(answer.encode().is_ok());
    answer.amounts[0].amount_minor = Signed::Debit(MAX_AMOUNT_MINOR + 1);
    assert_eq!(answer.encode(), Err(MessageError::Amount { field: 54 }));
    let mut asked = payment(&vector("purchase").bytes());
    asked.amount_minor = MAX_AMOUNT_MINOR + 1;
    assert!(matches!(Request::from(asked).encode(), Err(MessageError::Codec(CodecError::Length { field: 4, .. }))));
}

#[test]
fn codes_keep_their_characters() {
    let code = |name: &str| Response::parse(&vector(name).bytes()).unwrap().response_code;
    assert_eq!(code("approved"), ResponseCode::Approved);
    assert_eq!(
        (code("code of another issuer").as_str(), code("code of another issuer").meaning()),
        ("Z9", "another response")
    );
    let approving = ["00", "10"].map(|text| ResponseCode::of(text).unwrap().approves());
    assert_eq!((approving, ResponseCode::of("05").unwrap().approves()), ([true, true], false));
    assert_eq!(ResponseCode::of("000"), None);
}

#[test]
fn a_network_request_says_what_it_is_for() {
    let function = |name: &str| match Request::parse(&vector(name).bytes()).unwrap() {
        Request::Network(network) => network.function,
        Request::Payment(payment) => panic!("{payment:?}"),
    };
    assert_eq!(function("sign-on"), NetworkFunction::SignOn);
    assert_eq!(function("sign-off"), NetworkFunction::SignOff);
    assert_eq!(function("echo again"), NetworkFunction::Echo);
    let unknown = changed(&vector("sign-on"), "0800", &[(70, Some("101"))]);
    assert_eq!(refused(&unknown).1, Some(ResponseCode::InvalidTransaction));
}

#[test]
fn debug_shows_no_track() {
    let shown = format!("{:?}", payment(&vector("purchase that takes a part").bytes()));
    assert!(shown.contains("Track2(***)") && !shown.contains("D2812"), "{shown}");
}

#[test]
fn text_and_digits_are_of_their_width() {
    assert_eq!(Text::<8>::new("T 1").unwrap().bytes(), b"T 1     ");
    assert_eq!(Text::<8>::new(" T").unwrap().as_str(), " T");
    ["123456789", "é", "\n"].into_iter().for_each(|text| assert_eq!(Text::<8>::new(text), None, "{text:?}"));
    assert_eq!(Digits::<3>::of(7).unwrap().as_str(), "007");
    assert_eq!((Digits::<3>::of(1000), Digits::<3>::parse(b"01"), Digits::<3>::parse(b"0a1")), (None, None, None));
    ["", "123456789012", "12a"].into_iter().for_each(|text| assert_eq!(Institution::parse(text), None, "{text:?}"));
}

proptest! {
    #[test]
    fn any_request_and_its_answer_survive_both_forms(bytes in requests()) {
        let request = Request::parse(&bytes).unwrap_or_else(|rejected| panic!("{}: {rejected}", hex::encode(&bytes)));
        check_bytes(&bytes);
        check_bytes(&request.respond(ResponseCode::Approved).encode().unwrap());
    }
}

/// Any request about a payment, with some of what it may have.
fn requests() -> impl Strategy<Value = Vec<u8>> {
    let elements: Vec<_> = ELEMENTS.iter().map(|(number, needed, form)| element(*number, *needed, form)).collect();
    // An advice says what was decided.
    let decided = |digits: &str| (digits == "0120").then(|| (39, "00".to_owned()));
    let types = select(TYPES.as_slice()).prop_map(move |(digits, code)| {
        (digits, [(3, code.to_owned())].into_iter().chain(decided(digits)).collect::<Vec<_>>())
    });
    (types, "[0-9]{12,18}", elements).prop_map(|((digits, code), number, elements)| {
        let token = format!("{number}{}", char::from(luhn_digit(number.as_bytes())));
        let track2 = elements.iter().flatten().any(|(field, _)| *field == 33).then(|| (35, format!("{token}D2812201")));
        let all = elements.into_iter().flatten().chain(code).chain(track2).chain([(2, token)]);
        write(mti(digits), &all.map(|(field, text)| (field, text.into_bytes())).collect()).unwrap()
    })
}

fn element(number: u8, needed: bool, form: &'static str) -> BoxedStrategy<Option<(u8, String)>> {
    let there = form.prop_map(move |text| (number, text));
    if needed { there.prop_map(Some).boxed() } else { proptest::option::of(there).boxed() }
}

const TYPES: [(&str, &str); 8] = [
    ("0100", "000000"),
    ("0101", "311020"),
    ("0120", "000000"),
    ("0200", "200030"),
    ("0220", "009999"),
    ("0400", "310000"),
    ("0420", "000000"),
    ("0421", "200000"),
];

/// Elements, whether a request needs them, and what they may be.
const ELEMENTS: [(u8, bool, &str); 29] = [
    (4, true, "[0-9]{12}"),
    (7, true, "(0[1-9]|1[0-2])(0[1-9]|1[0-9]|2[0-9])([01][0-9]|2[0-3])[0-5][0-9][0-5][0-9]"),
    (11, true, "[0-9]{6}"),
    (12, true, "([01][0-9]|2[0-3])[0-5][0-9][0-5][0-9]"),
    (13, true, "(0[1-9]|1[0-2])(0[1-9]|1[0-9]|2[0-9])"),
    (14, true, "[0-9]{2}(0[1-9]|1[0-2])"),
    (18, true, "[0-9]{4}"),
    (19, false, "[0-9]{3}"),
    (22, true, "[0-9]{3}"),
    (23, false, "[0-9]{3}"),
    (25, true, "[0-9]{2}"),
    (32, true, "[0-9]{1,11}"),
    (33, false, "[0-9]{1,11}"),
    (37, true, "[0-9A-Za-z]{4}([0-9A-Za-z]{8}| {8})"),
    (38, false, "[0-9A-Z]{6}"),
    (39, false, "[0-9A-Z]{2}"),
    (41, true, "[ -~]{8}"),
    (42, true, "[ -~]{15}"),
    (43, false, "[ -~]{40}"),
    (48, false, "[ -~]{0,99}"),
    (49, true, "[0-9]{3}"),
    (52, false, "[ -~]{8}"),
    // Tags 5F2A and 5A.
    (55, true, r"(_\*\x02[ -~]{2})?(Z\x05[ -~]{5})?"),
    (63, false, "PA1|MC1|PA2|[ -~]{0,30}"),
    (64, false, "[ -~]{8}"),
    (90, true, "0[1-8][0-4][0-5][0-9]{6}(0{10}|1231235959)[0-9]{22}"),
    (95, false, "[0-9]{24}[CD][0-9]{8}[CD][0-9]{8}"),
    (102, false, "[ -~]{0,28}"),
    (128, false, "[ -~]{8}"),
];
