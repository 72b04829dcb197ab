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
