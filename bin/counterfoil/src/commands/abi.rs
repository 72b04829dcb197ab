//! `counterfoil abi NAME`: what a room's contracts look like from outside, for other programs and for Solidity.

use alloy_json_abi::JsonAbi;
use contracts::registry::{Door, ROOMS};
use eyre::eyre;
use serde_json::{Map, Value};

use crate::cli::AbiArguments;

pub(crate) fn run(arguments: &AbiArguments) -> eyre::Result<()> {
    let (doors, alone) = find(&arguments.name)?;
    if arguments.solidity {
        let interfaces: Vec<_> = doors.iter().map(|door| door.full_abi().to_sol(door.interface, None)).collect();
        println!("{}", interfaces.join("\n\n"));
        return Ok(());
    }
    println!("{}", serde_json::to_string_pretty(&json(&doors, alone)?)?);
    Ok(())
}

/// The interfaces of this name, and whether it names one alone.
fn find(name: &str) -> eyre::Result<(Vec<&'static Door>, bool)> {
    if let Some(room) = contracts::registry::by_word(name) {
        return Ok((room.doors().collect(), false));
    }
    let door = ROOMS.iter().flat_map(|room| room.doors()).find(|door| door.interface == name);
    door.map(|door| (vec![door], true)).ok_or_else(|| eyre!("nothing is called {name}: there are {}", names()))
}

fn names() -> String {
    let names = ROOMS.iter().flat_map(|room| [room.word].into_iter().chain(room.doors().map(|door| door.interface)));
    names.collect::<Vec<_>>().join(", ")
}

fn json(doors: &[&Door], alone: bool) -> eyre::Result<Value> {
    let abi = |door: &Door| -> eyre::Result<Value> { Ok(serde_json::to_value::<JsonAbi>(door.full_abi())?) };
    match doors {
        [door] if alone => abi(door),
        doors => Ok(Value::Object(
            doors.iter().map(|door| Ok((door.interface.into(), abi(door)?))).collect::<eyre::Result<Map<_, _>>>()?,
        )),
    }
}
