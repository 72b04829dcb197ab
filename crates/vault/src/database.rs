//! The file: where it lies, who may read it, how each connection is set, and its format.
//!
//! ```text
//! folder/                   0700
//! folder/vault.sqlite       0600, made before SQLite opens it; its two companions (-wal, -shm) take their mode from it
//! write-ahead log           readers never wait for the writer
//! synchronous = FULL        a commit is an fsync of the log: what was answered survives a power cut
//! secure_delete = ON        what was deleted is overwritten
//! ```
//!
//! Called by `vault` at the start and by `readers`. Formats are numbered by `user_version`; each migration is one transaction.

use std::{
    fs::{self, DirBuilder, File, OpenOptions, Permissions},
    io,
    os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt},
    path::{Path, PathBuf},
    time::Duration,
};

use rusqlite::{Connection, ErrorCode, OpenFlags, TransactionBehavior, config::DbConfig};

use crate::error::OpenError;

/// One vault's file, and how long a connection waits for another process.
#[derive(Clone, Debug)]
pub(crate) struct Location {
    folder: PathBuf,
    file: PathBuf,
    patience: Duration,
}

impl Location {
    pub(crate) fn new(folder: &Path, patience: Duration) -> Self {
        Self { folder: folder.to_owned(), file: folder.join(FILE), patience }
    }

    /// The first connection: makes the file if there is none, and brings it to this program's format.
    pub(crate) fn prepare(&self) -> Result<Connection, OpenError> {
        self.make_files().map_err(|source| OpenError::File { path: self.file.clone(), source })?;
        let lock = File::open(&self.folder).and_then(|folder| folder.lock().map(|()| folder));
        let _held = lock.map_err(|source| OpenError::File { path: self.folder.clone(), source })?;
        let mut connection = self.connect().map_err(|error| self.name(error))?;
        self.refuse_strangers(&connection)?;
        connection.pragma_update_and_check(None, "journal_mode", "WAL", |_| Ok(()))?;
        migrate(&mut connection)?;
        Ok(connection)
    }

    /// A connection to a prepared file.
    pub(crate) fn connect(&self) -> rusqlite::Result<Connection> {
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = Connection::open_with_flags(&self.file, flags)?;
        connection.busy_timeout(self.patience)?;
        connection.set_prepared_statement_cache_capacity(STATEMENTS_MAX);
        // Else SQLite (built with STAT4) plans a kept statement anew for each value that is bound to it.
        connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
        for (name, value) in SETTINGS {
            connection.pragma_update_and_check(None, name, value, |_| Ok(())).or_else(|error| match error {
                rusqlite::Error::QueryReturnedNoRows => Ok(()),
                error => Err(error),
            })?;
        }
        Ok(connection)
    }

    /// A connection that cannot write.
    pub(crate) fn connect_to_read(&self) -> rusqlite::Result<Connection> {
        let connection = self.connect()?;
        connection.pragma_update(None, "query_only", "ON")?;
        Ok(connection)
    }

    /// An empty file is a vault that was not finished: its process ended before the first migration was durable.
    fn refuse_strangers(&self, connection: &Connection) -> Result<(), OpenError> {
        let id: i64 = connection.pragma_query_value(None, "application_id", |row| row.get(0))?;
        let tables: i64 = connection.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))?;
        if id == APPLICATION_ID || tables == 0 { Ok(()) } else { Err(OpenError::NotAVault(self.file.clone())) }
    }

    fn name(&self, error: rusqlite::Error) -> OpenError {
        match error.sqlite_error_code() {
            Some(ErrorCode::NotADatabase) => OpenError::NotAVault(self.file.clone()),
            _ => error.into(),
        }
    }

    fn make_files(&self) -> io::Result<()> {
        DirBuilder::new().recursive(true).mode(FOLDER_MODE).create(&self.folder)?;
        fs::set_permissions(&self.folder, Permissions::from_mode(FOLDER_MODE))?;
        let made = OpenOptions::new().write(true).create_new(true).mode(MODE).open(&self.file);
        match made {
            Ok(file) => {
                file.sync_all()?;
                File::open(&self.folder)?.sync_all()
            }
            // Not opened here: closing it would release the locks of every other connection of this process (POSIX).
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => self.keep_others_out(),
            Err(error) => Err(error),
        }
    }

    fn keep_others_out(&self) -> io::Result<()> {
        for suffix in ["", "-wal", "-shm"] {
            let path = self.folder.join(format!("{FILE}{suffix}"));
            match fs::set_permissions(&path, Permissions::from_mode(MODE)) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                _ => {}
            }
        }
        Ok(())
    }
}

/// Brings the file to the newest format, one transaction for each step.
fn migrate(connection: &mut Connection) -> Result<(), OpenError> {
    loop {
        let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let found: i64 = transaction.pragma_query_value(None, "user_version", |row| row.get(0))?;
        let done = usize::try_from(found).ok().filter(|done| *done <= MIGRATIONS.len());
        let done = done.ok_or(OpenError::Newer { found, known: FORMAT })?;
        let Some(migration) = MIGRATIONS.get(done) else { return Ok(()) };
        transaction.execute_batch(migration)?;
        transaction.pragma_update(None, "application_id", APPLICATION_ID)?;
        transaction.pragma_update(None, "user_version", found + 1)?;
        transaction.commit()?;
    }
}

/// Name of the file in its folder.
const FILE: &str = "vault.sqlite";
const MODE: u32 = 0o600;
const FOLDER_MODE: u32 = 0o700;
/// "cfvl": a SQLite file of another program is refused by it.
const APPLICATION_ID: i64 = 0x6366_766C;
const STATEMENTS_MAX: usize = 128;
const MIGRATIONS: [&str; 2] = [include_str!("schema/0001.sql"), include_str!("schema/0002.sql")];
const FORMAT: i64 = MIGRATIONS.len() as i64;
const SETTINGS: [(&str, &str); 7] = [
    ("synchronous", "FULL"),
    ("foreign_keys", "ON"),
    ("secure_delete", "ON"),
    ("trusted_schema", "OFF"),
    ("cell_size_check", "ON"),
    ("temp_store", "MEMORY"),
    ("journal_size_limit", "67108864"),
];

#[cfg(test)]
mod tests;
