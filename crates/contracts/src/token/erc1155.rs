//! ERC-1155 and ERC-165 as stock tools expect them, and the receiver rule that takes the place of callbacks.
//! The order of checks and the errors are those of the usual Solidity contract (ERC-6093); what differs is in
//! docs/systems/token.md, "Differences from OpenZeppelin's ERC1155".

use alloy_primitives::{Address, FixedBytes, U256};

use super::{
    BATCH_MOST,
    abi::IToken::{self, safeBatchTransferFromCall, safeTransferFromCall},
    storage, units,
};
use crate::{
    Env, Res,
    env::{require, revert},
};

/// Where a node serves metadata, relative to its own address; ERC-1155 has clients put the id in.
const METADATA: &str = "/token/{id}.json";

/// ERC-165 itself, ERC-1155, and its metadata extension.
const INTERFACES: [[u8; 4]; 3] = [[0x01, 0xff, 0xc9, 0xa7], [0xd9, 0xb6, 0x7a, 0x26], [0x0e, 0x89, 0x34, 0x1c]];

/// `balanceOf`.
pub(super) fn balance_of(env: &mut Env<'_>, call: IToken::balanceOfCall) -> Res<U256> {
    units::balance(env, call.account, call.id)
}

/// `balanceOfBatch`.
pub(super) fn balance_of_batch(env: &mut Env<'_>, call: IToken::balanceOfBatchCall) -> Res<Vec<U256>> {
    require_pairs(call.ids.len(), call.accounts.len())?;
    call.accounts.iter().zip(&call.ids).map(|(account, id)| units::balance(env, *account, *id)).collect()
}

/// `setApprovalForAll`.
pub(super) fn set_approval_for_all(env: &mut Env<'_>, call: IToken::setApprovalForAllCall) -> Res<()> {
    let (account, operator, approved) = (env.caller(), call.operator, call.approved);
    require(!operator.is_zero(), || IToken::ERC1155InvalidOperator { operator })?;
    storage().operators.of(env, account)?.of(env, operator)?.set(env, approved)?;
    env.emit(&IToken::ApprovalForAll { account, operator, approved })
}

/// `isApprovedForAll`.
pub(super) fn is_approved_for_all(env: &mut Env<'_>, call: IToken::isApprovedForAllCall) -> Res<bool> {
    storage().operators.of(env, call.account)?.of(env, call.operator)?.get(env)
}

/// `safeTransferFrom`.
pub(super) fn safe_transfer_from(env: &mut Env<'_>, call: safeTransferFromCall) -> Res<()> {
    require_parties(env, call.from, call.to)?;
    units::transfer(env, call.from, call.to, call.id, call.value)
}

/// `safeBatchTransferFrom`.
pub(super) fn safe_batch_transfer_from(env: &mut Env<'_>, call: safeBatchTransferFromCall) -> Res<()> {
    require_parties(env, call.from, call.to)?;
    require_pairs(call.ids.len(), call.values.len())?;
    if let ([id], [value]) = (call.ids.as_slice(), call.values.as_slice()) {
        return units::transfer(env, call.from, call.to, *id, *value);
    }
    for (id, value) in call.ids.iter().zip(&call.values) {
        units::shift(env, call.from, call.to, *id, *value)?;
    }
    let safeBatchTransferFromCall { from, to, ids, values, .. } = call;
    env.emit(&IToken::TransferBatch { operator: env.caller(), from, to, ids, values })?;
    units::require_accepts(env, to)
}

/// `uri`.
pub(super) fn uri(_env: &mut Env<'_>, _call: IToken::uriCall) -> Res<String> {
    Ok(METADATA.into())
}

/// `supportsInterface`.
pub(super) fn supports_interface(_env: &mut Env<'_>, call: IToken::supportsInterfaceCall) -> Res<bool> {
    Ok(INTERFACES.iter().any(|id| FixedBytes(*id) == call.interfaceId))
}

/// `acceptTokens`.
pub(super) fn accept_tokens(env: &mut Env<'_>, call: IToken::acceptTokensCall) -> Res<()> {
    let (account, accepted) = (env.caller(), call.accepted);
    storage().accepting.of(env, account)?.set(env, accepted)?;
    env.emit(&IToken::TokensAccepted { account, accepted })
}

/// `acceptsTokens`.
pub(super) fn accepts_tokens(env: &mut Env<'_>, call: IToken::acceptsTokensCall) -> Res<bool> {
    units::accepts(env, call.account)
}

fn require_parties(env: &mut Env<'_>, from: Address, to: Address) -> Res<()> {
    let operator = env.caller();
    let may = operator == from || storage().operators.of(env, from)?.of(env, operator)?.get(env)?;
    require(may, || IToken::ERC1155MissingApprovalForAll { operator, owner: from })?;
    require(!to.is_zero(), || IToken::ERC1155InvalidReceiver { receiver: to })?;
    require(!from.is_zero(), || IToken::ERC1155InvalidSender { sender: from })
}

fn require_pairs(ids: usize, values: usize) -> Res<()> {
    if ids != values {
        return revert(&IToken::ERC1155InvalidArrayLength {
            idsLength: U256::from(ids),
            valuesLength: U256::from(values),
        });
    }
    require(ids <= BATCH_MOST, || IToken::TooManyAtOnce { length: U256::from(ids), most: U256::from(BATCH_MOST) })
}
