//! An issuer's folder: who it is, its keys, its vault, and the authority of its acquirers. Called by the commands of `issuer` and by
//! `card personalize`.
//!
//! ```text
//! DIR/
//!   issuer.json        name, pool, ledger, choices: nothing secret
//!   keys/root.json     the one secret that all others but the operator's are derived from; Web3 Secret Storage
//!   keys/operator.json the key that signs for the ledger; Web3 Secret Storage
//!   vault/             cards and payments (crate `vault`)
//!   tls/authority.pem  what acquirers' certificates are checked against; its key is derived
//!   tls/server.pem     the doors' certificate         tls/server.key   its key, 0600, as web servers keep it
//!   cards/NAME.card    cards that the console of the node in the same process may tap
//!   terminal/          what the terminal remembers with which it taps them
//!   run.lock           locked while it runs
//!   tls/acquirers/     the certificates that the doors let in
//! ```
//! Both files below `keys` open with the issuer's passphrase.

mod authority;

use std::{
    fs::{self, File, OpenOptions, TryLockError},
    io::Write,
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
};

use alloy_primitives::Address;
use alloy_signer_local::PrivateKeySigner;
use eyre::{Context, OptionExt, bail, ensure};
use gateway::payment::{Acquirer, Certified, Ledger, ledger::Network, tls};
use payments::issuer::{Settings, keys::SoftKeys, records::RangeRecord};
use primitives::Masked;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use vault::{MasterKey, Options, SqliteVault};
use zeroize::Zeroizing;

use crate::keystore::{KeyStore, write_new};
use authority::{Authority, Issued};

/// A folder that may hold an issuer.
#[derive(Clone, Debug)]
pub(crate) struct IssuerFolder(PathBuf);

/// `issuer.json`.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct IssuerFile {
    /// Of this file.
    format: u32,
    /// What the authority calls itself.
    pub(crate) name: String,
    /// Whose money is held.
    pub(crate) pool: Address,
    /// Who signs.
    pub(crate) operator: Address,
    /// The ledger that it belongs to, from the first contact on.
    pub(crate) ledger: Option<Network>,
    /// What differs from the defaults of `payments::issuer::Settings`, under the same names.
    #[serde(default)]
    pub(crate) choices: Map<String, Value>,
}

/// What a new issuer is to be.
pub(crate) struct Founding<'a> {
    pub(crate) name: &'a str,
    /// `None`: the operator's own account.
    pub(crate) pool: Option<Address>,
    /// `None`: a new one.
    pub(crate) operator: Option<Zeroizing<[u8; 32]>>,
    pub(crate) ledger: Option<Network>,
    /// Host names of the doors.
    pub(crate) names: &'a [String],
}

/// The secret that others are derived from.
pub(crate) struct Root(Masked<[u8; 32]>);

impl IssuerFolder {
    pub(crate) const fn new(path: PathBuf) -> Self {
        Self(path)
    }

    pub(crate) fn path(&self) -> &Path {
        &self.0
    }

    /// Makes an issuer; never over an existing one.
    pub(crate) fn create(&self, founding: Founding<'_>, passphrase: &str) -> eyre::Result<IssuerFile> {
        ensure!(!self.file().exists(), "there is an issuer in {} already", self.0.display());
        for folder in [self.tls(), self.cards()] {
            fs::create_dir_all(folder).wrap_err_with(|| format!("could not make {}", self.0.display()))?;
        }
        let keys = self.keys();
        keys.make(ROOT, passphrase)?;
        let operator = match founding.operator {
            Some(key) => keys.keep(OPERATOR, &key, passphrase)?,
            None => keys.make(OPERATOR, passphrase)?,
        };
        let operator = operator.address.ok_or_eyre("a kept key has an address")?;
        let authority = Authority::new(founding.name, &self.root(passphrase)?.derive("authority"))?;
        write_new(&self.authority_file(), authority.certificate()?.as_bytes())?;
        let server = authority.server(founding.names)?;
        write_new(&self.tls().join(SERVER), server.certificate.as_bytes())?;
        write_new(&self.tls().join(SERVER_KEY), server.key.as_bytes())?;
        let (name, pool) = (founding.name.to_owned(), founding.pool.unwrap_or(operator));
        let about = IssuerFile { format: FORMAT, name, pool, operator, ledger: founding.ledger, choices: Map::new() };
        self.write(&about)?;
        Ok(about)
    }

    /// Who the issuer is.
    pub(crate) fn about(&self) -> eyre::Result<IssuerFile> {
        let file = self.file();
        ensure!(file.exists(), "there is no issuer in {}: make one with `counterfoil issuer init`", self.0.display());
        let shown = || file.display().to_string();
        let about: IssuerFile = serde_json::from_slice(&fs::read(&file).wrap_err_with(shown)?).wrap_err_with(shown)?;
        ensure!(about.format == FORMAT, "{} has format {}, this program knows {FORMAT}", shown(), about.format);
        Ok(about)
    }

    /// The ledger behind a URL: the issuer's own. The first one is kept.
    pub(crate) fn ledger(&self, url: &str) -> eyre::Result<Ledger> {
        let (ledger, mut about) = (Ledger::open(url, LEDGER_PATIENCE)?, self.about()?);
        let found = ledger.network();
        match about.ledger {
            None => {
                about.ledger = Some(found);
                self.write(&about)?;
            }
            Some(own) => ensure!(
                own == found,
                "this issuer belongs to the ledger of chain id {} and genesis {}, and {url} is of {} and {}",
                own.chain_id,
                own.genesis,
                found.chain_id,
                found.genesis
            ),
        }
        Ok(ledger)
    }

    /// Opens the secret that others are derived from.
    pub(crate) fn root(&self, passphrase: &str) -> eyre::Result<Root> {
        let secret = self.keys().open(ROOT, passphrase)?.to_bytes();
        Ok(Root(Masked::new(secret.0)))
    }

    /// Opens the key that signs for the ledger.
    pub(crate) fn operator(&self, passphrase: &str) -> eyre::Result<PrivateKeySigner> {
        self.keys().open(OPERATOR, passphrase)
    }

    /// Opens the vault.
    pub(crate) fn vault(&self, root: &Root, options: Options) -> eyre::Result<SqliteVault> {
        let master = MasterKey::new("root-1", Masked::new(*root.derive("vault")))?;
        SqliteVault::open(&self.0.join("vault"), &master, options).wrap_err("the vault")
    }

    /// Locks it for the process that runs it: two would sign with the same nonces. Given up when the answer is dropped.
    pub(crate) fn lock(&self) -> eyre::Result<File> {
        let (path, runs) = (self.0.join("run.lock"), || format!("the issuer in {} runs already", self.0.display()));
        let shown = || path.display().to_string();
        let mut options = OpenOptions::new();
        let file = options.write(true).create(true).truncate(false).mode(0o600).open(&path).wrap_err_with(shown)?;
        match file.try_lock() {
            Ok(()) => Ok(file),
            Err(TryLockError::WouldBlock) => bail!(runs()),
            Err(TryLockError::Error(error)) => Err(error).wrap_err_with(shown),
        }
    }

    /// What the terminal remembers with which the console taps them.
    pub(crate) fn terminal(&self) -> PathBuf {
        self.0.join("terminal")
    }

    /// Cards that the console may tap.
    pub(crate) fn cards(&self) -> PathBuf {
        self.0.join("cards")
    }

    /// The doors' certificates.
    pub(crate) fn tls(&self) -> PathBuf {
        self.0.join("tls")
    }

    /// What the doors show, and what callers are checked against.
    pub(crate) fn server(&self) -> eyre::Result<(tls::Identity, Vec<u8>)> {
        let read = |name: &str| fs::read(self.tls().join(name)).wrap_err_with(|| format!("tls/{name}"));
        let key = Zeroizing::new(read(SERVER_KEY)?);
        Ok((tls::Identity::from_pem(&read(SERVER)?, &key)?, read(AUTHORITY)?))
    }

    /// The certificates that the doors let in.
    pub(crate) fn certified(&self) -> Certified {
        Certified::new(self.tls().join("acquirers"))
    }

    /// A certificate for an acquirer, which the doors let in from now on, in a folder of its own: `acquirer.pem`, `acquirer.key`, `authority.pem`.
    pub(crate) fn certify(&self, acquirer: &Acquirer, out: &Path, passphrase: &str) -> eyre::Result<()> {
        let authority = Authority::new(&self.about()?.name, &self.root(passphrase)?.derive("authority"))?;
        let Issued { certificate, key } = authority.acquirer(acquirer)?;
        let shown = || format!("could not write into {}", out.display());
        fs::create_dir_all(out).wrap_err_with(shown)?;
        write_new(&out.join("acquirer.key"), key.as_bytes()).wrap_err_with(shown)?;
        write_new(&out.join("acquirer.pem"), certificate.as_bytes()).wrap_err_with(shown)?;
        fs::copy(self.authority_file(), out.join(AUTHORITY)).wrap_err_with(shown)?;
        Ok(self.certified().add(certificate.as_bytes())?)
    }

    fn keys(&self) -> KeyStore {
        KeyStore::at(self.0.join("keys"))
    }

    fn file(&self) -> PathBuf {
        self.0.join("issuer.json")
    }

    fn authority_file(&self) -> PathBuf {
        self.tls().join(AUTHORITY)
    }

    /// Whole or not at all, whenever the power fails.
    fn write(&self, about: &IssuerFile) -> eyre::Result<()> {
        let write = || {
            let mut draft = tempfile::NamedTempFile::new_in(&self.0)?;
            draft.write_all(serde_json::to_string_pretty(about)?.as_bytes())?;
            draft.as_file().sync_all()?;
            draft.persist(self.file())?;
            File::open(&self.0)?.sync_all()
        };
        write().wrap_err_with(|| format!("could not write {}", self.file().display()))
    }
}

impl IssuerFile {
    /// The choices, on the ledger that it belongs to.
    pub(crate) fn settings(&self) -> eyre::Result<Settings> {
        let ledger = self.ledger.ok_or_eyre("this issuer has not seen its ledger yet: give --rpc")?;
        let mut choices = self.choices.clone();
        choices.insert("chainId".into(), json!(ledger.chain_id));
        choices.insert("pool".into(), json!(self.pool));
        serde_json::from_value(Value::Object(choices)).wrap_err("issuer.json: choices")
    }
}

impl Root {
    /// The keys of cards, for the key sets of these ranges.
    pub(crate) fn card_keys(&self, ranges: &[RangeRecord]) -> SoftKeys {
        SoftKeys::new(&Masked::new(*self.derive("cards")), ranges.iter().map(|range| range.key_set))
    }

    /// A secret of its own for each purpose: HMAC-SHA256 under the root.
    fn derive(&self, purpose: &str) -> Zeroizing<[u8; 32]> {
        derive(self.0.expose(), purpose)
    }
}

fn derive(root: &[u8; 32], purpose: &str) -> Zeroizing<[u8; 32]> {
    use hmac::{Hmac, KeyInit, Mac};

    let mut mac = Hmac::<sha2_11::Sha256>::new_from_slice(root).expect("any length is a key of HMAC");
    mac.update(b"counterfoil issuer 1 ");
    mac.update(purpose.as_bytes());
    Zeroizing::new(mac.finalize().into_bytes().into())
}

const FORMAT: u32 = 1;
const ROOT: &str = "root";
const OPERATOR: &str = "operator";
const AUTHORITY: &str = "authority.pem";
const SERVER: &str = "server.pem";
const SERVER_KEY: &str = "server.key";
/// Longer than a node waits for a batch to become final.
pub(crate) const LEDGER_PATIENCE: std::time::Duration = std::time::Duration::from_secs(10);

#[cfg(test)]
mod tests;
