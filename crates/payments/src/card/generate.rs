//! GENERATE AC and EXTERNAL AUTHENTICATE: what the card signs, and whom it believes.
//!
//! Called by the machine for a transaction that has its inputs. Rules: EMV Book 3 6.5.5, 9 and 10.8 to 10.11 (which cryptogram), 6.5.4
//! (EXTERNAL AUTHENTICATE, once), Book 2 8.1 and 8.2.2 (application cryptogram, ARPC by method 2). Requirement T-27: online only.
//!
//! ```text
//! first   AAC asked       -> AAC, the end
//!         TC, ARQC asked  -> ARQC -> the issuer's answer, by EXTERNAL AUTHENTICATE or inside CDOL2 (tag 91)
//! second  TC asked, the answer holds and approves -> TC, the end
//!         otherwise                               -> AAC, the end
//! ```

use super::{
    counter::Counter,
    machine::check_parameters,
    refusal::Refusal,
    results::Authentication,
    transaction::{Stage, Transaction, value_of},
};
use crate::{
    apdu::Command,
    cryptogram::{CSU_APPROVED, IssuerAuthentication, Signed, arpc_holds, arqc},
    layout,
    tlv::{Writer, tag},
};

/// What a cryptogram says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum CryptogramType {
    /// Declined.
    Aac,
    /// Approved.
    Tc,
    /// Ask the issuer.
    Arqc,
}

impl CryptogramType {
    /// As P1 of GENERATE AC has it, which asks for no signature.
    fn asked(p1: u8) -> Option<Self> {
        [Self::Aac, Self::Tc, Self::Arqc].into_iter().find(|one| one.bits() << 6 == p1)
    }

    pub(super) const fn bits(self) -> u8 {
        match self {
            Self::Aac => 0b00,
            Self::Tc => 0b01,
            Self::Arqc => 0b10,
        }
    }
}

impl Transaction {
    /// GENERATE AC: template 77 with tags 9F27, 9F36, 9F26 and 9F10.
    pub(super) fn generate(&mut self, command: &Command, counter: &mut dyn Counter) -> Result<Vec<u8>, Refusal> {
        check_parameters(command, command.p1, 0)?;
        let asked = CryptogramType::asked(command.p1).ok_or(Refusal::Parameters(command.p1, command.p2))?;
        let given = match self.stage {
            Stage::Initiated => self.first(asked, &command.data)?,
            Stage::Online => self.second(asked, &command.data, counter)?,
            Stage::Finished => return Err(Refusal::Order("GENERATE AC after the end of the transaction")),
        };
        self.cryptogram = self.sign(&command.data);
        Ok(self.response(given))
    }

    /// EXTERNAL AUTHENTICATE: once, between the two cryptograms.
    pub(super) fn authenticate(&mut self, answer: &[u8]) -> Result<(), Refusal> {
        if self.stage != Stage::Online {
            return Err(Refusal::Order("EXTERNAL AUTHENTICATE outside of an online transaction"));
        }
        if self.results.authentication != Authentication::None {
            return Err(Refusal::Order("EXTERNAL AUTHENTICATE twice"));
        }
        if !(8..=16).contains(&answer.len()) {
            return Err(Refusal::Length { from: 8, to: 16, got: answer.len() });
        }
        self.judge(answer);
        let held = self.results.authentication == Authentication::Held;
        held.then_some(()).ok_or(Refusal::NotAuthentic)
    }

    fn first(&mut self, asked: CryptogramType, data: &[u8]) -> Result<CryptogramType, Refusal> {
        let length = Refusal::length(layout::cdol1().len(), data.len());
        layout::cdol1().split(data).map_err(|_| length)?;
        let (given, stage) = match asked {
            CryptogramType::Aac => (CryptogramType::Aac, Stage::Finished),
            CryptogramType::Tc | CryptogramType::Arqc => (CryptogramType::Arqc, Stage::Online),
        };
        self.results.first = Some((asked, given));
        self.stage = stage;
        Ok(given)
    }

    fn second(
        &mut self,
        asked: CryptogramType,
        data: &[u8],
        counter: &mut dyn Counter,
    ) -> Result<CryptogramType, Refusal> {
        let length = Refusal::length(layout::cdol2().len(), data.len());
        let objects = layout::cdol2().split(data).map_err(|_| length)?;
        let answer = value_of(&objects, tag::ISSUER_AUTHENTICATION).unwrap_or_default();
        // Zeros stand for an answer that the terminal does not have.
        if self.results.authentication == Authentication::None && answer.iter().any(|byte| *byte != 0) {
            self.judge(answer);
        }
        if self.results.authentication == Authentication::Held {
            counter.record_online(self.atc);
        }
        let approved = asked == CryptogramType::Tc && self.approved;
        let given = if approved { CryptogramType::Tc } else { CryptogramType::Aac };
        self.results.second = Some((asked, given));
        self.stage = Stage::Finished;
        Ok(given)
    }

    /// Whether the answer is the issuer's, and what it says.
    fn judge(&mut self, answer: &[u8]) {
        let read = IssuerAuthentication::parse(answer).ok();
        let held = read.filter(|answer| arpc_holds(&self.session_key, &self.cryptogram, answer));
        self.results.authentication = if held.is_some() { Authentication::Held } else { Authentication::Failed };
        self.approved = held.is_some_and(|answer| approves(answer.csu));
    }

    fn sign(&self, cdol_data: &[u8]) -> [u8; 8] {
        let signed = Signed {
            pdol_data: &self.pdol_data,
            cdol_data,
            aip: layout::AIP,
            atc: self.atc,
            iad: &self.issuer_application_data(),
            token_cn: &self.token().to_cn(),
        };
        arqc(&self.session_key, &signed)
    }

    fn response(&self, given: CryptogramType) -> Vec<u8> {
        let mut out = Writer::new();
        out.nest(tag::RESPONSE_77, |out| {
            out.put(tag::CRYPTOGRAM_INFORMATION, &[given.bits() << 6]);
            out.put(tag::ATC, &self.atc.to_be_bytes());
            out.put(tag::CRYPTOGRAM, &self.cryptogram);
            out.put(tag::IAD, &self.issuer_application_data());
        });
        out.into_bytes()
    }
}

/// Card status update, EMV Book 3 annex C: byte 2, bit 8.
fn approves(csu: [u8; 4]) -> bool {
    let ([_, given, ..], [_, approved, ..]) = (csu, CSU_APPROVED);
    given & approved != 0
}
