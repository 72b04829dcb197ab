//! What each function of each room costs: a story in which every one of them is called and taken, each call a transaction of
//! its own in a block of its own, and the gas that the first call of a function used. Pinned in `contracts/snapshots/*.gas`;
//! the tests of `contracts` see to it that no function is missing. `UPDATE_SNAPSHOTS=1 cargo test -p evm --test gas` writes
//! them anew. A row holds the intrinsic gas of its transaction too: 21,000 and the calldata.

use std::{collections::BTreeMap, fs, path::PathBuf};

use alloy_primitives::{TxKind, address};
use alloy_sol_types::{SolCall, SolStruct, eip712_domain, sol};
use contracts::{
    cash::{
        self,
        abi::{ICash, ICashFactory},
        iso4217::Currency,
    },
    protocol::{self, IProtocol, governor_message, upgrade_message},
    registry,
    token::{self, abi::IToken},
};
use ledger::{CHAIN_ID, Ledger, member};
use people::Signer;
use primitives::{Address, B256, Bytes, U256};

#[expect(dead_code, reason = "shared with other tests")]
mod ledger;
#[path = "gas/members.rs"]
mod members;
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
const ISSUER: Address = Address::repeat_byte(0x11);
const BERT: Address = Address::repeat_byte(0xbb);
const CARA: Address = Address::repeat_byte(0xcc);
const ATTRIBUTES: B256 = B256::repeat_byte(0xa7);
const NEVER: u64 = u64::MAX;

/// A chain on which everything is taken, and what each function used when it was first called.
struct Story {
    ledger: Ledger,
    used: Used,
}

/// By interface and signature.
type Used = BTreeMap<&'static str, BTreeMap<&'static str, u64>>;

#[test]
fn the_gas_of_every_function_is_as_pinned() {
    let before_rooms = Story::new(Ledger::without_rooms());
    let protocol = protocol_story(before_rooms);
    let rooms = room_stories(Story { used: protocol.used, ..Story::new(Ledger::new()) });
    let all = members::stories(rooms.used);
    for (interface, rows) in all {
        let lines: String = rows.iter().map(|(function, gas)| format!("{function} {gas}\n")).collect();
        check_snapshot(&format!("{interface}.gas"), &lines);
    }
}

impl Story {
    fn new(ledger: Ledger) -> Self {
        Self { ledger, used: BTreeMap::new() }
    }

    /// A call that is taken; its answer.
    fn call<C: SolCall>(&mut self, from: Address, to: Address, call: C) -> C::Return {
        let data = Bytes::from(call.abi_encode());
        let answer = self.ledger.ask(from, to, &data);
        let answer = answer.unwrap_or_else(|error| panic!("{} is refused: {error}", C::SIGNATURE));
        let receipts = self.ledger.must(&[(from, TxKind::Call(to), data)]);
        let interface = registry::door(to).expect("the address of a contract").interface;
        self.used.entry(interface).or_default().entry(C::SIGNATURE).or_insert(receipts[0].cumulative_gas_used);
        C::abi_decode_returns(&answer).expect("an answer of the ABI")
    }
}

/// Written or compared.
fn check_snapshot(file: &str, now: &str) {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../contracts/snapshots").join(file);
    if std::env::var_os("UPDATE_SNAPSHOTS").is_some() {
        fs::write(&path, now).expect("the snapshot is written");
        return;
    }
    let pinned = fs::read_to_string(&path).unwrap_or_default();
    assert_eq!(now, pinned, "{file} is not as pinned: was this meant?");
}

/// On a chain that has no other room yet: only there a version can be scheduled.
fn protocol_story(mut story: Story) -> Story {
    let signature = member().sign(&upgrade_message(CHAIN_ID, 1, 1, 0)).to_bytes().to_vec().into();
    story.call(BERT, protocol::ADDRESS, IProtocol::scheduleCall { version: 1, epoch: 1, signature });
    story.call(BERT, protocol::ADDRESS, IProtocol::versionCall {});
    story.call(BERT, protocol::ADDRESS, IProtocol::scheduledCall {});
    story.call(BERT, protocol::ADDRESS, IProtocol::sequenceCall {});
    story.call(BERT, protocol::ADDRESS, IProtocol::epochCall {});
    story
}

/// One chain, since tokens are sold for money.
fn room_stories(mut story: Story) -> Story {
    let anna = Signer::new(1);
    let euro = factory_story(&mut story);
    money_story(&mut story, euro, anna);
    hold_story(&mut story, euro, anna.address);
    issuer_story(&mut story, euro);
    let item = item_story(&mut story);
    let ids: Vec<_> = (1..=6).map(|instance| token_id(&mut story, item, instance)).collect();
    standard_story(&mut story, &ids, anna.address);
    sale_story(&mut story, &ids, euro, anna.address);
    lease_story(&mut story, &ids, euro, anna.address);
    redemption_story(&mut story, &ids, anna.address);
    token_views(&mut story, item, &ids);
    story
}

fn factory_story(story: &mut Story) -> Address {
    let room = cash::ROOM.address();
    let euro = story.call(GOVERNOR, room, ICashFactory::createCall { code: "EUR".into(), issuer: ISSUER });
    assert_eq!(euro, cash::address_of(Currency::by_code(b"EUR").expect("the euro is a currency")));
    story.call(BERT, room, ICashFactory::governorCall {});
    story.call(BERT, room, ICashFactory::currencyOfCall { code: "EUR".into() });
    story.call(BERT, room, ICashFactory::currenciesCall {});
    story.call(GOVERNOR, room, ICashFactory::appointCall { governor: CARA });
    let signature = member().sign(&governor_message(CHAIN_ID, GOVERNOR, 0)).to_bytes().to_vec().into();
    story.call(BERT, protocol::ADDRESS, IProtocol::appointGovernorCall { governor: GOVERNOR, signature });
    euro
}

fn money_story(story: &mut Story, euro: Address, anna: Signer) {
    let (owner, value, memo) = (anna.address, U256::from(100), B256::repeat_byte(1));
    let mint = ICash::mintCall { to: owner, amount: U256::from(100_000), referenceId: B256::ZERO };
    story.call(ISSUER, euro, mint);
    story.call(owner, euro, ICash::transferCall { to: BERT, value });
    story.call(owner, euro, ICash::approveCall { spender: BERT, value: U256::from(1_000) });
    story.call(BERT, euro, ICash::transferFromCall { from: owner, to: CARA, value });
    story.call(owner, euro, ICash::transferWithMemoCall { to: BERT, value, memo });
    story.call(BERT, euro, ICash::transferFromWithMemoCall { from: owner, to: CARA, value, memo });
    let permit = signed_permit(euro, anna, token::ADDRESS, U256::from(10_000));
    story.call(CARA, euro, permit);
    story.call(BERT, euro, ICash::nameCall {});
    story.call(BERT, euro, ICash::symbolCall {});
    story.call(BERT, euro, ICash::decimalsCall {});
    story.call(BERT, euro, ICash::totalSupplyCall {});
    story.call(BERT, euro, ICash::balanceOfCall { account: owner });
    story.call(BERT, euro, ICash::allowanceCall { owner, spender: BERT });
    story.call(BERT, euro, ICash::noncesCall { owner });
    story.call(BERT, euro, ICash::DOMAIN_SEPARATORCall {});
    story.call(BERT, euro, ICash::eip712DomainCall {});
}

fn hold_story(story: &mut Story, euro: Address, from: Address) {
    let [id, other, never] = [1, 2, 3].map(B256::with_last_byte);
    let [first, second] = [4, 5].map(B256::with_last_byte);
    let amount = U256::from(1_000);
    story.call(from, euro, ICash::approveOperatorCall { operator: CARA, cap: U256::from(50_000) });
    let hold = |id| ICash::holdCall { id, from, to: BERT, amount, expiry: NEVER, referenceId: first };
    story.call(CARA, euro, hold(id));
    story.call(CARA, euro, hold(other));
    story.call(CARA, euro, ICash::adjustCall { id, referenceId: first, newAmount: U256::from(1_500) });
    story.call(CARA, euro, ICash::captureCall { id, referenceId: second, amount, isFinal: true });
    story.call(CARA, euro, ICash::releaseCall { id: other });
    story.call(CARA, euro, ICash::voidCall { id: never });
    story.call(BERT, euro, ICash::holdsCall { id });
    story.call(BERT, euro, ICash::isSpentCall { id, referenceId: first });
    story.call(BERT, euro, ICash::heldCall { account: from });
    story.call(BERT, euro, ICash::availableCall { account: from });
    story.call(BERT, euro, ICash::operatorCapCall { owner: from, operator: CARA });
}

fn issuer_story(story: &mut Story, euro: Address) {
    let (amount, reference) = (U256::from(500), B256::with_last_byte(9));
    story.call(ISSUER, euro, ICash::mintCall { to: ISSUER, amount, referenceId: reference });
    story.call(ISSUER, euro, ICash::burnCall { amount, referenceId: reference });
    story.call(ISSUER, euro, ICash::pauseCall {});
    story.call(BERT, euro, ICash::pausedCall {});
    story.call(ISSUER, euro, ICash::unpauseCall {});
    story.call(ISSUER, euro, ICash::freezeCall { account: CARA });
    story.call(BERT, euro, ICash::frozenCall { account: CARA });
    story.call(ISSUER, euro, ICash::unfreezeCall { account: CARA });
    story.call(ISSUER, euro, ICash::offerIssuerCall { account: CARA });
    story.call(BERT, euro, ICash::successorCall {});
    story.call(CARA, euro, ICash::acceptIssuerCall {});
    story.call(BERT, euro, ICash::issuerCall {});
}

/// Six bottles that exist, with a token each.
fn item_story(story: &mut Story) -> B256 {
    let identifier = B256::with_last_byte(1);
    let item = to_token(story, ISSUER, IToken::createItemCall { identifier, terms: promised() });
    to_token(story, ISSUER, IToken::changeAttributesCall { item, attributesHash: B256::repeat_byte(2) });
    to_token(story, ISSUER, IToken::changeAttributesCall { item, attributesHash: ATTRIBUTES });
    to_token(story, ISSUER, IToken::declareExistenceCall { item, attributesHash: ATTRIBUTES });
    let report = B256::repeat_byte(3);
    to_token(story, ISSUER, IToken::reportReserveCall { item, unitsHeld: 6, reportHash: report });
    let id = to_token(story, ISSUER, IToken::mintCall { item, tokens: 6 });
    to_token(story, ISSUER, IToken::reportConditionCall { id, reportHash: report });
    to_token(story, BERT, IToken::itemKeyCall { issuer: ISSUER, identifier });
    item
}

fn standard_story(story: &mut Story, ids: &[U256], anna: Address) {
    let (value, data) = (U256::from(1), Bytes::new());
    let (from, to, ones) = (anna, ISSUER, vec![value; 2]);
    for id in &ids[..2] {
        let data = data.clone();
        to_token(story, ISSUER, IToken::safeTransferFromCall { from: ISSUER, to: anna, id: *id, value, data });
    }
    to_token(story, anna, IToken::setApprovalForAllCall { operator: BERT, approved: true });
    let batch = IToken::safeBatchTransferFromCall { from, to, ids: ids[..2].to_vec(), values: ones, data };
    to_token(story, BERT, batch);
    to_token(story, BERT, IToken::acceptTokensCall { accepted: true });
    to_token(story, BERT, IToken::acceptsTokensCall { account: BERT });
    to_token(story, BERT, IToken::balanceOfCall { account: ISSUER, id: ids[0] });
    let pairs = IToken::balanceOfBatchCall { accounts: vec![ISSUER, anna], ids: ids[..2].to_vec() };
    to_token(story, BERT, pairs);
    to_token(story, BERT, IToken::isApprovedForAllCall { account: anna, operator: BERT });
    to_token(story, BERT, IToken::uriCall { id: ids[0] });
    to_token(story, BERT, IToken::supportsInterfaceCall { interfaceId: [0xd9, 0xb6, 0x7a, 0x26].into() });
}

/// Anna let the room take money by her permit.
fn sale_story(story: &mut Story, ids: &[U256], currency: Address, anna: Address) {
    let (amount, price) = (U256::from(1), U256::from(250));
    let list = |id| IToken::listCall { id, amount, currency, price, until: 0 };
    let listing = to_token(story, ISSUER, list(ids[0]));
    to_token(story, anna, IToken::buyCall { listing, amount, attributesHash: ATTRIBUTES });
    let listing = to_token(story, ISSUER, list(ids[1]));
    to_token(story, BERT, IToken::listingOfCall { number: listing });
    to_token(story, ISSUER, IToken::unlistCall { listing });
    let gift = |id| IToken::giftCall { id, amount, recipient: anna, until: NEVER, note: B256::repeat_byte(4) };
    let number = to_token(story, ISSUER, gift(ids[1]));
    to_token(story, anna, IToken::acceptGiftCall { number });
    let number = to_token(story, ISSUER, gift(ids[2]));
    to_token(story, BERT, IToken::giftOfCall { number });
    to_token(story, ISSUER, IToken::takeBackGiftCall { number });
    to_token(story, ISSUER, IToken::giveAwayCall { id: ids[2], amount, recipients: vec![anna] });
    to_token(story, BERT, IToken::lastOfferCall {});
}

fn lease_story(story: &mut Story, ids: &[U256], currency: Address, lessee: Address) {
    let (amount, rent) = (U256::from(1), U256::from(30));
    let offer = IToken::offerLeaseCall { id: ids[3], amount, lessee, until: NEVER, currency, rent };
    let number = to_token(story, ISSUER, offer);
    to_token(story, lessee, IToken::takeLeaseCall { number, attributesHash: ATTRIBUTES });
    to_token(story, BERT, IToken::leaseOfCall { number });
    to_token(story, BERT, IToken::lockedOfCall { owner: ISSUER, id: ids[3] });
    to_token(story, lessee, IToken::endLeaseCall { number });
}

fn redemption_story(story: &mut Story, ids: &[U256], anna: Address) {
    let (amount, delivery, hash) = (U256::from(1), B256::repeat_byte(5), B256::repeat_byte(6));
    for (id, last) in [(ids[0], 1), (ids[1], 2)] {
        let redemption = B256::with_last_byte(last);
        to_token(story, anna, IToken::requestRedemptionCall { redemption, id, amount, deliveryHash: delivery });
    }
    let [redemption, other] = [1, 2].map(B256::with_last_byte);
    to_token(story, ISSUER, IToken::fulfilRedemptionCall { redemption, proofHash: hash });
    to_token(story, ISSUER, IToken::failRedemptionCall { redemption: other, reasonHash: hash });
    to_token(story, BERT, IToken::redemptionOfCall { redemption });
}

fn token_views(story: &mut Story, key: B256, ids: &[U256]) {
    let (start, count, id) = (0, 2, ids[0]);
    to_token(story, BERT, IToken::itemCall { key });
    to_token(story, BERT, IToken::itemsCall { start, count });
    to_token(story, BERT, IToken::tokenCall { id });
    to_token(story, BERT, IToken::tokensOfItemCall { key, start, count });
    to_token(story, BERT, IToken::tokensOfOwnerCall { owner: ISSUER, start, count });
    to_token(story, BERT, IToken::linkCall { id });
    to_token(story, BERT, IToken::solvencyCall { key });
    to_token(story, BERT, IToken::conditionsCall { id, start, count });
    to_token(story, BERT, IToken::redemptionsOfItemCall { key, start, count });
}

fn token_id(story: &mut Story, item: B256, instance: u64) -> U256 {
    to_token(story, BERT, IToken::tokenIdCall { item, instance })
}

fn to_token<C: SolCall>(story: &mut Story, from: Address, call: C) -> C::Return {
    story.call(from, token::ADDRESS, call)
}

fn promised() -> IToken::Terms {
    IToken::Terms {
        kind: IToken::Kind::PhysicalGood,
        attributesHash: ATTRIBUTES,
        units: 6,
        unitsPerToken: 1,
        interchangeable: false,
        redeemable: true,
        possessionIsOwnership: true,
        transferable: true,
        exists: false,
        presaleFrom: 0,
        presaleUntil: 0,
        redeemFrom: 0,
        redeemUntil: 0,
        custodian: Address::ZERO,
    }
}

fn signed_permit(contract: Address, owner: Signer, spender: Address, value: U256) -> ICash::permitCall {
    let domain = eip712_domain! { name: "Euro", version: "1", chain_id: CHAIN_ID, verifying_contract: contract, };
    let (owner, signer, deadline) = (owner.address, owner, U256::MAX);
    let hash = Permit { owner, spender, value, nonce: U256::ZERO, deadline }.eip712_signing_hash(&domain);
    let signature = signer.sign_hash(hash);
    let (v, r, s) = (27 + u8::from(signature.v()), signature.r().into(), signature.s().into());
    ICash::permitCall { owner, spender, value, deadline, v, r, s }
}
