//! A shop: a card in a file, an issuer behind a socket, a terminal between them. What the commands leave on the disk is what the next ones
//! find.

use std::{
    net::{SocketAddr, TcpListener},
    path::Path,
    sync::mpsc,
    thread::{self, JoinHandle},
};

use contracts::cash::iso4217::Currency;
use payments::{
    card::{Aid, Credentials, Face, Personalization, Secrets},
    cryptogram::{
        Aes128Key, CSU_APPROVED, CardKeys, CardReference, IssuerAuthentication, arpc, master_key, session_key,
    },
    message::{Operation, Payment, Request, ResponseCode, Text, card::IccData, framed},
    number::{Expiry, Pan},
    profile::Profile,
    terminal::{Config, Place, Purchase, Record, Word},
    tlv::{Objects, tag},
};

use super::{
    super::{
        APPROVED, DECLINED, NO_HOST, Usage,
        arguments::{
            CaptureArguments, CardArguments, FollowArguments, IncreaseArguments, IssuerArguments, PayArguments,
            ReverseArguments, TapArguments,
        },
        follow, pay,
        reader::Reader,
        state::State,
        tap::{self, Passing},
    },
    read_message,
};
use crate::{cardfile::CardFile, cli::PassphraseArguments};

/// Plays the issuer for as many connections as there are answers, and gives what it was asked.
struct Issuer {
    address: SocketAddr,
    serving: JoinHandle<()>,
    asked: mpsc::Receiver<Payment>,
}

/// What the issuer does with a message: a code, or nothing.
type Answer = Option<ResponseCode>;

impl Issuer {
    fn start(answers: Vec<Answer>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let (tell, asked) = mpsc::channel();
        let serving = thread::spawn(move || {
            for answer in answers {
                let mut stream = listener.accept().unwrap().0;
                let request = Request::parse(&read_message(&mut stream)).unwrap();
                let Request::Payment(payment) = &request else { panic!("it is about a payment") };
                tell.send(payment.as_ref().clone()).unwrap();
                let Some(code) = answer else { continue };
                let mut response = request.respond(code);
                response.authorization_code = Text::new("A1B2C3");
                response.icc_data = proof(payment);
                let frame = framed(&response.encode().unwrap()).unwrap();
                std::io::Write::write_all(&mut stream, &frame).unwrap();
            }
        });
        Self { address, serving, asked }
    }

    /// Nobody listens there.
    fn nowhere() -> SocketAddr {
        TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap()
    }

    fn asked(self) -> Vec<Payment> {
        self.serving.join().unwrap();
        self.asked.iter().collect()
    }
}

fn proof(payment: &Payment) -> Option<IccData> {
    let told = payment.icc_data.as_ref()?.objects();
    let atc = u16::from_be_bytes(told.get(tag::ATC)?.try_into().unwrap());
    let cryptogram = told.get(tag::CRYPTOGRAM)?.try_into().unwrap();
    let session = session_key(&keys(&number()).master, atc);
    let proof = IssuerAuthentication { arpc: arpc(&session, &cryptogram, &CSU_APPROVED), csu: CSU_APPROVED };
    let mut objects = Objects::new();
    objects.insert(tag::ISSUER_AUTHENTICATION, proof.encode().to_vec()).unwrap();
    Some(IccData::of(objects))
}

fn number() -> Pan {
    Pan::parse("5413330089020011").unwrap()
}

fn keys(number: &Pan) -> CardKeys {
    CardKeys {
        fpe: Aes128Key::new([1; 16]),
        tweak: Aes128Key::new([2; 16]),
        index: Aes128Key::new([3; 16]),
        master: master_key(&Aes128Key::new([4; 16]), number, 0x01),
    }
}

fn make_card(folder: &Path) {
    let face = Face {
        aid: Aid::default(),
        label: "COUNTERFOIL".into(),
        token_bin: "999001".into(),
        expiry: Expiry::parse("4912").unwrap(),
        token_expiry: None,
        sequence: 1,
        service_code: "221".into(),
        country: 276,
        currency: 978,
        derivation_index: 1,
        key_set: 1,
        profile: Profile::named("combined").unwrap(),
    };
    let pan = number();
    let (reference, credentials) = (CardReference::parse("421337000017").unwrap(), Credentials::default());
    let secrets = Secrets { keys: keys(&pan), pan, reference, credentials };
    let card = Personalization::new(face, secrets).unwrap();
    CardFile::create(&folder.join("card"), &card, "of the card").unwrap();
    std::fs::write(folder.join("passphrase"), "of the card\n").unwrap();
}

fn to_issuer(folder: &Path, address: SocketAddr) -> IssuerArguments {
    IssuerArguments { state: Some(folder.join("state")), ..super::arguments(&address) }
}

fn take(folder: &Path, amount: &str, address: SocketAddr) -> u8 {
    let tap = TapArguments {
        currency: "EUR".into(),
        merchant: "MERCHANT0000001".into(),
        terminal: None,
        mcc: "5411".into(),
        acquirer: None,
        name: Some("Corner Shop".into()),
        country: 276,
        card: CardArguments { card: Some(folder.join("card")), pcsc: None },
        passphrase: PassphraseArguments { passphrase_file: Some(folder.join("passphrase")) },
    };
    let issuer = to_issuer(folder, address);
    pay::pay(&PayArguments { amount: amount.into(), purchase: false, tap, issuer }).unwrap()
}

fn state(folder: &Path) -> State {
    State::open(Some(&folder.join("state"))).unwrap()
}

/// The only payment, or the one after so many.
fn record(folder: &Path, place: usize) -> Record {
    let payments = std::fs::read_dir(folder.join("state/payments")).unwrap();
    let mut names: Vec<_> = payments.map(|entry| entry.unwrap().path()).collect();
    names.sort();
    serde_json::from_slice(&std::fs::read(&names[place]).unwrap()).unwrap()
}

fn operations(asked: &[Payment]) -> Vec<(Operation, bool)> {
    asked.iter().map(|payment| (payment.operation, payment.repeat)).collect()
}

#[test]
fn a_payment_is_approved_captured_and_refunded() {
    let folder = tempfile::tempdir().unwrap();
    make_card(folder.path());
    let issuer = Issuer::start(vec![Some(ResponseCode::Approved); 3]);
    assert_eq!(take(folder.path(), "12.50", issuer.address), APPROVED);
    let paid = record(folder.path(), 0);
    assert_eq!((paid.outcome, paid.approved_minor), (Word::Approved, Some(12_50)));
    assert!(state(folder.path()).owed().unwrap().is_empty());
    let follow = |amount: &str| FollowArguments {
        rrn: paid.rrn.clone(),
        amount: Some(amount.into()),
        issuer: to_issuer(folder.path(), issuer.address),
    };
    let capture = CaptureArguments { follow: follow("10.00"), more: false };
    assert_eq!(follow::capture(&capture).unwrap(), APPROVED);
    assert_eq!(follow::refund(&follow("2.00")).unwrap(), APPROVED);
    assert!(follow::refund(&follow("2.001")).unwrap_err().is::<Usage>());
    assert!(state(folder.path()).owed().unwrap().is_empty());
    let asked = issuer.asked();
    let expected = [Operation::Authorization, Operation::Completion, Operation::Financial];
    assert_eq!(operations(&asked), expected.map(|operation| (operation, false)));
    assert_eq!(asked.iter().map(|payment| payment.amount_minor).collect::<Vec<_>>(), [12_50, 10_00, 2_00]);
    let place = (asked[0].acquirer.as_str(), asked[0].terminal.as_str());
    assert_eq!(place, ("123456", "TERM0001"), "nobody typed another");
    let follow_ups = record(folder.path(), 0).follow_ups;
    assert!(follow_ups.len() == 2 && follow_ups.iter().all(|one| one.response_code.as_deref() == Some("00")));
}

#[test]
fn a_payment_that_is_not_answered_is_undone_before_anything_else() {
    let folder = tempfile::tempdir().unwrap();
    make_card(folder.path());
    assert_eq!(take(folder.path(), "12.50", Issuer::nowhere()), NO_HOST);
    assert_eq!(state(folder.path()).owed().unwrap()[0].attempts, 1, "it was told at once, and nobody was there");
    let issuer = Issuer::start(vec![
        // The issuer cannot at the moment, then it can; meanwhile it declines a payment.
        Some(ResponseCode::IssuerUnavailable),
        Some(ResponseCode::DoNotHonour),
        Some(ResponseCode::Approved),
    ]);
    assert_eq!(take(folder.path(), "3.00", issuer.address), DECLINED);
    let reverse = ReverseArguments { rrn: None, amount: None, issuer: to_issuer(folder.path(), issuer.address) };
    assert_eq!(follow::reverse(&reverse).unwrap(), APPROVED);
    assert!(state(folder.path()).owed().unwrap().is_empty());
    let expected = [(Operation::Reversal, true), (Operation::Authorization, false), (Operation::Reversal, true)];
    assert_eq!(operations(&issuer.asked()), expected);
    assert_eq!(record(folder.path(), 0).follow_ups[0].response_code.as_deref(), Some("00"));
}

#[test]
fn what_a_crash_left_behind_is_settled_by_what_the_record_says() {
    let folder = tempfile::tempdir().unwrap();
    make_card(folder.path());
    let issuer = Issuer::start(vec![Some(ResponseCode::Approved)]);
    assert_eq!(take(folder.path(), "12.50", issuer.address), APPROVED);
    assert_eq!(issuer.asked().len(), 1);
    let mut paid = record(folder.path(), 0);
    // As after a crash between storing the record of an approved payment and forgetting what would undo it.
    let stamp = payments::terminal::Stamp { stan: 900_000, moment: paid.time };
    let pending = paid.reverse(stamp).unwrap();
    state(folder.path()).keep_owed(&pending).unwrap();
    let reverse = ReverseArguments { rrn: None, amount: None, issuer: to_issuer(folder.path(), Issuer::nowhere()) };
    assert_eq!(follow::reverse(&reverse).unwrap(), APPROVED, "nothing is owed");
    assert!(state(folder.path()).owed().unwrap().is_empty());
    // As after a crash between storing a record whose reversal is owed, and storing that.
    state(folder.path()).keep_record(&paid).unwrap();
    let issuer = Issuer::start(vec![Some(ResponseCode::Approved)]);
    let reverse =
        ReverseArguments { rrn: Some(paid.rrn), amount: None, issuer: to_issuer(folder.path(), issuer.address) };
    assert_eq!(follow::reverse(&reverse).unwrap(), APPROVED);
    assert_eq!(operations(&issuer.asked()), [(Operation::Reversal, true)]);
}

#[test]
fn an_increase_is_told_until_it_is_answered_and_a_part_is_reversed() {
    let folder = tempfile::tempdir().unwrap();
    make_card(folder.path());
    let issuer = Issuer::start(vec![Some(ResponseCode::Approved), None]);
    let address = issuer.address;
    assert_eq!(take(folder.path(), "12.50", address), APPROVED);
    let rrn = record(folder.path(), 0).rrn;
    let issuer_of = |address| to_issuer(folder.path(), address);
    let increase = IncreaseArguments { rrn: rrn.clone(), amount: "2.00".into(), issuer: issuer_of(address) };
    assert_eq!(follow::increase(&increase).unwrap(), NO_HOST);
    assert_eq!(issuer.asked().len(), 2);
    assert_eq!(record(folder.path(), 0).approved_minor, Some(12_50));

    let issuer = Issuer::start(vec![Some(ResponseCode::Approved); 3]);
    let part =
        ReverseArguments { rrn: Some(rrn.clone()), amount: Some("4.50".into()), issuer: issuer_of(issuer.address) };
    assert_eq!(follow::reverse(&part).unwrap(), APPROVED);
    assert_eq!(record(folder.path(), 0).approved_minor, Some(10_00));
    assert_eq!(follow::balance(&rrn, &issuer_of(issuer.address)).unwrap(), APPROVED);
    let asked = issuer.asked();
    let expected = [(Operation::Authorization, true), (Operation::Reversal, false), (Operation::Authorization, false)];
    assert_eq!(operations(&asked), expected);
    assert_eq!(asked[1].replacement.unwrap().amount_minor, 10_00, "what is left");
    assert!(asked[0].is_increase() && asked[2].icc_data.is_none());
}

#[test]
fn a_refund_that_is_not_answered_is_undone() {
    let folder = tempfile::tempdir().unwrap();
    make_card(folder.path());
    let issuer = Issuer::start(vec![Some(ResponseCode::Approved), None, Some(ResponseCode::Approved)]);
    assert_eq!(take(folder.path(), "12.50", issuer.address), APPROVED);
    let rrn = record(folder.path(), 0).rrn;
    let follow = FollowArguments { rrn, amount: None, issuer: to_issuer(folder.path(), issuer.address) };
    assert_eq!(follow::refund(&follow).unwrap(), NO_HOST);
    let expected = [Operation::Authorization, Operation::Financial, Operation::Reversal];
    assert_eq!(operations(&issuer.asked()), expected.map(|operation| (operation, false)));
    assert!(state(folder.path()).owed().unwrap().is_empty());
}

/// Takes the card, while something happens to the terminal's folder.
fn take_while(folder: &Path, address: SocketAddr, told: &mut dyn FnMut(Passing<'_>)) -> eyre::Result<Word> {
    let (state, wire) = pay::open(&to_issuer(folder, address))?;
    let place = Place {
        acquirer: "123456",
        merchant_id: "MERCHANT0000001",
        terminal_id: "TERM0001",
        category: "5411",
        name_and_location: "Corner Shop",
        country: 276,
    };
    let euro = Currency::by_code(b"EUR").copied().unwrap();
    let purchase = Purchase::new(12_50, euro, state.trace()?).unwrap();
    let reader = Reader::file(&folder.join("card"), "of the card")?;
    let (record, _) = tap::take((&state, &wire), &Config::new(&place).unwrap(), &purchase, reader, told)?;
    Ok(record.outcome)
}

/// From now on nothing can be written in this folder: it is a file.
fn block(folder: &Path) {
    std::fs::remove_dir_all(folder).unwrap();
    std::fs::write(folder, "").unwrap();
}

#[test]
fn an_approval_that_cannot_be_kept_is_named_and_undone_before_anything_else() {
    let folder = tempfile::tempdir().unwrap();
    make_card(folder.path());
    let payments = folder.path().join("state/payments");
    let issuer = Issuer::start(vec![Some(ResponseCode::Approved)]);
    let refused = take_while(folder.path(), issuer.address, &mut |passing| {
        if matches!(passing, Passing::Response(_)) {
            block(&payments);
        }
    });
    let error = refused.unwrap_err().to_string();
    assert!(error.starts_with("could not write") && error.contains("state/payments/"), "{error}");
    assert_eq!(operations(&issuer.asked()), [(Operation::Authorization, false)]);

    std::fs::remove_file(&payments).unwrap();
    let owed = state(folder.path()).owed().unwrap();
    assert_eq!((owed.len(), owed[0].attempts, owed[0].amount_minor), (1, 0, 12_50), "what undoes it is still owed");
    let issuer = Issuer::start(vec![Some(ResponseCode::Approved); 2]);
    assert_eq!(take(folder.path(), "3.00", issuer.address), APPROVED);
    assert_eq!(operations(&issuer.asked()), [(Operation::Reversal, false), (Operation::Authorization, false)]);
    assert!(state(folder.path()).owed().unwrap().is_empty());
}

#[test]
fn the_issuer_is_not_asked_when_what_would_undo_it_cannot_be_kept() {
    let folder = tempfile::tempdir().unwrap();
    make_card(folder.path());
    let owed = folder.path().join("state/owed");
    let mut is_first = true;
    let refused = take_while(folder.path(), Issuer::nowhere(), &mut |passing| {
        assert!(!matches!(passing, Passing::Request(_)), "the issuer was asked");
        if std::mem::take(&mut is_first) {
            block(&owed);
        }
    });
    let error = refused.unwrap_err().to_string();
    assert!(error.starts_with("could not write") && error.contains("state/owed/"), "{error}");
    assert_eq!(std::fs::read_dir(folder.path().join("state/payments")).unwrap().count(), 0);
}
