//! `counterfoil issuer run`: until Ctrl-C, SIGTERM, or a failure of the vault.

use std::{
    io::IsTerminal,
    sync::Arc,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use alloy_primitives::U256;
use contracts::cash::{self, iso4217::Currency};
use eyre::{Context, ensure};
use gateway::payment::{Door, DoorLimits, Ledger, Lock, Operator, Parts, Service, http, iso, tls};
use payments::issuer::{Issuer, IssuerError, keys::SoftKeys};
use rand::{RngCore, rngs::OsRng};
use tokio::{
    signal::unix::{SignalKind, signal},
    sync::Semaphore,
    task::spawn_blocking,
};
use vault::{Options, SqliteVault};

use super::RunArguments;
use crate::{
    issuer_folder::{IssuerFile, IssuerFolder},
    keystore::passphrase,
};

pub(super) fn run(arguments: &RunArguments) -> eyre::Result<()> {
    start_logging(&arguments.log)?;
    let issuer = IssuerFolder::new(arguments.folder.dir.clone());
    issuer.about()?;
    let passphrase = passphrase(&arguments.folder.passphrase, false)?;
    let parts = parts(&issuer, &arguments.rpc, &passphrase)?;
    let runtime = tokio::runtime::Runtime::new().wrap_err("could not start the runtime")?;
    runtime.block_on(serve(arguments, &issuer, parts))
}

/// Opens everything that an issuer runs on.
pub(crate) fn parts(issuer: &IssuerFolder, rpc: &str, passphrase: &str) -> eyre::Result<Parts> {
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

async fn serve(arguments: &RunArguments, issuer: &IssuerFolder, parts: Parts) -> eyre::Result<()> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    let starting = spawn_blocking(move || Service::start(parts));
    let service = tokio::select! {
        started = starting => started.wrap_err("the issuer did not start")??,
        _ = terminate.recv() => return Ok(()),
        _ = interrupt.recv() => return Ok(()),
    };
    let doors = open_doors(arguments, issuer, &service).await?;
    let [iso, http] = doors.each_ref().map(Door::address);
    let scheme = if arguments.dev { "http" } else { "https" };
    println!("listening on {iso} (ISO 8583) and {scheme}://{http}");
    let failure = tokio::select! {
        _ = terminate.recv() => None,
        _ = interrupt.recv() => None,
        why = service.failed() => Some(why),
    };
    tracing::info!("stopping");
    let cut_off: usize = stop_both(doors).await;
    if cut_off > 0 {
        tracing::warn!(connections = cut_off, "connections were cut off");
    }
    spawn_blocking(move || drop(service)).await.wrap_err("stopping")?;
    match failure {
        None => Ok(()),
        Some(why) => eyre::bail!("{why}; nothing that was answered is lost, the next start goes on"),
    }
}

/// Both doors stop at a time.
async fn stop_both([iso, http]: [Door; 2]) -> usize {
    let (iso, http) = tokio::join!(iso.stop(), http.stop());
    iso + http
}

async fn open_doors(
    arguments: &RunArguments,
    issuer: &IssuerFolder,
    service: &Arc<Service>,
) -> eyre::Result<[Door; 2]> {
    let limits = DoorLimits::default();
    let locks = match arguments.dev {
        true => [Lock::open(arguments.iso)?, Lock::open(arguments.http)?],
        false => {
            let (identity, authority) = issuer.server()?;
            let lock = Lock::Mutual(tls::server(identity, &authority)?, issuer.certified());
            [lock.clone(), lock]
        }
    };
    let [iso_lock, http_lock] = locks;
    let at_work = Arc::new(Semaphore::new(limits.max_at_work));
    let iso = iso::open(arguments.iso, iso_lock, limits.clone(), Arc::clone(service), Arc::clone(&at_work)).await?;
    let http = http::open(arguments.http, http_lock, limits, Arc::clone(service), at_work).await?;
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

fn start_logging(filter: &str) -> eyre::Result<()> {
    let filter = tracing_subscriber::EnvFilter::try_new(filter).wrap_err("--log")?;
    let colour = std::io::stderr().is_terminal();
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).with_ansi(colour).init();
    Ok(())
}

/// How often what is due without being asked is looked for.
const ROUND: Duration = Duration::from_secs(1);
