//! `counterfoil card insert`: a card in the virtual reader of the vsmartcard project, where every PC/SC program finds it.
//!
//! The card dials the reader. Each message is a length of two bytes and a body; a body of one byte is a signal of the reader (0 power off,
//! 1 power on, 2 reset, 4 "send your answer to reset", of which only the last is answered), a longer one a command that wants a response.
//!
//! Debian's vpcd sends length and body apart. The kernel of the card's side would hold its acknowledgment of the first back for 40 ms, and
//! that of vpcd the second until then: TCP_QUICKACK before every read makes a transaction 48 times as fast. The kernel takes the option
//! back by itself, so once is not enough.

use std::{
    io::{self, ErrorKind, Read, Write},
    net::TcpStream,
};

use alloy_primitives::hex;
use eyre::Context;
use payments::card::{Card, Counter};

use super::InsertArguments;

/// Why a card is in no reader any more. Who takes it out ends the program.
#[derive(Debug, thiserror::Error)]
enum Gone {
    #[error("the reader is gone: it hung up")]
    HungUp,
    #[error("the reader is gone")]
    Broken(#[from] io::Error),
}

pub(super) fn run(arguments: &InsertArguments) -> eyre::Result<()> {
    let (mut card, mut counter) = arguments.card.power_on()?;
    let reader = TcpStream::connect(&arguments.vpcd)
        .wrap_err_with(|| format!("no reader at {}: is pcscd with vsmartcard-vpcd running?", arguments.vpcd))?;
    reader.set_nodelay(true)?;
    println!("inserted at {}, answers {}; Ctrl-C takes it out", arguments.vpcd, hex::encode_upper(card.reset()));
    Err(serve(&reader, &mut card, &mut counter).into())
}

/// Until the reader is gone: there is no other end.
fn serve(reader: &TcpStream, card: &mut Card, counter: &mut dyn Counter) -> Gone {
    loop {
        if let Err(gone) = serve_one(reader, card, counter) {
            return gone;
        }
    }
}

fn serve_one(mut reader: &TcpStream, card: &mut Card, counter: &mut dyn Counter) -> Result<(), Gone> {
    let message = receive(reader)?.ok_or(Gone::HungUp)?;
    if let Some(body) = answer(card, counter, &message) {
        reader.write_all(&framed(&body)?)?;
    }
    if let Some(refusal) = card.refusal() {
        eprintln!("refused: {refusal}");
    }
    Ok(())
}

fn answer(card: &mut Card, counter: &mut dyn Counter, message: &[u8]) -> Option<Vec<u8>> {
    match message {
        [] => None,
        [POWER_OFF | POWER_ON | RESET] => {
            card.reset();
            None
        }
        [SEND_ANSWER_TO_RESET] => Some(card.answer_to_reset()),
        [_] => None,
        command => Some(card.exchange(command, counter)),
    }
}

/// The next message; none where the reader hung up between two.
fn receive(reader: &TcpStream) -> io::Result<Option<Vec<u8>>> {
    let mut length = [0; 2];
    match read_exact(reader, &mut length) {
        Err(error) if error.kind() == ErrorKind::UnexpectedEof => return Ok(None),
        other => other?,
    }
    let mut body = vec![0; usize::from(u16::from_be_bytes(length))];
    read_exact(reader, &mut body)?;
    Ok(Some(body))
}

fn read_exact(mut reader: &TcpStream, buffer: &mut [u8]) -> io::Result<()> {
    acknowledge_at_once(reader)?;
    reader.read_exact(buffer)
}

#[cfg(target_os = "linux")]
fn acknowledge_at_once(reader: &TcpStream) -> io::Result<()> {
    std::os::linux::net::TcpStreamExt::set_quickack(reader, true)
}

#[cfg(not(target_os = "linux"))]
fn acknowledge_at_once(_reader: &TcpStream) -> io::Result<()> {
    Ok(())
}

/// Length and body in one piece.
fn framed(body: &[u8]) -> io::Result<Vec<u8>> {
    let length = u16::try_from(body.len()).map_err(io::Error::other)?;
    Ok([&length.to_be_bytes(), body].concat())
}

const POWER_OFF: u8 = 0;
const POWER_ON: u8 = 1;
const RESET: u8 = 2;
const SEND_ANSWER_TO_RESET: u8 = 4;

#[cfg(test)]
mod tests;
