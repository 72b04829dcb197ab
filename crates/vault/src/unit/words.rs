//! The words by which kinds and states stand in rows. They are part of the file's format: never change one.
//! Called by the other files of this folder. A kind that is not here does not compile.

use payments::issuer::records::{CardStatus, OutboxState, PaymentState};

/// A value that is kept as a word.
pub(crate) trait Word: Sized + 'static {
    /// Its word.
    fn word(&self) -> &'static str;
    /// The value of a word.
    fn from_word(word: &str) -> Option<Self>;
}

macro_rules! words {
    ($kind:ident { $($value:ident = $word:literal,)+ }) => {
        impl Word for $kind {
            fn word(&self) -> &'static str {
                match self {
                    $(Self::$value => $word,)+
                }
            }

            fn from_word(word: &str) -> Option<Self> {
                match word {
                    $($word => Some(Self::$value),)+
                    _ => None,
                }
            }
        }
    };
}

words!(CardStatus {
    Active = "active",
    Blocked = "blocked",
    Lost = "lost",
    Stolen = "stolen",
});

words!(PaymentState {
    Declined = "declined",
    Answered = "answered",
    Holding = "holding",
    Held = "held",
    Adjusting = "adjusting",
    Capturing = "capturing",
    Captured = "captured",
    Refunding = "refunding",
    Cancelling = "cancelling",
    Releasing = "releasing",
    Reversed = "reversed",
    Expired = "expired",
    Voiding = "voiding",
    Voided = "voided",
    Failed = "failed",
});

words!(OutboxState {
    Open = "open",
    Done = "done",
    Failed = "failed",
});
