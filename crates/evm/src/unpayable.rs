//! Transactions whose price per gas needs more than 128 bits. Ethereum gives them 256; the types used here, like those of
//! most clients, hold 128, because 21,000 gas at such a price costs more wei than any supply has. So they are recognised
//! apart: well formed, with a hash and a sender, and never to be executed.
//! Called where decoding fails (the gateway answers "insufficient funds" rather than "bad encoding").
//! Everything but the prices is judged by the ordinary decoder, on a copy in which they are cut to 128 bits.

use alloy_consensus::{Transaction, crypto::secp256k1::recover_signer};
use alloy_primitives::{Address, B256, U256, keccak256};
use alloy_rlp::{Decodable, EMPTY_STRING_CODE, Encodable, Header};
use primitives::{Tx, tx::decode_tx};
use revm::primitives::hardfork::SpecId;

use crate::validity::{Invalid, check_fields};

/// A well-formed transaction that nobody can pay for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unpayable {
    /// keccak of the bytes as received.
    pub hash: B256,
    /// Who signed it.
    pub signer: Address,
    /// Price per gas, or the most that is paid per gas.
    pub max_fee: U256,
    /// Tip per gas, for the types that have one.
    pub tip: Option<U256>,
    /// The transaction with its prices cut to 128 bits: every other field is as received.
    pub narrowed: Tx,
}

impl Unpayable {
    /// Reads `bytes` as a transaction with at least one price beyond 128 bits; `None` if they are not exactly that.
    pub fn recognise(bytes: &[u8]) -> Option<Self> {
        let fields = Fields::split(bytes)?;
        let prices = fields.prices()?;
        if prices.iter().all(|price| *price <= U256::from(u128::MAX)) {
            return None;
        }
        let narrowed = decode_tx(&fields.with_narrow_prices()).ok()?;
        let signer = recover_signer(narrowed.signature(), fields.signing_hash(&narrowed)).ok()?;
        let (tip, max_fee) = match *prices.as_slice() {
            [tip, max_fee] => (Some(tip), max_fee),
            [price] => (None, price),
            _ => return None,
        };
        Some(Self { hash: keccak256(bytes), signer, max_fee, tip, narrowed })
    }

    /// Whether the fork would take it from somebody rich enough.
    pub fn check_fields(&self, spec: SpecId, chain_id: u64) -> Result<(), Invalid> {
        if self.tip.is_some_and(|tip| tip > self.max_fee) {
            return Err(Invalid::TipAboveFeeCap);
        }
        check_fields(spec, chain_id, &self.narrowed)?;
        match self.max_fee.checked_mul(U256::from(self.narrowed.gas_limit())) {
            Some(_) => Ok(()),
            None => Err(Invalid::CostOverflow),
        }
    }
}

/// A transaction cut into the RLP items of its list.
struct Fields<'a> {
    /// EIP-2718 type; `None` = legacy.
    ty: Option<u8>,
    items: Vec<&'a [u8]>,
    /// Where among the items the prices are: tip before maximum.
    price_positions: &'static [usize],
}

/// `v` or parity, `r` and `s` end every list.
const SIGNATURE_ITEMS: usize = 3;

impl<'a> Fields<'a> {
    fn split(bytes: &'a [u8]) -> Option<Self> {
        let (ty, list) = match bytes.split_first()? {
            (ty @ (1 | 2 | 4), list) => (Some(*ty), list),
            _ => (None, bytes),
        };
        let price_positions: &[usize] = match ty {
            None => &[1],
            Some(1) => &[2],
            Some(_) => &[2, 3],
        };
        Some(Self { ty, items: split_list(list)?, price_positions })
    }

    fn prices(&self) -> Option<Vec<U256>> {
        let price = |at: &usize| {
            let mut item = *self.items.get(*at)?;
            U256::decode(&mut item).ok()
        };
        self.price_positions.iter().map(price).collect()
    }

    fn with_narrow_prices(&self) -> Vec<u8> {
        let narrow = alloy_rlp::encode(u128::MAX);
        let items = self.items.iter().enumerate().map(|(at, item)| {
            let wide = self.price_positions.contains(&at) && item.len() > narrow.len();
            if wide { narrow.as_slice() } else { item }
        });
        encode(self.ty, &items.collect::<Vec<_>>().concat())
    }

    /// What was signed: the list without the signature; a protected legacy transaction adds its chain id and two zeros (EIP-155).
    fn signing_hash(&self, narrowed: &Tx) -> B256 {
        let signed = self.items.len().saturating_sub(SIGNATURE_ITEMS);
        let mut payload = self.items.get(..signed).unwrap_or_default().concat();
        if let (None, Some(chain_id)) = (self.ty, narrowed.chain_id()) {
            chain_id.encode(&mut payload);
            payload.extend([EMPTY_STRING_CODE; 2]);
        }
        keccak256(encode(self.ty, &payload))
    }
}

fn encode(ty: Option<u8>, payload: &[u8]) -> Vec<u8> {
    let mut bytes: Vec<u8> = ty.into_iter().collect();
    Header { list: true, payload_length: payload.len() }.encode(&mut bytes);
    bytes.extend_from_slice(payload);
    bytes
}

/// The items of one RLP list that fills `bytes`, each with its own header.
fn split_list(bytes: &[u8]) -> Option<Vec<&[u8]>> {
    let mut rest = bytes;
    let list = Header::decode(&mut rest).ok()?;
    if !list.list || list.payload_length != rest.len() {
        return None;
    }
    let mut items = Vec::new();
    while !rest.is_empty() {
        let mut payload = rest;
        let header = Header::decode(&mut payload).ok()?;
        let length = rest.len().checked_sub(payload.len())?.checked_add(header.payload_length)?;
        let (item, after) = rest.split_at_checked(length)?;
        items.push(item);
        rest = after;
    }
    Some(items)
}

#[cfg(test)]
mod tests;
