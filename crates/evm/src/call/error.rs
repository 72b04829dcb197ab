//! Why a call, an estimate, a simulation or a trace has no result, in the words that geth uses, because clients match on them.
//! Made by every module of the read-only side; the gateway prints `code`, the display text and `data`.
//! Sources: geth's `core/error.go`, `core/vm/errors.go` and `internal/ethapi/errors.go` for the words and the codes of `eth_call`;
//! the error list of `eth_simulateV1` in execution-apis for -38010 to -38026.

use std::fmt;

use alloy_sol_types::{Panic, Revert, SolError};
use primitives::{Address, Bytes, U256};
use revm::{
    context::{TxEnv, result::InvalidTransaction},
    context_interface::result::HaltReason,
};

/// Anything that can be wrong.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CallError {
    /// `REVERT`, with what it returned.
    #[error("{}", revert_message(.0))]
    Revert(Bytes),
    /// The execution stopped for another reason and took all its gas.
    #[error("{0}")]
    Halt(String),
    /// The request can be no transaction in this state.
    #[error("{}", .during.describe(.invalid))]
    Invalid {
        /// What is wrong with it.
        invalid: Invalid,
        /// What it was tried for.
        during: During,
    },
    /// No gas limit that the sender, the chain and this node allow is enough.
    #[error("gas required exceeds allowance ({0})")]
    GasAllowance(u64),
    /// The sender cannot even pay the value.
    #[error("insufficient funds for transfer")]
    FundsForTransfer,
    /// Two styles of fee in one request.
    #[error("both gasPrice and (maxFeePerGas or maxPriorityFeePerGas) specified")]
    FeeStyles,
    /// For another chain.
    #[error("chainId does not match node's (have={have}, want={want})")]
    ChainId {
        /// What the request says.
        have: u64,
        /// This chain.
        want: u64,
    },
    /// EIP-4844 fields.
    #[error("transaction type not supported: blob transactions have no place on this chain")]
    Blob,
    /// `state` and `stateDiff` at once.
    #[error("account {0} has both 'state' and 'stateDiff'")]
    StateAndDiff(Address),
    /// `movePrecompileToAddress` of an account that is none.
    #[error("account {0} is not a precompile")]
    NotPrecompile(Address),
    /// A precompile was moved to an account that the same request overrides.
    #[error("account {0} is already overridden")]
    AlreadyOverridden(Address),
    /// A precompile was moved to where it is.
    #[error("precompile {0} is moved to its own address")]
    MoveToItself(Address),
    /// Two precompiles were moved to one address.
    #[error("two precompiles are moved to {0}")]
    MovedTwice(Address),
    /// A block of a simulation is not above the one before.
    #[error("block numbers must be in order: {number} <= {previous}")]
    BlockNumber {
        /// Of the block.
        number: U256,
        /// Of the one before.
        previous: u64,
    },
    /// A block of a simulation is not later than the one before.
    #[error("block timestamps must be in order: {time} <= {previous}")]
    BlockTime {
        /// Of the block, in seconds.
        time: u64,
        /// Of the one before, in seconds.
        previous: u64,
    },
    /// The calls of a simulated block need more than its gas limit.
    #[error("block gas limit reached: {needed} >= {limit}")]
    BlockGas {
        /// Used by the calls before and asked for by this one.
        needed: u64,
        /// Of the block.
        limit: u64,
    },
    /// A bound of this node.
    #[error("{0}")]
    ClientLimit(&'static str),
    /// A request that means nothing here, such as a tracer that this node does not run.
    #[error("{0}")]
    Params(String),
    /// A trace above the bound.
    #[error("trace is larger than {0} bytes: set `limit`, leave out stack or memory, or use callTracer")]
    TraceSize(usize),
    /// The block has no such transaction.
    #[error("transaction index {index} is out of range, the block has {count}")]
    TransactionIndex {
        /// Asked for.
        index: usize,
        /// In the block.
        count: usize,
    },
    /// The state could not be read, or the EVM could not go on for a reason that is not the caller's.
    #[error("{0}")]
    Internal(String),
}

/// What was being done with a request that can be no transaction; each writes the reason down in its own way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum During {
    /// `eth_call` with so much gas.
    Call(u64),
    /// `eth_estimateGas`, at so much gas.
    Estimate(u64),
    /// `eth_createAccessList`.
    AccessList,
    /// `eth_simulateV1` with so much gas.
    Simulation(u64),
    /// `debug_trace…`.
    Trace,
}

/// Why a request can be no transaction (geth's `core/error.go`).
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Invalid {
    /// Used already.
    #[error("nonce too low: address {address}, tx: {tx} state: {state}")]
    NonceTooLow {
        /// Sender.
        address: Address,
        /// Of the request.
        tx: u64,
        /// Of the sender.
        state: u64,
    },
    /// Later than the next.
    #[error("nonce too high: address {address}, tx: {tx} state: {state}")]
    NonceTooHigh {
        /// Sender.
        address: Address,
        /// Of the request.
        tx: u64,
        /// Of the sender.
        state: u64,
    },
    /// There is no next.
    #[error("nonce has max value: address {address}, nonce: {}", u64::MAX)]
    NonceMax {
        /// Sender.
        address: Address,
    },
    /// EIP-3607.
    #[error("sender not an eoa: address {address}")]
    SenderNotEoa {
        /// Sender.
        address: Address,
    },
    /// Tip above the most that is paid.
    #[error(
        "max priority fee per gas higher than max fee per gas: address {address}, maxPriorityFeePerGas: {tip}, maxFeePerGas: {max_fee}"
    )]
    TipAboveFee {
        /// Sender.
        address: Address,
        /// Tip per gas in wei.
        tip: u128,
        /// Most per gas in wei.
        max_fee: u128,
    },
    /// EIP-1559.
    #[error(
        "max fee per gas less than block base fee: address {address}, maxFeePerGas: {max_fee}, baseFee: {base_fee}"
    )]
    FeeBelowBase {
        /// Sender.
        address: Address,
        /// Most per gas in wei.
        max_fee: u128,
        /// Of the block, in wei.
        base_fee: u64,
    },
    /// The sender cannot pay.
    #[error("insufficient funds for gas * price + value: address {address} have {have} want {want}")]
    Funds {
        /// Sender.
        address: Address,
        /// Wei owned.
        have: U256,
        /// Wei needed.
        want: U256,
    },
    /// What the sender would have to pay is no number of 256 bits.
    #[error("insufficient funds for gas * price + value: address {address} required balance exceeds 256 bits")]
    FundsOverflow {
        /// Sender.
        address: Address,
    },
    /// Less than the transaction costs before it runs.
    #[error("intrinsic gas too low: have {have}, want {want}")]
    IntrinsicGas {
        /// Gas limit.
        have: u64,
        /// Least.
        want: u64,
    },
    /// Less than its bytes cost (EIP-7623).
    #[error("insufficient gas for floor data gas cost: have {have}, want {want}")]
    FloorGas {
        /// Gas limit.
        have: u64,
        /// Least.
        want: u64,
    },
    /// EIP-7825; only for transactions of real blocks.
    #[error("transaction gas limit too high (cap: {cap}, tx: {tx})")]
    GasCap {
        /// Of the chain.
        cap: u64,
        /// Of the transaction.
        tx: u64,
    },
    /// EIP-3860.
    #[error("max initcode size exceeded: code size {size}")]
    InitcodeSize {
        /// Bytes.
        size: usize,
    },
    /// EIP-7702 must call something.
    #[error("EIP-7702 transaction cannot be used to create contract (sender {address})")]
    SetCodeCreate {
        /// Sender.
        address: Address,
    },
    /// EIP-7702 must carry an authorization.
    #[error("EIP-7702 transaction with empty auth list (sender {address})")]
    EmptyAuthorizations {
        /// Sender.
        address: Address,
    },
    /// Not in this fork.
    #[error("transaction type not supported")]
    Type,
    /// In revm's words.
    #[error("{0}")]
    Other(String),
}

impl CallError {
    /// The code of the JSON-RPC error.
    pub const fn code(&self) -> i32 {
        match self {
            Self::Revert(_) => 3,
            Self::Invalid { invalid, during: During::Simulation(_) } => invalid.simulation_code(),
            Self::BlockGas { .. } => -38015,
            Self::BlockNumber { .. } => -38020,
            Self::BlockTime { .. } => -38021,
            Self::MoveToItself(_) => -38022,
            Self::MovedTwice(_) => -38023,
            Self::ClientLimit(_) => -38026,
            Self::Params(_) => -32602,
            Self::Internal(_) => -32603,
            _ => -32000,
        }
    }

    /// The `data` of the JSON-RPC error: what `REVERT` returned.
    pub fn data(&self) -> Option<Bytes> {
        match self {
            Self::Revert(output) => Some(output.clone()),
            _ => None,
        }
    }

    pub(crate) fn internal(error: impl fmt::Display) -> Self {
        Self::Internal(error.to_string())
    }
}

impl During {
    fn describe(self, invalid: &Invalid) -> String {
        match self {
            Self::Call(gas) | Self::Simulation(gas) => format!("err: {invalid} (supplied gas {gas})"),
            Self::Estimate(gas) => format!("failed with {gas} gas: {invalid}"),
            Self::AccessList => format!("failed to apply transaction: err: {invalid}"),
            Self::Trace => format!("tracing failed: {invalid}"),
        }
    }
}

impl Invalid {
    /// revm's reason, with what only the transaction and the block know.
    pub(crate) fn new(reason: InvalidTransaction, tx: &TxEnv, base_fee: u64) -> Self {
        let address = tx.caller;
        match reason {
            InvalidTransaction::NonceTooLow { tx, state } => Self::NonceTooLow { address, tx, state },
            InvalidTransaction::NonceTooHigh { tx, state } => Self::NonceTooHigh { address, tx, state },
            InvalidTransaction::NonceOverflowInTransaction => Self::NonceMax { address },
            InvalidTransaction::RejectCallerWithCode => Self::SenderNotEoa { address },
            InvalidTransaction::PriorityFeeGreaterThanMaxFee => {
                Self::TipAboveFee { address, tip: tx.gas_priority_fee.unwrap_or_default(), max_fee: tx.gas_price }
            }
            InvalidTransaction::GasPriceLessThanBasefee => {
                Self::FeeBelowBase { address, max_fee: tx.gas_price, base_fee }
            }
            InvalidTransaction::LackOfFundForMaxFee { fee, balance } => {
                Self::Funds { address, have: *balance, want: *fee }
            }
            InvalidTransaction::OverflowPaymentInTransaction => Self::FundsOverflow { address },
            InvalidTransaction::CallGasCostMoreThanGasLimit { initial_gas, gas_limit } => {
                Self::IntrinsicGas { have: gas_limit, want: initial_gas }
            }
            InvalidTransaction::GasFloorMoreThanGasLimit { gas_floor, gas_limit } => {
                Self::FloorGas { have: gas_limit, want: gas_floor }
            }
            InvalidTransaction::TxGasLimitGreaterThanCap { gas_limit, cap } => Self::GasCap { cap, tx: gas_limit },
            InvalidTransaction::CreateInitCodeSizeLimit => Self::InitcodeSize { size: tx.data.len() },
            InvalidTransaction::EmptyAuthorizationList => Self::EmptyAuthorizations { address },
            InvalidTransaction::Eip7702NotSupported => Self::Type,
            other => Self::Other(other.to_string()),
        }
    }

    /// More gas may help.
    pub(crate) const fn is_short_of_gas(&self) -> bool {
        matches!(self, Self::IntrinsicGas { .. } | Self::FloorGas { .. })
    }

    const fn simulation_code(&self) -> i32 {
        match self {
            Self::NonceTooLow { .. } => -38010,
            Self::NonceTooHigh { .. } => -38011,
            Self::FeeBelowBase { .. } => -38012,
            Self::IntrinsicGas { .. } | Self::FloorGas { .. } => -38013,
            Self::Funds { .. } | Self::FundsOverflow { .. } => -38014,
            Self::SenderNotEoa { .. } => -38024,
            Self::InitcodeSize { .. } => -38025,
            Self::TipAboveFee { .. } => -32602,
            _ => -32603,
        }
    }
}

/// `execution reverted`, and the reason if Solidity's `Error(string)` or `Panic(uint256)` carries one.
pub fn revert_message(output: &[u8]) -> String {
    match revert_reason(output) {
        Some(reason) => format!("{EXECUTION_REVERTED}: {reason}"),
        None => EXECUTION_REVERTED.into(),
    }
}

/// A halt in geth's words.
pub fn halt_message(reason: &HaltReason) -> String {
    match reason {
        HaltReason::OutOfGas(_) => "out of gas".into(),
        HaltReason::OpcodeNotFound | HaltReason::NotActivated => "invalid opcode".into(),
        HaltReason::InvalidFEOpcode => "invalid opcode: INVALID".into(),
        HaltReason::InvalidJump => "invalid jump destination".into(),
        HaltReason::StackOverflow => "stack limit reached".into(),
        HaltReason::OutOfOffset => "return data out of bounds".into(),
        HaltReason::CreateCollision => "contract address collision".into(),
        HaltReason::NonceOverflow => "nonce uint64 overflow".into(),
        HaltReason::CreateContractSizeLimit => "max code size exceeded".into(),
        HaltReason::CreateContractStartingWithEF => "invalid code: must not begin with 0xef".into(),
        HaltReason::CreateInitCodeSizeLimit => "max initcode size exceeded".into(),
        HaltReason::StateChangeDuringStaticCall | HaltReason::CallNotAllowedInsideStatic => "write protection".into(),
        HaltReason::OutOfFunds | HaltReason::OverflowPayment => "insufficient balance for transfer".into(),
        HaltReason::CallTooDeep => "max call depth exceeded".into(),
        other => other.to_string(),
    }
}

/// geth's words for a revert without a reason.
pub(crate) const EXECUTION_REVERTED: &str = "execution reverted";

fn revert_reason(output: &[u8]) -> Option<String> {
    if let Ok(revert) = Revert::abi_decode(output) {
        return Some(revert.reason);
    }
    Panic::abi_decode(output).ok().map(|panic| panic_reason(panic.code))
}

/// geth's words (`accounts/abi/abi.go`) for Solidity's panic codes.
fn panic_reason(code: U256) -> String {
    let known = match u8::try_from(code).unwrap_or(u8::MAX) {
        0x00 => "generic panic",
        0x01 => "assert(false)",
        0x11 => "arithmetic underflow or overflow",
        0x12 => "division or modulo by zero",
        0x21 => "enum overflow",
        0x22 => "invalid encoded storage byte array accessed",
        0x31 => "out-of-bounds array access; popping on an empty array",
        0x32 => "out-of-bounds access of an array or bytesN",
        0x41 => "out of memory",
        0x51 => "uninitialized function",
        _ => return format!("unknown panic code: {code:#x}"),
    };
    known.into()
}
