//! What `GET /health` says: for load balancers and people who ask whether the node lives. The binary supplies it.

use serde::Serialize;

/// The node's state of health.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Health {
    pub status: HealthStatus,
    /// Number of the last durable block.
    pub head: u64,
}

/// Anything but `Ok` is answered with HTTP status 503.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum HealthStatus {
    Ok,
    Stopping,
    Failed,
}
