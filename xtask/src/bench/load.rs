//! The load: who sends what to whom, signed in full before any clock starts.
//!
//! Called by `mod.rs` and `large.rs`. Everything is derived from fixed words, so that both nodes of a round get the very
//! same bytes and a later run gets them too. Transactions are EIP-1559 with prices that both nodes accept as they come:
//! anvil starts at a base fee of 1 gwei, ours has none.

use alloy_consensus::crypto::secp256k1::sign_message;
use alloy_consensus::{SignableTransaction, TxEip1559};
use alloy_eips::eip2718::Encodable2718;
use alloy_primitives::{Address, B256, Bytes, TxKind, U256, address, b256, keccak256};
use eyre::{OptionExt, Result};
use secp256k1::{PublicKey, SECP256K1, SecretKey};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// Of ether.
    Native,
    /// Of a token in bytecode.
    Erc20,
    /// Of a currency of ours, which is no bytecode.
    Cash,
}

impl Kind {
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Native => "native",
            Self::Erc20 => "erc-20",
            Self::Cash => "cash.transfer",
        }
    }

    /// What the peer does in its place: it has no currencies.
    pub(super) const fn on_peer(self) -> Self {
        match self {
            Self::Native => Self::Native,
            Self::Erc20 | Self::Cash => Self::Erc20,
        }
    }

    /// What it should be at least as fast as, on our own node.
    pub(super) const fn beside(self) -> Option<Self> {
        match self {
            Self::Native | Self::Erc20 => None,
            Self::Cash => Some(Self::Erc20),
        }
    }
}

pub(super) struct Signed {
    pub(super) raw: Vec<u8>,
    pub(super) hash: B256,
}

pub(super) struct Account {
    secret: B256,
    pub(super) address: Address,
    nonce: u64,
}

impl Account {
    /// The first account of the mnemonic `test test test test test test test test test test test junk`.
    pub(super) fn development() -> Self {
        Self::from_secret(b256!("0xac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80"))
    }

    /// The senders of a group; every group has its own.
    pub(super) fn group(name: &str) -> Vec<Self> {
        (0..SENDERS).map(|index| Self::from_secret(keccak256(format!("bench sender {name} {index}")))).collect()
    }

    fn from_secret(secret: B256) -> Self {
        let key = SecretKey::from_byte_array(secret.0).expect("all but 2^-128 of hashes are keys, and these are fixed");
        let public = PublicKey::from_secret_key(SECP256K1, &key).serialize_uncompressed();
        // Without the first byte, which only names the form (SEC 1, 2.3.3).
        let address = Address::from_raw_public_key(&public[1..]);
        Self { secret, address, nonce: 0 }
    }

    pub(super) fn sign(&mut self, call: Call) -> Signed {
        let transaction = TxEip1559 {
            chain_id: CHAIN_ID,
            nonce: self.nonce,
            gas_limit: call.gas_limit,
            max_fee_per_gas: MAX_FEE_WEI,
            max_priority_fee_per_gas: PRIORITY_FEE_WEI,
            to: call.to,
            value: call.value_wei,
            access_list: Default::default(),
            input: call.input,
        };
        self.nonce += 1;
        let signature = sign_message(self.secret, transaction.signature_hash()).expect("the secret was checked");
        let signed = transaction.into_signed(signature);
        Signed { raw: signed.encoded_2718(), hash: *signed.hash() }
    }
}

/// What a transaction does, apart from who signs it.
pub(super) struct Call {
    to: TxKind,
    value_wei: U256,
    input: Bytes,
    gas_limit: u64,
}

impl Call {
    pub(super) fn pay(to: Address, value_wei: U256) -> Self {
        Self { to: TxKind::Call(to), value_wei, input: Bytes::new(), gas_limit: 21_000 }
    }

    /// `transfer(address,uint256)`. The gas covers a recipient who has none yet.
    fn move_tokens(token: Address, to: Address, units: U256) -> Self {
        let mut input = TRANSFER_SELECTOR.to_vec();
        input.extend_from_slice(to.into_word().as_slice());
        input.extend_from_slice(&units.to_be_bytes::<32>());
        Self { to: TxKind::Call(token), value_wei: U256::ZERO, input: input.into(), gas_limit: 100_000 }
    }

    /// `create(string,address)` of the factory: a currency whose issuer is `issuer`.
    fn create_currency(issuer: Address) -> Self {
        let mut input = selector("create(string,address)");
        // Where the text begins, the issuer, the text's length, the text.
        input.extend_from_slice(&U256::from(64).to_be_bytes::<32>());
        input.extend_from_slice(issuer.into_word().as_slice());
        input.extend_from_slice(&U256::from(CURRENCY_CODE.len()).to_be_bytes::<32>());
        input.extend_from_slice(B256::right_padding_from(CURRENCY_CODE).as_slice());
        Self { to: TxKind::Call(CASH_FACTORY), value_wei: U256::ZERO, input: input.into(), gas_limit: 500_000 }
    }

    /// `mint(address,uint256,bytes32)` of a currency.
    fn mint(to: Address, units: U256) -> Self {
        let mut input = selector("mint(address,uint256,bytes32)");
        input.extend_from_slice(to.into_word().as_slice());
        input.extend_from_slice(&units.to_be_bytes::<32>());
        input.extend_from_slice(B256::ZERO.as_slice());
        Self { to: TxKind::Call(CURRENCY), value_wei: U256::ZERO, input: input.into(), gas_limit: 200_000 }
    }

    fn deploy(bytecode: Bytes) -> Self {
        Self { to: TxKind::Create, value_wei: U256::ZERO, input: bytecode, gas_limit: 2_000_000 }
    }
}

/// The account that deploys the token, governs the currencies of a development chain and hands out the means, and how far it
/// has come on one chain.
pub(super) struct Treasury {
    account: Account,
    token: Option<Address>,
    has_currency: bool,
}

impl Treasury {
    pub(super) fn new() -> Self {
        Self { account: Account::development(), token: None, has_currency: false }
    }

    /// The transactions that give each sender ether.
    pub(super) fn fund(&mut self, senders: &[Account]) -> Vec<Signed> {
        senders.iter().map(|sender| self.account.sign(Call::pay(sender.address, U256::from(SENDER_WEI)))).collect()
    }

    /// The transactions that give each sender tokens, after the token's deployment if this is the first time.
    pub(super) fn hand_out_tokens(&mut self, senders: &[Account]) -> Result<Vec<Signed>> {
        let mut transactions = Vec::new();
        let token = match self.token {
            Some(token) => token,
            None => {
                let token = self.account.address.create(self.account.nonce);
                transactions.push(self.account.sign(Call::deploy(token_bytecode()?)));
                *self.token.insert(token)
            }
        };
        let gifts = senders.iter().map(|sender| Call::move_tokens(token, sender.address, U256::from(SENDER_UNITS)));
        transactions.extend(gifts.map(|gift| self.account.sign(gift)));
        Ok(transactions)
    }

    /// The transactions that give each sender money, after the currency's creation if this is the first time.
    fn hand_out_money(&mut self, senders: &[Account]) -> Vec<Signed> {
        let issuer = self.account.address;
        let creation = (!self.has_currency).then(|| Call::create_currency(issuer));
        self.has_currency = true;
        let gifts = senders.iter().map(|sender| Call::mint(sender.address, U256::from(SENDER_UNITS)));
        creation.into_iter().chain(gifts).map(|call| self.account.sign(call)).collect()
    }

    fn transfer(&self, kind: Kind, to: Address) -> Result<Call> {
        match kind {
            Kind::Native => Ok(Call::pay(to, U256::ONE)),
            Kind::Erc20 => Ok(Call::move_tokens(self.token.ok_or_eyre("no token yet")?, to, U256::ONE)),
            Kind::Cash => Ok(Call::move_tokens(CURRENCY, to, U256::ONE)),
        }
    }
}

/// Who is paid.
pub(super) enum Recipients {
    /// The other senders of the group.
    Senders,
    /// This many accounts of a large genesis, in an order without pattern.
    Genesis(usize),
}

/// What one connection sends, in order. A sender belongs to one lane, so that its nonces arrive in order.
#[derive(Default)]
pub(super) struct Lane {
    pub(super) transactions: Vec<Signed>,
    /// Each sender's last transaction, oldest first.
    pub(super) last: Vec<B256>,
}

/// One measurement's transactions: what prepares the chain, and what is timed.
pub(super) struct Load {
    pub(super) kind: Kind,
    pub(super) setup: Vec<Signed>,
    pub(super) lanes: Vec<Lane>,
}

impl Load {
    /// A load for a fresh development chain. The size is transactions and lanes.
    pub(super) fn on_fresh_chain(kind: Kind, size: (usize, usize)) -> Result<Self> {
        let senders = Account::group(kind.name());
        let mut treasury = Treasury::new();
        let funding = treasury.fund(&senders);
        let mut load = Self::sign(kind, &mut treasury, senders, &Recipients::Senders, size)?;
        load.setup.splice(0..0, funding);
        Ok(load)
    }

    /// A load by senders who already have ether; they take turns.
    pub(super) fn sign(
        kind: Kind,
        treasury: &mut Treasury,
        mut senders: Vec<Account>,
        recipients: &Recipients,
        (transactions, lanes): (usize, usize),
    ) -> Result<Self> {
        let setup = match kind {
            Kind::Native => Vec::new(),
            Kind::Erc20 => treasury.hand_out_tokens(&senders)?,
            Kind::Cash => treasury.hand_out_money(&senders),
        };
        let addresses: Vec<Address> = senders.iter().map(|sender| sender.address).collect();
        let mut load = Self { kind, setup, lanes: (0..lanes).map(|_| Lane::default()).collect() };
        for index in 0..transactions {
            let sender = index % senders.len();
            let transfer = treasury.transfer(kind, recipients.pick(index, &addresses))?;
            let transaction = senders[sender].sign(transfer);
            let lane = &mut load.lanes[sender % lanes];
            if index + senders.len() >= transactions {
                lane.last.push(transaction.hash);
            }
            lane.transactions.push(transaction);
        }
        Ok(load)
    }

    pub(super) fn hashes(&self) -> Vec<B256> {
        self.lanes.iter().flat_map(|lane| &lane.transactions).map(|transaction| transaction.hash).collect()
    }
}

impl Recipients {
    fn pick(&self, index: usize, senders: &[Address]) -> Address {
        match self {
            Self::Senders => senders[(index + 1 + index / senders.len() % (senders.len() - 1)) % senders.len()],
            // The prime steps through all accounts before it meets one twice.
            Self::Genesis(accounts) => genesis_address((index + 1) * 7_368_787 % accounts),
        }
    }
}

/// An account of the large genesis that nobody has the key of.
pub(super) fn genesis_address(index: usize) -> Address {
    Address::from_word(keccak256(format!("bench account {index}")))
}

fn selector(signature: &str) -> Vec<u8> {
    keccak256(signature)[..4].to_vec()
}

fn token_bytecode() -> Result<Bytes> {
    let file: serde_json::Value = serde_json::from_str(include_str!("../../../testdata/erc20.json"))?;
    Ok(file["bytecode"].as_str().ok_or_eyre("testdata/erc20.json has no bytecode")?.parse()?)
}

pub(super) const CHAIN_ID: u64 = 31_337;
pub(super) const SENDERS: usize = 200;
/// 0.1 ether: 100 token transfers at the highest price cost a fifth of it.
const SENDER_WEI: u64 = 100_000_000_000_000_000;
const SENDER_UNITS: u64 = 1_000_000_000;
const MAX_FEE_WEI: u128 = 2_000_000_000;
const PRIORITY_FEE_WEI: u128 = 1;
const CASH_FACTORY: Address = address!("0xc0f0110000000000000000000200000000000000");
/// The factory's address with the code in the last three bytes.
const CURRENCY: Address = address!("0xc0f0110000000000000000000200000000455552");
const CURRENCY_CODE: &[u8] = b"EUR";
const TRANSFER_SELECTOR: [u8; 4] = [0xa9, 0x05, 0x9c, 0xbb];
