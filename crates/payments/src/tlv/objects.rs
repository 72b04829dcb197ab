//! Objects of one level as an ordered map: what DE 55 is.

use super::{MAX_OBJECTS, Tag, TlvError, Writer, parse};

/// Values by tag in the order in which they came; each tag once, unknown ones included.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Objects(Vec<(Tag, Vec<u8>)>);

impl Objects {
    /// None yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Reads one level; a tag that is there twice is refused.
    pub fn parse(bytes: &[u8]) -> Result<Self, TlvError> {
        let mut objects = Self::new();
        for object in parse(bytes)? {
            if objects.get(object.tag).is_some() {
                return Err(TlvError::Repeated(object.tag));
            }
            objects.0.push((object.tag, object.value.to_vec()));
        }
        Ok(objects)
    }

    /// The bytes, in order.
    pub fn encode(&self) -> Vec<u8> {
        let mut writer = Writer::new();
        self.iter().for_each(|(tag, value)| {
            writer.put(tag, value);
        });
        writer.into_bytes()
    }

    /// The value of a tag.
    pub fn get(&self, tag: Tag) -> Option<&[u8]> {
        self.iter().find(|(known, _)| *known == tag).map(|(_, value)| value)
    }

    /// Sets the value of a tag, in its place if it is there, else at the end.
    pub fn insert(&mut self, tag: Tag, value: Vec<u8>) -> Result<(), TlvError> {
        if let Some(entry) = self.0.iter_mut().find(|(known, _)| *known == tag) {
            entry.1 = value;
            return Ok(());
        }
        if self.0.len() == MAX_OBJECTS {
            return Err(TlvError::TooMany);
        }
        self.0.push((tag, value));
        Ok(())
    }

    /// Takes a tag out.
    pub fn remove(&mut self, tag: Tag) -> Option<Vec<u8>> {
        let at = self.0.iter().position(|(known, _)| *known == tag)?;
        Some(self.0.remove(at).1)
    }

    /// Every tag with its value, in order.
    pub fn iter(&self) -> impl Iterator<Item = (Tag, &[u8])> {
        self.0.iter().map(|(tag, value)| (*tag, value.as_slice()))
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}
