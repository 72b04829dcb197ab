//! Offers to one account: gifts and leases. Each gets a number, under which it is accepted, taken or ended.

use alloy_primitives::{Address, B256, U256};
use contracts::token::{ADDRESS, abi::IToken};

use super::{Tokens, call_and_tell};
use crate::{
    cli::SignArguments,
    money::Money,
    native::Caller,
    table::{Field, say_done},
    words,
};

/// `token gift`.
pub(super) fn gift(
    tokens: Tokens,
    recipient: Address,
    until: u64,
    note: Option<B256>,
    sign: &SignArguments,
) -> eyre::Result<()> {
    let Tokens { id, amount } = tokens;
    let call = IToken::giftCall { id, amount, recipient, until, note: note.unwrap_or_default() };
    call_and_tell(sign, &call, |done| {
        let offered: IToken::GiftOffered = done.log()?;
        Ok(vec![Field::value("gift", offered.gift), words::time("until", offered.until)])
    })
}

/// `token lease offer`.
pub(super) fn offer_lease(
    tokens: Tokens,
    lessee: Address,
    until: u64,
    rent: Option<&Money>,
    sign: &SignArguments,
) -> eyre::Result<()> {
    let caller = Caller::open(sign)?;
    let (currency, rent) = match rent.map(|rent| rent.counted(caller.reader())).transpose()? {
        Some((currency, rent)) => (currency.address, rent),
        None => (Address::ZERO, U256::ZERO),
    };
    let Tokens { id, amount } = tokens;
    let done = caller.call(ADDRESS, &IToken::offerLeaseCall { id, amount, lessee, until, currency, rent })?;
    let offered: IToken::LeaseOffered = done.log()?;
    say_done(&done, vec![Field::value("lease", offered.lease), words::time("until", until)], sign.ask.json);
    Ok(())
}
