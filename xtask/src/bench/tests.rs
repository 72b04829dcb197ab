//! Where a benchmark can be wrong without showing it: framing, hashes, checks, ranks, medians.

use std::time::Duration;

use alloy_consensus::transaction::SignerRecoverable;
use alloy_consensus::{Transaction, TxEnvelope};
use alloy_eips::eip2718::Decodable2718;
use alloy_primitives::{B256, U256, address, hex, keccak256};
use eyre::Result;
use serde_json::{Value, json};

use super::drive::{count_accepted, is_sound};
use super::http::{Body, Response, parse_response};
use super::large::write_genesis;
use super::load::{Account, Call, Kind, Load, SENDERS};
use super::report::{median, percentile};

fn body_of(received: &str) -> Option<Vec<u8>> {
    let response = parse_response(received.as_bytes()).expect("a well-formed answer")?;
    Some(match response.body {
        Body::Plain(range) => received.as_bytes()[range].to_vec(),
        Body::Joined(bytes) => bytes,
    })
}

#[test]
fn a_body_of_known_length_is_found() {
    assert_eq!(body_of("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"), Some(b"{}".to_vec()));
    assert_eq!(body_of("HTTP/1.1 200 OK\r\ncontent-length:0\r\n\r\n"), Some(Vec::new()));
}

#[test]
fn a_chunked_body_is_put_together() {
    let answer = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\n{\"a\"\r\nA;x=y\r\n:\"0\\r\\n\"  \r\n1\r\n}\r\n0\r\n\r\n";
    assert_eq!(body_of(answer), Some(b"{\"a\":\"0\\r\\n\"  }".to_vec()));
}

#[test]
fn an_answer_is_complete_with_its_last_byte_and_not_before() {
    for answer in [
        "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n10\r\n0123456789abcdef\r\n0\r\n\r\n",
    ] {
        for end in 0..answer.len() {
            assert_eq!(body_of(&answer[..end]), None, "{end} bytes of {answer:?}");
        }
        assert!(body_of(answer).is_some());
    }
}

#[test]
fn the_status_is_read() -> Result<()> {
    let answer = b"HTTP/1.1 429 Too Many Requests\r\nContent-Length: 0\r\n\r\n";
    let response = parse_response(answer)?.expect("complete");
    assert_eq!(response, Response { status: 429, body: Body::Plain(answer.len()..answer.len()) });
    Ok(())
}

#[test]
fn an_answer_that_cannot_be_framed_is_an_error() {
    for answer in [
        "SSH-2.0-x\r\n\r\n",
        "HTTP/1.1 200 OK\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nab\r\n0\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffff\r\n",
    ] {
        assert!(parse_response(answer.as_bytes()).is_err(), "{answer:?}");
    }
}

#[test]
fn the_treasury_is_the_first_development_account() {
    assert_eq!(Account::development().address, address!("0xf39fd6e51aad88f6f4ce6ab8827279cfffb92266"));
}

#[test]
fn hash_signer_and_nonce_of_a_signed_transaction_are_what_a_node_finds() -> Result<()> {
    let mut account = Account::development();
    for nonce in 0..3 {
        let signed = account.sign(Call::pay(account.address, U256::ONE));
        let decoded = TxEnvelope::decode_2718(&mut signed.raw.as_slice())?;
        assert_eq!((*decoded.tx_hash(), keccak256(&signed.raw)), (signed.hash, signed.hash));
        assert_eq!(decoded.recover_signer()?, account.address);
        assert_eq!(decoded.as_eip1559().map(|signed| signed.tx().nonce), Some(nonce));
    }
    Ok(())
}

/// The calldata that Solidity's own tools make of `create("EUR", issuer)` and `mint(to, 1000000000, 0)`.
#[test]
fn a_load_of_money_creates_the_currency_and_mints_first() -> Result<()> {
    let load = Load::on_fresh_chain(Kind::Cash, (SENDERS, 4))?;
    let inputs: Vec<_> = load.setup[SENDERS..]
        .iter()
        .map(|signed| TxEnvelope::decode_2718(&mut signed.raw.as_slice()).map(|tx| tx.input().clone()))
        .collect::<Result<_, _>>()?;
    let create = hex!(
        "84b47b0f0000000000000000000000000000000000000000000000000000000000000040000000000000000000000000f39fd6e51aad88f6f4ce6ab8827279cfffb92266"
        "00000000000000000000000000000000000000000000000000000000000000034555520000000000000000000000000000000000000000000000000000000000"
    );
    assert_eq!(inputs[0][..], create);
    assert_eq!(inputs.len(), SENDERS + 1);
    let to = Account::group(Kind::Cash.name())[0].address;
    let mint =
        ["000000000000000000000000", &hex::encode(to), &format!("{:064x}", 1_000_000_000), &"0".repeat(64)].concat();
    assert_eq!(hex::encode(&inputs[1][4..]), mint);
    Ok(())
}

#[test]
fn a_lane_knows_the_last_transaction_of_each_of_its_senders() -> Result<()> {
    let load = Load::on_fresh_chain(Kind::Native, (3 * SENDERS, 4))?;
    assert_eq!(load.hashes().len(), 3 * SENDERS);
    for lane in &load.lanes {
        let hashes: Vec<_> = lane.transactions.iter().map(|transaction| transaction.hash).collect();
        assert_eq!(lane.last, hashes[2 * SENDERS / 4..]);
    }
    Ok(())
}

#[test]
fn the_genesis_file_holds_as_many_accounts_as_it_says() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let file = folder.path().join("genesis.json");
    let senders: Vec<_> = Account::group("any").iter().map(|sender| sender.address).collect();
    let section = serde_json::json!({ "committee": [] });
    write_genesis(&file, &section, 1_000, &senders)?;
    let genesis: serde_json::Value = serde_json::from_slice(&std::fs::read(&file)?)?;
    assert_eq!(genesis["alloc"].as_object().map(|accounts| accounts.len()), Some(1_000));
    assert!(write_genesis(&file, &section, SENDERS, &senders).is_err());
    Ok(())
}

#[test]
fn a_refused_transaction_in_a_batch_is_not_counted_as_accepted() {
    let answer = br#"[{"id":0,"result":"0x1"},{"id":1,"error":{"code":-32000}},{"id":2,"result":"0x2"}]"#;
    assert_eq!(count_accepted(answer), 2);
}

#[test]
fn a_receipt_is_sound_when_it_succeeded_with_the_logs_of_its_kind() {
    let hash = B256::repeat_byte(7);
    let receipt = |status, logs: &[u8]| json!({ "transactionHash": hash, "status": status, "logs": logs });
    assert!(is_sound(Kind::Native, hash, &receipt("0x1", &[])));
    assert!(is_sound(Kind::Erc20, hash, &receipt("0x1", &[0])));
    assert!(is_sound(Kind::Cash, hash, &receipt("0x1", &[0])));
    for unsound in [receipt("0x0", &[0]), receipt("0x1", &[]), receipt("0x1", &[0, 1]), Value::Null] {
        assert!(!is_sound(Kind::Erc20, hash, &unsound), "{unsound}");
    }
    assert!(!is_sound(Kind::Erc20, B256::ZERO, &receipt("0x1", &[0])));
}

#[test]
fn percentiles_are_nearest_ranks() {
    let check = |seconds: &[u64], percent, expected: Option<u64>| {
        let durations = seconds.iter().copied().map(Duration::from_secs).collect();
        assert_eq!(percentile(durations, percent), expected.map(Duration::from_secs), "{percent} % of {seconds:?}");
    };
    check(&[], 50, None);
    check(&[7], 95, Some(7));
    check(&[3, 1, 2], 50, Some(2));
    check(&[4, 3, 2, 1], 50, Some(2));
    check(&(1..=200).collect::<Vec<_>>(), 95, Some(190));
    check(&(1..=200).collect::<Vec<_>>(), 100, Some(200));
}

#[test]
fn the_median_of_an_even_count_is_the_mean_of_the_middle_two() {
    assert_eq!(median(vec![]), None);
    assert_eq!(median(vec![9.0, 1.0, 5.0]), Some(5.0));
    assert_eq!(median(vec![9.0, 1.0, 5.0, 7.0]), Some(6.0));
}
