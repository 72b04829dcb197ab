"""How fast pyiso8583 decodes and encodes one message; for `cargo xtask bench card`.

    speed.py HEX

Prints { "decode_per_s", "encode_per_s" }: the best of some short runs, as our example does it.
"""

import json
import sys
import time

import iso8583
from spec import SPEC

RUNS = 5
RUN_S = 0.3


def main():
    message = bytes.fromhex(sys.argv[1])
    decoded, _ = iso8583.decode(message, SPEC)
    assert bytes(iso8583.encode(dict(decoded), SPEC)[0]) == message, "it is written as it was read"
    print(json.dumps({
        "decode_per_s": rate(lambda: iso8583.decode(message, SPEC)),
        "encode_per_s": rate(lambda: iso8583.encode(decoded, SPEC)),
    }))


def rate(work):
    best = 0
    for _ in range(RUNS):
        start, done = time.perf_counter(), 0
        while (elapsed := time.perf_counter() - start) < RUN_S:
            for _ in range(100):
                work()
            done += 100
        best = max(best, done / elapsed)
    return round(best)


if __name__ == "__main__":
    main()
