"""DKIM keys, made anew for each run, and messages signed with them by dkimpy, which is not of this project."""
import base64
import subprocess

import dkim


class SigningKey:
    def __init__(self, domain, selector):
        self.domain, self.selector = domain, selector
        pem = subprocess.run(["openssl", "genpkey", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048"],
                             check=True, capture_output=True).stdout
        public = subprocess.run(["openssl", "pkey", "-pubout", "-outform", "DER"], input=pem,
                                check=True, capture_output=True).stdout
        # dkimpy reads the traditional form.
        self.pem = subprocess.run(["openssl", "rsa", "-traditional"], input=pem, check=True, capture_output=True).stdout
        self.record = "v=DKIM1; k=rsa; p=" + base64.b64encode(public).decode()

    @property
    def record_name(self):
        return f"{self.selector}._domainkey.{self.domain}."

    def sign(self, message, canonicalization=(b"relaxed", b"relaxed"), length=False):
        """The message (octets, CRLF) with a DKIM-Signature on top; `length`: with l=."""
        signature = dkim.sign(message, self.selector.encode(), self.domain.encode(), self.pem,
                              canonicalize=canonicalization, include_headers=[b"from", b"to", b"subject", b"date"],
                              length=length)
        return signature + message


def signature_verifies(message, txt):
    """Whether the topmost signature verifies by dkimpy; txt(name) gives the key record's octets."""
    return dkim.verify(message, dnsfunc=lambda name, timeout=5: txt(name))


def seal(message, key, authserv_id):
    """The message with an ARC set on top, made by dkimpy from its Authentication-Results of `authserv_id`."""
    fields = dkim.ARC(message).sign(key.selector.encode(), key.domain.encode(), key.pem, authserv_id,
                                    include_headers=[b"from", b"to", b"subject", b"date"])
    return b"".join(fields) + message


def arc_result(message, txt):
    """The chain's status by dkimpy, and how many sets it has."""
    status, sets, _ = dkim.arc_verify(message, dnsfunc=lambda name, timeout=5: txt(name))
    return status, len(sets)
