"""One attack: a server as it comes, senders beside it, attackers for some seconds; what was seen, and what must hold."""
import collections
import dataclasses
import json
import pathlib
import re
import signal
import subprocess
import sys
import time

from harness.gatepost import Gatepost
from harness.mail import compose
from harness.process import wait_until

from .attackers import Attackers
from .dns_server import DnsServer
from .network import EXEMPT, GOOD
from .watch import Watch, descriptors, memory_octets

MIB = 1024 * 1024
EVERY = 0.2             # seconds between two messages of a sender
SLOWEST_SECONDS = 1.0   # a message of theirs, beside any attack
BESIDE_FRIENDS = 3      # or so many times as long as beside the same load of friendly mail
BEFORE_SECONDS = 2
AFTER_SECONDS = 10      # all is as before
AGAIN_SECONDS = 2       # and the senders are as fast
RESOLVER_SOCKETS, RELAY_CONNECTIONS = "gatepost_dns_sockets_limit", 200
OTHER_DESCRIPTORS = 64  # of files, of HTTP, of the senders beside

LOG_OCTETS = 1024       # of a message

HONEST_TTL = 3  # so that their records are asked for again and again


@dataclasses.dataclass
class Bounds:
    """What the server may take at most. Descriptors: beside those of connections, of the resolver and to downstream."""
    memory: int = 400 * MIB
    disk: int = 16 * MIB
    log: int = MIB  # beside LOG_OCTETS for each message: verdict lines are never left out
    warning: str = None  # what /readyz must warn of


@dataclasses.dataclass
class Outcome:
    title: str
    addresses: int
    attackers: dict = None
    held_by: str = ""
    slowest: dict = None   # of each sender, while attacked
    messages: int = 0      # of the senders, while attacked
    watch: Watch = None
    log: int = 0
    seconds: float = 0
    after: float = None    # seconds until all was as before
    slow: list = None      # the slowest messages: who, when after the begin, how long, what each step took
    median: float = 0
    faults: list = None    # what did not hold

    def row(self):
        return {"attack": self.title, "addresses": self.addresses, "held by": self.held_by,
                "slowest good ms": round(self.slowest["good"] * 1000),
                "slowest exempted ms": round(self.slowest["exempt"] * 1000),
                "median ms": round(self.median * 1000), "messages": self.messages,
                "RSS MiB": self.watch.memory // MIB, "descriptors": self.watch.descriptors,
                "disk MiB": self.watch.disk // MIB, "log KiB": self.log // 1024,
                "attack Mbit/s": round(self.attackers["sent"] * 8 / self.seconds / 1e6, 1),
                "replies/s": round(sum(self.attackers["codes"].values()) / self.seconds),
                "as before s": "-" if self.after is None else round(self.after, 1)}


class Battle:
    """A server with the defaults, its DNS, and two senders."""

    def __init__(self, folder, sink, certificate, key, records, silent=(), failing=(), changes=None,
                 under=()):
        self.folder, self.sink = folder, sink
        honest = [["good.example.org", "TXT", HONEST_TTL, f"v=spf1 ip4:{GOOD} -all"],
                  ["_dmarc.good.example.org", "TXT", HONEST_TTL, "v=DMARC1; p=reject"],
                  [key.record_name.rstrip("."), "TXT", HONEST_TTL, key.record],
                  ["10.113.0.203.in-addr.arpa", "PTR", HONEST_TTL, "mail.good.example.org"],
                  ["mail.good.example.org", "A", HONEST_TTL, GOOD],
                  ["ours.example", "TXT", HONEST_TTL, "v=spf1 -all"],
                  ["_dmarc.ours.example", "TXT", HONEST_TTL, "v=DMARC1; p=reject"]]
        self.dns = DnsServer(folder, [*honest, *records], list(silent), list(failing))
        settings = {"policy": {"own_networks": [f"{EXEMPT}/32"], "exemptions": [{
            "id": "monitoring", "owner": "ops@ours.example", "reason": "monitoring signs nothing",
            "when": {"client_ip": [f"{EXEMPT}/32"], "author_domain": ["ours.example"]}, "allow": ["dmarc", "spf"]}]}}
        for section, values in (changes or {}).items():
            settings.setdefault(section, {}).update(values)
        self.server = Gatepost(folder / "gatepost", self.dns.port, sink.port, certificate, settings)
        port = self.server.port
        text = self.server.configuration_path.read_text(encoding="utf-8")
        listeners = f"listeners:\n- address: 127.0.0.1:{port}\n"
        assert listeners in text
        both = f"listeners:\n- address: '[::]:{port}'\n  tls: starttls\n- address: 0.0.0.0:{port}\n"
        self.server.configuration_path.write_text(text.replace(listeners, both), encoding="utf-8")
        self.server.start(under)
        good = key.sign(compose("Joe <joe@good.example.org>"))
        monitoring = compose("Monitoring <root@ours.example>", subject="all is well")
        self._senders = [
            {"who": "good", "source": GOOD, "helo": "mail.good.example.org", "mail_from": "joe@good.example.org",
             "recipient": "inbox@ours.example", "message": good.decode("latin-1")},
            {"who": "exempt", "source": EXEMPT, "helo": "monitoring.ours.example", "mail_from": "root@ours.example",
             "recipient": "inbox@ours.example", "message": monitoring.decode("latin-1")}]
        self._told = folder / "senders.out"
        self._child = None

    # ---- the senders

    def start_senders(self):
        settings = self.folder / "senders.json"
        settings.write_text(json.dumps({"port": self.server.port, "every": EVERY, "senders": self._senders}))
        program = pathlib.Path(__file__).parent / "senders.py"
        with open(self._told, "wb") as told:
            self._child = subprocess.Popen([sys.executable, "-B", program, settings], stdout=told)

    def end_senders(self):
        """What they tell: a list of messages."""
        self._child.send_signal(signal.SIGTERM)
        self._child.wait(90)
        self._child = None
        return [json.loads(line) for line in self._told.read_text().splitlines()]

    # ---- the server as it is

    def state(self):
        stats = self.server.stats()
        # Connections to downstream stay open for a minute: not what a stranger holds, and bounded.
        return {"descriptors": descriptors(self.server.process.pid) - self.downstream_connections(),
                "connections": stats["connections"]["open"],
                "memory": stats.get("room", {}).get("memory", {}).get("octets", 0),
                "disk": stats.get("room", {}).get("disk", {}).get("octets", 0),
                "questions": self.metric("gatepost_dns_client_questions")}

    def downstream_connections(self):
        lines = pathlib.Path(f"/proc/{self.server.process.pid}/net/tcp").read_text().splitlines()[1:]
        established = "01"  # include/net/tcp_states.h
        return sum(line.split()[2].endswith(f":{self.sink.port:04X}") and line.split()[3] == established for line in lines)

    def metric(self, name):
        try:
            return self.server.metric(name)
        except StopIteration:
            return 0  # an older server has it not

    def is_as(self, before):
        now = self.state()
        # Two senders come and go meanwhile, and their questions.
        return now if (now["connections"] <= before["connections"] + 4 and now["memory"] <= before["memory"] + MIB and
                       now["disk"] <= before["disk"] and now["questions"] <= 16 and
                       now["descriptors"] <= before["descriptors"] + 16) else None

    # ---- the fight

    def fight(self, title, addresses, floods, seconds, bounds=Bounds(), during=None):
        wait_until(lambda: self.server.get("/readyz")[0] == 200, 20, "ready")
        self.start_senders()
        time.sleep(BEFORE_SECONDS)
        before = self.state()
        watch = Watch(self.server)
        outcome = Outcome(title, addresses, watch=watch)
        begin = time.monotonic()
        attackers = Attackers(self.folder / "attackers", self.server.port, floods)
        outcome.held_by = attackers.held_by
        try:
            if during:
                during(self)
            time.sleep(max(0, begin + seconds - time.monotonic()))
        finally:
            outcome.attackers = attackers.stop()
            end = time.monotonic()
            outcome.seconds = end - begin
        try:
            wait_until(lambda: self.is_as(before), AFTER_SECONDS, "as before")
            outcome.after = time.monotonic() - end
        except TimeoutError:
            pass
        again = time.monotonic()
        time.sleep(AGAIN_SECONDS)
        watch.stop()
        messages = self.end_senders()
        outcome.log = watch.log
        attacked = [message for message in messages if begin - 1 <= message["began"] <= end]
        outcome.slowest = {who: max(message["took"] for message in attacked if message["who"] == who)
                           for who in ("good", "exempt")}
        outcome.messages = len(attacked)
        outcome.slow = [(message["who"], round(message["began"] - begin, 2), round(message["took"], 3), message["steps"])
                        for message in sorted(attacked, key=lambda message: -message["took"])[:4]]
        usual = sorted(message["took"] for message in attacked)
        outcome.median = usual[len(usual) // 2]
        self.check(outcome, bounds, before, messages, [m["took"] for m in messages if m["began"] < begin - 1],
                   [m["took"] for m in messages if m["began"] >= again])
        return outcome

    def check(self, outcome, bounds, before, messages, took_before, took_after):
        outcome.faults = faults = []

        def hold(condition, text):
            if not condition:
                faults.append(text)

        watch = outcome.watch
        lost = [message for message in messages if not message["reply"].startswith("250 ")]
        hold(not lost, f"{len(lost)} messages of the senders not taken: {[(m['who'], m['reply']) for m in lost[:3]]}")
        arrived = collections.Counter(number for message in list(self.sink.messages)
                                      for number in re.findall(rb"^X-Number: (\S+)\r$", message.octets, re.M))
        sent = {f"{message['who']}-{message['number']}".encode() for message in messages if message["reply"].startswith("250 ")}
        hold(all(arrived[number] == 1 for number in sent), "messages of the senders arrived not at all or twice")
        hold(watch.memory <= bounds.memory, f"RSS of {watch.memory // MIB} MiB, bound {bounds.memory // MIB}")
        most = int(before["descriptors"] + outcome.attackers["most_open"] + self.metric(RESOLVER_SOCKETS) + RELAY_CONNECTIONS +
                   OTHER_DESCRIPTORS)
        hold(watch.descriptors <= most, f"{watch.descriptors} descriptors, bound {most}")
        hold(watch.disk <= bounds.disk, f"{watch.disk // 1024} KiB of disk, bound {bounds.disk // 1024}")
        log = bounds.log + self.server.stats()["messages"]["total"] * LOG_OCTETS
        hold(outcome.log <= log, f"{outcome.log // 1024} KiB of log, bound {log // 1024}")
        hold(not watch.not_ready, f"/readyz was not 200: {watch.not_ready[:1]}")
        if bounds.warning:
            hold(any(bounds.warning in warning for warning in watch.warnings), f"/readyz did not warn of {bounds.warning}")
        hold(outcome.after is not None, f"after {AFTER_SECONDS} s not as before: {self.state()}, before {before}")
        # Of the faster ones: other work of the machine makes some slow at any time, a server that has suffered all.
        usual, now = (sorted(took)[len(took) // 4] for took in (took_before, took_after))
        hold(now <= 3 * usual + 0.05, f"a message takes {now * 1000:.0f} ms after it, {usual * 1000:.0f} before")

    def stop(self):
        if self._child:
            self._child.kill()
            self._child.wait(10)
        try:
            self.server.stop()
        finally:
            self.dns.stop()
