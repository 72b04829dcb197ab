"""How long a command takes from a program through pcscd and vpcd to our card and back; for `cargo xtask bench card`.

    speed.py COUNTERFOIL --logs FOLDER

The program is this script, over the system's libpcsclite. The command is SELECT of the application, which begins every tap and writes
nothing. Prints { "p50_us" }: the median of some rounds, each its own median.
"""

import argparse
import ctypes
import json
import statistics
import time
from ctypes import byref, c_char_p, c_long, c_ulong, c_void_p, create_string_buffer, sizeof
from pathlib import Path

import drive

ROUNDS = 3
COMMANDS = 2_000
SELECT = bytes.fromhex("00A4040009F0434F554E5445520100")
# Of PC/SC (winscard.h): for the whole system, together with other programs, T=1.
SYSTEM, SHARED, T1 = 2, 2, 2


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("counterfoil")
    parser.add_argument("--logs", type=Path, required=True)
    parser.add_argument("--inside", action="store_true", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    arguments.logs.mkdir(parents=True, exist_ok=True)
    if not arguments.inside:
        drive.enter_namespaces()
    with drive.alone() as folder:
        issuer = drive.Issuer(arguments.counterfoil, folder)
        log = arguments.logs / "pcsc-speed.log"
        with log.open("wb") as output, drive.reader(folder, output), issuer.inserted("t1", output):
            print(json.dumps({"p50_us": round(measured(Reader()))}))


def measured(reader):
    return statistics.median(statistics.median(reader.us() for _ in range(COMMANDS)) for _ in range(ROUNDS))


class Reader:
    """The first reader's card. Words of pcsc-lite are longs."""

    def __init__(self):
        self.pcsc = ctypes.CDLL("libpcsclite.so.1")
        self.request = (c_ulong * 2)(T1, 2 * sizeof(c_ulong))
        self.answer, self.card = create_string_buffer(264), c_long()
        context, names, length, protocol = c_long(), create_string_buffer(1024), c_ulong(1024), c_ulong()
        self.call("SCardEstablishContext", c_ulong(SYSTEM), None, None, byref(context))
        self.call("SCardListReaders", context, None, names, byref(length))
        # The names end with a zero byte each.
        first = c_char_p(names.value)
        self.call("SCardConnect", context, first, c_ulong(SHARED), c_ulong(T1), byref(self.card), byref(protocol))

    def us(self):
        """Microseconds of one command, which must succeed."""
        length, begin = c_ulong(len(self.answer)), time.perf_counter_ns()
        self.call("SCardTransmit", self.card, self.request, SELECT, c_ulong(len(SELECT)), c_void_p(), self.answer, byref(length))
        took = time.perf_counter_ns() - begin
        status = self.answer.raw[length.value - 2 : length.value]
        if status != b"\x90\x00":
            raise RuntimeError(f"SELECT ended with {status.hex()}")
        return took / 1e3

    def call(self, name, *arguments):
        function = getattr(self.pcsc, name)
        function.restype = c_long
        if code := function(*arguments) & 0xFFFFFFFF:
            raise RuntimeError(f"{name} ended with {code:08X}")


if __name__ == "__main__":
    main()
