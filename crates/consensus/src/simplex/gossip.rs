//! Waiting transactions between nodes, on a channel of their own: each node tells all its peers what it admitted, and tells it again
//! while it is not final. Nobody passes on at once what he heard: every member is everyone's peer, and what a node that is gone has
//! told to some only, those tell again.
//!
//! Bounds: a message holds at most [`MAX_COUNT`] transactions of [`MAX_BYTES`] together, a peer sends at most
//! [`MESSAGES_PER_SECOND`], messages are heard one at a time, and what waits beyond the mailbox is left out and told again.

use std::{num::NonZeroU32, sync::Arc, time::Duration};

use commonware_codec::{DecodeExt, Encode, EncodeSize, Error as CodecError, RangeCfg, Read, Write};
use commonware_cryptography::ed25519::PublicKey;
use commonware_p2p::{Blocker, Receiver, Recipients, Sender};
use commonware_utils::NZU32;
use futures::{FutureExt, pin_mut};
use primitives::{Bytes, NodeId};

use super::{desk::blocking, node::Runtime};
use crate::{Fatal, Gossip};

/// Transactions of one message.
pub(super) const MAX_COUNT: usize = 1_024;
/// Bytes of the transactions of one message; a single larger one goes alone.
const MAX_BYTES: usize = 256 * 1024;
/// Bytes of one transaction: more than any pool takes.
pub(super) const MAX_TRANSACTION_BYTES: usize = 256 * 1024;
/// Messages of one peer.
pub(super) const MESSAGES_PER_SECOND: NonZeroU32 = NZU32!(256);
pub(super) const MESSAGES_AT_ONCE: NonZeroU32 = NZU32!(16);
/// Between two messages: what arrives meanwhile goes into one. Each message wakes several threads at each peer, so fewer are better,
/// and blocks do not come faster than this.
const PAUSE: Duration = Duration::from_millis(8);
/// Without news, what has waited is looked for this often.
const LOOK_AGAIN: Duration = Duration::from_millis(500);

/// The largest message of the channel.
pub(super) const MAX_MESSAGE_BYTES: usize = MAX_BYTES + MAX_TRANSACTION_BYTES + 5 * (MAX_COUNT + 1);

/// One message.
pub(super) struct Told(pub(super) Vec<bytes::Bytes>);

impl Write for Told {
    fn write(&self, buf: &mut impl bytes::BufMut) {
        self.0.write(buf);
    }
}

impl EncodeSize for Told {
    fn encode_size(&self) -> usize {
        self.0.encode_size()
    }
}

impl Read for Told {
    type Cfg = ();

    fn read_cfg(buf: &mut impl commonware_codec::Buf, (): &()) -> Result<Self, CodecError> {
        let limits = (RangeCfg::new(1..=MAX_COUNT), RangeCfg::new(1..=MAX_TRANSACTION_BYTES));
        Ok(Self(Vec::read_cfg(buf, &limits)?))
    }
}

/// Tells until the node ends.
pub(super) async fn tell<E, S>(runtime: E, gossip: Arc<dyn Gossip>, mut peers: S)
where
    E: Runtime,
    S: Sender<PublicKey = PublicKey>,
{
    let news = gossip.news();
    loop {
        let told: Vec<_> = gossip.to_tell(MAX_COUNT, MAX_BYTES).into_iter().map(|bytes| bytes.0).collect();
        if !told.is_empty() {
            // Who is not there now hears it when it is told again.
            let _reached = peers.send(Recipients::All, Told(told).encode(), false);
            runtime.sleep(PAUSE).await;
            continue;
        }
        let (woken, again) = (news.raised().fuse(), runtime.sleep(LOOK_AGAIN).fuse());
        pin_mut!(woken, again);
        futures::select_biased! {
            _ = woken => (),
            () = again => (),
        }
    }
}

/// Hears until the node ends; a peer that breaks the rules is blocked.
pub(super) async fn hear<E, R, B>(runtime: E, gossip: Arc<dyn Gossip>, mut peers: R, mut blocker: B) -> Fatal
where
    E: Runtime,
    R: Receiver<PublicKey = PublicKey>,
    B: Blocker<PublicKey = PublicKey>,
{
    loop {
        let (from, message) = match peers.recv().await {
            Ok(message) => message,
            Err(error) => return Fatal(format!("the channel of transactions ended: {error}")),
        };
        let refused = match Told::decode(message) {
            Err(error) => Some(error.to_string()),
            Ok(Told(told)) => {
                let (gossip, peer) = (gossip.clone(), node_id(&from));
                let told = told.into_iter().map(Bytes).collect();
                let heard = blocking(runtime.child("hear"), move || gossip.hear(peer, told)).await;
                heard.and_then(|heard| heard.err().map(|error| error.to_string()))
            }
        };
        if let Some(reason) = refused {
            commonware_p2p::block!(blocker, from, reason, "a peer told what is not a transaction");
        }
    }
}

fn node_id(key: &PublicKey) -> NodeId {
    NodeId::from_slice(key.as_ref())
}
