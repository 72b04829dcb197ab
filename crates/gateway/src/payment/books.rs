//! The ledger's side of the books, as `payments::issuer::reconcile` asks for it: everything at one height, so that a block in
//! between makes no difference. Called by `counterfoil issuer reconcile`.

use alloy_primitives::{Address, B256, U256};
use contracts::cash::{self, abi::ICash, iso4217::Currency};
use payments::issuer::reconcile::{LedgerHold, LedgerPool, LedgerView};

use super::ledger::{AskError, Ledger};

/// The ledger at a height, and whose pool is looked at.
#[derive(Clone, Debug)]
pub struct LedgerBooks {
    ledger: Ledger,
    pool: Address,
    height: u64,
}

impl LedgerBooks {
    /// As of the newest block.
    pub fn now(ledger: Ledger, pool: Address) -> Result<Self, AskError> {
        let height = ledger.height()?;
        Ok(Self { ledger, pool, height })
    }

    /// As of which block.
    pub const fn height(&self) -> u64 {
        self.height
    }
}

impl LedgerView for LedgerBooks {
    fn pool(&mut self, currency: &Currency) -> Result<LedgerPool, String> {
        let (currency, account) = (cash::address_of(currency), self.pool);
        let balance = self.ledger.view_at(self.height, currency, &ICash::balanceOfCall { account });
        let held = self.ledger.view_at(self.height, currency, &ICash::heldCall { account });
        Ok(LedgerPool { balance_minor: minor(balance)?, held_minor: minor(held)? })
    }

    fn hold(&mut self, currency: &Currency, id: &B256) -> Result<LedgerHold, String> {
        let call = ICash::holdsCall { id: *id };
        let hold =
            self.ledger.view_at(self.height, cash::address_of(currency), &call).map_err(|error| error.to_string())?;
        let [amount_minor, captured_minor] = [hold.amount, hold.captured].map(|units| minor(Ok(units)));
        Ok(LedgerHold { state: hold.state, amount_minor: amount_minor?, captured_minor: captured_minor? })
    }
}

/// A supply has at most 120 bits.
fn minor(units: Result<U256, AskError>) -> Result<u128, String> {
    let units = units.map_err(|error| error.to_string())?;
    u128::try_from(units).map_err(|_| "an amount beyond any supply".to_owned())
}
