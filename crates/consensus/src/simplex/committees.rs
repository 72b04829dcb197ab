//! Who may sign in an epoch: the ledger's committees as commonware's signing schemes. Marshal asks for the scheme of every epoch that
//! it verifies or serves; an epoch whose committee is not decided yet has none, so nothing of it is accepted.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
};

use commonware_codec::{Copying, DecodeExt};
use commonware_consensus::{simplex::scheme::ed25519::Scheme, types::Epoch};
use commonware_cryptography::{
    certificate::{Provider, Scoped},
    ed25519::{PrivateKey, PublicKey},
};
use commonware_utils::ordered::Set;
use primitives::{B256, Committee, NodeId, finality::signing_namespace};

use crate::{Fatal, Ledger, NodeKey};

/// Schemes kept ready; older ones are made again from the ledger when somebody asks.
const MAX_READY: usize = 64;

/// The schemes of all epochs, shared by marshal and the epochs' engines.
#[derive(Clone)]
pub(super) struct Committees {
    ledger: Arc<dyn Ledger>,
    key: PrivateKey,
    namespace: Vec<u8>,
    ready: Arc<Mutex<BTreeMap<u64, Arc<Scheme>>>>,
}

impl Committees {
    pub(super) fn new(ledger: Arc<dyn Ledger>, key: &NodeKey, genesis_hash: B256) -> Self {
        let namespace = signing_namespace(genesis_hash);
        Self { ledger, key: private_key(key), namespace, ready: Arc::default() }
    }

    /// The scheme of an epoch: signing if this node is a member and the epoch is signed at all, else verifying. `None` while the committee is not decided.
    pub(super) fn scheme(&self, epoch: u64) -> Result<Option<Arc<Scheme>>, Fatal> {
        if let Some(scheme) = self.ready.lock().unwrap_or_else(PoisonError::into_inner).get(&epoch) {
            return Ok(Some(scheme.clone()));
        }
        let Some(committee) = self.ledger.committee(epoch)? else { return Ok(None) };
        let scheme = Arc::new(self.make(&committee, !self.ledger.is_recovered(epoch))?);
        let mut ready = self.ready.lock().unwrap_or_else(PoisonError::into_inner);
        ready.insert(epoch, scheme.clone());
        while ready.len() > MAX_READY {
            ready.pop_first();
        }
        Ok(Some(scheme))
    }

    fn make(&self, committee: &Committee, signs: bool) -> Result<Scheme, Fatal> {
        let members = public_keys(committee.members())?;
        let signer = || Scheme::signer(&self.namespace, members.clone(), self.key.clone());
        let signer = signs.then(signer).flatten();
        Ok(signer.unwrap_or_else(|| Scheme::verifier(&self.namespace, members)))
    }
}

impl Provider for Committees {
    type Scope = Epoch;
    type Scheme = Scheme;

    fn scoped(&self, epoch: Epoch) -> Option<Scoped<Scheme>> {
        match self.scheme(epoch.get()) {
            Ok(scheme) => scheme.map(Scoped::scheme),
            // The next step that must not fail will, and end the engine.
            Err(fatal) => {
                tracing::error!(%epoch, %fatal, "committee could not be read");
                None
            }
        }
    }
}

/// The node's key in commonware's form.
pub(super) fn private_key(key: &NodeKey) -> PrivateKey {
    PrivateKey::decode(Copying(key.seed().as_slice())).expect("any 32 bytes are an ed25519 seed")
}

/// A node's identity in commonware's form; the ledger admits no key that is not one.
pub(super) fn public_key(id: NodeId) -> Result<PublicKey, Fatal> {
    PublicKey::decode(Copying(id.as_slice())).map_err(|_| Fatal(format!("{id} is not an ed25519 public key")))
}

pub(super) fn public_keys(ids: &[NodeId]) -> Result<Set<PublicKey>, Fatal> {
    let keys: Vec<PublicKey> = ids.iter().map(|id| public_key(*id)).collect::<Result<_, _>>()?;
    Ok(Set::from_iter_dedup(keys))
}
