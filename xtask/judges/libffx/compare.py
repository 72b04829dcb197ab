"""Compares our FF1 with libffx's, there and back, on 10,000 random numbers.

Called by `cargo xtask test` (xtask/src/judges/libffx.rs):

    compare.py COUNTERFOIL [--seed N]

libffx 2 is FF1 of NIST SP 800-38G with tweaks of bytes, the same function as ours; version 1 was its forerunner FFX[radix], whose tweaks
were numerals. Asked in `counterfoil card ff1`, one process for the numbers of one key and tweak. Both take no domain below a million
numbers (second draft of revision 1), which is six digits. Only we have an upper bound: 19 digits and 255 bytes of tweak.

Prints one line of JSON a check: { "name", "ok", "reason" }.
"""

import argparse
import json
import random
import string
import subprocess

from ffx import FF1, DomainError

PAIRS = 250
NUMBERS = 40
LENGTHS = range(6, 20)
# Of a token, of a card index, none, the longest, and around the ends of blocks. Beside them, any.
TWEAKS = (12, 15, 0, 255, 1, 11, 13, 16, 17, 31, 32, 33)
# NIST SP 800-38G, FF1 samples 1 and 2: AES-128, radix 10.
SAMPLE_KEY = bytes.fromhex("2B7E151628AED2A6ABF7158809CF4F3C")
SAMPLES = {b"": "2433477484", bytes.fromhex("39383736353433323130"): "6124200773"}


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("counterfoil")
    parser.add_argument("--seed", type=int, default=80038)
    arguments = parser.parse_args()
    ours = Ours(arguments.counterfoil)
    groups = [group(random.Random(arguments.seed + index), index) for index in range(PAIRS)]
    encrypted, decrypted = both(ours, groups)
    check("we encrypt as they do", [fault for one in encrypted for fault in unequal(*one)])
    check("we decrypt as they do", [fault for one in decrypted for fault in unequal(*one)])
    check("all lengths of numbers and of tweaks were there", missing(groups))
    check("both give the samples of NIST", samples(ours))
    check("what they refuse as too few we refuse", taken(ours))
    # A comparison that finds nothing must have been able to find something: another tweak is another number.
    spoilt = [(key, flipped(tweak), numbers) for key, tweak, numbers in groups if tweak]
    found = sum(len(unequal(ours.turned("encrypt", *one), theirs("encrypt", *other)))
                for one, other in zip(spoilt, (one for one in groups if one[1]), strict=True))
    few = found < 0.99 * NUMBERS * len(spoilt)
    check("the comparison finds what is different", [f"only {found} of {NUMBERS * len(spoilt)}"] if few else [])


class Ours:
    def __init__(self, program):
        self.program = program

    def turned(self, way, key, tweak, numbers):
        return self.run(way, key, tweak, numbers).stdout.splitlines()

    def run(self, way, key, tweak, numbers, may_fail=False):
        command = [self.program, "card", "ff1", way, "--key", key.hex(), "--tweak", tweak.hex()]
        text = "".join(f"{number}\n" for number in numbers)
        return subprocess.run(command, input=text, capture_output=True, text=True, check=not may_fail, timeout=60)


def theirs(way, key, tweak, numbers):
    cipher = FF1(key, radix=10)
    turn = cipher.encrypt if way == "encrypt" else cipher.decrypt
    return [turn(number, tweak=tweak) for number in numbers]


def both(ours, groups):
    """What each side makes of the same numbers, once as plain and once as encrypted ones."""
    ways = ("encrypt", "decrypt")
    return [[(ours.turned(way, *one), theirs(way, *one)) for one in groups] for way in ways]


def group(dice, index):
    """A key, a tweak, and numbers of every length, of which some are all zeros or all nines."""
    length = TWEAKS[index] if index < len(TWEAKS) else dice.randrange(256)
    numbers = [number(dice, LENGTHS[at % len(LENGTHS)]) for at in range(NUMBERS)]
    return dice.randbytes(16), dice.randbytes(length), numbers


def number(dice, length):
    digits = string.digits if dice.random() < 0.95 else dice.choice("09")
    return "".join(dice.choices(digits, k=length))


def missing(groups):
    numbers = {len(number) for _, _, numbers in groups for number in numbers}
    tweaks = {len(tweak) for _, tweak, _ in groups}
    count = sum(len(numbers) for _, _, numbers in groups)
    return [f"{count} numbers"] * (count < 10_000) + sorted(set(LENGTHS) - numbers) + sorted(set(TWEAKS) - tweaks)


def samples(ours):
    asked = [(tweak, expected, ours.turned("encrypt", SAMPLE_KEY, tweak, ["0123456789"]),
              theirs("encrypt", SAMPLE_KEY, tweak, ["0123456789"])) for tweak, expected in SAMPLES.items()]
    return [f"{mine}, {other}" for _, expected, mine, other in asked if not mine == other == [expected]]


def taken(ours):
    """Numbers that libffx does not take because there are too few of their length, and we do."""
    faults = []
    for length in range(2, LENGTHS[0]):
        digits = "1" * length
        try:
            faults.append(f"libffx takes {theirs('encrypt', SAMPLE_KEY, b'', [digits])}")
        except DomainError:
            ended = ours.run("encrypt", SAMPLE_KEY, b"", [digits], may_fail=True)
            # The lowest line of what it says names the bound.
            if ended.returncode != 1 or "6 to 19 digits" not in ended.stderr or ended.stdout:
                faults.append(f"{length} digits: {ended}")
    return faults


def flipped(tweak):
    return bytes([tweak[0] ^ 1]) + tweak[1:]


def unequal(ours, theirs):
    if len(ours) != len(theirs):
        return [f"{len(ours)} answers for {len(theirs)} numbers"]
    return [f"{one} is {other}" for one, other in zip(ours, theirs, strict=True) if one != other]


def check(name, faults):
    reason = f"{len(faults)} times; the first: {faults[0]}" if faults else ""
    print(json.dumps({"name": name, "ok": not faults, "reason": reason}))


if __name__ == "__main__":
    main()
