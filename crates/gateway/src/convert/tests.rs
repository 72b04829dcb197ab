//! The exact JSON of transactions, receipts and blocks, and alloy's own types reading it back.

use alloy_consensus::{SignableTransaction, TxEip1559, TxEip2930, TxEip7702, TxLegacy, TxType};
use alloy_eips::{
    eip2930::{AccessList, AccessListItem},
    eip7702::Authorization,
};
use alloy_primitives::{Address, B256, Bloom, Bytes, Log, Signature, TxKind, U256, bytes};
use primitives::{Block, Genesis, Receipt, Recovered, Tx};
use serde_json::{Value, json};

use super::*;
use crate::accounts::{Account, Accounts};

const TO: Address = Address::repeat_byte(0x22);

fn signer() -> Account {
    let accounts = Accounts::development().expect("the phrase is valid");
    accounts.iter().next().expect("ten accounts").clone()
}

fn signed<T: SignableTransaction<Signature>>(tx: T) -> Recovered<Tx>
where
    Tx: From<alloy_consensus::Signed<T>>,
{
    let account = signer();
    Recovered::new_unchecked(account.sign_transaction(tx).expect("signs").into(), account.address())
}

fn legacy(chain_id: Option<u64>) -> Recovered<Tx> {
    let to = TxKind::Call(TO);
    let value = U256::from(1_000);
    signed(TxLegacy { chain_id, nonce: 0, gas_price: 7, gas_limit: 21_000, to, value, input: Bytes::new() })
}

fn with_access_list() -> Recovered<Tx> {
    let item = AccessListItem { address: TO, storage_keys: vec![B256::with_last_byte(1)] };
    signed(TxEip2930 {
        chain_id: 31_337,
        nonce: 1,
        gas_price: 0,
        gas_limit: 100_000,
        to: TxKind::Create,
        access_list: AccessList(vec![item]),
        input: bytes!("6001"),
        ..Default::default()
    })
}

fn dynamic_fee() -> Recovered<Tx> {
    let to = TxKind::Call(TO);
    signed(TxEip1559 {
        chain_id: 31_337,
        nonce: 2,
        gas_limit: 50_000,
        max_fee_per_gas: 9,
        max_priority_fee_per_gas: 4,
        to,
        ..Default::default()
    })
}

fn set_code() -> Recovered<Tx> {
    let authorization = Authorization { chain_id: U256::from(31_337), address: TO, nonce: 5 };
    let signature = signer().sign_digest(authorization.signature_hash()).expect("signs");
    signed(TxEip7702 {
        chain_id: 31_337,
        nonce: 3,
        gas_limit: 80_000,
        to: TO,
        authorization_list: vec![authorization.into_signed(signature)],
        ..Default::default()
    })
}

/// Block 5 with one transaction of each type.
fn block() -> Block {
    let genesis = Genesis::parse(
        r#"{"config":{"chainId":31337},"counterfoil":{"committee":["0x1111111111111111111111111111111111111111111111111111111111111111"]}}"#,
    )
    .expect("a genesis");
    let mut header = genesis.rules().header_frame(B256::repeat_byte(0xcc));
    header.number = 5;
    header.timestamp = 1_700_000_000;
    header.gas_used = 130_000;
    Block::seal(header, vec![legacy(Some(31_337)), with_access_list(), dynamic_fee(), set_code()])
}

fn receipts() -> Vec<Receipt> {
    let log = |topic: u8| Log::new_unchecked(TO, vec![B256::repeat_byte(topic)], bytes!("0102"));
    let receipt = |tx_type, cumulative_gas_used, logs| Receipt { tx_type, success: true, cumulative_gas_used, logs };
    vec![
        receipt(TxType::Legacy, 21_000, vec![log(1), log(2)]),
        Receipt { success: false, ..receipt(TxType::Eip2930, 61_000, vec![]) },
        receipt(TxType::Eip1559, 91_000, vec![log(3)]),
        receipt(TxType::Eip7702, 130_000, vec![]),
    ]
}

fn shown(value: &impl serde::Serialize) -> Value {
    serde_json::to_value(value).expect("JSON")
}

fn hex(value: U256) -> Value {
    json!(format!("{value:#x}"))
}

#[test]
fn a_mined_legacy_transaction_has_its_place_and_no_parity() {
    let block = block();
    let tx = &block.transactions()[0];
    let signature = tx.signature();
    assert_eq!(
        shown(&RpcTransaction::mined(tx, Place::in_block(&block, 0))),
        json!({
            "blockHash": block.hash(), "blockNumber": "0x5", "blockTimestamp": "0x6553f100",
            "from": "0xf39fd6e51aad88f6f4ce6ab8827279cfffb92266", "gas": "0x5208", "gasPrice": "0x7",
            "hash": tx.tx_hash(), "input": "0x", "nonce": "0x0", "to": TO, "transactionIndex": "0x0", "value": "0x3e8",
            "type": "0x0", "chainId": "0x7a69", "v": format!("{:#x}", 62_709 + u64::from(signature.v())),
            "r": hex(signature.r()), "s": hex(signature.s()),
        })
    );
}

#[test]
fn a_waiting_transaction_has_null_for_its_place_and_its_highest_price() {
    let tx = dynamic_fee();
    let shown = shown(&RpcTransaction::pending(&tx));
    for field in ["blockHash", "blockNumber", "blockTimestamp", "transactionIndex"] {
        assert_eq!(shown.get(field), Some(&Value::Null), "{field}");
    }
    assert_eq!((&shown["gasPrice"], &shown["maxFeePerGas"]), (&json!("0x9"), &json!("0x9")));
    let mined = self::shown(&RpcTransaction::mined(&tx, Place::in_block(&block(), 2)));
    assert_eq!((&mined["gasPrice"], &mined["maxPriorityFeePerGas"]), (&json!("0x4"), &json!("0x4")));
}

#[test]
fn a_creation_has_null_as_receiver_and_a_list_of_accesses() {
    let shown = shown(&RpcTransaction::pending(&with_access_list()));
    assert_eq!(shown["to"], Value::Null);
    assert_eq!(shown["type"], "0x1");
    assert_eq!(shown["v"], shown["yParity"]);
    assert_eq!(shown["accessList"], json!([{ "address": TO, "storageKeys": [B256::with_last_byte(1)] }]));
}

#[test]
fn an_unprotected_transaction_has_no_chain_id() {
    let tx = legacy(None);
    let shown = shown(&RpcTransaction::pending(&tx));
    assert_eq!(shown.get("chainId"), None);
    assert_eq!(shown["v"], format!("{:#x}", 27 + u64::from(tx.signature().v())));
}

#[test]
fn an_authorization_list_is_shown_with_its_signatures() {
    let shown = shown(&RpcTransaction::pending(&set_code()));
    let authorization = &shown["authorizationList"][0];
    assert_eq!((&authorization["chainId"], &authorization["nonce"]), (&json!("0x7a69"), &json!("0x5")));
    assert!(authorization["yParity"].is_string() && authorization["r"].is_string());
}

#[test]
fn a_receipt_counts_gas_and_logs_from_those_before_it() {
    let (block, receipts) = (block(), receipts());
    let shown = shown(&RpcReceipt::of_block(&block, &receipts));
    let gas: Vec<_> = shown.as_array().expect("a list").iter().map(|receipt| receipt["gasUsed"].clone()).collect();
    assert_eq!(gas, ["0x5208", "0x9c40", "0x7530", "0x9858"]);
    assert_eq!(
        shown[2]["logs"],
        json!([{
            "address": TO, "topics": [B256::repeat_byte(3)], "data": "0x0102", "blockNumber": "0x5",
            "transactionHash": block.transactions()[2].tx_hash(), "transactionIndex": "0x2", "blockHash": block.hash(),
            "blockTimestamp": "0x6553f100", "logIndex": "0x2", "removed": false,
        }])
    );
}

#[test]
fn the_receipt_of_a_failed_creation_names_the_address_that_it_would_have_had() {
    let (block, receipts) = (block(), receipts());
    let shown = shown(&RpcReceipt::of_block(&block, &receipts)[1]);
    assert_eq!(
        shown,
        json!({
            "blockHash": block.hash(), "blockNumber": "0x5", "contractAddress": signer().address().create(1),
            "cumulativeGasUsed": "0xee48", "effectiveGasPrice": "0x0", "from": signer().address(), "gasUsed": "0x9c40",
            "logs": [], "logsBloom": Bloom::ZERO, "status": "0x0", "to": null,
            "transactionHash": block.transactions()[1].tx_hash(), "transactionIndex": "0x1", "type": "0x1",
        })
    );
}

#[test]
fn the_hash_of_a_block_can_be_recomputed_from_its_json() {
    let block = block();
    for shown in [shown(&RpcHeader::of(&block)), shown(&RpcBlock::new(&block, false))] {
        let header: alloy_rpc_types_eth::Header = serde_json::from_value(shown).expect("a header");
        assert_eq!(header.hash, block.hash());
        assert_eq!(header.inner.hash_slow(), block.hash());
    }
}

#[test]
fn a_block_has_every_field_of_geth_and_no_total_difficulty() {
    let block = block();
    let shown = shown(&RpcBlock::new(&block, false));
    let object = shown.as_object().expect("an object");
    let names = [
        "baseFeePerGas",
        "blobGasUsed",
        "difficulty",
        "excessBlobGas",
        "extraData",
        "gasLimit",
        "gasUsed",
        "hash",
        "logsBloom",
        "miner",
        "mixHash",
        "nonce",
        "number",
        "parentBeaconBlockRoot",
        "parentHash",
        "receiptsRoot",
        "requestsHash",
        "sha3Uncles",
        "size",
        "stateRoot",
        "timestamp",
        "transactions",
        "transactionsRoot",
        "uncles",
        "withdrawals",
        "withdrawalsRoot",
    ];
    assert_eq!(object.keys().map(String::as_str).collect::<Vec<_>>(), names);
    assert_eq!((&shown["uncles"], &shown["withdrawals"]), (&json!([]), &json!([])));
    assert_eq!(shown["nonce"], "0x0000000000000000");
    assert_eq!(shown["size"], format!("{:#x}", block.encode().len()));
}

#[test]
fn other_clients_types_read_full_blocks_and_receipts() {
    let (block, receipts) = (block(), receipts());
    let full: alloy_rpc_types_eth::Block =
        serde_json::from_value(shown(&RpcBlock::new(&block, true))).expect("a block");
    let transactions = full.transactions.into_transactions_vec();
    let pairs = transactions.iter().zip(block.transactions());
    for (read, ours) in pairs {
        assert_eq!(read.inner.tx_hash(), ours.tx_hash());
        assert_eq!(read.inner.signer(), ours.signer());
    }
    let read: Vec<alloy_rpc_types_eth::TransactionReceipt> =
        serde_json::from_value(shown(&RpcReceipt::of_block(&block, &receipts))).expect("receipts");
    assert_eq!(read.iter().map(|receipt| receipt.gas_used).sum::<u64>(), 130_000);
}

#[test]
fn a_signed_transaction_outside_a_block_shows_only_the_prices_of_its_type() {
    let shown_legacy = shown(&SignedTransaction::of(legacy(Some(1)).inner()));
    assert_eq!((&shown_legacy["gasPrice"], shown_legacy.get("maxFeePerGas")), (&json!("0x7"), None));
    let shown_dynamic = shown(&SignedTransaction::of(dynamic_fee().inner()));
    assert_eq!((&shown_dynamic["gasPrice"], &shown_dynamic["maxFeePerGas"]), (&Value::Null, &json!("0x9")));
}
