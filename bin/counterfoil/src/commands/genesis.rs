//! `counterfoil genesis new` and `genesis hash`.

use std::{collections::BTreeMap, fs, path::Path};

use consensus::NodeKey;
use eyre::{Context, bail};
use primitives::{
    Address, B256, Fork, Genesis,
    genesis::{Alloc, Config, Section},
};
use store::State;

use crate::{
    cli::{GenesisCommand, NewGenesis},
    dev,
    folder::{Folder, read_genesis},
};

pub(crate) fn run(command: GenesisCommand) -> eyre::Result<()> {
    match command {
        GenesisCommand::New(arguments) => new(&arguments),
        GenesisCommand::Hash { file } => hash(&file),
    }
}

fn new(arguments: &NewGenesis) -> eyre::Result<()> {
    let folder = Folder::new(arguments.data.clone());
    if folder.genesis_path().exists() {
        bail!("{} exists already: choose another folder", folder.genesis_path().display());
    }
    let key = NodeKey::from_seed(random_seed()?);
    let genesis = genesis(arguments, &key);
    Genesis::parse(&serde_json::to_string(&genesis)?)?;
    folder.make()?;
    folder.write_key(&key)?;
    folder.keep_genesis(&genesis)?;
    println!("genesis  {}", folder.genesis_path().display());
    println!("node key {} (member {})", folder.key_path().display(), key.id());
    println!("hash     {}", genesis_hash(&genesis)?);
    println!("start it with: counterfoil node --data {}", folder.path().display());
    Ok(())
}

fn genesis(arguments: &NewGenesis, key: &NodeKey) -> Genesis {
    let section = Section { upgrades: dev::all_rooms(), ..Section::new(Fork::Osaka, vec![key.id()]) };
    Genesis {
        config: Config { chain_id: arguments.chain_id, other: BTreeMap::new() },
        timestamp: 0,
        gas_limit: arguments.gas_limit.unwrap_or(500_000_000),
        coinbase: arguments.beneficiary.unwrap_or(Address::ZERO),
        counterfoil: Section { min_gas_price: arguments.min_gas_price.unwrap_or(0), ..section },
        alloc: arguments
            .funds
            .iter()
            .map(|(address, wei)| (*address, Alloc { balance: *wei, ..Alloc::default() }))
            .collect(),
    }
}

fn hash(file: &Path) -> eyre::Result<()> {
    println!("{}", genesis_hash(&read_genesis(file)?)?);
    Ok(())
}

/// Hash of block 0.
pub(crate) fn genesis_hash(genesis: &Genesis) -> eyre::Result<B256> {
    let state = State::default().commit(&evm::genesis_diff(genesis)?).state;
    Ok(genesis.header(state.root())?.hash_slow())
}

/// 32 bytes from the operating system.
pub(crate) fn random_seed() -> eyre::Result<[u8; 32]> {
    use std::io::Read;
    let mut seed = [0; 32];
    fs::File::open("/dev/urandom").and_then(|mut file| file.read_exact(&mut seed)).wrap_err("/dev/urandom")?;
    Ok(seed)
}
