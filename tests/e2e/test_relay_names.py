"""A name in relay.to that the system's resolver takes too long over: whoever waits for it is told in time."""
import os
import socket
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from harness.client import swaks
from harness.gatepost import Gatepost
from harness.mail import compose
from harness.zone import KNOWN

SILENT_SERVER = "127.0.77.53"
LOOKUP_SECONDS = 13  # how long the system's resolver tries
CONNECT_SECONDS = 10
WITH_RESOLV_CONF = ["unshare", "--mount", "sh", "-c", 'mount --bind "$0" /etc/resolv.conf && exec "$@"']


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root: a resolv.conf of its own, and port 53")
def test_sessions_do_not_wait_for_a_dead_name_server_nor_behind_each_other(tmp_path, name_server, certificate):
    resolv_conf = tmp_path / "resolv.conf"
    resolv_conf.write_text(f"nameserver {SILENT_SERVER}\noptions timeout:{LOOKUP_SECONDS} attempts:1\n", encoding="utf-8")
    gatepost = Gatepost(tmp_path / "gatepost", name_server.port, 25, certificate,
                        {"relay": {"to": ["mail.behind.example:25"]}, "policy": {"exemptions": []}})

    def send(number):
        began = time.monotonic()
        transcript = swaks(gatepost.port, compose("someone@spf-only.example"), KNOWN, f"b{number}@spf-only.example",
                           "inbox@ours.example")
        return transcript, time.monotonic() - began

    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as silent:
        silent.bind((SILENT_SERVER, 53))
        gatepost.start(under=[*WITH_RESOLV_CONF, str(resolv_conf)])
        with ThreadPoolExecutor(4) as pool:
            outcomes = list(pool.map(send, range(4)))
        gatepost.stop()
    for transcript, seconds in outcomes:
        assert transcript.reply.startswith("451 4."), transcript.text
        assert seconds < CONNECT_SECONDS + 1.5, "one lookup is bounded, and nobody waits for another's"
