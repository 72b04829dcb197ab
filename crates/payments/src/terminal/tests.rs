//! Tests of the terminal: stories with a scripted card, which can do all that a real one must not, and with the card of this crate.

mod absent;
mod follow_ups;
mod judgements;
mod malicious;
mod properties;
mod scripted;
mod selection;
mod slips;
mod stories;
mod with_card;

use contracts::cash::iso4217::Currency;

use super::{Config, DateTime, HostAnswer, Moment, Outcome, Pending, Place, Purchase, Session, Step, Trace};
use crate::{
    message::{
        Request, Response, ResponseCode, Text,
        amount::{AdditionalAmount, AmountKind, CurrencyNumber, Signed},
        card::IccData,
    },
    tlv::{Objects, tag},
};

/// A transaction that is over, and what was said in it.
#[derive(Debug)]
struct Run {
    outcome: Outcome,
    commands: Vec<Vec<u8>>,
    requests: Vec<Request>,
    kept: Vec<Pending>,
}

/// Plays a transaction. The card is gone where it gives nothing.
fn run(
    purchase: &Purchase,
    card: &mut dyn FnMut(&[u8]) -> Option<Vec<u8>>,
    host: &mut dyn FnMut(&Request) -> HostAnswer,
) -> Run {
    let (mut session, mut step) = Session::start(&config(), purchase, UNPREDICTABLE, moment());
    let (mut commands, mut requests, mut kept) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..STEPS_MOST {
        step = match step {
            Step::Card(bytes) => {
                let answer = card(&bytes);
                commands.push(bytes);
                match answer {
                    Some(answer) => session.card(&answer),
                    None => session.card_gone(),
                }
            }
            Step::Keep(pending) => {
                assert!(requests.is_empty(), "it is kept before the request goes out");
                kept.push(*pending);
                session.kept()
            }
            Step::Host(request) => {
                let answer = host(&request);
                requests.push(*request);
                session.host(&answer)
            }
            Step::Done(outcome) => return Run { outcome: *outcome, commands, requests, kept },
        };
    }
    panic!("a transaction that does not end: {step:?}");
}

fn config() -> Config {
    let place = Place {
        acquirer: "123456",
        merchant_id: "MERCHANT0000001",
        terminal_id: "TERM0001",
        category: "5411",
        name_and_location: "Corner Shop, Riverside",
        country: 276,
    };
    Config::new(&place).unwrap()
}

fn euro(amount_minor: u64) -> Purchase {
    purchase(amount_minor, b"EUR")
}

fn purchase(amount_minor: u64, code: &[u8; 3]) -> Purchase {
    Purchase::new(amount_minor, *Currency::by_code(code).unwrap(), trace()).unwrap()
}

fn trace() -> Trace {
    Trace { stan: 7, reversal_stan: 8, rrn: "000000000007".into() }
}

/// Some minutes after midnight, where it is still yesterday in Greenwich.
fn moment() -> Moment {
    let local = DateTime::new((2028, 2, 29), (0, 9, 5)).unwrap();
    Moment { local, universal: DateTime::new((2028, 2, 28), (23, 9, 5)).unwrap() }
}

/// The issuer says yes, with a proof for the card.
fn approve(request: &Request) -> HostAnswer {
    answer(request, ResponseCode::Approved, |_| {})
}

/// The issuer says no.
fn decline(request: &Request) -> HostAnswer {
    answer(request, ResponseCode::DoNotHonour, |response| response.authorization_code = None)
}

/// The issuer says nothing.
fn silent(_: &Request) -> HostAnswer {
    HostAnswer::NoAnswer
}

fn answer(request: &Request, code: ResponseCode, change: impl Fn(&mut Response)) -> HostAnswer {
    let mut response = request.respond(code);
    let mut objects = Objects::new();
    objects.insert(tag::ISSUER_AUTHENTICATION, PROOF.to_vec()).unwrap();
    response.icc_data = Some(IccData::of(objects));
    response.authorization_code = Text::new("A1B2C3");
    change(&mut response);
    HostAnswer::Response(Box::new(response))
}

/// A balance of 12.50 euros, in debit or not.
fn balance_of(amount_minor: Signed) -> AdditionalAmount {
    let currency = CurrencyNumber::new(978).unwrap();
    AdditionalAmount { account: Default::default(), kind: AmountKind::AvailableBalance, currency, amount_minor }
}

const UNPREDICTABLE: [u8; 4] = [0xDE, 0xAD, 0xBE, 0xEF];
const PROOF: [u8; 8] = [1, 2, 3, 4, 0, 0x80, 0, 0];
/// More than any card can make it take.
const STEPS_MOST: usize = 1_000;
