//! Many threads at once: nothing is lost, nothing is done twice, and sums are right. That units are written together is tested at the writer.

use std::{
    sync::atomic::{AtomicU64, Ordering},
    thread,
};

use payments::issuer::vault::VaultError;

use crate::{records::*, story};

#[test]
fn payments_of_many_threads_add_up() {
    const EACH: u64 = 25;
    let folder = tempfile::tempdir().unwrap();
    let vault = open(folder.path());
    story::found(&vault, 5);
    let refused = AtomicU64::new(0);
    let pay = |thread: u64| {
        // Every payment is asked for twice, by two threads.
        for count in (thread / 2 * EACH)..(thread / 2 + 1) * EACH {
            match vault.write("payment-begun", move |vault| story::authorize(vault, count, count % 5)) {
                Ok(payment) => {
                    vault.write::<_, VaultError, _>("payment-held", move |vault| story::settle(vault, payment)).unwrap()
                }
                Err(error) => {
                    assert_eq!(error, VaultError::Conflict("the exchange"));
                    refused.fetch_add(1, Ordering::Relaxed);
                }
            }
        }
    };
    let asking = || (0..50).for_each(|_| drop(story::check(&vault)));
    thread::scope(|scope| {
        (0..16).for_each(|thread| drop(scope.spawn(move || pay(thread))));
        scope.spawn(asking);
    });
    assert_eq!(story::check(&vault).len() as u64, 8 * EACH);
    assert_eq!(refused.into_inner(), 8 * EACH);
    let written = vault.written();
    assert_eq!(written.operations, 1 + 2 * 8 * EACH);
    assert!(written.commits <= written.operations, "{written:?}");
}
