// SPDX-License-Identifier: MIT
// OpenZeppelin's ERC20 and ERC20Permit under the name of our euro: what `cash` is compared with, call by call.
// `compile.mjs` beside this file turns it into `euro.json`.
pragma solidity ^0.8.24;

import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";
import {ERC20Permit} from "@openzeppelin/contracts/token/ERC20/extensions/ERC20Permit.sol";

contract Euro is ERC20Permit {
    address private immutable issuer = msg.sender;

    error NotIssuer(address caller);

    constructor() ERC20("Euro", "EUR") ERC20Permit("Euro") {}

    function decimals() public pure override returns (uint8) {
        return 2;
    }

    function mint(address to, uint256 amount, bytes32) external {
        require(msg.sender == issuer, NotIssuer(msg.sender));
        _mint(to, amount);
    }

    function burn(uint256 amount, bytes32) external {
        require(msg.sender == issuer, NotIssuer(msg.sender));
        _burn(msg.sender, amount);
    }
}
