// SPDX-License-Identifier: MIT OR Apache-2.0
// The contract that the client flows deploy. `noted.json` holds its ABI and bytecode, made from this file with solc
// 0.8.37: optimizer 200 runs, EVM version cancun, no bytecode hash.
pragma solidity ^0.8.24;

/// Notes a number and a text for whoever calls, and fails in each of the ways that a contract can.
contract Noted {
    /// What `take` reverts with: an error with data, which clients decode by its selector.
    error Insufficient(address who, uint256 available, uint256 wanted);

    event Note(address indexed who, uint256 indexed number, string text);

    uint256 public count; // slot 0
    mapping(address => uint256) public numberOf; // slot 1

    constructor(uint256 start) payable {
        count = start;
    }

    /// So that a delegated account can still be paid.
    receive() external payable {}

    function note(uint256 number, string calldata text) external payable returns (uint256) {
        count += 1;
        numberOf[msg.sender] = number;
        emit Note(msg.sender, number, text);
        return count;
    }

    function take(uint256 wanted) external {
        uint256 available = numberOf[msg.sender];
        if (available < wanted) revert Insufficient(msg.sender, available, wanted);
        numberOf[msg.sender] = available - wanted;
    }

    function refuse() external pure {
        require(false, "refused in words");
    }

    function divide(uint256 by) external pure returns (uint256) {
        return 1 / by;
    }
}
