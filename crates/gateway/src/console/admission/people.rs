//! Who is behind a node key: the name that its certificate's subject has. Certificates do not change, so what was read once is
//! kept, within a bound.

use std::{
    cell::RefCell,
    collections::{BTreeMap, HashMap},
};

use contracts::admission::{
    IAdmission::{Member, MemberState, RequestKind},
    details,
};
use parking_lot::Mutex;
use primitives::{B256, NodeId};

use super::{Console, Problem, words};
use crate::admission::room::{Room, RoomError};

/// Names of certificates' subjects, by fingerprint.
#[derive(Debug, Default)]
pub(in crate::console) struct Subjects(Mutex<HashMap<B256, String>>);

/// A node as it is linked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::console) struct Person {
    /// The node key.
    pub(in crate::console) key: String,
    pub(in crate::console) short: String,
    /// Of its certificate; nothing if it has none.
    pub(in crate::console) name: Option<String>,
}

/// Everybody, after one block.
pub(in crate::console) struct People<'a> {
    room: Room<'a>,
    subjects: &'a Subjects,
    /// Who was asked for on this page.
    met: RefCell<BTreeMap<NodeId, Person>>,
}

impl<'a> People<'a> {
    pub(in crate::console) fn of(console: &'a Console, room: Room<'a>) -> Self {
        Self { room, subjects: &console.names, met: RefCell::default() }
    }

    pub(in crate::console) const fn room(&self) -> &Room<'a> {
        &self.room
    }

    /// The node with a key; one that the room does not know, or where there is no room, has no name.
    pub(in crate::console) fn person(&self, key: NodeId) -> Result<Person, Problem> {
        if let Some(person) = self.met.borrow().get(&key) {
            return Ok(person.clone());
        }
        match self.room.member(key) {
            Ok(member) => self.member(&member),
            Err(RoomError::Closed) => Ok(Person::new(key, None)),
            Err(error) => Err(error.into()),
        }
    }

    pub(in crate::console) fn persons(&self, keys: &[NodeId]) -> Result<Vec<Person>, Problem> {
        keys.iter().map(|key| self.person(*key)).collect()
    }

    /// The same, where its record is at hand.
    pub(super) fn member(&self, member: &Member) -> Result<Person, Problem> {
        let person = self.bearer(member.nodeKey, self.certificate_of(member)?)?;
        self.met.borrow_mut().insert(member.nodeKey, person.clone());
        Ok(person)
    }

    /// The node that brings a certificate.
    pub(super) fn bearer(&self, key: NodeId, certificate: B256) -> Result<Person, Problem> {
        Ok(Person::new(key, self.subject(certificate)?.as_deref()))
    }

    /// The name in a certificate's subject, if the room has it.
    pub(super) fn subject(&self, fingerprint: B256) -> Result<Option<String>, Problem> {
        if fingerprint.is_zero() {
            return Ok(None);
        }
        if let Some(name) = self.subjects.0.lock().get(&fingerprint) {
            return Ok(Some(name.clone()));
        }
        let Some(name) = details::name(&self.room.certificate(fingerprint)?.der) else { return Ok(None) };
        let mut known = self.subjects.0.lock();
        if known.len() >= SUBJECTS_MOST {
            known.clear();
        }
        known.insert(fingerprint, name.clone());
        Ok(Some(name))
    }

    /// Of a node that was never admitted there is no record: the certificate of its open request is all that there is.
    fn certificate_of(&self, member: &Member) -> Result<B256, Problem> {
        if member.state != MemberState::Requested || !member.certificate.is_zero() {
            return Ok(member.certificate);
        }
        for id in self.room.open_requests()? {
            let request = self.room.request(id)?;
            if request.kind == RequestKind::Link && request.nodeKey == member.nodeKey {
                return Ok(request.certificate);
            }
        }
        Ok(B256::ZERO)
    }
}

impl Person {
    fn new(key: NodeId, subject: Option<&str>) -> Self {
        let text = key.to_string();
        let name = subject.map(words::foreign_name).filter(|name| !name.is_empty());
        Self { short: words::ends(&text), key: text, name }
    }

    /// What a title calls it.
    pub(super) fn title(&self) -> String {
        self.name.clone().unwrap_or_else(|| format!("Node {}", self.short))
    }
}

/// Members are at most 128 at a time; a certificate has at most 4 KiB.
const SUBJECTS_MOST: usize = 1_024;
