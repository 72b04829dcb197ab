//! The events of `eth_subscribe`, rendered from the chain's own: a head at a time, so what a subscriber is told is final.

use std::sync::Arc;

use alloy_rpc_types_eth::Filter;
use chain::{Chain, Executed};
use serde::Serialize;
use serde_json::value::RawValue;

use crate::{
    convert::{RpcHeader, RpcTransaction},
    eth::logs::{check_bounds, query, show},
    rpc::{RpcError, json},
    subscriptions::{Feed, Topic},
};

/// The feed of one subscription.
pub(super) fn of(chain: &Chain, topic: Topic) -> Result<Feed, RpcError> {
    Ok(match topic {
        Topic::NewHeads => Feed::new(chain.subscribe_heads(), |head: &Arc<Executed>| one(&RpcHeader::of(&head.block))),
        Topic::Logs(filter) => logs(chain, *filter)?,
        Topic::NewPendingTransactions { full } => {
            Feed::new(chain.subscribe_pending(), move |pooled: &Arc<chain::Pooled>| match full {
                true => one(&RpcTransaction::pending(&pooled.tx)),
                false => one(&pooled.hash()),
            })
        }
    })
}

fn logs(chain: &Chain, filter: Filter) -> Result<Feed, RpcError> {
    check_bounds(&filter)?;
    let query = query(&filter, 0, u64::MAX, usize::MAX);
    Ok(Feed::new(chain.subscribe_heads(), move |head: &Arc<Executed>| {
        let mut found = Vec::new();
        query.search(head, &mut found);
        found.iter().map(show).flat_map(|log| one(&log)).collect()
    }))
}

/// One notification. Nothing that is rendered here can fail to be JSON.
fn one(event: &impl Serialize) -> Vec<Box<RawValue>> {
    json(event).into_iter().collect()
}
