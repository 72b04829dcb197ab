//! `/certificate/FINGERPRINT`: everything that a certificate says, what it is worth, and its bytes.

use alloy_primitives::hex;
use askama::Template;
use base64::{Engine, engine::general_purpose::STANDARD};
use chain::BlockAt;
use contracts::admission::{
    IAdmission::{Change, Status},
    details::{self, Details},
};
use primitives::B256;

use super::{
    Console, Page, Problem,
    people::{People, Person},
};
use crate::{
    admission::{self as say, room::Room},
    console::{
        Frame, StatusCode, show,
        words::{self, Moment},
    },
};

#[derive(Template)]
#[template(path = "certificate.html")]
struct CertificatePage {
    frame: Frame,
    name: String,
    fingerprint: String,
    /// As X.509 tools print it.
    paired: String,
    bearer: Person,
    worth: Worth,
    history: Vec<Past>,
    subject: String,
    issuer: String,
    serial: String,
    from: Option<Moment>,
    until: Option<Moment>,
    key_kind: &'static str,
    key: String,
    algorithm: &'static str,
    signature: String,
    address: String,
    extensions: Vec<ExtensionRow>,
    bytes: String,
    pem: String,
}

struct Past {
    height: u64,
    status: &'static str,
}

struct ExtensionRow {
    name: String,
    oid: String,
    critical: bool,
    says: Vec<String>,
}

/// What a certificate is worth at the head, in words and as a colour.
pub(super) struct Worth {
    pub(super) word: &'static str,
    pub(super) class: &'static str,
    /// What is to be said of it besides.
    pub(super) note: &'static str,
}

/// The certificate with a fingerprint.
pub(super) fn page(console: &Console, fingerprint: &str) -> Result<Page, Problem> {
    let unknown = || Problem::unknown("certificate", fingerprint);
    let state = console.chain.state(BlockAt::Latest)?;
    let people = People::of(console, console.room(&state));
    let hash = words::loose_hash(fingerprint).ok_or_else(unknown)?;
    let found = people.room().certificate(hash)?;
    let details = details::read(&found.der).map_err(|_| unknown())?;
    Ok(show(StatusCode::OK, &CertificatePage::of(console, &people, &details, &found.der)?))
}

impl CertificatePage {
    fn of(console: &Console, people: &People<'_>, details: &Details, der: &[u8]) -> Result<Self, Problem> {
        let read = &details.certificate;
        let changes = people.room().history(read.fingerprint)?;
        Ok(Self {
            frame: console.frame(),
            name: words::foreign_name(&details.name),
            fingerprint: read.fingerprint.to_string(),
            paired: paired(&read.fingerprint[..]),
            bearer: people.bearer(read.node_key, read.fingerprint)?,
            worth: Worth::of(people.room(), read.fingerprint, &changes)?,
            history: changes
                .iter()
                .map(|change| Past { height: change.height, status: status_word(change.status) })
                .collect(),
            subject: words::foreign(&read.subject),
            issuer: words::foreign(&details.issuer),
            serial: paired(&read.serial),
            from: Moment::of_seconds(read.not_before),
            until: Moment::of_seconds(read.not_after),
            key_kind: details.key_kind,
            key: words::bytes(&details.key),
            algorithm: details.algorithm,
            signature: words::bytes(&details.signature),
            address: words::foreign(&read.address),
            extensions: details.extensions.iter().take(EXTENSIONS).map(ExtensionRow::of).collect(),
            bytes: words::number(der.len()),
            pem: pem(der),
        })
    }
}

impl ExtensionRow {
    fn of(extension: &details::Extension) -> Self {
        Self {
            name: extension.name.unwrap_or("unknown").to_owned(),
            oid: extension.oid.clone(),
            critical: extension.critical,
            says: extension.says.iter().map(|text| words::foreign(text)).collect(),
        }
    }
}

impl Worth {
    /// By what became of it: the changes of its status.
    pub(super) fn of(room: &Room<'_>, fingerprint: B256, history: &[Change]) -> Result<Self, Problem> {
        let status = history.last().map_or(Status::Unknown, |change| change.status);
        let counts = status == Status::Valid && room.is_valid(fingerprint)?;
        let (class, note) = match status {
            Status::Valid if counts => ("done", ""),
            Status::Valid => ("failed", "its time is over; the ledger says so when the epoch ends"),
            Status::Pending => ("waiting", "members vote on it"),
            _ => ("failed", ""),
        };
        Ok(Self { word: status_word(status), class, note })
    }
}

/// The ledger forgets what a certificate was asked for when the request is denied or lapses: it may be asked for again.
pub(super) const fn status_word(status: Status) -> &'static str {
    match status {
        Status::Unknown => "not admitted",
        known => say::status(known),
    }
}

/// Such as `7D:A7:16`.
fn paired(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| hex::encode_upper([*byte])).collect::<Vec<_>>().join(":")
}

/// RFC 7468.
fn pem(der: &[u8]) -> String {
    let text = STANDARD.encode(der);
    let lines: Vec<_> = text.as_bytes().chunks(PEM_LINE).map(|line| String::from_utf8_lossy(line)).collect();
    format!("-----BEGIN CERTIFICATE-----\n{}\n-----END CERTIFICATE-----\n", lines.join("\n"))
}

const PEM_LINE: usize = 64;
/// A certificate of 4 KiB has no more that say anything.
const EXTENSIONS: usize = 100;
