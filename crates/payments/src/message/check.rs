//! What must hold for any bytes whatever, as frames, messages, requests, answers and JSON. Called by `fuzz/fuzz_targets/iso8583.rs`, and on
//! the kept corpus by the tests.

use super::codec::Message;
use super::frame::{Framing, framed, framing};
use super::request::Request;
use super::response::Response;
use super::writer::Writer;

/// Reads the bytes in every way, and panics where what was read is not what is written again.
pub fn check_bytes(bytes: &[u8]) {
    check_frame(bytes);
    check_message(bytes);
    check_request(bytes);
    check_response(bytes);
    check_json(bytes);
}

fn check_frame(bytes: &[u8]) {
    if let Framing::Frame { message, rest } = framing(bytes) {
        let again = framed(message).expect("what a frame held fits into one");
        assert_eq!([again.as_slice(), rest].concat(), bytes, "a frame is its length and its message");
        check_message(message);
    }
}

fn check_message(bytes: &[u8]) {
    let Ok(message) = Message::decode(bytes) else { return };
    let mut again = Vec::new();
    let mut writer = Writer::new(&mut again, message.mti());
    message.elements().for_each(|(number, value)| writer.put(number, value).expect("what was read can be written"));
    writer.finish().expect("what was read is not too long");
    assert_eq!(again, bytes, "one message, one form in bytes");
}

fn check_request(bytes: &[u8]) {
    match Request::parse(bytes) {
        Ok(request) => {
            assert_eq!(request.encode().expect("what was read can be written"), bytes);
            let json = Request::from_json(request.to_json().as_bytes()).expect("our JSON can be read");
            assert_eq!(json, request, "both forms say the same");
        }
        Err(rejected) => {
            let answer = rejected.answer.map(|answer| answer.encode().expect("a refusal can be written"));
            answer.iter().for_each(|answer| check_response(answer));
        }
    }
}

fn check_response(bytes: &[u8]) {
    let Ok(response) = Response::parse(bytes) else { return };
    assert_eq!(response.encode().expect("what was read can be written"), bytes);
    let json = Response::from_json(response.to_json().as_bytes()).expect("our JSON can be read");
    assert_eq!(json, response, "both forms say the same");
}

fn check_json(text: &[u8]) {
    if let Ok(request) = Request::from_json(text) {
        let bytes = request.encode().expect("what JSON says can be written");
        assert_eq!(Request::parse(&bytes).expect("and read again"), request);
    }
}
