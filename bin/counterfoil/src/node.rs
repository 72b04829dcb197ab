//! A running node: chain, engine and doors wired together, and perhaps an issuer of cards beside them. Used by `counterfoil node` and by the
//! demo.

use std::{
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    sync::Arc,
};

use chain::{Chain, OpenError};
use consensus::{Fatal, NodeKey, simplex::Figures};
use eyre::Context;
use gateway::{Accounts, Console, Health, HealthStatus, Rooms, Rpc, Server, payment::Seat};
use primitives::{Genesis, NodeId, RecoveryFile};
use store::StoreError;
use tokio::{sync::watch, task::JoinHandle};
use zeroize::Zeroizing;

use crate::{
    commands::genesis::genesis_hash,
    config::NodeConfig,
    dev,
    engine::Engine,
    folder::Folder,
    issuer::{IssuerConfig, RunningIssuer},
    metrics, safety,
    speaker::speak,
};

/// Everything that runs.
pub(crate) struct Node {
    id: NodeId,
    chain: Chain,
    /// The height before the engine added to it.
    began_at: u64,
    engine: Engine,
    /// Says what the node has to say; only in a network.
    speaker: Option<JoinHandle<()>>,
    server: Server,
    failure: watch::Receiver<Option<Fatal>>,
    /// Where the console looks for the issuer.
    seat: Seat,
    issuer: Option<RunningIssuer>,
}

impl Node {
    /// Opens the data folder, starts the engine, then the doors.
    pub(crate) async fn start(config: NodeConfig) -> eyre::Result<Self> {
        let Identity { genesis, recoveries, key, accounts } = Identity::of(&config)?;
        safety::check(&genesis, config.network.is_some(), config.allow_unsafe)?;
        let (chain, genesis) = open(&config, genesis, recoveries.as_ref())?;
        config.folder.keep_genesis(&genesis)?;
        if let Some(recoveries) = recoveries {
            take_on(&config.folder, &chain, &genesis, &recoveries)?;
        }
        let (failed, failure) = watch::channel(None);
        let (id, began_at) = (key.id(), chain.head().number());
        let engine = Engine::start(&chain, key.clone(), config.folder.engine_path(), config.network.clone(), failed)?;
        let speaker = config.network.as_ref();
        let speaker = speaker.map(|network| tokio::spawn(speak(chain.clone(), key, network.approvals.clone())));
        let seat = Seat::default();
        let server = start_server(&chain, &config, accounts, failure.clone(), engine.figures(), &seat).await?;
        tracing::info!(
            head = chain.head().number(),
            genesis = %chain.genesis_hash(),
            chain_id = chain.rules().chain_id,
            "ledger open at {}",
            config.folder.path().display()
        );
        Ok(Self { id, chain, began_at, engine, speaker, server, failure, seat, issuer: None })
    }

    /// Starts an issuer in this process, on this ledger. The console shows it only where whoever can open a page is believed anyway.
    pub(crate) async fn host(
        &mut self,
        config: IssuerConfig,
        passphrase: Zeroizing<String>,
    ) -> eyre::Result<&RunningIssuer> {
        let issuer = RunningIssuer::start(config, format!("http://{}", self.own_address()), passphrase).await?;
        if issuer.is_open() && self.address().ip().is_loopback() {
            self.seat.fill(issuer.resident());
        }
        Ok(self.issuer.insert(issuer))
    }

    /// Its key, by which peers know it.
    pub(crate) const fn id(&self) -> NodeId {
        self.id
    }

    /// Where the doors are.
    pub(crate) const fn address(&self) -> SocketAddr {
        self.server.address()
    }

    /// Where the doors are for this very machine.
    fn own_address(&self) -> SocketAddr {
        let address = self.address();
        let ip = match address.ip() {
            IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
            IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
            ip => ip,
        };
        SocketAddr::new(ip, address.port())
    }

    pub(crate) const fn chain(&self) -> &Chain {
        &self.chain
    }

    /// The height that the ledger had when this node started.
    pub(crate) const fn began_at(&self) -> u64 {
        self.began_at
    }

    /// Asks for what the engine of a network shows of itself.
    pub(crate) fn figures(&self) -> impl Fn() -> Option<Figures> + Send + Sync + 'static {
        self.engine.figures()
    }

    /// Waits until the ledger cannot go on.
    pub(crate) fn failed(&self) -> impl Future<Output = Fatal> + Send + 'static {
        let mut failure = self.failure.clone();
        async move {
            let failed = failure.wait_for(Option::is_some).await.ok().and_then(|fatal| fatal.clone());
            match failed {
                Some(fatal) => fatal,
                None => std::future::pending().await,
            }
        }
    }

    /// Ends the issuer while its ledger still answers, closes the doors, lets blocks on their way become durable, closes the disk.
    pub(crate) async fn stop(self) -> eyre::Result<()> {
        self.seat.clear();
        let ended = match self.issuer {
            Some(issuer) => issuer.stop().await,
            None => Ok(()),
        };
        let stopped = self.server.stop().await;
        if stopped.cut_off > 0 {
            tracing::warn!(connections = stopped.cut_off, "connections were cut off");
        }
        if let Some(speaker) = self.speaker {
            // It holds the chain, so its end is waited for.
            speaker.abort();
            let _aborted = speaker.await;
        }
        let (engine, chain) = (self.engine, self.chain);
        tokio::task::spawn_blocking(move || {
            engine.stop();
            chain.close()
        })
        .await
        .wrap_err("stopping")??;
        ended
    }
}

/// Who this node is, on which chain.
struct Identity {
    genesis: Genesis,
    /// `None` of a development network.
    recoveries: Option<RecoveryFile>,
    key: NodeKey,
    accounts: Accounts,
}

impl Identity {
    fn of(config: &NodeConfig) -> eyre::Result<Self> {
        if config.reset {
            config.folder.wipe(config.dev.is_some())?;
        }
        if let Some(chain_id) = config.dev {
            let accounts = Accounts::development()?;
            let genesis = dev::genesis(&accounts, chain_id);
            return Ok(Self { genesis, recoveries: None, key: dev::key(), accounts });
        }
        let genesis = config.folder.genesis(config.genesis.as_deref())?;
        if config.folder.unfinished_recovery(&genesis)?.is_some() {
            let folder = config.folder.path().display();
            eyre::bail!("a recovery was begun here and not ended: run `counterfoil recover --data {folder}` again");
        }
        let recoveries = Some(config.folder.recoveries(config.recovery.as_deref(), &genesis)?);
        let key = config.folder.key(config.key.as_deref())?;
        Ok(Self { genesis, recoveries, key, accounts: Accounts::none() })
    }
}

/// Opens the ledger. A development folder may be older than some rooms: it keeps the genesis that it was made with.
fn open(config: &NodeConfig, genesis: Genesis, recoveries: Option<&RecoveryFile>) -> eyre::Result<(Chain, Genesis)> {
    let recoveries = recoveries.map(|file| file.recoveries.clone()).unwrap_or_default();
    let open = |genesis: &Genesis| {
        Chain::open_recovered(config.folder.path(), genesis, recoveries.clone(), config.chain.clone())
    };
    match open(&genesis) {
        Err(OpenError::Store(StoreError::OtherGenesis { found, expected })) if config.dev.is_some() => {
            for older in dev::older(&genesis) {
                if genesis_hash(&older)? == found {
                    return Ok((open(&older)?, older));
                }
            }
            Err(StoreError::OtherGenesis { found, expected }.into())
        }
        opened => Ok((opened?, genesis)),
    }
}

/// From here on the recoveries are part of this network. As long as the log ends before the last one's end, what the engine kept is
/// of before the recovery: votes of a committee that is no more.
fn take_on(folder: &Folder, chain: &Chain, genesis: &Genesis, recoveries: &RecoveryFile) -> eyre::Result<()> {
    folder.keep_recoveries(recoveries, genesis)?;
    let last = recoveries.recoveries.last().map(|recovery| recovery.last(chain.rules().epoch_blocks));
    if last.is_some_and(|last| chain.head().number() < last) {
        folder.forget_votes()?;
    }
    Ok(())
}

async fn start_server(
    chain: &Chain,
    config: &NodeConfig,
    accounts: Accounts,
    failure: watch::Receiver<Option<Fatal>>,
    figures: impl Fn() -> Option<Figures> + Send + Sync + 'static,
    seat: &Seat,
) -> eyre::Result<Server> {
    let (asked, measured) = (chain.clone(), chain.clone());
    let rooms = Rooms {
        methods: Arc::new(Rpc::new(chain.clone(), accounts, config.call_limits)),
        pages: Some(Arc::new(Console::new(chain.clone(), config.call_limits.call_gas).with_issuer(seat.clone()))),
        health: Box::new(move || health(&asked, &failure)),
        metrics: Box::new(move |text| metrics::write(&measured, figures().as_ref(), text)),
    };
    Ok(Server::start(config.http, config.access.clone(), config.limits.clone(), rooms).await?)
}

fn health(chain: &Chain, failure: &watch::Receiver<Option<Fatal>>) -> Health {
    let status = if failure.borrow().is_some() { HealthStatus::Failed } else { HealthStatus::Ok };
    Health { status, head: chain.head().number() }
}
