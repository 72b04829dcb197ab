//! What can be read: items, tokens, offers and redemptions, in pages of at most `PAGE_MOST` rows. Changes nothing.
//! Rules: TK-16 and TK-17 (a wallet's tokens, an item's tokens), TK-43 (whether an item is solvent).

use std::ops::Range;

use alloy_primitives::{B256, U256};

use super::{
    ItemPlace, PAGE_MOST,
    abi::IToken::{self, GiftState, Item, Kind, LeaseState, Lock, RedemptionState, Terms, Token},
    items, storage,
    units::{self, Known},
};
use crate::{Cell, Env, List, Res, env::require};

/// `item`.
pub(super) fn item(env: &mut Env<'_>, call: IToken::itemCall) -> Res<Item> {
    let place = items::found(env, call.key)?;
    read_item(env, call.key, place)
}

/// `items`.
pub(super) fn items(env: &mut Env<'_>, call: IToken::itemsCall) -> Res<IToken::itemsReturn> {
    let (keys, total) = read_list(env, storage().item_keys, call.start, call.count)?;
    let mut page = Vec::with_capacity(keys.len());
    for key in keys {
        let place = storage().items.of(env, key)?;
        page.push(read_item(env, key, place)?);
    }
    Ok(IToken::itemsReturn { page, total })
}

/// `token`.
pub(super) fn token(env: &mut Env<'_>, call: IToken::tokenCall) -> Res<Token> {
    let token = units::known(env, call.id)?;
    read_token(env, &token)
}

/// `tokensOfItem`.
pub(super) fn tokens_of_item(env: &mut Env<'_>, call: IToken::tokensOfItemCall) -> Res<IToken::tokensOfItemReturn> {
    let place = items::found(env, call.key)?;
    let (minted, interchangeable) = (place.minted.get(env)?, place.interchangeable.get(env)?);
    let total = if interchangeable { minted.min(1) } else { minted };
    let mut page = Vec::new();
    for index in rows(total, call.start, call.count)? {
        let instance = if interchangeable { 0 } else { index.saturating_add(1) };
        let id = items::id_of(env, call.key, instance)?;
        let token = units::known(env, id)?;
        page.push(read_token(env, &token)?);
    }
    Ok(IToken::tokensOfItemReturn { page, total })
}

/// `tokensOfOwner`.
pub(super) fn tokens_of_owner(env: &mut Env<'_>, call: IToken::tokensOfOwnerCall) -> Res<IToken::tokensOfOwnerReturn> {
    let holdings = storage().holdings.of(env, call.owner)?;
    let (ids, total) = read_list(env, holdings, call.start, call.count)?;
    let mut page = Vec::with_capacity(ids.len());
    for id in ids {
        let (amount, locked) = (units::balance(env, call.owner, id)?, units::locked(env, call.owner, id)?);
        page.push(IToken::Holding { id, amount, locked });
    }
    Ok(IToken::tokensOfOwnerReturn { page, total })
}

/// `lockedOf`.
pub(super) fn locked_of(env: &mut Env<'_>, call: IToken::lockedOfCall) -> Res<U256> {
    units::locked(env, call.owner, call.id)
}

/// `link`.
pub(super) fn link(env: &mut Env<'_>, call: IToken::linkCall) -> Res<B256> {
    let token = units::known(env, call.id)?;
    Ok(token.facts(env)?.link)
}

/// `solvency`.
pub(super) fn solvency(env: &mut Env<'_>, call: IToken::solvencyCall) -> Res<IToken::solvencyReturn> {
    let place = items::found(env, call.key)?;
    let (live, held) = (units::live_units(env, place)?, place.units_held.get(env)?);
    Ok(IToken::solvencyReturn { unitsLive: live, unitsHeld: held, solvent: live <= held })
}

/// `conditions`.
pub(super) fn conditions(env: &mut Env<'_>, call: IToken::conditionsCall) -> Res<IToken::conditionsReturn> {
    let token = units::known(env, call.id)?;
    let (page, total) = read_list(env, token.token.conditions, call.start, call.count)?;
    Ok(IToken::conditionsReturn { page, total })
}

/// `lastOffer`.
pub(super) fn last_offer(env: &mut Env<'_>, _call: IToken::lastOfferCall) -> Res<u64> {
    storage().last_offer.get(env)
}

/// `listingOf`.
pub(super) fn listing_of(env: &mut Env<'_>, call: IToken::listingOfCall) -> Res<IToken::Listing> {
    let place = storage().listings.of(env, call.number)?;
    let seller = place.seller.get(env)?;
    require(!seller.is_zero(), || IToken::UnknownListing { listing: call.number })?;
    Ok(IToken::Listing {
        seller,
        id: place.id.get(env)?,
        amount: place.amount.get(env)?,
        currency: place.currency.get(env)?,
        price: place.price.get(env)?,
        until: place.until.get(env)?,
    })
}

/// `giftOf`.
pub(super) fn gift_of(env: &mut Env<'_>, call: IToken::giftOfCall) -> Res<IToken::Gift> {
    let place = storage().gifts.of(env, call.number)?;
    let state = GiftState::try_from(place.state.get(env)?).unwrap_or(GiftState::None);
    require(state != GiftState::None, || IToken::UnknownGift { gift: call.number })?;
    Ok(IToken::Gift {
        sender: place.sender.get(env)?,
        recipient: place.recipient.get(env)?,
        id: place.id.get(env)?,
        amount: place.amount.get(env)?,
        until: place.until.get(env)?,
        note: place.note.get(env)?,
        state,
    })
}

/// `leaseOf`.
pub(super) fn lease_of(env: &mut Env<'_>, call: IToken::leaseOfCall) -> Res<IToken::Lease> {
    let place = storage().leases.of(env, call.number)?;
    let state = LeaseState::try_from(place.state.get(env)?).unwrap_or(LeaseState::None);
    require(state != LeaseState::None, || IToken::UnknownLease { lease: call.number })?;
    Ok(IToken::Lease {
        lessor: place.lessor.get(env)?,
        lessee: place.lessee.get(env)?,
        id: place.id.get(env)?,
        amount: place.amount.get(env)?,
        currency: place.currency.get(env)?,
        rent: place.rent.get(env)?,
        until: place.until.get(env)?,
        state,
    })
}

/// `redemptionOf`.
pub(super) fn redemption_of(env: &mut Env<'_>, call: IToken::redemptionOfCall) -> Res<IToken::Redemption> {
    let place = storage().redemptions.of(env, call.redemption)?;
    let state = RedemptionState::try_from(place.state.get(env)?).unwrap_or(RedemptionState::None);
    require(state != RedemptionState::None, || IToken::UnknownRedemption { redemption: call.redemption })?;
    Ok(IToken::Redemption {
        redeemer: place.redeemer.get(env)?,
        id: place.id.get(env)?,
        amount: place.amount.get(env)?,
        deliveryHash: place.delivery_hash.get(env)?,
        outcomeHash: place.outcome_hash.get(env)?,
        requestedAt: place.requested_at.get(env)?,
        endedAt: place.ended_at.get(env)?,
        state,
    })
}

/// `redemptionsOfItem`.
pub(super) fn redemptions_of_item(
    env: &mut Env<'_>,
    call: IToken::redemptionsOfItemCall,
) -> Res<IToken::redemptionsOfItemReturn> {
    let place = items::found(env, call.key)?;
    let (page, total) = read_list(env, place.redemptions, call.start, call.count)?;
    Ok(IToken::redemptionsOfItemReturn { page, total })
}

fn read_item(env: &mut Env<'_>, item: B256, place: ItemPlace) -> Res<Item> {
    Ok(Item {
        item,
        issuer: place.issuer.get(env)?,
        identifier: place.identifier.get(env)?,
        terms: read_terms(env, place)?,
        minted: place.minted.get(env)?,
        redeemed: place.redeemed.get(env)?,
        unitsHeld: place.units_held.get(env)?,
        firstSaleAt: place.first_sale_at.get(env)?,
    })
}

fn read_terms(env: &mut Env<'_>, place: ItemPlace) -> Res<Terms> {
    Ok(Terms {
        // Only known kinds are written.
        kind: Kind::try_from(place.kind.get(env)?).unwrap_or(Kind::ConsumerProduct),
        attributesHash: place.attributes_hash.get(env)?,
        units: place.units.get(env)?,
        unitsPerToken: place.units_per_token.get(env)?,
        interchangeable: place.interchangeable.get(env)?,
        redeemable: place.redeemable.get(env)?,
        possessionIsOwnership: place.possession_is_ownership.get(env)?,
        transferable: place.transferable.get(env)?,
        exists: place.exists.get(env)?,
        presaleFrom: place.presale_from.get(env)?,
        presaleUntil: place.presale_until.get(env)?,
        redeemFrom: place.redeem_from.get(env)?,
        redeemUntil: place.redeem_until.get(env)?,
        custodian: place.custodian.get(env)?,
    })
}

fn read_token(env: &mut Env<'_>, token: &Known) -> Res<Token> {
    let facts = token.facts(env)?;
    Ok(Token {
        id: token.id,
        item: token.item,
        instance: token.instance,
        firstUnit: facts.first_unit,
        units: facts.units,
        holder: token.token.holder.get(env)?,
        // Only known locks are written.
        lock: Lock::try_from(token.token.lock.get(env)?).unwrap_or(Lock::Free),
        link: facts.link,
    })
}

/// A page of a list of words, and the list's length.
fn read_list<T: crate::Word>(env: &mut Env<'_>, list: List<Cell<T>>, start: u64, count: u64) -> Res<(Vec<T>, u64)> {
    let total = list.len(env)?;
    let mut page = Vec::new();
    for index in rows(total, start, count)? {
        if let Some(cell) = list.item(env, index)? {
            page.push(cell.get(env)?);
        }
    }
    Ok((page, total))
}

fn rows(total: u64, start: u64, count: u64) -> Res<Range<u64>> {
    require(count <= PAGE_MOST, || IToken::PageTooLarge { count, most: PAGE_MOST })?;
    Ok(start.min(total)..start.saturating_add(count).min(total))
}
