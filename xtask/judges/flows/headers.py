"""Recomputes the hash of the newest 1,000 headers with web3.py and pyrlp, from the JSON of the RPC alone.

Run by xtask/src/judges/flows.rs after headers.mjs has made the blocks. NODE_URL is the node. Prints one line of JSON
a check, { name, ok, reason }, and ends with 3 when one failed, as the flows in JavaScript do.
"""

import json
import os
import sys

import rlp
from eth_utils import keccak
from web3 import HTTPProvider, Web3

HEADERS = 1000
BATCH = 100
# The order of the header's fields; those after the nonce came with EIP-1559, 4895, 4844 (two), 4788 and 7685.
FIELDS = (
    "parentHash sha3Uncles miner stateRoot transactionsRoot receiptsRoot logsBloom difficulty number gasLimit gasUsed "
    "timestamp extraData mixHash nonce baseFeePerGas withdrawalsRoot blobGasUsed excessBlobGas parentBeaconBlockRoot "
    "requestsHash"
).split()


def main():
    w3 = Web3(HTTPProvider(os.environ["NODE_URL"]))
    reason = ""
    try:
        checked = sum(verified(block) for block in newest_blocks(w3))
        assert checked == HEADERS, f"{checked} headers, {HEADERS} are asked for"
    except Exception as error:  # whatever went wrong is the judge's finding
        reason = f"{type(error).__name__}: {error}"[:400]
    print(json.dumps({"name": f"headers: web3.py recomputes {HEADERS} hashes", "ok": not reason, "reason": reason}))
    return 3 if reason else 0


def newest_blocks(w3):
    head = w3.eth.block_number
    for start in range(head - HEADERS + 1, head + 1, BATCH):
        with w3.batch_requests() as batch:
            for number in range(start, min(start + BATCH, head + 1)):
                batch.add(w3.eth.get_block(number))
            yield from batch.execute()


def verified(block):
    present = [name for name in FIELDS if block.get(name) is not None]
    assert present == FIELDS[: len(present)], f"block {block['number']}: a gap in the fields {present}"
    assert keccak(rlp.encode([field(block[name]) for name in present])) == block["hash"], f"block {block['number']}"
    return 1


def field(value):
    """web3.py has made integers of the quantities, bytes of the data, and left the miner as text."""
    return bytes.fromhex(value[2:]) if isinstance(value, str) else value


if __name__ == "__main__":
    sys.exit(main())
