"""Our program's terminal at the reader: `terminal pay --pcsc`, and what becomes of a payment when the card or the reader goes in its middle.

Called by drive.py. The issuer that the terminal asks is this script: pyiso8583 reads and writes the messages, `cryptography` proves to the
card who approved.
"""

import json
import socket
import struct
import subprocess
import sys
from pathlib import Path

import iso8583

sys.path.append(str(Path(__file__).resolve().parent.parent / "iso8583"))
from spec import SPEC

READER = "Virtual PCD"
AMOUNT, MINOR = "12.50", "000000001250"
# Exit codes of `terminal pay` (docs/systems/card.md).
APPROVED, CARD_ERROR = 0, 1
# What an answer repeats of its request.
REPEATED = ("2", "3", "4", "7", "11", "12", "13", "32", "37", "41", "42", "49", "90")
ANSWERS = {"0100": "0110", "0400": "0410", "0401": "0410"}


class Shop:
    """A terminal of our program, and its issuer."""

    def __init__(self, program, folder, issuer, patience):
        self.issuer, self.patience = issuer, patience
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.listener.settimeout(patience)
        host, port = self.listener.getsockname()
        merchant = ["--merchant", "MERCHANT0000001", "--terminal", "TERM0001", "--mcc", "5411", "--acquirer", "123456"]
        to = ["--issuer", f"{host}:{port}", "--dev", "--state", str(folder / "terminal"), "--json"]
        self.pay = [program, "terminal", "pay", "--amount", AMOUNT, "--currency", "EUR", "--pcsc", READER, *merchant, *to]
        self.reverse = [program, "terminal", "reverse", *to]

    def pays(self):
        """A payment that nothing disturbs; gives what is wrong with it."""
        with self.tapped() as terminal:
            request = self.answer()
            code, record, said = self.ended(terminal)
        right = code == APPROVED and record.get("outcome") == "approved" and record.get("approvedMinor") == int(MINOR)
        # The token stands where a number would, and the card made a TC after it had checked our proof.
        right = right and request["t"] == "0100" and request["4"] == MINOR and request["2"] == record["token"] and record["certificate"]
        return None if right else f"exit code {code}, {record}, {said}"

    def loses(self, what, takes_away, complaint):
        """`what` goes while the issuer decides, which then approves: the terminal names it and undoes the payment."""
        with self.tapped() as terminal:
            request = self.answer(takes_away)
            reversal = self.answer()
            code, record, said = self.ended(terminal)
        named = code == CARD_ERROR and record.get("outcome") == "cardError" and complaint in (record.get("reason") or "")
        named = named and "the card is gone: " in said
        original = f"0100{request['11']}{request['7']}"
        undone = reversal["t"] == "0400" and reversal["90"].startswith(original) and reversal["4"] == MINOR
        left = json.loads(subprocess.run(self.reverse, capture_output=True, text=True, timeout=self.patience).stdout)
        if named and undone and left == {"owed": 0}:
            return None
        return f"exit code {code} without {what}, {record}, {said}, then {reversal}, {left}"

    def tapped(self):
        return subprocess.Popen(self.pay, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

    def ended(self, terminal):
        printed, said = terminal.communicate(timeout=self.patience)
        return terminal.returncode, json.loads(printed or "{}"), said

    def answer(self, before=lambda: None):
        """Approves what is asked next; gives what that was."""
        connection, _ = self.listener.accept()
        with connection, connection.makefile("rb") as stream:
            connection.settimeout(self.patience)
            (length,) = struct.unpack(">H", stream.read(2))
            request, _ = iso8583.decode(stream.read(length), SPEC)
            before()
            response, _ = iso8583.encode(self.approval(request), SPEC)
            connection.sendall(struct.pack(">H", len(response)) + response)
        return request

    def approval(self, request):
        answer = {"t": ANSWERS[request["t"]], "39": "00"} | {name: request[name] for name in REPEATED if name in request}
        if request["t"] == "0100":
            told = objects(bytes.fromhex(request["55"]))
            proof = self.issuer.authentication_data(told["9f26"], told["9f36"])
            answer |= {"38": "A1B2C3", "55": (bytes([0x91, len(proof)]) + proof).hex().upper()}
        return answer


def objects(data):
    """BER-TLV with tags of one or two bytes and short lengths, which is all that a card's data to the issuer has."""
    found = {}
    while data:
        tag = 2 if data[0] & 0x1F == 0x1F else 1
        end = tag + 1 + data[tag]
        found[data[:tag].hex()] = data[tag + 1 : end]
        data = data[end:]
    return found
