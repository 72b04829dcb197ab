//! The block that `pending` names: the next one, as it would be if nothing waited. Blocks here are made within milliseconds and
//! are final at once, so no half-made block is shown; what waits is shown by `txpool_` and by `pending` nonces.

use std::time::{SystemTime, UNIX_EPOCH};

use chain::{Chain, Executed};
use primitives::{Block, Header, TimeMs};

/// An empty block over the head. It has no hash, no nonce and no maker yet: show it `unmade`.
pub(crate) fn block(chain: &Chain) -> Executed {
    let head = chain.head();
    let parent = head.latest().block.header();
    let frame = chain.rules().next_header(head.hash(), parent, now());
    let header = Header { state_root: parent.state_root, ..frame };
    Executed::new(Block::seal(header, Vec::new()).into(), Vec::new().into(), None)
}

fn now() -> TimeMs {
    let since_1970 = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    TimeMs(u64::try_from(since_1970.as_millis()).unwrap_or(u64::MAX))
}
