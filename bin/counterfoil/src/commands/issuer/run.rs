//! `counterfoil issuer run`: until Ctrl-C, SIGTERM, or a failure of the vault.

use std::io::IsTerminal;

use eyre::Context;
use tokio::signal::unix::{SignalKind, signal};
use zeroize::Zeroizing;

use super::RunArguments;
use crate::{
    issuer::{IssuerConfig, RunningIssuer},
    issuer_folder::IssuerFolder,
    keystore::passphrase,
};

pub(super) fn run(arguments: &RunArguments) -> eyre::Result<()> {
    start_logging(&arguments.log)?;
    IssuerFolder::new(arguments.folder.dir.clone()).about()?;
    let passphrase = passphrase(&arguments.folder.passphrase, false)?;
    let runtime = tokio::runtime::Runtime::new().wrap_err("could not start the runtime")?;
    let served = runtime.block_on(serve(arguments, passphrase));
    // Whoever was told to stop while it still waited for the ledger does not wait on.
    runtime.shutdown_background();
    served
}

async fn serve(arguments: &RunArguments, passphrase: Zeroizing<String>) -> eyre::Result<()> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    let RunArguments { folder, rpc, iso, http, dev, .. } = arguments;
    let config = IssuerConfig { dir: folder.dir.clone(), iso: *iso, http: *http, dev: *dev };
    let issuer = tokio::select! {
        started = RunningIssuer::start(config, rpc.clone(), passphrase) => started?,
        _ = terminate.recv() => return Ok(()),
        _ = interrupt.recv() => return Ok(()),
    };
    println!("{}", issuer.said());
    let failure = tokio::select! {
        _ = terminate.recv() => None,
        _ = interrupt.recv() => None,
        why = issuer.failed() => Some(why),
    };
    tracing::info!("stopping");
    issuer.stop().await?;
    failure.map_or(Ok(()), Err)
}

fn start_logging(filter: &str) -> eyre::Result<()> {
    let filter = tracing_subscriber::EnvFilter::try_new(filter).wrap_err("--log")?;
    let colour = std::io::stderr().is_terminal();
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).with_ansi(colour).init();
    Ok(())
}
