//! The message type: version, class, function and origin in four digits. Called by the codec and the typed messages.
//!
//! Source: ISO 8583:1987, message types. Version 0 is that of 1987, the only one here.

use std::fmt;

/// A message type of 1987: `0100`, `0421`.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Mti([u8; 4]);

impl Mti {
    /// Reads four digits; `None` where they are no message type of 1987.
    pub const fn parse(digits: [u8; 4]) -> Option<Self> {
        match digits {
            [b'0', b'1'..=b'8', b'0'..=b'4', b'0'..=b'5'] => Some(Self(digits)),
            _ => None,
        }
    }

    /// Takes what is known to be one.
    pub(super) const fn known(digits: [u8; 4]) -> Self {
        Self(digits)
    }

    /// The four digits.
    pub const fn digits(&self) -> &[u8; 4] {
        &self.0
    }

    /// The type that answers this one: 0110 for 0100 and for its repeat 0101, 0430 for 0420. `None` for what is itself an answer and
    /// for notifications, which have none.
    pub const fn answer(self) -> Option<Self> {
        let [version, class, function, origin] = self.0;
        match function {
            b'0' => Some(Self([version, class, b'1', origin & FIRST])),
            b'2' => Some(Self([version, class, b'3', origin & FIRST])),
            _ => None,
        }
    }

    /// Whether it answers a request or an advice.
    pub const fn is_answer(self) -> bool {
        matches!(self.0[2], b'1' | b'3')
    }

    /// Whether it answers an advice: something that was done already.
    pub const fn is_advice_answer(self) -> bool {
        self.0[2] == b'3'
    }

    /// Whether it is sent again: the last digit is odd.
    pub const fn is_repeat(self) -> bool {
        self.0[3] & REPEAT != 0
    }

    /// The same type as sent for the first time.
    pub const fn first(self) -> Self {
        let [version, class, function, origin] = self.0;
        Self([version, class, function, origin & FIRST])
    }

    /// The same type as sent again.
    pub const fn repeated(self) -> Self {
        let [version, class, function, origin] = self.0;
        Self([version, class, function, origin | REPEAT])
    }
}

impl fmt::Display for Mti {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|digit| write!(f, "{}", char::from(*digit)))
    }
}

impl fmt::Debug for Mti {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Mti({self})")
    }
}

/// Origins come in pairs: an even digit, and the odd one after it for a repeat.
const REPEAT: u8 = 1;
const FIRST: u8 = !REPEAT;
