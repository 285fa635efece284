"""The configuration replaced under load: a hundred reloads while twenty thousand messages come over kept connections.

Each reload changes three things that a transaction meets one after another: which domains are ours (told at RCPT), an exemption
(decided at the end of data), and the authserv-id (written then). What one transaction shows of them must be of one configuration.
"""
import json
import os
import pathlib
import re
import signal
import subprocess
import sys

import yaml

from harness.mail import field
from harness.process import wait_until
from harness.zone import NAMED

MESSAGES, RELOADS, CONNECTIONS = 20_000, 100, 40
LOAD_CLIENT = pathlib.Path(__file__).parent / "harness" / "load_client.py"
SENDER = "someone@p-quarantine.example"
EXEMPTION = {"id": "forgiven", "owner": "ops@ours.example", "reason": "a test", "when": {"client_ip": [NAMED]},
             "allow": ["dmarc", "spf"]}


class Side:
    """One of the two configurations, and how a transaction under it looks."""

    def __init__(self, name, forgives):
        self.name, self.forgives = name, forgives
        self.domain = f"{name}.ours.example"

    def changed(self, configuration):
        exemptions = [EXEMPTION] if self.forgives else []
        return {**configuration, "domains": ["ours.example", self.domain], "authserv_id": self.domain,
                "policy": {**configuration["policy"], "exemptions": exemptions}}


SIDES = [Side("left", True), Side("right", False)]
RECIPIENTS = ["inbox@ours.example", *(f"inbox@{side.domain}" for side in SIDES)]


class Reloader:
    def __init__(self, server):
        self.server, self.count = server, 0
        self.plain = yaml.safe_load(server.configuration_path.read_text(encoding="utf-8"))
        self._log = open(server.process.log_path, "rb")

    def reload(self):
        path = self.server.configuration_path
        beside = path.with_suffix(".new")
        beside.write_text(yaml.safe_dump(SIDES[self.count % 2].changed(self.plain)), encoding="utf-8")
        os.replace(beside, path)
        self.server.process.signal(signal.SIGHUP)
        wait_until(self._is_told, 20, "the reload is logged")
        self.count += 1

    def _is_told(self):
        lines = self._log.read().splitlines()
        assert not [line for line in lines if b"the configuration in force is kept" in line]
        return any(b" reload " in line or line.endswith(b" reload") for line in lines)


def side_at_rcpt(codes):
    taken = codes[2:4]
    assert sorted(taken) == ["250", "550"], codes
    return SIDES[taken.index("250")]


def side_at_the_end(message):
    results = field(message.octets, "Authentication-Results").partition(";")[0].strip()
    (side,) = [side for side in SIDES if side.domain == results]
    assert (b"\r\nX-Quarantine:" in message.octets) != side.forgives, message.octets
    return side


def test_a_reload_loses_nothing_and_splits_no_transaction(make_gatepost, sink):
    server = make_gatepost({"limits": {"errors_per_connection": MESSAGES, "messages_per_connection": MESSAGES}})
    reloader = Reloader(server)
    reloader.reload()
    load = subprocess.Popen([sys.executable, "-B", LOAD_CLIENT, str(server.port), NAMED, str(CONNECTIONS), str(MESSAGES),
                             SENDER, *RECIPIENTS], stdout=subprocess.PIPE, text=True)
    try:
        for reload in range(RELOADS):
            wait_until(lambda: load.poll() is not None or len(sink.messages) >= reload * MESSAGES // RELOADS, 60,
                       "the next messages")
            assert load.poll() is None, "the load ended before the reloads"
            reloader.reload()
        outcomes = {int(number): outcome for number, outcome in json.loads(load.communicate(timeout=60)[0]).items()}
    finally:
        load.kill()
    assert load.returncode == 0

    assert sorted(outcomes) == list(range(MESSAGES))
    arrived = {int(re.search(rb"Subject: message-(\d+)", message.octets)[1]): message for message in sink.messages}
    assert sorted(arrived) == sorted(outcomes) and len(sink.messages) == MESSAGES
    seen = {side.name: 0 for side in SIDES}
    for number, (codes, final_reply) in outcomes.items():
        side = side_at_rcpt(codes)
        assert final_reply.startswith("250 ")
        assert arrived[number].recipients == ["inbox@ours.example", f"inbox@{side.domain}"]
        assert side_at_the_end(arrived[number]) is side, (number, codes, arrived[number].octets)
        seen[side.name] += 1
    assert min(seen.values()) > MESSAGES // 10, seen
    messages = server.stats()["messages"]
    assert (messages["accept"], messages["quarantine"]) == (seen["left"], seen["right"])
    assert messages["total"] == MESSAGES
    assert "internal_error" not in server.process.log
