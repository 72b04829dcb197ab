// Turns Token.sol into erc20.json. Run it only when Token.sol changes, in any folder that holds the two packages:
//   npm install solc@0.8.37 @openzeppelin/contracts@5.7.0 && node PATH/TO/testdata/compile.mjs
// The evm version is cancun so that the bytecode also runs on nodes that stop there.
import { readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";

const require = createRequire(join(process.cwd(), "package.json"));
const solc = require("solc");
const openzeppelin = require("@openzeppelin/contracts/package.json");
const here = import.meta.dirname;

const input = {
  language: "Solidity",
  sources: { "Token.sol": { content: readFileSync(join(here, "Token.sol"), "utf8") } },
  settings: {
    evmVersion: "cancun",
    optimizer: { enabled: true, runs: 200 },
    outputSelection: { "Token.sol": { Token: ["abi", "evm.bytecode.object"] } },
  },
};

function readImport(path) {
  try {
    return { contents: readFileSync(join(process.cwd(), "node_modules", path), "utf8") };
  } catch (problem) {
    return { error: String(problem) };
  }
}

const output = JSON.parse(solc.compile(JSON.stringify(input), { import: readImport }));
for (const message of output.errors ?? []) console.error(message.formattedMessage);
const token = output.contracts?.["Token.sol"]?.Token;
if (!token) process.exit(1);

const file = {
  source: "Token.sol",
  license: "MIT",
  compiler: solc.version(),
  libraries: { [openzeppelin.name]: openzeppelin.version },
  abi: token.abi,
  bytecode: "0x" + token.evm.bytecode.object,
};
writeFileSync(join(here, "erc20.json"), JSON.stringify(file, null, 1) + "\n");
