//! The promise about calls, in a form that a fuzzer can try to break: whatever is called, nothing panics, every refusal is a
//! named error, what may not change anything does not even try, and all money is somebody's. Called by
//! `fuzz/fuzz_targets/native_dispatch.rs`, and on the kept corpus by the tests; the tests of `evm` play the same scripts there.

use std::{collections::BTreeSet, sync::LazyLock};

use alloy_json_abi::Function;
use alloy_primitives::{Address, B256, Bytes, U256, address};
use alloy_sol_types::{SolCall, SolError, SolEvent};
use primitives::Founding;

use super::{Memory, Script, Scripted, members};
use crate::{
    admission,
    cash::abi::{ICash, ICashFactory},
    dispatch::{Call, INative},
    host::{Res, Stop},
    registry::{self, Door, ROOMS},
    token::{self, abi::IToken},
};

/// Functions that were called and taken, by their selectors.
pub type Taken = BTreeSet<(Address, [u8; 4])>;

/// A world that scripts play in, and what they choose from.
#[derive(Clone, Debug)]
pub struct Stage {
    /// The contracts.
    pub doors: Vec<(Door, Address)>,
    /// What each of them can be asked, in their order.
    pub functions: Vec<Vec<Function>>,
    /// Who calls and is named: people, contracts, nobody.
    pub people: Vec<Address>,
    /// Amounts, times, hashes, ids.
    pub words: Vec<U256>,
    /// Codes of currencies.
    pub texts: Vec<&'static str>,
    /// A certificate, signatures.
    pub blobs: Vec<Bytes>,
    /// The calls that come before every script.
    pub opening: Vec<(Address, Address, Bytes)>,
    /// The network.
    pub founding: Founding,
}

/// Several epochs pass in a script.
const EPOCH_BLOCKS: u64 = 16;
/// More calls than this say nothing new.
const MOST_CALLS: usize = 64;
const GOVERNOR: Address = address!("f39Fd6e51aad88F6F4ce6aB8827279cffFb92266");
const PEOPLE: [Address; 3] = [Address::repeat_byte(0x11), Address::repeat_byte(0xaa), Address::repeat_byte(0xbb)];
const EURO: Address = registry::address_of(2, *b"\0\0\0\0EUR");
const YEN: Address = registry::address_of(2, *b"\0\0\0\0JPY");
const HASH: B256 = B256::repeat_byte(0xa7);

/// Panics if the promise is broken; answers which functions were taken, so that a test sees that the scripts get somewhere.
#[doc(hidden)]
pub fn check_calls(bytes: &[u8]) -> Taken {
    let (stage, opened) = &*WORLD;
    let mut memory = opened.clone();
    let (mut script, mut taken) = (Script::new(bytes), Taken::new());
    for _ in 0..MOST_CALLS {
        let Some(call) = script.next(stage) else { break };
        memory.now = memory.now.saturating_add(call.seconds);
        next_block(&mut memory);
        if check_call(&mut memory, &call) {
            taken.extend(call.data.first_chunk::<4>().map(|selector| (call.target, *selector)));
        }
        check_money(&mut memory);
    }
    taken
}

/// Made once in a process; every script starts from a copy of it.
static WORLD: LazyLock<(Stage, Memory)> = LazyLock::new(|| {
    let stage = Stage::new();
    let memory = stage.memory();
    (stage, memory)
});

/// A call is a block. What ends an epoch is called by nobody, and must not stop either.
fn next_block(memory: &mut Memory) {
    memory.number += 1;
    if memory.number.is_multiple_of(EPOCH_BLOCKS) {
        assert_eq!(admission::end_epoch(memory), Ok(()), "the epoch ends");
        memory.epoch += 1;
    }
}

impl Stage {
    /// Every room, a currency that was created, and one that was not.
    #[expect(clippy::new_without_default, reason = "it is a scene, not an empty value")]
    pub fn new() -> Self {
        Self::of(members::founding(PEOPLE[0]))
    }

    /// The same in a network whose one member acts through the first person.
    pub fn of(founding: Founding) -> Self {
        let rooms = ROOMS.iter().map(|room| (room.contract, room.address()));
        let made = ROOMS.iter().filter_map(|room| room.instance).flat_map(|door| [(door, EURO), (door, YEN)]);
        let doors: Vec<_> = rooms.chain(made).collect();
        let functions = doors.iter().map(|(door, _)| (door.abi)().functions().cloned().collect()).collect();
        let addresses = doors.iter().map(|(_, address)| *address);
        let often = PEOPLE.into_iter().cycle().take(4 * PEOPLE.len());
        let people = often.chain([GOVERNOR, Address::ZERO]).chain(addresses).collect();
        let often = [HASH.into(), HASH.into(), HASH.into(), U256::from(u64::MAX)];
        let rarely = [U256::from(members::NOW + 100), U256::MAX, U256::MAX >> 8];
        let words = often.into_iter().chain(rarely).chain(token_words()).chain(members::words(&founding)).collect();
        let opening = opening(&founding);
        let texts = vec!["EUR", "JPY", "USD", "XXX", "eur", ""];
        Self { doors, functions, people, words, texts, blobs: members::blobs(&founding), opening, founding }
    }

    /// The world before the opening.
    pub fn empty(&self) -> Memory {
        let mut memory = Memory::founded(self.founding.clone());
        memory.now = members::NOW;
        memory
    }

    /// The world after the opening.
    pub fn memory(&self) -> Memory {
        let mut memory = self.empty();
        for (caller, target, data) in &self.opening {
            let answer = memory.call(*caller, *target, data);
            assert!(answer.is_ok(), "the opening is sound: {answer:?}");
        }
        // One request has lapsed.
        memory.now += members::VOTING_SECONDS;
        memory
    }
}

/// Whether there was a contract, and it took the call.
fn check_call(memory: &mut Memory, scripted: &Scripted) -> bool {
    let Scripted { target, caller, value, is_static, .. } = *scripted;
    let call = Call { target, code: target, caller, value, is_static, data: &scripted.data };
    let before = memory.clone();
    let answer = registry::run(memory, &call);
    if is_static || is_no_call(&answer) {
        // Nothing was written, not even to be undone.
        assert_eq!(*memory, before, "{scripted:?}");
    }
    match answer {
        Ok(answer) => answer.is_some(),
        Err(Stop::Revert(data)) => {
            assert!(is_named(&data), "an error of no ABI: {data} after {scripted:?}");
            *memory = before;
            false
        }
        Err(stop) => panic!("{stop:?} after {scripted:?}"),
    }
}

/// Refused before any operation began.
fn is_no_call(answer: &Res<Option<Bytes>>) -> bool {
    let Err(Stop::Revert(data)) = answer else { return false };
    let selectors = [
        INative::UnknownSelector::SELECTOR,
        INative::InvalidCalldata::SELECTOR,
        INative::StaticCall::SELECTOR,
        INative::NotPayable::SELECTOR,
        INative::DelegateCall::SELECTOR,
    ];
    data.first_chunk::<4>().is_some_and(|selector| selectors.contains(selector))
}

/// An error of one of the ABIs: a room that pays reverts with the errors of `cash`.
fn is_named(data: &[u8]) -> bool {
    data.first_chunk::<4>().is_some_and(|selector| ERRORS.contains(selector))
}

/// Selectors of all errors of all ABIs.
static ERRORS: LazyLock<BTreeSet<[u8; 4]>> = LazyLock::new(|| {
    let abis = ROOMS.iter().flat_map(|room| room.doors()).map(|door| door.full_abi());
    abis.flat_map(|abi| abi.errors().map(|error| error.selector().0).collect::<Vec<_>>()).collect()
});

/// Each unit of a currency is in the account of somebody who was ever paid, and nobody holds more than there is.
fn check_money(memory: &mut Memory) {
    for currency in [EURO, YEN] {
        if !memory.codes.contains_key(&currency) {
            continue;
        }
        let transfers = memory.logs.iter().filter(|log| log.address == currency);
        let paid = transfers.filter_map(|log| ICash::Transfer::decode_log_data(&log.data).ok());
        let accounts: BTreeSet<_> = paid.map(|transfer| transfer.to).collect();
        let mut sum = U256::ZERO;
        for account in accounts {
            let balance = ask(memory, currency, ICash::balanceOfCall { account });
            let held = ask(memory, currency, ICash::heldCall { account });
            assert!(held <= balance, "{account} holds {held} of {balance}");
            sum = sum.checked_add(balance).expect("balances add up to a supply below 2^120");
        }
        assert_eq!(sum, ask(memory, currency, ICash::totalSupplyCall {}), "the supply is the sum of balances");
    }
}

fn ask<C: SolCall>(memory: &mut Memory, contract: Address, call: C) -> C::Return {
    let (caller, data) = (Address::ZERO, call.abi_encode());
    let call = Call { target: contract, code: contract, caller, value: U256::ZERO, is_static: true, data: &data };
    // Not `Memory::call`, which keeps a copy of the world for calls that stop halfway.
    let answer = registry::run(memory, &call).expect("a view answers").unwrap_or_default();
    C::abi_decode_returns(&answer).expect("an answer of the ABI")
}

/// The euro is there, everybody has some and lets the token room take it; there are items of both kinds, with tokens and offers;
/// a second member is an observer.
fn opening(founding: &Founding) -> Vec<(Address, Address, Bytes)> {
    let [issuer, ..] = PEOPLE;
    let factory = registry::address_of(2, [0; 7]);
    let mut calls = vec![(GOVERNOR, factory, encoded(&ICashFactory::createCall { code: "EUR".into(), issuer }))];
    for person in PEOPLE {
        let amount = U256::from(1_000);
        calls.push((issuer, EURO, encoded(&ICash::mintCall { to: person, amount, referenceId: HASH })));
        calls.push((person, EURO, encoded(&ICash::approveCall { spender: token::ADDRESS, value: amount })));
    }
    for (number, interchangeable) in [(1, true), (2, false)] {
        let terms = terms(interchangeable);
        let create = IToken::createItemCall { identifier: B256::with_last_byte(number), terms };
        calls.push((issuer, token::ADDRESS, encoded(&create)));
    }
    for (item, tokens) in token_items(issuer).into_iter().zip([50, 3]) {
        calls.push((issuer, token::ADDRESS, encoded(&IToken::mintCall { item, tokens })));
    }
    calls.extend(offers(issuer));
    calls.extend(members::opening(founding, issuer, PEOPLE[1]));
    calls
}

/// One of each thing that others go on with: a hold, an office, a listing, a gift, a lease, a redemption.
fn offers(issuer: Address) -> Vec<(Address, Address, Bytes)> {
    let [_, anna, bert] = PEOPLE;
    let (id, amount, until) = (token_words()[0], U256::from(1), u64::MAX);
    let (currency, price) = (EURO, U256::from(5));
    let hold = ICash::holdCall { id: HASH, from: anna, to: bert, amount: price, expiry: until, referenceId: HASH };
    let lease = IToken::offerLeaseCall { id, amount, lessee: anna, until, currency, rent: price };
    let redeem = IToken::requestRedemptionCall { redemption: HASH, id, amount, deliveryHash: HASH };
    vec![
        (anna, EURO, encoded(&hold)),
        (issuer, EURO, encoded(&ICash::offerIssuerCall { account: anna })),
        (issuer, token::ADDRESS, encoded(&IToken::listCall { id, amount, currency, price, until })),
        (issuer, token::ADDRESS, encoded(&IToken::giftCall { id, amount, recipient: anna, until, note: HASH })),
        (issuer, token::ADDRESS, encoded(&lease)),
        (issuer, token::ADDRESS, encoded(&redeem)),
    ]
}

/// Keys of the items and ids of their tokens.
fn token_words() -> Vec<U256> {
    let [milk, bottles] = token_items(PEOPLE[0]);
    let mut memory = Memory::new();
    let mut id = |instance| ask(&mut memory, token::ADDRESS, IToken::tokenIdCall { item: bottles, instance });
    vec![milk.into(), milk.into(), bottles.into(), id(1), id(2), id(3), id(4)]
}

fn token_items(issuer: Address) -> [B256; 2] {
    let mut memory = Memory::new();
    [1, 2].map(|number| {
        let identifier = B256::with_last_byte(number);
        ask(&mut memory, token::ADDRESS, IToken::itemKeyCall { issuer, identifier })
    })
}

fn terms(interchangeable: bool) -> IToken::Terms {
    IToken::Terms {
        kind: IToken::Kind::PhysicalGood,
        attributesHash: HASH,
        units: 100,
        unitsPerToken: 1,
        interchangeable,
        redeemable: true,
        possessionIsOwnership: true,
        transferable: true,
        exists: true,
        presaleFrom: 0,
        presaleUntil: 0,
        redeemFrom: 0,
        redeemUntil: 0,
        custodian: Address::ZERO,
    }
}

fn encoded(call: &impl SolCall) -> Bytes {
    call.abi_encode().into()
}
