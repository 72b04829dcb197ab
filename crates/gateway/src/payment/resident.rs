//! An issuer that runs in the node's own process, as the console reaches it. Put into its seat by the binary (`node --issuer` and the
//! demo), and only there where whoever opens the console is believed anyway: its doors without TLS, the node's own door on loopback.
//!
//! ```text
//! binary -> Seat::fill, clear        console -> Seat::get -> Resident -> service: questions, and messages as on a development line
//!                                                                     -> terminal: taps cards, over the door of ISO 8583
//! ```

use std::{fmt, net::SocketAddr, sync::Arc};

use parking_lot::RwLock;

use super::{Service, Terminal};

/// Where the issuer of this process is found: empty before it has started, and again when it stops. Clones are the same seat.
#[derive(Clone, Debug, Default)]
pub struct Seat(Arc<RwLock<Option<Arc<Resident>>>>);

/// The issuer of this process. Who keeps one keeps the issuer from ending: for one page, not longer.
pub struct Resident {
    /// Takes messages as [`Teller`](super::Teller) from [`Caller::Believed`](super::Caller::Believed), and questions. Both block.
    pub service: Arc<Service>,
    /// Stands beside it, for trying.
    pub terminal: Arc<dyn Terminal>,
    /// Its door of ISO 8583.
    pub iso: SocketAddr,
    /// Its door of JSON.
    pub http: SocketAddr,
}

impl Seat {
    /// The issuer, if it runs.
    pub fn get(&self) -> Option<Arc<Resident>> {
        self.0.read().clone()
    }

    /// It runs.
    pub fn fill(&self, resident: Resident) {
        *self.0.write() = Some(Arc::new(resident));
    }

    /// It stops.
    pub fn clear(&self) {
        // Dropped after the lock: ending an issuer takes its time.
        let gone = self.0.write().take();
        drop(gone);
    }
}

impl fmt::Debug for Resident {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Resident").field("service", &self.service).field("iso", &self.iso).finish_non_exhaustive()
    }
}
