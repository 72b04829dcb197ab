"""Compares keys, cryptograms and answers to them with pyemv (Triple DES) and with `cryptography` (AES), on random cards and transactions.

Called by `cargo xtask test` (xtask/src/judges/pyemv.rs):

    compare.py PROGRAM [--seed N]

PROGRAM is `crates/payments/examples/cryptogram.rs`, built. pyemv speaks Triple DES only; card and issuer speak AES only. So there are two
comparisons of each case:

    Triple DES  our number and token as digits, what our cryptogram covers and in which order, our tag 91, with crate emv's Triple DES
                = pyemv's keys (options A and B, common session key), cryptogram and ARPC (method 2) over the same elements, put together here
    AES         all of ours = EMV Book 2 (A1.4.3, A1.3.1, 8.1, 8.2.2), written out here over OpenSSL's AES and CMAC

The order of elements below is that of docs/systems/card.md. Prints one line of JSON a check: { "name", "ok", "reason" }.
"""

import argparse
import json
import random
import subprocess
import warnings

warnings.filterwarnings("ignore", message=".*TripleDES.*")

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.cmac import CMAC
from pyemv import ac, kd, tools

CASES = 2_000
# Digits of a number. Beyond 16, option B.
LENGTHS = range(13, 20)
NAMES = ("master", "session", "arqc", "issuerAuthentication")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("program")
    parser.add_argument("--seed", type=int, default=3)
    arguments = parser.parse_args()
    dice = random.Random(arguments.seed)
    cases = [case(dice, LENGTHS[index % len(LENGTHS)]) for index in range(CASES)]
    ours = answers(arguments.program, cases)
    for title, half, expected in (
        ("Triple DES, pyemv", "tripleDes", [with_triple_des(one) for one in cases]),
        ("AES, cryptography", "aes", [with_aes(one) for one in cases]),
    ):
        for name in NAMES:
            faults = unequal([one[half][name] for one in ours], [one[name] for one in expected])
            check(f"{title}: {name}", faults)
        # A comparison that finds nothing must have been able to find something.
        found = unequal([one[half]["arqc"] for one in ours], [one["arqc"] for one in expected[1:] + expected[:1]])
        check(f"{title}: the comparison finds what is different", [] if len(found) == CASES else [f"only {len(found)}"])
    check("each element is covered", uncovered(arguments.program, cases[0]))


def answers(program, cases):
    text = "".join(json.dumps(one) + "\n" for one in cases)
    ended = subprocess.run([program], input=text, capture_output=True, text=True, check=True, timeout=120)
    ours = [upper_parity(json.loads(line)) for line in ended.stdout.splitlines()]
    if len(ours) != len(cases):
        raise RuntimeError(f"{len(ours)} answers to {len(cases)} cases: {ended.stderr}")
    return ours


def upper_parity(answer):
    """The lowest bit of each byte of a DES key is parity, which nothing depends on: pyemv sets it in session keys, crate emv does not."""
    half = answer["tripleDes"]
    half["session"] = tools.adjust_key_parity(bytes.fromhex(half["session"])).hex().upper()
    return answer


def with_triple_des(one):
    master = kd.derive_icc_mk_b(bytes.fromhex(one["imk"]), one["pan"], one["sequence"])
    session = kd.derive_common_sk(master, one["atc"].to_bytes(2, "big") + bytes(6))
    arqc = ac.generate_ac(session, covered(one), ac.PaddingType.EMV)
    csu = bytes.fromhex(one["csu"])
    return upper(master, session, arqc, ac.generate_arpc_2(session, arqc, csu) + csu)


def with_aes(one):
    master = aes(bytes.fromhex(one["imk"]), bytes.fromhex((one["pan"] + one["sequence"]).rjust(32, "0")))
    session = aes(master, one["atc"].to_bytes(2, "big") + bytes(14))
    arqc = cmac(session, covered(one))[:8]
    csu = bytes.fromhex(one["csu"])
    return upper(master, session, arqc, cmac(session, arqc + csu)[:4] + csu)


def covered(one):
    """PDOL data, CDOL1 data, 82, 9F36, 9F10, 5A (compressed numeric: filled up with F)."""
    token = one["token"] + "F" * (len(one["token"]) % 2)
    return bytes.fromhex(one["pdolData"] + one["cdolData"] + one["aip"] + f"{one['atc']:04X}" + one["iad"] + token)


def uncovered(program, one):
    """Elements that can change without the cryptogram."""
    changed = {name: one | {name: hexadecimal(bytes.fromhex(one[name]), 1)} for name in ("pdolData", "cdolData", "aip", "iad")}
    changed |= {"atc": one | {"atc": one["atc"] ^ 1}, "token": one | {"token": digits(random.Random(1), 16)}}
    told = answers(program, [one, *changed.values()])
    return [f"{name}, {half}" for half in ("aes", "tripleDes") for name, other in zip(changed, told[1:], strict=True)
            if other[half]["arqc"] == told[0][half]["arqc"]]


def case(dice, length):
    data = {name: dice.randbytes(count).hex().upper() for name, count in
            (("imk", 16), ("pdolData", 90), ("cdolData", 29), ("aip", 2), ("iad", 18), ("csu", 4))}
    numbers = {"pan": digits(dice, length), "token": digits(dice, length), "sequence": f"{dice.randrange(100):02}"}
    return data | numbers | {"atc": dice.randrange(1, 65536)}


def digits(dice, length):
    """With a right check digit."""
    begun = [dice.randrange(1, 10), *(dice.randrange(10) for _ in range(length - 2))]
    doubled = [sum(divmod(2 * digit, 10)) if at % 2 == 0 else digit for at, digit in enumerate(reversed(begun))]
    return "".join(map(str, begun)) + str(-sum(doubled) % 10)


def hexadecimal(value, change):
    return (bytes([value[0] ^ change]) + value[1:]).hex().upper()


def aes(key, block):
    cipher = Cipher(algorithms.AES(key), modes.ECB()).encryptor()
    return cipher.update(block) + cipher.finalize()


def cmac(key, data):
    code = CMAC(algorithms.AES(key))
    code.update(data)
    return code.finalize()


def upper(*values):
    return dict(zip(NAMES, (value.hex().upper() for value in values), strict=True))


def unequal(ours, theirs):
    return [f"{one} is {other}" for one, other in zip(ours, theirs, strict=True) if one != other]


def check(name, faults):
    reason = f"{len(faults)} times; the first: {faults[0]}" if faults else ""
    print(json.dumps({"name": name, "ok": not faults, "reason": reason}))


if __name__ == "__main__":
    main()
