"""Where pyspf differs, and why that is no mistake of ours."""
import re
import socket

import spf_oracle
from differences import OPEN, OURS, Explanation

CORRECTIONS = [
    # name, section of RFC 7208, who is right, what pyspf does
    ("void terms", "§4.6.4", OPEN, "counts each query without records, not each term; those of all of the client's PTR names"),
    ("mx names as reached", "§4.6.4", OPEN, "counts MX names before it looks whether one of the first ten matches"),
    ("include of itself", "§5.2", OURS, "refuses an include of the domain itself that is never reached"),
    ("letters of explanations", "§6, §12; §7.2", OPEN, "refuses %{c}, %{r} and %{t} in modifiers that must be ignored"),
    ("macros", "§7.1", OURS, "takes macros with a rest behind the transformers or with unknown delimiters, and knows no R"),
    ("visible", "§7.1, §12", OURS, "takes characters outside of VCHAR in a term"),
    ("unknown modifiers twice", "§6", OURS, "refuses an unknown modifier that occurs twice"),
    ("case of modifiers", "§4.6.1, RFC 5234 §2.3", OURS, "knows redirect= and exp= in lower case only"),
    ("identity", "§2.4, §4.3, RFC 5321 §4.1.2", OURS, "splits a mailbox at its first @, and takes no domain with a final dot, and keeps capitals"),
    ("lower-case nibbles", "§7.4", OURS, "writes the nibbles of %{i} in capitals"),
    ("long explanations", "§6.2, §7.3", OURS, "cuts explanations as if they were names"),
    ("ptr trouble", "§5.5", OURS, "makes trouble with the client's PTR records a temperror where ptr just does not match"),
    ("client name where it stands", "§4.6.4", OPEN, "asks for %{p} of terms that are never reached, and counts it beside its term"),
    ("redirect as reached", "§4.6.4", OURS, "counts redirect= where a directive before it has matched"),
]


ALL = [row[0] for row in CORRECTIONS]


def check(case, corrections):
    return spf_oracle.check(case, socket.gethostname(), corrections)[:2]


def corrected(*names):
    return lambda case, ours, theirs: check(case, names) == ours


def without_client_names(result):
    return result[0], re.sub(r"p[0-9]+(?=\.c[0-9]+\.spf\.example)", "NAME", result[1] or "")


def another_client_name(case, ours, theirs):
    return "%{p" in case.text().lower() and without_client_names(ours) == without_client_names(check(case, ALL))


PYSPF = [Explanation(f"{name}: pyspf {what}", section, right, corrected(name)) for name, section, right, what in CORRECTIONS]
PYSPF += [
    Explanation("several of these at once", "as above", OURS, 
                lambda case, ours, theirs: ours == check(case, ALL)),
    Explanation("which ten of the client's more than ten names are looked at", "§4.6.4, §5.5", OPEN,
                lambda case, ours, theirs: "more than ten names" in case.marks and ("ptr" in case.text() or "%{p" in case.text())),
    Explanation("another one of the client's validated names stands for %{p}", "§7.3", OPEN, another_client_name),
]
