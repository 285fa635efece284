"""The decisions that the tests ask for, as a table: who sends what from where, and what must become of it.

The same table is sent through the server and given to `gatepost verify`.
"""
import dataclasses

from .mail import compose
from .zone import CRON, KNOWN, NAMED, NAMELESS


@dataclasses.dataclass(frozen=True)
class Case:
    name: str
    author_domain: str     # of the From field
    mail_from: str         # the reverse-path
    client: str
    action: str            # accept, quarantine, reject
    dmarc: str
    spf: str = None        # None: the case is not about it
    dkim: str = None
    signed: bool = False
    tampered: bool = False  # the body is changed after signing
    above: str = ""        # fields put on top after signing
    below: str = ""        # text added after signing, below what l= covers
    reply: str = ""        # what the refusal must say

    def message(self, keys):
        message = compose(f"Some One <someone@{self.author_domain}>", subject=self.name)
        if self.signed:
            message = keys[self.author_domain].sign(message, length=bool(self.below))
        message = self.above.encode() + message + self.below.encode()
        return message.replace(b"Hello.", b"Hallo.") if self.tampered else message


SIGNING_DOMAINS = ["dkim-only.example", "both.example"]

CASES = [
    # RFC 9989 §4.3: one aligned authenticated identifier is enough.
    Case("dkim-only", "dkim-only.example", "b@bounces.example", NAMELESS, "accept", "pass", "none", "pass", signed=True),
    Case("dkim-although-spf-fails", "dkim-only.example", "b@dkim-only.example", NAMED, "accept", "pass", "fail", "pass",
         signed=True),
    Case("spf-only", "spf-only.example", "b@spf-only.example", KNOWN, "accept", "pass", "pass", "none"),
    Case("both", "both.example", "b@both.example", KNOWN, "accept", "pass", "pass", "pass", signed=True),
    Case("spf-of-somebody-else", "p-none.example", "b@spf-only.example", KNOWN, "accept", "fail", "pass", "none"),

    # The policy of the author domain where nothing is aligned.
    Case("p-none", "p-none.example", "b@p-none.example", NAMELESS, "accept", "fail", "fail", "none"),
    Case("p-quarantine", "p-quarantine.example", "b@p-quarantine.example", NAMELESS, "quarantine", "fail", "fail",
         "none"),
    Case("p-reject", "p-reject.example", "b@p-reject.example", NAMELESS, "reject", "fail", "fail", "none",
         reply="DMARC policy of p-reject.example is reject and neither SPF nor DKIM passed in alignment"),
    Case("no-policy", "no-policy.example", "b@no-policy.example", NAMELESS, "accept", "none", "fail", "none"),
    Case("tampered", "dkim-only.example", "b@bounces.example", NAMELESS, "reject", "fail", "none", "fail", signed=True,
         tampered=True, reply="DMARC policy of dkim-only.example is reject"),
    # RFC 6376 §8.2, §8.15: what is partly signed authenticates nobody; neither is it unsigned mail.
    Case("second-subject", "dkim-only.example", "b@bounces.example", NAMELESS, "reject", "fail", "none", "policy",
         signed=True, above="Subject: pay now\r\n"),
    Case("second-content-type", "dkim-only.example", "b@bounces.example", NAMED, "quarantine", "fail", "none", "policy",
         signed=True, above="Content-Type: text/html\r\nContent-Type: text/plain\r\n"),
    Case("text-below", "dkim-only.example", "b@bounces.example", NAMELESS, "reject", "fail", "none", "policy",
         signed=True, below="Pay now.\r\n"),
    Case("a-content-type-that-is-not-signed", "dkim-only.example", "b@bounces.example", NAMELESS, "accept", "pass",
         "none", "pass", signed=True, above="Content-Type: text/html\r\n"),
    # RFC 9989 §7.4: p=reject alone, with no further fact against the message, is no reason to reject.
    Case("p-reject-uncorroborated", "p-reject.example", "b@bounces.example", NAMED, "quarantine", "fail", "none",
         "none"),

    # RFC 9989 §4.7: sp for subdomains that exist, np for those that do not.
    Case("sp-domain-itself", "sp-reject.example", "b@bounces.example", NAMELESS, "accept", "fail"),
    Case("sp-reject", "branch.sp-reject.example", "b@bounces.example", NAMELESS, "reject", "fail",
         reply="DMARC policy of sp-reject.example is reject"),
    Case("sp-although-np-is-stricter", "branch.sp-np.example", "b@bounces.example", NAMELESS, "quarantine", "fail"),
    Case("np-reject", "ghost.sp-np.example", "b@bounces.example", NAMELESS, "reject", "fail",
         reply="DMARC policy of sp-np.example is reject"),

    # Our own domain: an exemption of the cron host, and nobody else's.
    Case("cron", "ours.example", "root@cron.ours.example", CRON, "accept", "fail"),
    Case("cron-of-a-subdomain", "cron.ours.example", "root@cron.ours.example", CRON, "accept", "fail"),
    Case("cron-from-elsewhere", "ours.example", "root@cron.ours.example", NAMELESS, "reject", "fail",
         reply="DMARC policy of ours.example is reject"),
    Case("cron-host-as-somebody-else", "p-reject.example", "root@p-reject.example", CRON, "reject", "fail",
         reply="DMARC policy of p-reject.example is reject"),
]
