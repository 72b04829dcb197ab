"""Compares our codec of ISO 8583:1987 with pyiso8583, element by element and byte by byte.

Called by `cargo xtask test` (xtask/src/judges/iso8583.rs):

    compare.py PROGRAM [--seed N]

PROGRAM is `crates/payments/examples/iso8583.rs`, built. Prints one line of JSON a check: { "name", "ok", "reason" }.
"""

import argparse
import json
import random
import string
import subprocess

import iso8583
from spec import SPEC

MESSAGES = 400
NUMBERS = [number for number in range(2, 129) if number != 65]
SIGNED = (28, 29, 30, 31, 97)
NUMERIC = [*range(2, 28), 32, 33, 53, *range(66, 91), 99, 100]
TEXT = [45, 46, 47, 48, 56, 57, 61, 62, 63, 105, 120]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("program")
    parser.add_argument("--seed", type=int, default=8583)
    arguments = parser.parse_args()
    ours = Ours(arguments.program)
    made = ours.messages(arguments.seed, MESSAGES)
    dice = random.Random(arguments.seed)
    theirs = [message(dice) for _ in range(MESSAGES)]
    their_hex = [encode(fields) for fields in theirs]
    check("they read our messages as we do", differences(made, [decode(made_one["hex"]) for made_one in made]))
    check("they write our elements as we do", unequal([one["hex"] for one in made], [encode(elements(one)) for one in made]))
    check("we read their messages as they do", differences(theirs, ours.decode(their_hex)))
    check("we write their elements as they do", unequal(their_hex, ours.encode(theirs)))
    check("every element was there on both sides", missing(made) + missing(theirs))
    check("what they refuse we refuse", accepted(ours, dice, their_hex))
    # A comparison that finds nothing must have been able to find something.
    spoilt = [fields | {"t": "0800" if fields["t"] != "0800" else "0810"} for fields in theirs]
    found = len(differences(theirs, spoilt)) == MESSAGES and len(unequal(their_hex, their_hex[1:] + their_hex[:1])) > 0
    check("the comparison finds what is different", [] if found else ["it does not"])


class Ours:
    def __init__(self, program):
        self.program = program

    def messages(self, seed, count):
        return [json.loads(line) for line in self.lines(["random", str(seed), str(count)], [])]

    def decode(self, messages):
        return [json.loads(line) for line in self.lines(["decode"], messages)]

    def encode(self, messages):
        return self.lines(["encode"], [json.dumps(fields) for fields in messages])

    def lines(self, words, given):
        text = "".join(f"{line}\n" for line in given)
        ended = subprocess.run([self.program, *words], input=text, capture_output=True, text=True, check=True)
        return ended.stdout.splitlines()


def decode(message):
    try:
        fields, _ = iso8583.decode(bytes.fromhex(message), SPEC)
    except (iso8583.DecodeError, ValueError) as error:
        return {"error": str(error)}
    return {name: text for name, text in fields.items() if name not in ("p", "1")}


def encode(fields):
    encoded, _ = iso8583.encode(dict(fields), SPEC)
    return encoded.hex().upper()


def elements(fields):
    return {name: text for name, text in fields.items() if name != "hex"}


def message(dice):
    """A message of a few elements of any length, at most 4,096 bytes."""
    while True:
        numbers = dice.sample(NUMBERS, dice.randint(0, 24))
        fields = {"t": f"0{dice.randint(1, 8)}{dice.randint(0, 4)}{dice.randint(0, 5)}"}
        fields |= {str(number): value(dice, number) for number in numbers}
        if len(encode(fields)) <= 2 * 4096:
            return fields


def value(dice, number):
    row = SPEC[str(number)]
    length = dice.randint(0, row["max_len"]) if row["len_type"] else row["max_len"]
    if row["data_enc"] == "b":
        return dice.randbytes(length).hex().upper()
    if number in SIGNED:
        return dice.choice("CD") + pick(dice, string.digits, length - 1)
    if number in NUMERIC or number in (35, 36):
        return pick(dice, string.digits, length)
    if number in TEXT:
        return pick(dice, string.ascii_letters + string.digits + string.punctuation + " ", length)
    return pick(dice, string.ascii_letters + string.digits + " ", length)


def pick(dice, characters, length):
    return "".join(dice.choices(characters, k=length))


def accepted(ours, dice, messages):
    """Messages cut short or with a byte too many, which they refuse and we do not."""
    broken = [text[: 2 * dice.randrange(len(text) // 2)] for text in messages] + [text + "30" for text in messages]
    refused = [text for text in broken if "error" in decode(text)]
    verdicts = ours.decode(refused)
    taken = [text for text, verdict in zip(refused, verdicts, strict=True) if "error" not in verdict]
    return taken if len(refused) >= MESSAGES else [f"they refused only {len(refused)} of {len(broken)}"]


def missing(messages):
    seen = {name for fields in messages for name in fields}
    return [f"DE {number}" for number in NUMBERS if str(number) not in seen]


def differences(expected, found):
    pairs = zip(expected, found, strict=True)
    return [f"{elements(one)} is {other}" for one, other in pairs if elements(one) != other]


def unequal(expected, found):
    return [f"{one} is {other}" for one, other in zip(expected, found, strict=True) if one != other]


def check(name, faults):
    reason = f"{len(faults)} times; the first: {faults[0]}" if faults else ""
    print(json.dumps({"name": name, "ok": not faults, "reason": reason}))


if __name__ == "__main__":
    main()
