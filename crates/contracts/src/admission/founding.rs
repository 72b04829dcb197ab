//! What the room begins with: genesis's policy, and the members of committee 0, who are members from the start.
//! Runs once, when protocol version 2 comes into force: in block 0, or at the first block of an epoch of a chain that was there
//! before. The committee of that epoch is committee 0, because nothing before this room could change it.

use std::collections::BTreeMap;

use alloy_primitives::keccak256;
use primitives::genesis::Founder;

use super::{
    abi::IAdmission::{self, MemberState},
    certificate, epochs, members, policies, storage,
};
use crate::{Env, Res, env::require};

pub(super) fn construct(env: &mut Env<'_>) -> Res<()> {
    let founding = env.founding();
    storage().network.set(env, founding.network)?;
    storage().min_committee.set(env, founding.min_committee)?;
    policies::enforce(env, &founding.policy)?;
    let mut seats = BTreeMap::new();
    for founder in &founding.members {
        found(env, founder, founding.policy.validity_seconds)?;
        seats.insert(founder.key, founder.weight);
    }
    let epoch = env.epoch();
    epochs::push_tenure(env, epoch, &seats)
}

fn found(env: &mut Env<'_>, founder: &Founder, validity_seconds: u64) -> Res<()> {
    let place = members::enter(env, founder.key, founder.weight, MemberState::Committee)?;
    let epoch = env.epoch();
    place.committee_from.set(env, epoch)?;
    storage().keys.of(env, keccak256(founder.key))?.set(env, founder.key)?;
    for account in &founder.accounts {
        members::add_account(env, founder.key, *account)?;
    }
    match &founder.certificate {
        Some(der) => bring_certificate(env, founder, der, validity_seconds),
        None => Ok(()),
    }
}

/// The same checks as for any certificate; possession is not asked, since the key is in the committee of genesis.
fn bring_certificate(env: &mut Env<'_>, founder: &Founder, der: &[u8], validity_seconds: u64) -> Res<()> {
    let certificate = certificate::read(env, der, validity_seconds)?;
    let is_own = certificate.node_key == founder.key;
    require(is_own, || IAdmission::NodeKeyIsFixed { nodeKey: founder.key })?;
    members::require_subject_free(env, certificate.subject_hash, founder.key)?;
    members::check_new(env, &certificate)?;
    members::check_keys(env, &certificate, founder.key)?;
    members::keep_certificate(env, &certificate, der)?;
    let place = storage().members.of(env, founder.key)?;
    members::take_certificate(env, place, &certificate)
}
