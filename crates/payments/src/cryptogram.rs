//! Ciphers and codes of card and issuer: the token, the card index, the cryptogram and the answer to it.
//!
//! ```text
//! named inputs --tweak key--> tweak (12 bytes) -\
//! number ----------------------------------------+--fpe key--> token, in 5A and 57
//! card reference, merchant id -------------------+--index key--> card index, in 9F10
//! master key --ATC--> session key; PDOL data, CDOL1 data, AIP, ATC, 9F10, 5A --session key--> ARQC
//! session key; ARQC, card status update --> ARPC, in 91
//! ```
//! Called by [`crate::card`] forwards and by [`crate::issuer`] backwards. All keys are AES-128; 3DES is not spoken.
//!
//! # What each key is for, and what taking it out of one card gives (T-19, T-20)
//!
//! | key | whose | what it does | what whoever takes it out of one card can do |
//! |---|---|---|---|
//! | fpe | the card's; the key set's where the profile says issuer-wide | makes the token of the number | undo this card's tokens: nothing more, since the number is in the card too. Issuer-wide: undo every token of the key set whose tweak is known |
//! | tweak | goes with the fpe key | makes the tweak of the inputs | foresee this card's tokens. Without it a token says nothing, even to who has the fpe key. Issuer-wide: the tweaks of every card whose inputs are seen |
//! | index | the key set's, on all its cards | makes the card index of the card reference | turn card indexes back into card references, which are random: payments of one card can be linked, and across merchants by who sees several of them. It leads to no number and pays nothing |
//! | master | the card's, from issuer master key and number | signs | pay as this card until it is blocked |
//!
//! So with a per-card key one extracted card costs that card; numbers of other cards stay hidden and none of them can pay. What it does
//! cost them is unlinkability: the index key is shared, because an issuer that receives an index has nothing else to find the card by.
//! An extracted card is answered by a new key set. Nothing here has integrity but the cryptogram: a token with one digit changed is the
//! token of another number, and only the ARQC tells (abuse case 12).
//!
//! Deliberately absent: where keys come from and how they are kept. Here they are arguments, masked and wiped when dropped.

mod application;
mod cmac;
mod derive;
mod ff1;
mod index;
mod response;
mod token;
mod tweak;

use primitives::Masked;

pub use application::{Signed, arqc, arqc_holds};
pub use cmac::Mac;
pub use derive::{master_key, session_key};
pub use ff1::{Ff1, Ff1Error};
pub use index::{CardReference, ReferenceError, card_index, card_reference};
pub use response::{CSU_APPROVED, CSU_DECLINED, IssuerAuthentication, ResponseError, arpc, arpc_holds};
pub use token::{MAX_BIN_DIGITS, MIN_BIN_DIGITS, TokenError, detokenize, tokenize};
pub use tweak::{TWEAK_BYTES, Tweak, tweak};

/// A key of AES-128.
pub type Aes128Key = Masked<[u8; 16]>;

/// What a card holds.
#[derive(Clone, Debug)]
pub struct CardKeys {
    /// Makes tokens.
    pub fpe: Aes128Key,
    /// Makes tweaks.
    pub tweak: Aes128Key,
    /// Makes card indexes.
    pub index: Aes128Key,
    /// Makes session keys for cryptograms.
    pub master: Aes128Key,
}

#[cfg(test)]
mod tests;
