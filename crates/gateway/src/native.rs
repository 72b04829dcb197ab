//! Calls, logs and errors of native contracts in words: what the console shows and the command line prints. Everything comes
//! from the ABIs of `contracts::registry`; what they do not know is `None`, and shown as bytes by whoever asks.

use alloy_dyn_abi::{DecodedEvent, DynSolValue, ErrorExt, EventExt, JsonAbiExt};
use alloy_json_abi::{EventParam, JsonAbi, Param};
use alloy_primitives::{Address, LogData, hex};
use contracts::registry::{self, Door, ROOMS};

/// A call, log or error with its arguments.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Described {
    /// The Solidity interface that knows it.
    pub interface: &'static str,
    /// Function, event or error.
    pub name: String,
    /// In the order of the ABI.
    pub fields: Vec<Field>,
}

/// One argument.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Field {
    /// Its name in the ABI.
    pub name: String,
    /// Numbers in decimal, bytes in hex, accounts with their checksum (EIP-55), text as it is.
    pub value: String,
}

/// A call to the contract at `target`.
pub fn call(target: Address, data: &[u8]) -> Option<Described> {
    let door = registry::door(target)?;
    let abi = (door.abi)();
    let function = abi.functions().find(|function| data.starts_with(function.selector().as_slice()))?;
    let values = function.abi_decode_input(data.get(4..)?).ok()?;
    Some(described(door, &function.name, function.inputs.iter().map(param_name), values))
}

/// A log of the contract at `address`.
pub fn log(address: Address, data: &LogData) -> Option<Described> {
    let door = registry::door(address)?;
    let abi = (door.abi)();
    let topic = data.topics().first()?;
    let event = abi.events().find(|event| event.selector() == *topic)?;
    let DecodedEvent { indexed, body, .. } = event.decode_log(data).ok()?;
    let (mut indexed, mut body) = (indexed.into_iter(), body.into_iter());
    let values = event.inputs.iter().map_while(|input| if input.indexed { indexed.next() } else { body.next() });
    Some(described(door, &event.name, event.inputs.iter().map(event_param_name), values.collect()))
}

/// What a native contract answered when it refused. An error is sought in every room: contracts pass on each other's.
pub fn error(data: &[u8]) -> Option<Described> {
    let doors = ROOMS.iter().flat_map(|room| std::iter::once(&room.contract).chain(&room.instance));
    let known = doors.map(|door| (door.interface, (door.abi)()));
    let common = ("INative", contracts::dispatch::INative::abi::contract());
    std::iter::once(common).chain(known).find_map(|(interface, abi)| error_of(interface, &abi, data))
}

impl std::fmt::Display for Described {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}(", self.name)?;
        for (index, Field { name, value }) in self.fields.iter().enumerate() {
            let comma = if index > 0 { ", " } else { "" };
            let colon = if name.is_empty() { "" } else { ": " };
            write!(f, "{comma}{name}{colon}{value}")?;
        }
        write!(f, ")")
    }
}

fn error_of(interface: &'static str, abi: &JsonAbi, data: &[u8]) -> Option<Described> {
    let error = abi.errors().find(|error| data.starts_with(error.selector().as_slice()))?;
    let values = error.decode_error(data).ok()?.body;
    let names = error.inputs.iter().map(param_name);
    Some(Described { interface, name: error.name.clone(), fields: fields(names, values) })
}

fn described(door: &Door, name: &str, names: impl Iterator<Item = String>, values: Vec<DynSolValue>) -> Described {
    Described { interface: door.interface, name: name.into(), fields: fields(names, values) }
}

fn fields(names: impl Iterator<Item = String>, values: Vec<DynSolValue>) -> Vec<Field> {
    names.zip(values).map(|(name, value)| Field { name, value: shown(&value) }).collect()
}

fn shown(value: &DynSolValue) -> String {
    match value {
        DynSolValue::Bool(yes) => yes.to_string(),
        DynSolValue::Int(number, _) => number.to_string(),
        DynSolValue::Uint(number, _) => number.to_string(),
        DynSolValue::Address(address) => address.to_string(),
        DynSolValue::FixedBytes(word, bytes) => hex::encode_prefixed(word.get(..*bytes).unwrap_or(&word[..])),
        DynSolValue::Bytes(bytes) => hex::encode_prefixed(bytes),
        DynSolValue::String(text) => text.clone(),
        DynSolValue::Function(function) => function.to_string(),
        DynSolValue::Array(items) | DynSolValue::FixedArray(items) => format!("[{}]", list(items)),
        DynSolValue::Tuple(items) | DynSolValue::CustomStruct { tuple: items, .. } => format!("({})", list(items)),
    }
}

fn list(items: &[DynSolValue]) -> String {
    items.iter().map(shown).collect::<Vec<_>>().join(", ")
}

fn param_name(param: &Param) -> String {
    param.name.clone()
}

fn event_param_name(param: &EventParam) -> String {
    param.name.clone()
}

#[cfg(test)]
mod tests;
