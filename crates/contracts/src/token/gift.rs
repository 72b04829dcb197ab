//! Gift: the recipient has to accept, and until then the sender is the owner. Giveaway: at once, and nobody is asked.
//! Rules: TK-14, TK-15; of TK-20 and TK-21 what concerns the ledger.

use alloy_primitives::{Address, U256};

use super::{
    BATCH_MOST, GiftPlace,
    abi::IToken::{self, GiftState, Lock},
    storage,
    units::{self, Known},
};
use crate::{Env, Res, env::require};

/// `gift`.
pub(super) fn gift(env: &mut Env<'_>, call: IToken::giftCall) -> Res<u64> {
    let (sender, token) = (env.caller(), units::known(env, call.id)?);
    require_recipient(sender, call.recipient)?;
    require(env.now() < call.until, || IToken::GiftExpired { until: call.until })?;
    token.require_passable(env, sender)?;
    units::lock(env, &token, sender, call.amount, Lock::GiftPending)?;
    let number = units::next_offer(env)?;
    write(env, number, &call)?;
    let IToken::giftCall { id, amount, recipient, until, note } = call;
    env.emit(&IToken::GiftOffered { id, sender, recipient, gift: number, item: token.item, amount, until, note })?;
    Ok(number)
}

/// `acceptGift`.
pub(super) fn accept_gift(env: &mut Env<'_>, call: IToken::acceptGiftCall) -> Res<()> {
    let (place, caller) = (pending(env, call.number)?, env.caller());
    let (sender, recipient) = (place.sender.get(env)?, place.recipient.get(env)?);
    require(caller == recipient, || IToken::NotParty { caller })?;
    let until = place.until.get(env)?;
    require(env.now() < until, || IToken::GiftExpired { until })?;
    place.state.set(env, GiftState::Accepted as u8)?;
    let (token, amount) = unlocked(env, place)?;
    units::transfer(env, sender, recipient, token.id, amount)?;
    log_gifted(env, &token, place, call.number)
}

/// `takeBackGift`.
pub(super) fn take_back_gift(env: &mut Env<'_>, call: IToken::takeBackGiftCall) -> Res<()> {
    let (place, caller) = (pending(env, call.number)?, env.caller());
    let (sender, until) = (place.sender.get(env)?, place.until.get(env)?);
    require(caller == sender || env.now() >= until, || IToken::NotParty { caller })?;
    place.state.set(env, GiftState::TakenBack as u8)?;
    let (token, amount) = unlocked(env, place)?;
    let recipient = place.recipient.get(env)?;
    env.emit(&IToken::GiftTakenBack { id: token.id, sender, recipient, gift: call.number, amount })
}

/// `giveAway`.
pub(super) fn give_away(env: &mut Env<'_>, call: IToken::giveAwayCall) -> Res<()> {
    let (token, most) = (units::known(env, call.id)?, U256::from(BATCH_MOST));
    let length = U256::from(call.recipients.len());
    require(length <= most, || IToken::TooManyAtOnce { length, most })?;
    require(!call.amount.is_zero() && !length.is_zero(), || IToken::ZeroAmount {})?;
    call.recipients.iter().try_for_each(|recipient| give(env, &token, *recipient, call.amount))
}

fn give(env: &mut Env<'_>, token: &Known, recipient: Address, amount: U256) -> Res<()> {
    let sender = env.caller();
    require_recipient(sender, recipient)?;
    units::transfer(env, sender, recipient, token.id, amount)?;
    let facts = token.facts(env)?;
    env.emit(&IToken::GivenAway {
        id: token.id,
        sender,
        recipient,
        item: token.item,
        amount,
        units: facts.units,
        attributesHash: facts.attributes_hash,
        link: facts.link,
    })
}

fn require_recipient(sender: Address, recipient: Address) -> Res<()> {
    require(!recipient.is_zero(), || IToken::ZeroAddress {})?;
    require(recipient != sender, || IToken::SameParty { party: sender })
}

fn write(env: &mut Env<'_>, number: u64, call: &IToken::giftCall) -> Res<()> {
    let place = storage().gifts.of(env, number)?;
    let sender = env.caller();
    place.sender.set(env, sender)?;
    place.recipient.set(env, call.recipient)?;
    place.id.set(env, call.id)?;
    place.amount.set(env, call.amount)?;
    place.until.set(env, call.until)?;
    place.note.set(env, call.note)?;
    place.state.set(env, GiftState::Pending as u8)
}

fn pending(env: &mut Env<'_>, gift: u64) -> Res<GiftPlace> {
    let place = storage().gifts.of(env, gift)?;
    let state = place.state.get(env)?;
    require(state != GiftState::None as u8, || IToken::UnknownGift { gift })?;
    require(state == GiftState::Pending as u8, || IToken::GiftIsOver { gift })?;
    Ok(place)
}

fn unlocked(env: &mut Env<'_>, place: GiftPlace) -> Res<(Known, U256)> {
    let (id, amount, sender) = (place.id.get(env)?, place.amount.get(env)?, place.sender.get(env)?);
    let token = units::known(env, id)?;
    units::unlock(env, &token, sender, amount)?;
    Ok((token, amount))
}

fn log_gifted(env: &mut Env<'_>, token: &Known, place: GiftPlace, number: u64) -> Res<()> {
    let facts = token.facts(env)?;
    let event = IToken::Gifted {
        id: token.id,
        sender: place.sender.get(env)?,
        recipient: place.recipient.get(env)?,
        gift: number,
        item: token.item,
        amount: place.amount.get(env)?,
        units: facts.units,
        note: place.note.get(env)?,
        attributesHash: facts.attributes_hash,
        link: facts.link,
    };
    env.emit(&event)
}
