//! Asks the room `admission` for what its views tell, over one state: the only place where they are read, for `counterfoil_`
//! methods and for pages alike.

use alloy_primitives::{Address, B256, Bytes, TxKind};
use alloy_rpc_types_eth::{TransactionRequest, state::EvmOverrides};
use alloy_sol_types::SolCall;
use chain::{Chain, ChainError, StateView};
use contracts::admission::{
    ADDRESS,
    IAdmission::{self, Change, Member, Request, Vote},
    PAGE_MOST,
};
use evm::call::{Base, CallError, call};
use primitives::Committee;

/// The room after one block.
pub(crate) struct Room<'a> {
    base: Base<'a, StateView>,
}

/// Why the room tells nothing.
#[derive(Debug, thiserror::Error)]
pub(crate) enum RoomError {
    /// It is not open, and knows nobody.
    #[error("this network has no members' room: protocol version 2 opens it")]
    Closed,
    /// It refused, or the ledger could not be read.
    #[error(transparent)]
    Call(#[from] CallError),
}

/// Who decides in an epoch.
pub(crate) struct Tenure {
    pub(crate) epoch: u64,
    pub(crate) first_block: u64,
    pub(crate) last_block: u64,
    pub(crate) committee: Committee,
}

impl Tenure {
    /// In an epoch, or in that of the next block; `None` if that is not decided yet.
    pub(crate) fn of(chain: &Chain, epoch: Option<u64>) -> Result<Option<Self>, ChainError> {
        let rules = chain.rules();
        let epoch = epoch.unwrap_or_else(|| rules.epoch_of(chain.head().number().saturating_add(1)));
        let Some(committee) = chain.committee(epoch)? else { return Ok(None) };
        let first_block = epoch.saturating_mul(rules.epoch_blocks);
        let last_block = first_block.saturating_add(rules.epoch_blocks.saturating_sub(1));
        Ok(Some(Self { epoch, first_block, last_block, committee }))
    }
}

impl<'a> Room<'a> {
    pub(crate) const fn over(base: Base<'a, StateView>) -> Self {
        Self { base }
    }

    /// Seconds since 1970 of the block after which this is.
    pub(crate) const fn now(&self) -> u64 {
        self.base.header.timestamp
    }

    /// All that are or were members, in order of admission.
    pub(crate) fn members(&self, start: u64, count: u64) -> Result<IAdmission::membersReturn, RoomError> {
        self.ask(&IAdmission::membersCall { start, count })
    }

    /// A node; state `None` if nothing is known of it.
    pub(crate) fn member(&self, node_key: B256) -> Result<Member, RoomError> {
        self.ask(&IAdmission::memberCall { nodeKey: node_key })
    }

    /// Who an account acts for; zero if for nobody.
    pub(crate) fn member_of(&self, account: Address) -> Result<B256, RoomError> {
        self.ask(&IAdmission::memberOfCall { account })
    }

    /// Empty bytes, and a node key of zero, if nobody ever brought it.
    pub(crate) fn certificate(&self, fingerprint: B256) -> Result<IAdmission::certificateReturn, RoomError> {
        self.ask(&IAdmission::certificateCall { fingerprint })
    }

    pub(crate) fn is_valid(&self, certificate: B256) -> Result<bool, RoomError> {
        self.ask(&IAdmission::isValidCall { certificate })
    }

    /// Changes of a certificate's status, in order of time.
    pub(crate) fn history(&self, certificate: B256) -> Result<Vec<Change>, RoomError> {
        Ok(self.ask(&IAdmission::historyCall { certificate, start: 0, count: PAGE_MOST })?.page)
    }

    /// Requests are numbered from 1.
    pub(crate) fn last_request(&self) -> Result<u64, RoomError> {
        self.ask(&IAdmission::lastRequestCall {})
    }

    /// Numbers of all open requests, rising.
    pub(crate) fn open_requests(&self) -> Result<Vec<u64>, RoomError> {
        let mut open = whole(|start| {
            let found = self.ask(&IAdmission::openRequestsCall { start, count: PAGE_MOST })?;
            Ok((found.page, found.total))
        })?;
        open.sort_unstable();
        Ok(open)
    }

    /// One that is there: the number is at most the last one.
    pub(crate) fn request(&self, id: u64) -> Result<Request, RoomError> {
        self.ask(&IAdmission::requestCall { id })
    }

    /// All votes on it, in order of time: at most one for each of its voters.
    pub(crate) fn votes(&self, id: u64) -> Result<Vec<Vote>, RoomError> {
        whole(|start| {
            let found = self.ask(&IAdmission::votesCall { id, start, count: PAGE_MOST })?;
            Ok((found.page, found.total))
        })
    }

    /// A policy that is or was in force.
    pub(crate) fn policy(&self, hash: B256) -> Result<primitives::Policy, RoomError> {
        Ok(contracts::admission::from_policy(&self.ask(&IAdmission::policyOfCall { hash })?))
    }

    /// The committee of the next epoch, if this one ended now.
    pub(crate) fn next_committee(&self) -> Result<Committee, RoomError> {
        Ok(Committee::new(self.ask(&IAdmission::nextCommitteeCall {})?))
    }

    fn ask<C: SolCall>(&self, question: &C) -> Result<C::Return, RoomError> {
        let request = TransactionRequest {
            to: Some(TxKind::Call(ADDRESS)),
            input: Bytes::from(question.abi_encode()).into(),
            ..TransactionRequest::default()
        };
        let answer = call(&self.base, &request, &EvmOverrides::default())?;
        // Where there is no room an empty account answers nothing.
        C::abi_decode_returns(&answer).map_err(|_| RoomError::Closed)
    }
}

/// Numbers up to `newest`, at most `count` of them, the newest first.
pub(crate) fn newest_first(newest: u64, count: u64) -> impl Iterator<Item = u64> {
    let oldest = newest.saturating_sub(count).saturating_add(1);
    (oldest..=newest).rev()
}

/// All parts of a list.
fn whole<T>(part: impl Fn(u64) -> Result<(Vec<T>, u64), RoomError>) -> Result<Vec<T>, RoomError> {
    let mut all = Vec::new();
    loop {
        let start = u64::try_from(all.len()).unwrap_or(u64::MAX);
        let (page, total) = part(start)?;
        let ends = page.is_empty();
        all.extend(page);
        if ends || u64::try_from(all.len()).unwrap_or(u64::MAX) >= total {
            return Ok(all);
        }
    }
}
