//! The token of a number and the number of a token.
//!
//! ```text
//! number: [ BIN       ][ account digits ][ check ]
//!             one to one      FF1          again
//! token:  [ token BIN ][ other digits   ][ check ]
//! ```
//! Requirements T-24 (a token BIN of its own, equally long; length and check digit kept; never a live number) and T-25 (room).

use zeroize::Zeroizing;

use super::{Ff1, Ff1Error};
use crate::number::{NumberError, Pan, Token, luhn_digit};

/// Fewest digits of a BIN.
pub const MIN_BIN_DIGITS: usize = 6;
/// Most digits of a BIN.
pub const MAX_BIN_DIGITS: usize = 8;

/// Why there is no token, or no number behind one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TokenError {
    /// Not 6 to 8 digits.
    #[error("a BIN has {MIN_BIN_DIGITS} to {MAX_BIN_DIGITS} digits")]
    Bin,
    /// A token under the number's own BIN could be somebody's number.
    #[error("the token BIN is the BIN of the number")]
    SameBin,
    /// Too few digits are left (T-25).
    #[error(transparent)]
    Room(#[from] Ff1Error),
    /// What comes out is none.
    #[error(transparent)]
    Number(#[from] NumberError),
}

/// The token of a number.
pub fn tokenize(fpe: &Ff1, tweak: &[u8], pan: &Pan, token_bin: &str) -> Result<Token, TokenError> {
    let digits = replaced(pan.digits(), token_bin, |account| fpe.encrypt_in_place(tweak, account))?;
    Ok(Token::parse(text(&digits)?)?)
}

/// The number of a token. Any token has one: only the cryptogram tells whether it is the right one.
pub fn detokenize(fpe: &Ff1, tweak: &[u8], token: &Token, pan_bin: &str) -> Result<Pan, TokenError> {
    let digits = replaced(token.digits().as_bytes(), pan_bin, |account| fpe.decrypt_in_place(tweak, account))?;
    Ok(Pan::parse(text(&digits)?)?)
}

/// Another BIN, other account digits and the check digit that fits them, all ASCII.
fn replaced(
    number: &[u8],
    bin: &str,
    cipher: impl FnOnce(&mut [u8]) -> Result<(), Ff1Error>,
) -> Result<Zeroizing<Vec<u8>>, TokenError> {
    check_bin(number, bin)?;
    let mut digits = Zeroizing::new(number.to_vec());
    digits.pop();
    let (prefix, account) = digits.split_at_mut_checked(bin.len()).ok_or(TokenError::Bin)?;
    prefix.copy_from_slice(bin.as_bytes());
    account.iter_mut().for_each(|digit| *digit = digit.wrapping_sub(b'0'));
    cipher(account)?;
    account.iter_mut().for_each(|digit| *digit = digit.wrapping_add(b'0'));
    let check = luhn_digit(&digits);
    // The vector has room for what was popped: nothing is copied and left behind.
    digits.push(check);
    Ok(digits)
}

fn check_bin(number: &[u8], bin: &str) -> Result<(), TokenError> {
    let is_bin =
        (MIN_BIN_DIGITS..=MAX_BIN_DIGITS).contains(&bin.len()) && bin.bytes().all(|byte| byte.is_ascii_digit());
    match () {
        () if !is_bin => Err(TokenError::Bin),
        () if number.starts_with(bin.as_bytes()) => Err(TokenError::SameBin),
        () => Ok(()),
    }
}

fn text(digits: &[u8]) -> Result<&str, TokenError> {
    std::str::from_utf8(digits).map_err(|_| TokenError::Number(NumberError::NotDigits))
}
