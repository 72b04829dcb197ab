//! Byzantine members: a real node whose messages are altered on their way out, or two lives of one key at once.
//! What a dishonest *ledger* does (a wrong state root, say) needs nothing from here: it is another [`crate::Ledger`].

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use commonware_codec::{Encode as _, Read as _};
use commonware_cryptography::ed25519::PublicKey;
use commonware_p2p::{
    Recipients, Sender as _,
    simulated::{SplitForwarder, SplitOrigin, SplitTarget},
};
use commonware_runtime::{Handle, IoBuf, Spawner as _, Supervisor as _, deterministic};
use primitives::{Block, NodeId, Recovered, Tx};
use tokio::sync::mpsc;

use super::{BLOCKS, Life, Oracle, channels, context_of, register, run};
use crate::{
    Fatal,
    simplex::{
        block::{Opaque, Reading},
        committees,
    },
};

/// How a node treats what it sends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Conduct {
    /// As the protocol says.
    Honest,
    /// Proposes and votes, and keeps its blocks to itself.
    WithholdsBlocks,
    /// Sends its blocks' headers with other bodies.
    SwapsBodies,
}

/// What was done, counted.
#[derive(Debug, Default)]
pub struct Deeds {
    /// Blocks that were not sent.
    pub withheld: AtomicU64,
    /// Blocks that were sent with another body.
    pub swapped: AtomicU64,
}

type Rule = Arc<dyn Fn(SplitOrigin, &Recipients<PublicKey>, &IoBuf) -> Option<Recipients<PublicKey>> + Send + Sync>;

/// One type for all rules, so that the engine is compiled once.
fn mouth(rule: Rule) -> impl SplitForwarder<PublicKey> {
    move |origin: SplitOrigin, recipients: &Recipients<PublicKey>, message: &IoBuf| rule(origin, recipients, message)
}

fn passes() -> Rule {
    Arc::new(|_, recipients, _| Some(recipients.clone()))
}

/// [`super::start`] of a node of this conduct.
pub async fn start_as(
    context: &deterministic::Context,
    oracle: &Oracle,
    life: Life,
    conduct: Conduct,
    deeds: &Arc<Deeds>,
) -> Handle<Fatal> {
    let (heard, mut blocks) = mpsc::unbounded_channel();
    let on_blocks = rule_on_blocks(conduct, deeds.clone(), heard);
    let ends = register(oracle, &life.config.key).await;
    let mut aside = None;
    let ends = ends.into_iter().enumerate().map(|(channel, (sender, receiver))| {
        let rule = if channel == BLOCKS { on_blocks.clone() } else { passes() };
        let (first, second) = sender.split_with(mouth(rule));
        if channel == BLOCKS {
            aside = Some(second);
        }
        (first, receiver)
    });
    let channels = channels(ends.collect::<Vec<_>>());
    let (oracle, reading, deeds) = (oracle.clone(), Reading::new(life.config.max_block_bytes), deeds.clone());
    context_of(context, &life).spawn(move |context| async move {
        context.child("swap").spawn(move |_| async move {
            let (mut spare, Some(mut aside)) = (None, aside) else { return };
            while let Some((recipients, message)) = blocks.recv().await {
                let swapped = swap(&message, &reading, &mut spare);
                deeds.swapped.fetch_add(u64::from(swapped.is_some()), Ordering::Relaxed);
                let _reached = aside.send(recipients, swapped.unwrap_or(message), false);
            }
        });
        run(context, oracle, life, channels).await
    })
}

type Heard = mpsc::UnboundedSender<(Recipients<PublicKey>, IoBuf)>;

fn rule_on_blocks(conduct: Conduct, deeds: Arc<Deeds>, heard: Heard) -> Rule {
    match conduct {
        Conduct::Honest => passes(),
        Conduct::WithholdsBlocks => Arc::new(move |_, _, _| {
            deeds.withheld.fetch_add(1, Ordering::Relaxed);
            None
        }),
        Conduct::SwapsBodies => Arc::new(move |origin, recipients, message| match origin {
            SplitOrigin::Primary => {
                // Nobody listens only when the node is ending.
                let _ended = heard.send((recipients.clone(), message.clone()));
                None
            }
            SplitOrigin::Secondary => Some(recipients.clone()),
        }),
    }
}

/// The message with another body under its header: one transaction less, or one of an earlier block more. `None` if there is neither.
fn swap(message: &IoBuf, reading: &Reading, spare: &mut Option<Recovered<Tx>>) -> Option<IoBuf> {
    let mut bytes = message.clone();
    let opaque = Opaque::read_cfg(&mut bytes, reading).ok()?;
    let mut transactions = opaque.block().transactions().to_vec();
    match transactions.pop() {
        Some(last) => *spare = Some(last),
        None => transactions.push(spare.clone()?),
    }
    let other = Block::seal(opaque.block().header().clone(), transactions);
    Some(Opaque::new(Arc::new(other)).encode().into())
}

/// Two lives of one key at once: the peers of `second` talk to the second one, all others of `peers` to the first. Neither knows of
/// the other, so together they vote twice and propose twice.
pub async fn start_twins(
    context: &deterministic::Context,
    oracle: &Oracle,
    lives: [Life; 2],
    peers: &[NodeId],
    second: &[NodeId],
) -> [Handle<Fatal>; 2] {
    let key = |id: &NodeId| committees::public_key(*id).expect("a member's key");
    let peers: Arc<[PublicKey]> = peers.iter().map(key).collect();
    let second: Arc<[PublicKey]> = second.iter().map(key).collect();
    let ends = register(oracle, &lives[0].config.key).await;
    let (mut of_first, mut of_second) = (Vec::new(), Vec::new());
    for (sender, receiver) in ends {
        let (first_mouth, second_mouth) = sender.split_with(mouth(to_its_side(peers.clone(), second.clone())));
        let side = second.clone();
        let (first_ear, second_ear) = receiver.split_with(context.child("twins"), move |(from, _)| {
            if side.contains(from) { SplitTarget::Secondary } else { SplitTarget::Primary }
        });
        of_first.push((first_mouth, first_ear));
        of_second.push((second_mouth, second_ear));
    }
    let [first, second] = lives;
    [(first, of_first), (second, of_second)].map(|(life, ends)| {
        let (oracle, channels) = (oracle.clone(), channels(ends));
        context_of(context, &life).spawn(move |context| run(context, oracle, life, channels))
    })
}

fn to_its_side(peers: Arc<[PublicKey]>, second: Arc<[PublicKey]>) -> Rule {
    Arc::new(move |origin, recipients, _| {
        let mine = |peer: &&PublicKey| second.contains(peer) == (origin == SplitOrigin::Secondary);
        match recipients {
            Recipients::All => Some(Recipients::Some(peers.iter().filter(mine).cloned().collect())),
            Recipients::Some(some) => Some(Recipients::Some(some.iter().filter(mine).cloned().collect())),
            Recipients::One(one) => mine(&one).then(|| Recipients::One(one.clone())),
        }
    })
}
