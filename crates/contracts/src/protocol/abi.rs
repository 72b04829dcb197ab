//! The room's Solidity interface.

use alloy_sol_types::sol;

sol! {
    /// Which protocol version is in force, which one comes next, and what the members decide outside of any room.
    #[sol(abi)]
    #[derive(Debug, PartialEq, Eq)]
    interface IProtocol {
        /// No program of today knows this version.
        error UnknownVersion(uint32 version, uint32 newest);
        /// Versions only rise.
        error VersionNotRising(uint32 version, uint32 inForce);
        /// An activation needs an epoch that has not begun.
        error EpochNotAhead(uint64 epoch, uint64 current);
        /// The committee has several members: one signature decides nothing.
        error SeveralMembers();
        /// Not a signature of the committee's only member over these terms on this chain at this place in the sequence.
        error InvalidSignature();

        /// The room is not open at the version in force.
        error RoomNotOpen(string room);

        /// `version` comes into force at the first block of `epoch`.
        event UpgradeScheduled(uint32 indexed version, uint64 epoch);

        /// The version in force; 0 on a chain that has no rooms but this one.
        function version() external view returns (uint32);
        /// What was scheduled and has not come into force; zeros if nothing was.
        function scheduled() external view returns (uint32 version, uint64 epoch);
        /// How often anything was signed: part of what the next signature covers, so that no signature counts twice.
        function sequence() external view returns (uint64);
        /// The epoch of this block.
        function epoch() external view returns (uint64);

        /// Schedules `version` for the first block of `epoch`, in place of what was scheduled before. Anyone may send it.
        function schedule(uint32 version, uint64 epoch, bytes calldata signature) external;
        /// Appoints who creates currencies in `cash`, in place of whoever did. Anyone may send it.
        function appointGovernor(address governor, bytes calldata signature) external;
    }
}
