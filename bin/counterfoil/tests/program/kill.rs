//! The real node, killed under load again and again: every transaction whose receipt was served is there afterwards.
//! That the rebuilt state root is the head's is checked by the node itself at each start; it would not start otherwise.

use std::{sync::Mutex, time::Duration};

use serde_json::{Value, json};

use crate::running::Running;

const KILLS: u64 = 20;
const CLIENTS: usize = 4;
const BATCH: usize = 8;

#[test]
fn no_served_receipt_is_lost_by_twenty_kills_under_load() {
    let folder = tempfile::tempdir().unwrap();
    let served: Mutex<Vec<Value>> = Mutex::default();
    for round in 0..KILLS {
        let node = Running::dev(folder.path());
        check(&node, &served.lock().unwrap());
        let before = served.lock().unwrap().len();
        std::thread::scope(|scope| {
            for client in 0..CLIENTS {
                let (node, served) = (&node, &served);
                scope.spawn(move || load(node, client, served));
            }
            while served.lock().unwrap().len() < before + 30 {
                std::thread::sleep(Duration::from_millis(1));
            }
            // Another moment in each round, so that the kills fall at different points of a block's life.
            std::thread::sleep(Duration::from_millis(round * 7 % 40));
            node.kill();
        });
    }
    let node = Running::dev(folder.path());
    let served = served.lock().unwrap();
    assert!(served.len() as u64 >= KILLS * 30);
    check(&node, &served);
    assert!(node.stop("-TERM").success());
}

/// Sends and collects receipts until the node is gone.
fn load(node: &Running, client: usize, served: &Mutex<Vec<Value>>) {
    let Some(accounts) = node.try_call("eth_accounts", json!([])) else { return };
    let from = accounts["result"][client].clone();
    loop {
        let mut hashes = Vec::new();
        for _ in 0..BATCH {
            let Some(reply) =
                node.try_call("eth_sendTransaction", json!([{ "from": from, "to": from, "gas": "0x5208" }]))
            else {
                return;
            };
            hashes.push(reply["result"].clone());
        }
        for hash in hashes {
            let Some(receipt) = receipt(node, &hash) else { return };
            served.lock().unwrap().push(receipt);
        }
    }
}

/// The receipt, or `None` once the node is gone.
fn receipt(node: &Running, hash: &Value) -> Option<Value> {
    loop {
        let reply = node.try_call("eth_getTransactionReceipt", json!([hash]))?;
        if !reply["result"].is_null() {
            return Some(reply["result"].clone());
        }
    }
}

fn check(node: &Running, served: &[Value]) {
    for receipt in served {
        let again = node.call("eth_getTransactionReceipt", json!([receipt["transactionHash"]]));
        assert_eq!(again, *receipt);
    }
}
