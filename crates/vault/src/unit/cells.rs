//! Cells of rows, in and out, in the order of their columns: integers are checked, texts and bytes have bounds.
//!
//! Called by the other files of this folder. A row that does not read back as it was written is damaged, whatever the reason.

use payments::issuer::vault::VaultError;
use rusqlite::{
    Connection, Row, ffi,
    types::{ToSqlOutput, Value, ValueRef},
};

use super::words::Word;

/// Why one statement failed.
#[derive(Debug)]
pub(crate) enum Fault {
    /// Something that a caller can mean; the unit of work goes on if he wants.
    Named(VaultError),
    /// SQLite failed: the unit of work is undone, whatever its caller makes of it.
    Database(rusqlite::Error),
}

impl From<VaultError> for Fault {
    fn from(error: VaultError) -> Self {
        Self::Named(error)
    }
}

impl From<rusqlite::Error> for Fault {
    fn from(error: rusqlite::Error) -> Self {
        Self::Database(error)
    }
}

/// What a statement gives.
pub(crate) type Outcome<T> = Result<T, Fault>;

/// A kind of row, and what errors call it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Kind {
    /// The row.
    pub(crate) name: &'static str,
    /// The same with its article.
    pub(crate) the: &'static str,
    /// The row that it cannot be without, with its article.
    pub(crate) parent: &'static str,
}

/// Cells for a statement's parameters.
pub(crate) struct Cells<'a> {
    kind: Kind,
    values: Vec<ToSqlOutput<'a>>,
    too_large: Option<&'static str>,
}

impl<'a> Cells<'a> {
    pub(crate) fn new(kind: Kind) -> Self {
        Self { kind, values: Vec::with_capacity(CELLS), too_large: None }
    }

    /// A count or an amount.
    pub(crate) fn number(mut self, number: impl Into<u64>) -> Self {
        let number = i64::try_from(number.into()).unwrap_or_else(|_| {
            self.too_large = Some(self.kind.name);
            0
        });
        self.push(ToSqlOutput::Owned(Value::Integer(number)))
    }

    /// A text of bounded length.
    pub(crate) fn text(mut self, text: &'a str) -> Self {
        if text.len() > TEXT_BYTES_MAX {
            self.too_large = Some(self.kind.name);
        }
        self.push(ToSqlOutput::Borrowed(ValueRef::Text(text.as_bytes())))
    }

    /// A word of a closed set.
    pub(crate) fn word(self, word: &impl Word) -> Self {
        self.text(word.word())
    }

    /// Bytes of bounded length.
    pub(crate) fn bytes(mut self, bytes: &'a [u8]) -> Self {
        if bytes.len() > BYTES_MAX {
            self.too_large = Some(self.kind.name);
        }
        self.push(ToSqlOutput::Borrowed(ValueRef::Blob(bytes)))
    }

    /// A number that need not be there.
    pub(crate) fn maybe_number(self, number: Option<impl Into<u64>>) -> Self {
        match number {
            Some(number) => self.number(number),
            None => self.null(),
        }
    }

    /// A text that need not be there.
    pub(crate) fn maybe_text(self, text: Option<&'a str>) -> Self {
        match text {
            Some(text) => self.text(text),
            None => self.null(),
        }
    }

    /// Bytes that need not be there.
    pub(crate) fn maybe_bytes(self, bytes: Option<&'a [u8]>) -> Self {
        match bytes {
            Some(bytes) => self.bytes(bytes),
            None => self.null(),
        }
    }

    fn null(self) -> Self {
        self.push(ToSqlOutput::Owned(Value::Null))
    }

    fn push(mut self, value: ToSqlOutput<'a>) -> Self {
        self.values.push(value);
        self
    }

    /// Executes a statement and says how many rows it changed.
    pub(crate) fn execute(self, connection: &Connection, sql: &str) -> Outcome<usize> {
        let kind = self.kind;
        let mut statement = connection.prepare_cached(sql)?;
        statement.execute(self.parameters()?).map_err(|error| kind.refusal(error))
    }

    /// Executes a statement that changes one row which must be there.
    pub(crate) fn change(self, connection: &Connection, sql: &str) -> Outcome<()> {
        let missing = VaultError::Missing(self.kind.the);
        match self.execute(connection, sql)? {
            0 => Err(missing.into()),
            _ => Ok(()),
        }
    }

    /// The row that a query finds, if it finds one.
    pub(crate) fn one<T>(
        self,
        connection: &Connection,
        sql: &str,
        read: impl Fn(&mut Columns<'_>) -> Outcome<T>,
    ) -> Outcome<Option<T>> {
        Ok(self.all(connection, sql, read)?.pop())
    }

    /// The rows that a query finds.
    pub(crate) fn all<T>(
        self,
        connection: &Connection,
        sql: &str,
        read: impl Fn(&mut Columns<'_>) -> Outcome<T>,
    ) -> Outcome<Vec<T>> {
        let kind = self.kind;
        let mut statement = connection.prepare_cached(sql)?;
        let mut rows = statement.query(self.parameters()?)?;
        let mut found = Vec::new();
        while let Some(row) = rows.next()? {
            found.push(read(&mut Columns { row, kind, next: 0 })?);
        }
        drop(rows);
        #[cfg(test)]
        super::tests::note_effort(&statement);
        Ok(found)
    }

    fn parameters(self) -> Outcome<rusqlite::ParamsFromIter<Vec<ToSqlOutput<'a>>>> {
        match self.too_large {
            Some(what) => Err(VaultError::TooLarge(what).into()),
            None => Ok(rusqlite::params_from_iter(self.values)),
        }
    }
}

impl Kind {
    /// A constraint that was not kept says something about the rows; anything else is SQLite's.
    fn refusal(self, error: rusqlite::Error) -> Fault {
        match error.sqlite_error().map(|error| error.extended_code) {
            Some(ffi::SQLITE_CONSTRAINT_UNIQUE | ffi::SQLITE_CONSTRAINT_PRIMARYKEY | ffi::SQLITE_CONSTRAINT_ROWID) => {
                VaultError::Conflict(self.the).into()
            }
            Some(ffi::SQLITE_CONSTRAINT_FOREIGNKEY) => VaultError::Missing(self.parent).into(),
            _ => error.into(),
        }
    }
}

/// The columns of a row that was found, read one after the other.
pub(crate) struct Columns<'a> {
    row: &'a Row<'a>,
    kind: Kind,
    next: usize,
}

impl<'a> Columns<'a> {
    /// This row cannot be what was written.
    pub(crate) fn damaged(&self) -> Fault {
        VaultError::Damaged(self.kind.name).into()
    }

    pub(crate) fn number<T: TryFrom<i64>>(&mut self) -> Outcome<T> {
        self.maybe_number()?.ok_or_else(|| self.damaged())
    }

    pub(crate) fn maybe_number<T: TryFrom<i64>>(&mut self) -> Outcome<Option<T>> {
        match self.value()? {
            ValueRef::Null => Ok(None),
            ValueRef::Integer(number) => T::try_from(number).map(Some).map_err(|_| self.damaged()),
            _ => Err(self.damaged()),
        }
    }

    pub(crate) fn flag(&mut self) -> Outcome<bool> {
        Ok(self.number::<u8>()? == 1)
    }

    pub(crate) fn maybe_flag(&mut self) -> Outcome<Option<bool>> {
        Ok(self.maybe_number::<u8>()?.map(|flag| flag == 1))
    }

    pub(crate) fn text(&mut self) -> Outcome<&'a str> {
        self.maybe_text()?.ok_or_else(|| self.damaged())
    }

    pub(crate) fn maybe_text(&mut self) -> Outcome<Option<&'a str>> {
        match self.value()? {
            ValueRef::Null => Ok(None),
            ValueRef::Text(text) => std::str::from_utf8(text).map(Some).map_err(|_| self.damaged()),
            _ => Err(self.damaged()),
        }
    }

    /// A text that means something.
    pub(crate) fn parse<T>(&mut self, parse: impl FnOnce(&str) -> Option<T>) -> Outcome<T> {
        let text = self.text()?;
        parse(text).ok_or_else(|| self.damaged())
    }

    pub(crate) fn word<T: Word>(&mut self) -> Outcome<T> {
        self.parse(T::from_word)
    }

    pub(crate) fn bytes(&mut self) -> Outcome<&'a [u8]> {
        self.maybe_bytes()?.ok_or_else(|| self.damaged())
    }

    pub(crate) fn maybe_bytes(&mut self) -> Outcome<Option<&'a [u8]>> {
        match self.value()? {
            ValueRef::Null => Ok(None),
            ValueRef::Blob(bytes) => Ok(Some(bytes)),
            _ => Err(self.damaged()),
        }
    }

    /// Bytes of one length.
    pub(crate) fn array<const N: usize>(&mut self) -> Outcome<[u8; N]> {
        self.bytes()?.try_into().map_err(|_| self.damaged())
    }

    /// Bytes of one length that need not be there.
    pub(crate) fn maybe_array<const N: usize>(&mut self) -> Outcome<Option<[u8; N]>> {
        self.maybe_bytes()?.map(TryInto::try_into).transpose().map_err(|_| self.damaged())
    }

    fn value(&mut self) -> Outcome<ValueRef<'a>> {
        let value = self.row.get_ref(self.next)?;
        self.next += 1;
        Ok(value)
    }
}

/// More than any row has.
const CELLS: usize = 48;
/// Longest text; single columns are bounded more narrowly by the schema.
const TEXT_BYTES_MAX: usize = 65_536;
/// Longest row of bytes: a signed transaction, an answer.
const BYTES_MAX: usize = 65_536;
