"""Replays blocks through EELS, the Python reference of the execution layer, and compares.

Called by `cargo xtask test` (xtask/src/judges/eels.rs) on the blocks that
`cargo run --release -p evm --example eels_cases` executed with our own executor.

    replay.py CASES.jsonl --results RESULTS.jsonl [--no-coverage]

One line of CASES is one block on its own pre-state; numbers are JSON integers or 0x strings, bytes are 0x strings:

    { "name": "seed 17", "fork": "Osaka", "chainId": 31337,
      "env": { "number", "timestamp", "gasLimit", "coinbase", "prevRandao", "parentHash",
               "baseFee": 0, "difficulty": 0, "excessBlobGas": 0, "parentBeaconRoot": zero,
               "blockHashes": [oldest .. parent] },
      "alloc": { address: { "nonce", "balance", "code", "storage": { slot: value } } },
      "txs": [ raw EIP-2718 bytes ],
      "expected": { "stateRoot", "receiptsRoot", "logsBloom", "gasUsed",
                    "receipts": [ { "status", "gasUsed", "logs" } ] } }

`expected` must hold the two roots; the other fields are compared when they are there. In place of them it may be
{ "error": "any text" }: then the reference must refuse the block too. A line of RESULTS has the fields of `expected`
as the reference computed them, or `error`, plus `name` and the list `mismatches`.

The block is its transactions only: none of the system contracts of EIP-2935, 4788, 7002 and 7251 exists on our
ledger, calls to the first two would be empty, and the reference refuses a block without the other two. There are no
withdrawals. So the driver calls the fork's `process_transaction` itself, as the fork's `apply_body` does.
"""

import argparse
import importlib
import json
import sys
from dataclasses import dataclass, field

from ethereum.exceptions import EthereumException
from ethereum.trace import OpEnd, OpException, OpStart, set_evm_trace
from ethereum_rlp import rlp
from ethereum_types.bytes import Bytes, Bytes32
from ethereum_types.numeric import U64, U256, Uint

CASES_MIN = 200
SUCCEEDING_MIN_PERCENT = 60
TRANSACTION_TYPES = (0, 1, 2, 4)
# 0xfe is an opcode by EIP-141, but the reference has no member for it in `Ops`: it is what no other opcode is.
INVALID = 0xFE
COMPARED = ("stateRoot", "receiptsRoot", "logsBloom", "gasUsed", "receipts")
REQUIRED = ("stateRoot", "receiptsRoot")


def main():
    arguments = parse_arguments()
    coverage = Coverage()
    judged = failed = 0
    with open(arguments.cases) as cases, open(arguments.results, "w") as results:
        for line in filter(str.strip, cases):
            judged += 1
            case = json.loads(line)
            result = judge(case, coverage)
            result["name"] = case.get("name", f"case {judged}")
            results.write(json.dumps(result) + "\n")
            if result["mismatches"]:
                failed += 1
                report(result)
    faults = [] if arguments.no_coverage else coverage.faults()
    print(coverage.summary())
    for fault in faults:
        print(f"coverage: {fault}")
    print(f"{judged - failed} blocks equal, {failed} different")
    return 1 if failed or faults or not judged else 0


def judge(case, coverage):
    """The reference's result of one case, with what differs from the expected one."""
    result = replay(case, coverage)
    result["mismatches"] = mismatches(result, case.get("expected", {}))
    return result


def replay(case, coverage):
    """Executes the case's transactions and computes what the header would say."""
    fork = Fork(case.get("fork", "Osaka"))
    state = build_state(fork, case["alloc"])
    environment = build_environment(fork, case, state)
    output = fork.vm.BlockOutput()
    coverage.begin(fork)
    try:
        for index, raw in enumerate(case["txs"]):
            transaction = fork.decode(unhex(raw))
            fork.main.process_transaction(environment, output, transaction, Uint(index))
            coverage.transaction(transaction_type(unhex(raw)))
    except EthereumException as refused:
        return {"error": f"transaction {index}: {type(refused).__name__}: {refused}"}
    receipts = list(decoded_receipts(fork, output))
    coverage.executed([receipt["status"] == 1 for receipt in receipts])
    return {
        "stateRoot": hexed(fork.state.state_root(state)),
        "receiptsRoot": hexed(fork.trie.root(output.receipts_trie)),
        "logsBloom": hexed(fork.bloom.logs_bloom(output.block_logs)),
        "gasUsed": int(output.block_gas_used),
        "receipts": receipts,
    }


def mismatches(result, expected):
    """What differs, one sentence each."""
    if "error" in expected:
        return [] if "error" in result else ["we refused the block, the reference accepts it"]
    if "error" in result:
        return [f"the reference refuses the block: {result['error']}"]
    missing = [f"no expected {key}" for key in REQUIRED if key not in expected]
    different = [
        f"{key}: ours {expected[key]}, the reference's {result[key]}"
        for key in COMPARED
        if key in expected and normalized(expected[key]) != normalized(result[key])
    ]
    return missing + different


class Fork:
    """The reference's modules of one fork."""

    def __init__(self, name):
        package = f"ethereum.forks.{name.lower()}"
        module = lambda path: importlib.import_module(f"{package}.{path}")
        self.main, self.vm, self.state = module("fork"), module("vm"), module("state")
        self.trie, self.bloom, self.blocks = module("trie"), module("bloom"), module("blocks")
        self.types, self.transactions = module("fork_types"), module("transactions")
        self.opcodes = module("vm.instructions").Ops
        self.revert = module("vm.exceptions").Revert
        self.invalid_opcode = module("vm.exceptions").InvalidOpcode

    def decode(self, raw):
        """A transaction as blocks hold it: legacy as a structure, typed as bytes."""
        if transaction_type(raw) == 0:
            return rlp.decode_to(self.transactions.LegacyTransaction, raw)
        return self.transactions.decode_transaction(raw)


@dataclass
class Coverage:
    """What the cases reached, by the reference's own trace."""

    cases: int = 0
    types: dict = field(default_factory=dict)
    succeeded: int = 0
    failed: int = 0
    opcodes: set = field(default_factory=set)
    known: dict = field(default_factory=lambda: {INVALID: "INVALID"})
    pending: dict = field(default_factory=dict)

    def begin(self, fork):
        self.fork = fork
        self.known.update({op.value: op.name for op in fork.opcodes})
        self.pending.clear()
        set_evm_trace(self.trace)

    def trace(self, evm, event):
        """Counts an opcode when it ended, so one that ran out of gas or stack is not counted."""
        if isinstance(event, OpStart):
            self.pending[id(evm)] = event.op.value
        elif isinstance(event, OpEnd):
            self.opcodes.add(self.pending.pop(id(evm)))
        elif isinstance(event, OpException):
            self.exception(evm, event.error)

    def exception(self, evm, error):
        started = self.pending.pop(id(evm), None)
        if isinstance(error, self.fork.revert):
            self.opcodes.add(started)
        elif isinstance(error, self.fork.invalid_opcode) and evm.code[evm.pc] == INVALID:
            self.opcodes.add(INVALID)

    def transaction(self, kind):
        self.types[kind] = self.types.get(kind, 0) + 1

    def executed(self, successes):
        """A block that both sides refuse is not counted: it executed nothing."""
        self.cases += 1
        self.succeeded += sum(successes)
        self.failed += len(successes) - sum(successes)

    def faults(self):
        """Why these cases are too few or too tame to judge by."""
        faults = []
        if self.cases < CASES_MIN:
            faults.append(f"{self.cases} executed blocks, at least {CASES_MIN} are asked for")
        if self.succeeding_percent() < SUCCEEDING_MIN_PERCENT:
            faults.append(f"{self.succeeding_percent():.1f} % succeed, at least {SUCCEEDING_MIN_PERCENT} % are asked for")
        unseen = sorted(set(self.known) - self.opcodes)
        if unseen:
            faults.append("opcodes never executed: " + " ".join(self.known[op] for op in unseen))
        untried = [kind for kind in TRANSACTION_TYPES if kind not in self.types]
        if untried:
            faults.append(f"transaction types never sent: {untried}")
        return faults

    def succeeding_percent(self):
        executed = self.succeeded + self.failed
        return 100 * self.succeeded / executed if executed else 0.0

    def summary(self):
        types = " ".join(f"{kind}:{count}" for kind, count in sorted(self.types.items()))
        return (
            f"{self.cases} executed blocks, {self.succeeded + self.failed} transactions (by type {types}), "
            f"{self.succeeding_percent():.1f} % succeeded, {len(self.opcodes)} of {len(self.known)} opcodes"
        )


def build_state(fork, alloc):
    state = fork.state.State()
    for key, entry in alloc.items():
        address = fork.types.Address(unhex(key))
        account = fork.types.Account(
            nonce=Uint(number(entry.get("nonce", 0))),
            balance=U256(number(entry.get("balance", 0))),
            code=Bytes(unhex(entry.get("code", "0x"))),
        )
        fork.state.set_account(state, address, account)
        for slot, value in entry.get("storage", {}).items():
            fork.state.set_storage(state, address, word(slot), U256(number(value)))
    return state


def build_environment(fork, case, state):
    env = case["env"]
    hashes = env.get("blockHashes") or [env["parentHash"]]
    if number(env.get("difficulty", 0)) != 0:
        raise SystemExit("difficulty is 0 on every fork that this driver knows")
    if word(hashes[-1]) != word(env["parentHash"]):
        raise SystemExit("the last of blockHashes must be parentHash")
    return fork.vm.BlockEnvironment(
        chain_id=U64(number(case["chainId"])),
        state=state,
        block_gas_limit=Uint(number(env["gasLimit"])),
        block_hashes=[word(value) for value in hashes],
        coinbase=fork.types.Address(unhex(env["coinbase"])),
        number=Uint(number(env["number"])),
        base_fee_per_gas=Uint(number(env.get("baseFee", 0))),
        time=U256(number(env["timestamp"])),
        prev_randao=word(env["prevRandao"]),
        excess_blob_gas=U64(number(env.get("excessBlobGas", 0))),
        parent_beacon_block_root=word(env.get("parentBeaconRoot", "0x0")),
    )


def decoded_receipts(fork, output):
    """Status, gas and number of logs of each receipt, from the trie that the receipts root is made of."""
    before = 0
    for key in output.receipt_keys:
        receipt = fork.blocks.decode_receipt(fork.trie.trie_get(output.receipts_trie, key))
        total = int(receipt.cumulative_gas_used)
        yield {"status": int(receipt.succeeded), "gasUsed": total - before, "logs": len(receipt.logs)}
        before = total


def transaction_type(raw):
    """EIP-2718: a first byte under 0x80 is the type, from 0xc0 on it is a legacy list."""
    return raw[0] if raw[0] < 0x80 else 0


def number(value):
    return int(value, 16) if isinstance(value, str) else int(value)


def unhex(text):
    return bytes.fromhex(text.removeprefix("0x"))


def word(value):
    return Bytes32(number(value).to_bytes(32, "big"))


def hexed(value):
    return "0x" + bytes(value).hex()


def normalized(value):
    """Numbers may be written either way, hex in either case."""
    if isinstance(value, str):
        return int(value, 16)
    if isinstance(value, list):
        return [normalized(item) for item in value]
    if isinstance(value, dict):
        return {key: normalized(item) for key, item in value.items()}
    return int(value)


def report(result):
    print(f"different: {result['name']}")
    for mismatch in result["mismatches"]:
        print(f"  {mismatch[:400]}")


def parse_arguments():
    parser = argparse.ArgumentParser(description="compare blocks with the Python reference of the execution layer")
    parser.add_argument("cases")
    parser.add_argument("--results", required=True)
    parser.add_argument("--no-coverage", action="store_true", help="do not ask how much the cases reach")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
