//! A terminal of another author: crate `emv`'s contact kernel runs whole transactions with our card, from the directory to the second
//! cryptogram, with both transmission protocols.

use emv::{
    contact::{
        online_processing::{OnlineAuthorisationOutcome, OnlineAuthorisationResponse},
        terminal::{Terminal, TerminalApplication},
        transaction::{TransactionContext, TransactionInputs},
        transaction_driver::Transaction,
        transaction_flow::{
            HostMediated, TerminationReason, TransactionFlowStep, start, submit_authorisation_response,
            submit_unable_to_go_online,
        },
    },
    core::{
        apdu::{Command, Response},
        application_cryptogram::verify_application_cryptogram_aes,
        card_reader::CardReader,
        generate_ac::GenerateAcResponse,
    },
    de::{
        additional_terminal_capabilities::AdditionalTerminalCapabilities,
        authorisation_response_code::AuthorisationResponseCode, terminal_capabilities::TerminalCapabilities,
        terminal_type::TerminalType,
    },
};

use super::{cryptogram, *};
use crate::{cryptogram::CSU_APPROVED, layout::Iad, number::Token};

/// A reader: under T=0 it fetches what waits, as the driver of a real one does.
struct Reader {
    session: Session,
    /// Data of the last GENERATE AC.
    list_data: Vec<u8>,
}

impl CardReader for Reader {
    type Error = emv::Error;

    fn transmit(&mut self, command: &Command) -> emv::Result<Response> {
        if command.ins.0 == 0xae {
            self.list_data = command.data.clone();
        }
        let mut answer = self.session.say(&command.to_bytes()?);
        if let [0x6c, length] = answer[..] {
            answer = self.session.say(&Command { le: Some(length), ..command.clone() }.to_bytes()?);
        }
        if let [0x61, length] = answer[..] {
            answer = self.session.say(&[0x00, 0xc0, 0x00, 0x00, length]);
        }
        Response::parse(&answer)
    }
}

fn terminal() -> Terminal {
    Terminal {
        terminal_type: TerminalType(0x22),
        terminal_capabilities: TerminalCapabilities {
            ic_with_contacts: true,
            no_cvm_required: true,
            ..Default::default()
        },
        additional_terminal_capabilities: AdditionalTerminalCapabilities::default(),
        terminal_country_code: 250,
        terminal_identification: *b"TERM0001",
        ifd_serial_number: *b"SERIAL01",
        merchant_category_code: 5411,
        merchant_identifier: *b"MERCHANT-000017",
        merchant_name_and_location: b"Corner shop, Paris".to_vec(),
        acquirer_identifier: None,
        cardholder_selection_and_confirmation_supported: false,
        applications: vec![TerminalApplication {
            aid: b"\xf0COUNTER".to_vec(),
            partial_match_allowed: true,
            application_version_number: [0, 1],
            terminal_floor_limit: 10_000,
            terminal_risk_management_data: None,
            default_ddol: None,
            default_tdol: None,
            tac_denial: Some([0; 5]),
            tac_online: Some([0; 5]),
            tac_default: Some([0; 5]),
            rts_target_percentage: None,
            rts_max_target_percentage: None,
            rts_threshold_value: None,
        }],
    }
}

fn inputs() -> TransactionInputs {
    TransactionInputs {
        amount_authorised: 1250,
        transaction_currency_code: 978,
        transaction_currency_exponent: 2,
        transaction_date: [0x26, 0x11, 0x27],
        transaction_time: [0x10, 0x30, 0x00],
        unpredictable_number: [0xde, 0xad, 0xbe, 0xef],
        ..Default::default()
    }
}

type Running<'t> = Transaction<'t, Reader, HostMediated>;

fn inserted<'t>(terminal: &'t Terminal, inputs: TransactionInputs, protocol: Protocol) -> Running<'t> {
    let card = Reader { session: Session::new("combined", protocol), list_data: Vec::new() };
    Transaction { card, auth: HostMediated, ctx: TransactionContext::new(terminal, inputs) }
}

/// Runs a transaction until the kernel wants the issuer's word.
fn online(transaction: &mut Running<'_>) -> GenerateAcResponse {
    match start(transaction, &[], &[], &[], None).unwrap() {
        TransactionFlowStep::OnlineRequest { first_generate_ac } => first_generate_ac,
        other => panic!("{other:?}"),
    }
}

fn response(answer: Option<Vec<u8>>) -> OnlineAuthorisationResponse {
    OnlineAuthorisationResponse {
        authorisation_response_code: AuthorisationResponseCode(*b"00"),
        issuer_authentication_data: answer,
        issuer_scripts: Vec::new(),
    }
}

/// How a transaction ends that the host approves, with this answer of the issuer made from the right one.
fn end(protocol: Protocol, change: impl Fn(Vec<u8>) -> Option<Vec<u8>>) -> TransactionFlowStep {
    let terminal = terminal();
    let mut transaction = inserted(&terminal, inputs(), protocol);
    let first = online(&mut transaction);
    let answer = cryptogram::answer(1, first.ac.unwrap(), CSU_APPROVED);
    let response = response(change(answer));
    submit_authorisation_response(&mut transaction, &first, &response, OnlineAuthorisationOutcome::Approved).unwrap()
}

#[test]
fn the_kernel_goes_online_with_a_cryptogram_that_its_author_can_check() {
    for protocol in [Protocol::T0, Protocol::T1] {
        let terminal = terminal();
        let mut transaction = inserted(&terminal, inputs(), protocol);
        let first = online(&mut transaction);
        let stored = |tag: u32| transaction.ctx.tag_store.get(emv::Tag(tag)).unwrap().to_vec();
        let token = Token::from_cn(&stored(0x5a)).unwrap();
        assert!(token.digits().starts_with(TOKEN_BIN) && token.digits() != PAN, "{token}");
        assert!(hex::encode(stored(0x57)).starts_with(token.digits()));
        // No offline data authentication was performed, and that is all that is unusual (T-27).
        assert_eq!(transaction.ctx.tvr.to_bytes(), [0x80, 0, 0, 0, 0]);
        let iad = first.iad.clone().unwrap();
        let covered = [
            transaction.ctx.gpo_pdol_data.as_slice(),
            &transaction.card.list_data,
            &transaction.ctx.aip.as_ref().unwrap().to_bytes(),
            &first.atc,
            &iad,
            &stored(0x5a),
        ]
        .concat();
        let holds =
            verify_application_cryptogram_aes(&cryptogram::session_key(1), &covered, first.ac.unwrap()).unwrap();
        assert!(holds, "{protocol:?}");
        assert_eq!(Iad::parse(&iad).unwrap().pdol_digest, layout::pdol_digest(&transaction.ctx.gpo_pdol_data));
    }
}

#[test]
fn the_issuers_answer_decides_how_it_ends() {
    for protocol in [Protocol::T0, Protocol::T1] {
        let approved = end(protocol, Some);
        assert!(matches!(approved, TransactionFlowStep::Approved { .. }), "{approved:?}");
        for bit in [0, 31, 32, 63] {
            let declined = end(protocol, |mut answer| {
                answer[bit / 8] ^= 0x80 >> (bit % 8);
                Some(answer)
            });
            assert!(matches!(declined, TransactionFlowStep::Declined { .. }), "{declined:?}");
        }
        let declined = end(protocol, |_| None);
        assert!(matches!(declined, TransactionFlowStep::Declined { .. }), "{declined:?}");
    }
}

#[test]
fn without_a_line_the_kernel_declines_because_the_card_says_so() {
    let terminal = terminal();
    let mut transaction = inserted(&terminal, inputs(), Protocol::T1);
    let first = online(&mut transaction);
    let end = submit_unable_to_go_online(&mut transaction, &first).unwrap();
    assert!(matches!(end, TransactionFlowStep::Declined { .. }), "{end:?}");
}

/// A terminal that has no amount yet, as some do, gets no token (T-28).
#[test]
fn a_terminal_that_fills_in_zeros_finds_no_application() {
    let terminal = terminal();
    let mut transaction = inserted(&terminal, TransactionInputs { amount_authorised: 0, ..inputs() }, Protocol::T1);
    let end = start(&mut transaction, &[], &[], &[], None).unwrap();
    let reason = TerminationReason::NoMutuallySupportedApplication;
    assert!(matches!(end, TransactionFlowStep::Terminated { reason: why } if why == reason), "{end:?}");
    assert_eq!(transaction.card.session.counters.atc, 0);
}

#[test]
fn two_taps_in_one_reader_are_two_tokens() {
    let terminal = terminal();
    let mut transaction = inserted(&terminal, inputs(), Protocol::T1);
    online(&mut transaction);
    let token = |running: &Running<'_>| running.ctx.tag_store.get(emv::Tag(0x5a)).unwrap().to_vec();
    let first = token(&transaction);
    let Transaction { mut card, .. } = transaction;
    card.session.card.reset();
    let mut transaction = Transaction { card, auth: HostMediated, ctx: TransactionContext::new(&terminal, inputs()) };
    online(&mut transaction);
    assert_ne!(token(&transaction), first);
}
