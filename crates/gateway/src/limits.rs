//! Every bound of the doors in one place. The binary may change them by flags; reaching one is a clear error for the caller,
//! never a stall and never a queue that grows.

use std::{num::NonZero, thread, time::Duration};

/// Bounds on what clients may ask for at a time. The defaults follow geth where it has the same bound.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Open sockets, HTTP and WebSocket together; one more is answered 503 and closed.
    pub max_connections: u32,
    /// Length of an HTTP body or a WebSocket message.
    pub max_body_bytes: usize,
    /// Calls in one batch.
    pub max_batch_calls: usize,
    /// Length of a batch's results together; calls after that are refused unworked.
    pub max_batch_response_bytes: usize,
    /// Heavy calls at work at a time.
    pub max_heavy_running: usize,
    /// Heavy calls waiting for their turn; one more is answered `server busy`.
    pub max_heavy_waiting: usize,
    /// From the first byte of a body to its answer.
    pub request_timeout: Duration,
    /// An HTTP connection without a request for this long may be closed.
    pub idle_timeout: Duration,
    /// Requests of one WebSocket at work at a time; further ones wait in the socket.
    pub max_calls_in_flight: usize,
    /// Subscriptions of one WebSocket.
    pub max_subscriptions: usize,
    /// Notifications of one WebSocket that wait to be sent.
    pub max_queued_notifications: usize,
    /// How long a subscriber's full queue is waited for, before the connection is closed.
    pub slow_subscriber_timeout: Duration,
    /// A WebSocket is asked for a sign of life this often, and closed when none came between two questions.
    pub ping_interval: Duration,
    /// How long a stop waits for requests at work.
    pub stop_timeout: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            max_connections: 1_024,
            max_body_bytes: 5 * 1024 * 1024,
            max_batch_calls: 1_000,
            max_batch_response_bytes: 25_000_000,
            max_heavy_running: thread::available_parallelism().map_or(2, NonZero::get),
            max_heavy_waiting: 256,
            request_timeout: Duration::from_secs(30),
            idle_timeout: Duration::from_secs(120),
            max_calls_in_flight: 32,
            max_subscriptions: 128,
            max_queued_notifications: 256,
            slow_subscriber_timeout: Duration::from_secs(5),
            ping_interval: Duration::from_secs(30),
            stop_timeout: Duration::from_secs(5),
        }
    }
}
