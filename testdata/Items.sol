// SPDX-License-Identifier: MIT
// OpenZeppelin's ERC1155 with tokens for whoever asks: what `token` is compared with, call by call.
// `compile.mjs` beside this file turns it into `items.json`.
pragma solidity ^0.8.24;

import {ERC1155} from "@openzeppelin/contracts/token/ERC1155/ERC1155.sol";

contract Items is ERC1155 {
    constructor() ERC1155("/token/{id}.json") {}

    function make(address to, uint256 id, uint256 amount) external {
        _mint(to, id, amount, "");
    }
}
