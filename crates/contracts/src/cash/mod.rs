//! Cash: the money. A factory at the room's address makes one ERC-20 per ISO 4217 currency; each has an issuer, memos, and
//! two-step money that is made for retries (hold, adjust, capture, release, void).
//!
//! ```text
//! room 2: factory     0xc0f011000000000000000000 02 00000000000000
//! a currency          0xc0f011000000000000000000 02 00000000 + three letters, "EUR" = 455552
//! ```
//! Called through the registry ([`dispatch`]), and by other rooms through [`pay`].
//! Rules: EIP-20, ERC-6093 (errors), EIP-2612 (permit), EIP-5267 (domain), ISO 4217 (codes and exponents); where those leave
//! open what happens, OpenZeppelin's ERC20 is followed, which the tests of `evm` compare with, call by call.
//!
//! **Offices.** The governor creates currencies and names the first issuer of each (`factory`). The issuer mints, burns
//! money of its own, pauses, freezes, and hands its office over in two steps: offered, then accepted.
//!
//! **Two-step money.** `balanceOf` includes what is held; only `balanceOf - held` can be spent. Whoever calls `hold` is the
//! hold's operator: `from` itself, or an account that `from` gave a cap. The cap bounds what that operator has captured from
//! `from` and holds of it, in all; releases give back, so that a revoked operator stays revoked.
//! An id is spent for ever by its first use, hold or void. The same call again does nothing and leaves no log; this is looked at
//! before anything that can have changed since (expiry, pause, freeze, balance), so a retry is answered whenever it comes.
//!
//! **Pause and freeze.** What moves or pledges money is refused, what gives pledged money back is not:
//!
//! | verb | paused | `from` frozen | `to` frozen | caller frozen |
//! |---|---|---|---|---|
//! | `transfer`, `transferFrom`, the two with memo, `pay` | refused | refused | refused | refused |
//! | `mint` | refused | - | refused | works |
//! | `burn` | refused | refused | - | refused |
//! | `hold`, `adjust` to more, `capture` | refused | refused | refused | refused |
//! | `adjust` to the same or less, `release`, `void` | works | works | works | works |
//! | `approve`, `permit`, `approveOperator` | works | works | works | works |
//! | `pause`, `unpause`, `freeze`, `unfreeze`, the issuer's office | works | works | works | works |
//! | a call that was done before, again | does nothing, as before | | | |
//!
//! A capture from a frozen account is refused although the pledge is older than the freeze: otherwise who sees a freeze coming
//! would pledge the money to a friend. It stays held, and returns at the end of the hold.

use alloy_primitives::{Address, B256, U256};

use crate::{
    env::{Env, revert},
    host::{CodeKind, Res},
    layout,
    registry::{self, Door, Room},
    storage::{Cell, Map, Place},
};

pub mod abi;
mod accounts;
pub mod dispatch;
mod erc20;
mod factory;
mod holds;
pub mod iso4217;
mod issue;
mod permit;
mod record;
#[cfg(test)]
mod tests;

use abi::{ICash, ICashFactory};
pub use accounts::Account;
pub use factory::{FactoryLayout, appoint_governor, construct};
use iso4217::Currency;
pub use record::{Operator, Record, Standing};

/// The byte after the prefix.
pub const NUMBER: u8 = 2;

/// Where the factory is.
pub const ADDRESS: Address = registry::address_of(NUMBER, [0; 7]);

/// Our row in the registry.
pub const ROOM: Room = Room {
    word: "cash",
    number: NUMBER,
    since: 1,
    construct,
    contract: Door {
        interface: "ICashFactory",
        abi: ICashFactory::abi::contract,
        dispatch: dispatch::factory::dispatch,
        layout: FactoryLayout::FIELDS,
    },
    instance: Some(Door {
        interface: "ICash",
        abi: ICash::abi::contract,
        dispatch: dispatch::currency::dispatch,
        layout: CashLayout::FIELDS,
    }),
};

layout! {
    /// Storage of a currency.
    pub struct CashLayout {
        /// Who mints, burns, pauses and freezes.
        issuer: Cell<Address>,
        /// To whom the issuer offers its office.
        successor: Cell<Address>,
        /// Whether nothing moves.
        paused: Cell<bool>,
        /// All money.
        supply: Cell<U256>,
        /// Balance, held sum and freeze of an account.
        accounts: Map<Address, Cell<Account>>,
        /// Owner, spender: what may be taken.
        allowances: Map<Address, Map<Address, Cell<U256>>>,
        /// Permits used.
        nonces: Map<Address, Cell<U256>>,
        /// Owner, operator: what may be held.
        operators: Map<Address, Map<Address, Operator>>,
        /// Holds and tombstones by id.
        holds: Map<B256, Record>,
        /// Id, reference: keccak of the step and its amount.
        steps: Map<B256, Map<B256, Cell<B256>>>,
    }
}

/// Moves money that `from` allowed the calling contract to take: `transferFrom` for other rooms, with the same checks and errors.
pub fn pay(env: &mut Env<'_>, currency: Address, from: Address, to: Address, amount: U256) -> Res<()> {
    if at(currency).is_none() || env.code_kind(currency)? != CodeKind::Native {
        return revert(&ICash::NotCurrency { account: currency });
    }
    erc20::take(&mut env.inside(currency), from, to, amount)
}

/// The address of a currency, whether or not it was created.
pub const fn address_of(currency: &Currency) -> Address {
    let [first, second, third] = currency.code;
    registry::address_of(NUMBER, [0, 0, 0, 0, first, second, third])
}

/// The currency that an address can be.
pub fn at(address: Address) -> Option<&'static Currency> {
    let code = address.last_chunk::<3>()?;
    Currency::by_code(code).filter(|currency| address_of(currency) == address)
}

/// Where everything of a currency is.
fn places() -> CashLayout {
    CashLayout::at(U256::ZERO)
}
