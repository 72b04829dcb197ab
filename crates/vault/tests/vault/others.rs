//! Beside others: two processes on one vault, a lock that is not given back, a disk without room, rows that somebody changed.

use std::{
    env,
    io::{BufRead, BufReader, Write},
    path::Path,
    process::{Child, Command, Stdio},
    time::Duration,
};

use payments::issuer::vault::{Vault, VaultError, VaultResult};
use rusqlite::Connection;
use vault::{MasterKey, OpenError, Options, SealError, SqliteVault};

use crate::{records::*, story};

const FOLDER: &str = "VAULT_TEST_SHARED";
const TASK: &str = "VAULT_TEST_TASK";

/// Runs as the other process, and as a test on its own does nothing.
#[test]
fn other() {
    let Ok(folder) = env::var(FOLDER) else { return };
    let vault = open_patiently(Path::new(&folder));
    match env::var(TASK).as_deref() {
        Ok("hold") => write(&vault, |vault| {
            add_to(vault, 1)?;
            println!("held");
            let mut line = String::new();
            std::io::stdin().read_line(&mut line).unwrap();
            Ok(())
        })
        .unwrap(),
        _ => add_often(&vault),
    }
}

fn spawn(folder: &Path, task: &str) -> Child {
    let mut command = Command::new(env::current_exe().unwrap());
    command.args(["others::other", "--exact", "--nocapture"]).env(FOLDER, folder).env(TASK, task);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap()
}

fn open_patiently(folder: &Path) -> SqliteVault {
    open_with(folder, Options { patience: Duration::from_secs(60), ..Options::default() })
}

fn add_to(vault: &mut dyn Vault, minor: u64) -> VaultResult<()> {
    let mut money = vault.account(&account(1, 0, 0).key)?.ok_or(VaultError::Missing("the account"))?;
    money.held_minor += minor;
    vault.put_account(&money)
}

fn add_often(vault: &SqliteVault) {
    (0..200).for_each(|_| write(vault, |vault| add_to(vault, 1)).unwrap());
}

fn held(vault: &SqliteVault) -> u64 {
    read(vault, |vault| vault.account(&account(1, 0, 0).key)).unwrap().held_minor
}

#[test]
fn two_processes_write_one_vault_and_lose_no_update() {
    let folder = tempfile::tempdir().unwrap();
    let vault = open_patiently(folder.path());
    story::found(&vault, 2);
    let mut others = [(); 2].map(|()| spawn(folder.path(), "add"));
    add_often(&vault);
    assert!(others.iter_mut().all(|other| other.wait().unwrap().success()));
    assert_eq!(held(&vault), 600);
}

#[test]
fn a_lock_that_another_process_keeps_is_named_and_nothing_is_lost() {
    let folder = tempfile::tempdir().unwrap();
    let vault = open_with(folder.path(), Options { patience: Duration::from_millis(20), ..Options::default() });
    story::found(&vault, 2);
    let mut other = spawn(folder.path(), "hold");
    let mut lines = BufReader::new(other.stdout.take().unwrap()).lines();
    assert!(lines.by_ref().map_while(Result::ok).any(|line| line.ends_with("held")));
    for _ in 0..3 {
        assert_eq!(write(&vault, |vault| add_to(vault, 10)), Err(VaultError::Locked));
    }
    // Who reads does not wait, and does not see what is not durable.
    assert_eq!(held(&vault), 0);
    other.stdin.take().unwrap().write_all(b"go on\n").unwrap();
    assert!(other.wait().unwrap().success());
    write(&vault, |vault| add_to(vault, 10)).unwrap();
    assert_eq!(held(&vault), 11);
}

#[test]
fn two_open_vaults_of_one_process_see_each_others_writes() {
    let folder = tempfile::tempdir().unwrap();
    let [one, two] = [(); 2].map(|()| open_patiently(folder.path()));
    story::found(&one, 2);
    let card = read(&two, |vault| vault.card(&reference(1))).unwrap();
    assert_eq!(read(&two, |vault| vault.reveal(&reference(1), &card.number)), pan(1));
    write(&two, |vault| add_to(vault, 5)).unwrap();
    write(&one, |vault| add_to(vault, 5)).unwrap();
    assert_eq!([held(&one), held(&two)], [10, 10]);
}

/// Changes rows behind the vault's back.
fn tamper(folder: &Path, sql: &str) {
    let connection = Connection::open(folder.join("vault.sqlite")).unwrap();
    connection.execute_batch(sql).unwrap();
}

#[test]
fn a_number_that_somebody_changed_or_moved_is_damaged() {
    let changes = [
        "UPDATE cards SET number_sealed = number_sealed || x'00' WHERE 0; \
         UPDATE cards SET number_sealed = zeroblob(49) WHERE reference = 1",
        "UPDATE cards SET number_sealed = (SELECT number_sealed FROM cards WHERE reference = 2) WHERE reference = 1",
        "UPDATE cards SET number_sealed = x'' WHERE reference = 1",
    ];
    for change in changes {
        let folder = tempfile::tempdir().unwrap();
        story::found(&open(folder.path()), 3);
        tamper(folder.path(), change);
        let vault = open(folder.path());
        let card = read(&vault, |vault| vault.card(&reference(1))).unwrap();
        let revealed = vault.read(|vault| vault.reveal(&reference(1), &card.number));
        assert_eq!(revealed, Err(VaultError::Damaged("number")), "{change}");
        let paid = write(&vault, |vault| story::authorize(vault, 1, 1));
        assert_eq!(paid, Err(VaultError::Damaged("number")));
        write(&vault, |vault| story::authorize(vault, 1, 2)).unwrap();
    }
}

#[test]
fn a_row_that_nothing_of_ours_wrote_is_damaged() {
    let cases = [
        ("cards SET status = 'sleeping'", "card"),
        ("cards SET expiry = '3199'", "card"),
        ("cards SET token_expiry = '3100'", "card"),
        ("cards SET atc_seen = x'00'", "card"),
        ("cards SET atc_high = 70000", "card"),
        ("payments SET state = 'lost'", "payment"),
        ("payments SET mismatches = 'amount,colour'", "payment"),
        ("payments SET token = '4111111111111112'", "payment"),
        ("payments SET hold_salt = NULL", "payment"),
        ("payments SET decided_ms = -1", "payment"),
        ("payments SET card = 1000000000000", "payment"),
        ("payments SET kind = 'gift'", "payment"),
        ("exchanges SET ready = x'00'", "exchange"),
        ("exchanges SET fingerprint = x'00'", "exchange"),
        ("outbox SET kind = 'release'", "outbox row"),
        ("outbox SET hash = x''", "outbox row"),
        ("accounts SET held_minor = -5", "account"),
        ("merchants SET address = x'01'", "merchant"),
        ("merchants SET category = 100000", "merchant"),
        ("ranges SET profile = '{}'", "range"),
        ("ranges SET strategy = 'luck'", "range"),
    ];
    let folder = tempfile::tempdir().unwrap();
    let vault = open(folder.path());
    story::found(&vault, 2);
    let payment = write(&vault, |vault| story::authorize(vault, 1, 1)).unwrap();
    for (change, kind) in cases {
        let copy = tempfile::tempdir().unwrap();
        tamper(folder.path(), &format!("VACUUM INTO '{}'", copy.path().join("vault.sqlite").display()));
        tamper(
            copy.path(),
            &format!("PRAGMA ignore_check_constraints = ON; PRAGMA foreign_keys = OFF; UPDATE {change}"),
        );
        let vault = open(copy.path());
        let answers = [
            vault.read(|vault| vault.ranges().map(drop)),
            vault.read(|vault| vault.card(&reference(1)).map(drop)),
            vault.read(|vault| vault.payment(payment).map(drop)),
            vault.read(|vault| vault.exchange(&request(1)).map(drop)),
            vault.read(|vault| vault.outbox(0).map(drop)),
            vault.read(|vault| vault.account(&account(1, 0, 0).key).map(drop)),
            vault.read(|vault| vault.merchants().map(drop)),
        ];
        let failures: Vec<_> = answers.into_iter().filter_map(Result::err).collect();
        assert_eq!(failures, [VaultError::Damaged(kind)], "{change}");
    }
}

#[test]
fn a_disk_without_room_is_named_and_payments_go_on_when_there_is_room() {
    let folder = tempfile::tempdir().unwrap();
    let vault = open(folder.path());
    story::found(&vault, 2);
    drop(vault);
    // SQLite's own bound on the file stands for the disk's: the same error on the same path.
    let vault = open_with(folder.path(), Options { pages_max: Some(60), ..Options::default() });
    let mut paid = 0;
    let full = loop {
        match write(&vault, move |vault| story::authorize(vault, paid, paid % 2)) {
            Ok(_) => paid += 1,
            Err(error) => break error,
        }
    };
    assert_eq!(full, VaultError::Full);
    assert_eq!(story::check(&vault).len() as u64, paid);
    assert_eq!(write(&vault, move |vault| story::authorize(vault, paid, 0)), Err(VaultError::Full));
    drop(vault);
    let vault = open(folder.path());
    for count in paid..paid + 20 {
        write(&vault, move |vault| story::authorize(vault, count, count % 2)).unwrap();
    }
    assert_eq!(story::check(&vault).len() as u64, paid + 20);
}

#[test]
fn a_vault_opens_under_its_own_master_key_only() {
    let folder = tempfile::tempdir().unwrap();
    story::found(&open(folder.path()), 1);
    let with = |id, byte| {
        let master = MasterKey::new(id, primitives::Masked::new([byte; 32])).unwrap();
        SqliteVault::open(folder.path(), &master, Options::default()).err()
    };
    assert!(matches!(with("tests", 1), Some(OpenError::Seal(SealError::WrongMasterKey(_)))));
    assert!(matches!(with("other", 0x42), Some(OpenError::Seal(SealError::OtherMasterKey { .. }))));
    assert!(with("tests", 0x42).is_none());
}
