//! The block that `pending` names: the next one, as it would be if nothing waited. Blocks here are made within milliseconds and
//! are final at once, so no half-made block is shown; what waits is shown by `txpool_` and by `pending` nonces.

use chain::{Executed, StateView};
use primitives::{Block, Header};

/// An empty block over the newest state. It has no hash, no nonce and no maker yet: show it `unmade`.
pub(crate) fn block(newest: &StateView) -> Executed {
    let header = Header { state_root: newest.header().state_root, ..newest.next_header() };
    Executed::new(Block::seal(header, Vec::new()).into(), Vec::new().into(), None)
}
