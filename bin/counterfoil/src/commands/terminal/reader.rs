//! Where the terminal's card is: a card file, or a reader of PC/SC. Bytes go in, bytes come out, or the card is gone.
//!
//! PC/SC needs the system's library, so it is behind the feature `pcsc` of the program.

use std::path::Path;

use payments::card::{Card, Protocol};

use super::arguments::CardArguments;
use crate::{cardfile::CardFile, cli::PassphraseArguments, keystore::passphrase};

/// A card under power.
pub(crate) enum Reader {
    File(Box<(Card, CardFile)>),
    #[cfg(feature = "pcsc")]
    Contacts(contacts::Contacts),
}

/// Why it gave no answer.
#[derive(Debug, thiserror::Error)]
#[error("the card is gone: {0}")]
pub(super) struct Gone(String);

impl Reader {
    /// Powers the card on.
    pub(super) fn open(arguments: &CardArguments, asked: &PassphraseArguments) -> eyre::Result<Self> {
        match (&arguments.card, &arguments.pcsc) {
            (Some(file), _) => Self::file(file, &passphrase(asked, false)?),
            (None, Some(reader)) => Self::contacts(reader),
            (None, None) => Err(super::usage("give --card FILE or --pcsc READER")),
        }
    }

    /// Powers the card of a file on.
    pub(crate) fn file(path: &Path, passphrase: &str) -> eyre::Result<Self> {
        let (file, personalization) = CardFile::open(path, passphrase)?;
        Ok(Self::File(Box::new((Card::new(personalization, Protocol::T1), file))))
    }

    #[cfg(feature = "pcsc")]
    fn contacts(reader: &str) -> eyre::Result<Self> {
        contacts::Contacts::open(reader).map(Self::Contacts)
    }

    #[cfg(not(feature = "pcsc"))]
    fn contacts(reader: &str) -> eyre::Result<Self> {
        let built = "build it with `cargo build --features pcsc`, which needs libpcsclite";
        Err(super::usage(format!("this program cannot use reader {reader:?}: it has no feature `pcsc`; {built}")))
    }

    /// One command and its answer.
    pub(super) fn transmit(&mut self, command: &[u8]) -> Result<Vec<u8>, Gone> {
        match self {
            Self::File(card) => {
                let (card, counter) = card.as_mut();
                Ok(card.exchange(command, counter))
            }
            #[cfg(feature = "pcsc")]
            Self::Contacts(contacts) => contacts.transmit(command),
        }
    }
}

#[cfg(feature = "pcsc")]
mod contacts {
    //! A reader of PC/SC.

    use eyre::{Context as _, OptionExt};
    use pcsc::{Card, Context, MAX_BUFFER_SIZE, Protocol, Protocols, Scope, ShareMode};

    use super::Gone;

    /// A card in a reader, for this terminal alone.
    pub(crate) struct Contacts {
        card: Card,
        is_t0: bool,
    }

    impl Contacts {
        pub(super) fn open(wanted: &str) -> eyre::Result<Self> {
            let context = Context::establish(Scope::User).wrap_err("no PC/SC service answers: is pcscd running?")?;
            let readers = context.list_readers_owned().wrap_err("readers")?;
            let named = readers.iter().find(|name| name.to_string_lossy().starts_with(wanted));
            let names: Vec<_> = readers.iter().map(|name| name.to_string_lossy()).collect();
            let named = named.ok_or_eyre(format!("there is no reader {wanted:?}; there are: {}", names.join(", ")))?;
            let card = context.connect(named, ShareMode::Exclusive, Protocols::ANY);
            let card = card.wrap_err_with(|| format!("no card in {}", named.to_string_lossy()))?;
            let protocol = card.status2_owned().wrap_err("card")?.protocol2();
            Ok(Self { card, is_t0: protocol == Some(Protocol::T0) })
        }

        pub(super) fn transmit(&mut self, command: &[u8]) -> Result<Vec<u8>, Gone> {
            let mut buffer = [0; MAX_BUFFER_SIZE];
            let answer = self.card.transmit(self.spoken(command), &mut buffer);
            answer.map(<[u8]>::to_vec).map_err(|error| Gone(error.to_string()))
        }

        /// Over T=0 a command has data or an expected length, not both: the card says with 61xx what waits.
        fn spoken<'a>(&self, command: &'a [u8]) -> &'a [u8] {
            let length = command.get(4).copied().map_or(0, usize::from);
            if self.is_t0 && length > 0 && command.len() == length + 6 {
                command.get(..length + 5).unwrap_or(command)
            } else {
                command
            }
        }
    }
}
