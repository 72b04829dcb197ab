//! The transaction of a state test: the raw bytes where the test gives them, otherwise put together from its fields.

use alloy_consensus::{Signed, TxEip1559, TxEip2930, TxEip4844, TxEip7702, TxLegacy};
use alloy_eips::{
    eip2718::Decodable2718,
    eip2930::{AccessList, AccessListItem},
    eip7702::{Authorization, SignedAuthorization},
};
use alloy_primitives::{Address, B256, Bytes, Signature, TxKind, U256};
use primitives::{
    Recovered, Tx, TxError,
    tx::{decode_tx, recover},
};
use serde_json::Value;

use crate::fields::{address, bytes, get, items, number, uint, uint_or, word};

/// Decodes as the ledger does, but without its own limits on size and type, which Ethereum does not have.
pub(crate) fn decode(raw: &[u8]) -> Result<Tx, String> {
    match decode_tx(raw) {
        Err(TxError::Blob | TxError::TooLarge { .. }) => Tx::decode_2718_exact(raw).map_err(|error| error.to_string()),
        other => other.map_err(|error| error.to_string()),
    }
}

/// Recovers the sender as the ledger does.
pub(crate) fn recovered(tx: Tx) -> Result<Recovered<Tx>, String> {
    recover(tx).map_err(|error| error.to_string())
}

/// The transaction that `post` is about. An error means that there can be no such transaction.
pub(crate) fn of_post(transaction: &Value, post: &Value) -> Result<Recovered<Tx>, String> {
    match post.get("txbytes") {
        Some(raw) => {
            let tx = recovered(decode(&bytes(raw)?)?)?;
            match transaction.get("sender").map(address).transpose()? {
                Some(sender) if sender != tx.signer() => Err(format!("sender {}, expected {sender}", tx.signer())),
                _ => Ok(tx),
            }
        }
        None => Ok(Recovered::new_unchecked(of_fields(transaction, get(post, "indexes")?)?, sender(transaction)?)),
    }
}

/// What the three indexes of a post state choose from the lists of the transaction.
struct Chosen {
    data: Bytes,
    gas_limit: u64,
    value: U256,
    access_list: Option<AccessList>,
}

fn of_fields(tx: &Value, indexes: &Value) -> Result<Tx, String> {
    let Chosen { data: input, gas_limit, value, access_list } = chosen(tx, indexes)?;
    let nonce = uint(tx, "nonce")?;
    let to = kind(tx)?;
    let chain_id = uint_or(tx, "chainId", 1)?;
    if let Some(price) = tx.get("gasPrice") {
        let gas_price = narrow(number(price)?)?;
        return Ok(match access_list {
            Some(access_list) => {
                sign(TxEip2930 { chain_id, nonce, gas_price, gas_limit, to, value, access_list, input })
            }
            None => sign(TxLegacy { chain_id: None, nonce, gas_price, gas_limit, to, value, input }),
        });
    }
    let max_fee_per_gas = uint(tx, "maxFeePerGas")?;
    let max_priority_fee_per_gas = uint(tx, "maxPriorityFeePerGas")?;
    let access_list = access_list.unwrap_or_default();
    let called = || to.to().copied().ok_or_else(|| "this type creates no contract".to_string());
    if let Some(list) = tx.get("authorizationList") {
        return Ok(sign(TxEip7702 {
            chain_id,
            nonce,
            gas_limit,
            max_fee_per_gas,
            max_priority_fee_per_gas,
            to: called()?,
            value,
            access_list,
            authorization_list: items(list)?.iter().map(authorization).collect::<Result<_, _>>()?,
            input,
        }));
    }
    if let Some(hashes) = tx.get("blobVersionedHashes") {
        return Ok(sign(TxEip4844 {
            chain_id,
            nonce,
            gas_limit,
            max_fee_per_gas,
            max_priority_fee_per_gas,
            to: called()?,
            value,
            access_list,
            blob_versioned_hashes: items(hashes)?.iter().map(word).collect::<Result<_, _>>()?,
            max_fee_per_blob_gas: uint(tx, "maxFeePerBlobGas")?,
            input,
        }));
    }
    Ok(sign(TxEip1559 {
        chain_id,
        nonce,
        gas_limit,
        max_fee_per_gas,
        max_priority_fee_per_gas,
        to,
        value,
        access_list,
        input,
    }))
}

/// The signature counts for nothing once the sender is known.
fn sign<T>(tx: T) -> Tx
where
    Tx: From<Signed<T>>,
{
    Tx::from(Signed::new_unchecked(tx, Signature::new(U256::ONE, U256::ONE, false), B256::ZERO))
}

fn chosen(tx: &Value, indexes: &Value) -> Result<Chosen, String> {
    let data = uint(indexes, "data")?;
    let list = tx.get("accessLists").and_then(|lists| lists.get(data)).filter(|list| !list.is_null());
    Ok(Chosen {
        data: bytes(nth(tx, "data", data)?)?,
        gas_limit: narrow(number(nth(tx, "gasLimit", uint(indexes, "gas")?)?)?)?,
        value: number(nth(tx, "value", uint(indexes, "value")?)?)?,
        access_list: list.map(access_list).transpose()?,
    })
}

fn nth<'a>(tx: &'a Value, field: &str, index: usize) -> Result<&'a Value, String> {
    get(tx, field)?.get(index).ok_or_else(|| format!("no {field} {index}"))
}

fn narrow<N: TryFrom<U256>>(number: U256) -> Result<N, String> {
    number.try_into().map_err(|_| format!("{number} is out of range"))
}

fn kind(tx: &Value) -> Result<TxKind, String> {
    match tx.get("to").and_then(Value::as_str) {
        None | Some("" | "0x") => Ok(TxKind::Create),
        Some(_) => address(get(tx, "to")?).map(TxKind::Call),
    }
}

fn access_list(list: &Value) -> Result<AccessList, String> {
    let item = |item: &Value| {
        let storage_keys = items(get(item, "storageKeys")?)?.iter().map(word).collect::<Result<_, _>>()?;
        Ok(AccessListItem { address: address(get(item, "address")?)?, storage_keys })
    };
    items(list)?.iter().map(item).collect::<Result<_, String>>().map(AccessList)
}

fn authorization(item: &Value) -> Result<SignedAuthorization, String> {
    let inner = Authorization {
        chain_id: number(get(item, "chainId")?)?,
        address: address(get(item, "address")?)?,
        nonce: uint(item, "nonce")?,
    };
    let parity = if item.get("yParity").is_some() { uint(item, "yParity")? } else { uint(item, "v")? };
    Ok(SignedAuthorization::new_unchecked(inner, parity, number(get(item, "r")?)?, number(get(item, "s")?)?))
}

fn sender(tx: &Value) -> Result<Address, String> {
    if let Some(sender) = tx.get("sender") {
        return address(sender);
    }
    let secret = word(get(tx, "secretKey")?)?;
    let secret = secp256k1::SecretKey::from_byte_array(secret.0).map_err(|error| error.to_string())?;
    Ok(Address::from_raw_public_key(&secret.public_key(secp256k1::SECP256K1).serialize_uncompressed()[1..]))
}
