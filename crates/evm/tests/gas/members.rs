//! What the functions of `admission` cost: a network of one member, who admits a second one with a certificate that OpenSSL
//! made and takes it out again; and one whose member brings that certificate itself.

use contracts::{
    admission::{
        ADDRESS,
        abi::IAdmission::{self, Ballot, Status},
        messages::Network,
    },
    signature::sha256,
};
use ed25519_consensus::SigningKey;
use primitives::{
    Address, B256, Bytes, Policy,
    genesis::{Admission, Founder},
};

use super::{BERT, CHAIN_ID, Ledger, Story, Used, member};

const CERTIFICATE: &[u8] = include_bytes!("../../../../testdata/certificates/ed25519.der");
const SEED: &[u8; 32] = include_bytes!("../../../../testdata/certificates/ed25519.seed");
/// Within the certificate's validity.
const NOW: u64 = 1_800_000_000;
/// A block is made each second: so many blocks, and a request lapses.
const VOTING_SECONDS: u64 = 20;
const FOUNDER: Address = Address::repeat_byte(0xf0);
const APPLICANT: Address = Address::repeat_byte(0xa0);
const CESSATION: u8 = 5;

pub(crate) fn stories(used: Used) -> Used {
    let linked = linking_story(Story { used, ..Story::new(network_of(&member())) });
    renewal_story(Story { used: linked.used, ..Story::new(network_of(&applicant())) }).used
}

fn linking_story(mut story: Story) -> Story {
    let (certificate, node_key) = (sha256(CERTIFICATE), id(&applicant()));
    views_before(&mut story, certificate);
    let (possession, node) = (possession(&story, 0, APPLICANT), Bytes::new());
    let link = IAdmission::requestLinkCall { certificate: der(), weight: 1, possession, nodeSignature: node };
    let request = story.call(APPLICANT, ADDRESS, link);
    approve(&mut story, request);
    let (height, hash) = (story.ledger.header.number - 1, story.ledger.header.parent_hash);
    story.call(APPLICANT, ADDRESS, IAdmission::readyCall { height, blockHash: hash });
    let account = Address::repeat_byte(0xa1);
    let message = network(&story).authorization(node_key, account, true, 0);
    let signature = applicant().sign(&message).to_bytes().to_vec().into();
    story.call(BERT, ADDRESS, IAdmission::authorizeCall { nodeKey: node_key, account, acts: true, signature });
    let revoke = || IAdmission::requestRevocationCall { certificate, reason: CESSATION, evidence: B256::ZERO };
    let lapsing = story.call(FOUNDER, ADDRESS, revoke());
    (0..VOTING_SECONDS).for_each(|_| drop(story.ledger.must(&[])));
    story.call(BERT, ADDRESS, IAdmission::closeCall { id: lapsing });
    let request = story.call(FOUNDER, ADDRESS, revoke());
    approve(&mut story, request);
    let height = story.ledger.header.number;
    let status = story.call(BERT, ADDRESS, IAdmission::statusCall { certificate, height });
    assert_eq!(status, Status::Revoked);
    views_after(&mut story, certificate, node_key, request);
    story
}

/// The member of genesis that has brought no certificate yet.
fn renewal_story(mut story: Story) -> Story {
    let (possession, node) = (possession(&story, 0, FOUNDER), Bytes::new());
    let renew = IAdmission::renewCall { certificate: der(), possession, nodeSignature: node };
    story.call(FOUNDER, ADDRESS, renew);
    assert!(story.call(BERT, ADDRESS, IAdmission::isValidCall { certificate: sha256(CERTIFICATE) }));
    story
}

fn views_before(story: &mut Story, certificate: B256) {
    let account = APPLICANT;
    story.call(BERT, ADDRESS, IAdmission::networkCall {});
    story.call(BERT, ADDRESS, IAdmission::minCommitteeCall {});
    let hash = story.call(BERT, ADDRESS, IAdmission::policyCall {}).hash;
    story.call(BERT, ADDRESS, IAdmission::policyOfCall { hash });
    story.call(BERT, ADDRESS, IAdmission::checkCertificateCall { certificate: der() });
    story.call(BERT, ADDRESS, IAdmission::nonceOfCall { account });
    story.call(BERT, ADDRESS, IAdmission::possessionMessageCall { account, certificate });
    story.call(BERT, ADDRESS, IAdmission::lastRequestCall {});
}

fn views_after(story: &mut Story, certificate: B256, node_key: B256, id: u64) {
    let (start, count, account) = (0, 10, APPLICANT);
    story.call(BERT, ADDRESS, IAdmission::authorizationMessageCall { nodeKey: node_key, account, acts: false });
    story.call(BERT, ADDRESS, IAdmission::memberCall { nodeKey: node_key });
    story.call(BERT, ADDRESS, IAdmission::memberOfCall { account });
    story.call(BERT, ADDRESS, IAdmission::membersCall { start, count });
    story.call(BERT, ADDRESS, IAdmission::certificateCall { fingerprint: certificate });
    story.call(BERT, ADDRESS, IAdmission::historyCall { certificate, start, count });
    story.call(BERT, ADDRESS, IAdmission::isValidCall { certificate });
    story.call(BERT, ADDRESS, IAdmission::requestCall { id });
    story.call(BERT, ADDRESS, IAdmission::openRequestsCall { start, count });
    story.call(BERT, ADDRESS, IAdmission::votesCall { id, start, count });
    story.call(BERT, ADDRESS, IAdmission::committeeCall { epoch: 0 });
    story.call(BERT, ADDRESS, IAdmission::nextCommitteeCall {});
}

/// The only member's vote decides.
fn approve(story: &mut Story, id: u64) {
    let asked = story.call(BERT, ADDRESS, IAdmission::requestCall { id });
    let IAdmission::Request { certificate, policy, epoch, .. } = asked;
    let (ballot, reason, hash) = (Ballot::Approve, 0, B256::ZERO);
    let vote = IAdmission::voteCall { id, certificate, policy, epoch, ballot, reasonCode: reason, reasonHash: hash };
    story.call(FOUNDER, ADDRESS, vote);
}

fn network_of(key: &SigningKey) -> Ledger {
    let founder = Founder { accounts: vec![FOUNDER], ..Founder::new(id(key)) };
    let policy = Policy { voting_seconds: VOTING_SECONDS, ..Policy::default() };
    let admission = Admission { policy, members: vec![founder], ..Admission::default() };
    Ledger::of_members(NOW, vec![id(key)], admission)
}

fn possession(story: &Story, nonce: u64, account: Address) -> Bytes {
    let message = network(story).possession(account, sha256(CERTIFICATE), nonce);
    applicant().sign(&message).to_bytes().to_vec().into()
}

fn network(story: &Story) -> Network {
    Network { chain_id: CHAIN_ID, hash: story.ledger.founding().network }
}

fn applicant() -> SigningKey {
    SigningKey::from(*SEED)
}

fn id(key: &SigningKey) -> B256 {
    key.verification_key().to_bytes().into()
}

fn der() -> Bytes {
    Bytes::from_static(CERTIFICATE)
}
