//! Transactions and receipts: Ethereum's envelope restricted to the types that this ledger takes.
//! Types 0 (legacy), 1 (EIP-2930), 2 (EIP-1559) and 4 (EIP-7702); blob transactions (EIP-4844) are refused, there is no blob space.

use alloy_consensus::{
    EthereumTxEnvelope, Transaction, TxEip4844,
    crypto::secp256k1,
    transaction::{Recovered, SignerRecoverable},
};
use alloy_eips::eip2718::{Decodable2718, Eip2718Error, Encodable2718};
use alloy_primitives::{Address, B256, Signature};

/// A signed transaction. Its hash is computed once and kept.
pub type Tx = EthereumTxEnvelope<TxEip4844>;

/// A receipt as stored: type, status, cumulative gas, logs. The bloom is derived when needed.
pub type Receipt = alloy_consensus::EthereumReceipt;

/// The largest raw transaction taken, in bytes (geth's `txMaxSize`).
pub const MAX_TX_BYTES: usize = 128 * 1024;

/// Why raw bytes are not a transaction of this ledger.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum TxError {
    /// Not EIP-2718 or RLP of a known type.
    #[error("transaction could not be decoded: {0}")]
    Decode(String),
    /// EIP-4844.
    #[error("transaction type not supported: blob transactions have no place on this chain")]
    Blob,
    /// Above [`MAX_TX_BYTES`].
    #[error("oversized data: transaction size {size}, limit {MAX_TX_BYTES}")]
    TooLarge {
        /// Bytes received.
        size: usize,
    },
    /// No public key fits the signature (EIP-2 high `s` included).
    #[error("invalid sender: the signature recovers no address")]
    Signature,
}

/// Decodes one EIP-2718 transaction that fills `bytes` exactly.
pub fn decode_tx(bytes: &[u8]) -> Result<Tx, TxError> {
    if bytes.len() > MAX_TX_BYTES {
        return Err(TxError::TooLarge { size: bytes.len() });
    }
    let tx = Tx::decode_2718_exact(bytes).map_err(decode_error)?;
    if tx.is_eip4844() {
        return Err(TxError::Blob);
    }
    Ok(tx)
}

/// Recovers the signer: the expensive step (40 us), done once per transaction on the worker pool.
pub fn recover(tx: Tx) -> Result<Recovered<Tx>, TxError> {
    tx.try_into_recovered().map_err(|_| TxError::Signature)
}

/// The account whose key made this signature over a digest, by the rules of the precompile `ECRECOVER`: `v` is 27 or 28, and a
/// high `s` counts (callers that follow EIP-2 check it themselves).
pub fn recover_digest(digest: B256, v: u8, r: B256, s: B256) -> Option<Address> {
    let odd = v.checked_sub(27).filter(|odd| *odd <= 1)? == 1;
    let signature = Signature::new(r.into(), s.into(), odd);
    secp256k1::recover_signer_unchecked(&signature, digest).ok()
}

/// What the sender must own for the transaction to start: `gas * max price + value`; `None` on overflow.
pub fn max_cost(tx: &Tx) -> Option<alloy_primitives::U256> {
    let gas = alloy_primitives::U256::from(tx.gas_limit());
    let price = alloy_primitives::U256::from(tx.max_fee_per_gas());
    gas.checked_mul(price)?.checked_add(tx.value())
}

fn decode_error(error: Eip2718Error) -> TxError {
    TxError::Decode(error.to_string())
}

/// For fuzzing: whatever the bytes are, decoding ends without a panic, and what decodes encodes to the same bytes, so that no
/// transaction has two encodings and two hashes.
#[doc(hidden)]
pub fn check_decoding(bytes: &[u8]) {
    let Ok(tx) = decode_tx(bytes) else { return };
    assert_eq!(tx.encoded_2718(), bytes, "one transaction, one encoding");
    assert_eq!(*tx.tx_hash(), alloy_primitives::keccak256(bytes), "the hash is that of the bytes");
    if let Ok(recovered) = recover(tx) {
        let again = recover(recovered.inner().clone()).map(|tx| tx.signer());
        assert_eq!(again, Ok(recovered.signer()), "recovery is a function");
    }
}

#[cfg(test)]
mod tests;
