//! What this node does as a member: when its turn comes it builds a block at the right moment, and it judges the blocks of others.
//!
//! ```text
//! turn -> parent + min interval -> transactions wait? --yes------------------------> block
//!                                  committee about to change? --yes----------------> block, maybe empty
//!                                  neither: sleep until woken, or parent + heartbeat -> block, maybe empty
//! ```
//! A block that is ahead of the local clock is not voted for before the clock has passed it, and never if it is more than
//! [`MAX_AHEAD_MS`] ahead. "Not now" stays pending, because commonware takes `false` for good (`Application::verify`).

use std::{future::pending, sync::Arc, time::Duration};

use commonware_consensus::{
    Application,
    marshal::ancestry::Ancestry,
    simplex::{scheme::ed25519::Scheme, types::Context},
};
use commonware_cryptography::{Digested, ed25519::PublicKey};
use commonware_runtime::{Clock, Spawner};
use futures::{
    StreamExt,
    future::{Either, select},
    pin_mut,
};
use primitives::{Block, TimeMs};

use super::{
    Timing,
    block::{Digest, Opaque},
    desk::{Desk, Proposed, blocking},
    telemetry::Telemetry,
};
use crate::{Content, Slot, Verdict, Wake};

/// A block further ahead of the local clock than this is not voted for.
const MAX_AHEAD_MS: u64 = 5_000;

/// Proposes and verifies.
#[derive(Clone)]
pub(super) struct Member {
    pub(super) desk: Desk,
    pub(super) wake: Wake,
    pub(super) timing: Timing,
    pub(super) telemetry: Telemetry,
}

impl<E: Clock + Spawner> Application<E> for Member {
    type SigningScheme = Scheme;
    type Context = Context<Digest, PublicKey>;
    type Block = Opaque;
    type Input = ();

    async fn propose(
        &mut self,
        (runtime, context): (E, Self::Context),
        ancestry: impl Ancestry<Opaque>,
        (): (),
    ) -> Option<Digested<Opaque>> {
        let slot = slot_of(&context);
        self.telemetry.asked(slot.epoch, slot.view, runtime.current());
        let ancestors: Arc<[_]> = self.down_to_tip(ancestry).await.into();
        let parent = ancestors.last()?.time();
        self.sleep_until(&runtime, parent, self.timing.min_block_interval).await;
        let mut content = Content::Transactions;
        loop {
            if self.in_a_hurry() || self.now() >= after(parent, self.timing.heartbeat) {
                content = Content::MayBeEmpty;
            }
            match self.build(&runtime, slot, content, ancestors.clone()).await {
                Proposed::Block(block) => return Some(Opaque::new(block).digested()),
                Proposed::DeadParent => return None,
                Proposed::Nothing => self.sleep_until_woken(&runtime, parent).await,
            }
        }
    }

    async fn verify(&mut self, (runtime, _): (E, Self::Context), mut ancestry: impl Ancestry<Opaque>) -> bool {
        let Some(block) = ancestry.next().await else { return pending().await };
        let block = block.inner().block().clone();
        self.wait_for_clock(&runtime, block.time()).await;
        let ancestors = self.down_to_tip(ancestry).await;
        let desk = self.desk.clone();
        let judged = block.clone();
        match blocking(runtime.child("verify"), move || desk.verify(&judged, &ancestors)).await {
            Some(Ok(Verdict::Valid)) => true,
            Some(Ok(Verdict::Invalid(reason))) => {
                tracing::warn!(number = block.number(), hash = %block.hash(), reason, "proposed block refused");
                false
            }
            Some(Err(fatal)) => {
                self.desk.give_up(fatal);
                pending().await
            }
            None => pending().await,
        }
    }
}

impl Member {
    /// The rest of the ancestry, oldest first, down to and including the block at the tip.
    async fn down_to_tip(&self, mut ancestry: impl Ancestry<Opaque>) -> Vec<Arc<Block>> {
        let mut ancestors = Vec::new();
        let tip = self.desk.ledger().tip().number;
        while let Some(block) = ancestry.next().await {
            let block = block.inner().block().clone();
            let number = block.number();
            ancestors.push(block);
            if number <= tip {
                break;
            }
        }
        ancestors.reverse();
        ancestors
    }

    async fn build<E: Spawner>(
        &self,
        runtime: &E,
        slot: Slot,
        content: Content,
        ancestors: Arc<[Arc<Block>]>,
    ) -> Proposed {
        let desk = self.desk.clone();
        match blocking(runtime.child("propose"), move || desk.propose(slot, content, &ancestors)).await {
            Some(Ok(proposed)) => proposed,
            Some(Err(fatal)) => {
                self.desk.give_up(fatal);
                pending().await
            }
            None => pending().await,
        }
    }

    /// A new committee waits for the end of this epoch.
    fn in_a_hurry(&self) -> bool {
        self.desk.ledger().committee_changes().unwrap_or_else(|fatal| {
            self.desk.give_up(fatal);
            false
        })
    }

    /// Until transactions wait, or until the heartbeat is due.
    async fn sleep_until_woken(&self, runtime: &impl Clock, parent: TimeMs) {
        let woken = self.wake.raised();
        let heartbeat = self.sleep_until(runtime, parent, self.timing.heartbeat);
        pin_mut!(woken, heartbeat);
        if let Either::Left((false, _)) = select(woken, heartbeat).await {
            pending::<()>().await;
        }
    }

    /// At most `wait` plus what a parent may be ahead, whatever the clocks say.
    async fn sleep_until(&self, runtime: &impl Clock, parent: TimeMs, wait: Duration) {
        let left = Duration::from_millis(after(parent, wait).0.saturating_sub(self.now().0));
        runtime.sleep(left.min(wait + Duration::from_millis(MAX_AHEAD_MS))).await;
    }

    async fn wait_for_clock(&self, runtime: &impl Clock, time: TimeMs) {
        match time.0.saturating_sub(self.now().0) {
            ahead if ahead > MAX_AHEAD_MS => pending().await,
            ahead => runtime.sleep(Duration::from_millis(ahead)).await,
        }
    }

    fn now(&self) -> TimeMs {
        self.desk.ledger().now()
    }
}

fn after(time: TimeMs, wait: Duration) -> TimeMs {
    TimeMs(time.0.saturating_add(u64::try_from(wait.as_millis()).unwrap_or(u64::MAX)))
}

fn slot_of(context: &Context<Digest, PublicKey>) -> Slot {
    let (parent_view, _) = context.parent;
    Slot { epoch: context.round.epoch().get(), view: context.round.view().get(), parent_view: parent_view.get() }
}

#[cfg(test)]
mod tests;
