//! What terminal and card know of a transaction, by tag: what fills the card's lists, and what the issuer is told of it.
//!
//! Called by [`Session`](super::Session). Rules: EMV Book 3, annex A for formats, 5.4 for lists. What the terminal knows comes first: no card
//! can put its own amount in the place of the terminal's. Requirement T-22: what was sent to the card is kept as it was sent.

use std::collections::BTreeMap;

use super::{
    Moment, Purchase,
    config::{CAPABILITIES, Config, ENTRY_MODE, MORE_CAPABILITIES, TERMINAL_TYPE, bcd, bcd4},
    fault::CardFault,
};
use crate::{
    dol::Filled,
    tlv::{Objects, Tag, tag},
};

/// Values by tag.
#[derive(Clone, Debug)]
pub(super) struct Data {
    of_terminal: BTreeMap<Tag, Vec<u8>>,
    of_card: BTreeMap<Tag, Vec<u8>>,
}

impl Data {
    /// What is known before the card says anything.
    pub(super) fn new(config: &Config, purchase: &Purchase, unpredictable: [u8; 4], moment: &Moment) -> Self {
        let (merchant, local) = (&config.merchant, &moment.local);
        let amount: [u8; 6] = bcd(&purchase.amount_minor.to_string());
        let stan: [u8; 4] = bcd(&purchase.trace.stan.to_string());
        let acquirer: [u8; 6] = bcd(&merchant.acquirer);
        let known: [(Tag, &[u8]); 20] = [
            (tag::AMOUNT, &amount),
            (tag::OTHER_AMOUNT, &[0; 6]),
            (tag::CURRENCY, &bcd4(purchase.currency.number)),
            (tag::CURRENCY_EXPONENT, &[purchase.currency.exponent]),
            (tag::DATE, &local.date_bcd()),
            (tag::TIME, &local.time_bcd()),
            (tag::TYPE, &[purchase.kind.code()]),
            (tag::UNPREDICTABLE_NUMBER, &unpredictable),
            (tag::MERCHANT_ID, merchant.merchant_id.as_bytes()),
            (tag::TERMINAL_ID, merchant.terminal_id.as_bytes()),
            (tag::LOCATION, merchant.name_and_location.as_bytes()),
            (tag::MERCHANT_CATEGORY, &merchant.category_bcd()),
            (tag::ACQUIRER, &acquirer),
            (tag::TERMINAL_COUNTRY, &bcd4(config.country)),
            (tag::CAPABILITIES, &CAPABILITIES),
            (tag::ADDITIONAL_CAPABILITIES, &MORE_CAPABILITIES),
            (tag::TERMINAL_TYPE, &[TERMINAL_TYPE]),
            (tag::ENTRY_MODE, &[ENTRY_MODE]),
            (tag::TERMINAL_SEQUENCE, &stan),
            (tag::DEVICE_SERIAL, merchant.terminal_id.as_bytes()),
        ];
        let of_terminal = known.into_iter().map(|(tag, value)| (tag, value.to_vec())).collect();
        Self { of_terminal, of_card: BTreeMap::new() }
    }

    /// Something that the terminal found out.
    pub(super) fn set(&mut self, tag: Tag, value: &[u8]) {
        self.of_terminal.insert(tag, value.to_vec());
    }

    /// Something that a record of the card says. What is not known is passed over, what comes twice is refused (EMV Book 3, 10.2).
    pub(super) fn learn(&mut self, tag: Tag, value: &[u8]) -> Result<(), CardFault> {
        if !OF_CARD.contains(&tag) {
            return Ok(());
        }
        match self.of_card.insert(tag, value.to_vec()) {
            None => Ok(()),
            Some(_) => Err(CardFault::Repeated(tag)),
        }
    }

    /// For the card's lists.
    pub(super) fn find(&self, tag: Tag) -> Option<&[u8]> {
        self.of_terminal.get(&tag).or_else(|| self.of_card.get(&tag)).map(Vec::as_slice)
    }

    /// From the card's records.
    pub(super) fn card(&self, tag: Tag) -> Option<&[u8]> {
        self.of_card.get(&tag).map(Vec::as_slice)
    }

    /// From the card's records, of this many bytes if it is there.
    pub(super) fn fixed<const BYTES: usize>(&self, tag: Tag) -> Result<Option<[u8; BYTES]>, CardFault> {
        self.card(tag).map(|value| value.try_into().map_err(|_| CardFault::Value(tag))).transpose()
    }

    /// Element 55: what the card was told, exactly so, and what it and the terminal found out.
    pub(super) fn for_issuer(&self, pdol: &Filled, cdol1: &Filled, of_cryptogram: &[(Tag, Vec<u8>)]) -> Objects {
        let mut objects = Objects::new();
        let told = pdol.objects.iter().chain(&cdol1.objects).chain(of_cryptogram).cloned();
        let found = OF_RESULT.into_iter().filter_map(|tag| Some((tag, self.find(tag)?.to_vec())));
        for (tag, value) in told.chain(found) {
            // Two lists of 64 and what follows them may be more than fit: the issuer then refuses what it lacks.
            let _full = objects.insert(tag, value);
        }
        objects
    }
}

/// What a card's records may tell.
const OF_CARD: [Tag; 21] = [
    tag::TRACK_2,
    tag::PAN,
    tag::CDOL1,
    tag::CDOL2,
    tag::CVM_LIST,
    tag::NAME,
    tag::EXPIRY,
    tag::EFFECTIVE,
    tag::ISSUER_COUNTRY,
    tag::LANGUAGE,
    tag::SERVICE_CODE,
    tag::SEQUENCE,
    tag::USAGE_CONTROL,
    tag::CARD_VERSION,
    tag::IAC_DEFAULT,
    tag::IAC_DENIAL,
    tag::IAC_ONLINE,
    tag::TOKEN_REQUESTOR,
    tag::PAR,
    tag::APPLICATION_CURRENCY,
    tag::ISSUER_IDENTIFICATION_NUMBER,
];

/// What the issuer is told beside the lists.
const OF_RESULT: [Tag; 7] =
    [tag::TVR, tag::CVM_RESULTS, tag::CAPABILITIES, tag::TERMINAL_TYPE, tag::DF_NAME, tag::TOKEN_REQUESTOR, tag::PAR];
