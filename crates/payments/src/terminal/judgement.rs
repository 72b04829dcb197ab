//! What the terminal thinks of the transaction before the card does: restrictions, verification of the holder, and whether it refuses by
//! itself. It approves nothing by itself: it is online only.
//!
//! Called by [`Session`](super::Session) between the last record and the first GENERATE AC. Rules: EMV Book 3, 10.3 to 10.7 (offline data
//! authentication, processing restrictions, cardholder verification, risk management, action analysis). Requirement T-27: a number that
//! changes cannot be signed offline, so data authentication is not done and the issuer is always asked.

use super::{
    Purchase,
    data::Data,
    fault::CardFault,
    purchase::Kind,
    records::Options,
    results::{Done, Finding, Findings, Status},
    time::day_of_card,
};
use crate::tlv::tag;

/// What came out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Judgement {
    pub(super) findings: Findings,
    pub(super) status: Status,
    /// 9F34.
    pub(super) verification: [u8; 3],
}

/// Judges by what the card says of itself.
pub(super) fn judge(
    data: &Data,
    purchase: &Purchase,
    profile: [u8; 2],
    version: [u8; 2],
) -> Result<Judgement, CardFault> {
    let mut judgement = Judgement::default();
    judgement.findings.add(Finding::DataNotAuthenticated);
    restrict(&mut judgement.findings, data, purchase, version)?;
    judgement.verify_holder(data, purchase, profile);
    // The floor limit is zero: every amount is over it.
    judgement.findings.add(Finding::OverFloorLimit);
    judgement.status.add(Done::RiskManagement);
    Ok(judgement)
}

/// What was found that the terminal, or the card's issuer, wants refused at once. Where there is nothing, the issuer is asked.
pub(super) fn denied(data: &Data, findings: Findings, denial: [u8; 5]) -> Result<Findings, CardFault> {
    let of_issuer: [u8; 5] = data.fixed(tag::IAC_DENIAL)?.unwrap_or_default();
    let mut codes = denial;
    codes.iter_mut().zip(of_issuer).for_each(|(code, of_issuer)| *code |= of_issuer);
    Ok(findings.among(codes))
}

/// Version, usage and dates.
fn restrict(findings: &mut Findings, data: &Data, purchase: &Purchase, version: [u8; 2]) -> Result<(), CardFault> {
    if data.fixed(tag::CARD_VERSION)?.is_some_and(|of_card: [u8; 2]| of_card != version) {
        findings.add(Finding::VersionsDiffer);
    }
    if !is_allowed(data, purchase.kind)? {
        findings.add(Finding::ServiceNotAllowed);
    }
    let day = |tag| data.find(tag).map(|date| day_of_card(date).ok_or(CardFault::Value(tag))).transpose();
    let today = day(tag::DATE)?;
    if day(tag::EFFECTIVE)?.is_some_and(|effective| today < Some(effective)) {
        findings.add(Finding::NotYetEffective);
    }
    if day(tag::EXPIRY)?.is_some_and(|expiry| today > Some(expiry)) {
        findings.add(Finding::Expired);
    }
    Ok(())
}

/// Usage control: at merchants, and for goods or services in this country or abroad.
fn is_allowed(data: &Data, kind: Kind) -> Result<bool, CardFault> {
    let Some([usage, _]) = data.fixed::<2>(tag::USAGE_CONTROL)? else { return Ok(true) };
    let country: Option<[u8; 2]> = data.fixed(tag::ISSUER_COUNTRY)?;
    let at_home = country.map(|country| data.find(tag::TERMINAL_COUNTRY) == Some(country.as_slice()));
    let for_goods = match at_home {
        Some(true) => usage & (USAGE_GOODS_HOME | USAGE_SERVICES_HOME) != 0,
        Some(false) => usage & (USAGE_GOODS_ABROAD | USAGE_SERVICES_ABROAD) != 0,
        None => true,
    };
    Ok(usage & USAGE_NOT_ATM != 0 && (for_goods || kind == Kind::Balance))
}

impl Judgement {
    /// This terminal knows one method, none; the card's list says whether that is enough.
    fn verify_holder(&mut self, data: &Data, purchase: &Purchase, profile: [u8; 2]) {
        if !Options::verifies_holder(profile) {
            self.verification = NOT_PERFORMED;
            return;
        }
        let rules = data.card(tag::CVM_LIST).and_then(|list| list.split_at_checked(8));
        let Some((amounts, rules)) = rules else {
            self.findings.add(Finding::DataMissing);
            self.verification = NOT_PERFORMED;
            return;
        };
        self.status.add(Done::HolderVerification);
        let in_card_currency = data.find(tag::CURRENCY) == data.card(tag::APPLICATION_CURRENCY);
        let limits = in_card_currency.then(|| limits(amounts));
        self.verification = self.walk(rules, purchase.amount_minor, limits);
    }

    /// The first rule whose condition holds and which is met or may not be passed over.
    fn walk(&mut self, rules: &[u8], amount_minor: u64, limits: Option<(u64, u64)>) -> [u8; 3] {
        for [method, condition] in rules.as_chunks::<2>().0 {
            let known = matches!(method & METHOD, 0x00..=0x05 | 0x1E | NONE_NEEDED);
            match () {
                () if !holds(*condition, method & METHOD, amount_minor, limits) => {}
                () if method & METHOD == NONE_NEEDED => return [*method, *condition, SUCCEEDED],
                () if method & NEXT_IF_FAILED == 0 => {
                    self.add_unknown(known);
                    self.findings.add(Finding::HolderNotVerified);
                    return [*method, *condition, FAILED];
                }
                () => self.add_unknown(known),
            }
        }
        self.findings.add(Finding::HolderNotVerified);
        [NO_METHOD, 0x00, FAILED]
    }

    fn add_unknown(&mut self, known: bool) {
        if !known {
            self.findings.add(Finding::UnknownVerification);
        }
    }
}

/// Whether a rule's condition holds for goods or services at an attended terminal (EMV Book 3, annex C3).
fn holds(condition: u8, method: u8, amount_minor: u64, limits: Option<(u64, u64)>) -> bool {
    match (condition, limits) {
        (0x00 | 0x02, _) => true,
        (0x03, _) => method == NONE_NEEDED,
        (0x06, Some((lower, _))) => amount_minor < lower,
        (0x07, Some((lower, _))) => amount_minor > lower,
        (0x08, Some((_, upper))) => amount_minor < upper,
        (0x09, Some((_, upper))) => amount_minor > upper,
        _ => false,
    }
}

/// The two amounts before the rules.
fn limits(amounts: &[u8]) -> (u64, u64) {
    let number = |bytes: &[u8]| bytes.iter().fold(0_u64, |sum, byte| sum << 8 | u64::from(*byte));
    let (lower, upper) = amounts.split_at(4.min(amounts.len()));
    (number(lower), number(upper))
}

/// 9F34 where nothing was asked.
const NOT_PERFORMED: [u8; 3] = [NO_METHOD, 0x00, 0x00];
const NO_METHOD: u8 = 0x3F;
const NONE_NEEDED: u8 = 0x1F;
const METHOD: u8 = 0x3F;
const NEXT_IF_FAILED: u8 = 0x40;
const FAILED: u8 = 0x01;
const SUCCEEDED: u8 = 0x02;
const USAGE_GOODS_HOME: u8 = 0x20;
const USAGE_GOODS_ABROAD: u8 = 0x10;
const USAGE_SERVICES_HOME: u8 = 0x08;
const USAGE_SERVICES_ABROAD: u8 = 0x04;
const USAGE_NOT_ATM: u8 = 0x01;
