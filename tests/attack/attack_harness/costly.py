"""Messages that are costly to verify: with many signatures by large keys, or with a long ARC chain that passes."""
import base64
import hashlib
import os
import re

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ed25519, padding, rsa

HEADER = [("From", "a@costly.example"), ("To", "inbox@ours.example"), ("Subject", "x")]
BODY = b"hello\r\n"
BODY_HASH = base64.b64encode(hashlib.sha256(BODY).digest()).decode()


def der(tag, content):
    size = len(content)
    length = bytes([size]) if size < 128 else bytes([0x82]) + size.to_bytes(2, "big")
    return bytes([tag]) + length + content


def der_integer(value):
    return der(0x02, value.to_bytes(value.bit_length() // 8 + 1, "big"))


def any_rsa_record(bits, exponent):
    """Of a key without a private half: an odd number of that size. A wrong signature costs as much as a good one."""
    modulus = int.from_bytes(os.urandom(bits // 8), "big") | 1 | 1 << bits - 1
    algorithm = bytes.fromhex("300d06092a864886f70d0101010500")
    key = der(0x30, algorithm + der(0x03, b"\0" + der(0x30, der_integer(modulus) + der_integer(exponent))))
    return "v=DKIM1; k=rsa; p=" + base64.b64encode(key).decode()


class Ed25519Key:
    algorithm = "ed25519-sha256"

    def __init__(self):
        self._key = ed25519.Ed25519PrivateKey.generate()
        octets = self._key.public_key().public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)
        self.record = "v=DKIM1; k=ed25519; p=" + base64.b64encode(octets).decode()

    def sign(self, octets):
        return self._key.sign(hashlib.sha256(octets).digest())


class RsaKey:
    algorithm = "rsa-sha256"

    def __init__(self, bits):
        self._key = rsa.generate_private_key(65537, bits)
        octets = self._key.public_key().public_bytes(serialization.Encoding.DER,
                                                     serialization.PublicFormat.SubjectPublicKeyInfo)
        self.record = "v=DKIM1; k=rsa; p=" + base64.b64encode(octets).decode()

    def sign(self, octets):
        return self._key.sign(octets, padding.PKCS1v15(), hashes.SHA256())


class NoKey:
    """Signs with what verifies nothing."""
    algorithm = "rsa-sha256"

    def __init__(self, bits):
        self._octets = bits // 8

    def sign(self, _):
        return b"\0" + os.urandom(self._octets - 1)


def folded(text):
    return "\r\n\t".join(text[i:i + 900] for i in range(0, len(text), 900))


def relaxed(name, value):
    return name.lower() + ":" + re.sub(r"[ \t\r\n]+", " ", value).strip()


def signed_octets(fields, last):
    """RFC 6376 §3.7: the fields, then the one of the signature itself with b= empty and without CRLF."""
    return "".join(relaxed(*field) + "\r\n" for field in fields).encode() + relaxed(*last).encode()


def finished(name, value, fields, key):
    signature = base64.b64encode(key.sign(signed_octets(fields, (name, value)))).decode()
    return name, value + "\r\n\t" + folded(signature)


def signature(key, selector):
    value = (f" v=1; a={key.algorithm}; c=relaxed/relaxed; d=costly.example; s={selector};\r\n"
             f"\th=from:to:subject; bh={BODY_HASH}; b=")
    return finished("DKIM-Signature", value, HEADER, key)


def message(fields):
    return "".join(f"{name}:{value if value.startswith(' ') else ' ' + value}\r\n" for name, value in [*fields, *HEADER]) + \
        "\r\n" + BODY.decode()


def signed(key, count):
    return message([signature(key, f"s{i}") for i in range(count)])


def sealed(key, sets):
    """RFC 8617 §5.1: a chain that passes, of one key at s._domainkey.costly.example."""
    chain = []
    for i in range(1, sets + 1):
        results = ("ARC-Authentication-Results", f" i={i}; mx.costly.example; spf=pass smtp.mailfrom=costly.example")
        signer = f"a={key.algorithm}; d=costly.example; s=s; t=1796000000;"
        covers = f"c=relaxed/relaxed;\r\n\th=from:to:subject; bh={BODY_HASH}; b="
        author = finished("ARC-Message-Signature", f" i={i}; {signer} {covers}", HEADER, key)
        seal = finished("ARC-Seal", f" i={i}; {signer} cv={'none' if i == 1 else 'pass'}; b=",
                        [field for one in chain for field in one] + [results, author], key)
        chain.append([results, author, seal])
    return message([field for results, author, seal in reversed(chain) for field in (seal, author, results)])
