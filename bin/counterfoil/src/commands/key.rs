//! `counterfoil key new`, `key import` and `key list`.

use serde_json::{Value, json};

use crate::{
    cli::{KeyCommand, NewKey},
    keystore::{KeptKey, KeyStore, passphrase, secret_from_stdin},
};

pub(crate) fn run(command: KeyCommand) -> eyre::Result<()> {
    match command {
        KeyCommand::New(arguments) => new(&arguments),
        KeyCommand::Import(arguments) => import(&arguments),
        KeyCommand::List { store, json } => list(&KeyStore::of(&store)?, json),
    }
}

fn new(arguments: &NewKey) -> eyre::Result<()> {
    let store = KeyStore::of(&arguments.store)?;
    let key = store.make(&arguments.name, &passphrase(&arguments.passphrase, true)?)?;
    tell(&key, arguments.json);
    Ok(())
}

fn import(arguments: &NewKey) -> eyre::Result<()> {
    let store = KeyStore::of(&arguments.store)?;
    // The key before the passphrase: a passphrase that is typed needs the terminal, a key that is piped does not.
    let secret = secret_from_stdin()?;
    let key = store.keep(&arguments.name, &secret, &passphrase(&arguments.passphrase, true)?)?;
    tell(&key, arguments.json);
    Ok(())
}

fn list(store: &KeyStore, json: bool) -> eyre::Result<()> {
    let keys = store.list()?;
    if json {
        println!("{}", json!({ "keys": keys.iter().map(as_json).collect::<Vec<_>>() }));
        return Ok(());
    }
    if keys.is_empty() {
        println!("no keys in {}; make one with `counterfoil key new NAME`", store.folder().display());
    }
    let width = keys.iter().map(|key| key.name.len()).max().unwrap_or_default();
    for key in keys {
        println!("{:width$}  {}", key.name, shown(&key));
    }
    Ok(())
}

fn tell(key: &KeptKey, json: bool) {
    match json {
        true => println!("{}", as_json(key)),
        false => println!("{}  {}", key.name, shown(key)),
    }
}

fn shown(key: &KeptKey) -> String {
    key.address.map_or_else(|| "(the file does not name its account)".into(), |address| address.to_string())
}

fn as_json(key: &KeptKey) -> Value {
    json!({ "name": key.name, "address": key.address.map(|address| address.to_string()) })
}
