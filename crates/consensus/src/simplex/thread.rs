//! The engine over TCP, on a thread of its own with a tokio runtime of its own.

use std::{sync::Arc, thread::JoinHandle};

use commonware_runtime::{Metrics as _, Runner as _, Supervisor as _, tokio as runtime};
use futures::{
    future::{Either, select},
    pin_mut,
};
use tokio::sync::oneshot;

use super::{
    Config, Place, StartError, network,
    node::{self, Node},
    telemetry::{Figures, Telemetry},
    tracked,
};
use crate::{Fatal, Gossip, Ledger, Wake, guarded};

/// A running engine.
#[derive(Debug)]
pub struct Simplex {
    stop: oneshot::Sender<()>,
    thread: JoinHandle<()>,
    telemetry: Telemetry,
}

impl Simplex {
    /// Starts the engine at the ledger's tip; `on_fatal` is called, from its thread, when it cannot go on.
    pub fn start(
        config: Config,
        place: Place,
        ledger: Arc<dyn Ledger>,
        gossip: Arc<dyn Gossip>,
        wake: Wake,
        on_fatal: impl Fn(Fatal) + Send + 'static,
    ) -> Result<Self, StartError> {
        check(&config, &*ledger)?;
        let (stop, stopped) = oneshot::channel();
        let bootstrap = place.bootstrap.clone();
        let telemetry = Telemetry::default();
        let node =
            Node { config, ledger, gossip, wake, bootstrap, prefix: "node".into(), telemetry: telemetry.clone() };
        let work = move || guarded(|| run(node, &place, stopped)).unwrap_or_else(on_fatal);
        let thread = std::thread::Builder::new().name("simplex".into()).spawn(work)?;
        Ok(Self { stop, thread, telemetry })
    }

    /// What it shows of itself now.
    pub fn figures(&self) -> Figures {
        self.telemetry.figures()
    }

    /// Ends the engine after the call to the ledger that it is in.
    pub fn stop(self) {
        drop(self.stop);
        if self.thread.join().is_err() {
            tracing::error!("the engine's thread ended by a panic");
        }
    }
}

fn check(config: &Config, ledger: &dyn Ledger) -> Result<(), StartError> {
    if config.epoch_blocks < 2 {
        return Err(StartError::EpochBlocks(config.epoch_blocks));
    }
    let epoch = (ledger.tip().number + 1) / config.epoch_blocks;
    let committee = ledger.committee(epoch)?;
    committee.filter(|it| !it.members().is_empty()).map(|_| ()).ok_or(StartError::NoCommittee(epoch))
}

/// Ends when the handle is dropped, or with the reason why the engine cannot go on.
fn run(node: Node, place: &Place, stopped: oneshot::Receiver<()>) -> Result<(), Fatal> {
    let settings = runtime::Config::new()
        .with_worker_threads(place.worker_threads.max(1))
        .with_storage_directory(&place.folder)
        .with_catch_panics(false)
        .with_tcp_nodelay(Some(true));
    let place = place.clone();
    runtime::Runner::new(settings).start(|context| async move {
        let (telemetry, counted) = (node.telemetry.clone(), context.child("figures"));
        telemetry.read_from(Some(Box::new(move || counted.encode())));
        let first = (node.ledger.tip().number, &tracked::peers(&node)?);
        let (channels, oracle) = network::open(context.child("network"), &node.config, &place, first)?;
        let work = node::run(context.child("node"), node, channels, oracle.clone(), oracle.clone(), oracle);
        pin_mut!(work);
        let ended = select(stopped, work).await;
        // What is counted ends with the runtime that counts.
        telemetry.read_from(None);
        match ended {
            Either::Left(_) => Ok(()),
            Either::Right((fatal, _)) => Err(fatal),
        }
    })
}
