//! A node that listens, with the euro, a bank that makes it, and merchants.

use std::{net::Ipv4Addr, sync::Arc, time::Duration};

use alloy_primitives::{Address, B256, Bytes, U256};
use alloy_sol_types::SolCall;
use contracts::{
    cash::{
        self,
        abi::{ICash, ICashFactory},
        iso4217::Currency,
    },
    registry,
};
use gateway::{Access, CallLimits, Health, HealthStatus, Limits, Rooms, Server, payment::Ledger};
use primitives::genesis::Upgrade;
use serde_json::json;

use crate::network::Node;

/// Account 0 governs, and issues the euro. Ends before the node does.
pub(crate) struct Town {
    server: Option<Server>,
    pub(crate) node: Node,
}

impl Town {
    pub(crate) fn open() -> Self {
        let open_rooms = |genesis: &mut primitives::Genesis| {
            genesis.counterfoil.upgrades = vec![Upgrade { version: registry::NEWEST_VERSION, epoch: 0 }];
        };
        let node = Node::start_with(open_rooms, CallLimits::default());
        let mut town = Self { server: None, node };
        town.serve();
        let issuer = town.address(0);
        let factory = registry::by_word("cash").expect("a room").address();
        town.send(0, factory, &ICashFactory::createCall { code: "EUR".into(), issuer });
        town
    }

    /// Opens the node's door, on another port than before.
    pub(crate) fn serve(&mut self) {
        let rooms = Rooms {
            methods: Arc::new(self.node.rpc.clone()),
            pages: None,
            health: Box::new(|| Health { status: HealthStatus::Ok, head: 0 }),
            metrics: Box::new(|_| ()),
        };
        let any_port = (Ipv4Addr::LOCALHOST, 0).into();
        let starting = Server::start(any_port, Access::default(), Limits::default(), rooms);
        self.server = Some(self.node.runtime.block_on(starting).expect("a free port"));
    }

    /// From now on the node does not answer.
    pub(crate) fn shut(&mut self) {
        self.server = None;
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.server.as_ref().expect("it is open").address())
    }

    pub(crate) fn ledger(&self) -> Ledger {
        Ledger::open(&self.url(), Duration::from_secs(20)).expect("the node answers")
    }

    pub(crate) fn address(&self, account: usize) -> Address {
        self.node.account(account).address()
    }

    /// New euros.
    pub(crate) fn mint(&self, to: Address, minor: u64) -> B256 {
        let call = ICash::mintCall { to, amount: U256::from(minor), referenceId: B256::repeat_byte(1) };
        self.send(0, euro(), &call)
    }

    /// A call of a development account that succeeds.
    pub(crate) fn send(&self, account: usize, to: Address, call: &impl SolCall) -> B256 {
        let request = json!({ "from": self.address(account), "to": to, "data": Bytes::from(call.abi_encode()) });
        let hash = self.node.get("eth_sendTransaction", json!([request]));
        assert_eq!(self.node.receipt(&hash)["status"], "0x1");
        serde_json::from_value(hash).expect("a hash")
    }

    pub(crate) fn ask<C: SolCall>(&self, call: &C) -> C::Return {
        let request = json!({ "to": euro(), "data": Bytes::from(call.abi_encode()) });
        let answer: Bytes = serde_json::from_value(self.node.get("eth_call", json!([request, "latest"]))).expect("hex");
        C::abi_decode_returns(&answer).expect("an answer of the ABI")
    }
}

pub(crate) fn euro() -> Address {
    cash::address_of(Currency::by_code(b"EUR").expect("listed"))
}
