//! Which blocks may hold a log: for each address and each topic at its position, the heights of the blocks where it occurs.
//! A query wants one of several addresses and, at each position, one of several topics: the heights that lie in every
//! such union are found by leapfrog. Whichever list is behind jumps to where the furthest one is, so the work follows
//! the rarest list and not the length of the range. A height found is a candidate: its block has all the words, perhaps
//! in different logs. Called by `store`, for `chain`'s log queries.

use alloy_primitives::{Address, B256};

use crate::{
    error::Result,
    flat::{Entries, View, unreadable},
    keys::{at_height, height_of, posting_prefix},
};

#[cfg(test)]
mod tests;

/// Kind of a posting of an address.
pub(crate) const ADDRESS_KIND: u8 = 0;
/// Entries read one after the other before a list jumps.
const STEPS_BEFORE_JUMP: usize = 4;

/// Kind of a posting of a topic at `position`, 0 to 3.
pub(crate) fn topic_kind(position: u8) -> u8 {
    position.saturating_add(1)
}

/// The heights, in rising order, of blocks that may hold what a query wants.
pub struct Candidates {
    groups: Vec<Union>,
    next: u64,
    last: u64,
    done: bool,
}

impl Candidates {
    /// Within `from ..= to`. No address, or no topic at a position, means any.
    pub(crate) fn new(view: &View, from: u64, to: u64, addresses: &[Address], topics: &[Vec<B256>; 4]) -> Self {
        let addresses = addresses.iter().map(|address| posting_prefix(ADDRESS_KIND, address.as_slice())).collect();
        let at_position = |(kind, topics): (u8, &Vec<B256>)| {
            topics.iter().map(|topic| posting_prefix(kind, topic.as_slice())).collect::<Vec<_>>()
        };
        let topics = (0..).map(topic_kind).zip(topics).map(at_position);
        let groups = std::iter::once(addresses).chain(topics).filter(|group: &Vec<_>| !group.is_empty());
        let groups = groups.map(|group| Union::new(view, group, to)).collect();
        Self { groups, next: from, last: to, done: from > to }
    }

    /// The first height from `next` on that is in every group.
    fn find(&mut self) -> Result<Option<u64>> {
        let (mut height, groups) = (self.next, self.groups.len());
        let mut agreed = 0;
        while agreed < groups {
            for group in &mut self.groups {
                let Some(found) = group.seek(height)? else { return Ok(None) };
                agreed = if found == height { agreed + 1 } else { 1 };
                height = found;
                if agreed == groups {
                    break;
                }
            }
        }
        Ok((height <= self.last).then_some(height))
    }
}

impl Iterator for Candidates {
    type Item = Result<u64>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.done {
            return None;
        }
        let found = self.find();
        self.done = match &found {
            Ok(Some(height)) if *height < self.last => {
                self.next = height + 1;
                false
            }
            _ => true,
        };
        found.transpose()
    }
}

/// The union of the lists of several words.
struct Union(Vec<Postings>);

impl Union {
    fn new(view: &View, prefixes: Vec<[u8; 12]>, last: u64) -> Self {
        Self(prefixes.into_iter().map(|prefix| Postings::new(view.clone(), prefix, last)).collect())
    }

    /// The first height at or after `height`.
    fn seek(&mut self, height: u64) -> Result<Option<u64>> {
        let mut first = None;
        for list in &mut self.0 {
            let found = list.seek(height)?;
            first = [first, found].into_iter().flatten().min();
        }
        Ok(first)
    }
}

/// The heights of one word, read as far as needed.
struct Postings {
    view: View,
    prefix: [u8; 12],
    last: u64,
    entries: Option<Entries>,
    at: Position,
    /// Entries read so far: what a query costs.
    steps: u64,
}

/// How far a list has been read.
#[derive(Clone, Copy)]
enum Position {
    Unread,
    At(u64),
    End,
}

impl Postings {
    fn new(view: View, prefix: [u8; 12], last: u64) -> Self {
        Self { view, prefix, last, entries: None, at: Position::Unread, steps: 0 }
    }

    /// The first height at or after `height`; what is asked for never falls, so neither does the position.
    fn seek(&mut self, height: u64) -> Result<Option<u64>> {
        for _ in 0..STEPS_BEFORE_JUMP {
            if matches!(self.at, Position::At(at) if at < height) {
                self.step()?;
            }
        }
        match self.at {
            Position::At(at) if at >= height => Ok(Some(at)),
            Position::End => Ok(None),
            _ => self.jump(height),
        }
    }

    fn jump(&mut self, height: u64) -> Result<Option<u64>> {
        self.at = Position::End;
        if height <= self.last {
            let (from, to) = (at_height(&self.prefix, height), at_height(&self.prefix, self.last));
            self.entries = Some(self.view.range(&self.view.spaces.logs, &from, &to));
            self.step()?;
        }
        Ok(if let Position::At(at) = self.at { Some(at) } else { None })
    }

    fn step(&mut self) -> Result<()> {
        self.steps += 1;
        let entry = self.entries.as_mut().and_then(Iterator::next).transpose()?;
        self.at = match entry {
            None => Position::End,
            Some((key, _)) => Position::At(height_of(&key).ok_or_else(|| unreadable("logs"))?),
        };
        Ok(())
    }
}
