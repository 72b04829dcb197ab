//! One simplex engine for one epoch: its own committee, its own log of votes, its own sub-channels, rooted in the last block of the
//! epoch before or, after a restart, in what is final of its own. When the next epoch begins it is ended and its log of votes is removed: the epoch is final.

use commonware_consensus::{
    marshal::standard::Inline,
    simplex::{
        self, Floor, ForwardPolicy,
        config::{SkipBudget, SkipPolicy},
        elector::RoundRobin,
        scheme::ed25519::Scheme,
    },
    types::{Epoch, FixedEpocher, ViewDelta},
};
use commonware_cryptography::{Sha256, ed25519::PublicKey};
use commonware_p2p::{Blocker, Sender, utils::mux::MuxHandle};
use commonware_parallel::Sequential;
use commonware_runtime::{Handle, buffer::paged::CacheRef};
use commonware_utils::{NZDuration, NZUsize};
use std::time::Duration;

use super::{
    Timing,
    block::{Digest, Opaque},
    member::Member,
    node::{MAILBOX, Runtime, VIEW_RETENTION},
};
use crate::Fatal;

/// Blocks, votes and certificates of views that were not agreed on are fetched again after this.
const FETCH_TIMEOUT: Duration = Duration::from_secs(1);
const FETCH_RETRY: Duration = Duration::from_millis(100);
const REPLAY_BUFFER: usize = 1 << 20;
const WRITE_BUFFER: usize = 1 << 16;

/// What every epoch's engine is made of.
pub(super) struct Parts<E: Runtime, S: Sender<PublicKey = PublicKey>, B> {
    pub(super) member: Inline<E, Scheme, Member, Opaque, FixedEpocher>,
    pub(super) votes: MuxHandle<S>,
    pub(super) certificates: MuxHandle<S>,
    pub(super) requests: MuxHandle<S>,
    pub(super) blocker: B,
    pub(super) pages: CacheRef,
    pub(super) timing: Timing,
    pub(super) prefix: String,
}

/// A running engine; dropping it ends it.
pub(super) struct Running {
    pub(super) epoch: u64,
    pub(super) handle: Handle<()>,
}

impl Drop for Running {
    fn drop(&mut self) {
        self.handle.abort();
    }
}

impl<E, S, B> Parts<E, S, B>
where
    E: Runtime,
    S: Sender<PublicKey = PublicKey>,
    B: Blocker<PublicKey = PublicKey>,
{
    /// Starts the engine of `epoch`.
    pub(super) async fn enter(
        &mut self,
        runtime: &E,
        scheme: Scheme,
        epoch: u64,
        floor: Floor<Scheme, Digest>,
    ) -> Result<Running, Fatal> {
        let votes = self.votes.register(epoch).await.map_err(closed)?;
        let certificates = self.certificates.register(epoch).await.map_err(closed)?;
        let requests = self.requests.register(epoch).await.map_err(closed)?;
        let config = self.config(scheme, epoch, floor);
        let engine = simplex::Engine::new(runtime.child("simplex").with_attribute("epoch", epoch), config);
        let handle = engine.start(votes, certificates, requests);
        Ok(Running { epoch, handle })
    }

    /// Removes the votes of an epoch that is final, beside everything else: nobody waits for it, and what is left by a crash is only
    /// left lying there.
    pub(super) fn forget(&self, runtime: &E, epoch: u64) {
        let partition = self.partition(epoch);
        runtime.child("forget").spawn(move |runtime| async move {
            match runtime.remove(&partition, None).await {
                Ok(()) | Err(commonware_runtime::Error::PartitionMissing(_)) => (),
                Err(error) => tracing::warn!(epoch, %error, "votes of a final epoch could not be removed"),
            }
        });
    }

    #[expect(clippy::type_complexity, reason = "the engine's own list of parameters")]
    fn config(
        &self,
        scheme: Scheme,
        epoch: u64,
        floor: Floor<Scheme, Digest>,
    ) -> simplex::Config<
        Scheme,
        RoundRobin<Sha256>,
        B,
        Digest,
        Inline<E, Scheme, Member, Opaque, FixedEpocher>,
        Inline<E, Scheme, Member, Opaque, FixedEpocher>,
        Inline<E, Scheme, Member, Opaque, FixedEpocher>,
        Sequential,
    > {
        let leader_timeout = self.timing.heartbeat + self.timing.leader_grace;
        simplex::Config {
            scheme,
            elector: RoundRobin::default(),
            blocker: self.blocker.clone(),
            automaton: self.member.clone(),
            relay: self.member.clone(),
            reporter: self.member.clone(),
            track_historical_votes: false,
            strategy: Sequential,
            partition: self.partition(epoch),
            mailbox_size: MAILBOX,
            epoch: Epoch::new(epoch),
            floor,
            replay_buffer: NZUsize!(REPLAY_BUFFER),
            write_buffer: NZUsize!(WRITE_BUFFER),
            page_cache: self.pages.clone(),
            leader_timeout,
            certification_timeout: leader_timeout + self.timing.leader_grace,
            timeout_retry: leader_timeout + self.timing.leader_grace,
            view_retention: ViewDelta::new(VIEW_RETENTION),
            skip: SkipPolicy::Enabled {
                timeout: leader_timeout * 2 + self.timing.leader_grace,
                budget: SkipBudget::Participants,
            },
            fetch_timeout: NZDuration!(FETCH_TIMEOUT),
            fetch_retry_delay: FETCH_RETRY,
            forward: ForwardPolicy::SilentVoters,
        }
    }

    fn partition(&self, epoch: u64) -> String {
        format!("{}-votes-{epoch}", self.prefix)
    }
}

/// The height at which the member at a place of its committee makes ready for the next epoch: one for each, spread over the epoch, and before
/// its last block wherever there is room.
pub(super) fn prepares_at(epoch: u64, epoch_blocks: u64, place: u32, members: usize) -> u64 {
    let spread = u128::from(epoch_blocks - 1) * (u128::from(place) + 1) / (members as u128 + 1);
    epoch * epoch_blocks + u64::try_from(spread).expect("less than the blocks of an epoch")
}

fn closed(error: impl std::fmt::Display) -> Fatal {
    Fatal(format!("the network of the engine ended: {error}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn members_make_ready_one_after_the_other_and_before_the_epoch_ends() {
        let heights = |epoch_blocks, members: u32| -> Vec<u64> {
            (0..members).map(|place| prepares_at(3, epoch_blocks, place, members as usize)).collect()
        };
        assert_eq!(heights(64, 4), [204, 217, 229, 242]);
        assert_eq!(heights(8, 4), [25, 26, 28, 29]);
        assert_eq!(heights(2, 4), [6; 4]);
        assert_eq!(heights(1, 1), [3]);
        assert_eq!(prepares_at(0, u64::MAX, 3, 4), u64::MAX / 5 * 4 - 1);
    }
}
