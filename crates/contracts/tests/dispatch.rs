//! Plays the corpus of the fuzz target `native_dispatch` on the ordinary toolchain, and scripts made at random. Most of the corpus
//! was found by chance; `stories` is written here, so that together they call every function with success.
//! `UPDATE_SNAPSHOTS=1 cargo test -p contracts --test dispatch` writes it anew.

use std::{collections::BTreeSet, fs, path::PathBuf};

use alloy_json_abi::Param;
use alloy_primitives::{Address, B256, U256, keccak256};
use alloy_sol_types::{SolCall, SolValue};
use contracts::{
    cash::abi::ICash,
    registry,
    testing::{Script, Stage, check_calls},
    token::{self, abi::IToken},
};

const EURO: Address = registry::address_of(2, *b"\0\0\0\0EUR");
const HASH: B256 = B256::repeat_byte(0xa7);

#[test]
fn the_kept_corpus_of_native_dispatch_passes_and_calls_every_function_that_needs_no_signature() {
    let entries = fs::read_dir(corpus()).expect("the corpus is part of the project");
    let inputs: Vec<_> = entries.map(|entry| fs::read(entry.expect("an entry").path()).expect("a file")).collect();
    let taken: BTreeSet<_> = inputs.iter().flat_map(|input| check_calls(input)).map(|(_, selector)| selector).collect();
    let doors = Stage::new().doors;
    let functions = doors.iter().flat_map(|(door, _)| (door.abi)().functions().cloned().collect::<Vec<_>>());
    let missed: BTreeSet<_> =
        functions.filter(|function| !taken.contains(&function.selector().0)).map(|function| function.name).collect();
    assert_eq!(missed, ["permit", "schedule"].map(String::from).into(), "never called with success");
}

#[test]
fn scripts_made_at_random_pass() {
    for seed in 0..100_u32 {
        let blocks = (0..40_u32).flat_map(|block| keccak256([seed.to_be_bytes(), block.to_be_bytes()].concat()).0);
        check_calls(&blocks.collect::<Vec<_>>());
    }
}

/// The stories are read as they were written, and are those of the corpus.
#[test]
fn a_script_can_say_any_call() {
    let stage = Stage::new();
    let stories = stories(&stage);
    let written: Vec<u8> = stories.iter().flat_map(|(from, to, data)| write(&stage, *from, *to, data)).collect();
    let mut script = Script::new(&written);
    for (from, to, data) in stories {
        let read = script.next(&stage).expect("as many as were written");
        assert_eq!((read.caller, read.target, read.data), (from, to, data));
        assert_eq!((read.value, read.is_static, read.seconds), (U256::ZERO, false, 0));
    }
    assert!(script.next(&stage).is_none());
    let file = corpus().join("stories");
    if std::env::var_os("UPDATE_SNAPSHOTS").is_some() {
        fs::write(&file, &written).expect("the story is written");
    }
    assert_eq!(fs::read(&file).expect("the story is part of the corpus"), written);
}

fn corpus() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/corpus/native_dispatch")
}

/// After the opening of the stage: what chance does not find.
fn stories(stage: &Stage) -> Vec<(Address, Address, Vec<u8>)> {
    let [issuer, anna, bert] = [0, 1, 2].map(|index| stage.people[index]);
    let item = |number| keccak256((issuer, B256::with_last_byte(number)).abi_encode());
    let [milk, bottles, promised] = [1, 2, 3].map(item);
    let own = |instance: u64| U256::from_be_bytes(keccak256((bottles, instance).abi_encode()).0);
    let (id, amount, until, one) = (own(1), U256::from(1), u64::MAX, B256::with_last_byte(1));
    let tokens = |from: Address, data: Vec<u8>| (from, token::ADDRESS, data);
    let money = |data: Vec<u8>| (anna, EURO, data);
    let (currency, price, rent) = (EURO, U256::from(5), U256::from(5));
    let create = IToken::createItemCall { identifier: B256::with_last_byte(3), terms: promise() };
    let hold = ICash::holdCall { id: one, from: anna, to: bert, amount, expiry: until, referenceId: one };
    let capture = ICash::captureCall { id: HASH, referenceId: HASH, amount, isFinal: false };
    let redeem = IToken::requestRedemptionCall { redemption: one, id: milk.into(), amount, deliveryHash: HASH };
    let give = IToken::giveAwayCall { id: own(2), amount, recipients: vec![anna] };
    vec![
        tokens(issuer, create.abi_encode()),
        tokens(issuer, IToken::declareExistenceCall { item: promised, attributesHash: HASH }.abi_encode()),
        tokens(issuer, IToken::changeAttributesCall { item: bottles, attributesHash: HASH }.abi_encode()),
        tokens(issuer, IToken::mintCall { item: bottles, tokens: 1 }.abi_encode()),
        tokens(issuer, IToken::reportReserveCall { item: bottles, unitsHeld: 9, reportHash: HASH }.abi_encode()),
        tokens(issuer, IToken::listCall { id, amount, currency, price, until }.abi_encode()),
        tokens(issuer, IToken::unlistCall { listing: 4 }.abi_encode()),
        tokens(issuer, IToken::giftCall { id, amount, recipient: anna, until, note: HASH }.abi_encode()),
        tokens(issuer, IToken::takeBackGiftCall { number: 5 }.abi_encode()),
        tokens(issuer, give.abi_encode()),
        tokens(issuer, IToken::offerLeaseCall { id, amount, lessee: anna, until, currency, rent }.abi_encode()),
        tokens(anna, IToken::takeLeaseCall { number: 6, attributesHash: HASH }.abi_encode()),
        tokens(anna, IToken::endLeaseCall { number: 6 }.abi_encode()),
        tokens(anna, IToken::buyCall { listing: 1, amount, attributesHash: HASH }.abi_encode()),
        tokens(issuer, redeem.abi_encode()),
        money(hold.abi_encode()),
        money(ICash::adjustCall { id: HASH, referenceId: one, newAmount: U256::from(6) }.abi_encode()),
        money(capture.abi_encode()),
        money(ICash::releaseCall { id: HASH }.abi_encode()),
    ]
}

fn promise() -> IToken::Terms {
    IToken::Terms {
        kind: IToken::Kind::Service,
        attributesHash: HASH,
        units: 4,
        unitsPerToken: 2,
        interchangeable: true,
        redeemable: true,
        possessionIsOwnership: false,
        transferable: true,
        exists: false,
        presaleFrom: 0,
        presaleUntil: 0,
        redeemFrom: 0,
        redeemUntil: 0,
        custodian: Address::ZERO,
    }
}

/// The bytes that a script has for a call without flags.
fn write(stage: &Stage, from: Address, to: Address, data: &[u8]) -> Vec<u8> {
    let door = stage.doors.iter().position(|(_, address)| *address == to).expect("a door of the stage");
    let abi = (stage.doors[door].0.abi)();
    let functions: Vec<_> = abi.functions().collect();
    let index = functions.iter().position(|function| function.selector() == data[..4]).expect("a function");
    let mut out = vec![byte(door), byte(index), person(stage, from), 0];
    write_all(stage, &functions[index].inputs, &data[4..], 0, &mut out);
    out
}

/// Arguments whose heads begin at `head`; answers where the next head is.
fn write_all(stage: &Stage, params: &[Param], data: &[u8], head: usize, out: &mut Vec<u8>) -> usize {
    params.iter().fold(head, |head, param| {
        let word = U256::from_be_slice(&data[head..head + 32]);
        if let Some(item) = param.ty.strip_suffix("[]") {
            let start: usize = word.to();
            let length: usize = U256::from_be_slice(&data[start..start + 32]).to();
            out.push(byte(length));
            let item = Param { ty: item.into(), ..param.clone() };
            write_all(stage, &vec![item; length], &data[start + 32..], 0, out);
            return head + 32;
        }
        match param.ty.as_str() {
            "tuple" => return write_all(stage, &param.components, data, head, out),
            "address" => out.push(person(stage, Address::from_word(word.into()))),
            "bool" => out.push(word.to()),
            narrow => {
                assert!(narrow.starts_with("uint") || narrow == "bytes32", "no story needs {narrow}");
                out.push(0xff);
                out.extend(word.to_be_bytes::<32>());
            }
        }
        head + 32
    })
}

fn person(stage: &Stage, address: Address) -> u8 {
    byte(stage.people.iter().position(|person| *person == address).expect("a person of the stage"))
}

fn byte(index: usize) -> u8 {
    u8::try_from(index).expect("few")
}
