//! Tags: a number of one to four bytes, and those that we name.
//!
//! Rules: ISO/IEC 8825-1 8.1.2 as EMV Book 3 annex B1 narrows it; names and meanings in EMV Book 3 annex A.

use std::fmt;

use super::TlvError;

/// A tag of up to four bytes, as the number its bytes are.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Tag(u32);

impl Tag {
    /// A tag written as a number, such as `0x9F02`. None if its bytes would not be read as one tag.
    pub const fn new(number: u32) -> Option<Self> {
        let [b0, b1, b2, b3] = number.to_be_bytes();
        let is_one = match [b0, b1, b2, b3] {
            [0, 0, 0, last] => last != 0 && !goes_on_first(last),
            [0, 0, first, last] => goes_on_first(first) && !goes_on(last),
            [0, first, second, last] => goes_on_first(first) && goes_on(second) && !goes_on(last),
            [first, second, third, last] => goes_on_first(first) && goes_on(second) && goes_on(third) && !goes_on(last),
        };
        if is_one { Some(Self(number)) } else { None }
    }

    /// The tag at the start of some bytes, and what follows it.
    pub fn take(bytes: &[u8]) -> Result<(Self, &[u8]), TlvError> {
        let (first, mut rest) = bytes.split_first().ok_or(TlvError::CutTag)?;
        if *first == 0 {
            return Err(TlvError::NoTag);
        }
        let (mut number, mut more) = (u32::from(*first), goes_on_first(*first));
        for _ in 1..MAX_TAG_BYTES {
            if !more {
                break;
            }
            let (next, after) = rest.split_first().ok_or(TlvError::CutTag)?;
            (number, more, rest) = (number << 8 | u32::from(*next), goes_on(*next), after);
        }
        if more { Err(TlvError::LongTag) } else { Ok((Self(number), rest)) }
    }

    /// The tag as a number.
    pub const fn number(self) -> u32 {
        self.0
    }

    /// The bytes of the tag.
    pub fn to_bytes(self) -> Vec<u8> {
        self.0.to_be_bytes().into_iter().skip_while(|byte| *byte == 0).collect()
    }

    /// Whether its value is made of objects.
    pub fn is_constructed(self) -> bool {
        self.to_bytes().first().is_some_and(|first| first & CONSTRUCTED != 0)
    }
}

impl fmt::Display for Tag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.to_bytes().iter().try_for_each(|byte| write!(f, "{byte:02X}"))
    }
}

impl fmt::Debug for Tag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Tag({self})")
    }
}

/// Whether a first byte says that more follow.
const fn goes_on_first(byte: u8) -> bool {
    byte & 0x1f == 0x1f
}

/// Whether a later byte says that more follow.
const fn goes_on(byte: u8) -> bool {
    byte & 0x80 != 0
}

const fn of(number: u32) -> Tag {
    match Tag::new(number) {
        Some(tag) => tag,
        None => panic!("not one tag; found at compile time"),
    }
}

const CONSTRUCTED: u8 = 0x20;
const MAX_TAG_BYTES: usize = 4;

macro_rules! tags {
    ($($name:ident $number:literal $meaning:literal)*) => {
        $(#[doc = $meaning] pub const $name: Tag = of($number);)*

        impl Tag {
            /// What it stands for in English; `None` if it has no name here.
            pub fn meaning(self) -> Option<&'static str> {
                let found = NAMED.iter().find(|(tag, _)| *tag == self);
                found.map(|(_, meaning)| meaning.trim_end_matches('.'))
            }
        }

        const NAMED: &[(Tag, &str)] = &[$(($name, $meaning)),*];
    };
}

tags! {
    ISSUER_IDENTIFICATION_NUMBER 0x42 "First digits of the number."
    APPLICATION_ID 0x4F "AID of an application, in a directory."
    APPLICATION_LABEL 0x50 "Name of an application."
    TRACK_2 0x57 "Track 2 equivalent data."
    PAN 0x5A "Application PAN: here always a token."
    APPLICATION_TEMPLATE 0x61 "One entry of a directory."
    FCI_TEMPLATE 0x6F "File control information."
    RECORD_TEMPLATE 0x70 "A record."
    SCRIPT_71 0x71 "Issuer script before the second GENERATE AC."
    SCRIPT_72 0x72 "Issuer script after the second GENERATE AC."
    RESPONSE_77 0x77 "Response as objects."
    RESPONSE_80 0x80 "Response as one value."
    AIP 0x82 "Application interchange profile."
    COMMAND_TEMPLATE 0x83 "What fills a PDOL."
    DF_NAME 0x84 "Name of the selected application or directory."
    PRIORITY 0x87 "Application priority indicator."
    SFI 0x88 "Short file identifier."
    AUTHORIZATION_CODE 0x89 "Authorization code."
    RESPONSE_CODE 0x8A "Authorization response code."
    CDOL1 0x8C "What the first GENERATE AC wants."
    CDOL2 0x8D "What the second GENERATE AC wants."
    CVM_LIST 0x8E "Cardholder verification methods."
    ISSUER_AUTHENTICATION 0x91 "Issuer authentication data: ARPC and card status update."
    AFL 0x94 "Application file locator."
    TVR 0x95 "Terminal verification results."
    DATE 0x9A "Transaction date, YYMMDD."
    TSI 0x9B "Transaction status information."
    TYPE 0x9C "Transaction type."
    FCI_PROPRIETARY 0xA5 "Proprietary part of the file control information."
    NAME 0x5F20 "Cardholder name."
    EXPIRY 0x5F24 "Expiry date, YYMMDD."
    EFFECTIVE 0x5F25 "Effective date, YYMMDD."
    ISSUER_COUNTRY 0x5F28 "Issuer country code."
    CURRENCY 0x5F2A "Transaction currency code."
    LANGUAGE 0x5F2D "Language preference."
    SERVICE_CODE 0x5F30 "Service code."
    SEQUENCE 0x5F34 "PAN sequence number."
    CURRENCY_EXPONENT 0x5F36 "Transaction currency exponent."
    ACQUIRER 0x9F01 "Acquirer identifier."
    AMOUNT 0x9F02 "Amount, authorized."
    OTHER_AMOUNT 0x9F03 "Amount, other."
    TERMINAL_AID 0x9F06 "AID that the terminal selected."
    USAGE_CONTROL 0x9F07 "Application usage control."
    CARD_VERSION 0x9F08 "Application version of the card."
    TERMINAL_VERSION 0x9F09 "Application version of the terminal."
    IAC_DEFAULT 0x9F0D "Issuer action code, default."
    IAC_DENIAL 0x9F0E "Issuer action code, denial."
    IAC_ONLINE 0x9F0F "Issuer action code, online."
    IAD 0x9F10 "Issuer application data."
    CODE_TABLE 0x9F11 "Issuer code table index."
    PREFERRED_NAME 0x9F12 "Application preferred name."
    MERCHANT_CATEGORY 0x9F15 "Merchant category code."
    MERCHANT_ID 0x9F16 "Merchant identifier."
    PIN_TRIES 0x9F17 "PIN try counter."
    TOKEN_REQUESTOR 0x9F19 "Token requestor."
    TERMINAL_COUNTRY 0x9F1A "Terminal country code."
    TERMINAL_ID 0x9F1C "Terminal identification."
    DEVICE_SERIAL 0x9F1E "Serial number of the interface device."
    TIME 0x9F21 "Transaction time, HHMMSS."
    PAR 0x9F24 "Payment account reference."
    CRYPTOGRAM 0x9F26 "Application cryptogram."
    CRYPTOGRAM_INFORMATION 0x9F27 "Cryptogram information data."
    CAPABILITIES 0x9F33 "Terminal capabilities."
    CVM_RESULTS 0x9F34 "Results of cardholder verification."
    TERMINAL_TYPE 0x9F35 "Terminal type."
    ATC 0x9F36 "Application transaction counter."
    UNPREDICTABLE_NUMBER 0x9F37 "Unpredictable number."
    PDOL 0x9F38 "What GET PROCESSING OPTIONS wants."
    ENTRY_MODE 0x9F39 "Point of service entry mode."
    ADDITIONAL_CAPABILITIES 0x9F40 "Additional terminal capabilities."
    TERMINAL_SEQUENCE 0x9F41 "Transaction sequence counter of the terminal."
    APPLICATION_CURRENCY 0x9F42 "Application currency code."
    LOG_ENTRY 0x9F4D "Where the log is."
    LOCATION 0x9F4E "Merchant name and location."
    TERMINAL_QUALIFIERS 0x9F66 "Terminal transaction qualifiers."
    ISSUER_DISCRETIONARY 0xBF0C "Issuer discretionary data of the file control information."
    SECURITY_CODE 0xDF41 "Ours, only inside the card: the security code."
    POSTAL_CODE 0xDF42 "Ours, only inside the card: postal code of the billing address."
    ADDRESS_LINE 0xDF43 "Ours, only inside the card: line of the billing address."
    SEED 0xDF44 "Ours, only inside the card: random bytes of personalization."
}
