//! A running issuer: opened, settled with the ledger, its doors open. Used by `counterfoil issuer run`, by `counterfoil node --issuer` and by
//! the demo; the two latter are nodes and issuer in one process, which talk through the node's own JSON-RPC all the same.
//!
//! ```text
//! start: lock -> ledger -> vault, keys -> what a crash left open is finished -> doors          stop: doors -> outbox, rounds -> vault
//! ```

use std::{
    fs::File,
    net::SocketAddr,
    path::PathBuf,
    sync::Arc,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use alloy_primitives::U256;
use contracts::cash::{self, iso4217::Currency};
use eyre::{Context, ensure};
use gateway::payment::{Door, DoorLimits, Ledger, Lock, Operator, Parts, Resident, Service, http, iso, tls};
use payments::issuer::{Issuer, IssuerError, keys::SoftKeys};
use rand::{RngCore, rngs::OsRng};
use tokio::{sync::Semaphore, task::spawn_blocking};
use vault::{Options, SqliteVault};
use zeroize::Zeroizing;

use crate::{
    commands::terminal::TerminalBeside,
    issuer_folder::{IssuerFile, IssuerFolder},
};

/// Where ISO 8583 is spoken unless something else is said.
pub(crate) const DEFAULT_ISO: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(std::net::Ipv4Addr::LOCALHOST), 8583);
/// Where JSON is spoken unless something else is said.
pub(crate) const DEFAULT_HTTP: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(std::net::Ipv4Addr::LOCALHOST), 8584);

/// Which issuer is to run, and where its doors are.
#[derive(Clone, Debug)]
pub(crate) struct IssuerConfig {
    pub(crate) dir: PathBuf,
    pub(crate) iso: SocketAddr,
    pub(crate) http: SocketAddr,
    /// Without TLS, and believe whom a message names; on loopback only.
    pub(crate) dev: bool,
}

/// An issuer that runs.
pub(crate) struct RunningIssuer {
    service: Arc<Service>,
    doors: [Door; 2],
    config: IssuerConfig,
    /// No other process runs the same issuer.
    lock: File,
}

impl RunningIssuer {
    /// Opens an issuer on the ledger behind `rpc`; answers when everything of before is settled and its doors are open.
    pub(crate) async fn start(config: IssuerConfig, rpc: String, passphrase: Zeroizing<String>) -> eyre::Result<Self> {
        let folder = IssuerFolder::new(config.dir.clone());
        let opened = folder.clone();
        let starting = spawn_blocking(move || {
            opened.about()?;
            let lock = opened.lock()?;
            let service = Service::start(parts(&opened, &rpc, &passphrase)?)?;
            Ok::<_, eyre::Report>((service, lock))
        });
        let (service, lock) = starting.await.wrap_err("the issuer did not start")??;
        let doors = open_doors(&config, &folder, &service).await?;
        Ok(Self { service, doors, config, lock })
    }

    /// Where ISO 8583 and JSON are spoken.
    pub(crate) fn addresses(&self) -> [SocketAddr; 2] {
        self.doors.each_ref().map(Door::address)
    }

    /// Its doors, for people.
    pub(crate) fn said(&self) -> String {
        let [iso, http] = self.addresses();
        let scheme = if self.config.dev { "http" } else { "https" };
        format!("listening on {iso} (ISO 8583) and {scheme}://{http}")
    }

    /// Whether everybody on this machine is believed at its doors.
    pub(crate) const fn is_open(&self) -> bool {
        self.config.dev
    }

    /// For the console of the node in this process.
    pub(crate) fn resident(&self) -> Resident {
        let ([iso, http], folder) = (self.addresses(), IssuerFolder::new(self.config.dir.clone()));
        let terminal = Arc::new(TerminalBeside::new(folder.cards(), folder.terminal(), iso));
        Resident { service: Arc::clone(&self.service), terminal, iso, http }
    }

    /// Waits until it cannot go on.
    pub(crate) fn failed(&self) -> impl Future<Output = eyre::Report> + Send + 'static {
        let failed = self.service.failed();
        async move { eyre::eyre!("{}; nothing that was answered is lost, the next start goes on", failed.await) }
    }

    /// Answers what is under way, closes the doors, and ends.
    pub(crate) async fn stop(self) -> eyre::Result<()> {
        let Self { service, doors: [iso, http], lock, .. } = self;
        let (iso, http) = tokio::join!(iso.stop(), http.stop());
        if iso + http > 0 {
            tracing::warn!(connections = iso + http, "connections of the issuer were cut off");
        }
        let ending = move || {
            drop(service);
            drop(lock);
        };
        spawn_blocking(ending).await.wrap_err("stopping the issuer")
    }
}

/// Opens everything that an issuer runs on.
fn parts(issuer: &IssuerFolder, rpc: &str, passphrase: &str) -> eyre::Result<Parts> {
    let ledger = issuer.ledger(rpc)?;
    let about = issuer.about()?;
    let settings = about.settings()?;
    let answer_within = Duration::from_millis(settings.answer_ms);
    let root = issuer.root(passphrase)?;
    let vault = issuer.vault(&root, Options { stop: stop(), ..Options::default() })?;
    let operator = operator(&ledger, &about, &issuer.operator(passphrase)?.to_bytes())?;
    check_pool(&ledger, &about, &vault)?;
    let ranges = vault.read(|vault| Ok::<_, IssuerError>(vault.ranges()?))?;
    let (keys, own) = (root.card_keys(&ranges), root.card_keys(&ranges));
    let opened =
        vault.write("open", move |vault| Issuer::open(settings, vault, &own, &mut |bytes| OsRng.fill_bytes(bytes)))?;
    Ok(Parts {
        issuer: opened,
        keys: Box::<SoftKeys>::new(keys),
        operator,
        vault,
        ledger,
        clock: now_ms,
        answer_within,
        round_every: ROUND,
    })
}

async fn open_doors(config: &IssuerConfig, issuer: &IssuerFolder, service: &Arc<Service>) -> eyre::Result<[Door; 2]> {
    let limits = DoorLimits::default();
    let [iso_lock, http_lock] = match config.dev {
        true => [Lock::open(config.iso)?, Lock::open(config.http)?],
        false => {
            let (identity, authority) = issuer.server()?;
            let lock = Lock::Mutual(tls::server(identity, &authority)?, issuer.certified());
            [lock.clone(), lock]
        }
    };
    let at_work = Arc::new(Semaphore::new(limits.max_at_work));
    let iso = iso::open(config.iso, iso_lock, limits.clone(), Arc::clone(service), Arc::clone(&at_work)).await?;
    let http = http::open(config.http, http_lock, limits, Arc::clone(service), at_work).await?;
    Ok([iso, http])
}

/// Pays for gas what the node suggests, or nothing from an account that has nothing.
fn operator(ledger: &Ledger, about: &IssuerFile, key: &alloy_primitives::B256) -> eyre::Result<Operator> {
    let gas_price = if ledger.wei(about.operator)?.is_zero() { 0 } else { ledger.gas_price()? };
    let operator = Operator::new(*key, ledger.network().chain_id, gas_price)?;
    ensure!(operator.address() == about.operator, "issuer.json names another operator than the key's");
    Ok(operator)
}

/// A pool of its own must have allowed the operator to hold; what is not there yet is said.
fn check_pool(ledger: &Ledger, about: &IssuerFile, vault: &SqliteVault) -> eyre::Result<()> {
    let merchants = vault.read(|vault| Ok::<_, IssuerError>(vault.merchants()?))?;
    let mut numbers: Vec<u16> = merchants.iter().map(|merchant| merchant.currency).collect();
    numbers.sort_unstable();
    numbers.dedup();
    for currency in numbers.into_iter().filter_map(Currency::by_number) {
        let (contract, code) = (cash::address_of(currency), currency.symbol());
        if !ledger.has_code(contract)? {
            tracing::warn!("the ledger has no currency {code} yet: payments in it will be refused");
        } else if about.pool != about.operator
            && ledger.operator_cap(contract, about.pool, about.operator)? == U256::ZERO
        {
            tracing::warn!(
                "pool {} has not approved operator {} in {code}: payments in it will be refused",
                about.pool,
                about.operator
            );
        }
    }
    Ok(())
}

/// Milliseconds since 1970.
pub(crate) fn now_ms() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}

/// For tests that end the process at a named place: `COUNTERFOIL_STOP="after hold-final"`. Not in a program that was built for use.
fn stop() -> Option<vault::StopHook> {
    if !cfg!(debug_assertions) {
        return None;
    }
    let named = std::env::var("COUNTERFOIL_STOP").ok()?;
    Some(Arc::new(move |stop| {
        if stop.to_string() == named {
            std::process::abort();
        }
    }))
}

/// How often what is due without being asked is looked for.
const ROUND: Duration = Duration::from_secs(1);
