//! A reader that speaks vpcd's protocol over a real connection, length and body apart as Debian's does.

use std::{net::TcpListener, thread};

use payments::card::Counters;

use super::*;
use crate::cardfile::tests::personalization;

/// What the reader sends, and what it wants back if it waits for an answer.
fn check(messages: &[(&[u8], Option<&str>)]) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let card = thread::spawn(move || {
        let mut card = Card::new(personalization(), payments::card::Protocol::T1);
        serve(&TcpStream::connect(address).unwrap(), &mut card, &mut Counters::default())
    });
    let (mut reader, _) = listener.accept().unwrap();
    for (message, expected) in messages {
        reader.write_all(&u16::try_from(message.len()).unwrap().to_be_bytes()).unwrap();
        reader.write_all(message).unwrap();
        if let Some(expected) = expected {
            let answer = hex::encode_upper(receive(&reader).unwrap().unwrap());
            assert!(answer.ends_with(expected), "{} is not {expected}", answer);
        }
    }
    drop(reader);
    let gone = card.join().unwrap();
    assert!(matches!(gone, Gone::HungUp), "{gone:?}");
    assert_eq!(gone.to_string(), "the reader is gone: it hung up");
}

#[test]
fn signals_and_commands_of_the_reader_are_answered_as_it_expects() {
    let answer_to_reset = hex::encode_upper(payments::card::Protocol::T1.answer_to_reset());
    check(&[
        (&[POWER_ON], None),
        (&[SEND_ANSWER_TO_RESET], Some(&answer_to_reset)),
        (b"\x00\xa4\x04\x00\x0e1PAY.SYS.DDF01\x00", Some("9000")),
        (&[0x00, 0xb2, 0x01, 0x0c, 0x00], Some("9000")),
        (&[RESET], None),
        (&[0x00, 0xb2, 0x01, 0x0c, 0x00], Some("6985")),
        (&[0x00, 0xa4], Some("6700")),
        (&[], None),
        (&[9], None),
        (&[POWER_OFF], None),
    ]);
}

#[test]
fn a_reader_that_hangs_up_inside_a_message_is_an_error() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let stream = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    let (mut reader, _) = listener.accept().unwrap();
    reader.write_all(&[0, 5, 0x00]).unwrap();
    drop(reader);
    let mut card = Card::new(personalization(), payments::card::Protocol::T1);
    let gone = serve(&stream, &mut card, &mut Counters::default());
    assert!(matches!(&gone, Gone::Broken(error) if error.kind() == ErrorKind::UnexpectedEof), "{gone:?}");
    assert!(gone.to_string().starts_with("the reader is gone"));
}
