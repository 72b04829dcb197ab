//! What people type besides money, and what they read: ids, texts that stand for their hash, times. Called by the commands of
//! the systems.

use alloy_primitives::{B256, U256, keccak256};
use primitives::TimeMs;

use crate::table::Field;

/// 32 bytes in hex as they are; of any other text the hash.
#[expect(clippy::unnecessary_wraps, reason = "the shape that clap asks for")]
pub(crate) fn parse_word(text: &str) -> Result<B256, String> {
    Ok(text.parse().unwrap_or_else(|_| keccak256(text)))
}

/// An ERC-1155 id, as its 32 bytes.
pub(crate) fn id(name: &'static str, id: U256) -> Field {
    Field::new(name, B256::from(id))
}

/// Seconds since 1970 for machines, a date for people; zero is no bound.
pub(crate) fn time(name: &'static str, seconds: u64) -> Field {
    let date = seconds.checked_mul(1_000).map(|ms| proof::statement::iso(TimeMs(ms)));
    let shown = if seconds == 0 { "-".into() } else { date.unwrap_or_else(|| seconds.to_string()) };
    Field::value(name, seconds).shown(shown)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_becomes_its_hash_and_a_word_stays() {
        let word = B256::repeat_byte(7);
        assert_eq!(parse_word(&word.to_string()).unwrap(), word);
        assert_eq!(parse_word("order 17").unwrap(), keccak256("order 17"));
    }
}
