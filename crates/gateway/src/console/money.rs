//! What an account has in each currency of `cash`, read from the currencies by calls, as any client would.

use alloy_primitives::TxKind;
use alloy_rpc_types_eth::{TransactionRequest, state::EvmOverrides};
use alloy_sol_types::SolCall;
use chain::StateView;
use contracts::{
    cash::abi::{ICash, ICashFactory},
    registry,
};
use evm::call::{Base, call};
use primitives::{Address, Rules};

use super::{Console, words};

/// The money of one currency.
pub(super) struct Holding {
    /// The currency's contract.
    pub(super) currency: Address,
    pub(super) balance: String,
    /// The part of it that is promised to somebody.
    pub(super) held: String,
}

/// What `owner` has, currency by currency, in the order of their creation; nothing where there is no money yet.
pub(super) fn of(console: &Console, state: &StateView, owner: Address) -> Vec<Holding> {
    let reader = Reader { rules: console.chain.rules(), state, call_gas: console.call_gas };
    let factory = registry::by_word("cash").map(registry::Room::address);
    let listed = factory.and_then(|factory| reader.ask(factory, &ICashFactory::currenciesCall {}));
    let currencies = listed.unwrap_or_default().into_iter().take(CURRENCIES);
    currencies.filter_map(|currency| reader.holding(currency, owner)).collect()
}

struct Reader<'a> {
    rules: &'a Rules,
    state: &'a StateView,
    call_gas: u64,
}

impl Reader<'_> {
    /// `None` where there is nothing to show.
    fn holding(&self, currency: Address, owner: Address) -> Option<Holding> {
        let balance = self.ask(currency, &ICash::balanceOfCall { account: owner })?;
        let held = self.ask(currency, &ICash::heldCall { account: owner })?;
        let digits = self.ask(currency, &ICash::decimalsCall {})?;
        let shown = |amount| words::money(amount, digits);
        (!balance.is_zero()).then(|| Holding { currency, balance: shown(balance), held: shown(held) })
    }

    fn ask<C: SolCall>(&self, contract: Address, question: &C) -> Option<C::Return> {
        let request = TransactionRequest {
            to: Some(TxKind::Call(contract)),
            input: alloy_primitives::Bytes::from(question.abi_encode()).into(),
            ..TransactionRequest::default()
        };
        let base = Base { rules: self.rules, header: self.state.header(), db: self.state, gas_cap: self.call_gas };
        let answer = call(&base, &request, &EvmOverrides::default()).ok()?;
        C::abi_decode_returns(&answer).ok()
    }
}

/// Currencies on one page; ISO 4217 has fewer than 200.
const CURRENCIES: usize = 200;
