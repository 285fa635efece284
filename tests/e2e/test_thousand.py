"""A thousand messages over twenty connections, from Postfix's smtp-source into its smtp-sink: none lost, none twice."""
import getpass
import json
import re
import shutil
import subprocess
import xml.etree.ElementTree as ElementTree

import pytest

from harness.process import Process, accepts, free_port, wait_until

MESSAGES, CONNECTIONS = 1000, 20


@pytest.fixture
def smtp_sink(tmp_path):
    """Postfix's sink, which writes each message to a file of its own; gives its port and the folder."""
    folder, port = tmp_path / "sink", free_port()
    folder.mkdir()
    command = [shutil.which("smtp-sink"), "-d", "message."]
    if getpass.getuser() == "root":  # it insists on being somebody else
        command += ["-u", "nobody"]
        shutil.chown(folder, "nobody")
        for parent in [folder, *folder.parents]:
            if parent.stat().st_mode & 0o001 == 0 and parent != parent.parent:
                parent.chmod(parent.stat().st_mode | 0o011)
    process = Process([*command, "-R", folder, f"127.0.0.1:{port}", "100"], tmp_path / "smtp-sink.log")
    process.wait_until(lambda: accepts(port), "smtp-sink listens")
    yield port, folder
    process.stop()


def counter(metrics, name, **labels):
    """The value of a counter in Prometheus's text format."""
    for line in metrics.splitlines():
        found = re.fullmatch(r"(\w+)(?:\{(.*)\})? (\S+)", line)
        if found and found[1] == name and dict(re.findall(r'(\w+)="([^"]*)"', found[2] or "")) == labels:
            return float(found[3])
    raise KeyError((name, labels))


def test_every_message_arrives_and_is_counted_once(smtp_sink, make_gatepost):
    port, folder = smtp_sink
    server = make_gatepost(relay_port=port)
    subprocess.run([shutil.which("smtp-source"), "-s", str(CONNECTIONS), "-m", str(MESSAGES), "-l", "4096",
                    "-f", "load@load.example", "-t", "inbox@ours.example", f"127.0.0.1:{server.port}"],
                   check=True, timeout=60)

    arrived = [path.read_bytes() for path in folder.glob("message.*")]
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
