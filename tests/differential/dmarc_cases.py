"""Generated author domains with DMARC records (RFC 9989, RFC 7489) and identifiers beside them."""
import base64
import dataclasses
import random

import dkim

from dkim_cases import NOW
from keys import RsaKey

SUFFIXES = ["com", "org", "co.uk", "net.au"]  # public suffixes, without records of their own
CLIENT = "192.0.2.1"


@dataclasses.dataclass
class DmarcCase:
    number: int
    author: str
    mail_from: str = ""
    spf: str = "none"
    signing: str = ""
    message: bytes = b""
    records: dict = dataclasses.field(default_factory=dict)  # domain -> texts
    marks: set = dataclasses.field(default_factory=set)

    def __str__(self):
        return "\n".join([f"  case {self.number} {sorted(self.marks)}",
                          f"    From {self.author}, MAIL FROM {self.mail_from} (spf={self.spf}), d= {self.signing}"] +
                         [f"    _dmarc.{name}: {texts}" for name, texts in self.records.items()])


class Generator:
    def __init__(self, zone, key, seed, number):
        self.zone, self.key = zone, key
        self.random = choose = random.Random(f"{seed} dmarc {number}")
        self.base = f"c{number}.{choose.choice(SUFFIXES)}"
        depth = choose.choice([0, 0, 1, 1, 1, 2, 3, 5, 8])
        self.case = DmarcCase(number, ".".join([f"l{i}" for i in range(depth)] + [self.base]))

    def record(self):
        choose, marks = self.random, self.case.marks
        tags = [("p", choose.choice(["none", "quarantine", "reject"]))]
        for name, values, chance in [("sp", ["none", "quarantine", "reject"], 0.3), ("np", ["none", "reject"], 0.15),
                                     ("adkim", ["r", "s"], 0.4), ("aspf", ["r", "s"], 0.4), ("pct", ["100", "50"], 0.1),
                                     ("t", ["y", "n"], 0.15), ("psd", ["y", "n", "u"], 0.15), ("fo", ["1", "0:d"], 0.1),
                                     ("rua", ["mailto:a@b.example"], 0.5), ("ri", ["86400"], 0.05)]:
            if choose.random() < chance:
                tags.append((name, choose.choice(values)))
        if choose.random() < 0.2:
            choose.shuffle(tags)
        joint = choose.choice(["; ", ";", " ; "])
        text = joint.join(["v=DMARC1"] + [f"{name}={value}" for name, value in tags]) + choose.choice(["", ";", "; "])
        if choose.random() < 0.3:
            kind, change = choose.choice([
                ("blanks around =", lambda r: r.replace("p=", "p = ")), ("blanks in v", lambda r: r.replace("v=", "v = ")),
                ("v in lower case", lambda r: r.replace("DMARC1", "dmarc1")), ("v longer", lambda r: r.replace("DMARC1", "DMARC12")),
                ("v behind", lambda r: r.partition(";")[2] + ";v=DMARC1"), ("V", lambda r: r.replace("v=", "V=")),
                ("no p", lambda r: joint.join(part for part in r.split(joint) if not part.startswith("p="))),
                ("p invalid", lambda r: r.replace("p=", "p=x", 1)), ("p upper", lambda r: r.upper().replace("V=DMARC1", "v=DMARC1")),
                ("junk", lambda r: r + ";junk"), ("p twice", lambda r: r + joint + "p=none"),
                ("unknown tag", lambda r: r + joint + "zz=1"), ("blank in front", lambda r: " " + r),
            ])
            text = change(text)
            marks.add(f"record {kind}")
        return text

    def names(self):
        labels = self.case.author.split(".")
        return [".".join(labels[i:]) for i in range(len(labels) - len(self.base.split(".")) + 1)]

    def identifier(self):
        choose, names = self.random, self.names()
        return choose.choice([self.case.author, self.case.author, choose.choice(names), f"sub.{self.case.author}",
                              f"side.{self.base}", "other.example", f"x{self.base}"])

    def build(self):
        choose, case = self.random, self.case
        names = self.names()
        for name in names:
            if choose.random() < (0.6 if name in (names[0], names[-1]) else 0.2):
                texts = [self.record()]
                if choose.random() < 0.06:
                    texts.append(self.record())
                    case.marks.add("several")
                if choose.random() < 0.1:
                    texts.append("some other text")
                self.zone.add_txt(f"_dmarc.{name}", *texts)
                case.records[name] = texts
        if choose.random() < 0.7:
            self.zone.add(case.author, "A", CLIENT)
        domain = self.identifier()
        case.mail_from = f"user@{domain}"
        case.spf = choose.choice(["pass", "pass", "fail"])
        owner = f"e{case.number}.{domain}" if domain == "other.example" else domain
        case.mail_from = f"user@{owner}"
        self.zone.add_txt(owner, f"v=spf1 {'+' if case.spf == 'pass' else '-'}all")
        head = f"From: <user@{case.author}>\r\nTo: <r@example.net>\r\nSubject: x\r\n\r\nbody\r\n".encode()
        case.message = head
        if choose.random() < 0.5:
            case.signing = self.identifier()
            self.zone.add_txt(f"k{case.number}._domainkey.{case.signing}",
                              "v=DKIM1; p=" + base64.b64encode(self.key.spki).decode())
            dkim.time = Clock
            case.message = dkim.sign(head, f"k{case.number}".encode(), case.signing.encode(), self.key.for_signing,
                                     include_headers=[b"from", b"subject"]) + head
        return case


class Clock:
    @staticmethod
    def time():
        return NOW


def dmarc_cases(zone, seed, count):
    key = RsaKey(1024, random.Random(f"{seed} dmarc key"))
    return [Generator(zone, key, seed, number).build() for number in range(count)]
