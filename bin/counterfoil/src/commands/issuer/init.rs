//! `counterfoil issuer init`: keys, vault, authority, first range.

use std::fs;

use alloy_primitives::{B256, hex::FromHex};
use eyre::{Context, OptionExt};
use gateway::payment::Ledger;
use payments::issuer::{enrol, records::RangeRecord};
use vault::Options;
use zeroize::Zeroizing;

use super::{InitArguments, ranges};
use crate::{
    issuer_folder::{Founding, IssuerFile, IssuerFolder, LEDGER_PATIENCE},
    keystore::passphrase,
    table::{Field, say},
};

pub(super) fn run(arguments: &InitArguments) -> eyre::Result<()> {
    let InitArguments { folder, issuer_name, names, rpc, pool, operator_key, range, json } = arguments;
    let range = range.range()?;
    let operator = operator_key.as_deref().map(|file| {
        let text = Zeroizing::new(fs::read_to_string(file).wrap_err_with(|| file.display().to_string())?);
        let line = text.lines().next().ok_or_eyre("the file of the operator's key is empty")?;
        let key = B256::from_hex(line.trim()).map_err(|_| eyre::eyre!("a key is 32 bytes in hex"))?;
        Ok::<_, eyre::Report>(Zeroizing::new(key.0))
    });
    let ledger = rpc.as_deref().map(|url| Ledger::open(url, LEDGER_PATIENCE)).transpose()?;
    let founding = Founding {
        name: issuer_name,
        pool: *pool,
        operator: operator.transpose()?,
        ledger: ledger.as_ref().map(Ledger::network),
        names,
    };
    let passphrase = passphrase(&folder.passphrase, true)?;
    let issuer = IssuerFolder::new(folder.dir.clone());
    let about = found(&issuer, founding, &range, &passphrase)?;
    ranges::warn(&range);
    let fields = vec![Field::new("operator", about.operator), Field::new("pool", about.pool)];
    say(fields.into_iter().chain(ranges::row(&range)).collect(), *json);
    Ok(())
}

/// Makes an issuer with a first range.
pub(crate) fn found(
    issuer: &IssuerFolder,
    founding: Founding<'_>,
    range: &RangeRecord,
    passphrase: &str,
) -> eyre::Result<IssuerFile> {
    let about = issuer.create(founding, passphrase)?;
    let vault = issuer.vault(&issuer.root(passphrase)?, Options::default())?;
    let written = range.clone();
    vault.write("range", move |vault| enrol::add_range(vault, &written))?;
    Ok(about)
}
