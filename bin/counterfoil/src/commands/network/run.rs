//! `counterfoil network run`: every node of a folder that `network new` made, in one process, until Ctrl-C. One line for each
//! node and event, or one JSON object.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
    pin::pin,
    sync::Arc,
    time::Duration,
};

use chain::{BlockAt, Chain, ChainError, Executed};
use consensus::{Fatal, simplex::Figures};
use contracts::admission;
use eyre::{Context, bail, ensure};
use primitives::NodeId;
use serde_json::{Value, json};
use tokio::{
    signal::unix::{SignalKind, signal},
    sync::{
        broadcast::{self, error::RecvError},
        mpsc,
    },
};

use crate::{
    config::{NodeArguments, NodeConfig},
    node::Node,
};

/// What happened at a node.
enum Event {
    Block(Arc<Executed>),
    Epoch(u64),
    Connected(NodeId),
    Disconnected(NodeId),
    Failed(String),
}

pub(super) fn run(folder: &Path, json: bool) -> eyre::Result<()> {
    let settings = settings_in(folder)?;
    let runtime = tokio::runtime::Runtime::new().wrap_err("could not start the runtime")?;
    runtime.block_on(serve(settings, json))
}

/// The nodes' settings by name, in the order of their numbers.
fn settings_in(folder: &Path) -> eyre::Result<Vec<(String, PathBuf)>> {
    let entries = fs::read_dir(folder).wrap_err_with(|| folder.display().to_string())?;
    let mut found = Vec::new();
    for entry in entries {
        let path = entry?.path();
        let name = path.file_stem().and_then(|name| name.to_str()).unwrap_or_default().to_owned();
        let number = name.strip_prefix("node-").and_then(|number| number.parse::<u32>().ok());
        if let (Some(number), Some("toml")) = (number, path.extension().and_then(|extension| extension.to_str())) {
            found.push((number, name, path));
        }
    }
    if found.is_empty() {
        bail!("{} holds no node-N.toml: make a network with `counterfoil network new`", folder.display());
    }
    found.sort();
    Ok(found.into_iter().map(|(_, name, path)| (name, path)).collect())
}

async fn serve(settings: Vec<(String, PathBuf)>, json: bool) -> eyre::Result<()> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    let (events, mut happened) = mpsc::channel(EVENTS_WAITING);
    let (mut nodes, mut names) = (Vec::new(), BTreeMap::new());
    for (name, path) in settings {
        let config = NodeConfig::resolve(NodeArguments { config: Some(path), ..NodeArguments::default() })?;
        ensure!(
            config.issuer.is_none(),
            "{name}: `network run` runs no issuers: take `counterfoil node` or `issuer run`"
        );
        let node = Node::start(config).await.wrap_err_with(|| name.clone())?;
        tell(&name, json, "listening", json!({ "http": format!("http://{}", node.address()) }));
        tokio::spawn(watch(name.clone(), Blocks::above(node.chain(), node.began_at()), node.failed(), events.clone()));
        tokio::spawn(watch_engine(name.clone(), node.figures(), events.clone()));
        names.insert(node.id(), name);
        nodes.push(node);
    }
    let failed = loop {
        tokio::select! {
            _ = terminate.recv() => break None,
            _ = interrupt.recv() => break None,
            Some((name, event)) = happened.recv() => match event {
                Event::Block(executed) => tell_block(&name, json, &executed),
                Event::Epoch(epoch) => tell(&name, json, "epoch", json!({ "epoch": epoch })),
                Event::Connected(peer) => tell_peer(&name, json, "connected", peer, &names),
                Event::Disconnected(peer) => tell_peer(&name, json, "disconnected", peer, &names),
                Event::Failed(reason) => break Some(format!("{name}: {reason}")),
            },
        }
    };
    drop(happened);
    for node in nodes {
        node.stop().await?;
    }
    failed.map_or(Ok(()), |reason| bail!(reason))
}

/// Every block that becomes final at a node, once and in order, however late it is asked for.
struct Blocks {
    chain: Chain,
    /// Only wakes: the blocks come from the chain, which has them all.
    heads: broadcast::Receiver<Arc<Executed>>,
    /// Height of the last block that was given.
    last: u64,
}

impl Blocks {
    fn above(chain: &Chain, height: u64) -> Self {
        Self { chain: chain.clone(), heads: chain.subscribe_heads(), last: height }
    }

    /// `None` when there will be no more.
    async fn next(&mut self) -> Option<Result<Arc<Executed>, ChainError>> {
        while self.last >= self.chain.head().number() {
            match self.heads.recv().await {
                Ok(_) | Err(RecvError::Lagged(_)) => {}
                Err(RecvError::Closed) => return None,
            }
        }
        self.last += 1;
        let block = self.chain.block(BlockAt::Number(self.last));
        Some(block.and_then(|block| block.ok_or(ChainError::UnknownBlock)))
    }
}

/// Ends when the node has failed, or when nobody listens.
async fn watch(
    name: String,
    mut blocks: Blocks,
    failed: impl Future<Output = Fatal>,
    events: mpsc::Sender<(String, Event)>,
) {
    let mut failed = pin!(failed);
    loop {
        let event = tokio::select! {
            block = blocks.next() => match block {
                Some(Ok(executed)) => Event::Block(executed),
                Some(Err(error)) => Event::Failed(error.to_string()),
                None => return,
            },
            fatal = &mut failed => Event::Failed(fatal.to_string()),
            () = events.closed() => return,
        };
        let is_last = matches!(event, Event::Failed(_));
        if events.send((name.clone(), event)).await.is_err() || is_last {
            return;
        }
    }
}

/// Who is connected and which epoch runs, as often as a person can take it in. What comes and goes between two looks is not told.
async fn watch_engine(name: String, figures: impl Fn() -> Option<Figures>, events: mpsc::Sender<(String, Event)>) {
    let mut before = Figures::default();
    let mut looks = tokio::time::interval(LOOK);
    loop {
        tokio::select! {
            _ = looks.tick() => (),
            () = events.closed() => return,
        }
        let Some(now) = figures() else { continue };
        for event in changes(&before, &now) {
            if events.send((name.clone(), event)).await.is_err() {
                return;
            }
        }
        before = now;
    }
}

/// A peer that is no longer listed is not connected: the network cuts it.
fn changes(before: &Figures, now: &Figures) -> Vec<Event> {
    let (were, are) = (connected(before), connected(now));
    let mut events = Vec::new();
    events.extend(were.difference(&are).map(|peer| Event::Disconnected(*peer)));
    events.extend(are.difference(&were).map(|peer| Event::Connected(*peer)));
    events.extend((before.epoch != now.epoch).then_some(Event::Epoch(now.epoch)));
    events
}

fn connected(figures: &Figures) -> BTreeSet<NodeId> {
    figures.peers.iter().filter(|peer| peer.connected).map(|peer| peer.id).collect()
}

/// A node of this folder by its name, another by its key.
fn tell_peer(name: &str, json: bool, event: &str, peer: NodeId, names: &BTreeMap<NodeId, String>) {
    let shown = names.get(&peer).cloned().unwrap_or_else(|| peer.to_string());
    tell(name, json, event, json!({ "peer": shown, "nodeId": peer }));
}

fn tell_block(name: &str, json: bool, executed: &Executed) {
    let (number, transactions) = (executed.number(), executed.block.transactions().len());
    tell(name, json, "block", json!({ "number": number, "transactions": transactions, "hash": executed.hash() }));
    for log in executed.receipts.iter().flat_map(|receipt| &receipt.logs) {
        if log.address == admission::ADDRESS
            && let Some(described) = gateway::native::log(log.address, &log.data)
        {
            let fields = described.fields.iter().map(|field| (field.name.clone(), field.value.clone().into()));
            tell(name, json, &described.name, Value::Object(fields.collect()));
        }
    }
}

/// Machines are told everything, people what they can take in.
fn tell(name: &str, json: bool, event: &str, details: Value) {
    if json {
        println!("{}", json!({ "node": name, "event": event, "details": details }));
        return;
    }
    let fields = details.as_object().into_iter().flatten().filter(|(field, _)| SHOWN.contains(&field.as_str()));
    let words: Vec<String> = fields
        .map(|(name, value)| format!("{name} {}", value.as_str().map_or(value.to_string(), str::to_owned)))
        .collect();
    println!("{name} {event} {}", words.join(" "));
}

/// Fields of events that are worth a place on a line.
const SHOWN: [&str; 15] = [
    "http",
    "peer",
    "number",
    "transactions",
    "hash",
    "id",
    "request",
    "nodeKey",
    "nodeAddress",
    "voter",
    "ballot",
    "reason",
    "state",
    "epoch",
    "members",
];

/// Between two looks at the engine.
const LOOK: Duration = Duration::from_millis(500);
/// A terminal that is slower than the network holds it up no more than this.
const EVENTS_WAITING: usize = 1024;

#[cfg(test)]
mod tests {
    use consensus::{Content, Ledger, simplex::PeerFigures, solo::slot_of};

    use super::*;
    use crate::dev;

    fn figures(epoch: u64, connected: &[u8]) -> Figures {
        let peer =
            |byte: &u8| PeerFigures { id: NodeId::repeat_byte(*byte), connected: true, ..PeerFigures::default() };
        Figures { epoch, peers: connected.iter().map(peer).collect(), ..Figures::default() }
    }

    #[test]
    fn what_comes_and_goes_is_told_once() {
        let told = |before: &Figures, now: &Figures| -> Vec<String> {
            changes(before, now)
                .iter()
                .map(|event| match event {
                    Event::Connected(peer) => format!("+{}", peer[0]),
                    Event::Disconnected(peer) => format!("-{}", peer[0]),
                    Event::Epoch(epoch) => format!("epoch {epoch}"),
                    Event::Block(_) | Event::Failed(_) => "other".into(),
                })
                .collect()
        };
        assert_eq!(told(&figures(0, &[1, 2]), &figures(1, &[2, 3])), ["-1", "+3", "epoch 1"]);
        assert!(told(&figures(1, &[2, 3]), &figures(1, &[3, 2])).is_empty());
    }

    /// More blocks than a subscription keeps for one who does not come.
    #[test]
    fn who_listens_late_hears_of_every_block() {
        let folder = tempfile::tempdir().unwrap();
        let genesis = dev::genesis(&gateway::Accounts::none(), dev::CHAIN_ID);
        let chain = Chain::open(folder.path(), &genesis, chain::Options::default()).unwrap();
        let (ledger, mut blocks) = (chain.ledger(), Blocks::above(&chain, 0));
        for number in 1..=150 {
            let slot = slot_of(number, chain.rules().epoch_blocks);
            let block = ledger.propose(slot, Content::MayBeEmpty, &[]).unwrap().unwrap();
            ledger.finalize(block, None).unwrap();
        }
        let runtime = tokio::runtime::Runtime::new().unwrap();
        for number in 1..=150 {
            assert_eq!(runtime.block_on(blocks.next()).unwrap().unwrap().number(), number);
        }
    }
}
