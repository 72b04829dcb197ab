//! What a command says: one JSON object for machines, aligned lines for people. Called by the commands of the systems.

use serde_json::{Map, Value, json};

use crate::native::Done;

/// One thing that is said, by its name.
#[derive(Clone, Debug)]
pub(crate) struct Field {
    name: &'static str,
    /// For machines.
    value: Value,
    /// For people; more than one line for a list.
    shown: Vec<String>,
}

/// Rows of the same fields.
pub(crate) type Row = Vec<Field>;

impl Field {
    /// Text for both; numbers beyond 2^53 are text for machines too.
    pub(crate) fn new(name: &'static str, value: impl ToString) -> Self {
        let shown = value.to_string();
        Self { name, value: Value::from(shown.clone()), shown: vec![shown] }
    }

    /// Texts: a list for machines, a line each for people.
    pub(crate) fn list(name: &'static str, texts: Vec<String>) -> Self {
        Self { name, value: Value::from(texts.clone()), shown: texts }
    }

    /// A number that every reader of JSON has exactly, or a truth.
    pub(crate) fn value(name: &'static str, value: impl Into<Value>) -> Self {
        let value = value.into();
        let shown = match &value {
            Value::Bool(yes) => if *yes { "yes" } else { "no" }.into(),
            other => other.to_string(),
        };
        Self { name, value, shown: vec![shown] }
    }

    /// The same in other words for people.
    pub(crate) fn shown(self, shown: impl Into<String>) -> Self {
        Self { shown: vec![shown.into()], ..self }
    }
}

/// Says fields.
pub(crate) fn say(fields: Vec<Field>, json: bool) {
    match json {
        true => println!("{}", object(fields)),
        false => print!("{}", lines(&fields)),
    }
}

/// Says what a call did, and in which transaction.
pub(crate) fn say_done(done: &Done, mut fields: Vec<Field>, json: bool) {
    let receipt = Field { name: "receipt", value: done.receipt.clone(), shown: Vec::new() };
    if json {
        fields.push(receipt);
        return say(fields, json);
    }
    fields.push(Field::new("transaction", done.transaction()));
    say(fields, json);
}

/// Says rows under the name of what they are.
pub(crate) fn say_rows(name: &'static str, rows: Vec<Row>, json: bool) {
    match json {
        true => println!("{}", json!({ name: rows.into_iter().map(object).collect::<Vec<_>>() })),
        false if rows.is_empty() => println!("no {name}"),
        false => print!("{}", columns(&rows)),
    }
}

fn object(fields: Vec<Field>) -> Value {
    Value::Object(fields.into_iter().map(|field| (field.name.into(), field.value)).collect::<Map<_, _>>())
}

fn lines(fields: &[Field]) -> String {
    let width = fields.iter().map(|field| field.name.len()).max().unwrap_or_default();
    let named = |field: &Field| {
        let names = std::iter::once(field.name).chain(std::iter::repeat(""));
        let shown = names.zip(&field.shown).map(|(name, line)| format!("{name:width$}  {}\n", plain(line)));
        shown.collect::<String>()
    };
    fields.iter().map(named).collect()
}

fn columns(rows: &[Row]) -> String {
    let head: Vec<String> = rows.first().into_iter().flatten().map(|field| field.name.into()).collect();
    let body = rows.iter().map(|row| row.iter().map(|field| plain(&field.shown.join(" "))).collect());
    let table: Vec<Vec<String>> = std::iter::once(head).chain(body).collect();
    let width = |column: usize| table.iter().filter_map(|row| row.get(column)).map(|cell| cell.chars().count()).max();
    let line = |row: &Vec<String>| {
        let cells = row.iter().enumerate().map(|(at, cell)| format!("{cell:0$}", width(at).unwrap_or_default()));
        cells.collect::<Vec<_>>().join("  ").trim_end().to_owned() + "\n"
    };
    table.iter().map(line).collect()
}

/// Text from strangers must not steer the terminal.
pub(crate) fn plain(text: &str) -> String {
    text.chars().map(|character| if character.is_control() { '\u{fffd}' } else { character }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stranger_s_text_does_not_steer_the_terminal_and_machines_get_it_as_it_is() {
        let field = Field::new("name", "red\u{1b}[31m\nnext");
        assert_eq!(lines(std::slice::from_ref(&field)), "name  red\u{fffd}[31m\u{fffd}next\n");
        assert_eq!(object(vec![field])["name"], "red\u{1b}[31m\nnext");
    }

    #[test]
    fn a_list_has_a_line_for_each_and_stays_a_list_for_machines() {
        let ids = Field::list("ids", vec!["a".into(), "b".into()]);
        assert_eq!(lines(std::slice::from_ref(&ids)), "ids  a\n     b\n");
        assert_eq!(object(vec![ids]), json!({ "ids": ["a", "b"] }));
    }

    #[test]
    fn columns_are_as_wide_as_their_widest_cell() {
        let rows = ["a", "four"].map(|id| vec![Field::new("id", id), Field::value("free", id == "a")]);
        assert_eq!(columns(&rows), "id    free\na     yes\nfour  no\n");
    }
}
