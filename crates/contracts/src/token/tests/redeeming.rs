//! Redemption: by the owner, in its window, once, and final only on proof of delivery (TK-13, TK-18, TK-22, TK-23, TK-42).

use super::*;

#[test]
fn a_token_is_frozen_and_then_burned_for_its_units() {
    let (mut world, item, id) = World::annas(bottles(), 3);
    world.does(ANNA, redeem(1, id, 1));
    let token = world.reads(tokenCall { id });
    assert_eq!((token.holder, token.lock), (ANNA, Lock::RedemptionRequested));
    let frozen = TokensLocked { owner: ANNA, unlocked: U256::ZERO, needed: U256::from(1), id };
    world.refuses(ANNA, transfer(ANNA, BERT, id, 1), frozen);
    world.does(ISSUER, fulfil(1));
    let burned = TransferSingle { operator: ISSUER, from: ANNA, to: Address::ZERO, id, value: U256::from(1) };
    assert_eq!(world.last::<TransferSingle>(), burned);
    let token = world.reads(tokenCall { id });
    assert_eq!((token.holder, token.lock, world.balance(ANNA, id)), (Address::ZERO, Lock::Redeemed, 0));
    let log = world.last::<Redeemed>();
    assert_eq!((log.redemption, log.id, log.redeemer, log.item), (B256::with_last_byte(1), id, ANNA, item));
    assert_eq!((log.deliveryHash, log.proofHash, log.attributesHash), (DELIVERY, PROOF, ATTRIBUTES));
    let solvency = world.reads(solvencyCall { key: item });
    assert_eq!((solvency.unitsLive, solvency.unitsHeld), (2, 2));
}

#[test]
fn a_redeemed_token_is_never_made_again() {
    let (mut world, item, id) = World::annas(bottles(), 3);
    world.does(ANNA, redeem(1, id, 1));
    world.does(ISSUER, fulfil(1));
    let needed = U256::from(4);
    world.refuses(ISSUER, mintCall { item, tokens: 1 }, UnitsExhausted { item, units: 3, needed });
    let short = ERC1155InsufficientBalance { sender: ANNA, balance: U256::ZERO, needed: U256::from(1), tokenId: id };
    world.refuses(ANNA, redeem(2, id, 1), short);
}

#[test]
fn a_failed_delivery_gives_the_token_back() {
    let (mut world, _, id) = World::annas(bottles(), 3);
    world.does(ANNA, redeem(1, id, 1));
    world.does(ISSUER, fail(1));
    assert_eq!(world.reads(tokenCall { id }).lock, Lock::Free);
    world.does(ANNA, redeem(2, id, 1));
    world.does(ISSUER, fulfil(2));
    assert_eq!(world.balance(ANNA, id), 0);
}

#[test]
fn the_same_call_again_changes_nothing_and_another_is_refused() {
    let (mut world, item, id) = World::annas(milk(), 10);
    let spent = || RedemptionIdSpent { redemption: B256::with_last_byte(1) };
    world.does(ANNA, redeem(1, id, 1));
    let after = (world.memory.slots.clone(), world.memory.logs.len());
    world.does(ANNA, redeem(1, id, 1));
    assert_eq!((world.memory.slots.clone(), world.memory.logs.len()), after);
    world.refuses(ANNA, redeem(1, id, 2), spent());
    world.refuses(ISSUER, redeem(1, id, 1), spent());
    world.refuses(ANNA, requestRedemptionCall { deliveryHash: PROOF, ..redeem(1, id, 1) }, spent());
    world.does(ISSUER, fulfil(1));
    let after = (world.memory.slots.clone(), world.memory.logs.len());
    world.does(ISSUER, fulfil(1));
    world.does(ANNA, redeem(1, id, 1));
    assert_eq!((world.memory.slots.clone(), world.memory.logs.len()), after);
    let page = world.reads(redemptionsOfItemCall { key: item, start: 0, count: 9 });
    assert_eq!((page.page, page.total), (vec![B256::with_last_byte(1)], 1));
}

#[test]
fn an_ended_redemption_does_not_end_otherwise() {
    let (mut world, _, id) = World::annas(milk(), 10);
    world.does(ISSUER, transfer(ISSUER, ANNA, id, 1));
    let is_final = |number, state| RedemptionIsFinal { redemption: B256::with_last_byte(number), state };
    world.does(ANNA, redeem(1, id, 1));
    world.does(ISSUER, fulfil(1));
    world.refuses(ISSUER, fail(1), is_final(1, RedemptionState::Fulfilled));
    let other = fulfilRedemptionCall { proofHash: DELIVERY, ..fulfil(1) };
    world.refuses(ISSUER, other, is_final(1, RedemptionState::Fulfilled));
    world.does(ANNA, redeem(2, id, 1));
    world.does(ISSUER, fail(2));
    world.refuses(ISSUER, fulfil(2), is_final(2, RedemptionState::Failed));
}

#[test]
fn only_the_owner_asks_and_only_the_issuer_ends() {
    let (mut world, _, id) = World::annas(bottles(), 1);
    let short =
        |who| ERC1155InsufficientBalance { sender: who, balance: U256::ZERO, needed: U256::from(1), tokenId: id };
    world.refuses(BERT, redeem(1, id, 1), short(BERT));
    world.refuses(ISSUER, fulfil(1), UnknownRedemption { redemption: B256::with_last_byte(1) });
    world.does(ANNA, redeem(1, id, 1));
    world.refuses(ANNA, fulfil(1), NotIssuer { caller: ANNA, issuer: ISSUER });
    world.refuses(BERT, fail(1), NotIssuer { caller: BERT, issuer: ISSUER });
}

#[test]
fn a_former_owner_cannot_redeem_in_the_block_of_the_transfer() {
    let (mut world, _, id) = World::annas(bottles(), 1);
    let (height, time) = (world.memory.number, world.memory.now);
    world.does(ANNA, transfer(ANNA, BERT, id, 1));
    let short = ERC1155InsufficientBalance { sender: ANNA, balance: U256::ZERO, needed: U256::from(1), tokenId: id };
    world.refuses(ANNA, redeem(1, id, 1), short);
    world.does(BERT, redeem(2, id, 1));
    assert_eq!((world.memory.number, world.memory.now), (height, time));
}

#[test]
fn a_second_request_on_another_channel_finds_the_token_frozen() {
    let (mut world, _, id) = World::annas(bottles(), 1);
    world.does(ANNA, redeem(1, id, 1));
    let frozen = TokensLocked { owner: ANNA, unlocked: U256::ZERO, needed: U256::from(1), id };
    world.refuses(ANNA, redeem(2, id, 1), frozen);
}

#[test]
fn requests_of_nothing_are_refused() {
    let (mut world, _, id) = World::annas(bottles(), 1);
    world.refuses(ANNA, redeem(1, id, 0), ZeroAmount {});
    world.refuses(ANNA, requestRedemptionCall { deliveryHash: B256::ZERO, ..redeem(1, id, 1) }, HashIsZero {});
    world.refuses(ANNA, redeem(1, U256::from(3), 1), UnknownToken { id: U256::from(3) });
    world.does(ANNA, redeem(1, id, 1));
    world.refuses(ISSUER, fulfilRedemptionCall { proofHash: B256::ZERO, ..fulfil(1) }, HashIsZero {});
}

#[test]
fn what_is_not_redeemable_is_not_redeemed() {
    let (mut world, _, id) = World::annas(Terms { redeemable: false, ..bottles() }, 1);
    world.refuses(ANNA, redeem(1, id, 1), NotRedeemable { id });
}

#[test]
fn what_does_not_exist_is_not_redeemed_whatever_the_date() {
    let terms = Terms { exists: false, redeemFrom: NOW + 5, ..bottles() };
    let (mut world, item, id) = World::annas(terms, 1);
    let early = || NotYetInExistence { item, redeemFrom: NOW + 5 };
    world.refuses(ANNA, redeem(1, id, 1), early());
    world.memory.now = NOW + 6;
    world.refuses(ANNA, redeem(1, id, 1), early());
    world.does(ISSUER, declareExistenceCall { item, attributesHash: ATTRIBUTES });
    world.does(ANNA, redeem(1, id, 1));
}

#[test]
fn the_window_opens_at_its_first_second_and_is_over_at_its_last() {
    let terms = Terms { redeemFrom: NOW + 100, redeemUntil: NOW + 200, ..bottles() };
    let (start, _, id) = World::annas(terms, 1);
    let table = [
        (NOW + 99, Some(TooEarly { redeemFrom: NOW + 100 }.abi_encode())),
        (NOW + 100, None),
        (NOW + 199, None),
        (NOW + 200, Some(TooLate { redeemUntil: NOW + 200 }.abi_encode())),
    ];
    for (now, refusal) in table {
        let mut world = World { memory: Memory { now, ..start.memory.clone() } };
        let actual = world.calls(ANNA, &redeem(1, id, 1)).err();
        assert_eq!(actual, refusal.map(|error| Stop::Revert(error.into())), "at {now}");
    }
}

#[test]
fn part_of_a_balance_can_be_redeemed_and_the_rest_moves() {
    let (mut world, item, id) = World::with(milk(), 100);
    world.does(ISSUER, transfer(ISSUER, ANNA, id, 10));
    world.does(ANNA, redeem(1, id, 4));
    let locked = TokensLocked { owner: ANNA, unlocked: U256::from(6), needed: U256::from(7), id };
    world.refuses(ANNA, transfer(ANNA, BERT, id, 7), locked);
    world.does(ANNA, transfer(ANNA, BERT, id, 6));
    world.does(ISSUER, fulfil(1));
    assert_eq!((world.balance(ANNA, id), world.balance(BERT, id)), (0, 6));
    let solvency = world.reads(solvencyCall { key: item });
    assert_eq!((solvency.unitsLive, solvency.unitsHeld), (960, 960));
    let report = reportReserveCall { item, unitsHeld: 961, reportHash: PROOF };
    world.refuses(ISSUER, report, TooManyUnitsHeld { unitsHeld: 961, most: 960 });
}
