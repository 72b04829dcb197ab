//! `token` against OpenZeppelin's ERC1155 (testdata/Items.sol), in one EVM on one state: the same seeded calls of ERC-1155,
//! refused ones included, give the same return or revert data and the same logs, and leave the same views.
//!
//! The differences, all of them, and each is asserted here or kept out of the sequence:
//! 1. An account with bytecode takes tokens if it called `acceptTokens(true)`; OpenZeppelin's calls `onERC1155Received`.
//! 2. Locked tokens, and tokens of an item that is not transferable, do not move: `TokensLocked`, `NotTransferable`.
//! 3. A batch has at most 100 entries: `TooManyAtOnce`.
//! 4. Calldata that is not canonical is refused by name; Solidity reverts without data, and takes calldata that is too long.
//! 5. How tokens are made: `mint` of an item here, a function of the test contract there. Only the makings are not compared.

use alloy_primitives::TxKind;
use alloy_sol_types::{SolCall, SolError, SolValue, sol};
use contracts::{
    dispatch::INative,
    token::{
        ADDRESS, BATCH_MOST,
        abi::IToken::{self, *},
    },
};
use ledger::{Answer, Ledger, bytecode};
use primitives::{Address, B256, Bytes, U256};
use rand::{Rng, SeedableRng, rngs::StdRng};

#[expect(dead_code, reason = "shared with other tests")]
mod ledger;
#[path = "world/mod.rs"]
#[expect(dead_code, reason = "shared with other tests")]
mod world;

sol! {
    function make(address to, uint256 id, uint256 amount) external;
}

const CALLS_PER_SEED: usize = 300;
const MAKER: Address = Address::repeat_byte(0x11);
const PEOPLE: [Address; 4] =
    [MAKER, Address::repeat_byte(0x22), Address::repeat_byte(0x33), Address::repeat_byte(0x44)];

/// Both contracts on one state, with the same tokens in the same hands.
struct Both {
    ledger: Ledger,
    theirs: Address,
    ids: Vec<U256>,
}

impl Both {
    fn new() -> Self {
        let mut ledger = Ledger::new();
        ledger.must(&[(MAKER, TxKind::Create, bytecode(include_str!("../../../testdata/items.json")))]);
        let mut both = Self { ledger, theirs: MAKER.create(0), ids: vec![U256::from(404)] };
        both.make_tokens(1, true, 1_000);
        both.make_tokens(2, true, 50);
        both.make_tokens(3, false, 3);
        both
    }

    /// The same tokens on both; ours by an item with the identifier.
    fn make_tokens(&mut self, identifier: u8, interchangeable: bool, tokens: u64) {
        let create =
            createItemCall { identifier: B256::with_last_byte(identifier), terms: terms(interchangeable, tokens) };
        let item = self.ledger.ask(MAKER, ADDRESS, &create.abi_encode()).expect("an item");
        let item = B256::abi_decode(&item).expect("its key");
        let mint = mintCall { item, tokens };
        self.ledger.must(&[(MAKER, TxKind::Call(ADDRESS), create.abi_encode().into())]);
        self.ledger.must(&[(MAKER, TxKind::Call(ADDRESS), mint.abi_encode().into())]);
        let made: Vec<(U256, u64)> = match interchangeable {
            true => vec![(U256::from_be_bytes(item.0), tokens)],
            false => (1..=tokens).map(|instance| (self.id_of(item, instance), 1)).collect(),
        };
        for (id, amount) in made {
            let make = makeCall { to: MAKER, id, amount: U256::from(amount) }.abi_encode();
            self.ledger.must(&[(MAKER, TxKind::Call(self.theirs), make.into())]);
            self.ids.push(id);
        }
    }

    fn id_of(&self, item: B256, instance: u64) -> U256 {
        let answer = self.ledger.ask(MAKER, ADDRESS, &tokenIdCall { item, instance }.abi_encode()).expect("an id");
        U256::abi_decode(&answer).expect("a number")
    }

    fn answers(&self, from: Address, data: &[u8]) -> [Answer; 2] {
        [ADDRESS, self.theirs].map(|to| self.ledger.ask(from, to, data))
    }

    /// The same call on both; whether it was taken.
    fn same(&mut self, from: Address, call: &impl SolCall) -> bool {
        let data = Bytes::from(call.abi_encode());
        let [ours, theirs] = self.answers(from, &data);
        assert_eq!(ours, theirs, "{from}: {data}");
        let calls = [ADDRESS, self.theirs].map(|to| (from, TxKind::Call(to), data.clone()));
        let receipts = self.ledger.block(&calls);
        let logs: Vec<Vec<_>> =
            receipts.iter().map(|receipt| receipt.logs.iter().map(|log| &log.data).collect()).collect();
        assert_eq!(receipts.iter().map(|receipt| receipt.success).collect::<Vec<_>>(), [ours.is_ok(); 2]);
        assert_eq!(logs[0], logs[1], "{from}: {data}");
        ours.is_ok()
    }

    /// One random call.
    fn act(&mut self, random: &mut StdRng) -> bool {
        let (by, from, to) = (PEOPLE[random.random_range(0..4)], anyone(random), anyone(random));
        let from = if random.random_bool(0.7) { by } else { from };
        match random.random_range(0..10) {
            0..5 => {
                let (id, value, data) = (self.id(random), value(random), Bytes::from_static(b"ignored"));
                self.same(by, &safeTransferFromCall { from, to, id, value, data })
            }
            5..8 => {
                let length = random.random_range(0..4_usize);
                let ids: Vec<_> = (0..length).map(|_| self.id(random)).collect();
                let others = if random.random_range(0..8) == 0 { length + 1 } else { length };
                let values = (0..others).map(|_| value(random)).collect();
                self.same(by, &safeBatchTransferFromCall { from, to, ids, values, data: Bytes::new() })
            }
            8 => self.same(by, &setApprovalForAllCall { operator: to, approved: random.random_bool(0.6) }),
            _ => {
                let accounts = (0..random.random_range(0..4_usize)).map(|_| anyone(random)).collect();
                let ids = (0..random.random_range(0..4_usize)).map(|_| self.id(random)).collect();
                self.same(by, &balanceOfBatchCall { accounts, ids })
            }
        }
    }

    /// A token, or an id without one.
    fn id(&self, random: &mut StdRng) -> U256 {
        self.ids[random.random_range(0..self.ids.len())]
    }

    fn views_agree(&self) {
        let mut views = vec![uriCall { id: U256::from(7) }.abi_encode()];
        for id in ["01ffc9a7", "d9b67a26", "0e89341c", "ffffffff", "80ac58cd"] {
            views.push(supportsInterfaceCall { interfaceId: id.parse().expect("four bytes") }.abi_encode());
        }
        for account in PEOPLE.into_iter().chain([Address::ZERO]) {
            views.extend(self.ids.iter().map(|id| balanceOfCall { account, id: *id }.abi_encode()));
            views.extend(PEOPLE.map(|operator| isApprovedForAllCall { account, operator }.abi_encode()));
        }
        for view in views {
            let [ours, theirs] = self.answers(MAKER, &view);
            assert_eq!(ours, theirs, "{}", Bytes::from(view));
        }
    }
}

#[test]
fn seeded_calls_have_the_same_answers_logs_and_views_on_both() {
    for seed in 0..4 {
        let mut random = StdRng::seed_from_u64(seed);
        let mut both = Both::new();
        let mut taken = 0;
        for number in 0..CALLS_PER_SEED {
            taken += usize::from(both.act(&mut random));
            if number % 50 == 0 {
                both.views_agree();
            }
        }
        both.views_agree();
        // Neither all refused nor all taken: the comparison saw both sides.
        assert!((CALLS_PER_SEED / 5..CALLS_PER_SEED * 4 / 5).contains(&taken), "{taken} calls were taken");
    }
}

#[test]
fn the_differences_are_these() {
    let mut both = Both::new();
    let id = both.ids[1];
    let send = |to, value| {
        safeTransferFromCall { from: MAKER, to, id, value: U256::from(value), data: Bytes::new() }.abi_encode()
    };
    // 1. The test contract has bytecode and neither accepts tokens nor has the callback: the same error for another reason.
    let [ours, theirs] = both.answers(MAKER, &send(both.theirs, 1));
    assert_eq!(ours, Err(ERC1155InvalidReceiver { receiver: both.theirs }.abi_encode().into()));
    assert_eq!(ours, theirs);
    // 2.
    let gift = giftCall { id, amount: U256::from(1_000), recipient: PEOPLE[1], until: u64::MAX, note: B256::ZERO };
    both.ledger.must(&[(MAKER, TxKind::Call(ADDRESS), gift.abi_encode().into())]);
    let [ours, theirs] = both.answers(MAKER, &send(PEOPLE[2], 1));
    let locked = IToken::TokensLocked { owner: MAKER, unlocked: U256::ZERO, needed: U256::from(1), id };
    assert_eq!((ours, theirs), (Err(locked.abi_encode().into()), Ok(Bytes::new())));
    // 3.
    let length = BATCH_MOST + 1;
    let many = balanceOfBatchCall { accounts: vec![MAKER; length], ids: vec![id; length] }.abi_encode();
    let [ours, theirs] = both.answers(MAKER, &many);
    let error = TooManyAtOnce { length: U256::from(length), most: U256::from(BATCH_MOST) };
    assert_eq!((ours, theirs.is_ok()), (Err(error.abi_encode().into()), true));
    // 4.
    let long = [uriCall { id }.abi_encode(), vec![0]].concat();
    let [ours, theirs] = both.answers(MAKER, &long);
    assert_eq!((ours, theirs.is_ok()), (Err(INative::InvalidCalldata {}.abi_encode().into()), true));
    let unknown = INative::UnknownSelector { selector: [1, 2, 3, 4].into() };
    assert_eq!(both.answers(MAKER, &[1, 2, 3, 4]), [Err(unknown.abi_encode().into()), Err(Bytes::new())]);
}

/// Two transactions of one block: the second sees what the first did.
#[test]
fn a_former_owner_does_not_redeem_in_the_block_of_the_transfer() {
    let mut both = Both::new();
    let (id, value) = (both.ids[3], U256::from(1));
    let pass = safeTransferFromCall { from: MAKER, to: PEOPLE[1], id, value, data: Bytes::new() }.abi_encode();
    let (redemption, delivery) = (B256::repeat_byte(7), B256::repeat_byte(8));
    let redeem = requestRedemptionCall { redemption, id, amount: value, deliveryHash: delivery }.abi_encode();
    let calls = [(MAKER, pass), (MAKER, redeem.clone()), (PEOPLE[1], redeem)];
    let receipts = both.ledger.block(&calls.map(|(from, data)| (from, TxKind::Call(ADDRESS), data.into())));
    let told: Vec<_> = receipts.iter().map(|receipt| (receipt.success, receipt.logs.len())).collect();
    assert_eq!(told, [(true, 1), (false, 0), (true, 1)]);
    let answer = both.ledger.ask(MAKER, ADDRESS, &redemptionOfCall { redemption }.abi_encode()).expect("there is one");
    assert_eq!(redemptionOfCall::abi_decode_returns(&answer).expect("a redemption").redeemer, PEOPLE[1]);
}

fn terms(interchangeable: bool, units: u64) -> Terms {
    Terms {
        kind: Kind::DigitalGood,
        attributesHash: B256::repeat_byte(1),
        units,
        unitsPerToken: 1,
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
    }
}

/// Somebody, or the zero address.
fn anyone(random: &mut StdRng) -> Address {
    if random.random_range(0..12) == 0 { Address::ZERO } else { PEOPLE[random.random_range(0..4)] }
}

/// Nothing, one, little, or everything.
fn value(random: &mut StdRng) -> U256 {
    match random.random_range(0..12) {
        0 => U256::ZERO,
        1 => U256::MAX,
        2..5 => U256::from(random.random_range(0..400_u64)),
        5..8 => U256::from(random.random_range(0..12_u64)),
        _ => U256::from(1),
    }
}
