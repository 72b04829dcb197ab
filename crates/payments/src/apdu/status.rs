//! Status words: two bytes that say how a command went.
//!
//! Rules: ISO/IEC 7816-4 tables 5 and 6, EMV Book 3 6.3.5.

use std::fmt;

/// SW1 and SW2 as one number.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Status(pub u16);

impl Status {
    /// How many bytes wait to be fetched (T=0); 0 stands for 256.
    pub const fn more(count: u8) -> Self {
        Self(0x6100 | count as u16)
    }

    /// The length that should have been expected; 0 stands for 256.
    pub const fn wrong_expected(count: u8) -> Self {
        Self(0x6c00 | count as u16)
    }

    /// SW1.
    pub const fn sw1(self) -> u8 {
        self.0.to_be_bytes()[0]
    }

    /// SW2.
    pub const fn sw2(self) -> u8 {
        self.0.to_be_bytes()[1]
    }

    /// Whether all went well.
    pub const fn is_ok(self) -> bool {
        self.0 == Self::OK.0
    }

    /// Whether the command was carried out, with or without a warning.
    pub const fn is_done(self) -> bool {
        matches!(self.sw1(), 0x90 | 0x61 | 0x62 | 0x63)
    }

    fn meaning(self) -> &'static str {
        let exact = MEANINGS.iter().find(|(status, _)| *status == self).map(|(_, meaning)| *meaning);
        exact.unwrap_or(match self.sw1() {
            0x61 => "more data waits",
            0x62 | 0x63 => "warning",
            0x64..=0x66 => "execution error",
            0x6c => "wrong expected length",
            _ => "unknown status",
        })
    }
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04X} {}", self.0, self.meaning())
    }
}

impl fmt::Debug for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Status({self})")
    }
}

macro_rules! statuses {
    ($($name:ident $number:literal $meaning:literal)*) => {
        impl Status {
            $(#[doc = $meaning] pub const $name: Self = Self($number);)*
        }

        const MEANINGS: &[(Status, &str)] = &[$((Status::$name, $meaning)),*];
    };
}

statuses! {
    OK 0x9000 "success"
    INVALIDATED 0x6283 "selected file is invalidated"
    AUTHENTICATION_FAILED 0x6300 "authentication failed"
    MEMORY_FAILURE 0x6581 "memory failure"
    WRONG_LENGTH 0x6700 "wrong length"
    SECURITY_NOT_SATISFIED 0x6982 "security status not satisfied"
    METHOD_BLOCKED 0x6983 "authentication method blocked"
    DATA_INVALIDATED 0x6984 "referenced data invalidated"
    CONDITIONS_NOT_SATISFIED 0x6985 "conditions of use not satisfied"
    COMMAND_NOT_ALLOWED 0x6986 "command not allowed"
    WRONG_DATA 0x6A80 "wrong data"
    NOT_SUPPORTED 0x6A81 "function not supported"
    FILE_NOT_FOUND 0x6A82 "file not found"
    RECORD_NOT_FOUND 0x6A83 "record not found"
    WRONG_PARAMETERS 0x6A86 "wrong parameters P1 P2"
    DATA_NOT_FOUND 0x6A88 "referenced data not found"
    WRONG_P1_P2 0x6B00 "wrong parameters"
    UNKNOWN_INSTRUCTION 0x6D00 "instruction not supported"
    UNKNOWN_CLASS 0x6E00 "class not supported"
    FAULT 0x6F00 "no precise diagnosis"
}
