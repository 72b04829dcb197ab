//! The ABI of money: [`ICashFactory`] at the room's address, [`ICash`] at the address of each currency.
//!
//! ERC-20 with the errors of ERC-6093, EIP-2612, EIP-5267; what has no standard is ours. `referenceId` is 32 bytes that mean
//! something to who wrote them (`reference` and `final` are reserved words of Solidity).

#![expect(clippy::too_many_arguments, reason = "the standards and the events of holds have so many")]

use alloy_sol_types::sol;

sol! {
    /// Makes one currency contract for each ISO 4217 code.
    #[sol(abi)]
    #[derive(Debug, PartialEq, Eq)]
    interface ICashFactory {
        /// A currency is there from now on.
        event Created(string code, address indexed currency, address indexed issuer, uint8 decimals);
        /// Another account may create currencies from now on.
        event GovernorChanged(address indexed previous, address indexed governor);

        /// Only the governor may do this.
        error NotGovernor(address caller);
        /// No active ISO 4217 code of an exponent from 0 to 3 is written like this (three capital letters).
        error UnknownCode(string code);
        /// The currency was created before.
        error CurrencyExists(address currency);
        /// The zero address, or an address that only native contracts have, cannot hold an office.
        error InvalidOfficer(address account);

        /// @notice Creates a currency. Its address is the room's with the code as ASCII in the last three bytes.
        /// @dev Only the governor.
        /// @param code ISO 4217, such as "EUR".
        /// @param issuer Who may mint, burn, pause and freeze.
        /// @return currency Where it is.
        function create(string calldata code, address issuer) external returns (address currency);
        /// @notice Hands the office of the governor to another account.
        /// @dev Only the governor. The members can at any time: `appointGovernor` of the protocol room.
        function appoint(address governor) external;
        /// @notice Who may create currencies; the zero address if nobody may.
        function governor() external view returns (address account);
        /// @notice The contract of a currency; the zero address if it was not created.
        function currencyOf(string calldata code) external view returns (address currency);
        /// @notice All currencies in the order of their creation.
        function currencies() external view returns (address[] memory list);
    }

    /// A currency: an ERC-20 with memos, an issuer, and two-step money that is made for retries.
    #[sol(abi)]
    #[derive(Debug, PartialEq, Eq)]
    interface ICash {
        /// Where a hold stands.
        enum HoldState {
            /// The id was never used.
            Unknown,
            /// Money is held.
            Open,
            /// Closed by a final capture.
            Captured,
            /// Closed by a release.
            Released,
            /// A tombstone: voided before it was placed.
            Voided
        }

        /// A hold, as `holds` tells it.
        struct Hold {
            /// Where it stands.
            HoldState state;
            /// Who placed it and may adjust, capture and release it.
            address operator;
            /// Whose money it is.
            address from;
            /// To whom captures go.
            address to;
            /// What was held first.
            uint256 firstAmount;
            /// What is held in all, as last adjusted.
            uint256 amount;
            /// What of it went to `to`.
            uint256 captured;
            /// What of it was given back when it closed.
            uint256 released;
            /// Seconds since 1970; from then on nothing is captured and anyone may release.
            uint64 expiry;
            /// As given to `hold`.
            bytes32 referenceId;
        }

        /// ERC-20.
        event Transfer(address indexed from, address indexed to, uint256 value);
        /// ERC-20.
        event Approval(address indexed owner, address indexed spender, uint256 value);
        /// Follows the `Transfer` that the memo belongs to.
        event Memo(address indexed from, address indexed to, bytes32 indexed memo, uint256 value);
        /// Follows the `Transfer` of new money.
        event Minted(address indexed to, bytes32 indexed referenceId, uint256 amount);
        /// Follows the `Transfer` of money that is no more.
        event Burned(address indexed from, bytes32 indexed referenceId, uint256 amount);
        /// Nothing moves from now on.
        event Paused(address account);
        /// Money moves again.
        event Unpaused(address account);
        /// This account's money stays where it is.
        event Frozen(address indexed account);
        /// This account's money moves again.
        event Unfrozen(address indexed account);
        /// The issuer offers its office; the zero address takes the offer back.
        event IssuerOffered(address indexed issuer, address indexed successor);
        /// The successor took the office.
        event IssuerChanged(address indexed previous, address indexed issuer);
        /// `operator` may hold money of `owner`; `cap` is the most that it may have captured and hold, in all.
        event OperatorApproval(address indexed owner, address indexed operator, uint256 cap);
        /// Money is held.
        event Held(
            bytes32 indexed id,
            address indexed from,
            address indexed to,
            address operator,
            uint256 amount,
            uint64 expiry,
            bytes32 referenceId
        );
        /// More or less is held. `referenceId` is this adjustment's, `holdReferenceId` the hold's.
        event Adjusted(
            bytes32 indexed id,
            address indexed from,
            address indexed to,
            bytes32 referenceId,
            uint256 previousAmount,
            uint256 amount,
            bytes32 holdReferenceId
        );
        /// Held money went to `to`: `amount` now, `captured` in all, and `released` went back because this was final.
        event Captured(
            bytes32 indexed id,
            address indexed from,
            address indexed to,
            bytes32 referenceId,
            uint256 amount,
            uint256 captured,
            uint256 released,
            bool isFinal,
            bytes32 holdReferenceId
        );
        /// The hold is closed, and `amount` is `from`'s to spend again; `captured` had gone to `to`.
        event Released(
            bytes32 indexed id,
            address indexed from,
            address indexed to,
            address by,
            uint256 amount,
            uint256 captured,
            bytes32 holdReferenceId
        );
        /// No hold will ever have this id; there never were parties, amounts or a reference.
        event Voided(bytes32 indexed id, address indexed operator);

        /// ERC-6093.
        error ERC20InsufficientBalance(address sender, uint256 balance, uint256 needed);
        /// ERC-6093.
        error ERC20InvalidSender(address sender);
        /// ERC-6093.
        error ERC20InvalidReceiver(address receiver);
        /// ERC-6093.
        error ERC20InsufficientAllowance(address spender, uint256 allowance, uint256 needed);
        /// ERC-6093.
        error ERC20InvalidApprover(address approver);
        /// ERC-6093.
        error ERC20InvalidSpender(address spender);
        /// The permit's deadline has passed.
        error ERC2612ExpiredSignature(uint256 deadline);
        /// The permit was signed by another than the owner, or over other terms.
        error ERC2612InvalidSigner(address signer, address owner);
        /// No key made this signature.
        error ECDSAInvalidSignature();
        /// The signature's `s` lies in the upper half (EIP-2).
        error ECDSAInvalidSignatureS(bytes32 s);
        /// The currency is paused.
        error EnforcedPause();
        /// The account is frozen.
        error AccountFrozen(address account);
        /// Only the issuer may do this.
        error NotIssuer(address caller);
        /// Only the account to which the issuer offered its office may take it.
        error NotSuccessor(address caller);
        /// The supply would exceed 2^120 - 1.
        error SupplyOverflow(uint256 supply, uint256 amount);
        /// The balance would suffice, but part of it is held.
        error InsufficientAvailable(address account, uint256 available, uint256 needed);
        /// An amount of zero is meant by nobody.
        error ZeroAmount();
        /// `from` and `to` of a hold are the same account.
        error HoldToSelf(address account);
        /// The zero address or the owner itself as operator.
        error InvalidOperator(address operator);
        /// `operator` has captured and holds `used`, and `needed` more exceeds what `owner` approved.
        error OperatorCapExceeded(address owner, address operator, uint256 cap, uint256 used, uint256 needed);
        /// No hold has this id.
        error UnknownHold(bytes32 id);
        /// The id was used before, with other terms or for a tombstone; ids stay spent for ever.
        error HoldSpent(bytes32 id);
        /// The hold's reference was used before, with other terms.
        error ReferenceSpent(bytes32 id, bytes32 referenceId);
        /// The hold is closed or a tombstone.
        error HoldClosed(bytes32 id, HoldState state);
        /// The hold ended at `expiry`.
        error HoldExpired(bytes32 id, uint64 expiry, uint64 time);
        /// A hold cannot begin at or after its end.
        error ExpiryPassed(uint64 expiry, uint64 time);
        /// Only who placed the hold may do this; before its expiry `to` may release it too.
        error NotHoldOperator(bytes32 id, address caller);
        /// More is captured than is left of the hold.
        error CaptureExceedsHold(bytes32 id, uint256 remaining, uint256 amount);
        /// A hold cannot become smaller than what was captured of it.
        error AdjustBelowCaptured(bytes32 id, uint256 captured, uint256 newAmount);
        /// There is no currency at this address.
        error NotCurrency(address account);

        /// @notice The currency's name in ISO 4217.
        function name() external view returns (string memory text);
        /// @notice The ISO 4217 code.
        function symbol() external view returns (string memory code);
        /// @notice The ISO 4217 exponent: 0 to 3. All amounts count the smallest unit.
        function decimals() external view returns (uint8 exponent);
        /// @notice All money of this currency.
        function totalSupply() external view returns (uint256 amount);
        /// @notice An account's money, what is held of it included.
        function balanceOf(address account) external view returns (uint256 amount);
        /// @notice Moves the caller's available money.
        function transfer(address to, uint256 value) external returns (bool done);
        /// @notice What `spender` may still take from `owner`.
        function allowance(address owner, address spender) external view returns (uint256 amount);
        /// @notice Lets `spender` take this much; 2^256 - 1 is without limit.
        function approve(address spender, uint256 value) external returns (bool done);
        /// @notice Moves money that its owner allowed the caller to take.
        function transferFrom(address from, address to, uint256 value) external returns (bool done);
        /// @notice `transfer` with 32 bytes for the receiver's books.
        function transferWithMemo(address to, uint256 value, bytes32 memo) external returns (bool done);
        /// @notice `transferFrom` with 32 bytes for the receiver's books.
        function transferFromWithMemo(address from, address to, uint256 value, bytes32 memo) external returns (bool done);

        /// @notice EIP-2612: `approve` by signature.
        function permit(address owner, address spender, uint256 value, uint256 deadline, uint8 v, bytes32 r, bytes32 s) external;
        /// @notice EIP-2612: how many permits of this owner were used.
        function nonces(address owner) external view returns (uint256 count);
        /// @notice EIP-2612: hash of the EIP-712 domain.
        function DOMAIN_SEPARATOR() external view returns (bytes32 separator);
        /// @notice EIP-5267: the fields of the EIP-712 domain.
        function eip712Domain() external view returns (
            bytes1 fields,
            string memory name,
            string memory version,
            uint256 chainId,
            address verifyingContract,
            bytes32 salt,
            uint256[] memory extensions
        );

        /// @notice Who may mint, burn, pause and freeze.
        function issuer() external view returns (address account);
        /// @notice To whom the issuer offers its office; the zero address if to nobody.
        function successor() external view returns (address account);
        /// @notice The issuer offers its office; the zero address takes the offer back.
        function offerIssuer(address account) external;
        /// @notice The successor takes the office.
        function acceptIssuer() external;
        /// @notice The issuer makes money.
        function mint(address to, uint256 amount, bytes32 referenceId) external;
        /// @notice The issuer destroys available money of its own.
        function burn(uint256 amount, bytes32 referenceId) external;
        /// @notice Whether the currency is paused.
        function paused() external view returns (bool yes);
        /// @notice The issuer stops the currency; nothing if it is stopped.
        function pause() external;
        /// @notice The issuer lets it go on; nothing if it is not stopped.
        function unpause() external;
        /// @notice Whether an account is frozen.
        function frozen(address account) external view returns (bool yes);
        /// @notice The issuer freezes an account; nothing if it is frozen.
        function freeze(address account) external;
        /// @notice The issuer thaws it; nothing if it is not frozen.
        function unfreeze(address account) external;

        /// @notice The caller lets `operator` hold its money, up to `cap` captured and held in all; 2^256 - 1 is without limit.
        /// @dev The cap does not start anew: what the operator used before counts. Zero ends it for new holds.
        function approveOperator(address operator, uint256 cap) external;
        /// @notice What an operator may have captured and hold in all, and how much of it is used.
        function operatorCap(address owner, address operator) external view returns (uint256 cap, uint256 used);
        /// @notice Holds money of `from` for `to`.
        /// @dev By `from`, or by an operator within its cap. Again with the same terms: nothing happens.
        /// @param id Whatever 32 bytes the caller never used; a salted hash, so that nobody can guess it.
        /// @param expiry Seconds since 1970.
        function hold(bytes32 id, address from, address to, uint256 amount, uint64 expiry, bytes32 referenceId) external;
        /// @notice Makes an open hold larger or smaller: `newAmount` in all, what was captured included.
        /// @dev By the hold's operator, before its expiry. Again with the same terms: nothing happens.
        /// @param referenceId Names this step of this hold; adjustments and captures share one set of names.
        function adjust(bytes32 id, bytes32 referenceId, uint256 newAmount) external;
        /// @notice Moves held money to `to`; if it is final, the rest is `from`'s to spend again.
        /// @dev By the hold's operator, before its expiry. Again with the same terms: nothing happens.
        function capture(bytes32 id, bytes32 referenceId, uint256 amount, bool isFinal) external;
        /// @notice Closes a hold; what was not captured is `from`'s to spend again.
        /// @dev By the hold's operator or `to`; by anyone from its expiry on. Again: nothing happens.
        function release(bytes32 id) external;
        /// @notice Spends an id that was never seen, so that a hold that comes late is refused. Again: nothing happens.
        function void(bytes32 id) external;
        /// @notice A hold by its id.
        function holds(bytes32 id) external view returns (Hold memory found);
        /// @notice Whether an adjustment or capture of this name was done.
        function isSpent(bytes32 id, bytes32 referenceId) external view returns (bool yes);
        /// @notice What is held of an account's money.
        function held(address account) external view returns (uint256 amount);
        /// @notice What an account can spend: balance less held.
        function available(address account) external view returns (uint256 amount);
    }
}
