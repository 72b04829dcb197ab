//! One transaction of the card: from the terminal's inputs to a token (T-01).
//!
//! Called by the machine at GET PROCESSING OPTIONS; what follows is in [`super::generate`]. Rules: EMV Book 3 6.5.8 and 10.1, requirements
//! T-06 (the number is used here and goes nowhere), T-20 (card index), T-22 and T-23 (tweak), T-28 (no token over zeros).
//!
//! ```text
//! template 83 -> as long as the PDOL? -> the profile's inputs valid? -> ATC + 1, durable -> tweak -> token
//!                                                                                       -> card index, digest -> tag 9F10
//! ```
//! The order is a promise: a refused input costs no transaction, and no token exists whose ATC could come again.

use super::{counter::Counter, personalization::Personalization, refusal::Refusal, results::Results};
use crate::{
    cryptogram::{Aes128Key, Ff1, Mac, card_index, session_key, tokenize, tweak},
    layout::{self, Iad},
    number::Token,
    profile::{Input, Values},
    tlv::{self, Tag, tag},
};

/// A transaction that has its token.
#[derive(Debug)]
pub(super) struct Transaction {
    pub(super) stage: Stage,
    /// As received: the cryptogram covers it.
    pub(super) pdol_data: Vec<u8>,
    pub(super) atc: u16,
    token: Token,
    /// Without results, which change.
    iad: Iad,
    pub(super) results: Results,
    pub(super) session_key: Aes128Key,
    /// The last one that was given.
    pub(super) cryptogram: [u8; 8],
    /// The issuer's answer held, and approves.
    pub(super) approved: bool,
}

/// How far it has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stage {
    /// The token is there.
    Initiated,
    /// An ARQC was given.
    Online,
    /// An AAC or TC was given.
    Finished,
}

impl Transaction {
    /// GET PROCESSING OPTIONS.
    pub(super) fn begin(card: &Personalization, data: &[u8], counter: &mut dyn Counter) -> Result<Self, Refusal> {
        let pdol_data = filled_pdol(data)?;
        let length = Refusal::length(layout::pdol().len(), pdol_data.len());
        let objects = layout::pdol().split(pdol_data).map_err(|_| length)?;
        let expiry = card.face().expiry.to_date();
        let find = |input: Input| value_of(&objects, input.tag()).or_else(|| card.secrets().credential(input, &expiry));
        let values = card.face().profile.values(find)?;
        let atc = counter.advance()?;
        Self::tokenized(card, pdol_data, &values, atc)
    }

    fn tokenized(card: &Personalization, pdol_data: &[u8], values: &Values<'_>, atc: u16) -> Result<Self, Refusal> {
        let (face, secrets) = (card.face(), card.secrets());
        let tweak = tweak(&Mac::new(&secrets.keys.tweak), values, atc);
        let token = tokenize(&Ff1::new(secrets.keys.fpe.expose()), &tweak, &secrets.pan, &face.token_bin)?;
        let index = Ff1::new(secrets.keys.index.expose());
        let indexed = values.index_tweak().map(|tweak| card_index(&index, &secrets.reference, tweak));
        let iad = Iad {
            derivation_index: face.derivation_index,
            cvn: layout::VERSION,
            cvr: [0; 4],
            key_set: face.key_set,
            card_index: indexed.transpose()?.unwrap_or_default(),
            pdol_digest: layout::pdol_digest(pdol_data),
        };
        Ok(Self {
            stage: Stage::Initiated,
            pdol_data: pdol_data.to_vec(),
            atc,
            token,
            iad,
            results: Results::default(),
            session_key: session_key(&secrets.keys.master, atc),
            cryptogram: [0; 8],
            approved: false,
        })
    }

    /// What stands in the number's place.
    pub(super) fn token(&self) -> &Token {
        &self.token
    }

    /// Issuer application data, tag 9F10, with what the card did so far.
    pub(super) fn issuer_application_data(&self) -> [u8; layout::IAD_BYTES] {
        Iad { cvr: self.results.encode(), ..self.iad }.encode()
    }
}

/// The value of template 83, which is all there is.
fn filled_pdol(data: &[u8]) -> Result<&[u8], Refusal> {
    match tlv::parse(data).map_err(|_| Refusal::Template)?.as_slice() {
        [only] if only.tag == tag::COMMAND_TEMPLATE => Ok(only.value),
        _ => Err(Refusal::Template),
    }
}

/// An object of a list that was taken apart.
pub(super) fn value_of<'a>(objects: &[(Tag, &'a [u8])], tag: Tag) -> Option<&'a [u8]> {
    objects.iter().find(|(found, _)| *found == tag).map(|(_, value)| *value)
}
