//! Who may speak to an issuer, and who is paid: certificates of acquirers, merchants.

use std::path::Path;

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
