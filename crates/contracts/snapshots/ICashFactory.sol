interface ICashFactory {
    error CurrencyExists(address currency);
    error DelegateCall();
    error InvalidCalldata();
    error InvalidOfficer(address account);
    error NotGovernor(address caller);
    error NotPayable();
    error StaticCall();
    error UnknownCode(string code);
    error UnknownSelector(bytes4 selector);

    event Created(string code, address indexed currency, address indexed issuer, uint8 decimals);
    event GovernorChanged(address indexed previous, address indexed governor);

    function appoint(address governor) external;
    function create(string memory code, address issuer) external returns (address currency);
    function currencies() external view returns (address[] memory list);
    function currencyOf(string memory code) external view returns (address currency);
    function governor() external view returns (address account);
}
