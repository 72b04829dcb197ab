//! What costs nobody anything does not fill the disk: of each acquirer only the newest declined payments are kept.

use payments::issuer::{
    records::{PaymentId, PaymentRecord, PaymentState, RequestKey},
    vault::VaultError,
};
use vault::{Options, Retention};

use crate::records::*;

fn few() -> Options {
    Options { retention: Retention { declined_max: 10, loose_max: 7, exchanges_max: 5 }, ..Options::default() }
}

fn of(acquirer: &str, count: u64) -> RequestKey {
    RequestKey { acquirer: acquirer.into(), ..request(count) }
}

#[test]
fn the_newest_declined_payments_of_each_acquirer_are_kept_with_their_exchanges() {
    let folder = tempfile::tempdir().unwrap();
    let add = |acquirer: &'static str, counts: std::ops::Range<u64>| {
        for count in counts {
            let vault = open_with(folder.path(), few());
            write(&vault, move |vault| {
                let request = of(acquirer, count);
                let id = vault.add_payment(&PaymentRecord { request: request.clone(), ..declined(count) })?;
                let mut exchange = exchange(count, Some(id));
                exchange.key = request;
                vault.add_exchange(&exchange)
            })
            .unwrap();
        }
    };
    add("1", 0..5);
    add("2", 0..40);
    let vault = open_with(folder.path(), few());
    let kept = read(&vault, |vault| vault.payments(None, 100));
    let kept: Vec<_> = kept.iter().rev().map(|payment| payment.request.clone()).collect();
    let expected: Vec<_> = (0..5).map(|count| of("1", count)).chain((30..40).map(|count| of("2", count))).collect();
    assert_eq!(kept, expected);
    let there = |key: &RequestKey| read(&vault, |vault| vault.exchange(key)).is_some();
    assert!(expected.iter().all(there));
    assert!(!(0..30).any(|count| there(&of("2", count))));
}

#[test]
fn a_payment_that_was_not_declined_is_never_forgotten() {
    let folder = tempfile::tempdir().unwrap();
    let vault = open_with(folder.path(), few());
    add_range(&vault);
    write(&vault, |vault| {
        add_card(vault, 1)?;
        for count in 0..20 {
            vault.add_payment(&holding(count, 1, 1, u32::try_from(count).unwrap()))?;
        }
        for count in 20..60 {
            vault.add_payment(&declined(count))?;
        }
        Ok(())
    })
    .unwrap();
    let kept = read(&vault, |vault| vault.payments(None, 100));
    let of_state = |state| kept.iter().filter(|payment| payment.state == state).count();
    assert_eq!([of_state(PaymentState::Holding), of_state(PaymentState::Declined)], [20, 10]);
    // A number is not given again, though its payment is gone.
    assert_eq!(write(&vault, |vault| vault.add_payment(&declined(99))), Ok(PaymentId(61)));
}

#[test]
fn the_newest_requests_without_a_payment_are_kept() {
    let folder = tempfile::tempdir().unwrap();
    let vault = open_with(folder.path(), few());
    for count in 0..30 {
        write(&vault, move |vault| vault.add_exchange(&exchange(count, None))).unwrap();
    }
    let there = |count| read(&vault, |vault| vault.exchange(&request(count))).is_some();
    assert_eq!((0..30).filter(|count| there(*count)).collect::<Vec<_>>(), (23..30).collect::<Vec<_>>());
}

#[test]
fn a_payment_has_a_bounded_number_of_requests_and_keeps_them_all() {
    let folder = tempfile::tempdir().unwrap();
    let vault = open_with(folder.path(), few());
    let payment = write(&vault, |vault| vault.add_payment(&declined(0))).unwrap();
    let add = |count| write(&vault, move |vault| vault.add_exchange(&exchange(count, Some(payment))));
    assert_eq!((0..5).map(add).collect::<Result<Vec<_>, _>>().map(|added| added.len()), Ok(5));
    assert_eq!(add(5), Err(VaultError::TooLarge("list of a payment's requests")));
    assert!((0..5).all(|count| read(&vault, |vault| vault.exchange(&request(count))).is_some()));
}
