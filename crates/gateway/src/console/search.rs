//! From what somebody pastes to the page about it.

use bytes::Bytes;
use chain::BlockAt;

use super::{Console, Page, Problem, StatusCode, admission, token, words};

/// Leads to a block, transaction, account, member, certificate, request, item, token or redemption; says so if there is none.
pub(super) fn page(console: &Console, wanted: &str) -> Result<Page, Problem> {
    let found = place(console, wanted)?
        .ok_or_else(|| Problem::unknown("block, transaction, account, member or token", wanted))?;
    Ok(Page {
        status: StatusCode::SEE_OTHER,
        kind: "text/plain",
        cache: "no-store",
        location: Some(found),
        body: Bytes::new(),
    })
}

fn place(console: &Console, wanted: &str) -> Result<Option<String>, Problem> {
    if let Some(address) = words::address(wanted) {
        return Ok(Some(format!("/account/{address}")));
    }
    if let Some(request) = request_of(wanted) {
        return admission::request_place(console, request);
    }
    if let Some(hash) = words::loose_hash(wanted) {
        let is_transaction = console.chain.transaction(hash)?.is_some();
        if is_transaction {
            return Ok(Some(format!("/tx/{hash}")));
        }
        let is_block = console.chain.block(BlockAt::Hash(hash))?.is_some();
        if is_block {
            return Ok(Some(format!("/block/{hash}")));
        }
        return Ok(match admission::place(console, hash)? {
            Some(place) => Some(place),
            None => token::place(console, hash)?,
        });
    }
    let height = wanted.replace([' ', ',', '.', '_'], "").parse::<u64>().ok();
    Ok(height.filter(|height| *height <= console.chain.head().number()).map(|height| format!("/block/{height}")))
}

/// `request 7` or `#7`: a number alone is a height.
fn request_of(wanted: &str) -> Option<u64> {
    let lower = wanted.to_ascii_lowercase();
    let number = lower.strip_prefix('#').or_else(|| lower.strip_prefix("request"))?;
    number.trim().trim_start_matches('#').parse().ok()
}
