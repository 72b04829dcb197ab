//! From calldata to an operation and back. A room lists its functions once, in [`native_contract!`]; the compiler refuses a
//! list that leaves out a function of the ABI.

use alloy_primitives::{Address, Bytes, U256};
use alloy_sol_types::{SolCall, SolInterface, sol};

use crate::{
    env::{Env, require, revert},
    host::Res,
};

sol! {
    /// What every native contract may answer with.
    #[sol(abi)]
    #[derive(Debug, PartialEq, Eq)]
    interface INative {
        /// No function has this selector, or there is none in the calldata.
        error UnknownSelector(bytes4 selector);
        /// The arguments are too short, too long, or not in the one canonical encoding (dirty upper bits, overlapping parts).
        error InvalidCalldata();
        /// A function that changes state was called by STATICCALL.
        error StaticCall();
        /// A function that takes no ether was given some.
        error NotPayable();
        /// DELEGATECALL and CALLCODE to a native contract have no meaning.
        error DelegateCall();
    }
}

/// A call as the EVM makes it.
#[derive(Clone, Copy, Debug)]
pub struct Call<'a> {
    /// The contract.
    pub target: Address,
    /// Whose code runs; differs from `target` in DELEGATECALL and CALLCODE.
    pub code: Address,
    /// Who calls.
    pub caller: Address,
    /// Wei that come with it.
    pub value: U256,
    /// Within a STATICCALL.
    pub is_static: bool,
    /// Selector and arguments.
    pub data: &'a [u8],
}

/// Routes every function of an ABI: `view` may run in a static call, `write` may not, neither takes ether.
///
/// ```text
/// native_contract!(ICash::ICashCalls { view name => operations::name, write transfer => operations::transfer, })
/// ```
#[macro_export]
macro_rules! native_contract {
    ($calls:ty { $($kind:ident $name:ident => $operation:expr,)* }) => {
        /// Decodes, checks what the function allows, runs it and encodes what it returns.
        pub(crate) fn dispatch(env: &mut $crate::Env<'_>, call: &$crate::Call<'_>) -> $crate::Res<alloy_primitives::Bytes> {
            type Calls = $calls;
            match $crate::dispatch::decode::<Calls>(call.data)? {
                $(Calls::$name(arguments) => {
                    $crate::dispatch::$kind(call)?;
                    $crate::dispatch::answer(env, arguments, $operation)
                })*
            }
        }
    };
}

/// The function and its arguments, in their one canonical encoding.
pub fn decode<C: SolInterface>(data: &[u8]) -> Res<C> {
    let selector = data.first_chunk::<4>().copied().unwrap_or_default();
    require(data.len() >= 4 && C::valid_selector(selector), || INative::UnknownSelector { selector: selector.into() })?;
    match C::abi_decode(data) {
        Ok(call) if call.abi_encode() == data => Ok(call),
        _ => revert(&INative::InvalidCalldata {}),
    }
}

/// A function that only reads.
pub fn view(call: &Call<'_>) -> Res<()> {
    require(call.value.is_zero(), || INative::NotPayable {})
}

/// A function that changes state.
pub fn write(call: &Call<'_>) -> Res<()> {
    require(!call.is_static, || INative::StaticCall {})?;
    require(call.value.is_zero(), || INative::NotPayable {})
}

/// Runs an operation and encodes what it returns; `()` where the ABI has no return value.
pub fn answer<C: SolCall, R: Into<C::Return>>(
    env: &mut Env<'_>,
    arguments: C,
    operation: impl FnOnce(&mut Env<'_>, C) -> Res<R>,
) -> Res<Bytes> {
    Ok(C::abi_encode_returns(&operation(env, arguments)?.into()).into())
}
