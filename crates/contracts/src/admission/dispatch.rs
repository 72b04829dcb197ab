//! `admission` from selector to operation, in the order of the ABI.

use super::{abi::IAdmission::IAdmissionCalls, epochs, members, requests, views, votes};

native_contract!(IAdmissionCalls {
    write requestLink => requests::request_link,
    write ready => members::ready,
    write requestRevocation => requests::request_revocation,
    write vote => votes::vote,
    write close => requests::close,
    write renew => members::renew,
    write authorize => members::authorize,
    view network => views::network,
    view minCommittee => views::min_committee,
    view policy => views::policy,
    view policyOf => views::policy_of,
    view checkCertificate => views::check_certificate,
    view nonceOf => views::nonce_of,
    view possessionMessage => views::possession_message,
    view authorizationMessage => views::authorization_message,
    view member => views::member,
    view memberOf => views::member_of,
    view members => views::members,
    view certificate => views::certificate,
    view status => views::status_at,
    view history => views::history,
    view isValid => views::is_valid,
    view request => views::request,
    view openRequests => views::open_requests,
    view lastRequest => views::last_request,
    view votes => views::votes,
    view committee => views::committee,
    view nextCommittee => epochs::next_committee_view,
});
