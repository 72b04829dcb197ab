//! Files and their names: the two directories and the one application.
//!
//! Called by the machine at SELECT and at READ RECORD of a directory. Rules: EMV Book 1 11.3 and 12.2 (PSE, directory records, FCI),
//! tables 43 to 47; the proximity directory (PPSE) as EMV Book B has it. SELECT takes the whole name or its beginning; since there is one
//! application, nothing comes after it.

use super::{personalization::Face, refusal::Refusal};
use crate::{
    layout,
    tlv::{Writer, tag},
};

/// What can be selected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Selected {
    /// 1PAY.SYS.DDF01: names the application in a record.
    Directory,
    /// 2PAY.SYS.DDF01: names it at once.
    ProximityDirectory,
    /// The payment application.
    Application,
}

/// Finds a name; `after` is what is selected where the next of the same name is wanted.
pub(super) fn find(face: &Face, name: &[u8], after: Option<Selected>) -> Result<Selected, Refusal> {
    let found = match name {
        PSE => Selected::Directory,
        PPSE => Selected::ProximityDirectory,
        name if face.aid.bytes().starts_with(name) => Selected::Application,
        _ => return Err(Refusal::NoApplication),
    };
    if after == Some(found) { Err(Refusal::NoApplication) } else { Ok(found) }
}

/// File control information, the answer to SELECT.
pub(super) fn control_information(face: &Face, selected: Selected) -> Vec<u8> {
    let mut out = Writer::new();
    out.nest(tag::FCI_TEMPLATE, |template| {
        template.put(tag::DF_NAME, name(face, selected));
        template.nest(tag::FCI_PROPRIETARY, |inner| match selected {
            Selected::Directory => put_directory(inner),
            Selected::ProximityDirectory => put_proximity_directory(inner, face),
            Selected::Application => put_application(inner, face),
        });
    });
    out.into_bytes()
}

/// A record of the directory 1PAY.SYS.DDF01.
pub(super) fn directory_record(face: &Face, sfi: u8, record: u8) -> Result<Vec<u8>, Refusal> {
    if (sfi, record) != (DIRECTORY_SFI, 1) {
        return Err(Refusal::NoRecord { sfi, record, file: sfi == DIRECTORY_SFI });
    }
    let mut out = Writer::new();
    out.nest(tag::RECORD_TEMPLATE, |record| put_entry(record, face));
    Ok(out.into_bytes())
}

fn name(face: &Face, selected: Selected) -> &[u8] {
    match selected {
        Selected::Directory => PSE,
        Selected::ProximityDirectory => PPSE,
        Selected::Application => face.aid.bytes(),
    }
}

fn put_directory(inner: &mut Writer) {
    inner.put(tag::SFI, &[DIRECTORY_SFI]);
    inner.put(tag::LANGUAGE, LANGUAGE);
    inner.put(tag::CODE_TABLE, &[LATIN_1]);
}

fn put_proximity_directory(inner: &mut Writer, face: &Face) {
    inner.nest(tag::ISSUER_DISCRETIONARY, |entries| put_entry(entries, face));
}

fn put_application(inner: &mut Writer, face: &Face) {
    inner.put(tag::APPLICATION_LABEL, face.label.as_bytes());
    inner.put(tag::PRIORITY, &[FIRST]);
    inner.put(tag::PDOL, &layout::pdol().encode());
    inner.put(tag::LANGUAGE, LANGUAGE);
    inner.put(tag::CODE_TABLE, &[LATIN_1]);
}

fn put_entry(out: &mut Writer, face: &Face) {
    out.nest(tag::APPLICATION_TEMPLATE, |entry| {
        entry.put(tag::APPLICATION_ID, face.aid.bytes());
        entry.put(tag::APPLICATION_LABEL, face.label.as_bytes());
        entry.put(tag::PRIORITY, &[FIRST]);
    });
}

const PSE: &[u8] = b"1PAY.SYS.DDF01";
const PPSE: &[u8] = b"2PAY.SYS.DDF01";
const DIRECTORY_SFI: u8 = 1;
/// The highest priority; selected without asking the cardholder.
const FIRST: u8 = 1;
const LANGUAGE: &[u8] = b"en";
/// ISO/IEC 8859-1.
const LATIN_1: u8 = 1;
