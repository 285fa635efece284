"""What a reload applies at once, and what it names because it must wait for a restart."""
import json
import signal
import urllib.error
import urllib.request

import pytest
import yaml

from harness.process import free_port, wait_until


def reload(server, change):
    """Changes the configuration by a function, and gives what the server logs of the reload."""
    configuration = yaml.safe_load(server.configuration_path.read_text(encoding="utf-8"))
    change(configuration)
    server.configuration_path.write_text(yaml.safe_dump(configuration, sort_keys=False), encoding="utf-8")
    begin = len(server.process.log)
    server.process.signal(signal.SIGHUP)

    def told():
        lines = server.process.log[begin:].splitlines()
        return next((line for line in lines if " reload" in line or '"reload"' in line), None)
    return wait_until(told, 20, "the reload is logged")


def status_with(server, token):
    request = urllib.request.Request(f"http://127.0.0.1:{server.http_port}/stats",
                                     headers={"Authorization": f"Bearer {token}"})
    try:
        with urllib.request.urlopen(request, timeout=10) as reply:
            return reply.status
    except urllib.error.HTTPError as error:
        return error.code


@pytest.mark.parametrize("form", ["inline", "file"])
def test_a_rotated_token_ends_the_old_one(form, make_gatepost, tmp_path):
    path = tmp_path / "token"

    def with_token(token):
        path.write_text(token + "\n", encoding="ascii")
        return {"file": str(path)} if form == "file" else token

    server = make_gatepost({"http": {"token": with_token("first")}})
    assert (status_with(server, "first"), status_with(server, "second")) == (200, 401)
    reload(server, lambda configuration: configuration["http"].update(token=with_token("second")))
    wait_until(lambda: status_with(server, "second") == 200, 5, "the new token")
    assert status_with(server, "first") == 401
    reload(server, lambda configuration: configuration["http"].pop("token"))
    wait_until(lambda: status_with(server, "") == 200, 5, "no token is needed")


def test_the_log_s_level_and_format(make_gatepost):
    server = make_gatepost({"log": {"level": "warning"}})
    assert " started " not in server.process.log

    def change(configuration):
        configuration["log"] = {"level": "debug", "format": "json"}
        configuration["process"] = {"workers": 3}
    told = json.loads(reload(server, change))
    assert (told["event"], told["level"]) == ("reload", "warning")
    assert told["restart_needed"] == "process.workers: 0 is kept, not 3"
    begin = len(server.process.log)
    server.stop()
    assert json.loads(server.process.log[begin:].splitlines()[0])["event"] == "stopping"


def test_what_needs_a_restart_is_named(make_gatepost):
    """Each by its key, with what is kept and what waits."""
    server = make_gatepost()
    other = free_port()

    def change(configuration):
        configuration["listeners"][0]["address"] = f"127.0.0.1:{other}"
        configuration["relay"]["to"] = ["maildir:/nowhere"]
        configuration["http"]["address"] = f"127.0.0.1:{other}"
        configuration["limits"] = {"memory": "256MiB", "recipients": 123}
    told = reload(server, change)
    for text in [f"listeners: [127.0.0.1:{server.port} tls starttls] is kept, not [127.0.0.1:{other} tls starttls]",
                 "relay.to: [127.0.0.1:", "is kept, not [maildir:/nowhere]",
                 f"http.address: 127.0.0.1:{server.http_port} is kept, not 127.0.0.1:{other}",
                 "limits.memory: 536870912 is kept, not 268435456"]:
        assert text in told
    assert "recipients" not in told
    # Put back, nothing waits any more.
    def put_back(configuration):
        configuration["listeners"][0]["address"] = f"127.0.0.1:{server.port}"
        configuration["http"]["address"] = f"127.0.0.1:{server.http_port}"
        configuration["limits"].pop("memory")
    told = reload(server, put_back)
    assert "restart_needed=\"relay.to: " in told and told.count("restart_needed") == 1
