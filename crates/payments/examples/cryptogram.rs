//! Keys, cryptograms and answers on the command line, twice: as card and issuer make them, and with Triple DES in the place of AES. For the
//! judge `pyemv`, which speaks only Triple DES.
//!
//! ```text
//! lines of JSON { imk, pan, sequence, atc, pdolData, cdolData, aip, iad, token, csu }
//!     -> lines of JSON { aes: { master, session, arqc, issuerAuthentication }, tripleDes: { the same } }
//! ```
//!
//! All bytes are hex, `pan` and `token` digits, `sequence` two digits, `atc` a number. What is ours in both halves: the digits of number and
//! token, what a cryptogram covers and in which order, tag 91. The cipher of the second half, and what EMV Book 2 does otherwise with it
//! (A1.4.1 and A1.4.2, A1.3.1, A1.2.1), is crate `emv`'s: card and issuer have no Triple DES.

use std::error::Error;
use std::io::stdin;

use emv::core::{
    issuer_authentication::arpc_method2,
    master_key_derivation::derive_master_key_option_b,
    secure_messaging::{derive_session_key_tdes, diversification_for_ac_session_key, retail_mac},
};
use payments::cryptogram::{Aes128Key, IssuerAuthentication, Signed, arpc, arqc, master_key, session_key};
use payments::number::{Pan, Token};
use serde::Deserialize;
use serde_json::{Value, json};

type Outcome<T> = Result<T, Box<dyn Error>>;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Case {
    imk: String,
    pan: String,
    sequence: String,
    atc: u16,
    pdol_data: String,
    cdol_data: String,
    aip: String,
    iad: String,
    token: String,
    csu: String,
}

fn main() -> Outcome<()> {
    for line in stdin().lines() {
        println!("{}", answer(&serde_json::from_str(&line?)?)?);
    }
    Ok(())
}

fn answer(case: &Case) -> Outcome<Value> {
    let (pdol_data, cdol_data, iad) =
        (hex::decode(&case.pdol_data)?, hex::decode(&case.cdol_data)?, hex::decode(&case.iad)?);
    let (aip, csu) = (bytes(&case.aip)?, bytes(&case.csu)?);
    let token_cn = Token::parse(&case.token)?.to_cn();
    let signed =
        Signed { pdol_data: &pdol_data, cdol_data: &cdol_data, aip, atc: case.atc, iad: &iad, token_cn: &token_cn };
    let number = Pan::parse(&case.pan)?;
    let [sequence] = bytes(&case.sequence)?;
    let imk = bytes(&case.imk)?;
    Ok(json!({
        "aes": with_aes(imk, &number, sequence, &signed, csu),
        "tripleDes": with_triple_des(imk, &number, sequence, &signed, csu)?,
    }))
}

fn with_aes(imk: [u8; 16], number: &Pan, sequence: u8, signed: &Signed<'_>, csu: [u8; 4]) -> Value {
    let master = master_key(&Aes128Key::new(imk), number, sequence);
    let session = session_key(&master, signed.atc);
    let cryptogram = arqc(&session, signed);
    let answer = IssuerAuthentication { arpc: arpc(&session, &cryptogram, &csu), csu };
    shown(master.expose(), session.expose(), cryptogram, answer)
}

fn with_triple_des(imk: [u8; 16], number: &Pan, sequence: u8, signed: &Signed<'_>, csu: [u8; 4]) -> Outcome<Value> {
    let digits = std::str::from_utf8(number.digits())?;
    let failed = |error: emv::Error| format!("crate emv: {error:?}");
    // Option A where the number has at most 16 digits.
    let master = derive_master_key_option_b(&imk, &Token::parse(digits)?.to_cn(), Some(sequence)).map_err(failed)?;
    let session = derive_session_key_tdes(&master, &diversification_for_ac_session_key(signed.atc));
    let cryptogram = signed.sign_with(|parts| retail_mac(&session, &parts.concat()));
    let answer = IssuerAuthentication { arpc: arpc_method2(cryptogram, csu, &[], &session).map_err(failed)?, csu };
    Ok(shown(&master, &session, cryptogram, answer))
}

fn shown(master: &[u8; 16], session: &[u8; 16], arqc: [u8; 8], answer: IssuerAuthentication) -> Value {
    json!({
        "master": hex::encode_upper(master),
        "session": hex::encode_upper(session),
        "arqc": hex::encode_upper(arqc),
        "issuerAuthentication": hex::encode_upper(answer.encode()),
    })
}

fn bytes<const COUNT: usize>(text: &str) -> Outcome<[u8; COUNT]> {
    let given = hex::decode(text)?;
    given.try_into().map_err(|given: Vec<u8>| format!("{COUNT} bytes are wanted, not {}", given.len()).into())
}
