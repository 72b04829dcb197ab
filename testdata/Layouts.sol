// SPDX-License-Identifier: MIT
// The storage of our rooms as state variables, for the compiler's word on where each lies: `compile.mjs` beside this file
// keeps what it says in `layouts.json`, and `crates/contracts/tests/layouts.rs` compares. A contract is named after the
// interface of its door, a struct after the place in Rust.
// Rooms give each value a slot of its own. A struct always begins a slot, so a value narrower than one is wrapped in one.
pragma solidity ^0.8.24;

struct AddressCell { address value; }
struct BoolCell { bool value; }
struct Uint8Cell { uint8 value; }
struct Uint32Cell { uint32 value; }
struct Uint64Cell { uint64 value; }

contract IProtocol {
    Uint32Cell internal version;
    Uint32Cell internal scheduledVersion;
    Uint64Cell internal scheduledEpoch;
    Uint64Cell internal sequence;
}

contract ICashFactory {
    AddressCell internal governor;
    AddressCell[] internal currencies;
}

contract ICash {
    enum HoldState { Unknown, Open, Captured, Released, Voided }

    struct Account { uint120 balance; uint120 held; bool frozen; }
    struct Operator { uint256 cap; uint256 used; }
    struct Standing { address operator; uint64 expiry; HoldState state; }
    struct Record {
        Standing standing;
        AddressCell from;
        AddressCell to;
        uint256 firstAmount;
        uint256 adjusted;
        uint256 captured;
        bytes32 reference_;
    }

    AddressCell internal issuer;
    AddressCell internal successor;
    BoolCell internal paused;
    uint256 internal supply;
    mapping(address => Account) internal accounts;
    mapping(address => mapping(address => uint256)) internal allowances;
    mapping(address => uint256) internal nonces;
    mapping(address => mapping(address => Operator)) internal operators;
    mapping(bytes32 => Record) internal holds;
    mapping(bytes32 => mapping(bytes32 => bytes32)) internal steps;
}

contract IToken {
    struct ItemPlace {
        AddressCell issuer;
        bytes32 identifier;
        Uint8Cell kind;
        bytes32 attributesHash;
        Uint64Cell units;
        Uint64Cell unitsPerToken;
        BoolCell interchangeable;
        BoolCell redeemable;
        BoolCell possessionIsOwnership;
        BoolCell transferable;
        BoolCell exists;
        Uint64Cell presaleFrom;
        Uint64Cell presaleUntil;
        Uint64Cell redeemFrom;
        Uint64Cell redeemUntil;
        AddressCell custodian;
        Uint64Cell minted;
        Uint64Cell redeemed;
        Uint64Cell unitsHeld;
        Uint64Cell firstSaleAt;
        bytes32[] redemptions;
    }
    struct TokenPlace {
        bytes32 item;
        Uint64Cell instance;
        AddressCell holder;
        Uint8Cell lock;
        bytes32[] conditions;
    }
    struct ListingPlace {
        AddressCell seller;
        uint256 id;
        uint256 amount;
        AddressCell currency;
        uint256 price;
        Uint64Cell until;
    }
    struct GiftPlace {
        AddressCell sender;
        AddressCell recipient;
        uint256 id;
        uint256 amount;
        Uint64Cell until;
        bytes32 note;
        Uint8Cell state;
    }
    struct LeasePlace {
        AddressCell lessor;
        AddressCell lessee;
        uint256 id;
        uint256 amount;
        AddressCell currency;
        uint256 rent;
        Uint64Cell until;
        Uint8Cell state;
    }
    struct RedemptionPlace {
        AddressCell redeemer;
        uint256 id;
        uint256 amount;
        bytes32 deliveryHash;
        bytes32 outcomeHash;
        Uint64Cell requestedAt;
        Uint64Cell endedAt;
        Uint8Cell state;
    }

    mapping(uint256 => mapping(address => uint256)) internal balances;
    mapping(address => mapping(address => BoolCell)) internal operators;
    mapping(address => BoolCell) internal accepting;
    mapping(uint256 => mapping(address => uint256)) internal locked;
    mapping(bytes32 => ItemPlace) internal items;
    bytes32[] internal itemKeys;
    mapping(uint256 => TokenPlace) internal tokens;
    mapping(address => uint256[]) internal holdings;
    mapping(address => mapping(uint256 => Uint64Cell)) internal holdingPlaces;
    Uint64Cell internal lastOffer;
    mapping(uint64 => ListingPlace) internal listings;
    mapping(uint64 => GiftPlace) internal gifts;
    mapping(uint64 => LeasePlace) internal leases;
    mapping(bytes32 => RedemptionPlace) internal redemptions;
}

contract IAdmission {
    struct ThresholdPlace {
        Uint8Cell measure;
        BoolCell orEqual;
        Uint32Cell numerator;
        Uint32Cell denominator;
    }
    struct PolicyPlace {
        ThresholdPlace votes;
        ThresholdPlace approvals;
        Uint64Cell votingSeconds;
        Uint64Cell overlapSeconds;
        Uint64Cell validitySeconds;
    }
    struct MemberPlace {
        Uint8Cell state;
        Uint32Cell weight;
        bytes32 certificate;
        bytes32 previous;
        Uint64Cell overlapUntil;
        string address_;
        Uint64Cell notAfter;
        bytes32 subject;
        AddressCell[] accounts;
        Uint64Cell sequence;
        Uint64Cell livePlace;
        BoolCell listed;
        Uint64Cell admittedAt;
        Uint64Cell readyAt;
        Uint64Cell revokedAt;
        Uint64Cell committeeFrom;
        Uint8Cell reason;
    }
    struct CertificatePlace {
        bytes32 nodeKey;
        Uint64Cell notAfter;
        bytes der;
        uint256[] history;
    }
    struct VotePlace {
        bytes32 voter;
        Uint32Cell weight;
        Uint8Cell ballot;
        Uint8Cell reasonCode;
        bytes32 reasonHash;
        Uint64Cell height;
    }
    struct RequestPlace {
        Uint8Cell kind;
        Uint8Cell state;
        bytes32 nodeKey;
        bytes32 certificate;
        AddressCell account;
        bytes32 requester;
        Uint32Cell weight;
        Uint8Cell reason;
        bytes32 evidence;
        bytes32 policy;
        Uint64Cell epoch;
        Uint64Cell tenure;
        Uint64Cell voters;
        Uint64Cell votersWeight;
        Uint64Cell madeAt;
        Uint64Cell deadline;
        Uint64Cell decidedAt;
        Uint64Cell votesWeight;
        Uint64Cell approvals;
        Uint64Cell approvalsWeight;
        VotePlace[] votes;
        mapping(bytes32 => BoolCell) voted;
        Uint64Cell openPlace;
    }
    struct PendingPlace {
        mapping(bytes32 => Uint64Cell) subjects;
        mapping(bytes32 => Uint64Cell) keys;
        mapping(address => Uint64Cell) accounts;
        mapping(bytes32 => Uint64Cell) targets;
        mapping(bytes32 => Uint64Cell) requesters;
    }
    struct SeatPlace {
        bytes32 key;
        Uint32Cell weight;
    }
    struct TenurePlace {
        Uint64Cell fromEpoch;
        Uint64Cell weight;
        SeatPlace[] seats;
    }

    bytes32 internal network;
    Uint32Cell internal minCommittee;
    bytes32 internal policy;
    mapping(bytes32 => PolicyPlace) internal policies;
    mapping(bytes32 => MemberPlace) internal members;
    bytes32[] internal memberKeys;
    bytes32[] internal live;
    mapping(address => bytes32) internal accounts;
    mapping(bytes32 => bytes32) internal subjects;
    mapping(bytes32 => bytes32) internal keys;
    mapping(bytes32 => CertificatePlace) internal certificates;
    mapping(address => Uint64Cell) internal nonces;
    Uint64Cell internal lastRequest;
    mapping(uint64 => RequestPlace) internal requests;
    Uint64Cell[] internal open;
    Uint64Cell internal openLinks;
    PendingPlace internal pending;
    TenurePlace[] internal tenures;
}
