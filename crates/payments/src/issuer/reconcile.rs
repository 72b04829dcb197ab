//! Whether vault and ledger tell one story.
//!
//! ```text
//! unallocated + balances = balanceOf(pool)      held of all accounts = held(pool)      each payment's hold = holds(id)
//! ```
//! Called by `counterfoil issuer reconcile`, at rest: what is unfinished is a difference too; and at start for the payments that were open. Reads only.

use alloy_primitives::B256;
use contracts::cash::{abi::ICash::HoldState, iso4217::Currency};
use serde::Serialize;

use super::{
    error::IssuerError,
    records::{CurrencyNumber, PaymentId, PaymentRecord, PaymentState, Sums},
    vault::Vault,
};

/// What is asked of the ledger, all at one height.
pub trait LedgerView {
    /// `balanceOf` and `held` of the issuer's pool.
    fn pool(&mut self, currency: &Currency) -> Result<LedgerPool, String>;
    /// `holds` of an id.
    fn hold(&mut self, currency: &Currency, id: &B256) -> Result<LedgerHold, String>;
}

/// The pool, as the ledger has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LedgerPool {
    /// `balanceOf`.
    pub balance_minor: u128,
    /// `held`.
    pub held_minor: u128,
}

/// A hold, as the ledger has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LedgerHold {
    /// Where it stands.
    pub state: HoldState,
    /// What is held in all.
    pub amount_minor: u128,
    /// What of it was captured.
    pub captured_minor: u128,
}

/// Something that vault and ledger do not say alike.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "what", rename_all = "snake_case")]
pub enum Difference {
    /// All balances of a currency.
    Balance {
        /// Which.
        currency: CurrencyNumber,
        /// What the vault says.
        vault_minor: u128,
        /// What the ledger says.
        ledger_minor: u128,
    },
    /// All that is held of a currency.
    Held {
        /// Which.
        currency: CurrencyNumber,
        /// What the vault says.
        vault_minor: u128,
        /// What the ledger says.
        ledger_minor: u128,
    },
    /// One hold.
    Hold {
        /// Of which payment.
        payment: PaymentId,
        /// Its id on the ledger.
        hold: B256,
        /// What the vault says.
        vault: String,
        /// What the ledger says.
        ledger: String,
    },
    /// A payment that waits for the ledger.
    Unfinished {
        /// Which.
        payment: PaymentId,
        /// Where it stands.
        state: PaymentState,
    },
    /// A transaction that is not known to be final.
    Open {
        /// Its nonce.
        nonce: u64,
    },
    /// A currency that is not listed.
    Unlisted {
        /// Which.
        currency: CurrencyNumber,
    },
}

/// All differences; none if all is well.
pub fn reconcile(vault: &mut dyn Vault, ledger: &mut dyn LedgerView) -> Result<Vec<Difference>, IssuerError> {
    let mut differences = Vec::new();
    for sums in vault.sums()? {
        compare_pool(&sums, ledger, &mut differences)?;
    }
    let mut before = None;
    loop {
        let payments = vault.payments(before, PAGE)?;
        let Some(last) = payments.last() else { break };
        before = Some(last.id);
        for payment in &payments {
            differences.extend(compare_payment(payment, ledger)?);
        }
    }
    let open = vault.outbox_open(PAGE)?;
    differences.extend(open.iter().map(|row| Difference::Open { nonce: row.nonce }));
    Ok(differences)
}

fn compare_pool(
    sums: &Sums,
    ledger: &mut dyn LedgerView,
    differences: &mut Vec<Difference>,
) -> Result<(), IssuerError> {
    let currency = sums.currency;
    let Some(listed) = Currency::by_number(currency) else {
        differences.push(Difference::Unlisted { currency });
        return Ok(());
    };
    let pool = ledger.pool(listed).map_err(IssuerError::Ledger)?;
    let vault_minor = sums.balance_minor.saturating_add(sums.unallocated_minor.into());
    if vault_minor != pool.balance_minor {
        differences.push(Difference::Balance { currency, vault_minor, ledger_minor: pool.balance_minor });
    }
    if sums.held_minor != pool.held_minor {
        let (vault_minor, ledger_minor) = (sums.held_minor, pool.held_minor);
        differences.push(Difference::Held { currency, vault_minor, ledger_minor });
    }
    Ok(())
}

/// How one payment and its hold differ, if they do.
pub fn compare_payment(
    payment: &PaymentRecord,
    ledger: &mut dyn LedgerView,
) -> Result<Option<Difference>, IssuerError> {
    if payment.state.unfinished() {
        return Ok(Some(Difference::Unfinished { payment: payment.id, state: payment.state }));
    }
    let (Some(hold), Some(currency)) = (&payment.hold, Currency::by_number(payment.currency)) else { return Ok(None) };
    let found = ledger.hold(currency, &hold.id).map_err(IssuerError::Ledger)?;
    let fits = fits(payment, &found);
    Ok((!fits).then(|| Difference::Hold {
        payment: payment.id,
        hold: hold.id,
        vault: format!("{:?}: {} held, {} captured", payment.state, payment.amount_minor, payment.captured_minor),
        ledger: format!("{:?}: {} held, {} captured", found.state, found.amount_minor, found.captured_minor),
    }))
}

/// Whether the ledger's hold is what the payment's state says.
fn fits(payment: &PaymentRecord, found: &LedgerHold) -> bool {
    let amounts = (found.amount_minor, found.captured_minor);
    let ours = (u128::from(payment.amount_minor), u128::from(payment.captured_minor));
    match payment.state {
        PaymentState::Held => found.state == HoldState::Open && amounts == ours,
        // Released: after captures of parts the rest was given back.
        PaymentState::Captured => matches!(found.state, HoldState::Captured | HoldState::Released) && amounts == ours,
        PaymentState::Reversed if payment.amount_minor == 0 => found.state == HoldState::Unknown,
        PaymentState::Reversed | PaymentState::Expired => found.state == HoldState::Released,
        PaymentState::Failed => !matches!(found.state, HoldState::Open | HoldState::Captured),
        PaymentState::Voided => found.state == HoldState::Voided,
        _ => true,
    }
}

/// Rows that are read at a time.
const PAGE: u32 = 1_000;

#[cfg(test)]
mod tests;
