//! The protocol room: which rules hold, and since when (DESIGN section 5, "Rules change at epoch boundaries").
//!
//! A version comes into force at the first block of an epoch: because genesis says so, or because the committee's only member
//! signed it ([`upgrade_message`]). [`begin_epoch`] then writes the version down and opens the rooms that it brings.
//! Until there are several members, who decide by vote, the sole member also appoints who governs `cash` ([`governor_message`]).
//! The room answers at every version: a chain whose genesis knows nothing of rooms is at version 0, and the room gets its code
//! with its first write.

use alloy_primitives::{Address, U256};
use alloy_sol_types::SolInterface;

use crate::{
    env::{Env, require},
    host::{CodeKind, Host, Res},
    layout,
    registry::{Door, NEWEST_VERSION, Room, address_of, open_rooms},
    storage::{Cell, Place},
};

pub mod abi;
mod dispatch;
mod operations;
#[cfg(test)]
mod tests;

pub use abi::IProtocol;

/// Where it is.
pub const ADDRESS: Address = address_of(1, [0; 7]);

/// Its row in the registry.
pub(crate) const ROOM: Room = Room {
    word: "protocol",
    number: 1,
    since: 0,
    construct: |_| Ok(()),
    contract: Door {
        interface: "IProtocol",
        abi: abi::IProtocol::abi::contract,
        dispatch: dispatch::dispatch,
        layout: Storage::FIELDS,
    },
    instance: None,
};

layout! {
    /// The room's storage.
    struct Storage {
        /// The version in force.
        version: Cell<u32>,
        /// The version that comes next; 0 = none.
        scheduled_version: Cell<u32>,
        /// The epoch that it begins with.
        scheduled_epoch: Cell<u64>,
        /// How often anything was signed.
        sequence: Cell<u64>,
    }
}

fn storage() -> Storage {
    Storage::at(U256::ZERO)
}

/// Where the version in force is, for readers outside the ledger.
pub fn version_slot() -> U256 {
    storage().version.slot()
}

/// What the committee's only member signs to bring a version into force. It begins like no message that consensus signs: those
/// begin with the length of their namespace.
pub fn upgrade_message(chain_id: u64, version: u32, epoch: u64, sequence: u64) -> Vec<u8> {
    let numbers = [chain_id, u64::from(version), epoch, sequence];
    [UPGRADE_NAMESPACE.to_vec(), numbers.map(u64::to_be_bytes).concat()].concat()
}

const UPGRADE_NAMESPACE: &[u8] = b"counterfoil_UPGRADE";

/// What the committee's only member signs to appoint the governor of `cash`.
pub fn governor_message(chain_id: u64, governor: Address, sequence: u64) -> Vec<u8> {
    [GOVERNOR_NAMESPACE, &chain_id.to_be_bytes(), governor.as_slice(), &sequence.to_be_bytes()].concat()
}

const GOVERNOR_NAMESPACE: &[u8] = b"counterfoil_GOVERNOR";

/// Begins an epoch, before any transaction of its first block: what is due comes into force. `by_genesis` is the highest
/// version that genesis schedules for this epoch or an earlier one. Answers which version holds from here on.
pub fn begin_epoch(host: &mut dyn Host, by_genesis: u32) -> Res<u32> {
    let mut env = Env::new(host, ADDRESS, ADDRESS);
    let in_force = storage().version.get(&mut env)?;
    let version = due(&mut env)?.max(by_genesis);
    if version <= in_force {
        return Ok(in_force);
    }
    require(version <= NEWEST_VERSION, || IProtocol::UnknownVersion { version, newest: NEWEST_VERSION })?;
    open_rooms(&mut env, in_force, version)?;
    storage().version.set(&mut env, version)?;
    if storage().scheduled_version.get(&mut env)? <= version {
        storage().scheduled_version.set(&mut env, 0)?;
        storage().scheduled_epoch.set(&mut env, 0)?;
    }
    Ok(version)
}

/// The version whose scheduled epoch has come.
fn due(env: &mut Env<'_>) -> Res<u32> {
    let epoch = storage().scheduled_epoch.get(env)?;
    if epoch > env.epoch() { Ok(0) } else { storage().scheduled_version.get(env) }
}

/// Without code the account would be empty, and gone with its storage (EIP-161).
fn ensure_code(env: &mut Env<'_>) -> Res<()> {
    if env.code_kind(env.me())? == CodeKind::Native { Ok(()) } else { env.create_native(env.me()) }
}

/// The room's own errors in words, for those who read them off the ledger.
pub fn error_in_words(data: &[u8]) -> Option<String> {
    use abi::IProtocol::IProtocolErrors as Error;
    Some(match Error::abi_decode(data).ok()? {
        Error::UnknownVersion(IProtocol::UnknownVersion { version, newest }) => {
            format!("protocol version {version} is not known here, the newest is {newest}: a newer program is needed")
        }
        Error::VersionNotRising(IProtocol::VersionNotRising { version, inForce }) => {
            format!("protocol version {version} is not above {inForce}, which is in force")
        }
        Error::EpochNotAhead(IProtocol::EpochNotAhead { epoch, current }) => {
            format!("epoch {epoch} has begun already, this is epoch {current}")
        }
        Error::SeveralMembers(_) => "the committee has several members: they decide by vote".into(),
        Error::InvalidSignature(_) => "the signature is not the only member's over these terms".into(),
        Error::RoomNotOpen(IProtocol::RoomNotOpen { room }) => {
            format!("the room `{room}` is not open on this chain yet")
        }
    })
}
