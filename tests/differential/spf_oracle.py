"""pyspf, with the zone for its DNS; as it is, and with single points corrected.

A difference is explained when a correction, whose section is named, takes it away: that proves that nothing else is
behind it. The corrections are small overrides of pyspf's own methods."""
import re

import spf

from zone import OK, TROUBLE

DEFAULT_EXPLANATION = spf.EXPLANATIONS["fail"]
MOST_NAMES = 10  # RFC 7208 §4.6.4
MOST_VOID_LOOKUPS = 2
# RFC 7208 §7.1
MACRO = re.compile(r"%(?:[%_-]|\{[slodiphcrtvSLODIPHCRTV](?:0*[1-9][0-9]*)?[rR]?[.\-+,/_=]*\})")


def use_zone(zone):
    def lookup(name, kind, strict=True, timeout=None):
        outcome, data = zone.lookup(name, kind)
        if outcome == TROUBLE:
            raise spf.TempError(f"DNS {name}")
        return [((name, kind), item) for item in data] if outcome == OK else []
    spf.DNSLookup = lookup


class ClientNames(list):
    """Validated names, and which of all had an address: a ptr with no such name at or below its target is void."""

    def __init__(self, query):
        super().__init__()
        self.query = query
        self.with_address = {}

    def count_void(self, target):
        within = [has for name, has in self.with_address.items() if domainmatch([name], target)]
        if "void terms" in self.query.corrections and within and not any(within):
            self.query.count_void()


domainmatch = spf.domainmatch


def match_client_names(names, target):
    if isinstance(names, ClientNames):
        names.count_void(target)
    return domainmatch(names, target)


spf.domainmatch = match_client_names


class Query(spf.query):
    """With corrections, each by its name."""

    def __init__(self, *arguments, corrections=(), **more):
        self.corrections = set(corrections)
        self.in_domain = self.explaining = False
        self.voids_of_term = 0
        super().__init__(*arguments, **more)
        if "identity" in self.corrections:
            local, _, domain = (self.s if "@" in self.s else f"@{self.s}").rpartition("@")
            self.l, self.o = local or "postmaster", domain.rstrip(".").lower()
            self.d = self.o
            self.s = f"{self.l}@{self.o}"
        if "lower-case nibbles" in self.corrections and self.v == "ip6":
            self.i = self.i.lower()

    # ---- grammar ----

    def validate_mechanism(self, mech):
        if "visible" in self.corrections and not all("!" <= c <= "~" for c in mech):
            raise spf.PermError("invisible characters", mech)
        return super().validate_mechanism(mech)

    def note_error(self, *msg):
        if "unknown modifiers twice" in self.corrections and "MUST appear at most once" in msg[0] \
                and not msg[0].startswith(("exp=", "redirect=")):
            return self.perm_error
        return super().note_error(*msg)

    def check0(self, text, recursion):  # pylint: disable=arguments-renamed
        if text and "macros" in self.corrections:
            for value in re.findall(r" (?:default|op)=([^ ]*)", text):
                self.expand(value)
        if text and "case of modifiers" in self.corrections:
            text = re.sub(r"(?<= )[A-Za-z][A-Za-z0-9_.-]*=", lambda found: found.group().lower(), text)
        return super().check0(text, recursion)

    def expand_domain(self, arg):
        self.in_domain = True
        try:
            name = super().expand_domain(arg)
        finally:
            self.in_domain = False
        # Only the comparison with the domain at hand, octet by octet, sees the capitals.
        return name.upper() if "include of itself" in self.corrections and name == self.d else name

    def expand(self, s, stripdot=True):
        if "macros" in self.corrections and "%" in MACRO.sub("", s):
            raise spf.PermError("invalid macro", s)
        if "macros" in self.corrections:
            s = re.sub(r"(%\{[A-Za-z][0-9]*)R", r"\1r", s)
        if "letters of explanations" in self.corrections and not self.in_domain:
            stripdot = False
        if stripdot or "long explanations" not in self.corrections:
            if s.endswith("%%") and "macros" in self.corrections:
                return super().expand(s[:-2] + "%_", stripdot)[:-1] + "%"
            return super().expand(s, stripdot)
        expand = super().expand  # macro by macro, so that the sum is not cut
        return MACRO.sub(lambda found: "%" if found.group() == "%%" else expand(found.group(), False), s)

    def get_explanation(self, spec):
        self.explaining = True
        try:
            texts = self.dns_txt(spec, ignore_void=True)
            if "visible" in self.corrections and any(octet < 0x20 for text in texts for octet in text):
                return None
            return super().get_explanation(spec)
        finally:
            self.explaining = False

    # ---- lookups ----

    def check_lookups(self):
        self.voids_of_term = 0
        super().check_lookups()

    def dns(self, name, qtype, cnames=None, ignore_void=False):
        name = name.lower()
        if "void terms" not in self.corrections or ignore_void or cnames:
            return super().dns(name, qtype, cnames, ignore_void)
        found = super().dns(name, qtype, None, True)
        asked = all(0 < len(label) < 64 for label in name.removesuffix(".").split("."))  # else pyspf asks nothing
        if not found and asked and qtype != "TXT" and not self.explaining:
            self.count_void()
        return found

    def count_void(self):
        self.voids_of_term += 1
        if self.voids_of_term == 1:
            self.void_lookups += 1
            if self.void_lookups > MOST_VOID_LOOKUPS:
                raise spf.PermError("void terms")

    def getp(self):
        if "client name where it stands" not in self.corrections:
            return super().getp()
        before, self.explaining = self.explaining, True
        try:
            return super().getp()
        finally:
            self.explaining = before

    def dns_mx(self, domainname):
        if "mx names as reached" not in self.corrections:
            return super().dns_mx(domainname)
        return self.addresses_of_exchanges(sorted(self.dns(domainname, "MX")))

    def addresses_of_exchanges(self, exchanges):
        for number, (_, name) in enumerate(exchanges):
            if number == MOST_NAMES:
                raise spf.PermError("too many MX names")
            yield from self.dns_a(name, self.A)

    def cidrmatch(self, ipaddrs, n):
        return any(super(Query, self).cidrmatch([address], n) for address in ipaddrs)

    def validated_ptrs(self):
        if not self.corrections & {"ptr trouble", "void terms"}:
            return super().validated_ptrs()
        names = ClientNames(self)
        for name in self.quietly(lambda: self.dns_ptr(self.i))[:MOST_NAMES]:
            addresses = self.quietly(lambda name=name: self.dns(name, self.A, ignore_void=True))
            names.with_address[name] = bool(addresses)
            if self.cidrmatch(addresses, self.cidrmax):
                names.append(name)
        return names

    def quietly(self, lookup):
        try:
            return lookup()
        except spf.TempError:
            if "ptr trouble" in self.corrections:
                return []
            raise


def check(case, receiver, corrections=()):
    """(result, explanation of a fail, what pyspf says of an error)"""
    spf.MAX_LOOKUP = MOST_NAMES
    if "redirect as reached" in corrections:
        spf.MAX_LOOKUP += case.text().lower().count(" redirect=")
    try:
        query = Query(i=case.ip, s=case.sender, h=case.helo, receiver=receiver, strict=True, corrections=corrections)
        result, _, text = query.check()
    except Exception as error:  # pylint: disable=broad-except
        return "exception", None, f"{type(error).__name__}: {error}"
    explanation = text if result == "fail" and text != DEFAULT_EXPLANATION else None
    return result, explanation, text if result in ("permerror", "temperror") else ""
