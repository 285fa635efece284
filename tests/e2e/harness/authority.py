"""A certificate authority of this run, and certificates with what a test needs: names, dates, keys, no good issuer."""
import datetime
import ipaddress

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

DAY = datetime.timedelta(days=1)


def _name(subject):
    """'CN=a,O=b' as RFC 4514 writes it: the most specific comes first, the certificate has it last."""
    kinds = {"CN": NameOID.COMMON_NAME, "O": NameOID.ORGANIZATION_NAME, "OU": NameOID.ORGANIZATIONAL_UNIT_NAME,
             "C": NameOID.COUNTRY_NAME}
    parts = [part.split("=", 1) for part in subject.split(",")]
    return x509.Name([x509.NameAttribute(kinds[kind], value) for kind, value in reversed(parts)])


def _alternative(text):
    kind, _, value = text.partition(":")
    return {"DNS": x509.DNSName, "email": x509.RFC822Name, "URI": x509.UniformResourceIdentifier,
            "IP": lambda address: x509.IPAddress(ipaddress.ip_address(address))}[kind](value)


class Certificate:
    """Certificate and key as files, and its SHA-256 fingerprint."""

    def __init__(self, folder, stem, certificate, key, chain=b""):
        self.parsed, self.key = certificate, key
        self.certificate, self.private_key = folder / f"{stem}.pem", folder / f"{stem}-key.pem"
        self.certificate.write_bytes(certificate.public_bytes(serialization.Encoding.PEM) + chain)
        self.private_key.write_bytes(key.private_bytes(serialization.Encoding.PEM,
                                                       serialization.PrivateFormat.PKCS8,
                                                       serialization.NoEncryption()))
        self.sha256 = certificate.fingerprint(hashes.SHA256()).hex()

    def settings(self):
        """As the configuration names it."""
        return {"certificate": str(self.certificate), "private_key": {"file": str(self.private_key)}}

    def replace(self, other):
        """The files of this one hold the other from now on, as after a renewal."""
        self.private_key.write_bytes(other.private_key.read_bytes())
        self.certificate.write_bytes(other.certificate.read_bytes())


class Authority:
    def __init__(self, folder, name="Test CA"):
        folder.mkdir(parents=True, exist_ok=True)
        self.folder, self.count = folder, 0
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.name = _name(f"CN={name}")
        self.root = (self._builder(self.name, self.name, self.key.public_key(), -1, 30)
                     .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
                     .sign(self.key, hashes.SHA256()))
        self.certificate = folder / "ca.pem"
        self.certificate.write_bytes(self.root.public_bytes(serialization.Encoding.PEM))

    def issue(self, subject, names=(), first_day=-1, last_day=10, kind="ec", self_signed=False, client=False, key=None):
        """names: 'DNS:…', 'email:…', 'URI:…', 'IP:…'. Days count from now."""
        if key is None:
            key = ec.generate_private_key(ec.SECP256R1()) if kind == "ec" else rsa.generate_private_key(65537, 2048)
        builder = self._builder(_name(subject), _name(subject) if self_signed else self.name, key.public_key(),
                                first_day, last_day)
        if names:
            builder = builder.add_extension(x509.SubjectAlternativeName([_alternative(n) for n in names]), False)
        if client:
            builder = builder.add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CLIENT_AUTH]), False)
        self.count += 1
        certificate = builder.sign(key if self_signed else self.key, hashes.SHA256())
        return Certificate(self.folder, f"issued-{self.count}", certificate, key)

    @staticmethod
    def _builder(subject, issuer, key, first_day, last_day):
        now = datetime.datetime.utcnow()
        return (x509.CertificateBuilder().subject_name(subject).issuer_name(issuer).public_key(key)
                .serial_number(x509.random_serial_number())
                .not_valid_before(now + first_day * DAY).not_valid_after(now + last_day * DAY))
