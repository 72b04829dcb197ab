//! Who makes the ledger, as pages show it: members, certificates, committees, and whose signatures made a block final.

use alloy_primitives::hex;
use contracts::admission::IAdmission::Ballot;
use primitives::{Address, B256};
use serde_json::{Value, json};

use crate::{
    House,
    network::Node,
    pages::text,
    town::{Applicant, EPOCH_BLOCKS, HOSTILE, NAMES, Town, member},
};

/// A member's name as a page shows it.
const ESCAPED: &str = "&#60;script&#62;alert(1)&#60;/script&#62;[U+202E]&#34;&#38;";

fn admit(town: &Town, applicant: &Applicant) -> u64 {
    let id = town.apply(5, applicant);
    (0..3).for_each(|account| drop(town.vote(account, id, Ballot::Approve)));
    id
}

#[test]
fn members_are_shown_by_name_and_key_with_committee_quorum_and_what_may_fail() {
    let town = Town::open();
    town.apply(5, &Applicant::new(member(10), "Newcomer"));
    let page = town.house.shows(
        "/members",
        &[
            "Committee of epoch 0",
            "<dt>Members</dt><dd>4</dd>",
            "<dt>Quorum</dt><dd>3</dd>",
            "<dt>May fail</dt><dd>1</dd>",
            "All that are or were members (4)",
            "Open requests (1)",
            "0 of 4 voters",
            "3 more votes",
            "3 more approvals",
            "Newcomer",
            NAMES[0],
            ESCAPED,
            "node.bank.example:30303",
            "committee since epoch 0",
            "no certificate yet",
        ],
    );
    for number in 0..4 {
        assert!(page.contains(&format!("href=\"/member/{}\"", member(number).id())), "{number}: {page}");
    }
    assert!(!page.contains("<script>alert") && !page.contains('\u{202e}'), "{page}");
    assert!(!page.contains("the committee is another one"), "{page}");
}

#[test]
fn a_node_is_followed_from_its_request_into_the_committee() {
    let town = Town::open();
    let applicant = Applicant::new(member(10), "Newcomer");
    let path = format!("/member/{}", applicant.key.id());
    let id = town.apply(5, &applicant);
    town.house.shows(&path, &["<bdi>Newcomer</bdi>", "requested", "no member yet", "It was never a member."]);
    (0..3).for_each(|account| drop(town.vote(account, id, Ballot::Approve)));
    let admitted = town.house.node.chain.head().number();
    let fingerprint = applicant.fingerprint();
    town.house.shows(
        &path,
        &[
            "observer",
            "admitted, as an observer",
            &format!("<a href=\"/block/{admitted}\">{admitted}</a>"),
            &town.address(5).to_string(),
            &format!("href=\"/certificate/{fingerprint}\""),
            "valid",
            &format!("href=\"/request/{id}\""),
        ],
    );
    town.house.shows(&format!("/account/{}", town.address(5)), &["Acts for", "Newcomer"]);
    // The pages say what is to come before it comes.
    let boundary = (town.house.node.chain.head().number() / EPOCH_BLOCKS + 1) * EPOCH_BLOCKS;
    town.ready(5);
    town.wait_for(boundary - 1);
    let epoch = boundary / EPOCH_BLOCKS;
    town.house.shows(
        "/members",
        &[&format!("Committee of epoch {epoch}"), "<dt>Members</dt><dd>5</dd>", "<dt>Quorum</dt><dd>4</dd>"],
    );
    town.house.shows(&path, &["ready: it said", &format!("in the committee, from epoch {epoch} on")]);
    town.house.shows(
        &format!("/member/{}", member(0).id()),
        &["member of genesis", NAMES[0], "How it voted", "approve", "Newcomer"],
    );
}

#[test]
fn committees_are_shown_by_epoch_and_so_is_where_they_changed() {
    let town = Town::open();
    town.house
        .shows("/committee", &["Committee of epoch 0", "the committee of genesis", "Committees since genesis (1)"]);
    admit(&town, &Applicant::new(member(10), "Newcomer"));
    let boundary = (town.house.node.chain.head().number() / EPOCH_BLOCKS + 1) * EPOCH_BLOCKS;
    town.ready(5);
    town.wait_for(boundary - 1);
    let epoch = boundary / EPOCH_BLOCKS;
    let current = town.house.shows(
        "/committee",
        &[
            &format!("Committee of epoch {epoch}"),
            "Committees since genesis (2)",
            "joined:",
            "Newcomer",
            &format!("href=\"/committee/{}\"", epoch - 1),
        ],
    );
    assert!(!current.contains(&format!("href=\"/committee/{}\"", epoch + 1)), "{current}");
    assert_eq!(town.house.browse(&format!("/committee/{}", epoch + 1)).status, 404);
    let first = town.house.shows("/committee/0", &["<dt>Members</dt><dd>4</dd>", "href=\"/committee/1\""]);
    assert!(!first.contains("rel=\"prev\""), "{first}");
    town.house.node.send(json!({ "to": Address::repeat_byte(1) }));
    let block = town.house.shows(&format!("/block/{boundary}"), &["Signed (4)", "Not in the certificate (1)"]);
    assert!(block.contains(&format!("href=\"/committee/{epoch}\"")), "{block}");
}

#[test]
fn a_block_says_who_made_it_final() {
    let town = Town::open();
    town.house.node.send(json!({ "to": Address::repeat_byte(1) }));
    town.house
        .shows("/block/1", &["epoch 0", "Signed (3)", "Not in the certificate (1)", "its own", NAMES[0], ESCAPED]);
    let genesis = town.house.shows("/block/0", &["genesis file"]);
    assert!(!genesis.contains("Signed"), "{genesis}");
}

#[test]
fn a_certificate_is_shown_whole_and_can_be_taken_away() {
    let town = Town::open();
    let applicant = Applicant::new(member(10), HOSTILE);
    let fingerprint = applicant.fingerprint();
    let refused = town.house.browse(&format!("/certificate/{fingerprint}"));
    assert_eq!(refused.status, 404);
    // Its subject is a member's already: another one's name is free.
    let applicant = Applicant { der: Applicant::new(member(10), &format!("{HOSTILE} too")).der, ..applicant };
    let fingerprint = applicant.fingerprint();
    let id = town.apply(5, &applicant);
    let pairs: Vec<_> = fingerprint.iter().map(|byte| hex::encode_upper([*byte])).collect();
    let path = format!("/certificate/{fingerprint}");
    let page = town.house.shows(
        &path,
        &[
            &fingerprint.to_string(),
            &pairs.join(":"),
            "pending",
            "members vote on it",
            "O=Organization",
            "the subject itself",
            "ed25519",
            "subject alternative name",
            &format!("counterfoil://{}@node.bank.example:30303", hex::encode(applicant.key.id())),
            "-----BEGIN CERTIFICATE-----",
            ESCAPED,
        ],
    );
    assert!(!page.contains("<script>alert") && !page.contains('\u{202e}'), "{page}");
    let file = town.house.bytes(&format!("{path}.der"));
    let head = String::from_utf8_lossy(&file[..file.len() - applicant.der.len()]).into_owned();
    assert!(head.starts_with("HTTP/1.1 200") && head.ends_with("\r\n\r\n"), "{head}");
    assert!(head.contains("content-type: application/pkix-cert\r\n"), "{head}");
    assert!(file.ends_with(&applicant.der), "byte for byte");
    assert_eq!(town.house.browse(&format!("/certificate/{}.der", B256::repeat_byte(1))).status, 404);
    assert_eq!(town.house.browse("/certificate/rubbish.der").status, 404);
    (0..3).for_each(|account| drop(town.vote(account, id, Ballot::Deny)));
    town.house.shows(&path, &["not admitted"]);
}

#[test]
fn a_search_finds_nodes_certificates_and_requests() {
    let town = Town::open();
    let applicant = Applicant::new(member(10), "Newcomer");
    town.apply(5, &applicant);
    let (key, print) = (applicant.key.id(), applicant.fingerprint());
    let pairs: Vec<_> = print.iter().map(|byte| hex::encode_upper([*byte])).collect();
    for (wanted, place) in [
        (key.to_string(), format!("/member/{key}")),
        (hex::encode(member(0).id()), format!("/member/{}", member(0).id())),
        (print.to_string(), format!("/certificate/{print}")),
        (pairs.join("%3A"), format!("/certificate/{print}")),
        ("%231".to_owned(), "/request/1".to_owned()),
        ("Request+1".to_owned(), "/request/1".to_owned()),
    ] {
        let answer = town.house.browse(&format!("/search?q={wanted}"));
        assert!(answer.head.contains(&format!("location: {place}\r\n")), "{wanted}: {answer:?}");
    }
    for wanted in ["%232", "request+0", "request", &hex::encode(member(11).id())] {
        assert_eq!(town.house.browse(&format!("/search?q={wanted}")).status, 404, "{wanted}");
    }
}

#[test]
fn what_the_room_does_not_know_is_said_to_be_unknown() {
    let town = Town::open();
    let nobody = member(11).id();
    for path in ["/member/0x12", &format!("/member/{nobody}"), "/member", "/member/", "/certificate", "/certificate/12"]
    {
        assert_eq!(town.house.browse(path).status, 404, "{path}");
    }
    for path in
        ["/request/1", "/request/0", "/request/x", "/request", "/committee/x", "/committee/18446744073709551615"]
    {
        assert_eq!(town.house.browse(path).status, 404, "{path}");
    }
    assert_eq!(town.house.browse("/members?page=99").status, 200);
    assert_eq!(town.house.browse("/requests?page=99").status, 200);
}

#[test]
fn a_network_without_the_room_shows_the_committee_of_genesis() {
    let house = House::open(Node::start());
    house.shows("/members", &["No members' room", "<dt>Quorum</dt><dd>1</dd>", "href=\"/member/"]);
    house.shows("/committee", &["the committee of genesis", "decides"]);
    for path in ["/requests", "/request/1", &format!("/member/{}", B256::ZERO), &format!("/certificate/{}", B256::ZERO)]
    {
        let page = house.browse(path);
        assert!(page.status == 404 && page.body.contains("protocol version 2"), "{path}: {page:?}");
    }
    assert_eq!(house.browse("/search?q=%231").status, 404);
}

#[test]
fn calls_and_logs_of_the_room_are_told_in_words() {
    let town = Town::open();
    let applicant = Applicant::new(member(10), "Newcomer");
    let id = town.apply(5, &applicant);
    let (key, print) = (applicant.key.id(), applicant.fingerprint());
    let request: Value = town.house.node.get("eth_getBlockByNumber", json!(["latest", true]));
    let asked = text(&request["transactions"][0]["hash"]).to_owned();
    town.house.shows(
        &format!("/tx/{asked}"),
        &[
            "requestLink",
            "LinkRequested",
            &format!("href=\"/certificate/{print}\""),
            &format!("({} bytes)", applicant.der.len()),
            &format!("href=\"/member/{key}\""),
            &format!("href=\"/request/{id}\""),
        ],
    );
    let voted = town.vote(0, id, Ballot::Deny);
    let path = format!("/tx/{}", text(&voted["transactionHash"]));
    town.house.shows(&path, &["<strong>vote</strong>", ">deny<", "<strong>Voted</strong>", "href=\"/committee/0\""]);
}

#[test]
fn the_new_pages_hold_no_script_or_style_of_their_own() {
    let town = Town::open();
    town.apply(5, &Applicant::new(member(10), HOSTILE.repeat(9).as_str()));
    let certificate =
        format!("/certificate/{}", town.ask(&contracts::admission::IAdmission::requestCall { id: 1 }).certificate);
    let node = format!("/member/{}", member(1).id());
    for path in ["/members", "/requests", "/request/1", "/committee", "/block/1", &node, &certificate] {
        let page = town.house.browse(path).body;
        for forbidden in ["<style", "style=", "onclick=", "javascript:", "http://", "https://", "\u{202e}"] {
            assert!(!page.contains(forbidden), "{path} {forbidden}: {page}");
        }
        assert!(!page.replace("<script type=\"module\" src=\"/static/", "").contains("<script"), "{path}: {page}");
    }
}
