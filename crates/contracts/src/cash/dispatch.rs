//! Selector to operation, for the factory and for each currency. The compiler refuses a list that is not the whole ABI.

/// At the room's own address.
pub mod factory {
    use super::super::{abi::ICashFactory::ICashFactoryCalls, factory};

    native_contract!(ICashFactoryCalls {
        write create => factory::create,
        write appoint => factory::appoint,
        view governor => factory::governor,
        view currencyOf => factory::currency_of,
        view currencies => factory::currencies,
    });
}

/// At the address of each currency.
pub mod currency {
    use super::super::{abi::ICash::ICashCalls, erc20, holds, issue, permit};

    native_contract!(ICashCalls {
        view name => erc20::name,
        view symbol => erc20::symbol,
        view decimals => erc20::decimals,
        view totalSupply => erc20::total_supply,
        view balanceOf => erc20::balance_of,
        write transfer => erc20::transfer,
        view allowance => erc20::allowance,
        write approve => erc20::approve,
        write transferFrom => erc20::transfer_from,
        write transferWithMemo => erc20::transfer_with_memo,
        write transferFromWithMemo => erc20::transfer_from_with_memo,
        write permit => permit::permit,
        view nonces => permit::nonces,
        view DOMAIN_SEPARATOR => permit::domain_separator,
        view eip712Domain => permit::eip712_domain,
        view issuer => issue::issuer,
        view successor => issue::successor,
        write offerIssuer => issue::offer_issuer,
        write acceptIssuer => issue::accept_issuer,
        write mint => issue::mint,
        write burn => issue::burn,
        view paused => issue::paused,
        write pause => issue::pause,
        write unpause => issue::unpause,
        view frozen => issue::frozen,
        write freeze => issue::freeze,
        write unfreeze => issue::unfreeze,
        write approveOperator => holds::approve_operator,
        view operatorCap => holds::operator_cap,
        write hold => holds::hold,
        write adjust => holds::adjust,
        write capture => holds::capture,
        write release => holds::release,
        write void => holds::void,
        view holds => holds::holds,
        view isSpent => holds::is_spent,
        view held => holds::held,
        view available => holds::available,
    });
}
