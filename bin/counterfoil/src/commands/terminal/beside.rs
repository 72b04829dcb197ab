//! The terminal that stands beside a node with an issuer: the console taps cards with it. The same as `terminal pay`, with a folder of cards
//! to choose from, and over the issuer's own door.

use std::{fs, net::SocketAddr, path::PathBuf, time::Duration};

use eyre::{Context, ensure};
use gateway::payment::terminal::{Heard, Lying, Sale, Terminal, TerminalError};
use payments::{
    card::file,
    terminal::{Config, Place, Purchase, Record},
};

use super::{
    reader::Reader,
    state::State,
    tap::{Passing, take},
    wire::Wire,
};

/// Cards in one folder, what it remembers in another, the issuer at an address of this machine.
#[derive(Debug)]
pub(crate) struct TerminalBeside {
    cards: PathBuf,
    state: PathBuf,
    issuer: SocketAddr,
}

impl TerminalBeside {
    pub(crate) const fn new(cards: PathBuf, state: PathBuf, issuer: SocketAddr) -> Self {
        Self { cards, state, issuer }
    }

    /// The cards of the folder, by name; what is no card file is not among them.
    fn lying(&self) -> eyre::Result<Vec<Lying>> {
        if !self.cards.exists() {
            return Ok(Vec::new());
        }
        let shown = || self.cards.display().to_string();
        let mut lying = Vec::new();
        for entry in fs::read_dir(&self.cards).wrap_err_with(shown)? {
            let path = entry.wrap_err_with(shown)?.path();
            let is_card = path.extension().is_some_and(|ending| ending == ENDING);
            let name = path.file_stem().and_then(|name| name.to_str()).filter(|_| is_card).map(str::to_owned);
            let small = fs::metadata(&path).is_ok_and(|file| file.len() <= file::MAX_BYTES as u64);
            let face = name.as_ref().filter(|_| small).and_then(|_| file::face(&fs::read(&path).ok()?).ok());
            lying.extend(name.zip(face).map(|(name, face)| Lying { name, face }));
            if lying.len() == CARDS_MOST {
                break;
            }
        }
        lying.sort_by(|one, other| one.name.cmp(&other.name));
        Ok(lying)
    }

    fn pay(&self, sale: &Sale, hear: &mut dyn FnMut(Heard)) -> eyre::Result<Record> {
        let place = Place {
            acquirer: &sale.acquirer,
            merchant_id: &sale.merchant,
            terminal_id: TERMINAL_ID,
            category: &sale.category,
            name_and_location: &sale.merchant,
            country: NOWHERE,
        };
        let config = Config::new(&place)?;
        let is_there = self.lying()?.iter().any(|lying| lying.name == sale.card);
        ensure!(is_there, "there is no card {:?} beside the terminal", sale.card);
        let reader = Reader::file(&self.cards.join(format!("{}.{ENDING}", sale.card)), sale.passphrase.expose())?;
        let state = State::open(Some(&self.state))?;
        let purchase = Purchase::new(sale.amount_minor, sale.currency, state.trace()?)?;
        let wire = Wire::plain(self.issuer.to_string(), TIMEOUT);
        let (record, _) = take((&state, &wire), &config, &purchase, reader, &mut |passing| hear(heard(passing)))?;
        Ok(record)
    }
}

impl Terminal for TerminalBeside {
    fn cards(&self) -> Result<Vec<Lying>, TerminalError> {
        self.lying().map_err(told)
    }

    fn tap(&self, sale: &Sale, hear: &mut dyn FnMut(Heard)) -> Result<Record, TerminalError> {
        self.pay(sale, hear).map_err(told)
    }
}

fn heard(passing: Passing<'_>) -> Heard {
    match passing {
        Passing::Command(bytes) => Heard::Command(bytes.to_vec()),
        Passing::Answer(bytes) => Heard::Answer(bytes.to_vec()),
        Passing::Request(bytes) => Heard::Request(bytes.to_vec()),
        Passing::Response(bytes) => Heard::Response(bytes.to_vec()),
    }
}

fn told(error: eyre::Report) -> TerminalError {
    TerminalError(format!("{error:#}"))
}

/// Of card files.
const ENDING: &str = "card";
/// DE 41 of everything that it sends.
const TERMINAL_ID: &str = "CONSOLE1";
/// ISO 3166 has no country with this number: it says nothing.
const NOWHERE: u16 = 999;
/// Longer than the issuer waits for the ledger.
const TIMEOUT: Duration = Duration::from_secs(20);
/// Cards to choose from.
const CARDS_MOST: usize = 300;

#[cfg(test)]
mod tests {
    use contracts::cash::iso4217::Currency;
    use primitives::Masked;

    use super::*;

    fn beside(folder: &std::path::Path) -> TerminalBeside {
        TerminalBeside::new(folder.join("cards"), folder.join("terminal"), ([127, 0, 0, 1], 1).into())
    }

    fn sale(card: &str) -> Sale {
        let currency = *Currency::by_code(b"EUR").unwrap();
        let [acquirer, merchant, category, card] = ["12345", "SHOP-1", "5411", card].map(str::to_owned);
        Sale { amount_minor: 1_250, currency, acquirer, merchant, category, card, passphrase: Masked::new("x".into()) }
    }

    #[test]
    fn what_is_no_card_is_not_listed_and_nothing_outside_the_folder_is_opened() {
        let folder = tempfile::tempdir().unwrap();
        let terminal = beside(folder.path());
        assert_eq!(terminal.cards().unwrap(), [], "no folder, no cards");
        fs::create_dir(folder.path().join("cards")).unwrap();
        for (name, content) in [("cards/notes.txt", "text"), ("cards/broken.card", "{"), ("outside.card", "{")] {
            fs::write(folder.path().join(name), content).unwrap();
        }
        assert_eq!(terminal.cards().unwrap(), []);
        for name in ["broken", "../outside", "", ".", "/etc/passwd"] {
            let refused = terminal.tap(&sale(name), &mut |_| panic!("nothing is said")).unwrap_err();
            assert!(refused.to_string().starts_with("there is no card"), "{refused}");
        }
        assert!(!folder.path().join("terminal").exists(), "no number was used up");
    }
}
