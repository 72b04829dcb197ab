//! `counterfoil node`: runs until Ctrl-C, SIGTERM, or a failure of the ledger.

use std::io::IsTerminal;

use eyre::Context;
use gateway::Accounts;
use tokio::signal::unix::{SignalKind, signal};

use crate::{
    config::{NodeArguments, NodeConfig},
    dev,
    node::Node,
};

pub(crate) fn run(arguments: Box<NodeArguments>) -> eyre::Result<()> {
    let config = NodeConfig::resolve(*arguments)?;
    start_logging(&config.log)?;
    let runtime = tokio::runtime::Runtime::new().wrap_err("could not start the runtime")?;
    runtime.block_on(serve(config))
}

async fn serve(config: NodeConfig) -> eyre::Result<()> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    let dev = config.dev.is_some();
    let node = Node::start(config).await?;
    if dev {
        dev::print_accounts(&Accounts::development()?);
    }
    println!("listening on http://{0} and ws://{0}", node.address());
    let failure = tokio::select! {
        _ = terminate.recv() => None,
        _ = interrupt.recv() => None,
        fatal = node.failed() => Some(fatal),
    };
    match failure {
        None => {
            tracing::info!("stopping");
            node.stop().await
        }
        // The disk is not to be trusted any more: nothing is written after a failed write, the next start recovers.
        Some(fatal) => Err(fatal).wrap_err("the ledger cannot go on, nothing that was final is lost"),
    }
}

fn start_logging(filter: &str) -> eyre::Result<()> {
    let filter = tracing_subscriber::EnvFilter::try_new(filter).wrap_err("--log")?;
    let colour = std::io::stderr().is_terminal();
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).with_ansi(colour).init();
    Ok(())
}
