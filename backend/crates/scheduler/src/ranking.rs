//! Hosts in the order of their scores, in blocks that know the most room any of their hosts has.
//!
//! A search walks from the best host on and passes over whole blocks without room, so a cluster filled
//! host by host is searched as quickly as an empty one. A change moves one entry within or between
//! blocks. At 10,000 hosts there are some 200 blocks, few enough to be looked at one after the other.

use std::cmp::Reverse;
use std::ops::RangeInclusive;

use zun_domain::unit::Amounts;

use crate::score::Score;

/// A block is split when it has more entries than this.
const FULL: usize = 96;

/// Where a host stands: by score, then on the ring of ties.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Rank {
    pub(crate) score: Reverse<Score>,
    pub(crate) ring: u64,
    pub(crate) slot: usize,
}

impl Rank {
    /// Every rank there can be.
    pub(crate) fn all() -> RangeInclusive<Self> {
        let rank = |score, ring, slot| Self {
            score: Reverse(Score(score)),
            ring,
            slot,
        };
        rank(i64::MAX, 0, 0)..=rank(i64::MIN, u64::MAX, usize::MAX)
    }

    /// The ranks of the same score from a point of the ring to its end.
    pub(crate) fn tied_from(self, ring: u64) -> RangeInclusive<Self> {
        let rank = |ring, slot| Self { ring, slot, ..self };
        rank(ring, 0)..=rank(u64::MAX, usize::MAX)
    }
}

/// A host in its place, with the most that one request can get of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Entry {
    pub(crate) rank: Rank,
    pub(crate) room: Amounts,
}

/// There is enough room in each part.
pub(crate) fn covers(room: Amounts, need: Amounts) -> bool {
    room.cpu >= need.cpu && room.memory >= need.memory && room.disk >= need.disk
}

/// Entries next to each other in the order; never empty.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Block {
    entries: Vec<Entry>,
    last: Rank,
    /// At least the room of every entry in each part.
    room: Amounts,
}

impl Block {
    fn new(entries: Vec<Entry>, last: Rank) -> Self {
        let room = entries
            .iter()
            .fold(Amounts::default(), |room, entry| room.max(entry.room));
        Self {
            entries,
            last,
            room,
        }
    }
}

/// Entries in order.
#[derive(Debug, Clone, Default)]
pub(crate) struct Ranking {
    blocks: Vec<Block>,
}

impl Ranking {
    /// The block in which a rank is, or would be.
    fn block_of(&self, rank: &Rank) -> usize {
        self.blocks.partition_point(|block| block.last < *rank)
    }

    /// Adds an entry whose rank is not in it yet.
    pub(crate) fn insert(&mut self, entry: Entry) {
        let at = self.block_of(&entry.rank);
        let at = at.min(self.blocks.len().saturating_sub(1));
        let Some(block) = self.blocks.get_mut(at) else {
            self.blocks.push(Block::new(vec![entry], entry.rank));
            return;
        };
        let place = block.entries.partition_point(|e| e.rank < entry.rank);
        block.entries.insert(place, entry);
        block.last = block.last.max(entry.rank);
        block.room = block.room.max(entry.room);
        if block.entries.len() > FULL {
            let upper = block.entries.split_off(FULL / 2);
            let upper = Block::new(upper, block.last);
            let lower = std::mem::take(&mut block.entries);
            if let Some(last) = lower.last().map(|entry| entry.rank) {
                *block = Block::new(lower, last);
            }
            self.blocks.insert(at + 1, upper);
        }
    }

    /// Takes an entry away. Nothing happens where it is not in it.
    pub(crate) fn remove(&mut self, rank: &Rank) {
        let at = self.block_of(rank);
        let Some(block) = self.blocks.get_mut(at) else {
            return;
        };
        if let Ok(place) = block.entries.binary_search_by_key(rank, |entry| entry.rank) {
            block.entries.remove(place);
            self.settle(at);
        }
    }

    /// Brings a block that lost an entry in order: drops it, or joins it with the next where both are small.
    fn settle(&mut self, at: usize) {
        let next = self
            .blocks
            .get(at + 1)
            .map_or(FULL, |next| next.entries.len());
        let mut entries = std::mem::take(&mut self.blocks[at].entries);
        if entries.len() + next <= FULL / 2 {
            entries.append(&mut self.blocks.remove(at + 1).entries);
        }
        match entries.last().map(|entry| entry.rank) {
            Some(last) => self.blocks[at] = Block::new(entries, last),
            None => {
                self.blocks.remove(at);
            }
        }
    }

    /// The first entry within a range that has the room needed and that `fits` accepts.
    pub(crate) fn first(
        &self,
        range: &RangeInclusive<Rank>,
        need: Amounts,
        fits: impl Fn(usize) -> bool,
    ) -> Option<Rank> {
        let blocks = self.blocks.get(self.block_of(range.start())..)?;
        for block in blocks {
            if covers(block.room, need) {
                let found = block.entries.iter().find(|entry| {
                    covers(entry.room, need) && range.contains(&entry.rank) && fits(entry.rank.slot)
                });
                if let Some(entry) = found {
                    return Some(entry.rank);
                }
            }
            if block.last > *range.end() {
                return None;
            }
        }
        None
    }

    /// Nothing is in it.
    pub(crate) fn is_empty(&self) -> bool {
        self.blocks.is_empty()
    }
}

#[cfg(test)]
impl Ranking {
    /// Every entry in order; checks on the way that blocks know their own content.
    pub(crate) fn entries(&self) -> Vec<Entry> {
        for block in &self.blocks {
            let last = block.entries.last().expect("a block is never empty").rank;
            assert_eq!(*block, Block::new(block.entries.clone(), last));
            assert!(block.entries.len() <= FULL);
        }
        let entries = self.blocks.iter().flat_map(|block| block.entries.clone());
        entries.collect()
    }

    /// How many blocks there are.
    pub(crate) fn blocks(&self) -> usize {
        self.blocks.len()
    }
}
