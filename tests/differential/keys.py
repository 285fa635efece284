"""Keys and small things of ASN.1, made from the seed, so that a case is the same in each run."""
import base64

import nacl.signing

PUBLIC_EXPONENT = 65537
RSA_IDENTIFIER = bytes.fromhex("300d06092a864886f70d0101010500")  # RFC 3279 §2.3.1
ED25519_IDENTIFIER = bytes.fromhex("300506032b6570")  # RFC 8410 §3
PEM = b"-----%b RSA PRIVATE KEY-----\n%b\n-----%b RSA PRIVATE KEY-----\n"


def is_prime(number, random):
    if any(number % small == 0 for small in (3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37, 41, 43, 47)):
        return False
    odd, twos = number - 1, 0
    while odd % 2 == 0:
        odd, twos = odd // 2, twos + 1
    for _ in range(12):  # Miller and Rabin
        power = pow(random.randrange(2, number - 1), odd, number)
        if power in (1, number - 1):
            continue
        for _ in range(twos - 1):
            power = power * power % number
            if power == number - 1:
                break
        else:
            return False
    return True


def prime(bits, random):
    while True:
        number = random.getrandbits(bits) | 3 << (bits - 2) | 1
        if (number - 1) % PUBLIC_EXPONENT and is_prime(number, random):
            return number


def der(tag, content):
    size = len(content)
    length = bytes([size]) if size < 128 else (lambda octets: bytes([128 + len(octets)]) + octets)(
        size.to_bytes((size.bit_length() + 7) // 8, "big"))
    return bytes([tag]) + length + content


def integers(*numbers):
    return der(0x30, b"".join(der(0x02, n.to_bytes(n.bit_length() // 8 + 1, "big")) for n in numbers))


class RsaKey:
    algorithm, type = b"rsa-sha256", "rsa"

    def __init__(self, bits, random):
        p, q = prime(bits // 2, random), prime(bits - bits // 2, random)
        n, d = p * q, pow(PUBLIC_EXPONENT, -1, (p - 1) * (q - 1))
        self.bits = bits
        self.pkcs1 = integers(n, PUBLIC_EXPONENT)  # RFC 8017 §A.1.1
        self.spki = der(0x30, RSA_IDENTIFIER + der(0x03, b"\0" + self.pkcs1))
        private = integers(0, n, PUBLIC_EXPONENT, d, p, q, d % (p - 1), d % (q - 1), pow(q, -1, p))
        self.for_signing = PEM % (b"BEGIN", base64.b64encode(private), b"END")


class Ed25519Key:
    algorithm, type, bits = b"ed25519-sha256", "ed25519", 256

    def __init__(self, random):
        seed = random.randbytes(32)
        self.raw = bytes(nacl.signing.SigningKey(seed).verify_key)
        self.pkcs1 = self.raw  # RFC 8463 §4.2: the 32 octets alone
        self.spki = der(0x30, ED25519_IDENTIFIER + der(0x03, b"\0" + self.raw))
        self.for_signing = base64.b64encode(seed)
