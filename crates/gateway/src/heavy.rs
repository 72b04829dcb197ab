//! Where long computations run, so that they never hold up cheap calls: tokio's blocking threads, with a bound on how many work
//! and how many wait. Called by `rpc::endpoint` for every `Answer::Heavy`, by `http` for pages.

use std::sync::Arc;

use tokio::{sync::Semaphore, task::spawn_blocking};

use crate::{limits::Limits, rpc::RpcError};

/// The bounded pool. A caller that gives up leaves its work running: it keeps its place until it ends.
pub(crate) struct HeavyPool {
    running: Arc<Semaphore>,
    waiting: Semaphore,
}

impl HeavyPool {
    pub(crate) fn new(limits: &Limits) -> Self {
        Self {
            running: Arc::new(Semaphore::new(limits.max_heavy_running.max(1))),
            waiting: Semaphore::new(limits.max_heavy_waiting),
        }
    }

    pub(crate) async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> Result<T, RpcError> + Send + 'static,
    ) -> Result<T, RpcError> {
        let turn = match Arc::clone(&self.running).try_acquire_owned() {
            Ok(turn) => turn,
            Err(_) => {
                let _place = self.waiting.try_acquire().map_err(|_| busy())?;
                Arc::clone(&self.running).acquire_owned().await.map_err(|_| busy())?
            }
        };
        let worked = spawn_blocking(move || {
            let _turn = turn;
            work()
        });
        worked.await.unwrap_or_else(|error| {
            tracing::error!(%error, "a call did not end properly");
            Err(RpcError::internal("method handler crashed"))
        })
    }
}

fn busy() -> RpcError {
    RpcError::limit("server busy: too many calls are waiting, try again later")
}
