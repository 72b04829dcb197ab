//! Random sequences against a model that is a handful of maps: the same calls are taken and refused, every view agrees, and
//! after each call the sums are what they must be. Whatever was taken is tried again at once and must do nothing.

use std::collections::BTreeMap;

use alloy_primitives::{Address, U256};
use proptest::prelude::*;

use super::fixture::*;
use crate::cash::abi::ICash::{self, *};

const PEOPLE: [Address; 4] = [ALICE, BOB, SHOP, CARD];

#[derive(Clone, Copy, Debug)]
enum Act {
    Mint { to: usize, amount: u64 },
    Burn { amount: u64 },
    Transfer { by: usize, to: usize, amount: u64 },
    Approve { by: usize, spender: usize, amount: u64 },
    TransferFrom { by: usize, from: usize, to: usize, amount: u64 },
    Cap { by: usize, operator: usize, amount: u64 },
    Hold { by: usize, id: u64, from: usize, to: usize, amount: u64, seconds: u64 },
    Adjust { by: usize, id: u64, reference: u64, amount: u64 },
    Capture { by: usize, id: u64, reference: u64, amount: u64, is_final: bool },
    Release { by: usize, id: u64 },
    Void { by: usize, id: u64 },
    Pause { on: bool },
    Freeze { who: usize, on: bool },
    Wait { seconds: u64 },
}

fn acts() -> impl Strategy<Value = Act> {
    let who = || 0..PEOPLE.len();
    let sum = || 0..60_u64;
    let id = || 0..5_u64;
    prop_oneof![
        2 => (who(), sum()).prop_map(|(to, amount)| Act::Mint { to, amount }),
        1 => sum().prop_map(|amount| Act::Burn { amount }),
        4 => (who(), who(), sum()).prop_map(|(by, to, amount)| Act::Transfer { by, to, amount }),
        2 => (who(), who(), sum()).prop_map(|(by, spender, amount)| Act::Approve { by, spender, amount }),
        3 => (who(), who(), who(), sum()).prop_map(|(by, from, to, amount)| Act::TransferFrom { by, from, to, amount }),
        3 => (who(), who(), 0..200_u64).prop_map(|(by, operator, amount)| Act::Cap { by, operator, amount }),
        8 => (who(), id(), who(), who(), sum(), 0..9_u64)
            .prop_map(|(by, id, from, to, amount, seconds)| Act::Hold { by, id, from, to, amount, seconds }),
        5 => (who(), id(), 0..4_u64, sum()).prop_map(|(by, id, reference, amount)| Act::Adjust { by, id, reference, amount }),
        8 => (who(), id(), 0..4_u64, 0..30_u64, any::<bool>())
            .prop_map(|(by, id, reference, amount, is_final)| Act::Capture { by, id, reference, amount, is_final }),
        3 => (who(), id()).prop_map(|(by, id)| Act::Release { by, id }),
        1 => (who(), id()).prop_map(|(by, id)| Act::Void { by, id }),
        2 => prop::bool::weighted(0.15).prop_map(|on| Act::Pause { on }),
        2 => (who(), prop::bool::weighted(0.15)).prop_map(|(who, on)| Act::Freeze { who, on }),
        2 => (0..4_u64).prop_map(|seconds| Act::Wait { seconds }),
    ]
}

/// Signed numbers, so that a sum that goes below zero is seen and not clipped.
type Sum = i128;

#[derive(Clone, Debug, PartialEq, Eq)]
struct ModelHold {
    by: usize,
    from: usize,
    to: usize,
    first: Sum,
    amount: Sum,
    captured: Sum,
    released: Sum,
    expiry: u64,
    state: HoldState,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Model {
    now: u64,
    paused: bool,
    frozen: [bool; 4],
    balances: [Sum; 4],
    issuer: Sum,
    allowances: BTreeMap<(usize, usize), Sum>,
    caps: BTreeMap<(usize, usize), Sum>,
    holds: BTreeMap<u64, ModelHold>,
    steps: BTreeMap<(u64, u64), (Sum, Option<bool>)>,
}

impl Model {
    fn held(&self, who: usize) -> Sum {
        let open = self.holds.values().filter(|hold| hold.from == who && hold.state == HoldState::Open);
        open.map(|hold| hold.amount - hold.captured).sum()
    }

    fn available(&self, who: usize) -> Sum {
        self.balances[who] - self.held(who)
    }

    fn used(&self, owner: usize, operator: usize) -> Sum {
        let all = self.holds.values().filter(|hold| (hold.from, hold.by) == (owner, operator));
        all.map(|hold| hold.amount - hold.released).sum()
    }

    fn flows(&self, people: &[usize]) -> bool {
        !self.paused && people.iter().all(|who| !self.frozen[*who])
    }

    fn give(&mut self, from: usize, to: usize, amount: Sum) {
        self.balances[from] -= amount;
        self.balances[to] += amount;
    }

    /// Does it, or says that it is refused.
    fn act(&mut self, act: Act) -> bool {
        match act {
            Act::Mint { to, amount } => {
                let taken = amount > 0 && self.flows(&[to]);
                if taken {
                    self.balances[to] += Sum::from(amount);
                }
                taken
            }
            Act::Burn { amount } => {
                let taken = amount > 0 && self.flows(&[]) && Sum::from(amount) <= self.issuer;
                if taken {
                    self.issuer -= Sum::from(amount);
                }
                taken
            }
            Act::Transfer { by, to, amount } => {
                let taken = self.flows(&[by, to]) && Sum::from(amount) <= self.available(by);
                if taken {
                    self.give(by, to, amount.into());
                }
                taken
            }
            Act::Approve { by, spender, amount } => {
                self.allowances.insert((by, spender), amount.into());
                true
            }
            Act::TransferFrom { by, from, to, amount } => {
                let allowance = self.allowances.get(&(from, by)).copied().unwrap_or_default();
                let amount = Sum::from(amount);
                let taken = self.flows(&[by, from, to]) && amount <= allowance && amount <= self.available(from);
                if taken {
                    self.allowances.insert((from, by), allowance - amount);
                    self.give(from, to, amount);
                }
                taken
            }
            Act::Cap { by, operator, amount } => {
                if by != operator {
                    self.caps.insert((by, operator), amount.into());
                }
                by != operator
            }
            Act::Hold { by, id, from, to, amount, seconds } => self.hold(by, id, (from, to), amount.into(), seconds),
            Act::Adjust { by, id, reference, amount } => self.adjust(by, id, reference, amount.into()),
            Act::Capture { by, id, reference, amount, is_final } => {
                self.capture(by, id, reference, amount.into(), is_final)
            }
            Act::Release { by, id } => self.release(by, id),
            Act::Void { by, id } => {
                let tombstone = ModelHold {
                    by,
                    from: 0,
                    to: 0,
                    first: 0,
                    amount: 0,
                    captured: 0,
                    released: 0,
                    expiry: 0,
                    state: HoldState::Voided,
                };
                *self.holds.entry(id).or_insert(tombstone.clone()) == tombstone
            }
            Act::Pause { on } => {
                self.paused = on;
                true
            }
            Act::Freeze { who, on } => {
                self.frozen[who] = on;
                true
            }
            Act::Wait { seconds } => {
                self.now += seconds;
                true
            }
        }
    }

    fn hold(&mut self, by: usize, id: u64, (from, to): (usize, usize), first: Sum, seconds: u64) -> bool {
        let expiry = self.now + seconds;
        if let Some(hold) = self.holds.get(&id) {
            return hold.state != HoldState::Voided
                && (hold.by, hold.from, hold.to, hold.first, hold.expiry) == (by, from, to, first, expiry);
        }
        let (amount, state) = (first, HoldState::Open);
        let taken = first > 0 && from != to && seconds > 0 && self.pledges(by, from, to, first);
        if taken {
            self.holds.insert(id, ModelHold { by, from, to, first, amount, captured: 0, released: 0, expiry, state });
        }
        taken
    }

    fn pledges(&self, by: usize, from: usize, to: usize, more: Sum) -> bool {
        let cap = self.caps.get(&(from, by)).copied().unwrap_or_default();
        let capped = by == from || self.used(from, by) + more <= cap;
        self.flows(&[by, from, to]) && capped && more <= self.available(from)
    }

    fn adjust(&mut self, by: usize, id: u64, reference: u64, amount: Sum) -> bool {
        let Some(hold) = self.holds.get(&id).cloned().filter(|hold| hold.by == by) else { return false };
        if let Some(step) = self.steps.get(&(id, reference)) {
            return *step == (amount, None);
        }
        let running = hold.state == HoldState::Open && self.now < hold.expiry;
        let more = amount - hold.amount;
        let taken = amount > 0
            && running
            && amount >= hold.captured
            && (more <= 0 || self.pledges(by, hold.from, hold.to, more));
        if taken {
            self.steps.insert((id, reference), (amount, None));
            self.holds.insert(id, ModelHold { amount, ..hold });
        }
        taken
    }

    fn capture(&mut self, by: usize, id: u64, reference: u64, amount: Sum, is_final: bool) -> bool {
        let Some(mut hold) = self.holds.get(&id).cloned().filter(|hold| hold.by == by) else { return false };
        if let Some(step) = self.steps.get(&(id, reference)) {
            return *step == (amount, Some(is_final));
        }
        let running = hold.state == HoldState::Open && self.now < hold.expiry;
        let fits = amount > 0 && amount <= hold.amount - hold.captured;
        let taken = running && fits && self.flows(&[by, hold.from, hold.to]);
        if taken {
            self.give(hold.from, hold.to, amount);
            hold.captured += amount;
            if is_final {
                hold.state = HoldState::Captured;
                hold.released = hold.amount - hold.captured;
            }
            self.steps.insert((id, reference), (amount, Some(is_final)));
            self.holds.insert(id, hold);
        }
        taken
    }

    fn release(&mut self, by: usize, id: u64) -> bool {
        let now = self.now;
        let Some(hold) = self.holds.get_mut(&id).filter(|hold| hold.state != HoldState::Voided) else { return false };
        if by != hold.by && by != hold.to && now < hold.expiry {
            return false;
        }
        if hold.state == HoldState::Open {
            hold.state = HoldState::Released;
            hold.released = hold.amount - hold.captured;
        }
        hold.state == HoldState::Released
    }
}

/// The same on the ledger; whether it was taken.
fn perform(world: &mut World, act: Act) -> bool {
    let person = |who: usize| PEOPLE[who];
    match act {
        Act::Mint { to, amount } => {
            let call = mintCall { to: person(to), amount: U256::from(amount), referenceId: ORDER };
            world.ask(ISSUER, call).is_ok()
        }
        Act::Burn { amount } => world.ask(ISSUER, burnCall { amount: U256::from(amount), referenceId: ORDER }).is_ok(),
        Act::Transfer { by, to, amount } => {
            world.ask(person(by), transferCall { to: person(to), value: U256::from(amount) }).is_ok()
        }
        Act::Approve { by, spender, amount } => {
            world.ask(person(by), approveCall { spender: person(spender), value: U256::from(amount) }).is_ok()
        }
        Act::TransferFrom { by, from, to, amount } => {
            let call = transferFromCall { from: person(from), to: person(to), value: U256::from(amount) };
            world.ask(person(by), call).is_ok()
        }
        Act::Cap { by, operator, amount } => {
            let call = approveOperatorCall { operator: person(operator), cap: U256::from(amount) };
            world.ask(person(by), call).is_ok()
        }
        Act::Hold { by, id, from, to, amount, seconds } => {
            let call = holdCall {
                id: reference(id),
                from: person(from),
                to: person(to),
                amount: U256::from(amount),
                expiry: world.memory.now + seconds,
                referenceId: ORDER,
            };
            twice(world, person(by), call)
        }
        Act::Adjust { by, id, reference: step, amount } => {
            let call = adjustCall { id: reference(id), referenceId: reference(step), newAmount: U256::from(amount) };
            twice(world, person(by), call)
        }
        Act::Capture { by, id, reference: step, amount, is_final } => {
            let call = captureCall {
                id: reference(id),
                referenceId: reference(step),
                amount: U256::from(amount),
                isFinal: is_final,
            };
            twice(world, person(by), call)
        }
        Act::Release { by, id } => twice(world, person(by), releaseCall { id: reference(id) }),
        Act::Void { by, id } => twice(world, person(by), voidCall { id: reference(id) }),
        Act::Pause { on: true } => world.ask(ISSUER, pauseCall {}).is_ok(),
        Act::Pause { on: false } => world.ask(ISSUER, unpauseCall {}).is_ok(),
        Act::Freeze { who, on: true } => world.ask(ISSUER, freezeCall { account: person(who) }).is_ok(),
        Act::Freeze { who, on: false } => world.ask(ISSUER, unfreezeCall { account: person(who) }).is_ok(),
        Act::Wait { seconds } => {
            world.memory.now += seconds;
            true
        }
    }
}

fn twice<C: alloy_sol_types::SolCall + Clone>(world: &mut World, caller: Address, call: C) -> bool {
    let before = world.memory.clone();
    let taken = world.ask(caller, call.clone()).is_ok();
    if taken {
        world.again(caller, call);
    } else {
        assert_eq!(world.memory, before, "a refused call changes nothing");
    }
    taken
}

fn compare(world: &mut World, model: &Model) {
    for (who, account) in PEOPLE.into_iter().enumerate() {
        let (balance, held) = (world.balance(account), world.held(account));
        assert_eq!((balance, held), (U256::from(model.balances[who]), U256::from(model.held(who))), "of {who}");
        assert!(held <= balance, "{who} holds more than there is");
        assert_eq!(world.available(account), balance - held);
        for (operator, other) in PEOPLE.into_iter().enumerate().filter(|(operator, _)| *operator != who) {
            let used = world.done(BOB, operatorCapCall { owner: account, operator: other }).used;
            assert_eq!(used, U256::from(model.used(who, operator)), "used by {operator} of {who}");
        }
    }
    let sum: Sum = model.balances.iter().sum::<Sum>() + model.issuer;
    assert_eq!(world.done(BOB, totalSupplyCall {}), U256::from(sum), "supply is the sum of balances");
    for id in 0..5 {
        let found = world.found(reference(id));
        assert!(found.captured + found.released <= found.amount);
        assert_eq!(told(&found), model.holds.get(&id).map(told_by_model).unwrap_or_default(), "hold {id}");
    }
}

fn told(hold: &ICash::Hold) -> (u8, Address, [U256; 4], u64) {
    let amounts = [hold.firstAmount, hold.amount, hold.captured, hold.released];
    (hold.state.into(), hold.operator, amounts, hold.expiry)
}

fn told_by_model(hold: &ModelHold) -> (u8, Address, [U256; 4], u64) {
    let amounts = [hold.first, hold.amount, hold.captured, hold.released].map(U256::from);
    (hold.state.into(), PEOPLE[hold.by], amounts, hold.expiry)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(192))]

    #[test]
    fn money_is_where_the_model_says(acts in prop::collection::vec(acts(), 1..120)) {
        let mut world = World::empty();
        let mut model = Model { now: world.memory.now, issuer: 100, ..Model::default() };
        world.done(ISSUER, mintCall { to: ISSUER, amount: amount(100), referenceId: ORDER });
        for (who, to) in PEOPLE.into_iter().enumerate() {
            world.done(ISSUER, mintCall { to, amount: amount(100), referenceId: ORDER });
            model.balances[who] = 100;
        }
        for act in acts {
            let expected = model.act(act);
            prop_assert_eq!(perform(&mut world, act), expected, "{:?}", act);
            compare(&mut world, &model);
        }
    }
}
