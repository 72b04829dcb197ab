// Turns Token.sol into erc20.json, Euro.sol into euro.json and Items.sol into items.json, and keeps in layouts.json what the
// compiler says of the storage in Layouts.sol. Run it only when they change, in any folder that holds the two packages:
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

/** What the compiler makes of `source`: of every contract in it, by name, what `wanted` says. */
function compile(source, wanted) {
  const input = {
    language: "Solidity",
    sources: { [source]: { content: readFileSync(join(here, source), "utf8") } },
    settings: {
      evmVersion: "cancun",
      optimizer: { enabled: true, runs: 200 },
      outputSelection: { [source]: { "*": wanted } },
    },
  };
  const output = JSON.parse(solc.compile(JSON.stringify(input), { import: readImport }));
  for (const message of output.errors ?? []) console.error(message.formattedMessage);
  if (!output.contracts?.[source]) process.exit(1);
  return output.contracts[source];
}

function write(file, source, content) {
  const text = JSON.stringify({ source, license: "MIT", compiler: solc.version(), ...content }, null, 1);
  writeFileSync(join(here, file), text + "\n");
}

for (const [name, file] of targets) {
  const source = `${name}.sol`;
  const contract = compile(source, ["abi", "evm.bytecode.object"])[name];
  const libraries = { [openzeppelin.name]: openzeppelin.version };
  write(file, source, { libraries, abi: contract.abi, bytecode: "0x" + contract.evm.bytecode.object });
}

const layouts = Object.entries(compile("Layouts.sol", ["storageLayout"]));
const contracts = Object.fromEntries(layouts.map(([name, contract]) => [name, contract.storageLayout]));
write("layouts.json", "Layouts.sol", { contracts });
