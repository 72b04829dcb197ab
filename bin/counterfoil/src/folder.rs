//! The data folder's own files beside the ledger: the genesis file it was made from and the node's key.

use std::{
    fs::{self, OpenOptions},
    io::Write,
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
};

use alloy_primitives::hex;
use consensus::NodeKey;
use eyre::{Context, bail, eyre};
use primitives::Genesis;
use store::Store;

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
        if self.engine_path().exists() {
            fs::remove_dir_all(self.engine_path()).wrap_err_with(|| format!("could not wipe {}", self.0.display()))?;
        }
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

/// Reads and checks a genesis file.
pub(crate) fn read_genesis(file: &Path) -> eyre::Result<Genesis> {
    let text = fs::read_to_string(file).map_err(|error| eyre!("genesis file {}: {error}", file.display()))?;
    Genesis::parse(&text).wrap_err_with(|| file.display().to_string())
}
