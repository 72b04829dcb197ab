//! How numbers, times, amounts and bytes are written on pages.

use alloy_primitives::{hex, utils::format_ether};
use primitives::{Address, B256, TimeMs, U256};

/// A moment, for machines and for people; always UTC.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Moment {
    /// RFC 3339.
    pub(super) machine: String,
    pub(super) shown: String,
}

impl Moment {
    /// Of seconds since 1970, as contracts count; zero is no moment.
    pub(super) fn of_seconds(seconds: u64) -> Option<Self> {
        (seconds != 0).then(|| Self::of(TimeMs(seconds.saturating_mul(1_000))))
    }

    pub(super) fn of(time: TimeMs) -> Self {
        let (days, second) = (time.0 / DAY_MS, time.0 % DAY_MS / 1000);
        let (year, month, day) = date(days);
        let clock = format!("{:02}:{:02}:{:02}", second / 3600, second / 60 % 60, second % 60);
        let ms = time.0 % 1000;
        Self {
            machine: format!("{year:04}-{month:02}-{day:02}T{clock}.{ms:03}Z"),
            shown: format!("{year:04}-{month:02}-{day:02} {clock}"),
        }
    }
}

/// Year, month and day of a day since 1970 in the Gregorian calendar: years are counted from March, so that the day that
/// leap years add comes last (Howard Hinnant, "chrono-compatible low-level date algorithms").
fn date(days_since_1970: u64) -> (u64, u64, u64) {
    let days = days_since_1970.saturating_add(DAYS_TO_1970);
    let (era, day_of_era) = (days / ERA_DAYS, days % ERA_DAYS);
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 { month_from_march + 3 } else { month_from_march - 9 };
    (era * 400 + year_of_era + u64::from(month <= 2), month, day)
}

/// Digits in groups of three, with a narrow space that does not break between them.
pub(super) fn number(value: impl ToString) -> String {
    let digits = value.to_string();
    let first = digits.len() % 3;
    let separated = digits.char_indices().map(|(index, digit)| match index {
        index if index > 0 && index % 3 == first => format!("\u{202f}{digit}"),
        _ => digit.to_string(),
    });
    separated.collect()
}

/// Wei as ether, without zeros at the end.
pub(super) fn ether(wei: U256) -> String {
    decimal(&format_ether(wei))
}

/// An amount of a currency, such as `12.50`; `digits` are those after the point.
pub(super) fn money(amount: U256, digits: u8) -> String {
    let (digits, text) = (usize::from(digits), amount.to_string());
    let padded = format!("{text:0>width$}", width = digits.saturating_add(1));
    let (whole, rest) = padded.split_at(padded.len().saturating_sub(digits));
    if digits == 0 { number(whole) } else { format!("{}.{rest}", number(whole)) }
}

fn decimal(text: &str) -> String {
    let (whole, rest) = text.split_once('.').unwrap_or((text, ""));
    let rest = rest.trim_end_matches('0');
    if rest.is_empty() { number(whole) } else { format!("{}.{rest}", number(whole)) }
}

/// Share of a whole in per cent, such as `0.2 %`.
pub(super) fn share(part: u64, whole: u64) -> String {
    let per_mille = u128::from(part).saturating_mul(1_000).checked_div(u128::from(whole)).unwrap_or_default();
    format!("{}.{}\u{a0}%", per_mille / 10, per_mille % 10)
}

/// The ends of a hash or address.
pub(super) fn ends(text: &str) -> String {
    let (start, end) = (text.get(..8), text.len().checked_sub(6).and_then(|from| text.get(from..)));
    start.zip(end).map_or_else(|| text.to_owned(), |(start, end)| format!("{start}…{end}"))
}

/// Bytes in hex, no more than a page can bear.
pub(super) fn bytes(data: &[u8]) -> String {
    match data.get(..SHOWN_BYTES) {
        Some(shown) if shown.len() < data.len() => {
            format!("{}… ({} bytes in all)", hex::encode_prefixed(shown), number(data.len()))
        }
        _ => hex::encode_prefixed(data),
    }
}

/// Text that somebody else wrote, no more than a page can bear.
pub(super) fn shortened(text: &str) -> String {
    match text.char_indices().nth(SHOWN_CHARS) {
        Some((end, _)) => format!("{}… ({} bytes in all)", &text[..end], number(text.len())),
        None => text.to_owned(),
    }
}

/// A name that a stranger chose, for a line of text: short, and without characters that cannot be seen, or that turn the
/// direction of what follows them; those are named.
pub(super) fn foreign_name(text: &str) -> String {
    let mut shown = String::new();
    for (count, character) in text.trim().chars().enumerate() {
        match character {
            _ if count == NAME_CHARS => {
                shown.push('…');
                break;
            }
            hidden if is_hidden(hidden) => shown.push_str(&format!("[U+{:04X}]", u32::from(hidden))),
            seen => shown.push(seen),
        }
    }
    shown
}

/// Text that somebody else wrote, with unseen characters named.
pub(super) fn foreign(text: &str) -> String {
    let seen = |character: char| match character {
        hidden if is_hidden(hidden) => format!("[U+{:04X}]", u32::from(hidden)),
        seen => seen.to_string(),
    };
    shortened(&text.chars().map(seen).collect::<String>())
}

/// Control and format characters (Unicode Cc, Cf, Zl, Zp), and spaces and joiners that only look like nothing.
fn is_hidden(character: char) -> bool {
    character.is_control()
        || matches!(character,
            '\u{ad}' | '\u{34f}' | '\u{600}'..='\u{605}' | '\u{61c}' | '\u{6dd}' | '\u{70f}' | '\u{890}'..='\u{891}' | '\u{8e2}'
            | '\u{115f}'..='\u{1160}' | '\u{17b4}'..='\u{17b5}' | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}'
            | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{3164}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{ffa0}'
            | '\u{fff0}'..='\u{fffb}' | '\u{110bd}' | '\u{110cd}' | '\u{13430}'..='\u{1343f}' | '\u{1bca0}'..='\u{1bca3}'
            | '\u{1d173}'..='\u{1d17a}' | '\u{e0000}'..='\u{e0fff}')
}

/// An address with its `0x`.
pub(super) fn address(text: &str) -> Option<Address> {
    text.strip_prefix("0x").filter(|digits| digits.len() == 40)?.parse().ok()
}

/// A hash with its `0x`.
pub(super) fn hash(text: &str) -> Option<B256> {
    text.strip_prefix("0x").filter(|digits| digits.len() == 64)?.parse().ok()
}

/// A node key or a fingerprint: 64 hex digits with or without `0x`, or in pairs with colons as X.509 tools print them.
pub(super) fn loose_hash(text: &str) -> Option<B256> {
    let digits = text.strip_prefix("0x").unwrap_or(text);
    let is_paired = digits.len() == 95 && digits.split(':').all(|pair| pair.len() == 2);
    let digits = if is_paired { digits.replace(':', "") } else { digits.to_owned() };
    let is_hex = digits.len() == 64 && digits.bytes().all(|digit| digit.is_ascii_hexdigit());
    is_hex.then(|| digits.parse().ok()).flatten()
}

/// A token id: 64 hex digits as ERC-1155 writes it, the same with `0x`, or decimal.
pub(super) fn token_id(text: &str) -> Option<U256> {
    let digits = text.strip_prefix("0x").unwrap_or(text);
    match digits.len() {
        64 if digits.bytes().all(|digit| digit.is_ascii_hexdigit()) => U256::from_str_radix(digits, 16).ok(),
        _ if text.is_empty() || !text.bytes().all(|digit| digit.is_ascii_digit()) => None,
        _ => U256::from_str_radix(text, 10).ok(),
    }
}

/// A token id as addresses of pages write it.
pub(super) fn token_path(id: U256) -> String {
    format!("{id:064x}")
}

/// An amount of a currency that somebody typed, such as `12.5`, in its smallest unit.
pub(super) fn amount(text: &str, digits: u8) -> Option<U256> {
    let (whole, rest) = text.split_once('.').unwrap_or((text, ""));
    let padded = format!("{whole}{rest:0<width$}", width = usize::from(digits));
    let is_number = !whole.is_empty() && rest.len() <= usize::from(digits) && padded.len() <= 78;
    let is_digits = padded.bytes().all(|digit| digit.is_ascii_digit());
    (is_number && is_digits).then(|| U256::from_str_radix(&padded, 10).ok()).flatten()
}

/// A value of a form: `+` is a space, `%41` a byte (WHATWG URL, application/x-www-form-urlencoded).
pub(super) fn decoded(value: &str) -> String {
    let mut bytes = Vec::with_capacity(value.len());
    let mut rest = value.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        let escaped = after.get(..2).filter(|_| *first == b'%').and_then(|digits| hex::decode(digits).ok());
        match (first, escaped) {
            (_, Some(byte)) => {
                bytes.extend(byte);
                rest = after.get(2..).unwrap_or_default();
                continue;
            }
            (b'+', None) => bytes.push(b' '),
            (byte, None) => bytes.push(*byte),
        }
        rest = after;
    }
    String::from_utf8_lossy(&bytes).trim().to_owned()
}

const DAY_MS: u64 = 86_400_000;
/// From 1 March of the year 0 to 1 January 1970.
const DAYS_TO_1970: u64 = 719_468;
/// 400 years, after which the calendar repeats.
const ERA_DAYS: u64 = 146_097;
const SHOWN_BYTES: usize = 1_024;
const SHOWN_CHARS: usize = 2_048;
/// Of a name in a list.
const NAME_CHARS: usize = 64;
