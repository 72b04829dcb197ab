//! Whole transactions with the card of this crate, and an issuer that knows its keys: what the terminal passes on is what the card signed.

use super::{
    super::{CardFault, Decline, Doing, Verdict},
    *,
};
use crate::{
    apdu::{Command, Status},
    card::{Aid, Card, Counters, Credentials, Face, Personalization, Protocol, Secrets},
    cryptogram::{
        Aes128Key, CSU_APPROVED, CSU_DECLINED, CardKeys, CardReference, Ff1, IssuerAuthentication, Mac, Signed, arpc,
        arqc_holds, detokenize, master_key, session_key, tweak,
    },
    layout::{self, Iad},
    message::Payment,
    number::{Expiry, Pan, Token},
    profile::Profile,
    tlv::Tag,
};

const NUMBER: &str = "5413330089020011";
const TOKEN_BIN: &str = "999001";

/// A card in a reader.
struct Inserted {
    card: Card,
    counters: Counters,
}

impl Inserted {
    fn new(profile: &str, protocol: Protocol) -> Self {
        Self { card: Card::new(personalization(profile), protocol), counters: Counters::default() }
    }

    fn say(&mut self, command: &[u8]) -> Vec<u8> {
        self.card.exchange(command, &mut self.counters)
    }
}

fn personalization(profile: &str) -> Personalization {
    let face = Face {
        aid: Aid::default(),
        label: "COUNTERFOIL".into(),
        token_bin: TOKEN_BIN.into(),
        expiry: Expiry::parse("3112").unwrap(),
        token_expiry: None,
        sequence: 1,
        service_code: "221".into(),
        country: 276,
        currency: 978,
        derivation_index: 1,
        key_set: 1,
        profile: Profile::named(profile).unwrap(),
    };
    let secrets = Secrets {
        pan: number(),
        reference: CardReference::parse("421337000017").unwrap(),
        keys: keys(),
        credentials: Credentials::default(),
    };
    Personalization::new(face, secrets).unwrap()
}

fn number() -> Pan {
    Pan::parse(NUMBER).unwrap()
}

fn keys() -> CardKeys {
    CardKeys {
        fpe: Aes128Key::new([1; 16]),
        tweak: Aes128Key::new([2; 16]),
        index: Aes128Key::new([3; 16]),
        master: master_key(&Aes128Key::new([4; 16]), &number(), 0x01),
    }
}

/// Plays a transaction with a card that stays.
fn tap(card: &mut Inserted, purchase: &Purchase, host: &mut dyn FnMut(&Request) -> HostAnswer) -> Run {
    run(purchase, &mut |bytes| Some(card.say(bytes)), host)
}

/// The issuer's answer with a proof that the card believes, or not.
fn proven(request: &Request, code: ResponseCode, spoil: u8) -> HostAnswer {
    let payment = payment(request);
    let csu = if code.approves() { CSU_APPROVED } else { CSU_DECLINED };
    let cryptogram = object(payment, tag::CRYPTOGRAM).try_into().unwrap();
    let mut proof = IssuerAuthentication { arpc: arpc(&session(payment), &cryptogram, &csu), csu }.encode();
    proof[0] ^= spoil;
    answer(request, code, |response| {
        let mut objects = Objects::new();
        objects.insert(tag::ISSUER_AUTHENTICATION, proof.to_vec()).unwrap();
        response.icc_data = Some(IccData::of(objects));
    })
}

fn approves(request: &Request) -> HostAnswer {
    proven(request, ResponseCode::Approved, 0)
}

fn declines(request: &Request) -> HostAnswer {
    proven(request, ResponseCode::DoNotHonour, 0)
}

fn payment(request: &Request) -> &Payment {
    match request {
        Request::Payment(payment) => payment,
        Request::Network(_) => panic!("it is about a payment"),
    }
}

fn object(payment: &Payment, of: Tag) -> &[u8] {
    payment.icc_data.as_ref().unwrap().objects().get(of).unwrap()
}

fn session(payment: &Payment) -> Aes128Key {
    session_key(&keys().master, u16::from_be_bytes(object(payment, tag::ATC).try_into().unwrap()))
}

/// What an issuer does with a request: the number comes back, and the cryptogram holds over what element 55 says.
fn check_issuer_can_read(request: &Request) {
    let payment = payment(request);
    let told = |of: Tag| payment.icc_data.as_ref().unwrap().objects().get(of);
    let (pdol, cdol1) = (layout::pdol().fill(told).bytes, layout::cdol1().fill(told).bytes);
    let iad = object(payment, tag::IAD);
    assert_eq!(
        Iad::parse(iad).unwrap().pdol_digest,
        layout::pdol_digest(&pdol),
        "the inputs arrived as the card saw them"
    );
    let atc = u16::from_be_bytes(object(payment, tag::ATC).try_into().unwrap());
    let profile = Profile::named("combined").unwrap();
    let values = profile.values(|input| told(input.tag())).unwrap();
    let tweak = tweak(&Mac::new(&keys().tweak), &values, atc);
    let found = detokenize(&Ff1::new(keys().fpe.expose()), &tweak, &payment.token, "541333").unwrap();
    assert!(found == number());
    let signed = Signed {
        pdol_data: &pdol,
        cdol_data: &cdol1,
        aip: object(payment, tag::AIP).try_into().unwrap(),
        atc,
        iad,
        token_cn: &payment.token.to_cn(),
    };
    assert!(arqc_holds(&session(payment), &signed, object(payment, tag::CRYPTOGRAM).try_into().unwrap()));
}

#[test]
fn an_approved_payment() {
    for protocol in [Protocol::T0, Protocol::T1] {
        let run = tap(&mut Inserted::new("combined", protocol), &euro(12_50), &mut approves);
        assert_eq!(run.outcome.verdict, Verdict::Approved, "{:?}", run.outcome.record);
        assert_eq!(run.outcome.reversal, None);
        check_issuer_can_read(&run.requests[0]);
        let record = run.outcome.record;
        assert_eq!(record.atc, Some(1));
        let token: Token = record.token.unwrap();
        assert!(token.digits().starts_with(TOKEN_BIN) && token.digits() != NUMBER);
        assert_eq!(record.pdol.unwrap().0.len(), layout::pdol().len());
    }
}

#[test]
fn a_number_is_nowhere_in_what_the_terminal_keeps() {
    let run = tap(&mut Inserted::new("combined", Protocol::T1), &euro(12_50), &mut approves);
    let kept = serde_json::to_string(&run.outcome.record).unwrap() + &format!("{run:?}");
    assert!(kept.contains(run.outcome.record.token.unwrap().digits()), "a number that is there would be found");
    assert!(!kept.contains(NUMBER));
}

#[test]
fn a_declined_payment() {
    let run = tap(&mut Inserted::new("combined", Protocol::T1), &euro(12_50), &mut declines);
    assert_eq!(run.outcome.verdict, Verdict::Declined(Decline::Issuer("05".into())));
    assert_eq!(run.outcome.reversal, None);
}

#[test]
fn a_payment_that_is_approved_in_part() {
    let mut part = |request: &Request| match proven(request, ResponseCode::PartiallyApproved, 0) {
        HostAnswer::Response(mut response) => {
            response.amount_minor = Some(10_00);
            HostAnswer::Response(response)
        }
        HostAnswer::NoAnswer => HostAnswer::NoAnswer,
    };
    let run = tap(&mut Inserted::new("combined", Protocol::T1), &euro(12_50), &mut part);
    assert_eq!(run.outcome.verdict, Verdict::PartiallyApproved { approved_minor: 10_00 });
}

#[test]
fn a_card_believes_only_its_issuer() {
    let mut forged = |request: &Request| proven(request, ResponseCode::Approved, 1);
    let run = tap(&mut Inserted::new("combined", Protocol::T1), &euro(12_50), &mut forged);
    assert_eq!(run.outcome.verdict, Verdict::Declined(Decline::CardAfterApproval));
    assert!(run.outcome.reversal.is_some());
    let mut unproven = |request: &Request| answer(request, ResponseCode::Approved, |response| response.icc_data = None);
    let run = tap(&mut Inserted::new("combined", Protocol::T1), &euro(12_50), &mut unproven);
    assert_eq!(run.outcome.verdict, Verdict::Declined(Decline::CardAfterApproval));
    assert!(run.outcome.reversal.is_some());
}

#[test]
fn an_issuer_that_is_down() {
    let run = tap(&mut Inserted::new("combined", Protocol::T1), &euro(12_50), &mut silent);
    assert_eq!(run.outcome.verdict, Verdict::NoHost);
    assert!(run.outcome.record.certificate.is_some(), "the card declined it too");
    assert_eq!(run.outcome.reversal.as_ref(), run.kept.first());
}

#[test]
fn a_card_that_is_pulled_at_any_step() {
    let steps = tap(&mut Inserted::new("combined", Protocol::T1), &euro(1), &mut approves).commands.len();
    assert!(steps > 8);
    for pulled in 0..steps {
        let (mut card, mut heard) = (Inserted::new("combined", Protocol::T1), 0);
        let mut pulling = |bytes: &[u8]| {
            heard += 1;
            (heard <= pulled).then(|| card.say(bytes))
        };
        let run = run(&euro(1), &mut pulling, &mut approves);
        assert!(matches!(run.outcome.verdict, Verdict::CardError(CardFault::Gone(_))), "pulled at {pulled}");
        assert_eq!(run.outcome.reversal.is_some(), !run.requests.is_empty());
    }
}

#[test]
fn amounts_and_currencies() {
    for (minor, code) in [(1, b"EUR"), (999_999_999_999, b"EUR"), (1_250, b"JPY"), (1_250, b"BHD")] {
        let purchase = purchase(minor, code);
        let run = tap(&mut Inserted::new("combined", Protocol::T1), &purchase, &mut approves);
        assert_eq!(run.outcome.verdict, Verdict::Approved);
        check_issuer_can_read(&run.requests[0]);
    }
}

#[test]
fn a_card_makes_no_token_over_an_amount_of_zero() {
    let run = tap(&mut Inserted::new("combined", Protocol::T1), &euro(0), &mut approves);
    let refused = CardFault::Refused(Doing::GetProcessingOptions, Status::CONDITIONS_NOT_SATISFIED);
    assert_eq!(run.outcome.verdict, Verdict::CardError(refused));
    let run = tap(&mut Inserted::new("merchant", Protocol::T1), &euro(0), &mut approves);
    assert_eq!(run.outcome.verdict, Verdict::Approved, "one whose token does not depend on the amount does");
}

#[test]
fn a_question_for_the_balance() {
    let purchase = Purchase::balance(*Currency::by_code(b"EUR").unwrap(), trace()).unwrap();
    let mut host = |request: &Request| match approves(request) {
        HostAnswer::Response(mut response) => {
            response.amounts = vec![balance_of(crate::message::amount::Signed::Credit(12_50))];
            HostAnswer::Response(response)
        }
        HostAnswer::NoAnswer => HostAnswer::NoAnswer,
    };
    let run = tap(&mut Inserted::new("combined", Protocol::T1), &purchase, &mut host);
    assert_eq!((run.outcome.verdict, run.outcome.reversal), (Verdict::Approved, None));
    assert_eq!(run.outcome.record.balance.as_deref(), Some("12.50 EUR"));
}

#[test]
fn two_merchants_see_nothing_that_is_the_same() {
    let mut card = Inserted::new("combined", Protocol::T1);
    let mut tapped = |merchant_id| {
        let place = Place {
            acquirer: "123456",
            merchant_id,
            terminal_id: "TERM0001",
            category: "5411",
            name_and_location: "Shop",
            country: 276,
        };
        let config = Config::new(&place).unwrap();
        let (mut session, mut step) = Session::start(&config, &euro(12_50), UNPREDICTABLE, moment());
        loop {
            step = match step {
                Step::Card(bytes) => session.card(&card.say(&bytes)),
                Step::Keep(_) => session.kept(),
                Step::Host(request) => return *request,
                Step::Done(outcome) => panic!("{outcome:?}"),
            };
        }
    };
    let (one, other) = (tapped("ONE"), tapped("OTHER"));
    let index = |request: &Request| Iad::parse(object(payment(request), tag::IAD)).unwrap().card_index;
    assert_ne!(payment(&one).token, payment(&other).token);
    assert_ne!(index(&one), index(&other));
}

#[test]
fn a_command_of_the_terminal_is_sound() {
    let run = tap(&mut Inserted::new("combined", Protocol::T1), &euro(12_50), &mut approves);
    assert!(run.commands.iter().all(|bytes| Command::parse(bytes).is_ok()));
}
