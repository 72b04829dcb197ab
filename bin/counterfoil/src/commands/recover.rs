//! `counterfoil recover`: a network that lost its quorum for good goes on without the members that are gone. Run on the stopped
//! node of one member that is left; the others take the file that it writes. What is given up: docs/operations.md; why so:
//! docs/adr/0014-recovery.md.
//!
//! ```text
//! plan -> consent -> recovery-unfinished.json -> old votes removed -> blocks N+1 to E, signed alone -> recovery.json
//!                    running it again goes on from here
//! ```

use std::io::{BufRead, Write, stdin, stdout};

use chain::Chain;
use consensus::{BlockRef, NodeKey, recovery::finish_epoch};
use contracts::admission::IAdmission::MemberState;
use eyre::{Context, OptionExt, bail, ensure};
use primitives::{Address, Committee, FinalBlock, Genesis, NodeId, Recovery, RecoveryFile};

use crate::{
    cli::RecoverArguments,
    folder::Folder,
    table::{self, Field},
};

pub(crate) fn run(arguments: &RecoverArguments) -> eyre::Result<()> {
    let folder = Folder::new(arguments.data.clone());
    let genesis = folder.genesis(None)?;
    let key = folder.key(arguments.key.as_deref())?;
    let file = match folder.unfinished_recovery(&genesis)? {
        Some(begun) => begun,
        None => agree(arguments, &folder, &genesis, &key)?,
    };
    let recovery = file.recoveries.last().ok_or_eyre("the recovery that was begun is empty: remove its file")?;
    check_same(arguments, recovery, &key)?;
    let chain = open(&folder, &genesis, &file)?;
    folder.forget_votes()?;
    let epoch_blocks = chain.rules().epoch_blocks;
    let last = finish_epoch(&chain.ledger(), &key, chain.genesis_hash(), epoch_blocks, recovery.first());
    let last = last.wrap_err("the blocks of the recovery: run the same again when the cause is gone")?;
    let next = chain.committee(last.number / epoch_blocks + 1)?.ok_or_eyre("there is no next committee")?;
    chain.close()?;
    folder.finish_recovery()?;
    say_done(arguments, &folder, &file, last, &next);
    Ok(())
}

/// What is begun is ended with the same words.
fn check_same(arguments: &RecoverArguments, begun: &Recovery, key: &NodeKey) -> eyre::Result<()> {
    ensure!(begun.signer == key.id(), "the recovery that was begun here is signed by {}: give its key", begun.signer);
    let same = arguments.remove.is_empty() || sorted(&arguments.remove) == begun.removed;
    ensure!(same, "the recovery that was begun here removes {:?}: run it again with these", begun.removed);
    Ok(())
}

/// The ledger with these recoveries. Nothing of its history is forgotten here: how much is kept is for the node to say.
fn open(folder: &Folder, genesis: &Genesis, file: &RecoveryFile) -> eyre::Result<Chain> {
    let store = store::Options { archive: true, ..store::Options::default() };
    let options = chain::Options { store, ..chain::Options::default() };
    Ok(Chain::open_recovered(folder.path(), genesis, file.recoveries.clone(), options)?)
}

/// The recovery, once whoever runs this wants it, on the disk.
fn agree(
    arguments: &RecoverArguments,
    folder: &Folder,
    genesis: &Genesis,
    key: &NodeKey,
) -> eyre::Result<RecoveryFile> {
    let mut file = folder.recoveries(None, genesis)?;
    let chain = open(folder, genesis, &file)?;
    let plan = Plan::make(&chain, key.id(), sorted(&arguments.remove))?;
    plan.check(arguments.allow_quorum)?;
    chain.close()?;
    drop(chain);
    if !arguments.yes {
        plan.print(&file);
        ask()?;
    }
    file.recoveries.push(plan.recovery);
    folder.begin_recovery(&file)?;
    Ok(file)
}

fn sorted(keys: &[NodeId]) -> Vec<NodeId> {
    Committee::new(keys.to_vec()).members().to_vec()
}

/// What is going to happen.
struct Plan {
    recovery: Recovery,
    /// Of the last block.
    last: u64,
    committee: Committee,
    /// Of the committee those that are neither removed now nor revoked before.
    kept: Vec<NodeId>,
}

impl Plan {
    fn make(chain: &Chain, signer: NodeId, removed: Vec<NodeId>) -> eyre::Result<Self> {
        let (head, rules) = (chain.head(), chain.rules());
        let recovery = Recovery { after: FinalBlock { number: head.number(), hash: head.hash() }, signer, removed };
        let first = recovery.first();
        if rules.recoveries.iter().any(|earlier| earlier.last(rules.epoch_blocks) > head.number()) {
            bail!("this node is behind: its network was recovered before. Let it fetch all blocks first");
        }
        let epoch = rules.epoch_of(first);
        let committee = chain.committee(epoch)?.ok_or_eyre("there is no committee")?;
        let mut live = Vec::new();
        for member in committee.members() {
            if chain.standing(*member, Address::ZERO)?.state == MemberState::Committee {
                live.push(*member);
            }
        }
        check_member(&committee, &live, signer)?;
        ensure!(!recovery.removed.is_empty(), "who is gone? name each member with --remove KEY");
        for member in &recovery.removed {
            ensure!(*member != signer, "{member} is this node, which is to sign: remove others");
            check_member(&committee, &live, *member)?;
        }
        live.retain(|member| !recovery.removed.contains(member));
        Ok(Self { last: recovery.last(rules.epoch_blocks), recovery, committee, kept: live })
    }

    fn check(&self, allow_quorum: bool) -> eyre::Result<()> {
        let (kept, quorum) = (self.kept.len(), self.committee.quorum());
        ensure!(
            kept < quorum || allow_quorum,
            "{kept} members are kept, and {quorum} are a quorum: they can revoke the others by vote (`member revoke`)"
        );
        Ok(())
    }

    fn print(&self, before: &RecoveryFile) {
        let Recovery { after, signer, removed } = &self.recovery;
        let (first, last) = (self.recovery.first(), self.last);
        println!("genesis      {}", before.genesis);
        println!("last block   {} {}", after.number, after.hash);
        println!(
            "committee    {} members, of which {} make a block final",
            self.committee.members().len(),
            self.committee.quorum()
        );
        removed.iter().for_each(|member| println!("removed      {member}"));
        self.kept.iter().for_each(|member| println!("kept         {member}"));
        println!("signed alone {first} to {last}, by {signer}");
        println!();
        println!("What is given up:");
        println!(
            "- Blocks after {} that only others have seen become final are lost. Every other member that is left must",
            after.number
        );
        println!("  have no higher block than this node: the highest is the one to recover from.");
        println!(
            "- If those removed still run somewhere and reach a quorum with others, there are two ledgers from here on."
        );
        println!("- Up to block {last} there is this node's word alone.");
        println!(
            "- Whoever verifies a counterfoil of a block after {} must trust block {last} beside the genesis hash.",
            after.number
        );
        println!("- Those removed never come back: not their keys, and not their certificates.");
        if self.kept.len() < FOUR {
            println!("- With {} members left, no block is final while one of them is stopped.", self.kept.len());
        }
        println!();
    }
}

/// From here on one member may be missing.
const FOUR: usize = 4;

fn check_member(committee: &Committee, live: &[NodeId], key: NodeId) -> eyre::Result<()> {
    let known = committee.members().contains(&key);
    ensure!(known, "{key} is not in the committee that decides: those are {:?}", committee.members());
    ensure!(
        live.contains(&key),
        "{key} is no member any more, revoked or expired, or this network has no members' room (protocol version 2)"
    );
    Ok(())
}

fn ask() -> eyre::Result<()> {
    print!("Write `recover` to go on: ");
    stdout().flush()?;
    let mut answer = String::new();
    stdin().lock().read_line(&mut answer)?;
    ensure!(answer.trim() == "recover", "nothing was done");
    Ok(())
}

fn say_done(arguments: &RecoverArguments, folder: &Folder, file: &RecoveryFile, last: BlockRef, next: &Committee) {
    let recovery = folder.recovery_path().display().to_string();
    let members = next.members().iter().map(ToString::to_string).collect();
    let fields = vec![
        Field::new("genesis", file.genesis),
        Field::new("checkpoint", format!("{}:{}", last.number, last.hash)),
        Field::list("committee", members),
        Field::new("recovery", &recovery),
    ];
    table::say(fields, arguments.json);
    if !arguments.json {
        println!();
        println!("Start this node again. On each other node of the network: stop it, and start it once with");
        println!(
            "`counterfoil node --recovery FILE`, where FILE is a copy of {recovery}. It fetches the blocks from this node."
        );
        println!("Publish the checkpoint: counterfoils of later blocks are verified with `--checkpoint`.");
    }
}
