//! What members do on the ledger: a node asks to be linked, members vote, it says that it is ready, one of them is revoked. Members'
//! accounts are their people's, so their votes come whether their nodes run or not.

use std::collections::BTreeMap;

use alloy_sol_types::SolCall;
use contracts::admission::{
    ADDRESS,
    IAdmission::{Ballot, readyCall, requestLinkCall, requestRevocationCall, voteCall},
};
use primitives::{B256, Bytes, NodeId};

use crate::{
    clients::Clients,
    faults::{Faults, Kind},
    node::Node,
    witness::{News, Witness},
    world::{World, signed},
};

/// CRLReason of RFC 5280: keyCompromise.
const REASON: u8 = 1;
/// A node that is so many blocks behind does not say that it is ready.
const MOST_BEHIND: u64 = 1;

#[derive(Default)]
pub(crate) struct Ballots {
    nonces: BTreeMap<usize, u64>,
    /// Asked, and not decided yet.
    pub(crate) open: bool,
    pub(crate) admitted: bool,
    pub(crate) ready: bool,
    pub(crate) revoked: Option<usize>,
}

impl Ballots {
    fn send(&mut self, world: &World, clients: &mut Clients, member: usize, call: &impl SolCall) {
        let nonce = self.nonces.entry(member).or_default();
        let account = &world.nodes[member].account;
        clients.bring(signed(account, *nonce, ADDRESS, 0, call.abi_encode()), true);
        *nonce += 1;
    }

    /// The node that is no member asks to be one.
    pub(crate) fn ask_to_join(&mut self, world: &World, clients: &mut Clients) {
        let applicant = &world.nodes[world.founders()];
        let message = world.network().possession(applicant.account.address(), applicant.fingerprint(), 0);
        let call = requestLinkCall {
            certificate: applicant.certificate.clone(),
            weight: 1,
            possession: Bytes::copy_from_slice(&applicant.key.sign_message(&message)),
            nodeSignature: Bytes::new(),
        };
        self.open = true;
        self.send(world, clients, world.founders(), &call);
    }

    /// A member asks that another one be revoked.
    pub(crate) fn ask_to_revoke(&mut self, world: &World, clients: &mut Clients, asks: usize, target: usize) {
        let certificate = world.nodes[target].fingerprint();
        self.open = true;
        self.send(world, clients, asks, &requestRevocationCall { certificate, reason: REASON, evidence: B256::ZERO });
    }

    /// Reads what became final: votes on what was asked, counts what was decided. True if a member was admitted.
    pub(crate) fn read(
        &mut self,
        world: &World,
        witness: &Witness,
        clients: &mut Clients,
        faults: &mut Faults,
    ) -> bool {
        let mut admitted = false;
        for news in witness.take_news() {
            match news {
                News::Asked { id, certificate, policy, epoch, about } => {
                    let ballot = Ballot::Approve;
                    let vote =
                        voteCall { id, certificate, policy, epoch, ballot, reasonCode: 0, reasonHash: B256::ZERO };
                    self.vote(world, clients, about, &vote);
                }
                News::Admitted => {
                    faults.add(Kind::Admission, 1);
                    (self.open, self.admitted, admitted) = (false, true, true);
                }
                News::Revoked(id) => {
                    faults.add(Kind::Revocation, 1);
                    self.open = false;
                    self.revoked = world.nodes.iter().position(|node| node.id == id);
                }
            }
        }
        admitted
    }

    /// All members vote but the one it is about; votes that come too late are refused by the room.
    fn vote(&mut self, world: &World, clients: &mut Clients, about: NodeId, call: &voteCall) {
        let members = world.founders() + usize::from(self.ready);
        for voter in (0..members).filter(|voter| world.nodes[*voter].id != about) {
            if self.revoked != Some(voter) {
                self.send(world, clients, voter, call);
            }
        }
    }

    /// The admitted node says that it has all blocks, once it has.
    pub(crate) fn say_ready(&mut self, world: &World, witness: &Witness, clients: &mut Clients, node: &Node) {
        let Some(chain) = node.chain.as_ref().filter(|_| self.admitted && !self.ready) else { return };
        let head = chain.head();
        if head.number() + MOST_BEHIND < witness.height() {
            return;
        }
        self.ready = true;
        self.send(world, clients, node.index, &readyCall { height: head.number(), blockHash: head.hash() });
    }
}
