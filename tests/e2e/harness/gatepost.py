"""The program under test, run as an operator runs it: a YAML file, a process, an HTTP port, a command line."""
import json
import os
import subprocess
import urllib.error
import urllib.request

import yaml

from .process import Process, free_port
from .zone import CRON

BINARY = os.environ.get("GATEPOST_BIN", "build/release/gatepost")
HOSTNAME = "mx1.ours.example"
COMMAND_SECONDS = 60

# A sanitizer build reports leaks at exit, and any finding ends it with a status of its own.
ENVIRONMENT = {**os.environ, "ASAN_OPTIONS": "detect_stack_use_after_return=1:exitcode=99",
               "UBSAN_OPTIONS": "print_stacktrace=1"}


def make_certificate(folder):
    """A self-signed certificate; gives the paths of certificate and key."""
    certificate, key = folder / "cert.pem", folder / "key.pem"
    subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", f"/CN={HOSTNAME}",
                    "-addext", f"subjectAltName=DNS:{HOSTNAME}", "-keyout", key, "-out", certificate],
                   check=True, capture_output=True)
    return certificate, key


class Gatepost:
    """One server with a folder of its own. `changes` are merged into the configuration, a section at a time."""

    def __init__(self, folder, dns_port, relay_port, certificate, changes=None):
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder
        self.port, self.http_port = free_port(), free_port()
        self.configuration_path = folder / "gatepost.yaml"
        configuration = {
            "hostname": HOSTNAME,
            "domains": ["ours.example"],
            "data_dir": str(folder / "data"),
            "listeners": [{"address": f"127.0.0.1:{self.port}", "tls": "starttls"}],
            "tls": {"certificate": str(certificate[0]), "private_key": {"file": str(certificate[1])}},
            "dns": {"servers": [f"127.0.0.1:{dns_port}"]},
            "relay": {"to": [f"127.0.0.1:{relay_port}"]},
            "policy": {
                "own_networks": [CRON],
                "exemptions": [{
                    "id": "cron-hosts", "owner": "ops@ours.example", "reason": "cron hosts sign nothing",
                    "when": {"client_ip": [CRON], "author_domain": ["ours.example", "*.ours.example"]},
                    "allow": ["dmarc", "spf", "missing_from_domain"]}],
            },
            "reports": {"organization": "Ours", "email": "dmarc@ours.example"},
            "http": {"address": f"127.0.0.1:{self.http_port}"},
        }
        for section, values in (changes or {}).items():
            if isinstance(values, dict):
                configuration.setdefault(section, {}).update(values)
            else:
                configuration[section] = values
        (folder / "data").mkdir(exist_ok=True)
        self.configuration_path.write_text(yaml.safe_dump(configuration, sort_keys=False), encoding="utf-8")
        self.process = None

    def start(self, under=()):
        """`under`: the words of a command that runs it."""
        self.process = Process([*under, BINARY, "serve", "--config", self.configuration_path], self.folder / "gatepost.log",
                               ENVIRONMENT)
        self.process.wait_until(lambda: self._status("/healthz") == 200, "gatepost serves")
        return self

    def stop(self):
        """Ends it as an operator does; a finding of a sanitizer or a crash fails the test that stops it."""
        if self.process is not None and self.process.running:
            self.process.stop()
        if self.process is not None:
            assert self.process.exit_status == 0, self.process.log[-6000:]

    def get(self, path):
        """Status and body."""
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.http_port}{path}", timeout=10) as reply:
                return reply.status, reply.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode()

    def metric(self, name):
        """A metric without labels."""
        return next(float(line.split()[1]) for line in self.get("/metrics")[1].splitlines() if line.startswith(name + " "))

    def stats(self):
        return json.loads(self.get("/stats")[1])

    def command(self, *words):
        """Runs a subcommand with this server's configuration."""
        return run_command(*words, "--config", self.configuration_path)

    def _status(self, path):
        try:
            return self.get(path)[0]
        except OSError:
            return None


def run_command(*words):
    return subprocess.run([BINARY, *map(str, words)], capture_output=True, text=True, timeout=COMMAND_SECONDS,
                          env=ENVIRONMENT)
