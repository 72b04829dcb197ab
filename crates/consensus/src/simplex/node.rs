//! The node: wires marshal, archive, member and network together, carries final blocks to the ledger in order, and walks from epoch
//! to epoch. The same code runs over TCP ([`super::thread`]) and in the simulator ([`super::simulated`]).

use std::{num::NonZeroUsize, sync::Arc, time::Duration};

use commonware_broadcast::buffered;
use commonware_consensus::{
    marshal::{
        self, Start,
        core::{Actor as MarshalActor, Mailbox as MarshalMailbox},
        resolver::p2p as marshal_resolver,
        standard::{Inline, Standard},
    },
    simplex::{Floor, scheme::ed25519::Scheme},
    types::{Epoch, Epocher, FixedEpocher, Height, Round, View, ViewDelta},
};
use commonware_cryptography::{Digested, Signer as _, certificate::Scheme as _, ed25519::PublicKey};
use commonware_p2p::{
    Blocker, CheckedSender as _, Provider as PeerProvider, Receiver, Recipients, Sender,
    utils::mux::{Builder as _, Muxer},
};
use commonware_parallel::Sequential;
use commonware_runtime::{Clock, Metrics, Network, Spawner, Storage, buffer::paged::CacheRef};
use commonware_utils::{NZDuration, NZU16, NZU64, NZUsize, vec::NonEmptyVec};
use futures::future::{OptionFuture, join};
use primitives::{Block, FinalityProof};
use rand_core::CryptoRng;

use super::{
    Config,
    ahead::Ahead,
    archive::{Archive, FinalBlocks, FinalCertificates, encode_proof},
    block::{Digest, Opaque, Reading, digest_of},
    committees::{Committees, private_key},
    desk::{Desk, blocking},
    epoch::{Parts, Running, prepares_at},
    finals::{Finals, MAX_UNACKNOWLEDGED},
    gossip,
    member::Member,
    telemetry::Telemetry,
    tracked::{PeerSet, Tracked, is_behind},
};
use crate::{Fatal, Gossip, Ledger, Peer, Wake};

/// Messages that wait in one mailbox; what comes beyond is left out, and asked for again where it matters.
pub(super) const MAILBOX: NonZeroUsize = NZUsize!(1024);
/// Missing blocks asked for at a time.
const MAX_REPAIR: NonZeroUsize = NZUsize!(32);
/// How long a peer may take to send one, and the pause before another is asked.
pub(super) const FETCH_TIMEOUT: Duration = Duration::from_secs(2);
pub(super) const FETCH_RETRY: Duration = Duration::from_millis(100);
/// A tip that is older than so many heartbeats is behind the network, or the network stands still.
const BEHIND_HEARTBEATS: u32 = 3;
/// How long a node that is behind waits for more before it asks for it: twice as long whenever that did not help.
const ASK_AFTER: Duration = Duration::from_millis(10);
const LONGEST_ASK_AFTER: Duration = Duration::from_secs(1);
/// How far above its tip it asks, beside the end of the epoch: what is there fills the gap below it.
const ASK_ABOVE: [u64; 4] = [1, 4, 16, 64];
/// Proposed blocks kept of each peer.
const MAX_BUFFERED: usize = 16;
/// Views of which votes and blocks are kept below the newest final one.
pub(super) const VIEW_RETENTION: u64 = 64;

/// What the node needs of a runtime: commonware's tokio, or its deterministic one.
pub(super) trait Runtime: Clock + CryptoRng + Spawner + Storage + Metrics + Network {}
impl<E: Clock + CryptoRng + Spawner + Storage + Metrics + Network> Runtime for E {}

/// The channels of the network, in order of their numbers.
pub(super) struct Channels<S, R> {
    pub(super) votes: (S, R),
    pub(super) certificates: (S, R),
    pub(super) requests: (S, R),
    pub(super) blocks: (S, R),
    pub(super) missing: (S, R),
    pub(super) transactions: (S, R),
}

/// What a node is made of beside its network.
#[derive(Clone)]
pub(super) struct Node {
    pub(super) config: Config,
    pub(super) ledger: Arc<dyn Ledger>,
    pub(super) gossip: Arc<dyn Gossip>,
    pub(super) wake: Wake,
    pub(super) bootstrap: Vec<Peer>,
    /// Begins the names of everything that this node stores.
    pub(super) prefix: String,
    pub(super) telemetry: Telemetry,
}

type Marshal = MarshalMailbox<Scheme, Standard<Opaque>>;
type Blocks = Arc<[Arc<Block>]>;
/// A final block, with its certificate if it has one of its own.
type Proven = (Arc<Block>, Option<FinalityProof>);

/// Runs the node until its ledger fails or its task is ended.
pub(super) async fn run<E, S, R, B, D, P>(
    runtime: E,
    node: Node,
    channels: Channels<S, R>,
    blocker: B,
    provider: D,
    peers: P,
) -> Fatal
where
    E: Runtime,
    S: Sender<PublicKey = PublicKey>,
    R: Receiver<PublicKey = PublicKey>,
    B: Blocker<PublicKey = PublicKey>,
    D: PeerProvider<PublicKey = PublicKey>,
    P: PeerSet,
{
    match start_and_carry(runtime, node, channels, blocker, provider, peers).await {
        Ok(()) => Fatal("the engine ended by itself".into()),
        Err(fatal) => fatal,
    }
}

async fn start_and_carry<E, S, R, B, D, P>(
    runtime: E,
    node: Node,
    channels: Channels<S, R>,
    blocker: B,
    provider: D,
    peers: P,
) -> Result<(), Fatal>
where
    E: Runtime,
    S: Sender<PublicKey = PublicKey>,
    R: Receiver<PublicKey = PublicKey>,
    B: Blocker<PublicKey = PublicKey>,
    D: PeerProvider<PublicKey = PublicKey>,
    P: PeerSet,
{
    let Channels { votes, certificates, requests, blocks, missing, transactions } = channels;
    let pages = CacheRef::new(NZU16!(4096), NZUsize!(256));
    let epocher = epocher(&node);
    let archive = Archive::open(node.ledger.clone(), node.config.epoch_blocks)?;
    let committees = Committees::new(node.ledger.clone(), &node.config.key, node.config.genesis_hash);
    let (desk, mut failed) = Desk::new(node.ledger.clone());

    let me = private_key(&node.config.key).public_key();
    let connected = missing.0.clone();
    let resolver = resolver_settings(me.clone(), provider.clone(), blocker.clone());
    let resolver = marshal_resolver::init(runtime.child("missing"), resolver, missing);
    let buffer = buffer_settings(&node, me, provider);
    let (buffer_engine, buffer) = buffered::Engine::new(runtime.child("blocks"), buffer);
    buffer_engine.start(blocks);

    let (actor, marshal, floor) = MarshalActor::init(
        runtime.child("marshal"),
        FinalCertificates(archive.clone()),
        FinalBlocks(archive.clone()),
        marshal_settings(&node, &archive, committees.clone(), pages.clone())?,
    )
    .await;
    check_same_log(floor.processed().map(|processed| processed.height().get()), &*node.ledger)?;
    let (reporter, mut finals) = Finals::new(node.config.epoch_blocks);
    let mut marshal_handle = actor.start(reporter, buffer, resolver);

    let member = Member {
        desk: desk.clone(),
        wake: node.wake.clone(),
        timing: node.config.timing,
        telemetry: node.telemetry.clone(),
    };
    let member = Inline::new(runtime.child("member"), member, marshal.clone(), epocher.clone());
    let (muxer, votes, mut late_votes) = Muxer::builder(runtime.child("votes"), votes.0, votes.1).with_backup().build();
    muxer.start();
    let (muxer, certificates, mut late_certificates) =
        Muxer::builder(runtime.child("certificates"), certificates.0, certificates.1).with_backup().build();
    muxer.start();
    let (muxer, requests) = Muxer::new(runtime.child("requests"), requests.0, requests.1);
    muxer.start();

    let (pool, telling) = (node.gossip.clone(), node.gossip.clone());
    runtime.child("tell").spawn(move |runtime| gossip::tell(runtime, telling, transactions.0));
    let (heard_from, hearing_blocker) = (transactions.1, blocker.clone());
    let mut hearing =
        runtime.child("hear").spawn(move |runtime| gossip::hear(runtime, pool, heard_from, hearing_blocker));

    let parts = Parts {
        member,
        votes,
        certificates,
        requests,
        blocker,
        pages,
        timing: node.config.timing,
        prefix: node.prefix.clone(),
    };
    let mut carrier = Carrier {
        runtime,
        node,
        epocher,
        archive,
        committees,
        desk,
        marshal,
        parts,
        peers: Tracked::new(peers),
        connected,
        executed: 0,
    };
    carrier.peers.follow(&carrier.node)?;
    let mut epoch = carrier.enter().await?;
    let (mut ahead, mut asks_after) = (Ahead::default(), Some(ASK_AFTER));
    loop {
        tokio::select! {
            biased;
            Some(fatal) = failed.recv() => return Err(fatal),
            _ = &mut marshal_handle => return Err(Fatal("marshal ended".into())),
            ended = &mut hearing => return Err(ended.unwrap_or_else(|error| Fatal(format!("gossip ended: {error}")))),
            ended = &mut epoch.handle => return Err(Fatal(format!("simplex ended: {ended:?}"))),
            Some(blocks) = finals.next() => {
                let next = carrier.finalize(blocks, finals.following()).await?;
                if let Some(next) = next {
                    epoch = next;
                    carrier.hint(&epoch, ahead.of(epoch.epoch));
                    carrier.ask(&epoch)?;
                }
                finals.done();
                asks_after = carrier.is_behind()?.then_some(ASK_AFTER);
            }
            () = carrier.runtime.sleep(asks_after.unwrap_or_default()), if asks_after.is_some() => {
                carrier.ask(&epoch)?;
                asks_after = asks_after.map(|pause| (2 * pause).min(LONGEST_ASK_AFTER));
            }
            Some((theirs, (from, _))) = late_votes.recv() => carrier.hint(&epoch, ahead.heard(theirs, from)),
            Some((theirs, (from, _))) = late_certificates.recv() => {
                carrier.hint(&epoch, ahead.heard(theirs, from));
            }
        }
    }
}

fn resolver_settings<D, B>(me: PublicKey, provider: D, blocker: B) -> marshal_resolver::Config<PublicKey, D, B>
where
    B: Blocker<PublicKey = PublicKey>,
    D: PeerProvider<PublicKey = PublicKey>,
{
    marshal_resolver::Config {
        public_key: me,
        peer_provider: provider,
        blocker,
        mailbox_size: MAILBOX,
        fetch_timeout: NZDuration!(FETCH_TIMEOUT),
        fetch_retry_delay: FETCH_RETRY,
        priority_requests: false,
        priority_responses: false,
    }
}

fn buffer_settings<D>(node: &Node, me: PublicKey, provider: D) -> buffered::Config<PublicKey, Reading, D, Sequential>
where
    D: PeerProvider<PublicKey = PublicKey>,
{
    buffered::Config {
        public_key: me,
        mailbox_size: MAILBOX,
        deque_size: MAX_BUFFERED,
        priority: false,
        codec_config: Reading::knowing(node.config.max_block_bytes, node.gossip.clone()),
        peer_provider: provider,
        strategy: Sequential,
    }
}

type MarshalSettings = marshal::Config<Committees, FixedEpocher, Sequential, Opaque, Digested<Opaque>, Digest>;

fn marshal_settings(
    node: &Node,
    archive: &Archive,
    committees: Committees,
    pages: CacheRef,
) -> Result<MarshalSettings, Fatal> {
    Ok(marshal::Config {
        provider: committees,
        epocher: epocher(node),
        start: start(node, archive)?,
        partition_prefix: format!("{}-marshal", node.prefix),
        mailbox_size: MAILBOX,
        view_retention: ViewDelta::new(VIEW_RETENTION),
        prunable_items_per_section: NZU64!(256),
        page_cache: pages,
        replay_buffer: NZUsize!(1 << 20),
        key_write_buffer: NZUsize!(1 << 16),
        value_write_buffer: NZUsize!(1 << 20),
        block_codec_config: Reading::knowing(node.config.max_block_bytes, node.gossip.clone()),
        max_repair: MAX_REPAIR,
        max_pending_acks: MAX_UNACKNOWLEDGED,
        strategy: Sequential,
    })
}

/// What marshal knows as processed was in the log when it was acknowledged.
fn check_same_log(processed: Option<u64>, ledger: &dyn Ledger) -> Result<(), Fatal> {
    let tip = ledger.tip().number;
    match processed {
        Some(processed) if processed > tip => Err(Fatal(format!(
            "the engine's folder knows block {processed} as final and the log ends at {tip}: it was put back to an older state"
        ))),
        _ => Ok(()),
    }
}

/// Where marshal begins: at the newest certificate of the log, so that a log that another engine wrote, or an engine's folder that
/// was lost, costs no walk from genesis on.
fn start(node: &Node, archive: &Archive) -> Result<Start<Scheme, Digest, Digested<Opaque>>, Fatal> {
    if let Some(certificate) = archive.newest_certificate()? {
        return Ok(Start::Floor(certificate));
    }
    let tip = node.ledger.tip();
    let genesis = node.ledger.block(0)?.filter(|_| tip.number < node.config.epoch_blocks);
    let genesis = genesis.ok_or_else(|| Fatal(format!("the log holds no certificate near block {}", tip.number)))?;
    Ok(Start::Genesis(Opaque::new(genesis.block).digested()))
}

fn epocher(node: &Node) -> FixedEpocher {
    FixedEpocher::new(node.config.epoch_blocks.try_into().expect("checked when the engine starts"))
}

/// Carries final blocks to the ledger and goes on to the next epoch.
struct Carrier<E: Runtime, S: Sender<PublicKey = PublicKey>, B, P> {
    runtime: E,
    node: Node,
    epocher: FixedEpocher,
    archive: Arc<Archive>,
    committees: Committees,
    desk: Desk,
    marshal: Marshal,
    parts: Parts<E, S, B>,
    peers: Tracked<P>,
    /// Knows who is connected.
    connected: S,
    /// Height up to which blocks were executed while others were written.
    executed: u64,
}

impl<E, S, B, P> Carrier<E, S, B, P>
where
    E: Runtime,
    S: Sender<PublicKey = PublicKey>,
    B: Blocker<PublicKey = PublicKey>,
    P: PeerSet,
{
    /// Durable and published when it returns; the next epoch's engine if the last of the blocks was the last of its epoch.
    async fn finalize(&mut self, blocks: Blocks, following: Blocks) -> Result<Option<Running>, Fatal> {
        let Some(number) = blocks.last().map(|last| last.number()) else { return Ok(None) };
        let before = self.node.ledger.tip().number;
        let proven = self.proven(&blocks)?;
        let certified: Vec<_> =
            proven.iter().filter(|(_, proof)| proof.is_some()).map(|(block, _)| block.number()).collect();
        let ahead = following.last().map(|last| last.number());
        let written = self.write(blocks.clone(), proven);
        let executed = ahead.map(|_| self.execute(blocks.clone(), following));
        let (written, executed) = join(written, OptionFuture::from(executed)).await;
        written?;
        executed.transpose()?;
        self.executed = ahead.unwrap_or(number);
        self.archive.settle(number, certified);
        if number <= before {
            return Ok(None);
        }
        self.peers.follow(&self.node)?;
        self.prepare(&blocks)?;
        if !(number + 1).is_multiple_of(self.node.config.epoch_blocks) {
            return Ok(None);
        }
        self.node.telemetry.ended(number / self.node.config.epoch_blocks, self.runtime.current());
        self.enter().await.map(Some)
    }

    /// The blocks with the certificates that they have.
    fn proven(&self, blocks: &[Arc<Block>]) -> Result<Vec<Proven>, Fatal> {
        let proof = |block: &Block| Ok(self.archive.certificate(block.number())?.as_ref().map(encode_proof));
        blocks.iter().map(|block| Ok((block.clone(), proof(block)?))).collect()
    }

    /// Executes those of the blocks that were not executed ahead, and makes all of them final.
    fn write(&self, blocks: Blocks, proven: Vec<Proven>) -> impl Future<Output = Result<(), Fatal>> + use<E, S, B, P> {
        let (desk, executed) = (self.desk.clone(), self.executed);
        let written = blocking(self.runtime.child("finalize"), move || {
            let (below, unexecuted) = blocks.split_at(blocks.partition_point(|block| block.number() <= executed));
            desk.execute_final(below, unexecuted)?;
            desk.finalize(&proven)
        });
        async { written.await.unwrap_or_else(|| Err(ending())) }
    }

    /// Executes final blocks while those before them are written.
    fn execute(&self, before: Blocks, blocks: Blocks) -> impl Future<Output = Result<(), Fatal>> + use<E, S, B, P> {
        let desk = self.desk.clone();
        let executed = blocking(self.runtime.child("execute"), move || desk.execute_final(&before, &blocks));
        async { executed.await.unwrap_or_else(|| Err(ending())) }
    }

    /// Has marshal make its files of the next epoch while this one goes on. They are a dozen, each of them synced, and made for the first block
    /// that it is given there: everyone would wait for them when the epoch begins. Here it is given a block that it has, at a view without any.
    /// Each member does it at a height of its own, so that the others are enough to go on meanwhile.
    fn prepare(&self, blocks: &[Arc<Block>]) -> Result<(), Fatal> {
        let Some(last) = blocks.last() else { return Ok(()) };
        let epoch = last.number() / self.node.config.epoch_blocks;
        let Some(scheme) = self.committees.scheme(epoch)? else { return Ok(()) };
        let Some(me) = scheme.me() else { return Ok(()) };
        let number = prepares_at(epoch, self.node.config.epoch_blocks, me.index().get(), scheme.participants().len());
        if let Some(block) = blocks.iter().find(|block| block.number() == number)
            && !self.is_behind()?
        {
            let (marshal, block) = (self.marshal.clone(), Opaque::new(block.clone()).digested());
            let round = Round::new(Epoch::new(epoch + 1), View::zero());
            self.runtime.child("prepare").spawn(move |_| async move { marshal.verified(round, block).await });
        }
        Ok(())
    }

    /// Starts the engine of the epoch that the next block belongs to.
    async fn enter(&mut self) -> Result<Running, Fatal> {
        let tip = self.node.ledger.tip();
        let epoch = (tip.number + 1) / self.node.config.epoch_blocks;
        let floor = self.floor(epoch)?;
        let scheme = self.committees.scheme(epoch)?;
        let scheme = scheme.ok_or_else(|| Fatal(format!("the ledger names no committee for epoch {epoch}")))?;
        let running = self.parts.enter(&self.runtime, (*scheme).clone(), epoch, floor).await?;
        self.node.telemetry.entered(epoch);
        // The engine of the last epoch is ended by the caller only after this, so its votes go one epoch later.
        if let Some(old) = epoch.checked_sub(2) {
            self.parts.forget(&self.runtime, old);
        }
        Ok(running)
    }

    /// What an epoch's engine builds on: the newest certificate of that epoch, so that a node without its old votes does not begin
    /// below what is final; at the beginning of an epoch the last block before it, genesis for the first.
    fn floor(&self, epoch: u64) -> Result<Floor<Scheme, Digest>, Fatal> {
        let newest = self.archive.newest_certificate()?;
        if let Some(certificate) = newest.filter(|newest| newest.proposal.round.epoch().get() == epoch) {
            return Ok(Floor::Finalized(certificate));
        }
        let number = (epoch * self.node.config.epoch_blocks).saturating_sub(1);
        let logged = self.node.ledger.block(number)?;
        let logged = logged.ok_or_else(|| Fatal(format!("the log does not hold block {number}")))?;
        Ok(Floor::Genesis(digest_of(logged.block.hash())))
    }

    /// Asks everyone who is connected for what is above the tip, if the tip is behind: who is idle speaks seldom. Who is not connected would
    /// cost the time after which another is asked.
    fn ask(&mut self, epoch: &Running) -> Result<(), Fatal> {
        if self.is_behind()?
            && let Ok(connected) = NonEmptyVec::try_from(self.connected())
            && let Some(last) = self.epocher.last(Epoch::new(epoch.epoch))
        {
            let tip = self.node.ledger.tip().number;
            let above = ASK_ABOVE.iter().map(|step| tip + step).filter(|number| *number < last.get());
            for number in above.map(Height::new).chain([last]) {
                self.marshal.hint_finalized(number, connected.clone());
            }
        }
        Ok(())
    }

    fn is_behind(&self) -> Result<bool, Fatal> {
        is_behind(&*self.node.ledger, BEHIND_HEARTBEATS * self.node.config.timing.heartbeat)
    }

    fn connected(&mut self) -> Vec<PublicKey> {
        self.connected.check(Recipients::All).map(|checked| checked.recipients()).unwrap_or_default()
    }

    /// Peers are in a later epoch: this node's epoch is final, so its last block can be asked for.
    fn hint(&self, epoch: &Running, (theirs, peers): (u64, Vec<PublicKey>)) {
        if theirs > epoch.epoch
            && let Ok(peers) = NonEmptyVec::try_from(peers)
            && let Some(last) = self.epocher.last(Epoch::new(epoch.epoch))
        {
            self.marshal.hint_finalized(last, peers);
        }
    }
}

fn ending() -> Fatal {
    Fatal("the runtime is ending".into())
}
