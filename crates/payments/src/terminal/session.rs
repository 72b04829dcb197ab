//! The transaction, step by step. The machine says what to do next and is told what came of it; whoever runs it has the card, the wire and
//! the disk.
//!
//! ```text
//! start -> select.rs -> GET PROCESSING OPTIONS -> records.rs -> judgement.rs -> GENERATE AC -+-> refused: Done
//!                       data.rs fills the PDOL                                generate.rs    |
//!    +---------------------------------------------------------------------------------------+
//!    v
//! Keep(Pending) -> Host(Request) -> answer.rs -> EXTERNAL AUTHENTICATE -> GENERATE AC -> Done(Outcome)
//! ```
//!
//! Rules: EMV Book 3, 8 to 10; Book 4, 6.3 and 6.5. Every state takes the card being gone. From the moment the request may be with the
//! issuer, every way out that is no approval by issuer and card, and no refusal by the issuer, leaves a reversal.

use std::collections::VecDeque;

use super::{
    Config, Moment, Purchase,
    answer::{self, Answer, HostAnswer},
    data::Data,
    exchange::{self, Exchange, Progress},
    fault::{CardFault, CryptogramKind, Doing},
    generate::Generated,
    judgement::{self, Judgement},
    outcome::{Decline, Outcome, Verdict},
    pending::Pending,
    purchase::Kind,
    record::Record,
    records::{self, Options, Place},
    results::{Done, Finding, Findings},
    select::{Selected, Selection, Turn, read_list},
};
use crate::{
    apdu::{Command, MAX_COMMAND_DATA, Response, Status},
    dol::{Dol, Filled},
    message::Request,
    tlv::{Tag, Writer, tag},
};

/// What to do next.
#[derive(Clone, Debug)]
pub enum Step {
    /// Send these bytes to the card and call [`Session::card`] with its answer, or [`Session::card_gone`].
    Card(Vec<u8>),
    /// Store this so that it outlives a power cut, and only then call [`Session::kept`]. Should everything end after that, it is what
    /// undoes the payment: repeat it until it is answered.
    Keep(Box<Pending>),
    /// Send this to the issuer and call [`Session::host`].
    Host(Box<Request>),
    /// It is over. Where [`Outcome::reversal`] is none, what was kept is to be forgotten; else it is to be sent until it is answered.
    Done(Box<Outcome>),
}

/// A transaction under way.
#[derive(Debug)]
pub struct Session {
    config: Config,
    purchase: Purchase,
    data: Data,
    selection: Selection,
    version: [u8; 2],
    profile: [u8; 2],
    unread: VecDeque<Place>,
    /// What filled the card's first two lists.
    told: [Filled; 2],
    judgement: Judgement,
    /// What it refuses for by itself.
    denied: Findings,
    asked: CryptogramKind,
    waits_for: WaitsFor,
    issuer: Issuer,
    record: Record,
    outcome: Option<Outcome>,
}

/// Whose turn it is.
#[derive(Debug)]
enum WaitsFor {
    Card(Exchange),
    Keeping(Box<Request>, Pending),
    Host(Box<Request>),
    Nobody,
}

/// How far the issuer is.
#[derive(Clone, Debug)]
enum Issuer {
    NotAsked,
    /// The request may be with it; this undoes what it may have done.
    Asked(Option<Pending>),
    Answered(Answer, Option<Pending>),
    Silent(Option<Pending>),
}

impl Session {
    /// Begins. The unpredictable number is four bytes that nobody could foretell.
    pub fn start(config: &Config, purchase: &Purchase, unpredictable: [u8; 4], moment: Moment) -> (Self, Step) {
        let mut session = Self {
            data: Data::new(config, purchase, unpredictable, &moment),
            selection: Selection::new(config.applications.clone()),
            record: Record::begin(config, purchase, moment),
            config: config.clone(),
            purchase: purchase.clone(),
            version: [0; 2],
            profile: [0; 2],
            unread: VecDeque::new(),
            told: [Filled::default(), Filled::default()],
            judgement: Judgement::default(),
            denied: Findings::default(),
            asked: CryptogramKind::Arqc,
            waits_for: WaitsFor::Nobody,
            issuer: Issuer::NotAsked,
            outcome: None,
        };
        let (doing, command) = session.selection.begin();
        let step = session.ask(doing, command);
        let step = session.or_fail(step);
        (session, step)
    }

    /// What the card answered, status word included.
    pub fn card(&mut self, bytes: &[u8]) -> Step {
        let step = self.take(bytes);
        self.or_fail(step)
    }

    /// The card does not answer any more: it was pulled, or its reader was.
    pub fn card_gone(&mut self) -> Step {
        let doing = match &self.waits_for {
            WaitsFor::Card(exchange) => exchange.doing,
            _ => Doing::AskIssuer,
        };
        self.or_fail(Err(CardFault::Gone(doing)))
    }

    /// What was to be kept is kept: the request may go out.
    pub fn kept(&mut self) -> Step {
        match std::mem::replace(&mut self.waits_for, WaitsFor::Nobody) {
            WaitsFor::Keeping(request, pending) => self.ask_issuer(request, Some(pending)),
            _ => self.or_fail(Err(CardFault::OutOfTurn)),
        }
    }

    /// What the issuer answered, or that it did not.
    pub fn host(&mut self, answer: &HostAnswer) -> Step {
        let step = match std::mem::replace(&mut self.waits_for, WaitsFor::Nobody) {
            WaitsFor::Host(request) => self.take_issuer(&request, answer),
            _ => Err(CardFault::OutOfTurn),
        };
        self.or_fail(step)
    }

    fn ask(&mut self, doing: Doing, command: Command) -> Result<Step, CardFault> {
        let exchange = Exchange::new(doing, command);
        let bytes = exchange.bytes()?;
        self.waits_for = WaitsFor::Card(exchange);
        Ok(Step::Card(bytes))
    }

    fn take(&mut self, bytes: &[u8]) -> Result<Step, CardFault> {
        let WaitsFor::Card(mut exchange) = std::mem::replace(&mut self.waits_for, WaitsFor::Nobody) else {
            return Err(CardFault::OutOfTurn);
        };
        match exchange.take(bytes)? {
            Progress::Whole(response) => self.take_response(exchange.doing, &response),
            Progress::More(command) => {
                let bytes = exchange::encode(exchange.doing, &command)?;
                self.waits_for = WaitsFor::Card(exchange);
                Ok(Step::Card(bytes))
            }
        }
    }

    fn take_response(&mut self, doing: Doing, response: &Response) -> Result<Step, CardFault> {
        match doing {
            Doing::SelectDirectory | Doing::ReadDirectory | Doing::SelectApplication => {
                let turn = self.selection.take(response)?;
                self.follow(turn)
            }
            Doing::GetProcessingOptions => self.take_options(response),
            Doing::ReadRecord => self.take_record(response),
            Doing::FirstGenerateAc => self.take_first(response),
            Doing::ExternalAuthenticate => self.take_authentication(response.status),
            Doing::SecondGenerateAc => self.take_second(response),
            Doing::AskIssuer => Err(CardFault::OutOfTurn),
        }
    }

    fn follow(&mut self, turn: Turn) -> Result<Step, CardFault> {
        match turn {
            Turn::Ask(doing, command) => self.ask(doing, command),
            Turn::Selected(selected) => self.ask_options(selected),
        }
    }

    /// The card learns of the transaction, before it has said which number it has: the token is made of this.
    fn ask_options(&mut self, selected: Selected) -> Result<Step, CardFault> {
        self.data.set(tag::TERMINAL_AID, &selected.aid);
        self.data.set(tag::DF_NAME, &selected.aid);
        self.data.set(tag::TERMINAL_VERSION, &selected.version);
        self.version = selected.version;
        let filled = self.fill(&selected.pdol);
        let mut template = Writer::new();
        template.put(tag::COMMAND_TEMPLATE, &filled.bytes);
        self.record.learn_application(selected.aid, selected.label, &filled);
        self.told[0] = filled;
        self.ask(Doing::GetProcessingOptions, exchange::get_processing_options(template.into_bytes()))
    }

    fn take_options(&mut self, response: &Response) -> Result<Step, CardFault> {
        // The card does not want this application for this transaction; it may want another (EMV Book 3, 10.1).
        if response.status == Status::CONDITIONS_NOT_SATISFIED && self.selection.has_more() {
            let turn = self.selection.next_candidate()?;
            return self.follow(turn);
        }
        let options = Options::parse(&done(Doing::GetProcessingOptions, response)?.data)?;
        (self.profile, self.unread) = (options.profile, options.records);
        self.read_next()
    }

    fn read_next(&mut self) -> Result<Step, CardFault> {
        match self.unread.front() {
            Some(place) => self.ask(Doing::ReadRecord, exchange::read_record(place.file, place.record)),
            None => self.ask_card(),
        }
    }

    fn take_record(&mut self, response: &Response) -> Result<Step, CardFault> {
        let record = done(Doing::ReadRecord, response)?;
        if let Some(place) = self.unread.pop_front() {
            records::learn(&mut self.data, place, &record.data)?;
        }
        self.read_next()
    }

    /// Everything is read: what does the terminal think of it, and what does the card?
    fn ask_card(&mut self) -> Result<Step, CardFault> {
        self.record.learn_card(records::named(&self.data)?);
        self.judgement = judgement::judge(&self.data, &self.purchase, self.profile, self.version)?;
        self.denied = judgement::denied(&self.data, self.judgement.findings, self.config.denial)?;
        self.asked = if self.denied.is_empty() { CryptogramKind::Arqc } else { CryptogramKind::Aac };
        self.data.set(tag::CVM_RESULTS, &self.judgement.verification);
        // Found out now, before money is held.
        let second = self.list(tag::CDOL2)?;
        if second.len() > MAX_COMMAND_DATA {
            return Err(CardFault::AsksTooMuch(Doing::SecondGenerateAc));
        }
        let filled = self.fill_list(tag::CDOL1)?;
        let command = exchange::generate_ac(self.asked, filled.bytes.clone());
        self.told[1] = filled;
        self.ask(Doing::FirstGenerateAc, command)
    }

    fn take_first(&mut self, response: &Response) -> Result<Step, CardFault> {
        let doing = Doing::FirstGenerateAc;
        let generated = Generated::parse(doing, &done(doing, response)?.data)?.check(doing, self.asked)?;
        self.judgement.status.add(Done::CardRiskManagement);
        self.record.learn_first(&generated);
        match (generated.kind, self.asked) {
            (CryptogramKind::Aac, CryptogramKind::Aac) => {
                Ok(self.end(Verdict::Declined(Decline::Terminal(self.denied.to_string()))))
            }
            (CryptogramKind::Aac, _) => Ok(self.end(Verdict::Declined(Decline::Card))),
            _ => self.prepare_request(&generated),
        }
    }

    /// Money may be held as soon as the request is out, so what undoes it is kept first. A question holds nothing.
    fn prepare_request(&mut self, generated: &Generated) -> Result<Step, CardFault> {
        let [pdol, cdol1] = &self.told;
        let objects = self.data.for_issuer(pdol, cdol1, &generated.objects(self.profile));
        let request = Box::new(self.record.request(objects)?);
        if self.purchase.kind == Kind::Balance {
            return Ok(self.ask_issuer(request, None));
        }
        let pending = Pending::reversal(&request, self.purchase.trace.reversal_stan).ok_or(CardFault::NotSayable)?;
        self.waits_for = WaitsFor::Keeping(request, pending.clone());
        Ok(Step::Keep(Box::new(pending)))
    }

    fn ask_issuer(&mut self, request: Box<Request>, pending: Option<Pending>) -> Step {
        self.issuer = Issuer::Asked(pending);
        self.waits_for = WaitsFor::Host(request.clone());
        Step::Host(request)
    }

    fn take_issuer(&mut self, request: &Request, answer: &HostAnswer) -> Result<Step, CardFault> {
        let pending = self.issuer.pending();
        let answer = match answer {
            HostAnswer::Response(response) => Answer::read(request, response),
            HostAnswer::NoAnswer => Err(answer::Unusable::None),
        };
        match answer {
            Ok(answer) => {
                self.record.learn_answer(&answer);
                self.data.set(tag::RESPONSE_CODE, answer.code.as_bytes());
                let step = self.authenticate_issuer(&answer);
                self.issuer = Issuer::Answered(answer, pending);
                step
            }
            Err(unusable) => {
                self.record.note(&unusable);
                self.data.set(tag::RESPONSE_CODE, NO_ANSWER);
                self.issuer = Issuer::Silent(pending);
                self.ask_card_again(CryptogramKind::Aac)
            }
        }
    }

    /// The card hears the issuer's proof, in a command of its own if it takes one; its second list may ask for it too.
    fn authenticate_issuer(&mut self, answer: &Answer) -> Result<Step, CardFault> {
        if let Some(proof) = &answer.proof {
            self.data.set(tag::ISSUER_AUTHENTICATION, proof);
        }
        match &answer.proof {
            Some(proof) if Options::authenticates_issuer(self.profile) => {
                self.ask(Doing::ExternalAuthenticate, exchange::external_authenticate(proof.clone()))
            }
            _ => self.ask_card_again(answer.wanted()),
        }
    }

    fn take_authentication(&mut self, status: Status) -> Result<Step, CardFault> {
        self.judgement.status.add(Done::IssuerAuthentication);
        if !status.is_ok() {
            self.judgement.findings.add(Finding::IssuerNotAuthenticated);
        }
        let wanted = match &self.issuer {
            Issuer::Answered(answer, _) => answer.wanted(),
            _ => CryptogramKind::Aac,
        };
        self.ask_card_again(wanted)
    }

    fn ask_card_again(&mut self, wanted: CryptogramKind) -> Result<Step, CardFault> {
        self.asked = wanted;
        let filled = self.fill_list(tag::CDOL2)?;
        self.ask(Doing::SecondGenerateAc, exchange::generate_ac(wanted, filled.bytes))
    }

    fn take_second(&mut self, response: &Response) -> Result<Step, CardFault> {
        let doing = Doing::SecondGenerateAc;
        let generated = Generated::parse(doing, &done(doing, response)?.data)?.check(doing, self.asked)?;
        if Some(generated.counter) != self.record.atc {
            return Err(CardFault::Value(tag::ATC));
        }
        self.record.learn_second(&generated);
        let verdict = match &self.issuer {
            Issuer::Answered(answer, _) if !answer.approves() => {
                Verdict::Declined(Decline::Issuer(answer.code.clone()))
            }
            Issuer::Answered(answer, _) if generated.kind == CryptogramKind::Tc => answer.verdict(),
            Issuer::Answered(..) => Verdict::Declined(Decline::CardAfterApproval),
            _ => Verdict::NoHost,
        };
        Ok(self.end(verdict))
    }

    /// The card cannot change what the issuer refused, or that it was not reached; all else is the card's error.
    fn or_fail(&mut self, step: Result<Step, CardFault>) -> Step {
        if let Some(outcome) = &self.outcome {
            return Step::Done(Box::new(outcome.clone()));
        }
        step.unwrap_or_else(|fault| {
            self.record.note(&fault);
            let verdict = match &self.issuer {
                Issuer::Answered(answer, _) if !answer.approves() => {
                    Verdict::Declined(Decline::Issuer(answer.code.clone()))
                }
                Issuer::Silent(_) => Verdict::NoHost,
                _ => Verdict::CardError(fault),
            };
            self.end(verdict)
        })
    }

    fn end(&mut self, verdict: Verdict) -> Step {
        let settled = match &self.issuer {
            Issuer::NotAsked => true,
            Issuer::Answered(answer, _) => !answer.approves() || verdict.is_approved(),
            Issuer::Asked(_) | Issuer::Silent(_) => false,
        };
        let reversal = self.issuer.pending().filter(|_| !settled);
        self.waits_for = WaitsFor::Nobody;
        self.record.end(&verdict, reversal.as_ref());
        let outcome = Outcome { verdict, record: self.record.clone(), reversal };
        self.outcome = Some(outcome.clone());
        Step::Done(Box::new(outcome))
    }

    /// Fills a list that stands in the card's records.
    fn fill_list(&mut self, of: Tag) -> Result<Filled, CardFault> {
        let list = self.list(of)?;
        self.data.set(tag::TVR, &self.judgement.findings.bytes());
        self.data.set(tag::TSI, &self.judgement.status.bytes());
        Ok(self.fill(&list))
    }

    fn list(&self, of: Tag) -> Result<Dol, CardFault> {
        read_list(of, self.data.card(of).unwrap_or_default())
    }

    fn fill(&self, list: &Dol) -> Filled {
        list.fill(|tag| self.data.find(tag))
    }
}

impl Issuer {
    fn pending(&self) -> Option<Pending> {
        match self {
            Self::NotAsked => None,
            Self::Asked(pending) | Self::Answered(_, pending) | Self::Silent(pending) => pending.clone(),
        }
    }
}

fn done(doing: Doing, response: &Response) -> Result<&Response, CardFault> {
    if response.status.is_ok() { Ok(response) } else { Err(CardFault::Refused(doing, response.status)) }
}

/// 8A where nobody answered: unable to go online, declined (EMV Book 4, annex A6).
const NO_ANSWER: &[u8] = b"Z3";
