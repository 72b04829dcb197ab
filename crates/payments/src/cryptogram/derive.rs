//! Keys from keys: a card's master key from the issuer's, a session key from the card's.
//!
//! Rules: EMV Book 2 A1.4.3 (option C) and A1.3.1 (common session key), both for AES-128. The number is the real one (T-26), so a wrong
//! way back shows as a cryptogram that does not hold.

use aes::{
    Aes128Enc,
    cipher::{BlockCipherEncrypt as _, KeyInit as _},
};
use zeroize::Zeroize as _;

use super::Aes128Key;
use crate::number::Pan;

/// The master key of a card: number and sequence (two digits in a byte) as digits at the right end of a block, under the issuer's key.
pub fn master_key(issuer: &Aes128Key, pan: &Pan, sequence: u8) -> Aes128Key {
    let mut digits = [0_u8; 32];
    let values = pan.digits().iter().map(|digit| digit & 0x0f).chain([sequence >> 4, sequence & 0x0f]);
    digits.iter_mut().rev().zip(values.rev()).for_each(|(place, digit)| *place = digit);
    let mut block = [0_u8; 16];
    block
        .iter_mut()
        .zip(digits.chunks_exact(2))
        .for_each(|(byte, pair)| *byte = pair.iter().fold(0, |byte, digit| byte << 4 | digit));
    digits.zeroize();
    encrypt(issuer, block)
}

/// The session key of a transaction: its counter at the left end of a block, under the card's master key.
pub fn session_key(master: &Aes128Key, atc: u16) -> Aes128Key {
    let [high, low] = atc.to_be_bytes();
    let mut block = [0_u8; 16];
    block[0] = high;
    block[1] = low;
    encrypt(master, block)
}

fn encrypt(key: &Aes128Key, mut block: [u8; 16]) -> Aes128Key {
    let mut cipher_block = block.into();
    block.zeroize();
    Aes128Enc::new(key.expose().into()).encrypt_block(&mut cipher_block);
    Aes128Key::new(cipher_block.into())
}
