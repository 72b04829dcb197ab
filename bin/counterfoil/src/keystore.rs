//! The keys that sign transactions, each in an encrypted file of its own: Web3 Secret Storage, version 3, as geth and `cast`
//! write and read it. Called by every command that signs. The node's own key (`node.key`) is another thing: it signs blocks.

use std::{
    fs::{self, OpenOptions},
    io::{BufRead, BufReader, Read, Write},
    os::unix::fs::{OpenOptionsExt, PermissionsExt},
    path::{Path, PathBuf},
};

use alloy_primitives::{Address, B256, hex};
use alloy_signer_local::PrivateKeySigner;
use eyre::{Context, OptionExt, bail, ensure};
use rand::rngs::OsRng;
use zeroize::Zeroizing;

use crate::cli::{KeyStoreArguments, PassphraseArguments};

/// A folder of encrypted keys.
#[derive(Clone, Debug)]
pub(crate) struct KeyStore(PathBuf);

/// A key that is kept, still closed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct KeptKey {
    pub(crate) name: String,
    /// As the file says it; the key itself is not looked at. Some programs leave it out.
    pub(crate) address: Option<Address>,
}

impl KeyStore {
    /// In a folder of its own.
    pub(crate) const fn at(folder: PathBuf) -> Self {
        Self(folder)
    }

    pub(crate) fn of(arguments: &KeyStoreArguments) -> eyre::Result<Self> {
        let chosen = arguments.keystore.clone();
        let usual = || dirs::config_dir().map(|folder| folder.join("counterfoil").join("keys"));
        let folder =
            chosen.or_else(usual).ok_or_eyre("this system names no configuration directory: give --keystore")?;
        Ok(Self(folder))
    }

    /// A new key, from the operating system's randomness.
    pub(crate) fn make(&self, name: &str, passphrase: &str) -> eyre::Result<KeptKey> {
        let secret = PrivateKeySigner::random().to_bytes();
        self.keep(name, &Zeroizing::new(secret.0), passphrase)
    }

    /// Encrypts a key into a file that only its owner can read; never over an existing one.
    pub(crate) fn keep(&self, name: &str, secret: &[u8; 32], passphrase: &str) -> eyre::Result<KeptKey> {
        let file = self.file(name)?;
        ensure!(!file.exists(), "there is a key {name} already: choose another name, or move {} away", file.display());
        let signer = PrivateKeySigner::from_slice(secret).map_err(|_| eyre::eyre!("this is no secp256k1 key"))?;
        fs::create_dir_all(&self.0).wrap_err_with(|| format!("could not make {}", self.0.display()))?;
        fs::set_permissions(&self.0, fs::Permissions::from_mode(0o700))?;
        let mut json = encrypted(secret, passphrase, &self.0)?;
        // Not in the standard, but geth writes it and wants it, and a list needs no passphrase.
        json["address"] = hex::encode(signer.address()).into();
        write_new(&file, json.to_string().as_bytes())
            .wrap_err_with(|| format!("could not write {}", file.display()))?;
        Ok(KeptKey { name: name.into(), address: Some(signer.address()) })
    }

    /// Decrypts a key.
    pub(crate) fn open(&self, name: &str, passphrase: &str) -> eyre::Result<PrivateKeySigner> {
        let file = self.file(name)?;
        ensure!(file.exists(), "there is no key {name} in {}: see `counterfoil key list`", self.0.display());
        PrivateKeySigner::decrypt_keystore(&file, passphrase)
            .map_err(|error| eyre::eyre!("key {name} does not open: {error}"))
    }

    /// Every key, by name. Files that are no keys are passed over.
    pub(crate) fn list(&self) -> eyre::Result<Vec<KeptKey>> {
        if !self.0.exists() {
            return Ok(Vec::new());
        }
        let mut keys = Vec::new();
        for entry in fs::read_dir(&self.0).wrap_err_with(|| self.0.display().to_string())? {
            keys.extend(kept(&entry?.path()));
        }
        keys.sort_by(|one, other| one.name.cmp(&other.name));
        Ok(keys)
    }

    pub(crate) fn folder(&self) -> &Path {
        &self.0
    }

    fn file(&self, name: &str) -> eyre::Result<PathBuf> {
        let plain = |letter: char| letter.is_ascii_alphanumeric() || letter == '-' || letter == '_';
        let fits = !name.is_empty() && name.len() <= MAX_NAME_LETTERS && name.chars().all(plain);
        ensure!(fits, "a key's name has 1 to {MAX_NAME_LETTERS} letters, digits, `-` or `_`");
        Ok(self.0.join(file_name(name)))
    }
}

/// The passphrase from the file, or from whoever sits at the terminal; a new one is asked for twice.
pub(crate) fn passphrase(arguments: &PassphraseArguments, new: bool) -> eyre::Result<Zeroizing<String>> {
    if let Some(file) = &arguments.passphrase_file {
        return first_line(file);
    }
    let passphrase = ask("passphrase: ")?;
    if new && *passphrase != *ask("once more: ")? {
        bail!("the two passphrases differ");
    }
    Ok(passphrase)
}

/// A key as hex from standard input, with or without `0x`.
pub(crate) fn secret_from_stdin() -> eyre::Result<Zeroizing<[u8; 32]>> {
    let mut text = Zeroizing::new(String::new());
    std::io::stdin().take(MAX_SECRET_TEXT_BYTES).read_to_string(&mut text).wrap_err("standard input")?;
    let secret: B256 = hex::FromHex::from_hex(text.trim()).map_err(|_| eyre::eyre!("a key is 32 bytes in hex"))?;
    Ok(Zeroizing::new(secret.0))
}

/// The terminal, not standard input, which may be a pipe.
fn ask(prompt: &str) -> eyre::Result<Zeroizing<String>> {
    let answer = rpassword::prompt_password(prompt);
    Ok(Zeroizing::new(answer.wrap_err("no terminal to ask for the passphrase: give --passphrase-file")?))
}

/// The library writes a file; what it wrote is read back, so that the file that is kept appears whole and closed to others.
fn encrypted(secret: &[u8; 32], passphrase: &str, near: &Path) -> eyre::Result<serde_json::Value> {
    let folder = tempfile::tempdir_in(near)?;
    PrivateKeySigner::encrypt_keystore(folder.path(), &mut OsRng, secret, passphrase, Some("key"))?;
    Ok(serde_json::from_slice(&fs::read(folder.path().join("key"))?)?)
}

/// Writes a file that only its owner can read; never over an existing one.
pub(crate) fn write_new(file: &Path, content: &[u8]) -> std::io::Result<()> {
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(file)?;
    file.write_all(content)?;
    file.sync_all()
}

fn first_line(file: &Path) -> eyre::Result<Zeroizing<String>> {
    let opened = fs::File::open(file).wrap_err_with(|| format!("passphrase file {}", file.display()))?;
    let mut line = Zeroizing::new(String::new());
    BufReader::new(opened.take(MAX_SECRET_TEXT_BYTES)).read_line(&mut line).wrap_err("passphrase file")?;
    Ok(Zeroizing::new(line.trim_end_matches(['\r', '\n']).into()))
}

fn kept(file: &Path) -> Option<KeptKey> {
    let name = file.file_name()?.to_str()?.strip_suffix(SUFFIX)?;
    let json: serde_json::Value = serde_json::from_slice(&fs::read(file).ok()?).ok()?;
    json["crypto"].is_object().then_some(())?;
    let address = json["address"].as_str().and_then(|address| address.parse().ok());
    Some(KeptKey { name: name.into(), address })
}

fn file_name(name: &str) -> String {
    format!("{name}{SUFFIX}")
}

#[cfg(test)]
mod tests;

const SUFFIX: &str = ".json";
const MAX_NAME_LETTERS: usize = 64;
/// Longer than any key or sensible passphrase.
const MAX_SECRET_TEXT_BYTES: u64 = 4_096;
