//! Random sequences of calls against a simple model of the books. What the model says must be refused is refused, what it says
//! must happen happens, and after each call the ledger's books are the model's. The invariants hold in both: units are
//! conserved, N is never passed, live tokens are covered, locked tokens do not move, a redemption ends once.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;

const PEOPLE: [Address; 4] = [ISSUER, ANNA, BERT, CARA];
/// Tokens of one's own; units, and units of a token, of the other item.
const UNIQUE: u64 = 4;
const UNITS: u64 = 60;
const PER_TOKEN: u64 = 3;

#[derive(Clone, Copy, Debug)]
enum Step {
    Mint { of_one: bool, tokens: u64 },
    Transfer { from: usize, to: usize, id: usize, amount: u64 },
    Gift { from: usize, to: usize, id: usize, amount: u64 },
    Accept { offer: usize, who: usize },
    TakeBack { offer: usize },
    Lease { from: usize, to: usize, id: usize, amount: u64 },
    EndLease { offer: usize },
    Request { who: usize, id: usize, amount: u64, redemption: u8 },
    End { redemption: u8, fulfilled: bool },
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let (who, id, offer) = (0..4_usize, 0..5_usize, 0..12_usize);
    let step = prop_oneof![
        (any::<bool>(), 0..9_u64).prop_map(|(of_one, tokens)| Step::Mint { of_one, tokens }),
        (who.clone(), who.clone(), id.clone(), 0..6_u64).prop_map(|(from, to, id, amount)| Step::Transfer {
            from,
            to,
            id,
            amount
        }),
        (who.clone(), who.clone(), id.clone(), 0..4_u64).prop_map(|(from, to, id, amount)| Step::Gift {
            from,
            to,
            id,
            amount
        }),
        (offer.clone(), who.clone()).prop_map(|(offer, who)| Step::Accept { offer, who }),
        offer.clone().prop_map(|offer| Step::TakeBack { offer }),
        (who.clone(), who.clone(), id.clone(), 0..4_u64).prop_map(|(from, to, id, amount)| Step::Lease {
            from,
            to,
            id,
            amount
        }),
        offer.prop_map(|offer| Step::EndLease { offer }),
        (who, id, 0..4_u64, 0..8_u8).prop_map(|(who, id, amount, redemption)| Step::Request {
            who,
            id,
            amount,
            redemption
        }),
        (0..8_u8, any::<bool>()).prop_map(|(redemption, fulfilled)| Step::End { redemption, fulfilled }),
    ];
    proptest::collection::vec(step, 1..60)
}

/// An offer or a redemption that is open.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Pledge {
    from: usize,
    to: usize,
    id: usize,
    amount: u64,
    is_lease: bool,
}

#[derive(Clone, Debug, Default)]
struct Model {
    balances: BTreeMap<(usize, usize), u64>,
    locked: BTreeMap<(usize, usize), u64>,
    minted: [u64; 2],
    burned: [u64; 2],
    offers: Vec<Option<Pledge>>,
    requests: BTreeMap<u8, (Pledge, Option<bool>)>,
}

impl Model {
    fn balance(&self, who: usize, id: usize) -> u64 {
        self.balances.get(&(who, id)).copied().unwrap_or_default()
    }

    fn locked(&self, who: usize, id: usize) -> u64 {
        self.locked.get(&(who, id)).copied().unwrap_or_default()
    }

    fn exists(&self, id: usize) -> bool {
        if id == 4 { self.minted[1] > 0 } else { self.minted[0] > id as u64 }
    }

    fn can_move(&self, who: usize, id: usize, amount: u64) -> bool {
        self.balance(who, id) - self.locked(who, id) >= amount
    }

    fn shift(&mut self, from: usize, to: usize, id: usize, amount: u64) {
        *self.balances.entry((from, id)).or_default() -= amount;
        *self.balances.entry((to, id)).or_default() += amount;
    }

    fn lock(&mut self, pledge: Pledge) {
        *self.locked.entry((pledge.from, pledge.id)).or_default() += pledge.amount;
    }

    fn unlock(&mut self, pledge: Pledge) {
        *self.locked.entry((pledge.from, pledge.id)).or_default() -= pledge.amount;
    }

    fn can_pledge(&self, pledge: Pledge) -> bool {
        self.exists(pledge.id) && pledge.amount > 0 && self.can_move(pledge.from, pledge.id, pledge.amount)
    }

    fn offer(&mut self, pledge: Pledge) -> bool {
        if pledge.from == pledge.to || !self.can_pledge(pledge) {
            return false;
        }
        self.lock(pledge);
        self.offers.push(Some(pledge));
        true
    }

    fn open(&self, offer: usize, is_lease: bool) -> Option<Pledge> {
        self.offers.get(offer).copied().flatten().filter(|pledge| pledge.is_lease == is_lease)
    }

    fn close(&mut self, offer: usize, pledge: Pledge) -> bool {
        self.unlock(pledge);
        self.offers[offer] = None;
        true
    }

    /// Whether the step happens; if it does, it has.
    fn apply(&mut self, step: Step) -> bool {
        match step {
            Step::Mint { of_one, tokens } => self.mint(of_one, tokens),
            Step::Transfer { from, to, id, amount } => {
                let happens = self.can_move(from, id, amount);
                if happens {
                    self.shift(from, to, id, amount);
                }
                happens
            }
            Step::Gift { from, to, id, amount } => self.offer(Pledge { from, to, id, amount, is_lease: false }),
            Step::Lease { from, to, id, amount } => self.offer(Pledge { from, to, id, amount, is_lease: true }),
            Step::Accept { offer, who } => match self.open(offer, false) {
                Some(pledge) if pledge.to == who => {
                    self.close(offer, pledge);
                    self.shift(pledge.from, pledge.to, pledge.id, pledge.amount);
                    true
                }
                _ => false,
            },
            Step::TakeBack { offer } => self.open(offer, false).is_some_and(|pledge| self.close(offer, pledge)),
            Step::EndLease { offer } => self.open(offer, true).is_some_and(|pledge| self.close(offer, pledge)),
            Step::Request { who, id, amount, redemption } => {
                self.request(redemption, Pledge { from: who, to: who, id, amount, is_lease: false })
            }
            Step::End { redemption, fulfilled } => self.end(redemption, fulfilled),
        }
    }

    fn mint(&mut self, of_one: bool, tokens: u64) -> bool {
        let (item, most) = if of_one { (0, UNIQUE) } else { (1, UNITS / PER_TOKEN) };
        let before = self.minted[item];
        if tokens == 0 || before + tokens > most {
            return false;
        }
        self.minted[item] += tokens;
        if of_one {
            (0..UNIQUE).zip(0_usize..).filter(|(token, _)| (before..before + tokens).contains(token)).for_each(
                |(_, id)| {
                    *self.balances.entry((0, id)).or_default() += 1;
                },
            );
        } else {
            *self.balances.entry((0, 4)).or_default() += tokens;
        }
        true
    }

    fn request(&mut self, redemption: u8, pledge: Pledge) -> bool {
        if let Some((known, _)) = self.requests.get(&redemption) {
            return *known == pledge;
        }
        if !self.can_pledge(pledge) {
            return false;
        }
        self.lock(pledge);
        self.requests.insert(redemption, (pledge, None));
        true
    }

    fn end(&mut self, redemption: u8, fulfilled: bool) -> bool {
        let Some((pledge, outcome)) = self.requests.get(&redemption).copied() else { return false };
        if let Some(before) = outcome {
            return before == fulfilled;
        }
        self.requests.insert(redemption, (pledge, Some(fulfilled)));
        self.unlock(pledge);
        if fulfilled {
            *self.balances.entry((pledge.from, pledge.id)).or_default() -= pledge.amount;
            self.burned[usize::from(pledge.id == 4)] += pledge.amount;
        }
        true
    }
}

struct Pair {
    world: World,
    model: Model,
    items: [B256; 2],
    ids: [U256; 5],
}

impl Pair {
    fn new() -> Self {
        let mut world = World::new();
        let mut make =
            |last, terms| world.does(ISSUER, createItemCall { identifier: B256::with_last_byte(last), terms });
        let own = make(1, Terms { units: UNIQUE, ..bottles() });
        let common = make(2, Terms { units: UNITS, unitsPerToken: PER_TOKEN, ..milk() });
        let ids = [(own, 1), (own, 2), (own, 3), (own, 4), (common, 0)]
            .map(|(item, instance)| world.reads(tokenIdCall { item, instance }));
        Self { world, model: Model::default(), items: [own, common], ids }
    }

    fn happens<C: SolCall>(&mut self, who: usize, call: &C) -> bool {
        match self.world.calls(PEOPLE[who], call) {
            Ok(_) => true,
            Err(Stop::Revert(_)) => false,
            Err(other) => panic!("{other:?}"),
        }
    }

    fn apply(&mut self, step: Step) -> bool {
        match step {
            Step::Mint { of_one, tokens } => {
                let item = self.items[usize::from(!of_one)];
                self.happens(0, &mintCall { item, tokens })
            }
            Step::Transfer { from, to, id, amount } => {
                let call = transfer(PEOPLE[from], PEOPLE[to], self.ids[id], amount);
                self.happens(from, &call)
            }
            Step::Gift { from, to, id, amount } => {
                let call = super::gift_of(self.ids[id], amount, PEOPLE[to]);
                self.happens(from, &call)
            }
            Step::Lease { from, to, id, amount } => {
                let (currency, rent) = (Address::ZERO, U256::ZERO);
                let (id, amount, lessee) = (self.ids[id], U256::from(amount), PEOPLE[to]);
                self.happens(from, &offerLeaseCall { id, amount, lessee, until: NOW + DAY, currency, rent })
            }
            Step::Accept { offer, who } => self.happens(who, &acceptGiftCall { number: offer as u64 + 1 }),
            Step::TakeBack { offer } => {
                let call = takeBackGiftCall { number: offer as u64 + 1 };
                self.by_anyone(&call)
            }
            Step::EndLease { offer } => {
                let call = endLeaseCall { number: offer as u64 + 1 };
                self.by_anyone(&call)
            }
            Step::Request { who, id, amount, redemption } => {
                let call = redeem(redemption + 1, self.ids[id], amount);
                self.happens(who, &call)
            }
            Step::End { redemption, fulfilled: true } => self.happens(0, &fulfil(redemption + 1)),
            Step::End { redemption, fulfilled: false } => self.happens(0, &fail(redemption + 1)),
        }
    }

    /// Whoever may do it does.
    fn by_anyone<C: SolCall>(&mut self, call: &C) -> bool {
        (0..PEOPLE.len()).any(|who| self.happens(who, call))
    }

    fn compare(&mut self) {
        for (index, id) in self.ids.into_iter().enumerate() {
            let mut sum = 0;
            for (who, account) in PEOPLE.into_iter().enumerate() {
                let balance = self.world.balance(account, id);
                let locked: u64 = self.world.reads(lockedOfCall { owner: account, id }).saturating_to();
                assert_eq!((balance, locked), (self.model.balance(who, index), self.model.locked(who, index)));
                assert!(locked <= balance);
                sum += balance;
            }
            self.compare_token(index, id, sum);
        }
        self.compare_holdings();
        for (item, key) in self.items.into_iter().enumerate() {
            self.compare_item(item, key);
        }
    }

    /// A token of its own is in one account at most, which is its holder's.
    fn compare_token(&mut self, index: usize, id: U256, sum: u64) {
        if index == 4 || !self.model.exists(index) {
            return;
        }
        assert!(sum <= 1, "one of its own");
        let holder = self.world.reads(tokenCall { id }).holder;
        let expected = (0..4).find(|who| self.model.balance(*who, index) == 1).map_or(Address::ZERO, |who| PEOPLE[who]);
        assert_eq!(holder, expected);
    }

    fn compare_holdings(&mut self) {
        for (who, owner) in PEOPLE.into_iter().enumerate() {
            let page = self.world.reads(tokensOfOwnerCall { owner, start: 0, count: 100 });
            let mut actual: Vec<_> = page.page.iter().map(|holding| (holding.id, holding.amount)).collect();
            let mut expected: Vec<_> = (0..5)
                .map(|id| (self.ids[id], U256::from(self.model.balance(who, id))))
                .filter(|(_, amount)| !amount.is_zero())
                .collect();
            actual.sort_unstable();
            expected.sort_unstable();
            assert_eq!(actual, expected);
        }
    }

    fn compare_item(&mut self, item: usize, key: B256) {
        let found = self.world.reads(itemCall { key });
        assert_eq!((found.minted, found.redeemed), (self.model.minted[item], self.model.burned[item]));
        let per_token = found.terms.unitsPerToken;
        assert!(found.minted * per_token <= found.terms.units, "never past N");
        let ids = if item == 0 { 0..4 } else { 4..5 };
        let live: u64 =
            ids.flat_map(|id| (0..4).map(move |who| (who, id))).map(|(who, id)| self.model.balance(who, id)).sum();
        assert_eq!(live, found.minted - found.redeemed, "nothing is lost");
        assert!(live * per_token <= found.unitsHeld, "every live token is covered");
        assert_eq!(found.unitsHeld, found.terms.units - found.redeemed * per_token);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, ..ProptestConfig::default() })]

    #[test]
    fn the_books_are_those_of_the_model_after_every_call(steps in steps()) {
        let mut pair = Pair::new();
        for step in steps {
            let expected = pair.model.apply(step);
            prop_assert_eq!(pair.apply(step), expected, "{:?}", step);
            pair.compare();
        }
    }
}
