//! Repeats, deadlines, restarts: the same request has one answer, whatever happens in between.

use contracts::cash::abi::ICash::HoldState;

use super::{
    ledger::PlainSigner,
    tap::{ACQUIRER, Tap, completion, reversal},
    world::{BALANCE_MINOR, World, answer_of},
};
use crate::{
    issuer::{
        Desk, IssuerError, Reply, Settled,
        records::{OutboxState, PaymentState},
        vault::{Vault as _, VaultError},
    },
    message::{
        Digits, Network, NetworkFunction, Others, Payment, Request, Response,
        ResponseCode::{self, *},
        TransmissionTime,
    },
};

fn bytes(world: &mut World, message: &Payment) -> Vec<u8> {
    match world.send(message).reply {
        Reply::Now(bytes) => bytes,
        Reply::Later(key) => panic!("{key:?} waits"),
    }
}

fn code(bytes: &[u8]) -> ResponseCode {
    Response::parse(bytes).unwrap().response_code
}

#[test]
fn a_repeat_gets_the_stored_bytes_and_holds_nothing_more() {
    let mut world = World::new();
    let mut card = world.card(1);
    let message = card.tap(&Tap::of(1250));
    let first = world.ask(&message).encode().unwrap();
    let repeat = Payment { repeat: true, ..message.clone() };
    assert_eq!(bytes(&mut world, &message), first);
    assert_eq!(bytes(&mut world, &repeat), first, "0101 is 0100 again");
    assert_eq!((world.money(&card), world.ledger.nonce), ((BALANCE_MINOR, 1250), 1));
}

#[test]
fn equal_keys_with_another_body_are_a_duplicate() {
    let mut world = World::new();
    let message = world.card(1).tap(&Tap::of(1250));
    world.ask(&message);
    let other = Payment { amount_minor: 1251, ..message.clone() };
    assert_eq!(code(&bytes(&mut world, &other)), Duplicate);
    assert_eq!(code(&bytes(&mut world, &message)), Approved, "the first answer stays");
}

#[test]
fn a_declined_request_is_repeated_alike() {
    let mut world = World::new();
    let message = world.card(1).tap(&Tap::of(BALANCE_MINOR + 1));
    let first = bytes(&mut world, &message);
    assert_eq!(code(&first), InsufficientFunds);
    assert_eq!(bytes(&mut world, &message), first);
    assert_eq!(world.vault.payments.len(), 1);
}

#[test]
fn sign_on_sign_off_and_echo_are_answered_and_not_remembered() {
    let mut world = World::new();
    for function in [NetworkFunction::SignOn, NetworkFunction::SignOff, NetworkFunction::Echo] {
        let request = Request::Network(Network {
            function,
            repeat: false,
            sent: TransmissionTime::parse("1127120000").unwrap(),
            stan: Digits::of(9).unwrap(),
            acquirer: None,
            forwarder: None,
            others: Others::NONE,
        });
        let decision = world.unit(|issuer, desk| issuer.request(desk, ACQUIRER, &request)).unwrap();
        let Reply::Now(bytes) = decision.reply else { panic!("{decision:?}") };
        let response = Response::parse(&bytes).unwrap();
        assert!(response.answers(&request) && response.response_code == Approved);
        assert_eq!(response.network_function, Some(function.code()));
    }
    assert!(world.vault.exchanges.is_empty());
}

#[test]
fn follow_ups_are_repeated_alike() {
    let mut world = World::new();
    let mut card = world.card(1);
    let message = card.tap(&Tap::of(1250));
    world.ask(&message);
    let done = completion(&message, 2, 1000);
    let first = world.ask(&done).encode().unwrap();
    assert_eq!(bytes(&mut world, &Payment { repeat: true, ..done }), first);
    assert_eq!(world.ledger.nonce, 2);
    world.assert_reconciled();
}

#[test]
fn past_the_deadline_the_answer_is_91_for_ever_and_the_hold_is_released() {
    let mut world = World::new();
    let mut card = world.card(1);
    let message = card.tap(&Tap::of(1250));
    let Reply::Later(key) = world.send(&message).reply else { panic!("nothing waits") };
    let late = world.unit(|issuer, desk| issuer.too_late(desk, &key)).unwrap().unwrap();
    assert_eq!((code(&late), world.state(&message)), (IssuerUnavailable, PaymentState::Cancelling));
    assert_eq!(world.ledger_works().answers, []);
    assert_eq!((world.state(&message), world.money(&card)), (PaymentState::Reversed, (BALANCE_MINOR, 0)));
    assert_eq!(bytes(&mut world, &message), late);
    assert_eq!(world.ledger.state(world.payment(&message).hold.unwrap().id), HoldState::Released);
    world.assert_reconciled();
}

#[test]
fn an_answer_that_is_there_is_not_too_late() {
    let mut world = World::new();
    let message = world.card(1).tap(&Tap::of(1250));
    let Reply::Later(key) = world.send(&message).reply else { panic!("nothing waits") };
    let settled = world.ledger_works();
    let there = world.unit(|issuer, desk| issuer.too_late(desk, &key)).unwrap();
    assert_eq!(there, answer_of(&settled, &key));
    assert_eq!(world.state(&message), PaymentState::Held);
}

/// After a restart nobody waits: what became final after its deadline is released, and a repeat is told 91.
#[test]
fn a_hold_that_is_final_after_its_deadline_is_released() {
    let mut world = World::new();
    let mut card = world.card(1);
    let message = card.tap(&Tap::of(1250));
    world.send(&message);
    world.now_ms += 10_001;
    world.ledger_works();
    assert_eq!((world.state(&message), world.money(&card)), (PaymentState::Reversed, (BALANCE_MINOR, 0)));
    assert_eq!(code(&bytes(&mut world, &message)), IssuerUnavailable);
    world.assert_reconciled();
}

#[test]
fn a_follow_up_whose_terminal_is_gone_goes_on() {
    let mut world = World::new();
    let message = world.card(1).tap(&Tap::of(1250));
    world.ask(&message);
    let back = reversal(&message, 2);
    let Reply::Later(key) = world.send(&back).reply else { panic!("nothing waits") };
    let late = world.unit(|issuer, desk| issuer.too_late(desk, &key)).unwrap().unwrap();
    assert_eq!((code(&late), world.state(&message)), (IssuerUnavailable, PaymentState::Releasing));
    world.ledger_works();
    assert_eq!(code(&bytes(&mut world, &back)), Approved, "its repeat is told what became of it");
}

#[test]
fn a_hold_that_the_ledger_refuses_is_as_if_it_had_never_been() {
    let mut world = World::new();
    let mut card = world.card(1);
    let message = card.tap(&Tap::of(1250));
    let Reply::Later(key) = world.send(&message).reply else { panic!("nothing waits") };
    let raw = world.vault.outbox.get(&0).unwrap().raw.clone();
    world.ledger.memory.now = u64::MAX;
    assert_eq!(world.ledger.submit(&raw), Some(false));
    let settled = world.unit(|issuer, desk| issuer.settle(desk, 0, false)).unwrap();
    assert_eq!(code(&answer_of(&settled, &key).unwrap()), IssuerUnavailable);
    assert_eq!((world.state(&message), world.money(&card)), (PaymentState::Failed, (BALANCE_MINOR, 0)));
    assert_eq!(world.account(&card).spent.minor, 0);
    world.assert_reconciled();
}

#[test]
fn a_row_is_settled_once() {
    let mut world = World::new();
    let mut card = world.card(1);
    world.ask(&card.tap(&Tap::of(1250)));
    let before = world.vault.payments.clone();
    assert_eq!(world.unit(|issuer, desk| issuer.settle(desk, 0, true)), Ok(Settled::default()));
    assert_eq!(world.unit(|issuer, desk| issuer.settle(desk, 0, false)), Ok(Settled::default()));
    assert_eq!(world.vault.payments, before);
    assert_eq!(world.vault.outbox.get(&0).unwrap().state, OutboxState::Done);
    assert_eq!(world.unit(|issuer, desk| issuer.settle(desk, 7, true)), Err(IssuerError::UnknownNonce(7)));
}

/// Abuse case 1: the same token twice at once. The writer is one, so exactly one of them wins.
#[test]
fn two_requests_with_one_cryptogram_at_once() {
    let mut world = World::new();
    let mut card = world.card(1);
    let message = card.tap(&Tap::of(1250));
    let other = Payment { stan: Digits::of(2).unwrap(), ..message.clone() };
    let (first, second) = (world.send(&message), world.send(&other));
    assert!(matches!(first.reply, Reply::Later(_)));
    assert!(matches!(second.reply, Reply::Now(bytes) if code(&bytes) == DoNotHonour));
    world.ledger_works();
    assert_eq!(world.money(&card), (BALANCE_MINOR, 1250));
    world.assert_reconciled();
}

/// Whatever fails in the middle of a decision, nothing of it remains, and the same request is decided when it comes again.
#[test]
fn a_vault_that_fails_leaves_nothing_behind() {
    let mut world = World::new();
    let message = world.card(1).tap(&Tap::of(1250));
    let request = Request::from(message.clone());
    let mut reference = world.vault.clone();
    reference.operations.clear();
    let World { issuer, keys, now_ms, .. } = &world;
    let mut counted = reference.clone();
    let mut desk = Desk { vault: &mut counted, keys, signer: &PlainSigner, now_ms: *now_ms };
    issuer.request(&mut desk, ACQUIRER, &request).unwrap();
    let count = counted.operations.len();
    assert!(count > 10);
    for failing in 0..count {
        let failure = VaultError::Full;
        world.vault.fail_at = Some((world.vault.operations.len() + failing, failure.clone()));
        let refused = world.unit(|issuer, desk| issuer.request(desk, ACQUIRER, &request));
        assert_eq!(refused.unwrap_err(), IssuerError::Vault(failure), "operation {failing}");
        world.vault.fail_at = None;
        assert_eq!(world.vault.payments.len(), 0);
    }
    assert_eq!(world.code(&message), Approved);
    world.assert_reconciled();
}

#[test]
fn a_locked_vault_passes_and_a_full_disk_does_not() {
    assert!(IssuerError::Vault(VaultError::Locked).passes());
    assert!(!IssuerError::Vault(VaultError::Full).passes());
    assert_eq!(VaultError::Full.to_string(), "the disk of the vault is full");
}

#[test]
fn old_exchanges_are_forgotten_and_waiting_ones_are_not() {
    let mut world = World::new();
    let mut card = world.card(1);
    world.ask(&card.tap(&Tap::of(1)));
    world.send(&card.tap(&Tap::of(2).stan(2)));
    assert_eq!(world.vault.forget_exchanges(u64::MAX), Ok(1));
    assert_eq!(world.vault.exchanges.len(), 1);
}
