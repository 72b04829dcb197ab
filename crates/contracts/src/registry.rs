//! The rooms as data, in the order of their numbers: word, address, since which protocol version, constructor, doors.
//!
//! ```text
//! address = prefix (12 bytes) | room (1) | instance (7; zero = the room itself)
//! ```
//! An address with the prefix belongs to no key: 96 of its bits are fixed. One without code acts as an empty account, so a
//! room is there from the moment that its code byte is written, and an instance from when its factory made it.
//! A room of version 0 is the exception: it answers on every chain, with or without code, and gets its code when it first
//! writes. It is how a chain whose genesis knows of no room gains them.

use alloy_json_abi::JsonAbi;
use alloy_primitives::{Address, Bytes};

use crate::{
    admission, cash,
    dispatch::{Call, INative},
    env::{Env, revert},
    host::{CodeKind, Host, Res},
    protocol, token,
};

/// A system on the ledger.
#[derive(Clone, Copy, Debug)]
pub struct Room {
    /// The one word for it.
    pub word: &'static str,
    /// The byte after the prefix.
    pub number: u8,
    /// Protocol version that opens it; 0 = it answers on every chain, also without code.
    pub since: u32,
    /// Runs once, when it opens.
    pub construct: fn(&mut Env<'_>) -> Res<()>,
    /// The contract at the room's own address.
    pub contract: Door,
    /// What its factory makes, if it is one.
    pub instance: Option<Door>,
}

/// A contract's outside.
#[derive(Clone, Copy, Debug)]
pub struct Door {
    /// Name of the Solidity interface.
    pub interface: &'static str,
    /// Its ABI.
    pub abi: fn() -> JsonAbi,
    /// From calldata to the encoded answer.
    pub dispatch: for<'a, 'b, 'c, 'd> fn(&'a mut Env<'b>, &'c Call<'d>) -> Res<Bytes>,
    /// Its storage: field, type, slots.
    pub layout: &'static [(&'static str, &'static str, u64)],
}

/// All rooms.
pub const ROOMS: &[Room] = &[protocol::ROOM, cash::ROOM, token::ROOM, admission::ROOM];

/// The newest protocol version that this program knows.
pub const NEWEST_VERSION: u32 = 2;

/// The first bytes of every native contract's address.
pub const PREFIX: [u8; 12] = [0xc0, 0xf0, 0x11, 0, 0, 0, 0, 0, 0, 0, 0, 0];

/// Gas of a call before it does anything, and for each 32 bytes of its data.
const CALL_GAS: u64 = 100;
const DATA_WORD_GAS: u64 = 6;

impl Room {
    /// Where the room is.
    pub const fn address(&self) -> Address {
        address_of(self.number, [0; 7])
    }

    /// Its own door, then that of what its factory makes.
    pub fn doors(&self) -> impl Iterator<Item = &Door> {
        [&self.contract].into_iter().chain(&self.instance)
    }
}

impl Door {
    /// The ABI with what every native contract may answer.
    pub fn full_abi(&self) -> JsonAbi {
        let mut abi = (self.abi)();
        abi.errors.extend(INative::abi::contract().errors);
        abi
    }
}

/// The address of an instance of a room.
pub const fn address_of(room: u8, instance: [u8; 7]) -> Address {
    let mut bytes = [0; 20];
    let mut index = 0;
    while index < PREFIX.len() {
        bytes[index] = PREFIX[index];
        index += 1;
    }
    bytes[PREFIX.len()] = room;
    let mut index = 0;
    while index < instance.len() {
        bytes[PREFIX.len() + 1 + index] = instance[index];
        index += 1;
    }
    Address::new(bytes)
}

/// Whether an address can only be a native contract's.
pub fn is_reserved(address: Address) -> bool {
    address.starts_with(&PREFIX)
}

/// The room of this word.
pub fn by_word(word: &str) -> Option<&'static Room> {
    ROOMS.iter().find(|room| room.word == word)
}

/// The door at an address, whether or not there is code yet.
pub fn door(address: Address) -> Option<&'static Door> {
    let (number, instance) = address.strip_prefix(&PREFIX)?.split_first()?;
    let room = ROOMS.iter().find(|room| room.number == *number)?;
    if instance.iter().all(|byte| *byte == 0) { Some(&room.contract) } else { room.instance.as_ref() }
}

/// Opens the rooms of the versions after `before` up to `version`: their code, then their constructors.
pub fn open_rooms(env: &mut Env<'_>, before: u32, version: u32) -> Res<()> {
    for room in ROOMS.iter().filter(|room| room.since <= version && (room.since > before || room.since == 0)) {
        if env.code_kind(room.address())? != CodeKind::Native {
            env.create_native(room.address())?;
            (room.construct)(&mut env.inside(room.address()))?;
        }
    }
    Ok(())
}

/// Works a call to a reserved address; `None` where there is no contract, as if the account were empty.
pub fn run(host: &mut dyn Host, call: &Call<'_>) -> Res<Option<Bytes>> {
    let Some(door) = door(call.code) else { return Ok(None) };
    if !is_live(host, call.code)? {
        return Ok(None);
    }
    if call.target != call.code {
        return revert(&INative::DelegateCall {});
    }
    let words = u64::try_from(call.data.len().div_ceil(32)).unwrap_or(u64::MAX);
    host.charge(words.saturating_mul(DATA_WORD_GAS).saturating_add(CALL_GAS))?;
    (door.dispatch)(&mut Env::new(host, call.target, call.caller), call).map(Some)
}

fn is_live(host: &mut dyn Host, contract: Address) -> Res<bool> {
    let everywhere = || ROOMS.iter().any(|room| room.since == 0 && room.address() == contract);
    Ok(match host.code_kind(contract)? {
        CodeKind::Native => true,
        CodeKind::None => everywhere(),
        CodeKind::Delegation | CodeKind::Bytecode => false,
    })
}
