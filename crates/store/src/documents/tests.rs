//! Documents over a real folder: what is kept is what was put, within the bound, whatever lay there before.

use tempfile::TempDir;

use super::*;

const ROOM: u64 = 1 << 20;

fn opened(most_bytes: u64) -> (TempDir, Documents) {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let documents = Documents::open(dir.path(), most_bytes).expect("opened");
    (dir, documents)
}

fn count(dir: &TempDir) -> Counted {
    each_document(dir.path(), |_| Ok(())).expect("sound")
}

#[test]
fn what_is_put_is_found_by_its_hash_also_after_a_start() {
    let (dir, documents) = opened(ROOM);
    let table: [&[u8]; 4] = [b"", b"{}", b"<script>", &[0xff; 65_536]];
    let hashes = table.map(|bytes| documents.put(bytes).expect("kept"));
    assert_eq!(hashes, table.map(keccak256));
    let before = documents.size();
    drop(documents);
    let documents = Documents::open(dir.path(), ROOM).expect("opened");
    for (hash, bytes) in hashes.into_iter().zip(table) {
        assert_eq!(documents.get(hash).expect("read").as_deref(), Some(bytes));
    }
    assert_eq!(documents.get(B256::ZERO).expect("read"), None);
    assert_eq!((documents.size(), before.0), (before, 3 * 4_096 + 65_536));
    assert_eq!(count(&dir), Counted { documents: 4, bytes: 65_546 });
    let name = hex::encode(keccak256(b"{}"));
    assert_eq!(fs::read(dir.path().join("documents").join(&name[..2]).join(&name)).expect("there"), b"{}");
}

#[test]
fn the_same_again_changes_nothing() {
    let (dir, documents) = opened(ROOM);
    documents.put(b"one").expect("kept");
    let once = documents.size();
    documents.put(b"one").expect("kept already");
    assert_eq!((documents.size(), count(&dir).documents), (once, 1));
}

#[test]
fn a_full_folder_takes_nothing_more_and_keeps_what_it_has() {
    let (dir, documents) = opened(2 * BLOCK_BYTES);
    let first = documents.put(b"one").expect("kept");
    let large = documents.put(&[0; 4_097]).expect_err("full");
    assert!(matches!(large, StoreError::DocumentsFull { bytes: 8_192, most: 8_192 }), "{large}");
    assert!(!large.is_fatal());
    documents.put(&[1; 4_096]).expect("fits");
    assert!(matches!(documents.put(b"two"), Err(StoreError::DocumentsFull { .. })));
    documents.put(b"one").expect("kept already");
    assert_eq!(documents.get(first).expect("read").as_deref(), Some(&b"one"[..]));
    assert_eq!(count(&dir).documents, 2);
    let too_large = documents.put(&vec![0; DOCUMENT_MOST_BYTES + 1]);
    assert!(matches!(too_large, Err(StoreError::DocumentTooLarge { .. })));
}

#[test]
fn a_damaged_document_is_named_and_put_right_by_putting_it_again() {
    let (dir, documents) = opened(ROOM);
    let hash = documents.put(b"one").expect("kept");
    let path = path_of(&documents_folder(dir.path()), hash);
    for damaged in [&b"onf"[..], b"on", b"one\n", b"", &vec![b'o'; DOCUMENT_MOST_BYTES + 2]] {
        fs::write(&path, damaged).expect("written");
        assert!(matches!(documents.get(hash), Err(StoreError::DocumentDamaged { hash: named }) if named == hash));
        assert!(each_document(dir.path(), |_| Ok(())).is_err());
        assert_eq!(documents.put(b"one").expect("kept"), hash);
        assert_eq!(documents.get(hash).expect("read").as_deref(), Some(&b"one"[..]));
    }
}

#[test]
fn what_a_crash_left_is_removed_and_what_is_not_ours_stays() {
    let (dir, documents) = opened(ROOM);
    let hash = documents.put(b"one").expect("kept");
    drop(documents);
    let place = path_of(&documents_folder(dir.path()), hash);
    let (unfinished, note) = (place.with_extension("new"), place.with_file_name("note.txt"));
    fs::write(&unfinished, b"on").expect("written");
    fs::write(&note, b"mine").expect("written");
    assert_eq!(count(&dir).documents, 1);
    let documents = Documents::open(dir.path(), ROOM).expect("opened");
    assert!(!unfinished.exists() && note.exists());
    assert_eq!(documents.size().0, BLOCK_BYTES);
}

#[test]
fn a_document_that_cannot_be_written_is_an_error_and_is_not_found() {
    let (dir, documents) = opened(ROOM);
    let hash = keccak256(b"one");
    let place = path_of(&documents_folder(dir.path()), hash);
    // A file where the folder of this hash should be.
    fs::write(place.parent().expect("a folder"), b"").expect("written");
    let refused = documents.put(b"one").expect_err("no place");
    assert!(matches!(refused, StoreError::Io { .. }), "{refused}");
    assert_eq!(documents.size().0, 0);
    fs::remove_file(place.parent().expect("a folder")).expect("removed");
    documents.put(b"one").expect("kept");
}

#[test]
fn many_at_once_are_all_kept() {
    let (dir, documents) = opened(ROOM);
    std::thread::scope(|scope| {
        for thread in 0..4_u8 {
            let documents = &documents;
            scope.spawn(move || {
                for number in 0..16_u8 {
                    documents.put(&[thread % 2, number]).expect("kept");
                }
            });
        }
    });
    assert_eq!((count(&dir).documents, documents.size().0), (32, 32 * BLOCK_BYTES));
}
