//! The development accounts and their signatures, against values that other implementations published.

use alloy_consensus::{SignableTransaction, TxLegacy};
use alloy_primitives::{TxKind, address, b256, eip191_hash_message, hex};

use super::*;

/// Printed by every development node that uses this phrase.
const ADDRESSES: [Address; DEVELOPMENT_ACCOUNTS] = [
    address!("f39Fd6e51aad88F6F4ce6aB8827279cffFb92266"),
    address!("70997970C51812dc3A010C7d01b50e0d17dc79C8"),
    address!("3C44CdDdB6a900fa2b585dd299e03d12FA4293BC"),
    address!("90F79bf6EB2c4f870365E785982E1f101E93b906"),
    address!("15d34AAf54267DB7D7c367839AAf71A00a2C6A65"),
    address!("9965507D1a55bcC2695C58ba16FB37d819B0A4dc"),
    address!("976EA74026E726554dB657fA54763abd0C3a0aa9"),
    address!("14dC79964da2C08b23698B3D3cc7Ca32193d9955"),
    address!("23618e81E3f5cdF7f54C3d65f7FBc0aBf5B21E8f"),
    address!("a0Ee7A142d267C1f36714E4a8F75612F20a79720"),
];

fn account_of(key: B256) -> Account {
    Account::from_key(key).expect("a key in range")
}

#[test]
fn the_development_accounts_are_the_well_known_ones() {
    let accounts = Accounts::development().expect("the phrase is valid");
    assert_eq!(accounts.addresses(), ADDRESSES);
    let first = accounts.get(ADDRESSES[0]).expect("account 0 is unlocked");
    assert_eq!(hex::encode(first.key().expose()), "ac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80");
}

#[test]
fn a_foreign_address_is_not_unlocked() {
    let accounts = Accounts::development().expect("the phrase is valid");
    assert!(accounts.get(Address::repeat_byte(1)).is_none());
    assert!(Accounts::none().get(ADDRESSES[0]).is_none());
}

#[test]
fn debug_output_hides_the_keys() {
    let shown = format!("{:?}", Accounts::development().expect("the phrase is valid"));
    assert!(shown.contains("***") && !shown.contains("ac0974"));
}

/// The example of EIP-155: private key 0x46 repeated, chain id 1.
#[test]
fn the_transaction_of_eip_155_is_signed_as_the_standard_prints_it() {
    let tx = TxLegacy {
        chain_id: Some(1),
        nonce: 9,
        gas_price: 20_000_000_000,
        gas_limit: 21_000,
        to: TxKind::Call(Address::repeat_byte(0x35)),
        value: U256::from(1_000_000_000_000_000_000_u64),
        input: Default::default(),
    };
    assert_eq!(tx.signature_hash(), b256!("daf5a779ae972f972197303d7b574746c7ef83eadac0f2791ad23db92e4c8e53"));
    let signed = account_of(B256::repeat_byte(0x46)).sign_transaction(tx).expect("signs");
    let mut raw = Vec::new();
    signed.rlp_encode(&mut raw);
    assert_eq!(
        hex::encode(raw),
        "f86c098504a817c800825208943535353535353535353535353535353535353535880de0b6b3a764000080\
         25a028ef61340bd939bc2195fe537567866003e1a15d3c71ff63e1590620aa636276\
         a067cbe9d8997f761aecb703304b3800ccf555c9f3dc64214b297fb1966a3b6d83"
    );
}

/// The example of web3.js' `eth.accounts.sign("Some data", key)`.
#[test]
fn a_message_is_signed_as_web3_js_documents_it() {
    let key = b256!("4c0883a69102937d6231471b5dbb6204fe5129617082792ae468d01a3f362318");
    let account = account_of(key);
    assert_eq!(account.address(), address!("2c7536E3605D9C16a7a3D7b1898e529396a65c23"));
    let digest = eip191_hash_message("Some data");
    assert_eq!(digest, b256!("1da44b586eb0729ff70a73c326926f6ed5a25f5b056e7f47fbc6e58d86871655"));
    let signature = account.sign_digest(digest).expect("signs");
    assert_eq!(
        hex::encode(signature.as_bytes()),
        "b91467e570a6466aa9e9876cbcd013baba02900b8979d43fe208a4a4f339f5fd\
         6007e74cd82e037b800186422fc2da167c747ef045e5d18a5f5d4300f8e1a0291c"
    );
}
