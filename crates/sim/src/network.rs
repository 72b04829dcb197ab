//! The nodes of a run together: who is there, who hears whom, and whether enough of them can decide.

use std::collections::BTreeSet;

use consensus::simplex::simulated::{Link, Stage};
use primitives::NodeId;

use crate::{
    node::{Behaviour, Node, Shared},
    plan::FAIR,
};

/// What a node is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum State {
    /// Not a member yet, or no longer one: nobody would talk to it.
    Absent,
    Up,
    Down,
    /// Its power may fail at any moment.
    PowerFails,
    /// It shows that it is the dishonest one.
    Dishonest,
}

pub(crate) struct Network {
    pub(crate) nodes: Vec<Node>,
    pub(crate) states: Vec<State>,
    /// Nodes on different sides do not hear each other.
    pub(crate) sides: Vec<u8>,
    pub(crate) links: Link,
    /// The dishonest member; nobody relies on it from its first lie on.
    pub(crate) bad: Option<usize>,
    shared: Shared,
}

impl Network {
    pub(crate) fn new(shared: &Shared) -> Self {
        let founders = shared.world.founders();
        let nodes: Vec<Node> = (0..=founders).map(|index| Node::new(index, shared)).collect();
        let state = |index| if index < founders { State::Down } else { State::Absent };
        let states = (0..nodes.len()).map(state).collect();
        Self { states, sides: vec![0; nodes.len()], nodes, links: FAIR, bad: None, shared: shared.clone() }
    }

    pub(crate) fn id(&self, node: usize) -> NodeId {
        self.nodes[node].identity.id
    }

    /// Makes all links what `links` and `sides` say.
    pub(crate) async fn lay_links(&self, stage: &Stage) {
        for from in 0..self.nodes.len() {
            for to in (0..self.nodes.len()).filter(|to| *to != from) {
                let link = (self.sides[from] == self.sides[to]).then_some(self.links);
                stage.set_link(self.id(from), self.id(to), link).await;
            }
        }
    }

    pub(crate) fn in_state(&self, state: State) -> Vec<usize> {
        (0..self.nodes.len()).filter(|node| self.states[*node] == state).collect()
    }

    /// Nodes that clients can reach.
    pub(crate) fn reachable(&self) -> Vec<&Node> {
        let up = self.in_state(State::Up);
        up.into_iter().filter(|node| !self.is_revoked(*node)).map(|node| &self.nodes[node]).collect()
    }

    pub(crate) fn is_revoked(&self, node: usize) -> bool {
        self.shared.witness.revoked_at(self.id(node)).is_some()
    }

    /// Who decides about the next block, and how many of them it takes, by the most advanced node that runs.
    pub(crate) fn committee(&self) -> Option<(BTreeSet<usize>, usize)> {
        let up = self.nodes.iter().filter_map(|node| node.chain.as_ref());
        let chain = up.max_by_key(|chain| chain.head().number())?;
        let epoch = self.shared.world.epoch_of(chain.head().number() + 1);
        let committee = chain.committee(epoch).ok()??;
        let members = (0..self.nodes.len()).filter(|node| committee.members().contains(&self.id(*node)));
        Some((members.collect(), committee.quorum()))
    }

    /// Honest members that run and hear each other are a quorum.
    pub(crate) fn must_decide(&self) -> bool {
        self.has_quorum(|state| state == State::Up, |node| self.bad != Some(node) && !self.is_revoked(node))
    }

    /// Members that run, honest or not, and that some may hear, are a quorum.
    pub(crate) fn can_decide(&self) -> bool {
        let runs = |state| matches!(state, State::Up | State::PowerFails | State::Dishonest);
        self.has_quorum(runs, |_| true)
    }

    fn has_quorum(&self, runs: impl Fn(State) -> bool, counts: impl Fn(usize) -> bool) -> bool {
        let Some((members, quorum)) = self.committee() else { return false };
        let counted = |side: u8| {
            let there = members.iter().filter(|node| self.sides[**node] == side && counts(**node));
            there.filter(|node| runs(self.states[**node])).count()
        };
        (0..=1).any(|side| counted(side) >= quorum)
    }

    /// One member that may be troubled without a quorum of honest ones being lost.
    pub(crate) fn one_to_trouble(&self, pick: u64) -> Option<usize> {
        let (members, quorum) = self.committee()?;
        let good: Vec<usize> = members
            .into_iter()
            .filter(|node| self.states[*node] == State::Up && self.bad != Some(*node) && !self.is_revoked(*node))
            .collect();
        let spare = good.len() > quorum || (self.bad.is_some() && good.len() >= quorum);
        spare.then(|| good.get(usize::try_from(pick % good.len() as u64).ok()?).copied())?
    }

    pub(crate) async fn start(&mut self, stage: &Stage, node: usize) -> Result<(), crate::Violation> {
        self.nodes[node].start(stage, Behaviour::Honest).await?;
        self.states[node] = State::Up;
        Ok(())
    }

    pub(crate) async fn stop(&mut self, stage: &Stage, node: usize) {
        self.nodes[node].stop(stage).await;
        self.states[node] = State::Down;
    }
}
