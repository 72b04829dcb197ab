//! Who may speak to an issuer, and who is paid: certificates of acquirers, merchants.

use std::path::Path;

use eyre::Context;
use gateway::payment::Acquirer;
use payments::issuer::{
    IssuerError,
    records::{MerchantKey, MerchantRecord},
};

use super::{FolderArguments, LookArguments, MerchantArguments, check_digits};
use crate::{
    issuer_folder::IssuerFolder,
    keystore::passphrase,
    money::listed,
    table::{Field, Row, say, say_rows},
};

pub(super) fn certify(folder: &FolderArguments, acquirer: &Acquirer, out: &Path) -> eyre::Result<()> {
    let issuer = IssuerFolder::new(folder.dir.clone());
    issuer.certify(acquirer, out, &passphrase(&folder.passphrase, false)?)?;
    println!("acquirer {acquirer}: {} holds its certificate, its key and the issuer's authority", out.display());
    Ok(())
}

pub(super) fn shut_out(folder: &Path, acquirer: &Acquirer) -> eyre::Result<()> {
    let issuer = IssuerFolder::new(folder.to_owned());
    issuer.about()?;
    match issuer.certified().remove(acquirer)? {
        0 => eyre::bail!("acquirer {acquirer} has no certificate"),
        count => println!("acquirer {acquirer}: {count} certificates are not let in any more"),
    }
    Ok(())
}

pub(super) fn acquirers(folder: &Path, json: bool) -> eyre::Result<()> {
    let issuer = IssuerFolder::new(folder.to_owned());
    issuer.about()?;
    let mut rows: Vec<(Acquirer, usize)> = Vec::new();
    for acquirer in issuer.certified().acquirers()? {
        match rows.last_mut().filter(|(last, _)| *last == acquirer) {
            Some((_, certificates)) => *certificates += 1,
            None => rows.push((acquirer, 1)),
        }
    }
    let row =
        |(acquirer, certificates)| vec![Field::new("acquirer", acquirer), Field::value("certificates", certificates)];
    say_rows("acquirers", rows.into_iter().map(row).collect(), json);
    Ok(())
}

/// Payments that were authorized before go on; none begins any more.
pub(super) fn remove(look: &LookArguments, acquirer: &Acquirer, merchant: &str) -> eyre::Result<()> {
    let key = MerchantKey { acquirer: acquirer.as_str().into(), merchant: merchant.trim_end().into() };
    let removed = key.clone();
    let opened = look.folder.open()?;
    let write = opened.vault.write("merchant", move |vault| Ok::<_, IssuerError>(vault.remove_merchant(&removed)?));
    write.wrap_err_with(|| format!("merchant {} of acquirer {}", key.merchant, key.acquirer))?;
    say(vec![Field::new("removed", key.merchant)], look.json);
    Ok(())
}

pub(super) fn add(arguments: &MerchantArguments) -> eyre::Result<()> {
    let MerchantArguments { look, acquirer, merchant, currency, address, mcc } = arguments;
    let printable = merchant.bytes().all(|byte| byte.is_ascii_graphic() || byte == b' ');
    eyre::ensure!(printable && (1..=15).contains(&merchant.trim_end().len()), "a merchant's id has 1 to 15 characters");
    let category = mcc.as_deref().map(|mcc| check_digits("--mcc", mcc, 4..=4).and(Ok(mcc.parse()?)));
    let merchant = MerchantRecord {
        key: MerchantKey { acquirer: acquirer.as_str().into(), merchant: merchant.trim_end().into() },
        currency: listed(currency)?.number,
        address: *address,
        category: category.transpose()?,
    };
    let written = merchant.clone();
    let opened = look.folder.open()?;
    eyre::ensure!(!address.is_zero() && *address != opened.about.pool, "{address} cannot be a merchant's account");
    opened.vault.write("merchant", move |vault| Ok::<_, IssuerError>(vault.put_merchant(&written)?))?;
    say(row(&merchant), look.json);
    Ok(())
}

pub(super) fn list(look: &LookArguments) -> eyre::Result<()> {
    let opened = look.folder.open()?;
    let merchants = opened.vault.read(|vault| Ok::<_, IssuerError>(vault.merchants()?))?;
    say_rows("merchants", merchants.iter().map(row).collect(), look.json);
    Ok(())
}

fn row(merchant: &MerchantRecord) -> Row {
    let currency = contracts::cash::iso4217::Currency::by_number(merchant.currency);
    vec![
        Field::new("acquirer", &merchant.key.acquirer),
        Field::new("merchant", &merchant.key.merchant),
        Field::new("currency", currency.map_or_else(|| merchant.currency.to_string(), |currency| currency.symbol())),
        Field::new("address", merchant.address),
        Field::new("mcc", merchant.category.map_or_else(|| "-".into(), |category| format!("{category:04}"))),
    ]
}
