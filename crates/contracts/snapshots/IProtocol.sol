interface IProtocol {
    error DelegateCall();
    error EpochNotAhead(uint64 epoch, uint64 current);
    error InvalidCalldata();
    error InvalidSignature();
    error NotPayable();
    error RoomNotOpen(string room);
    error SeveralMembers();
    error StaticCall();
    error UnknownSelector(bytes4 selector);
    error UnknownVersion(uint32 version, uint32 newest);
    error VersionNotRising(uint32 version, uint32 inForce);

    event UpgradeScheduled(uint32 indexed version, uint64 epoch);

    function appointGovernor(address governor, bytes memory signature) external;
    function epoch() external view returns (uint64);
    function schedule(uint32 version, uint64 epoch, bytes memory signature) external;
    function scheduled() external view returns (uint32 version, uint64 epoch);
    function sequence() external view returns (uint64);
    function version() external view returns (uint32);
}
