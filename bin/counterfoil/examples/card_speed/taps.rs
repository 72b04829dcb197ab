//! Taps at a running issuer: terminals in this process, connections on loopback, holds on the ledger that are final before the answer.
//!
//! Of many terminals only the issuer's work is measured, so what cards and terminals keep stays in memory: in life their disks are others.
//! Of one tap all is measured, also that card and terminal have kept on the disk what they must before they go on.

use std::{
    fs::{self, File, OpenOptions},
    io::{Read, Write},
    net::{SocketAddr, TcpStream},
    os::unix::fs::FileExt,
    path::Path,
    thread,
    time::{Duration, Instant},
};

use eyre::{Context, bail, eyre};
use payments::{
    card::{Card, Counter, CounterError, Counters, Protocol, file},
    message::{Framing, Request, Response, framed, framing},
    terminal::Pending,
};
use serde_json::{Value, json};

use super::{ROUNDS, median, shop::Terminal};

/// How long all terminals tap in a round.
const ROUND: Duration = Duration::from_secs(4);
/// Taps of a round, where one is measured after the other.
const TAPS: usize = 60;
const PATIENCE: Duration = Duration::from_secs(30);

/// A terminal with a card in it and a connection.
struct Till {
    terminal: Terminal,
    card: Card,
    counters: Counters,
    issuer: Connection,
}

/// Approvals a second of all terminals together.
pub(crate) fn many(issuer: SocketAddr, passphrase: &str, cards: &[&str]) -> eyre::Result<Value> {
    let tills = cards.iter().enumerate().map(|(place, card)| {
        let (card, state) = file::decode(&fs::read(card)?, passphrase).wrap_err_with(|| (*card).to_owned())?;
        let card = Card::new(card, Protocol::T1);
        let (terminal, issuer) = (Terminal::at(place)?, Connection::open(issuer)?);
        Ok(Till { terminal, card, counters: state.counters(), issuer })
    });
    let mut tills: Vec<Till> = tills.collect::<eyre::Result<_>>()?;
    let rates = (0..ROUNDS).map(|_| round(&mut tills)).collect::<Result<Vec<f64>, _>>()?;
    Ok(json!({ "approvals_per_s": median(rates)?.round(), "terminals": cards.len() }))
}

fn round(tills: &mut [Till]) -> eyre::Result<f64> {
    let start = Instant::now();
    let approved: u32 = thread::scope(|scope| {
        let at_work: Vec<_> =
            tills.iter_mut().map(|till| scope.spawn(move || till.taps_until(start + ROUND))).collect();
        let ended = at_work.into_iter().map(|till| till.join().map_err(|_| eyre!("a terminal broke off"))?);
        ended.sum::<eyre::Result<u32>>()
    })?;
    Ok(f64::from(approved) / start.elapsed().as_secs_f64())
}

impl Till {
    fn taps_until(&mut self, end: Instant) -> eyre::Result<u32> {
        let Self { terminal, card, counters, issuer } = self;
        let mut approved = 0;
        while Instant::now() < end {
            terminal.tap(card, counters, &mut |_| Ok(()), &mut |request| issuer.ask(request))?;
            approved += 1;
        }
        Ok(approved)
    }
}

/// From the card's first command until the issuer says that the money is held.
pub(crate) fn one(issuer: SocketAddr, passphrase: &str, card_file: &Path) -> eyre::Result<Value> {
    let owed = card_file.with_extension("owed");
    let (mut card, mut counter) = FileCounter::open(card_file, passphrase)?;
    let (mut terminal, mut issuer) = (Terminal::at(0)?, Connection::open(issuer)?);
    let mut p50s = Vec::new();
    for _ in 0..ROUNDS {
        let mut taps = Vec::new();
        for _ in 0..TAPS {
            let (start, mut held) = (Instant::now(), None);
            terminal.tap(&mut card, &mut counter, &mut |pending| keep(&owed, pending), &mut |request| {
                let response = issuer.ask(request)?;
                held = Some(start.elapsed());
                Ok(response)
            })?;
            taps.push(held.ok_or_else(|| eyre!("a payment was approved without its issuer"))?.as_secs_f64() * 1e6);
        }
        p50s.push(median(taps)?);
    }
    Ok(json!({ "p50_us": median(p50s)?.round() }))
}

/// What a terminal owes is on the disk before its request leaves.
fn keep(path: &Path, pending: &Pending) -> eyre::Result<()> {
    let mut file = File::create(path)?;
    file.write_all(&serde_json::to_vec(pending)?)?;
    Ok(file.sync_all()?)
}

/// The counter in a card file, written and synced as the program does it (cardfile.rs); nobody else has the card.
struct FileCounter {
    file: File,
    state: file::CardState,
    last_online_atc: u16,
}

impl FileCounter {
    fn open(path: &Path, passphrase: &str) -> eyre::Result<(Card, Self)> {
        let file = OpenOptions::new().read(true).write(true).open(path)?;
        let (card, state) = file::decode(&fs::read(path)?, passphrase)?;
        let last_online_atc = state.counters().last_online_atc;
        Ok((Card::new(card, Protocol::T1), Self { file, state, last_online_atc }))
    }
}

impl Counter for FileCounter {
    fn counters(&self) -> Counters {
        Counters { last_online_atc: self.last_online_atc, ..self.state.counters() }
    }

    fn advance(&mut self) -> Result<u16, CounterError> {
        let counters = self.counters().advanced()?;
        let (place, slot, state) = self.state.replaced(counters);
        let kept = self.file.write_all_at(&slot, place).and_then(|()| self.file.sync_data());
        kept.map_err(|error| CounterError::NotKept(error.to_string()))?;
        self.state = state;
        Ok(counters.atc)
    }

    fn record_online(&mut self, atc: u16) {
        self.last_online_atc = atc;
    }
}

/// A connection that stays.
struct Connection(TcpStream);

impl Connection {
    fn open(issuer: SocketAddr) -> eyre::Result<Self> {
        let stream = TcpStream::connect(issuer)?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        Ok(Self(stream))
    }

    fn ask(&mut self, request: &Request) -> eyre::Result<Response> {
        self.0.write_all(&framed(&request.encode()?)?)?;
        let (mut received, mut piece) = (Vec::new(), [0; 4_096]);
        loop {
            match framing(&received) {
                Framing::Frame { message, .. } => return Ok(Response::parse(message)?),
                Framing::TooLarge { length } => bail!("an answer of {length} bytes"),
                Framing::Incomplete { .. } => {}
            }
            let count = self.0.read(&mut piece).wrap_err("the issuer did not answer")?;
            received.extend_from_slice(piece.get(..count).filter(|some| !some.is_empty()).ok_or_else(closed)?);
        }
    }
}

fn closed() -> eyre::Report {
    eyre!("the issuer closed the connection")
}
