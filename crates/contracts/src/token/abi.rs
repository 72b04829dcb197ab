//! The Solidity interface of `token`, the single source of its ABI: ERC-1155 with its metadata extension, ERC-165, the errors
//! of ERC-6093, and what is ours. Used by `dispatch`, and by proof, gateway and CLI to read calls and logs.
//!
//! Words: an *item* is a kind of thing with N *units*; a *token* stands for k of its units; an *amount* counts tokens of one
//! token id. Times are seconds since 1970; a window is [from, until), and zero is "no bound" on its side.

#![expect(clippy::too_many_arguments, reason = "events say all that a proof's statement needs in one log")]

use alloy_sol_types::sol;

sol! {
    /// Items with attributes become tokens tied to their units: sold, leased, given, redeemed.
    #[sol(abi)]
    #[derive(Debug, PartialEq, Eq)]
    interface IToken {
        /// What an item is (TK-06).
        enum Kind { ConsumerProduct, UniqueDigitalInstance, GiftCard, PhysicalGood, DigitalGood, Service }

        /// Why a token of its own id cannot move; of interchangeable tokens only amounts are locked.
        enum Lock { Free, Listed, GiftPending, LeaseOffered, Leased, RedemptionRequested, Redeemed }

        /// A gift is pending until its recipient accepts or its sender has it back.
        enum GiftState { None, Pending, Accepted, TakenBack }

        /// A lease is offered, then taken, then ended; an offer that nobody took ends without having been taken.
        enum LeaseState { None, Offered, Taken, Ended }

        /// A redemption is requested once and ends once.
        enum RedemptionState { None, Requested, Fulfilled, Failed }

        /// What the issuer says of an item when he makes it. Only `attributesHash` (until the first sale) and `exists` (once,
        /// to true) change later.
        struct Terms {
            /// What it is.
            Kind kind;
            /// Keccak-256 of the attributes as canonical JSON (RFC 8785).
            bytes32 attributesHash;
            /// N: units available in all, a multiple of `unitsPerToken`.
            uint64 units;
            /// k: units that one token stands for.
            uint64 unitsPerToken;
            /// All tokens under one id, interchangeable; otherwise each has an id and units of its own.
            bool interchangeable;
            /// A holder may ask for the units.
            bool redeemable;
            /// Who holds the token owns the units; otherwise it is a claim on them.
            bool possessionIsOwnership;
            /// A holder other than the issuer may pass it on.
            bool transferable;
            /// The units exist; otherwise they are promised, and sold in presale.
            bool exists;
            /// Opens the issuer's sale of units that do not exist yet.
            uint64 presaleFrom;
            /// Ends it.
            uint64 presaleUntil;
            /// Opens redemption.
            uint64 redeemFrom;
            /// Ends it.
            uint64 redeemUntil;
            /// Who reports the units held; zero for the issuer.
            address custodian;
        }

        /// An item.
        struct Item {
            bytes32 item;
            address issuer;
            bytes32 identifier;
            Terms terms;
            /// Tokens made so far.
            uint64 minted;
            /// Tokens burned by redemption.
            uint64 redeemed;
            /// Units in custody, or promised while the item does not exist.
            uint64 unitsHeld;
            /// When a token was first passed on or leased by the issuer; zero if none was.
            uint64 firstSaleAt;
        }

        /// A token id and what it stands for.
        struct Token {
            uint256 id;
            bytes32 item;
            /// 1 and up, in order of minting; zero for interchangeable tokens.
            uint64 instance;
            /// The first of its units, counted from 1; zero for interchangeable tokens.
            uint64 firstUnit;
            /// Units that one token stands for.
            uint64 units;
            /// Who holds it; zero for interchangeable tokens and after redemption.
            address holder;
            /// Why it cannot move.
            Lock lock;
            /// See `link`.
            bytes32 link;
        }

        /// Tokens of one id in one account.
        struct Holding {
            uint256 id;
            uint256 amount;
            /// Of `amount`, listed, given, leased or being redeemed.
            uint256 locked;
        }

        /// A sale at a fixed price.
        struct Listing {
            address seller;
            uint256 id;
            /// Tokens still for sale; zero when it is over.
            uint256 amount;
            address currency;
            /// Of one token, in the currency's smallest unit.
            uint256 price;
            uint64 until;
        }

        /// A gift to somebody who may accept it.
        struct Gift {
            address sender;
            address recipient;
            uint256 id;
            uint256 amount;
            uint64 until;
            /// Hash of the message or picture that goes with it.
            bytes32 note;
            GiftState state;
        }

        /// Use of tokens until a time; the lessor stays their owner.
        struct Lease {
            address lessor;
            address lessee;
            uint256 id;
            uint256 amount;
            address currency;
            uint256 rent;
            uint64 until;
            LeaseState state;
        }

        /// Tokens handed in for their units.
        struct Redemption {
            address redeemer;
            uint256 id;
            uint256 amount;
            /// Hash of the delivery details, which are encrypted and off the ledger.
            bytes32 deliveryHash;
            /// Hash of the proof of delivery, or of the reason why there was none.
            bytes32 outcomeHash;
            uint64 requestedAt;
            uint64 endedAt;
            RedemptionState state;
        }

        // ERC-1155

        /// ERC-1155: tokens of one id moved; from zero when made, to zero when burned.
        event TransferSingle(address indexed operator, address indexed from, address indexed to, uint256 id, uint256 value);
        /// ERC-1155: tokens of several ids moved.
        event TransferBatch(address indexed operator, address indexed from, address indexed to, uint256[] ids, uint256[] values);
        /// ERC-1155: `operator` may, or may no longer, move all tokens of `account`.
        event ApprovalForAll(address indexed account, address indexed operator, bool approved);
        /// ERC-1155: where the metadata is changed; never left, since it does not.
        event URI(string value, uint256 indexed id);

        error ERC1155InsufficientBalance(address sender, uint256 balance, uint256 needed, uint256 tokenId);
        error ERC1155InvalidSender(address sender);
        /// The receiver is zero, or a contract that has not called `acceptTokens(true)`.
        error ERC1155InvalidReceiver(address receiver);
        error ERC1155MissingApprovalForAll(address operator, address owner);
        error ERC1155InvalidApprover(address approver);
        error ERC1155InvalidOperator(address operator);
        error ERC1155InvalidArrayLength(uint256 idsLength, uint256 valuesLength);

        /// ERC-1155: tokens of an id in an account, locked ones included.
        function balanceOf(address account, uint256 id) external view returns (uint256 balance);
        /// ERC-1155: the same for pairs of account and id.
        function balanceOfBatch(address[] accounts, uint256[] ids) external view returns (uint256[] balances);
        /// ERC-1155: lets `operator` transfer all tokens of the caller. It does not let him list, give, lease or redeem.
        function setApprovalForAll(address operator, bool approved) external;
        /// ERC-1155.
        function isApprovedForAll(address account, address operator) external view returns (bool approved);
        /// ERC-1155: moves tokens that are not locked. No receiver is called; `data` is ignored.
        function safeTransferFrom(address from, address to, uint256 id, uint256 value, bytes data) external;
        /// ERC-1155: the same for several ids, all or none.
        function safeBatchTransferFrom(address from, address to, uint256[] ids, uint256[] values, bytes data) external;
        /// ERC-1155: where a node serves the metadata, relative to its address; clients put the id for `{id}`.
        function uri(uint256 id) external view returns (string value);
        /// ERC-165.
        function supportsInterface(bytes4 interfaceId) external view returns (bool supported);

        // Receivers

        /// An account with code said whether it takes tokens.
        event TokensAccepted(address indexed account, bool accepted);

        /// Says whether the caller takes tokens; needed by accounts with code only.
        function acceptTokens(bool accepted) external;
        /// Whether a transfer to this account passes the receiver rule.
        function acceptsTokens(address account) external view returns (bool accepted);

        // Items

        /// An item was made.
        event ItemCreated(bytes32 indexed item, address indexed issuer, bytes32 identifier, Terms terms);
        /// Its attributes were replaced, before the first sale.
        event AttributesChanged(bytes32 indexed item, bytes32 before, bytes32 attributesHash);
        /// Its units exist now.
        event ItemExists(bytes32 indexed item, bytes32 attributesHash);
        /// Its custodian said how many units he holds; `unitsLive` is what tokens stand for.
        event ReserveReported(bytes32 indexed item, address indexed custodian, uint64 unitsHeld, uint64 unitsLive, bytes32 reportHash);
        /// A report on the condition of a token's units was added.
        event ConditionReported(uint256 indexed id, bytes32 indexed item, address indexed reporter, uint64 index, bytes32 reportHash);
        /// Tokens were made: `units` units each, from `firstUnit` on.
        event Minted(bytes32 indexed item, uint256 indexed id, address indexed to, uint64 instance, uint64 firstUnit, uint64 units, uint256 amount, bytes32 attributesHash, bytes32 link);

        error ItemAlreadyExists(bytes32 item);
        error UnknownItem(bytes32 item);
        error UnknownToken(uint256 id);
        error UnknownKind();
        /// Units must be a multiple of the units of a token, and neither zero.
        error InvalidUnits(uint64 units, uint64 unitsPerToken);
        /// A window that ends before it opens, or that is already over.
        error InvalidWindow(uint64 from, uint64 until);
        error AttributesHashIsZero();
        /// The caller expects other attributes than the item's.
        error WrongAttributes(bytes32 expected, bytes32 attributesHash);
        /// Attributes do not change after the first sale.
        error AttributesAreFinal(bytes32 item, uint64 firstSaleAt);
        error AlreadyInExistence(bytes32 item);
        /// Only the issuer may do this.
        error NotIssuer(address caller, address issuer);
        /// Only the custodian may do this.
        error NotCustodian(address caller, address custodian);
        /// More units are reported as held than there can be.
        error TooManyUnitsHeld(uint64 unitsHeld, uint64 most);
        /// Tokens would stand for more units than there are.
        error UnitsExhausted(bytes32 item, uint64 units, uint256 needed);
        /// Tokens would stand, or stand already, for more units than are held.
        error Insolvent(bytes32 item, uint64 unitsHeld, uint256 unitsLive);

        /// Makes an item of the caller; its key is `itemKey(caller, identifier)`.
        function createItem(bytes32 identifier, Terms terms) external returns (bytes32 item);
        /// Replaces the attributes; by the issuer, before the first sale.
        function changeAttributes(bytes32 item, bytes32 attributesHash) external;
        /// Says that the units exist now, with the attributes that were promised; by the issuer, once.
        function declareExistence(bytes32 item, bytes32 attributesHash) external;
        /// Says how many units are in custody; by the custodian. Below what tokens stand for, nothing is made or sold.
        function reportReserve(bytes32 item, uint64 unitsHeld, bytes32 reportHash) external;
        /// Adds a report on the condition of a token's units; by the issuer or the custodian. Nothing is ever removed.
        function reportCondition(uint256 id, bytes32 reportHash) external;
        /// Makes tokens for the issuer, up to the units of the item; at most 100 at once where each has its own id.
        function mint(bytes32 item, uint64 tokens) external returns (uint256 firstId);

        // Locks and rules of every transfer

        error ZeroAmount();
        error ZeroAddress();
        /// Both sides are the same account.
        error SameParty(address party);
        /// Of the balance, the rest is listed, given, leased or being redeemed.
        error TokensLocked(address owner, uint256 unlocked, uint256 needed, uint256 id);
        /// A holder of this item's tokens may not pass them on.
        error NotTransferable(uint256 id);
        /// The caller has no part in this.
        error NotParty(address caller);
        /// A product is over 2^256.
        error AmountOverflow();
        error TooManyAtOnce(uint256 length, uint256 most);
        error PageTooLarge(uint64 count, uint64 most);

        // Sale

        /// Tokens are for sale, `price` each.
        event Listed(uint256 indexed id, address indexed seller, uint64 indexed listing, bytes32 item, uint256 amount, address currency, uint256 price, uint64 until, bytes32 attributesHash);
        /// The rest of a listing was taken off the market.
        event Unlisted(uint256 indexed id, address indexed seller, uint64 indexed listing, uint256 amount);
        /// Tokens changed owner for `paid` in all. `units` is what one token stands for.
        event Sold(uint256 indexed id, address indexed seller, address indexed buyer, uint64 listing, bytes32 item, uint256 amount, uint64 units, address currency, uint256 paid, bytes32 attributesHash, bytes32 link);

        error UnknownListing(uint64 listing);
        error PriceIsZero();
        error NotEnoughListed(uint64 listing, uint256 amount, uint256 needed);
        error ListingExpired(uint64 until);
        /// Before the presale opens.
        error PresaleNotOpen(uint64 presaleFrom);
        /// After it ended, and the item does not exist yet.
        error PresaleOver(uint64 presaleUntil);

        /// Offers tokens at a price each, in a currency of `cash`, until a time (zero: until sold); they are locked.
        function list(uint256 id, uint256 amount, address currency, uint256 price, uint64 until) external returns (uint64 listing);
        /// Unlocks what is left; by the seller, or by anyone when it has expired.
        function unlist(uint64 listing) external;
        /// Pays and receives in one. The buyer says which attributes he buys, and has let this contract take the money.
        function buy(uint64 listing, uint256 amount, bytes32 attributesHash) external;

        // Gift and giveaway

        /// A gift waits for its recipient; the sender is still the owner.
        event GiftOffered(uint256 indexed id, address indexed sender, address indexed recipient, uint64 gift, bytes32 item, uint256 amount, uint64 until, bytes32 note);
        /// The recipient accepted, and is the owner.
        event Gifted(uint256 indexed id, address indexed sender, address indexed recipient, uint64 gift, bytes32 item, uint256 amount, uint64 units, bytes32 note, bytes32 attributesHash, bytes32 link);
        /// The sender has it back.
        event GiftTakenBack(uint256 indexed id, address indexed sender, address indexed recipient, uint64 gift, uint256 amount);
        /// Tokens changed owner at once, for nothing.
        event GivenAway(uint256 indexed id, address indexed sender, address indexed recipient, bytes32 item, uint256 amount, uint64 units, bytes32 attributesHash, bytes32 link);

        error UnknownGift(uint64 gift);
        /// It was accepted or taken back.
        error GiftIsOver(uint64 gift);
        error GiftExpired(uint64 until);

        /// Offers tokens to a recipient, who may accept until a time; they are locked.
        function gift(uint256 id, uint256 amount, address recipient, uint64 until, bytes32 note) external returns (uint64 number);
        /// Accepts; by the recipient.
        function acceptGift(uint64 number) external;
        /// Unlocks the tokens; by the sender, or by anyone when it has expired.
        function takeBackGift(uint64 number) external;
        /// Gives `amount` to each recipient at once: nobody pays, nobody has to accept. At most 100 recipients.
        function giveAway(uint256 id, uint256 amount, address[] recipients) external;

        // Lease

        /// Use of tokens is offered for a rent.
        event LeaseOffered(uint256 indexed id, address indexed lessor, address indexed lessee, uint64 lease, bytes32 item, uint256 amount, address currency, uint256 rent, uint64 until);
        /// The rent is paid and the lessee has the use of the tokens.
        event Leased(uint256 indexed id, address indexed lessor, address indexed lessee, uint64 lease, bytes32 item, uint256 amount, uint64 units, address currency, uint256 rent, uint64 until, bytes32 attributesHash, bytes32 link);
        /// The lessor has the use of them again; `taken` is false for an offer that nobody took.
        event LeaseEnded(uint256 indexed id, address indexed lessor, address indexed lessee, uint64 lease, uint256 amount, bool taken);

        error UnknownLease(uint64 lease);
        /// It was taken already, or has ended.
        error LeaseNotOffered(uint64 lease);
        error LeaseIsOver(uint64 lease);
        error LeaseExpired(uint64 until);
        /// The lease runs, and only the lessee can end it before this time.
        error LeaseRuns(uint64 until);

        /// Offers the use of tokens until a time for a rent (zero: none, and then no currency); they are locked.
        function offerLease(uint256 id, uint256 amount, address lessee, uint64 until, address currency, uint256 rent) external returns (uint64 number);
        /// Pays the rent and takes the lease; by the lessee, who says which attributes he takes.
        function takeLease(uint64 number, bytes32 attributesHash) external;
        /// Gives the tokens back: an offer by the lessor, a lease by the lessee, either by anyone when its time is up.
        function endLease(uint64 number) external;

        // Redemption

        /// Tokens are frozen, and their units are to be delivered.
        event RedemptionRequested(bytes32 indexed redemption, uint256 indexed id, address indexed redeemer, bytes32 item, uint256 amount, uint64 units, bytes32 deliveryHash);
        /// The units were delivered and the tokens burned.
        event Redeemed(bytes32 indexed redemption, uint256 indexed id, address indexed redeemer, bytes32 item, uint64 instance, uint256 amount, uint64 units, bytes32 deliveryHash, bytes32 proofHash, bytes32 attributesHash, bytes32 link);
        /// Nothing was delivered, and the tokens are free again.
        event RedemptionFailed(bytes32 indexed redemption, uint256 indexed id, address indexed redeemer, uint256 amount, bytes32 reasonHash);

        error NotRedeemable(uint256 id);
        /// The units do not exist yet; redemption does not open before `redeemFrom` in any case.
        error NotYetInExistence(bytes32 item, uint64 redeemFrom);
        error TooEarly(uint64 redeemFrom);
        error TooLate(uint64 redeemUntil);
        error UnknownRedemption(bytes32 redemption);
        /// The redemption id was used with other terms.
        error RedemptionIdSpent(bytes32 redemption);
        /// It ended otherwise.
        error RedemptionIsFinal(bytes32 redemption, RedemptionState state);
        error HashIsZero();

        /// Hands in tokens of the caller. The same id with the same terms changes nothing.
        function requestRedemption(bytes32 redemption, uint256 id, uint256 amount, bytes32 deliveryHash) external;
        /// The units were delivered; by the item's issuer. The same again changes nothing.
        function fulfilRedemption(bytes32 redemption, bytes32 proofHash) external;
        /// They were not; by the item's issuer. The same again changes nothing.
        function failRedemption(bytes32 redemption, bytes32 reasonHash) external;

        // Views. A page begins at index `start` and has at most `count` rows, 100 at most.

        /// keccak256(abi.encode(issuer, identifier)).
        function itemKey(address issuer, bytes32 identifier) external view returns (bytes32 item);
        /// The id of a token: keccak256(abi.encode(item, instance)); of interchangeable tokens the item itself, instance zero.
        function tokenId(bytes32 item, uint64 instance) external view returns (uint256 id);
        /// An item by its key.
        function item(bytes32 key) external view returns (Item found);
        /// Items in order of making.
        function items(uint64 start, uint64 count) external view returns (Item[] page, uint64 total);
        /// A token id and what it stands for.
        function token(uint256 id) external view returns (Token found);
        /// Tokens of an item in order of minting; one row for interchangeable tokens.
        function tokensOfItem(bytes32 key, uint64 start, uint64 count) external view returns (Token[] page, uint64 total);
        /// Tokens of an account, in no order.
        function tokensOfOwner(address owner, uint64 start, uint64 count) external view returns (Holding[] page, uint64 total);
        /// Of a balance, what cannot move.
        function lockedOf(address owner, uint256 id) external view returns (uint256 amount);
        /// keccak256(abi.encode(keccak256("counterfoil.token.link"), chain id, this contract, id, item, instance, first unit, units, attributes hash)).
        function link(uint256 id) external view returns (bytes32 hash);
        /// Units that live tokens stand for, units held, and whether the second covers the first.
        function solvency(bytes32 key) external view returns (uint64 unitsLive, uint64 unitsHeld, bool solvent);
        /// Reports on a token's units in order of time.
        function conditions(uint256 id, uint64 start, uint64 count) external view returns (bytes32[] page, uint64 total);
        /// Listings, gifts and leases are numbered together from 1; this is the last number.
        function lastOffer() external view returns (uint64 number);
        /// A listing by its number; its amount is zero when it is over.
        function listingOf(uint64 number) external view returns (Listing found);
        /// A gift by its number.
        function giftOf(uint64 number) external view returns (Gift found);
        /// A lease by its number.
        function leaseOf(uint64 number) external view returns (Lease found);
        /// A redemption by the id that its redeemer chose.
        function redemptionOf(bytes32 redemption) external view returns (Redemption found);
        /// Redemptions of an item's tokens in order of request.
        function redemptionsOfItem(bytes32 key, uint64 start, uint64 count) external view returns (bytes32[] page, uint64 total);
    }
}
