//! How things are written, and how lists are cut into parts. Pages are visited in `tests/console`.

use primitives::{TimeMs, U256};

use super::{Query, frame::Part, words};

#[test]
fn a_time_is_a_date_in_utc() {
    // From `date --utc --date @SECONDS`.
    for (ms, machine) in [
        (0, "1970-01-01T00:00:00.000Z"),
        (951_782_400_000, "2000-02-29T00:00:00.000Z"),
        (951_868_799_999, "2000-02-29T23:59:59.999Z"),
        (1_709_164_800_001, "2024-02-29T00:00:00.001Z"),
        (1_798_761_599_000, "2026-12-31T23:59:59.000Z"),
        (4_107_542_400_000, "2100-03-01T00:00:00.000Z"),
    ] {
        assert_eq!(words::Moment::of(TimeMs(ms)).machine, machine);
    }
}

#[test]
fn numbers_are_grouped_and_amounts_have_their_point() {
    let plain = |text: String| text.replace('\u{202f}', " ");
    for (number, shown) in [(0, "0"), (999, "999"), (1_000, "1 000"), (12_345_678, "12 345 678")] {
        assert_eq!(plain(words::number(number)), shown);
    }
    for (amount, digits, shown) in
        [(0, 2, "0.00"), (5, 2, "0.05"), (123_456, 2, "1 234.56"), (7, 0, "7"), (5, 3, "0.005")]
    {
        assert_eq!(plain(words::money(U256::from(amount), digits)), shown);
    }
    assert_eq!(plain(words::ether(U256::from(1_500_000_000_000_000_000_u64))), "1.5");
    assert_eq!(plain(words::ether(U256::from(1))), "0.000000000000000001");
    assert_eq!(plain(words::ether(U256::ZERO)), "0");
    assert_eq!(words::share(1, 500), "0.2\u{a0}%");
    assert_eq!(words::share(1, 0), "0.0\u{a0}%");
}

#[test]
fn long_bytes_and_texts_are_cut() {
    assert_eq!(words::bytes(&[1, 2]), "0x0102");
    assert_eq!(
        words::bytes(&[0; 2_000]).replace('\u{202f}', " "),
        format!("0x{}… (2 000 bytes in all)", "00".repeat(1_024))
    );
    assert!(words::shortened(&"ä".repeat(5_000)).starts_with(&"ä".repeat(2_048)));
    assert_eq!(words::shortened("short"), "short");
}

#[test]
fn a_strangers_name_is_short_and_hides_nothing() {
    let table = [
        ("  Bank of Nowhere ", "Bank of Nowhere"),
        ("Bank\u{202e}knaB", "Bank[U+202E]knaB"),
        ("a\u{200b}b\0c\u{e0041}", "a[U+200B]b[U+0000]c[U+E0041]"),
        ("בנק 银行 Bänk", "בנק 银行 Bänk"),
        ("\u{feff}", "[U+FEFF]"),
        ("", ""),
    ];
    for (name, shown) in table {
        assert_eq!(words::foreign_name(name), shown);
    }
    assert_eq!(words::foreign_name(&"ä".repeat(65)), format!("{}…", "ä".repeat(64)));
    assert_eq!(words::foreign_name(&"ä".repeat(64)), "ä".repeat(64));
    assert_eq!(words::foreign("a\nb"), "a[U+000A]b");
}

#[test]
fn a_key_or_fingerprint_is_read_in_each_of_its_forms() {
    let (digits, pairs) = ("ab".repeat(32), vec!["AB"; 32].join(":"));
    for text in [digits.as_str(), &format!("0x{digits}"), &pairs] {
        assert_eq!(words::loose_hash(text), Some(primitives::B256::repeat_byte(0xab)), "{text}");
    }
    let odd = format!("{}:A", &pairs[..93]);
    for text in ["", "0x", "ab", &digits[1..], &format!("{digits}0"), &format!("0x0x{digits}"), &odd, &"zz".repeat(32)]
    {
        assert_eq!(words::loose_hash(text), None, "{text}");
    }
}

#[test]
fn a_list_is_cut_into_parts_and_every_number_leads_to_one() {
    for (items, wanted, number, count, skip) in [
        (0, 1, 1, 1, 0),
        (50, 1, 1, 1, 0),
        (51, 2, 2, 2, 50),
        (51, 99, 2, 2, 50),
        (51, 0, 1, 2, 0),
        (1_000, usize::MAX, 20, 20, 950),
    ] {
        let part = Part::of(items, wanted);
        assert_eq!((part.number, part.count, part.skip), (number, count, skip), "{items} {wanted}");
    }
    let part = Part::of(150, 2);
    assert_eq!((part.previous(), part.next()), (Some(1), Some(3)));
    assert_eq!((Part::of(150, 1).previous(), Part::of(150, 3).next()), (None, None));
}

#[test]
fn a_query_that_makes_no_sense_is_as_if_it_were_not_there() {
    assert_eq!(Query::read(""), Query { page: 1, redemptions: 1, ..Query::default() });
    assert_eq!(Query::read("page=-1&before=x&&=&q"), Query { page: 1, redemptions: 1, ..Query::default() });
    let read = Query::read("page=3&before=7&after=8&redemptions=2&v=ab&q=%3Cb%3E+x%zz");
    let (version, words) = ("ab".to_owned(), "<b> x%zz".to_owned());
    assert_eq!(read, Query { page: 3, before: Some(7), after: Some(8), redemptions: 2, version, words });
}
