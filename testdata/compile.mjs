// Turns Token.sol into erc20.json, Euro.sol into euro.json and Items.sol into items.json. Run it only when they change, in any folder that holds the two packages:
//   npm install solc@0.8.37 @openzeppelin/contracts@5.7.0 && node PATH/TO/testdata/compile.mjs
// The evm version is cancun so that the bytecode also runs on nodes that stop there.
import { readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";

const require = createRequire(join(process.cwd(), "package.json"));
const solc = require("solc");
const openzeppelin = require("@openzeppelin/contracts/package.json");
const here = import.meta.dirname;

const targets = [
  ["Token", "erc20.json"],
  ["Euro", "euro.json"],
  ["Items", "items.json"],
];

function readImport(path) {
  try {
    return { contents: readFileSync(join(process.cwd(), "node_modules", path), "utf8") };
  } catch (problem) {
    return { error: String(problem) };
  }
}

for (const [name, file] of targets) {
  const source = `${name}.sol`;
  const input = {
    language: "Solidity",
    sources: { [source]: { content: readFileSync(join(here, source), "utf8") } },
    settings: {
      evmVersion: "cancun",
      optimizer: { enabled: true, runs: 200 },
      outputSelection: { [source]: { [name]: ["abi", "evm.bytecode.object"] } },
    },
  };
  const output = JSON.parse(solc.compile(JSON.stringify(input), { import: readImport }));
  for (const message of output.errors ?? []) console.error(message.formattedMessage);
  const contract = output.contracts?.[source]?.[name];
  if (!contract) process.exit(1);
  const compiled = {
    source,
    license: "MIT",
    compiler: solc.version(),
    libraries: { [openzeppelin.name]: openzeppelin.version },
    abi: contract.abi,
    bytecode: "0x" + contract.evm.bytecode.object,
  };
  writeFileSync(join(here, file), JSON.stringify(compiled, null, 1) + "\n");
}
