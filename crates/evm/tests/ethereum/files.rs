//! Walks a folder of tests, judges its files on all cores and reports what failed by file, test and case.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    path::{Path, PathBuf},
    sync::{
        Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
};

use serde_json::Value;

/// One thing that was compared: a fork and index within a test.
pub(crate) struct Case {
    /// Where in the test.
    pub(crate) name: String,
    /// What was wrong, if anything.
    pub(crate) result: Result<(), String>,
}

/// Judges every test of every `.json` file under `folder`; panics with the list of failures, or if there is nothing to judge.
pub(crate) fn judge(folder: &Path, judge_test: fn(&Value) -> Vec<Case>) {
    assert!(folder.is_dir(), "no folder {}: set ETHEREUM_TESTS to a copy of ethereum/tests", folder.display());
    let files = json_files(folder);
    let next = AtomicUsize::new(0);
    let total = Mutex::new(Tally::default());
    thread::scope(|scope| {
        for _ in 0..thread::available_parallelism().map_or(1, usize::from) {
            scope.spawn(|| {
                while let Some(file) = files.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let tally = judge_file(folder, file, judge_test);
                    total.lock().expect("no judge panics outside of catch_unwind").add(tally);
                }
            });
        }
    });
    let total = total.into_inner().expect("all judges have ended");
    println!("{}: {} files, {} tests, {} cases", folder.display(), files.len(), total.tests, total.cases);
    assert!(total.cases > 0, "nothing to judge under {}", folder.display());
    assert!(total.failures.is_empty(), "{} failures:\n{}", total.failures.len(), total.failures.join("\n"));
}

#[derive(Default)]
struct Tally {
    tests: usize,
    cases: usize,
    failures: Vec<String>,
}

impl Tally {
    fn add(&mut self, other: Self) {
        self.tests += other.tests;
        self.cases += other.cases;
        self.failures.extend(other.failures);
    }
}

fn json_files(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    let mut folders = vec![folder.to_path_buf()];
    while let Some(folder) = folders.pop() {
        let entries = std::fs::read_dir(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
        for path in entries.map(|entry| entry.expect("a readable folder").path()) {
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "json") {
                files.push(path);
            }
        }
    }
    files.sort();
    files
}

fn judge_file(root: &Path, file: &Path, judge_test: fn(&Value) -> Vec<Case>) -> Tally {
    let mut tally = Tally::default();
    let place = file.strip_prefix(root).unwrap_or(file).display();
    match read_tests(file) {
        Ok(tests) => {
            for (name, test) in tests.iter().filter(|(name, _)| !name.starts_with('_')) {
                tally.tests += 1;
                for case in judge_or_catch(test, judge_test) {
                    tally.cases += 1;
                    if let Err(reason) = case.result {
                        tally.failures.push(format!("{place} {name} {}: {reason}", case.name));
                    }
                }
            }
        }
        Err(reason) => tally.failures.push(format!("{place}: {reason}")),
    }
    tally
}

fn read_tests(file: &Path) -> Result<serde_json::Map<String, Value>, String> {
    let text = std::fs::read_to_string(file).map_err(|error| error.to_string())?;
    serde_json::from_str(&text).map_err(|error| error.to_string())
}

fn judge_or_catch(test: &Value, judge_test: fn(&Value) -> Vec<Case>) -> Vec<Case> {
    catch_unwind(AssertUnwindSafe(|| judge_test(test))).unwrap_or_else(|panic| {
        let message = panic.downcast_ref::<String>().cloned();
        let message = message.or_else(|| panic.downcast_ref::<&str>().map(ToString::to_string));
        vec![Case { name: "panic".into(), result: Err(message.unwrap_or_default()) }]
    })
}
