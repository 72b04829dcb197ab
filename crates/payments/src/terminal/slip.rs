//! The slip: what merchant and holder get on paper. It never shows a whole number, not even that of a token.
//!
//! Called by whoever prints. Rules: EMV Book 4, 11.5 (what a receipt names); PCI DSS 3.4.1 and the one truncation of
//! [`crate::number`].

use super::{purchase::Kind, record::Record};

/// Its lines, none longer than [`WIDTH`].
pub fn slip(record: &Record) -> Vec<String> {
    let merchant = &record.merchant;
    let mut lines = vec![
        merchant.name_and_location.trim_end().to_owned(),
        pair("Merchant", merchant.merchant_id.trim_end()),
        pair("Terminal", merchant.terminal_id.trim_end()),
        pair("Time", &record.time.local.shown()),
        pair("Trace", &format!("{:06}", record.stan)),
        pair("Reference", &record.rrn),
    ];
    lines.extend(of_card(record));
    lines.extend(of_amount(record));
    lines.extend(record.response_code.iter().map(|code| pair("Response", code)));
    lines.extend(record.auth_code.iter().map(|code| pair("Authorization", code)));
    lines.push(record.outcome.to_string());
    lines.iter().flat_map(|line| wrapped(line)).collect()
}

fn of_card(record: &Record) -> Vec<String> {
    let label = record.label.iter().filter(|label| !label.is_empty()).cloned();
    let aid = record.aid.iter().map(|aid| pair("Application", &aid.to_string()));
    let number = record.token.iter().map(|token| pair("Card", &token.truncated()));
    let counter = record.atc.iter().map(|atc| pair("Counter", &atc.to_string()));
    label.chain(aid).chain(number).chain(counter).collect()
}

fn of_amount(record: &Record) -> Vec<String> {
    let asked = match record.kind {
        Kind::Purchase | Kind::Sale => pair("Purchase", &record.priced(record.amount_minor)),
        Kind::Balance => "Balance inquiry".to_owned(),
    };
    let less = record.approved_minor.filter(|approved| *approved < record.amount_minor);
    let less = less.map(|approved| pair("Approved", &record.priced(approved)));
    let balance = record.balance.iter().map(|balance| pair("Balance", balance));
    std::iter::once(asked).chain(less).chain(balance).collect()
}

/// Name at the left, value at the right; two lines where one is too short.
fn pair(name: &str, value: &str) -> String {
    let room = WIDTH.saturating_sub(name.len() + 1);
    if value.len() > room { format!("{name}\n{value:>WIDTH$}") } else { format!("{name} {value:>room$}") }
}

fn wrapped(line: &str) -> Vec<String> {
    let shown = line.chars().map(|letter| if letter.is_ascii_graphic() || letter == '\n' { letter } else { ' ' });
    let shown: String = shown.collect();
    let cut =
        |part: &str| part.as_bytes().chunks(WIDTH).map(|piece| String::from_utf8_lossy(piece).into_owned()).collect();
    shown.split('\n').flat_map(|part: &str| -> Vec<String> { cut(part) }).collect()
}

/// Characters of a line: what the paper of a terminal has.
pub const WIDTH: usize = 40;
