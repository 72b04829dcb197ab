"""Writes vectors.jsonl: messages of ISO 8583:1987 as pyiso8583 4.0.1 encodes them. See README.md."""

import copy
import json

import iso8583
from iso8583.specs import default_ascii

SPEC = copy.deepcopy(default_ascii)
SPEC["p"].update(data_enc="b")
SPEC["1"].update(data_enc="b")
SPEC["54"].update(max_len=120)
SPEC["55"].update(data_enc="b", max_len=999)
for field in ("52", "64", "96", "128"):
    SPEC[field].update(data_enc="b", max_len=8)

# Objects as one terminal of ours sends them: what the card asked for, then what it answered.
ICC = "".join((
    "9F02060000000012509F03060000000000005F2A020978", "9A032611279F21031430009C0100", "9F37041A2B3C4D",
    "9F160F53484F502D303030312020202020209F1C085445524D30303031",
    "9F4E28" + "Corner shop".ljust(40).encode().hex().upper(),
    "9F150253119F1A0202769505800000000082021980", "9F360200079F26080102030405060708",
    "9F10121101010300000001123456789012A1B2C3D4", "9F270180",
))
PAYMENT = {
    "2": "9999991234567893", "3": "000000", "4": "000000001250", "7": "1127133000", "11": "000123", "12": "143000", "13": "1127",
    "14": "2812", "18": "5311", "22": "052", "23": "001", "25": "00", "32": "12345", "37": "633114000123", "41": "TERM0001",
    "42": "SHOP-0001      ", "49": "978",
}
ORIGINAL = "0100" + "000123" + "1127133000" + "00000012345" + "00000000000"
NETWORK = {"7": "1127133000", "11": "000001"}


def main():
    for name, mti, fields in messages():
        encoded, _ = iso8583.encode({"t": mti, **fields}, SPEC)
        print(json.dumps({"name": name, "hex": encoded.hex().upper(), "type": mti, "fields": fields}))


def messages():
    yield "purchase", "0100", PAYMENT | {"55": ICC}
    yield "purchase that takes a part", "0100", PAYMENT | {
        "19": "276", "33": "987", "35": "9999991234567893D28122010000012300000", "43": f"{'Corner shop':25}{'Berlin':13}DE",
        "55": ICC, "63": "PA1",
    }
    yield "purchase again", "0101", PAYMENT | {"55": ICC}
    filler = 999 - len(ICC) // 2 - 5
    yield "chip data of 999 bytes", "0100", PAYMENT | {"55": ICC + f"DF0182{filler:04X}" + "AB" * filler}
    yield "balance inquiry", "0100", PAYMENT | {"3": "310000", "4": "000000000000", "55": ICC}
    yield "what has no meaning here", "0100", PAYMENT | {"48": "Anything: #1", "55": ICC, "64": "0123456789ABCDEF"}
    yield "approved", "0110", answer("00") | {"38": "A1B2C3", "55": "910A0102030405060708" + "0000"}
    yield "approved in part", "0110", answer("10") | {"4": "000000001000", "38": "A1B2C3", "54": "0057978D000000001250" + "0002978C000000000000"}
    yield "declined", "0110", answer("05")
    yield "code of another issuer", "0110", answer("Z9")
    yield "financial purchase", "0200", PAYMENT | {"55": ICC}
    yield "refund", "0200", without(PAYMENT, "14", "18", "22", "23", "25") | {"3": "200000", "90": ORIGINAL}
    yield "advice", "0120", PAYMENT | {"38": "A1B2C3", "39": "00", "55": ICC}
    yield "completion", "0220", without(PAYMENT, "23") | {"38": "A1B2C3", "90": ORIGINAL}
    yield "completion again", "0221", without(PAYMENT, "23") | {"38": "A1B2C3", "90": ORIGINAL}
    yield "reversal", "0400", PAYMENT | {"11": "000124", "39": "68", "90": ORIGINAL}
    yield "reversal advice", "0420", PAYMENT | {"11": "000124", "39": "17", "90": ORIGINAL}
    replacement = "000000001000" + "0" * 12 + "C00000000" + "D00000012"
    yield "reversal advice in part again", "0421", PAYMENT | {"90": ORIGINAL, "95": replacement}
    yield "reversal of what was sent nobody knows when", "0400", PAYMENT | {"90": ORIGINAL[:10] + "0" * 10 + ORIGINAL[20:]}
    yield "reversal answered", "0430", without(PAYMENT, "14", "18", "22", "23", "25") | {"39": "00", "90": ORIGINAL, "128": "FEDCBA9876543210"}
    yield "sign-on", "0800", NETWORK | {"70": "001"}
    yield "sign-off", "0800", NETWORK | {"32": "12345", "33": "1", "70": "002"}
    yield "echo again", "0801", NETWORK | {"70": "301"}
    yield "echo answered", "0810", NETWORK | {"39": "00", "70": "301"}
    numbers = [n for n in range(2, 129) if n != 65]
    yield "every element, short", "0304", {str(n): value(n, 1) for n in numbers}
    for n in numbers:
        if SPEC[str(n)]["len_type"] and (SPEC[str(n)]["max_len"] < 999 or n in (48, 63, 120)):
            yield f"element {n} at its longest", "0600", {str(n): value(n, SPEC[str(n)]["max_len"])}


def answer(code):
    echoed = ("2", "3", "4", "7", "11", "12", "13", "32", "37", "41", "42", "49")
    return {field: PAYMENT[field] for field in echoed} | {"39": code}


def without(fields, *left_out):
    return {field: text for field, text in fields.items() if field not in left_out}


def value(number, length):
    """Something that is allowed in the element: exactly as long if it is fixed, of this length otherwise."""
    row = SPEC[str(number)]
    length = length if row["len_type"] else row["max_len"]
    if row["data_enc"] == "b":
        return f"{number:02X}" * length
    if number in (28, 29, 30, 31, 97):
        return "D" + "7" * (length - 1)
    return "7" * length


if __name__ == "__main__":
    main()
