//! `counterfoil card ff1`: the cipher of tokens and card indexes by itself, to be compared with other programs.

use std::io::{BufRead, BufWriter, Write, stdin, stdout};

use eyre::{Context, ensure};
use payments::cryptogram::Ff1;

use super::{Ff1Command, bytes, exactly};

pub(super) fn run(command: &Ff1Command) -> eyre::Result<()> {
    let (Ff1Command::Encrypt(arguments) | Ff1Command::Decrypt(arguments)) = command;
    let cipher = Ff1::new(&exactly("--key", &arguments.key)?);
    let tweak = bytes("--tweak", &arguments.tweak)?;
    let answer = |text: &str| {
        let digits = digits(text)?;
        let turned = match command {
            Ff1Command::Encrypt(_) => cipher.encrypt_digits(&tweak, &digits)?,
            Ff1Command::Decrypt(_) => cipher.decrypt_digits(&tweak, &digits)?,
        };
        Ok(turned.iter().map(ToString::to_string).collect())
    };
    match &arguments.digits {
        Some(digits) => {
            println!("{}", answer(digits)?);
            Ok(())
        }
        None => each_line(stdin().lock(), stdout().lock(), answer),
    }
}

/// One line out for each line in.
fn each_line(input: impl BufRead, out: impl Write, answer: impl Fn(&str) -> eyre::Result<String>) -> eyre::Result<()> {
    let mut out = BufWriter::new(out);
    for (number, line) in input.lines().enumerate() {
        let line = line.wrap_err("standard input")?;
        writeln!(out, "{}", answer(line.trim()).wrap_err_with(|| format!("line {}", number + 1))?)?;
    }
    Ok(out.flush()?)
}

/// Digits as values.
fn digits(text: &str) -> eyre::Result<Vec<u8>> {
    ensure!(text.bytes().all(|byte| byte.is_ascii_digit()), "only digits are encrypted");
    Ok(text.bytes().map(|byte| byte - b'0').collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// NIST SP 800-38G, FF1 samples 1 and 2.
    #[test]
    fn lines_are_turned_and_turned_back() {
        let cipher = Ff1::new(&exactly("key", "2B7E151628AED2A6ABF7158809CF4F3C").unwrap());
        let mut out = Vec::new();
        let encrypt = |text: &str| {
            let turned = cipher.encrypt_digits(&[], &digits(text)?)?;
            Ok(turned.iter().map(ToString::to_string).collect())
        };
        each_line("0123456789\n 0123456789 \n".as_bytes(), &mut out, encrypt).unwrap();
        assert_eq!(String::from_utf8(out).unwrap(), "2433477484\n2433477484\n");
        let refused = each_line("0123456789\n12 34\n".as_bytes(), Vec::new(), encrypt).unwrap_err();
        assert_eq!(format!("{refused:#}"), "line 2: only digits are encrypted");
    }
}
