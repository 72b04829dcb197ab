// SPDX-License-Identifier: MIT
// The ERC-20 token of the benchmark and of the demo: OpenZeppelin's, with the whole supply minted to whoever deploys it.
// `compile.mjs` beside this file turns it into `erc20.json`.
pragma solidity ^0.8.24;

import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";

contract Token is ERC20 {
    constructor() ERC20("Counterfoil Test Token", "CFT") {
        _mint(msg.sender, 1_000_000_000 * 10 ** decimals());
    }
}
