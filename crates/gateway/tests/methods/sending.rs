//! Transactions on their way in: taken, refused, waited for.

use alloy_consensus::{SignableTransaction, TxEip1559, TxLegacy};
use alloy_primitives::{Signature, TxKind};
use gateway::{
    CallLimits,
    rpc::{Answer, Caller, Methods, Params, Transport},
};
use primitives::{Address, Tx, U256};
use serde_json::{Value, json, value::to_raw_value};

use crate::network::{Node, REVERTER, raw, template, word};

fn refused(node: &Node, tx: &Tx, message: &str) {
    let expected = (-32000, message.to_owned());
    assert_eq!(node.refused("eth_sendRawTransaction", json!([raw(tx)])), expected);
}

#[test]
fn a_hash_just_answered_is_never_null() {
    let node = Node::start();
    for nonce in 0..50 {
        let hash = node.get("eth_sendRawTransaction", json!([raw(&node.transfer(0, nonce))]));
        assert_eq!(node.get("eth_getTransactionByHash", json!([hash]))["hash"], hash);
    }
}

#[test]
fn a_waiting_transaction_has_no_place_and_no_receipt() {
    let mut node = Node::start();
    node.stop_mining();
    let hash = node.get("eth_sendRawTransaction", json!([raw(&node.transfer(0, 0))]));
    let shown = node.get("eth_getTransactionByHash", json!([hash]));
    for field in ["blockHash", "blockNumber", "transactionIndex"] {
        assert_eq!(shown.get(field), Some(&Value::Null), "{field}");
    }
    assert_eq!(node.get("eth_getTransactionReceipt", json!([hash])), Value::Null);
    assert_eq!(node.get("eth_getRawTransactionByHash", json!([hash])), raw(&node.transfer(0, 0)));
}

#[test]
fn refusals_are_in_geths_words() {
    let node = Node::start();
    let hash = node.get("eth_sendRawTransaction", json!([raw(&node.transfer(0, 0))]));
    node.receipt(&hash);
    refused(&node, &node.transfer(0, 0), "nonce too low: next nonce 1, tx nonce 0");
    refused(
        &node,
        &node.sign(1, TxEip1559 { gas_limit: 20_000, ..template(0) }),
        "intrinsic gas too low: gas 20000, minimum needed 21000",
    );
    let poor = gateway::Account::from_key(word(7)).expect("a key");
    let tx: Tx = poor.sign_transaction(TxEip1559 { value: U256::from(1), ..template(0) }).expect("signs").into();
    refused(&node, &tx, "insufficient funds for gas * price + value: balance 0, tx cost 1, overshot 1");
    refused(
        &node,
        &node.sign(1, TxEip1559 { max_priority_fee_per_gas: 2, max_fee_per_gas: 1, ..template(0) }),
        "max priority fee per gas higher than max fee per gas",
    );
}

#[test]
fn a_transaction_that_waits_already_is_known() {
    let mut node = Node::start();
    node.stop_mining();
    node.get("eth_sendRawTransaction", json!([raw(&node.transfer(0, 0))]));
    refused(&node, &node.transfer(0, 0), "already known");
}

#[test]
fn another_chains_transaction_is_refused() {
    let node = Node::start();
    let tx = node.sign(0, TxEip1559 { chain_id: 1, ..template(0) });
    refused(&node, &tx, "invalid chain id for signer: have 1 want 31337");
}

#[test]
fn bytes_that_are_no_transaction_are_refused() {
    let node = Node::start();
    for bytes in ["0x", "0x00", "0xc0", "0x02", "0x05c0", "0xffffffff", "0x02f8"] {
        let (code, _) = node.refused("eth_sendRawTransaction", json!([bytes]));
        assert_eq!(code, -32000, "{bytes}");
    }
    for not_bytes in [json!("zz"), json!(5), json!("0x0g")] {
        assert_eq!(node.refused("eth_sendRawTransaction", json!([not_bytes])).0, -32602);
    }
    let unsigned = template(0);
    let tx: Tx = unsigned.into_signed(Signature::new(U256::ZERO, U256::ZERO, false)).into();
    refused(&node, &tx, "invalid sender: the signature recovers no address");
}

#[test]
fn a_prepared_transaction_is_not_decoded_again() {
    let node = Node::start();
    let tx = node.transfer(0, 0);
    let params = to_raw_value(&json!([raw(&tx)])).expect("JSON");
    let prepared = node.rpc.prepare("eth_sendRawTransaction", Params::new(Some(&params)));
    assert!(prepared.as_ref().is_some_and(|prepared| prepared.is_ok()));
    let caller = Caller { transport: Transport::Http, cross_site: false };
    let answer = node.rpc.call("eth_sendRawTransaction", Params::new(None), prepared, &caller).expect("taken");
    assert!(matches!(answer, Answer::Now(hash) if hash.get().contains(&tx.tx_hash().to_string())));
    assert!(node.rpc.prepare("eth_chainId", Params::new(None)).is_none());
}

#[test]
fn the_synchronous_way_answers_the_receipt() {
    let node = Node::start();
    for nonce in 0..5 {
        let tx = node.transfer(0, nonce);
        let receipt = node.get("eth_sendRawTransactionSync", json!([raw(&tx), 20_000]));
        assert_eq!((&receipt["transactionHash"], &receipt["status"]), (&json!(tx.tx_hash()), &json!("0x1")));
        assert_eq!(node.get("eth_getTransactionReceipt", json!([tx.tx_hash()])), receipt);
    }
}

#[test]
fn the_synchronous_way_refuses_a_gap_and_says_what_it_expected() {
    let node = Node::start();
    let tx = node.transfer(0, 5);
    let error = node.ask("eth_sendRawTransactionSync", json!([raw(&tx)])).expect_err("a gap");
    assert_eq!((error.code, error.data.map(|data| data.get().to_owned())), (6, Some("\"0x0\"".to_owned())));
    assert_eq!(node.get("eth_getTransactionByHash", json!([tx.tx_hash()])), Value::Null);
}

#[test]
fn the_synchronous_way_gives_up_in_time_and_names_the_transaction() {
    let limits = CallLimits { default_wait_ms: 20, max_wait_ms: 20, ..CallLimits::default() };
    let mut node = Node::start_with(|_| {}, limits);
    node.stop_mining();
    for (nonce, params) in [(0, json!([])), (1, json!(["0x5"])), (2, json!([0])), (3, json!([1_000_000]))] {
        let tx = node.transfer(0, nonce);
        let mut all = vec![raw(&tx)];
        all.extend(params.as_array().expect("a list").clone());
        let error = node.ask("eth_sendRawTransactionSync", json!(all)).expect_err("nothing is mined");
        assert_eq!(
            (error.code, error.data.map(|data| data.get().to_owned())),
            (4, Some(json!(tx.tx_hash()).to_string()))
        );
    }
}

#[test]
fn a_request_is_filled_in_signed_and_sent() {
    let node = Node::start();
    let receipt = node.send(json!({ "to": Address::ZERO, "value": "0x1" }));
    let tx = node.get("eth_getTransactionByHash", json!([receipt["transactionHash"]]));
    let filled = ["type", "nonce", "gas", "maxFeePerGas", "maxPriorityFeePerGas", "chainId"].map(|field| &tx[field]);
    assert_eq!(json!(filled), json!(["0x2", "0x0", "0x5208", "0x0", "0x0", "0x7a69"]));
    let receipt = node.send(json!({ "to": Address::ZERO, "gasPrice": "0x3", "gas": "0x6000" }));
    assert_eq!((&receipt["type"], &receipt["effectiveGasPrice"]), (&json!("0x0"), &json!("0x3")));
}

#[test]
fn requests_without_a_nonce_get_one_each() {
    let node = Node::start();
    let request = json!([{ "from": node.account(0).address(), "to": Address::ZERO, "gas": "0x5208" }]);
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| (0..10).for_each(|_| drop(node.get("eth_sendTransaction", request.clone()))));
        }
    });
    let sender = node.account(0).address();
    assert_eq!(node.get("eth_getTransactionCount", json!([sender, "pending"])), "0x28");
}

#[test]
fn a_request_that_would_revert_is_not_sent() {
    let node = Node::start();
    let reverter = node.deploy(REVERTER);
    let request = json!([{ "from": node.account(0).address(), "to": reverter }]);
    assert_eq!(node.refused("eth_sendTransaction", request), (3, "execution reverted".to_owned()));
}

#[test]
fn only_unlocked_accounts_send_and_never_for_foreign_pages() {
    let node = Node::start();
    let own = json!([{ "from": node.account(0).address(), "to": Address::ZERO }]);
    let error = node.ask_as(true, "eth_sendTransaction", own).expect_err("a foreign page");
    assert_eq!((error.code, error.message.as_ref()), (-32000, "this node signs nothing for pages of other sites"));
    let unknown = (-32000, "unknown account".to_owned());
    assert_eq!(
        node.refused("eth_sendTransaction", json!([{ "from": Address::repeat_byte(1), "to": Address::ZERO }])),
        unknown
    );
    assert_eq!(node.refused("eth_sendTransaction", json!([{ "to": Address::ZERO }])), unknown);
}

/// Contracts that must have the same address on every chain are deployed this way.
#[test]
fn transactions_signed_for_any_chain_are_taken() {
    let node = Node::start();
    let to = TxKind::Call(Address::ZERO);
    let legacy = TxLegacy { chain_id: None, gas_limit: 21_000, to, ..Default::default() };
    let tx: Tx = node.account(0).sign_transaction(legacy).expect("signs").into();
    assert_eq!(node.get("eth_sendRawTransaction", json!([raw(&tx)])), json!(tx.tx_hash()));
}
