//! A test vector of the Web3 Secret Storage definition (wiki of ethereum/wiki), a file that eth-account 0.14 wrote, and our
//! own way there and back. The definition's second vector has scrypt parameters that RFC 7914, section 2, forbids
//! (N = 2^18 with r = 1): it must be refused, not crash.

use std::fs;

use super::*;

const VECTOR_PASSPHRASE: &str = "testpassword";
const VECTOR_SECRET: &str = "7a28b5ba57c53603b0b07b56bba752f7784bf506fa95edc395f5cf6c7514fe9d";
const PBKDF2: &str = r#"{ "crypto": { "cipher": "aes-128-ctr", "cipherparams": { "iv": "6087dab2f9fdbbfaddc31a909735c1e6" },
    "ciphertext": "5318b4d5bcd28de64ee5559e671353e16f075ecae9f99c7a79a38af5f869aa46", "kdf": "pbkdf2",
    "kdfparams": { "c": 262144, "dklen": 32, "prf": "hmac-sha256",
        "salt": "ae3cd4e7013836a3df6bd7241b12db061dbe2c6785853cce422d148a624ce0bd" },
    "mac": "517ead924a9d0dc3124507e3393d175ce3ff7c1e96529c6c555ce9e51205e9b2" },
    "id": "3198bc9c-6672-5ab3-d995-4942343ae5b6", "version": 3 }"#;
const SCRYPT: &str = r#"{ "address": "008AeEda4D805471dF9b2A5B0f38A0C3bCBA786b", "crypto": { "cipher": "aes-128-ctr",
    "cipherparams": { "iv": "bd167a0f56e839988ec32abfdec74ab6" },
    "ciphertext": "ee61e9294a0807210c350c749ac0748aa28d9fc284d2a3e0c4b7c808cc3b4817", "kdf": "scrypt",
    "kdfparams": { "dklen": 32, "n": 16384, "r": 8, "p": 1, "salt": "5053549c18c6e0e09675a8f2be87b59b" },
    "mac": "f5572d537dfbc1ba20e26a187ffbb0e0f70421caf82ea2ee43762fe5379bdfb8" },
    "id": "ee4433da-9210-44f6-b9b3-f458616f1380", "version": 3 }"#;

#[test]
fn files_of_the_standard_open() {
    let folder = tempfile::tempdir().unwrap();
    let store = KeyStore(folder.path().into());
    for (name, text) in [("pbkdf2", PBKDF2), ("scrypt", SCRYPT)] {
        fs::write(folder.path().join(file_name(name)), text).unwrap();
        let opened = store.open(name, VECTOR_PASSPHRASE).expect(name);
        assert_eq!(hex::encode(opened.to_bytes()), VECTOR_SECRET, "{name}");
    }
    let address = store.open("scrypt", VECTOR_PASSPHRASE).unwrap().address();
    let listed = [("pbkdf2", None), ("scrypt", Some(address))];
    assert_eq!(store.list().unwrap(), listed.map(|(name, address)| KeptKey { name: name.into(), address }));
}

#[test]
fn parameters_that_scrypt_does_not_have_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let store = KeyStore(folder.path().into());
    let text = SCRYPT.replace("16384", "262144").replace(r#""r": 8, "p": 1"#, r#""r": 1, "p": 8"#);
    fs::write(folder.path().join(file_name("odd")), text).unwrap();
    assert!(store.open("odd", VECTOR_PASSPHRASE).unwrap_err().to_string().contains("scrypt"));
}

#[test]
fn what_is_kept_opens_with_its_passphrase_only() {
    let folder = tempfile::tempdir().unwrap();
    let store = KeyStore(folder.path().join("keys"));
    let kept = store.make("till", "right").unwrap();
    assert_eq!(store.list().unwrap(), std::slice::from_ref(&kept));
    assert_eq!(Some(store.open("till", "right").unwrap().address()), kept.address);
    let refused = store.open("till", "wrong").unwrap_err().to_string();
    assert!(refused.contains("till does not open"), "{refused}");
}

#[test]
fn a_key_is_never_written_over_and_is_closed_to_others() {
    let folder = tempfile::tempdir().unwrap();
    let store = KeyStore(folder.path().join("keys"));
    store.make("till", "").unwrap();
    let before = fs::read(store.file("till").unwrap()).unwrap();
    assert!(store.make("till", "").unwrap_err().to_string().contains("already"));
    assert_eq!(fs::read(store.file("till").unwrap()).unwrap(), before);
    assert_eq!(fs::metadata(store.file("till").unwrap()).unwrap().permissions().mode() & 0o777, 0o600);
    assert_eq!(fs::read_dir(store.folder()).unwrap().count(), 1, "nothing else stays behind");
}

#[test]
fn a_name_is_no_path_and_a_secret_is_a_key() {
    let folder = tempfile::tempdir().unwrap();
    let store = KeyStore(folder.path().into());
    for name in ["", "../till", "a b", "a/b", &"x".repeat(65)] {
        assert!(store.make(name, "").is_err(), "{name}");
    }
    for secret in [[0; 32], [0xff; 32]] {
        assert!(store.keep("till", &secret, "").unwrap_err().to_string().contains("no secp256k1 key"));
    }
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
}
