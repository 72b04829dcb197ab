//! `counterfoil card arqc`: a cryptogram and the answer to it from the issuer's master key and the real number, to be compared with what a
//! card says.

use std::io::{BufRead, stdin};

use alloy_primitives::hex;
use eyre::Context;
use payments::{
    cryptogram::{Aes128Key, IssuerAuthentication, Mac, arpc, master_key, session_key},
    number::Pan,
};
use zeroize::Zeroizing;

use super::{ArqcArguments, bytes, exactly};
use crate::table::{Field, say};

pub(super) fn run(arguments: &ArqcArguments) -> eyre::Result<()> {
    let number = number_from(stdin().lock())?;
    say(computed(arguments, &number)?, arguments.json);
    Ok(())
}

fn computed(arguments: &ArqcArguments, number: &Pan) -> eyre::Result<Vec<Field>> {
    let issuer = Aes128Key::new(exactly("--imk", &arguments.imk)?);
    let sequence = ((arguments.psn / 10) << 4) | (arguments.psn % 10);
    let session = session_key(&master_key(&issuer, number, sequence), arguments.atc);
    let [b0, b1, b2, b3, b4, b5, b6, b7, ..] = Mac::new(&session).sign(&[&bytes("--data", &arguments.data)?]);
    let cryptogram = [b0, b1, b2, b3, b4, b5, b6, b7];
    let mut fields = vec![Field::new("arqc", hex::encode_upper(cryptogram))];
    if let Some(csu) = &arguments.csu {
        let csu = exactly("--csu", csu)?;
        let answer = IssuerAuthentication { arpc: arpc(&session, &cryptogram, &csu), csu };
        fields.push(Field::new("answer", hex::encode_upper(answer.encode())));
    }
    Ok(fields)
}

/// The real number, which is nowhere shown.
fn number_from(input: impl BufRead) -> eyre::Result<Pan> {
    let mut line = Zeroizing::new(String::with_capacity(LONGEST_LINE));
    input.take(LONGEST_LINE as u64).read_line(&mut line).wrap_err("standard input")?;
    Pan::parse(line.trim()).wrap_err("standard input")
}

const LONGEST_LINE: usize = 64;

#[cfg(test)]
mod tests {
    use super::*;

    /// Recomputed with PyPI `cryptography` 48: AES and AES-CMAC put together as EMV Book 2 8.1, 8.2.2, A1.3.1 and A1.4.3 say.
    #[test]
    fn a_cryptogram_and_its_answer_are_those_of_another_implementation() {
        let arguments = ArqcArguments {
            imk: "000102030405060708090A0B0C0D0E0F".into(),
            pan_stdin: true,
            psn: 1,
            atc: 0x0123,
            data: "00112233445566778899AABBCCDDEEFF0011".into(),
            csu: Some("00800000".into()),
            json: false,
        };
        let number = number_from("5413330089020011\n".as_bytes()).unwrap();
        let fields = computed(&arguments, &number).unwrap();
        let shown = format!("{fields:?}");
        assert!(shown.contains("1A1BA2D984879C52") && shown.contains("289950BA00800000"), "{shown}");
        assert!(!shown.contains("5413330089020011"));
        let refused = number_from("5413330089020012\n".as_bytes()).unwrap_err();
        assert_eq!(format!("{refused:#}"), "standard input: the check digit is wrong");
    }
}
