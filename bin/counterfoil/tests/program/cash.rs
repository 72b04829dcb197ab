//! `counterfoil cash` against a real node: the till of a shop, from the first euro to a captured hold.

use std::{fs, process::Command};

use serde_json::Value;

use crate::{
    running::{PROGRAM, Running, run},
    till::{FRIEND as SHOP, GOVERNOR, LATE, SHOPPER, Till},
};

fn available(till: &Till, account: &str) -> Value {
    till.json(&GOVERNOR, &["cash", "balance", "EUR", account])["available"].clone()
}

#[test]
fn a_shopper_pays_in_two_steps() {
    let till = Till::open();
    let created = till.json(&GOVERNOR, &["cash", "create", "EUR", "--issuer", GOVERNOR.account]);
    assert_eq!(created["currency"], "0xC0f0110000000000000000000200000000455552".to_owned());
    let mint = ["cash", "mint", "EUR", "--amount", "100", "--to", SHOPPER.account, "--reference", "first money"];
    till.json(&GOVERNOR, &mint);
    assert_eq!(available(&till, SHOPPER.account), "10000");

    let hold = ["cash", "hold", "EUR", "--amount", "12.50", "--id", "order 17", "--to", SHOP.account];
    let hold = [&hold[..], &["--expiry", LATE, "--reference", "17"]].concat();
    till.json(&SHOPPER, &hold);
    till.json(&SHOPPER, &hold);
    assert_eq!(available(&till, SHOPPER.account), "8750", "a retry holds nothing more");
    let capture = ["cash", "capture", "EUR", "--amount", "12", "--id", "order 17", "--reference", "shipped", "--final"];
    till.json(&SHOPPER, &capture);
    assert_eq!([available(&till, SHOP.account), available(&till, SHOPPER.account)], ["1200", "8800"]);
    assert_eq!(till.json(&SHOPPER, &["cash", "status", "EUR", "--id", "order 17"])["state"], "captured");

    let error = till.refused(&SHOPPER, &["cash", "transfer", "EUR", "--amount", "88.01", "--to", SHOP.account]);
    assert!(error.contains("refused: ERC20InsufficientBalance(sender: 0x7099"), "{error}");
    let mint = ["cash", "mint", "EUR", "--amount", "1", "--to", SHOP.account, "--reference", "x"];
    let error = till.refused(&SHOPPER, &mint);
    assert!(error.contains("refused: NotIssuer"), "{error}");
    let error = till.refused(&SHOPPER, &["cash", "transfer", "CHF", "--amount", "1", "--to", SHOP.account]);
    assert!(error.contains("no currency CHF"), "{error}");
    let list = till.text(&GOVERNOR, &["cash", "list"]);
    let [head, row] = list.lines().collect::<Vec<_>>()[..] else { panic!("{list}") };
    assert!(head.contains("supply") && row.starts_with("EUR") && row.contains("  100.00  "), "{list}");
    assert_eq!(till.json(&GOVERNOR, &["cash", "list"])["currencies"][0]["supply"], "10000");
    assert!(till.node.stop("-TERM").success());
}

#[test]
fn a_network_of_ones_own_gets_its_governor_from_the_sole_member() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data").to_str().unwrap().to_owned();
    assert!(run(&["genesis", "new", "--data", &data, "--chain-id", "4711"]).status.success());
    let node = Running::start(Command::new(PROGRAM).args(["node", "--data", &data]));
    let till = Till::at(folder, node);
    let create = ["cash", "create", "EUR", "--issuer", SHOPPER.account];
    assert!(till.refused(&SHOPPER, &create).contains("refused: NotGovernor"));
    let url = till.node.url();
    let appointed = run(&["network", "governor", SHOPPER.account, "--data", &data, "--rpc", &url]);
    assert!(appointed.status.success(), "{appointed:?}");
    till.json(&SHOPPER, &create);
    let stranger = till.file("stranger.key");
    fs::write(&stranger, "11".repeat(32)).unwrap();
    let stranger = run(&["network", "governor", SHOP.account, "--key", stranger.to_str().unwrap(), "--rpc", &url]);
    assert!(crate::running::error_of(&stranger).contains("is not the only member's"));
}
