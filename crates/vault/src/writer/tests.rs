//! Operations are answered when they are durable, fail alone or with their group, and nothing that was answered is lost.

use std::{
    fs,
    os::unix::fs::FileExt,
    path::Path,
    sync::{Mutex, mpsc::channel},
    time::Duration,
};

use super::*;
use crate::database::Location;

type Answer = Receiver<Result<i64, WriteError>>;

fn location(folder: &Path) -> Location {
    Location::new(folder, Duration::from_millis(50))
}

fn start(folder: &Path, stop: Option<StopHook>) -> Writer {
    let connection = location(folder).prepare().unwrap();
    connection.execute_batch("CREATE TABLE IF NOT EXISTS notes (id INTEGER PRIMARY KEY, text BLOB UNIQUE)").unwrap();
    Writer::start(connection, stop).unwrap()
}

fn note(text: impl Into<Vec<u8>>) -> impl FnOnce(&Connection) -> Result<i64, Undo<WriteError>> + Send + 'static {
    let text = text.into();
    move |connection| {
        connection.execute("INSERT INTO notes (text) VALUES (?1)", [text])?;
        Ok(connection.last_insert_rowid())
    }
}

fn notes(folder: &Path) -> Vec<Vec<u8>> {
    let connection = location(folder).connect_to_read().unwrap();
    let mut statement = connection.prepare("SELECT text FROM notes ORDER BY id").unwrap();
    statement.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect()
}

/// Sends all operations while the first of them holds the writer: they are one group.
fn together(writer: &Writer, operations: Vec<Vec<u8>>) -> Vec<Result<i64, WriteError>> {
    let (open, gate) = channel::<()>();
    let first = writer.send("gate", move |connection| {
        gate.recv().unwrap();
        note("gate")(connection)
    });
    let sent: Vec<Answer> = operations.into_iter().map(|text| writer.send("note", note(text)).unwrap()).collect();
    open.send(()).unwrap();
    let first: Answer = first.unwrap();
    [first].into_iter().chain(sent).map(|answer| answer.recv().unwrap()).collect()
}

/// A fault in one operation is told to its caller, is undone, and harms nobody else.
#[test]
fn an_operation_that_panics_is_undone_alone() {
    let folder = tempfile::tempdir().unwrap();
    let writer = start(folder.path(), None);
    let fault = |connection: &Connection| -> Result<i64, Undo<WriteError>> {
        note("lost")(connection)?;
        panic!("a fault");
    };
    let (open, gate) = channel::<()>();
    let first: Answer = writer
        .send("gate", move |connection| {
            gate.recv().unwrap();
            note("before")(connection)
        })
        .unwrap();
    let second: Answer = writer.send("fault", fault).unwrap();
    let third: Answer = writer.send("note", note("after")).unwrap();
    open.send(()).unwrap();
    let answers = [first, second, third].map(|answer| answer.recv().unwrap());
    assert_eq!(answers, [Ok(1), Err(WriteError::Panicked("fault")), Ok(2)]);
    assert_eq!(writer.write("note", note("later")), Ok(3));
    assert_eq!(notes(folder.path()), [&b"before"[..], b"after", b"later"]);
}

#[test]
fn what_waits_together_is_one_commit() {
    let folder = tempfile::tempdir().unwrap();
    let writer = start(folder.path(), None);
    let answers = together(&writer, (0..100_u8).map(|number| vec![number]).collect());
    assert_eq!(answers, (1..=101).map(Ok).collect::<Vec<_>>());
    assert_eq!(writer.written(), Written { operations: 101, commits: 1 });
    assert_eq!(notes(folder.path()).len(), 101);
}

#[test]
fn a_group_has_a_bound() {
    let folder = tempfile::tempdir().unwrap();
    let writer = start(folder.path(), None);
    let answers = together(&writer, (0..600_u32).map(|number| number.to_be_bytes().into()).collect());
    assert!(answers.iter().all(Result::is_ok));
    assert_eq!(writer.written(), Written { operations: 601, commits: 3 });
}

#[test]
fn one_failing_operation_undoes_itself_and_no_neighbour() {
    let folder = tempfile::tempdir().unwrap();
    let writer = start(folder.path(), None);
    let answers = together(&writer, ["a", "b", "a", "c"].map(Into::into).into());
    let twice = Err(WriteError::Refused("UNIQUE constraint failed: notes.text".into()));
    assert_eq!(answers, [Ok(1), Ok(2), Ok(3), twice, Ok(4)]);
    assert_eq!(writer.written(), Written { operations: 4, commits: 1 });
    assert_eq!(notes(folder.path()), ["gate", "a", "b", "c"].map(Vec::from));
}

#[test]
fn a_refused_operation_leaves_nothing_of_what_it_had_done() {
    let folder = tempfile::tempdir().unwrap();
    let writer = start(folder.path(), None);
    let refused: Result<i64, WriteError> = writer.write("note", |connection| {
        note("half")(connection)?;
        Err(Undo::Refused(WriteError::Refused("a change of mind".into())))
    });
    assert_eq!(refused, Err(WriteError::Refused("a change of mind".into())));
    assert_eq!(writer.write("note", note("whole")), Ok(1));
    assert_eq!(notes(folder.path()), [b"whole".to_vec()]);
}

#[test]
fn a_lock_held_by_others_is_named_to_all_who_wait_and_nothing_is_lost() {
    let folder = tempfile::tempdir().unwrap();
    let writer = start(folder.path(), None);
    writer.write("note", note("before")).unwrap();
    let other = location(folder.path()).connect().unwrap();
    other.execute_batch("BEGIN IMMEDIATE; INSERT INTO notes (text) VALUES (x'6f74686572');").unwrap();
    let waiting: Vec<Answer> = (0..50_u8).map(|number| writer.send("note", note([number])).unwrap()).collect();
    for answer in waiting {
        assert_eq!(answer.recv().unwrap(), Err(WriteError::Locked));
    }
    other.execute_batch("COMMIT").unwrap();
    writer.write("note", note("after")).unwrap();
    assert_eq!(notes(folder.path()), ["before", "other", "after"].map(Vec::from));
}

#[test]
fn a_full_disk_fails_its_group_and_the_next_group_goes_on_when_there_is_room() {
    let folder = tempfile::tempdir().unwrap();
    let writer = start(folder.path(), None);
    let room = |pages: i64| {
        let set = move |connection: &Connection| {
            Ok(connection.pragma_update_and_check(None, "max_page_count", pages, |row| row.get::<_, i64>(0))?)
        };
        writer.write::<i64, WriteError, _>("room", set).unwrap();
    };
    writer.write("note", note("before")).unwrap();
    room(40);
    let answers = together(&writer, ["small".into(), vec![7; 400_000], "late".into()].into());
    assert_eq!(answers, [Err(WriteError::Full), Err(WriteError::Full), Err(WriteError::Full), Ok(2)]);
    assert_eq!(notes(folder.path()), ["before", "late"].map(Vec::from));

    let mut kept = 2;
    let full = (0..100_u8).find_map(|number| match writer.write("note", note(vec![number; 20_000])) {
        Ok(_) => {
            kept += 1;
            None
        }
        Err(error) => Some(error),
    });
    assert_eq!(full, Some(WriteError::Full));
    assert_eq!(notes(folder.path()).len(), kept);
    room(4000);
    writer.write("note", note("after")).unwrap();
    drop(writer);
    let writer = start(folder.path(), None);
    writer.write("note", note("later")).unwrap();
    assert_eq!(notes(folder.path()).len(), kept + 2);
}

#[test]
fn a_damaged_page_is_named_and_the_rest_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    let writer = start(folder.path(), None);
    for number in 0..50_u8 {
        writer.write("note", note(vec![number; 3000])).unwrap();
    }
    drop(writer);
    let connection = location(folder.path()).connect().unwrap();
    let page = "SELECT max(pageno) FROM dbstat WHERE name = 'notes' AND pagetype = 'leaf'";
    let page: u32 = connection.query_row(page, [], |row| row.get(0)).unwrap();
    drop(connection);
    let file = fs::File::options().write(true).open(folder.path().join("vault.sqlite")).unwrap();
    file.write_at(&[0xEE; 4096], u64::from(page - 1) * 4096).unwrap();
    drop(file);
    let writer = start(folder.path(), None);
    let read_all = |connection: &Connection| {
        Ok(connection.query_row("SELECT sum(length(text)) FROM notes", [], |row| row.get(0))?)
    };
    assert_eq!(writer.write::<i64, WriteError, _>("read", read_all), Err(WriteError::Corrupt));
    let other =
        |connection: &Connection| Ok(connection.query_row("SELECT count(*) FROM data_keys", [], |row| row.get(0))?);
    assert_eq!(writer.write::<i64, WriteError, _>("read", other), Ok(0));
}

#[test]
fn a_writer_that_ended_says_that_it_is_closed() {
    let folder = tempfile::tempdir().unwrap();
    let writer = start(folder.path(), None);
    writer.write("note", note("before")).unwrap();
    // As SQLite does when the disk fails: everything is rolled back.
    let disk = || WriteError::Disk("a planted failure".into());
    let fails = move |connection: &Connection| -> Result<i64, Undo<WriteError>> {
        connection.execute_batch("ROLLBACK")?;
        Err(Undo::Failed(disk()))
    };
    assert_eq!(writer.write("fails", fails), Err(disk()));
    assert_eq!(writer.write("note", note("after")), Err(WriteError::Closed));
    assert_eq!(notes(folder.path()), [b"before".to_vec()]);
}

#[test]
fn what_waits_when_the_writer_is_dropped_is_still_done() {
    let folder = tempfile::tempdir().unwrap();
    let writer = start(folder.path(), None);
    let sent: Vec<Answer> = (0..20_u8).map(|number| writer.send("note", note([number])).unwrap()).collect();
    drop(writer);
    assert!(sent.iter().all(|answer| answer.recv().unwrap().is_ok()));
    assert_eq!(notes(folder.path()).len(), 20);
}

#[test]
fn many_threads_lose_no_update() {
    let folder = tempfile::tempdir().unwrap();
    let writer = start(folder.path(), None);
    writer.write("note", note([0; 8])).unwrap();
    let add = |connection: &Connection| {
        let sum: [u8; 8] = connection.query_row("SELECT text FROM notes", [], |row| row.get(0))?;
        let sum = u64::from_be_bytes(sum) + 1;
        connection.execute("UPDATE notes SET text = ?1", [sum.to_be_bytes()])?;
        Ok(sum)
    };
    let mut seen: Vec<u64> = thread::scope(|scope| {
        let work = || (0..50).map(|_| writer.write::<u64, WriteError, _>("add", add).unwrap()).collect::<Vec<_>>();
        let threads: Vec<_> = (0..16).map(|_| scope.spawn(work)).collect();
        threads.into_iter().flat_map(|thread| thread.join().unwrap()).collect()
    });
    seen.sort_unstable();
    assert_eq!(seen, (1..=800).collect::<Vec<_>>());
    assert_eq!(notes(folder.path()), [800_u64.to_be_bytes().to_vec()]);
    let Written { operations, commits } = writer.written();
    assert_eq!(operations, 801);
    assert!(commits <= operations);
}

#[test]
fn a_log_that_a_long_question_kept_becomes_short_again() {
    let folder = tempfile::tempdir().unwrap();
    let writer = start(folder.path(), None);
    writer.write("note", note("first")).unwrap();
    let reader = location(folder.path()).connect_to_read().unwrap();
    let question = reader.unchecked_transaction().unwrap();
    let first = || question.query_row("SELECT count(*) FROM notes", [], |row| row.get::<_, i64>(0)).unwrap();
    assert_eq!(first(), 1);
    for number in 0..20_u8 {
        writer.write("note", note(vec![number; 4 << 20])).unwrap();
    }
    let length = || fs::metadata(folder.path().join("vault.sqlite-wal")).unwrap().len();
    (0..LOG_LOOKED_AT).for_each(|_| drop(writer.write("note", note("first"))));
    assert!(length() > LOG_BYTES_MAX, "still needed");
    assert_eq!(first(), 1);
    question.rollback().unwrap();
    (0..LOG_LOOKED_AT).for_each(|_| drop(writer.write("note", note("first"))));
    assert!(length() < 1 << 20, "{}", length());
    let patience = |connection: &Connection| Ok(connection.pragma_query_value(None, "busy_timeout", |row| row.get(0))?);
    assert_eq!(writer.write::<i64, WriteError, _>("patience", patience), Ok(50));
    assert_eq!(notes(folder.path()).len(), 21);
}

/// The folder as it would be if the process ended at each stop.
fn snapshots(folder: &Path, into: &Path) -> (StopHook, Arc<Mutex<Vec<String>>>) {
    let names = Arc::new(Mutex::new(Vec::new()));
    let (from, to, kept) = (folder.to_owned(), into.to_owned(), Arc::clone(&names));
    let hook = move |stop: Stop| {
        let mut names = kept.lock().unwrap();
        copy(&from, &to.join(names.len().to_string()));
        names.push(stop.to_string());
    };
    (Arc::new(hook), names)
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir(to).unwrap();
    for name in ["vault.sqlite", "vault.sqlite-wal"] {
        fs::copy(from.join(name), to.join(name)).unwrap();
    }
}

#[test]
fn a_process_that_ends_before_a_commit_lost_it_and_after_it_has_it() {
    let [folder, stopped] = [(); 2].map(|()| tempfile::tempdir().unwrap());
    let (hook, names) = snapshots(folder.path(), stopped.path());
    let writer = start(folder.path(), Some(hook));
    for text in ["one", "two", "three"] {
        writer.write("note", note(text)).unwrap();
    }
    together(&writer, ["four".into()].into());
    let lengths: Vec<_> = (0..10).map(|at| notes(&stopped.path().join(at.to_string())).len()).collect();
    let group = ["before gate", "before note", "after gate", "after note"];
    let single = ["before note", "after note"];
    assert_eq!(*names.lock().unwrap(), [&single[..], &single, &single, &group].concat());
    assert_eq!(lengths, [0, 1, 1, 2, 2, 3, 3, 3, 5, 5]);
}

#[test]
fn a_log_that_is_cut_anywhere_holds_a_beginning_of_what_was_written() {
    let [folder, cuts] = [(); 2].map(|()| tempfile::tempdir().unwrap());
    let (hook, _names) = snapshots(folder.path(), cuts.path());
    let writer = start(folder.path(), Some(hook));
    for number in 0..12_u8 {
        writer.write("note", note(vec![number; 1500])).unwrap();
    }
    let whole = cuts.path().join("23");
    let length = fs::metadata(whole.join("vault.sqlite-wal")).unwrap().len();
    let mut longest = 0;
    for cut in (0..=length).step_by(2039) {
        let torn = cuts.path().join(format!("torn {cut}"));
        copy(&whole, &torn);
        let log = fs::File::options().write(true).open(torn.join("vault.sqlite-wal")).unwrap();
        log.set_len(cut).unwrap();
        drop(log);
        let connection = location(&torn).prepare().unwrap();
        let there: bool = connection
            .query_row("SELECT count(*) FROM sqlite_schema WHERE name = 'notes'", [], |row| row.get(0))
            .unwrap();
        let kept = if there { notes(&torn) } else { Vec::new() };
        assert!(kept.len() >= longest, "cut at {cut}");
        assert!(kept.iter().zip(0_u8..).all(|(text, number)| *text == vec![number; 1500]), "cut at {cut}");
        longest = kept.len();
        fs::remove_dir_all(torn).unwrap();
    }
    assert_eq!(longest, 11.max(longest));
}
