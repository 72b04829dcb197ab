//! Waiting transactions between members: told to all, told again to whoever was away; who tells nonsense is not heard again.

use std::sync::Mutex;

use consensus::{Gossip, NotATransaction, Wake};
use primitives::{Bytes, NodeId};

use crate::together::story;

/// What one member has to say, and what it heard.
#[derive(Default)]
pub(crate) struct Whispers {
    to_tell: Mutex<Vec<Bytes>>,
    heard: Mutex<Vec<(NodeId, Bytes)>>,
    news: Wake,
}

impl Whispers {
    fn say(&self, words: impl IntoIterator<Item = Vec<u8>>) {
        self.to_tell.lock().unwrap().extend(words.into_iter().map(Bytes::from));
        self.news.raise();
    }

    fn heard(&self) -> Vec<Bytes> {
        self.heard.lock().unwrap().iter().map(|(_, bytes)| bytes.clone()).collect()
    }
}

const NONSENSE: &[u8] = b"nonsense";

impl Gossip for Whispers {
    fn to_tell(&self, max_count: usize, _: usize) -> Vec<Bytes> {
        let mut waiting = self.to_tell.lock().unwrap();
        let count = waiting.len().min(max_count);
        waiting.drain(..count).collect()
    }

    fn hear(&self, from: NodeId, told: Vec<Bytes>) -> Result<(), NotATransaction> {
        let mut heard = self.heard.lock().unwrap();
        for bytes in told {
            if *bytes == *NONSENSE {
                return Err(NotATransaction("nonsense".into()));
            }
            heard.push((from, bytes));
        }
        Ok(())
    }

    fn news(&self) -> Wake {
        self.news.clone()
    }
}

#[test]
fn every_member_hears_in_order_what_one_tells() {
    let words: Vec<Vec<u8>> = (0..3_000_u32).map(|word| word.to_be_bytes().to_vec()).collect();
    story(21, 0..4, 4, async |members| {
        members.world.offer(100);
        members.start_all().await;
        members.reach(&[0, 1, 2, 3], 2).await;
        members.whispers(2).say(words.clone());
        members.reach(&[0, 1, 2, 3], 10).await;
        for member in [0, 1, 3] {
            assert!(members.whispers(member).heard().iter().eq(&words), "member {member}");
        }
        assert!(members.whispers(2).heard().is_empty());
    });
}

#[test]
fn who_tells_nonsense_is_not_heard_again_and_the_others_go_on() {
    story(22, 0..4, 4, async |members| {
        members.world.offer(100);
        members.start_all().await;
        members.reach(&[0, 1, 2, 3], 2).await;
        members.whispers(3).say([NONSENSE.to_vec()]);
        members.reach(&[0, 1, 2], 6).await;
        members.whispers(3).say([b"true".to_vec()]);
        members.whispers(0).say([b"also true".to_vec()]);
        members.reach(&[0, 1, 2], 12).await;
        assert!(members.whispers(0).heard().is_empty());
        assert_eq!(members.whispers(1).heard(), [Bytes::from_static(b"also true")]);
    });
}
