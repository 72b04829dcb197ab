//! Stories and tables of `token`: what each operation does, whom it refuses and with which error. Money is real `cash`.

use alloy_primitives::{Address, B256, Bytes, U256, address, keccak256};
use alloy_sol_types::{SolCall, SolError, SolEvent, SolValue};

use super::{
    ADDRESS, BATCH_MOST, MINT_MOST, PAGE_MOST,
    abi::IToken::{self, *},
};
use crate::{
    Call, CodeKind, Stop,
    cash::abi::{ICash, ICashFactory},
    dispatch::INative,
    registry,
    testing::Memory,
};

mod bad_input;
mod model;
mod offers;
mod redeeming;
mod standard;

const GOVERNOR: Address = address!("f39Fd6e51aad88F6F4ce6aB8827279cffFb92266");
const ISSUER: Address = Address::repeat_byte(0x11);
const ANNA: Address = Address::repeat_byte(0xaa);
const BERT: Address = Address::repeat_byte(0xbb);
const CARA: Address = Address::repeat_byte(0xcc);
const ATTRIBUTES: B256 = B256::repeat_byte(0xa7);
const DELIVERY: B256 = B256::repeat_byte(0xde);
const PROOF: B256 = B256::repeat_byte(0x9f);
const NOW: u64 = 1_700_000_000;
const DAY: u64 = 86_400;

/// Three bottles, a token each, that may be sold and redeemed at once.
fn bottles() -> Terms {
    Terms {
        kind: Kind::PhysicalGood,
        attributesHash: ATTRIBUTES,
        units: 3,
        unitsPerToken: 1,
        interchangeable: false,
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

/// A thousand litres of milk in tokens of ten.
fn milk() -> Terms {
    Terms { units: 1000, unitsPerToken: 10, interchangeable: true, ..bottles() }
}

struct World {
    memory: Memory,
}

impl World {
    fn new() -> Self {
        Self { memory: Memory::new() }
    }

    /// A world with an item of the issuer's and tokens of it; answers the key and the first id.
    fn with(terms: Terms, tokens: u64) -> (Self, B256, U256) {
        let mut world = Self::new();
        let item = world.does(ISSUER, createItemCall { identifier: B256::with_last_byte(1), terms });
        let id = world.does(ISSUER, mintCall { item, tokens });
        (world, item, id)
    }

    /// The same, and Anna has the first token.
    fn annas(terms: Terms, tokens: u64) -> (Self, B256, U256) {
        let (mut world, item, id) = Self::with(terms, tokens);
        world.does(ISSUER, transfer(ISSUER, ANNA, id, 1));
        (world, item, id)
    }

    fn calls<C: SolCall>(&mut self, caller: Address, call: &C) -> Result<C::Return, Stop> {
        let answer = self.memory.call(caller, ADDRESS, &call.abi_encode())?;
        Ok(C::abi_decode_returns(&answer).expect("an answer of the ABI"))
    }

    fn does<C: SolCall>(&mut self, caller: Address, call: C) -> C::Return {
        self.calls(caller, &call).unwrap_or_else(|stop| panic!("{}: {stop:?}", C::SIGNATURE))
    }

    fn reads<C: SolCall>(&mut self, call: C) -> C::Return {
        let before = self.memory.clone();
        let answer = self.does(CARA, call);
        assert_eq!((&before.slots, &before.logs), (&self.memory.slots, &self.memory.logs), "a view changes nothing");
        answer
    }

    /// The call reverts with this error, and nothing is changed.
    fn refuses<C: SolCall, E: SolError>(&mut self, caller: Address, call: C, error: E) {
        let before = self.memory.clone();
        let expected = Stop::Revert(error.abi_encode().into());
        let actual = self.calls(caller, &call).err();
        assert_eq!(actual, Some(expected), "{} should be refused with {}", C::SIGNATURE, E::SIGNATURE);
        assert_eq!((before.slots, before.logs), (self.memory.slots.clone(), self.memory.logs.clone()));
    }

    fn balance(&mut self, account: Address, id: U256) -> u64 {
        self.reads(balanceOfCall { account, id }).saturating_to()
    }

    /// The newest log that is this event.
    fn last<E: SolEvent>(&self) -> E {
        let logs = self.memory.logs.iter().rev();
        logs.filter(|log| log.address == ADDRESS)
            .find_map(|log| E::decode_log_data(&log.data).ok())
            .unwrap_or_else(|| panic!("no {}", E::SIGNATURE))
    }

    /// Makes the euro, and gives Anna and Bert 100 euros each, all of which this contract may take.
    fn with_money(&mut self) -> Address {
        let create = ICashFactory::createCall { code: "EUR".into(), issuer: GOVERNOR };
        let factory = registry::address_of(2, [0; 7]);
        let answer = self.memory.call(GOVERNOR, factory, &create.abi_encode()).expect("made");
        let euro = Address::abi_decode(&answer).expect("an address");
        for (who, reference) in [(ANNA, 1), (BERT, 2)] {
            let amount = U256::from(10_000);
            let mint = ICash::mintCall { to: who, amount, referenceId: B256::with_last_byte(reference) };
            self.memory.call(GOVERNOR, euro, &mint.abi_encode()).expect("minted");
            let approve = ICash::approveCall { spender: ADDRESS, value: amount };
            self.memory.call(who, euro, &approve.abi_encode()).expect("approved");
        }
        euro
    }

    fn money(&mut self, euro: Address, account: Address) -> u64 {
        let call = ICash::balanceOfCall { account };
        let answer = self.memory.call(account, euro, &call.abi_encode()).expect("a balance");
        U256::abi_decode(&answer).expect("a number").saturating_to()
    }
}

fn transfer(from: Address, to: Address, id: U256, value: u64) -> safeTransferFromCall {
    safeTransferFromCall { from, to, id, value: U256::from(value), data: Bytes::new() }
}

fn gift_of(id: U256, amount: u64, recipient: Address) -> giftCall {
    giftCall { id, amount: U256::from(amount), recipient, until: NOW + DAY, note: B256::ZERO }
}

fn redeem(redemption: u8, id: U256, amount: u64) -> requestRedemptionCall {
    let redemption = B256::with_last_byte(redemption);
    requestRedemptionCall { redemption, id, amount: U256::from(amount), deliveryHash: DELIVERY }
}

fn fulfil(redemption: u8) -> fulfilRedemptionCall {
    fulfilRedemptionCall { redemption: B256::with_last_byte(redemption), proofHash: PROOF }
}

fn fail(redemption: u8) -> failRedemptionCall {
    failRedemptionCall { redemption: B256::with_last_byte(redemption), reasonHash: PROOF }
}

#[test]
fn an_item_is_what_its_issuer_said() {
    let (mut world, item, _) = World::with(bottles(), 2);
    let found = world.reads(itemCall { key: item });
    let terms = Terms { custodian: ISSUER, ..bottles() };
    let identifier = B256::with_last_byte(1);
    assert_eq!(item, keccak256((ISSUER, identifier).abi_encode()));
    assert_eq!(item, world.reads(itemKeyCall { issuer: ISSUER, identifier }));
    let expected =
        Item { item, issuer: ISSUER, identifier, terms, minted: 2, redeemed: 0, unitsHeld: 3, firstSaleAt: 0 };
    assert_eq!(found, expected);
    let page = world.reads(itemsCall { start: 0, count: 10 });
    assert_eq!((page.page, page.total), (vec![expected], 1));
}

#[test]
fn the_same_identifier_of_two_issuers_is_two_items() {
    let (mut world, item, _) = World::with(bottles(), 1);
    let call = createItemCall { identifier: B256::with_last_byte(1), terms: bottles() };
    world.refuses(ISSUER, call.clone(), ItemAlreadyExists { item });
    assert_ne!(world.does(ANNA, call), item);
}

#[test]
fn terms_that_make_no_sense_are_refused() {
    let window = |from, until| InvalidWindow { from, until }.abi_encode();
    let table: Vec<(Terms, Vec<u8>)> = vec![
        (Terms { attributesHash: B256::ZERO, ..bottles() }, AttributesHashIsZero {}.abi_encode()),
        (Terms { units: 0, ..bottles() }, InvalidUnits { units: 0, unitsPerToken: 1 }.abi_encode()),
        (Terms { unitsPerToken: 0, ..bottles() }, InvalidUnits { units: 3, unitsPerToken: 0 }.abi_encode()),
        (Terms { unitsPerToken: 2, ..bottles() }, InvalidUnits { units: 3, unitsPerToken: 2 }.abi_encode()),
        (Terms { presaleFrom: NOW + 2, presaleUntil: NOW + 2, ..bottles() }, window(NOW + 2, NOW + 2)),
        (Terms { redeemFrom: 1, redeemUntil: NOW, ..bottles() }, window(1, NOW)),
    ];
    for (terms, error) in table {
        let call = createItemCall { identifier: B256::ZERO, terms };
        assert_eq!(World::new().calls(ISSUER, &call).err(), Some(Stop::Revert(error.into())), "{call:?}");
    }
}

#[test]
fn the_token_after_the_last_unit_is_refused() {
    let (mut world, item, _) = World::with(bottles(), 2);
    let exhausted = |needed| UnitsExhausted { item, units: 3, needed: U256::from(needed) };
    world.refuses(ISSUER, mintCall { item, tokens: 2 }, exhausted(4));
    world.does(ISSUER, mintCall { item, tokens: 1 });
    world.refuses(ISSUER, mintCall { item, tokens: 1 }, exhausted(4));
    world.refuses(ISSUER, mintCall { item, tokens: 0 }, ZeroAmount {});
    world.refuses(ANNA, mintCall { item, tokens: 1 }, NotIssuer { caller: ANNA, issuer: ISSUER });
    world.refuses(ISSUER, mintCall { item: B256::ZERO, tokens: 1 }, UnknownItem { item: B256::ZERO });
}

#[test]
fn units_near_the_largest_number_do_not_wrap() {
    let terms = Terms { units: u64::MAX, unitsPerToken: u64::MAX, ..milk() };
    let (mut world, item, id) = World::with(terms, 1);
    let needed = U256::from(u64::MAX) << 64;
    world.refuses(ISSUER, mintCall { item, tokens: u64::MAX }, UnitsExhausted { item, units: u64::MAX, needed });
    assert_eq!(world.balance(ISSUER, id), 1);
}

#[test]
fn tokens_of_their_own_stand_for_runs_of_units() {
    let terms = Terms { units: 12, unitsPerToken: 4, ..bottles() };
    let (mut world, item, first) = World::with(terms, 3);
    let page = world.reads(tokensOfItemCall { key: item, start: 1, count: 5 });
    let facts: Vec<_> = page.page.iter().map(|token| (token.instance, token.firstUnit, token.units)).collect();
    assert_eq!((facts, page.total), (vec![(2, 5, 4), (3, 9, 4)], 3));
    assert_eq!(first, U256::from_be_bytes(keccak256((item, 1_u64).abi_encode()).0));
    assert_eq!(world.reads(tokenIdCall { item, instance: 1 }), first);
    assert_eq!(page.page.iter().map(|token| token.holder).collect::<Vec<_>>(), [ISSUER, ISSUER]);
}

#[test]
fn interchangeable_tokens_have_the_items_own_id() {
    let (mut world, item, id) = World::with(milk(), 70);
    assert_eq!(id, U256::from_be_bytes(item.0));
    assert_eq!(world.balance(ISSUER, id), 70);
    world.does(ISSUER, mintCall { item, tokens: 30 });
    assert_eq!(world.balance(ISSUER, id), 100);
    let page = world.reads(tokensOfItemCall { key: item, start: 0, count: 5 });
    assert_eq!((page.page.len(), page.total, page.page[0].units), (1, 1, 10));
    assert_eq!((page.page[0].instance, page.page[0].firstUnit, page.page[0].holder), (0, 0, Address::ZERO));
}

/// The definition, written out again: anyone with the item's data can do this.
#[test]
fn anyone_recomputes_the_link_from_what_is_published() {
    for (terms, instance, first_unit) in [(bottles(), 1_u64, 1_u64), (milk(), 0, 0)] {
        let (mut world, item, id) = World::with(terms.clone(), 1);
        let domain = keccak256("counterfoil.token.link");
        let words: [U256; 9] = [
            domain.into(),
            U256::from(31_337),
            ADDRESS.into_word().into(),
            id,
            item.into(),
            U256::from(instance),
            U256::from(first_unit),
            U256::from(terms.unitsPerToken),
            ATTRIBUTES.into(),
        ];
        let bytes: Vec<u8> = words.iter().flat_map(U256::to_be_bytes::<32>).collect();
        assert_eq!(world.reads(linkCall { id }), keccak256(bytes));
        assert_eq!(world.last::<Minted>().link, world.reads(linkCall { id }));
    }
}

#[test]
fn attributes_change_until_the_first_sale_and_reports_are_only_added() {
    let (mut world, item, id) = World::with(bottles(), 1);
    let other = B256::repeat_byte(0xa8);
    world.does(ISSUER, changeAttributesCall { item, attributesHash: other });
    assert_eq!(
        world.last::<AttributesChanged>(),
        AttributesChanged { item, before: ATTRIBUTES, attributesHash: other }
    );
    world.does(ISSUER, transfer(ISSUER, ANNA, id, 1));
    let late = changeAttributesCall { item, attributesHash: ATTRIBUTES };
    world.refuses(ISSUER, late, AttributesAreFinal { item, firstSaleAt: NOW });
    let report = |last| reportConditionCall { id, reportHash: B256::with_last_byte(last) };
    world.does(ISSUER, report(1));
    world.does(ISSUER, report(2));
    world.refuses(ISSUER, report(0), HashIsZero {});
    world.refuses(ANNA, report(3), NotIssuer { caller: ANNA, issuer: ISSUER });
    let reports = world.reads(conditionsCall { id, start: 1, count: 9 });
    assert_eq!((reports.page, reports.total), (vec![B256::with_last_byte(2)], 2));
}

#[test]
fn a_reserve_below_what_tokens_stand_for_stops_mint_and_sale() {
    let (mut world, item, id) = World::with(Terms { custodian: CARA, ..milk() }, 50);
    let euro = world.with_money();
    let report = |units| reportReserveCall { item, unitsHeld: units, reportHash: PROOF };
    world.refuses(ISSUER, report(499), NotCustodian { caller: ISSUER, custodian: CARA });
    world.refuses(CARA, report(1001), TooManyUnitsHeld { unitsHeld: 1001, most: 1000 });
    world.does(CARA, report(500));
    let short = Insolvent { item, unitsHeld: 500, unitsLive: U256::from(510) };
    world.refuses(ISSUER, mintCall { item, tokens: 1 }, short);
    let list = |amount| listCall { id, amount: U256::from(amount), currency: euro, price: U256::from(1), until: 0 };
    let listing = world.does(ISSUER, list(10));
    world.does(CARA, report(499));
    let short = || Insolvent { item, unitsHeld: 499, unitsLive: U256::from(500) };
    world.refuses(ISSUER, list(1), short());
    world.refuses(ANNA, buyCall { listing, amount: U256::from(1), attributesHash: ATTRIBUTES }, short());
    let solvency = world.reads(solvencyCall { key: item });
    assert_eq!((solvency.unitsLive, solvency.unitsHeld, solvency.solvent), (500, 499, false));
}

#[test]
fn pages_are_bounded_and_empty_past_the_end() {
    let (mut world, item, _) = World::with(bottles(), 3);
    let too_large = || PageTooLarge { count: PAGE_MOST + 1, most: PAGE_MOST };
    world.refuses(ANNA, itemsCall { start: 0, count: PAGE_MOST + 1 }, too_large());
    world.refuses(ANNA, tokensOfOwnerCall { owner: ANNA, start: 0, count: PAGE_MOST + 1 }, too_large());
    world.refuses(ANNA, redemptionsOfItemCall { key: item, start: 0, count: PAGE_MOST + 1 }, too_large());
    for start in [3, u64::MAX] {
        let page = world.reads(tokensOfItemCall { key: item, start, count: PAGE_MOST });
        assert_eq!((page.page.len(), page.total), (0, 3));
    }
}

#[test]
fn an_accounts_tokens_are_listed_as_they_come_and_go() {
    let (mut world, item, first) = World::with(bottles(), 3);
    let ids: Vec<U256> = (1..=3).map(|instance| world.reads(tokenIdCall { item, instance })).collect();
    let owned = |world: &mut World, owner| -> Vec<U256> {
        let page = world.reads(tokensOfOwnerCall { owner, start: 0, count: 9 });
        page.page.iter().map(|holding| holding.id).collect()
    };
    assert_eq!(owned(&mut world, ISSUER), ids);
    world.does(ISSUER, transfer(ISSUER, ANNA, first, 1));
    assert_eq!(owned(&mut world, ISSUER), [ids[2], ids[1]]);
    world.does(ISSUER, transfer(ISSUER, ANNA, ids[1], 1));
    world.does(ISSUER, transfer(ISSUER, ANNA, ids[2], 1));
    assert_eq!((owned(&mut world, ISSUER), owned(&mut world, ANNA)), (vec![], ids.clone()));
    world.does(ANNA, transfer(ANNA, ANNA, first, 1));
    assert_eq!(owned(&mut world, ANNA), ids, "to oneself changes nothing");
}
