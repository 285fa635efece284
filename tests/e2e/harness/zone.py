"""The root zone of the tests: who may send for whom, as the senders of this little Internet publish it."""

# Clients, by what can be known of them.
KNOWN = "127.0.0.20"     # the mail host of the honest senders; its name leads back to it
NAMED = "127.0.0.30"     # in nobody's SPF record, but its name leads back to it
NAMELESS = "127.0.0.66"  # in nobody's SPF record, and no name either
CRON = "127.0.0.10"      # one of our own machines: no name, signs nothing

RECORDS = """
$TTL 60
.                                   SOA   ns.example. hostmaster.example. 1 3600 600 86400 60
.                                   NS    ns.example.
ns.example.                         A     127.0.0.1

20.0.0.127.in-addr.arpa.            PTR   mail.known.example.
mail.known.example.                 A     127.0.0.20
30.0.0.127.in-addr.arpa.            PTR   host.named.example.
host.named.example.                 A     127.0.0.30

; ourselves
ours.example.                       TXT   "v=spf1 -all"
_dmarc.ours.example.                TXT   "v=DMARC1; p=reject"

; honest senders, all with a strict policy
dkim-only.example.                  TXT   "v=spf1 -all"
_dmarc.dkim-only.example.           TXT   "v=DMARC1; p=reject"
spf-only.example.                   TXT   "v=spf1 ip4:127.0.0.20 -all"
_dmarc.spf-only.example.            TXT   "v=DMARC1; p=reject; rua=mailto:dmarc@spf-only.example"
both.example.                       TXT   "v=spf1 ip4:127.0.0.20 -all"
_dmarc.both.example.                TXT   "v=DMARC1; p=reject; adkim=s; aspf=s"
load.example.                       TXT   "v=spf1 ip4:127.0.0.1 -all"
_dmarc.load.example.                TXT   "v=DMARC1; p=reject"

; an honest sender whose records expire soon
short-lived.example.          5     TXT   "v=spf1 ip4:127.0.0.20 -all"
_dmarc.short-lived.example.   5     TXT   "v=DMARC1; p=reject"

; forged domains, by their policy
p-none.example.                     TXT   "v=spf1 -all"
_dmarc.p-none.example.              TXT   "v=DMARC1; p=none"
p-quarantine.example.               TXT   "v=spf1 -all"
_dmarc.p-quarantine.example.        TXT   "v=DMARC1; p=quarantine"
p-reject.example.                   TXT   "v=spf1 -all"
_dmarc.p-reject.example.            TXT   "v=DMARC1; p=reject"
no-policy.example.                  TXT   "v=spf1 -all"

; subdomains: one exists, the other (ghost.sp-np.example) does not
sp-np.example.                      TXT   "v=spf1 ?all"
_dmarc.sp-np.example.               TXT   "v=DMARC1; p=none; sp=quarantine; np=reject"
branch.sp-np.example.               A     127.0.0.77
sp-reject.example.                  TXT   "v=spf1 ?all"
_dmarc.sp-reject.example.           TXT   "v=DMARC1; p=none; sp=reject"
branch.sp-reject.example.           A     127.0.0.77

; an envelope sender's domain that publishes nothing
bounces.example.                    A     127.0.0.77
"""


def zone_text(keys):
    """The zone with the records of the signing keys, in strings of at most 255 octets (RFC 1035 §3.3.14)."""
    lines = [RECORDS]
    for key in keys:
        strings = " ".join(f'"{key.record[i:i + 250]}"' for i in range(0, len(key.record), 250))
        lines.append(f"{key.record_name} TXT {strings}\n")
    return "".join(lines)
