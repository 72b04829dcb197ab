//! Certificates to judge: sound ones, sound ones with a change, and ones made by hand around the corners of ed25519 (ZIP-215: points
//! that are not canonical and of small order count, scalars that are not canonical do not).

use primitives::{B256, Committee};

use crate::commonware::{self, Place};

/// What both verifiers are asked.
pub struct Case {
    pub kind: &'static str,
    pub genesis: B256,
    /// Keys of the committee, rising.
    pub members: Vec<[u8; 32]>,
    pub epoch: u64,
    pub block: B256,
    pub bytes: Vec<u8>,
}

/// xorshift64*: good enough to choose cases, and the same everywhere.
pub struct Random(u64);

impl Random {
    pub const fn new(seed: u64) -> Self {
        Self(seed)
    }

    fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d)
    }

    fn below(&mut self, bound: usize) -> usize {
        (self.next() % bound as u64) as usize
    }

    fn byte(&mut self) -> u8 {
        self.next().to_le_bytes()[3]
    }

    /// Small numbers, numbers around the lengths of a varint, and any.
    fn number(&mut self) -> u64 {
        match self.below(4) {
            0 => self.next() % 4,
            1 => (1 << (7 * (1 + self.below(9)))) - 1 + self.next() % 2,
            2 => self.next() % 100_000,
            _ => self.next(),
        }
    }

    fn hash(&mut self) -> B256 {
        let mut bytes = [0; 32];
        bytes.fill_with(|| self.byte());
        B256::new(bytes)
    }

    /// `count` of the items, in their order.
    fn some<T: Copy>(&mut self, items: &[T], count: usize) -> Vec<T> {
        let mut left: Vec<usize> = (0..items.len()).collect();
        while left.len() > count {
            left.remove(self.below(left.len()));
        }
        left.into_iter().map(|index| items[index]).collect()
    }
}

impl Case {
    pub fn make(random: &mut Random) -> Self {
        match random.below(10) {
            0..3 => Self::sound(random),
            3..7 => Self::changed(random),
            7 => Self::by_hand(random),
            _ => Self::corner(random),
        }
    }

    pub fn committee(&self) -> Committee {
        Committee::new(self.members.iter().map(|key| B256::new(*key)).collect())
    }

    /// By commonware, with a quorum or more.
    fn sound(random: &mut Random) -> Self {
        let (place, seeds) = (place(random), seeds(random));
        let quorum = seeds.len() - (seeds.len() - 1) / 3;
        let count = quorum + random.below(seeds.len() - quorum + 1);
        let signers = random.some(&seeds, count);
        let bytes = commonware::certificate(&place, &seeds, &signers);
        Self { kind: "made by commonware", members: keys(&seeds), bytes, ..Self::asked(&place) }
    }

    fn asked(place: &Place) -> Self {
        let Place { genesis, epoch, block, .. } = *place;
        Self { kind: "", genesis, members: Vec::new(), epoch, block, bytes: Vec::new() }
    }

    /// A sound one after a change of its bytes or of the question.
    fn changed(random: &mut Random) -> Self {
        let mut case = Self::sound(random);
        let length = case.bytes.len();
        let place = random.below(length);
        case.kind = match random.below(12) {
            0..3 => {
                case.bytes[place] ^= 1 << random.below(8);
                "a bit flipped"
            }
            3 => {
                case.bytes[place] = random.byte();
                "a byte replaced"
            }
            4 => {
                case.bytes.truncate(place);
                "cut off"
            }
            5 => {
                case.bytes.insert(place, [0, 0x80, random.byte()][random.below(3)]);
                "a byte inserted"
            }
            6 => {
                case.bytes.remove(place);
                "a byte removed"
            }
            7 => {
                let other = random.below(length);
                case.bytes.swap(place, other);
                "two bytes swapped"
            }
            8 => {
                case.genesis = random.hash();
                "of another chain"
            }
            9 => {
                case.epoch = case.epoch.wrapping_add(1);
                "of another epoch"
            }
            10 => {
                let member = random.below(case.members.len());
                case.members[member] = commonware::public_key(200 + random.byte() % 50);
                case.members.sort_unstable();
                case.members.dedup();
                "of another committee"
            }
            _ => {
                case.bytes.extend((0..=random.below(70)).map(|_| random.byte()));
                "extended"
            }
        };
        case
    }

    /// Any signers, so also too few; bits and counts that may not fit; signatures in any order.
    fn by_hand(random: &mut Random) -> Self {
        let (place, seeds) = (place(random), seeds(random));
        let members = keys(&seeds);
        let count = 1 + random.below(seeds.len());
        let indexes: Vec<usize> = (0..members.len()).collect();
        let mut signers = random.some(&indexes, count);
        let proposal = proposal(&place);
        let mut marked = signers.clone();
        if random.below(4) == 0 {
            marked.push(random.below(members.len() + 9));
            marked.sort_unstable();
            marked.dedup();
        }
        if random.below(4) == 0 {
            let other = random.below(signers.len());
            signers.swap(0, other);
        }
        let seed_of = |index: &usize| seeds.iter().find(|seed| commonware::public_key(**seed) == members[*index]);
        let signatures: Vec<[u8; 64]> = signers
            .iter()
            .map(|index| commonware::sign(*seed_of(index).expect("a member"), place.genesis, &proposal))
            .collect();
        let bytes = encoded(&proposal, members.len(), &marked, &signatures);
        Self { kind: "made by hand", members, bytes, ..Self::asked(&place) }
    }

    /// Keys, points and scalars at the corners of the curve.
    fn corner(random: &mut Random) -> Self {
        let place = place(random);
        let strange = 1 + random.below(4);
        let mut members: Vec<[u8; 32]> = random.some(&SMALL_ORDER, strange);
        let honest = 1 + random.below(3);
        let seeds: Vec<u8> = (1..=u8::try_from(honest).expect("at most three")).collect();
        members.extend(keys(&seeds));
        members.sort_unstable();
        let proposal = proposal(&place);
        let signatures: Vec<[u8; 64]> = members
            .iter()
            .map(|member| {
                let seed = seeds.iter().find(|seed| commonware::public_key(**seed) == *member);
                let mut signature = seed.map_or_else(
                    || [SMALL_ORDER[random.below(SMALL_ORDER.len())], [0; 32]].concat().try_into().expect("64 bytes"),
                    |seed| commonware::sign(*seed, place.genesis, &proposal),
                );
                if random.below(12) == 0 {
                    add_order(&mut signature);
                }
                signature
            })
            .collect();
        let marked: Vec<usize> = (0..members.len()).collect();
        let bytes = encoded(&proposal, members.len(), &marked, &signatures);
        Self { kind: "corners of ed25519", members, bytes, ..Self::asked(&place) }
    }
}

fn place(random: &mut Random) -> Place {
    let [epoch, view, parent] = [(); 3].map(|()| random.number());
    Place { genesis: random.hash(), epoch, view, parent, block: random.hash() }
}

fn seeds(random: &mut Random) -> Vec<u8> {
    let count = 1 + random.below(20);
    random.some(&(1..=60).collect::<Vec<u8>>(), count)
}

fn keys(seeds: &[u8]) -> Vec<[u8; 32]> {
    let mut keys: Vec<_> = seeds.iter().map(|seed| commonware::public_key(*seed)).collect();
    keys.sort_unstable();
    keys
}

fn proposal(place: &Place) -> Vec<u8> {
    let mut bytes = Vec::new();
    for number in [place.epoch, place.view, place.parent] {
        varint(&mut bytes, number);
    }
    bytes.extend_from_slice(place.block.as_slice());
    bytes
}

fn encoded(proposal: &[u8], members: usize, marked: &[usize], signatures: &[[u8; 64]]) -> Vec<u8> {
    let mut bitmap = vec![0_u8; members.div_ceil(8)];
    for index in marked {
        if let Some(byte) = bitmap.get_mut(index / 8) {
            *byte |= 1 << (index % 8);
        }
    }
    let mut bytes = [proposal, &(members as u64).to_be_bytes(), &bitmap].concat();
    varint(&mut bytes, signatures.len() as u64);
    bytes.extend(signatures.iter().flatten());
    bytes
}

fn varint(out: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        out.push(value.to_le_bytes()[0] | 0x80);
        value >>= 7;
    }
    out.push(value.to_le_bytes()[0]);
}

/// The same scalar with the group's order added: no canonical encoding any more.
fn add_order(signature: &mut [u8; 64]) {
    let mut carry = 0_u16;
    for (byte, order) in signature[32..].iter_mut().zip(ORDER) {
        let sum = u16::from(*byte) + u16::from(order) + carry;
        *byte = sum.to_le_bytes()[0];
        carry = sum >> 8;
    }
}

/// 2^252 + 27742317777372353535851937790883648493, lowest byte first (RFC 8032 section 5.1).
const ORDER: [u8; 32] = [
    0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6, 0x9c, 0xf7, 0xa2, 0xde, 0xf9, 0xde, 0x14, 0, 0, 0, 0, 0, 0,
    0, 0, 0, 0, 0, 0, 0, 0, 0, 0x10,
];

/// Points whose order divides eight: y = 1 and y = -1 and y = 0, each in every encoding that is read, the sign bit of x = 0 included.
const SMALL_ORDER: [[u8; 32]; 8] = [
    point(0x01, 0x00, 0x00),
    point(0x01, 0x00, 0x80),
    // p + 1, which is 1.
    point(0xee, 0xff, 0x7f),
    point(0xee, 0xff, 0xff),
    // p - 1, which is -1.
    point(0xec, 0xff, 0x7f),
    point(0xec, 0xff, 0xff),
    // 0, whose x is a square root of -1.
    point(0x00, 0x00, 0x00),
    // p, which is 0.
    point(0xed, 0xff, 0x7f),
];

const fn point(first: u8, middle: u8, last: u8) -> [u8; 32] {
    let mut bytes = [middle; 32];
    bytes[0] = first;
    bytes[31] = last;
    bytes
}
