//! `counterfoil node`: runs until Ctrl-C, SIGTERM, or a failure of the ledger, or of the issuer in the same process.

use std::{convert::Infallible, io::IsTerminal};

use eyre::Context;
use gateway::Accounts;
use tokio::signal::unix::{SignalKind, signal};
use zeroize::Zeroizing;

use crate::{
    config::{NodeArguments, NodeConfig},
    dev,
    issuer::IssuerConfig,
    keystore::passphrase,
    node::Node,
    process::refuse_core_dumps,
};

pub(crate) fn run(arguments: Box<NodeArguments>) -> eyre::Result<()> {
    let mut config = NodeConfig::resolve(*arguments)?;
    let issuer = config.issuer.take().map(|issuer| {
        refuse_core_dumps()?;
        Ok::<_, eyre::Report>((issuer.config, passphrase(&issuer.passphrase, false)?))
    });
    let issuer = issuer.transpose()?;
    start_logging(&config.log)?;
    let runtime = tokio::runtime::Runtime::new().wrap_err("could not start the runtime")?;
    let served = runtime.block_on(serve(config, issuer));
    // An issuer that was told to stop while it still waited for the ledger does not wait on.
    runtime.shutdown_background();
    served
}

/// An issuer that is to run here, and what opens it.
type Hosted = (IssuerConfig, Zeroizing<String>);

async fn serve(config: NodeConfig, issuer: Option<Hosted>) -> eyre::Result<()> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    let dev = config.dev.is_some();
    let mut node = Node::start(config).await?;
    if dev {
        dev::print_accounts(&Accounts::development()?);
    }
    let failed = node.failed();
    let ended = tokio::select! {
        _ = terminate.recv() => Ok(()),
        _ = interrupt.recv() => Ok(()),
        // The disk is not to be trusted any more: nothing is written after a failed write, the next start recovers.
        fatal = failed => {
            return Err(fatal).wrap_err("the ledger cannot go on, nothing that was final is lost");
        }
        ended = live(&mut node, issuer) => ended.map(|never| match never {}),
    };
    tracing::info!("stopping");
    node.stop().await?;
    ended
}

/// Starts the issuer, says where everything is, and goes on until the issuer cannot.
async fn live(node: &mut Node, issuer: Option<Hosted>) -> eyre::Result<Infallible> {
    let mut failed = None;
    if let Some((config, passphrase)) = issuer {
        let issuer = node.host(config, passphrase).await.wrap_err("the issuer")?;
        println!("issuer {}", issuer.said());
        failed = Some(issuer.failed());
    }
    println!("listening on http://{0} and ws://{0}", node.address());
    match failed {
        Some(failed) => Err(failed.await).wrap_err("the issuer cannot go on"),
        None => std::future::pending().await,
    }
}

fn start_logging(filter: &str) -> eyre::Result<()> {
    let filter = tracing_subscriber::EnvFilter::try_new(filter).wrap_err("--log")?;
    let colour = std::io::stderr().is_terminal();
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).with_ansi(colour).init();
    Ok(())
}
