//! `counterfoil cash …`: one subcommand for each thing that people do with money. Amounts are written as people write them
//! (`12.50`) and counted in the currency's smallest unit. What is printed for machines is one JSON object.

use alloy_primitives::{Address, B256, U256};
use alloy_sol_types::SolCall;
use clap::{Args, Subcommand};
use contracts::cash::abi::{ICash, ICashFactory};
use eyre::bail;
use serde_json::{Value, json};

use crate::{
    cli::{AskArguments, SignArguments},
    money::{Currency, factory, parse_amount},
    native::{Caller, Reader},
    table::{Field, Row, say_done, say_rows},
    words::parse_word,
};

#[derive(Debug, Subcommand)]
pub(crate) enum CashCommand {
    /// Every currency with its supply and issuer.
    List(AskArguments),
    /// Create a currency; by the governor.
    Create {
        /// ISO 4217 code, such as EUR.
        code: String,
        /// Who may mint, burn, pause and freeze.
        #[arg(long)]
        issuer: Address,
        #[command(flatten)]
        sign: SignArguments,
    },
    /// What an account has: balance, held and available.
    Balance {
        /// ISO 4217 code.
        code: String,
        /// The account.
        account: Address,
        #[command(flatten)]
        ask: AskArguments,
    },
    /// Move money.
    Transfer {
        #[command(flatten)]
        amount: Amount,
        /// Who gets it.
        #[arg(long)]
        to: Address,
        /// 32 bytes in hex, or a text of which the hash is written.
        #[arg(long, value_parser = parse_word)]
        memo: Option<B256>,
        #[command(flatten)]
        sign: SignArguments,
    },
    /// Make money; by the issuer.
    Mint {
        #[command(flatten)]
        amount: Amount,
        /// Who gets it.
        #[arg(long)]
        to: Address,
        /// 32 bytes in hex, or a text of which the hash is written.
        #[arg(long, value_parser = parse_word)]
        reference: B256,
        #[command(flatten)]
        sign: SignArguments,
    },
    /// Destroy money of the issuer's own; by the issuer.
    Burn {
        #[command(flatten)]
        amount: Amount,
        /// 32 bytes in hex, or a text of which the hash is written.
        #[arg(long, value_parser = parse_word)]
        reference: B256,
        #[command(flatten)]
        sign: SignArguments,
    },
    /// Let an operator hold the signer's money up to a cap.
    Approve {
        #[command(flatten)]
        amount: Amount,
        /// Who may hold it.
        #[arg(long)]
        operator: Address,
        #[command(flatten)]
        sign: SignArguments,
    },
    /// Let somebody take the signer's money up to an amount (ERC-20 approve): a merchant its card issuer's operator, for refunds.
    Allow {
        #[command(flatten)]
        amount: Amount,
        /// Who may take it; an amount of 0 ends that.
        #[arg(long)]
        spender: Address,
        #[command(flatten)]
        sign: SignArguments,
    },
    /// Hold money of `from` for `to`; by `from` or its operator.
    Hold {
        #[command(flatten)]
        amount: Amount,
        #[command(flatten)]
        id: HoldId,
        /// Whose money; the signer's if not given.
        #[arg(long)]
        from: Option<Address>,
        /// For whom.
        #[arg(long)]
        to: Address,
        /// Seconds since 1970.
        #[arg(long)]
        expiry: u64,
        /// 32 bytes in hex, or a text of which the hash is written.
        #[arg(long, value_parser = parse_word)]
        reference: B256,
        #[command(flatten)]
        sign: SignArguments,
    },
    /// Make an open hold larger or smaller; the amount is the new one in all.
    Adjust {
        #[command(flatten)]
        amount: Amount,
        #[command(flatten)]
        id: HoldId,
        /// Names this step.
        #[arg(long, value_parser = parse_word)]
        reference: B256,
        #[command(flatten)]
        sign: SignArguments,
    },
    /// Move held money to its receiver.
    Capture {
        #[command(flatten)]
        amount: Amount,
        #[command(flatten)]
        id: HoldId,
        /// Names this step.
        #[arg(long, value_parser = parse_word)]
        reference: B256,
        /// Give the rest back and close the hold.
        #[arg(long = "final")]
        is_final: bool,
        #[command(flatten)]
        sign: SignArguments,
    },
    /// Close a hold and give back what was not captured.
    Release {
        /// ISO 4217 code.
        code: String,
        #[command(flatten)]
        id: HoldId,
        #[command(flatten)]
        sign: SignArguments,
    },
    /// Spend an id that was never seen, so that a late hold is refused.
    Void {
        /// ISO 4217 code.
        code: String,
        #[command(flatten)]
        id: HoldId,
        #[command(flatten)]
        sign: SignArguments,
    },
    /// A hold by its id.
    Status {
        /// ISO 4217 code.
        code: String,
        #[command(flatten)]
        id: HoldId,
        #[command(flatten)]
        ask: AskArguments,
    },
    /// Stop a currency, or let it go on; by the issuer.
    Pause {
        /// ISO 4217 code.
        code: String,
        /// Let it go on.
        #[arg(long)]
        end: bool,
        #[command(flatten)]
        sign: SignArguments,
    },
    /// Freeze an account's money, or thaw it; by the issuer.
    Freeze {
        /// ISO 4217 code.
        code: String,
        /// The account.
        account: Address,
        /// Thaw it.
        #[arg(long)]
        end: bool,
        #[command(flatten)]
        sign: SignArguments,
    },
}

/// How much of what.
#[derive(Clone, Debug, Args)]
pub(crate) struct Amount {
    /// ISO 4217 code.
    code: String,
    /// As people write it: 12.50.
    #[arg(long)]
    amount: String,
}

/// The id of a hold.
#[derive(Clone, Copy, Debug, Args)]
pub(crate) struct HoldId {
    /// 32 bytes in hex, or a text of which the hash is the id.
    #[arg(long, value_parser = parse_word)]
    id: B256,
}

pub(crate) fn run(command: CashCommand) -> eyre::Result<()> {
    use CashCommand as C;
    match command {
        C::List(ask) => list(&ask),
        C::Balance { code, account, ask } => balance(&code, account, &ask),
        C::Status { code, id, ask } => status(&code, id, &ask),
        C::Create { code, issuer, sign } => create(code, issuer, &sign),
        C::Transfer { amount, to, memo: None, sign } => {
            on(&amount, &sign, |value, _| ICash::transferCall { to, value })
        }
        C::Transfer { amount, to, memo: Some(memo), sign } => {
            on(&amount, &sign, |value, _| ICash::transferWithMemoCall { to, value, memo })
        }
        C::Mint { amount, to, reference, sign } => {
            on(&amount, &sign, |amount, _| ICash::mintCall { to, amount, referenceId: reference })
        }
        C::Burn { amount, reference, sign } => {
            on(&amount, &sign, |amount, _| ICash::burnCall { amount, referenceId: reference })
        }
        C::Approve { amount, operator, sign } => {
            on(&amount, &sign, |cap, _| ICash::approveOperatorCall { operator, cap })
        }
        C::Allow { amount, spender, sign } => on(&amount, &sign, |value, _| ICash::approveCall { spender, value }),
        C::Hold { amount, id, from, to, expiry, reference, sign } => on(&amount, &sign, |amount, signer| {
            ICash::holdCall { id: id.id, from: from.unwrap_or(signer), to, amount, expiry, referenceId: reference }
        }),
        C::Adjust { amount, id, reference, sign } => {
            on(&amount, &sign, |amount, _| ICash::adjustCall { id: id.id, referenceId: reference, newAmount: amount })
        }
        C::Capture { amount, id, reference, is_final, sign } => on(&amount, &sign, |amount, _| ICash::captureCall {
            id: id.id,
            referenceId: reference,
            amount,
            isFinal: is_final,
        }),
        C::Release { code, id, sign } => at(&code, &sign, &ICash::releaseCall { id: id.id }),
        C::Void { code, id, sign } => at(&code, &sign, &ICash::voidCall { id: id.id }),
        C::Pause { code, end: false, sign } => at(&code, &sign, &ICash::pauseCall {}),
        C::Pause { code, end: true, sign } => at(&code, &sign, &ICash::unpauseCall {}),
        C::Freeze { code, account, end: false, sign } => at(&code, &sign, &ICash::freezeCall { account }),
        C::Freeze { code, account, end: true, sign } => at(&code, &sign, &ICash::unfreezeCall { account }),
    }
}

fn list(ask: &AskArguments) -> eyre::Result<()> {
    let reader = Reader::of(ask);
    let currencies = reader.read(factory()?, &ICashFactory::currenciesCall {})?;
    let rows = currencies.into_iter().map(|currency| row(&reader, currency)).collect::<eyre::Result<_>>()?;
    say_rows("currencies", rows, ask.json);
    Ok(())
}

fn balance(code: &str, account: Address, ask: &AskArguments) -> eyre::Result<()> {
    let reader = Reader::of(ask);
    let currency = Currency::named(&reader, code)?;
    let balance = reader.read(currency.address, &ICash::balanceOfCall { account })?;
    let held = reader.read(currency.address, &ICash::heldCall { account })?;
    let figures = [("balance", balance), ("held", held), ("available", balance.saturating_sub(held))];
    if ask.json {
        let figures = figures.map(|(name, units)| (name.to_owned(), Value::from(units.to_string())));
        let decimals = ("decimals".to_owned(), Value::from(currency.decimals));
        println!("{}", Value::Object(figures.into_iter().chain([decimals]).collect()));
        return Ok(());
    }
    for (name, units) in figures {
        println!("{name:9}  {} {}", currency.shown(units), currency.code);
    }
    Ok(())
}

fn status(code: &str, id: HoldId, ask: &AskArguments) -> eyre::Result<()> {
    let reader = Reader::of(ask);
    let currency = Currency::named(&reader, code)?;
    let hold = reader.read(currency.address, &ICash::holdsCall { id: id.id })?;
    let state = state_name(hold.state)?;
    if ask.json {
        let object = json!({
            "id": id.id, "state": state, "operator": hold.operator.to_string(), "from": hold.from.to_string(),
            "to": hold.to.to_string(), "firstAmount": hold.firstAmount.to_string(), "amount": hold.amount.to_string(),
            "captured": hold.captured.to_string(), "released": hold.released.to_string(), "expiry": hold.expiry,
            "reference": hold.referenceId, "decimals": currency.decimals,
        });
        println!("{object}");
        return Ok(());
    }
    println!("{state}");
    if hold.from != Address::ZERO {
        println!("from {} to {}, by {}", hold.from, hold.to, hold.operator);
        let [amount, captured, released] =
            [hold.amount, hold.captured, hold.released].map(|units| currency.shown(units));
        println!("{amount} {}, captured {captured}, released {released}, until {}", currency.code, hold.expiry);
    }
    Ok(())
}

fn create(code: String, issuer: Address, sign: &SignArguments) -> eyre::Result<()> {
    let caller = Caller::open(sign)?;
    let done = caller.call(factory()?, &ICashFactory::createCall { code, issuer })?;
    let ICashFactory::Created { code, currency, .. } = done.log()?;
    say_done(&done, vec![Field::new("code", code), Field::new("currency", currency)], sign.ask.json);
    Ok(())
}

/// Calls a function that takes an amount.
fn on<C: SolCall>(amount: &Amount, sign: &SignArguments, call: impl FnOnce(U256, Address) -> C) -> eyre::Result<()> {
    let caller = Caller::open(sign)?;
    let currency = Currency::named(caller.reader(), &amount.code)?;
    let units = parse_amount(&amount.amount, currency.decimals)?;
    say_done(&caller.call(currency.address, &call(units, caller.address()))?, Vec::new(), sign.ask.json);
    Ok(())
}

/// Calls a function that takes none.
fn at(code: &str, sign: &SignArguments, call: &impl SolCall) -> eyre::Result<()> {
    let caller = Caller::open(sign)?;
    let currency = Currency::named(caller.reader(), code)?;
    say_done(&caller.call(currency.address, call)?, Vec::new(), sign.ask.json);
    Ok(())
}

/// A currency in a list.
fn row(reader: &Reader, address: Address) -> eyre::Result<Row> {
    let currency = Currency::read(reader, address)?;
    let supply = reader.read(address, &ICash::totalSupplyCall {})?;
    Ok(vec![
        Field::new("code", &currency.code),
        Field::new("address", address),
        Field::value("decimals", currency.decimals),
        Field::new("supply", supply).shown(currency.shown(supply)),
        Field::new("issuer", reader.read(address, &ICash::issuerCall {})?),
        Field::value("paused", reader.read(address, &ICash::pausedCall {})?),
    ])
}

fn state_name(state: ICash::HoldState) -> eyre::Result<&'static str> {
    Ok(match state {
        ICash::HoldState::Unknown => "unknown",
        ICash::HoldState::Open => "open",
        ICash::HoldState::Captured => "captured",
        ICash::HoldState::Released => "released",
        ICash::HoldState::Voided => "voided",
        _ => bail!("the contract knows a state of holds that this program does not"),
    })
}
