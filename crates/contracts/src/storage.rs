//! Typed places in a contract's storage. A place knows only its slot; it reads and writes through [`Env`].
//! Solidity's layout without packing: one slot for each field, mappings at keccak(key . slot), lists at keccak(slot) + index
//! (Solidity documentation, "Layout of State Variables in Storage").

use std::marker::PhantomData;

use alloy_primitives::{Address, B256, U256, keccak256};

use crate::{env::Env, host::Res};

/// Something with a fixed number of slots in a row.
pub trait Place: Copy {
    /// Slots that it takes.
    const SLOTS: u64;
    /// The one that begins at `slot`.
    fn at(slot: U256) -> Self;
}

/// A value of one slot.
pub trait Word: Copy {
    /// As the EVM holds it.
    fn to_word(self) -> U256;
    /// Of a word that a contract wrote. Bits beyond the type are ignored, as Solidity does.
    fn from_word(word: U256) -> Self;
}

/// One slot.
pub struct Cell<T> {
    slot: U256,
    value: PhantomData<T>,
}

/// Solidity's `mapping`.
pub struct Map<K, V> {
    slot: U256,
    entries: PhantomData<(K, V)>,
}

/// Solidity's dynamic array: its length in the slot, its items at keccak(slot).
pub struct List<V> {
    slot: U256,
    items: PhantomData<V>,
}

/// Solidity's `bytes` and `string`: up to 31 bytes in the slot itself, longer ones at keccak(slot).
#[derive(Clone, Copy, Debug)]
pub struct Blob {
    slot: U256,
}

impl<T: Word> Cell<T> {
    /// Reads.
    pub fn get(self, env: &mut Env<'_>) -> Res<T> {
        Ok(T::from_word(env.sload(self.slot)?))
    }

    /// Writes.
    pub fn set(self, env: &mut Env<'_>, value: T) -> Res<()> {
        env.sstore(self.slot, value.to_word())
    }

    /// Where it is.
    pub const fn slot(self) -> U256 {
        self.slot
    }
}

impl<K: Word, V: Place> Map<K, V> {
    /// The entry of a key; the hash is paid for.
    pub fn of(self, env: &mut Env<'_>, key: K) -> Res<V> {
        Ok(V::at(env.keccak256(&entry_preimage(key, self.slot))?.into()))
    }

    /// The same, free: for readers outside the ledger.
    pub fn find(self, key: K) -> V {
        V::at(keccak256(entry_preimage(key, self.slot)).into())
    }
}

impl<V: Place> List<V> {
    /// How many items.
    pub fn len(self, env: &mut Env<'_>) -> Res<u64> {
        Cell::<u64>::at(self.slot).get(env)
    }

    /// Whether there is none.
    pub fn is_empty(self, env: &mut Env<'_>) -> Res<bool> {
        Ok(self.len(env)? == 0)
    }

    /// The item at `index`, if the list is as long as that.
    pub fn item(self, env: &mut Env<'_>, index: u64) -> Res<Option<V>> {
        if index >= self.len(env)? {
            return Ok(None);
        }
        self.place(env, index).map(Some)
    }

    /// Makes the list longer by one, and says where the new item is.
    pub fn push(self, env: &mut Env<'_>) -> Res<V> {
        let length = self.len(env)?;
        // 2^64 items cannot be paid for.
        Cell::at(self.slot).set(env, length.wrapping_add(1))?;
        self.place(env, length)
    }

    /// Makes the list shorter by one, and says where the item that left it is; whoever takes it away clears its slots.
    pub fn pop(self, env: &mut Env<'_>) -> Res<Option<V>> {
        let Some(last) = self.len(env)?.checked_sub(1) else { return Ok(None) };
        Cell::at(self.slot).set(env, last)?;
        self.place(env, last).map(Some)
    }

    fn place(self, env: &mut Env<'_>, index: u64) -> Res<V> {
        let first: U256 = env.keccak256(&self.slot.to_be_bytes::<32>())?.into();
        // 2^128 at most, which does not leave the space behind a hash but wraps like the EVM where it does.
        Ok(V::at(first.wrapping_add(U256::from(index) * U256::from(V::SLOTS))))
    }
}

impl Place for Blob {
    const SLOTS: u64 = 1;

    fn at(slot: U256) -> Self {
        Self { slot }
    }
}

impl Blob {
    /// Reads.
    pub fn get(self, env: &mut Env<'_>) -> Res<Vec<u8>> {
        let head = env.sload(self.slot)?;
        let length = blob_length(head);
        if length < 32 {
            return Ok(head.to_be_bytes::<32>()[..length].to_vec());
        }
        let first = self.first(env)?;
        let mut bytes = Vec::with_capacity(length.div_ceil(32).saturating_mul(32));
        for index in 0..length.div_ceil(32) {
            bytes.extend(env.sload(first.wrapping_add(U256::from(index)))?.to_be_bytes::<32>());
        }
        bytes.truncate(length);
        Ok(bytes)
    }

    /// Writes, and clears what was longer before.
    pub fn set(self, env: &mut Env<'_>, bytes: &[u8]) -> Res<()> {
        let before = blob_words(blob_length(env.sload(self.slot)?));
        env.sstore(self.slot, blob_head(bytes))?;
        let words = blob_words(bytes.len());
        if words == 0 && before == 0 {
            return Ok(());
        }
        let first = self.first(env)?;
        for index in 0..words.max(before) {
            let rest = bytes.get(index.saturating_mul(32)..).filter(|_| index < words).unwrap_or_default();
            env.sstore(first.wrapping_add(U256::from(index)), left_aligned(&rest[..rest.len().min(32)]))?;
        }
        Ok(())
    }

    fn first(self, env: &mut Env<'_>) -> Res<U256> {
        Ok(env.keccak256(&self.slot.to_be_bytes::<32>())?.into())
    }
}

/// Slots behind the first one.
const fn blob_words(length: usize) -> usize {
    if length < 32 { 0 } else { length.div_ceil(32) }
}

/// Odd = twice the length, plus one; even = twice the length in the last byte, the bytes before it.
fn blob_length(head: U256) -> usize {
    if head.bit(0) { (head >> 1_usize).saturating_to() } else { usize::from(head.byte(0) >> 1).min(31) }
}

fn blob_head(bytes: &[u8]) -> U256 {
    let length = U256::from(bytes.len());
    if bytes.len() < 32 { left_aligned(bytes) | (length << 1_usize) } else { (length << 1_usize) | U256::ONE }
}

fn left_aligned(bytes: &[u8]) -> U256 {
    let mut word = [0; 32];
    word[..bytes.len()].copy_from_slice(bytes);
    U256::from_be_bytes(word)
}

fn entry_preimage<K: Word>(key: K, slot: U256) -> [u8; 64] {
    let mut preimage = [0; 64];
    preimage[..32].copy_from_slice(&key.to_word().to_be_bytes::<32>());
    preimage[32..].copy_from_slice(&slot.to_be_bytes::<32>());
    preimage
}

/// Declares the storage of a contract, or of a struct within one: fields take their slots in order.
/// `NAME::FIELDS` lists (name, type) for the layout's snapshot.
#[macro_export]
macro_rules! layout {
    ($(#[$doc:meta])* $visibility:vis struct $name:ident { $($(#[$field_doc:meta])* $field:ident: $place:ty,)* }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug)]
        $visibility struct $name { $($(#[$field_doc])* $visibility $field: $place,)* }

        impl $name {
            /// Fields and their types, in order of their slots.
            #[allow(dead_code, reason = "only the outermost layout of a contract is listed")]
            $visibility const FIELDS: &'static [(&'static str, &'static str, u64)] =
                &[$((stringify!($field), stringify!($place), <$place as $crate::Place>::SLOTS),)*];
        }

        impl $crate::Place for $name {
            const SLOTS: u64 = 0 $(+ <$place as $crate::Place>::SLOTS)*;

            #[allow(unused_assignments, reason = "the last field has no field after it")]
            fn at(slot: alloy_primitives::U256) -> Self {
                let mut next = slot;
                $(
                    let $field = <$place as $crate::Place>::at(next);
                    next = next.wrapping_add(alloy_primitives::U256::from(<$place as $crate::Place>::SLOTS));
                )*
                Self { $($field,)* }
            }
        }
    };
}

macro_rules! one_slot {
    ($place:ident<$($parameter:ident),*>, $content:ident) => {
        impl<$($parameter),*> Clone for $place<$($parameter),*> {
            fn clone(&self) -> Self {
                *self
            }
        }

        impl<$($parameter),*> Copy for $place<$($parameter),*> {}

        impl<$($parameter),*> std::fmt::Debug for $place<$($parameter),*> {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.debug_tuple(stringify!($place)).field(&self.slot).finish()
            }
        }

        impl<$($parameter),*> Place for $place<$($parameter),*> {
            const SLOTS: u64 = 1;

            fn at(slot: U256) -> Self {
                Self { slot, $content: PhantomData }
            }
        }
    };
}

one_slot!(Cell<T>, value);
one_slot!(Map<K, V>, entries);
one_slot!(List<V>, items);

macro_rules! whole_numbers {
    ($($number:ty),*) => {
        $(impl Word for $number {
            fn to_word(self) -> U256 {
                U256::from(self)
            }

            fn from_word(word: U256) -> Self {
                word.wrapping_to()
            }
        })*
    };
}

whole_numbers!(u8, u16, u32, u64, u128);

impl Word for U256 {
    fn to_word(self) -> U256 {
        self
    }

    fn from_word(word: U256) -> Self {
        word
    }
}

impl Word for bool {
    fn to_word(self) -> U256 {
        U256::from(self)
    }

    fn from_word(word: U256) -> Self {
        word.byte(0) != 0
    }
}

impl Word for Address {
    fn to_word(self) -> U256 {
        self.into_word().into()
    }

    fn from_word(word: U256) -> Self {
        Self::from_word(word.into())
    }
}

impl Word for B256 {
    fn to_word(self) -> U256 {
        self.into()
    }

    fn from_word(word: U256) -> Self {
        word.into()
    }
}
