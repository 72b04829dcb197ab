//! Nothing that leaves the card is the number, over thousands of transactions and commands of any kind (T-06). First it is proved that
//! the search finds what it looks for.

use super::*;
use crate::number::Token;

/// The number, and what is hidden of it by the token: the digits between BIN and check digit.
fn leaks(said: &[u8]) -> Option<&'static str> {
    let account = &PAN[6..15];
    // Hex shows packed digits wherever they begin, also in the middle of a byte.
    let packed = hex::encode(said);
    let ascii = |digits: &str| said.windows(digits.len()).any(|window| window == digits.as_bytes());
    let values: Vec<u8> = account.bytes().map(|digit| digit - b'0').collect();
    match () {
        () if ascii(account) => Some("as characters"),
        () if packed.contains(account) => Some("packed"),
        () if said.windows(values.len()).any(|window| window == values) => Some("as values"),
        () => None,
    }
}

/// Xorshift: the same cases in every run.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    fn below(&mut self, bound: u64) -> u64 {
        self.next() % bound
    }

    fn byte(&mut self) -> u8 {
        self.next().to_le_bytes()[3]
    }

    fn bytes(&mut self, most: u64) -> Vec<u8> {
        (0..self.below(most + 1)).map(|_| self.byte()).collect()
    }

    /// Two digits below a bound, packed.
    fn packed(&mut self, from: u64, below: u64) -> u8 {
        let number = u8::try_from(from + self.below(below - from)).unwrap();
        ((number / 10) << 4) | (number % 10)
    }

    fn pdol_data(&mut self) -> Vec<u8> {
        let amount = [0, self.packed(0, 100), self.packed(0, 100), self.packed(0, 100), self.packed(0, 100), 0x01];
        let date = [self.packed(20, 40), self.packed(1, 13), self.packed(1, 29)];
        let time = [self.packed(0, 24), self.packed(0, 60), self.packed(0, 60)];
        let merchant: Vec<u8> = (0..15).map(|_| b'A' + u8::try_from(self.below(26)).unwrap()).collect();
        let unpredictable = [self.byte(), self.byte(), self.byte(), self.byte() | 1];
        let value = |wanted| -> Option<&[u8]> {
            match wanted {
                tag::AMOUNT => Some(amount.as_slice()),
                tag::DATE => Some(&date),
                tag::TIME => Some(&time),
                tag::MERCHANT_ID => Some(&merchant),
                tag::UNPREDICTABLE_NUMBER => Some(&unpredictable),
                other => terminal_value(other),
            }
        };
        layout::pdol().fill(value).bytes
    }
}

#[test]
fn the_search_finds_a_planted_number() {
    let around = |secret: &[u8]| [b"\x70\x81".as_slice(), secret, b"\x90\x00"].concat();
    assert_eq!(leaks(&around(PAN.as_bytes())), Some("as characters"));
    assert_eq!(leaks(&around(&hex::decode(PAN).unwrap())), Some("packed"));
    // As track 2 would have it where something of an odd length stands before.
    assert_eq!(leaks(&around(&hex::decode(format!("0{PAN}f")).unwrap())), Some("packed"));
    assert_eq!(leaks(&around(&PAN.bytes().map(|digit| digit & 0x0f).collect::<Vec<_>>())), Some("as values"));
    assert_eq!(leaks(&around(b"\x01\x02")), None);
}

#[test]
fn over_thousands_of_transactions_the_number_never_leaves_the_card() {
    for profile in ["combined", "merchant", "issuer-wide", "credentials"] {
        let (mut random, mut session) = (Random(0x5eed), Session::new(profile, Protocol::T1));
        for _ in 0..1500 {
            let pdol_data = random.pdol_data();
            let tapped = session.tap(&pdol_data);
            let token = Token::from_cn(tapped.value(tag::PAN)).unwrap();
            assert!(token.digits() != PAN && token.digits().starts_with(TOKEN_BIN));
            let first =
                session.say(&generate(0x80, &random.bytes(0).iter().chain(&[0; 29]).copied().collect::<Vec<_>>()));
            let second = session.say(&generate(0x40, &cdol2_data(&[0x11; 8])));
            for said in tapped.records.iter().chain([&first, &second]) {
                assert_eq!(leaks(said), None, "{profile} at {}", session.counters.atc);
            }
        }
    }
}

/// Any bytes, and commands that are nearly right: an answer with a status, no panic, no number.
#[test]
fn whatever_is_said_to_the_card_it_answers_and_keeps_its_secret() {
    let heads = [[0x00, 0xa4], [0x80, 0xa8], [0x00, 0xb2], [0x80, 0xae], [0x00, 0x82], [0x80, 0xca], [0x00, 0xc0]];
    let (mut random, mut statuses) = (Random(0xca4d), std::collections::BTreeSet::new());
    for protocol in [Protocol::T0, Protocol::T1] {
        let mut session = Session::new("combined", protocol);
        for round in 0..30_000 {
            let said = match random.below(10) {
                0 => random.bytes(300),
                1 => select(Aid::default().bytes()),
                2 => get_processing_options(&random.pdol_data()),
                3 => generate(random.byte() & 0xc0, &[0; 29]),
                4 => generate(random.byte() & 0xc0, &cdol2_data(&[0x11; 8])),
                5 => [&[0x00, 0x82, 0x00, 0x00, 0x08][..], &random.next().to_be_bytes()].concat(),
                6 => vec![0x00, 0xb2, 0x01, 0x0c, random.byte()],
                7 => vec![0x00, random.byte(), 0x00, 0x00],
                _ => {
                    let head = heads[usize::try_from(random.below(7)).unwrap()];
                    let (p1, p2) = (random.byte() & 0x07, random.byte() & 0x1f);
                    [&head, [p1, p2].as_slice(), &random.bytes(20)].concat()
                }
            };
            let answer = session.say(&said);
            let (data, status) = answer.split_last_chunk::<2>().expect("a status");
            assert!(data.len() <= 256 && matches!(status[0], 0x61..=0x6f | 0x90), "{answer:02x?}");
            assert_eq!(leaks(data), None, "{round} {said:02x?}");
            statuses.insert(status[0]);
            session.counters.atc %= 0xf000;
        }
    }
    assert!(statuses.is_superset(&[0x90, 0x61, 0x63, 0x67, 0x69, 0x6a, 0x6c, 0x6d, 0x6e].into()), "{statuses:02x?}");
}

#[test]
fn nothing_shows_the_number_to_those_who_debug() {
    let mut session = Session::new("combined", Protocol::T1);
    session.tap(&pdol_data());
    let shown = format!("{:?} {:?}", session.card, personalization("combined"));
    assert!(shown.contains("Pan(***)"), "{shown}");
    for secret in [PAN, &PAN[6..15], "fpe key", &hex::encode(b"fpe key of card1")] {
        assert!(!shown.contains(secret), "{secret} in {shown}");
    }
    assert!(!shown.contains(&format!("{:?}", &b"fpe key of card1"[..4]).replace(['[', ']'], "")));
}
