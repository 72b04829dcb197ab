//! Two-step money: hold, adjust, capture, release, void. Each verb looks for its own earlier run first, then who calls, then
//! what it is asked, then what the world allows; only then it writes.

use alloy_primitives::{Address, B256, U256};

use crate::{
    env::{Env, require, revert},
    host::Res,
};

use super::{
    abi::ICash::{self, *},
    accounts, places,
    record::{Record, Standing},
};

pub(super) fn approve_operator(env: &mut Env<'_>, call: approveOperatorCall) -> Res<approveOperatorReturn> {
    let owner = env.caller();
    let approveOperatorCall { operator, cap } = call;
    require(!operator.is_zero() && operator != owner, || ICash::InvalidOperator { operator })?;
    places().operators.of(env, owner)?.of(env, operator)?.cap.set(env, cap)?;
    env.emit(&ICash::OperatorApproval { owner, operator, cap })?;
    Ok(approveOperatorReturn {})
}

pub(super) fn operator_cap(env: &mut Env<'_>, call: operatorCapCall) -> Res<operatorCapReturn> {
    let place = places().operators.of(env, call.owner)?.of(env, call.operator)?;
    Ok(operatorCapReturn { cap: place.cap.get(env)?, used: place.used.get(env)? })
}

pub(super) fn hold(env: &mut Env<'_>, call: holdCall) -> Res<holdReturn> {
    let record = places().holds.of(env, call.id)?;
    if record.standing.get(env)?.state == HoldState::Unknown {
        place(env, record, &call)?;
    } else {
        let found = record.read(env)?;
        require(has_terms(&found, env.caller(), &call), || ICash::HoldSpent { id: call.id })?;
    }
    Ok(holdReturn {})
}

pub(super) fn adjust(env: &mut Env<'_>, call: adjustCall) -> Res<adjustReturn> {
    let adjustCall { id, referenceId, newAmount } = call;
    let (record, hold) = by_operator(env, id)?;
    if !spend_reference(env, id, referenceId, Step::Adjust, newAmount)? {
        return Ok(adjustReturn {});
    }
    require(!newAmount.is_zero(), || ICash::ZeroAmount {})?;
    running_hold(env, id, &hold)?;
    require(newAmount >= hold.captured, || ICash::AdjustBelowCaptured { id, captured: hold.captured, newAmount })?;
    match newAmount.checked_sub(hold.amount) {
        Some(more) if !more.is_zero() => pledge(env, parties(&hold), more)?,
        _ => give_back(env, parties(&hold), hold.amount.saturating_sub(newAmount))?,
    }
    record.adjusted.set(env, newAmount)?;
    env.emit(&ICash::Adjusted {
        id,
        from: hold.from,
        to: hold.to,
        referenceId,
        previousAmount: hold.amount,
        amount: newAmount,
        holdReferenceId: hold.referenceId,
    })?;
    Ok(adjustReturn {})
}

pub(super) fn capture(env: &mut Env<'_>, call: captureCall) -> Res<captureReturn> {
    let captureCall { id, referenceId, amount, isFinal } = call;
    let (record, hold) = by_operator(env, id)?;
    let step = if isFinal { Step::FinalCapture } else { Step::Capture };
    if !spend_reference(env, id, referenceId, step, amount)? {
        return Ok(captureReturn {});
    }
    require(!amount.is_zero(), || ICash::ZeroAmount {})?;
    running_hold(env, id, &hold)?;
    let remaining = remaining(&hold);
    let Some(rest) = remaining.checked_sub(amount) else {
        return revert(&ICash::CaptureExceedsHold { id, remaining, amount });
    };
    accounts::thawed(env, hold.operator)?;
    accounts::unpledge(env, hold.from, amount)?;
    accounts::transfer(env, hold.from, hold.to, amount)?;
    let released = if isFinal { rest } else { U256::ZERO };
    if isFinal {
        give_back(env, parties(&hold), rest)?;
        record.standing.set(env, Standing { state: HoldState::Captured, ..standing(&hold) })?;
    }
    // At most the amount of the hold.
    let captured = hold.captured.saturating_add(amount);
    record.captured.set(env, captured)?;
    env.emit(&ICash::Captured {
        id,
        from: hold.from,
        to: hold.to,
        referenceId,
        amount,
        captured,
        released,
        isFinal,
        holdReferenceId: hold.referenceId,
    })?;
    Ok(captureReturn {})
}

pub(super) fn release(env: &mut Env<'_>, call: releaseCall) -> Res<releaseReturn> {
    let (record, hold) = known(env, call.id)?;
    let by = env.caller();
    let allowed = by == hold.operator || by == hold.to || env.now() >= hold.expiry;
    require(allowed, || ICash::NotHoldOperator { id: call.id, caller: by })?;
    if hold.state == HoldState::Released {
        return Ok(releaseReturn {});
    }
    open(call.id, &hold)?;
    let rest = remaining(&hold);
    give_back(env, parties(&hold), rest)?;
    record.standing.set(env, Standing { state: HoldState::Released, ..standing(&hold) })?;
    env.emit(&ICash::Released {
        id: call.id,
        from: hold.from,
        to: hold.to,
        by,
        amount: rest,
        captured: hold.captured,
        holdReferenceId: hold.referenceId,
    })?;
    Ok(releaseReturn {})
}

pub(super) fn void(env: &mut Env<'_>, call: voidCall) -> Res<voidReturn> {
    let operator = env.caller();
    let place = places().holds.of(env, call.id)?.standing;
    let tombstone = Standing { operator, expiry: 0, state: HoldState::Voided };
    let found = place.get(env)?;
    if found.state == HoldState::Unknown {
        place.set(env, tombstone)?;
        env.emit(&ICash::Voided { id: call.id, operator })?;
    } else {
        require(found == tombstone, || ICash::HoldSpent { id: call.id })?;
    }
    Ok(voidReturn {})
}

pub(super) fn holds(env: &mut Env<'_>, call: holdsCall) -> Res<ICash::Hold> {
    places().holds.of(env, call.id)?.read(env)
}

pub(super) fn is_spent(env: &mut Env<'_>, call: isSpentCall) -> Res<bool> {
    let step = places().steps.of(env, call.id)?.of(env, call.referenceId)?.get(env)?;
    Ok(!step.is_zero())
}

pub(super) fn held(env: &mut Env<'_>, call: heldCall) -> Res<U256> {
    Ok(accounts::read(env, call.account)?.held)
}

pub(super) fn available(env: &mut Env<'_>, call: availableCall) -> Res<U256> {
    Ok(accounts::read(env, call.account)?.available())
}

/// Who a hold is between.
#[derive(Clone, Copy)]
struct Parties {
    operator: Address,
    from: Address,
    to: Address,
}

/// What a reference of a hold was spent on.
#[derive(Clone, Copy)]
enum Step {
    Adjust = 1,
    Capture,
    FinalCapture,
}

fn place(env: &mut Env<'_>, record: Record, call: &holdCall) -> Res<()> {
    let holdCall { id, from, to, amount, expiry, referenceId } = *call;
    let operator = env.caller();
    let time = env.now();
    require(!amount.is_zero(), || ICash::ZeroAmount {})?;
    require(!from.is_zero(), || ICash::ERC20InvalidSender { sender: from })?;
    require(!to.is_zero(), || ICash::ERC20InvalidReceiver { receiver: to })?;
    require(from != to, || ICash::HoldToSelf { account: from })?;
    require(expiry > time, || ICash::ExpiryPassed { expiry, time })?;
    pledge(env, Parties { operator, from, to }, amount)?;
    record.standing.set(env, Standing { operator, expiry, state: HoldState::Open })?;
    record.from.set(env, from)?;
    record.to.set(env, to)?;
    record.first_amount.set(env, amount)?;
    if !referenceId.is_zero() {
        record.reference.set(env, referenceId)?;
    }
    env.emit(&ICash::Held { id, from, to, operator, amount, expiry, referenceId })
}

/// Whether a hold was placed by this very call.
fn has_terms(hold: &Hold, caller: Address, call: &holdCall) -> bool {
    hold.state != HoldState::Voided
        && (hold.operator, hold.from, hold.to) == (caller, call.from, call.to)
        && (hold.firstAmount, hold.expiry, hold.referenceId) == (call.amount, call.expiry, call.referenceId)
}

/// The hold of an id, for its operator.
fn by_operator(env: &mut Env<'_>, id: B256) -> Res<(Record, Hold)> {
    let (record, hold) = known(env, id)?;
    let caller = env.caller();
    require(caller == hold.operator, || ICash::NotHoldOperator { id, caller })?;
    Ok((record, hold))
}

/// The hold or tombstone of an id.
fn known(env: &mut Env<'_>, id: B256) -> Res<(Record, Hold)> {
    let record = places().holds.of(env, id)?;
    let hold = record.read(env)?;
    require(hold.state != HoldState::Unknown, || ICash::UnknownHold { id })?;
    Ok((record, hold))
}

/// Whether this step is new; a reference that was spent on another step is refused.
fn spend_reference(env: &mut Env<'_>, id: B256, reference: B256, step: Step, amount: U256) -> Res<bool> {
    let mut terms = [0; 33];
    terms[0] = step as u8;
    terms[1..].copy_from_slice(&amount.to_be_bytes::<32>());
    let terms = env.keccak256(&terms)?;
    let place = places().steps.of(env, id)?.of(env, reference)?;
    let spent = place.get(env)?;
    require(spent.is_zero() || spent == terms, || ICash::ReferenceSpent { id, referenceId: reference })?;
    if spent.is_zero() {
        place.set(env, terms)?;
    }
    Ok(spent.is_zero())
}

fn running_hold(env: &Env<'_>, id: B256, hold: &Hold) -> Res<()> {
    open(id, hold)?;
    let (expiry, time) = (hold.expiry, env.now());
    require(time < expiry, || ICash::HoldExpired { id, expiry, time })
}

fn open(id: B256, hold: &Hold) -> Res<()> {
    require(hold.state == HoldState::Open, || ICash::HoldClosed { id, state: hold.state })
}

/// What is still held.
fn remaining(hold: &Hold) -> U256 {
    hold.amount.saturating_sub(hold.captured)
}

/// Takes more of `from`'s available money into a hold, and of its operator's cap.
fn pledge(env: &mut Env<'_>, parties: Parties, more: U256) -> Res<()> {
    let Parties { operator, from, to } = parties;
    accounts::running(env)?;
    for account in [operator, from, to] {
        accounts::thawed(env, account)?;
    }
    use_cap(env, from, operator, more)?;
    accounts::pledge(env, from, more)
}

/// Gives part of a hold back.
fn give_back(env: &mut Env<'_>, parties: Parties, less: U256) -> Res<()> {
    let Parties { operator, from, .. } = parties;
    accounts::unpledge(env, from, less)?;
    if operator == from || less.is_zero() {
        return Ok(());
    }
    let place = places().operators.of(env, from)?.of(env, operator)?.used;
    let used = place.get(env)?;
    // What a hold gives back, it took before.
    place.set(env, used.saturating_sub(less))
}

fn use_cap(env: &mut Env<'_>, owner: Address, operator: Address, needed: U256) -> Res<()> {
    if operator == owner {
        return Ok(());
    }
    let place = places().operators.of(env, owner)?.of(env, operator)?;
    let (cap, used) = (place.cap.get(env)?, place.used.get(env)?);
    let Some(greater) = used.checked_add(needed).filter(|greater| *greater <= cap) else {
        return revert(&ICash::OperatorCapExceeded { owner, operator, cap, used, needed });
    };
    place.used.set(env, greater)
}

fn parties(hold: &Hold) -> Parties {
    Parties { operator: hold.operator, from: hold.from, to: hold.to }
}

fn standing(hold: &Hold) -> Standing {
    Standing { operator: hold.operator, expiry: hold.expiry, state: hold.state }
}
