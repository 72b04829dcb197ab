//! `counterfoil verify`: whether a counterfoil is true, and what it says. Reads the file and nothing else.

use std::{
    fs::File,
    io::{Read, Write, stdout},
    path::Path,
};

use eyre::{Context, bail, ensure};
use proof::{Counterfoil, Refusal, Verified};
use serde_json::{Value, json};

use crate::cli::VerifyArguments;

pub(crate) fn run(arguments: &VerifyArguments) -> eyre::Result<()> {
    let content = read(&arguments.file)?;
    let verdict = verdict(&content, arguments);
    if arguments.json {
        println!("{}", as_json(&verdict));
    }
    match verdict {
        Ok(verified) if !arguments.json => Ok(print(&verified)?),
        Ok(_) => Ok(()),
        Err(refusal) => bail!("refused: {refusal}"),
    }
}

fn verdict(content: &[u8], arguments: &VerifyArguments) -> Result<Verified, Refusal> {
    // The JSON form begins with a brace, which no RLP list does.
    if content.first() != Some(&b'{') {
        return proof::verify(content, arguments.genesis, arguments.checkpoint);
    }
    let text = std::str::from_utf8(content).map_err(|error| Refusal::Json(error.to_string()))?;
    let file = Counterfoil::from_json(text)?;
    proof::verify(&file.encode(), arguments.genesis, arguments.checkpoint)
}

/// The largest JSON form.
const MAX_READ_BYTES: u64 = 12 * 1024 * 1024;

fn read(path: &Path) -> eyre::Result<Vec<u8>> {
    let shown = || path.display().to_string();
    let file = File::open(path).wrap_err_with(shown)?;
    let mut content = Vec::new();
    file.take(MAX_READ_BYTES + 1).read_to_end(&mut content).wrap_err_with(shown)?;
    ensure!(content.len() as u64 <= MAX_READ_BYTES, "refused: {} is larger than any counterfoil", shown());
    Ok(content)
}

fn print(verified: &Verified) -> std::io::Result<()> {
    let mut out = stdout().lock();
    writeln!(out, "verified")?;
    writeln!(out, "  network  chain id {}, genesis {}", verified.chain_id, verified.genesis_hash)?;
    writeln!(out, "  block    {} {}", verified.height, verified.block_hash)?;
    for statement in &verified.statements {
        let when = format!("as of block {}, {}", statement.height, statement.time);
        writeln!(out, "{}: {} ({when})", statement.system, statement.kind)?;
        for field in &statement.fields {
            writeln!(out, "  {:<16} {}", field.name, shown(&field.value))?;
        }
    }
    Ok(())
}

/// Text from a stranger's file must not steer the terminal.
fn shown(value: &str) -> String {
    value.chars().map(|character| if character.is_control() { '\u{fffd}' } else { character }).collect()
}

fn as_json(verdict: &Result<Verified, Refusal>) -> Value {
    match verdict {
        Ok(verified) => json!({
            "verified": true,
            "genesis": verified.genesis_hash,
            "chainId": verified.chain_id,
            "height": verified.height,
            "block": verified.block_hash,
            "timeMs": verified.time.0,
            "handovers": verified.handovers,
            "statements": verified.statements,
        }),
        Err(refusal) => json!({ "verified": false, "reason": refusal.to_string() }),
    }
}
