//! Requests as pages show them: the gates, who voted how, and votes that arrive while somebody looks.

use contracts::admission::IAdmission::{self, Ballot};
use primitives::B256;

use crate::{
    client::within,
    live::Source,
    pages::text,
    town::{Applicant, NAMES, Town, member},
};

fn with_request() -> (Town, u64) {
    let town = Town::open();
    let id = town.apply(5, &Applicant::new(member(10), "Newcomer"));
    (town, id)
}

fn head(town: &Town) -> u64 {
    town.house.node.chain.head().number()
}

#[test]
fn a_request_says_what_it_needs_and_who_voted_how() {
    let (town, id) = with_request();
    let path = format!("/request/{id}");
    town.house.shows(
        &path,
        &[
            "open",
            "more than 1/2 of all voters: 3 votes",
            "more than 2/3 of all voters: 3 approvals",
            "3 more votes",
            "3 more approvals",
            "Nobody has voted yet.",
            "Has not voted",
            "CN=Newcomer",
            "<dt>Weight</dt><dd>1</dd>",
            &town.address(5).to_string(),
            "604\u{202f}800 seconds to vote",
            &format!("data-live=\"/request/{id}/live?after={}\"", head(&town)),
        ],
    );
    let voted = town.vote(0, id, Ballot::Approve);
    let hash = text(&voted["transactionHash"]);
    town.house.shows(
        &path,
        &["1 of 4 voters", "2 more votes", NAMES[0], "approve", &format!("href=\"/tx/{hash}\""), "code 7"],
    );
    town.vote(1, id, Ballot::Deny);
    town.house.shows(&path, &["Votes (2 of 4)", "deny", "1 more vote<", "2 more approvals"]);
    town.vote(2, id, Ballot::Approve);
    town.house.shows(&path, &["Votes (3 of 4)", "open", "passed", "1 more approval<"]);
    town.vote(3, id, Ballot::Approve);
    let height = head(&town);
    let decided = town.house.shows(&path, &["approved", &format!("<a href=\"/block/{height}\">{height}</a>")]);
    assert!(!decided.contains("data-live") && !decided.contains("piece.js"), "{decided}");
    assert!(!decided.contains("Has not voted"), "{decided}");
    town.house
        .shows("/requests", &["Requests (1)", "approved", "Newcomer", "4 of 4 voters", "data-live=\"/requests/live"]);
}

#[test]
fn a_revocation_names_who_asks_and_why() {
    let town = Town::open();
    let target = Applicant::new(member(2), NAMES[2]);
    let certificate = town.ask(&IAdmission::memberCall { nodeKey: target.key.id() }).certificate;
    let evidence = B256::repeat_byte(0xe7);
    town.send(0, &IAdmission::requestRevocationCall { certificate, reason: 1, evidence });
    town.house.shows(
        "/request/1",
        &[
            "revoke <bdi>Bank of the South</bdi>",
            "key compromise (1)",
            &evidence.to_string(),
            "Asked by",
            NAMES[0],
            &format!("href=\"/certificate/{certificate}\""),
        ],
    );
    (0..2).for_each(|account| drop(town.vote(account, 1, Ballot::Approve)));
    town.vote(3, 1, Ballot::Approve);
    town.house.shows("/request/1", &["approved"]);
    town.house
        .shows(&format!("/member/{}", target.key.id()), &["revoked: key compromise", "revoked", "href=\"/request/1\""]);
    town.house.shows("/members", &["revoked", "key compromise", "the committee is another one", "Leaves"]);
    town.house.shows(&format!("/certificate/{certificate}"), &["revoked"]);
}

#[test]
fn a_member_without_a_certificate_is_named_by_its_key() {
    let town = Town::open();
    let key = member(3).id();
    town.send(0, &IAdmission::requestRevocationCall { certificate: key, reason: 9, evidence: B256::ZERO });
    town.house
        .shows("/request/1", &["privilege withdrawn (9)", "none named", "brought no certificate", &key.to_string()]);
}

#[test]
fn votes_arrive_while_somebody_looks_and_the_stream_ends_with_the_decision() {
    let (town, id) = with_request();
    let path = format!("/request/{id}/live?after={}", head(&town));
    let mut source = Source::open(&town.house, &path, "");
    for (account, missing) in [(0, "2 more votes"), (1, "1 more vote")] {
        town.vote(account, id, Ballot::Approve);
        source.read_until(&town.house, "event: piece\n");
        source.read_until(&town.house, &format!("id: {}\n", head(&town)));
        let piece = source.next(&town.house);
        assert!(text(&piece["html"]).contains(missing), "{piece}");
    }
    town.vote(2, id, Ballot::Approve);
    source.read_until(&town.house, "event: last\n");
    let last = source.next(&town.house);
    assert!(text(&last["html"]).contains("approved") && !text(&last["html"]).contains("<script"), "{last}");
    // The last chunk of the answer.
    source.read_until(&town.house, "0\r\n\r\n");
}

#[test]
fn who_comes_late_is_told_at_once_and_what_is_not_there_is_refused() {
    let (town, id) = with_request();
    let before = head(&town);
    town.vote(0, id, Ballot::Approve);
    for (query, headers) in
        [(format!("?after={before}"), String::new()), (String::new(), format!("last-event-id: {before}\r\n"))]
    {
        let mut source = Source::open(&town.house, &format!("/request/{id}/live{query}"), &headers);
        let piece = source.next(&town.house);
        assert!(text(&piece["html"]).contains("Votes (1 of 4)"), "{piece}");
    }
    let mut source = Source::open(&town.house, "/request/99/live", "");
    source.read_until(&town.house, "event: problem\n");
    let problem = source.next(&town.house);
    assert!(text(&problem["problem"]).contains("no request"), "{problem}");
    source.read_until(&town.house, "0\r\n\r\n");
}

#[test]
fn the_list_follows_all_requests_and_a_page_of_one_only_its_own() {
    let (town, id) = with_request();
    let mut all = Source::open(&town.house, &format!("/requests/live?after={}", head(&town)), "");
    let mut one = Source::open(&town.house, &format!("/request/{id}/live?after={}", head(&town)), "");
    let second = town.apply(6, &Applicant::new(member(11), "Second"));
    let listed = all.next(&town.house);
    assert!(text(&listed["html"]).contains("Requests (2)"), "{listed}");
    town.vote(0, second, Ballot::Approve);
    all.next(&town.house);
    town.vote(0, id, Ballot::Deny);
    // The first thing that it says is about its own vote.
    let piece = one.next(&town.house);
    assert!(text(&piece["html"]).contains("deny"), "{piece}");
}

#[test]
fn a_stream_of_requests_ends_when_the_node_stops() {
    let (town, id) = with_request();
    let source = Source::open(&town.house, &format!("/request/{id}/live?after={}", head(&town)), "");
    let house = town.adjourn();
    let stopped =
        house.node.runtime.block_on(async { within(tokio::spawn(house.server.stop())).await.expect("no panic") });
    assert_eq!(stopped.cut_off, 0);
    drop(source);
}
