//! `counterfoil issuer reconcile`: whether vault and ledger tell one story.

use eyre::bail;
use gateway::payment::LedgerBooks;
use payments::issuer::reconcile::reconcile;
use serde_json::json;

use super::LedgerArguments;

pub(super) fn run(arguments: &LedgerArguments) -> eyre::Result<()> {
    let LedgerArguments { look, rpc } = arguments;
    let opened = look.folder.open()?;
    let mut books = LedgerBooks::now(opened.folder.ledger(rpc)?, opened.about.pool)?;
    let differences = opened.vault.read(|vault| reconcile(vault, &mut books))?;
    if look.json {
        println!("{}", json!({ "height": books.height(), "differences": differences }));
    } else {
        differences.iter().for_each(|difference| println!("{}", json!(difference)));
    }
    match differences.len() {
        0 if look.json => {}
        0 => println!("vault and ledger agree at height {}", books.height()),
        count => bail!("vault and ledger differ in {count} places"),
    }
    Ok(())
}
