//! FF1 for decimal numbers of 6 to 19 digits, made for speed.
//!
//! Rules: NIST SP 800-38G algorithms 7 and 8, radix 10; a domain of at least a million, as the second draft of revision 1 asks (T-25).
//! Called through [`super::tokenize`] and [`super::card_index`]; 19 digits are more than either needs.
//!
//! What is fast about it: each half of the number is a `u64`; the block P depends on lengths only, so for tweaks of 12 bytes it is
//! encrypted once per key; the tweak's whole blocks are taken in once per number; what is left is one AES block for each of ten rounds,
//! all of them in one call of the cipher. Ten divisions by powers of ten are multiplications by their reciprocals.
//!
//! Deliberately absent: other radixes, longer numbers, FF3.

mod shape;

use std::fmt;

use aes::{
    Aes128Enc, Block,
    cipher::{
        BlockCipherEncBackend, BlockCipherEncClosure, BlockCipherEncrypt as _, BlockSizeUser, KeyInit as _, consts::U16,
    },
};
use zeroize::Zeroize as _;

use super::TWEAK_BYTES;
use shape::{SHAPES, Shape};

/// Fewest digits: a million numbers.
pub(super) const MIN_DIGITS: usize = 6;
/// Most digits.
pub(super) const MAX_DIGITS: usize = 19;
/// Most bytes of a tweak.
pub(super) const MAX_TWEAK_BYTES: usize = 255;

/// Why digits cannot be encrypted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Ff1Error {
    /// Too few for a cipher (T-25), or too many for this one.
    #[error("FF1 takes {MIN_DIGITS} to {MAX_DIGITS} digits here, not {0}")]
    Length(usize),
    /// Above 9.
    #[error("{0} is no digit")]
    NotDigit(u8),
    /// Longer than [`MAX_TWEAK_BYTES`].
    #[error("a tweak has at most {MAX_TWEAK_BYTES} bytes, not {0}")]
    LongTweak(usize),
}

/// A key, expanded.
#[derive(Clone)]
pub struct Ff1 {
    cipher: Aes128Enc,
    /// Encrypted P for each length of number and a tweak of [`TWEAK_BYTES`].
    starts: [u128; SHAPES.len()],
}

impl Ff1 {
    /// Expands a key.
    pub fn new(key: &[u8; 16]) -> Self {
        let cipher = Aes128Enc::new(key.into());
        let starts = SHAPES.map(|shape| shape.header(TWEAK_BYTES));
        let mut blocks = starts.map(|start| Block::from(start.to_be_bytes()));
        cipher.encrypt_blocks(&mut blocks);
        Self { cipher, starts: blocks.map(|block| u128::from_be_bytes(block.into())) }
    }

    /// The encrypted digits; digits are values, not characters.
    pub fn encrypt_digits(&self, tweak: &[u8], digits: &[u8]) -> Result<Vec<u8>, Ff1Error> {
        let mut digits = digits.to_vec();
        self.encrypt_in_place(tweak, &mut digits)?;
        Ok(digits)
    }

    /// The decrypted digits; digits are values, not characters.
    pub fn decrypt_digits(&self, tweak: &[u8], digits: &[u8]) -> Result<Vec<u8>, Ff1Error> {
        let mut digits = digits.to_vec();
        self.decrypt_in_place(tweak, &mut digits)?;
        Ok(digits)
    }

    /// [`Self::encrypt_digits`] without a copy. After an error the digits are as they were.
    pub fn encrypt_in_place(&self, tweak: &[u8], digits: &mut [u8]) -> Result<(), Ff1Error> {
        self.apply(tweak, digits, Direction::Encrypt)
    }

    /// [`Self::decrypt_digits`] without a copy. After an error the digits are as they were.
    pub fn decrypt_in_place(&self, tweak: &[u8], digits: &mut [u8]) -> Result<(), Ff1Error> {
        self.apply(tweak, digits, Direction::Decrypt)
    }

    fn apply(&self, tweak: &[u8], digits: &mut [u8], direction: Direction) -> Result<(), Ff1Error> {
        let length = Ff1Error::Length(digits.len());
        let at = digits.len().checked_sub(MIN_DIGITS).ok_or(length)?;
        let (shape, start) = SHAPES.get(at).zip(self.starts.get(at)).ok_or(length)?;
        if tweak.len() > MAX_TWEAK_BYTES {
            return Err(Ff1Error::LongTweak(tweak.len()));
        }
        let (left, right) = digits.split_at_mut_checked(shape.left_digits).ok_or(length)?;
        let start = (tweak.len() == TWEAK_BYTES).then_some(*start);
        let mut halves = (number(left)?, number(right)?);
        self.cipher.encrypt_with_backend(Rounds { shape, start, tweak, direction, halves: &mut halves });
        write(halves.0, left);
        write(halves.1, right);
        halves.0.zeroize();
        halves.1.zeroize();
        Ok(())
    }
}

impl fmt::Debug for Ff1 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Ff1(***)")
    }
}

#[derive(Clone, Copy)]
enum Direction {
    Encrypt,
    Decrypt,
}

/// Ten rounds over both halves. A closure of the cipher, so that the choice of its implementation is made once and not for each block.
struct Rounds<'a> {
    shape: &'a Shape,
    start: Option<u128>,
    tweak: &'a [u8],
    direction: Direction,
    halves: &'a mut (u64, u64),
}

impl BlockSizeUser for Rounds<'_> {
    type BlockSize = U16;
}

impl BlockCipherEncClosure for Rounds<'_> {
    #[inline(always)]
    fn call<B: BlockCipherEncBackend<BlockSize = U16>>(self, backend: &B) {
        let Self { shape, start, tweak, direction, halves } = self;
        let (mut a, mut b) = *halves;
        let base = absorb(backend, shape, start, tweak);
        let round = |index: u64, half: u64| {
            let counted = u128::from(index << shape.counter_shift | half);
            encrypt(backend, base ^ counted)
        };
        match direction {
            Direction::Encrypt => {
                for index in [0, 2, 4, 6, 8] {
                    a = shape.left.add(a, shape.left.reduce(round(index, b), shape.is_wide));
                    b = shape.right.add(b, shape.right.reduce(round(index | 1, a), shape.is_wide));
                }
            }
            Direction::Decrypt => {
                for index in [8, 6, 4, 2, 0] {
                    b = shape.right.subtract(b, shape.right.reduce(round(index | 1, a), shape.is_wide));
                    a = shape.left.subtract(a, shape.left.reduce(round(index, b), shape.is_wide));
                }
            }
        }
        *halves = (a, b);
    }
}

/// Everything of P and Q that is the same in all rounds: the code so far, and the last block without counter and half.
#[inline(always)]
fn absorb<B: BlockCipherEncBackend<BlockSize = U16>>(
    backend: &B,
    shape: &Shape,
    start: Option<u128>,
    tweak: &[u8],
) -> u128 {
    let mut state = start.unwrap_or_else(|| encrypt(backend, shape.header(tweak.len())));
    let mut rest = tweak;
    for _ in 0..shape.whole_blocks(tweak.len()) {
        let (block, after) = rest.split_at(rest.len().min(BLOCK_BYTES));
        state = encrypt(backend, state ^ load(block));
        rest = after;
    }
    state ^ load(rest)
}

#[inline(always)]
fn encrypt<B: BlockCipherEncBackend<BlockSize = U16>>(backend: &B, value: u128) -> u128 {
    let mut block = Block::from(value.to_be_bytes());
    backend.encrypt_block_inplace(&mut block);
    u128::from_be_bytes(block.into())
}

/// At most a block of bytes, zeros behind.
#[inline(always)]
fn load(bytes: &[u8]) -> u128 {
    let mut block = [0; BLOCK_BYTES];
    block.iter_mut().zip(bytes).for_each(|(place, byte)| *place = *byte);
    u128::from_be_bytes(block)
}

/// At most ten digits as a number.
fn number(digits: &[u8]) -> Result<u64, Ff1Error> {
    digits.iter().try_fold(0_u64, |number, digit| match digit {
        0..=9 => Ok(number.wrapping_mul(10).wrapping_add(u64::from(*digit))),
        _ => Err(Ff1Error::NotDigit(*digit)),
    })
}

/// A number as digits, zeros in front.
fn write(mut number: u64, digits: &mut [u8]) {
    for digit in digits.iter_mut().rev() {
        let rest = number / 10;
        *digit = number.wrapping_sub(rest.wrapping_mul(10)).to_le_bytes()[0];
        number = rest;
    }
}

const BLOCK_BYTES: usize = 16;

#[cfg(test)]
mod tests;
