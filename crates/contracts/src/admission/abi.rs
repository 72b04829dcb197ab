//! The Solidity interface of `admission`, the single source of its ABI. Used by `dispatch`, and by chain, proof, gateway and CLI
//! to read calls and logs.
//!
//! Words: a *member* is a node whose certificate members let in, known by its ed25519 *node key*; its *accounts* act for it on
//! the ledger. A certificate is known by the SHA-256 of its DER: the fingerprint that every X.509 tool prints.
//! Times are seconds since 1970.

#![expect(clippy::too_many_arguments, reason = "events say all that a proof's statement needs in one log")]

use alloy_sol_types::sol;

sol! {
    /// Nodes ask to be members with certificates of their own; members vote on them, and on taking them away.
    #[sol(abi)]
    #[derive(Debug, PartialEq, Eq)]
    interface IAdmission {
        /// What a node is. `Requested`: a linking request is open. `Observer`: admitted, follows. `Ready`: has synced.
        /// `Committee`: its signature counts.
        enum MemberState { None, Requested, Observer, Ready, Committee, Revoked, Expired }

        /// What a certificate is. `Superseded`: a newer one has taken its place.
        enum Status { Unknown, Pending, Valid, Expired, Revoked, Superseded }

        /// A vote is one of the last two; nothing else counts as either.
        enum Ballot { None, Approve, Deny }

        /// What a request asks for.
        enum RequestKind { None, Link, Revocation }

        /// `Lapsed`: its deadline passed without a decision, which is not approval.
        enum RequestState { None, Open, Approved, Denied, Lapsed }

        /// What a threshold compares: votes, votes over all members, weight over the weight of all members.
        enum Measure { Count, Members, Weight }

        /// What is wrong with a certificate.
        enum Flaw {
            None,
            /// More than 4096 bytes.
            TooLong,
            /// No X.509 certificate.
            Unreadable,
            /// Not the one encoding that DER allows.
            NotCanonical,
            /// Not version 3; also an older version with extensions.
            NotVersion3,
            /// The serial number is not positive, or longer than 20 bytes.
            InvalidSerial,
            /// Neither ed25519 nor ECDSA with P-256 and SHA-256, or one within and another around the certificate.
            UnknownAlgorithm,
            /// A key off its curve, or for which anybody can sign.
            WeakKey,
            /// Its issuer is not its subject, or its subject is empty.
            NotSelfIssued,
            /// Not signed with its own key.
            InvalidSignature,
            /// It ends before it begins.
            InvalidValidity,
            NotYetValid,
            Expired,
            /// It ends later than the policy allows.
            ValidTooLong,
            /// Basic constraints with cA or a path length.
            Authority,
            /// Key usage without digital signature or with that of an authority, extended key usage without TLS.
            WrongKeyUsage,
            /// An extension twice, or one that does not decode.
            InvalidExtension,
            /// Critical, and not known here.
            UnknownExtension,
            /// A name with `*`.
            Wildcard,
            /// No subject alternative name of the form `counterfoil://NODEKEY@HOST:PORT`, or several.
            NoPeer,
            /// Such a name whose parts are not well formed.
            InvalidPeer,
            /// The certificate's ed25519 key is not the node key that it names.
            NodeKeyDiffers
        }

        /// A number of votes that is enough: more than numerator / denominator, or `orEqual`.
        struct Threshold {
            Measure measure;
            bool orEqual;
            uint32 numerator;
            uint32 denominator;
        }

        /// How members decide. Its hash is keccak256(abi.encode(policy)).
        struct Policy {
            /// First gate: votes that must have come in before any outcome is computed.
            Threshold votes;
            /// Second gate: approvals among them.
            Threshold approvals;
            /// How long a request is open.
            uint64 votingSeconds;
            /// How long a certificate stays valid beside the one that renews it.
            uint64 overlapSeconds;
            /// How far away the end of a certificate may be.
            uint64 validitySeconds;
        }

        /// A certificate as it was read.
        struct Certificate {
            /// SHA-256 of the DER.
            bytes32 fingerprint;
            bytes32 nodeKey;
            /// HOST:PORT.
            string nodeAddress;
            /// RFC 4514.
            string subject;
            bytes serial;
            uint64 notBefore;
            uint64 notAfter;
            /// Its key is P-256 and not the node key.
            bool isP256;
        }

        /// A node.
        struct Member {
            bytes32 nodeKey;
            MemberState state;
            uint32 weight;
            /// Zero for a member of genesis that has not brought one.
            bytes32 certificate;
            /// Still valid beside `certificate`, until `overlapUntil`.
            bytes32 previousCertificate;
            uint64 overlapUntil;
            string nodeAddress;
            uint64 notAfter;
            address[] accounts;
            /// Heights; zero for what has not happened, and of genesis.
            uint64 admittedAt;
            uint64 readyAt;
            uint64 revokedAt;
            /// The first epoch that it is in the committee, if it is or was.
            uint64 committeeFrom;
            /// CRLReason of RFC 5280, of a revoked member.
            uint8 reason;
            /// The next authorization's.
            uint64 sequence;
        }

        /// A request, with what was fixed when it was made.
        struct Request {
            uint64 id;
            RequestKind kind;
            RequestState state;
            /// The applicant's, or the one to revoke.
            bytes32 nodeKey;
            bytes32 certificate;
            /// The applicant's, or that of the member who asks.
            address account;
            /// The member who asks; zero for a linking request.
            bytes32 requester;
            /// Of the applicant.
            uint32 weight;
            /// Of a revocation: CRLReason, and the hash of what supports it.
            uint8 reason;
            bytes32 evidence;
            bytes32 policy;
            /// Its committee votes.
            uint64 epoch;
            uint64 voters;
            uint64 votersWeight;
            uint64 madeAt;
            uint64 deadline;
            uint64 decidedAt;
            uint64 votes;
            uint64 votesWeight;
            uint64 approvals;
            uint64 approvalsWeight;
        }

        /// A vote.
        struct Vote {
            bytes32 voter;
            uint32 weight;
            Ballot ballot;
            uint8 reasonCode;
            bytes32 reasonHash;
            uint64 height;
        }

        /// A change of a certificate's status.
        struct Change {
            uint64 height;
            Status status;
        }

        // Linking

        /// A node asks to be a member.
        event LinkRequested(uint64 indexed id, bytes32 indexed certificate, bytes32 indexed nodeKey, address account, string nodeAddress, uint32 weight, uint64 notAfter, bytes32 policy, uint64 epoch, uint64 voters, uint64 votersWeight, uint64 deadline);
        /// A node is a member: an observer for now.
        event MemberAdmitted(bytes32 indexed nodeKey, bytes32 indexed certificate, uint64 indexed request, address account, string nodeAddress, uint32 weight, uint64 notBefore, uint64 notAfter, bytes32 policy, uint64 voters, uint64 votes, uint64 approvals);
        /// A member has synced up to this block; its signature counts from the next epoch on, if the committee is large enough.
        event MemberReady(bytes32 indexed nodeKey, uint64 height, bytes32 blockHash, uint64 epoch);

        /// A certificate that is not taken, and why.
        error InvalidCertificate(Flaw flaw);
        /// The signature of the certificate's key over `possessionMessage` is missing or wrong.
        error InvalidPossession();
        /// The signature of the node key over `possessionMessage` is missing or wrong.
        error InvalidNodeSignature();
        error ZeroWeight();
        /// The caller acts for a member, who renews instead.
        error AlreadyMember(bytes32 nodeKey);
        /// The certificate was admitted before, or a request for it is open.
        error CertificateKnown(bytes32 certificate, Status status);
        /// The key is or was a member's, or is in an open request.
        error KeyInUse(bytes32 keyHash);
        /// Another member has this subject, or is asking for it.
        error SubjectInUse(bytes32 subjectHash);
        /// The account acts for a member, or has a request open.
        error AccountInUse(address account);
        error TooManyRequests(uint64 most);
        error TooManyMembers(uint64 most);

        /// Asks to be linked with the caller's own certificate. `possession` is the signature of the certificate's key, 64 bytes,
        /// over `possessionMessage(caller, fingerprint)`; `nodeSignature` that of the node key, empty where that is the same key.
        function requestLink(bytes certificate, uint32 weight, bytes possession, bytes nodeSignature) external returns (uint64 id);
        /// A new member's word that it has synced up to a block of the last 256.
        function ready(uint64 height, bytes32 blockHash) external;

        // Revocation

        /// A member asks to take a certificate, and with it a member, out of the network.
        event RevocationRequested(uint64 indexed id, bytes32 indexed certificate, bytes32 indexed nodeKey, bytes32 requester, uint8 reason, bytes32 evidence, bytes32 policy, uint64 epoch, uint64 voters, uint64 votersWeight, uint64 deadline);
        /// A member is out at once; its signature counts until the epoch ends.
        event MemberRevoked(bytes32 indexed nodeKey, bytes32 indexed certificate, uint64 indexed request, uint8 reason, bytes32 evidence, uint64 epoch, uint64 voters, uint64 votes, uint64 approvals);

        /// No certificate of a member.
        error UnknownCertificate(bytes32 certificate);
        error UnknownMember(bytes32 nodeKey);
        /// Not a CRLReason of RFC 5280 that ends a certificate.
        error InvalidReason(uint8 reason);
        /// A revocation of this member is open, or one that the caller asked for.
        error RevocationOpen(uint64 id);
        /// So few of the epoch's committee would be left that no block could be final.
        error LastMembers(uint64 left, uint64 quorum);

        /// Asks to revoke the member with this certificate; by a member. `reason` is a CRLReason, `evidence` a hash.
        function requestRevocation(bytes32 certificate, uint8 reason, bytes32 evidence) external returns (uint64 id);

        // Votes

        event Voted(uint64 indexed id, bytes32 indexed voter, bytes32 indexed certificate, Ballot ballot, uint8 reasonCode, bytes32 reasonHash, uint32 weight, bytes32 policy, uint64 epoch);
        event RequestClosed(uint64 indexed id, bytes32 indexed certificate, bytes32 indexed nodeKey, RequestKind kind, RequestState state, uint64 voters, uint64 votes, uint64 approvals);

        /// The caller acts for no member.
        error NotMember(address caller);
        error MemberIsRevoked(bytes32 nodeKey);
        error MemberIsExpired(bytes32 nodeKey);
        error UnknownRequest(uint64 id);
        error RequestIsClosed(uint64 id, RequestState state);
        error DeadlinePassed(uint64 deadline);
        error DeadlineAhead(uint64 deadline);
        /// Not of the committee whose epoch the request fixed.
        error NotVoter(bytes32 nodeKey, uint64 epoch);
        error AlreadyVoted(uint64 id, bytes32 voter);
        /// Neither approval nor denial.
        error NoBallot();
        /// The vote names another certificate, policy or epoch than the request.
        error VoteDiffers(bytes32 certificate, bytes32 policy, uint64 epoch);

        /// Votes on a request, once, by a member of its epoch's committee. The vote names what it is about.
        function vote(uint64 id, bytes32 certificate, bytes32 policy, uint64 epoch, Ballot ballot, uint8 reasonCode, bytes32 reasonHash) external;
        /// Closes a request whose deadline passed; by anyone. The end of an epoch does the same.
        function close(uint64 id) external;

        // Members

        /// A member has a new certificate; the one before stays valid until `overlapUntil`.
        event CertificateRenewed(bytes32 indexed nodeKey, bytes32 indexed certificate, bytes32 indexed before, uint64 overlapUntil, string nodeAddress, uint64 notBefore, uint64 notAfter);
        event AccountAuthorized(bytes32 indexed nodeKey, address indexed account, bool acts);

        /// The certificate is of another node.
        error NodeKeyIsFixed(bytes32 nodeKey);
        /// The certificate is of another subject.
        error SubjectIsFixed(bytes32 subjectHash);
        /// The last renewal's overlap has not ended.
        error OverlapRuns(uint64 until);
        /// Not an observer.
        error NotObserver(MemberState state);
        /// No block of the last 256 has this height and hash.
        error UnknownBlock(uint64 height, bytes32 blockHash);
        error TooManyAccounts(uint64 most);
        /// The account does not act for this member.
        error UnknownAccount(address account);

        /// Renews the caller's own certificate: same node key, same subject. Signatures as for `requestLink`.
        function renew(bytes certificate, bytes possession, bytes nodeSignature) external;
        /// Lets an account act for a member, or no longer. What counts is the signature of the node key over
        /// `authorizationMessage`; anyone may send it.
        function authorize(bytes32 nodeKey, address account, bool acts, bytes signature) external;

        // Views. A page begins at index `start` and has at most `count` rows, 100 at most.

        error PageTooLarge(uint64 count, uint64 most);

        /// keccak256 of the network's canonical configuration: `parentHash` of its genesis header.
        function network() external view returns (bytes32 hash);
        /// With fewer ready members, a committee of one goes on alone.
        function minCommittee() external view returns (uint32 members);
        /// The policy in force.
        function policy() external view returns (bytes32 hash, Policy terms);
        /// Any policy that is or was in force.
        function policyOf(bytes32 hash) external view returns (Policy terms);
        /// Reads a certificate and checks all that can be checked without the applicant's signatures.
        function checkCertificate(bytes certificate) external view returns (Certificate found);
        /// How many requests and renewals an account has made: the fresh nonce of its next proof of possession.
        function nonceOf(address account) external view returns (uint64 nonce);
        /// What a certificate's key signs for an account: "counterfoil_POSSESSION", chain id (8 bytes), network, this contract,
        /// account, certificate, nonce (8 bytes).
        function possessionMessage(address account, bytes32 certificate) external view returns (bytes message);
        /// What a node key signs for an account: "counterfoil_AUTHORIZE", chain id (8 bytes), network, this contract, node key,
        /// account, acts (1 byte), sequence (8 bytes).
        function authorizationMessage(bytes32 nodeKey, address account, bool acts) external view returns (bytes message);
        /// A node with its state, its certificates and its accounts; state `None` if nothing is known of it.
        function member(bytes32 nodeKey) external view returns (Member found);
        /// The node key of the member that an account acts for; zero if it is none's.
        function memberOf(address account) external view returns (bytes32 nodeKey);
        /// All members that ever were, in order of admission.
        function members(uint64 start, uint64 count) external view returns (Member[] page, uint64 total);
        /// The DER as it was submitted, the node key and the status now.
        function certificate(bytes32 fingerprint) external view returns (bytes der, bytes32 nodeKey, Status current);
        /// What a certificate was after the block of a height. Expiry is written down when an epoch ends.
        function status(bytes32 certificate, uint64 height) external view returns (Status found);
        /// Changes of a certificate's status in order of time.
        function history(bytes32 certificate, uint64 start, uint64 count) external view returns (Change[] page, uint64 total);
        /// Whether a certificate counts in this block: admitted, not revoked, not superseded, and its time has not passed.
        function isValid(bytes32 certificate) external view returns (bool valid);
        /// A request with what was fixed when it was made, and how it stands.
        function request(uint64 id) external view returns (Request found);
        /// Numbers of open requests, in no order.
        function openRequests(uint64 start, uint64 count) external view returns (uint64[] page, uint64 total);
        /// Requests are numbered from 1; this is the last number.
        function lastRequest() external view returns (uint64 id);
        /// Votes on a request in order of time.
        function votes(uint64 id, uint64 start, uint64 count) external view returns (Vote[] page, uint64 total);
        /// Node keys of an epoch's committee, rising, as far as it is fixed: up to the epoch of this block.
        function committee(uint64 epoch) external view returns (bytes32[] nodeKeys);
        /// The committee of the next epoch if this one ended now.
        function nextCommittee() external view returns (bytes32[] nodeKeys);
    }
}
