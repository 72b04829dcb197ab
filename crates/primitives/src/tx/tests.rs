//! Decoding of raw transactions: one of each type from published sources, what is refused, and the fuzz corpus.

use std::path::Path;

use alloy_primitives::{address, hex};

use super::*;

/// EIP-155's own example: nonce 9, price 20 gwei, one ether, chain 1.
const EIP155: &[u8] = &hex!(
    "f86c098504a817c800825208943535353535353535353535353535353535353535880de0b6b3a76400008025a028ef61340bd939bc2195fe537567866003e1a15d3c71ff63e1590620aa636276a067cbe9d8997f761aecb703304b3800ccf555c9f3dc64214b297fb1966a3b6d83"
);

#[test]
fn the_example_of_eip_155_has_its_published_sender() {
    let tx = recover(decode_tx(EIP155).unwrap()).unwrap();
    assert_eq!(tx.signer(), address!("9d8A62f656a8d1615C1294fd71e9CFb3E4855A4F"));
}

#[test]
fn bytes_after_a_transaction_are_refused() {
    let longer = [EIP155, &[0]].concat();
    assert!(matches!(decode_tx(&longer), Err(TxError::Decode(_))));
    for length in 0..EIP155.len() {
        assert!(decode_tx(&EIP155[..length]).is_err(), "{length} bytes");
    }
}

#[test]
fn blobs_and_giants_are_refused_with_their_own_errors() {
    use alloy_consensus::SignableTransaction;
    let signature = alloy_primitives::Signature::test_signature();
    let blob: Tx = TxEip4844 { blob_versioned_hashes: vec![Default::default()], ..Default::default() }
        .into_signed(signature)
        .into();
    assert_eq!(decode_tx(&blob.encoded_2718()), Err(TxError::Blob));
    assert_eq!(decode_tx(&vec![0; MAX_TX_BYTES + 1]), Err(TxError::TooLarge { size: MAX_TX_BYTES + 1 }));
}

#[test]
fn every_single_bit_of_a_transaction_counts() {
    for bit in 0..EIP155.len() * 8 {
        let mut bytes = EIP155.to_vec();
        bytes[bit / 8] ^= 1 << (bit % 8);
        check_decoding(&bytes);
        if let Ok(changed) = decode_tx(&bytes).and_then(recover) {
            assert_ne!(changed.signer(), address!("9d8A62f656a8d1615C1294fd71e9CFb3E4855A4F"), "bit {bit}");
        }
    }
}

#[test]
fn the_fuzz_corpus_is_replayed() {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/corpus/transaction_decode");
    let mut inputs = 0;
    for entry in std::fs::read_dir(corpus).unwrap() {
        check_decoding(&std::fs::read(entry.unwrap().path()).unwrap());
        inputs += 1;
    }
    assert!(inputs >= 5, "the corpus is there");
}
