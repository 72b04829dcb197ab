//! What a node says by itself. Once it has all blocks after it was admitted: `ready`, so that from the next epoch on it may be in the
//! committee. As a member: a vote for each newcomer whom it was told to approve. Transactions are sent by the account that acts for the node;
//! where none does, the node's key names it first.

use std::time::Duration;

use alloy_consensus::{SignableTransaction, TxEip1559};
use alloy_primitives::{TxKind, keccak256};
use alloy_signer::SignerSync;
use alloy_signer_local::PrivateKeySigner;
use alloy_sol_types::SolCall;
use chain::{BlockAt, Chain, SubmitError};
use consensus::{Ledger, NodeKey};
use contracts::admission::{
    ADDRESS,
    IAdmission::{self, MemberState, authorizeCall, readyCall, voteCall},
    OpenLink, Standing,
    messages::Network,
};
use eyre::Context;
use primitives::{Bytes, tx::recover};
use tokio::sync::broadcast::error::RecvError;

use crate::{
    approvals::Approvals,
    commands::{member::DECIDING_VOTE_GAS, network::account_of},
};

/// Says what is to be said, until the ledger closes.
pub(crate) async fn speak(chain: Chain, key: NodeKey, approvals: Approvals) {
    let account = match account_of(&key) {
        Ok(account) => account,
        Err(error) => return tracing::error!(%error, "this node has no account to speak with"),
    };
    let (node, mut heads) = (Speaker { chain, key, account, approvals }, 0_u64);
    let mut news = node.chain.subscribe_heads();
    loop {
        match news.recv().await {
            Ok(_) | Err(RecvError::Lagged(_)) => heads += 1,
            Err(RecvError::Closed) => return,
        }
        // What was said is in one of the next blocks, or was lost and is said again.
        if heads % HEADS_BETWEEN == 1
            && let Err(error) = node.speak()
        {
            tracing::warn!(%error, "this node could not say that it is ready, or vote; `counterfoil member` does it by hand");
        }
    }
}

/// Blocks from one attempt to the next.
const HEADS_BETWEEN: u64 = 8;
/// A node whose newest block is older does not have all of them.
const MOST_BEHIND: Duration = Duration::from_secs(10);
/// More than `authorize` and `ready` take.
const GAS_LIMIT: u64 = 1_000_000;
/// What a member's own vote says as its reason.
const REASON: &str = "node --approve-links";

struct Speaker {
    chain: Chain,
    key: NodeKey,
    account: PrivateKeySigner,
    approvals: Approvals,
}

impl Speaker {
    fn speak(&self) -> eyre::Result<()> {
        if self.is_behind() {
            return Ok(());
        }
        let standing = self.chain.standing(self.key.id(), self.account.address())?;
        let ready = standing.state == MemberState::Observer;
        let links = if self.approvals.is_empty() { Vec::new() } else { self.chain.open_links(self.key.id())? };
        let mut approved = links.iter().filter(|link| self.approvals.cover(link)).peekable();
        if !standing.acts && (ready || approved.peek().is_some()) {
            self.send(self.authorization(&standing).abi_encode(), GAS_LIMIT)?;
        }
        if ready {
            self.say_ready()?;
        }
        approved.try_for_each(|link| self.approve(link))
    }

    fn say_ready(&self) -> eyre::Result<()> {
        let head = self.chain.head();
        tracing::info!(height = head.number(), "this node has all blocks and says that it is ready");
        self.send(readyCall { height: head.number(), blockHash: head.hash() }.abi_encode(), GAS_LIMIT)
    }

    fn approve(&self, link: &OpenLink) -> eyre::Result<()> {
        tracing::info!(request = link.id, address = link.address, "this member approves of a newcomer by itself");
        let call = voteCall {
            id: link.id,
            certificate: link.certificate,
            policy: link.policy,
            epoch: link.epoch,
            ballot: IAdmission::Ballot::Approve,
            reasonCode: 0,
            reasonHash: keccak256(REASON),
        };
        self.send(call.abi_encode(), DECIDING_VOTE_GAS)
    }

    fn is_behind(&self) -> bool {
        let (newest, now) = (self.chain.head().latest().block.time(), self.chain.ledger().now());
        u128::from(now.0.saturating_sub(newest.0)) > MOST_BEHIND.as_millis()
    }

    fn authorization(&self, standing: &Standing) -> authorizeCall {
        let network = Network { chain_id: self.chain.rules().chain_id, hash: standing.network };
        let (node, account) = (self.key.id(), self.account.address());
        let message = network.authorization(node, account, true, standing.sequence);
        let signature = Bytes::copy_from_slice(&self.key.sign_message(&message));
        authorizeCall { nodeKey: node, account, acts: true, signature }
    }

    fn send(&self, input: Vec<u8>, gas_limit: u64) -> eyre::Result<()> {
        let sender = self.account.address();
        let mined = self.chain.state(BlockAt::Latest)?.account(sender)?.map_or(0, |account| account.nonce);
        let transaction = TxEip1559 {
            chain_id: self.chain.rules().chain_id,
            nonce: self.chain.pool().next_nonce(sender, || mined),
            gas_limit,
            max_fee_per_gas: self.chain.rules().min_gas_price.into(),
            to: TxKind::Call(ADDRESS),
            input: input.into(),
            ..TxEip1559::default()
        };
        let signature = self.account.sign_hash_sync(&transaction.signature_hash())?;
        let signed = recover(transaction.into_signed(signature).into()).wrap_err("its own signature")?;
        self.chain.submit(signed).map(drop).map_err(|error: SubmitError| error.into())
    }
}
