"""Where authheaders differs, and why that is no mistake of ours: each row corrects it in one point."""
from differences import OURS, Explanation

LIST_CORRECTIONS = [
    ("syntax", "RFC 9989 §4.7, §4.8", "ends in an exception where a part has no =, and takes the last of two tags"),
    ("version", "RFC 9989 §4.8 dmarc-version", "knows no blanks around the =, no V, and takes DMARC12"),
    ("policies", "RFC 9989 §4.10.1", "takes any word for a policy, and with rua no p is none at all"),
    ("sp of subdomains", "RFC 9989 §4.7 sp, §4.10.1", "applies sp to the record's own domain"),
    ("several records", "RFC 7489 §6.6.3 step 5", "goes on to the organizational domain from several records"),
    ("existence", "RFC 9989 §3.2.13", "says that a name with TXT records alone does not exist"),
]


def rows(oracle):
    """The tables for the results by list and for the organizational domains by walk."""
    def listed(*names):
        return lambda case, ours, theirs: oracle.by_suffix_list(case, names) == ours

    def walked(*names):
        return lambda case, ours, theirs: oracle.organizational_domain(case, names) == ours

    by_list = [Explanation(f"{name}: {what}", section, OURS, listed(name)) for name, section, what in LIST_CORRECTIONS]
    by_list.append(Explanation("several of these at once", "as above", OURS, listed(*(row[0] for row in LIST_CORRECTIONS))))
    by_walk = [
        Explanation("syntax, version: as for results", "RFC 9989 §4.7", OURS, walked("syntax", "version")),
        Explanation("walks as a draft had it: at most five names, psd=y counted in letters, the author's own record passed over",
                    "RFC 9989 §4.10", OURS, walked("version", "walk")),
    ]
    return by_list, by_walk
