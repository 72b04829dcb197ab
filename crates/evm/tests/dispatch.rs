//! The corpus of the fuzz target `native_dispatch`, and scripts made at random, played twice: in the memory of `contracts`' own
//! tests, and as transactions of a chain. Both take and refuse the same calls, leave the same logs and end in the same slots;
//! on the chain, what is refused leaves every room as it was.

use std::{fs, path::Path};

use alloy_primitives::{TxKind, keccak256};
use contracts::{
    admission, registry,
    testing::{Memory, Script, Scripted, Stage},
};
use ledger::Ledger;
use primitives::{Address, B256, Founding, genesis::Admission};

#[expect(dead_code, reason = "shared with other tests")]
mod ledger;
#[path = "world/mod.rs"]
#[expect(dead_code, reason = "shared with other tests")]
mod world;

/// As genesis has it.
const EPOCH_BLOCKS: u64 = 64;
/// Calls of one script.
const MOST_CALLS: usize = 40;

#[test]
fn the_kept_corpus_ends_alike_in_memory_and_on_a_chain() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/corpus/native_dispatch");
    let entries = fs::read_dir(folder).expect("the corpus is part of the project");
    let scripts: Vec<_> = entries.map(|entry| fs::read(entry.expect("an entry").path()).expect("a file")).collect();
    let taken: usize = scripts.iter().map(|script| play(script)).sum();
    assert!(taken > scripts.len(), "{taken} calls were taken");
}

#[test]
fn random_scripts_end_alike_in_memory_and_on_a_chain() {
    for seed in 0..30_u32 {
        let blocks = (0..40_u32).flat_map(|block| keccak256([seed.to_be_bytes(), block.to_be_bytes()].concat()).0);
        play(&blocks.collect::<Vec<_>>());
    }
}

/// How many calls were taken.
fn play(bytes: &[u8]) -> usize {
    let mut ledger = ledger_of(&Stage::new());
    let stage = Stage::of(ledger.founding().clone());
    let mut memory = stage.empty();
    for (from, to, data) in &stage.opening {
        let call = Scripted { target: *to, caller: *from, data: data.to_vec(), ..nothing() };
        assert!(both(&mut ledger, &mut memory, &call), "the opening is sound");
    }
    let (mut script, mut taken) = (Script::new(bytes), 0);
    for _ in 0..MOST_CALLS {
        let Some(call) = script.next(&stage) else { break };
        // Rooms and nobody send no transactions.
        if !call.caller.is_zero() && !registry::is_reserved(call.caller) {
            let before = roots(&stage, &ledger);
            let is_taken = both(&mut ledger, &mut memory, &call);
            assert!(is_taken || roots(&stage, &ledger) == before, "refused, and something changed: {call:?}");
            taken += usize::from(is_taken);
        }
    }
    for ((account, slot), value) in &memory.slots {
        // The version in force is written by genesis there, and not at all in memory.
        assert_eq!(ledger.storage(*account, *slot), *value, "slot {slot} of {account}");
    }
    taken
}

/// One call on both, in a block of the same time; whether it was taken.
fn both(ledger: &mut Ledger, memory: &mut Memory, call: &Scripted) -> bool {
    let receipts = ledger.block(&[(call.caller, TxKind::Call(call.target), call.data.clone().into())]);
    (memory.now, memory.number) = (ledger.header.timestamp, ledger.header.number);
    memory.epoch = memory.number / EPOCH_BLOCKS;
    memory.block_hashes.insert(memory.number - 1, ledger.header.parent_hash);
    let logs_before = memory.logs.len();
    let answer = memory.call(call.caller, call.target, &call.data);
    assert_eq!(receipts[0].success, answer.is_ok(), "{answer:?} after {call:?}");
    assert_eq!(receipts[0].logs, memory.logs[logs_before..], "{call:?}");
    if (memory.number + 1).is_multiple_of(EPOCH_BLOCKS) {
        let logs = memory.logs.len();
        admission::end_epoch(memory).expect("the epoch ends");
        memory.logs.truncate(logs);
    }
    answer.is_ok()
}

/// A chain with the founders of this stage; only its genesis says what tells its network from others.
fn ledger_of(stage: &Stage) -> Ledger {
    let Founding { members, min_committee, policy, .. } = stage.founding.clone();
    let committee = members.iter().map(|founder| founder.key).collect();
    Ledger::of_members(stage.empty().now, committee, Admission { min_committee, policy, members })
}

fn roots(stage: &Stage, ledger: &Ledger) -> Vec<B256> {
    stage.doors.iter().map(|(_, address)| ledger.storage_root(*address)).collect()
}

fn nothing() -> Scripted {
    Scripted {
        target: Address::ZERO,
        caller: Address::ZERO,
        value: Default::default(),
        is_static: false,
        seconds: 0,
        data: Vec::new(),
    }
}
