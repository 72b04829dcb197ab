//! How fast the ciphers of card and issuer are beside other implementations, on one thread, for `cargo xtask bench card`.
//!
//! One line of JSON for each row: `name`, `ours_per_s`, and `peer`, `peer_per_s` where there is a peer. Both sides get the same keys,
//! digits and bytes; they take turns, and the median of the turns counts.

use std::error::Error;
use std::hint::black_box;
use std::time::{Duration, Instant};

use emv::core::{
    application_cryptogram::application_cryptogram_aes,
    master_key_derivation::derive_master_key_option_c,
    secure_messaging::{derive_session_key_aes, diversification_for_ac_session_key_aes},
};
use fpe::ff1::{FF1, FlexibleNumeralString};
use payments::cryptogram::{Aes128Key, Ff1, Mac, Signed, arqc, master_key, session_key, tokenize, tweak};
use payments::layout::{AIP, pdol};
use payments::number::Pan;
use payments::profile::{Input, Profile};
use serde_json::{Value, json};

type Outcome<T> = Result<T, Box<dyn Error>>;

const TURNS: usize = 7;
const TURN: Duration = Duration::from_millis(300);
const KEY: [u8; 16] = [0x2b, 0x7e, 0x15, 0x16, 0x28, 0xae, 0xd2, 0xa6, 0xab, 0xf7, 0x15, 0x88, 0x09, 0xcf, 0x4f, 0x3c];

fn main() -> Outcome<()> {
    for row in [ff1()?, whole_token()?, cryptogram()?] {
        println!("{row}");
    }
    Ok(())
}

/// Nine digits under a cached key with a tweak of twelve bytes.
fn ff1() -> Outcome<Value> {
    let (ours, peer) = (Ff1::new(&KEY), FF1::<aes::Aes128>::new(&KEY, 10)?);
    let (tweak, digits) = ([7_u8; 12], [1_u8, 2, 3, 4, 5, 6, 7, 8, 9]);
    let wide: Vec<u16> = digits.iter().copied().map(u16::from).collect();
    let same: Vec<u16> = ours.encrypt_digits(&tweak, &digits)?.into_iter().map(u16::from).collect();
    let theirs: Vec<u16> = peer.encrypt(&tweak, &FlexibleNumeralString::from(wide.clone()))?.into();
    assert_eq!(same, theirs, "both encrypt alike");
    let (ours_per_s, peer_per_s) = turns(
        || {
            let mut digits = black_box(digits);
            let done = ours.encrypt_in_place(black_box(&tweak), &mut digits).is_ok();
            black_box(digits);
            done
        },
        || peer.encrypt(black_box(&tweak), &FlexibleNumeralString::from(black_box(wide.clone()))).is_ok(),
    );
    Ok(json!({ "name": "ff1_tokenize", "ours_per_s": ours_per_s, "peer": "fpe 0.7", "peer_per_s": peer_per_s }))
}

/// From the PDOL data to the token: inputs checked, tweak signed, number encrypted, check digit made.
fn whole_token() -> Outcome<Value> {
    let (fpe, key) = (Ff1::new(&KEY), Mac::new(&Aes128Key::new([9; 16])));
    let profile = Profile::named("combined").ok_or("no default profile")?;
    let pan = Pan::parse("4000001234567899")?;
    let amount = [0, 0, 0, 0, 0x12, 0x50];
    let values = |input: Input| -> Option<&[u8]> {
        match input {
            Input::MerchantId => Some(b"SHOP-1         "),
            Input::MerchantCategory => Some(&[0x54, 0x11]),
            Input::Amount => Some(&amount),
            Input::Date => Some(&[0x26, 0x11, 0x27]),
            Input::Time => Some(&[0x12, 0x30, 0x00]),
            _ => None,
        }
    };
    let make = || -> Outcome<()> {
        let values = profile.values(black_box(values)).map_err(|error| error.to_string())?;
        let tweak = tweak(&key, &values, black_box(7));
        black_box(tokenize(&fpe, &tweak, &pan, "999999")?);
        Ok(())
    };
    make()?;
    let ours_per_s = median((0..TURNS).map(|_| turn(|| make().is_ok())).collect());
    Ok(json!({ "name": "ff1_tokenize with inputs, tweak and check digit", "ours_per_s": ours_per_s }))
}

/// Issuer key to master key to session key to code, over what a tap signs.
fn cryptogram() -> Outcome<Value> {
    let (issuer, pan) = (Aes128Key::new(KEY), Pan::parse("4000001234567899")?);
    let (pdol_data, cdol_data, iad) = (vec![0x31; pdol().len()], [0x32; 29], [0x11; 18]);
    let token_cn = [0x99, 0x99, 0x99, 0x12, 0x34, 0x56, 0x78, 0x90];
    let atc = 7_u16;
    let signed = Signed { pdol_data: &pdol_data, cdol_data: &cdol_data, aip: AIP, atc, iad: &iad, token_cn: &token_cn };
    let whole = [&pdol_data[..], &cdol_data, &AIP, &atc.to_be_bytes(), &iad, &token_cn].concat();
    let pan_cn = hex::decode("4000001234567899")?;
    let ours = || arqc(&session_key(&master_key(&issuer, black_box(&pan), 0), atc), black_box(&signed));
    let peer = || -> Result<[u8; 8], emv::Error> {
        let master = derive_master_key_option_c(&KEY, black_box(&pan_cn), Some(0))?;
        let session = derive_session_key_aes(&master, &diversification_for_ac_session_key_aes(atc))?;
        application_cryptogram_aes(&session, black_box(&whole))
    };
    assert_eq!(Some(ours()), peer().ok(), "both sign alike");
    let (ours_per_s, peer_per_s) = turns(|| black_box(ours()) != [0; 8], || black_box(peer()).is_ok());
    Ok(json!({ "name": "arqc_aes", "ours_per_s": ours_per_s, "peer": "emv 0.1.1", "peer_per_s": peer_per_s }))
}

/// Medians of both, turn by turn; who goes first changes.
fn turns(ours: impl Fn() -> bool, peer: impl Fn() -> bool) -> (f64, f64) {
    let mut rates = (Vec::new(), Vec::new());
    for index in 0..TURNS {
        if index % 2 == 0 {
            rates.0.push(turn(&ours));
            rates.1.push(turn(&peer));
        } else {
            rates.1.push(turn(&peer));
            rates.0.push(turn(&ours));
        }
    }
    (median(rates.0), median(rates.1))
}

/// How often a second. The clock is read every hundred times.
fn turn(work: impl Fn() -> bool) -> f64 {
    let (start, mut done) = (Instant::now(), 0_u32);
    while start.elapsed() < TURN {
        assert!((0..100).all(|_| work()), "the work is done");
        done += 100;
    }
    f64::from(done) / start.elapsed().as_secs_f64()
}

fn median(mut rates: Vec<f64>) -> f64 {
    rates.sort_by(f64::total_cmp);
    rates[rates.len() / 2].round()
}
