//! `counterfoil_putAttributes`, `counterfoil_attributes`, `counterfoil_putDelivery`, `counterfoil_delivery`: what `token` keeps
//! off the ledger. What is taken is for `chain` to say. All of them may touch the disk, so none is answered at once.

use primitives::{B256, Bytes};
use serde::Serialize;
use serde_json::value::RawValue;

use crate::{
    methods::{Call, Reply, Rpc},
    rpc::RpcError,
};

/// `counterfoil_putAttributes(item, text)`: answers the hash.
pub(crate) fn put_attributes(rpc: &Rpc, call: Call<'_>) -> Reply {
    let (item, text) = call.params.parse::<(B256, String)>()?;
    rpc.aside(move |rpc| Ok(rpc.chain.documents().put_attributes(item, text.as_bytes())?))
}

/// `counterfoil_attributes(item)`: null where they are not here.
pub(crate) fn attributes(rpc: &Rpc, call: Call<'_>) -> Reply {
    let (item,) = call.params.parse::<(B256,)>()?;
    rpc.aside(move |rpc| rpc.chain.documents().attributes(item)?.map(|kept| Attributes::of(&kept)).transpose())
}

/// `counterfoil_putDelivery(redemption, bytes)`: answers the hash.
pub(crate) fn put_delivery(rpc: &Rpc, call: Call<'_>) -> Reply {
    let (redemption, bytes) = call.params.parse::<(B256, Bytes)>()?;
    rpc.aside(move |rpc| Ok(rpc.chain.documents().put_delivery(redemption, &bytes)?))
}

/// `counterfoil_delivery(redemption)`: null where it is not here.
pub(crate) fn delivery(rpc: &Rpc, call: Call<'_>) -> Reply {
    let (redemption,) = call.params.parse::<(B256,)>()?;
    rpc.aside(move |rpc| Ok(rpc.chain.documents().delivery(redemption)?))
}

/// The canonical bytes stand in the answer as they are.
#[derive(Serialize)]
struct Attributes {
    item: B256,
    hash: B256,
    attributes: Box<RawValue>,
}

impl Attributes {
    fn of(kept: &chain::Kept) -> Result<Self, RpcError> {
        let unreadable =
            |error: &dyn std::fmt::Display| RpcError::internal(format!("attributes {}: {error}", kept.hash));
        let text = std::str::from_utf8(&kept.bytes).map_err(|error| unreadable(&error))?;
        let attributes = RawValue::from_string(text.to_owned()).map_err(|error| unreadable(&error))?;
        Ok(Self { item: kept.item, hash: kept.hash, attributes })
    }
}
