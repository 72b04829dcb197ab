//! The one door of money: what the issuer's operator signed goes to the ledger here, and what the ledger says comes back.
//! Called by `service`, and by the commands that compare vault and ledger.
//!
//! ```text
//! outbox rows, by nonce -> one batch: send, send, ..., send and wait for the last -> receipts -> Fate of each
//!                                     client -> JSON-RPC of a node
//! ```
//!
//! A node's receipt is final and durable (DESIGN, section 5), so a fate that is not [`Fate::Unknown`] never changes. The bytes of a
//! row never change either: whatever is unknown is submitted again. The last of a batch is sent by `eth_sendRawTransactionSync`
//! (EIP-7966); the nonces before it are in its block or in earlier ones, so when it is final they are.

use std::time::Duration;

use alloy_primitives::{Address, B256, Bytes, U64, U256};
use alloy_sol_types::SolCall;
use contracts::cash::abi::ICash;
use serde::Deserialize;
use serde_json::{Value, json};

pub use client::{AskError, Refusal};
use client::{Client, Question, read};

mod client;
mod transfer;

pub use transfer::Transfer;

/// A node, and which ledger it is of.
#[derive(Clone, Debug)]
pub struct Ledger {
    client: Client,
    network: Network,
}

/// Which ledger.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Network {
    /// EIP-155.
    pub chain_id: u64,
    /// Hash of block 0.
    pub genesis: B256,
}

/// A signed transaction on its way: as much of an outbox row as the ledger asks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signed {
    /// Of the operator's account.
    pub nonce: u64,
    /// For `eth_sendRawTransaction`.
    pub raw: Bytes,
    /// Its hash.
    pub hash: B256,
}

/// What became of a signed transaction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fate {
    /// In a final block, and did what it says.
    Done {
        /// The block's number.
        block: u64,
    },
    /// In a final block, and the contract refused: the reason if it still says it.
    Refused(String),
    /// Another transaction of the same account and nonce is in a final block: this one never will be.
    Displaced,
    /// Not known; it may be on its way.
    Unknown(String),
}

impl Ledger {
    /// Asks a node which ledger it is of. `patience` bounds every exchange with it.
    pub fn open(url: &str, patience: Duration) -> Result<Self, AskError> {
        let client = Client::new(url, patience);
        let chain_id: U64 = client.ask("eth_chainId", json!([]))?;
        let block: Value = client.ask("eth_getBlockByNumber", json!(["0x0", false]))?;
        let genesis = read("eth_getBlockByNumber", block.get("hash").cloned().unwrap_or_default())?;
        Ok(Self { client, network: Network { chain_id: chain_id.to(), genesis } })
    }

    /// Which ledger it is.
    pub const fn network(&self) -> Network {
        self.network
    }

    /// Sends transactions of one account, given by rising nonce without gaps, and waits until they are final or `wait` is over.
    /// One fate for each.
    pub fn submit(&self, rows: &[Signed], wait: Duration) -> Vec<Fate> {
        let answers = match self.client.ask_all(sending(rows, wait)) {
            Ok(answers) => answers,
            Err(error) => return vec![Fate::Unknown(error.to_string()); rows.len()],
        };
        let mut fates: Vec<Option<Fate>> = answers.into_iter().map(first_word).collect();
        fates.resize(rows.len(), None);
        self.complete(rows, fates)
    }

    /// What is known of transactions that may have been sent before; nothing is sent.
    pub fn fates(&self, rows: &[Signed]) -> Vec<Fate> {
        self.complete(rows, vec![None; rows.len()])
    }

    /// A view of a contract as of a block.
    pub(super) fn view_at<C: SolCall>(&self, height: u64, contract: Address, call: &C) -> Result<C::Return, AskError> {
        let params = json!([{ "to": contract, "input": encoded(call) }, U64::from(height)]);
        decoded::<C>(self.client.ask("eth_call", params)?)
    }

    /// What an account has of a currency, what is held included.
    pub fn balance(&self, currency: Address, account: Address) -> Result<U256, AskError> {
        self.view(currency, &ICash::balanceOfCall { account })
    }

    /// What an account has in wei, for gas.
    pub fn wei(&self, account: Address) -> Result<U256, AskError> {
        self.client.ask("eth_getBalance", json!([account, "latest"]))
    }

    /// What the node suggests to pay for a unit of gas.
    pub fn gas_price(&self) -> Result<u128, AskError> {
        let price: alloy_primitives::U128 = self.client.ask("eth_gasPrice", json!([]))?;
        Ok(price.to())
    }

    /// Whether there is a contract at an address.
    pub fn has_code(&self, address: Address) -> Result<bool, AskError> {
        let code: Bytes = self.client.ask("eth_getCode", json!([address, "latest"]))?;
        Ok(!code.is_empty())
    }

    /// What `operator` may have captured and hold of `owner`'s money in all.
    pub fn operator_cap(&self, currency: Address, owner: Address, operator: Address) -> Result<U256, AskError> {
        Ok(self.view(currency, &ICash::operatorCapCall { owner, operator })?.cap)
    }

    /// How many transactions of an account are final.
    pub fn transaction_count(&self, account: Address) -> Result<u64, AskError> {
        let count: U64 = self.client.ask("eth_getTransactionCount", json!([account, "latest"]))?;
        Ok(count.to())
    }

    /// The height of the newest block, which is final.
    pub fn height(&self) -> Result<u64, AskError> {
        let height: U64 = self.client.ask("eth_blockNumber", json!([]))?;
        Ok(height.to())
    }

    /// The transfers of a currency to an account in one transaction that succeeded; `None` while it is not final.
    pub fn transfers(&self, hash: B256, currency: Address, to: Address) -> Result<Option<Vec<Transfer>>, AskError> {
        let receipt: Option<Value> = self.client.ask("eth_getTransactionReceipt", json!([hash]))?;
        receipt.map(|receipt| transfer::in_receipt(&receipt, currency, to)).transpose()
    }

    fn view<C: SolCall>(&self, contract: Address, call: &C) -> Result<C::Return, AskError> {
        decoded::<C>(self.client.ask("eth_call", json!([{ "to": contract, "input": encoded(call) }, "latest"]))?)
    }

    /// Asks the receipts of what is not known yet.
    fn complete(&self, rows: &[Signed], fates: Vec<Option<Fate>>) -> Vec<Fate> {
        let open = |fate: &Option<Fate>| matches!(fate, None | Some(Fate::Displaced));
        let asked: Vec<&Signed> = rows.iter().zip(&fates).filter(|(_, fate)| open(fate)).map(|(row, _)| row).collect();
        let receipts = asked.iter().map(|row| ("eth_getTransactionReceipt", json!([row.hash]))).collect();
        let mut found = match self.client.ask_all(receipts) {
            Ok(found) => found.into_iter(),
            Err(error) => return rows.iter().map(|_| Fate::Unknown(error.to_string())).collect(),
        };
        let settle = |(row, fate): (&Signed, Option<Fate>)| {
            let fate = if open(&fate) { settled(found.next(), fate) } else { fate.unwrap_or(NOT_FINAL) };
            self.with_reason(row, fate)
        };
        rows.iter().zip(fates).map(settle).collect()
    }

    /// A receipt does not say why; the contract, asked again at once, mostly does.
    fn with_reason(&self, row: &Signed, fate: Fate) -> Fate {
        let Fate::Refused(_) = fate else { return fate };
        let transaction: Result<Option<Value>, _> = self.client.ask("eth_getTransactionByHash", json!([row.hash]));
        let call = transaction.ok().flatten().map(|transaction| {
            json!([{ "from": transaction["from"], "to": transaction["to"], "input": transaction["input"] }, transaction["blockNumber"]])
        });
        match call.map(|call| self.client.ask::<Bytes>("eth_call", call)) {
            Some(Err(AskError::Refused(refusal))) => Fate::Refused(refusal.message),
            _ => Fate::Refused("refused when its block was made".into()),
        }
    }
}

fn sending(rows: &[Signed], wait: Duration) -> Vec<Question> {
    let Some((last, before)) = rows.split_last() else { return Vec::new() };
    let wait_ms = U64::try_from(wait.as_millis()).unwrap_or(U64::MAX);
    let send = |row: &Signed| ("eth_sendRawTransaction", json!([row.raw]));
    let sync = ("eth_sendRawTransactionSync", json!([last.raw, wait_ms]));
    before.iter().map(send).chain(std::iter::once(sync)).collect()
}

/// What the answer to sending says by itself: a receipt, or why not. `None`: ask for the receipt.
fn first_word(answer: Result<Value, Refusal>) -> Option<Fate> {
    match answer {
        Ok(Value::String(_)) => None,
        Ok(receipt) => settled(Some(Ok(receipt)), None).into(),
        Err(Refusal { code: WAITED | UNREADY, .. }) => None,
        Err(refusal) if refusal.message.contains("already known") => None,
        // Its own receipt, or another's.
        Err(refusal) if refusal.message.contains("nonce too low") => Some(Fate::Displaced),
        Err(refusal) => Some(Fate::Unknown(refusal.message)),
    }
}

fn settled(receipt: Option<Result<Value, Refusal>>, before: Option<Fate>) -> Fate {
    match receipt {
        Some(Ok(Value::Null)) => before.unwrap_or(NOT_FINAL),
        Some(Ok(receipt)) => match serde_json::from_value::<Receipt>(receipt) {
            Ok(Receipt { status, block_number }) if status == U64::from(1) => Fate::Done { block: block_number.to() },
            Ok(_) => Fate::Refused(String::new()),
            Err(error) => Fate::Unknown(error.to_string()),
        },
        Some(Err(refusal)) => Fate::Unknown(refusal.message),
        None => NOT_FINAL,
    }
}

/// As much of a receipt as is asked.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Receipt {
    status: U64,
    block_number: U64,
}

fn encoded(call: &impl SolCall) -> Bytes {
    call.abi_encode().into()
}

fn decoded<C: SolCall>(answer: Value) -> Result<C::Return, AskError> {
    let bytes: Bytes = read("eth_call", answer)?;
    C::abi_decode_returns(&bytes).map_err(|error| AskError::Broken(error.to_string()))
}

const NOT_FINAL: Fate = Fate::Unknown(String::new());
/// EIP-7966: it waited, and the transaction is not final yet; or the transaction was dropped.
const WAITED: i64 = 4;
const UNREADY: i64 = 5;
