//! `cash` against OpenZeppelin's ERC20 and ERC20Permit (testdata/Euro.sol), in one EVM on one state: the same seeded calls, refused
//! ones included, give the same return or revert data and the same logs, and leave the same views.
//!
//! The differences, all of them, and each is asserted here or kept out of the sequence:
//! 1. `Minted` and `Burned` follow the `Transfer` of new and destroyed money.
//! 2. A supply ends at 2^248 - 1 with `SupplyOverflow`; OpenZeppelin's ends at 2^256 - 1 with panic 0x11.
//! 3. Minting and burning nothing is refused by name (`ZeroAmount`).
//! 4. Calldata that is not canonical, and ether, is refused by name; Solidity reverts without data, and takes calldata that is too long.
//! 5. Held money, pause and freeze, which OpenZeppelin's ERC20 does not have.

use alloy_primitives::{TxKind, address};
use alloy_sol_types::{Panic, SolCall, SolError, SolEvent, SolStruct, eip712_domain, sol};
use contracts::{
    cash::{
        ROOM,
        abi::{
            ICash::{self, *},
            ICashFactory::createCall,
        },
        address_of,
        iso4217::Currency,
    },
    dispatch::INative,
};
use ledger::{Answer, CHAIN_ID, Ledger, bytecode};
use people::Signer;
use primitives::{Address, B256, Bytes, U256};
use rand::{Rng, SeedableRng, rngs::StdRng};

#[expect(dead_code, reason = "shared with other tests")]
mod ledger;
#[path = "world/people.rs"]
#[expect(dead_code, reason = "shared with other tests")]
mod people;
#[path = "world/mod.rs"]
#[expect(dead_code, reason = "shared with other tests")]
mod world;

sol! {
    struct Permit {
        address owner;
        address spender;
        uint256 value;
        uint256 nonce;
        uint256 deadline;
    }
}

const GOVERNOR: Address = address!("f39Fd6e51aad88F6F4ce6aB8827279cffFb92266");
const CALLS_PER_SEED: usize = 400;

/// Both contracts on one state.
struct Both {
    ledger: Ledger,
    ours: Address,
    theirs: Address,
    people: Vec<Signer>,
}

impl Both {
    fn new() -> Self {
        let people: Vec<_> = (1..5).map(Signer::new).collect();
        let issuer = people[0].address;
        let ours = address_of(Currency::by_code(b"EUR").expect("the euro is a currency"));
        let create = createCall { code: "EUR".into(), issuer }.abi_encode();
        let deploy = bytecode(include_str!("../../../testdata/euro.json"));
        let mut ledger = Ledger::new();
        ledger.must(&[(GOVERNOR, TxKind::Call(ROOM.address()), create.into()), (issuer, TxKind::Create, deploy)]);
        Self { ledger, ours, theirs: issuer.create(0), people }
    }

    fn ask(&self, from: Address, to: Address, data: &[u8]) -> Answer {
        self.ledger.ask(from, to, data)
    }

    /// The same calls, or with each contract's own signature, on both; whether they were taken.
    fn step(&mut self, from: Address, ours: Vec<u8>, theirs: Vec<u8>) -> bool {
        let answers = [(self.ours, &ours), (self.theirs, &theirs)].map(|(to, data)| self.ask(from, to, data));
        assert_eq!(answers[0], answers[1], "{from}: {}", Bytes::from(ours.clone()));
        let (to_ours, to_theirs) = (TxKind::Call(self.ours), TxKind::Call(self.theirs));
        let receipts = self.ledger.block(&[(from, to_ours, ours.into()), (from, to_theirs, theirs.into())]);
        let [ours, theirs] = receipts.as_slice() else { panic!("two transactions, two receipts") };
        assert_eq!((ours.success, theirs.success), (answers[0].is_ok(), answers[0].is_ok()));
        let standard: Vec<_> =
            ours.logs.iter().filter(|log| !log.topics().first().is_some_and(is_our_own)).map(|log| &log.data).collect();
        assert_eq!(standard, theirs.logs.iter().map(|log| &log.data).collect::<Vec<_>>());
        ours.success
    }

    fn same<C: SolCall>(&mut self, from: Address, call: &C) -> bool {
        self.step(from, call.abi_encode(), call.abi_encode())
    }

    fn permit(&mut self, random: &mut StdRng) -> bool {
        let owner = self.person(random);
        let signer = if random.random_bool(0.8) { owner } else { self.person(random) };
        let mut terms = permitCall {
            owner: owner.address,
            spender: self.anyone(random),
            value: value(random),
            deadline: if random.random_bool(0.8) { U256::MAX } else { U256::from(self.ledger.header.timestamp - 1) },
            v: 27,
            r: B256::ZERO,
            s: B256::ZERO,
        };
        let nonce = self.ask(GOVERNOR, self.theirs, &noncesCall { owner: terms.owner }.abi_encode()).expect("a view");
        let nonce = U256::from_be_slice(&nonce);
        let spoiled = random.random_range(0..8);
        let mut signed = |contract| {
            sign(&mut terms, contract, nonce, signer);
            match spoiled {
                0 => terms.v = 29,
                1 => terms.s = B256::repeat_byte(0xf0),
                2 => terms.r = B256::ZERO,
                _ => {}
            }
            terms.abi_encode()
        };
        let (ours, theirs) = (signed(self.ours), signed(self.theirs));
        self.step(GOVERNOR, ours, theirs)
    }

    fn person(&self, random: &mut StdRng) -> Signer {
        self.people[random.random_range(0..self.people.len())]
    }

    /// Somebody, or the zero address.
    fn anyone(&self, random: &mut StdRng) -> Address {
        if random.random_range(0..12) == 0 { Address::ZERO } else { self.person(random).address }
    }

    /// One random call.
    fn act(&mut self, random: &mut StdRng) -> bool {
        let by = self.person(random).address;
        let (from, to, value) = (self.anyone(random), self.anyone(random), value(random));
        let modest = U256::from(random.random_range(1..500_u64));
        match random.random_range(0..16) {
            0..5 => self.same(by, &transferCall { to, value }),
            5..7 => self.same(by, &approveCall { spender: to, value }),
            7..11 => self.same(by, &transferFromCall { from, to, value }),
            11..13 => self.permit(random),
            13 | 14 => self.same(by, &mintCall { to, amount: modest, referenceId: B256::ZERO }),
            _ => self.same(by, &burnCall { amount: modest, referenceId: B256::ZERO }),
        }
    }

    fn views_agree(&self) {
        let mut views = vec![
            nameCall {}.abi_encode(),
            symbolCall {}.abi_encode(),
            decimalsCall {}.abi_encode(),
            totalSupplyCall {}.abi_encode(),
        ];
        let everyone = || self.people.iter().map(|person| person.address).chain([Address::ZERO]);
        for owner in everyone() {
            views.push(balanceOfCall { account: owner }.abi_encode());
            views.push(noncesCall { owner }.abi_encode());
            views.extend(everyone().map(|spender| allowanceCall { owner, spender }.abi_encode()));
        }
        for view in views {
            let [ours, theirs] = [self.ours, self.theirs].map(|to| self.ask(GOVERNOR, to, &view));
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
            if number % 40 == 0 {
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
    let both = Both::new();
    let issuer = both.people[0].address;
    let mint = |amount| mintCall { to: issuer, amount, referenceId: B256::ZERO }.abi_encode();
    let ask = |data: &[u8]| [both.ours, both.theirs].map(|to| both.ask(issuer, to, data));
    let [ours, theirs] = ask(&mint(U256::MAX));
    let error = ICash::SupplyOverflow { supply: U256::ZERO, amount: U256::MAX };
    assert_eq!((ours, theirs), (Err(error.abi_encode().into()), Ok(Bytes::new())));
    let [ours, theirs] = ask(&mint(U256::ZERO));
    assert_eq!((ours, theirs), (Err(ICash::ZeroAmount {}.abi_encode().into()), Ok(Bytes::new())));
    let long = [totalSupplyCall {}.abi_encode(), vec![0]].concat();
    let [ours, theirs] = ask(&long);
    assert_eq!((ours, theirs.is_ok()), (Err(INative::InvalidCalldata {}.abi_encode().into()), true));
    let unknown = INative::UnknownSelector { selector: [1, 2, 3, 4].into() };
    assert_eq!(ask(&[1, 2, 3, 4]), [Err(unknown.abi_encode().into()), Err(Bytes::new())]);
    let mut full = Both::new();
    let everything = mint(U256::MAX);
    full.ledger.block(&[(issuer, TxKind::Call(full.theirs), everything.into())]);
    let panic = Panic { code: U256::from(0x11) };
    assert_eq!(full.ask(issuer, full.theirs, &mint(U256::from(1))), Err(panic.abi_encode().into()));
}

fn is_our_own(topic: &B256) -> bool {
    [Minted::SIGNATURE_HASH, Burned::SIGNATURE_HASH].contains(topic)
}

/// Nothing, little, much, or everything.
fn value(random: &mut StdRng) -> U256 {
    match random.random_range(0..10) {
        0 => U256::ZERO,
        1 => U256::MAX,
        2 => U256::MAX >> 8,
        3 => U256::from(random.random_range(0..100_000_u64)),
        _ => U256::from(random.random_range(0..120_u64)),
    }
}

fn sign(terms: &mut permitCall, contract: Address, nonce: U256, signer: Signer) {
    let domain = eip712_domain! { name: "Euro", version: "1", chain_id: CHAIN_ID, verifying_contract: contract, };
    let permitCall { owner, spender, value, deadline, .. } = *terms;
    let hash = Permit { owner, spender, value, nonce, deadline }.eip712_signing_hash(&domain);
    let signature = signer.sign_hash(hash);
    terms.v = 27 + u8::from(signature.v());
    terms.r = signature.r().into();
    terms.s = signature.s().into();
}
