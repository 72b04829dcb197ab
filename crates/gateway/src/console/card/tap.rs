//! `/terminal/tap/ID`: what was said between card, terminal and issuer, byte by byte; and what the merchant saw beside what the issuer saw.

use std::sync::Arc;

use askama::Template;
use payments::terminal::{Record, Word};

use super::{
    Console, Opened, Problem,
    live::{self, Drawn},
    sides::{IssuerSide, MerchantSide},
    taps::{Asked, Progress, Tap},
    trace::{self, Step},
};
use crate::console::{Frame, StatusCode, show, words};

#[derive(Template)]
#[template(path = "tap.html")]
struct TapPage {
    frame: Frame,
    asked: Asked,
    piece: Piece,
    live: Option<String>,
}

#[derive(Template)]
#[template(path = "tap_piece.html")]
struct Piece {
    verdict: Verdict,
    merchant: Option<MerchantSide>,
    issuer: Option<IssuerSide>,
    steps: Vec<Step>,
}

/// How it ended.
struct Verdict {
    is_over: bool,
    class: &'static str,
    word: String,
    reasons: Vec<String>,
}

/// The tap with an id.
pub(super) fn open(console: &Console, id: &str) -> Opened {
    let id = id.to_owned();
    console.heavy(move |console| {
        let tap = find(console, &id)?;
        let (piece, count) = Piece::of(console, &tap)?;
        let live = (!piece.verdict.is_over).then(|| format!("/terminal/tap/{}/live?after={count}", tap.id));
        let page = TapPage { frame: console.frame(), asked: tap.asked.clone(), piece, live };
        Ok(show(StatusCode::OK, &page))
    })
}

/// The same while it goes on.
pub(super) fn follow(console: &Console, id: &str, seen: Option<u64>) -> Opened {
    let Ok(tap) = find(console, id) else { return console.nowhere() };
    let console = console.clone();
    live::follow(tap.changes(), seen, move || {
        let (piece, _) = Piece::of(&console, &tap)?;
        let html = piece.render().map_err(|error| Problem::Unreadable(error.to_string()))?;
        Ok(Drawn { html, is_last: piece.verdict.is_over })
    })
}

fn find(console: &Console, id: &str) -> Result<Arc<Tap>, Problem> {
    console.resident()?;
    console.taps.find(id).ok_or_else(|| {
        Problem::NotHere("This tap is not remembered: a node keeps its newest 32, until it ends.".to_owned())
    })
}

impl Piece {
    /// With the count that it shows.
    fn of(console: &Console, tap: &Tap) -> Result<(Self, u64), Problem> {
        let (Progress { heard, end }, count) = tap.progress();
        let record = end.as_ref().and_then(|end| end.as_deref().ok());
        let issuer = record.map(|record| IssuerSide::of(console, record)).transpose()?.flatten();
        let piece = Self {
            verdict: Verdict::of(end.as_ref()),
            merchant: record.map(MerchantSide::of),
            issuer,
            steps: trace::steps(&heard),
        };
        Ok((piece, count))
    }
}

impl Verdict {
    fn of(end: Option<&Result<Box<Record>, String>>) -> Self {
        let verdict = |class, word: &str, reasons| Self { is_over: true, class, word: word.to_owned(), reasons };
        match end {
            None => Self { is_over: false, ..verdict("", "The card is in the terminal", Vec::new()) },
            Some(Err(reason)) => verdict("bad", "No card was tapped", vec![words::shortened(reason)]),
            Some(Ok(record)) => {
                let reasons =
                    record.reason.iter().chain(&record.notes).map(|reason| words::shortened(reason)).collect();
                match record.outcome {
                    Word::Approved => verdict("good", "Approved", reasons),
                    Word::PartiallyApproved => verdict("good", "Approved in part", reasons),
                    Word::Declined => verdict("bad", "Declined", reasons),
                    Word::NoHost => verdict("bad", "Declined: the issuer did not answer", reasons),
                    Word::CardError => verdict("bad", "Not completed: card error", reasons),
                    Word::Open => verdict("bad", "Not finished", reasons),
                }
            }
        }
    }
}
