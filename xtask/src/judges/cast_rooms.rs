//! Every view of every room's contract, read with foundry's `cast` by the ABI that the program prints (`counterfoil abi`).
//!
//! Called by flows.rs, against our node only. The development chain's governor makes a currency, the tenth development account
//! a hold, an item and an offer of each kind; then each view is asked and must say what was done. A view without a row is a failure.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

use eyre::{Context, OptionExt, Result, ensure};
use serde_json::Value;

use super::Verdict;
use super::cast::{SENDER, SENDER_KEY, Session, UNLOCKED};
use crate::workspace::output;

/// Interface, function, arguments, and words that the answer holds in this order. `{name}` stands for what [`prepare`] made.
type View = (&'static str, &'static str, &'static [&'static str], &'static str);

const VIEWS: [View; 48] = [
    ("IProtocol", "version", &[], "2"),
    ("IProtocol", "scheduled", &[], "0 0"),
    ("IProtocol", "sequence", &[], "0"),
    // However many blocks there are.
    ("IProtocol", "epoch", &[], ""),
    ("ICashFactory", "governor", &[], GOVERNOR),
    ("ICashFactory", "currencyOf", &["JPY"], YEN),
    ("ICashFactory", "currencies", &[], YEN),
    ("ICash", "name", &[], "\"Yen\""),
    ("ICash", "symbol", &[], "\"JPY\""),
    ("ICash", "decimals", &[], "0"),
    ("ICash", "totalSupply", &[], "5000"),
    ("ICash", "balanceOf", &[SENDER], "4960"),
    ("ICash", "allowance", &[SENDER, UNLOCKED], "70"),
    ("ICash", "nonces", &[SENDER], "0"),
    ("ICash", "DOMAIN_SEPARATOR", &[], ""),
    ("ICash", "eip712Domain", &[], "0x0f \"Yen\" \"1\" 31337 {yen}"),
    ("ICash", "issuer", &[], SENDER),
    ("ICash", "successor", &[], UNLOCKED),
    ("ICash", "paused", &[], "false"),
    ("ICash", "frozen", &[UNLOCKED], "false"),
    ("ICash", "operatorCap", &[SENDER, UNLOCKED], "90 0"),
    ("ICash", "holds", &[HOLD], "1 {sender} {sender} {unlocked} 100 120 40 0"),
    ("ICash", "isSpent", &[HOLD, REFERENCE], "true"),
    ("ICash", "held", &[SENDER], "80"),
    ("ICash", "available", &[UNLOCKED], "40"),
    ("IToken", "balanceOf", &[SENDER, "{id}"], "9"),
    ("IToken", "balanceOfBatch", &["[{sender},{unlocked}]", "[{id},{id}]"], "9 0"),
    ("IToken", "isApprovedForAll", &[SENDER, UNLOCKED], "false"),
    ("IToken", "uri", &["{id}"], ""),
    ("IToken", "supportsInterface", &["0xd9b67a26"], "true"),
    ("IToken", "acceptsTokens", &[SENDER], "true"),
    ("IToken", "itemKey", &[SENDER, IDENTIFIER], "{item}"),
    ("IToken", "tokenId", &["{item}", "0"], "{id}"),
    (
        "IToken",
        "item",
        &["{item}"],
        "{item} {sender} 3 {attributes} 10 1 true true true true true 0 0 0 0 {sender} 9 0 10",
    ),
    ("IToken", "items", &["0", "100"], "{item}"),
    ("IToken", "token", &["{id}"], "{id} {item} 0 0 1"),
    ("IToken", "tokensOfItem", &["{item}", "0", "10"], "{id} {item} 0 0 1"),
    ("IToken", "tokensOfOwner", &[SENDER, "0", "10"], "{id} 9 4"),
    ("IToken", "lockedOf", &[SENDER, "{id}"], "4"),
    ("IToken", "link", &["{id}"], ""),
    ("IToken", "solvency", &["{item}"], "9 10 true"),
    ("IToken", "conditions", &["{id}", "0", "10"], REFERENCE),
    ("IToken", "lastOffer", &[], "{lease}"),
    ("IToken", "listingOf", &["{listing}"], "{sender} {id} 1 {yen} 250 0"),
    ("IToken", "giftOf", &["{gift}"], "{sender} {unlocked} {id} 1"),
    ("IToken", "leaseOf", &["{lease}"], "{sender} {unlocked} {id} 1 {yen} 30"),
    ("IToken", "redemptionOf", &[REFERENCE], "{sender} {id} 1 {attributes}"),
    ("IToken", "redemptionsOfItem", &["{item}", "0", "10"], REFERENCE),
];

/// The room's word, the interface and where it is; of currencies the one that is made here.
const CONTRACTS: [(&str, &str, &str); 4] = [
    ("protocol", "IProtocol", "0xc0f0110000000000000000000100000000000000"),
    ("cash", "ICashFactory", FACTORY),
    ("cash", "ICash", YEN),
    ("token", "IToken", TOKEN),
];

/// Prepares, then reads every view that the ABIs of `program` list.
pub(super) fn run(cast: &Session<'_>, program: &Path) -> Result<Verdict> {
    let mut verdict = Verdict::default();
    let prepared = prepare(cast);
    let made = prepared.as_ref().ok().cloned().unwrap_or_default();
    verdict.record("cast: a currency, a hold, an item, offers and a redemption are made", prepared.map(drop));
    for (word, interface, address) in CONTRACTS {
        for function in views(program, word, interface)? {
            let name = format!("cast: {interface}.{}", text(&function, "name")?);
            verdict.record(&name, read(cast, interface, address, &function, &made));
        }
    }
    Ok(verdict)
}

/// What stands for `{name}`.
type Made = BTreeMap<&'static str, String>;

fn prepare(cast: &Session<'_>) -> Result<Made> {
    let send = |arguments: &[&str]| cast.send(&[&["--private-key", SENDER_KEY], arguments].concat()).map(drop);
    cast.send(&["--private-key", GOVERNOR_KEY, FACTORY, "create(string,address)", "JPY", SENDER])?;
    send(&[YEN, "mint(address,uint256,bytes32)", SENDER, "5040", REFERENCE])?;
    send(&[YEN, "approve(address,uint256)", UNLOCKED, "70"])?;
    send(&[YEN, "approveOperator(address,uint256)", UNLOCKED, "90"])?;
    let hold = "hold(bytes32,address,address,uint256,uint64,bytes32)";
    send(&[YEN, hold, HOLD, SENDER, UNLOCKED, "100", NEVER, REFERENCE])?;
    send(&[YEN, "adjust(bytes32,bytes32,uint256)", HOLD, REFERENCE, "120"])?;
    send(&[YEN, "capture(bytes32,bytes32,uint256,bool)", HOLD, IDENTIFIER, "40", "false"])?;
    send(&[YEN, "burn(uint256,bytes32)", "40", REFERENCE])?;
    send(&[YEN, "offerIssuer(address)", UNLOCKED])?;
    prepare_item(cast, &send)
}

fn prepare_item(cast: &Session<'_>, send: &dyn Fn(&[&str]) -> Result<()>) -> Result<Made> {
    let terms = format!("(3,{ATTRIBUTES},10,1,true,true,true,true,true,0,0,0,0,{ZERO})");
    send(&[TOKEN, &format!("createItem(bytes32,{TERMS})"), IDENTIFIER, &terms])?;
    let item = cast.run(&["call", TOKEN, "itemKey(address,bytes32)(bytes32)", SENDER, IDENTIFIER])?;
    send(&[TOKEN, "mint(bytes32,uint64)", &item, "9"])?;
    let id = first_word(&cast.run(&["call", TOKEN, "tokenId(bytes32,uint64)(uint256)", &item, "0"])?)?;
    send(&[TOKEN, "reportCondition(uint256,bytes32)", &id, REFERENCE])?;
    send(&[TOKEN, "list(uint256,uint256,address,uint256,uint64)", &id, "1", YEN, "250", "0"])?;
    let last = || first_word(&cast.run(&["call", TOKEN, "lastOffer()(uint64)"])?);
    let listing = last()?;
    send(&[TOKEN, "gift(uint256,uint256,address,uint64,bytes32)", &id, "1", UNLOCKED, NEVER, REFERENCE])?;
    let gift = last()?;
    let offer = "offerLease(uint256,uint256,address,uint64,address,uint256)";
    send(&[TOKEN, offer, &id, "1", UNLOCKED, NEVER, YEN, "30"])?;
    let redeem = "requestRedemption(bytes32,uint256,uint256,bytes32)";
    send(&[TOKEN, redeem, REFERENCE, &id, "1", ATTRIBUTES])?;
    let fixed = [("sender", SENDER), ("unlocked", UNLOCKED), ("yen", YEN), ("attributes", ATTRIBUTES)];
    let fixed = fixed.map(|(name, value)| (name, value.to_owned()));
    let made = [("item", item), ("id", id), ("listing", listing), ("gift", gift), ("lease", last()?)];
    Ok(fixed.into_iter().chain(made).collect())
}

/// The functions of an interface that only read.
fn views(program: &Path, word: &str, interface: &str) -> Result<Vec<Value>> {
    let printed = output(Command::new(program).args(["abi", word]))?;
    let abis: Value = serde_json::from_str(&printed).wrap_err("counterfoil abi printed no JSON")?;
    let entries = abis[interface].as_array().ok_or_eyre(format!("{word} has no {interface}"))?;
    let views: Vec<_> = entries.iter().filter(|entry| entry["stateMutability"] == "view").cloned().collect();
    ensure!(!views.is_empty(), "{interface} has no view");
    Ok(views)
}

fn read(cast: &Session<'_>, interface: &str, address: &str, function: &Value, made: &Made) -> Result<()> {
    let name = text(function, "name")?;
    let row = VIEWS.iter().find(|(of, view, ..)| *of == interface && *view == name);
    let (_, _, arguments, expected) = row.ok_or_eyre("no row of the table asks it")?;
    let signature = format!("{name}{}{}", types(&function["inputs"])?, types(&function["outputs"])?);
    let arguments: Vec<_> = arguments.iter().map(|argument| filled(argument, made)).collect();
    let mut call = vec!["call", address, &signature];
    call.extend(arguments.iter().map(String::as_str));
    let printed = cast.run(&call)?;
    ensure!(!printed.is_empty(), "it printed nothing");
    let (printed, expected) = (printed.to_lowercase(), filled(expected, made).to_lowercase());
    let mut words = words(&printed);
    let missing = expected.split(' ').filter(|word| !word.is_empty()).find(|word| !words.any(|found| found == *word));
    ensure!(missing.is_none(), "{} is not in {printed:?}, where {expected:?} is expected", missing.unwrap_or_default());
    Ok(())
}

/// What `cast` prints, without its brackets and commas.
fn words(printed: &str) -> impl Iterator<Item = &str> {
    printed.split([' ', '\n', ',', '(', ')', '[', ']']).filter(|word| !word.is_empty())
}

fn first_word(printed: &str) -> Result<String> {
    Ok(words(printed).next().ok_or_eyre("cast printed nothing")?.to_owned())
}

fn filled(text: &str, made: &Made) -> String {
    made.iter().fold(text.to_owned(), |text, (name, value)| text.replace(&format!("{{{name}}}"), value))
}

/// `(type,type)`, with the members of structs written out.
fn types(parameters: &Value) -> Result<String> {
    let parameters = parameters.as_array().ok_or_eyre("no parameters")?;
    let written: Vec<_> = parameters.iter().map(type_of).collect::<Result<_>>()?;
    Ok(format!("({})", written.join(",")))
}

fn type_of(parameter: &Value) -> Result<String> {
    let name = text(parameter, "type")?;
    match name.strip_prefix("tuple") {
        Some(list) => Ok(types(&parameter["components"])? + list),
        None => Ok(name.to_owned()),
    }
}

fn text<'a>(value: &'a Value, field: &str) -> Result<&'a str> {
    value[field].as_str().ok_or_eyre(format!("there is no {field} in {value}"))
}

const GOVERNOR: &str = "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266";
const GOVERNOR_KEY: &str = "0xac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80";
const FACTORY: &str = "0xc0f0110000000000000000000200000000000000";
const YEN: &str = "0xc0f01100000000000000000002000000004a5059";
const TOKEN: &str = "0xc0f0110000000000000000000300000000000000";
const ZERO: &str = "0x0000000000000000000000000000000000000000";
const HOLD: &str = "0x1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d";
const REFERENCE: &str = "0x0d0d0d0d0d0d0d0d0d0d0d0d0d0d0d0d0d0d0d0d0d0d0d0d0d0d0d0d0d0d0d0d";
const IDENTIFIER: &str = "0x1e1e1e1e1e1e1e1e1e1e1e1e1e1e1e1e1e1e1e1e1e1e1e1e1e1e1e1e1e1e1e1e";
const ATTRIBUTES: &str = "0xa7a7a7a7a7a7a7a7a7a7a7a7a7a7a7a7a7a7a7a7a7a7a7a7a7a7a7a7a7a7a7a7";
const NEVER: &str = "18446744073709551615";
const TERMS: &str = "(uint8,bytes32,uint64,uint64,bool,bool,bool,bool,bool,uint64,uint64,uint64,uint64,address)";
