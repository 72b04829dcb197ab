//! Random lists of transactions: what is proposed verifies to the same outcome, and nothing is created or destroyed but wei by rule.

use proptest::{collection::vec, prelude::*};

use super::*;

/// What a random transaction does.
#[derive(Clone, Debug)]
enum Deed {
    Pay { to: u64, value: u64, price: u64 },
    Count,
    Make { init_code: usize, value: u64 },
    Delegate { authority: u64, to_contract: bool },
    Fail,
}

#[derive(Clone, Debug)]
struct Step {
    from: u64,
    /// Added to the right nonce: mostly 0.
    nonce_error: u64,
    deed: Deed,
}

fn deed() -> impl Strategy<Value = Deed> {
    prop_oneof![
        (1..12_u64, 0..1000_u64, 0..9_u64).prop_map(|(to, value, price)| Deed::Pay { to, value, price }),
        Just(Deed::Count),
        (0..3_usize, 0..5_u64).prop_map(|(init_code, value)| Deed::Make { init_code, value }),
        (1..12_u64, any::<bool>()).prop_map(|(authority, to_contract)| Deed::Delegate { authority, to_contract }),
        Just(Deed::Fail),
    ]
}

fn step() -> impl Strategy<Value = Step> {
    let nonce_error = prop_oneof![9 => Just(0), 1 => 1..3_u64];
    (1..10_u64, nonce_error, deed()).prop_map(|(from, nonce_error, deed)| Step { from, nonce_error, deed })
}

/// Counts in slot 0 and logs the count.
const COUNTER: Bytes = bytes!("5f546001018060005560005fa1");

fn init_codes() -> [Bytes; 3] {
    // make nothing; make a contract of one STOP with a slot; die at once
    [bytes!(""), bytes!("600160015560015ff3"), bytes!("600160015533ff")]
}

fn transactions(steps: &[Step]) -> Vec<Recovered<Tx>> {
    let mut nonces = [0_u64; 16];
    steps.iter().map(|step| transaction(step, &mut nonces)).collect()
}

fn transaction(step: &Step, nonces: &mut [u64; 16]) -> Recovered<Tx> {
    let index = usize::try_from(step.from).expect("a small number");
    let nonce = nonces[index] + step.nonce_error;
    nonces[index] += u64::from(step.nonce_error == 0);
    let signer = signer(step.from);
    match &step.deed {
        Deed::Pay { to, value, price } => signer.sign(TxLegacy {
            gas_price: u128::from(*price),
            value: U256::from(*value),
            ..call(Signer::new(*to).address, nonce)
        }),
        Deed::Count => signer.sign(call(CONTRACT, nonce)),
        Deed::Make { init_code, value } => signer.sign(TxLegacy {
            to: TxKind::Create,
            input: init_codes()[*init_code].clone(),
            value: U256::from(*value),
            ..call(NOBODY, nonce)
        }),
        Deed::Delegate { authority, to_contract } => signer.sign(TxEip7702 {
            chain_id: 31337,
            nonce,
            gas_limit: 200_000,
            max_fee_per_gas: 5,
            max_priority_fee_per_gas: 5,
            to: Signer::new(*authority).address,
            authorization_list: vec![authorize(
                Signer::new(*authority),
                Authorization {
                    chain_id: U256::ZERO,
                    address: if *to_contract { CONTRACT } else { Address::ZERO },
                    nonce: nonces[usize::try_from(*authority).expect("a small number")],
                },
            )],
            ..TxEip7702::default()
        }),
        Deed::Fail => signer.sign(TxLegacy { to: TxKind::Create, input: bytes!("fe"), ..call(NOBODY, nonce) }),
    }
}

fn wei(world: &World, addresses: &[Address]) -> U256 {
    let balance = |address: &Address| world.state.account(*address).map_or(U256::ZERO, |account| account.balance);
    addresses.iter().map(balance).fold(U256::ZERO, |sum, balance| sum + balance)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn what_is_proposed_verifies_to_the_same_outcome(steps in vec(step(), 0..40), gas_limit in 2_000_000..40_000_000_u64) {
        let mut ledger = Ledger::new([(CONTRACT, Seed::contract(COUNTER))]);
        ledger.rules.gas_limit = gas_limit;
        let transactions = transactions(&steps);
        let proposed = ledger.execute(&transactions, PROPOSE).expect("a proposal always comes about");
        let verified = ledger.execute(&proposed.transactions, Mode::Verify).expect("what was proposed is valid");
        prop_assert_eq!(&proposed.diff, &verified.diff);
        prop_assert_eq!(&proposed.receipts, &verified.receipts);
        prop_assert_eq!(proposed.gas_used, verified.gas_used);
        prop_assert_eq!(proposed.roots(), verified.roots());
        let taken = proposed.transactions.len() + proposed.rejected.len() + usize::from(proposed.left_over.is_some());
        prop_assert!(taken == transactions.len() || proposed.left_over.is_some());
    }

    #[test]
    fn a_block_leaves_the_state_that_its_transactions_leave_one_by_one(steps in vec(step(), 0..25)) {
        let together = Ledger::new([(CONTRACT, Seed::contract(COUNTER))]);
        let outcome = together.execute(&transactions(&steps), PROPOSE).expect("proposes");
        let mut world = together.world.clone();
        world.apply(&outcome.diff);

        let mut apart = together.world.clone();
        for tx in &outcome.transactions {
            let alone = execute_block(&together.rules, &together.frame(), [tx.clone()], &apart, Mode::Verify);
            apart.apply(&alone.expect("valid after those before it").diff);
        }
        prop_assert_eq!(world.root(), apart.root());
    }

    #[test]
    fn wei_are_neither_made_nor_lost(steps in vec(step(), 0..40)) {
        let ledger = Ledger::new([(CONTRACT, Seed::contract(COUNTER))]);
        let outcome = ledger.execute(&transactions(&steps), PROPOSE).expect("proposes");
        let mut addresses: Vec<_> = (1..16).map(|number| signer(number).address).collect();
        addresses.extend(outcome.diff.accounts.iter().map(|account| account.address));
        addresses.sort_unstable();
        addresses.dedup();
        let before = wei(&ledger.world, &addresses);
        let mut world = ledger.world.clone();
        world.apply(&outcome.diff);
        prop_assert_eq!(before, wei(&world, &addresses));
    }
}
