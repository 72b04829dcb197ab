//! Plays the corpus of the fuzz target `native_dispatch` on the ordinary toolchain, and scripts made at random. The corpus is
//! written here: stories that together call every function with success, for a fuzzer to go on from. A script names doors and
//! functions by their places, so a new function moves them: `UPDATE_SNAPSHOTS=1 cargo test -p contracts --test dispatch`
//! writes the corpus anew.

use std::{collections::BTreeSet, fs, path::PathBuf};

use alloy_json_abi::Param;
use alloy_primitives::{Address, B256, Bytes, FixedBytes, U256, address, keccak256};
use alloy_sol_types::{SolCall, SolValue};
use contracts::{
    admission::{
        self,
        abi::IAdmission::{self, Ballot},
    },
    cash::abi::{ICash, ICashFactory},
    protocol::{self, IProtocol},
    registry,
    signature::sha256,
    testing::{Script, Stage, check_calls},
    token::{self, abi::IToken},
};

const GOVERNOR: Address = address!("f39Fd6e51aad88F6F4ce6aB8827279cffFb92266");
const FACTORY: Address = registry::address_of(2, [0; 7]);
const EURO: Address = registry::address_of(2, *b"\0\0\0\0EUR");
const HASH: B256 = B256::repeat_byte(0xa7);

#[test]
fn the_kept_corpus_of_native_dispatch_passes_and_calls_every_function_that_needs_no_new_signature() {
    let entries = fs::read_dir(corpus()).expect("the corpus is part of the project");
    let inputs: Vec<_> = entries.map(|entry| fs::read(entry.expect("an entry").path()).expect("a file")).collect();
    let taken: BTreeSet<_> = inputs.iter().flat_map(|input| check_calls(input)).map(|(_, selector)| selector).collect();
    let doors = Stage::new().doors;
    let functions = doors.iter().flat_map(|(door, _)| (door.abi)().functions().cloned().collect::<Vec<_>>());
    let missed: BTreeSet<_> =
        functions.filter(|function| !taken.contains(&function.selector().0)).map(|function| function.name).collect();
    assert_eq!(
        missed,
        ["appointGovernor", "permit", "renew", "requestLink", "schedule"].map(String::from).into(),
        "never called with success"
    );
}

#[test]
fn scripts_made_at_random_pass() {
    for seed in 0..100_u32 {
        let blocks = (0..40_u32).flat_map(|block| keccak256([seed.to_be_bytes(), block.to_be_bytes()].concat()).0);
        check_calls(&blocks.collect::<Vec<_>>());
    }
}

/// The stories are read as they were written, and are those of the corpus.
#[test]
fn a_script_can_say_any_call() {
    let stage = Stage::new();
    for (file, story) in stories(&stage) {
        let written: Vec<u8> = story.iter().flat_map(|(from, to, data)| write(&stage, *from, *to, data)).collect();
        let mut script = Script::new(&written);
        for (from, to, data) in story {
            let read = script.next(&stage).expect("as many as were written");
            assert_eq!((read.caller, read.target, read.data), (from, to, data));
            assert_eq!((read.value, read.is_static, read.seconds), (U256::ZERO, false, 0));
        }
        assert!(script.next(&stage).is_none());
        let path = corpus().join(file);
        if std::env::var_os("UPDATE_SNAPSHOTS").is_some() {
            fs::write(&path, &written).expect("the story is written");
        }
        assert_eq!(fs::read(&path).expect("the story is part of the corpus"), written);
    }
}

fn corpus() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/corpus/native_dispatch")
}

/// A call without value: from whom, to what, and its data.
type Said = (Address, Address, Vec<u8>);

/// By the names of their files. Each begins after the opening of the stage.
fn stories(stage: &Stage) -> [(&'static str, Vec<Said>); 7] {
    let people = [0, 1, 2].map(|index| stage.people[index]);
    [
        ("protocol_and_factory", factory_story(people)),
        ("cash", cash_story(people)),
        ("cash_views", cash_views(people)),
        ("token", token_story(people)),
        ("token_views", token_views(people)),
        ("admission", admission_story(stage)),
        ("admission_views", admission_views(stage)),
    ]
}

fn factory_story([issuer, ..]: [Address; 3]) -> Vec<Said> {
    let factory = |data: Vec<u8>| (GOVERNOR, FACTORY, data);
    let protocol = |data: Vec<u8>| (issuer, protocol::ADDRESS, data);
    vec![
        protocol(IProtocol::versionCall {}.abi_encode()),
        protocol(IProtocol::scheduledCall {}.abi_encode()),
        protocol(IProtocol::sequenceCall {}.abi_encode()),
        protocol(IProtocol::epochCall {}.abi_encode()),
        factory(ICashFactory::createCall { code: "JPY".into(), issuer }.abi_encode()),
        factory(ICashFactory::currencyOfCall { code: "JPY".into() }.abi_encode()),
        factory(ICashFactory::currenciesCall {}.abi_encode()),
        factory(ICashFactory::governorCall {}.abi_encode()),
        factory(ICashFactory::appointCall { governor: issuer }.abi_encode()),
    ]
}

fn cash_story([issuer, anna, bert]: [Address; 3]) -> Vec<Said> {
    let (amount, one, until) = (U256::from(2), B256::with_last_byte(1), u64::MAX);
    let hold = ICash::holdCall { id: one, from: anna, to: bert, amount, expiry: until, referenceId: one };
    let capture = ICash::captureCall { id: HASH, referenceId: HASH, amount: U256::from(1), isFinal: false };
    let taken = ICash::transferFromWithMemoCall { from: anna, to: anna, value: amount, memo: HASH };
    let by = |from: Address, data: Vec<u8>| (from, EURO, data);
    vec![
        by(anna, ICash::transferCall { to: bert, value: amount }.abi_encode()),
        by(anna, ICash::transferWithMemoCall { to: bert, value: amount, memo: HASH }.abi_encode()),
        by(anna, ICash::approveCall { spender: bert, value: U256::from(4) }.abi_encode()),
        by(bert, ICash::transferFromCall { from: anna, to: bert, value: amount }.abi_encode()),
        by(bert, taken.abi_encode()),
        by(issuer, ICash::mintCall { to: issuer, amount, referenceId: one }.abi_encode()),
        by(issuer, ICash::burnCall { amount, referenceId: B256::ZERO }.abi_encode()),
        by(issuer, ICash::pauseCall {}.abi_encode()),
        by(issuer, ICash::unpauseCall {}.abi_encode()),
        by(issuer, ICash::freezeCall { account: anna }.abi_encode()),
        by(issuer, ICash::unfreezeCall { account: anna }.abi_encode()),
        by(anna, ICash::approveOperatorCall { operator: bert, cap: amount }.abi_encode()),
        by(anna, hold.abi_encode()),
        by(anna, ICash::adjustCall { id: HASH, referenceId: one, newAmount: U256::from(4) }.abi_encode()),
        by(anna, capture.abi_encode()),
        by(anna, ICash::releaseCall { id: HASH }.abi_encode()),
        by(anna, ICash::voidCall { id: B256::with_last_byte(2) }.abi_encode()),
        by(issuer, ICash::offerIssuerCall { account: bert }.abi_encode()),
        by(bert, ICash::acceptIssuerCall {}.abi_encode()),
    ]
}

fn cash_views([_, account, bert]: [Address; 3]) -> Vec<Said> {
    let ask = |data: Vec<u8>| (bert, EURO, data);
    vec![
        ask(ICash::nameCall {}.abi_encode()),
        ask(ICash::symbolCall {}.abi_encode()),
        ask(ICash::decimalsCall {}.abi_encode()),
        ask(ICash::totalSupplyCall {}.abi_encode()),
        ask(ICash::balanceOfCall { account }.abi_encode()),
        ask(ICash::allowanceCall { owner: account, spender: bert }.abi_encode()),
        ask(ICash::noncesCall { owner: account }.abi_encode()),
        ask(ICash::DOMAIN_SEPARATORCall {}.abi_encode()),
        ask(ICash::eip712DomainCall {}.abi_encode()),
        ask(ICash::issuerCall {}.abi_encode()),
        ask(ICash::successorCall {}.abi_encode()),
        ask(ICash::pausedCall {}.abi_encode()),
        ask(ICash::frozenCall { account }.abi_encode()),
        ask(ICash::operatorCapCall { owner: account, operator: bert }.abi_encode()),
        ask(ICash::holdsCall { id: HASH }.abi_encode()),
        ask(ICash::isSpentCall { id: HASH, referenceId: HASH }.abi_encode()),
        ask(ICash::heldCall { account }.abi_encode()),
        ask(ICash::availableCall { account }.abi_encode()),
    ]
}

fn token_story([issuer, anna, bert]: [Address; 3]) -> Vec<Said> {
    let [milk, bottles, promised] = [1, 2, 3].map(|number| item_key(issuer, number));
    let own = |instance: u64| U256::from_be_bytes(keccak256((bottles, instance).abi_encode()).0);
    let (id, amount, until, one) = (own(1), U256::from(1), u64::MAX, B256::with_last_byte(1));
    let (currency, price, rent) = (EURO, U256::from(5), U256::from(5));
    let create = IToken::createItemCall { identifier: B256::with_last_byte(3), terms: promise() };
    let redeem = IToken::requestRedemptionCall { redemption: one, id: milk.into(), amount, deliveryHash: HASH };
    let gift = IToken::giftCall { id, amount, recipient: anna, until, note: HASH };
    let give = IToken::giveAwayCall { id: own(2), amount, recipients: vec![anna] };
    let lease = IToken::offerLeaseCall { id, amount, lessee: anna, until, currency, rent };
    let all = IToken::setApprovalForAllCall { operator: bert, approved: true };
    let (from, to, data) = (issuer, anna, Bytes::new());
    let send = IToken::safeTransferFromCall { from, to, id: milk.into(), value: amount, data: data.clone() };
    let (ids, values) = (vec![milk.into()], vec![amount]);
    let batch = IToken::safeBatchTransferFromCall { from, to, ids, values, data };
    let by = |from: Address, data: Vec<u8>| (from, token::ADDRESS, data);
    vec![
        by(issuer, create.abi_encode()),
        by(issuer, IToken::declareExistenceCall { item: promised, attributesHash: HASH }.abi_encode()),
        by(issuer, IToken::changeAttributesCall { item: bottles, attributesHash: HASH }.abi_encode()),
        by(issuer, IToken::mintCall { item: bottles, tokens: 1 }.abi_encode()),
        by(issuer, IToken::reportReserveCall { item: bottles, unitsHeld: 9, reportHash: HASH }.abi_encode()),
        by(issuer, IToken::reportConditionCall { id, reportHash: HASH }.abi_encode()),
        by(issuer, all.abi_encode()),
        by(issuer, send.abi_encode()),
        by(issuer, batch.abi_encode()),
        by(anna, IToken::acceptTokensCall { accepted: true }.abi_encode()),
        by(issuer, IToken::listCall { id, amount, currency, price, until }.abi_encode()),
        by(issuer, IToken::unlistCall { listing: 4 }.abi_encode()),
        by(issuer, gift.abi_encode()),
        by(issuer, IToken::takeBackGiftCall { number: 5 }.abi_encode()),
        by(anna, IToken::acceptGiftCall { number: 2 }.abi_encode()),
        by(issuer, give.abi_encode()),
        by(issuer, lease.abi_encode()),
        by(anna, IToken::takeLeaseCall { number: 6, attributesHash: HASH }.abi_encode()),
        by(anna, IToken::endLeaseCall { number: 6 }.abi_encode()),
        by(anna, IToken::buyCall { listing: 1, amount, attributesHash: HASH }.abi_encode()),
        by(issuer, redeem.abi_encode()),
        by(issuer, IToken::fulfilRedemptionCall { redemption: one, proofHash: HASH }.abi_encode()),
        by(issuer, IToken::failRedemptionCall { redemption: HASH, reasonHash: HASH }.abi_encode()),
    ]
}

fn token_views([issuer, anna, _]: [Address; 3]) -> Vec<Said> {
    let (key, start, count) = (item_key(issuer, 1), 0, 4);
    let (id, owner, interface) = (key.into(), issuer, FixedBytes([1, 0xff, 0xc9, 0xa7]));
    let ask = |data: Vec<u8>| (anna, token::ADDRESS, data);
    vec![
        ask(IToken::balanceOfCall { account: owner, id }.abi_encode()),
        ask(IToken::balanceOfBatchCall { accounts: vec![owner], ids: vec![id] }.abi_encode()),
        ask(IToken::isApprovedForAllCall { account: owner, operator: anna }.abi_encode()),
        ask(IToken::uriCall { id }.abi_encode()),
        ask(IToken::supportsInterfaceCall { interfaceId: interface }.abi_encode()),
        ask(IToken::acceptsTokensCall { account: owner }.abi_encode()),
        ask(IToken::itemKeyCall { issuer, identifier: B256::with_last_byte(1) }.abi_encode()),
        ask(IToken::tokenIdCall { item: key, instance: 1 }.abi_encode()),
        ask(IToken::itemCall { key }.abi_encode()),
        ask(IToken::itemsCall { start, count }.abi_encode()),
        ask(IToken::tokenCall { id }.abi_encode()),
        ask(IToken::tokensOfItemCall { key, start, count }.abi_encode()),
        ask(IToken::tokensOfOwnerCall { owner, start, count }.abi_encode()),
        ask(IToken::lockedOfCall { owner, id }.abi_encode()),
        ask(IToken::linkCall { id }.abi_encode()),
        ask(IToken::solvencyCall { key }.abi_encode()),
        ask(IToken::conditionsCall { id, start, count }.abi_encode()),
        ask(IToken::lastOfferCall {}.abi_encode()),
        ask(IToken::listingOfCall { number: 1 }.abi_encode()),
        ask(IToken::giftOfCall { number: 2 }.abi_encode()),
        ask(IToken::leaseOfCall { number: 3 }.abi_encode()),
        ask(IToken::redemptionOfCall { redemption: HASH }.abi_encode()),
        ask(IToken::redemptionsOfItemCall { key, start, count }.abi_encode()),
    ]
}

/// The second member is ready; a request to revoke it has lapsed, another one is approved.
fn admission_story(stage: &Stage) -> Vec<Said> {
    let [member, second] = [0, 1].map(|index| stage.people[index]);
    let (certificate, policy) = (sha256(&stage.blobs[0]), policy_of(stage));
    let signature = stage.blobs[2].clone();
    let by = |from: Address, data: Vec<u8>| (from, admission::ADDRESS, data);
    let revoke = IAdmission::requestRevocationCall { certificate, reason: 1, evidence: HASH };
    let vote = IAdmission::voteCall {
        id: 3,
        certificate,
        policy,
        epoch: 0,
        ballot: Ballot::Approve,
        reasonCode: 1,
        reasonHash: HASH,
    };
    let authorize =
        IAdmission::authorizeCall { nodeKey: node_key(stage), account: stage.people[2], acts: true, signature };
    vec![
        by(second, IAdmission::readyCall { height: 1, blockHash: keccak256(1_u64.to_be_bytes()) }.abi_encode()),
        by(second, IAdmission::closeCall { id: 2 }.abi_encode()),
        by(second, authorize.abi_encode()),
        by(member, revoke.abi_encode()),
        by(member, vote.abi_encode()),
    ]
}

fn admission_views(stage: &Stage) -> Vec<Said> {
    let [account, second] = [0, 1].map(|index| stage.people[index]);
    let (certificate, policy, node_key) = (sha256(&stage.blobs[0]), policy_of(stage), node_key(stage));
    let (start, count) = (0, 4);
    let ask = |data: Vec<u8>| (account, admission::ADDRESS, data);
    vec![
        ask(IAdmission::networkCall {}.abi_encode()),
        ask(IAdmission::minCommitteeCall {}.abi_encode()),
        ask(IAdmission::policyCall {}.abi_encode()),
        ask(IAdmission::policyOfCall { hash: policy }.abi_encode()),
        ask(IAdmission::checkCertificateCall { certificate: stage.blobs[0].clone() }.abi_encode()),
        ask(IAdmission::nonceOfCall { account: second }.abi_encode()),
        ask(IAdmission::possessionMessageCall { account, certificate }.abi_encode()),
        ask(IAdmission::authorizationMessageCall { nodeKey: node_key, account, acts: true }.abi_encode()),
        ask(IAdmission::memberCall { nodeKey: node_key }.abi_encode()),
        ask(IAdmission::memberOfCall { account: second }.abi_encode()),
        ask(IAdmission::membersCall { start, count }.abi_encode()),
        ask(IAdmission::certificateCall { fingerprint: certificate }.abi_encode()),
        ask(IAdmission::statusCall { certificate, height: 1 }.abi_encode()),
        ask(IAdmission::historyCall { certificate, start, count }.abi_encode()),
        ask(IAdmission::isValidCall { certificate }.abi_encode()),
        ask(IAdmission::requestCall { id: 2 }.abi_encode()),
        ask(IAdmission::openRequestsCall { start, count }.abi_encode()),
        ask(IAdmission::lastRequestCall {}.abi_encode()),
        ask(IAdmission::votesCall { id: 1, start, count }.abi_encode()),
        ask(IAdmission::committeeCall { epoch: 0 }.abi_encode()),
        ask(IAdmission::nextCommitteeCall {}.abi_encode()),
    ]
}

fn policy_of(stage: &Stage) -> B256 {
    let ask = IAdmission::policyCall {}.abi_encode();
    let answer = stage.memory().call(GOVERNOR, admission::ADDRESS, &ask).expect("a view answers");
    IAdmission::policyCall::abi_decode_returns(&answer).expect("an answer of the ABI").hash
}

/// Of the second member.
fn node_key(stage: &Stage) -> B256 {
    let ask = IAdmission::memberOfCall { account: stage.people[1] }.abi_encode();
    let answer = stage.memory().call(GOVERNOR, admission::ADDRESS, &ask).expect("a view answers");
    IAdmission::memberOfCall::abi_decode_returns(&answer).expect("an answer of the ABI")
}

fn item_key(issuer: Address, number: u8) -> B256 {
    keccak256((issuer, B256::with_last_byte(number)).abi_encode())
}

fn promise() -> IToken::Terms {
    IToken::Terms {
        kind: IToken::Kind::Service,
        attributesHash: HASH,
        units: 4,
        unitsPerToken: 2,
        interchangeable: true,
        redeemable: true,
        possessionIsOwnership: false,
        transferable: true,
        exists: false,
        presaleFrom: 0,
        presaleUntil: 0,
        redeemFrom: 0,
        redeemUntil: 0,
        custodian: Address::ZERO,
    }
}

/// The bytes that a script has for a call without flags.
fn write(stage: &Stage, from: Address, to: Address, data: &[u8]) -> Vec<u8> {
    let door = stage.doors.iter().position(|(_, address)| *address == to).expect("a door of the stage");
    let abi = (stage.doors[door].0.abi)();
    let functions: Vec<_> = abi.functions().collect();
    let index = functions.iter().position(|function| function.selector() == data[..4]).expect("a function");
    let mut out = vec![byte(door), byte(index), person(stage, from), 0];
    write_all(stage, &functions[index].inputs, &data[4..], 0, &mut out);
    out
}

/// Arguments whose heads begin at `head`; answers where the next head is.
fn write_all(stage: &Stage, params: &[Param], data: &[u8], head: usize, out: &mut Vec<u8>) -> usize {
    params.iter().fold(head, |head, param| {
        let word = U256::from_be_slice(&data[head..head + 32]);
        if let Some(item) = param.ty.strip_suffix("[]") {
            let start: usize = word.to();
            let length: usize = U256::from_be_slice(&data[start..start + 32]).to();
            out.push(byte(length));
            let item = Param { ty: item.into(), ..param.clone() };
            write_all(stage, &vec![item; length], &data[start + 32..], 0, out);
            return head + 32;
        }
        match param.ty.as_str() {
            "bytes" | "string" => {
                let content = content(data, word.to());
                if let Some(index) = stage.blobs.iter().position(|blob| blob.as_ref() == content) {
                    out.push(0xf0 + byte(index));
                    return head + 32;
                }
                let short = if param.ty == "string" { 0xf0 } else { 0 };
                out.push(short + byte(content.len()));
                out.extend(content);
            }
            "tuple" => return write_all(stage, &param.components, data, head, out),
            "address" => out.push(person(stage, Address::from_word(word.into()))),
            "bool" => out.push(word.to()),
            narrow => {
                assert!(narrow.starts_with("uint") || narrow.starts_with("bytes"), "no story needs {narrow}");
                out.push(0xff);
                out.extend(word.to_be_bytes::<32>());
            }
        }
        head + 32
    })
}

/// What a length at `start` is in front of.
fn content(data: &[u8], start: usize) -> &[u8] {
    let length: usize = U256::from_be_slice(&data[start..start + 32]).to();
    &data[start + 32..][..length]
}

fn person(stage: &Stage, address: Address) -> u8 {
    byte(stage.people.iter().position(|person| *person == address).expect("a person of the stage"))
}

fn byte(index: usize) -> u8 {
    u8::try_from(index).expect("few")
}
