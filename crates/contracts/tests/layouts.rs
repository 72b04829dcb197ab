//! Judge: the Solidity compiler says where the same storage lies. `testdata/Layouts.sol` mirrors every door's layout as state
//! variables, `testdata/layouts.json` holds the compiler's `storageLayout` of it (`testdata/compile.mjs` makes it anew), and
//! slot, offset and width of each field, of nested places and of packed words too, are compared with ours.

use std::collections::BTreeSet;

use alloy_primitives::{Address, B256, U256};
use contracts::{
    Word, admission,
    cash::{self, abi::ICash::HoldState},
    registry::ROOMS,
    token,
};
use serde_json::Value;

/// Fields of a layout: name, type, slots.
type Fields = &'static [(&'static str, &'static str, u64)];

/// A field that does not lie where the compiler puts it.
type Difference = String;

/// What the compiler says of one contract.
struct Compiled<'a>(&'a Value);

/// Places within places, by their names in Rust.
const PLACES: [(&str, Fields); 17] = [
    ("Operator", cash::Operator::FIELDS),
    ("Record", cash::Record::FIELDS),
    ("ItemPlace", token::ItemPlace::FIELDS),
    ("TokenPlace", token::TokenPlace::FIELDS),
    ("ListingPlace", token::ListingPlace::FIELDS),
    ("GiftPlace", token::GiftPlace::FIELDS),
    ("LeasePlace", token::LeasePlace::FIELDS),
    ("RedemptionPlace", token::RedemptionPlace::FIELDS),
    ("ThresholdPlace", admission::ThresholdPlace::FIELDS),
    ("PolicyPlace", admission::PolicyPlace::FIELDS),
    ("MemberPlace", admission::MemberPlace::FIELDS),
    ("CertificatePlace", admission::CertificatePlace::FIELDS),
    ("VotePlace", admission::VotePlace::FIELDS),
    ("RequestPlace", admission::RequestPlace::FIELDS),
    ("PendingPlace", admission::PendingPlace::FIELDS),
    ("SeatPlace", admission::SeatPlace::FIELDS),
    ("TenurePlace", admission::TenurePlace::FIELDS),
];

#[test]
fn every_field_lies_where_the_compiler_puts_it() {
    let contracts = contracts();
    for door in ROOMS.iter().flat_map(|room| room.doors()) {
        let contract = &contracts[door.interface];
        assert!(contract.is_object(), "testdata/Layouts.sol has no contract {}", door.interface);
        let compared = Compiled(contract).compare(door.layout, &contract["storage"]);
        assert_eq!(compared, Ok(()), "{}", door.interface);
    }
}

#[test]
fn no_place_is_left_uncompared() {
    let contracts = contracts();
    let doors = || ROOMS.iter().flat_map(|room| room.doors());
    let known: BTreeSet<_> = doors().map(|door| door.interface.to_owned()).collect();
    assert_eq!(contracts.as_object().expect("contracts by name").keys().cloned().collect::<BTreeSet<_>>(), known);
    for (place, _) in PLACES {
        let named = |fields: Fields| fields.iter().any(|(_, kind, _)| names(kind).any(|name| name == place));
        let nested = PLACES.iter().any(|(_, fields)| named(fields));
        assert!(nested || doors().any(|door| named(door.layout)), "{place} belongs to no door");
    }
}

/// A judge that finds nothing must be able to find something.
#[test]
fn a_layout_that_differs_is_found() {
    let contracts = contracts();
    let cash = &contracts["ICash"];
    let found = |fields: Fields| Compiled(cash).compare(fields, &cash["storage"]).expect_err("a difference");
    let changed = |index: usize, kind: &'static str| -> Fields {
        let mut fields = cash::CashLayout::FIELDS.to_vec();
        fields[index].1 = kind;
        fields.leak()
    };
    let layout = |kind| changed(4, kind);
    assert!(found(&cash::CashLayout::FIELDS[1..]).contains("10 fields"));
    assert!(found(layout("Map<B256, Cell<Account>>")).contains("key"));
    assert!(found(layout("Map<Address, Operator>")).contains("3 fields are not 2"));
    assert!(found(layout("Map<Address, Cell<U256>>")).contains("3 members are no U256"));
    assert!(found(changed(7, "Map<Address, Map<Address, Cell<U256>>>")).contains("64 bytes are no slot"));
    assert!(found(layout("List<Cell<Account>>")).contains("dynamic_array"));
    let mut wider = cash::CashLayout::FIELDS.to_vec();
    wider[0].2 = 2;
    assert!(found(wider.leak()).contains("slot 1 is not 2"));
    assert!(found(changed(0, "Cell<u64>")).contains("20 bytes are not 8"));
    let account = Compiled(cash).kind_named("struct ICash.Account");
    let mut swapped = packed("Account").expect("it is packed");
    swapped.swap(0, 1);
    assert!(Compiled(cash).compare_packed(&swapped, &account).is_err());
}

impl Compiled<'_> {
    /// Fields one after the other against the members of a contract or struct.
    fn compare(&self, fields: Fields, members: &Value) -> Result<(), Difference> {
        let members = members.as_array().ok_or("no members")?;
        must(members.len() == fields.len(), || format!("{} fields are not {}", members.len(), fields.len()))?;
        let mut slot = 0;
        for ((name, kind, slots), member) in fields.iter().zip(members) {
            let label = text(member, "label");
            must(plain(label) == plain(name), || format!("{label} is not {name}"))?;
            let place = (number(member, "slot"), number(member, "offset"));
            must(place == (slot, 0), || format!("{name}: slot {} is not {slot}, or an offset {}", place.0, place.1))?;
            self.compare_kind(kind, text(member, "type")).map_err(|difference| format!("{name}: {difference}"))?;
            slot += slots;
        }
        Ok(())
    }

    /// One of our types against one of the compiler's.
    fn compare_kind(&self, ours: &str, theirs: &str) -> Result<(), Difference> {
        let described = &self.0["types"][theirs];
        let encoding = text(described, "encoding");
        let has = |expected: &str| must(encoding == expected, || format!("{ours}: {encoding} is not {expected}"));
        if let Some(inner) = within(ours, "Map") {
            let (key, value) = inner.split_once(", ").ok_or("a map without a key")?;
            has("mapping")?;
            self.compare_width(key, text(described, "key")).map_err(|difference| format!("key: {difference}"))?;
            self.compare_kind(value, text(described, "value"))
        } else if let Some(item) = within(ours, "List") {
            has("dynamic_array")?;
            self.compare_kind(item, text(described, "base"))
        } else if let Some(value) = within(ours, "Cell") {
            has("inplace")?;
            self.compare_cell(value, theirs)
        } else if ours == "Blob" {
            has("bytes")
        } else {
            has("inplace")?;
            self.compare_place(ours, theirs)
        }
    }

    fn compare_place(&self, ours: &str, theirs: &str) -> Result<(), Difference> {
        let fields = PLACES.iter().find(|(name, _)| *name == ours).ok_or(format!("{ours} is not in PLACES"))?.1;
        self.compare(fields, &self.0["types"][theirs]["members"])?;
        let (slots, bytes) = (fields.iter().map(|(_, _, slots)| slots).sum::<u64>(), self.width(theirs));
        must(slots * 32 == bytes, || format!("{ours}: {bytes} bytes are not {slots} slots"))
    }

    /// A slot: of a packed word, of a word, or of a value narrower than that and alone in its struct.
    fn compare_cell(&self, value: &str, theirs: &str) -> Result<(), Difference> {
        must(self.width(theirs) == 32, || format!("{} bytes are no slot", self.width(theirs)))?;
        match (packed(value), self.0["types"][theirs]["members"].as_array().map(Vec::as_slice)) {
            (Some(parts), _) => self.compare_packed(&parts, theirs),
            (None, None) => self.compare_width(value, theirs),
            (None, Some([member])) if number(member, "offset") == 0 => self.compare_width(value, text(member, "type")),
            (None, Some(members)) => Err(format!("32 bytes of {} members are no {value}", members.len())),
        }
    }

    /// Members of one slot: the greatest value of each, and the word that has only this.
    fn compare_packed(&self, parts: &[(&str, U256, U256)], theirs: &str) -> Result<(), Difference> {
        let members = self.0["types"][theirs]["members"].as_array().ok_or("not packed")?;
        must(members.len() == parts.len(), || format!("{} members are not {}", members.len(), parts.len()))?;
        for ((name, greatest, word), member) in parts.iter().zip(members) {
            let (label, offset) = (text(member, "label"), number(member, "offset"));
            must(label == *name && number(member, "slot") == 0, || format!("{label} is not {name}"))?;
            let shifted = *greatest << (8 * offset);
            must(*word == shifted, || format!("{name}: the compiler puts it {offset} bytes from the right"))?;
            let (bytes, width) = (greatest.byte_len(), self.width(text(member, "type")));
            must(width == bytes as u64, || format!("{name}: {width} bytes are not {bytes}"))?;
        }
        Ok(())
    }

    fn compare_width(&self, value: &str, theirs: &str) -> Result<(), Difference> {
        let (ours, theirs) = (width_of(value)?, self.width(theirs));
        must(theirs == ours, || format!("{value}: {theirs} bytes are not {ours}"))
    }

    fn width(&self, theirs: &str) -> u64 {
        number(&self.0["types"][theirs], "numberOfBytes")
    }

    fn kind_named(&self, label: &str) -> String {
        let types = self.0["types"].as_object().expect("types by name");
        types.iter().find(|(_, kind)| text(kind, "label") == label).expect("a type of this name").0.clone()
    }
}

/// Bytes of a word that is alone in its slot, from its greatest value: it ends at the right.
fn width_of(value: &str) -> Result<u64, Difference> {
    let greatest = match value {
        "Address" => Address::repeat_byte(0xff).to_word(),
        "B256" => B256::repeat_byte(0xff).to_word(),
        "U256" => U256::MAX.to_word(),
        "bool" => true.to_word(),
        "u8" => u8::MAX.to_word(),
        "u32" => u32::MAX.to_word(),
        "u64" => u64::MAX.to_word(),
        _ => return Err(format!("{value}: nobody knows its width")),
    };
    Ok(greatest.byte_len() as u64)
}

/// The members of a packed word: name, greatest value, and the word that has only this.
fn packed(value: &str) -> Option<Vec<(&'static str, U256, U256)>> {
    let (account, amount) = (cash::Account::default(), U256::MAX >> 136);
    let standing = cash::Standing { operator: Address::ZERO, expiry: 0, state: HoldState::Unknown };
    let operator = Address::repeat_byte(0xff);
    let state = HoldState::Voided;
    match value {
        "Account" => Some(vec![
            ("balance", amount, cash::Account { balance: amount, ..account }.to_word()),
            ("held", amount, cash::Account { held: amount, ..account }.to_word()),
            ("frozen", U256::from(1), cash::Account { frozen: true, ..account }.to_word()),
        ]),
        "Standing" => Some(vec![
            ("operator", operator.to_word(), cash::Standing { operator, ..standing }.to_word()),
            ("expiry", U256::from(u64::MAX), cash::Standing { expiry: u64::MAX, ..standing }.to_word()),
            ("state", U256::from(state as u8), cash::Standing { state, ..standing }.to_word()),
        ]),
        _ => None,
    }
}

fn contracts() -> Value {
    let file: Value = serde_json::from_str(include_str!("../../../testdata/layouts.json")).expect("the file is JSON");
    file["contracts"].clone()
}

fn must(holds: bool, difference: impl FnOnce() -> Difference) -> Result<(), Difference> {
    if holds { Ok(()) } else { Err(difference()) }
}

fn text<'a>(value: &'a Value, field: &str) -> &'a str {
    value[field].as_str().unwrap_or_default()
}

/// The compiler writes most numbers as text.
fn number(value: &Value, field: &str) -> u64 {
    let number = &value[field];
    let parsed = number.as_u64().or_else(|| number.as_str()?.parse().ok());
    parsed.unwrap_or_else(|| panic!("no {field} in {value}"))
}

/// What stands between the brackets of `outer<...>`.
fn within<'a>(kind: &'a str, outer: &str) -> Option<&'a str> {
    kind.strip_prefix(outer)?.strip_prefix('<')?.strip_suffix('>')
}

/// The words of a type.
fn names(kind: &str) -> impl Iterator<Item = &str> {
    kind.split(|character: char| !character.is_alphanumeric())
}

/// A name in neither language's custom; some are words of Solidity and end in an underscore there.
fn plain(name: &str) -> String {
    name.replace('_', "").to_lowercase()
}
