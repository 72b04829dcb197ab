//! An issuer's folder is made once, opens with its passphrase only, and certifies acquirers that its doors take.

use super::*;

const FOUNDING: Founding<'_> = Founding { name: "Bank", pool: None, operator: None, ledger: None, names: &[] };

#[test]
fn an_issuer_is_made_once_and_opens_with_its_passphrase() {
    let folder = tempfile::tempdir().unwrap();
    let issuer = IssuerFolder::new(folder.path().to_owned());
    assert!(issuer.about().unwrap_err().to_string().contains("issuer init"));
    let made = issuer.create(FOUNDING, "open").unwrap();
    assert_eq!(made.pool, made.operator);
    assert!(issuer.create(FOUNDING, "open").unwrap_err().to_string().contains("already"));
    assert_eq!(issuer.operator("open").unwrap().address(), made.operator);
    assert!(issuer.root("shut").is_err());
    issuer.vault(&issuer.root("open").unwrap(), Options::default()).unwrap();
}

#[test]
fn what_the_authority_certifies_the_doors_take() {
    let (folder, out) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let issuer = IssuerFolder::new(folder.path().to_owned());
    issuer.create(FOUNDING, "open").unwrap();
    let acquirer = "123456".parse().unwrap();
    issuer.certify(&acquirer, out.path(), "open").unwrap();
    assert!(issuer.certify(&acquirer, out.path(), "open").is_err(), "a key is never written over another");
    let (identity, authority) = issuer.server().unwrap();
    tls::server(identity, &authority).unwrap();
    let read = |name: &str| fs::read(out.path().join(name)).unwrap();
    let client = tls::Identity::from_pem(&read("acquirer.pem"), &read("acquirer.key")).unwrap();
    tls::client(client, &read("authority.pem")).unwrap();
}

#[test]
fn each_purpose_has_a_secret_of_its_own() {
    assert_ne!(derive(&[7; 32], "vault"), derive(&[7; 32], "authority"));
    assert_ne!(derive(&[7; 32], "vault"), derive(&[8; 32], "vault"));
}
