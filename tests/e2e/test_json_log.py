"""log.format: json. Each line is one object, from the first line on, whatever is wrong; and what a verdict tells."""
import json
import subprocess

from harness.client import swaks
from harness.gatepost import BINARY, ENVIRONMENT
from harness.mail import compose
from harness.process import wait_until
from harness.zone import KNOWN

SENDER = "b@spf-only.example"
RECIPIENTS = [f"user{i}@ours.example" for i in range(23)]


def lines_of(log):
    return [json.loads(line) for line in log.splitlines()]


def verdicts(server):
    return [line for line in lines_of(server.process.log) if line["event"] == "verdict"]


def test_every_line_is_json_and_a_verdict_tells_all(make_gatepost, sink):
    server = make_gatepost({"log": {"format": "json", "level": "debug"}, "policy": {"own_networks": []}})
    message = compose("someone@spf-only.example")
    assert swaks(server.port, message, KNOWN, SENDER, RECIPIENTS[0]).code == 250
    assert swaks(server.port, message, KNOWN, SENDER, ",".join(RECIPIENTS), options=("--tls",)).code == 250
    wait_until(lambda: len(verdicts(server)) == 2, 5, "two verdicts")
    plain, many = verdicts(server)
    assert plain["to"] == RECIPIENTS[0] and plain["recipients"] == 1 and plain["tls"] == "none"
    assert plain["code"] == 250 and plain["level"] == "info"
    assert plain["message_id"].startswith("<") and plain["message_id"].endswith(">")
    assert many["size"] == plain["size"] == len(message)
    assert many["to"] == RECIPIENTS[:20] and many["recipients"] == 23
    assert many["tls"].startswith("TLSv1.") and many["cipher"]


def serve(path):
    return subprocess.run([BINARY, "serve", "--config", path], capture_output=True, text=True, timeout=30, env=ENVIRONMENT)


def test_a_configuration_that_cannot_be_used_is_told_in_json(tmp_path):
    path = tmp_path / "wrong.yaml"
    path.write_text("hostname: mx1.ours.example\ndomains: [ours.example]\nrelay: {to: [127.0.0.1:25], too: 1}\n"
                    "log: {format: json}\n", encoding="ascii")
    done = serve(path)
    assert done.returncode == 2
    problems = [line for line in lines_of(done.stderr) if line["level"] == "error"]
    assert [line["event"] for line in problems] == ["configuration"]
    assert problems[0]["problem"].startswith(f"{path}:3:") and "too" in problems[0]["problem"]


def test_a_text_that_is_no_yaml_is_told_in_json(tmp_path):
    path = tmp_path / "broken.yaml"
    path.write_text("hostname: [\n# format: text\nlog:\n  format: json\n", encoding="ascii")
    done = serve(path)
    assert done.returncode == 2
    assert lines_of(done.stderr)[0]["problem"].startswith(f"{path}:")
    path.write_text("hostname: [\nlog:\n  format: text\nhttp:\n  format: json\n", encoding="ascii")
    assert serve(path).stderr.startswith(f"{path}:")
