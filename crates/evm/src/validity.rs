//! Whether a transaction may be executed: what can be told without state, and the reasons for which execution refuses one.
//! Called by the pool before anything else; the reasons carry geth's wording, because clients match on it.
//! Rules: EIP-155, 2718, 2930, 1559, 2681 (nonce), 3860 (initcode), 7623 (floor), 7702, 7825 (gas cap).

use alloy_consensus::Transaction;
use alloy_eips::Typed2718;
use primitives::{Rules, Tx, TxType, U256};
use revm::{
    context_interface::{cfg::GasParams, result::InvalidTransaction},
    primitives::{eip3860::MAX_INITCODE_SIZE, eip7825::TX_GAS_LIMIT_CAP, hardfork::SpecId},
};

use crate::env::spec_id;

/// Why a transaction is not executed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Invalid {
    /// Of a type that this fork or this ledger does not have.
    #[error("transaction type not supported")]
    Type {
        /// EIP-2718 type byte.
        ty: u8,
    },
    /// Signed for another chain.
    #[error("invalid chain id for signer: have {have} want {want}")]
    ChainId {
        /// In the transaction.
        have: u64,
        /// Of this chain.
        want: u64,
    },
    /// Nonce already used.
    #[error("nonce too low: next nonce {state}, tx nonce {tx}")]
    NonceTooLow {
        /// Of the transaction.
        tx: u64,
        /// Of the account.
        state: u64,
    },
    /// Nonce ahead of the account.
    #[error("nonce too high: next nonce {state}, tx nonce {tx}")]
    NonceTooHigh {
        /// Of the transaction.
        tx: u64,
        /// Of the account.
        state: u64,
    },
    /// 2^64 - 1, after which there would be no next nonce (EIP-2681).
    #[error("nonce has max value")]
    NonceMax,
    /// The balance does not cover gas * price + value.
    #[error("insufficient funds for gas * price + value: balance {have}, tx cost {want}")]
    InsufficientFunds {
        /// Balance.
        have: U256,
        /// Cost at most.
        want: U256,
    },
    /// gas * price + value is beyond what any account can hold.
    #[error("insufficient funds for gas * price + value: the cost overflows")]
    CostOverflow,
    /// Less gas than the transaction costs before its first instruction.
    #[error("intrinsic gas too low: gas {have}, minimum needed {want}")]
    IntrinsicGas {
        /// Gas limit.
        have: u64,
        /// Intrinsic gas.
        want: u64,
    },
    /// Less gas than the data costs at the least (EIP-7623).
    #[error("insufficient gas for floor data gas cost: gas {have}, minimum needed {want}")]
    FloorGas {
        /// Gas limit.
        have: u64,
        /// Floor.
        want: u64,
    },
    /// More gas than one transaction may have (EIP-7825).
    #[error("transaction gas limit too high (cap: {cap}, tx: {have})")]
    GasCap {
        /// Gas limit.
        have: u64,
        /// The cap.
        cap: u64,
    },
    /// More gas than a whole block has.
    #[error("exceeds block gas limit")]
    BlockGasLimit,
    /// More bytes than a whole block may have.
    #[error("oversized data: transaction does not fit a block")]
    BlockBytes,
    /// Initcode too long (EIP-3860).
    #[error("max initcode size exceeded: code size {size}, limit {limit}")]
    InitcodeSize {
        /// Bytes of initcode.
        size: usize,
        /// Most bytes.
        limit: usize,
    },
    /// Tip above the price that it is part of.
    #[error("max priority fee per gas higher than max fee per gas")]
    TipAboveFeeCap,
    /// Price under the block's base fee.
    #[error("max fee per gas less than block base fee")]
    FeeCapTooLow,
    /// EIP-7702 without authorizations.
    #[error("EIP-7702 transaction with empty auth list")]
    EmptyAuthorizations,
    /// The sender's account holds code that is not a delegation (EIP-3607).
    #[error("sender not an eoa")]
    SenderHasCode,
    /// Blob fields that EIP-4844 refuses.
    #[error("{0}")]
    Blob(String),
    /// A reason of the EVM that the types taken here cannot meet.
    #[error("{0}")]
    Other(String),
}

/// Gas that is due whatever the transaction does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DueGas {
    /// Base, data, access list, initcode and authorizations.
    pub intrinsic: u64,
    /// Least gas used, by the size of the data (EIP-7623); 0 before Prague.
    pub floor: u64,
}

/// Everything about `tx` that can be refused without knowing the state.
pub fn check_stateless(rules: &Rules, tx: &Tx) -> Result<(), Invalid> {
    check_fields(spec_id(rules.fork), rules.chain_id, tx)?;
    if tx.is_eip4844() {
        return Err(Invalid::Type { ty: tx.ty() });
    }
    if tx.gas_limit() > rules.gas_limit {
        return Err(Invalid::BlockGasLimit);
    }
    Ok(())
}

/// What the fork itself demands of a transaction's fields, blob transactions included.
pub fn check_fields(spec: SpecId, chain_id: u64, tx: &Tx) -> Result<(), Invalid> {
    check_type(spec, tx)?;
    check_chain_id(chain_id, tx)?;
    check_initcode(spec, tx)?;
    check_gas(spec, tx)?;
    if tx.max_priority_fee_per_gas().is_some_and(|tip| tip > tx.max_fee_per_gas()) {
        return Err(Invalid::TipAboveFeeCap);
    }
    if tx.nonce() == u64::MAX {
        return Err(Invalid::NonceMax);
    }
    if tx.authorization_list().is_some_and(<[_]>::is_empty) {
        return Err(Invalid::EmptyAuthorizations);
    }
    Ok(())
}

/// The gas that `tx` pays before its first instruction, and the least that it pays in the end.
pub fn due_gas(spec: SpecId, tx: &Tx) -> DueGas {
    let (addresses, slots) = tx
        .access_list()
        .map_or((0, 0), |list| (list.len(), list.iter().map(|item| item.storage_keys.len()).sum::<usize>()));
    let gas = GasParams::new_spec(spec).initial_tx_gas(
        tx.input(),
        tx.is_create(),
        count(addresses),
        count(slots),
        count(tx.authorization_list().map_or(0, <[_]>::len)),
        None,
    );
    let floor = if spec.is_enabled_in(SpecId::PRAGUE) { gas.floor_gas() } else { 0 };
    DueGas { intrinsic: gas.initial_total_gas(), floor }
}

fn check_type(spec: SpecId, tx: &Tx) -> Result<(), Invalid> {
    let since = match tx.tx_type() {
        TxType::Legacy => SpecId::FRONTIER,
        TxType::Eip2930 => SpecId::BERLIN,
        TxType::Eip1559 => SpecId::LONDON,
        TxType::Eip4844 => SpecId::CANCUN,
        TxType::Eip7702 => SpecId::PRAGUE,
    };
    if spec.is_enabled_in(since) { Ok(()) } else { Err(Invalid::Type { ty: tx.ty() }) }
}

/// A legacy transaction may be unprotected (before EIP-155); every other type names its chain.
fn check_chain_id(want: u64, tx: &Tx) -> Result<(), Invalid> {
    match tx.chain_id() {
        Some(have) if have != want => Err(Invalid::ChainId { have, want }),
        _ => Ok(()),
    }
}

fn check_initcode(spec: SpecId, tx: &Tx) -> Result<(), Invalid> {
    let size = tx.input().len();
    if spec.is_enabled_in(SpecId::SHANGHAI) && tx.is_create() && size > MAX_INITCODE_SIZE {
        return Err(Invalid::InitcodeSize { size, limit: MAX_INITCODE_SIZE });
    }
    Ok(())
}

fn check_gas(spec: SpecId, tx: &Tx) -> Result<(), Invalid> {
    let have = tx.gas_limit();
    if spec.is_enabled_in(SpecId::OSAKA) && have > TX_GAS_LIMIT_CAP {
        return Err(Invalid::GasCap { have, cap: TX_GAS_LIMIT_CAP });
    }
    let due = due_gas(spec, tx);
    if have < due.intrinsic {
        return Err(Invalid::IntrinsicGas { have, want: due.intrinsic });
    }
    if have < due.floor {
        return Err(Invalid::FloorGas { have, want: due.floor });
    }
    Ok(())
}

/// Lengths of lists that were decoded from memory fit 64 bits.
fn count(length: usize) -> u64 {
    u64::try_from(length).unwrap_or(u64::MAX)
}

impl Invalid {
    /// revm's reason in this ledger's words; the transaction fills in what revm leaves out.
    pub(crate) fn from_revm(reason: InvalidTransaction, tx: &Tx, chain_id: u64) -> Self {
        use InvalidTransaction as R;
        match reason {
            R::NonceTooLow { tx, state } => Self::NonceTooLow { tx, state },
            R::NonceTooHigh { tx, state } => Self::NonceTooHigh { tx, state },
            R::NonceOverflowInTransaction => Self::NonceMax,
            R::LackOfFundForMaxFee { fee, balance } => Self::InsufficientFunds { have: *balance, want: *fee },
            R::OverflowPaymentInTransaction => Self::CostOverflow,
            R::CallGasCostMoreThanGasLimit { initial_gas, gas_limit } => {
                Self::IntrinsicGas { have: gas_limit, want: initial_gas }
            }
            R::GasFloorMoreThanGasLimit { gas_floor, gas_limit } => Self::FloorGas { have: gas_limit, want: gas_floor },
            R::TxGasLimitGreaterThanCap { gas_limit, cap } => Self::GasCap { have: gas_limit, cap },
            R::CallerGasLimitMoreThanBlock => Self::BlockGasLimit,
            R::CreateInitCodeSizeLimit => Self::InitcodeSize { size: tx.input().len(), limit: MAX_INITCODE_SIZE },
            R::PriorityFeeGreaterThanMaxFee => Self::TipAboveFeeCap,
            R::GasPriceLessThanBasefee => Self::FeeCapTooLow,
            R::EmptyAuthorizationList => Self::EmptyAuthorizations,
            R::RejectCallerWithCode => Self::SenderHasCode,
            R::InvalidChainId | R::MissingChainId => {
                Self::ChainId { have: tx.chain_id().unwrap_or_default(), want: chain_id }
            }
            R::Eip2930NotSupported | R::Eip1559NotSupported | R::Eip4844NotSupported | R::Eip7702NotSupported => {
                Self::Type { ty: tx.ty() }
            }
            R::BlobGasPriceGreaterThanMax { .. }
            | R::EmptyBlobs
            | R::BlobCreateTransaction
            | R::TooManyBlobs { .. }
            | R::BlobVersionNotSupported => Self::Blob(reason.to_string()),
            other => Self::Other(other.to_string()),
        }
    }
}

#[cfg(test)]
mod tests;
