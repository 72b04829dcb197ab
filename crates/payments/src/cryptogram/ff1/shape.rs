//! What FF1 computes of the length of a number alone: where it is cut, how wide its halves are, what they are reduced by.
//!
//! Names of NIST SP 800-38G in brackets.

use super::{BLOCK_BYTES, MAX_DIGITS, MIN_DIGITS};

/// One for each length from [`MIN_DIGITS`] to [`MAX_DIGITS`].
pub(super) const SHAPES: [Shape; MAX_DIGITS - MIN_DIGITS + 1] = shapes();

/// What follows from a length.
#[derive(Clone, Copy)]
pub(super) struct Shape {
    /// Digits of the left half (u).
    pub(super) left_digits: usize,
    /// Ten to the power of the left half's digits.
    pub(super) left: Modulus,
    /// Ten to the power of the right half's digits.
    pub(super) right: Modulus,
    /// Where the number of the round stands in the last block, in bits: above the half (8 b).
    pub(super) counter_shift: u32,
    /// Whether the number taken from a block has 12 bytes instead of 8 (d).
    pub(super) is_wide: bool,
    digits: usize,
    half_bytes: usize,
}

impl Shape {
    /// The block P, for a tweak of so many bytes.
    pub(super) const fn header(&self, tweak_bytes: usize) -> u128 {
        const VERSION_METHOD_RADIX_ROUNDS: u128 = 0x0102_0100_000a_0a00 << 64;
        let (left, digits, tweak) = (self.left_digits as u128, self.digits as u128, tweak_bytes as u128);
        VERSION_METHOD_RADIX_ROUNDS | left << 64 | digits << 32 | tweak
    }

    /// Blocks of Q before the last one: those that hold nothing but tweak.
    pub(super) const fn whole_blocks(&self, tweak_bytes: usize) -> usize {
        (tweak_bytes + self.half_bytes) / BLOCK_BYTES
    }

    const fn of(digits: usize) -> Self {
        let (left_digits, right_digits) = (digits / 2, digits - digits / 2);
        let right = Modulus::ten_to(right_digits);
        let bits = u64::BITS - (right.value - 1).leading_zeros();
        let half_bytes = bits.div_ceil(8);
        Self {
            left_digits,
            left: Modulus::ten_to(left_digits),
            right,
            counter_shift: 8 * half_bytes,
            is_wide: half_bytes > 4,
            digits,
            half_bytes: half_bytes as usize,
        }
    }
}

/// A power of ten from a thousand to ten thousand million, and its reciprocal.
#[derive(Clone, Copy)]
pub(super) struct Modulus {
    value: u64,
    /// 2^64 divided by the value, rounded down.
    reciprocal: u64,
}

impl Modulus {
    const fn ten_to(digits: usize) -> Self {
        let (mut value, mut count) = (1, 0);
        while count < digits {
            value *= 10;
            count += 1;
        }
        // No power of ten above 1 divides 2^64, so this is 2^64 / value as well.
        Self { value, reciprocal: u64::MAX / value }
    }

    /// The first 8 or 12 bytes of a block as a number, modulo the value.
    #[inline(always)]
    pub(super) fn reduce(&self, block: u128, is_wide: bool) -> u64 {
        if is_wide {
            return to_u64((block >> 32) % u128::from(self.value));
        }
        let number = to_u64(block >> 64);
        // The quotient is at most one too small.
        let quotient = to_u64((u128::from(number) * u128::from(self.reciprocal)) >> 64);
        self.once_less(number.wrapping_sub(quotient.wrapping_mul(self.value)))
    }

    /// The sum of two that are below the value.
    #[inline(always)]
    pub(super) fn add(&self, a: u64, b: u64) -> u64 {
        self.once_less(a.wrapping_add(b))
    }

    /// The difference of two that are below the value.
    #[inline(always)]
    pub(super) fn subtract(&self, a: u64, b: u64) -> u64 {
        self.once_less(a.wrapping_add(self.value).wrapping_sub(b))
    }

    /// A number below twice the value, brought below the value.
    #[inline(always)]
    fn once_less(&self, number: u64) -> u64 {
        number.wrapping_sub(self.value).min(number)
    }
}

/// A number that is known to fit.
#[inline(always)]
#[expect(clippy::cast_possible_truncation, reason = "callers shift or divide it below 2^64")]
const fn to_u64(number: u128) -> u64 {
    number as u64
}

const fn shapes() -> [Shape; MAX_DIGITS - MIN_DIGITS + 1] {
    let mut shapes = [Shape::of(MIN_DIGITS); MAX_DIGITS - MIN_DIGITS + 1];
    let mut at = 0;
    while at < shapes.len() {
        shapes[at] = Shape::of(MIN_DIGITS + at);
        at += 1;
    }
    shapes
}
