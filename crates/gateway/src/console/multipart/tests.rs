//! Forms as browsers write them, and what is none.

use super::{FormPart, parts};

const KIND: &str = "multipart/form-data; boundary=----WebKitFormBoundaryAb12";

fn body(text: &str) -> Vec<u8> {
    text.replace('\n', "\r\n").replace("BOUND", "----WebKitFormBoundaryAb12").into_bytes()
}

#[test]
fn a_form_with_a_file_is_read_whole() {
    let text = "--BOUND
Content-Disposition: form-data; name=\"genesis\"

0x12
--BOUND
content-disposition: form-data; name=\"file\"; filename=\"a.cfl\"
Content-Type: application/octet-stream

one

--two
--BOUND--
";
    let bytes = body(text);
    let expected =
        [FormPart { name: "genesis", content: b"0x12" }, FormPart { name: "file", content: b"one\r\n\r\n--two" }];
    assert_eq!(parts(KIND, &bytes), Some(expected.into()));
    assert_eq!(
        parts(&KIND.replace("----WebKitFormBoundaryAb12", "\"----WebKitFormBoundaryAb12\""), &bytes).map(|p| p.len()),
        Some(2)
    );
}

#[test]
fn what_is_cut_off_or_no_form_is_none() {
    let whole = body("--BOUND\nContent-Disposition: form-data; name=\"a\"\n\nb\n--BOUND--");
    assert_eq!(parts(KIND, &whole).map(|parts| parts.len()), Some(1));
    for end in 0..whole.len() - 2 {
        assert_eq!(parts(KIND, &whole[..end]), None, "{end}");
    }
    for kind in [
        "",
        "text/plain",
        "multipart/form-data",
        "multipart/form-data; boundary=",
        "multipart/mixed; boundary=----WebKitFormBoundaryAb12",
    ] {
        assert_eq!(parts(kind, &whole), None, "{kind}");
    }
    assert_eq!(parts(KIND, &body("--BOUND\nContent-Disposition: form-data\n\nb\n--BOUND--")), None);
    assert_eq!(parts(KIND, &body(&"--BOUND\nContent-Disposition: form-data; name=\"a\"\n\nb\n".repeat(17))), None);
}
