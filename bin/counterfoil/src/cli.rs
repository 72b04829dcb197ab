//! What can be typed. Every flag of `node` can also come from an environment variable (`COUNTERFOIL_` and its name in capitals)
//! or from the file named by `--config` (its name as a TOML key); the command line wins over the environment, that over the file.

use std::{net::SocketAddr, path::PathBuf};

use alloy_primitives::{Address, B256, U256};
use clap::{Args, Parser, Subcommand};

use crate::{
    commands::{
        card::CardCommand, cash::CashCommand, issuer::IssuerCommand, member::MemberCommand, terminal::TerminalCommand,
        token::TokenCommand,
    },
    config::NodeArguments,
};

/// A permissioned, Ethereum-compatible ledger and the services around it.
#[derive(Debug, Parser)]
#[command(version, propagate_version = true, disable_help_subcommand = true)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Run a node.
    Node(Box<NodeArguments>),
    /// Make or inspect genesis files.
    #[command(subcommand)]
    Genesis(GenesisCommand),
    /// Decide what holds for the whole network.
    #[command(subcommand)]
    Network(NetworkCommand),
    /// Members of the network: ask to join, vote, revoke, list.
    #[command(subcommand)]
    Member(MemberCommand),
    /// Begin anew without members that are gone, where a network lost its quorum for good; the node must be stopped.
    Recover(RecoverArguments),
    /// Print the ABI of a room and of what its factory makes.
    Abi(AbiArguments),
    /// Check, back up or restore a data folder.
    #[command(subcommand)]
    Db(DbCommand),
    /// Money: create currencies, move, mint, hold and capture it.
    #[command(subcommand)]
    Cash(CashCommand),
    /// Cards that turn their number into a token: speak with one, put it into a reader, check what it computes.
    #[command(subcommand)]
    Card(CardCommand),
    /// An issuer of cards: make one, run it, give out cards, look into its books.
    #[command(subcommand)]
    Issuer(IssuerCommand),
    /// A payment terminal: take payments with cards, capture, reverse and refund them.
    #[command(subcommand)]
    Terminal(TerminalCommand),
    /// Items and their tokens: make, sell, lease, give and redeem them.
    #[command(subcommand)]
    Token(TokenCommand),
    /// Make, import or list the keys that sign transactions.
    #[command(subcommand)]
    Key(KeyCommand),
    /// Start a development node and tell its story through its own JSON-RPC.
    Demo(DemoArguments),
    /// Fetch the counterfoil of a fact from a node: a file that proves it to anyone who knows the genesis hash.
    Export(ExportArguments),
    /// Check a counterfoil, without a node; exit code 0 if it is true.
    Verify(VerifyArguments),
}

#[derive(Debug, Subcommand)]
pub(crate) enum GenesisCommand {
    /// Make a node key and a genesis file whose committee is that key.
    New(NewGenesis),
    /// Print the hash of a genesis file's block 0.
    Hash {
        /// The genesis file.
        file: PathBuf,
    },
}

#[derive(Debug, Args)]
pub(crate) struct NewGenesis {
    /// Data folder to write genesis.json and node.key into; `node --data` takes the same.
    #[arg(long)]
    pub(crate) data: PathBuf,
    /// EIP-155 chain id.
    #[arg(long)]
    pub(crate) chain_id: u64,
    /// An account and its wei, as ADDRESS=WEI; may be repeated.
    #[arg(long = "fund", value_parser = parse_funding)]
    pub(crate) funds: Vec<(Address, alloy_primitives::U256)>,
    /// Gas limit of every block.
    #[arg(long)]
    pub(crate) gas_limit: Option<u64>,
    /// Least price per gas, in wei, that the pool takes.
    #[arg(long)]
    pub(crate) min_gas_price: Option<u64>,
    /// Who gets the tips.
    #[arg(long)]
    pub(crate) beneficiary: Option<Address>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum NetworkCommand {
    /// Make keys, certificates, genesis and settings of a network whose members all run on this machine.
    New(NewNetwork),
    /// Run every node of a folder that `network new` made, until Ctrl-C.
    Run {
        /// The folder.
        folder: PathBuf,
        /// One JSON object for each line on standard output.
        #[arg(long)]
        json: bool,
    },
    /// Schedule a protocol version; only the committee's sole member can.
    Upgrade(Upgrade),
    /// Appoint who creates currencies in `cash`; only the committee's sole member can.
    Governor {
        /// The account that is to govern.
        account: Address,
        #[command(flatten)]
        member: MemberArguments,
    },
}

#[derive(Debug, Args)]
pub(crate) struct NewNetwork {
    /// Folder to make.
    #[arg(long)]
    pub(crate) out: PathBuf,
    /// How many members.
    #[arg(long, default_value_t = 4, value_parser = clap::value_parser!(u16).range(1..=64))]
    pub(crate) members: u16,
    /// EIP-155 chain id.
    #[arg(long, default_value_t = 31_338)]
    pub(crate) chain_id: u64,
    /// Blocks in an epoch.
    #[arg(long, default_value_t = 64, value_parser = clap::value_parser!(u64).range(2..))]
    pub(crate) epoch_blocks: u64,
    /// Least milliseconds between blocks [default: as many as make an epoch last 5 s].
    #[arg(long, value_name = "MS", value_parser = clap::value_parser!(u64).range(0..=60_000))]
    pub(crate) min_block_interval_ms: Option<u64>,
    /// An account and its wei, as ADDRESS=WEI; may be repeated.
    #[arg(long = "fund", value_parser = parse_funding)]
    pub(crate) funds: Vec<(Address, alloy_primitives::U256)>,
    /// JSON-RPC port of the first node; the others have the ports after it.
    #[arg(long, default_value_t = 8545)]
    pub(crate) http_port: u16,
    /// Port for peers of the first node; the others have the ports after it.
    #[arg(long, default_value_t = 30_303)]
    pub(crate) port: u16,
}

#[derive(Debug, Args)]
pub(crate) struct Upgrade {
    #[command(flatten)]
    pub(crate) member: MemberArguments,
    /// The version to come [default: the newest that this program knows].
    #[arg(long, value_name = "VERSION")]
    pub(crate) to: Option<u32>,
    /// The epoch whose first block begins it [default: the next].
    #[arg(long, value_name = "EPOCH")]
    pub(crate) epoch: Option<u64>,
}

/// Which member signs, and how its word gets to the ledger.
#[derive(Debug, Args)]
pub(crate) struct MemberArguments {
    /// The node to send it to.
    #[arg(
        long,
        visible_alias = "via",
        env = "COUNTERFOIL_RPC",
        default_value = "http://127.0.0.1:8545",
        value_name = "URL"
    )]
    pub(crate) rpc: String,
    /// Data folder whose node.key is the member's.
    #[arg(long, env = "COUNTERFOIL_DATA", value_name = "DIR", required_unless_present_any = ["key", "dev"])]
    pub(crate) data: Option<PathBuf>,
    /// The member's ed25519 key, 64 hex digits, instead of --data.
    #[arg(long, env = "COUNTERFOIL_KEY", value_name = "FILE")]
    pub(crate) key: Option<PathBuf>,
    /// The key of every development node, instead of --data.
    #[arg(long, conflicts_with_all = ["key", "data"])]
    pub(crate) dev: bool,
    /// Ethereum key of the sending account, 64 hex digits, where an account must pay or be listed. Default: one made from the
    /// member's key, which pays nothing.
    #[arg(long, value_name = "FILE")]
    pub(crate) account_key: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct RecoverArguments {
    /// The data folder of a member's node: of all that are left the one with the highest block.
    #[arg(long, env = "COUNTERFOIL_DATA", value_name = "DIR")]
    pub(crate) data: PathBuf,
    /// The member's ed25519 key, 64 hex digits [default: node.key in the data folder].
    #[arg(long, env = "COUNTERFOIL_KEY", value_name = "FILE")]
    pub(crate) key: Option<PathBuf>,
    /// Node key of a member that is gone; may be repeated.
    #[arg(long = "remove", value_name = "KEY")]
    pub(crate) remove: Vec<B256>,
    /// Also where those who are kept are a quorum and could decide by vote.
    #[arg(long)]
    pub(crate) allow_quorum: bool,
    /// Do not ask.
    #[arg(long)]
    pub(crate) yes: bool,
    /// One JSON object on standard output.
    #[arg(long, requires = "yes")]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct AbiArguments {
    /// A room, such as `protocol`: all its interfaces, by name. Or one interface, such as `IProtocol`: its ABI alone.
    pub(crate) name: String,
    /// As Solidity instead of JSON.
    #[arg(long)]
    pub(crate) solidity: bool,
}

#[derive(Debug, Subcommand)]
pub(crate) enum DbCommand {
    /// Verify every record, link, root, index and document of a data folder; the node must be stopped.
    Check {
        /// The data folder.
        #[arg(long)]
        data: PathBuf,
    },
    /// Write the whole ledger and its documents into one file; the node may be running.
    Backup {
        /// The data folder.
        #[arg(long)]
        data: PathBuf,
        /// The file to write; must not exist.
        file: PathBuf,
    },
    /// Make a data folder from a backup.
    Restore {
        /// The data folder to make; must not exist or be empty.
        #[arg(long)]
        data: PathBuf,
        /// The backup.
        file: PathBuf,
    },
}

#[derive(Debug, Subcommand)]
pub(crate) enum KeyCommand {
    /// Make a key and keep it encrypted.
    New(NewKey),
    /// Keep a key that exists already; its 32 bytes come as hex on standard input.
    Import(NewKey),
    /// Name and account of each key.
    List {
        #[command(flatten)]
        store: KeyStoreArguments,
        /// One JSON object on standard output.
        #[arg(long)]
        json: bool,
    },
}

#[derive(Debug, Args)]
pub(crate) struct NewKey {
    /// What the key is called: letters, digits, `-` and `_`.
    pub(crate) name: String,
    #[command(flatten)]
    pub(crate) store: KeyStoreArguments,
    #[command(flatten)]
    pub(crate) passphrase: PassphraseArguments,
    /// One JSON object on standard output.
    #[arg(long)]
    pub(crate) json: bool,
}

/// Where keys are kept.
#[derive(Clone, Debug, Args)]
pub(crate) struct KeyStoreArguments {
    /// Folder of the encrypted keys [default: `counterfoil/keys` in the user's configuration directory].
    #[arg(long, env = "COUNTERFOIL_KEYSTORE", value_name = "DIR")]
    pub(crate) keystore: Option<PathBuf>,
}

/// How a key is opened.
#[derive(Clone, Debug, Args)]
pub(crate) struct PassphraseArguments {
    /// File whose first line is the passphrase; without it, the terminal asks.
    #[arg(long, env = "COUNTERFOIL_PASSPHRASE_FILE", value_name = "FILE")]
    pub(crate) passphrase_file: Option<PathBuf>,
}

/// Which node is asked, and how the answer is printed.
#[derive(Clone, Debug, Args)]
pub(crate) struct AskArguments {
    /// The node's JSON-RPC.
    #[arg(long, env = "COUNTERFOIL_RPC", default_value = "http://127.0.0.1:8545", value_name = "URL")]
    pub(crate) rpc: String,
    /// One JSON object on standard output.
    #[arg(long)]
    pub(crate) json: bool,
}

/// Who signs, with what and for which node.
#[derive(Clone, Debug, Args)]
pub(crate) struct SignArguments {
    /// Name of the key that signs.
    #[arg(long, env = "COUNTERFOIL_SIGNER", value_name = "NAME")]
    pub(crate) key: String,
    #[command(flatten)]
    pub(crate) store: KeyStoreArguments,
    #[command(flatten)]
    pub(crate) passphrase: PassphraseArguments,
    #[command(flatten)]
    pub(crate) ask: AskArguments,
}

#[derive(Debug, Args)]
pub(crate) struct DemoArguments {
    /// Where the demo's node listens; port 0 takes any free one.
    #[arg(long, default_value = "127.0.0.1:0")]
    pub(crate) http: SocketAddr,
}

#[derive(Debug, Args)]
pub(crate) struct ExportArguments {
    #[command(subcommand)]
    pub(crate) fact: ExportedFact,
    /// The file to write; an existing one is replaced.
    #[arg(short, long, global = true, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
    /// Write the JSON form instead of the binary one.
    #[arg(long, global = true)]
    pub(crate) json: bool,
    /// Put the block of this height into the file, for readers who trust it.
    #[arg(long, global = true, value_name = "HEIGHT")]
    pub(crate) checkpoint: Option<u64>,
    /// A file that the fact holds the keccak of, such as an item's attributes, to be told with it; may be repeated.
    #[arg(long = "preimage", global = true, value_name = "FILE")]
    pub(crate) preimages: Vec<PathBuf>,
    /// The node to ask.
    #[arg(long, global = true, value_name = "URL", default_value = "http://127.0.0.1:8545")]
    pub(crate) rpc: String,
}

#[derive(Debug, Subcommand)]
pub(crate) enum ExportedFact {
    /// A transaction that succeeded, and what its logs say.
    Tx {
        /// Transaction hash.
        hash: B256,
    },
    /// One log of a transaction.
    Log {
        /// Transaction hash.
        hash: B256,
        /// Place among the logs of the transaction, from 0.
        index: u64,
    },
    /// What became of a redemption of tokens: that it was fulfilled, that it failed, or that it is requested.
    Redemption {
        /// The id that its redeemer chose.
        id: B256,
    },
    /// An account.
    Account {
        /// Whose.
        address: Address,
        /// As of this block: a height, a hash or `latest`.
        #[arg(long, default_value = "latest")]
        block: String,
    },
    /// How much of a token an account owns.
    Token {
        /// Token id, decimal or hex.
        id: U256,
        /// Whose.
        owner: Address,
        /// As of this block: a height, a hash or `latest`.
        #[arg(long, default_value = "latest")]
        block: String,
    },
    /// What a member's certificate was worth: valid, revoked, or not known.
    Member {
        /// SHA-256 of the certificate.
        certificate: B256,
        /// As of this block: a height, a hash or `latest`.
        #[arg(long, default_value = "latest")]
        block: String,
    },
    /// Storage slots of a contract.
    Storage {
        /// Whose.
        address: Address,
        /// Slot numbers, decimal or hex.
        #[arg(required = true)]
        slots: Vec<U256>,
        /// As of this block: a height, a hash or `latest`.
        #[arg(long, default_value = "latest")]
        block: String,
    },
}

#[derive(Debug, Args)]
pub(crate) struct VerifyArguments {
    /// The counterfoil, in either form.
    pub(crate) file: PathBuf,
    /// Genesis hash of the network that it must be of.
    #[arg(long, value_name = "HASH")]
    pub(crate) genesis: B256,
    /// A block that you trust, as HEIGHT:HASH; the file must hold it.
    #[arg(long, value_name = "HEIGHT:HASH", value_parser = parse_checkpoint)]
    pub(crate) checkpoint: Option<(u64, B256)>,
    /// Print one JSON object.
    #[arg(long)]
    pub(crate) json: bool,
}

fn parse_checkpoint(text: &str) -> Result<(u64, B256), String> {
    let (height, hash) = text.split_once(':').ok_or("expected HEIGHT:HASH")?;
    let height = height.parse().map_err(|error| format!("height: {error}"))?;
    let hash = hash.parse().map_err(|error| format!("hash: {error}"))?;
    Ok((height, hash))
}

fn parse_funding(text: &str) -> Result<(Address, alloy_primitives::U256), String> {
    let (address, wei) = text.split_once('=').ok_or("expected ADDRESS=WEI")?;
    let address = address.parse().map_err(|error| format!("address: {error}"))?;
    let wei = wei.parse().map_err(|error| format!("wei: {error}"))?;
    Ok((address, wei))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_member_names_the_node_by_rpc_or_via() {
        for flag in ["--rpc", "--via"] {
            let words = ["counterfoil", "member", "join", "--key", "k", "--certificate", "c", flag, "http://other:1"];
            let Ok(Cli { command: Command::Member(MemberCommand::Join { member, .. }) }) = Cli::try_parse_from(words)
            else {
                panic!("{flag} is not accepted");
            };
            assert_eq!(member.rpc, "http://other:1");
        }
    }
}
