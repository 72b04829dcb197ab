//! What is paid for: listings, purchases, and leases with a rent. The payer names the attributes that he pays for, and lets the
//! contract take exactly the price.

use alloy_primitives::{Address, B256, U256};
use contracts::{
    cash::abi::ICash,
    token::{ADDRESS, abi::IToken},
};
use eyre::{OptionExt, ensure};

use super::{Payment, Tokens};
use crate::{
    cli::SignArguments,
    money::{Currency, Money},
    native::{Caller, Reader},
    table::{Field, say_done},
};

/// `token list`.
pub(super) fn list(tokens: Tokens, price: &Money, until: u64, sign: &SignArguments) -> eyre::Result<()> {
    let caller = Caller::open(sign)?;
    let (currency, price) = price.counted(caller.reader())?;
    let Tokens { id, amount } = tokens;
    let call = IToken::listCall { id, amount, currency: currency.address, price, until };
    let done = caller.call(ADDRESS, &call)?;
    let listed: IToken::Listed = done.log()?;
    let fields = vec![
        Field::value("listing", listed.listing),
        Field::new("price", price).shown(currency.priced(price)),
        Field::new("attributes", listed.attributesHash),
    ];
    say_done(&done, fields, sign.ask.json);
    Ok(())
}

/// `token buy`.
pub(super) fn buy(listing: u64, amount: U256, payment: Payment, sign: &SignArguments) -> eyre::Result<()> {
    let caller = Caller::open(sign)?;
    let terms = caller.reader().read(ADDRESS, &IToken::listingOfCall { number: listing })?;
    let due = terms.price.checked_mul(amount).ok_or_eyre("this is more money than there can be")?;
    let attributes = wanted(caller.reader(), terms.id, payment)?;
    let paid = pay_for(&caller, terms.currency, due, payment, sign.ask.json)?;
    let done = caller.call(ADDRESS, &IToken::buyCall { listing, amount, attributesHash: attributes })?;
    let sold: IToken::Sold = done.log()?;
    let fields = vec![
        Field::new("amount", sold.amount),
        Field::new("paid", sold.paid).shown(paid),
        Field::new("attributes", sold.attributesHash),
        Field::new("link", sold.link),
    ];
    say_done(&done, fields, sign.ask.json);
    Ok(())
}

/// `token lease take`.
pub(super) fn take_lease(number: u64, payment: Payment, sign: &SignArguments) -> eyre::Result<()> {
    let caller = Caller::open(sign)?;
    let terms = caller.reader().read(ADDRESS, &IToken::leaseOfCall { number })?;
    let attributes = wanted(caller.reader(), terms.id, payment)?;
    let free = terms.rent.is_zero();
    let rent = if free { "none".into() } else { pay_for(&caller, terms.currency, terms.rent, payment, sign.ask.json)? };
    let done = caller.call(ADDRESS, &IToken::takeLeaseCall { number, attributesHash: attributes })?;
    let leased: IToken::Leased = done.log()?;
    let fields = vec![
        Field::new("rent", leased.rent).shown(rent),
        Field::new("attributes", leased.attributesHash),
        Field::new("link", leased.link),
    ];
    say_done(&done, fields, sign.ask.json);
    Ok(())
}

/// The attributes that the payer names, or else those that the ledger has now.
fn wanted(reader: &Reader, id: U256, payment: Payment) -> eyre::Result<B256> {
    if let Some(named) = payment.attributes {
        return Ok(named);
    }
    let item = reader.read(ADDRESS, &IToken::tokenCall { id })?.item;
    Ok(reader.read(ADDRESS, &IToken::itemCall { key: item })?.terms.attributesHash)
}

/// Shows the price, and sees to it that the contract may take it; answers the price in words.
fn pay_for(caller: &Caller, currency: Address, due: U256, payment: Payment, json: bool) -> eyre::Result<String> {
    let reader = caller.reader();
    let priced = Currency::read(reader, currency)?.priced(due);
    if !json {
        println!("price  {priced}");
    }
    let allowance = ICash::allowanceCall { owner: caller.address(), spender: ADDRESS };
    let allowed = reader.read(currency, &allowance)?;
    if allowed < due {
        ensure!(payment.approve, "the contract may not take {priced} of yours yet: add --approve to let it");
        caller.call(currency, &ICash::approveCall { spender: ADDRESS, value: due })?;
    }
    Ok(priced)
}
