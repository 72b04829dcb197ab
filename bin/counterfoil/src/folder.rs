//! The data folder's own files beside the ledger: the genesis file it was made from, what that was amended by, and the node's key.

use std::{
    fs::{self, OpenOptions},
    io::Write,
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
};

use alloy_primitives::hex;
use consensus::NodeKey;
use eyre::{Context, bail, eyre};
use primitives::{Genesis, RecoveryFile};
use store::Store;

use crate::commands::genesis::genesis_hash;

/// A data folder.
#[derive(Clone, Debug)]
pub(crate) struct Folder(PathBuf);

impl Folder {
    pub(crate) const fn new(path: PathBuf) -> Self {
        Self(path)
    }

    pub(crate) fn path(&self) -> &Path {
        &self.0
    }

    /// Removes the ledger and, where the program makes it again by itself, the genesis file. The key stays.
    pub(crate) fn wipe(&self, genesis_too: bool) -> eyre::Result<()> {
        if !self.0.exists() {
            return Ok(());
        }
        if !self.looks_like_ours()? {
            bail!("{} does not look like a data folder of this program: it is not wiped", self.0.display());
        }
        Store::wipe(&self.0)?;
        self.forget_votes()?;
        if genesis_too && self.genesis_path().exists() {
            fs::remove_file(self.genesis_path()).wrap_err_with(|| format!("could not wipe {}", self.0.display()))?;
        }
        Ok(())
    }

    /// The genesis of this folder: the file given (kept in the folder), else the one kept.
    pub(crate) fn genesis(&self, given: Option<&Path>) -> eyre::Result<Genesis> {
        let kept = self.genesis_path();
        let file = match given {
            Some(file) => file,
            None if kept.exists() => &kept,
            None => bail!(
                "{} holds no genesis.json: give --genesis FILE, or make one with `counterfoil genesis new`",
                self.0.display()
            ),
        };
        read_genesis(file)
    }

    /// Writes the genesis file down, so that later starts need not name it.
    pub(crate) fn keep_genesis(&self, genesis: &Genesis) -> eyre::Result<()> {
        let kept = self.genesis_path();
        if kept.exists() {
            return Ok(());
        }
        self.make()?;
        let text = serde_json::to_string_pretty(genesis)?;
        fs::write(&kept, text).wrap_err_with(|| format!("could not write {}", kept.display()))
    }

    /// The recoveries of this folder's network: those of the file given, which must go on where the kept ones end.
    pub(crate) fn recoveries(&self, given: Option<&Path>, genesis: &Genesis) -> eyre::Result<RecoveryFile> {
        let kept = match self.recovery_path() {
            path if path.exists() => read_recoveries(&path, genesis)?,
            _ => RecoveryFile::new(genesis_hash(genesis)?, Vec::new()),
        };
        let Some(file) = given else { return Ok(kept) };
        let given = read_recoveries(file, genesis)?;
        if given.continues(&kept) {
            Ok(given)
        } else if kept.continues(&given) {
            Ok(kept)
        } else {
            bail!("{} differs from {}: one network has one history", file.display(), self.recovery_path().display())
        }
    }

    /// Writes recoveries down, so that later starts need not name them.
    pub(crate) fn keep_recoveries(&self, file: &RecoveryFile, genesis: &Genesis) -> eyre::Result<()> {
        if file.recoveries.is_empty() || *file == self.recoveries(None, genesis)? {
            return Ok(());
        }
        self.write_durably("recovery.json", file)
    }

    /// The recovery that `recover` began in this folder and has not ended.
    pub(crate) fn unfinished_recovery(&self, genesis: &Genesis) -> eyre::Result<Option<RecoveryFile>> {
        let path = self.unfinished_path();
        if path.exists() { read_recoveries(&path, genesis).map(Some) } else { Ok(None) }
    }

    pub(crate) fn begin_recovery(&self, file: &RecoveryFile) -> eyre::Result<()> {
        self.write_durably(UNFINISHED_RECOVERY, file)
    }

    /// Its blocks are durable.
    pub(crate) fn finish_recovery(&self) -> eyre::Result<()> {
        let kept = self.recovery_path();
        let renamed = fs::rename(self.unfinished_path(), &kept).and_then(|()| fs::File::open(&self.0)?.sync_all());
        renamed.wrap_err_with(|| format!("could not write {}", kept.display()))
    }

    /// Removes what the engine of a network keeps.
    pub(crate) fn forget_votes(&self) -> eyre::Result<()> {
        let path = self.engine_path();
        if path.exists() {
            fs::remove_dir_all(&path).wrap_err_with(|| format!("could not remove {}", path.display()))?;
        }
        Ok(())
    }

    /// Whole or not at all, whenever the power fails.
    fn write_durably(&self, name: &str, file: &RecoveryFile) -> eyre::Result<()> {
        let (path, new) = (self.0.join(name), self.0.join(format!("{name}.new")));
        let write = || {
            let mut out = fs::File::create(&new)?;
            serde_json::to_writer_pretty(&mut out, file)?;
            out.sync_all()?;
            fs::rename(&new, &path)?;
            fs::File::open(&self.0)?.sync_all()
        };
        write().wrap_err_with(|| format!("could not write {}", path.display()))
    }

    /// Makes the folder if it is not there.
    pub(crate) fn make(&self) -> eyre::Result<()> {
        fs::create_dir_all(&self.0).wrap_err_with(|| format!("could not make {}", self.0.display()))
    }

    /// The node's key from a file.
    pub(crate) fn key(&self, given: Option<&Path>) -> eyre::Result<NodeKey> {
        let kept = self.key_path();
        let file = given.unwrap_or(&kept);
        let text = fs::read_to_string(file).wrap_err_with(|| format!("node key {}", file.display()))?;
        NodeKey::from_hex(&text).wrap_err_with(|| format!("node key {}", file.display()))
    }

    /// Writes a key that only its owner can read; never over an existing one.
    pub(crate) fn write_key(&self, key: &NodeKey) -> eyre::Result<()> {
        let path = self.key_path();
        let mut options = OpenOptions::new();
        let mut file = options
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(&path)
            .wrap_err_with(|| format!("could not write {}", path.display()))?;
        writeln!(file, "{}", hex::encode(key.seed()))?;
        Ok(file.sync_all()?)
    }

    pub(crate) fn genesis_path(&self) -> PathBuf {
        self.0.join("genesis.json")
    }

    pub(crate) fn recovery_path(&self) -> PathBuf {
        self.0.join("recovery.json")
    }

    pub(crate) fn unfinished_path(&self) -> PathBuf {
        self.0.join(UNFINISHED_RECOVERY)
    }

    /// Where the engine of a network keeps its votes.
    pub(crate) fn engine_path(&self) -> PathBuf {
        self.0.join("engine")
    }

    pub(crate) fn key_path(&self) -> PathBuf {
        self.0.join("node.key")
    }

    fn looks_like_ours(&self) -> eyre::Result<bool> {
        let mut entries = fs::read_dir(&self.0).wrap_err_with(|| self.0.display().to_string())?;
        let empty = entries.next().is_none();
        Ok(empty || self.genesis_path().exists() || Store::exists(&self.0)?)
    }
}

/// What `recover` works from until it has made all blocks.
const UNFINISHED_RECOVERY: &str = "recovery-unfinished.json";

/// Reads and checks a file of recoveries.
fn read_recoveries(file: &Path, genesis: &Genesis) -> eyre::Result<RecoveryFile> {
    let text = fs::read_to_string(file).map_err(|error| eyre!("recovery file {}: {error}", file.display()))?;
    let (hash, epoch_blocks) = (genesis_hash(genesis)?, genesis.counterfoil.epoch_blocks);
    RecoveryFile::parse(&text, hash, epoch_blocks).wrap_err_with(|| file.display().to_string())
}

/// Reads and checks a genesis file.
pub(crate) fn read_genesis(file: &Path) -> eyre::Result<Genesis> {
    let text = fs::read_to_string(file).map_err(|error| eyre!("genesis file {}: {error}", file.display()))?;
    Genesis::parse(&text).wrap_err_with(|| file.display().to_string())
}
