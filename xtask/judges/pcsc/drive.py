"""Puts our software card into a PC/SC reader, lets programs that are not ours look at it and pay with it, and then our own terminal.

Called by `cargo xtask test` (xtask/src/judges/pcsc.rs):

    drive.py COUNTERFOIL EMV_TEST_TRANSACTION --logs FOLDER

    counterfoil issuer init, card personalize -> card file
    pcscd + vpcd <-- counterfoil card insert      for T=1, then for T=0:
         ^-- pcsc_scan, opensc-tool               the answer to reset
         ^-- emv-test-transaction                 terminal.toml, aids.toml; this script is the host that it asks
         ^-- counterfoil terminal pay --pcsc      shop.py, which is the host that it asks; card and reader go in its middle

vpcd listens on 0.0.0.0:35963, and whoever connects is a card. That is why all of it runs in namespaces of its own (`unshare`; needs no
root where users may make them): a network with loopback only, and a /run that leaves a pcscd of the machine alone.

The host's answer is computed here, not by our code: `eth-keyfile` opens the issuer's root key with the issuer's passphrase, the
derivations below are those that issuer_folder.rs and payments' soft.rs document, and the rest is EMV Book 2 with the AES and CMAC of
`cryptography`. Prints one line of JSON a check: { "name", "ok", "reason" }.
"""

import argparse
import contextlib
import fcntl
import hashlib
import hmac
import json
import os
import re
import select
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import eth_keyfile
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.cmac import CMAC

from shop import READER, Shop

HERE = Path(__file__).resolve().parent
NUMBER = "9999001234567891"
SEQUENCE = "01"
ISSUER_PASSPHRASE = "of the judge's issuer"
CARD_PASSPHRASE = "of the judge's card"
PORT = 35963
# Seconds: for one step, for all, between two looks.
PATIENCE = 60
LIMIT = 300
POLL = 0.05
# Of Linux: linux/sockios.h, linux/if.h.
SIOCSIFFLAGS, IFF_UP = 0x8914, 1
APPROVED = "Approved (TC banked)"
DECLINED = "Declined"
# CSU: the issuer approves the online transaction (EMV Common Core, byte 2, bit 8).
STATUS_UPDATE = bytes.fromhex("00800000")
ANSWERS = {
    "the right ARPC is approved": (lambda data: data, APPROVED),
    "an ARPC with one bit flipped is declined": (lambda data: bytes([data[0] ^ 1]) + data[1:], DECLINED),
    "an answer without ARPC is declined": (lambda data: None, DECLINED),
}


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("counterfoil")
    parser.add_argument("emv_test_transaction")
    parser.add_argument("--logs", type=Path, required=True)
    parser.add_argument("--inside", action="store_true", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    arguments.logs.mkdir(parents=True, exist_ok=True)
    if not arguments.inside:
        enter_namespaces()
    with alone() as folder:
        issuer = Issuer(arguments.counterfoil, folder)
        terminal = Terminal(arguments.emv_test_transaction, issuer)
        shop = Shop(arguments.counterfoil, folder, issuer, PATIENCE)
        for protocol in ("t1", "t0"):
            log = arguments.logs / f"pcsc-{protocol}.log"
            with log.open("wb") as output:
                with reader(folder, output), issuer.inserted(protocol, output) as (card, answer_to_reset):
                    look(protocol, answer_to_reset)
                    pay(protocol, terminal, arguments.logs)
                    check(f"{protocol}: our terminal pays through the reader", *verdict(shop.pays()))
                    lose(protocol, shop, "the card", card)
                # A pcscd of its own: it looks for cards two times a second, and takes one that comes before it looked for the one it lost.
                with reader(folder, output) as daemon, issuer.inserted(protocol, output):
                    lose(protocol, shop, "the reader", daemon)
    counters = terminal.counters
    rising = len(counters) == 2 * len(ANSWERS) and all(one < other for one, other in zip(counters, counters[1:]))
    check("the card's counter rises with every transaction", rising, f"{counters}")


def look(protocol, answer_to_reset):
    """Two programs read the answer to reset."""
    spaced = " ".join(re.findall("..", answer_to_reset))
    # It goes on looking for cards until its time is over.
    scan = plain(run(["pcsc_scan", "-t", "2"], may_fail=True))
    check(f"{protocol}: pcsc_scan shows the answer to reset", f"ATR: {spaced}" in scan, scan)
    # Without a byte TD it is T=0, and has no checksum (ISO/IEC 7816-3, 8.2).
    good = "Protocol T = 1" in scan and "(correct checksum)" in scan if protocol == "t1" else "Protocol" not in scan
    check(f"{protocol}: pcsc_scan finds it well formed", good and "ERROR" not in scan.upper(), scan)
    shown = run(["opensc-tool", "--atr"], may_fail=True)
    check(f"{protocol}: opensc-tool shows the answer to reset", shown.strip().replace(":", "").upper() == answer_to_reset, shown)


def pay(protocol, terminal, logs):
    """The terminal asks for an approval each time, whatever comes with it: the card decides by the ARPC."""
    for number, (name, (change, expected)) in enumerate(ANSWERS.items(), 1):
        printed = terminal.transaction(change)
        (logs / f"pcsc-{protocol}-{number}.log").write_text(printed)
        outcomes = re.findall(r"Final outcome: (.*?)\.?$", printed, re.MULTILINE)
        good = outcomes == [expected] and "Second GENERATE AC (Tc)" in printed
        check(f"{protocol}: {name}", good, f"{outcomes}\n{printed[-1500:]}")


def lose(protocol, shop, what, process):
    lost = shop.loses(what, lambda: end(process), "the card was taken away during EXTERNAL AUTHENTICATE")
    check(f"{protocol}: {what} goes in the middle of a payment, which is named and undone", *verdict(lost))


class Issuer:
    """Our program's issuer and its one card."""

    def __init__(self, program, folder):
        self.program, self.folder, self.card = program, folder, folder / "card"
        self.passphrase = self.file("issuer-passphrase", ISSUER_PASSPHRASE)
        self.card_passphrase = self.file("card-passphrase", CARD_PASSPHRASE)
        home = folder / "issuer"
        run([program, "issuer", "init", "--dir", home, "--passphrase-file", self.passphrase])
        new = ["--pan-stdin", "--expiry", "3012", "--sequence", SEQUENCE, "--out", self.card, "--json"]
        secrets = ["--passphrase-file", self.passphrase, "--card-passphrase-file", self.card_passphrase]
        made = json.loads(run([program, "card", "personalize", "--issuer", home, *new, *secrets], NUMBER + "\n"))
        root = eth_keyfile.decode_keyfile_json(json.loads((home / "keys" / "root.json").read_text()), ISSUER_PASSPHRASE.encode())
        self.master_key = card_master_key(root, made["keySet"])

    def file(self, name, text):
        path = self.folder / name
        path.write_text(text + "\n")
        path.chmod(0o600)
        return path

    @contextlib.contextmanager
    def inserted(self, protocol, log):
        """The card in the reader: its process, and its answer to reset as the card itself says it."""
        command = [self.program, "card", "insert", self.card, "--protocol", protocol, "--passphrase-file", self.card_passphrase]
        with started([*command, "--vpcd", f"127.0.0.1:{PORT}"], stdout=subprocess.PIPE, stderr=log) as card:
            said = read_until(card.stdout, "\n")
            found = re.search(r"answers ([0-9A-F]+);", said)
            if not found:
                raise RuntimeError(f"the card was not inserted, see {log.name}: {said}")
            until(lambda: re.search(r"^0 +Yes ", readers(), re.MULTILINE), "the reader does not see the card", card)
            yield card, found[1]

    def authentication_data(self, cryptogram, counter):
        """Tag 91: ARPC method 2 with AES (EMV Book 2, 8.2.2) and the common session key (A1.3.1)."""
        session_key = aes(self.master_key, counter + bytes(14))
        code = CMAC(algorithms.AES(session_key))
        code.update(cryptogram + STATUS_UPDATE)
        return code.finalize()[:4] + STATUS_UPDATE


class Terminal:
    """emv-test-transaction, which asks its user for the host's answer."""

    def __init__(self, program, issuer):
        self.issuer, self.counters = issuer, []
        self.command = [program, "--terminal", HERE / "terminal.toml", "--aids", HERE / "aids.toml"]

    def transaction(self, change):
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.STDOUT}
        with started(self.command, cwd=self.issuer.folder, **pipes) as terminal:
            asked = read_until(terminal.stdout, "> ")
            cryptogram, counter = (re.search(rf"{name}: +([0-9A-F]+)$", asked, re.MULTILINE) for name in ("AC", "ATC"))
            if not (cryptogram and counter and asked.endswith("> ")):
                return asked
            counter = bytes.fromhex(counter[1])
            self.counters.append(int.from_bytes(counter, "big"))
            data = change(self.issuer.authentication_data(bytes.fromhex(cryptogram[1]), counter))
            # Tag 8A, approved; tag 91.
            answer = bytes.fromhex("8A023030") + (b"" if data is None else bytes([0x91, len(data)]) + data)
            terminal.stdin.write(answer.hex().upper().encode() + b"\n")
            terminal.stdin.close()
            return asked + read_until(terminal.stdout, None)


def card_master_key(root, key_set):
    """From the issuer's root key by our own derivations, then EMV's option C (Book 2, A1.4.3)."""
    cards = hmac.digest(root, b"counterfoil issuer 1 cards", hashlib.sha256)
    label = b"\x01counterfoil issuer issuer master\x00" + bytes([key_set]) + (256).to_bytes(2, "big")
    issuer_master = hmac.digest(cards, label, hashlib.sha256)[:16]
    return aes(issuer_master, bytes.fromhex((NUMBER + SEQUENCE).rjust(32, "0")))


def aes(key, block):
    cipher = Cipher(algorithms.AES(key), modes.ECB()).encryptor()
    return cipher.update(block) + cipher.finalize()


@contextlib.contextmanager
def reader(folder, log):
    """pcscd with vpcd as its only reader."""
    config = folder / "readers"
    config.mkdir(exist_ok=True)
    driver = "/usr/lib/pcsc/drivers/serial/libifdvpcd.so"
    lines = [f'FRIENDLYNAME "{READER}"', f"DEVICENAME /dev/null:0x{PORT:X}", f"LIBPATH {driver}", f"CHANNELID 0x{PORT:X}"]
    (config / "vpcd").write_text("\n".join(lines) + "\n")
    with started(["/usr/sbin/pcscd", "--foreground", "--config", config], stdout=log, stderr=log) as daemon:
        until(lambda: READER in readers(), f"pcscd has no reader, see {log.name}", daemon)
        yield daemon


def readers():
    return run(["opensc-tool", "--list-readers"], may_fail=True)


@contextlib.contextmanager
def started(command, **options):
    """A process of ours, ended by its own id, whatever happens."""
    process = subprocess.Popen([str(word) for word in command], **options)
    try:
        yield process
    finally:
        end(process)


def end(process):
    process.terminate()
    try:
        process.wait(10)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def enter_namespaces():
    """Runs this script anew where the network has nothing but loopback, which is still down, mounts are ours alone, and all
    processes end with the first. Users may where the system lets them be root of a namespace, root also elsewhere."""
    apart = ["unshare", "--net", "--mount", "--pid", "--fork", "--kill-child"]
    refused = []
    for way in ([*apart, "--map-root-user"], apart):
        tried = subprocess.run([*way, "--", "true"], capture_output=True, text=True, errors="replace", timeout=PATIENCE)
        if tried.returncode == 0:
            os.execvp(way[0], [*way, "--", sys.executable, *sys.argv, "--inside"])
        refused.append(tried.stderr.strip())
    sys.exit(f"no namespaces can be made here, without which vpcd would listen to everybody: {'; '.join(refused)}")


@contextlib.contextmanager
def alone():
    """Within the namespaces: loopback, a /run, and a folder for everything; nobody's settings, and an end."""
    # The first process of a namespace is not ended by a signal that it does not handle.
    signal.signal(signal.SIGALRM, too_late)
    signal.alarm(LIMIT)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
        fcntl.ioctl(any_socket, SIOCSIFFLAGS, struct.pack("16sh14x", b"lo", IFF_UP))
    run(["mount", "-t", "tmpfs", "-o", "mode=755", "tmpfs", "/run"])
    os.mkdir("/run/pcscd", 0o755)
    with tempfile.TemporaryDirectory() as folder:
        for name in [name for name in os.environ if name.startswith(("COUNTERFOIL_", "PCSCLITE_"))]:
            del os.environ[name]
        # pcsc_scan keeps a list of known cards at home.
        os.environ.update(HOME=folder, XDG_CACHE_HOME=folder)
        yield Path(folder)


def too_late(*_):
    raise TimeoutError(f"it is not over after {LIMIT} s")


def until(holds, complaint, process):
    start = time.monotonic()
    while not holds():
        if process.poll() is not None or time.monotonic() - start > PATIENCE:
            raise RuntimeError(complaint)
        time.sleep(POLL)


def read_until(stream, end):
    """What a process prints, up to `end` or its own end; never waits for longer than our patience."""
    printed, deadline = b"", time.monotonic() + PATIENCE
    while not (end and printed.endswith(end.encode())):
        if not select.select([stream], [], [], max(0, deadline - time.monotonic()))[0]:
            break
        # Past Python's own buffer, which `select` does not see.
        chunk = os.read(stream.fileno(), 4096)
        if not chunk:
            break
        printed += chunk
    return printed.decode(errors="replace")


def run(command, text="", may_fail=False):
    command = [str(word) for word in command]
    ended = subprocess.run(command, input=text, capture_output=True, text=True, errors="replace", timeout=PATIENCE)
    if ended.returncode and not may_fail:
        raise RuntimeError(f"{Path(command[0]).name} {command[1:3]} ended with {ended.returncode}: {ended.stderr.strip()}")
    return ended.stdout


def plain(text):
    """Without the colours."""
    return re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", text)


def verdict(complaint):
    return complaint is None, complaint


def check(name, ok, reason):
    print(json.dumps({"name": name, "ok": bool(ok), "reason": "" if ok else reason}), flush=True)


if __name__ == "__main__":
    main()
