//! `counterfoil network new` and `run`: a network of several members on this machine.
//! `counterfoil network upgrade`: the sole member signs a protocol version into force, from an epoch on.
//! `counterfoil network governor`: it appoints who creates currencies.
//! The signature is the node key's (ed25519); the transaction around it can be anybody's.

use std::fs;

use alloy_primitives::{Address, Bytes, keccak256};
use alloy_signer_local::PrivateKeySigner;
use consensus::NodeKey;
use contracts::{
    protocol::{ADDRESS, IProtocol, governor_message, upgrade_message},
    registry::NEWEST_VERSION,
};
use eyre::{Context, OptionExt, bail};
use primitives::B256;

use crate::{
    cli::{MemberArguments, NetworkCommand, Upgrade},
    dev,
    folder::Folder,
    native::{Caller, Reader},
};

pub(crate) mod new;
mod run;

pub(crate) fn run(command: NetworkCommand) -> eyre::Result<()> {
    match command {
        NetworkCommand::New(arguments) => new::run(&arguments),
        NetworkCommand::Run { folder, json } => run::run(&folder, json),
        NetworkCommand::Upgrade(arguments) => upgrade(&arguments),
        NetworkCommand::Governor { account, member } => governor(account, &member),
    }
}

fn upgrade(arguments: &Upgrade) -> eyre::Result<()> {
    let member = Member::of(&arguments.member)?;
    let terms = Terms::of(arguments, member.sender.reader())?;
    let done = member.sender.call(ADDRESS, &terms.call(&member.key))?;
    println!("protocol version {} begins with the first block of epoch {}", terms.version, terms.epoch);
    println!("transaction {} of {}", done.transaction(), member.sender.address());
    Ok(())
}

fn governor(account: Address, arguments: &MemberArguments) -> eyre::Result<()> {
    let member = Member::of(arguments)?;
    let node = member.sender.reader();
    let sequence = node.read(ADDRESS, &IProtocol::sequenceCall {})?;
    let message = governor_message(node.chain_id()?, account, sequence);
    let signature = Bytes::copy_from_slice(&member.key.sign_message(&message));
    let done = member.sender.call(ADDRESS, &IProtocol::appointGovernorCall { governor: account, signature })?;
    println!("{account} creates currencies from now on");
    println!("transaction {} of {}", done.transaction(), member.sender.address());
    Ok(())
}

/// A member, and the account that brings its word to the ledger.
pub(crate) struct Member {
    pub(crate) key: NodeKey,
    pub(crate) sender: Caller,
}

impl Member {
    /// With the account that is made from its key, through the node at `url`.
    pub(crate) fn at(url: String, key: NodeKey) -> eyre::Result<Self> {
        let sender = Caller::with(Reader::at(url), account_of(&key)?);
        Ok(Self { key, sender })
    }

    pub(super) fn of(arguments: &MemberArguments) -> eyre::Result<Self> {
        let key = member_key(arguments)?;
        let sender = Caller::with(Reader::at(arguments.rpc.clone()), account(arguments, &key)?);
        Ok(Self { key, sender })
    }
}

/// What is signed.
struct Terms {
    chain_id: u64,
    version: u32,
    epoch: u64,
    sequence: u64,
}

impl Terms {
    fn of(arguments: &Upgrade, node: &Reader) -> eyre::Result<Self> {
        let version = arguments.to.unwrap_or(NEWEST_VERSION);
        let in_force =
            node.read(ADDRESS, &IProtocol::versionCall {}).wrap_err("the node knows no protocol versions")?;
        if version <= in_force {
            bail!("protocol version {in_force} is in force already: {version} is not above it");
        }
        let current = node.read(ADDRESS, &IProtocol::epochCall {})?;
        Ok(Self {
            chain_id: node.chain_id()?,
            version,
            epoch: arguments.epoch.or(current.checked_add(1)).ok_or_eyre("there is no next epoch")?,
            sequence: node.read(ADDRESS, &IProtocol::sequenceCall {})?,
        })
    }

    fn call(&self, member: &NodeKey) -> IProtocol::scheduleCall {
        let message = upgrade_message(self.chain_id, self.version, self.epoch, self.sequence);
        let signature = Bytes::copy_from_slice(&member.sign_message(&message));
        IProtocol::scheduleCall { version: self.version, epoch: self.epoch, signature }
    }
}

pub(super) fn member_key(arguments: &MemberArguments) -> eyre::Result<NodeKey> {
    match (&arguments.data, &arguments.key) {
        _ if arguments.dev => Ok(dev::key()),
        (Some(folder), key) => Folder::new(folder.clone()).key(key.as_deref()),
        (None, Some(key)) => Folder::new(Default::default()).key(Some(key)),
        (None, None) => bail!("whose key signs? give --data DIR, --key FILE or --dev"),
    }
}

/// The account that sends the transaction.
fn account(arguments: &MemberArguments, member: &NodeKey) -> eyre::Result<PrivateKeySigner> {
    let Some(file) = &arguments.account_key else {
        return account_of(member);
    };
    let text = fs::read_to_string(file).wrap_err_with(|| format!("account key {}", file.display()))?;
    let secret: B256 =
        text.trim().parse().map_err(|_| eyre::eyre!("account key {}: not 64 hex digits", file.display()))?;
    PrivateKeySigner::from_bytes(&secret).wrap_err_with(|| format!("account key {}", file.display()))
}

/// The account that acts for a node by itself.
pub(crate) fn account_of(member: &NodeKey) -> eyre::Result<PrivateKeySigner> {
    let secret = keccak256([ACCOUNT_DOMAIN, member.seed().as_slice()].concat());
    PrivateKeySigner::from_bytes(&secret).wrap_err("no account can be made from this member's key")
}

/// Sets the account's key apart from everything else that is made from the member's.
const ACCOUNT_DOMAIN: &[u8] = b"counterfoil member account";
