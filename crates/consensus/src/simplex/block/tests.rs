//! What crosses the wire as a block: nothing but the bytes that the header commits to.

use commonware_codec::{Decode as _, Encode as _};
use primitives::{Header, NodeId, tx::decode_tx};

use super::*;
use crate::{NotATransaction, Wake};

const LIMIT: Reading = Reading::new(4096);

fn block() -> Block {
    let header = Header {
        number: 7,
        gas_limit: 5,
        withdrawals_root: Some(empty_root()),
        base_fee_per_gas: Some(0),
        ..Header::default()
    };
    Block::seal(header, vec![])
}

fn empty_root() -> B256 {
    Header::default().transactions_root
}

/// The RLP of the block with its outer list taken apart: header, transactions, ommers, withdrawals.
fn parts() -> Vec<Vec<u8>> {
    let encoded = block().encode();
    let mut rest = &encoded[..];
    let outer = alloy_rlp::Header::decode(&mut rest).unwrap();
    assert!(outer.list);
    let mut parts = Vec::new();
    while !rest.is_empty() {
        let before = rest;
        let header = alloy_rlp::Header::decode(&mut rest).unwrap();
        rest = &rest[header.payload_length..];
        parts.push(before[..before.len() - rest.len()].to_vec());
    }
    parts
}

fn list(parts: &[Vec<u8>]) -> Vec<u8> {
    let payload = parts.concat();
    let mut out = Vec::new();
    alloy_rlp::Header { list: true, payload_length: payload.len() }.encode(&mut out);
    out.extend(payload);
    out
}

fn decode(block: &[u8]) -> Result<Opaque, CodecError> {
    Opaque::decode_cfg(Bytes::copy_from_slice(block).encode(), &LIMIT)
}

fn refusal(block: &[u8]) -> String {
    format!("{:?}", decode(block).expect_err("refused"))
}

#[test]
fn a_block_arrives_as_it_was_sent() {
    let sent = Opaque::new(Arc::new(block()));
    let arrived = Opaque::decode_cfg(sent.encode(), &LIMIT).unwrap();
    assert_eq!(arrived.block(), sent.block());
    assert_eq!((arrived.encode(), arrived.digest()), (sent.encode(), sent.digest()));
    assert_eq!(hash_of(arrived.digest()), block().hash());
    assert_eq!((arrived.height().get(), sent.encode_size()), (7, sent.encode().len()));
}

#[test]
fn taking_a_block_apart_and_together_changes_nothing() {
    assert_eq!(list(&parts()), block().encode());
    assert_eq!(parts().len(), 4);
}

#[test]
fn a_header_with_another_body_is_refused() {
    let mut changed = parts();
    // A legacy transaction: six empty fields (a creation), v of an unprotected signature, r and s.
    let transaction = [vec![vec![0x80]; 6], vec![vec![27], vec![1], vec![1]]].concat();
    changed[1] = list(&[list(&transaction)]);
    assert!(
        refusal(&list(&changed)).contains("do not match the header's transactions root"),
        "{}",
        refusal(&list(&changed))
    );
}

#[test]
fn ommers_are_refused() {
    let mut changed = parts();
    changed[2] = list(&[parts()[0].clone()]);
    assert!(refusal(&list(&changed)).contains("ommers"));
}

#[test]
fn withdrawals_are_refused_and_so_is_leaving_the_empty_list_out() {
    let mut changed = parts();
    changed[3] = list(&[list(&[vec![0x80], vec![0x80], [&[0x94_u8][..], &[0; 20]].concat(), vec![0x80]])]);
    assert!(refusal(&list(&changed)).contains("withdrawals"));
    assert!(refusal(&list(&parts()[..3])).contains("withdrawals"));
}

#[test]
fn bytes_after_the_block_are_refused() {
    let mut longer = block().encode().to_vec();
    longer.push(0);
    assert!(refusal(&longer).contains("followed by 1 more"));
    let mut outside = Opaque::new(Arc::new(block())).encode().to_vec();
    outside.push(0);
    assert!(matches!(Opaque::decode_cfg(Bytes::from(outside), &LIMIT), Err(CodecError::ExtraData(1))));
}

#[test]
fn no_byte_can_be_changed_without_another_digest_or_a_refusal() {
    let sent = block().encode();
    for position in 0..sent.len() {
        for bit in 0..8 {
            let mut changed = sent.to_vec();
            changed[position] ^= 1 << bit;
            if let Ok(arrived) = decode(&changed) {
                assert_ne!(arrived.block().hash(), block().hash(), "byte {position} bit {bit}");
            }
        }
    }
}

#[test]
fn a_block_over_the_limit_is_refused_before_it_is_read() {
    let bytes = Opaque::new(Arc::new(block())).encode();
    let limit = Reading::new(block().encode().len() - 1);
    assert!(matches!(Opaque::decode_cfg(bytes, &limit), Err(CodecError::InvalidLength(_))));
}

/// The example of EIP-155 and its signer.
const EXAMPLE: &str = "f86c098504a817c800825208943535353535353535353535353535353535353535880de0b6b3a76400008025a028ef61340bd939bc2195fe537567866003e1a15d3c71ff63e1590620aa636276a067cbe9d8997f761aecb703304b3800ccf555c9f3dc64214b297fb1966a3b6d83";
const SIGNER: Address =
    Address::new(*b"\x9d\x8a\x62\xf6\x56\xa8\xd1\x61\x5c\x12\x94\xfd\x71\xe9\xcf\xb3\xe4\x85\x5a\x4f");

/// Knows one signer of everything, or of nothing.
struct Knows(Option<Address>);

impl Gossip for Knows {
    fn to_tell(&self, _: usize, _: usize) -> Vec<primitives::Bytes> {
        vec![]
    }

    fn hear(&self, _: NodeId, _: Vec<primitives::Bytes>) -> Result<(), NotATransaction> {
        Ok(())
    }

    fn signer(&self, _: B256) -> Option<Address> {
        self.0
    }

    fn news(&self) -> Wake {
        Wake::default()
    }
}

#[test]
fn a_signer_that_is_known_is_taken_and_others_are_recovered_in_order() {
    let example = decode_tx(&hex::decode(EXAMPLE).unwrap()).unwrap();
    let signers = |reading: Reading, count: usize| -> Result<Vec<Address>, BlockError> {
        Ok(reading.signed(vec![example.clone(); count])?.iter().map(Recovered::signer).collect())
    };
    let other = Address::repeat_byte(7);
    for count in [0, 1, PARALLEL_SIGNERS, 40] {
        assert_eq!(signers(Reading::new(0), count), Ok(vec![SIGNER; count]));
        assert_eq!(signers(Reading::knowing(0, Arc::new(Knows(None))), count), Ok(vec![SIGNER; count]));
        assert_eq!(signers(Reading::knowing(0, Arc::new(Knows(Some(other)))), count), Ok(vec![other; count]));
    }
}

#[test]
fn a_bad_signature_is_named_by_its_place() {
    // The same with an s that no signature has.
    let bad = EXAMPLE.replace("67cbe9d8997f761aecb703304b3800ccf555c9f3dc64214b297fb1966a3b6d83", &"ff".repeat(32));
    let [good, bad] = [EXAMPLE, &bad].map(|raw| decode_tx(&hex::decode(raw).unwrap()).unwrap());
    let mut transactions = vec![good; 5];
    transactions[3] = bad;
    let refused = Reading::new(0).signed(transactions).unwrap_err();
    assert!(matches!(refused, BlockError::Transaction { index: 3, .. }), "{refused}");
}
