//! Who decides in which epoch and who may connect: what the room `admission` says in the state after the newest final block, and
//! committee 0 as long as the room is not open. Called by the door for engines, for counterfoils, and by a node about itself.
//! In the epoch of a recovery one member decides alone, whom the recovery names and not the room.
//! Rules: DESIGN section 5, DC-23 (only members connect), docs/adr/0014-recovery.md.

use std::sync::Arc;

use consensus::{Peer, Peers};
use contracts::{
    Host, Reader, Res,
    admission::{self, IAdmission::MemberState, OpenLink, PeerRow, Standing, were_removed_at},
};
use primitives::{Address, Committee, FinalBlock, FinalityProof, NodeId, Recovery};

use crate::{BlockAt, Chain, ChainError, Executed, OpenError, chain::Inner};

/// A certificate, and what it makes final.
#[derive(Clone, Debug)]
pub struct Finality {
    /// The block in question.
    pub block: Arc<Executed>,
    /// The block that the certificate names.
    pub certified: Arc<Executed>,
    /// The certificate.
    pub proof: FinalityProof,
    /// Whose it is.
    pub committee: Committee,
    /// Who of them signed.
    pub signers: Vec<NodeId>,
}

impl Chain {
    /// Who decides in an epoch, up to its last block; `None` until the last block of the epoch before it is final. In the epoch of
    /// a recovery others have decided about the first blocks: [`Self::finality`] says who.
    pub fn committee(&self, epoch: u64) -> Result<Option<Committee>, ChainError> {
        self.0.committee(epoch)
    }

    /// The epochs, rising, from which on another committee decided than in the epoch before.
    pub fn committee_history(&self) -> Result<Vec<u64>, ChainError> {
        self.0.committee_history()
    }

    /// What makes a block final: its own certificate, or that of the first block above it that has one. `None` for genesis and for
    /// blocks that are not there.
    pub fn finality(&self, at: BlockAt) -> Result<Option<Finality>, ChainError> {
        let Some(block) = self.block(at)?.filter(|block| block.number() > 0) else { return Ok(None) };
        let mut certified = block.clone();
        let proof = loop {
            if let Some(proof) = &certified.finality {
                break proof.clone();
            }
            // The last block of an epoch has one, so this ends.
            let Some(next) = self.block(BlockAt::Number(certified.number() + 1))? else { return Ok(None) };
            certified = next;
        };
        let committee = self.0.committee_at(certified.number())?.ok_or(ChainError::UnknownBlock)?;
        let signers = proof::certificate::signers(&proof, &committee, certified.hash());
        let signers = signers.map_err(|error| ChainError::Room(error.to_string()))?;
        Ok(Some(Finality { block, certified, proof, committee, signers }))
    }

    /// How a node stands at the head, and whether `account` acts for it.
    pub fn standing(&self, node: NodeId, account: Address) -> Result<Standing, ChainError> {
        self.0.ask(|host| admission::standing(host, node, account))
    }

    /// The linking requests at the head on which a node may vote and has not.
    pub fn open_links(&self, node: NodeId) -> Result<Vec<OpenLink>, ChainError> {
        self.0.ask(|host| admission::open_links(host, node))
    }
}

impl Inner {
    /// Who decides in an epoch, up to its last block; `None` until the last block of the epoch before it is final.
    pub(crate) fn committee(&self, epoch: u64) -> Result<Option<Committee>, ChainError> {
        let fixed = self.fixed_committee(epoch)?;
        let recovered = self.rules.recovery_in(epoch).map(Recovery::committee);
        Ok(fixed.map(|fixed| recovered.unwrap_or(fixed)))
    }

    /// Whose certificate a final block of this height has.
    pub(crate) fn committee_at(&self, number: u64) -> Result<Option<Committee>, ChainError> {
        match self.rules.recovery_of(number) {
            Some(recovery) => Ok(Some(recovery.committee())),
            None => self.fixed_committee(self.rules.epoch_of(number)),
        }
    }

    /// Whether a recovery took the epoch of this block from those who signed it.
    pub(crate) fn is_before_recovery(&self, number: u64) -> bool {
        let recovery = self.rules.recovery_in(self.rules.epoch_of(number));
        recovery.is_some_and(|recovery| number < recovery.first())
    }

    /// Refuses a ledger that a recovery is not about.
    pub(crate) fn check_recoveries(&self) -> Result<(), OpenError> {
        let head = self.head();
        for recovery in self.rules.recoveries.iter() {
            let FinalBlock { number, hash: want } = recovery.after;
            match self.block_by_number(&head, number)?.map(|block| block.hash()) {
                Some(have) if have != want => return Err(OpenError::OtherRecovery { number, have, want }),
                _ => {}
            }
            let begun = head.number() >= recovery.first();
            let removed = |host: &mut dyn Host| were_removed_at(host, &recovery.removed, recovery.first());
            if begun && !self.ask(removed)? {
                return Err(OpenError::Unrecovered { number, head: head.number() });
            }
        }
        Ok(())
    }

    /// What the room has fixed for an epoch.
    fn fixed_committee(&self, epoch: u64) -> Result<Option<Committee>, ChainError> {
        let first = epoch.checked_mul(self.rules.epoch_blocks);
        if first.is_none_or(|first| first > self.head().number().saturating_add(1)) {
            return Ok(None);
        }
        let fixed = self.ask(|host| admission::committee_of_epoch(host, epoch))?;
        Ok(Some(fixed.unwrap_or_else(|| self.rules.committee.clone())))
    }

    /// Whether the committee of the epoch after the next block's will be another one, as things stand.
    pub(crate) fn committee_changes(&self) -> Result<bool, ChainError> {
        let next = self.ask(admission::next_committee)?;
        let current = self.ask(|host| {
            let epoch = host.epoch();
            admission::committee_of_epoch(host, epoch)
        })?;
        Ok(next != current)
    }

    /// The epochs, rising, from which on another committee decided than in the epoch before.
    pub(crate) fn committee_history(&self) -> Result<Vec<u64>, ChainError> {
        self.ask(admission::changes)
    }

    /// Members that may connect and whose address is known.
    pub(crate) fn peers(&self) -> Result<Peers, ChainError> {
        let mut peers = Peers::default();
        for row in self.ask(admission::peers)? {
            let in_committee = row.state == MemberState::Committee;
            let list = if in_committee { &mut peers.committee } else { &mut peers.followers };
            list.extend(peer(row));
        }
        Ok(peers)
    }

    /// Whether a member was revoked.
    pub(crate) fn is_revoked(&self, node: NodeId) -> Result<bool, ChainError> {
        let standing = self.ask(|host| admission::standing(host, node, Address::ZERO))?;
        Ok(standing.state == MemberState::Revoked)
    }

    /// Views of contracts, over the newest final state, in the epoch of the next block.
    fn ask<T>(&self, view: impl FnOnce(&mut dyn Host) -> Res<T>) -> Result<T, ChainError> {
        let head = self.head();
        let (header, state) = (head.latest().block.header(), head.latest_state());
        let read = |account, slot| Ok(state.storage(account, slot));
        let epoch = self.rules.epoch_of(header.number.saturating_add(1));
        view(&mut Reader::new(read, header.number, header.timestamp, epoch))
            .map_err(|stop| ChainError::Room(format!("{stop:?}")))
    }
}

/// The room has checked that the address is HOST:PORT; an IPv6 address has brackets there.
fn peer(row: PeerRow) -> Option<Peer> {
    let address = row.address?;
    let (host, port) = address.rsplit_once(':')?;
    let host = host.trim_start_matches('[').trim_end_matches(']');
    Some(Peer { id: row.node_key, host: host.into(), port: port.parse().ok()? })
}
