//! What a terminal remembers: its payments, what it owes the issuer, and which numbers it has used. One folder, one terminal, one command at
//! a time; a file is replaced whole and is on the disk before anybody relies on it.
//!
//! ```text
//! DIR/lock   counter.json { prefix, stan }   payments/RRN.json (Record)   owed/RRN-STAN.json (Pending)
//! ```

use std::{
    fs::{self, File, OpenOptions},
    io::{ErrorKind, Write},
    os::unix::fs::{DirBuilderExt, OpenOptionsExt},
    path::{Path, PathBuf},
};

use eyre::{Context, OptionExt, bail};
use payments::terminal::{Pending, Record, Trace};
use rand::{Rng, rngs::OsRng};
use serde::{Deserialize, Serialize, de::DeserializeOwned};

use super::usage;

/// The folder of a terminal, locked.
#[derive(Debug)]
pub(crate) struct State {
    folder: PathBuf,
    _lock: File,
}

/// The last number that was used, and what references begin with.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Counter {
    /// Six digits that tell the references of one terminal from another's.
    prefix: String,
    stan: u32,
}

impl State {
    /// Opens or makes the folder, and waits until no other command uses it.
    pub(crate) fn open(chosen: Option<&Path>) -> eyre::Result<Self> {
        let usual = || dirs::data_dir().map(|folder| folder.join("counterfoil").join("terminal"));
        let folder = chosen.map(Path::to_owned).or_else(usual);
        let folder = folder.ok_or_eyre("this system names no data directory: give --state DIR")?;
        for part in [PAYMENTS, OWED] {
            let part = folder.join(part);
            let made = fs::DirBuilder::new().recursive(true).mode(0o700).create(&part);
            made.wrap_err_with(|| format!("could not make {}", part.display()))?;
        }
        let lock = OpenOptions::new().write(true).create(true).truncate(false).mode(0o600).open(folder.join("lock"));
        let lock = lock.wrap_err_with(|| format!("could not open {}", folder.join("lock").display()))?;
        lock.lock().wrap_err_with(|| format!("could not lock {}", folder.display()))?;
        Ok(Self { folder, _lock: lock })
    }

    /// Numbers for a payment and its reversal. They are used up before they are given.
    pub(crate) fn trace(&self) -> eyre::Result<Trace> {
        let mut counter = self.counter()?;
        let stan = counter.next();
        let rrn = format!("{}{stan:06}", counter.prefix);
        let reversal_stan = counter.next();
        self.replace(&self.folder.join(COUNTER), &counter)?;
        Ok(Trace { stan, reversal_stan, rrn })
    }

    /// A payment.
    pub(super) fn record(&self, rrn: &str) -> eyre::Result<Record> {
        let found = self.find_record(rrn)?;
        found.ok_or_else(|| usage(format!("there is no payment {rrn} in {}", self.folder.display())))
    }

    /// A payment, if it was kept before something broke.
    pub(super) fn find_record(&self, rrn: &str) -> eyre::Result<Option<Record>> {
        if !rrn.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
            return Err(usage("a reference has letters and digits"));
        }
        read(&self.record_file(rrn))
    }

    pub(super) fn keep_record(&self, record: &Record) -> eyre::Result<()> {
        self.replace(&self.record_file(&record.rrn), record)
    }

    pub(super) fn keep_owed(&self, pending: &Pending) -> eyre::Result<()> {
        self.replace(&self.owed_file(pending), pending)
    }

    /// Keeps what a record knows to be owed, if a power cut lost it.
    pub(super) fn restore_owed(&self, pending: &Pending) -> eyre::Result<()> {
        if self.owed_file(pending).exists() { Ok(()) } else { self.keep_owed(pending) }
    }

    pub(super) fn forget_owed(&self, pending: &Pending) -> eyre::Result<()> {
        let file = self.owed_file(pending);
        match fs::remove_file(&file) {
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
            removed => removed.and_then(|()| sync_folder(&file)).wrap_err_with(|| file.display().to_string()),
        }
    }

    /// All that the issuer must still be told, oldest number first.
    pub(super) fn owed(&self) -> eyre::Result<Vec<Pending>> {
        let folder = self.folder.join(OWED);
        let mut files = Vec::new();
        for entry in fs::read_dir(&folder).wrap_err_with(|| folder.display().to_string())? {
            files.push(entry?.path());
        }
        // Drafts that a power cut left have another ending.
        files.retain(|file| file.extension().is_some_and(|kind| kind == "json"));
        files.sort();
        files.iter().filter_map(|file| read(file).transpose()).collect()
    }

    fn counter(&self) -> eyre::Result<Counter> {
        let fresh = || Counter { prefix: prefix(), stan: 0 };
        Ok(read(&self.folder.join(COUNTER))?.unwrap_or_else(fresh))
    }

    fn record_file(&self, rrn: &str) -> PathBuf {
        self.folder.join(PAYMENTS).join(format!("{rrn}.json"))
    }

    fn owed_file(&self, pending: &Pending) -> PathBuf {
        self.folder.join(OWED).join(format!("{}-{:06}.json", pending.rrn, pending.stan))
    }

    /// The old content or the new one, whatever happens; when this returns, the new one.
    fn replace(&self, file: &Path, content: &impl Serialize) -> eyre::Result<()> {
        let could_not = || format!("could not write {}", file.display());
        let text = serde_json::to_vec_pretty(content)?;
        let folder = file.parent().unwrap_or(&self.folder);
        let mut draft = tempfile::NamedTempFile::new_in(folder).wrap_err_with(could_not)?;
        draft.write_all(&text).wrap_err_with(could_not)?;
        draft.as_file().sync_all().wrap_err_with(could_not)?;
        draft.persist(file).map_err(|refused| refused.error).wrap_err_with(could_not)?;
        sync_folder(file).wrap_err_with(could_not)
    }
}

impl Counter {
    /// After the last number comes the first, with references that begin otherwise.
    fn next(&mut self) -> u32 {
        if self.stan == STAN_LAST {
            (self.prefix, self.stan) = (prefix(), 0);
        }
        self.stan += 1;
        self.stan
    }
}

fn prefix() -> String {
    format!("{:06}", OsRng.gen_range(0..1_000_000_u32))
}

fn read<T: DeserializeOwned>(file: &Path) -> eyre::Result<Option<T>> {
    match fs::read(file) {
        Ok(content) => match serde_json::from_slice(&content) {
            Ok(value) => Ok(Some(value)),
            Err(error) => bail!("{} is not what was kept: {error}", file.display()),
        },
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error).wrap_err_with(|| file.display().to_string()),
    }
}

fn sync_folder(file: &Path) -> std::io::Result<()> {
    file.parent().map_or(Ok(()), |folder| File::open(folder)?.sync_all())
}

const PAYMENTS: &str = "payments";
const OWED: &str = "owed";
const COUNTER: &str = "counter.json";
const STAN_LAST: u32 = 999_999;
