//! Attributes of an item as a table: the schema of `primitives::attributes`, group by group, in words. Addresses in them are
//! shown and not linked, because somebody else wrote them; pictures are not loaded.

use serde_json::{Map, Value};

use crate::console::words;

/// One line of the table.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Row {
    pub(super) label: String,
    pub(super) value: String,
    /// Hashes, keys and addresses are set in a fixed width.
    pub(super) is_code: bool,
}

/// What the item is called.
pub(super) fn name(attributes: &Value) -> Option<String> {
    Some(attributes.get("name")?.as_str()?.to_owned())
}

/// The key that delivery details are encrypted to: 65 bytes of an uncompressed P-256 point.
pub(super) fn delivery_key(attributes: &Value) -> Option<&str> {
    attributes.get("deliveryKey")?.as_str().filter(|key| key.len() == 2 + 2 * 65)
}

/// Everything but the name, in the order of the schema.
pub(super) fn rows(attributes: &Value) -> Vec<Row> {
    let mut rows = Vec::new();
    for (field, label) in [("description", "Description"), ("classification", "Classification")] {
        rows.extend(attributes.get(field).map(|value| Row::text(label, value)));
    }
    rows.extend(attributes.get("image").map(|value| Row::code("Picture", value)));
    rows.extend(list(attributes, "media").iter().flat_map(media));
    rows.extend(group(attributes, "physical"));
    rows.extend(group(attributes, "origination"));
    rows.extend(list(attributes, "attributes").iter().map(trait_row));
    rows.extend(attributes.get("deliveryKey").map(|value| Row::code("Key for delivery details", value)));
    rows
}

fn list<'a>(attributes: &'a Value, field: &str) -> &'a [Value] {
    attributes.get(field).and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

fn media(entry: &Value) -> Vec<Row> {
    let kind = entry.get("kind").map(shown).unwrap_or_default();
    let label = spaced(&kind);
    let address = entry.get("uri").map(|value| Row::code(&label, value));
    let hash = entry.get("hash").map(|value| Row::code(&format!("{label}, its hash"), value));
    address.into_iter().chain(hash).collect()
}

fn trait_row(entry: &Value) -> Row {
    let label = entry.get("trait_type").map(shown).unwrap_or_default();
    Row::text(&label, entry.get("value").unwrap_or(&Value::Null))
}

/// The fields of an object, and of objects in it.
fn group(attributes: &Value, field: &str) -> Vec<Row> {
    let mut rows = Vec::new();
    if let Some(fields) = attributes.get(field).and_then(Value::as_object) {
        flatten("", fields, &mut rows);
    }
    rows
}

fn flatten(before: &str, fields: &Map<String, Value>, rows: &mut Vec<Row>) {
    for (name, value) in fields {
        let label = if before.is_empty() { spaced(name) } else { format!("{before}, {}", spaced(name)) };
        match value {
            Value::Object(inner) => flatten(&label, inner, rows),
            _ => rows.push(Row::text(&label, value)),
        }
    }
}

/// `placeOfOrigin` is "Place of origin".
fn spaced(name: &str) -> String {
    let mut label = String::with_capacity(name.len());
    for (index, letter) in name.chars().enumerate() {
        match (index, letter.is_uppercase()) {
            (0, _) => label.extend(letter.to_uppercase()),
            (_, true) => {
                label.push(' ');
                label.extend(letter.to_lowercase());
            }
            (_, false) => label.push(letter),
        }
    }
    label
}

fn shown(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Bool(true) => "yes".to_owned(),
        Value::Bool(false) => "no".to_owned(),
        Value::Array(items) => items.iter().map(shown).collect::<Vec<_>>().join(", "),
        other => other.to_string(),
    }
}

impl Row {
    fn text(label: &str, value: &Value) -> Self {
        Self { label: words::shortened(label), value: words::shortened(&shown(value)), is_code: false }
    }

    fn code(label: &str, value: &Value) -> Self {
        Self { is_code: true, ..Self::text(label, value) }
    }
}

#[cfg(test)]
mod tests;
