//! The open vault: what a program holds, from start to end.
//!
//! Called by `gateway` and the program. [`SqliteVault::write`] begins a unit of work on the writer's thread and answers when it is durable;
//! [`SqliteVault::read`] asks on a connection of its own. Both block: asynchronous callers use a thread that may.

use std::{path::Path, sync::Arc, time::Duration};

use payments::issuer::vault::{Vault, VaultError};
use rusqlite::Connection;

use crate::{
    database::Location,
    error::{OpenError, WriteError},
    readers::Readers,
    seal::{MasterKey, Sealer},
    stop::StopHook,
    unit::{Retention, Unit},
    writer::{Undo, Writer, Written},
};

/// What can be chosen when a vault is opened.
#[derive(Clone)]
pub struct Options {
    /// How long to wait for another process that writes.
    pub patience: Duration,
    /// How much is kept of what costs nobody anything.
    pub retention: Retention,
    /// The most pages of 4096 bytes that the file may have; without it, SQLite's own bound (16 TiB). Beyond it the disk is full.
    pub pages_max: Option<u32>,
    /// Tests only: told of every commit.
    pub stop: Option<StopHook>,
}

impl Default for Options {
    fn default() -> Self {
        Self { patience: Duration::from_secs(5), retention: Retention::default(), pages_max: None, stop: None }
    }
}

/// A vault in a folder, over SQLite.
#[derive(Debug)]
pub struct SqliteVault {
    // Closed in this order: the writer's connection is the last, and empties the write-ahead log.
    readers: Readers,
    writer: Writer,
    sealer: Arc<Sealer>,
    retention: Retention,
}

impl SqliteVault {
    /// Opens the vault of a folder, or makes it.
    pub fn open(folder: &Path, master: &MasterKey, options: Options) -> Result<Self, OpenError> {
        let location = Location::new(folder, options.patience);
        let mut connection = location.prepare()?;
        if let Some(pages_max) = options.pages_max {
            connection.pragma_update_and_check(None, "max_page_count", pages_max, |_| Ok(()))?;
        }
        let sealer = Arc::new(Sealer::open(&mut connection, master)?);
        let started = Writer::start(connection, options.stop);
        let writer = started.map_err(|source| OpenError::File { path: folder.to_owned(), source })?;
        Ok(Self { readers: Readers::new(location), writer, sealer, retention: options.retention })
    }

    /// Does one unit of work. `Ok` is durable; `Err` left nothing behind. `step` is the name of the unit for tests ([`Stop`](crate::Stop)).
    /// A unit must not wait for another one: both are done by the one writer.
    pub fn write<T, E, F>(&self, step: &'static str, work: F) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<VaultError> + Send + 'static,
        F: FnOnce(&mut dyn Vault) -> Result<T, E> + Send + 'static,
    {
        let (sealer, retention) = (Arc::clone(&self.sealer), self.retention);
        let outcome = self.writer.write(step, move |connection| {
            in_unit(connection, &sealer, retention, work).map_err(|undo| match undo {
                Undo::Refused(error) => Undo::Refused(Answered(error)),
                Undo::Failed(error) => Undo::Failed(error),
            })
        });
        outcome.map_err(|Answered(error)| error)
    }

    /// Asks what is durable. All of one question sees one moment; writing is an error. While it lasts, the write-ahead log grows.
    pub fn read<T, E>(&self, work: impl FnOnce(&mut dyn Vault) -> Result<T, E>) -> Result<T, E>
    where
        E: From<VaultError>,
    {
        let asked = self.readers.read(|connection| in_unit(connection, &self.sealer, self.retention, work));
        asked.map_err(VaultError::from)?.map_err(|undo| match undo {
            Undo::Refused(error) => error,
            Undo::Failed(error) => VaultError::from(error).into(),
        })
    }

    /// How much was written since the start.
    pub fn written(&self) -> Written {
        self.writer.written()
    }
}

/// What the database failed to do is not kept, whatever the work makes of it.
fn in_unit<T, E>(
    connection: &Connection,
    sealer: &Sealer,
    retention: Retention,
    work: impl FnOnce(&mut dyn Vault) -> Result<T, E>,
) -> Result<T, Undo<E>> {
    let mut unit = Unit::new(connection, sealer, retention);
    let outcome = work(&mut unit);
    match unit.into_failure() {
        Some(error) => Err(Undo::Failed(error)),
        None => outcome.map_err(Undo::Refused),
    }
}

/// A caller's own error, as the writer needs it.
struct Answered<E>(E);

impl<E: From<VaultError>> From<WriteError> for Answered<E> {
    fn from(error: WriteError) -> Self {
        Self(VaultError::from(error).into())
    }
}
