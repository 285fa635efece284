"""Where dkimpy and Mail::DKIM differ, and why that is no mistake of ours. A row asks what was done to the message or
to the key (marks), what we say (reason) and what the oracle says (words)."""
from differences import OPEN, OURS, Explanation

PASS, NO_PASS, TEMPERROR = "pass", "no pass", "temperror"


def we_refuse(reason, *marks):
    """We refuse for that reason, the oracle does not; any one of the marks, where there are some, stands behind it."""
    def applies(case, ours, theirs):
        return ours == NO_PASS and theirs in (PASS, TEMPERROR) and reason in (case.reason or "") and \
            (not marks or bool(case.marks & set(marks)))
    return applies


def they_refuse(words, *marks):
    def applies(case, ours, theirs):
        return ours in (PASS, TEMPERROR) and theirs == NO_PASS and words in case.words and \
            (not marks or bool(case.marks & set(marks)))
    return applies


def broken_name(case, ours, theirs):
    return we_refuse("an invalid name in h=")(case, ours, theirs) and "names folded" in case.marks


COMMON = [
    Explanation("l= beyond the end of the body is taken", "RFC 6376 §3.5 l=", OURS, we_refuse("l= is larger than the body", "l long")),
    Explanation("an h= without From is taken", "RFC 6376 §5.4, §6.1.1", OURS, we_refuse("h= does not name From", "h without from")),
    Explanation("a name in h= broken by a fold is taken", "RFC 6376 §3.5 h=, RFC 5322 §2.2", OURS, broken_name),
    Explanation("x= that is not after t= is taken", "RFC 6376 §3.5 x=", OURS, we_refuse("x= is not after t=", "sig x before t", "sig x just past", "sig x past")),
    Explanation("a key record whose v= is not first is taken", "RFC 6376 §3.6.1", OURS, we_refuse("v= is not the first tag", "key v behind")),
    Explanation("a d= with a final dot is taken", "RFC 6376 §3.5 d=", OURS, we_refuse("d= is no domain name", "sig d dot")),
    Explanation("a list of h= with another hash, or an empty one, is taken", "RFC 6376 §3.6.1 h=", OURS,
                we_refuse("key does not allow sha256", "key h=sha1", "key h empty", "key h=SHA256")),
    Explanation("takes a message that goes on below l=", "RFC 6376 §8.2", OPEN, we_refuse("the body goes on beyond what l= covers")),
    Explanation("takes a second field above the one that is signed", "RFC 6376 §8.15", OPEN,
                we_refuse("of which not all are signed")),
    Explanation("asks for the key of a field that is no good", "RFC 6376 §6.1.1 before §6.1.2", OURS,
                lambda case, ours, theirs: ours == NO_PASS and theirs == TEMPERROR and bool(case.reason) and "trouble" in case.marks),
    Explanation("h= that names dkim-signature takes the field itself", "RFC 6376 §5.4", OURS,
                they_refuse("", "h names dkim-signature")),
    Explanation("takes the first of several records alone", "RFC 6376 §3.6.2.2", OPEN, they_refuse("", "several records")),
]

DKIMPY = COMMON + [
    Explanation("knows no blanks before the colon of a field", "RFC 6376 §3.4.2, RFC 5322 §4.5.8", OURS,
                lambda case, ours, theirs: ours in (PASS, TEMPERROR) and theirs == NO_PASS and "blanks before a colon" in case.marks),
    Explanation("wants base64 padded", "RFC 6376 §2.10", OURS, they_refuse("", "key p unpadded")),
    Explanation("takes s= of a key for one word", "RFC 6376 §3.6.1 s=", OURS, they_refuse("UnknownKeyTypeError", "key s list")),
    Explanation("does not know t=s of a key", "RFC 6376 §3.6.1 t=", OURS, we_refuse("which the key forbids (t=s)", "key t=s", "key t=y:s")),
    Explanation("takes q= for one word", "RFC 6376 §3.5 q=", OURS, they_refuse("q= value is not dns/txt", "sig q list")),
]

MAIL_DKIM = COMMON + [
    Explanation("knows no ed25519", "RFC 8463", OURS, they_refuse("unsupported algorithm ed25519-sha256", "ed25519")),
    Explanation("knows keys as SubjectPublicKeyInfo alone", "RFC 6376 §3.6.1 p=", OURS, they_refuse("public key: OpenSSL error", "pkcs1")),
    Explanation("calls trouble of the DNS invalid", "RFC 6376 §6.1.2 step 2, RFC 8601 §2.7.1", OURS,
                lambda case, ours, theirs: ours == TEMPERROR and "DNS error: SERVFAIL" in case.words),
    Explanation("takes tag-lists with a tag twice", "RFC 6376 §3.2", OURS,
                lambda case, ours, theirs: ours == NO_PASS and theirs == PASS and
                (("key tag twice" in case.marks and ("twice" in case.reason or "several records" in case.marks)) or ("sig tag twice" in case.marks and not case.reason))),
    Explanation("takes tags without a name or without =", "RFC 6376 §3.2", OURS,
                we_refuse("key record: ", "key bad tag", "key tag without =")),
    Explanation("knows no blanks in lists of key records", "RFC 6376 §3.6.1", OURS,
                they_refuse("does not support hash algorithm", "key h list")),
    Explanation("knows g=, which is no tag any more", "RFC 6376 §3.6.1, appendix E", OURS, they_refuse("granularity", "key g=other")),
    Explanation("takes algorithms and canonicalizations in any case", "RFC 6376 §3.2, §3.5", OURS,
                lambda case, ours, theirs: we_refuse("unknown algorithm", "sig a upper")(case, ours, theirs) or
                we_refuse("unknown canonicalization", "sig c upper")(case, ours, theirs)),
    Explanation("takes signatures of the future", "RFC 6376 §3.5 t= (a verifier MAY)", OPEN, we_refuse("signed in the future", "sig t future")),
    Explanation("takes base64 with junk", "RFC 6376 §2.10", OURS, we_refuse("b= is no base64", "signature")),
    Explanation("takes l=0 for no l=", "RFC 6376 §3.5 l=", OURS, they_refuse("body has been altered", "l zero")),
    Explanation("cuts no line end in two by l=", "RFC 6376 §3.5 l= (octets)", OURS, they_refuse("body has been altered", "l inside CRLF")),
    Explanation("keeps blanks before the colon of its own field", "RFC 6376 §3.4.2", OURS,
                lambda case, ours, theirs: they_refuse("message has been altered", "signature")(case, ours, theirs) and
                "blanks before a colon" in case.marks),
    Explanation("takes From fields that are not signed", "RFC 6376 §8.15", OURS,
                we_refuse("a From field that is not signed", "field: new", "field: twice")),
    Explanation("takes t= and x= that are no numbers", "RFC 6376 §3.5", OURS,
                we_refuse("= is no number", "sig t junk", "sig x junk")),
    Explanation("takes a field without v=", "RFC 6376 §3.5 v=", OURS, we_refuse("no v= tag", "sig no v")),
]
