//! A checkout lane in this process: the machines of `payments` for card and terminal, and the issuer's real door for ISO 8583.
//!
//! What the commands of `counterfoil terminal` do by themselves is here for a story to do, or not: repeat, give up, capture.

use std::{
    fs,
    io::{Read, Write},
    net::TcpStream,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use contracts::cash::iso4217::Currency;
use payments::{
    card::{Card, Counters, Personalization, Protocol, file},
    message::{
        Digits, Framing, Operation, Payment, Request, Response, ResponseCode, TransmissionTime,
        amount::{Processing, Transaction},
        framed, framing,
    },
    terminal::{Config, DateTime, HostAnswer, Moment, Outcome, Place, Purchase, Session, Step, Trace},
};

/// A card in a reader. Its counter is kept as long as it stays there.
pub(crate) struct Plastic {
    card: Card,
    counters: Counters,
}

/// A terminal of one merchant.
pub(crate) struct Lane {
    config: Config,
    number: u32,
    stan: u32,
}

/// A card that was tapped, and what the issuer is to be asked about it.
pub(crate) struct Tap {
    session: Session,
    /// 0100.
    pub(crate) request: Payment,
    /// 0400, should the request not be answered.
    pub(crate) reversal: Payment,
}

impl Plastic {
    /// From the file of a card.
    pub(crate) fn insert(file: &str, passphrase: &str) -> Self {
        let (personalization, state) = file::decode(&fs::read(file).unwrap(), passphrase).unwrap();
        Self { counters: state.counters(), ..Self::new(personalization) }
    }

    /// That was never used.
    pub(crate) fn new(personalization: Personalization) -> Self {
        Self { card: Card::new(personalization, Protocol::T1), counters: Counters::default() }
    }

    fn say(&mut self, command: &[u8]) -> Vec<u8> {
        self.card.exchange(command, &mut self.counters)
    }
}

impl Lane {
    pub(crate) fn new(acquirer: &str, merchant: &str, number: u32) -> Self {
        let terminal = format!("LANE{number:04}");
        let place = Place {
            acquirer,
            merchant_id: merchant,
            terminal_id: &terminal,
            category: "5411",
            name_and_location: merchant,
            country: 276,
        };
        Self { config: Config::new(&place).unwrap(), number, stan: 0 }
    }

    /// Taps a card for an amount in cents, up to the question to the issuer.
    pub(crate) fn tap(&mut self, card: &mut Plastic, amount_minor: u64) -> Tap {
        let (stan, reversal_stan) = (self.next(), self.next());
        let rrn = format!("{:04}{stan:08}", self.number);
        let euro = Currency::by_code(b"EUR").unwrap();
        let purchase = Purchase::new(amount_minor, *euro, Trace { stan, reversal_stan, rrn }).unwrap();
        let unpredictable = (stan.wrapping_mul(2_654_435_761) ^ self.number | 1).to_be_bytes();
        let (mut session, mut step) = Session::start(&self.config, &purchase, unpredictable, now());
        let mut kept = None;
        loop {
            step = match step {
                Step::Card(command) => session.card(&card.say(&command)),
                Step::Keep(mut pending) => {
                    kept = Some(payment(&pending.attempt().unwrap()));
                    session.kept()
                }
                Step::Host(request) => {
                    return Tap { session, request: payment(&request), reversal: kept.expect("kept first") };
                }
                Step::Done(outcome) => panic!("{:?}", outcome.record),
            };
        }
    }

    /// 0220: takes so much of a payment.
    pub(crate) fn capture(&mut self, paid: &Payment, amount_minor: u64) -> Payment {
        self.follow(paid, Operation::Completion, amount_minor)
    }

    /// 0100 without the card: so much more will be needed.
    pub(crate) fn increase(&mut self, paid: &Payment, more_minor: u64) -> Payment {
        self.follow(paid, Operation::Authorization, more_minor)
    }

    /// 0400: nothing is to be held.
    pub(crate) fn reverse(&mut self, paid: &Payment) -> Payment {
        let reversal = self.follow(paid, Operation::Reversal, paid.amount_minor);
        Payment { response_code: Some(ResponseCode::CustomerCancellation), ..reversal }
    }

    /// 0200 with processing code 20: gives so much back.
    pub(crate) fn refund(&mut self, paid: &Payment, amount_minor: u64) -> Payment {
        let refund = self.follow(paid, Operation::Financial, amount_minor);
        Payment { processing: Processing::of(Transaction::Refund), ..refund }
    }

    /// A message about a payment, as `payments::terminal` makes it from a record.
    fn follow(&mut self, paid: &Payment, operation: Operation, amount_minor: u64) -> Payment {
        Payment {
            operation,
            repeat: false,
            amount_minor,
            sent: TransmissionTime::parse(&now().universal.month_to_second()).unwrap(),
            stan: Digits::of(self.next().into()).unwrap(),
            icc_data: None,
            takes_partial: false,
            original: Some(paid.as_original()),
            ..paid.clone()
        }
    }

    fn next(&mut self) -> u32 {
        self.stan += 1;
        self.stan
    }
}

impl Tap {
    /// The same tap as a purchase (0200), which the issuer captures by itself.
    pub(crate) fn as_purchase(&self) -> Payment {
        Payment { operation: Operation::Financial, ..self.request.clone() }
    }

    /// Lets card and terminal hear the answer, or that there is none.
    pub(crate) fn end(mut self, card: &mut Plastic, answer: Option<&[u8]>) -> Outcome {
        let answer = answer.map(|bytes| {
            let response = Response::parse(bytes).unwrap();
            // The machine asks for authorizations only: the answer to a purchase says the same under another type.
            let message_type = Request::from(self.request.clone()).respond(response.response_code).message_type;
            Response { message_type, ..response }
        });
        let answer = answer.map_or(HostAnswer::NoAnswer, |response| HostAnswer::Response(Box::new(response)));
        let mut step = self.session.host(&answer);
        loop {
            step = match step {
                Step::Card(command) => self.session.card(&card.say(&command)),
                Step::Done(outcome) => return *outcome,
                Step::Keep(_) | Step::Host(_) => panic!("the issuer was asked"),
            };
        }
    }
}

/// Sends a message of ISO 8583 on a connection of its own. `None` where no answer came: nobody listens, or the process ended.
pub(crate) fn ask(door: &str, message: &[u8]) -> Option<Vec<u8>> {
    let mut stream = TcpStream::connect(door).ok()?;
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    stream.write_all(&framed(message).unwrap()).ok()?;
    let (mut received, mut piece) = (Vec::new(), [0; 1024]);
    loop {
        match framing(&received) {
            Framing::Frame { message, .. } => return Some(message.to_vec()),
            Framing::TooLarge { length } => panic!("an answer of {length} bytes"),
            Framing::Incomplete { .. } => {}
        }
        match stream.read(&mut piece) {
            Ok(0) | Err(_) => return None,
            Ok(count) => received.extend_from_slice(&piece[..count]),
        }
    }
}

/// The bytes of a message, as sent first or as a repeat.
pub(crate) fn bytes(message: &Payment, repeat: bool) -> Vec<u8> {
    Request::from(Payment { repeat, ..message.clone() }).encode().unwrap()
}

/// DE 39 of an answer.
pub(crate) fn code(answer: &[u8]) -> String {
    Response::parse(answer).unwrap().response_code.as_str().to_owned()
}

pub(crate) fn payment(request: &Request) -> Payment {
    match request {
        Request::Payment(payment) => payment.as_ref().clone(),
        Request::Network(_) => panic!("it is about no payment"),
    }
}

/// In Greenwich, where this terminal stands too.
pub(crate) fn now() -> Moment {
    let seconds = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
    let universal = DateTime::from_unix_s(seconds).unwrap();
    Moment { local: universal, universal }
}

/// Longer than any answer takes; a process that ends closes the connection at once.
const PATIENCE: Duration = Duration::from_secs(60);
