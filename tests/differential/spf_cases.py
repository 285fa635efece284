"""Generated questions to check_host() (RFC 7208): a zone, a client and an identity for each.

Every case stands below a label of its own and has client addresses of its own, so that one zone holds them all."""
import dataclasses
import ipaddress
import random

FAMILIES = ["mixed", "mixed", "mixed", "syntax", "syntax", "macro", "macro", "limits", "limits", "trouble",
            "identity", "selection"]
QUALIFIERS = ["", "", "", "+", "-", "~", "?"]
BROKEN_TERMS = [
    "ip4:192.0.2.1/33", "ip4:192.0.2", "ip4:192.0.2.1/08", "ip4:192.0.2.256", "ip4:", "ip4", "ip4:1.2.3.4//32",
    "ip6:2001:db8::1/129", "ip6:2001:db8:::1", "ip6::1", "ip6:", "ip6:2001:db8::1/00", "ip6:1.2.3.4",
    "a/33", "a//129", "a/", "a//", "a/24/64", "a/024", "a:/24", "a:", "a:foo", "a:foo.-bar", "a:foo.12", "a:a..b",
    "mx/33", "mx:", "ptr:", "ptr/24", "include", "include:", "include:foo", "exists", "exists:", "exists:a.b/24",
    "all:x", "all.", "all/8", "-all,", "alll", "foo", "foo:bar", "!all", "=all", "--all", "+-all", "192.0.2.1",
    "a:%{d", "a:%{}", "a:%{x}.com", "a:%d.com", "a:%{d0}", "a:%{c}.com", "a:%{d}%", "a:%{dr1}", "a:%{d!}",
    "exists:%{t}.a.com", "exists:%{r}.a.com", "a:%(d).com", "a:%{D2R}", "redirect:foo.com", "exp:foo.com",
    "redirect=", "exp=", "redirect=foo", "foo=%{x}", "foo=%", "1foo=bar", "-redirect=a.com", "a=b", "all=b",
    "\u00e9", "a:\u00e9.com", "a\tb", "ip4 :1.2.3.4", "ip4: 1.2.3.4", "a:b@c.com", "a:_dmarc.%{o}", "a:x_y.z-",
]
MACROS = ["%{s}", "%{l}", "%{o}", "%{d}", "%{i}", "%{h}", "%{v}", "%{ir}", "%{d2}", "%{d1r}", "%{l-}", "%{lr-}",
          "%{l1r-}", "%{s2-+}", "%{o2}", "%{dr}", "%{S}", "%{L}", "%{I}", "%{d300}", "%{i3r}", "%{l2r+-}", "%%",
          "%_", "%-", "%{H}", "%{h2}", "%{dR}", "%{Lr=/}", "%{i4r}", "%{ir3}", "%{p}", "%{p2}", "%{P}", "%{pr}"]
LOCAL_PARTS = ["user", "user", "first.last", "a-b+c", "x", "strong-bad", "a=b/c_d", "UPPER", "o'neil", "%percent",
               "a,b,c", "very" * 16, "#{}|~", "a..b"]


@dataclasses.dataclass
class SpfCase:
    number: int
    family: str
    domain: str
    ip: str
    helo: str = ""
    sender: str = ""
    records: list = dataclasses.field(default_factory=list)  # (name, text) of SPF records, to print and to explain
    marks: set = dataclasses.field(default_factory=set)

    def text(self):
        return " | ".join(text for _, text in self.records)

    def __str__(self):
        lines = [f"  case {self.number} ({self.family}) {sorted(self.marks)}",
                 f"    ip {self.ip} helo {self.helo!r} mail-from {self.sender!r}"]
        return "\n".join(lines + [f"    {name} TXT {text!r}" for name, text in self.records])


class Generator:
    def __init__(self, zone, seed, number):
        self.zone = zone
        self.random = random.Random(f"{seed} spf {number}")
        choose = self.random
        family = choose.choice(FAMILIES)
        v6 = choose.random() < 0.3
        address = (ipaddress.ip_address("2001:db8::") + (number << 64) + choose.randrange(1, 1 << 40) if v6 else
                   ipaddress.ip_address("198.18.0.0") + number)
        self.case = SpfCase(number, family, f"c{number}.spf.example", str(address))
        self.address = address
        self.names = 0

    # ---- the client and names that lead to it ----

    def near(self):
        """An address: the client's, one beside it, or a strange one; of the other kind sometimes."""
        choose = self.random
        bits = self.address.max_prefixlen
        if choose.random() < 0.12:
            return choose.choice(["203.0.113.7", "2001:db8:ffff:ffff::7"])
        value = int(self.address)
        if choose.random() < 0.6:
            value ^= 1 << choose.randrange(0, bits // 2)
        return str(type(self.address)(value))

    def new_name(self):
        self.names += 1
        return f"n{self.names}.{self.case.domain}"

    def host(self):
        """A name with addresses, with an alias, with nothing, or none."""
        choose = self.random
        name = self.new_name()
        kind = choose.random()
        if kind < 0.65:
            for _ in range(choose.choice([1, 1, 2, 5])):
                address = self.near()
                self.zone.add(name, "AAAA" if ":" in address else "A", address)
        elif kind < 0.75:
            self.zone.add(name, "CNAME", self.host())
        elif kind < 0.87:
            self.zone.add(name, "HINFO")
        if choose.random() < (0.25 if self.case.family == "trouble" else 0):
            self.zone.break_name(name, choose.choice(["A", "AAAA", "*"]))
            self.case.marks.add("trouble")
        return name

    def mail_host(self, exchanges=None):
        name = self.new_name()
        count = self.random.choice([0, 1, 1, 2, 3]) if exchanges is None else exchanges
        for preference in range(count):
            self.zone.add(name, "MX", (preference, self.host()))
        if self.random.random() < (0.2 if self.case.family == "trouble" else 0):
            self.zone.break_name(name, "MX")
            self.case.marks.add("trouble")
        return name

    def reverse_names(self, count=None):
        choose = self.random
        owner = self.address.reverse_pointer
        if count:
            self.case.marks.add("more than ten names")
        for _ in range(choose.choice([0, 1, 1, 2, 3]) if count is None else count):
            name = f"p{choose.randrange(1000)}.{self.case.domain}{choose.choice(['', '.elsewhere.example'])}"
            self.zone.add(owner, "PTR", name)
            if choose.random() < 0.7:
                address = str(self.address) if choose.random() < 0.8 else self.near()
                self.zone.add(name, "AAAA" if ":" in address else "A", address)
        if choose.random() < (0.25 if self.case.family == "trouble" else 0):
            self.zone.break_name(owner, "PTR")
            self.case.marks |= {"trouble", "ptr trouble"}

    # ---- terms ----

    def network(self):
        choose = self.random
        address = self.near()
        prefix = "" if choose.random() < 0.3 else f"/{choose.choice([0, 8, 16, 23, 24, 28, 30, 31, 32] if ':' not in address else [0, 16, 32, 48, 63, 64, 112, 127, 128])}"
        return f"ip6:{address}{prefix}" if ":" in address else f"ip4:{address}{prefix}"

    def lengths(self):
        choose = self.random
        four = f"/{choose.choice([0, 8, 16, 24, 30, 32])}" if choose.random() < 0.3 else ""
        six = f"//{choose.choice([0, 32, 64, 96, 127, 128])}" if choose.random() < 0.3 else ""
        return four + six

    def macro_name(self):
        choose = self.random
        parts = [choose.choice(MACROS) for _ in range(choose.choice([1, 1, 2, 3]))]
        return choose.choice([".", "-", "."]).join(parts) + f".coin.{choose.choice(['%{d}', '%{o}', self.case.domain])}"

    def term(self, depth):
        choose = self.random
        kind = choose.choice(["ip", "ip", "ip", "a", "a", "mx", "ptr", "exists", "include", "include", "all"])
        macro = self.case.family == "macro" and choose.random() < 0.8
        if kind == "ip":
            return self.network()
        if kind == "a":
            return (f"a:{self.macro_name() if macro else self.host()}" if choose.random() < 0.8 else "a") + self.lengths()
        if kind == "mx":
            return (f"mx:{self.mail_host()}" if choose.random() < 0.8 else "mx") + self.lengths()
        if kind == "ptr":
            return choose.choice(["ptr", f"ptr:{self.case.domain}", "ptr:elsewhere.example", f"ptr:{self.host()}"])
        if kind == "exists":
            return f"exists:{self.macro_name() if macro else self.host()}"
        if kind == "include" and depth < 3:
            return f"include:{self.policy(depth + 1)}"
        return choose.choice(["all", "ip4:0.0.0.0/0", "ip6:::/0"])

    def mangle(self, text):
        """Damage as people and attackers do it."""
        choose = self.random
        terms = text.split(" ")
        for _ in range(choose.choice([1, 1, 2])):
            kind = choose.randrange(6)
            if kind <= 1:
                terms.insert(choose.randrange(1, len(terms) + 1), choose.choice(BROKEN_TERMS))
            elif kind == 2:
                terms.insert(choose.randrange(1, len(terms) + 1), "")
            elif kind == 3:
                at = choose.randrange(len(terms))
                terms[at] = terms[at].upper() if choose.random() < 0.5 else terms[at].capitalize()
            elif kind == 4:
                terms.append(choose.choice(terms[1:] or ["all"]))
            else:
                at = choose.randrange(len(terms))
                term = terms[at]
                place = choose.randrange(len(term) + 1)
                terms[at] = term[:place] + choose.choice("%{}:/=.-_,;\"\\ \t0aZ@") + term[place + choose.randrange(2):]
        return " ".join(terms)

    def explanation(self):
        choose = self.random
        name = f"e{self.names}.{self.case.domain}"
        words = ["see", "http://why.example/?s=%{S}&i=%{I}", "%{c}", "%{r}", "%{i}", "100%%", "%{h}", "%{l}", "%{dr}",
                 "%{v}.", "a%_b", "%-", "(%{o2})", "%{p}", "%{L1r-}"]
        text = " ".join(choose.sample(words, choose.randrange(1, 6)))
        if choose.random() < 0.15:
            text += choose.choice([" %{x}", " %", " %{d", " \u00e9", "\t", " %{d0}"])
        texts = [text] if choose.random() < 0.9 else [text, "another"]
        self.zone.add_txt(name, *texts)
        self.case.records.append((name, " / ".join(texts)))
        return name

    def policy(self, depth=0, name=None):
        """A domain with an SPF record, mostly; gives its name."""
        choose = self.random
        name = name or self.new_name()
        family = self.case.family
        count = choose.choice([1, 2, 3, 4, 5])
        if family == "limits":
            count = choose.choice([3, 5, 9, 10, 11]) if depth == 0 else choose.choice([1, 2, 4])
        terms = [choose.choice(QUALIFIERS) + self.limit_term(depth) if family == "limits" and choose.random() < 0.8 else
                 choose.choice(QUALIFIERS) + self.term(depth) for _ in range(count)]
        end = choose.random()
        if end < 0.5:
            terms.append(choose.choice(["-all", "-all", "~all", "?all"]))
        elif end < 0.65 and depth < 3:
            terms.append(f"redirect={self.target(depth)}")
        if choose.random() < 0.3:
            terms.insert(choose.randrange(len(terms) + 1), f"exp={self.explanation()}")
        if choose.random() < 0.1:
            terms.insert(choose.randrange(len(terms) + 1), choose.choice(
                ["moo=", "x.y-z_1=%{d}", "ra=postmaster", "rr=all", "op=auth", "default=softfail", "u=%{c}%{t}"]))
        text = choose.choice(["v=spf1"] * 9 + ["V=SPF1"]) + " " + " ".join(terms)
        if family == "syntax" and choose.random() < 0.8:
            text = self.mangle(text)
        if depth and choose.random() < 0.06:
            return name  # no record at all
        self.publish(name, text)
        return name

    def target(self, depth):
        """What redirect= names: mostly a policy."""
        choose = self.random
        kind = choose.random()
        if kind < 0.07:
            return self.case.domain
        if kind < 0.14 and self.case.family == "macro":
            return choose.choice(["%{d}", "_spf.%{o}", "%{d2}", "%{l}.%{d}"])
        return self.policy(depth + 1)

    def limit_term(self, depth):
        choose = self.random
        kind = choose.choice(["a", "a", "void", "mx", "include", "exists", "ptr", "many mx", "loop"])
        if kind == "a":
            name = self.new_name()
            self.zone.add(name, "A", "203.0.113.9")
            self.zone.add(name, "AAAA", "2001:db8:ffff:ffff::9")
            return f"a:{name}"
        if kind == "void":
            return f"{choose.choice(['a', 'mx', 'exists'])}:{self.new_name()}"
        if kind in ("mx", "many mx"):
            return f"mx:{self.mail_host(choose.choice([9, 10, 11]) if kind == 'many mx' else 1)}"
        if kind == "include":
            return f"include:{self.policy(depth + 1)}" if depth < 4 else "a"
        if kind == "loop":
            return f"include:{self.case.domain}" if choose.random() < 0.3 else "a"
        return "ptr" if kind == "ptr" else f"exists:{self.host()}"

    def publish(self, name, text):
        choose = self.random
        texts = [text]
        if self.case.family == "selection" and choose.random() < 0.8:
            kind = choose.randrange(8)
            if kind == 0:
                texts.append("v=spf1 -all")
            elif kind == 1:
                texts = [choose.choice(["v=spf10 -all", "v=spf1-all", " v=spf1 -all", "v=spf2.0/pra -all", "v=spf1\t-all",
                                        "spf1 all", "\"v=spf1 all\"", "v=spf1", "v=spf1 ", "v=spf1,all"])]
            elif kind == 2:
                texts += ["some other text", "google-site-verification=x", "v=spf10 +all"]
            elif kind == 3:
                texts = [text + " \u00fc"]
            elif kind == 4:
                texts = [text + " " + " ".join(f"ip4:203.0.113.{i}" for i in range(choose.choice([30, 90, 250])))]
            elif kind == 5:
                texts = [text.encode() + b" x=\xff\x00"]
            elif kind == 6:
                texts = ["", text]
            else:
                texts = [text, text + " "]
            self.case.marks.add(f"selection {kind}")
        self.zone.add_txt(name, *texts)
        for each in texts:
            self.case.records.append((name, each if isinstance(each, str) else each.decode("latin-1")))
        if choose.random() < (0.12 if self.case.family == "trouble" else 0):
            self.zone.break_name(name, "TXT")
            self.case.marks.add("trouble")

    # ---- the case ----

    def identity(self):
        choose, case = self.random, self.case
        case.helo = choose.choice([f"mail.{case.domain}", case.domain, "localhost", "[198.51.100.1]", "", "mx_1.Some.Example",
                                   f"{case.domain}."])
        local = choose.choice(LOCAL_PARTS)
        case.sender = f"{local}@{case.domain}"
        if choose.random() < 0.1:
            case.sender, case.helo = "", case.domain
        if case.family != "identity":
            return
        sender, helo = choose.choice([
            (f"@{case.domain}", case.helo), (case.domain, case.helo), (f'"a b"@{case.domain}', case.helo),
            (f'"a@b"@{case.domain}', case.helo), (f"a@b@{case.domain}", case.helo), (f"u@{case.domain}.", case.helo),
            (f"u@{case.domain.upper()}", case.helo), ("u@localhost", case.helo), ("u@[198.51.100.1]", case.helo),
            ("u@", case.helo), (f"u@a..{case.domain}", case.helo), (f"u@{'l' * 64}.{case.domain}", case.helo),
            (f"u@.{case.domain}", case.helo), (f"u@{'l' * 63}.{'m' * 63}.{'n' * 63}.{'o' * 63}.{case.domain}", case.helo),
            ("u@192.0.2.1", case.helo), (f"\u00fcser@{case.domain}", case.helo), ("", "localhost"), ("", ""),
            ("", "[198.51.100.1]"), ("", f"{case.domain}."), ("", case.domain.upper()), ("", "bad name"),
            (f"u@exa mple.{case.domain}", case.helo), (f"u@b\u00fccher.{case.domain}", case.helo),
        ])
        case.sender, case.helo = sender, helo

    def build(self):
        self.reverse_names(11 if self.case.family == "limits" and self.random.random() < 0.1 else None)
        if self.random.random() < 0.5:
            self.zone.add(self.case.domain, "A", *[a for a in [self.near()] if ":" not in a])
        if self.random.random() < 0.3:
            self.zone.add(self.case.domain, "MX", (10, self.host()))
        self.policy(name=self.case.domain)
        self.identity()
        return self.case


def spf_cases(zone, seed, count):
    return [Generator(zone, seed, number).build() for number in range(count)]
