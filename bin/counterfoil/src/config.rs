//! The node's configuration in two stages: as given ([`NodeArguments`], every value optional) and as meant ([`NodeConfig`]).

use std::{net::SocketAddr, path::PathBuf, time::Duration};

use clap::Args;
use consensus::Peer;
use eyre::{Context, bail, eyre};
use serde::Deserialize;

use crate::{
    approvals::Approvals,
    cli::PassphraseArguments,
    dev,
    engine::Network,
    folder::Folder,
    issuer::{self, DEFAULT_ISO, IssuerConfig},
};

/// Defines the flags once: for the command line, the environment and the file, and how they are laid over each other.
macro_rules! arguments {
    ($($(#[$attribute:meta])* $name:ident: $kind:ty;)*) => {
        /// Flags of `counterfoil node`.
        #[derive(Args, Clone, Debug, Default, Deserialize)]
        #[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
        pub(crate) struct NodeArguments {
            /// A TOML file with any of these flags as keys, such as `http = "127.0.0.1:8545"`.
            #[arg(long, env = "COUNTERFOIL_CONFIG", value_name = "FILE")]
            #[serde(skip)]
            pub(crate) config: Option<PathBuf>,
            $($(#[$attribute])* #[arg(long)] pub(crate) $name: Option<$kind>,)*
        }

        impl NodeArguments {
            /// These, and where they say nothing the others.
            fn or(self, other: Self) -> Self {
                Self { config: self.config, $($name: self.$name.or(other.$name),)* }
            }
        }
    };
}

arguments! {
    /// Development node: chain id 31337, ten funded and unlocked accounts, keys known to everyone.
    #[arg(env = "COUNTERFOIL_DEV", num_args = 0..=1, default_missing_value = "true", require_equals = true)]
    dev: bool;
    /// EIP-155 chain id of the development network [default: 31337].
    #[arg(env = "COUNTERFOIL_CHAIN_ID", value_name = "ID")]
    chain_id: u64;
    /// Data folder; made if absent. Default with --dev: counterfoil/dev in the system's data directory.
    #[arg(env = "COUNTERFOIL_DATA", value_name = "DIR")]
    data: PathBuf;
    /// Genesis file; needed once, when the data folder is made.
    #[arg(env = "COUNTERFOIL_GENESIS", value_name = "FILE")]
    genesis: PathBuf;
    /// What `counterfoil recover` wrote on another node of this network; needed once, it is kept in the data folder.
    #[arg(env = "COUNTERFOIL_RECOVERY", value_name = "FILE")]
    recovery: PathBuf;
    /// The node's ed25519 key, 64 hex digits. Default: node.key in the data folder.
    #[arg(env = "COUNTERFOIL_KEY", value_name = "FILE")]
    key: PathBuf;
    /// Wipe the data folder first.
    #[arg(env = "COUNTERFOIL_RESET", num_args = 0..=1, default_missing_value = "true", require_equals = true)]
    reset: bool;
    /// Where JSON-RPC listens, HTTP and WebSocket alike [default: 127.0.0.1:8545].
    #[arg(env = "COUNTERFOIL_HTTP", value_name = "ADDR:PORT")]
    http: SocketAddr;
    /// Where other nodes connect: this node is of a network [default: none, it decides alone].
    #[arg(env = "COUNTERFOIL_LISTEN", value_name = "ADDR:PORT")]
    listen: SocketAddr;
    /// Nodes to ask while this one is behind and knows nobody who is there, separated by commas.
    #[arg(env = "COUNTERFOIL_PEERS", value_delimiter = ',', num_args = 1, value_name = "KEY@HOST:PORT")]
    peers: Vec<String>;
    /// Peers may have private and loopback addresses: a network within a house, or on one machine.
    #[arg(env = "COUNTERFOIL_LOCAL_PEERS", num_args = 0..=1, default_missing_value = "true", require_equals = true)]
    local_peers: bool;
    /// Vote by itself for whoever asks to join with a node at one of these hosts and no more weight than this member's, separated by commas:
    /// NAME, IP address, *.DOMAIN or *; the others wait for `member vote` [default: none].
    #[arg(env = "COUNTERFOIL_APPROVE_LINKS", value_delimiter = ',', num_args = 1, value_name = "HOST")]
    approve_links: Vec<String>;
    /// Start although genesis lets too few members decide, or ends epochs too soon; what is unsafe is logged.
    #[arg(env = "COUNTERFOIL_ALLOW_UNSAFE", num_args = 0..=1, default_missing_value = "true", require_equals = true)]
    allow_unsafe: bool;
    /// Origins whose pages may read answers, separated by commas; `*` is any [default: none, with --dev localhost].
    #[arg(env = "COUNTERFOIL_HTTP_CORS", value_delimiter = ',', num_args = 1, value_name = "ORIGINS")]
    http_cors: Vec<String>;
    /// Host names under which this node may be asked, besides localhost; `*` is any.
    #[arg(env = "COUNTERFOIL_HTTP_HOSTS", value_delimiter = ',', num_args = 1, value_name = "NAMES")]
    http_hosts: Vec<String>;
    /// Most open client connections [default: 1024].
    #[arg(env = "COUNTERFOIL_MAX_CONNECTIONS", value_name = "N")]
    max_connections: u32;
    /// Longest request body, in bytes [default: 5242880].
    #[arg(env = "COUNTERFOIL_MAX_BODY_BYTES", value_name = "BYTES")]
    max_body_bytes: usize;
    /// Most calls in one batch [default: 1000].
    #[arg(env = "COUNTERFOIL_MAX_BATCH_CALLS", value_name = "N")]
    max_batch_calls: usize;
    /// Longest time for one request, in seconds [default: 30].
    #[arg(env = "COUNTERFOIL_REQUEST_TIMEOUT_S", value_name = "SECONDS")]
    request_timeout_s: u64;
    /// Most gas of an eth_call or an estimate [default: 50000000].
    #[arg(env = "COUNTERFOIL_CALL_GAS", value_name = "GAS")]
    call_gas: u64;
    /// Most logs in one answer [default: 10000].
    #[arg(env = "COUNTERFOIL_MAX_LOGS", value_name = "N")]
    max_logs: usize;
    /// Most transactions that wait in the pool.
    #[arg(env = "COUNTERFOIL_POOL_TRANSACTIONS", value_name = "N")]
    pool_transactions: usize;
    /// Most bytes of transactions that wait in the pool.
    #[arg(env = "COUNTERFOIL_POOL_BYTES", value_name = "BYTES")]
    pool_bytes: usize;
    /// Most transactions of one sender that wait in the pool.
    #[arg(env = "COUNTERFOIL_POOL_PER_SENDER", value_name = "N")]
    pool_per_sender: usize;
    /// Blocks whose state can be read back [default: 100000].
    #[arg(env = "COUNTERFOIL_HISTORY_BLOCKS", value_name = "N")]
    history_blocks: u64;
    /// Keep the state of every block.
    #[arg(env = "COUNTERFOIL_ARCHIVE", num_args = 0..=1, default_missing_value = "true", require_equals = true)]
    archive: bool;
    /// Most bytes of documents kept beside the ledger, such as attributes of items [default: 1073741824].
    #[arg(env = "COUNTERFOIL_DOCUMENTS_BYTES", value_name = "BYTES")]
    documents_bytes: u64;
    /// Run this issuer of cards too: a folder of `counterfoil issuer init`. With --dev its doors are without TLS, on loopback only.
    #[arg(env = "COUNTERFOIL_NODE_ISSUER", value_name = "DIR")]
    issuer: PathBuf;
    /// Where the issuer speaks ISO 8583 [default: 127.0.0.1:8583].
    #[arg(env = "COUNTERFOIL_ISSUER_ISO", value_name = "ADDR:PORT")]
    issuer_iso: SocketAddr;
    /// Where the issuer speaks JSON [default: 127.0.0.1:8584].
    #[arg(env = "COUNTERFOIL_ISSUER_HTTP", value_name = "ADDR:PORT")]
    issuer_http: SocketAddr;
    /// File whose first line is the issuer's passphrase; without it, the terminal asks.
    #[arg(env = "COUNTERFOIL_PASSPHRASE_FILE", value_name = "FILE")]
    issuer_passphrase_file: PathBuf;
    /// What is logged, as in `info` or `warn,chain=debug` [default: info].
    #[arg(env = "COUNTERFOIL_LOG", value_name = "FILTER")]
    log: String;
}

/// What the node runs with.
#[derive(Clone, Debug)]
pub(crate) struct NodeConfig {
    /// Chain id of the development network, if this is one.
    pub(crate) dev: Option<u64>,
    pub(crate) folder: Folder,
    pub(crate) genesis: Option<PathBuf>,
    pub(crate) recovery: Option<PathBuf>,
    pub(crate) key: Option<PathBuf>,
    pub(crate) reset: bool,
    pub(crate) http: SocketAddr,
    pub(crate) network: Option<Network>,
    pub(crate) allow_unsafe: bool,
    pub(crate) access: gateway::Access,
    pub(crate) limits: gateway::Limits,
    pub(crate) call_limits: gateway::CallLimits,
    pub(crate) chain: chain::Options,
    pub(crate) issuer: Option<HostedIssuer>,
    pub(crate) log: String,
}

/// An issuer that runs in the node's process.
#[derive(Clone, Debug)]
pub(crate) struct HostedIssuer {
    pub(crate) config: IssuerConfig,
    pub(crate) passphrase: PassphraseArguments,
}

const DEFAULT_HTTP: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(std::net::Ipv4Addr::LOCALHOST), 8545);

impl NodeConfig {
    /// From what was typed, with the file and the defaults under it.
    pub(crate) fn resolve(typed: NodeArguments) -> eyre::Result<Self> {
        let file = typed.config.as_ref().map(read_file).transpose()?.unwrap_or_default();
        let given = typed.or(file);
        let dev = given.dev.unwrap_or(false);
        if dev && given.genesis.is_some() {
            bail!("--dev has a genesis of its own: leave out --genesis or --dev");
        }
        if dev && given.recovery.is_some() {
            bail!("--dev is a network of one that everybody may sign for: there is nothing to recover");
        }
        if !dev && given.chain_id.is_some() {
            bail!("--chain-id goes with --dev: another network's chain id is in its genesis file");
        }
        Ok(Self {
            dev: dev.then(|| given.chain_id.unwrap_or(dev::CHAIN_ID)),
            folder: Folder::new(data_folder(dev, given.data.clone())?),
            genesis: given.genesis.clone(),
            recovery: given.recovery.clone(),
            key: given.key.clone(),
            reset: given.reset.unwrap_or(false),
            http: given.http.unwrap_or(DEFAULT_HTTP),
            network: network(&given)?,
            allow_unsafe: given.allow_unsafe.unwrap_or(false),
            access: access(dev, &given),
            limits: limits(&given),
            call_limits: call_limits(dev, &given),
            chain: chain_options(&given),
            issuer: issuer(dev, &given)?,
            log: given.log.unwrap_or_else(|| "info".into()),
        })
    }
}

impl NodeConfig {
    /// A development node for a demonstration: a folder of its own, quiet.
    pub(crate) fn demo(folder: Folder, http: SocketAddr) -> eyre::Result<Self> {
        let given = NodeArguments {
            dev: Some(true),
            data: Some(folder.path().into()),
            http: Some(http),
            ..NodeArguments::default()
        };
        Self::resolve(given)
    }
}

fn network(given: &NodeArguments) -> eyre::Result<Option<Network>> {
    let peers = given.peers.as_deref().unwrap_or_default();
    let approvals = Approvals::parse(given.approve_links.as_deref().unwrap_or_default())?;
    let Some(listen) = given.listen else {
        eyre::ensure!(peers.is_empty(), "--peers goes with --listen: whom this node asks must be able to answer");
        eyre::ensure!(approvals.is_empty(), "--approve-links goes with --listen: who joins connects there");
        return Ok(None);
    };
    let bootstrap = peers.iter().map(|peer| parse_peer(peer)).collect::<eyre::Result<_>>()?;
    Ok(Some(Network { listen, bootstrap, local: given.local_peers.unwrap_or(false), approvals }))
}

fn issuer(dev: bool, given: &NodeArguments) -> eyre::Result<Option<HostedIssuer>> {
    let Some(dir) = given.issuer.clone() else {
        let doors = given.issuer_iso.or(given.issuer_http);
        eyre::ensure!(doors.is_none(), "--issuer-iso and --issuer-http go with --issuer: which issuer is to run?");
        return Ok(None);
    };
    let iso = given.issuer_iso.unwrap_or(DEFAULT_ISO);
    let http = given.issuer_http.unwrap_or(issuer::DEFAULT_HTTP);
    let passphrase = PassphraseArguments { passphrase_file: given.issuer_passphrase_file.clone() };
    Ok(Some(HostedIssuer { config: IssuerConfig { dir, iso, http, dev }, passphrase }))
}

/// KEY@HOST:PORT; an IPv6 address stands in brackets.
pub(crate) fn parse_peer(text: &str) -> eyre::Result<Peer> {
    let parse = || {
        let (key, address) = text.split_once('@')?;
        let (host, port) = address.rsplit_once(':')?;
        let host = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
        Some(Peer { id: key.parse().ok()?, host: host.into(), port: port.parse().ok().filter(|port| *port != 0)? })
    };
    parse().ok_or_else(|| eyre!("{text:?} is no peer: KEY@HOST:PORT, the key as 64 hex digits"))
}

fn read_file(path: &PathBuf) -> eyre::Result<NodeArguments> {
    let text = std::fs::read_to_string(path).wrap_err_with(|| format!("config file {}", path.display()))?;
    toml::from_str(&text).wrap_err_with(|| format!("config file {}", path.display()))
}

fn data_folder(dev: bool, given: Option<PathBuf>) -> eyre::Result<PathBuf> {
    match given {
        Some(folder) => Ok(folder),
        None if dev => {
            let system =
                dirs::data_dir().ok_or_else(|| eyre!("this system names no data directory: give --data DIR"))?;
            Ok(system.join("counterfoil").join("dev"))
        }
        None => bail!("where is the ledger? give --data DIR, or --dev for a development node"),
    }
}

fn access(dev: bool, given: &NodeArguments) -> gateway::Access {
    gateway::Access {
        hosts: given.http_hosts.clone().unwrap_or_default(),
        origins: given.http_cors.clone().unwrap_or_default(),
        localhost_origins: dev,
    }
}

fn limits(given: &NodeArguments) -> gateway::Limits {
    let default = gateway::Limits::default();
    gateway::Limits {
        max_connections: given.max_connections.unwrap_or(default.max_connections),
        max_body_bytes: given.max_body_bytes.unwrap_or(default.max_body_bytes),
        max_batch_calls: given.max_batch_calls.unwrap_or(default.max_batch_calls),
        request_timeout: given.request_timeout_s.map_or(default.request_timeout, Duration::from_secs),
        ..default
    }
}

fn call_limits(dev: bool, given: &NodeArguments) -> gateway::CallLimits {
    let default = gateway::CallLimits::default();
    gateway::CallLimits {
        call_gas: given.call_gas.unwrap_or(default.call_gas),
        logs: given.max_logs.unwrap_or(default.logs),
        // Some clients take a price of zero for a broken node; every price is accepted all the same.
        suggested_gas_price_wei: u64::from(dev),
        ..default
    }
}

fn chain_options(given: &NodeArguments) -> chain::Options {
    let (store, pool) = (store::Options::default(), chain::Limits::default());
    chain::Options {
        store: store::Options {
            history_blocks: given.history_blocks.unwrap_or(store.history_blocks),
            archive: given.archive.unwrap_or(store.archive),
            documents_bytes: given.documents_bytes.unwrap_or(store.documents_bytes),
            ..store
        },
        pool: chain::Limits {
            transactions: given.pool_transactions.unwrap_or(pool.transactions),
            bytes: given.pool_bytes.unwrap_or(pool.bytes),
            per_sender: given.pool_per_sender.unwrap_or(pool.per_sender),
            ..pool
        },
        clock: chain::Clock::default(),
    }
}
