//! From what somebody pastes to the page about it.

use bytes::Bytes;
use chain::BlockAt;

use super::{Console, Page, Problem, StatusCode, words};

/// Leads to a block, transaction or account; says so if there is none.
pub(super) fn page(console: &Console, wanted: &str) -> Result<Page, Problem> {
    let found = place(console, wanted)?.ok_or_else(|| Problem::unknown("block, transaction or account", wanted))?;
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
    if let Some(hash) = words::hash(wanted) {
        let is_transaction = console.chain.transaction(hash)?.is_some();
        let is_block = !is_transaction && console.chain.block(BlockAt::Hash(hash))?.is_some();
        return Ok(is_transaction
            .then(|| format!("/tx/{hash}"))
            .or_else(|| is_block.then(|| format!("/block/{hash}"))));
    }
    let height = wanted.replace([' ', ',', '.', '_'], "").parse::<u64>().ok();
    Ok(height.filter(|height| *height <= console.chain.head().number()).map(|height| format!("/block/{height}")))
}
