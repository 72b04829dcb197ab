//! What the facts say, and what they cannot be made to say.

use primitives::Bytes;
use proof::{
    Counterfoil, Fact, Refusal, Statement,
    file::{AccountFact, LogFact, ReceiptFact},
    trie::TrieError,
    verify,
};

use crate::network::{ALICE, BOB, CREATION, ERC20, ERC1155, FAILED, NOBODY, Network, PAYMENT, TERMS, TOKEN, sender};

fn statements(network: &Network, file: &Counterfoil) -> Vec<Statement> {
    verify(&file.encode(), network.genesis_hash, None).expect("it is true").statements
}

fn said(network: &Network, fact: Fact) -> Vec<Statement> {
    statements(network, &network.counterfoil(6, fact))
}

fn refusal(network: &Network, fact: Fact) -> Refusal {
    verify(&network.counterfoil(6, fact).encode(), network.genesis_hash, None).expect_err("it is refused")
}

/// The value of a field.
fn field<'a>(statement: &'a Statement, name: &str) -> &'a str {
    statement.fields.iter().find(|field| field.name == name).map_or("", |field| &field.value)
}

fn moved(statement: &Statement) -> [&str; 5] {
    assert_eq!((statement.system, statement.kind), ("ledger", "value moved"));
    ["contract", "from", "to", "id", "amount"].map(|name| field(statement, name))
}

#[test]
fn a_payment_says_who_paid_whom_when() {
    let network = Network::steady();
    let said = said(&network, network.receipt_fact(PAYMENT));
    let [succeeded, value] = said.as_slice() else { panic!("{said:?}") };
    assert_eq!((succeeded.system, succeeded.kind), ("ledger", "transaction succeeded"));
    let hash = network.block(6).transactions()[0].inner().tx_hash().to_string();
    assert_eq!(field(succeeded, "transaction"), hash);
    assert_eq!(moved(value), ["", &sender().to_string(), &BOB.to_string(), "", "1000000"]);
    assert!(
        said.iter().all(|statement| (statement.height, statement.time.as_str()) == (6, "2023-11-14T22:13:26.007Z"))
    );
}

#[test]
fn value_sent_with_a_creation_goes_to_the_new_contract() {
    let network = Network::steady();
    let said = said(&network, network.receipt_fact(CREATION));
    let created = sender().create(CREATION).to_string();
    assert_eq!(moved(&said[1]), ["", &sender().to_string(), &created, "", "5"]);
}

#[test]
fn token_transfers_are_value_moved_by_the_word_of_their_contract() {
    let network = Network::steady();
    let [contract, alice, bob] = [TOKEN, ALICE, BOB].map(|address| address.to_string());
    let erc20 = said(&network, network.log_fact(ERC20, 0));
    assert_eq!(erc20.iter().map(moved).collect::<Vec<_>>(), [[&contract, &alice, &bob, "", "250"]]);
    let both = said(&network, network.receipt_fact(ERC1155));
    let expected = [["7", "3"], ["8", "30"], ["9", "40"]].map(|[id, amount]| [&contract, &alice, &bob, id, amount]);
    assert_eq!(both[1..].iter().map(moved).collect::<Vec<_>>(), expected);
    let places: Vec<_> = both[1..].iter().map(|statement| field(statement, "logIndex")).collect();
    assert_eq!(places, ["0", "1", "1"]);
}

#[test]
fn a_log_of_an_unknown_event_is_shown_as_it_is() {
    let network = Network::steady();
    let said = said(&network, network.log_fact(ERC20, 1));
    let [log] = said.as_slice() else { panic!("{said:?}") };
    assert_eq!((log.system, log.kind), ("ledger", "log"));
    assert_eq!(field(log, "contract"), TOKEN.to_string());
    assert_eq!(field(log, "topic1"), primitives::keccak256(TERMS).to_string());
}

#[test]
fn accounts_and_slots_are_told_with_their_absence() {
    let network = Network::steady();
    let alice = said(&network, network.account_fact(ALICE));
    assert_eq!((alice[0].kind, field(&alice[0], "balance"), field(&alice[0], "nonce")), ("account", "12", "12"));
    assert_eq!(said(&network, network.account_fact(NOBODY))[0].kind, "account absent");
    let slots = said(&network, network.storage_fact(&[1, 2, 999]));
    let values: Vec<u64> =
        slots.iter().map(|slot| field(slot, "value").parse::<primitives::U256>().unwrap().to::<u64>()).collect();
    assert_eq!(values, [1000, 2000, 0]);
}

#[test]
fn a_failed_transaction_states_nothing() {
    let network = Network::steady();
    assert_eq!(refusal(&network, network.receipt_fact(FAILED)), Refusal::Failed);
    assert_eq!(refusal(&network, network.log_fact(FAILED, 0)), Refusal::Failed);
}

#[test]
fn a_place_without_a_log_or_transaction_is_refused() {
    let network = Network::steady();
    let no_log = Refusal::Fact("the receipt has no log at this place");
    assert_eq!(refusal(&network, network.log_fact(ERC20, 2)), no_log);
    assert_eq!(refusal(&network, network.log_fact(ERC20, u64::MAX)), no_log);
    let nothing = Refusal::Fact("the block has no transaction at this place");
    assert_eq!(refusal(&network, network.log_fact(77, 0)), nothing);
}

#[test]
fn the_proof_of_another_place_is_refused() {
    let network = Network::steady();
    let Fact::Receipt(honest) = network.receipt_fact(ERC20) else { panic!("a receipt") };
    let Fact::Receipt(other) = network.receipt_fact(ERC1155) else { panic!("a receipt") };
    let with = |fact: ReceiptFact| refusal(&network, Fact::Receipt(fact));
    let is_trie = |refusal: Refusal, what: &str| matches!(refusal, Refusal::Trie { what: named, .. } if named == what);
    assert!(is_trie(with(ReceiptFact { proof: other.proof.clone(), ..honest.clone() }), "receipt"));
    assert!(is_trie(with(ReceiptFact { transaction_proof: other.transaction_proof, ..honest.clone() }), "transaction"));
    assert!(is_trie(with(ReceiptFact { index: ERC1155, ..honest.clone() }), "receipt"));
    let log = Fact::Log(LogFact { receipt: ERC20, log: 0, proof: other.proof });
    assert!(is_trie(refusal(&network, log), "receipt"));
}

/// Their ways begin at the same root; only the nodes after it differ.
#[test]
fn the_proof_of_another_account_or_slot_is_refused() {
    let network = Network::steady();
    let proof = network.account_proof(TOKEN);
    let fact = Fact::Account(AccountFact { address: ALICE, proof: proof.clone() });
    let refused = refusal(&network, fact);
    assert!(matches!(refused, Refusal::Trie { what: "account", .. }), "{refused:?}");
    let more = [proof, vec![Bytes::from_static(&[0xc0])]].concat();
    let fact = Fact::Account(AccountFact { address: TOKEN, proof: more });
    assert_eq!(refusal(&network, fact), Refusal::Trie { what: "account", error: TrieError::Extra(1) });
    let Fact::Storage(mut slots) = network.storage_fact(&[1, 2]) else { panic!("storage") };
    let first = slots.slots[0].proof.clone();
    slots.slots[1].proof = first;
    let refused = refusal(&network, Fact::Storage(slots));
    assert!(matches!(refused, Refusal::Trie { what: "storage slot", .. }), "{refused:?}");
}

#[test]
fn slots_must_rise_and_be_named() {
    let network = Network::steady();
    let Fact::Storage(honest) = network.storage_fact(&[1, 2]) else { panic!("storage") };
    let mut turned = honest.clone();
    turned.slots.reverse();
    assert_eq!(refusal(&network, Fact::Storage(turned)), Refusal::Order("storage slots"));
    let mut none = honest;
    none.slots.clear();
    assert_eq!(refusal(&network, Fact::Storage(none)), Refusal::Order("storage slots"));
}

#[test]
fn a_preimage_is_told_if_the_fact_holds_its_hash_and_refused_otherwise() {
    let network = Network::steady();
    let with = |preimages: &[&'static [u8]]| {
        let preimages = preimages.iter().map(|bytes| Bytes::from_static(bytes)).collect();
        let file = Counterfoil { preimages, ..network.counterfoil(6, network.log_fact(ERC20, 1)) };
        verify(&file.encode(), network.genesis_hash, None)
    };
    let told = with(&[TERMS]).expect("it is true").statements;
    assert_eq!((told[1].kind, field(&told[1], "text")), ("preimage", r#"{"price":"12.50"}"#));
    assert_eq!(with(&[b"something else"]), Err(Refusal::Preimage(0)));
    assert_eq!(with(&[TERMS, TERMS]), Err(Refusal::Order("preimages")));
}
