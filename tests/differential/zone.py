"""Records in memory: what the name server serves and what the oracles' own DNS hooks read."""
import zlib

OK, NO_DATA, NO_NAME, TROUBLE = "ok", "no data", "no name", "trouble"
MOST_CNAMES = 8


class Zone:
    """Names with records. A name below the label `coin` has an A record or none by a hash of its octets, so that a
    macro that is expanded in another way asks for another name and tends to get another answer."""

    def __init__(self):
        self.records = {}  # name -> type -> list of data: str, bytes (TXT: a list of them), (preference, name)
        self.parents = set()
        self.trouble = set()  # (name, type)

    def add(self, name, kind, *data):
        name = name.lower().rstrip(".")
        found = self.records.setdefault(name, {}).setdefault(kind, [])
        found.extend(item for item in data if item not in found)  # RFC 2181 §5: no record twice in a set
        while name:
            self.parents.add(name)
            name = name.partition(".")[2]

    def add_txt(self, name, *texts):
        """Each text one record, in strings of at most 255 octets (RFC 7208 §3.3)."""
        for text in texts:
            octets = text if isinstance(text, bytes) else text.encode("utf-8")
            self.add(name, "TXT", [octets[i:i + 255] for i in range(0, len(octets), 255)] or [b""])

    def break_name(self, name, kind):
        self.trouble.add((name.lower().rstrip("."), kind))

    def lookup(self, name, kind):
        """(outcome, data); aliases are followed."""
        name = name.lower().rstrip(".")
        for _ in range(MOST_CNAMES):
            if (name, kind) in self.trouble or (name, "*") in self.trouble:
                return TROUBLE, []
            if ".coin." in name:
                present = kind == "A" and zlib.crc32(name.encode("utf-8", "surrogateescape")) % 2 == 0
                return (OK, ["127.0.0.2"]) if present else (NO_DATA, [])
            if name not in self.records:
                return (NO_DATA if name in self.parents else NO_NAME), []
            found = self.records[name]
            if found.get(kind):
                return OK, found[kind]
            if "CNAME" not in found:
                return NO_DATA, []
            name = found["CNAME"][0].lower().rstrip(".")
        return TROUBLE, []
