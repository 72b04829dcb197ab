//! The fields of a form that comes as a query: texts by name, read as what they should be. A field that is missing or wrong is
//! a [`Problem::Wrong`] that names it.

use primitives::{Address, B256, U256};

use super::{Problem, words};

/// Names and decoded values, in the order of the query.
pub(super) struct Fields(Vec<(String, String)>);

impl Fields {
    pub(super) fn read(query: &str) -> Self {
        let pairs = query.split('&').filter_map(|pair| pair.split_once('=')).take(MOST_FIELDS);
        Self(pairs.map(|(name, value)| (words::decoded(name), words::decoded(value))).collect())
    }

    /// Empty if it is not there.
    pub(super) fn text(&self, name: &str) -> &str {
        self.0.iter().find(|(known, _)| known == name).map_or("", |(_, value)| value)
    }

    pub(super) fn address(&self, name: &'static str) -> Result<Address, Problem> {
        self.needed(name, "an address (0x and 40 hex digits)", words::address)
    }

    pub(super) fn hash(&self, name: &'static str) -> Result<B256, Problem> {
        self.needed(name, "a hash (0x and 64 hex digits)", words::hash)
    }

    pub(super) fn token_id(&self, name: &'static str) -> Result<U256, Problem> {
        self.needed(name, "a token id", words::token_id)
    }

    pub(super) fn number(&self, name: &'static str) -> Result<u64, Problem> {
        self.needed(name, "a whole number", |text| text.parse().ok())
    }

    /// Read by `reading`; the problem says that it should be `what`.
    pub(super) fn needed<T>(
        &self,
        name: &'static str,
        what: &str,
        reading: impl FnOnce(&str) -> Option<T>,
    ) -> Result<T, Problem> {
        let text = self.text(name);
        let shown = words::shortened(text);
        reading(text).ok_or_else(|| Problem::Wrong(format!("The field “{name}” should be {what}, and is “{shown}”.")))
    }
}

/// Fields of the longest form, and some.
const MOST_FIELDS: usize = 32;
