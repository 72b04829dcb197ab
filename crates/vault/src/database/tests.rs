//! The file is private, of one format, and refuses what it does not know; every connection has the same settings.

use std::{fs, os::unix::fs::MetadataExt, thread};

use super::*;
use crate::error::WriteError;

fn location(folder: &Path) -> Location {
    Location::new(folder, Duration::from_millis(100))
}

fn number(connection: &Connection, pragma: &str) -> i64 {
    connection.pragma_query_value(None, pragma, |row| row.get(0)).unwrap()
}

#[test]
fn every_file_of_the_vault_is_its_owners_alone() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("vault");
    let connection = location(&path).prepare().unwrap();
    connection.execute_batch("CREATE TABLE t (x); INSERT INTO t VALUES (1);").unwrap();
    let modes = || {
        let entries = fs::read_dir(&path).unwrap().map(Result::unwrap);
        let mut modes: Vec<_> =
            entries.map(|entry| (entry.file_name(), entry.metadata().unwrap().mode() & 0o777)).collect();
        modes.sort();
        modes
    };
    let private = ["vault.sqlite", "vault.sqlite-shm", "vault.sqlite-wal"].map(|name| (name.into(), 0o600));
    assert_eq!(modes(), private);

    let folder_mode = || fs::metadata(&path).unwrap().mode() & 0o777;
    assert_eq!(folder_mode(), 0o700);

    // Somebody opened them wider: the next start closes them again.
    fs::set_permissions(&path, Permissions::from_mode(0o755)).unwrap();
    fs::set_permissions(path.join("vault.sqlite"), Permissions::from_mode(0o644)).unwrap();
    fs::set_permissions(path.join("vault.sqlite-wal"), Permissions::from_mode(0o666)).unwrap();
    let _second = location(&path).prepare().unwrap();
    assert_eq!((modes(), folder_mode()), (private.into(), 0o700));
}

#[test]
fn every_connection_has_the_same_settings() {
    let folder = tempfile::tempdir().unwrap();
    let location = location(folder.path());
    let first = location.prepare().unwrap();
    for connection in [&first, &location.connect().unwrap(), &location.connect_to_read().unwrap()] {
        let mode: String = connection.pragma_query_value(None, "journal_mode", |row| row.get(0)).unwrap();
        assert_eq!(mode, "wal");
        let settings = ["synchronous", "foreign_keys", "secure_delete", "trusted_schema", "temp_store", "user_version"];
        assert_eq!(settings.map(|setting| number(connection, setting)), [2, 1, 1, 0, 2, FORMAT]);
        assert_eq!(number(connection, "busy_timeout"), 100);
        assert!(connection.db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG).unwrap());
    }
    let read_only = location.connect_to_read().unwrap();
    assert!(read_only.execute("DELETE FROM data_keys", []).is_err());
}

#[test]
fn a_newer_format_is_refused_and_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let connection = location(folder.path()).prepare().unwrap();
    connection.pragma_update(None, "user_version", FORMAT + 1).unwrap();
    let error = location(folder.path()).prepare().unwrap_err();
    assert_eq!(
        error.to_string(),
        format!(
            "the vault has format {}, and this program knows formats up to {FORMAT}: use a newer program",
            FORMAT + 1
        )
    );
    assert_eq!(number(&connection, "user_version"), FORMAT + 1);
    connection.pragma_update(None, "user_version", -1).unwrap();
    assert!(matches!(location(folder.path()).prepare(), Err(OpenError::Newer { found: -1, .. })));
}

#[test]
fn what_is_no_vault_is_refused_and_left_alone() {
    let other_program = |path: &Path| {
        let connection = Connection::open(path).unwrap();
        connection.execute_batch("CREATE TABLE notes (x); PRAGMA user_version = 1;").unwrap();
    };
    let text = |path: &Path| fs::write(path, "a letter, much longer than a header of SQLite. ".repeat(100)).unwrap();
    let cases: [&dyn Fn(&Path); 2] = [&other_program, &text];
    for make in cases {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(FILE);
        make(&path);
        let before = fs::read(&path).unwrap();
        let error = location(folder.path()).prepare().unwrap_err();
        assert!(matches!(error, OpenError::NotAVault(_)), "{error}");
        assert_eq!(fs::read(&path).unwrap(), before);
    }
}

#[test]
fn a_folder_that_cannot_be_made_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("file");
    fs::write(&file, "").unwrap();
    let error = location(&file.join("vault")).prepare().unwrap_err();
    assert!(error.to_string().contains("file/vault"), "{error}");
}

#[test]
fn many_who_open_a_new_vault_at_once_find_one_format() {
    let folder = tempfile::tempdir().unwrap();
    let open = || {
        Location::new(folder.path(), Duration::from_secs(30)).prepare().map(|opened| number(&opened, "user_version"))
    };
    let formats: Vec<_> = thread::scope(|scope| {
        let threads: Vec<_> = (0..8).map(|_| scope.spawn(open)).collect();
        threads.into_iter().map(|thread| thread.join().unwrap().unwrap()).collect()
    });
    assert_eq!(formats, [FORMAT; 8]);
}

#[test]
fn a_vault_that_is_locked_while_it_opens_says_so() {
    let folder = tempfile::tempdir().unwrap();
    let holder = location(folder.path()).prepare().unwrap();
    holder.execute_batch("BEGIN IMMEDIATE").unwrap();
    let error = location(folder.path()).prepare().unwrap_err();
    assert!(matches!(error, OpenError::Database(WriteError::Locked)), "{error}");
}
