//! Bytes as a script of calls, for a fuzzer: each call goes to a function that there is, with arguments that are mostly sound,
//! by somebody who mostly plays a part; then bytes of it may be damaged. New rooms are called as soon as they are in the registry.
//!
//! ```text
//! call      = door, function, caller, flags, [seconds], [value], arguments, [damage]
//! argument  = a byte that chooses among known words, or names how many bytes follow
//! ```

use alloy_json_abi::Param;
use alloy_primitives::{Address, B256, U256};

use super::check::Stage;

/// What is left of the bytes. A script that has ended reads as zeros.
#[derive(Debug)]
pub struct Script<'a>(&'a [u8]);

/// One call.
#[derive(Clone, Debug)]
pub struct Scripted {
    /// The contract.
    pub target: Address,
    /// Who calls.
    pub caller: Address,
    /// Wei that come with it.
    pub value: U256,
    /// Within a STATICCALL.
    pub is_static: bool,
    /// Time that passes before.
    pub seconds: u64,
    /// Selector and arguments.
    pub data: Vec<u8>,
}

/// A list has fewer items.
const MOST_ITEMS: usize = 4;

impl<'a> Script<'a> {
    /// A whole script.
    pub const fn new(bytes: &'a [u8]) -> Self {
        Self(bytes)
    }

    /// The next call, as long as there are bytes.
    pub fn next(&mut self, stage: &Stage) -> Option<Scripted> {
        if self.0.is_empty() {
            return None;
        }
        let door = self.index(stage.doors.len());
        let target = stage.doors.get(door)?.1;
        let functions = stage.functions.get(door)?;
        let function = functions.get(self.index(functions.len()))?;
        let caller = self.choose(&stage.people)?;
        let flags = self.byte();
        let seconds = if flags & 1 == 0 { 0 } else { u64::from(self.byte()) };
        let value = if flags & 2 == 0 || flags & 4 == 0 { U256::ZERO } else { U256::from(self.byte()) };
        let is_static = flags & 0x18 == 0x18;
        let mut data = function.selector().to_vec();
        data.extend(self.encode(&function.inputs, stage));
        if flags & 0x60 == 0x60 {
            self.damage(&mut data);
        }
        Some(Scripted { target, caller, value, is_static, seconds, data })
    }

    /// The canonical encoding: heads, then tails.
    fn encode(&mut self, params: &[Param], stage: &Stage) -> Vec<u8> {
        let parts: Vec<_> = params.iter().map(|param| (is_dynamic(param), self.value(param, stage))).collect();
        join(parts)
    }

    fn value(&mut self, param: &Param, stage: &Stage) -> Vec<u8> {
        if let Some(item) = param.ty.strip_suffix("[]") {
            let item = Param { ty: item.into(), ..param.clone() };
            let length = self.index(MOST_ITEMS);
            let items = (0..length).map(|_| (is_dynamic(&item), self.value(&item, stage))).collect();
            return [word(length).to_vec(), join(items)].concat();
        }
        match param.ty.as_str() {
            "tuple" => self.encode(&param.components, stage),
            "string" => bytes(self.text(stage).as_bytes()),
            "bytes" => match self.byte() {
                byte @ 0..0xf0 => bytes(&self.take(usize::from(byte) % 70)),
                index => bytes(&choose(&stage.blobs, index - 0xf0).unwrap_or_default()),
            },
            "address" => self.choose(&stage.people).unwrap_or_default().into_word().to_vec(),
            "bool" => word(self.index(2)).to_vec(),
            narrow => self.word(narrow, stage),
        }
    }

    /// A number or fixed bytes: known, small, or anything that fits.
    fn word(&mut self, kind: &str, stage: &Stage) -> Vec<u8> {
        let number = kind.strip_prefix("uint").and_then(|bits| bits.parse::<usize>().ok());
        let chosen = match self.byte() {
            byte @ 0..0x50 => U256::from(byte % 5),
            byte @ 0x50..0x60 => U256::from(byte),
            byte @ 0x60..0xe0 => choose(&stage.words, byte).unwrap_or_default(),
            0xe0..0xf0 => U256::MAX >> self.byte(),
            0xf0.. => U256::from_be_slice(&self.take(32)),
        };
        match number {
            Some(bits) => (chosen & low_bits(bits)).to_be_bytes::<32>().to_vec(),
            None => {
                let width = kind.strip_prefix("bytes").and_then(|bytes| bytes.parse::<usize>().ok()).unwrap_or(32);
                let mut bytes = chosen.to_be_bytes::<32>();
                bytes.iter_mut().skip(width).for_each(|byte| *byte = 0);
                bytes.to_vec()
            }
        }
    }

    fn text(&mut self, stage: &Stage) -> String {
        match self.byte() {
            byte @ 0..0xf0 => choose(&stage.texts, byte).unwrap_or_default().into(),
            length => String::from_utf8_lossy(&self.take(usize::from(length - 0xf0))).into_owned(),
        }
    }

    /// Overwrites, cuts off or adds up to four times.
    fn damage(&mut self, data: &mut Vec<u8>) {
        for _ in 0..=self.index(4) {
            let place = u16::from_be_bytes([self.byte(), self.byte()]);
            let place = usize::from(place) % (data.len() + 1);
            match self.byte() {
                0..0x20 => data.truncate(place),
                0x20..0x40 => data.push(self.byte()),
                0x40..0x48 => data.extend([0; 32]),
                _ => {
                    let byte = self.byte();
                    data.iter_mut().skip(place).take(1).for_each(|old| *old = byte);
                }
            }
        }
    }

    fn choose<T: Clone>(&mut self, among: &[T]) -> Option<T> {
        choose(among, self.byte())
    }

    fn index(&mut self, length: usize) -> usize {
        usize::from(self.byte()).checked_rem(length).unwrap_or_default()
    }

    fn byte(&mut self) -> u8 {
        let Some((first, rest)) = self.0.split_first() else { return 0 };
        self.0 = rest;
        *first
    }

    fn take(&mut self, length: usize) -> Vec<u8> {
        let (taken, rest) = self.0.split_at(length.min(self.0.len()));
        self.0 = rest;
        taken.to_vec()
    }
}

fn choose<T: Clone>(among: &[T], byte: u8) -> Option<T> {
    let index = usize::from(byte).checked_rem(among.len())?;
    among.get(index).cloned()
}

/// Values one after the other; those of no fixed length behind all others, with their place in front.
fn join(parts: Vec<(bool, Vec<u8>)>) -> Vec<u8> {
    let heads: usize = parts.iter().map(|(dynamic, part)| if *dynamic { 32 } else { part.len() }).sum();
    let (mut head, mut tail) = (Vec::new(), Vec::new());
    for (dynamic, part) in parts {
        if dynamic {
            head.extend(word(heads + tail.len()));
            tail.extend(part);
        } else {
            head.extend(part);
        }
    }
    [head, tail].concat()
}

fn is_dynamic(param: &Param) -> bool {
    let of_none = param.ty.ends_with("[]") || param.ty == "string" || param.ty == "bytes";
    of_none || (param.ty == "tuple" && param.components.iter().any(is_dynamic))
}

/// A length and so many bytes, to whole words.
fn bytes(content: &[u8]) -> Vec<u8> {
    let padding = content.len().next_multiple_of(32) - content.len();
    [&word(content.len())[..], content, &vec![0; padding]].concat()
}

fn word(number: usize) -> [u8; 32] {
    B256::from(U256::from(number)).0
}

fn low_bits(bits: usize) -> U256 {
    U256::MAX >> 256_usize.saturating_sub(bits)
}
