//! A store's bound, its idle time and its updates, on a clock that the test moves.

use super::*;

const MINUTE: Duration = Duration::from_secs(60);

#[test]
fn a_filter_is_updated_and_taken_by_its_id() {
    let (store, now) = (FilterStore::default(), Instant::now());
    let id = store.insert(vec![1, 2], now).expect("room");
    assert_eq!(store.update(id, now, std::mem::take), Some(vec![1, 2]));
    assert_eq!(store.update(id, now, std::mem::take), Some(vec![]));
    assert_eq!(store.remove(id, now), Some(vec![]));
    assert_eq!(store.remove(id, now), None);
    assert_eq!(store.update(id, now, std::mem::take), None);
}

#[test]
fn asking_keeps_a_filter_and_silence_loses_it() {
    let (store, start) = (FilterStore::default(), Instant::now());
    let asked = store.insert("asked", start).expect("room");
    let silent = store.insert("silent", start).expect("room");
    assert!(store.update(asked, start + 4 * MINUTE, |_| ()).is_some());
    assert!(store.update(asked, start + 8 * MINUTE, |_| ()).is_some());
    assert!(store.update(silent, start + 8 * MINUTE, |_| ()).is_none());
    assert_eq!(store.remove(silent, start + 8 * MINUTE), None);
}

#[test]
fn a_full_store_refuses_until_an_idle_filter_makes_room() {
    let (store, start) = (FilterStore::new(2, 5 * MINUTE), Instant::now());
    store.insert((), start).expect("room");
    store.insert((), start + 3 * MINUTE).expect("room");
    assert_eq!(store.insert((), start + 4 * MINUTE), Err(TooManyFilters { max_filters: 2 }));
    assert!(store.insert((), start + 6 * MINUTE).is_ok());
    assert_eq!(store.len(), 2);
}
