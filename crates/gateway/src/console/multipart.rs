//! A form with a file, as browsers send it: `multipart/form-data` (RFC 7578, RFC 2046). The whole body is in memory and bounded
//! by whoever read it; parts are slices of it. Nested and encoded parts, which no browser sends, are not known.

/// One field of the form.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct FormPart<'a> {
    pub(super) name: &'a str,
    pub(super) content: &'a [u8],
}

/// All fields in order; `None` if this is no such form.
pub(super) fn parts<'a>(kind: &str, body: &'a [u8]) -> Option<Vec<FormPart<'a>>> {
    let delimiter = format!("\r\n--{}", boundary(kind)?);
    // The first delimiter has no line before it.
    let mut rest = body.strip_prefix(delimiter.trim_start().as_bytes())?;
    let mut parts = Vec::new();
    while !rest.starts_with(b"--") {
        if parts.len() == MOST_PARTS {
            return None;
        }
        let (part, after) = split_at_text(rest, delimiter.as_bytes())?;
        parts.push(read(part.strip_prefix(b"\r\n")?)?);
        rest = after;
    }
    Some(parts)
}

/// `multipart/form-data; boundary=...`, of which a quoted one is without its quotes.
fn boundary(kind: &str) -> Option<&str> {
    let (essence, parameters) = kind.split_once(';')?;
    let is_form = essence.trim().eq_ignore_ascii_case("multipart/form-data");
    let boundary = parameters.split(';').find_map(|parameter| parameter.trim().strip_prefix("boundary="))?;
    let boundary = boundary.trim_matches('"');
    (is_form && (1..=MOST_BOUNDARY_BYTES).contains(&boundary.len())).then_some(boundary)
}

fn read(part: &[u8]) -> Option<FormPart<'_>> {
    let (head, content) = split_at_text(part, b"\r\n\r\n")?;
    let head = str::from_utf8(head).ok()?;
    let disposition = head.split("\r\n").find(|line| line.to_ascii_lowercase().starts_with("content-disposition:"))?;
    let (_, after) = disposition.split_once("; name=\"")?;
    let (name, _) = after.split_once('"')?;
    Some(FormPart { name, content })
}

fn split_at_text<'a>(bytes: &'a [u8], text: &[u8]) -> Option<(&'a [u8], &'a [u8])> {
    let start = bytes.windows(text.len()).position(|window| window == text)?;
    Some((bytes.get(..start)?, bytes.get(start.checked_add(text.len())?..)?))
}

/// RFC 2046 section 5.1.1.
const MOST_BOUNDARY_BYTES: usize = 70;
const MOST_PARTS: usize = 16;

#[cfg(test)]
mod tests;
