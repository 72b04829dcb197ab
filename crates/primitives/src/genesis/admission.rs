//! `admission` of the `counterfoil` section: how a network's members decide, and what is known of the first of them.
//! Read by `contracts::admission` when its room opens, through [`Founding`].

use alloy_primitives::{Address, B256, Bytes};
use serde::{Deserialize, Serialize};

use super::{GenesisError, Section, check};
use crate::{
    finality::{Committee, NodeId},
    policy::Policy,
};

/// The section's field. Where it is left out, all of it has its default, and files without it keep their hashes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Admission {
    /// With fewer members that are ready, a committee of one goes on alone.
    pub min_committee: u32,
    /// How members decide.
    pub policy: Policy,
    /// What is known of members of committee 0 beyond their keys.
    pub members: Vec<Founder>,
}

/// A member of committee 0.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Founder {
    /// Its ed25519 key, one of `committee`.
    pub key: NodeId,
    /// Its weight in votes.
    #[serde(default = "one")]
    pub weight: u32,
    /// Accounts that act for it. It can name more later, with its key.
    #[serde(default)]
    pub accounts: Vec<Address>,
    /// Its X.509 certificate, DER. It can bring one later.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub certificate: Option<Bytes>,
}

/// What contracts may know of genesis.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Founding {
    /// keccak of the canonical configuration: `parentHash` of the genesis header. It tells networks apart.
    pub network: B256,
    /// Each member of committee 0, in rising order of key.
    pub members: Vec<Founder>,
    /// [`Admission::min_committee`].
    pub min_committee: u32,
    /// [`Admission::policy`].
    pub policy: Policy,
}

/// Most accounts that act for one member.
pub const ACCOUNTS_MOST: usize = 4;
/// Most bytes of a certificate.
pub const CERTIFICATE_BYTES_MOST: usize = 4096;
/// Most members of a network.
pub const MEMBERS_MOST: usize = super::MAX_COMMITTEE;

impl Default for Admission {
    fn default() -> Self {
        Self { min_committee: 4, policy: Policy::default(), members: Vec::new() }
    }
}

impl Founder {
    /// A member of which only the key is known.
    pub const fn new(key: NodeId) -> Self {
        Self { key, weight: one(), accounts: Vec::new(), certificate: None }
    }
}

impl Default for Founding {
    fn default() -> Self {
        let Admission { min_committee, policy, members } = Admission::default();
        Self { network: B256::ZERO, members, min_committee, policy }
    }
}

impl Founding {
    pub(super) fn of(section: &Section, network: B256) -> Self {
        let Admission { min_committee, policy, members } = section.admission.clone().unwrap_or_default();
        let founder = |key: &NodeId| {
            members.iter().find(|founder| founder.key == *key).cloned().unwrap_or_else(|| Founder::new(*key))
        };
        let members = Committee::new(section.committee.clone()).members().iter().map(founder).collect();
        Self { network, members, min_committee, policy }
    }

    /// Weights of the first members: what [`Policy::check`] asks for.
    pub fn weights(&self) -> Vec<u32> {
        self.members.iter().map(|founder| founder.weight).collect()
    }
}

pub(super) fn check_admission(section: &Section) -> Result<(), GenesisError> {
    let Some(admission) = &section.admission else { return Ok(()) };
    let most = MEMBERS_MOST;
    let size = usize::try_from(admission.min_committee).unwrap_or(usize::MAX);
    check((1..=most).contains(&size), "counterfoil.admission.minCommittee", || format!("must be 1 to {most}"))?;
    check_founders(section, &admission.members)?;
    let weights = Founding::of(section, B256::ZERO).weights();
    let checked = admission.policy.check(&weights);
    let reason = checked.err().map(|error| error.to_string());
    check(reason.is_none(), "counterfoil.admission.policy", || reason.unwrap_or_default())
}

fn check_founders(section: &Section, founders: &[Founder]) -> Result<(), GenesisError> {
    let field = "counterfoil.admission.members";
    let known = |founder: &Founder| section.committee.contains(&founder.key);
    check(founders.iter().all(known), field, || "names a key that is not in the committee".into())?;
    check(is_distinct(founders.iter().map(|founder| founder.key)), field, || "names a key twice".into())?;
    let accounts = founders.iter().flat_map(|founder| founder.accounts.iter().copied());
    check(is_distinct(accounts), field, || "names an account twice".into())?;
    check(founders.iter().all(|founder| founder.weight > 0), field, || "a weight must not be zero".into())?;
    let few = |founder: &Founder| founder.accounts.len() <= ACCOUNTS_MOST;
    check(founders.iter().all(few), field, || format!("a member has at most {ACCOUNTS_MOST} accounts"))?;
    let small = |founder: &Founder| founder.certificate.as_ref().is_none_or(|der| der.len() <= CERTIFICATE_BYTES_MOST);
    check(founders.iter().all(small), field, || format!("a certificate has at most {CERTIFICATE_BYTES_MOST} bytes"))
}

fn is_distinct<T: Ord>(items: impl Iterator<Item = T>) -> bool {
    let mut items: Vec<T> = items.collect();
    items.sort_unstable();
    items.is_sorted_by(|one, next| one < next)
}

const fn one() -> u32 {
    1
}
