"""A name in relay.to that the system's resolver takes too long over: whoever waits for it is told in time."""
import os
import signal
import socket
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from harness.client import swaks
from harness.gatepost import Gatepost
from harness.mail import compose
from harness.process import accepts, wait_until
from harness.raw_client import RawClient
from harness.zone import KNOWN

SILENT_SERVER = "127.0.77.53"
LOOKUP_SECONDS = 13  # how long the system's resolver tries
CONNECT_SECONDS = 10
STOP_SECONDS = 5  # less than what is left of a lookup
WITH_RESOLV_CONF = ["unshare", "--mount", "sh", "-c", 'mount --bind "$0" /etc/resolv.conf && exec "$@"']
DEAD_NAME = "mail.behind.example:25"


def send(gatepost):
    began = time.monotonic()
    transcript = swaks(gatepost.port, compose("someone@spf-only.example"), KNOWN, "b@spf-only.example",
                       "inbox@ours.example")
    return transcript.reply, time.monotonic() - began


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root: a resolv.conf of its own, and port 53")
def test_sessions_do_not_wait_for_a_dead_name_server_nor_behind_each_other(tmp_path, name_server, certificate, sink):
    resolv_conf = tmp_path / "resolv.conf"
    resolv_conf.write_text(f"nameserver {SILENT_SERVER}\noptions timeout:{LOOKUP_SECONDS} attempts:1\n", encoding="utf-8")
    alone, second = (Gatepost(tmp_path / folder, name_server.port, 25, certificate,
                              {"relay": {"to": destinations}, "policy": {"exemptions": []}})
                     for folder, destinations in [("alone", [DEAD_NAME]),
                                                  ("second", [DEAD_NAME, f"127.0.0.1:{sink.port}"])])
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as silent:
        silent.bind((SILENT_SERVER, 53))
        began = time.monotonic()
        with ThreadPoolExecutor(5) as pool:
            list(pool.map(lambda gatepost: gatepost.start(under=[*WITH_RESOLV_CONF, str(resolv_conf)]), [alone, second]))
            assert time.monotonic() - began < CONNECT_SECONDS, "a start does not wait for it"
            outcomes = list(pool.map(send, [alone] * 4 + [second]))
            began = time.monotonic()
            list(pool.map(Gatepost.stop, [alone, second]))
            assert time.monotonic() - began < STOP_SECONDS, "nor does the end"
    for reply, seconds in outcomes:
        assert seconds < CONNECT_SECONDS + 1.5, "one lookup is bounded, and nobody waits for another's"
    assert all(reply.startswith("451 4.") for reply, _ in outcomes[:4]), outcomes
    assert outcomes[4][0].startswith("250 "), "an address behind the name is reached all the same"


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root: a resolv.conf of its own, and port 53")
def test_a_second_signal_does_not_wait_for_a_dead_name_server(tmp_path, name_server, certificate):
    resolv_conf = tmp_path / "resolv.conf"
    resolv_conf.write_text(f"nameserver {SILENT_SERVER}\noptions timeout:{LOOKUP_SECONDS} attempts:1\n", encoding="utf-8")
    gatepost = Gatepost(tmp_path / "alone", name_server.port, 25, certificate, {"relay": {"to": [DEAD_NAME]}})
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as silent:
        silent.bind((SILENT_SERVER, 53))
        gatepost.start(under=[*WITH_RESOLV_CONF, str(resolv_conf)])
        with RawClient(gatepost.port, KNOWN) as client:
            assert client.say("EHLO client.example").startswith("250")
            assert client.say("MAIL FROM:<b@spf-only.example>").startswith("250")
            client.send(b"RCPT TO:<inbox@ours.example>\r\n")  # waits for the name
            wait_until(lambda: gatepost.stats()["connections"]["open"] == 1, 10, "the session")
            gatepost.process.signal(signal.SIGTERM)
            wait_until(lambda: not accepts(gatepost.port), 5, "no new connections")
            assert gatepost.process.running, "the transaction has its time"
            gatepost.process.signal(signal.SIGTERM)
            gatepost.process.wait(STOP_SECONDS)


def test_a_name_of_the_system_is_reached(tmp_path, name_server, certificate, sink):
    gatepost = Gatepost(tmp_path, name_server.port, 25, certificate, {"relay": {"to": [f"localhost:{sink.port}"]}}).start()
    assert send(gatepost)[0].startswith("250 ")
    gatepost.stop()


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root: an /etc/hosts of its own")
def test_a_service_of_a_container_network_is_reached(tmp_path, name_server, certificate, sink):
    hosts = tmp_path / "hosts"
    hosts.write_text("127.0.0.1 localhost mail_server\n", encoding="utf-8")
    gatepost = Gatepost(tmp_path / "gatepost", name_server.port, 25, certificate,
                        {"relay": {"to": [f"mail_server:{sink.port}"]}})
    gatepost.start(under=["unshare", "--mount", "sh", "-c", 'mount --bind "$0" /etc/hosts && exec "$@"', str(hosts)])
    assert send(gatepost)[0].startswith("250 ")
    gatepost.stop()
