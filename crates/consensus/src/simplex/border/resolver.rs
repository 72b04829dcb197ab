//! The library's resolver in conversation with a peer that may say anything. It serves the channels of requests and of missing blocks, and
//! reads the envelope of a message (`commonware_resolver::p2p`, "Wire Format") with a decoder that nobody else can call; so its engine
//! runs here, on virtual time, with our settings, and hears what the fuzzer says.
//!
//! ```text
//! engine -- asks for each key --> peer -- the bytes: as an answer, as a whole message --> engine -- answers --> judge
//!        -- still serves <-- asks ---                                                        \-- refused: blocks the peer
//! ```

#![expect(clippy::disallowed_types, reason = "the library's trait of senders speaks of time so")]

use std::{
    num::NonZeroUsize,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, SystemTime},
};

use bytes::Bytes;
use commonware_actor::{Feedback, Unreliable};
use commonware_codec::Encode as _;
use commonware_cryptography::{Signer as _, ed25519::PublicKey};
use commonware_p2p::{
    BlockedSubscription, Blocker, CheckedSender, LimitedSender, Message, PeerSetSubscription, PeerSetUpdate, Provider,
    Receiver, Recipients, TrackedPeers,
};
use commonware_resolver::{
    Consumer, Delivery, Resolver as _,
    p2p::{Config, Engine, Producer},
};
use commonware_runtime::{Clock as _, IoBuf, IoBufs, Runner as _, Supervisor as _, deterministic};
use commonware_utils::{
    NZDuration, NZUsize, Span,
    channel::{mpsc, oneshot, ring},
    ordered::Set,
};

use crate::{
    NodeKey,
    simplex::{
        committees::private_key,
        node::{FETCH_RETRY, FETCH_TIMEOUT, MAILBOX},
    },
};

/// Whether an answer is what was asked for, by its form.
pub(super) type Judge<K> = fn(&K, &Bytes) -> bool;

/// The first of `keys` is answered with the bytes behind the number of its request, the others with the bytes as what they ask for.
/// Neither ends the engine, and only what the judge refuses has the peer blocked.
pub(super) fn check<K: Span>(bytes: &[u8], keys: &[K], judge: Judge<K>) {
    deterministic::Runner::timed(PATIENCE).start(async |context| {
        let desk = Desk { judge, refused: Arc::default() };
        let gate = Gate::default();
        let peer = private_key(&NodeKey::from_seed([1; 32])).public_key();
        let config = Config {
            peer_provider: Town { peer: peer.clone(), told: None },
            blocker: gate.clone(),
            consumer: desk.clone(),
            producer: desk.clone(),
            mailbox_size: MAILBOX,
            me: None,
            fetch_timeout: NZDuration!(FETCH_TIMEOUT),
            fetch_retry_delay: FETCH_RETRY,
            priority_requests: false,
            priority_responses: false,
        };
        let (said, mut heard) = mpsc::unbounded_channel();
        let (say, messages) = mpsc::unbounded_channel();
        let (engine, mut mailbox) = Engine::new(context.child("resolver"), config);
        engine.start((Line { peer: peer.clone(), said }, Inbox { peer, messages }));
        let _accepted = mailbox.fetch_all(keys.to_vec());
        let mut answers = Vec::with_capacity(keys.len());
        for _ in keys {
            let asked = heard.recv().await.expect("the engine asks");
            answers.push(answer_of(&asked, keys, bytes));
        }
        answers.push(bytes.to_vec());
        for answer in answers {
            say.send(answer.into()).expect("the engine listens");
        }
        context.sleep(MOMENT).await;
        for key in keys {
            say.send([&NUMBER[..], &[REQUEST], &key.encode()[..]].concat().into()).expect("the engine listens");
            while heard.recv().await.expect("the engine serves") != answer(NUMBER, HAD) {}
        }
        let blocked = gate.blocked.load(Ordering::Relaxed);
        assert_eq!(blocked, desk.refused.load(Ordering::Relaxed), "who answers wrongly is blocked, and nobody else");
    });
}

/// What the peer says to a request.
fn answer_of<K: Span>(asked: &[u8], keys: &[K], bytes: &[u8]) -> Vec<u8> {
    let (number, asked) = asked.split_first_chunk::<8>().expect("a request has a number");
    let first = keys.first().map(|key| key.encode());
    if first.is_none_or(|first| !asked.ends_with(&first)) {
        return answer(*number, bytes);
    }
    let mut message = bytes.to_vec();
    if let Some(front) = message.first_chunk_mut::<8>() {
        *front = *number;
    }
    message
}

fn answer(number: [u8; 8], value: &[u8]) -> Vec<u8> {
    let value = Bytes::copy_from_slice(value).encode();
    [&number[..], &[ANSWER], &value[..]].concat()
}

/// Kinds of messages, behind their number.
const REQUEST: u8 = 0;
const ANSWER: u8 = 1;
/// Of the peer's own requests, and what it is given.
const NUMBER: [u8; 8] = [0xee; 8];
const HAD: &[u8] = b"here";
/// In virtual time: enough for the engine to hear what was said, less than it waits before it asks again.
const MOMENT: Duration = Duration::from_millis(50);
/// In virtual time, after which the engine hangs.
const PATIENCE: Duration = Duration::from_secs(60);

/// Judges answers, and has one for every request.
#[derive(Clone)]
struct Desk<K> {
    judge: Judge<K>,
    refused: Arc<AtomicUsize>,
}

impl<K: Span> Consumer for Desk<K> {
    type Key = K;
    type Value = Bytes;
    type Subscriber = ();
    type Outcome = bool;

    fn deliver(&mut self, delivery: Delivery<K, ()>, value: Bytes) -> oneshot::Receiver<bool> {
        let (verdict, told) = oneshot::channel();
        let is_good = (self.judge)(&delivery.key, &value);
        self.refused.fetch_add(usize::from(!is_good), Ordering::Relaxed);
        let _sent = verdict.send(is_good);
        told
    }
}

impl<K: Span> Producer for Desk<K> {
    type Key = K;

    fn produce(&mut self, _key: K) -> oneshot::Receiver<Bytes> {
        let (give, given) = oneshot::channel();
        let _sent = give.send(Bytes::from_static(HAD));
        given
    }
}

/// Counts who is blocked, and lets them speak on.
#[derive(Clone, Default)]
struct Gate {
    blocked: Arc<AtomicUsize>,
}

impl Blocker for Gate {
    type PublicKey = PublicKey;

    fn block(&mut self, _peer: PublicKey) -> Feedback {
        self.blocked.fetch_add(1, Ordering::Relaxed);
        Feedback::Ok
    }

    fn blocked(&mut self) -> BlockedSubscription<PublicKey> {
        let (_nobody_tells, told) = ring::channel(NZUsize!(1));
        told
    }
}

/// There is one peer.
#[derive(Clone, Debug)]
struct Town {
    peer: PublicKey,
    /// Open as long as the engine lives.
    told: Option<mpsc::UnboundedSender<PeerSetUpdate<PublicKey>>>,
}

impl Town {
    fn peers(&self) -> TrackedPeers<PublicKey> {
        TrackedPeers::primary(Set::from_iter_dedup([self.peer.clone()]))
    }
}

impl Provider for Town {
    type PublicKey = PublicKey;

    async fn peer_set(&mut self, _id: u64) -> Option<TrackedPeers<PublicKey>> {
        Some(self.peers())
    }

    async fn subscribe(&mut self) -> PeerSetSubscription<PublicKey> {
        let (tell, told) = mpsc::unbounded_channel();
        let _sent = tell.send(PeerSetUpdate { index: 0, latest: self.peers(), all: self.peers() });
        self.told = Some(tell);
        told
    }
}

/// What the engine says.
#[derive(Clone)]
struct Line {
    peer: PublicKey,
    said: mpsc::UnboundedSender<Bytes>,
}

impl LimitedSender for Line {
    type PublicKey = PublicKey;
    type Checked<'a> = Self;

    fn check(&mut self, _recipients: Recipients<PublicKey>) -> Result<Self, SystemTime> {
        Ok(self.clone())
    }
}

impl CheckedSender for Line {
    type PublicKey = PublicKey;

    fn recipients(&self) -> Vec<PublicKey> {
        vec![self.peer.clone()]
    }

    fn send(self, message: impl Into<IoBufs> + Send, _priority: bool) -> Unreliable<Feedback> {
        let message: IoBufs = message.into();
        let sent = self.said.send(message.coalesce().into());
        Unreliable::new(sent.map_or(Feedback::Closed, |()| Feedback::Ok))
    }
}

/// What the engine hears.
#[derive(Debug)]
struct Inbox {
    peer: PublicKey,
    messages: mpsc::UnboundedReceiver<Bytes>,
}

#[derive(Debug, thiserror::Error)]
#[error("nobody speaks any more")]
struct Silence;

impl Receiver for Inbox {
    type Error = Silence;
    type PublicKey = PublicKey;

    async fn recv(&mut self) -> Result<Message<PublicKey>, Silence> {
        let message = self.messages.recv().await.ok_or(Silence)?;
        Ok((self.peer.clone(), IoBuf::from(message)))
    }

    fn capacity(&self) -> NonZeroUsize {
        MAILBOX
    }
}
