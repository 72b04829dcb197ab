//! What can be typed after `counterfoil terminal`.

use std::path::PathBuf;

use clap::{ArgMatches, Args, Command, FromArgMatches, Subcommand, error::Error};

use crate::cli::PassphraseArguments;

#[derive(Debug, Subcommand)]
pub(crate) enum TerminalCommand {
    /// Take a payment: tap a card, ask the issuer, print the slip.
    Pay(Box<PayArguments>),
    /// Tap a card and ask what its holder can spend; with --rrn, without the card, soon after a payment.
    Balance(Box<BalanceArguments>),
    /// Hold more for an approved payment.
    Increase(IncreaseArguments),
    /// Take the money of an approved payment, or a part of it.
    Capture(CaptureArguments),
    /// Undo a payment, or a part of it; without --rrn only tell the issuer what it did not answer yet.
    Reverse(ReverseArguments),
    /// Give back the money of a payment, or a part of it.
    Refund(FollowArguments),
    /// Send a message of ISO 8583 as it is, and print the answer in hex.
    Send(SendArguments),
}

#[derive(Debug, Args)]
pub(crate) struct PayArguments {
    /// How much, like 12.50.
    #[arg(long)]
    pub(super) amount: String,
    /// Paid at once (0200): it needs no capture, and what follows is a refund.
    #[arg(long)]
    pub(super) purchase: bool,
    #[command(flatten)]
    pub(super) tap: TapArguments,
    #[command(flatten)]
    pub(super) issuer: IssuerArguments,
}

#[derive(Debug, Args)]
pub(crate) struct BalanceArguments {
    /// The reference of an earlier payment, as on its slip.
    #[arg(long)]
    pub(super) rrn: Option<String>,
    #[command(flatten)]
    pub(super) tap: PerhapsTap,
    #[command(flatten)]
    pub(super) issuer: IssuerArguments,
}

/// A terminal and a card, or none of it: clap asks for each required argument of a flattened `Option`.
#[derive(Debug)]
pub(super) struct PerhapsTap(pub(super) Option<TapArguments>);

impl Args for PerhapsTap {
    fn augment_args(command: Command) -> Command {
        TapArguments::augment_args_for_update(command)
    }

    fn augment_args_for_update(command: Command) -> Command {
        TapArguments::augment_args_for_update(command)
    }
}

impl FromArgMatches for PerhapsTap {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, Error> {
        let is_there = TAP.iter().any(|argument| matches.contains_id(argument));
        is_there.then(|| TapArguments::from_arg_matches(matches)).transpose().map(Self)
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}

const TAP: [&str; 7] = ["currency", "merchant", "terminal", "mcc", "acquirer", "card", "pcsc"];

/// Terminal and card.
#[derive(Debug, Args)]
pub(super) struct TapArguments {
    /// ISO 4217 code, such as EUR.
    #[arg(long)]
    pub(super) currency: String,
    /// The merchant's id at its acquirer: up to 15 characters.
    #[arg(long, value_name = "ID")]
    pub(super) merchant: String,
    /// The terminal's id: up to 8 characters [default: TERM0001].
    #[arg(long, value_name = "ID")]
    pub(super) terminal: Option<String>,
    /// Merchant category code: 4 digits of ISO 18245.
    #[arg(long, value_name = "CODE")]
    pub(super) mcc: String,
    /// The acquirer's id: up to 11 digits [default: whom --tls-cert names; with --dev, 123456].
    #[arg(long, value_name = "DIGITS")]
    pub(super) acquirer: Option<String>,
    /// Name and location of the merchant, up to 40 characters [default: its id].
    #[arg(long)]
    pub(super) name: Option<String>,
    /// Where the terminal stands, by ISO 3166 as a number; 999 says nothing.
    #[arg(long, value_name = "NUMBER", default_value_t = 999, value_parser = clap::value_parser!(u16).range(0..=999))]
    pub(super) country: u16,
    #[command(flatten)]
    pub(super) card: CardArguments,
    #[command(flatten)]
    pub(super) passphrase: PassphraseArguments,
}

/// Where the card is. One of them; `reader` tells who gives none.
#[derive(Debug, Args)]
#[group(multiple = false)]
pub(super) struct CardArguments {
    /// A card file, as `counterfoil card` makes and inserts it.
    #[arg(long, value_name = "FILE")]
    pub(super) card: Option<PathBuf>,
    /// A PC/SC reader, by its name or the begin of it; needs a program that was built with the feature `pcsc`.
    #[arg(long, value_name = "READER")]
    pub(super) pcsc: Option<String>,
}

/// Where the issuer is, and what the terminal remembers.
#[derive(Clone, Debug, Args)]
pub(super) struct IssuerArguments {
    /// Where the issuer takes messages of ISO 8583.
    #[arg(long, env = "COUNTERFOIL_ISSUER", value_name = "HOST:PORT")]
    pub(super) issuer: String,
    /// Certificates of who may vouch for the issuer, PEM.
    #[arg(long, value_name = "FILE", requires_all = ["tls_cert", "tls_key"])]
    pub(super) tls_ca: Option<PathBuf>,
    /// The acquirer's certificate, PEM.
    #[arg(long, value_name = "FILE", requires_all = ["tls_ca", "tls_key"])]
    pub(super) tls_cert: Option<PathBuf>,
    /// Key of the acquirer's certificate, PEM.
    #[arg(long, value_name = "FILE", requires_all = ["tls_ca", "tls_cert"])]
    pub(super) tls_key: Option<PathBuf>,
    /// Without TLS, to an issuer on this machine that was started with --dev.
    #[arg(long, conflicts_with_all = ["tls_ca", "tls_cert", "tls_key"])]
    pub(super) dev: bool,
    /// Longest time to connect to the issuer and to wait for its answer, in seconds.
    #[arg(long, value_name = "SECONDS", default_value_t = 30, value_parser = clap::value_parser!(u64).range(1..=600))]
    pub(super) timeout_s: u64,
    /// Folder of the terminal's payments, of what it still owes the issuer, and of its numbers; one terminal each [default:
    /// `counterfoil/terminal` in the user's data directory].
    #[arg(long, env = "COUNTERFOIL_TERMINAL", value_name = "DIR")]
    pub(super) state: Option<PathBuf>,
    /// One JSON object on standard output.
    #[arg(long)]
    pub(super) json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct FollowArguments {
    /// The payment's reference, as on its slip.
    #[arg(long)]
    pub(super) rrn: String,
    /// How much, like 12.50 [default: all that was approved, and not captured yet].
    #[arg(long)]
    pub(super) amount: Option<String>,
    #[command(flatten)]
    pub(super) issuer: IssuerArguments,
}

#[derive(Debug, Args)]
pub(crate) struct CaptureArguments {
    #[command(flatten)]
    pub(super) follow: FollowArguments,
    /// More captures follow: the rest stays held.
    #[arg(long)]
    pub(super) more: bool,
}

#[derive(Debug, Args)]
pub(crate) struct IncreaseArguments {
    /// The payment's reference, as on its slip.
    #[arg(long)]
    pub(super) rrn: String,
    /// How much more, like 12.50.
    #[arg(long)]
    pub(super) amount: String,
    #[command(flatten)]
    pub(super) issuer: IssuerArguments,
}

#[derive(Debug, Args)]
pub(crate) struct ReverseArguments {
    /// The payment's reference, as on its slip.
    #[arg(long)]
    pub(super) rrn: Option<String>,
    /// How much less is to be held, like 12.50 [default: nothing is to be].
    #[arg(long, requires = "rrn")]
    pub(super) amount: Option<String>,
    #[command(flatten)]
    pub(super) issuer: IssuerArguments,
}

#[derive(Debug, Args)]
pub(crate) struct SendArguments {
    /// The message, without the length in front of it.
    #[arg(long, value_name = "HEX")]
    pub(super) hex: String,
    #[command(flatten)]
    pub(super) issuer: IssuerArguments,
}
