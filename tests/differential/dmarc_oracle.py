"""authheaders: RFC 7489 by the Public Suffix List, and the tree walk of an early draft of RFC 9989; as it is, and with
single points corrected (see spf_oracle.py)."""
import re

import authheaders
import authheaders.dmarc_lookup as lookup
import authres
import dns.resolver
from publicsuffix2 import PublicSuffixList

from zone import NO_NAME, OK

with open("/usr/share/publicsuffix/public_suffix_list.dat", encoding="utf-8") as suffixes:  # Debian's publicsuffix
    SUFFIX_LIST = PublicSuffixList(suffixes)
VERSION = re.compile(r"[vV][ \t]*=[ \t]*DMARC1[ \t]*(?=;|$)")
POLICIES = ("none", "quarantine", "reject")
MOST_QUERIES = 8


def tags_of(text):
    """RFC 9989 §4.7: syntax errors are ignored, and the first of two tags of a name counts."""
    tags = {}
    for part in text.strip('" ').split(";"):
        name, equals, value = part.partition("=")
        if equals:
            tags.setdefault(name.strip().lower(), value.strip().lower())
    return tags


def with_valid_policies(tags):
    """RFC 9989 §4.10.1: p=none stands for policies that are invalid or missing, where there is a rua; else no record."""
    given = [tags.get(name) for name in ("p", "sp", "np")]
    if given[0] in POLICIES and all(policy is None or policy in POLICIES for policy in given):
        return tags
    return {"v": "DMARC1", "p": "none", "adkim": tags.get("adkim", "r"), "aspf": tags.get("aspf", "r")} if ":" in tags.get("rua", "") else {}


class Oracle:
    def __init__(self, zone):
        self.zone = zone
        self.corrections = set()
        self.author = ""
        self.ended = False
        self.plain_parser = lookup.answer_to_dict
        self.record_of = lookup.receiver_record
        lookup.query = lookup.resolve = self.query  # Debian 12's asks by the one, 13's by the other
        lookup.answer_to_dict = self.parse
        authheaders.receiver_record = self.receiver_record
        authheaders.dns_query = self.exists
        authheaders.get_org_domain = lookup.get_org_domain = SUFFIX_LIST.get_public_suffix  # read once, not each time
        authheaders.check_psddmarc_list = lambda name, dnsfunc=None: False  # would ask a registry

    def texts(self, name):
        outcome, data = self.zone.lookup(name, "TXT")
        texts = [b"".join(item).decode() for item in data]
        if "version" in self.corrections:
            texts = [VERSION.sub("v=DMARC1", text, count=1) for text in texts if VERSION.match(text)]
        return outcome, texts

    def query(self, name, kind):
        outcome, texts = self.texts(name)
        several = sum(text.startswith("v=DMARC1") for text in texts) > 1
        if outcome != OK or (self.ended and "several records" in self.corrections):
            raise dns.resolver.NXDOMAIN()
        self.ended = self.ended or several
        return [f'"{text}"' for text in texts]

    def exists(self, name, kind="TXT"):
        if "existence" in self.corrections:
            return [name] if self.zone.lookup(name, "TXT")[0] != NO_NAME else None
        return self.zone.lookup(name, kind.upper())[1]

    def parse(self, text):
        return {**tags_of(text), "v": "DMARC1"} if "syntax" in self.corrections else self.plain_parser(text)

    def receiver_record(self, name, **more):
        record, organization = self.record_of(name, **more)
        if record and "policies" in self.corrections:
            record = with_valid_policies(record)
        if record and not organization and "sp of subdomains" in self.corrections:
            record = {tag: value for tag, value in record.items() if tag not in ("sp", "np")}
        return record, organization

    def prepare(self, case, corrections):
        self.corrections, self.author, self.ended = set(corrections), case.author, False

    def by_suffix_list(self, case, corrections=()):
        """(result, published policy)"""
        self.prepare(case, corrections)
        spf = authres.SPFAuthenticationResult(result=case.spf, smtp_mailfrom=case.mail_from)
        signature = authres.DKIMAuthenticationResult(result="pass", header_d=case.signing) if case.signing else None
        try:
            result, _, _, policy = authheaders.dmarc_per_from(case.author, spf, signature)
        except Exception as error:  # pylint: disable=broad-except
            return f"{type(error).__name__}", None
        return result, policy or None

    def organizational_domain(self, case, corrections=()):
        """By the tree walk; None where no record is found."""
        self.prepare(case, corrections)
        if "walk" in self.corrections:
            return self.walk(case.author)
        try:
            *_, record, domain = authheaders.dmarc_per_from(case.author, dmarcbis=True, policy_only=True)
        except Exception as error:  # pylint: disable=broad-except
            return f"{type(error).__name__}"
        return domain if record else None

    def walk(self, author):
        """RFC 9989 §4.10 and §4.10.2, read once more, by itself."""
        labels = author.split(".")
        starts = [0] + list(range(max(1, len(labels) - (MOST_QUERIES - 1)), len(labels)))
        found = []
        for start in starts:
            name = ".".join(labels[start:])
            texts = self.texts(f"_dmarc.{name}")[1]
            if len(texts) != 1:
                continue
            tags = tags_of(texts[0])
            found.append((start, name, tags))
            if tags.get("psd") in ("y", "n"):
                break
        if not found:
            return None
        start, name, tags = found[-1]
        organization = ".".join(labels[start - 1:]) if tags.get("psd") == "y" and start else name
        # §4.10.1: the record that applies, and whether it says anything
        chosen = next((t for _, n, t in found if n == author), None) or \
            next((t for _, n, t in found if n == organization), tags)
        return organization if with_valid_policies(chosen) else None
