//! `txpool_`: what waits for a block. "pending" can go into the next one, "queued" stands behind a missing nonce (geth's words).

use std::{collections::BTreeMap, sync::Arc};

use alloy_consensus::Transaction;
use alloy_primitives::{Address, U64};
use chain::{Content, Pooled};
use serde::Serialize;

use crate::{
    convert::RpcTransaction,
    methods::{Call, Reply, Rpc},
    rpc::{json, now},
};

/// `txpool_status`: how many.
pub(crate) fn status(rpc: &Rpc, call: Call<'_>) -> Reply {
    let () = call.params.parse()?;
    let (pending, queued) = rpc.chain.pool().status();
    now(&Sides { pending: U64::from(pending), queued: U64::from(queued) })
}

/// `txpool_content`: all of them, by sender and nonce.
pub(crate) fn content(rpc: &Rpc, call: Call<'_>) -> Reply {
    let () = call.params.parse()?;
    rpc.aside(|rpc| {
        let content = rpc.chain.pool().content();
        json(&sides(&content, |transactions| by_sender(transactions, full)))
    })
}

/// `txpool_contentFrom`: those of one sender, by nonce.
pub(crate) fn content_from(rpc: &Rpc, call: Call<'_>) -> Reply {
    let (sender,) = call.params.parse::<(Address,)>()?;
    let content = rpc.chain.pool().content_from(sender);
    now(&sides(&content, |transactions| by_nonce(transactions, full)))
}

/// `txpool_inspect`: all of them, each as a line of text.
pub(crate) fn inspect(rpc: &Rpc, call: Call<'_>) -> Reply {
    let () = call.params.parse()?;
    rpc.aside(|rpc| {
        let content = rpc.chain.pool().content();
        json(&sides(&content, |transactions| by_sender(transactions, line)))
    })
}

#[derive(Serialize)]
struct Sides<T> {
    pending: T,
    queued: T,
}

type ByNonce<T> = BTreeMap<u64, T>;

fn sides<'a, T>(content: &'a Content, show: impl Fn(&'a [Arc<Pooled>]) -> T) -> Sides<T> {
    Sides { pending: show(&content.pending), queued: show(&content.queued) }
}

/// Keys are checksummed addresses (ERC-55).
fn by_sender<'a, T>(
    transactions: &'a [Arc<Pooled>],
    show: impl Fn(&'a Pooled) -> T + Copy,
) -> BTreeMap<String, ByNonce<T>> {
    let mut senders: BTreeMap<String, ByNonce<T>> = BTreeMap::new();
    for same_sender in transactions.chunk_by(|one, next| one.sender() == next.sender()) {
        let sender = same_sender[0].sender().to_checksum(None);
        senders.entry(sender).or_default().extend(by_nonce(same_sender, show));
    }
    senders
}

fn by_nonce<'a, T>(transactions: &'a [Arc<Pooled>], show: impl Fn(&'a Pooled) -> T) -> ByNonce<T> {
    transactions.iter().map(|pooled| (pooled.nonce(), show(pooled))).collect()
}

fn full(pooled: &Pooled) -> RpcTransaction<'_> {
    RpcTransaction::pending(&pooled.tx)
}

fn line(pooled: &Pooled) -> String {
    let tx = &pooled.tx;
    let to = tx.to().map_or_else(|| "contract creation".to_owned(), |to| to.to_checksum(None));
    format!("{to}: {} wei + {} gas \u{d7} {} wei", tx.value(), tx.gas_limit(), tx.max_fee_per_gas())
}
