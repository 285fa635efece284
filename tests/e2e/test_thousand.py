"""A thousand messages over twenty connections, from Postfix's smtp-source into its smtp-sink: none lost, none twice."""
import json
import re
import shutil
import subprocess
import xml.etree.ElementTree as ElementTree

import pytest

from harness.process import wait_until
from harness.smtp_sink import SmtpSink

MESSAGES, CONNECTIONS = 1000, 20


@pytest.fixture
def smtp_sink(tmp_path):
    sink = SmtpSink(tmp_path / "sink")
    yield sink
    sink.stop()


def counter(metrics, name, **labels):
    """The value of a counter in Prometheus's text format."""
    for line in metrics.splitlines():
        found = re.fullmatch(r"(\w+)(?:\{(.*)\})? (\S+)", line)
        if found and found[1] == name and dict(re.findall(r'(\w+)="([^"]*)"', found[2] or "")) == labels:
            return float(found[3])
    raise KeyError((name, labels))


def test_every_message_arrives_and_is_counted_once(smtp_sink, make_gatepost):
    server = make_gatepost(relay_port=smtp_sink.port)
    subprocess.run([shutil.which("smtp-source"), "-s", str(CONNECTIONS), "-m", str(MESSAGES), "-l", "4096",
                    "-f", "load@load.example", "-t", "inbox@ours.example", f"127.0.0.1:{server.port}"],
                   check=True, timeout=60)

    arrived = smtp_sink.messages()
    assert len(arrived) == MESSAGES
    ids = [re.search(rb"\bid (\S+-\d+)", message)[1] for message in arrived]
    assert len(set(ids)) == MESSAGES

    messages = server.stats()["messages"]
    assert (messages["accept"], messages["total"]) == (MESSAGES, MESSAGES)
    assert server.stats()["verdicts"]["dmarc"]["pass"] == MESSAGES
    status, metrics = server.get("/metrics")
    assert status == 200
    assert counter(metrics, "gatepost_messages_total", action="accept") == MESSAGES
    assert counter(metrics, "gatepost_messages_total", action="reject") == 0

    def reported():
        shown = server.command("report", "show", "load.example")
        if shown.returncode != 0:
            return False
        counts = [int(row.text) for row in ElementTree.fromstring(shown.stdout).iter()
                  if row.tag.endswith("}count") or row.tag == "count"]
        return sum(counts) == MESSAGES
    wait_until(reported, 10, "the report counts every message")
    listed = json.loads(server.command("report", "list", "--json").stdout)
    assert str(MESSAGES) in json.dumps(listed)
