//! The troubles of a plan: how each begins and how it is over.

use std::sync::atomic::Ordering;

use consensus::simplex::simulated::{Conduct, Stage};
use primitives::NodeId;
use rand::Rng;

use crate::{
    Bug, Violation,
    dishonest::Twins,
    faults::Kind,
    network::State,
    node::Behaviour,
    plan::{FAIR, Mischief, Phase, Trouble},
    run::Run,
};

/// Steps in which a moment is waited for when some node has a block that another one does not have.
const MOST_STEPS_TO_AHEAD: u32 = 400;
const STEP_MS: u64 = 5;

impl Run {
    /// Plays a phase; true if the power of all failed in it.
    pub(crate) async fn phase(&mut self, stage: &Stage, phase: Phase) -> Result<bool, Violation> {
        self.change_links(stage, phase).await;
        match phase.trouble {
            Trouble::Nothing => self.pass(stage, phase.ms).await?,
            Trouble::Partition => self.partition(stage, phase).await?,
            Trouble::Halves => self.halves(stage, phase).await?,
            Trouble::Stop => self.stop_one(stage, phase).await?,
            Trouble::StopTooMany => self.stop_too_many(stage, phase).await?,
            Trouble::PowerCut { in_write } => self.cut_power_of_one(stage, phase, in_write).await?,
            Trouble::Dishonest(mischief) => self.dishonest(stage, phase, mischief).await?,
            Trouble::PowerCutOfAll { when_ahead, hold_back_ms } => {
                self.pass(stage, phase.ms).await?;
                self.cut_power_of_all(stage, when_ahead, hold_back_ms).await?;
                return Ok(true);
            }
        }
        Ok(false)
    }

    async fn change_links(&mut self, stage: &Stage, phase: Phase) {
        let links = phase.links;
        self.faults.add(Kind::Latency, u64::from(links.latency_ms > FAIR.latency_ms));
        self.faults.add(Kind::Jitter, u64::from(links.jitter_ms > FAIR.jitter_ms));
        self.faults.add(Kind::Loss, u64::from(links.loss_percent > 0));
        self.network.links = links;
        self.network.lay_links(stage).await;
    }

    async fn partition(&mut self, stage: &Stage, phase: Phase) -> Result<(), Violation> {
        let Some(node) = self.network.one_to_trouble(phase.pick) else { return self.pass(stage, phase.ms).await };
        self.network.sides[node] = 1;
        self.cut_off(stage, phase).await
    }

    async fn halves(&mut self, stage: &Stage, phase: Phase) -> Result<(), Violation> {
        for (index, side) in self.network.sides.iter_mut().enumerate() {
            *side = u8::from(index as u64 % 2 == phase.pick % 2);
        }
        self.cut_off(stage, phase).await
    }

    async fn cut_off(&mut self, stage: &Stage, phase: Phase) -> Result<(), Violation> {
        self.faults.add(Kind::Partition, 1);
        self.network.lay_links(stage).await;
        self.pass(stage, phase.ms).await?;
        self.network.sides.fill(0);
        self.network.lay_links(stage).await;
        Ok(())
    }

    async fn stop_one(&mut self, stage: &Stage, phase: Phase) -> Result<(), Violation> {
        let Some(node) = self.network.one_to_trouble(phase.pick) else { return self.pass(stage, phase.ms).await };
        self.stop(stage, &[node]).await;
        self.pass(stage, phase.ms).await?;
        self.restart(stage, &[node]).await
    }

    async fn stop_too_many(&mut self, stage: &Stage, phase: Phase) -> Result<(), Violation> {
        let Some((members, quorum)) = self.network.committee() else { return Ok(()) };
        let up: Vec<usize> = members.into_iter().filter(|node| self.network.states[*node] == State::Up).collect();
        let count = (up.len() + 1).saturating_sub(quorum);
        let first = usize::try_from(phase.pick % up.len().max(1) as u64).unwrap_or(0);
        let stopped: Vec<usize> = up.iter().cycle().skip(first).take(count).copied().collect();
        self.stop(stage, &stopped).await;
        self.pass(stage, phase.ms).await?;
        self.restart(stage, &stopped).await
    }

    async fn stop(&mut self, stage: &Stage, nodes: &[usize]) {
        for node in nodes {
            self.network.stop(stage, *node).await;
            self.network.nodes[*node].end_process();
        }
        self.faults.add(Kind::Stop, nodes.len() as u64);
    }

    async fn restart(&mut self, stage: &Stage, nodes: &[usize]) -> Result<(), Violation> {
        for node in nodes.iter().filter(|node| !self.network.is_revoked(**node)).copied().collect::<Vec<_>>() {
            self.network.start(stage, node).await?;
            self.faults.add(Kind::Restart, 1);
        }
        Ok(())
    }

    async fn cut_power_of_one(&mut self, stage: &Stage, phase: Phase, in_write: bool) -> Result<(), Violation> {
        let Some(node) = self.network.one_to_trouble(phase.pick) else { return self.pass(stage, phase.ms).await };
        if in_write {
            self.network.nodes[node].cut_power_in(phase.pick % 5);
            self.network.states[node] = State::PowerFails;
        } else {
            self.network.stop(stage, node).await;
        }
        self.pass(stage, phase.ms).await?;
        self.network.stop(stage, node).await;
        self.lose_power_of(node);
        self.faults.add(Kind::PowerCutOfOne, 1);
        if self.network.is_revoked(node) { Ok(()) } else { self.network.start(stage, node).await }
    }

    fn lose_power_of(&mut self, node: usize) {
        let lost = self.network.nodes[node].lose_power(self.random.random());
        self.faults.add(Kind::DroppedWrites, lost.dropped);
        self.faults.add(Kind::TornWrites, lost.torn);
        if self.random.random_bool(0.4) && self.network.nodes[node].lose_flat_state() {
            self.faults.add(Kind::LostFlatState, 1);
        }
    }

    /// Waits for a bad moment: some node has a block that another one does not have, or the power fails in the middle of a write.
    async fn cut_power_of_all(&mut self, stage: &Stage, when_ahead: bool, hold_ms: u64) -> Result<(), Violation> {
        let up = self.network.in_state(State::Up);
        if when_ahead {
            for _ in 0..MOST_STEPS_TO_AHEAD {
                if !self.ahead().is_empty() {
                    break;
                }
                self.pass(stage, STEP_MS).await?;
            }
        } else {
            for node in up.iter().filter(|node| **node % 2 == 0) {
                self.network.nodes[*node].cut_power_in(self.random.random_range(0..4));
                self.network.states[*node] = State::PowerFails;
            }
            self.pass(stage, 300).await?;
        }
        let mut dark = self.ahead();
        dark.truncate(1);
        if hold_ms > 0 {
            self.dark = (dark, hold_ms);
        }
        self.say(stage, &format!("the power of all fails; dark for longer: {:?}", self.dark));
        Ok(())
    }

    /// Nodes that run and have what another one that runs does not have; at most half of all.
    fn ahead(&self) -> Vec<usize> {
        let up = self.network.in_state(State::Up);
        let up: Vec<usize> = up.into_iter().filter(|node| !self.network.is_revoked(*node)).collect();
        let height = |node: &usize| self.network.nodes[*node].height();
        let Some(lowest) = up.iter().map(height).min() else { return Vec::new() };
        let ahead: Vec<usize> = up.iter().copied().filter(|node| height(node) > lowest).collect();
        if ahead.len() * 2 <= up.len() { ahead } else { Vec::new() }
    }

    /// Outside of every runtime: nothing runs, and what was not synced is kept, lost or torn.
    pub(crate) fn lose_power(&mut self) {
        self.faults.add(Kind::PowerCutOfAll, 1);
        // What the engines had not synced then is the runtime's secret.
        let votes = if self.plan.kept_percent == 0 { Kind::MayDropVotes } else { Kind::MayTearVotes };
        self.faults.add(votes, 1);
        for node in 0..self.network.nodes.len() {
            self.network.nodes[node].drop_life();
            self.lose_power_of(node);
            if self.options.bug == Some(Bug::ForgetsVotes) {
                self.network.nodes[node].forget_votes();
            }
            self.network.states[node] = match self.network.states[node] {
                State::Absent => State::Absent,
                _ if self.network.is_revoked(node) => State::Absent,
                _ => State::Down,
            };
        }
    }

    /// The dishonest member does what it does, and is honest again.
    async fn dishonest(&mut self, stage: &Stage, phase: Phase, mischief: Mischief) -> Result<(), Violation> {
        let bad = self.plan.bad;
        let busy = self.network.states[bad] != State::Up || self.network.is_revoked(bad);
        let member = self.network.committee().is_some_and(|(members, _)| members.contains(&bad));
        if busy || !member {
            return self.pass(stage, phase.ms).await;
        }
        self.network.stop(stage, bad).await;
        self.network.nodes[bad].end_process();
        (self.network.bad, self.network.states[bad]) = (Some(bad), State::Dishonest);
        let twins = Twins::default();
        let node = &mut self.network.nodes[bad];
        match mischief {
            Mischief::WrongRoots => node.start(stage, Behaviour::WrongRoots).await?,
            Mischief::SwapsBodies => node.start(stage, Behaviour::Sends(Conduct::SwapsBodies)).await?,
            Mischief::WithholdsBlocks => node.start(stage, Behaviour::Sends(Conduct::WithholdsBlocks)).await?,
            Mischief::Equivocates => {
                let others: Vec<NodeId> = (0..self.network.nodes.len())
                    .filter(|other| *other != bad)
                    .map(|other| self.network.id(other))
                    .collect();
                let second: Vec<NodeId> = others.iter().skip(1).step_by(2).copied().collect();
                self.network.nodes[bad].start_twice(stage, &others, &second, &twins).await?;
                self.faults.add(Kind::Twins, 1);
            }
        }
        self.pass(stage, phase.ms).await?;
        self.network.stop(stage, bad).await;
        self.network.nodes[bad].end_process();
        self.faults.add(Kind::Equivocation, twins.equivocations());
        self.faults.add(Kind::WithheldBlock, stage.deeds.withheld.swap(0, Ordering::Relaxed));
        self.faults.add(Kind::SwappedBody, stage.deeds.swapped.swap(0, Ordering::Relaxed));
        self.count_wrong_roots();
        for (by, whom) in stage.blocked().await {
            stage.unblock(by, whom).await;
        }
        self.network.start(stage, bad).await
    }
}
