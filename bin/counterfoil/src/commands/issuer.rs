//! `counterfoil issuer …`: an issuer of cards in a folder. `init` makes it, `run` runs it; the others look into its vault, or change what
//! its own people may change. They may be used while it runs.

mod cards;
mod init;
mod money;
mod new_card;
mod parties;
mod payments;
mod personalize;
mod ranges;
mod reconcile;
mod run;

use std::{net::SocketAddr, path::PathBuf};

use alloy_primitives::{Address, B256};
use clap::{Args, Subcommand};
use eyre::ensure;
use gateway::payment::Acquirer;
use vault::{Options, SqliteVault};

use crate::{
    cli::PassphraseArguments,
    issuer_folder::{IssuerFile, IssuerFolder, Root},
    keystore::passphrase,
};

pub(crate) use init::found;
pub(crate) use money::take_up;
pub(crate) use new_card::NewCard;
pub(crate) use personalize::PersonalizeArguments;
pub(crate) use personalize::run as personalize;

#[derive(Debug, Subcommand)]
pub(crate) enum IssuerCommand {
    /// Make an issuer: its keys, its vault, its authority and a first range of cards.
    Init(InitArguments),
    /// Run it: ISO 8583 and JSON for acquirers, until Ctrl-C.
    Run(Box<RunArguments>),
    /// Numbers and how they are tokenized.
    #[command(subcommand)]
    Range(RangeCommand),
    /// Who may speak to it.
    #[command(subcommand)]
    Acquirer(AcquirerCommand),
    /// Who is paid.
    #[command(subcommand)]
    Merchant(MerchantCommand),
    /// Payments, newest first, with what did not fit.
    Payments(PaymentsArguments),
    /// Compare the vault with the ledger; exit code 1 if they differ.
    Reconcile(LedgerArguments),
    /// Take up what a transaction brought to the pool: it belongs to no account yet.
    Deposit(DepositArguments),
    /// Give a card's account some of what belongs to no account.
    Credit(CreditArguments),
    /// Bound what a card may spend.
    Limit(LimitArguments),
    /// Cards with their accounts.
    Cards(LookArguments),
    /// Stop a card for now.
    Block(CardArguments),
    /// Let a stopped, lost or stolen card pay again.
    Unblock(CardArguments),
    /// A card was lost; without a card, list the lost and stolen ones.
    Lost(LostArguments),
    /// What merchants were paid, by day.
    Totals(TotalsArguments),
}

/// Which issuer, and how it is opened.
#[derive(Clone, Debug, Args)]
pub(crate) struct FolderArguments {
    /// The issuer's folder.
    #[arg(long, env = "COUNTERFOIL_ISSUER_DIR", value_name = "DIR")]
    pub(crate) dir: PathBuf,
    #[command(flatten)]
    pub(crate) passphrase: PassphraseArguments,
}

/// Which issuer is looked at, and how the answer is printed.
#[derive(Debug, Args)]
pub(crate) struct LookArguments {
    #[command(flatten)]
    folder: FolderArguments,
    /// One JSON object on standard output.
    #[arg(long)]
    json: bool,
}

/// The same with the ledger.
#[derive(Debug, Args)]
pub(crate) struct LedgerArguments {
    #[command(flatten)]
    look: LookArguments,
    /// The ledger: a node's JSON-RPC.
    #[arg(long, env = "COUNTERFOIL_RPC", default_value = "http://127.0.0.1:8545", value_name = "URL")]
    rpc: String,
}

#[derive(Debug, Args)]
pub(crate) struct InitArguments {
    #[command(flatten)]
    folder: FolderArguments,
    /// What the issuer is called.
    #[arg(long, default_value = "Counterfoil issuer")]
    issuer_name: String,
    /// A host name of its doors beside localhost; may be repeated.
    #[arg(long = "name", value_name = "HOST")]
    names: Vec<String>,
    /// The ledger that it belongs to [default: that of the first run].
    #[arg(long, env = "COUNTERFOIL_RPC", value_name = "URL")]
    rpc: Option<String>,
    /// Whose money is held, if not the operator's own; that account must allow it: `counterfoil cash approve`.
    #[arg(long, value_name = "ADDRESS")]
    pool: Option<Address>,
    /// The operator's key, 64 hex digits in the first line of a file [default: a new one].
    #[arg(long, value_name = "FILE")]
    operator_key: Option<PathBuf>,
    #[command(flatten)]
    range: RangeArguments,
    /// One JSON object on standard output.
    #[arg(long)]
    json: bool,
}

/// A range of numbers.
#[derive(Clone, Debug, Args)]
pub(crate) struct RangeArguments {
    /// First digits of the numbers.
    #[arg(long, default_value = "999900", value_name = "DIGITS")]
    pan_bin: String,
    /// First digits of their tokens, as many.
    #[arg(long, default_value = "999901", value_name = "DIGITS")]
    token_bin: String,
    /// A built-in profile, or a JSON file.
    #[arg(long, default_value = "combined", value_name = "NAME|FILE")]
    profile: String,
    /// How the number is found again: reverse, rederive, vault.
    #[arg(long, default_value = "reverse")]
    strategy: String,
    /// The issuer's keys for it.
    #[arg(long, default_value_t = 1, value_name = "NUMBER")]
    key_set: u8,
    /// One key for all cards of the range, which every card then betrays.
    #[arg(long)]
    issuer_wide: bool,
}

#[derive(Debug, Subcommand)]
pub(crate) enum RangeCommand {
    /// Add a range.
    Add {
        #[command(flatten)]
        look: LookArguments,
        #[command(flatten)]
        range: RangeArguments,
    },
    /// All ranges.
    List(LookArguments),
}

#[derive(Debug, Args)]
pub(crate) struct RunArguments {
    #[command(flatten)]
    folder: FolderArguments,
    /// The ledger: a node's JSON-RPC.
    #[arg(long, env = "COUNTERFOIL_RPC", default_value = "http://127.0.0.1:8545", value_name = "URL")]
    rpc: String,
    /// Where ISO 8583 is spoken.
    #[arg(long, default_value = "127.0.0.1:8583", value_name = "ADDRESS")]
    iso: SocketAddr,
    /// Where JSON is spoken.
    #[arg(long, default_value = "127.0.0.1:8584", value_name = "ADDRESS")]
    http: SocketAddr,
    /// Without TLS, and believe whom a message names; on loopback only.
    #[arg(long)]
    dev: bool,
    /// What is logged, such as `info` or `gateway=debug`.
    #[arg(long, env = "COUNTERFOIL_LOG", default_value = "info", value_name = "FILTER")]
    log: String,
}

#[derive(Debug, Subcommand)]
pub(crate) enum AcquirerCommand {
    /// Make a certificate that an acquirer shows at the doors.
    Add {
        #[command(flatten)]
        folder: FolderArguments,
        /// Its number: 1 to 11 digits.
        #[arg(long, value_name = "DIGITS")]
        acquirer: Acquirer,
        /// Folder to write acquirer.pem, acquirer.key and authority.pem into.
        #[arg(long, value_name = "DIR")]
        out: PathBuf,
    },
    /// Shut an acquirer out: its certificates are not let in any more, and its connections are closed.
    Remove {
        /// The issuer's folder.
        #[arg(long, env = "COUNTERFOIL_ISSUER_DIR", value_name = "DIR")]
        dir: PathBuf,
        /// Its number: 1 to 11 digits.
        #[arg(long, value_name = "DIGITS")]
        acquirer: Acquirer,
    },
    /// All acquirers that are let in.
    List {
        /// The issuer's folder.
        #[arg(long, env = "COUNTERFOIL_ISSUER_DIR", value_name = "DIR")]
        dir: PathBuf,
        /// One JSON object on standard output.
        #[arg(long)]
        json: bool,
    },
}

#[derive(Debug, Subcommand)]
pub(crate) enum MerchantCommand {
    /// Register a merchant of an acquirer, or change it.
    Add(MerchantArguments),
    /// Remove a merchant: what was authorized for it goes on, and no payment begins.
    Remove {
        #[command(flatten)]
        look: LookArguments,
        /// Who brought it: 1 to 11 digits.
        #[arg(long, value_name = "DIGITS")]
        acquirer: Acquirer,
        /// Its id at the acquirer, DE 42.
        #[arg(long, value_name = "ID")]
        merchant: String,
    },
    /// All merchants.
    List(LookArguments),
}

#[derive(Debug, Args)]
pub(crate) struct MerchantArguments {
    #[command(flatten)]
    look: LookArguments,
    /// Who brings it: 1 to 11 digits.
    #[arg(long, value_name = "DIGITS")]
    acquirer: Acquirer,
    /// Its id at the acquirer, DE 42: up to 15 characters.
    #[arg(long, value_name = "ID")]
    merchant: String,
    /// The only currency in which it is paid, such as EUR.
    #[arg(long, value_name = "CODE")]
    currency: String,
    /// Its account on the ledger.
    #[arg(long)]
    address: Address,
    /// Its category, if messages must name it: four digits.
    #[arg(long, value_name = "DIGITS")]
    mcc: Option<String>,
}

#[derive(Debug, Args)]
pub(crate) struct PaymentsArguments {
    #[command(flatten)]
    look: LookArguments,
    /// Those of this retrieval reference (DE 37) only.
    #[arg(long, value_name = "REFERENCE")]
    rrn: Option<String>,
    /// At most so many.
    #[arg(long, default_value_t = 100)]
    limit: u32,
}

#[derive(Debug, Args)]
pub(crate) struct DepositArguments {
    #[command(flatten)]
    ledger: LedgerArguments,
    /// The transaction.
    #[arg(long, value_name = "HASH")]
    tx: B256,
    /// Its currency, such as EUR.
    #[arg(long, value_name = "CODE", default_value = "EUR")]
    currency: String,
}

/// Which card.
#[derive(Clone, Debug, Args)]
pub(crate) struct CardArguments {
    #[command(flatten)]
    look: CardLook,
    /// The card's reference: 12 digits, from `card personalize` or `issuer cards`.
    #[arg(long, value_name = "REFERENCE")]
    card: String,
}

#[derive(Clone, Debug, Args)]
pub(crate) struct CardLook {
    #[command(flatten)]
    folder: FolderArguments,
    /// One JSON object on standard output.
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct LostArguments {
    #[command(flatten)]
    look: LookArguments,
    /// The card's reference: 12 digits.
    #[arg(long, value_name = "REFERENCE")]
    card: Option<String>,
    /// It was stolen.
    #[arg(long, requires = "card")]
    stolen: bool,
}

#[derive(Debug, Args)]
pub(crate) struct CreditArguments {
    #[command(flatten)]
    card: CardArguments,
    /// As people write it: 12.50.
    #[arg(long)]
    amount: String,
    /// Such as EUR.
    #[arg(long, value_name = "CODE")]
    currency: String,
    /// The other way: from the account to what belongs to nobody.
    #[arg(long)]
    back: bool,
}

#[derive(Debug, Args)]
pub(crate) struct LimitArguments {
    #[command(flatten)]
    card: CardArguments,
    /// Such as EUR.
    #[arg(long, value_name = "CODE")]
    currency: String,
    /// The most that one payment may be [default: no bound].
    #[arg(long, value_name = "AMOUNT")]
    payment: Option<String>,
    /// The most that one day (UTC) may be [default: no bound].
    #[arg(long, value_name = "AMOUNT")]
    day: Option<String>,
}

#[derive(Debug, Args)]
pub(crate) struct TotalsArguments {
    #[command(flatten)]
    look: LookArguments,
    /// From this day on, as 2026-11-27 [default: today, UTC].
    #[arg(long, value_name = "DATE")]
    from: Option<String>,
    /// Up to this day [default: the first one].
    #[arg(long, value_name = "DATE")]
    to: Option<String>,
}

pub(crate) fn run(command: IssuerCommand) -> eyre::Result<()> {
    use IssuerCommand as C;
    crate::process::refuse_core_dumps()?;
    match command {
        C::Init(arguments) => init::run(&arguments),
        C::Run(arguments) => run::run(&arguments),
        C::Range(RangeCommand::Add { look, range }) => ranges::add(&look, &range),
        C::Range(RangeCommand::List(look)) => ranges::list(&look),
        C::Acquirer(AcquirerCommand::Add { folder, acquirer, out }) => parties::certify(&folder, &acquirer, &out),
        C::Acquirer(AcquirerCommand::Remove { dir, acquirer }) => parties::shut_out(&dir, &acquirer),
        C::Acquirer(AcquirerCommand::List { dir, json }) => parties::acquirers(&dir, json),
        C::Merchant(MerchantCommand::Add(arguments)) => parties::add(&arguments),
        C::Merchant(MerchantCommand::Remove { look, acquirer, merchant }) => {
            parties::remove(&look, &acquirer, &merchant)
        }
        C::Merchant(MerchantCommand::List(look)) => parties::list(&look),
        C::Payments(arguments) => payments::run(&arguments),
        C::Reconcile(arguments) => reconcile::run(&arguments),
        C::Deposit(arguments) => money::deposit(&arguments),
        C::Credit(arguments) => money::credit(&arguments),
        C::Limit(arguments) => money::limit(&arguments),
        C::Cards(look) => cards::list(&look),
        C::Block(arguments) => cards::block(&arguments),
        C::Unblock(arguments) => cards::unblock(&arguments),
        C::Lost(arguments) => cards::lost(&arguments),
        C::Totals(arguments) => money::totals(&arguments),
    }
}

/// An issuer that was opened.
pub(crate) struct Opened {
    pub(crate) folder: IssuerFolder,
    pub(crate) about: IssuerFile,
    root: Root,
    pub(crate) vault: SqliteVault,
}

impl Opened {
    /// Opens an issuer with its passphrase.
    pub(crate) fn of(folder: IssuerFolder, passphrase: &str) -> eyre::Result<Self> {
        let about = folder.about()?;
        let root = folder.root(passphrase)?;
        let vault = folder.vault(&root, Options::default())?;
        Ok(Self { folder, about, root, vault })
    }
}

impl FolderArguments {
    /// Opens the issuer with its passphrase.
    fn open(&self) -> eyre::Result<Opened> {
        let folder = IssuerFolder::new(self.dir.clone());
        folder.about()?;
        Opened::of(folder, &passphrase(&self.passphrase, false)?)
    }
}

/// Digits of a BIN, a category and the like.
fn check_digits(what: &str, text: &str, lengths: std::ops::RangeInclusive<usize>) -> eyre::Result<()> {
    let sound = lengths.contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
    ensure!(sound, "{what}: {text} is not {} to {} digits", lengths.start(), lengths.end());
    Ok(())
}
