//! Sale, lease, gift and giveaway: each with its own rule (TK-14).

use super::*;

fn list(id: U256, amount: u64, currency: Address) -> listCall {
    listCall { id, amount: U256::from(amount), currency, price: U256::from(250), until: NOW + DAY }
}

fn buy(listing: u64, amount: u64) -> buyCall {
    buyCall { listing, amount: U256::from(amount), attributesHash: ATTRIBUTES }
}

fn lease(id: U256, currency: Address, rent: u64) -> offerLeaseCall {
    let rent = U256::from(rent);
    offerLeaseCall { id, amount: U256::from(1), lessee: BERT, until: NOW + DAY, currency, rent }
}

fn take(number: u64) -> takeLeaseCall {
    takeLeaseCall { number, attributesHash: ATTRIBUTES }
}

fn locked(owner: Address, id: U256) -> TokensLocked {
    TokensLocked { owner, unlocked: U256::ZERO, needed: U256::from(1), id }
}

#[test]
fn a_sale_moves_money_and_tokens_in_one() {
    let (mut world, item, id) = World::with(milk(), 100);
    let euro = world.with_money();
    let listing = world.does(ISSUER, list(id, 10, euro));
    world.does(ANNA, buy(listing, 4));
    assert_eq!((world.balance(ANNA, id), world.balance(ISSUER, id)), (4, 96));
    assert_eq!((world.money(euro, ANNA), world.money(euro, ISSUER)), (9_000, 1_000));
    assert_eq!(world.reads(lockedOfCall { owner: ISSUER, id }), U256::from(6));
    let link = world.reads(linkCall { id });
    let sold = Sold {
        id,
        seller: ISSUER,
        buyer: ANNA,
        listing,
        item,
        amount: U256::from(4),
        units: 10,
        currency: euro,
        paid: U256::from(1_000),
        attributesHash: ATTRIBUTES,
        link,
    };
    assert_eq!(world.last::<Sold>(), sold);
    world.does(ANNA, buy(listing, 6));
    world.refuses(ANNA, buy(listing, 1), UnknownListing { listing });
}

#[test]
fn a_sale_that_is_not_paid_does_not_happen() {
    let (mut world, _, id) = World::with(milk(), 100);
    let euro = world.with_money();
    let listing = world.does(ISSUER, list(id, 100, euro));
    let (allowance, needed) = (U256::from(10_000), U256::from(10_250));
    let short = ICash::ERC20InsufficientAllowance { spender: ADDRESS, allowance, needed };
    world.refuses(ANNA, buy(listing, 41), short);
    let nothing =
        ICash::ERC20InsufficientAllowance { spender: ADDRESS, allowance: U256::ZERO, needed: U256::from(250) };
    world.refuses(CARA, buy(listing, 1), nothing);
}

#[test]
fn a_listing_in_what_is_no_currency_cannot_be_bought() {
    let (mut world, _, id) = World::with(milk(), 100);
    let listing = world.does(ISSUER, list(id, 1, BERT));
    world.refuses(ANNA, buy(listing, 1), ICash::NotCurrency { account: BERT });
}

#[test]
fn what_a_buyer_is_refused() {
    let (mut world, _, id) = World::with(milk(), 100);
    let euro = world.with_money();
    let listing = world.does(ISSUER, list(id, 10, euro));
    let other = buyCall { attributesHash: PROOF, ..buy(listing, 1) };
    world.refuses(ANNA, other, WrongAttributes { expected: PROOF, attributesHash: ATTRIBUTES });
    world.refuses(ANNA, buy(listing, 0), ZeroAmount {});
    let (amount, needed) = (U256::from(10), U256::from(11));
    world.refuses(ANNA, buy(listing, 11), NotEnoughListed { listing, amount, needed });
    world.refuses(ISSUER, buy(listing, 1), SameParty { party: ISSUER });
    world.refuses(ANNA, buy(99, 1), UnknownListing { listing: 99 });
    world.memory.now = NOW + DAY;
    world.refuses(ANNA, buy(listing, 1), ListingExpired { until: NOW + DAY });
}

#[test]
fn what_a_seller_is_refused() {
    let (mut world, _, id) = World::annas(bottles(), 1);
    let euro = world.with_money();
    world.refuses(ANNA, list(U256::from(7), 1, euro), UnknownToken { id: U256::from(7) });
    world.refuses(ANNA, listCall { price: U256::ZERO, ..list(id, 1, euro) }, PriceIsZero {});
    world.refuses(ANNA, listCall { until: NOW, ..list(id, 1, euro) }, ListingExpired { until: NOW });
    world.refuses(ANNA, list(id, 0, euro), ZeroAmount {});
    world.does(ANNA, list(id, 1, euro));
    world.refuses(ANNA, list(id, 1, euro), locked(ANNA, id));
}

#[test]
fn a_price_that_overflows_is_named() {
    let (mut world, _, id) = World::with(milk(), 100);
    let euro = world.with_money();
    let listing = world.does(ISSUER, listCall { price: U256::MAX, ..list(id, 2, euro) });
    world.refuses(ANNA, buy(listing, 2), AmountOverflow {});
}

#[test]
fn only_the_seller_takes_a_listing_back_until_it_expires() {
    let (mut world, _, id) = World::annas(bottles(), 1);
    let euro = world.with_money();
    let listing = world.does(ANNA, list(id, 1, euro));
    world.refuses(BERT, unlistCall { listing }, NotParty { caller: BERT });
    world.memory.now = NOW + DAY;
    world.does(BERT, unlistCall { listing });
    assert_eq!(world.reads(tokenCall { id }).lock, Lock::Free);
    world.does(ANNA, transfer(ANNA, CARA, id, 1));
    world.refuses(ANNA, unlistCall { listing }, UnknownListing { listing });
}

#[test]
fn a_presale_sells_what_does_not_exist_in_its_window_only() {
    let terms = Terms { exists: false, presaleFrom: NOW + 10, presaleUntil: NOW + 20, ..bottles() };
    let (mut world, item, id) = World::with(terms, 3);
    let euro = world.with_money();
    let listing = world.does(ISSUER, list(id, 1, euro));
    world.memory.now = NOW + 9;
    world.refuses(ANNA, buy(listing, 1), PresaleNotOpen { presaleFrom: NOW + 10 });
    world.memory.now = NOW + 20;
    world.refuses(ANNA, buy(listing, 1), PresaleOver { presaleUntil: NOW + 20 });
    let mut early = World { memory: world.memory.clone() };
    for open in [NOW + 10, NOW + 19] {
        early.memory.now = open;
        World { memory: early.memory.clone() }.does(ANNA, buy(listing, 1));
    }
    world.refuses(
        ISSUER,
        declareExistenceCall { item, attributesHash: PROOF },
        WrongAttributes { expected: PROOF, attributesHash: ATTRIBUTES },
    );
    world.does(ISSUER, declareExistenceCall { item, attributesHash: ATTRIBUTES });
    let again = declareExistenceCall { item, attributesHash: ATTRIBUTES };
    world.refuses(ISSUER, again, AlreadyInExistence { item });
    world.does(ANNA, buy(listing, 1));
}

#[test]
fn a_gift_is_the_senders_until_it_is_accepted() {
    let (mut world, _, id) = World::annas(bottles(), 1);
    let number = world.does(ANNA, gift_of(id, 1, BERT));
    assert_eq!((world.balance(ANNA, id), world.reads(tokenCall { id }).lock), (1, Lock::GiftPending));
    world.refuses(ANNA, transfer(ANNA, CARA, id, 1), locked(ANNA, id));
    world.refuses(ANNA, redeem(1, id, 1), locked(ANNA, id));
    world.refuses(CARA, acceptGiftCall { number }, NotParty { caller: CARA });
    world.does(BERT, acceptGiftCall { number });
    assert_eq!((world.balance(ANNA, id), world.balance(BERT, id)), (0, 1));
    assert_eq!(world.last::<Gifted>().recipient, BERT);
    let token = world.reads(tokenCall { id });
    assert_eq!((token.holder, token.lock), (BERT, Lock::Free));
    world.refuses(BERT, acceptGiftCall { number }, GiftIsOver { gift: number });
    world.refuses(ANNA, takeBackGiftCall { number }, GiftIsOver { gift: number });
    world.refuses(BERT, acceptGiftCall { number: 9 }, UnknownGift { gift: 9 });
}

#[test]
fn a_gift_that_nobody_accepts_returns() {
    let (mut world, _, id) = World::annas(bottles(), 1);
    let number = world.does(ANNA, gift_of(id, 1, BERT));
    world.refuses(CARA, takeBackGiftCall { number }, NotParty { caller: CARA });
    world.memory.now = NOW + DAY;
    world.refuses(BERT, acceptGiftCall { number }, GiftExpired { until: NOW + DAY });
    world.does(CARA, takeBackGiftCall { number });
    assert_eq!(world.reads(giftOfCall { number }).state, GiftState::TakenBack);
    world.does(ANNA, transfer(ANNA, CARA, id, 1));
}

#[test]
fn gifts_to_nobody_oneself_or_the_past_are_refused() {
    let (mut world, _, id) = World::annas(bottles(), 1);
    world.refuses(ANNA, gift_of(id, 1, Address::ZERO), ZeroAddress {});
    world.refuses(ANNA, gift_of(id, 1, ANNA), SameParty { party: ANNA });
    world.refuses(ANNA, gift_of(id, 0, BERT), ZeroAmount {});
    world.refuses(ANNA, giftCall { until: NOW, ..gift_of(id, 1, BERT) }, GiftExpired { until: NOW });
}

#[test]
fn a_giveaway_reaches_everybody_at_once() {
    let (mut world, _, id) = World::with(milk(), 100);
    let give = |amount, recipients| giveAwayCall { id, amount: U256::from(amount), recipients };
    world.does(ISSUER, give(2, vec![ANNA, BERT, ANNA]));
    assert_eq!([ANNA, BERT, ISSUER].map(|who| world.balance(who, id)), [4, 2, 94]);
    assert_eq!(world.last::<GivenAway>().amount, U256::from(2));
    world.refuses(ISSUER, give(0, vec![ANNA]), ZeroAmount {});
    world.refuses(ISSUER, give(1, vec![]), ZeroAmount {});
    world.refuses(ISSUER, give(1, vec![ISSUER]), SameParty { party: ISSUER });
    let (length, most) = (U256::from(BATCH_MOST + 1), U256::from(BATCH_MOST));
    world.refuses(ISSUER, give(1, vec![ANNA; BATCH_MOST + 1]), TooManyAtOnce { length, most });
}

#[test]
fn a_lease_is_paid_runs_and_comes_back() {
    let (mut world, _, id) = World::annas(bottles(), 1);
    let euro = world.with_money();
    let number = world.does(ANNA, lease(id, euro, 300));
    world.refuses(CARA, take(number), NotParty { caller: CARA });
    let other = takeLeaseCall { attributesHash: PROOF, ..take(number) };
    world.refuses(BERT, other, WrongAttributes { expected: PROOF, attributesHash: ATTRIBUTES });
    world.does(BERT, take(number));
    assert_eq!((world.money(euro, ANNA), world.money(euro, BERT)), (10_300, 9_700));
    assert_eq!((world.balance(ANNA, id), world.reads(tokenCall { id }).lock), (1, Lock::Leased));
    world.refuses(ANNA, transfer(ANNA, CARA, id, 1), locked(ANNA, id));
    world.refuses(ANNA, redeem(1, id, 1), locked(ANNA, id));
    world.refuses(ANNA, endLeaseCall { number }, LeaseRuns { until: NOW + DAY });
    world.refuses(CARA, endLeaseCall { number }, NotParty { caller: CARA });
    world.refuses(BERT, take(number), LeaseNotOffered { lease: number });
    world.memory.now = NOW + DAY;
    world.does(CARA, endLeaseCall { number });
    assert!(world.last::<LeaseEnded>().taken);
    world.does(ANNA, transfer(ANNA, CARA, id, 1));
    world.refuses(ANNA, endLeaseCall { number }, LeaseIsOver { lease: number });
}

#[test]
fn a_lessee_may_bring_it_back_early_and_a_lessor_may_withdraw_an_offer() {
    let (mut world, _, id) = World::annas(bottles(), 1);
    let number = world.does(ANNA, lease(id, Address::ZERO, 0));
    world.does(ANNA, endLeaseCall { number });
    assert!(!world.last::<LeaseEnded>().taken);
    world.refuses(BERT, take(number), LeaseNotOffered { lease: number });
    let number = world.does(ANNA, lease(id, Address::ZERO, 0));
    world.does(BERT, take(number));
    world.does(BERT, endLeaseCall { number });
    assert_eq!(world.reads(leaseOfCall { number }).state, LeaseState::Ended);
    assert_eq!(world.reads(tokenCall { id }).lock, Lock::Free);
}

#[test]
fn leases_that_make_no_sense_are_refused() {
    let (mut world, _, id) = World::annas(bottles(), 1);
    let free = || lease(id, Address::ZERO, 0);
    world.refuses(ANNA, offerLeaseCall { lessee: ANNA, ..free() }, SameParty { party: ANNA });
    world.refuses(ANNA, offerLeaseCall { lessee: Address::ZERO, ..free() }, ZeroAddress {});
    world.refuses(ANNA, offerLeaseCall { until: NOW, ..free() }, LeaseExpired { until: NOW });
    world.refuses(ANNA, endLeaseCall { number: 4 }, UnknownLease { lease: 4 });
    let number = world.does(ANNA, lease(id, CARA, 5));
    world.refuses(BERT, take(number), ICash::NotCurrency { account: CARA });
    world.memory.now = NOW + DAY;
    world.refuses(BERT, take(number), LeaseExpired { until: NOW + DAY });
}

#[test]
fn offers_are_numbered_together() {
    let (mut world, item, id) = World::annas(bottles(), 3);
    let second = world.reads(tokenIdCall { item, instance: 2 });
    let third = world.reads(tokenIdCall { item, instance: 3 });
    let euro = world.with_money();
    assert_eq!(world.does(ANNA, gift_of(id, 1, BERT)), 1);
    assert_eq!(world.does(ISSUER, list(second, 1, euro)), 2);
    assert_eq!(world.does(ISSUER, lease(third, euro, 1)), 3);
    assert_eq!(world.reads(lastOfferCall {}), 3);
    world.refuses(ANNA, giftOfCall { number: 2 }, UnknownGift { gift: 2 });
    world.refuses(ANNA, listingOfCall { number: 1 }, UnknownListing { listing: 1 });
    world.refuses(ANNA, leaseOfCall { number: 1 }, UnknownLease { lease: 1 });
}
