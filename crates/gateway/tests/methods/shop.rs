//! An issuer with an item of the `token` room, on a node whose rooms are open: what stories about documents begin with.

use alloy_primitives::keccak256;
use alloy_sol_types::{SolCall, SolValue};
use contracts::token::{
    ADDRESS,
    abi::IToken::{self, Kind, Terms},
};
use gateway::CallLimits;
use primitives::{Address, B256, Bytes, U256, canonical_attributes, genesis::Upgrade};
use serde_json::{Value, json};

use crate::network::Node;

/// Markup in a name is somebody's name: it goes through unchanged.
pub(crate) const BAROLO: &str = r#"{
    "name": "Barolo <script>alert(1)</script> & \"1964\"", "description": "A bottle, 0.75 l", "image": "ipfs://label",
    "physical": { "volume": 0.75 },
    "attributes": [{ "trait_type": "Vintage", "value": 1964 }, { "trait_type": "<i>Closure</i>", "value": "cork" }],
    "deliveryKey": "0x04fe8c19ce0905191ebc298a9245792531f26f0cece2460639e8bc39cb7f706a826a779b4cf969b8a0e539c7f62fb3d30ad6aa8f80e30f1d128aafd68a2ce72ea0"
}"#;

/// Account 0 is the issuer.
pub(crate) struct Shop {
    pub(crate) node: Node,
}

impl Shop {
    pub(crate) fn open() -> Self {
        let open_rooms = |genesis: &mut primitives::Genesis| {
            genesis.counterfoil.upgrades = vec![Upgrade { version: 1, epoch: 0 }];
        };
        Self { node: Node::start_with(open_rooms, CallLimits::default()) }
    }

    /// Three bottles with these attributes, under an identifier in words.
    pub(crate) fn item(&self, identifier: &str, attributes: &str) -> B256 {
        self.item_with(identifier, canonical_attributes(attributes.as_bytes()).expect("sound").hash, false)
    }

    pub(crate) fn item_with(&self, identifier: &str, attributes_hash: B256, interchangeable: bool) -> B256 {
        let terms = Terms {
            kind: Kind::PhysicalGood,
            attributesHash: attributes_hash,
            units: 6,
            unitsPerToken: 2,
            interchangeable,
            redeemable: true,
            possessionIsOwnership: true,
            transferable: true,
            exists: true,
            presaleFrom: 0,
            presaleUntil: 0,
            redeemFrom: 0,
            redeemUntil: 0,
            custodian: Address::ZERO,
        };
        let identifier = B256::right_padding_from(identifier.as_bytes());
        self.does(&IToken::createItemCall { identifier, terms });
        keccak256((self.node.account(0).address(), identifier).abi_encode())
    }

    /// Makes tokens; answers the id of the first.
    pub(crate) fn mint(&self, item: B256, tokens: u64) -> U256 {
        self.does(&IToken::mintCall { item, tokens });
        self.asks(&IToken::tokensOfItemCall { key: item, start: 0, count: 1 }).page[0].id
    }

    /// A call of the issuer's that succeeds.
    pub(crate) fn does(&self, call: &impl SolCall) -> Value {
        let receipt = self.node.send(json!({ "to": ADDRESS, "data": Bytes::from(call.abi_encode()) }));
        assert_eq!(receipt["status"], "0x1");
        receipt
    }

    pub(crate) fn asks<C: SolCall>(&self, call: &C) -> C::Return {
        let answer = self.node.get("eth_call", json!([{ "to": ADDRESS, "data": Bytes::from(call.abi_encode()) }]));
        let answer: Bytes = serde_json::from_value(answer).expect("bytes");
        C::abi_decode_returns(&answer).expect("an answer of the ABI")
    }
}
