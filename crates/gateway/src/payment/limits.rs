//! Every bound of the payment doors in one place. Reaching one closes a connection or leaves bytes in the socket; nothing grows.

use std::time::Duration;

use payments::message::{MAX_BYTES, MAX_JSON_BYTES};

/// Bounds on what acquirers may ask for at a time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DoorLimits {
    /// Open sockets; one more is closed at once.
    pub max_connections: usize,
    /// Length of an ISO 8583 message: as long as the codec reads.
    pub max_message_bytes: usize,
    /// Length of a JSON body.
    pub max_body_bytes: usize,
    /// Messages of one connection at work at a time; further ones wait in the socket.
    pub max_in_flight: usize,
    /// Messages of all connections at work at a time, each on a thread; further ones wait.
    pub max_at_work: usize,
    /// From a new connection to the end of its handshake.
    pub handshake_timeout: Duration,
    /// A connection without a message for this long is closed.
    pub idle_timeout: Duration,
    /// From the first byte of a message to its last, and for an answer to be taken.
    pub message_timeout: Duration,
    /// How long a stop waits for messages at work.
    pub stop_timeout: Duration,
}

impl Default for DoorLimits {
    fn default() -> Self {
        Self {
            max_connections: 256,
            max_message_bytes: MAX_BYTES,
            max_body_bytes: MAX_JSON_BYTES,
            max_in_flight: 32,
            max_at_work: 128,
            handshake_timeout: Duration::from_secs(10),
            idle_timeout: Duration::from_secs(300),
            message_timeout: Duration::from_secs(10),
            stop_timeout: Duration::from_secs(15),
        }
    }
}
