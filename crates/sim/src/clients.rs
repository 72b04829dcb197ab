//! Honest clients: they sign, bring each transaction to some node, bring it again to another one while it is not final, and ask for
//! receipts. A hash is a pool's promise and no more, so bringing again is their part.

use alloy_sol_types::SolCall;
use contracts::token::{ADDRESS as TOKEN, abi::IToken::setApprovalForAllCall};
use primitives::{Address, B256, Recovered, Tx};
use rand::{Rng, rngs::StdRng};

use crate::{
    Violation,
    faults::{Faults, Kind},
    node::Node,
    witness::Witness,
    world::{World, signed},
};

/// Brought again after this.
const AGAIN_MS: u64 = 1_500;
/// Transactions that wait, of one client, before it waits too.
const MOST_WAITING: usize = 40;

pub(crate) struct Clients {
    nonces: Vec<u64>,
    waiting: Vec<Waiting>,
}

struct Waiting {
    transaction: Recovered<Tx>,
    hash: B256,
    again_at_ms: u64,
    /// A member's transaction, not a client's.
    of_member: bool,
}

impl Clients {
    pub(crate) fn new(world: &World) -> Self {
        Self { nonces: vec![0; world.clients.len()], waiting: Vec::new() }
    }

    /// Whether everything that was ever sent is final and served.
    pub(crate) fn are_content(&self) -> bool {
        self.waiting.is_empty()
    }

    pub(crate) fn waiting(&self) -> usize {
        self.waiting.len()
    }

    /// A new transaction of a client: a payment or a call of a room.
    pub(crate) fn sign_one(&mut self, world: &World, random: &mut StdRng) {
        if self.waiting.len() >= MOST_WAITING {
            return;
        }
        let client = random.random_range(0..world.clients.len());
        let other = world.clients[random.random_range(0..world.clients.len())].address();
        let (to, wei, input) = if random.random_bool(0.3) {
            let call = setApprovalForAllCall { operator: Address::repeat_byte(random.random()), approved: true };
            (TOKEN, 0, call.abi_encode())
        } else {
            (other, random.random_range(1..1_000), Vec::new())
        };
        let transaction = signed(&world.clients[client], self.nonces[client], to, wei, input);
        self.nonces[client] += 1;
        self.bring(transaction, false);
    }

    /// A transaction to be brought until it is final.
    pub(crate) fn bring(&mut self, transaction: Recovered<Tx>, of_member: bool) {
        let hash = *transaction.inner().tx_hash();
        self.waiting.push(Waiting { transaction, hash, again_at_ms: 0, of_member });
    }

    /// Brings what is due, and asks for what was brought.
    pub(crate) fn act(
        &mut self,
        now_ms: u64,
        nodes: &[&Node],
        witness: &Witness,
        random: &mut StdRng,
        faults: &mut Faults,
    ) -> Result<(), Violation> {
        if nodes.is_empty() {
            return Ok(());
        }
        let mut still = Vec::new();
        for mut waiting in std::mem::take(&mut self.waiting) {
            if waiting.again_at_ms <= now_ms {
                waiting.again_at_ms = now_ms + AGAIN_MS;
                bring(nodes[random.random_range(0..nodes.len())], &waiting.transaction);
            }
            let asked = nodes[random.random_range(0..nodes.len())];
            match asked.receipt(waiting.hash)? {
                Some(place) => {
                    witness.serves(asked.index, asked.height(), waiting.hash, place);
                    faults.add(Kind::Transaction, u64::from(!waiting.of_member));
                }
                None => still.push(waiting),
            }
        }
        self.waiting = still;
        Ok(())
    }
}

/// A refusal is no news to a client that comes again: known already, or final meanwhile.
fn bring(node: &Node, transaction: &Recovered<Tx>) {
    if let Some(chain) = &node.chain {
        let _refused = chain.submit(transaction.clone());
    }
}
