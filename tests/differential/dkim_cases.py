"""Generated messages with DKIM signatures (RFC 6376), made by dkimpy, then changed on their way.

Each case notes in `marks` what was done to it; the tables of explanations read these."""
import base64
import dataclasses
import random
import re

import dkim

from keys import Ed25519Key, RsaKey

NOW = 1_780_000_000  # of all tests: the time of signing and of verification
DAY = 86400
CANONICALIZATIONS = [b"simple/simple", b"simple/relaxed", b"relaxed/simple", b"relaxed/relaxed", b"relaxed", b"simple"]
WORDS = ["alpha", "beta", "gamma  delta", "tab\there", "trailing ", "=3D", "\u00fcber", "x" * 70, ".dot", "", "a;b=c"]


@dataclasses.dataclass
class Signature:
    domain: str
    selector: str
    marks: set


@dataclasses.dataclass
class DkimCase:
    number: int
    message: bytes = b""
    marks: set = dataclasses.field(default_factory=set)  # of the message
    signatures: list = dataclasses.field(default_factory=list)
    key_records: list = dataclasses.field(default_factory=list)


@dataclasses.dataclass
class SignatureCase:
    """One signature of a message: what results are compared by."""
    case: DkimCase
    signature: Signature
    reason: str = ""  # ours
    words: str = ""  # the oracle's

    @property
    def marks(self):
        return self.case.marks | self.signature.marks

    def __str__(self):
        records = "\n".join(f"    {record}" for record in self.case.key_records)
        return (f"  case {self.case.number}, s={self.signature.selector} {sorted(self.marks)}\n{records}\n" +
                "\n".join("    | " + repr(line)[2:-1] for line in self.case.message.split(b"\r\n")[:60]))


class Keys:
    def __init__(self, seed):
        chance = random.Random(f"{seed} keys")
        self.usual = [RsaKey(1024, chance), RsaKey(1024, chance), RsaKey(2048, chance), Ed25519Key(chance), Ed25519Key(chance)]
        self.small = [RsaKey(512, chance), RsaKey(768, chance), RsaKey(1016, chance)]


def key_record(key, choose, marks):
    """The text of a key record: good mostly; what is special about it goes into marks."""
    form = key.spki if key.type == "rsa" else key.raw
    if choose.random() < 0.1:
        form = key.pkcs1 if key.type == "rsa" else key.spki
        marks.add("pkcs1" if key.type == "rsa" else "ed25519 spki")
    data = base64.b64encode(form).decode()
    tags = {"v": "DKIM1", "k": key.type, "p": data}
    order = ["v", "k", "p"]
    if key.type == "rsa" and choose.random() < 0.5:
        order.remove("k")
    if choose.random() < 0.3:
        order.remove("v")
    if choose.random() < 0.35:
        kind, edit = choose.choice([
            ("v behind", lambda: order.append(order.pop(order.index("v"))) if "v" in order else None),
            ("v=DKIM2", lambda: tags.update(v="DKIM2")), ("v=dkim1", lambda: tags.update(v="dkim1")),
            ("k=RSA", lambda: tags.update(k=key.type.upper())), ("k=other", lambda: tags.update(k="dsa")),
            ("revoked", lambda: tags.update(p="")), ("no p", lambda: order.remove("p")),
            ("p broken", lambda: tags.update(p=data[:-8])), ("p junk", lambda: tags.update(p="!" + data[1:])),
            ("p spaces", lambda: tags.update(p=data[:20] + " " + data[20:50] + "\t" + data[50:])),
            ("p unpadded", lambda: tags.update(p=data.rstrip("="))),
            ("h=sha256", lambda: tags.update(h="sha256")), ("h=sha1", lambda: tags.update(h="sha1")),
            ("h list", lambda: tags.update(h="sha1 : sha256")), ("h empty", lambda: tags.update(h="")),
            ("h=SHA256", lambda: tags.update(h="SHA256")),
            ("s=email", lambda: tags.update(s="email")), ("s=*", lambda: tags.update(s="*")),
            ("s=other", lambda: tags.update(s="tlsrpt")), ("s list", lambda: tags.update(s="other:email")),
            ("s unknown", lambda: tags.update(s="other")),
            ("t=y", lambda: tags.update(t="y")), ("t=s", lambda: tags.update(t="s")), ("t=y:s", lambda: tags.update(t="y:s")),
            ("t unknown", lambda: tags.update(t="x : y")), ("n", lambda: tags.update(n="a note = with all sorts")),
            ("g=*", lambda: tags.update(g="*")), ("g=other", lambda: tags.update(g="someone")),
            ("unknown tag", lambda: tags.update(zz="1")), ("tag twice", lambda: order.append("p")),
            ("bad tag", lambda: tags.update({"1x": "y"})), ("tag without =", lambda: order.append("junk")),
        ])
        edit()
        if kind.startswith("v") and "v" not in order:
            kind = "v absent"
        if kind.startswith("k=") and "k" not in order:
            order.insert(0, "k")
            kind += " first" if "v" in order else ""
        marks.add(f"key {kind}")
    order += [tag for tag in tags if tag not in order and tag not in "vkp"]
    joint = choose.choice(["; ", ";", " ; ", ";\t"])
    text = joint.join(f"{tag}={tags[tag]}" if tag in tags else tag for tag in order)
    return text + choose.choice(["", "", ";", "; "])


class Generator:
    def __init__(self, zone, keys, seed, number):
        self.zone, self.keys = zone, keys
        self.random = random.Random(f"{seed} dkim {number}")
        self.case = DkimCase(number)
        self.author = f"c{number}.dkim.example"

    def header(self):
        choose = self.random
        fields = [f"From: {choose.choice(['', 'A User ', '=?utf-8?q?=C3=BC?= '])}<user@{self.author}>",
                  f"To: <rcpt@{'x' * choose.randrange(1, 9)}.example>,\r\n\t<other@example.net>",
                  f"Subject: {' '.join(choose.sample(WORDS[:7], 3))}",
                  f"Date: Thu, 28 May 2026 20:26:40 +0000", f"Message-ID: <{self.case.number}@{self.author}>"]
        if choose.random() < 0.5:
            fields += ["MIME-Version: 1.0", "Content-Type: text/plain;\r\n charset=utf-8"]
        for _ in range(choose.choice([0, 0, 1, 3])):
            fields.insert(0, f"Received: from a{choose.randrange(9)} by b; \r\n  now")
        if choose.random() < 0.3:
            fields += ["X-Empty:", "X-Spaces:   a   b  \r\n \t c  ", "X-Twice: 1", "X-Twice: 2"]
        if choose.random() < 0.3:
            choose.shuffle(fields)
        return fields

    def body(self):
        choose = self.random
        kind = choose.random()
        if kind < 0.06:
            return b""
        if kind < 0.12:
            return choose.choice([b"\r\n", b"\r\n\r\n\r\n", b" \r\n", b" \r\n\t\r\n", b"x\r\n"])
        lines = [" ".join(choose.choice(WORDS) for _ in range(choose.randrange(0, 6))) for _ in range(choose.randrange(1, 14))]
        lines += [""] * choose.choice([0, 0, 1, 3])
        return ("\r\n".join(lines) + "\r\n").encode()

    # ---- signing ----

    def signed_names(self, fields, marks):
        choose = self.random
        names = [field.partition(":")[0].lower() for field in fields]
        wanted = ["from"] + [name for name in names if name not in ("from", "received") and choose.random() < 0.7]
        if choose.random() < 0.3:
            wanted += ["from"]  # one more than there are
        if choose.random() < 0.3:
            wanted += choose.sample(["sender", "cc", "x-nowhere", "received", "reply-to"], 2)
        if choose.random() < 0.04:
            wanted = [name for name in wanted if name != "from"] or ["subject"]
            marks.add("h without from")
        if choose.random() < 0.03:
            wanted.append("dkim-signature")
            marks.add("h names dkim-signature")
        choose.shuffle(wanted)
        return [name.encode() for name in wanted]

    def special_tags(self, fields, marks, domain):
        """Changes tags before the signature is made, so that it is right but for them."""
        choose = self.random
        def put(name, value):
            at = next((i for i, field in enumerate(fields) if field[0] == name), None)
            if at is None:
                fields.insert(choose.randrange(1, len(fields)), (name, value))
            else:
                fields[at] = (name, value)
        def drop(name):
            fields[:] = [field for field in fields if field[0] != name]
        at = lambda seconds: str(NOW + seconds).encode()
        kind, edit = choose.choice([
            ("i below", lambda: put(b"i", b"user@sub." + domain)), ("i same", lambda: put(b"i", b"@" + domain)),
            ("i foreign", lambda: put(b"i", b"user@other.example")), ("i beside", lambda: put(b"i", b"user@x" + domain)),
            ("i upper", lambda: put(b"i", b"User@" + domain.upper())), ("i no at", lambda: put(b"i", domain)),
            ("i quoted", lambda: put(b"i", b"a=20b@" + domain)),
            ("x past", lambda: put(b"x", at(-3 * DAY))), ("x future", lambda: put(b"x", at(DAY))),
            ("x before t", lambda: (put(b"t", at(DAY // 48)), put(b"x", at(DAY // 96)))), ("x junk", lambda: put(b"x", b"soon")),
            ("x just past", lambda: put(b"x", at(-60))),
            ("t future", lambda: put(b"t", at(40 * DAY))), ("t junk", lambda: put(b"t", b"-1")), ("no t", lambda: drop(b"t")),
            ("q good", lambda: put(b"q", b"dns/txt")), ("q other", lambda: put(b"q", b"http/json")),
            ("q list", lambda: put(b"q", b"http:dns/txt")), ("q bare", lambda: put(b"q", b"dns")),
            ("v=2", lambda: put(b"v", b"2")), ("no v", lambda: drop(b"v")), ("v behind", lambda: fields.append(fields.pop(0))),
            ("d upper", lambda: put(b"d", domain.upper())), ("d dot", lambda: put(b"d", domain + b".")),
            ("z", lambda: put(b"z", b"From:a|To:b=20c")), ("unknown tag", lambda: put(b"foo", b"bar")),
            ("empty unknown tag", lambda: put(b"foo", b"")), ("a upper", lambda: put(b"a", dict(fields)[b"a"].upper())),
            ("c upper", lambda: put(b"c", dict(fields).get(b"c", b"simple").upper())), ("no c", lambda: drop(b"c")),
            ("no i", lambda: drop(b"i")), ("c triple", lambda: put(b"c", b"simple/simple/simple")),
            ("tag upper", lambda: fields.append((b"X", b"1"))), ("tag twice", lambda: fields.insert(1, fields[1])),
        ])
        edit()
        marks.add(f"sig {kind}")

    def body_length(self, tags, marks, body, policy):
        choose = self.random
        canonical = policy.canonicalize_body(body)
        length = len(canonical)
        kind = choose.random()
        if kind < 0.3 and length:
            length = choose.choice([0, choose.randrange(0, length)])
            marks.add("l short" if length else "l zero")
        elif kind < 0.38:
            length += choose.choice([1, 100])
            marks.add("l long")
        else:
            marks.add("l whole" if length else "l zero")
        if canonical[:length].endswith(b"\r"):
            marks.add("l inside CRLF")
        tags.append((b"l", str(length).encode()))
        return canonical[:length]

    def sign(self, header_fields, body, number, domain):
        choose = self.random
        marks = set()
        key = choose.choice(self.keys.usual)
        if choose.random() < 0.05:
            key = choose.choice(self.keys.small)
            marks.add(f"rsa {key.bits}")
        marks.add(key.type)
        selector = f"s{number}"
        text = "\r\n".join(header_fields) + "\r\n\r\n"
        signer = dkim.DKIM(text.encode() + body, signature_algorithm=key.algorithm)
        signer.hasher = dkim.HASH_ALGORITHMS[key.algorithm]
        canonicalization = choose.choice(CANONICALIZATIONS)
        marks |= {canonicalization.decode()}
        domain_octets = domain.encode()
        names = self.signed_names(header_fields, marks)
        tags = [(b"v", b"1"), (b"a", key.algorithm), (b"c", canonicalization), (b"d", domain_octets), (b"s", selector.encode()),
                (b"t", str(NOW - 60).encode()), (b"h", choose.choice([b":", b" : "]).join(names))]
        if choose.random() < 0.4:
            tags.insert(4, (b"i", b"user@" + domain_octets))
        if choose.random() < 0.3:
            self.special_tags(tags, marks, domain_octets)
        try:
            policy = dkim.CanonicalizationPolicy.from_c_value(dict(tags).get(b"c"))
        except dkim.InvalidCanonicalizationPolicyError:
            policy = dkim.CanonicalizationPolicy.from_c_value(canonicalization)
        hashed = self.body_length(tags, marks, body, policy) if choose.random() < 0.2 else policy.canonicalize_body(body)
        hasher = signer.hasher()
        hasher.update(hashed)
        tags += [(b"bh", base64.b64encode(hasher.digest())), (b"b", b"0" * 60)]
        private = dkim.parse_pem_private_key(key.for_signing) if key.type == "rsa" else \
            dkim.nacl.signing.SigningKey(key.for_signing, encoder=dkim.nacl.encoding.Base64Encoder)
        field = signer.gen_header(tags, names, policy, b"DKIM-Signature", private)
        self.publish(f"{selector}._domainkey.{domain}", key, marks)
        if re.search(rb"[^ :;=]\r\n [^ :;=]", re.search(rb"h=[^;]*;", field[field.index(b"h=") - 1:]).group()):
            marks.add("names folded")  # dkimpy folds long words in their middle
        self.case.signatures.append(Signature(domain, selector, marks))
        return "DKIM-Signature: " + field.decode().rstrip("\r\n")

    def publish(self, name, key, marks):
        choose = self.random
        text = key_record(key, choose, marks)
        texts = [text]
        kind = choose.random()
        if kind < 0.03:
            marks.add("no key")
            texts = []
        elif kind < 0.06:
            marks.add("trouble")
            self.zone.break_name(name, "TXT")
        elif kind < 0.09:
            marks.add("wrong key")
            texts = [key_record(choose.choice([k for k in self.keys.usual if k is not key]), random.Random(0), set())]
        elif kind < 0.12:
            marks.add("several records")
            texts.insert(choose.randrange(2), choose.choice(["v=spf1 -all", "not a key", "v=DKIM1; p="]))
        if texts:
            self.zone.add_txt(name, *texts)
        self.case.key_records.append(f"{name}: {texts}")

    # ---- on the way ----

    def transit(self, fields, body):
        choose = self.random
        def other(number):
            return choose.randrange(len(fields)) if number is None else number
        def edit(number, change):
            fields[number] = change(fields[number])
        def plain():
            return choose.choice([i for i, field in enumerate(fields) if not field.lower().startswith("dkim-signature")])
        def end(field):
            return field + choose.choice([" ", "\t", "\r\n ", " \r\n\t "])
        def body_edit(change):
            nonlocal body
            body = change(body)
        def duplicate():
            fields.insert(choose.randrange(len(fields) + 1), fields[plain()])
        def swap():
            one, two = plain(), plain()
            fields[one], fields[two] = fields[two], fields[one]
        def tamper():
            at = [i for i, field in enumerate(fields) if field.lower().startswith("dkim-signature")]
            edit(choose.choice(at), lambda f: choose.choice([
                f.replace("v=1", "v=1;", 1), f.replace("; d=", " ;\r\n d = ", 1), f.replace("bh=", "bh=\r\n ", 1),
                f.replace("b=", "b =", 1), f + ";", f + " ;", f + "; x=1", f[:-4], f.replace("; s=", ";s=", 1),
                f.replace("DKIM-Signature: ", "DKIM-Signature:", 1), f.replace("DKIM-Signature", "dkim-signature", 1),
                f.replace("; h=", "; h= ", 1), f.replace(":", " : ", 2), f.replace("b=", "B=", 1), f + "; b=", f + "=",
                f.replace("v=1; ", "", 1), f.replace("sha256", "sha1", 1), f.replace("; ", ";; ", 1)]))
        kinds = {
            "body: end lines": lambda: body_edit(lambda b: b + b"\r\n" * choose.randrange(1, 4)),
            "body: end spaces": lambda: body_edit(lambda b: b.replace(b"\r\n", choose.choice([b" \r\n", b"\t\r\n"]), choose.randrange(1, 3))),
            "body: more spaces": lambda: body_edit(lambda b: b.replace(b" ", choose.choice([b"  ", b"\t", b" \t"]), choose.randrange(1, 4))),
            "body: more text": lambda: body_edit(lambda b: b + choose.choice([b"footer\r\n", b"\r\nx\r\n", b" \r\n"])),
            "body: changed": lambda: body_edit(lambda b: b.replace(b"a", b"e", 1)),
            "body: in front": lambda: body_edit(lambda b: b"\r\n" + b),
            "body: cut": lambda: body_edit(lambda b: b.partition(b"\r\n")[2]),
            "field: end": lambda: edit(plain(), end),
            "field: spaces": lambda: edit(plain(), lambda f: f.replace(" ", choose.choice(["  ", "\t", " \r\n "]), 2)),
            "field: colon": lambda: edit(plain(), lambda f: f.replace(":", choose.choice([": ", ":\t", ":\r\n "]), 1)),
            "field: space before colon": lambda: edit(plain(), lambda f: f.replace(":", " :", 1)),
            "field: case of name": lambda: edit(plain(), lambda f: f.partition(":")[0].swapcase() + ":" + f.partition(":")[2]),
            "field: case of value": lambda: edit(plain(), lambda f: f.partition(":")[0] + ":" + f.partition(":")[2].upper()),
            "field: twice": duplicate,
            "field: new": lambda: fields.insert(choose.randrange(len(fields) + 1), choose.choice(
                ["X-New: 1", "Subject: other", "From: <evil@other.example>", "Sender: x@y.example", "Cc: z@y.example",
                 "Reply-To: x@y.example", "X-Nowhere: x", "Received: from x"])),
            "field: removed": lambda: fields.pop(plain()),
            "field: order": swap,
            "signature": tamper,
        }
        for _ in range(choose.choice([0, 0, 1, 1, 1, 2])):
            kind = choose.choice(list(kinds))
            kinds[kind]()
            self.case.marks.add(kind)
        return fields, body

    def build(self):
        choose = self.random
        fields, body = self.header(), self.body()
        for number in range(choose.choice([1, 1, 1, 2, 3])):
            domain = self.author if choose.random() < 0.8 else f"other.{self.author}"
            fields.insert(0, self.sign(fields, body, number, domain))
        fields, body = self.transit(fields, body)
        if any(re.match(r"[!-9;-~]+[ \t]+:", field) for field in fields):
            self.case.marks.add("blanks before a colon")
        self.case.message = ("\r\n".join(fields) + "\r\n\r\n").encode() + body
        return self.case


def dkim_cases(zone, seed, count):
    keys = Keys(seed)
    return [Generator(zone, keys, seed, number).build() for number in range(count)]
