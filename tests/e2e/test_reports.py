"""The aggregate report of the day (RFC 9990), as `gatepost report` tells it."""
import datetime
import os
import pathlib
import subprocess
import xml.etree.ElementTree as ElementTree

import pytest

from harness.cases import CASES
from harness.process import wait_until

SCHEMA = pathlib.Path(os.environ.get("GATEPOST_SUITES", "suites")) / "dmarc-xsd" / "rfc9990-dmarc-2.0.xsd"
NAMESPACE = "{urn:ietf:params:xml:ns:dmarc-2.0}"
BY_NAME = {case.name: case for case in CASES}


@pytest.fixture
def reporting(make_gatepost, send, sink, keys):
    """A server that has seen the named cases; gives it, with all its rows written."""
    def see(*names):
        server = make_gatepost()
        for name in names:
            case = BY_NAME[name]
            send(case.message(keys), case.client, case.mail_from, server=server)
        return server
    return see


def records(server, domain, expected):
    """The report's records as (source_ip, count, disposition, dkim, spf, reason types, header_from)."""
    def text(element, path):
        return element.findtext("/".join(NAMESPACE + step for step in path.split("/")))

    def read():
        shown = server.command("report", "show", domain)
        if shown.returncode != 0:
            return None
        root = ElementTree.fromstring(shown.stdout)
        found = [(text(record, "row/source_ip"), int(text(record, "row/count")),
                  text(record, "row/policy_evaluated/disposition"), text(record, "row/policy_evaluated/dkim"),
                  text(record, "row/policy_evaluated/spf"),
                  [reason.findtext(NAMESPACE + "type") for reason in record.iter(NAMESPACE + "reason")],
                  text(record, "identifiers/header_from")) for record in root.iter(NAMESPACE + "record")]
        return found if sum(row[1] for row in found) == expected else None
    return wait_until(read, 10, f"{expected} messages in the report of {domain}")


def test_a_passing_sender(reporting):
    server = reporting("spf-only", "spf-only")
    assert records(server, "spf-only.example", 2) == \
        [("127.0.0.20", 2, "pass", "fail", "pass", [], "spf-only.example")]


def test_a_rejected_forgery(reporting):
    server = reporting("p-reject")
    source, count, disposition, dkim, spf, reasons, header_from = records(server, "p-reject.example", 1)[0]
    assert (source, count, disposition, dkim, spf) == ("127.0.0.66", 1, "reject", "fail", "fail")
    assert header_from == "p-reject.example"


def test_quarantine_instead_of_reject_tells_its_reason(reporting):
    server = reporting("p-reject-uncorroborated")
    assert records(server, "p-reject.example", 1)[0][2:6] == ("quarantine", "fail", "fail", ["local_policy"])


def test_an_exempted_message_tells_its_reason(reporting):
    server = reporting("cron")
    assert records(server, "ours.example", 1) == \
        [("127.0.0.10", 1, "none", "fail", "fail", ["local_policy"], "ours.example")]


def test_a_deferred_message_writes_no_row(make_gatepost, send, sink, keys):
    case = BY_NAME["spf-only"]
    server = make_gatepost()
    sink.go_away()
    assert send(case.message(keys), case.client, case.mail_from, server=server).code == 451
    sink.come_back()
    assert send(case.message(keys), case.client, case.mail_from, server=server).code == 250
    assert records(server, "spf-only.example", 1)[0][1] == 1


@pytest.mark.skipif(not SCHEMA.exists(), reason="the public suites are not here (GATEPOST_SUITES)")
def test_the_schema_of_rfc_9990_holds(reporting, tmp_path):
    names = ["both", "p-none", "p-reject", "cron", "np-reject", "sp-reject", "tampered"]
    server = reporting(*names)
    for domain in ["both.example", "p-none.example", "p-reject.example", "ours.example", "sp-np.example",
                   "sp-reject.example", "dkim-only.example"]:
        records(server, domain, 1)
        path = tmp_path / f"{domain}.xml"
        path.write_text(server.command("report", "show", domain).stdout, encoding="utf-8")
        done = subprocess.run(["xmllint", "--noout", "--nonet", "--schema", SCHEMA, path], capture_output=True,
                              text=True, timeout=30)
        assert done.returncode == 0, done.stderr


def test_days_and_domains(reporting):
    server = reporting("p-none")
    records(server, "p-none.example", 1)
    today = datetime.datetime.now(datetime.timezone.utc).date().isoformat()
    assert server.command("report", "show", "p-none.example", "--date", today).returncode == 0
    assert server.command("report", "show", "p-none.example", "--date", "2020-01-01").returncode == 1
    assert server.command("report", "show", "unseen.example").returncode == 1
    assert server.command("report", "show", "p-none.example", "--date", "yesterday").returncode == 2
    assert "p-none.example" in server.command("report", "list").stdout
