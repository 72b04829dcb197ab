//! Connections that read: each question takes one, and gives it back. Called by the operations that change nothing.
//! A reader sees what is committed and never waits for the writer.

use std::sync::{Mutex, PoisonError};

use rusqlite::Connection;

use crate::{database::Location, error::WriteError};

/// The connections that nobody uses at the moment.
#[derive(Debug)]
pub(crate) struct Readers {
    location: Location,
    idle: Mutex<Vec<Connection>>,
}

impl Readers {
    pub(crate) fn new(location: Location) -> Self {
        Self { location, idle: Mutex::default() }
    }

    /// Runs `question` on a connection of its own, in one transaction: all it sees is of one moment.
    pub(crate) fn read<T>(&self, question: impl FnOnce(&Connection) -> T) -> Result<T, WriteError> {
        let mut connection = self.take()?;
        let transaction = connection.transaction()?;
        let answer = question(&transaction);
        drop(transaction);
        self.give_back(connection);
        Ok(answer)
    }

    fn take(&self) -> Result<Connection, WriteError> {
        let idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
        idle.map_or_else(|| Ok(self.location.connect_to_read()?), Ok)
    }

    fn give_back(&self, connection: Connection) {
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        if idle.len() < IDLE_MAX && connection.is_autocommit() {
            idle.push(connection);
        }
    }
}

/// More are closed when they come back.
const IDLE_MAX: usize = 16;
