//! The process ends at each named stop, at any moment under load, or with a disk that fails: what was answered is there, and the whole is
//! consistent. The ends are real: a child process is this test program again, told by its environment what to do.

use std::{
    env,
    io::{BufRead, BufReader},
    path::Path,
    process::{Child, Command, Stdio},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    thread,
};

use payments::issuer::{
    records::PaymentId,
    vault::{Vault, VaultError},
};
use vault::{Options, SqliteVault, Stop, StopHook};

use crate::{records::*, story};

const FOLDER: &str = "VAULT_TEST_FOLDER";
const STOP: &str = "VAULT_TEST_STOP";
const CARDS: u64 = 4;

/// Runs as the child, and as a test on its own does nothing.
#[test]
fn child() {
    let Ok(folder) = env::var(FOLDER) else { return };
    let folder = Path::new(&folder);
    match env::var(STOP) {
        Ok(stop) => tell_a_story(&open_with(
            folder,
            Options { stop: Some(end_at(stop.parse().unwrap())), ..Options::default() },
        )),
        Err(_) => work_hard(&Arc::new(open(folder))),
    }
}

fn spawn(folder: &Path, stop: Option<u64>) -> Child {
    let mut command = Command::new(env::current_exe().unwrap());
    configure(&mut command, folder).envs(stop.map(|stop| (STOP, stop.to_string()))).spawn().unwrap()
}

fn configure<'a>(command: &'a mut Command, folder: &Path) -> &'a mut Command {
    command.args(["crashes::child", "--exact", "--nocapture"]).env(FOLDER, folder);
    command.stdout(Stdio::piped()).stderr(Stdio::null())
}

/// The answers that a child gave before it ended.
fn answers(child: &mut Child) -> impl Iterator<Item = String> + use<> {
    let lines = BufReader::new(child.stdout.take().unwrap()).lines().map_while(Result::ok);
    lines.filter_map(|line| line.strip_prefix("answered ").map(ToOwned::to_owned))
}

/// Ends the process, as SIGKILL does, at the stop with this number.
fn end_at(number: u64) -> StopHook {
    let reached = AtomicU64::new(0);
    Arc::new(move |stop: Stop| {
        if reached.fetch_add(1, Ordering::Relaxed) == number {
            println!("stopped {stop}");
            std::process::abort();
        }
    })
}

fn tell_a_story(vault: &SqliteVault) {
    story::found(vault, CARDS);
    println!("answered found");
    for count in 0..6 {
        let unit = move |vault: &mut dyn Vault| story::authorize(vault, count, count % CARDS);
        let payment = vault.write::<_, VaultError, _>("payment-begun", unit).unwrap();
        println!("answered begun {}", payment.0);
        let unit = move |vault: &mut dyn Vault| story::settle(vault, payment);
        vault.write::<_, VaultError, _>("payment-held", unit).unwrap();
        println!("answered held {}", payment.0);
    }
}

/// Many threads pay until the disk or the process ends.
fn work_hard(vault: &Arc<SqliteVault>) {
    let counts = Arc::new(AtomicU64::new(story::check(vault).len() as u64 * 1000));
    let pay = move |vault: &SqliteVault, counts: &AtomicU64| -> Result<(), VaultError> {
        loop {
            let count = counts.fetch_add(1, Ordering::Relaxed);
            let payment = vault.write("payment-begun", move |vault| story::authorize(vault, count, count % CARDS))?;
            println!("answered begun {}", payment.0);
            vault.write("payment-held", move |vault| story::settle(vault, payment))?;
            println!("answered held {}", payment.0);
        }
    };
    let ends: Vec<VaultError> = thread::scope(|scope| {
        let threads: Vec<_> = (0..8).map(|_| scope.spawn(|| pay(vault, &counts).unwrap_err())).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    ends.iter().for_each(|end| println!("answered end {end}"));
}

/// What must be there: as many payments as were begun, and held those that were held.
fn check_answers(folder: &Path, answers: &[String]) -> usize {
    let payments = story::check(&open(folder));
    for answer in answers {
        let (step, id) = answer.split_once(' ').unwrap_or((answer, "0"));
        let id = PaymentId(id.parse().unwrap_or_default());
        let payment = payments.iter().find(|payment| payment.id == id);
        match step {
            "begun" => assert!(payment.is_some(), "{answer}"),
            "held" => assert!(payment.is_some_and(|payment| !payment.state.unfinished()), "{answer}"),
            _ => {}
        }
    }
    payments.len()
}

#[test]
fn a_process_that_ends_at_any_stop_has_lost_nothing_that_it_answered() {
    let mut stops = 0;
    for stop in 0.. {
        let folder = tempfile::tempdir().unwrap();
        let mut child = spawn(folder.path(), Some(stop));
        let answers: Vec<_> = answers(&mut child).collect();
        let ended = child.wait().unwrap();
        let kept = check_answers(folder.path(), &answers);
        let begun = answers.iter().filter(|answer| answer.starts_with("begun")).count();
        assert!((begun..=begun + 1).contains(&kept), "stop {stop}: {kept} kept, {begun} answered");
        if ended.success() {
            break;
        }
        stops += 1;
    }
    assert_eq!(stops, 2 * (1 + 6 * 2), "two stops for each unit of the story");
}

#[test]
fn twenty_kills_under_load_lose_nothing_that_was_answered() {
    let folder = tempfile::tempdir().unwrap();
    story::found(&open(folder.path()), CARDS);
    let (mut seed, mut kept) = (Seed(5), 0);
    for kill in 0..20 {
        let mut child = spawn(folder.path(), None);
        let alive = 5 + usize::try_from(seed.below(120)).unwrap();
        let mut lines = answers(&mut child);
        let mut answered: Vec<_> = lines.by_ref().take(alive).collect();
        child.kill().unwrap();
        answered.extend(lines);
        assert!(!child.wait().unwrap().success());
        let now = check_answers(folder.path(), &answered);
        assert!(now > kept, "kill {kill}");
        kept = now;
    }
}

#[test]
fn a_disk_that_fails_ends_the_writer_and_loses_nothing() {
    let folder = tempfile::tempdir().unwrap();
    story::found(&open(folder.path()), CARDS);
    // Files may not grow beyond this, and the signal that says so is ignored: writes fail, with EFBIG.
    let mut shell = Command::new("sh");
    shell.args(["-c", "trap '' XFSZ; ulimit -f 600; exec \"$0\" \"$@\""]).arg(env::current_exe().unwrap());
    let mut child = configure(&mut shell, folder.path()).spawn().unwrap();
    let answers: Vec<_> = answers(&mut child).collect();
    assert!(child.wait().unwrap().success());
    let ends: Vec<_> = answers.iter().filter_map(|answer| answer.strip_prefix("end ")).collect();
    assert_eq!(ends.len(), 8);
    let failed = |end: &&&str| end.contains("disk I/O error");
    assert!(ends.iter().any(|end| failed(&end)), "{ends:?}");
    assert!(ends.iter().all(|end| failed(&end) || *end == "the vault is closed"), "{ends:?}");
    assert!(check_answers(folder.path(), &answers) > 0);
}
