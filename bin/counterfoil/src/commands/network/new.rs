//! `counterfoil network new`: keys, certificates, genesis and settings of a network of several members, all on this machine.
//!
//! ```text
//! OUT/genesis.json       the same for all
//! OUT/node-1.toml        what `counterfoil node --config` takes
//! OUT/node-1/node.key    the member's ed25519 key
//!     .../genesis.json   kept by the data folder
//!     .../node.der       the member's certificate
//! ```

use std::{
    collections::BTreeMap,
    fs,
    net::Ipv4Addr,
    path::{Path, PathBuf},
    time::SystemTime,
};

use consensus::NodeKey;
use eyre::{Context, OptionExt, bail};
use primitives::{
    Address, B256, Fork, Genesis,
    genesis::{Admission, Alloc, Config, Founder, Section},
};

use super::account_of;
use crate::{
    certificate::{self, Keys, Subject},
    cli::NewNetwork,
    commands::genesis::{genesis_hash, random_seed},
    dev,
    folder::Folder,
    safety,
};

/// A member to be.
pub(crate) struct Member {
    name: String,
    pub(crate) key: NodeKey,
    port: u16,
    http_port: u16,
    /// What `counterfoil node --config` takes.
    pub(crate) settings: PathBuf,
}

pub(super) fn run(arguments: &NewNetwork) -> eyre::Result<()> {
    let (members, hash) = make(arguments)?;
    for member in &members {
        println!("{} {} http://127.0.0.1:{}", member.name, member.key.id(), member.http_port);
    }
    println!("genesis {hash}");
    println!("start it with: counterfoil network run {}", arguments.out.display());
    Ok(())
}

/// Writes everything; the members and the hash of their genesis.
pub(crate) fn make(arguments: &NewNetwork) -> eyre::Result<(Vec<Member>, B256)> {
    if arguments.out.exists() {
        bail!("{} exists already: choose another folder", arguments.out.display());
    }
    let members = members(arguments)?;
    let genesis = genesis(arguments, &members)?;
    let hash = genesis_hash(&genesis)?;
    fs::create_dir_all(&arguments.out).wrap_err_with(|| format!("could not make {}", arguments.out.display()))?;
    let out = arguments.out.canonicalize().wrap_err_with(|| arguments.out.display().to_string())?;
    fs::write(out.join("genesis.json"), serde_json::to_string_pretty(&genesis)?).wrap_err("genesis.json")?;
    members.iter().try_for_each(|member| member.write(&out, &genesis))?;
    Ok((members, hash))
}

fn members(arguments: &NewNetwork) -> eyre::Result<Vec<Member>> {
    (0..arguments.members)
        .map(|index| {
            let port = |first: u16| first.checked_add(index).ok_or_eyre("there are not so many ports");
            let name = format!("node-{}", index + 1);
            Ok(Member {
                settings: arguments.out.join(&name).with_extension("toml"),
                name,
                key: NodeKey::from_seed(random_seed()?),
                port: port(arguments.port)?,
                http_port: port(arguments.http_port)?,
            })
        })
        .collect()
}

fn genesis(arguments: &NewNetwork, members: &[Member]) -> eyre::Result<Genesis> {
    let founders = members.iter().map(Member::founder).collect::<eyre::Result<_>>()?;
    let section = Section::new(Fork::Osaka, members.iter().map(|member| member.key.id()).collect());
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    let funds = arguments.funds.iter();
    let interval_ms = arguments.min_block_interval_ms.unwrap_or(safety::interval_ms_least(arguments.epoch_blocks));
    let genesis = Genesis {
        config: Config { chain_id: arguments.chain_id, other: BTreeMap::new() },
        timestamp: now.as_secs(),
        gas_limit: GAS_LIMIT,
        coinbase: Address::ZERO,
        counterfoil: Section {
            upgrades: dev::all_rooms(),
            epoch_blocks: arguments.epoch_blocks,
            min_block_interval_ms: interval_ms,
            admission: Some(Admission { members: founders, ..Admission::default() }),
            ..section
        },
        alloc: funds.map(|(address, wei)| (*address, Alloc { balance: *wei, ..Alloc::default() })).collect(),
    };
    Ok(Genesis::parse(&serde_json::to_string(&genesis)?)?)
}

impl Member {
    fn founder(&self) -> eyre::Result<Founder> {
        let address = format!("{}:{}", Ipv4Addr::LOCALHOST, self.port);
        let subject = Subject { name: &self.name, address: &address, days: CERTIFICATE_DAYS };
        let certificate = certificate::make(&Keys { node: &self.key, p256: None }, &subject)?;
        let accounts = vec![account_of(&self.key)?.address()];
        Ok(Founder { accounts, certificate: Some(certificate), ..Founder::new(self.key.id()) })
    }

    fn write(&self, out: &Path, genesis: &Genesis) -> eyre::Result<()> {
        let folder = Folder::new(out.join(&self.name));
        folder.make()?;
        folder.write_key(&self.key)?;
        folder.keep_genesis(genesis)?;
        let founders = genesis.counterfoil.admission.iter().flat_map(|admission| &admission.members);
        let certificate = founders.filter(|founder| founder.key == self.key.id()).find_map(|it| it.certificate.clone());
        fs::write(folder.path().join("node.der"), certificate.unwrap_or_default()).wrap_err("node.der")?;
        let settings = format!(
            "data = {:?}\nhttp = \"127.0.0.1:{}\"\nlisten = \"127.0.0.1:{}\"\nlocal-peers = true\n",
            folder.path(),
            self.http_port,
            self.port
        );
        fs::write(&self.settings, settings).wrap_err_with(|| self.settings.display().to_string())
    }
}

const GAS_LIMIT: u64 = 500_000_000;
const CERTIFICATE_DAYS: u64 = 365;
